use proptest::prelude::*;

use super::super::input::{Mouse, MouseAction};
use super::*;

fn all_at_once(bytes: &[u8]) -> Vec<Input> {
    let mut decoder = Decoder::default();
    let mut found = decoder.feed(bytes);
    found.extend(decoder.expire());
    found
}

fn keys(codes: &[KeyCode]) -> Vec<Input> {
    codes.iter().map(|code| Input::Key(Key::plain(*code))).collect()
}

#[test]
fn decodes_keys() {
    let table: &[(&[u8], KeyCode)] = &[
        (b"a", KeyCode::Char('a')),
        (b"A", KeyCode::Char('A')),
        (b" ", KeyCode::Char(' ')),
        ("ü".as_bytes(), KeyCode::Char('ü')),
        ("🎩".as_bytes(), KeyCode::Char('🎩')),
        (b"\r", KeyCode::Enter),
        (b"\n", KeyCode::Enter),
        (b"\t", KeyCode::Tab),
        (b"\x1b[Z", KeyCode::BackTab),
        (b"\x7f", KeyCode::Backspace),
        (b"\x08", KeyCode::Backspace),
        (b"\x1b", KeyCode::Esc),
        (b"\x1b[A", KeyCode::Up),
        (b"\x1b[B", KeyCode::Down),
        (b"\x1b[C", KeyCode::Right),
        (b"\x1b[D", KeyCode::Left),
        (b"\x1bOA", KeyCode::Up),
        (b"\x1bOD", KeyCode::Left),
        (b"\x1b[H", KeyCode::Home),
        (b"\x1b[F", KeyCode::End),
        (b"\x1bOH", KeyCode::Home),
        (b"\x1b[1~", KeyCode::Home),
        (b"\x1b[7~", KeyCode::Home),
        (b"\x1b[4~", KeyCode::End),
        (b"\x1b[3~", KeyCode::Delete),
        (b"\x1b[5~", KeyCode::PageUp),
        (b"\x1b[6~", KeyCode::PageDown),
        (b"\x1bOP", KeyCode::F(1)),
        (b"\x1bOS", KeyCode::F(4)),
        (b"\x1b[[A", KeyCode::F(1)),
        (b"\x1b[[E", KeyCode::F(5)),
        (b"\x1b[15~", KeyCode::F(5)),
        (b"\x1b[17~", KeyCode::F(6)),
        (b"\x1b[21~", KeyCode::F(10)),
        (b"\x1b[24~", KeyCode::F(12)),
        (b"\x1bOM", KeyCode::Enter),
        (b"\x1bOp", KeyCode::Char('0')),
        (b"\x1bOk", KeyCode::Char('+')),
        (b"\x1b[13u", KeyCode::Enter),
        (b"\x1b[9;2u", KeyCode::BackTab),
    ];
    for (bytes, code) in table {
        assert_eq!(
            all_at_once(bytes),
            keys(&[*code]),
            "{:?}",
            bytes.escape_ascii().to_string()
        );
    }
}

#[test]
fn decodes_modifiers() {
    let ctrl = |character| vec![Input::Key(Key::ctrl(character))];
    assert_eq!(all_at_once(b"\x01"), ctrl('a'));
    assert_eq!(all_at_once(b"\x03"), ctrl('c'));
    assert_eq!(all_at_once(b"\x1a"), ctrl('z'));
    assert_eq!(all_at_once(b"\x00"), ctrl(' '));
    assert_eq!(all_at_once(b"\x1f"), ctrl('_'));
    assert_eq!(
        all_at_once(b"\x1b[82;6u"),
        ctrl('r'),
        "Ctrl-Shift-R, reported by its code point"
    );
    let alt = |code, ctrl| {
        vec![Input::Key(Key {
            code,
            ctrl,
            alt: true,
        })]
    };
    assert_eq!(all_at_once(b"\x1bb"), alt(KeyCode::Char('b'), false));
    assert_eq!(all_at_once(b"\x1b\x7f"), alt(KeyCode::Backspace, false));
    assert_eq!(all_at_once("\x1bü".as_bytes()), alt(KeyCode::Char('ü'), false));
    assert_eq!(all_at_once(b"\x1b[1;3A"), alt(KeyCode::Up, false));
    assert_eq!(all_at_once(b"\x1b[1;7D"), alt(KeyCode::Left, true));
    let ctrl_delete = Key {
        code: KeyCode::Delete,
        ctrl: true,
        alt: false,
    };
    assert_eq!(all_at_once(b"\x1b[3;5~"), vec![Input::Key(ctrl_delete)]);
    assert_eq!(
        all_at_once(b"\x1b[1;2A"),
        keys(&[KeyCode::Up]),
        "Shift is ignored"
    );
}

