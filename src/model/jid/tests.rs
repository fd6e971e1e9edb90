use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Option<String> {
    Jid::parse(text).ok().map(|jid| jid.to_string())
}

fn input(text: &str) -> Option<String> {
    Jid::parse_input(text).ok().map(|jid| jid.to_string())
}

#[test]
fn spellings_of_one_address_are_equal() {
    for (normal, spellings) in [
        (
            "terry@example.org",
            &[
                "Terry@Example.ORG/phone",
                "TERRY@example.org",
                "terry@example.org.",
                "terry@EXAMPLE.org./phone",
                "terry@example。org",
                "terry@example．org｡",
                "ｔｅｒｒｙ@ｅｘａｍｐｌｅ.org",
            ] as &[&str],
        ),
        (
            "ana@bücher.example",
            &[
                "ana@xn--bcher-kva.example",
                "ana@XN--BCHER-KVA.example.",
                "ana@BÜCHER.example",
                "ana@bu\u{308}cher。example",
            ],
        ),
        ("bücher.example", &["xn--bcher-kva.example.", "bücher.example"]),
        ("a@straße.example", &["a@xn--strae-oqa.example"]),
        ("a@例え.テスト", &["a@xn--r8jz45g.xn--zckzah", "a@例え。テスト。"]),
        ("a@[::1]", &["a@[0:0:0:0:0:0:0:1]", "a@[::1]"]),
        // Characters that normalize to a capital letter, which is then folded.
        ("aσ@example.org", &["ᴬϹ@example.org"]),
        ("a@192.0.2.7", &["a@192.0.2.7", "a@192.0.2.7.", "a@１９２.0.2.7"]),
    ] {
        for spelling in spellings.iter().chain([&normal]) {
            assert_eq!(parsed(spelling).as_deref(), Some(normal), "{spelling}");
        }
    }
    assert_eq!(Jid::parse("example.org").unwrap().local(), None);
    assert_eq!(Jid::parse("a@b.c").unwrap().domain(), "b.c");
    // Two different domains since IDNA 2008.
    assert_ne!(parsed("a@straße.example"), parsed("a@strasse.example"));
}

#[test]
fn rejects_invalid_addresses() {
    for text in [
        "",
        "@example.org",
        "a@",
        "a@.",
        "a@example.org..",
        "a@.example.org",
        "a@example。。org",
        "a b@example.org",
        "a@b@c",
        "a@exa mple.org",
        "\u{1b}@b",
        "a@example.org/",
        "a@xn--",
        "a@xn--zzzzzz-.example",
        "a@[::1",
        "a@[1.2.3.4]",
        "a＠example.org",
        "xmpp:a@example.org",
        "mailto:a@example.org",
        "XMPP:example.org",
    ] {
        assert!(matches!(Jid::parse(text), Err(InvalidJid { .. })), "{text:?}");
    }
    assert!(Jid::parse(&format!("a@{}.example", "b".repeat(64))).is_err());
    assert!(Jid::parse(&format!("a@{}example", "b.".repeat(130))).is_err());
    assert!(Jid::parse_room("conference.example.org").is_err());
    let error = Jid::parse("xmpp:a@b.c").unwrap_err().to_string();
    assert!(
        error.ends_with("write the address without xmpp: or mailto:"),
        "{error}"
    );
}

#[test]
fn parse_input_accepts_uris() {
    for text in [
        "terry@example.org",
        "  terry@example.org\n",
        "xmpp:terry@example.org",
        "XMPP:Terry@Example.org/phone",
        "xmpp:terry@example.org?message",
        "xmpp:terry@example.org?message;body=Hello%20you%3F",
        "xmpp:terry@example.org#here",
        "xmpp:%74erry%40example.org",
        "xmpp:terry@example.org./a%2Fb",
        "xmpp://guest@example.net/terry@example.org?join",
        "xmpp://terry@example.org",
        "xmpp://terry@example.org/phone",
        "xmpp:///terry@example.org",
        "mailto:terry@example.org",
        "MailTo:terry@example.org?subject=a@b",
    ] {
        assert_eq!(input(text).as_deref(), Some("terry@example.org"), "{text}");
    }
    assert_eq!(
        input("xmpp:caf%C3%A9@example.org").as_deref(),
        Some("café@example.org")
    );
    assert_eq!(input("xmpp:example.org").as_deref(), Some("example.org"));
    for text in [
        "xmpp:",
        "xmpp:?message",
        "xmpp:%zz@example.org",
        "xmpp:%ff@example.org",
        "xmpp:a%@example.org",
        "xmpp:xmpp:a@example.org",
        "mailto:a@b.c,d@e.f",
        "http:a@b.c",
    ] {
        assert_eq!(input(text), None, "{text}");
    }
    assert!(Jid::parse_room_input("xmpp:room@c.example?join").is_ok());
    assert!(Jid::parse_room_input("xmpp:c.example").is_err());
}

