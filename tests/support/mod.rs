//! Strategies of property tests that several test files share: texts, wardrobes and operations, including hostile ones.

use std::sync::Arc;

use hatrack::model::{
    Affiliation, Attachment, CatalogHat, Edit, Extra, HatId, Hats, Hue, Jid, Json, Room, User, Wardrobe,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Returns a configuration with this number of cases; twenty times as many with `HATRACK_LONG=1`. Failures are not
/// saved in files: each of them should become a test of its own.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    let long = std::env::var_os("HATRACK_LONG").is_some_and(|value| value == "1");
    ProptestConfig {
        cases: if long { count * 20 } else { count },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Texts as they come from servers and people: plain, in many languages, or meant to break a terminal.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "Teacher",
        " ",
        "a",
        "0",
        "-1.5e3",
        "\"",
        "\\",
        "\\u0041",
        "/",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "'",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\u{1b}",
        "\u{1b}[31m",
        "\u{1b}]52;c;aGF0\u{7}",
        "\u{7f}",
        "\u{85}",
        "\u{9b}0m",
        "\u{202e}",
        "\u{2066}",
        "\u{2069}",
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "\u{2028}",
        "\u{ad}",
        "\u{fe0f}",
        "書記",
        "帽子",
        "ｆｕｌｌ",
        "한국어",
        "Гость",
        "مرحبا",
        "שלום",
        "ไทย",
        "नमस्ते",
        "Première",
        "ß",
        "İ",
        "ﬁ",
        "🎩",
        "👩🏽‍🏫",
        "🏳️‍🌈",
        "🇪🇺",
        "1️⃣",
        "é",
        "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚a̕͝",
        "\u{300}\u{301}",
        "\u{fffd}",
        "\u{10ffff}",
        "\u{e000}",
    ]);
    let hostile = prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    prop_oneof![
        4 => "[A-Za-z][A-Za-z ]{0,12}",
        4 => hostile,
        1 => any::<String>(),
        1 => "[a-zé書🎩]{30,90}",
    ]
}

/// Addresses, often from a small set so that they coincide; also domains alone, and other scripts.
pub(crate) fn jid() -> impl Strategy<Value = Jid> {
    let few = select(vec![
        "terry@example.org",
        "prof@example.org",
        "mallory@example.net",
        "example.org",
        "a@b",
        "b@b",
        "9@9.example",
    ]);
    let any = prop_oneof![
        3 => few.prop_map(String::from),
        3 => "[a-z0-9._-]{1,8}@[a-z]{1,6}(\\.[a-z0-9]{1,4}){0,2}",
        1 => "[A-Za-zéßИ書ﬁ'+~!#%]{1,6}@[A-Za-zéß書]{1,5}(\\.[a-zИ]{1,4})?(/[a-z ]{1,4})?",
        1 => (text(), text()).prop_map(|(local, domain)| format!("{local}@{domain}")),
    ];
    any.prop_filter_map("no address", |text| Jid::parse(&text).ok())
}

/// Addresses of rooms.
pub(crate) fn room_jid() -> impl Strategy<Value = Jid> {
    let few = select(vec![
        "courses@conference.example.org",
        "staff@conference.example.org",
        "a@b",
    ]);
    prop_oneof![2 => few.prop_map(Jid::parse).prop_filter_map("no address", Result::ok), 2 => jid()]
        .prop_filter("a room has a local part", |jid| jid.local().is_some())
}

/// IDs of hats: URIs, often from a small set, and other texts that servers allow.
pub(crate) fn hat_id() -> impl Strategy<Value = HatId> {
    let few = select(vec![
        "http://example.com/hats/foo",
        "http://example.com/hats/bar",
        "urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607",
        "not a uri",
        "",
    ]);
    prop_oneof![
        4 => few.prop_map(HatId::unchecked),
        2 => "[a-z]{1,4}:[a-z0-9/#.]{1,12}".prop_map(HatId::unchecked),
        1 => text().prop_map(HatId::unchecked),
    ]
}

