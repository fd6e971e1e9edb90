//! The program in `docs/library.md` is `tests/library/program.rs` and works as the page says. `HATRACK_UPDATE=1 cargo
//! test --test library` copies it to the page.

include!("library/program.rs");

#[test]
fn program_adds_hat_and_prints_hats() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hats.json");
    // The second run changes nothing.
    for _ in 0..2 {
        let mut out = Vec::new();
        add_teacher(&file, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "courses@conference.example.org: terry@example.org has Teacher (http://example.com/hats/teacher)\n"
        );
        assert_eq!(
            Store::open(&file, StoreOptions::default())
                .unwrap()
                .wardrobe()
                .revision,
            1
        );
    }
}

#[test]
fn page_shows_the_program() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/library.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("```rust\n").unwrap();
    let (shown, after) = rest.split_once("```\n").unwrap();
    let program = include_str!("library/program.rs");
    if std::env::var_os("HATRACK_UPDATE").is_some() {
        std::fs::write(&page, format!("{before}```rust\n{program}```\n{after}")).unwrap();
    } else {
        assert_eq!(shown, program);
    }
}
