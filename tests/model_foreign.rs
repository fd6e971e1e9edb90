//! Reading JSON of other programs: every equivalent form gives the same wardrobe, and no input makes the parsers panic.

#[cfg(test)]
mod support;

use hatrack::model::{Attachment, Extra, Json, User, Wardrobe, read, write};
use proptest::prelude::*;
use support::{cases, read_in_chunks, text, wardrobe};

/// Writes a wardrobe as other programs may: with other whitespace, order and escapes, but the same numbers. Contains the
/// state of the random number generator that chooses these.
struct ForeignWriter(u64);

impl ForeignWriter {
    /// A random number below `limit`.
    fn random(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn space(&mut self) -> &'static str {
        ["", "", "", " ", "\n", "\t\r\n  "]
            .get(usize::try_from(self.random(6)).unwrap_or(0))
            .unwrap_or(&"")
    }

    fn string(&mut self, text: &str) -> String {
        let mut out = String::from("\"");
        let mut units = [0; 2];
        for c in text.chars() {
            match self.random(8) {
                0 => {
                    let hex = c
                        .encode_utf16(&mut units)
                        .iter()
                        .map(|unit| format!("\\u{unit:04X}"));
                    out.extend(hex);
                }
                _ if c < ' ' || c == '"' || c == '\\' => {
                    let quoted = Json::string(&c.to_string());
                    let inner = quoted
                        .as_str()
                        .strip_prefix('"')
                        .and_then(|text| text.strip_suffix('"'));
                    out.push_str(inner.unwrap_or_default());
                }
                _ => out.push(c),
            }
        }
        out.push('"');
        out
    }

    fn object(&mut self, members: Vec<(String, String)>) -> String {
        let mut remaining = members;
        let mut out = Vec::new();
        while !remaining.is_empty() {
            let at = usize::try_from(self.random(remaining.len() as u64)).unwrap_or(0);
            let (name, value) = remaining.swap_remove(at);
            let (a, b, c, d) = (self.space(), self.space(), self.space(), self.space());
            out.push(format!("{a}{}{b}:{c}{value}{d}", self.string(&name)));
        }
        format!("{{{}}}", out.join(","))
    }

    fn extra(extra: &Extra) -> impl Iterator<Item = (String, String)> {
        extra
            .iter()
            .map(|(name, value)| (name.to_owned(), value.as_str().to_owned()))
    }

    fn attachment(&mut self, attachment: &Attachment) -> String {
        let mut members: Vec<_> = Self::extra(&attachment.extra).collect();
        members.extend(
            attachment
                .active
                .map(|active| ("active".into(), active.to_string())),
        );
        members.extend(
            attachment
                .required
                .map(|required| ("required".into(), required.to_string())),
        );
        members.extend(
            attachment
                .title
                .as_deref()
                .map(|title| ("title".into(), self.string(title))),
        );
        self.object(members)
    }

    fn user(&mut self, user: &User) -> String {
        let hats = user
            .hats
            .iter()
            .map(|(id, attachment)| (id.as_str().to_owned(), self.attachment(attachment)))
            .collect();
        let mut members: Vec<_> = Self::extra(&user.extra).collect();
        members.push(("affiliation".into(), self.string(user.affiliation.as_str())));
        members.push(("hats".into(), self.object(hats)));
        self.object(members)
    }

