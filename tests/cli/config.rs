//! `config.toml`: what it can say, and what is said about its mistakes.

use hatrack::app::Keymap;
use hatrack::app::command::{COMMANDS, CommandId};
use hatrack::cli::config::{Config, default_text, read};
use hatrack::term::{Background, ColorMode};
use hatrack::ui::theme::{Backdrop, BuiltinTheme, ColorDepth, Palette, StyleRole, Theme};

use proptest::prelude::*;

use super::process::Home;

/// The default with every setting set.
fn all_set() -> String {
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    default_text().lines().map(setting).collect()
}

#[test]
fn the_default_is_in_the_assets() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.toml");
    if std::env::var_os("HATRACK_UPDATE").is_some() {
        std::fs::write(path, default_text()).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == default_text(),
        "assets/config.toml is not what the program says; HATRACK_UPDATE=1 cargo test --test cli writes it again"
    );
}

#[test]
fn the_default_read_back_is_the_default() {
    assert_eq!(read(&default_text()), Ok(Config::default()));
    let set = read(&all_set()).unwrap();
    for command in COMMANDS {
        assert_eq!(
            set.keymap.keys(command),
            Keymap::default().keys(command),
            "{}",
            command.id
        );
    }
    let plainly = Config {
        keymap: Keymap::default(),
        ..set
    };
    let said = Config {
        colors: Some(ColorMode::Auto),
        background: Some(Background::Auto),
        mouse: Some(false),
        plain: Some(false),
        ..Config::default()
    };
    assert_eq!(plainly, said);
}

#[test]
fn the_theme_of_the_default_is_the_default_theme() {
    let own = read(&all_set().replace("theme = \"default\"", "theme = \"mine\""))
        .unwrap()
        .own;
    assert_eq!(own.len(), StyleRole::ALL.len());
    let mut palette = Palette::new(BuiltinTheme::Mono, ColorDepth::Ansi16, Backdrop::Unknown);
    for (role, style) in &own {
        palette.set(*role, *style);
    }
    for (role, name, _) in StyleRole::ALL {
        assert_eq!(
            palette.style(role),
            Theme::default().palette.style(role),
            "{name}"
        );
    }
}

#[test]
fn what_is_set_is_taken() {
    let config = read(
        "color = 256\ntheme = \"default-light\"\nascii = true\n[keys]\nundo = [\"F9\", \"Ctrl-U\"]\nredo = []\ndown = \"Down\"\n",
    )
    .unwrap();
    assert_eq!(config.colors, Some(ColorMode::Exactly(ColorDepth::Ansi256)));
    assert_eq!(config.background, Some(Background::Fixed(Backdrop::Light)));
    assert_eq!(config.ascii, Some(true));
    assert_eq!(config.keymap.name(CommandId::Undo), "F9");
    assert_eq!(config.keymap.name(CommandId::Redo), "\"Redo\"");
    // A theme for one background on the other, for whoever wants that.
    let config = read("theme = \"default-light\"\nbackground = \"dark\"").unwrap();
    assert_eq!(config.background, Some(Background::Fixed(Backdrop::Dark)));
    let config = read("theme = \"night\"\n[themes.night]\nkey = \"#ff8700 bold\"\n[themes.other]\n").unwrap();
    assert_eq!((config.theme, config.own.len()), (BuiltinTheme::Default, 1));
}

/// Each list had its own names for what moves in it; keys given to them do so in every list now, beside its own.
#[test]
fn names_of_earlier_versions_are_read() {
    let mut old = 0;
    for command in COMMANDS {
        for name in command.merged {
            // Space also where a pane has it: there the pane's own is meant.
            let config = read(&format!("[keys]\n{name} = [\"F9\", \"Space\"]\n")).unwrap();
            let (names, table) = (config.keymap.names(command), Keymap::default().names(command));
            assert!(
                names.starts_with(&table) && names.ends_with("F9, Space"),
                "{name}: {names}"
            );
            assert!(
                !COMMANDS.iter().any(|other| other.id.name() == *name),
                "{name} is a command"
            );
            old += 1;
        }
    }
    assert_eq!(old, 24);
    let config = read("[keys]\ncatalogue = \"F9\"").unwrap();
    let catalog = COMMANDS
        .iter()
        .find(|command| command.id.name() == "catalog")
        .unwrap();
    assert_eq!(config.keymap.names(catalog), "F9");
    let wrong = read("[keys]\ncatalog = \"F9\"\ncatalogue = \"F8\"").unwrap_err();
    assert!(wrong[0].text.contains("another name of catalog"), "{wrong:?}");
    let wrong = read("[keys]\nfound-down = \"Entre\"").unwrap_err();
    assert!(wrong[0].text.contains("no key is called"), "{wrong:?}");
}

