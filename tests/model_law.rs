//! The specification of the operations on hats, case by case: each operation, its effects and its errors.

use hatrack::model::{
    Affiliation, Attachment, CatalogHat, EditError, EditGroup, HatId, Hats, Jid, Wardrobe, read, write,
};

/// A case: the rule in words, the operation, and the expected result.
struct Case(&'static str, Operation, Expected);

/// An operation, with addresses, IDs and JSON as text.
enum Operation {
    Add(&'static str, &'static str, &'static str, &'static str),
    Remove(&'static str, &'static str, &'static str),
    Set(&'static str, &'static str, &'static str),
    ForceRemove(&'static str, &'static str, &'static str),
    Affiliate(&'static str, &'static str, Affiliation),
    AddRoom(&'static str, Option<&'static str>),
    RemoveRoom(&'static str),
    Rename(&'static str, Option<&'static str>),
    Catalog(&'static str, &'static str, Option<&'static str>),
}

/// The expected result.
enum Expected {
    /// The user is exactly this; nothing else has changed.
    User(&'static str, &'static str, &'static str),
    /// The user does not exist; nothing else has changed.
    NoUser(&'static str, &'static str),
    /// The room is exactly this; no other room has changed.
    Room(&'static str, &'static str),
    /// The room does not exist; no other room has changed.
    NoRoom(&'static str),
    /// Success without edits.
    Nothing,
    /// An error with this condition and message; nothing has changed.
    Fails(&'static str, &'static str),
}

use Expected::{Fails, NoRoom, NoUser, Nothing, Room, User};
use Operation::{Add, AddRoom, Affiliate, Catalog, ForceRemove, Remove, RemoveRoom, Rename, Set};

const ROOM: &str = "courses@conference.example.org";
const FOO: &str = "http://example.com/hats/foo";
const BAR: &str = "urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607";
const NEW: &str = "http://example.com/hats/new";

/// A user of each affiliation, each with the same two hats, one of them required.
const START: &str = r#"{
  "version": 1,
  "rooms": {
    "courses@conference.example.org": {
      "name": "Courses",
      "hats": { "http://example.com/hats/foo": { "title": "Foo of the room", "hue": 120.50, "x": 1 } },
      "users": {
        "admin@example.org": { "affiliation": "admin", "hats": HATS },
        "banned@example.org": { "affiliation": "outcast", "hats": HATS },
        "bare@example.org": { "affiliation": "member" },
        "example.org": { "affiliation": "member", "hats": HATS },
        "former@example.org": { "affiliation": "none", "hats": HATS },
        "nothing@example.org": { "hats": HATS },
        "owner@example.org": { "affiliation": "owner", "hats": HATS },
        "terry@example.org": { "affiliation": "member", "hats": HATS, "note": 1.50 }
      }
    },
    "staff@conference.example.org": { "users": { "terry@example.org": { "affiliation": "member", "hats": HATS } } }
  }
}"#;

const HATS: &str = r#"{
  "http://example.com/hats/foo": { "active": true, "required": true, "title": "Awesome", "since": 2019 },
  "urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607": { "active": false }
}"#;

const NO_ROOM: &str = "no such room: nowhere@conference.example.org";

#[rustfmt::skip]
fn three_operations_model() -> Vec<Case> {
    vec![
        // add_user_hat
        Case("add: the hat is in the set, and the others stay",
            Add(ROOM, "terry@example.org", NEW, r#"{"active":true,"title":"New"}"#),
            User(ROOM, "terry@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019},"http://example.com/hats/new":{"active":true,"title":"New"},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}},"note":1.50}"#)),
        Case("add: the attachment may be empty",
            Add(ROOM, "bare@example.org", NEW, "{}"),
            User(ROOM, "bare@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/new":{}}}"#)),
        Case("add: a hat with the same ID is replaced, even a required one, with its unrecognized members",
            Add(ROOM, "owner@example.org", FOO, r#"{"title":"Other"}"#),
            User(ROOM, "owner@example.org", r#"{"affiliation":"owner","hats":{"http://example.com/hats/foo":{"title":"Other"},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}}}"#)),
        Case("add: the attachment is stored exactly, with its unrecognized members",
            Add(ROOM, "bare@example.org", NEW, r#"{"active":false,"required":true,"x":[1.0,{"y":-0}]}"#),
            User(ROOM, "bare@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/new":{"active":false,"required":true,"x":[1.0,{"y":-0}]}}}"#)),
        Case("add: a hat that the user already has with this attachment changes nothing",
            Add(ROOM, "admin@example.org", BAR, r#"{"active":false}"#), Nothing),
        Case("add: an omitted boolean means false, but the attachment is a different one",
            Add(ROOM, "admin@example.org", BAR, "{}"),
            User(ROOM, "admin@example.org", r#"{"affiliation":"admin","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{}}}"#)),
        Case("add: a resource is removed, and addresses are normalized",
            Add("Courses@Conference.Example.ORG/x", "BARE@example.org/phone", NEW, "{}"),
            User(ROOM, "bare@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/new":{}}}"#)),
        Case("add: a domain alone can be affiliated",
            Add(ROOM, "Example.ORG", BAR, "{}"),
            User(ROOM, "example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{}}}"#)),
        Case("add: the title in the catalog is not copied",
            Add(ROOM, "bare@example.org", FOO, "{}"),
            User(ROOM, "bare@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/foo":{}}}"#)),
        Case("add: an ID may be any text, as on servers",
            Add(ROOM, "bare@example.org", "not a uri", "{}"),
            User(ROOM, "bare@example.org", r#"{"affiliation":"member","hats":{"not a uri":{}}}"#)),
        Case("add: no such room", Add("nowhere@conference.example.org", "terry@example.org", NEW, "{}"), Fails("item-not-found", NO_ROOM)),
        Case("add: the room is looked up before the user", Add("nowhere@conference.example.org", "stranger@example.net", NEW, "{}"), Fails("item-not-found", NO_ROOM)),
        Case("add: a user who is not in the room", Add(ROOM, "stranger@example.net/x", NEW, "{}"),
            Fails("item-not-found", "user not affiliated with room: stranger@example.net in courses@conference.example.org")),
        Case("add: affiliated with another room only", Add("staff@conference.example.org", "admin@example.org", NEW, "{}"),
            Fails("item-not-found", "user not affiliated with room: admin@example.org in staff@conference.example.org")),
        Case("add: an outcast", Add(ROOM, "banned@example.org", NEW, "{}"),
            Fails("item-not-found", "user not affiliated with room: banned@example.org in courses@conference.example.org")),
        Case("add: an outcast, even a hat that the user already has", Add(ROOM, "banned@example.org", BAR, r#"{"active":false}"#),
            Fails("item-not-found", "user not affiliated with room: banned@example.org in courses@conference.example.org")),
        Case("add: affiliation none", Add(ROOM, "former@example.org", NEW, "{}"),
            Fails("item-not-found", "user not affiliated with room: former@example.org in courses@conference.example.org")),
        Case("add: an omitted affiliation is none", Add(ROOM, "nothing@example.org", NEW, "{}"),
            Fails("item-not-found", "user not affiliated with room: nothing@example.org in courses@conference.example.org")),
        // remove_user_hat
        Case("remove: the hat is not in the set, and the others stay", Remove(ROOM, "terry@example.org", BAR),
            User(ROOM, "terry@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019}},"note":1.50}"#)),
        Case("remove: a required hat can be removed", Remove(ROOM, "terry@example.org/x", FOO),
            User(ROOM, "terry@example.org", r#"{"affiliation":"member","hats":{"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}},"note":1.50}"#)),
        Case("remove: a hat that the user does not have changes nothing", Remove(ROOM, "owner@example.org", NEW), Nothing),
        Case("remove: no such room", Remove("nowhere@conference.example.org", "stranger@example.net", FOO), Fails("item-not-found", NO_ROOM)),
        Case("remove: a user who is not in the room", Remove(ROOM, "stranger@example.net", FOO),
            Fails("item-not-found", "user not affiliated with room: stranger@example.net in courses@conference.example.org")),
        Case("remove: an outcast", Remove(ROOM, "banned@example.org", FOO),
            Fails("item-not-found", "user not affiliated with room: banned@example.org in courses@conference.example.org")),
        Case("remove: an outcast, even a hat that the user does not have", Remove(ROOM, "banned@example.org", NEW),
            Fails("item-not-found", "user not affiliated with room: banned@example.org in courses@conference.example.org")),
        Case("remove: affiliation none", Remove(ROOM, "former@example.org", FOO),
            Fails("item-not-found", "user not affiliated with room: former@example.org in courses@conference.example.org")),
        // set_user_hats
        Case("set: missing hats are added, others are removed, different ones are replaced",
            Set(ROOM, "terry@example.org", r#"{"http://example.com/hats/new":{"title":"New"},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":true}}"#),
            User(ROOM, "terry@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/new":{"title":"New"},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":true}},"note":1.50}"#)),
        Case("set: an empty set removes all hats, even required ones", Set(ROOM, "admin@example.org", "{}"),
            User(ROOM, "admin@example.org", r#"{"affiliation":"admin","hats":{}}"#)),
        Case("set: unrecognized members of replaced hats are removed",
            Set(ROOM, "owner@example.org", r#"{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome"}}"#),
            User(ROOM, "owner@example.org", r#"{"affiliation":"owner","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome"}}}"#)),
        Case("set: the hats that the user already has change nothing", Set(ROOM, "admin@example.org", HATS), Nothing),
        Case("set: the hats of a user object; the affiliation next to them is ignored",
            Set(ROOM, "bare@example.org", r#"{"affiliation":"owner","hats":{"http://example.com/hats/new":{}},"note":1}"#),
            User(ROOM, "bare@example.org", r#"{"affiliation":"member","hats":{"http://example.com/hats/new":{}}}"#)),
        Case("set: a user object without hats removes all hats", Set(ROOM, "admin@example.org", r#"{"affiliation":"owner"}"#),
            User(ROOM, "admin@example.org", r#"{"affiliation":"admin","hats":{}}"#)),
        Case("set: no such room", Set("nowhere@conference.example.org", "stranger@example.net", "{}"), Fails("item-not-found", NO_ROOM)),
        Case("set: a user who is not in the room, even without hats", Set(ROOM, "stranger@example.net", "{}"),
            Fails("item-not-found", "user not affiliated with room: stranger@example.net in courses@conference.example.org")),
        Case("set: an outcast", Set(ROOM, "banned@example.org", "{}"),
            Fails("item-not-found", "user not affiliated with room: banned@example.org in courses@conference.example.org")),
        Case("set: affiliation none", Set(ROOM, "former@example.org", "{}"),
            Fails("item-not-found", "user not affiliated with room: former@example.org in courses@conference.example.org")),
    ]
}

#[rustfmt::skip]
fn other_operations_model() -> Vec<Case> {
    vec![
        // Removing regardless of the affiliation.
        Case("force remove: from an outcast", ForceRemove(ROOM, "banned@example.org", FOO),
            User(ROOM, "banned@example.org", r#"{"affiliation":"outcast","hats":{"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}}}"#)),
        Case("force remove: from a user without affiliation", ForceRemove(ROOM, "former@example.org", BAR),
            User(ROOM, "former@example.org", r#"{"affiliation":"none","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019}}}"#)),
        Case("force remove: from a member", ForceRemove(ROOM, "terry@example.org", FOO),
            User(ROOM, "terry@example.org", r#"{"affiliation":"member","hats":{"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}},"note":1.50}"#)),
        Case("force remove: from a user who is not in the room", ForceRemove(ROOM, "stranger@example.net", FOO), Nothing),
        Case("force remove: no such room", ForceRemove("nowhere@conference.example.org", "terry@example.org", FOO), Fails("item-not-found", NO_ROOM)),
        // Affiliations.
        Case("affiliate: none removes the user with the hats", Affiliate(ROOM, "terry@example.org", Affiliation::None), NoUser(ROOM, "terry@example.org")),
        Case("affiliate: none removes a listed user with the affiliation none", Affiliate(ROOM, "former@example.org", Affiliation::None), NoUser(ROOM, "former@example.org")),
        Case("affiliate: none for a user who is not in the room", Affiliate(ROOM, "stranger@example.net", Affiliation::None), Nothing),
        Case("affiliate: a new user is added, without hats", Affiliate(ROOM, "New@Example.net/x", Affiliation::Member),
            User(ROOM, "new@example.net", r#"{"affiliation":"member","hats":{}}"#)),
        Case("affiliate: a new user can be banned", Affiliate(ROOM, "new@example.net", Affiliation::Outcast),
            User(ROOM, "new@example.net", r#"{"affiliation":"outcast","hats":{}}"#)),
        Case("affiliate: a ban keeps the hats and all other members", Affiliate(ROOM, "terry@example.org", Affiliation::Outcast),
            User(ROOM, "terry@example.org", r#"{"affiliation":"outcast","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}},"note":1.50}"#)),
        Case("affiliate: a banned user who becomes admin keeps the hats", Affiliate(ROOM, "banned@example.org", Affiliation::Admin),
            User(ROOM, "banned@example.org", r#"{"affiliation":"admin","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}}}"#)),
        Case("affiliate: the same affiliation changes nothing", Affiliate(ROOM, "owner@example.org", Affiliation::Owner), Nothing),
        Case("affiliate: no such room", Affiliate("nowhere@conference.example.org", "terry@example.org", Affiliation::Owner), Fails("item-not-found", NO_ROOM)),
        // Rooms.
        Case("room: added without users", AddRoom("New@conference.example.org", None), Room("new@conference.example.org", r#"{"users":{}}"#)),
        Case("room: added with a name", AddRoom("new@conference.example.org", Some("Neu")), Room("new@conference.example.org", r#"{"name":"Neu","users":{}}"#)),
        Case("room: already exists", AddRoom("STAFF@conference.example.org", Some("Other")), Fails("conflict", "room already exists: staff@conference.example.org")),
        Case("room: removed with its users", RemoveRoom("staff@conference.example.org"), NoRoom("staff@conference.example.org")),
        Case("room: remove a missing room", RemoveRoom("nowhere@conference.example.org"), Fails("item-not-found", NO_ROOM)),
        Case("room: renamed", Rename("staff@conference.example.org", Some("Staff")),
            Room("staff@conference.example.org", r#"{"name":"Staff","users":{"terry@example.org":{"affiliation":"member","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}}}}}"#)),
        Case("room: renamed to its own name", Rename(ROOM, Some("Courses")), Nothing),
        Case("room: no name to remove", Rename("staff@conference.example.org", None), Nothing),
        Case("room: rename a missing room", Rename("nowhere@conference.example.org", None), Fails("item-not-found", NO_ROOM)),
        // The catalog of a room.
        Case("catalog: a hat is defined; users do not change",
            Catalog("staff@conference.example.org", NEW, Some(r#"{"title":"New","hue":"banana"}"#)),
            Room("staff@conference.example.org", r#"{"hats":{"http://example.com/hats/new":{"title":"New","hue":"banana"}},"users":{"terry@example.org":{"affiliation":"member","hats":{"http://example.com/hats/foo":{"active":true,"required":true,"title":"Awesome","since":2019},"urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607":{"active":false}}}}}"#)),
        Case("catalog: the same definition changes nothing", Catalog(ROOM, FOO, Some(r#"{"title":"Foo of the room","hue":120.50,"x":1}"#)), Nothing),
        Case("catalog: remove a missing hat", Catalog(ROOM, NEW, None),
            Fails("item-not-found", "no such hat in the catalog of courses@conference.example.org: http://example.com/hats/new")),
        Case("catalog: no such room", Catalog("nowhere@conference.example.org", NEW, None), Fails("item-not-found", NO_ROOM)),
    ]
}

#[cfg(test)]
mod fixture {
    use super::*;

    pub(crate) fn start() -> Wardrobe {
        read::wardrobe(START.replace("HATS", HATS).as_bytes()).unwrap()
    }

    pub(crate) fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    pub(crate) fn attachment(json: &str) -> Attachment {
        serde_json::from_str(json).unwrap()
    }

    pub(crate) fn hats(json: &str) -> Hats {
        read::hats(json.as_bytes()).unwrap()
    }

    impl Operation {
        pub(crate) fn apply_to(&self, wardrobe: &mut Wardrobe) -> Result<EditGroup, EditError> {
            let id = |text: &str| HatId::unchecked(text);
            match *self {
                Add(room, user, hat, json) => {
                    wardrobe.add_user_hat(&jid(user), &jid(room), &id(hat), attachment(json))
                }
                Remove(room, user, hat) => wardrobe.remove_user_hat(&jid(user), &jid(room), &id(hat)),
                Set(room, user, json) => wardrobe.set_user_hats(&jid(user), &jid(room), &hats(json)),
                ForceRemove(room, user, hat) => wardrobe.force_remove_hat(&jid(user), &jid(room), &id(hat)),
                Affiliate(room, user, to) => wardrobe.set_affiliation(&jid(user), &jid(room), to),
                AddRoom(room, name) => wardrobe.add_room(&jid(room), name),
                RemoveRoom(room) => wardrobe.remove_room(&jid(room)),
                Rename(room, name) => wardrobe.rename_room(&jid(room), name),
                Catalog(room, hat, json) => {
                    let entry = json.map(|json| serde_json::from_str::<CatalogHat>(json).unwrap());
                    wardrobe.set_catalog_hat(&jid(room), &id(hat), entry)
                }
            }
        }
    }

    impl Case {
        pub(crate) fn check(&self) {
            let Self(rule, operation, expected) = self;
            let before = start();
            let mut after = before.clone();
            let result = operation.apply_to(&mut after);
            let differs = before.diff(&after);
            let all = |condition: &dyn Fn(&hatrack::model::Edit) -> bool| {
                assert!(
                    !differs.is_empty() && differs.0.iter().all(condition),
                    "{rule}: {differs:?}"
                );
            };
            match *expected {
                User(room, user, json) => {
                    let (room, user) = (jid(room), jid(user));
                    assert_eq!(write::compact(after.user(&room, &user).unwrap()), json, "{rule}");
                    all(&|edit| edit.room() == Some(&room) && edit.user() == Some(&user));
                }
                NoUser(room, user) => {
                    let (room, user) = (jid(room), jid(user));
                    assert_eq!(after.user(&room, &user), None, "{rule}");
                    all(&|edit| edit.room() == Some(&room) && edit.user() == Some(&user));
                }
                Room(room, json) => {
                    let room = jid(room);
                    assert_eq!(write::compact(after.room(&room).unwrap()), json, "{rule}");
                    all(&|edit| edit.room() == Some(&room) && edit.user().is_none());
                }
                NoRoom(room) => {
                    let room = jid(room);
                    assert_eq!(after.room(&room), None, "{rule}");
                    all(&|edit| edit.room() == Some(&room) && edit.user().is_none());
                }
                Nothing => assert_eq!(result.as_ref().map(EditGroup::is_empty), Ok(true), "{rule}"),
                Fails(condition, message) => {
                    let error = result.as_ref().unwrap_err();
                    assert_eq!(
                        (error.condition(), error.to_string().as_str()),
                        (condition, message),
                        "{rule}"
                    );
                }
            }
            if let Nothing | Fails(..) = expected {
                assert_eq!(
                    write::wardrobe(&before),
                    write::wardrobe(&after),
                    "{rule}: nothing changes"
                );
            }
            // The edits have the same effect elsewhere, and their inverse restores the start.
            if let Ok(group) = result {
                let mut elsewhere = start();
                elsewhere.apply(&group).unwrap();
                assert_eq!(
                    write::wardrobe(&elsewhere),
                    write::wardrobe(&after),
                    "{rule}: the edits"
                );
                after.apply(&group.inverse()).unwrap();
                assert_eq!(
                    write::wardrobe(&before),
                    write::wardrobe(&after),
                    "{rule}: undone"
                );
            }
        }
    }
}

#[test]
fn three_operations_follow_the_specification() {
    three_operations_model().iter().for_each(Case::check);
}

#[test]
fn affiliations_rooms_and_catalogs_follow_the_specification() {
    other_operations_model().iter().for_each(Case::check);
}

#[test]
fn removing_a_catalog_hat_keeps_attachments() {
    let (mut wardrobe, room) = (fixture::start(), fixture::jid(ROOM));
    wardrobe
        .set_catalog_hat(&room, &HatId::unchecked(FOO), None)
        .unwrap();
    let room = wardrobe.room(&room).unwrap();
    assert!(room.catalog.is_empty());
    let foo = room.hats().iter().find(|hat| hat.id.as_str() == FOO).unwrap();
    assert_eq!((foo.title.as_deref(), foo.user_count), (Some("Awesome"), 7));
}

#[test]
fn omitted_boolean_means_false() {
    let (omitted, explicit) = (
        fixture::attachment("{}"),
        fixture::attachment(r#"{"active":false,"required":false}"#),
    );
    for attachment in [&omitted, &explicit] {
        assert!(!attachment.is_active() && !attachment.is_required());
        // An equivalent value is kept as it was written.
        assert_eq!(
            &attachment.clone().with_active(false).with_required(false),
            attachment
        );
    }
}

#[test]
fn with_methods_keep_other_members() {
    let kept = fixture::attachment(r#"{"active":true,"required":true,"title":"T","x":1.0}"#);
    let json = |attachment: Attachment| write::compact(&attachment);
    assert_eq!(
        json(kept.clone().with_active(false)),
        r#"{"active":false,"required":true,"title":"T","x":1.0}"#
    );
    assert_eq!(
        json(kept.clone().with_required(false)),
        r#"{"active":true,"required":false,"title":"T","x":1.0}"#
    );
    assert_eq!(
        json(kept.clone().with_title(Some("U"))),
        r#"{"active":true,"required":true,"title":"U","x":1.0}"#
    );
    assert_eq!(
        json(kept.with_title(None)),
        r#"{"active":true,"required":true,"x":1.0}"#
    );
}

/// The hats of a user who has been banned meanwhile do not change, neither by the edits of an operation nor by an undo.
#[test]
fn edits_of_a_banned_user_are_rejected() {
    let (room, terry) = (fixture::jid(ROOM), fixture::jid("terry@example.org"));
    let mut banned = fixture::start();
    banned
        .set_affiliation(&terry, &room, Affiliation::Outcast)
        .unwrap();
    let refused = EditError::NotAffiliated {
        room: room.clone(),
        user: terry.clone(),
    };
    for operation in [
        Add(ROOM, "terry@example.org", NEW, "{}"),
        Remove(ROOM, "terry@example.org", FOO),
        Set(ROOM, "terry@example.org", "{}"),
        ForceRemove(ROOM, "terry@example.org", FOO),
    ] {
        let mut mine = fixture::start();
        let group = operation.apply_to(&mut mine).unwrap();
        assert_eq!(banned.clone().apply(&group), Err(refused.clone()));
        mine.set_affiliation(&terry, &room, Affiliation::Outcast).unwrap();
        assert_eq!(mine.apply(&group.inverse()), Err(refused.clone()));
    }
    // If the user was already banned when the hat was removed, an undo restores it.
    let removal = banned
        .force_remove_hat(&terry, &room, &HatId::unchecked(FOO))
        .unwrap();
    banned.apply(&removal.inverse()).unwrap();
    let user = banned.user(&room, &terry).unwrap();
    assert_eq!((user.affiliation, user.hats.len()), (Affiliation::Outcast, 2));
}

#[test]
fn stale_edit_is_a_conflict_that_names_the_current_value() {
    let mut mine = fixture::start();
    let group = Add(ROOM, "terry@example.org", FOO, r#"{"title":"Mine"}"#)
        .apply_to(&mut mine)
        .unwrap();
    let mut theirs = fixture::start();
    Add(ROOM, "terry@example.org", FOO, r#"{"title":"Theirs"}"#)
        .apply_to(&mut theirs)
        .unwrap();
    let before = write::wardrobe(&theirs);
    let error = theirs.apply(&group).unwrap_err();
    assert_eq!(error.condition(), "conflict");
    assert_eq!(
        error.to_string(),
        "changed in the meantime: http://example.com/hats/foo of terry@example.org in courses@conference.example.org is \
         now inactive, optional, \"Theirs\""
    );
    assert_eq!(write::wardrobe(&theirs), before);
}

/// Either all edits of a group are applied, or none.
#[test]
fn group_is_applied_atomically() {
    let mut wardrobe = fixture::start();
    let mut group = Add(ROOM, "bare@example.org", NEW, "{}")
        .apply_to(&mut fixture::start())
        .unwrap();
    group.0.extend(
        Add(ROOM, "terry@example.org", NEW, "{}")
            .apply_to(&mut fixture::start())
            .unwrap()
            .0,
    );
    let mut banned = wardrobe.clone();
    banned
        .set_affiliation(
            &fixture::jid("terry@example.org"),
            &fixture::jid(ROOM),
            Affiliation::None,
        )
        .unwrap();
    let before = write::wardrobe(&banned);
    assert!(banned.apply(&group).is_err());
    assert_eq!(write::wardrobe(&banned), before);
    wardrobe.apply(&group).unwrap();
    assert_eq!(
        wardrobe.attachment_count(),
        fixture::start().attachment_count() + 2
    );
}

#[test]
fn rejects_room_without_local_part_and_hat_that_is_not_a_uri() {
    let error = Jid::parse_room("conference.example.org").unwrap_err();
    assert_eq!(EditError::from(error).condition(), "jid-malformed");
    let error = HatId::parse("not a uri").unwrap_err();
    assert_eq!(EditError::from(error.clone()).condition(), "bad-request");
    assert_eq!(
        error.to_string(),
        "\"not a uri\" is not a valid hat ID: contains whitespace; a hat ID is a URI such as urn:uuid:… or \
         http://example.org/hats/teacher"
    );
}

/// Defining a hat changes its title for the affiliated users who have another one, and lists the users whose title stays.
#[test]
fn define_hat_changes_titles_of_affiliated_users_only() {
    let room = fixture::jid(ROOM);
    let mut wardrobe = Wardrobe::default();
    wardrobe.add_room(&room, None).unwrap();
    let users =
        ["banned", "has-it", "other", "plain"].map(|name| fixture::jid(&format!("{name}@example.org")));
    for (user, title) in users.iter().zip([Some("Old"), Some("New"), Some("Other"), None]) {
        wardrobe
            .set_affiliation(user, &room, Affiliation::Member)
            .unwrap();
        let attachment = Attachment::default().with_title(title);
        wardrobe
            .add_user_hat(user, &room, &HatId::unchecked(FOO), attachment)
            .unwrap();
    }
    wardrobe
        .set_affiliation(&users[0], &room, Affiliation::Outcast)
        .unwrap();
    let before = wardrobe.clone();
    let entry = |title: &str| CatalogHat {
        title: Some(title.into()),
        ..CatalogHat::default()
    };
    let titles = |wardrobe: &Wardrobe| {
        users.clone().map(|user| {
            let hats = &wardrobe.user(&room, &user).unwrap().hats;
            hats.get(&HatId::unchecked(FOO))
                .unwrap()
                .title
                .as_deref()
                .map(String::from)
        })
    };

    let defined = wardrobe
        .define_hat(&room, &HatId::unchecked(FOO), entry("New"), true)
        .unwrap();
    assert_eq!(
        titles(&wardrobe).map(Option::unwrap_or_default),
        ["Old", "New", "New", ""]
    );
    assert_eq!(defined.not_affiliated, [users[0].clone()]);
    assert_eq!(defined.unchanged, [users[1].clone()]);
    assert_eq!(defined.group.0.len(), 2);
    assert!(wardrobe.is_applied(&defined.group) && !before.is_applied(&defined.group));
    wardrobe.apply(&defined.group.inverse()).unwrap();
    assert_eq!(wardrobe, before);

    // Without `retitle_users`, or without a title, only the catalog changes.
    for (title, retitle) in [("New", false), ("", true)] {
        let mut wardrobe = before.clone();
        let defined = wardrobe
            .define_hat(&room, &HatId::unchecked(FOO), entry(title), retitle)
            .unwrap();
        assert_eq!(titles(&wardrobe), titles(&before));
        assert_eq!(defined.group.0.len(), 1);
        assert!(defined.not_affiliated.is_empty() && defined.unchanged.is_empty());
    }
    let error = wardrobe.define_hat(
        &fixture::jid("no@such.example"),
        &HatId::unchecked(FOO),
        entry("New"),
        true,
    );
    assert_eq!(error.unwrap_err().condition(), "item-not-found");
}

/// Histories and drafts contain these names, so they must never change.
#[test]
fn serialized_names_of_edits_are_stable() {
    let (room, terry) = (fixture::jid(ROOM), fixture::jid("terry@example.org"));
    let mut wardrobe = fixture::start();
    let mut edits = Vec::new();
    edits.extend(
        wardrobe
            .force_remove_hat(&fixture::jid("banned@example.org"), &room, &HatId::unchecked(FOO))
            .unwrap()
            .0,
    );
    edits.extend(
        wardrobe
            .remove_user_hat(&terry, &room, &HatId::unchecked(BAR))
            .unwrap()
            .0,
    );
    edits.extend(
        wardrobe
            .set_affiliation(&terry, &room, Affiliation::Admin)
            .unwrap()
            .0,
    );
    edits.extend(
        wardrobe
            .set_affiliation(&terry, &room, Affiliation::None)
            .unwrap()
            .0,
    );
    edits.extend(
        wardrobe
            .set_catalog_hat(&room, &HatId::unchecked(FOO), None)
            .unwrap()
            .0,
    );
    edits.extend(wardrobe.rename_room(&room, None).unwrap().0);
    edits.extend(wardrobe.remove_room(&room).unwrap().0);
    edits.extend(wardrobe.put_hat_set("on call", Some(&Hats::default())).unwrap().0);
    let json = serde_json::to_value(EditGroup(edits)).unwrap();
    let names: Vec<Vec<String>> = json
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|edit| edit.as_object().unwrap())
        .map(|(kind, edit)| {
            let members = edit.as_object().unwrap().keys().cloned();
            std::iter::once(kind.clone()).chain(members).collect()
        })
        .collect();
    assert_eq!(
        names,
        [
            &["hat", "after", "before", "hat", "room", "rule", "user"][..],
            &["hat", "after", "before", "hat", "room", "rule", "user"],
            &["affiliation", "after", "before", "room", "user"],
            &["user", "after", "before", "room", "user"],
            &["catalogue", "after", "before", "hat", "room"],
            &["room-name", "after", "before", "room"],
            &["room", "after", "before", "room"],
            &["document", "after", "before"],
        ]
    );
    let rules = [&json[0]["hat"]["rule"], &json[1]["hat"]["rule"]];
    assert_eq!(rules, ["plain", "affiliated"]);
}
