//! Members that this program does not know: kept in place, to the digit.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The deepest nesting that is read.
const DEPTH: usize = 100;

/// One JSON value as text, without white space between its tokens and with the escapes that this program writes, so that
/// the same value is the same text; numbers keep their digits. No object in it has two members of one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(Box<str>);

impl Json {
    /// Takes a value; says what is wrong where it cannot be kept (two members of one name, nested too deeply).
    pub fn new(text: &str) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::from_valid(raw.get())
    }

    /// A JSON string.
    pub fn string(text: &str) -> Self {
        // Writing to memory cannot fail.
        Self(serde_json::to_string(text).unwrap_or_default().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes valid JSON compact, looking for repeated members on the way.
    fn from_valid(text: &str) -> Result<Self, String> {
        let mut out = String::with_capacity(text.len());
        let mut put = |token: &str| {
            let plain = (token.starts_with('"') && token.contains('\\'))
                .then(|| serde_json::from_str::<String>(token));
            match plain {
                Some(Ok(text)) => out.push_str(Self::string(&text).as_str()),
                // A lone surrogate is no text; it stays.
                _ => out.push_str(token),
            }
        };
        match fault(text, DEPTH, &mut put) {
            None => Ok(Self(out.into())),
            Some((_, message)) => Err(message),
        }
    }
}

/// Where the first member is whose name an object has already, or where nesting goes too deep; asked only when there is
/// such a place.
pub(super) fn place_of_fault(text: &str) -> Option<usize> {
    // The document's own levels stand around the value that was found too deep: a few brackets more or less.
    fault(text, DEPTH + 1, |_| {}).map(|(at, _)| at)
}

/// Goes through the tokens of JSON, valid as far as it matters, up to a repeated member or a level too deep.
fn fault(text: &str, depth: usize, mut token_is: impl FnMut(&str)) -> Option<(usize, String)> {
    let mut open: Vec<Option<HashSet<String>>> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
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
                    Err(error) => return Some((at, error.to_string())),
                };
                if let Some(Some(names)) = open.last_mut() {
                    if names.contains(&name) {
                        return Some((
                            at,
                            format!("two members are named {}", super::excerpt::shown(&name)),
                        ));
                    }
                    names.insert(name);
                }
            }
            _ => {}
        }
        if open.len() > depth {
            return Some((at, format!("nested more than {DEPTH} deep")));
        }
        token_is(token);
    }
    None
}

/// The length of the JSON string that the text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
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

/// The unknown members of one object, by name. Nearly always empty, and then as small as a pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra(Option<Arc<BTreeMap<Box<str>, Json>>>);

impl Extra {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The members in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0
            .iter()
            .flat_map(|members| members.iter().map(|(name, value)| (&**name, value)))
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.as_ref()?.get(name)
    }

    /// Puts a member in the place of the one of that name, or takes that one away.
    pub fn put(&mut self, name: &str, value: Option<Json>) {
        let members = Arc::make_mut(self.0.get_or_insert_with(Arc::default));
        match value {
            Some(value) => drop(members.insert(name.into(), value)),
            None => drop(members.remove(name)),
        }
        if members.is_empty() {
            self.0 = None;
        }
    }

    /// Adds a member; false when there is one of that name.
    pub fn insert(&mut self, name: &str, value: Json) -> bool {
        let members = Arc::make_mut(self.0.get_or_insert_with(Arc::default));
        if members.contains_key(name) {
            return false;
        }
        members.insert(name.into(), value);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_digits_and_drops_white_space() {
        let json = Json::new(" { \"a b\" : [ 1.50e+400, -0, \"x \\\" y\" ] ,\n\"c\":{} } ").unwrap();
        assert_eq!(json.as_str(), "{\"a b\":[1.50e+400,-0,\"x \\\" y\"],\"c\":{}}");
    }

    #[test]
    fn the_same_texts_are_the_same() {
        let json = |text| Json::new(text).unwrap();
        let one = json(r#"{"\u0061é":["\u00e9\/\u009b\u001b","\ud83d\ude00",1.50]}"#);
        assert_eq!(one, json("{\"aé\":[\"é/\u{9b}\\u001b\",\"😀\",1.50]}"));
        assert_eq!(json(r#""\ud800""#).as_str(), r#""\ud800""#);
    }

    #[test]
    fn repeated_members_and_absurd_nesting_are_refused() {
        assert!(
            Json::new(r#"{"a":1,"\u0061":2}"#)
                .unwrap_err()
                .contains("two members")
        );
        assert!(Json::new(r#"[{"a":1},{"a":2}]"#).is_ok());
        assert!(Json::new(&format!("{}{}", "[".repeat(5000), "]".repeat(5000))).is_err());
    }
}