#[test]
fn ignores_other_sequences() {
    let table: &[&[u8]] = &[
        b"\x1b[I",
        b"\x1b[O",
        b"\x1b[2~",
        b"\x1b[>64;1;2c",
        b"\x1b[12;40R",
        b"\x1b[1;1:3A",
        b"\x1b[97;1:3u",
        b"\x1b[M !!",
        b"\x1b[<0;3;4m",
        b"\x1b[<35;3;4M",
        b"\xff",
        b"\xc2\x85",
        b"\x85",
        b"\x1b[57358u",
        b"\x1b[100;9u",
        b"\x1b[99999999999~",
        b"\x1b[<0;0;0M",
        b"\x1b[<0;99999;1M",
    ];
    for bytes in table {
        assert_eq!(all_at_once(bytes), [], "{:?}", bytes.escape_ascii().to_string());
        let mut with_key = bytes.to_vec();
        with_key.push(b'q');
        assert_eq!(
            all_at_once(&with_key),
            keys(&[KeyCode::Char('q')]),
            "{:?}",
            with_key.escape_ascii().to_string()
        );
    }
}

#[test]
fn lone_escape_waits_for_rest() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b"), []);
    assert_eq!(decoder.timeout(), Some(50));
    assert_eq!(decoder.feed(b"[A"), keys(&[KeyCode::Up]));
    assert_eq!(decoder.timeout(), None, "nothing is pending");
    assert_eq!(decoder.feed(b"\x1b"), []);
    assert_eq!(decoder.expire(), Some(Input::Key(Key::plain(KeyCode::Esc))));
    assert_eq!(decoder.expire(), None, "only once");
    assert_eq!(
        decoder.feed(b"[A"),
        keys(&[KeyCode::Char('['), KeyCode::Char('A')]),
        "too late"
    );
    assert_eq!(decoder.feed(b"\x1b[3"), []);
    assert_eq!(decoder.timeout(), Some(500));
    assert_eq!(decoder.expire(), None, "an incomplete key is dropped");
    assert_eq!(decoder.feed(b"j"), keys(&[KeyCode::Char('j')]));
}

#[test]
fn broken_sequence_keeps_next_key() {
    assert_eq!(all_at_once(b"\x1b[3\x1b[A"), keys(&[KeyCode::Up]));
    assert_eq!(
        all_at_once(b"\x1b[\rx"),
        keys(&[KeyCode::Enter, KeyCode::Char('x')])
    );
    assert_eq!(all_at_once(b"\x1b\x1b[A"), keys(&[KeyCode::Esc, KeyCode::Up]));
    assert_eq!(
        all_at_once(b"\xe2\x82q"),
        keys(&[KeyCode::Char('q')]),
        "a truncated character"
    );
}

#[test]
fn joins_split_character() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(&"€".as_bytes()[..2]), []);
    assert_eq!(decoder.timeout(), None);
    assert_eq!(decoder.feed(&"€".as_bytes()[2..]), keys(&[KeyCode::Char('€')]));
}

#[test]
fn paste_is_one_text_with_normalized_line_ends() {
    let found = all_at_once(b"x\x1b[200~one\rtwo\r\nthree\n\x1b[31mred\x1b[201~y");
    let paste = Input::Paste("one\ntwo\nthree\n\x1b[31mred".into());
    assert_eq!(
        found,
        [
            keys(&[KeyCode::Char('x')]),
            vec![paste],
            keys(&[KeyCode::Char('y')])
        ]
        .concat()
    );
    let nested = all_at_once(b"\x1b[200~\x1b[20\x1b[201~");
    assert_eq!(
        nested,
        [Input::Paste("\x1b[20".into())],
        "an incomplete end marker"
    );
    let mut open = Decoder::default();
    assert_eq!(open.feed(b"\x1b[200~q\x03"), []);
    assert_eq!(open.timeout(), Some(10_000), "a paste may be slow");
}

#[test]
fn oversized_paste_is_truncated() {
    for excess in [0, 1, 5, 6, 7, 5000] {
        let mut bytes = b"\x1b[200~".to_vec();
        bytes.resize(bytes.len() + MAX_PASTE + excess, b'a');
        bytes.extend_from_slice(b"\x1b[201~q");
        let found = all_at_once(&bytes);
        assert_eq!(found.len(), 2, "{excess}");
        assert_eq!(found[0], Input::Paste("a".repeat(MAX_PASTE)), "{excess}");
        assert_eq!(found[1], Input::Key(Key::plain(KeyCode::Char('q'))), "{excess}");
    }
}

#[test]
fn decodes_clicks_and_wheel() {
    let mouse_input = |action| {
        vec![Input::Mouse(Mouse {
            action,
            column: 2,
            row: 3,
        })]
    };
    assert_eq!(all_at_once(b"\x1b[<0;3;4M"), mouse_input(MouseAction::Press));
    assert_eq!(all_at_once(b"\x1b[<64;3;4M"), mouse_input(MouseAction::WheelUp));
    assert_eq!(all_at_once(b"\x1b[<65;3;4M"), mouse_input(MouseAction::WheelDown));
}

