//! Named sets of hats: the document's member `sets`, an object of sets by name. To a program that does not know it, it is
//! an unknown member and stays; so each change of it is an edit of the document.

use std::collections::BTreeSet;

use super::{Edit, EditError, Extra, Group, HatSets, Hats, Json, Wardrobe, write};

/// The member's name.
const MEMBER: &str = "sets";

impl Extra {
    /// The named sets of hats among a document's members.
    ///
    /// Errors: [`EditError::NoSets`], when the member is something else. It is then left as it is.
    pub fn sets(&self) -> Result<HatSets, EditError> {
        let Some(json) = self.get(MEMBER) else {
            return Ok(HatSets::new());
        };
        super::read::sets(json.as_str()).map_err(|reason| EditError::NoSets { reason })
    }

    /// Has these sets of hats.
    pub(crate) fn put_sets(&mut self, sets: &HatSets) {
        let json = (!sets.is_empty())
            .then(|| Json::new(&write::compact(sets)).ok())
            .flatten();
        self.put(MEMBER, json);
    }
}

impl Wardrobe {
    /// The named sets of hats.
    ///
    /// Errors: [`EditError::NoSets`].
    pub fn sets(&self) -> Result<HatSets, EditError> {
        self.extra.sets()
    }

    /// Keeps a set of hats under a name, in the place of one of that name; `None` removes it.
    ///
    /// Errors: [`EditError::NoSets`]; [`EditError::NoSuchSet`] when there is nothing to remove.
    ///
    /// ```
    /// # use hatrack::model::*;
    /// let mut wardrobe = Wardrobe::default();
    /// let hats: Hats = serde_json::from_str(r#"{ "urn:x:oncall": { "active": true } }"#).unwrap();
    /// let made = wardrobe.put_set("on-call week", Some(&hats))?;
    /// assert_eq!(wardrobe.sets()?.get("on-call week"), Some(&hats));
    /// wardrobe.apply(&made.inverse())?;
    /// assert_eq!(wardrobe, Wardrobe::default());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn put_set(&mut self, name: &str, hats: Option<&Hats>) -> Result<Group, EditError> {
        let mut sets = self.sets()?;
        let there = match hats {
            Some(hats) => sets.insert(name.into(), hats.clone()),
            None => sets.remove(name),
        };
        if hats.is_none() && there.is_none() {
            return Err(EditError::NoSuchSet { name: name.into() });
        }
        self.have_sets(&sets)
    }

    /// Gives a set another name.
    ///
    /// Errors: [`EditError::NoSets`], [`EditError::NoSuchSet`]; [`EditError::SetExists`] when there is one of the new name.
    pub fn rename_set(&mut self, name: &str, to: &str) -> Result<Group, EditError> {
        let mut sets = self.sets()?;
        let there = sets.remove(name);
        let there = there.ok_or_else(|| EditError::NoSuchSet { name: name.into() })?;
        if sets.contains_key(to) {
            return Err(EditError::SetExists { name: to.into() });
        }
        sets.insert(to.into(), there);
        self.have_sets(&sets)
    }

    fn have_sets(&mut self, sets: &HatSets) -> Result<Group, EditError> {
        let mut after = self.extra.clone();
        if self.sets()? != *sets {
            after.put_sets(sets);
        }
        self.have_members(after)
    }

    fn have_members(&mut self, after: Extra) -> Result<Group, EditError> {
        if self.extra == after {
            return Ok(Group::default());
        }
        let before = self.extra.clone();
        let group = Group::from(Edit::Document { before, after });
        self.apply(&group)?;
        Ok(group)
    }

    /// Does to the document's members as they are now what made `after` of `before`: members that it did not touch stay,
    /// and sets.
    pub fn change_members(&mut self, before: &Extra, after: &Extra) -> Result<Group, EditError> {
        let names: BTreeSet<&str> = before.iter().chain(after.iter()).map(|(name, _)| name).collect();
        let mut wanted = self.extra.clone();
        for name in names {
            if before.get(name) == after.get(name) {
                continue;
            }
            match (name == MEMBER, before.sets(), after.sets(), wanted.sets()) {
                (true, Ok(before), Ok(after), Ok(mut now)) => {
                    change_sets(&mut now, &before, &after);
                    wanted.put_sets(&now);
                }
                _ => wanted.put(name, after.get(name).cloned()),
            }
        }
        self.have_members(wanted)
    }
}

