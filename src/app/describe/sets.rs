//! Describes changes of hat sets and of unrecognized fields of the data file.

use std::collections::BTreeSet;

use crate::model::{Extra, Hats};

use super::{count, truncated};

/// Describes a change of the hat sets, or of unrecognized fields of the data file.
pub(super) fn document_edit(before: &Extra, after: &Extra) -> String {
    match set_change(before, after) {
        Some(SetChange { verb, subject, rest }) => format!("{verb} {subject}{rest}"),
        None => OTHER_FIELDS.into(),
    }
}

/// Describes a change like [`document_edit`], in two parts: its subject, which is a hat set, the number of hat sets, or
/// the data file; and what was done to it.
pub(super) fn document_subject_and_action(before: &Extra, after: &Extra) -> (String, String) {
    match set_change(before, after) {
        Some(SetChange { verb, subject, rest }) => (subject, format!("{verb}{rest}")),
        None => ("data file".into(), OTHER_FIELDS.into()),
    }
}

const OTHER_FIELDS: &str = "changed data file fields (unrecognized)";

/// The words that describe a change of hat sets.
struct SetChange {
    verb: &'static str,
    subject: String,
    /// The text after the subject; may be empty.
    rest: String,
}

/// The name of a hat set, and its hats before and after a change; `None`: it does not exist then.
type ChangedSet = (Box<str>, Option<Hats>, Option<Hats>);

/// The hat sets that differ; `None` if other fields differ, or if the hat sets cannot be read.
pub(super) fn changed_sets(before: &Extra, after: &Extra) -> Option<Vec<ChangedSet>> {
    let mut with_new_sets = before.clone();
    with_new_sets.set("sets", after.get("sets").cloned());
    if with_new_sets != *after {
        return None;
    }
    let (before, after) = (before.hat_sets().ok()?, after.hat_sets().ok()?);
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).map(|name| &**name).collect();
    let sets = names.into_iter().map(|name| {
        let (before, after) = (before.get(name).cloned(), after.get(name).cloned());
        (name.into(), before, after)
    });
    Some(sets.filter(|(_, before, after)| before != after).collect())
}

/// Describes a change of hat sets; `None` if no hat set was changed, or other fields were.
fn set_change(before: &Extra, after: &Extra) -> Option<SetChange> {
    let set_name = |name: &str| format!("hat set \"{}\"", truncated(name));
    let changed = changed_sets(before, after)?;
    Some(match changed.as_slice() {
        [] => return None,
        [(name, before, after)] => {
            let hats = after.as_ref().or(before.as_ref());
            let hats = count(hats.map_or(0, Hats::len), "hat");
            let (verb, rest) = match (before, after) {
                (None, _) => ("saved", format!(" ({hats})")),
                (Some(_), None) => ("removed", " (users keep their hats)".to_owned()),
                (Some(_), Some(_)) => ("changed", format!(" (now {hats})")),
            };
            let subject = set_name(name);
            SetChange { verb, subject, rest }
        }
        [(old, Some(one), None), (new, None, Some(other))]
        | [(new, None, Some(one)), (old, Some(other), None)]
            if one == other =>
        {
            SetChange {
                verb: "renamed",
                subject: set_name(old),
                rest: format!(" to \"{}\"", truncated(new)),
            }
        }
        many => SetChange {
            verb: if many.iter().all(|(_, before, _)| before.is_none()) {
                "saved"
            } else if many.iter().all(|(_, _, after)| after.is_none()) {
                "removed"
            } else {
                "changed"
            },
            subject: count(many.len(), "hat set"),
            rest: String::new(),
        },
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use crate::app::describe;
    use crate::model::{EditGroup, Hats, Json, Wardrobe};

    fn group(edits: &EditGroup) -> String {
        describe::group(edits, &Wardrobe::default(), &TimeZone::UTC)
    }

    #[test]
    fn describes_hat_set_changes() {
        let mut wardrobe = Wardrobe::default();
        wardrobe.extra.insert("x", Json::string("x"));
        let hats = |json: &str| serde_json::from_str::<Hats>(json).unwrap();
        let (one, two) = (hats(r#"{"urn:x:1":{}}"#), hats(r#"{"urn:x:1":{},"urn:x:2":{}}"#));
        let saved = wardrobe.put_hat_set("on-call week", Some(&two)).unwrap();
        assert_eq!(group(&saved), "saved hat set \"on-call week\" (2 hats)");
        let changed = wardrobe.put_hat_set("on-call week", Some(&one)).unwrap();
        assert_eq!(group(&changed), "changed hat set \"on-call week\" (now 1 hat)");
        for to in ["a", "z"] {
            let mut copy = wardrobe.clone();
            let renamed = copy.rename_hat_set("on-call week", to).unwrap();
            assert_eq!(
                group(&renamed),
                format!("renamed hat set \"on-call week\" to \"{to}\"")
            );
        }
        assert_eq!(
            group(&changed.inverse()),
            "changed hat set \"on-call week\" (now 2 hats)"
        );
        let removed = wardrobe.put_hat_set("on-call week", None).unwrap();
        assert_eq!(
            group(&removed),
            "removed hat set \"on-call week\" (users keep their hats)"
        );
        let subject_and_action = |group: &EditGroup| {
            describe::subject_and_action(group.0.first().unwrap(), &Wardrobe::default(), &TimeZone::UTC)
        };
        let expected = (
            "hat set \"on-call week\"".into(),
            "removed (users keep their hats)".into(),
        );
        assert_eq!(subject_and_action(&removed), expected);
        let mut many = removed.clone();
        many.0.extend(changed.0.iter().chain(&removed.0).cloned());
        assert_eq!(group(&many), "removed 2 hat sets and changed 1 hat set");
        let other = wardrobe
            .apply_extra_change(&wardrobe.extra.clone(), &Wardrobe::default().extra)
            .unwrap();
        assert_eq!(group(&other), "changed data file fields (unrecognized)");
    }
}
