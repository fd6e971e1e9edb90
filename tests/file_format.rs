//! The schema of the data file, its documentation and the sample agree with each other and the parser.

#[cfg(test)]
#[path = "support/skip.rs"]
mod skip;
#[cfg(test)]
mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use hatrack::model::{Affiliation, Jid, Wardrobe, read, write};
use hatrack::store::{Store, StoreOptions};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{cases, read_in_chunks, wardrobe};

const SCHEMA: &str = include_str!("../assets/hats.schema.json");
const SAMPLE: &str = include_str!("../assets/demo.json");
const DOCUMENT: &str = include_str!("../docs/file-format.md");

#[cfg(test)]
fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::draft202012::meta::validate(&schema).expect("a schema of 2020-12");
    jsonschema::draft202012::new(&schema).unwrap()
}

/// The code blocks of a language in the documentation.
fn blocks(language: &str) -> Vec<String> {
    let begins = format!("```{language}\n");
    let after = |block: &str| block.split_once("```").map(|(block, _)| block.to_owned());
    DOCUMENT.split(&begins).skip(1).filter_map(after).collect()
}

#[test]
fn sample_is_rich_and_canonical() {
    let wardrobe = read::wardrobe(SAMPLE.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(write::wardrobe(&wardrobe)).unwrap(), SAMPLE);
    assert_eq!(read_in_chunks(SAMPLE, 2), Some(wardrobe.clone()));
    assert!(schema().is_valid(&serde_json::from_str(SAMPLE).unwrap()));

    let users = || wardrobe.rooms().flat_map(|(_, room)| room.users());
    let hats = || users().flat_map(|(_, user)| user.hats.iter());
    let people: BTreeSet<&Jid> = users().map(|(jid, _)| jid).collect();
    assert_eq!((wardrobe.rooms().len(), people.len()), (6, 40));
    assert!(users().count() > people.len(), "some are in several rooms");
    let domains = people
        .iter()
        .copied()
        .chain(wardrobe.rooms().map(|(jid, _)| jid))
        .map(Jid::domain);
    assert!(
        domains
            .into_iter()
            .all(|domain| domain == "example.org" || domain.ends_with(".example.org"))
    );
    for affiliation in Affiliation::ALL {
        assert!(
            users().any(|(_, user)| user.affiliation == affiliation),
            "{affiliation}"
        );
    }
    for affiliation in [Affiliation::Outcast, Affiliation::None] {
        let has_hats = |user: &hatrack::model::User| user.affiliation == affiliation && !user.hats.is_empty();
        assert!(users().any(|(_, user)| has_hats(user)), "{affiliation} with hats");
    }
    let has_title_with = |wanted: &dyn Fn(char) -> bool| {
        hats().any(|(_, hat)| hat.title.as_deref().is_some_and(|t| t.contains(wanted)))
    };
    for (content, is_included) in [
        ("inactive", hats().any(|(_, hat)| !hat.is_active())),
        ("required", hats().any(|(_, hat)| hat.is_required())),
        ("untitled", hats().any(|(_, hat)| hat.title.is_none())),
        ("no URI", hats().any(|(id, _)| !id.is_uri())),
        (
            "a long URI",
            hats().any(|(id, _)| id.as_str().len() > 150 && id.is_uri()),
        ),
        (
            "a room without users",
            wardrobe.rooms().any(|(_, room)| room.users().is_empty()),
        ),
        (
            "a catalog with hues",
            wardrobe
                .rooms()
                .any(|(_, room)| room.catalog.values().any(|hat| hat.hue.is_some())),
        ),
        ("unrecognized fields", !wardrobe.extra.is_empty()),
        (
            "Chinese characters",
            has_title_with(&|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
        ),
        ("emoji", has_title_with(&|c| c > '\u{1f000}')),
        ("joined emoji", has_title_with(&|c| c == '\u{200d}')),
        (
            "combining marks",
            has_title_with(&|c| ('\u{300}'..='\u{36f}').contains(&c)),
        ),
        (
            "right to left",
            has_title_with(&|c| ('\u{590}'..='\u{6ff}').contains(&c)),
        ),
        (
            "a name in another script",
            people.iter().any(|jid| !jid.as_str().is_ascii()),
        ),
    ] {
        assert!(is_included, "the sample lacks: {content}");
    }
}

#[test]
fn documented_example_is_canonical() {
    let examples = blocks("json");
    assert_eq!(examples.len(), 1);
    let wardrobe = read::wardrobe(examples[0].as_bytes()).unwrap();
    assert_eq!(
        String::from_utf8(write::wardrobe(&wardrobe)).unwrap(),
        examples[0]
    );
    assert!(schema().is_valid(&serde_json::from_str(&examples[0]).unwrap()));
}

#[test]
fn documentation_lists_exactly_the_members_of_the_schema() {
    /// Adds the names of all properties in a schema.
    fn add_properties(schema: &Value, all: &mut BTreeSet<String>) {
        for (name, value) in schema.as_object().into_iter().flatten() {
            if name == "properties" {
                all.extend(
                    value
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.clone()),
                );
            }
            add_properties(value, all);
        }
    }
    let mut in_schema = BTreeSet::new();
    add_properties(&serde_json::from_str(SCHEMA).unwrap(), &mut in_schema);
    let table = DOCUMENT
        .split("\n\n")
        .find(|part| part.starts_with("| where |"))
        .unwrap();
    let rows = table.lines().skip(2).filter_map(|row| row.split('|').nth(2));
    let documented: BTreeSet<String> = rows
        .map(|cell| cell.trim().trim_matches('`').to_owned())
        .collect();
    assert_eq!(in_schema, documented);
}