    fn wardrobe(&mut self, wardrobe: &Wardrobe) -> String {
        let mut rooms = Vec::new();
        for (jid, room) in wardrobe.rooms() {
            let mut members: Vec<_> = Self::extra(&room.extra).collect();
            members.extend(
                room.name
                    .as_deref()
                    .map(|name| ("name".into(), self.string(name))),
            );
            let mut catalog = Vec::new();
            for (id, hat) in &room.catalog {
                let mut members: Vec<_> = Self::extra(&hat.extra).collect();
                members.extend(
                    hat.title
                        .as_deref()
                        .map(|title| ("title".into(), self.string(title))),
                );
                members.extend(
                    hat.hue
                        .as_ref()
                        .map(|hue| ("hue".into(), hue.as_json().as_str().into())),
                );
                catalog.push((id.as_str().to_owned(), self.object(members)));
            }
            members.push(("hats".into(), self.object(catalog)));
            let users = room
                .users()
                .iter()
                .map(|(jid, user)| (jid.as_str().to_owned(), self.user(user)))
                .collect();
            members.push(("users".into(), self.object(users)));
            rooms.push((jid.as_str().to_owned(), self.object(members)));
        }
        let mut members: Vec<_> = Self::extra(&wardrobe.extra).collect();
        members.push(("version".into(), "1".into()));
        members.push(("revision".into(), wardrobe.revision.to_string()));
        members.push(("rooms".into(), self.object(rooms)));
        let (before, after) = (self.space(), self.space());
        format!("{before}{}{after}", self.object(members))
    }
}

/// Parses bytes in every way; nothing may panic, and the results must agree.
fn read_all_ways(bytes: &[u8]) -> Result<Option<Wardrobe>, TestCaseError> {
    let read = read::wardrobe(bytes).ok();
    let _ = read::hats(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Json::new(text);
        for parts in [1, 3] {
            if let Some(quick) = read_in_chunks(text, parts) {
                prop_assert_eq!(Some(&quick), read.as_ref());
            }
        }
    }
    if let Some(wardrobe) = &read {
        let written = write::wardrobe(wardrobe);
        let again = read::wardrobe(&written)?;
        prop_assert_eq!(&again, wardrobe);
        prop_assert_eq!(write::wardrobe(&again), written);
    }
    Ok(read)
}

/// Replaces ranges of the bytes, each given by its start, its length and the new bytes.
fn mutated(mut bytes: Vec<u8>, cuts: &[(prop::sample::Index, usize, Vec<u8>)]) -> Vec<u8> {
    for (at, length, new) in cuts {
        let from = at.index(bytes.len() + 1);
        let to = bytes.len().min(from + length);
        bytes.splice(from..to, new.iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(cases(256))]

    /// Every equivalent form gives the same wardrobe. Unrecognized members are kept exactly, at every level.
    #[test]
    fn reads_any_equivalent_json(wardrobe in wardrobe(), seed in any::<u64>()) {
        let text = ForeignWriter(seed).wardrobe(&wardrobe);
        let read = read_all_ways(text.as_bytes())?;
        prop_assert_eq!(read, Some(wardrobe), "{}", text);
    }

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all_ways(&bytes)?;
    }

    #[test]
    fn random_text_does_not_panic(parts in prop::collection::vec(text(), 0..8)) {
        read_all_ways(parts.concat().as_bytes())?;
    }

    #[test]
    fn damaged_files_do_not_panic(
        wardrobe in wardrobe(),
        foreign in any::<Option<u64>>(),
        cuts in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..12, prop::collection::vec(any::<u8>(), 0..4)),
            1..6,
        ),
    ) {
        let bytes = foreign.map_or_else(
            || write::wardrobe(&wardrobe),
            |seed| ForeignWriter(seed).wardrobe(&wardrobe).into_bytes(),
        );
        read_all_ways(&mutated(bytes, &cuts))?;
    }
}

/// A corpus of earlier findings: `ok-…` is accepted, `bad-…` is rejected, and damaging either causes no panic.
#[test]
fn corpus_is_accepted_or_rejected_as_named() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/wardrobe");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(
            read_all_ways(&bytes).unwrap().is_some(),
            name.starts_with("ok-"),
            "{name}"
        );
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            read_all_ways(head).unwrap();
            for byte in [b'"', b'}', b'0', 0, 0xff] {
                read_all_ways(&[head, &[byte], &tail[1..]].concat()).unwrap();
            }
        }
        count += 1;
    }
    assert!(count >= 20, "{count} files");
}