#[test]
fn a_mistake_has_its_line_and_what_was_meant() {
    for (text, line, says) in [
        (
            "colr = \"auto\"",
            1,
            "no setting is called \"colr\"; did you mean \"color\"?",
        ),
        (
            "\n\ncolor = \"many\"",
            3,
            "color is not \"many\": it is one of auto, always, never, truecolor, 256, 16",
        ),
        ("color = true", 1, "color is a text, in quotes"),
        (
            "colour = \"16\"\ncolor = \"16\"",
            2,
            "color and colour are the same setting",
        ),
        ("mouse = \"yes\"", 1, "mouse is true or false"),
        ("ascii = 1", 1, "ascii is true, false or \"auto\""),
        ("keys = 1", 1, "keys is a section: [keys]"),
        (
            "[keys]\nundoo = \"u\"",
            2,
            "no command is called \"undoo\"; did you mean \"undo\"?",
        ),
        (
            "[keys]\n\nundo = [\"u\",\n\"Entre\"]",
            4,
            "undo: no key is called \"Entre\"; did you mean Enter?",
        ),
        ("[keys]\nundo = 1", 2, "undo: a key is a text in quotes"),
        (
            "[keys]\nredo = \"F9\"\nundo = \"H\"",
            3,
            "undo: H is the key of \"history\" already",
        ),
        (
            "[keys]\nsave = \"s\"",
            2,
            "save: s is for the text that is typed there",
        ),
        ("[keys]\nquit = []", 2, "quit: it is a way out, and needs a key"),
        (
            "theme = \"hi-contrast\"",
            1,
            "no theme is called \"hi-contrast\"; did you mean \"high-contrast\"?",
        ),
        (
            "[themes.x]\nbordr = \"red\"",
            2,
            "no part of the screen is called \"bordr\"; did you mean \"border\"?",
        ),
        (
            "[themes.x]\n\nkey = \"rde\"",
            3,
            "key: no color is called \"rde\"; did you mean \"red\"?",
        ),
        ("[themes.mono]", 1, "\"mono\" is a built-in theme"),
        ("mouse = true\nmouse = true", 2, "duplicate key"),
        ("mouse = true\nascii =\n", 2, ""),
    ] {
        let mistakes = read(text).unwrap_err();
        let [mistake] = mistakes.as_slice() else {
            panic!("{text}: {mistakes:?}")
        };
        assert_eq!(mistake.line, line, "{text}: {mistake:?}");
        assert!(mistake.text.contains(says), "{text}: {mistake:?}");
        assert!(!mistake.text.contains('\n'), "{mistake:?}");
    }
}

#[test]
fn it_is_checked_and_printed() {
    let home = Home::new();
    assert_eq!(home.done(&["config", "--print-default"]), default_text());
    let path = home.path(".config/hatrack/config.toml");
    let not_there = format!("{}: not there; all is as it comes\n", path.display());
    assert_eq!(home.done(&["config", "--check"]), not_there);
    home.write(".config/hatrack/config.toml", default_text());
    assert_eq!(
        home.done(&["config", "--check"]),
        format!("{}: no mistakes\n", path.display())
    );
    let other = home.write("other.toml", b"mouse = true\n\xff");
    let said = home.run(&["config", "--check", "other.toml"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "hatrack: other.toml:2: this is not UTF-8\n")
    );
    std::fs::write(other, "mouse = \"\u{1b}[31m\"\n\"\u{1b}x\" = 1").unwrap();
    let said = home.run(&["config", "--check", "other.toml"]);
    assert!(said.code == 2 && !said.err.contains('\u{1b}'), "{said:?}");
    for (args, says) in [
        (&["config"][..], "required arguments"),
        (
            &["config", "--check", "gone.toml"],
            "gone.toml: there is no such file",
        ),
        (
            &["config", "--check", "."],
            "cannot be read: it is not a regular file",
        ),
        (&["config", "--check", "--print-default"], "cannot be used with"),
    ] {
        let said = home.run(args);
        assert!(said.code == 2 && said.err.contains(says), "{args:?}: {said:?}");
    }
}