/// The digest of a wardrobe, computed as the documentation describes.
fn digest(wardrobe: &Wardrobe) -> String {
    let text = String::from_utf8(write::wardrobe(wardrobe)).unwrap_or_default();
    let (mut all, mut rest) = (Sha256::new(), text.as_str());
    for (jid, _) in wardrobe.rooms() {
        let begin = format!("\"{jid}\": {{");
        let (_, room) = rest.split_once(&format!("\n    {begin}")).unwrap_or_default();
        let (room, after) = room.split_once("\n    }").unwrap_or_default();
        all.update(Sha256::digest(format!("{begin}{room}\n    }}")));
        rest = after;
    }
    all.update(Sha256::digest(rest));
    all.finalize()
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// A line written by this version has the digest that the documentation describes, and its own length.
#[test]
fn written_history_matches_documented_digest_and_length() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("hats.json");
    std::fs::write(&data, &blocks("json")[0]).unwrap();
    let mut store = Store::open(&data, StoreOptions::default()).unwrap();
    let room = Jid::parse("a@conference.example.org").unwrap();
    let change = store.wardrobe().clone().add_room(&room, None).unwrap();
    store.commit(&[change.into()]).unwrap();
    let line = std::fs::read_to_string(folder.path().join("hats.history.jsonl")).unwrap();
    let members: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(members["length"], line.len() as u64);
    assert_eq!(members["digest"], digest(store.wardrobe()));
    let names: Vec<&str> = line
        .split("\":")
        .filter_map(|part| part.rsplit('"').next())
        .collect();
    assert_eq!(names.first().copied(), Some("revision"));
    assert_eq!(names.iter().rev().nth(1).copied(), Some("length"));
}

#[test]
fn documented_history_is_valid() {
    let lines = blocks("jsonl").concat();
    let mut wardrobe = Wardrobe::default();
    wardrobe
        .add_room(&Jid::parse("courses@conference.example.org").unwrap(), None)
        .unwrap();
    for line in lines.lines() {
        let entry: hatrack::store::HistoryEntry = serde_json::from_str(line).unwrap();
        wardrobe.apply(&entry.group).unwrap();
        // The entry has all members of the line except those of the store: identity and digest of the data file, and
        // length.
        let length = line.len() as u64 + 1;
        let mut line: Value = serde_json::from_str(line).unwrap();
        let mut remove = |name: &str| line.as_object_mut().and_then(|line| line.remove(name)).unwrap();
        assert_eq!(remove("length"), length);
        assert_eq!(remove("digest"), digest(&wardrobe));
        let identity = remove("file");
        assert!(
            ["inode", "size", "mtime", "ctime"]
                .iter()
                .all(|name| identity[name].is_u64()),
            "{identity}"
        );
        assert_eq!(serde_json::to_value(&entry).unwrap(), line);
    }
    assert_eq!((lines.lines().count(), wardrobe.attachment_count()), (3, 0));
}

