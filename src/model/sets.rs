//! Hat sets: the field `sets` of the data file, an object of hat sets by name. Older versions of hatrack do not know this
//! field and keep it unchanged; therefore hat sets are stored and edited as one of the unrecognized fields.

use std::collections::BTreeSet;

use super::{Edit, EditError, EditGroup, Extra, HatSets, Hats, Json, Wardrobe, write};

const SETS_FIELD: &str = "sets";

impl Extra {
    /// Parses the hat sets among the unrecognized fields of a data file; without the field `sets` there are none.
    ///
    /// Errors: [`EditError::InvalidHatSets`] if the value of the field is not an object of hat sets by name.
    pub fn hat_sets(&self) -> Result<HatSets, EditError> {
        let Some(json) = self.get(SETS_FIELD) else {
            return Ok(HatSets::new());
        };
        super::read::hat_sets(json.as_str()).map_err(|reason| EditError::InvalidHatSets { reason })
    }

    /// Replaces the hat sets. If `sets` is empty, removes the field.
    pub(crate) fn set_hat_sets(&mut self, sets: &HatSets) {
        let json = (!sets.is_empty())
            .then(|| Json::new(&write::compact(sets)).ok())
            .flatten();
        self.set(SETS_FIELD, json);
    }
}

impl Wardrobe {
    /// The hat sets by name.
    ///
    /// Errors: [`EditError::InvalidHatSets`].
    pub fn hat_sets(&self) -> Result<HatSets, EditError> {
        self.extra.hat_sets()
    }

    /// Adds, replaces or (with `None`) removes the hat set with this name.
    ///
    /// Errors: [`EditError::InvalidHatSets`]; [`EditError::NoSuchHatSet`] if there is nothing to remove.
    ///
    /// ```
    /// # use hatrack::model::*;
    /// let mut wardrobe = Wardrobe::default();
    /// let hats: Hats = serde_json::from_str(r#"{ "urn:x:oncall": { "active": true } }"#).unwrap();
    /// let group = wardrobe.put_hat_set("on-call week", Some(&hats))?;
    /// assert_eq!(wardrobe.hat_sets()?.get("on-call week"), Some(&hats));
    /// wardrobe.apply(&group.inverse())?;
    /// assert_eq!(wardrobe, Wardrobe::default());
    /// # Ok::<(), EditError>(())
    /// ```
    pub fn put_hat_set(&mut self, name: &str, hats: Option<&Hats>) -> Result<EditGroup, EditError> {
        let mut sets = self.hat_sets()?;
        let previous = match hats {
            Some(hats) => sets.insert(name.into(), hats.clone()),
            None => sets.remove(name),
        };
        if hats.is_none() && previous.is_none() {
            return Err(EditError::NoSuchHatSet { name: name.into() });
        }
        self.replace_hat_sets(&sets)
    }

    /// Renames a hat set.
    ///
    /// Errors: [`EditError::InvalidHatSets`], [`EditError::NoSuchHatSet`]; [`EditError::HatSetExists`] if another hat
    /// set has the new name.
    pub fn rename_hat_set(&mut self, name: &str, new_name: &str) -> Result<EditGroup, EditError> {
        let mut sets = self.hat_sets()?;
        let hats = sets.remove(name);
        let hats = hats.ok_or_else(|| EditError::NoSuchHatSet { name: name.into() })?;
        if sets.contains_key(new_name) {
            return Err(EditError::HatSetExists {
                name: new_name.into(),
            });
        }
        sets.insert(new_name.into(), hats);
        self.replace_hat_sets(&sets)
    }

    fn replace_hat_sets(&mut self, sets: &HatSets) -> Result<EditGroup, EditError> {
        let mut after = self.extra.clone();
        if self.hat_sets()? != *sets {
            after.set_hat_sets(sets);
        }
        self.replace_extra(after)
    }

    fn replace_extra(&mut self, after: Extra) -> Result<EditGroup, EditError> {
        if self.extra == after {
            return Ok(EditGroup::default());
        }
        let before = self.extra.clone();
        let group = EditGroup::from(Edit::OtherFields { before, after });
        self.apply(&group)?;
        Ok(group)
    }

