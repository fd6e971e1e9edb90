//! Unrecognized JSON fields, which are kept unchanged except for whitespace and escapes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The maximum number of nested brackets.
const MAX_DEPTH: usize = 100;

/// A JSON value in a canonical text form: without whitespace between tokens and with canonical escapes. Numbers keep
/// their digits, and objects the order of their fields; values that differ in these are not equal. No object in it has
/// duplicate fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(Box<str>);

impl Json {
    /// Parses a JSON value. The error describes a syntax error, a duplicate field, or too deep nesting.
    pub fn new(text: &str) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::from_valid(raw.get())
    }

    /// The JSON string with this content.
    pub fn string(text: &str) -> Self {
        // Serializing a string to memory cannot fail.
        Self(serde_json::to_string(text).unwrap_or_default().into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Converts valid JSON to the canonical form. Fails if it has a duplicate field or a field name with an unpaired
    /// surrogate, or is nested more than [`MAX_DEPTH`] levels deep.
    fn from_valid(text: &str) -> Result<Self, String> {
        let mut out = String::with_capacity(text.len());
        let mut append = |token: &str| {
            let decoded = (token.starts_with('"') && token.contains('\\'))
                .then(|| serde_json::from_str::<String>(token));
            match decoded {
                Some(Ok(text)) => out.push_str(Self::string(&text).as_str()),
                // An unpaired surrogate cannot be decoded, so its escape is kept.
                _ => out.push_str(token),
            }
        };
        match find_fault(text, MAX_DEPTH, &mut append) {
            None => Ok(Self(out.into())),
            Some((_, message)) => Err(message),
        }
    }
}

/// The byte offset of the first duplicate field, field name with an unpaired surrogate, or bracket that is nested too
/// deeply; `None` if the text has none of these.
pub(super) fn fault_position(text: &str) -> Option<usize> {
    // The limit applies to the values of fields, which are inside at least one object, hence one level more.
    find_fault(text, MAX_DEPTH + 1, |_| {}).map(|(offset, _)| offset)
}

/// Passes each token of a JSON text to `on_token`, up to a duplicate or undecodable field name or a bracket that is
/// nested more than `max_depth` levels deep. Returns the byte offset of that token and the error; `None` if there is no
/// such token.
fn find_fault(text: &str, max_depth: usize, mut on_token: impl FnMut(&str)) -> Option<(usize, String)> {
    // For each open bracket, the field names of the object so far; `None` for a list.
    let mut open: Vec<Option<HashSet<String>>> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let offset = text.len() - rest.len();
        let length = match first {
            '"' => string_length(rest),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        match first {
            ' ' | '\t' | '\n' | '\r' => continue,
            '{' => open.push(Some(HashSet::new())),
            '[' => open.push(None),
            '}' | ']' => drop(open.pop()),
            '"' if rest.trim_start().starts_with(':') => {
                let name: String = match serde_json::from_str(token) {
                    Ok(name) => name,
                    Err(error) => return Some((offset, error.to_string())),
                };
                if let Some(Some(names)) = open.last_mut() {
                    if names.contains(&name) {
                        return Some((
                            offset,
                            format!("duplicate field {}", super::excerpt::quoted(&name)),
                        ));
                    }
                    names.insert(name);
                }
            }
            _ => {}
        }
        if open.len() > max_depth {
            return Some((offset, format!("nested more than {MAX_DEPTH} levels deep")));
        }
        on_token(token);
    }
    None
}

/// The length in bytes of the JSON string at the start of the text, including its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_valid(raw.get()).map_err(D::Error::custom)
    }
}

/// The unrecognized fields of one JSON object, by name. Nearly all objects have none, so this type takes only the space of
/// a pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra(Option<Arc<BTreeMap<Box<str>, Json>>>);

impl Extra {
    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The fields, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0
            .iter()
            .flat_map(|fields| fields.iter().map(|(name, value)| (&**name, value)))
    }

    /// The value of the field with this name; `None` if there is no such field.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.as_ref()?.get(name)
    }

    /// Adds, replaces or (with `None`) removes a field.
    pub fn set(&mut self, name: &str, value: Option<Json>) {
        let fields = Arc::make_mut(self.0.get_or_insert_with(Arc::default));
        match value {
            Some(value) => drop(fields.insert(name.into(), value)),
            None => drop(fields.remove(name)),
        }
        if fields.is_empty() {
            self.0 = None;
        }
    }

    /// Adds a field; does nothing and returns `false` if a field with this name already exists.
    pub fn insert(&mut self, name: &str, value: Json) -> bool {
        let fields = Arc::make_mut(self.0.get_or_insert_with(Arc::default));
        if fields.contains_key(name) {
            return false;
        }
        fields.insert(name.into(), value);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_digits_and_drops_whitespace() {
        let json = Json::new(" { \"a b\" : [ 1.50e+400, -0, \"x \\\" y\" ] ,\n\"c\":{} } ").unwrap();
        assert_eq!(json.as_str(), "{\"a b\":[1.50e+400,-0,\"x \\\" y\"],\"c\":{}}");
    }

    #[test]
    fn equal_strings_compare_equal_whatever_their_escapes() {
        let json = |text| Json::new(text).unwrap();
        let one = json(r#"{"\u0061é":["\u00e9\/\u009b\u001b","\ud83d\ude00",1.50]}"#);
        assert_eq!(one, json("{\"aé\":[\"é/\u{9b}\\u001b\",\"😀\",1.50]}"));
        assert_eq!(json(r#""\ud800""#).as_str(), r#""\ud800""#);
    }

    #[test]
    fn rejects_duplicate_fields_and_deep_nesting() {
        assert!(
            Json::new(r#"{"a":1,"\u0061":2}"#)
                .unwrap_err()
                .contains("duplicate field")
        );
        assert!(Json::new(r#"[{"a":1},{"a":2}]"#).is_ok());
        assert!(Json::new(&format!("{}{}", "[".repeat(5000), "]".repeat(5000))).is_err());
    }
}