/// The script changes the data file, keeps its mode, and leaves it valid.
#[test]
fn documented_script_works() {
    if cfg!(not(feature = "tui")) {
        return; // The library alone has no program for the script to call.
    }
    let script = blocks("sh")
        .into_iter()
        .find(|block| block.contains("jq"))
        .unwrap();
    let is_installed = |tool: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(tool).exists())
    };
    if !(is_installed("jq") && is_installed("flock")) {
        skip::skipped(false, "jq or flock is not installed");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("hats.json");
    std::fs::write(&data, &blocks("json")[0]).unwrap();
    std::fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_hatrack"));
    let mut path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    path.insert(0, binary.parent().map(Path::to_path_buf).unwrap());
    let status = Command::new("sh")
        .args(["-ec", &script])
        .current_dir(home.path())
        .env("PATH", std::env::join_paths(path).unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    let wardrobe = read::wardrobe(&std::fs::read(&data).unwrap()).unwrap();
    assert_eq!(wardrobe.attachment_count(), 3);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn schema_and_reader_reject_the_same_documents() {
    let schema = schema();
    let base = json!({"version": 1, "rooms": {"a@b": {"name": "A", "hats": {"x:y": {"title": "T", "hue": 1}},
        "users": {"c@d": {"affiliation": "member", "hats": {"x:y": {"active": true, "required": false, "title": "T"}}}}}}});
    assert!(schema.is_valid(&base));
    let mut wrong = vec![
        json!([]),
        json!({}),
        json!({"version": 1}),
        json!({"rooms": {}}),
        json!(null),
        json!({"version": 1, "rooms": {"b": {}}}),
        json!({"version": 1, "rooms": {"a@b": {"users": {"": {}}}}}),
        json!({"version": 1, "rooms": {"a@b": {"users": {"@b": {}}}}}),
        json!({"version": 1, "rooms": {"a@b": {"users": {"a@": {}}}}}),
        json!({"version": 1, "rooms": {"a b@c": {}}}),
    ];
    for (pointer, values) in [
        ("/version", vec![json!(0), json!(2), json!("1"), json!(null)]),
        (
            "/revision",
            vec![json!(-1), json!(1.5), json!("1"), json!(null), json!(1e30)],
        ),
        ("/rooms", vec![json!([]), json!(null), json!("")]),
        ("/rooms/a@b", vec![json!([]), json!(null), json!(1)]),
        ("/rooms/a@b/name", vec![json!(1), json!(null), json!([])]),
        ("/rooms/a@b/hats", vec![json!([]), json!(null)]),
        ("/rooms/a@b/hats/x:y", vec![json!("T"), json!(null)]),
        ("/rooms/a@b/hats/x:y/title", vec![json!(1), json!(null)]),
        (
            "/rooms/a@b/hats/x:y/hue",
            vec![json!([]), json!(null), json!(true)],
        ),
        ("/rooms/a@b/users", vec![json!([]), json!(null)]),
        ("/rooms/a@b/users/c@d", vec![json!([]), json!("member")]),
        (
            "/rooms/a@b/users/c@d/affiliation",
            vec![json!("king"), json!("Owner"), json!(1), json!(null)],
        ),
        ("/rooms/a@b/users/c@d/hats", vec![json!([]), json!(null)]),
        ("/rooms/a@b/users/c@d/hats/x:y", vec![json!(true), json!(null)]),
        (
            "/rooms/a@b/users/c@d/hats/x:y/active",
            vec![json!("yes"), json!(0), json!(null)],
        ),
        (
            "/rooms/a@b/users/c@d/hats/x:y/required",
            vec![json!("no"), json!(1), json!(null)],
        ),
        (
            "/rooms/a@b/users/c@d/hats/x:y/title",
            vec![json!(1), json!(null), json!({})],
        ),
    ] {
        for value in values {
            let mut document = base.clone();
            let (object, name) = pointer.rsplit_once('/').unwrap();
            document.pointer_mut(object).unwrap()[name] = value;
            wrong.push(document);
        }
    }
    for document in wrong {
        assert!(!schema.is_valid(&document), "the schema accepts {document}");
        assert!(
            read::wardrobe(document.to_string().as_bytes()).is_err(),
            "the reader accepts {document}"
        );
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn schema_accepts_every_wardrobe(wardrobe in wardrobe()) {
        thread_local!(static VALIDATOR: jsonschema::Validator = schema());
        // Skip numbers that are too large for the JSON library, as the validator cannot represent them.
        let Ok(value) = serde_json::from_slice(&write::wardrobe(&wardrobe)) else { return Ok(()) };
        let wrong = VALIDATOR.with(|schema| schema.iter_errors(&value).map(|error| error.to_string()).next());
        prop_assert_eq!(wrong, None);
    }
}