/// Domain labels in normal form.
fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,3})?",
        prop::sample::select(vec![
            "bücher",
            "例え",
            "テスト",
            "straße",
            "пример",
            "δοκιμή",
            "日本語",
            "한국",
            "été"
        ])
        .prop_map(Into::into),
    ]
}

/// One of many spellings of an address, selected by `choices`.
fn spelled(local: &str, labels: &[String], choices: &[u8]) -> String {
    let mut choices = choices.iter().copied().cycle();
    let mut choose = |count: u8| choices.next().unwrap_or_default() % count;
    let case = |text: &str, upper: bool| {
        if upper {
            text.to_uppercase().replace("STRASSE", "STRAßE")
        } else {
            text.to_owned()
        }
    };
    let mut text = case(local, choose(2) == 1);
    text.push('@');
    let dots = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
    let mut dot = dots[0];
    for (index, label) in labels.iter().enumerate() {
        if index > 0 {
            text.push(dot);
        }
        let label = case(label, choose(2) == 1);
        text += &match choose(2) {
            0 => label,
            _ => case(&idna::domain_to_ascii(&label).unwrap(), choose(2) == 1),
        };
        dot = dots[usize::from(choose(4))];
    }
    if choose(2) == 1 {
        text.push(dot);
    }
    text
}

proptest! {
    /// The fast path agrees with full normalization.
    #[test]
    fn surely_normal_addresses_are_normal(text in "[a-z0-9._-]{0,4}@([a-z0-9.-]{0,4}|xn--[a-z0-9]{0,3}|ab--c)(\\.[a-z0-9-]{0,2}){0,2}") {
        if is_surely_normal(&text) {
            prop_assert_eq!(normalize_fully(&text), Ok(text));
        }
    }

    /// Every spelling of an address, also as a URI, has the same normal form.
    #[test]
    fn any_spelling_normalizes_to_one_address(
        local in "[a-z0-9é例]{1,5}",
        labels in prop::collection::vec(label(), 1..4),
        choices in prop::collection::vec(any::<u8>(), 16),
    ) {
        let normal = format!("{local}@{}", labels.join("."));
        let spelling = spelled(&local, &labels, &choices);
        prop_assert_eq!(parsed(&normal), Some(normal.clone()));
        prop_assert_eq!(parsed(&spelling), Some(normal.clone()), "{}", spelling);
        let escaped: Vec<String> = spelling.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let escaped = escaped.concat();
        for uri in [format!("xmpp:{spelling}/r?join"), format!("mailto:{escaped}?subject=x@y.z")] {
            prop_assert_eq!(input(&uri), Some(normal.clone()), "{}", uri);
        }
    }

    /// Normalizing a normal form changes nothing.
    #[test]
    fn normalization_is_idempotent(text in prop_oneof![
        "\\PC{0,4}@\\PC{1,4}(\\.\\PC{1,3}){0,2}",
        "[ᴬϹᵀ\u{3d2}-\u{3d6}\u{1e9b}ſßςΣİıŉǰΐﬀ℀\u{345}\u{37a}㎅Ⅷ\u{ad}\u{200d}a-c]{1,4}@[xn.\u{3002}ßςİ\u{200d}ａ-ｃ１-９-]{1,6}",
    ]) {
        if let Some(normal) = parsed(&text) {
            prop_assert_eq!(parsed(&normal), Some(normal.clone()), "{:?}", text);
            prop_assert_eq!(input(&normal), Some(normal));
        }
    }
}
