use proptest::prelude::*;

use super::super::control_string::{DISCARD_TIMEOUT, END_TIMEOUT, MAX_LENGTH};
use super::*;

/// Terminal replies: introducer letter and content.
const REPLIES: [(u8, &str); 14] = [
    // Style and cursor style (DECRQSS), and an unsupported request.
    (b'P', "1$r0;4m"),
    (b'P', "1$r2 q"),
    (b'P', "0$r"),
    // Capabilities (XTGETTCAP), in hexadecimal.
    (b'P', "1+r4d73=1b5d35323b"),
    (b'P', "0+r"),
    // Name and version (XTVERSION), unit ID.
    (b'P', ">|tmux 3.4"),
    (b'P', ">|WezTerm 20240203-110809-5046fc22"),
    (b'P', "!|7E565445"),
    // kitty graphics protocol.
    (b'_', "Gi=31;OK"),
    (b'_', "Gi=31;ENOENT:no d"),
    (b'^', "private q"),
    (b'X', "start of string d"),
    (b']', "52;c;aHVnZQ=="),
    (b']', "10;rgb:ffff/ffff/ffff"),
];

/// A string in every combination of introducer and terminator.
fn encodings(kind: u8, content: &str) -> Vec<Vec<u8>> {
    let starts = [vec![0x1b, kind], vec![0xc2, kind + 0x40], vec![kind + 0x40]];
    let ends: [&[u8]; 4] = [b"\x1b\\", b"\xc2\x9c", b"\x9c", b"\x18"];
    let all = starts.iter().flat_map(|start| {
        ends.iter()
            .map(|end| [start.as_slice(), content.as_bytes(), end].concat())
    });
    all.collect()
}

fn all_replies() -> impl Iterator<Item = Vec<u8>> {
    REPLIES
        .iter()
        .flat_map(|(kind, content)| encodings(*kind, content))
}

fn key(character: char) -> Input {
    Input::Key(Key::plain(KeyCode::Char(character)))
}

fn ctrl_c() -> Input {
    Input::Key(Key::ctrl('c'))
}

/// The input from consecutive reads.
fn feed_all(decoder: &mut Decoder, reads: &[&[u8]]) -> Vec<Input> {
    reads.iter().flat_map(|read| decoder.feed(read)).collect()
}

#[test]
fn split_replies_are_never_keys() {
    for reply in all_replies() {
        for first in 0..reply.len() {
            for second in first..reply.len() {
                let (head, rest) = reply.split_at(first);
                let (middle, tail) = rest.split_at(second - first);
                let mut decoder = Decoder::default();
                let found = feed_all(&mut decoder, &[head, middle, tail, b"q"]);
                let printed = reply.escape_ascii().to_string();
                assert_eq!(found, [key('q')], "{printed} cut at {first} and {second}");
                assert!(decoder.is_idle(), "{printed}");
            }
        }
    }
}

#[test]
fn unterminated_string_expires() {
    for reply in all_replies() {
        for length in 3..reply.len() {
            let printed = reply.escape_ascii().to_string();
            let mut decoder = Decoder::default();
            let (begun, rest) = reply.split_at(length);
            let mut found = decoder.feed(begun);
            assert_eq!(decoder.timeout(), Some(END_TIMEOUT), "{printed}");
            found.extend(decoder.expire());
            assert_eq!(found, [], "{printed}");
            // The rest arrives late.
            if rest.len() > 1 || rest == b"\x9c" {
                assert_eq!(
                    feed_all(&mut decoder, &[rest]),
                    [],
                    "{printed} late from {length}"
                );
            }
            assert_eq!(decoder.expire(), None);
            assert_eq!(decoder.expire(), None);
            assert_eq!(decoder.timeout(), None);
            // Much later, two characters in one read are two keys.
            assert_eq!(decoder.feed(b"jd"), [key('j'), key('d')], "{printed}");
        }
    }
}

#[test]
fn key_after_unterminated_string_is_decoded() {
    for keys in [
        &b"q"[..],
        "ü".as_bytes(),
        b"\r",
        b"\x1b[A",
        b"\x1b[200~two\x1b[201~",
    ] {
        let mut decoder = Decoder::default();
        decoder.feed(b"\x1bP1$r");
        decoder.expire();
        assert_eq!(decoder.feed(keys), Decoder::default().feed(keys));
    }
}

#[test]
fn lone_introducer_is_alt_and_letter() {
    for letter in ['P', 'X', '^', '_'] {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(format!("\x1b{letter}").as_bytes()), []);
        assert_eq!(decoder.timeout(), Some(50), "the timeout of Esc");
        let alt = Key {
            alt: true,
            ..Key::plain(KeyCode::Char(letter))
        };
        assert_eq!(decoder.expire(), Some(Input::Key(alt)));
        // It was a reply over a slow connection after all.
        assert_eq!(decoder.feed(b"1$r2 q"), []);
        assert_eq!(decoder.feed(b"\x1b\\q"), [key('q')]);
    }
    for control in [&b"\x90"[..], b"\xc2\x90", b"\x9b", b"\xc2\x9f"] {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(control), []);
        assert_eq!((decoder.timeout(), decoder.expire()), (Some(50), None));
    }
}