fn change_sets(now: &mut HatSets, before: &HatSets, after: &HatSets) {
    for name in before.keys().chain(after.keys()) {
        if before.get(name) != after.get(name) {
            match after.get(name) {
                Some(hats) => drop(now.insert(name.clone(), hats.clone())),
                None => drop(now.remove(name)),
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
    fn sets_come_and_go_and_leave_no_trace() {
        let mut wardrobe = Wardrobe::default();
        wardrobe.extra.insert("x", Json::new("[1.50]").unwrap());
        let start = wardrobe.clone();
        let (one, two) = (hats(r#"{"urn:x:1":{"title":"One","n":1.50}}"#), hats("{}"));
        let mut made = wardrobe.put_set("a", Some(&one)).unwrap().0;
        assert!(wardrobe.put_set("a", Some(&one)).unwrap().is_empty());
        made.extend(wardrobe.put_set("b", Some(&two)).unwrap().0);
        assert_eq!(
            wardrobe.extra.get("sets").unwrap().as_str(),
            r#"{"a":{"urn:x:1":{"title":"One","n":1.50}},"b":{}}"#
        );
        assert_eq!(
            wardrobe.rename_set("a", "b"),
            Err(EditError::SetExists { name: "b".into() })
        );
        assert_eq!(
            wardrobe.rename_set("c", "d"),
            Err(EditError::NoSuchSet { name: "c".into() })
        );
        made.extend(wardrobe.rename_set("a", "c").unwrap().0);
        assert!(wardrobe.rename_set("c", "c").unwrap().is_empty());
        assert_eq!(
            wardrobe
                .sets()
                .unwrap()
                .keys()
                .map(|name| &**name)
                .collect::<Vec<_>>(),
            ["b", "c"]
        );
        made.extend(wardrobe.put_set("b", None).unwrap().0);
        assert!(wardrobe.put_set("b", None).is_err());
        made.extend(wardrobe.put_set("c", None).unwrap().0);
        assert_eq!(wardrobe, start);
        wardrobe.apply(&Group(made).inverse()).unwrap();
        assert_eq!(wardrobe, start);
    }

    #[test]
    fn a_member_that_is_something_else_is_said_and_left() {
        for (json, reason) in [
            ("[]", "expected an object of sets of hats by name, found a list"),
            (
                r#"{"a":1}"#,
                "expected an object of attachments by hat id, found the number 1",
            ),
            (
                r#"{"a":{"urn:x:1":{"active":"yes"}}}"#,
                "expected true or false, found the text \"yes\"",
            ),
        ] {
            let mut wardrobe = Wardrobe::default();
            wardrobe.extra.insert("sets", Json::new(json).unwrap());
            let before = wardrobe.clone();
            let error = EditError::NoSets {
                reason: reason.into(),
            };
            assert_eq!(wardrobe.sets(), Err(error.clone()));
            assert_eq!(wardrobe.put_set("a", Some(&Hats::default())), Err(error.clone()));
            assert_eq!(wardrobe.rename_set("a", "b"), Err(error));
            assert_eq!(wardrobe, before);
        }
    }

    #[test]
    fn two_who_change_different_sets_both_have_their_way() {
        let mut one = Wardrobe::default();
        let mut other = one.clone();
        one.put_set("a", Some(&Hats::default())).unwrap();
        one.extra.insert("x", Json::string("x"));
        let made = other.put_set("b", Some(&Hats::default())).unwrap();
        let [Edit::Document { before, after }] = made.0.as_slice() else {
            panic!("{made:?}");
        };
        one.change_members(before, after).unwrap();
        assert_eq!(one.sets().unwrap().len(), 2);
        assert!(one.extra.get("x").is_some());
        one.change_members(after, before).unwrap();
        assert_eq!(one.sets().unwrap().len(), 1);
        assert!(one.change_members(after, before).unwrap().is_empty());
    }
}
