//! Names the unrecognized fields of hats.

use std::collections::BTreeSet;

use crate::model::{Attachment, Json};

use super::{first_few, shortened};

/// Maximum number of characters of a name or value that are shown.
const MAX_SHOWN_CHARS: usize = 40;

/// The unrecognized fields of a hat with their values, without those that are the same in `other`: `unrecognized field note:
/// "exams"`. `None` if there are none.
pub(in crate::app) fn unrecognized_fields_except(
    hat: &Attachment,
    other: Option<&Attachment>,
) -> Option<String> {
    let is_same = |(name, value): &(&str, &Json)| {
        let mut others = other.into_iter().flat_map(Attachment::unrecognized);
        others.any(|field| field == (*name, *value))
    };
    let fields = hat.unrecognized().filter(|field| !is_same(field));
    let all: Vec<String> = fields
        .map(|(name, value)| format!("{}: {}", short(name), short(value.as_str())))
        .collect();
    fields_phrase(&all)
}

/// The names of the unrecognized fields that differ between two values of a hat: `unrecognized field note`. `None` if none
/// differ.
pub(super) fn changed_fields(before: &Attachment, after: &Attachment) -> Option<String> {
    let fields = |hat: &'_ Attachment| -> BTreeSet<(String, String)> {
        let all = hat.unrecognized();
        all.map(|(name, value)| (name.to_owned(), value.as_str().to_owned()))
            .collect()
    };
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<String> = before
        .symmetric_difference(&after)
        .map(|(name, _)| short(name))
        .collect();
    fields_phrase(&Vec::from_iter(names))
}

fn short(text: &str) -> String {
    shortened(text, MAX_SHOWN_CHARS).into_owned()
}

fn fields_phrase(fields: &[String]) -> Option<String> {
    let noun = match fields {
        [] => return None,
        [_] => "field",
        _ => "fields",
    };
    Some(format!("unrecognized {noun} {}", first_few(fields)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hat(json: &str) -> Attachment {
        let hats = crate::model::read::hats(format!("{{\"urn:x:1\":{json}}}").as_bytes()).unwrap();
        let (_, attachment) = hats.iter().next().unwrap();
        attachment.clone()
    }

    #[test]
    fn names_only_fields_that_differ() {
        let one = hat(r#"{"a":1,"note":"exams","until":"2027-01-31T12:00:00Z"}"#);
        let other = hat(r#"{"a":1,"badge":[2],"until":"2028-01-31T12:00:00Z"}"#);
        let text = |one, other| unrecognized_fields_except(one, other).unwrap_or_default();
        assert_eq!(text(&one, Some(&other)), r#"unrecognized field note: "exams""#);
        assert_eq!(text(&other, Some(&one)), "unrecognized field badge: [2]");
        assert_eq!(text(&one, None), r#"unrecognized fields a: 1, note: "exams""#);
        assert_eq!(text(&one, Some(&one)), "");
        assert_eq!(
            changed_fields(&one, &other).as_deref(),
            Some("unrecognized fields badge, note")
        );
        assert_eq!(changed_fields(&one, &one), None);
    }
}