/// Mostly fragments of real sequences, so that random bytes resemble terminal input.
fn terminal_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\x1b".to_vec()),
        Just(b"\x1b[".to_vec()),
        Just(b"\x1bO".to_vec()),
        Just(b"\x1bP".to_vec()),
        Just(b"\xc2\x9f".to_vec()),
        Just(b"\x1b\\".to_vec()),
        Just(b"\x1b[200~".to_vec()),
        Just(b"\x1b[201~".to_vec()),
        Just(b"\x1b[<0;1;1M".to_vec()),
        Just("é漢🎩".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
        "[0-9;:A-Za-z~]{0,8}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn result_is_independent_of_read_boundaries(mut bytes in terminal_bytes(), cuts in prop::collection::vec(1usize..9, 0..40)) {
        // A Ctrl-C that arrives alone in a read ends a paste, so the result would depend on the boundaries.
        bytes.retain(|byte| *byte != 3);
        let mut decoder = Decoder::default();
        let mut found = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            found.extend(decoder.feed(now));
            rest = later;
        }
        found.extend(decoder.feed(rest));
        found.extend(decoder.expire());
        prop_assert_eq!(found, all_at_once(&bytes));
    }

    #[test]
    fn buffer_and_output_are_bounded(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let mut decoder = Decoder::default();
        let found = decoder.feed(&bytes);
        prop_assert!(found.len() <= bytes.len());
        prop_assert!(decoder.pending.len() <= MAX_SEQUENCE);
    }
}

#[test]
fn terminal_replies_are_not_keys() {
    let background = |part| Input::Background((part, part, part));
    let a = Input::Key(Key::plain(KeyCode::Char('a')));
    for (bytes, found) in [
        (
            &b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07a"[..],
            vec![background(30), a.clone()],
        ),
        (
            b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;22ca",
            vec![background(255), Input::QueryAnswered, a.clone()],
        ),
        (b"\x1b[?6c", vec![Input::QueryAnswered]),
        (b"\x1b]10;rgb:0/0/0\x07a", vec![a.clone()]),
        (
            b"\x1b]11;rgb:0/0/0\x1b[A",
            vec![Input::Key(Key::plain(KeyCode::Up))],
        ),
        (b"\x1b]lthe title of a window q\x1b\\a", vec![a.clone()]),
        (b"\x1b]Lthat of its icon\x9ca", vec![a.clone()]),
        (b"\x9d11;rgb:ff/ff/ff\xc2\x9ca", vec![background(255), a]),
    ] {
        assert_eq!(all_at_once(bytes), found, "{bytes:?}");
        let mut decoder = Decoder::default();
        let one_by_one: Vec<Input> = bytes.iter().flat_map(|byte| decoder.feed(&[*byte])).collect();
        assert_eq!(one_by_one, found, "{bytes:?}");
    }
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b]11;rgb:"), []);
    assert_eq!(decoder.expire(), None, "an incomplete reply is dropped");
}

#[test]
fn decodes_keys_by_code_point() {
    let key = |character| Input::Key(Key::plain(KeyCode::Char(character)));
    for (bytes, input) in [
        // Shift and punctuation: as reported, else by the US layout.
        (&b"\x1b[47;2u"[..], key('?')),
        (b"\x1b[47:63;2u", key('?')),
        (b"\x1b[55:47;2u", key('/')),
        (b"\x1b[47;2;63u", key('?')),
        (b"\x1b[27;2;63~", key('?')),
        (b"\x1b[59;2u", key(':')),
        // Letters with Shift, with Caps Lock, and with both. Caps Lock does not affect punctuation, and ß has no upper-case
        // letter.
        (b"\x1b[97;2u", key('A')),
        (b"\x1b[97;65u", key('A')),
        (b"\x1b[97;66u", key('a')),
        (b"\x1b[47;65u", key('/')),
        (b"\x1b[223;2u", key('ß')),
        // Another layout, with the position of the key or without.
        (
            b"\x1b[1074::100u",
            Input::KeyWithUsKey(Key::plain(KeyCode::Char('в')), 'd'),
        ),
        (
            b"\x1b[1074:1042:100;2u",
            Input::KeyWithUsKey(Key::plain(KeyCode::Char('В')), 'D'),
        ),
        (b"\x1b[1074u", key('в')),
        (b"\x1b[1089::99;5u", Input::Key(Key::ctrl('c'))),
        (b"\x1b[97::113u", key('a')),
        // The keypad.
        (b"\x1b[57400u", key('1')),
        (b"\x1b[57414u", Input::Key(Key::plain(KeyCode::Enter))),
        (b"\x1b[57419u", Input::Key(Key::plain(KeyCode::Up))),
    ] {
        assert_eq!(
            all_at_once(bytes),
            [input],
            "{:?}",
            bytes.escape_ascii().to_string()
        );
    }
}