    /// Applies the difference between `before` and `after` to the current unrecognized fields of the data file. Fields
    /// and hat sets that are equal in both stay as they are.
    pub fn apply_extra_change(&mut self, before: &Extra, after: &Extra) -> Result<EditGroup, EditError> {
        let names: BTreeSet<&str> = before.iter().chain(after.iter()).map(|(name, _)| name).collect();
        let mut merged = self.extra.clone();
        for name in names {
            if before.get(name) == after.get(name) {
                continue;
            }
            match (
                name == SETS_FIELD,
                before.hat_sets(),
                after.hat_sets(),
                merged.hat_sets(),
            ) {
                (true, Ok(before), Ok(after), Ok(mut current)) => {
                    apply_hat_set_changes(&mut current, &before, &after);
                    merged.set_hat_sets(&current);
                }
                _ => merged.set(name, after.get(name).cloned()),
            }
        }
        self.replace_extra(merged)
    }
}

fn apply_hat_set_changes(current: &mut HatSets, before: &HatSets, after: &HatSets) {
    for name in before.keys().chain(after.keys()) {
        if before.get(name) != after.get(name) {
            match after.get(name) {
                Some(hats) => drop(current.insert(name.clone(), hats.clone())),
                None => drop(current.remove(name)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hats(json: &str) -> Hats {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn hat_sets_can_be_added_renamed_removed_and_undone() {
        let mut wardrobe = Wardrobe::default();
        wardrobe.extra.insert("x", Json::new("[1.50]").unwrap());
        let start = wardrobe.clone();
        let (one, two) = (hats(r#"{"urn:x:1":{"title":"One","n":1.50}}"#), hats("{}"));
        let mut made = wardrobe.put_hat_set("a", Some(&one)).unwrap().0;
        assert!(wardrobe.put_hat_set("a", Some(&one)).unwrap().is_empty());
        made.extend(wardrobe.put_hat_set("b", Some(&two)).unwrap().0);
        assert_eq!(
            wardrobe.extra.get("sets").unwrap().as_str(),
            r#"{"a":{"urn:x:1":{"title":"One","n":1.50}},"b":{}}"#
        );
        assert_eq!(
            wardrobe.rename_hat_set("a", "b"),
            Err(EditError::HatSetExists { name: "b".into() })
        );
        assert_eq!(
            wardrobe.rename_hat_set("c", "d"),
            Err(EditError::NoSuchHatSet { name: "c".into() })
        );
        made.extend(wardrobe.rename_hat_set("a", "c").unwrap().0);
        assert!(wardrobe.rename_hat_set("c", "c").unwrap().is_empty());
        assert_eq!(
            wardrobe
                .hat_sets()
                .unwrap()
                .keys()
                .map(|name| &**name)
                .collect::<Vec<_>>(),
            ["b", "c"]
        );
        made.extend(wardrobe.put_hat_set("b", None).unwrap().0);
        assert!(wardrobe.put_hat_set("b", None).is_err());
        made.extend(wardrobe.put_hat_set("c", None).unwrap().0);
        assert_eq!(wardrobe, start);
        wardrobe.apply(&EditGroup(made).inverse()).unwrap();
        assert_eq!(wardrobe, start);
    }

    #[test]
    fn invalid_hat_sets_are_reported_and_kept() {
        for (json, reason) in [
            ("[]", "expected an object of hat sets by name, found a list"),
            (
                r#"{"a":1}"#,
                "expected an object of hats by ID, found the number 1",
            ),
            (
                r#"{"a":{"urn:x:1":{"active":"yes"}}}"#,
                "expected true or false, found the text \"yes\"",
            ),
        ] {
            let mut wardrobe = Wardrobe::default();
            wardrobe.extra.insert("sets", Json::new(json).unwrap());
            let before = wardrobe.clone();
            let error = EditError::InvalidHatSets {
                reason: reason.into(),
            };
            assert_eq!(wardrobe.hat_sets(), Err(error.clone()));
            assert_eq!(
                wardrobe.put_hat_set("a", Some(&Hats::default())),
                Err(error.clone())
            );
            assert_eq!(wardrobe.rename_hat_set("a", "b"), Err(error));
            assert_eq!(wardrobe, before);
        }
    }

    #[test]
    fn changes_of_different_hat_sets_merge() {
        let mut one = Wardrobe::default();
        let mut other = one.clone();
        one.put_hat_set("a", Some(&Hats::default())).unwrap();
        one.extra.insert("x", Json::string("x"));
        let made = other.put_hat_set("b", Some(&Hats::default())).unwrap();
        let [Edit::OtherFields { before, after }] = made.0.as_slice() else {
            panic!("{made:?}");
        };
        one.apply_extra_change(before, after).unwrap();
        assert_eq!(one.hat_sets().unwrap().len(), 2);
        assert!(one.extra.get("x").is_some());
        one.apply_extra_change(after, before).unwrap();
        assert_eq!(one.hat_sets().unwrap().len(), 1);
        assert!(one.apply_extra_change(after, before).unwrap().is_empty());
    }
}
