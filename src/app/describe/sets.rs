//! Describes changes of hat sets and of unrecognized fields of the data file.

use std::collections::BTreeSet;

use crate::model::{Extra, Hats};

use super::{count, truncated};

/// Describes a change of the data file's other fields.
pub(super) fn document_edit(before: &Extra, after: &Extra) -> String {
    sets_edit(before, after).unwrap_or_else(|| "changed data file fields (unrecognized)".into())
}

fn set_name(name: &str) -> String {
    format!("hat set \"{}\"", truncated(name))
}

fn hat_count(hats: &Hats) -> String {
    count(hats.len(), "hat")
}

/// Describes a change of hat sets; `None` if other fields changed, too.
fn sets_edit(before: &Extra, after: &Extra) -> Option<String> {
    let mut rest = before.clone();
    rest.set("sets", after.get("sets").cloned());
    if rest != *after {
        return None;
    }
    let (before, after) = (before.hat_sets().ok()?, after.hat_sets().ok()?);
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).map(|name| &**name).collect();
    let changed: Vec<&str> = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .collect();
    let there = |at: usize| {
        let set = *changed.get(at)?;
        Some((set, before.get(set), after.get(set)))
    };
    Some(match (changed.len(), there(0)?, there(1)) {
        (1, (set, None, Some(hats)), _) => format!("saved {} ({})", set_name(set), hat_count(hats)),
        (1, (set, Some(hats), None), _) => format!("removed {} ({})", set_name(set), hat_count(hats)),
        (1, (set, Some(_), Some(hats)), _) => format!("changed {} (now {})", set_name(set), hat_count(hats)),
        (2, (old, Some(one), None), Some((new, None, Some(other))))
        | (2, (new, None, Some(one)), Some((old, Some(other), None)))
            if one == other =>
        {
            format!("renamed {} to \"{}\"", set_name(old), truncated(new))
        }
        (many, ..) => format!("changed {many} hat sets"),
    })
}

#[cfg(test)]
mod tests {
    use crate::app::describe::group;
    use crate::model::{Hats, Json, Wardrobe};

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
            let mut there = wardrobe.clone();
            let renamed = there.rename_hat_set("on-call week", to).unwrap();
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
        assert_eq!(group(&removed), "removed hat set \"on-call week\" (1 hat)");
        let other = wardrobe
            .apply_extra_change(&wardrobe.extra.clone(), &Wardrobe::default().extra)
            .unwrap();
        assert_eq!(group(&other), "changed data file fields (unrecognized)");
    }
}