#[test]
fn all_mistakes_are_named_in_the_order_of_the_file() {
    let home = Home::new();
    let text = "theme = \"nigth\"\nmouse = 1\ncolr = \"auto\"\n[themes.night]\nkey = \"rde\"\nbordr = \"red\"\n\
                [keys]\nundoo = \"u\"\nundo = [\"H\"]\nquit = []\nredo = [\"Entre\", 1]\n\
                sort = \"X\"\nexport = \"Entre\"\n";
    let path = home.write(".config/hatrack/config.toml", text);
    let said = home.run(&["config", "--check"]);
    let lines: Vec<&str> = said.err.lines().collect();
    let expected = [
        "1: no theme is called \"nigth\"; did you mean \"night\"?",
        "2: mouse is true or false",
        "3: no setting is called \"colr\"; did you mean \"color\"?",
        "5: key: no color is called \"rde\"; did you mean \"red\"?",
        "6: no part of the screen is called \"bordr\"; did you mean \"border\"?",
        "8: no command is called \"undoo\"; did you mean \"undo\"?",
        "9: undo: H is the key of \"history\" already",
        "10: quit: it is a way out, and needs a key",
        "11: redo: no key is called \"Entre\"; did you mean Enter?",
        "11: redo: a key is a text in quotes; several are [\"u\", \"F9\"]",
        // X is not the key of export any more, whatever is to be.
        "13: export: no key is called \"Entre\"; did you mean Enter?",
    ];
    assert_eq!((said.code, lines.len()), (2, expected.len()), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        let expected = format!("hatrack: {}:{expected}", path.display());
        assert!(line.starts_with(&expected), "{line}\n{expected}");
    }
    let said = home.run(&[]);
    assert!(said.code == 2 && said.err.lines().count() == 1, "{said:?}");
    assert!(
        said.err.ends_with("; and 10 more: see hatrack config --check\n"),
        "{said:?}"
    );
}

#[test]
fn a_wrong_one_keeps_the_screen_closed_and_nothing_else() {
    let home = Home::with_terry();
    let path = home.write(".config/hatrack/config.toml", "[keys]\nundoo = \"u\"\n");
    let line = format!(
        "hatrack: {}:2: no command is called \"undoo\"; did you mean \"undo\"?\n",
        path.display()
    );
    for args in [&[][..], &["--demo"], &["--mouse"]] {
        let said = home.run(args);
        assert_eq!((said.code, said.err.as_str()), (2, line.as_str()), "{args:?}");
    }
    assert!(home.run(&["show"]).code == 0);
    // Who is limited has no configuration: what they see is that there is no terminal here.
    let said = home.run(&["--read-only"]);
    assert!(said.code == 2 && said.err.contains("terminal"), "{said:?}");
    for args in [
        &["--read-only", "config", "--check", "/etc/passwd"][..],
        &["config", "--print-default", "--read-only"],
    ] {
        let said = home.run(args);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.starts_with("hatrack: not-allowed: config"), "{said:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to a configuration: it is read, or its mistake has a line that is there and one line of words.
    #[test]
    fn any_configuration(at in any::<prop::sample::Index>(), length in 0..30_usize, put in "[a-z\"'=\\[\\]#{},. \n\\\\é\u{1b}0-9-]{0,12}") {
        let mut text: Vec<char> = all_set().chars().collect();
        let at = at.index(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        let mistakes = read(&text).err().unwrap_or_default();
        prop_assert!(mistakes.is_sorted_by_key(|mistake| mistake.line));
        for mistake in mistakes {
            prop_assert!((1..=text.lines().count() + 1).contains(&mistake.line), "{:?}", mistake);
            prop_assert!(!mistake.text.is_empty() && !mistake.text.contains('\n'), "{:?}", mistake);
        }
    }
}