/// Any JSON text without duplicate names in an object, with numbers in all notations.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let number = "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?";
    let leaf = prop_oneof![
        select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1.50",
            "1e400",
            "\"\\u0041\\/\"",
            "{}",
            "[]"
        ])
        .prop_map(String::from),
        number,
        text().prop_map(|text| Json::string(&text).as_str().to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{}:{value}", Json::string(name).as_str()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Unrecognized fields; often none.
pub(crate) fn extra() -> impl Strategy<Value = Extra> {
    const KNOWN: [&str; 10] = [
        "version",
        "revision",
        "rooms",
        "name",
        "hats",
        "users",
        "affiliation",
        "active",
        "required",
        "title",
    ];
    let name = prop_oneof![
        select(vec!["x", "since", "hue ", "Active", ""]).prop_map(String::from),
        text()
    ];
    let members = prop::collection::vec((name, json()), 1..3).prop_map(|members| {
        let mut extra = Extra::default();
        for (name, value) in members {
            if let Some(value) = Json::new(&value)
                .ok()
                .filter(|_| name != "hue" && !KNOWN.contains(&&*name))
            {
                extra.insert(&name, value);
            }
        }
        extra
    });
    prop_oneof![6 => Just(Extra::default()), 1 => members]
}

/// Attachments.
pub(crate) fn attachment() -> impl Strategy<Value = Attachment> {
    let title = prop_oneof![
        1 => Just(None),
        2 => select(vec!["Teacher", "Awesome", ""]).prop_map(|title| Some(title.into())),
        2 => text().prop_map(|title| Some(title.into())),
    ];
    (any::<Option<bool>>(), any::<Option<bool>>(), title, extra()).prop_map(
        |(active, required, title, extra)| Attachment {
            active,
            required,
            title,
            extra,
        },
    )
}

/// Sets of hats.
pub(crate) fn hats() -> impl Strategy<Value = Hats> {
    prop::collection::vec((hat_id(), attachment()), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

/// Affiliations.
pub(crate) fn affiliation() -> impl Strategy<Value = Affiliation> {
    select(Affiliation::ALL.to_vec())
}

/// Users.
pub(crate) fn user() -> impl Strategy<Value = User> {
    (affiliation(), hats(), extra()).prop_map(|(affiliation, hats, extra)| User {
        affiliation,
        hats,
        extra,
    })
}

/// Hats of a catalog; hues may be invalid, as on servers.
pub(crate) fn catalog_hat() -> impl Strategy<Value = CatalogHat> {
    let hue = select(vec![
        "0",
        "360",
        "327.255249",
        "1e2",
        "-7",
        "999",
        "\"120\"",
        "\"banana\"",
    ]);
    let hue = prop::option::of(hue.prop_filter_map("no hue", |text| Hue::new(Json::new(text).ok()?)));
    (prop::option::of(text()), hue, extra()).prop_map(|(title, hue, extra)| CatalogHat {
        title: title.map(Into::into),
        hue,
        extra,
    })
}

/// Whole wardrobes: 0 to 3 rooms with 0 to 5 users each.
pub(crate) fn wardrobe() -> impl Strategy<Value = Wardrobe> {
    let room = (
        prop::option::of(text()),
        prop::collection::btree_map(hat_id(), catalog_hat(), 0..3),
        extra(),
        prop::collection::btree_map(jid(), user(), 0..6),
    );
    let rooms = prop::collection::btree_map(room_jid(), room, 0..4);
    (prop_oneof![Just(0), 1..u64::MAX], extra(), rooms).prop_filter_map(
        "the edits apply to an empty wardrobe",
        |(revision, extra, rooms)| {
            let mut edits = Vec::new();
            for (jid, (name, catalog, extra, users)) in rooms {
                let mut room = Room::new(name.as_deref());
                room.catalog = catalog;
                room.extra = extra;
                edits.push(Edit::Room {
                    room: jid.clone(),
                    before: None,
                    after: Some(Arc::new(room)),
                });
                edits.extend(users.into_iter().map(|(user, after)| Edit::User {
                    room: jid.clone(),
                    user,
                    before: None,
                    after: Some(after),
                }));
            }
            let mut wardrobe = Wardrobe::default();
            wardrobe.revision = revision % (Wardrobe::MAX_REVISION + 1);
            wardrobe.extra = extra;
            wardrobe.apply(&hatrack::model::EditGroup(edits)).ok()?;
            Some(wardrobe)
        },
    )
}

/// An operation of the model.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// `add_user_hat`
    Add(Jid, Jid, HatId, Attachment),
    /// `remove_user_hat`
    Remove(Jid, Jid, HatId),
    /// `set_user_hats`
    Set(Jid, Jid, Hats),
    /// `force_remove_hat`
    ForceRemove(Jid, Jid, HatId),
    /// `set_affiliation`
    Affiliate(Jid, Jid, Affiliation),
    /// `add_room`
    AddRoom(Jid, Option<String>),
    /// `remove_room`
    RemoveRoom(Jid),
    /// `rename_room`
    Rename(Jid, Option<String>),
    /// `set_catalog_hat`
    Catalog(Jid, HatId, Option<CatalogHat>),
    /// `define_hat`, which also changes the titles for users
    Define(Jid, HatId, CatalogHat),
}

impl Operation {
    /// Performs the operation. Returns its edits, or the error, after which nothing is changed.
    pub(crate) fn perform(
        &self,
        wardrobe: &mut Wardrobe,
    ) -> Result<hatrack::model::EditGroup, hatrack::model::EditError> {
        match self {
            Self::Add(room, user, hat, attachment) => {
                wardrobe.add_user_hat(user, room, hat, attachment.clone())
            }
            Self::Remove(room, user, hat) => wardrobe.remove_user_hat(user, room, hat),
            Self::Set(room, user, hats) => wardrobe.set_user_hats(user, room, hats),
            Self::ForceRemove(room, user, hat) => wardrobe.force_remove_hat(user, room, hat),
            Self::Affiliate(room, user, affiliation) => wardrobe.set_affiliation(user, room, *affiliation),
            Self::AddRoom(room, name) => wardrobe.add_room(room, name.as_deref()),
            Self::RemoveRoom(room) => wardrobe.remove_room(room),
            Self::Rename(room, name) => wardrobe.rename_room(room, name.as_deref()),
            Self::Catalog(room, hat, entry) => wardrobe.set_catalog_hat(room, hat, entry.clone()),
            Self::Define(room, hat, entry) => Ok(wardrobe.define_hat(room, hat, entry.clone(), true)?.group),
        }
    }
}

/// Operations on these rooms, users and hats.
pub(crate) fn operation(targets: &OperationTargets) -> impl Strategy<Value = Operation> + use<> {
    let room = || select(targets.rooms.clone());
    let user = || select(targets.users.clone());
    let hat = || select(targets.hats.clone());
    let name = || prop::option::of(text());
    prop_oneof![
        6 => (room(), user(), hat(), attachment()).prop_map(|(r, u, h, a)| Operation::Add(r, u, h, a)),
        2 => (room(), user(), hat()).prop_map(|(r, u, h)| Operation::Remove(r, u, h)),
        2 => (room(), user(), hats()).prop_map(|(r, u, h)| Operation::Set(r, u, h)),
        1 => (room(), user(), hat()).prop_map(|(r, u, h)| Operation::ForceRemove(r, u, h)),
        4 => (room(), user(), affiliation()).prop_map(|(r, u, a)| Operation::Affiliate(r, u, a)),
        2 => (room(), name()).prop_map(|(r, n)| Operation::AddRoom(r, n)),
        1 => room().prop_map(Operation::RemoveRoom),
        1 => (room(), name()).prop_map(|(r, n)| Operation::Rename(r, n)),
        1 => (room(), hat(), prop::option::of(catalog_hat())).prop_map(|(r, h, c)| Operation::Catalog(r, h, c)),
        1 => (room(), hat(), catalog_hat()).prop_map(|(r, h, c)| Operation::Define(r, h, c)),
    ]
}

/// The rooms, users and hats for operations; no list is empty.
#[derive(Debug, Clone)]
pub(crate) struct OperationTargets {
    /// The rooms.
    pub(crate) rooms: Vec<Jid>,
    /// The users.
    pub(crate) users: Vec<Jid>,
    /// The hats.
    pub(crate) hats: Vec<HatId>,
}

/// Returns all rooms, users and hats of a wardrobe, and a few that it does not have.
pub(crate) fn operation_targets(wardrobe: &Wardrobe) -> OperationTargets {
    let jids =
        |texts: &[&str]| -> Vec<Jid> { texts.iter().filter_map(|text| Jid::parse(text).ok()).collect() };
    let mut targets = OperationTargets {
        rooms: jids(&["new@conference.example.org", "other@conference.example.org"]),
        users: jids(&["new@example.org", "example.net"]),
        hats: vec![HatId::unchecked("http://example.com/hats/new")],
    };
    for (jid, room) in wardrobe.rooms() {
        targets.rooms.push(jid.clone());
        targets
            .users
            .extend(room.users().iter().map(|(jid, _)| jid.clone()));
        targets.hats.extend(room.hats().iter().map(|hat| hat.id.clone()));
    }
    targets
}

/// A wardrobe and fewer than `length` operations on it.
pub(crate) fn wardrobe_and_operations(length: usize) -> impl Strategy<Value = (Wardrobe, Vec<Operation>)> {
    wardrobe().prop_flat_map(move |wardrobe| {
        let operations = prop::collection::vec(operation(&operation_targets(&wardrobe)), 0..length);
        (Just(wardrobe), operations)
    })
}

/// Some of these values, possibly none or all, in their order.
pub(crate) fn some_of<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = Vec<T>> {
    let count = all.len();
    subsequence(all, 0..=count)
}

/// Reads a wardrobe by the fast path, in at most this number of chunks; `None` if the fast path cannot read the text.
pub(crate) fn read_in_chunks(text: &str, max_chunks: usize) -> Option<Wardrobe> {
    use hatrack::model::read;
    let head = read::document_head(text.as_bytes())?;
    let mut rest = text.strip_prefix(head)?;
    let mut rooms = Vec::new();
    for chunks_left in (1..=max_chunks).rev() {
        let target_length = rest.len() / chunks_left;
        let from = (target_length..rest.len()).find(|index| rest.is_char_boundary(*index));
        let end = from.and_then(|from| Some(rest.get(from..)?.find(read::ROOM_SEPARATOR)? + from));
        let end = end.filter(|_| chunks_left > 1);
        let (part, after) =
            rest.split_at_checked(end.map_or(rest.len(), |index| index + read::ROOM_SEPARATOR.len()))?;
        let chunk = read::rooms_chunk(part)?;
        // The rest of the document follows the last room.
        if (chunk.remaining() > 0) != (end.is_none()) {
            return None;
        }
        let tail = part.get(part.len() - chunk.remaining()..)?;
        rooms.push(chunk);
        if end.is_none() {
            return read::join_chunks(head, rooms, tail);
        }
        rest = after;
    }
    None
}

/// Uses items that not all test files use, so that the compiler does not warn about them.
const _: fn() = || {
    let _ = (
        cases,
        wardrobe_and_operations,
        wardrobe,
        jid,
        room_jid,
        user,
        read_in_chunks,
        some_of::<u8>,
    );
    let _ = Operation::perform;
};