#[test]
fn ctrl_c_interrupts_string() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1bP1$r\x03d"), [ctrl_c()]);
    assert_eq!(decoder.feed(b"dd"), []);
    assert_eq!(decoder.feed(b"\x03"), [ctrl_c()]);
    assert_eq!(decoder.timeout(), Some(DISCARD_TIMEOUT));
    assert_eq!(decoder.expire(), None);
    assert_eq!(decoder.feed(b"d"), [key('d')], "after a pause");
}

#[test]
fn long_string_is_skipped_to_its_end() {
    for length in [MAX_LENGTH - 1, MAX_LENGTH, MAX_LENGTH + 1, 5 * MAX_LENGTH] {
        let mut bytes = b"\x1bP".to_vec();
        bytes.resize(bytes.len() + length, b'd');
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(&bytes), [], "{length}");
        let timeout = if length > MAX_LENGTH {
            DISCARD_TIMEOUT
        } else {
            END_TIMEOUT
        };
        assert_eq!(decoder.timeout(), Some(timeout), "{length}");
        assert_eq!(decoder.feed(b"dd\x1b\\q"), [key('q')], "{length}");
    }
}

#[test]
fn sequence_inside_string_is_decoded() {
    for (bytes, last) in [
        (&b"\x1bP1$r\x1b[A"[..], Key::plain(KeyCode::Up)),
        (b"\x1bP1$r\x1b\x1bOB", Key::plain(KeyCode::Down)),
        (b"\x1bP1$r\x1bP1$r2 q\x1b\\q", Key::plain(KeyCode::Char('q'))),
    ] {
        assert_eq!(Decoder::default().feed(bytes), [Input::Key(last)]);
    }
    // A letter after ESC belongs to the broken string too.
    assert_eq!(Decoder::default().feed(b"\x1bP1$r\x1bdd"), []);
}

#[test]
fn utf8_with_st_byte_does_not_end_string() {
    // U with diaeresis is 0xc3 0x9c, a check mark 0xe2 0x9c 0x93.
    let reply = "\x1bP>|\u{dc}term \u{2713}d\x1b\\q";
    assert_eq!(Decoder::default().feed(reply.as_bytes()), [key('q')]);
}

#[test]
fn stray_continuation_byte_begins_no_string() {
    // The second byte of the truncated character is that of a C1 control.
    assert_eq!(Decoder::default().feed(b"\xe2\x90q"), [key('q')]);
}

#[test]
fn oversized_sequence_is_dropped() {
    let bytes = format!("\x1b[?{}c", "64;".repeat(200));
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(bytes.as_bytes()), []);
    assert_eq!(decoder.expire(), None);
    assert_eq!(decoder.feed(b"c"), [key('c')]);
}

#[test]
fn unterminated_paste_ends() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b[200~ab"), []);
    assert_eq!(decoder.feed(b"c\x1b[20"), []);
    assert_eq!(decoder.timeout(), Some(10_000));
    assert_eq!(decoder.expire(), Some(Input::Paste("abc".into())));
    assert_eq!(decoder.feed(b"late\rrest\x1b[201~"), [], "the late rest");
    assert_eq!(decoder.expire(), None);
    assert_eq!(decoder.feed(b"q"), [key('q')]);

    assert_eq!(decoder.feed(b"\x1b[200~abc"), []);
    assert_eq!(decoder.feed(b"d\x03e"), [], "inside a read it is text");
    assert_eq!(decoder.feed(b"\x03"), [Input::Paste("abcd\x03e".into())]);
    assert_eq!(decoder.feed(b"q"), [key('q')]);
}

proptest! {
    #[test]
    fn string_content_is_never_keys(
        kind in prop::sample::select(b"PX^_]".to_vec()),
        content in "[ -~\u{a0}-\u{ffff}]{1,200}",
        cuts in prop::collection::vec(1usize..20, 0..20),
    ) {
        for bytes in encodings(kind, &content) {
            let mut decoder = Decoder::default();
            let (mut rest, mut found) = (bytes.as_slice(), Vec::new());
            for cut in &cuts {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                found.extend(decoder.feed(now));
                rest = later;
            }
            found.extend(decoder.feed(rest));
            found.extend(decoder.feed(b"q"));
            found.retain(|input| !matches!(input, Input::Background(_)));
            prop_assert_eq!(found, [key('q')]);
        }
    }

    #[test]
    fn any_input_leaves_decoder_usable(
        reads in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), any::<bool>()), 0..12),
    ) {
        let mut decoder = Decoder::default();
        for (bytes, pause) in reads {
            decoder.feed(&bytes);
            if pause {
                decoder.expire();
            }
        }
        // At most three things can be pending one after the other.
        for _ in 0..3 {
            decoder.expire();
        }
        prop_assert_eq!(decoder.feed(b"q"), [key('q')]);
        prop_assert_eq!(decoder.timeout(), None);
    }
}
