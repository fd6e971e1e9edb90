//! Tests of reading lines backwards, with and without stated lengths.

use std::io::Write;

use proptest::prelude::*;

use super::*;

/// A line of about this length. The length that it states is too large by `more`.
fn line_with_stated_length(length: usize, more: u64) -> String {
    let entry = HistoryEntry {
        revision: 7,
        id: "x".repeat(length).into(),
        time: Timestamp::UNIX_EPOCH,
        actor: "alice".into(),
        group: EditGroup::default(),
        undoes: Some(3),
        redoes: None,
        rolled_back: None,
        outside: false,
        accepted_removals: false,
        sent: None,
        send_to: Box::default(),
        reason: None,
        partial: false,
    };
    let identity = FileIdentity {
        inode: 1,
        size: 2,
        mtime: 3,
        ctime: 4,
    };
    let line = serialize_line(&entry, &identity, Digest::of(b""));
    assert_eq!(stated_length(line.as_bytes()), Some(line.len() as u64));
    let (stated, wrong) = (line.len(), line.len() as u64 + more);
    line.trim_end().replace(
        &format!("\"length\":{stated}}}"),
        &format!("\"length\":{wrong}}}"),
    )
}

fn file(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Reading backwards yields all lines, whether they state their length, do not, or state a wrong one.
    #[test]
    fn reverse_lines_yields_every_line(
        lines in prop::collection::vec(
            (prop_oneof![0usize..5, 65_000usize..65_540, 131_000usize..131_080, Just(1_200_000)], 0u8..3, 0u64..200),
            0..6,
        ),
        ended: bool,
    ) {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(length, kind, more)| match kind {
                0 => "x".repeat(length),
                1 => line_with_stated_length(length, 0),
                _ => line_with_stated_length(length, more),
            })
            .collect();
        let mut text = lines.join("\n");
        if ended && !lines.is_empty() {
            text.push('\n');
        }
        let file = file(&text);
        let expected: Vec<&str> = text.lines().collect();
        let mut back = ReverseLines::new(&file, text.len() as u64);
        let mut found = Vec::new();
        while let Some(line) = back.previous().unwrap() {
            let bytes = line.bytes().unwrap().into_owned();
            prop_assert_eq!(&text.as_bytes()[usize::try_from(line.offset).unwrap()..][..bytes.len()], &bytes[..]);
            prop_assert_eq!(line_number(&file, line.offset).unwrap(), (expected.len() - found.len()) as u64);
            found.push(String::from_utf8(bytes).unwrap());
        }
        found.reverse();
        prop_assert_eq!(found, expected);
    }
}

/// Of a large last commit, only a block at the end of its line and the start of the line are read.
#[test]
fn skips_the_edits_of_a_long_line_with_length() {
    let group = |length: usize| {
        let edit = r#"{"room-name":{"room":"a@b","before":null,"after":"TEXT"}}"#
            .replace("TEXT", &"x".repeat(length));
        serde_json::from_str::<EditGroup>(&format!("[{edit}]")).unwrap()
    };
    let mut entry = serde_json::from_str::<HistoryEntry>(
        r#"{"revision":5,"id":"i","time":"2026-01-01T00:00:00Z","actor":"a,\"edits\":[","edits":[]}"#,
    )
    .unwrap();
    entry.group = group(50_000_000);
    entry.redoes = Some(4);
    entry.rolled_back = Some(2);
    entry.send_to = ["example".into()].into();
    let identity = FileIdentity {
        inode: 1,
        size: 2,
        mtime: 3,
        ctime: 4,
    };
    let digest = Digest::of(b"content of the data file");
    let text = format!("{{\"first\":1}}\n{}", serialize_line(&entry, &identity, digest));
    let file = file(&text);
    let mut back = ReverseLines::new(&file, text.len() as u64);
    let found = back.previous().unwrap().unwrap();
    let line = found.parse().unwrap().unwrap();
    assert_eq!(
        (line.revision, &*line.actor, line.redoes),
        (5, "a,\"edits\":[", Some(4))
    );
    assert_eq!((line.file, line.digest), (Some(identity), Some(digest)));
    assert!(
        found.buffered.is_none() && back.bytes_read <= BLOCK_BYTES as u64 + 2,
        "{} bytes",
        back.bytes_read
    );
    assert_eq!(
        serde_json::from_slice::<HistoryEntry>(&found.bytes().unwrap()).unwrap(),
        entry
    );
    assert_eq!(
        back.previous().unwrap().unwrap().bytes().unwrap().as_ref(),
        b"{\"first\":1}"
    );
    assert!(back.previous().unwrap().is_none());
}
