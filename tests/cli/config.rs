//! `config.toml`: settings and errors.

use hatrack::app::Keymap;
use hatrack::app::command::{COMMANDS, CommandId};
use hatrack::cli::config::{Config, default_text, read};
use hatrack::term::{Background, ColorMode};
use hatrack::ui::theme::{Backdrop, BuiltinTheme, ColorDepth, Palette, StyleRole, Theme};

use proptest::prelude::*;

use super::process::Home;

/// The default configuration with every setting enabled.
fn config_with_all_settings() -> String {
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    default_text().lines().map(setting).collect()
}

#[test]
fn default_config_matches_assets() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.toml");
    if std::env::var_os("HATRACK_UPDATE").is_some() {
        std::fs::write(path, default_text()).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        stored == default_text(),
        "assets/config.toml is not current: run HATRACK_UPDATE=1 cargo test --test cli"
    );
}

#[test]
fn default_config_parses_to_defaults() {
    let default = read(&default_text()).unwrap();
    let names: Vec<&str> = default.themes.iter().map(|theme| theme.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "default",
            "default-dark",
            "default-light",
            "high-contrast",
            "mono",
            "custom"
        ]
    );
    let themes = Vec::new();
    assert_eq!(Config { themes, ..default }, Config::default());
    let set = read(&config_with_all_settings()).unwrap();
    for command in COMMANDS {
        assert_eq!(
            set.keymap.keys(command),
            Keymap::default().keys(command),
            "{}",
            command.id
        );
    }
    assert_eq!(set.theme.as_ref(), set.themes.first());
    let without_keys_and_themes = Config {
        keymap: Keymap::default(),
        theme: None,
        themes: Vec::new(),
        ..set
    };
    let expected = Config {
        colors: Some(ColorMode::Auto),
        background: Some(Background::Auto),
        mouse: Some(false),
        plain: Some(false),
        ..Config::default()
    };
    assert_eq!(without_keys_and_themes, expected);
}

#[test]
fn default_config_lists_default_theme() {
    let styles = read(&config_with_all_settings().replace("theme = \"default\"", "theme = \"custom\""))
        .unwrap()
        .theme
        .unwrap()
        .styles;
    assert_eq!(styles.len(), StyleRole::ALL.len());
    let mut palette = Palette::new(BuiltinTheme::Mono, ColorDepth::Ansi16, Backdrop::Unknown);
    for (role, style) in &styles {
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
fn applies_all_settings() {
    let config = read(
        "color = 256\ntheme = \"default-light\"\nascii = true\n[keys]\nundo = [\"F9\", \"Ctrl-U\"]\nredo = []\ndown = \"Down\"\n",
    )
    .unwrap();
    assert_eq!(config.colors, Some(ColorMode::Exactly(ColorDepth::Ansi256)));
    assert_eq!(config.background, Some(Background::Fixed(Backdrop::Light)));
    assert_eq!(config.ascii, Some(true));
    assert_eq!(config.keymap.name(CommandId::Undo), "F9");
    assert_eq!(config.keymap.name(CommandId::Redo), "\"Redo\"");
    // A setting of the background overrides that of the theme.
    let config = read("theme = \"default-light\"\nbackground = \"dark\"").unwrap();
    assert_eq!(config.background, Some(Background::Fixed(Backdrop::Dark)));
    let config = read("theme = \"night\"\n[themes.night]\nkey = \"#ff8700 bold\"\n[themes.other]\n").unwrap();
    let theme = config.theme.unwrap();
    assert_eq!((theme.builtin, theme.styles.len()), (BuiltinTheme::Default, 1));
    // Each theme that can be chosen has the background that it would have in the file.
    let config = read("[themes.night]\n").unwrap();
    let backgrounds: Vec<_> = config.themes.iter().map(|theme| theme.background).collect();
    let [dark, light] = [Backdrop::Dark, Backdrop::Light].map(|backdrop| Some(Background::Fixed(backdrop)));
    assert_eq!(backgrounds, [None, dark, light, None, None, None]);
    let config = read("background = \"dark\"\n").unwrap();
    assert!(config.themes.iter().all(|theme| theme.background == dark));
}

/// Earlier versions had movement commands for each list; their keys now apply to all lists, in addition to the defaults.
#[test]
fn accepts_names_of_earlier_versions() {
    let mut count = 0;
    for command in COMMANDS {
        for name in command.merged {
            // Space is accepted although it has another command in panes, which has precedence there.
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
            count += 1;
        }
    }
    assert_eq!(count, 24);
    let config = read("[keys]\ncatalogue = \"F9\"").unwrap();
    let catalog = COMMANDS
        .iter()
        .find(|command| command.id.name() == "catalog")
        .unwrap();
    assert_eq!(config.keymap.names(catalog), "F9");
    let wrong = read("[keys]\ncatalog = \"F9\"\ncatalogue = \"F8\"").unwrap_err();
    assert!(wrong[0].text.contains("same command as catalog"), "{wrong:?}");
    let wrong = read("[keys]\nfound-down = \"Entre\"").unwrap_err();
    assert!(wrong[0].text.contains("unknown key"), "{wrong:?}");
}

#[test]
fn errors_name_line_and_suggestion() {
    for (text, line, expected) in [
        (
            "colr = \"auto\"",
            1,
            "unknown setting \"colr\"; did you mean \"color\"?",
        ),
        (
            "\n\ncolor = \"many\"",
            3,
            "invalid color \"many\": it is one of auto, always, never, truecolor, 256, 16",
        ),
        ("color = true", 1, "color must be a string in quotes"),
        (
            "colour = \"16\"\ncolor = \"16\"",
            2,
            "color and colour are the same setting",
        ),
        ("mouse = \"yes\"", 1, "mouse must be true or false"),
        ("ascii = 1", 1, "ascii must be true, false or \"auto\""),
        ("keys = 1", 1, "keys must be a section: [keys]"),
        (
            "[keys]\nundoo = \"u\"",
            2,
            "unknown command \"undoo\"; did you mean \"undo\"?",
        ),
        (
            "[keys]\n\nundo = [\"u\",\n\"Entre\"]",
            4,
            "undo: unknown key \"Entre\"; did you mean Enter?",
        ),
        ("[keys]\nundo = 1", 2, "undo: expected a string in quotes"),
        (
            "[keys]\nredo = \"F9\"\nundo = \"H\"",
            3,
            "undo: H is already bound to history",
        ),
        ("[keys]\nsave = \"s\"", 2, "save: s types or edits text here"),
        (
            "[keys]\nquit = []",
            2,
            "quit: cannot be unbound: this screen or question needs the command",
        ),
        (
            "theme = \"hi-contrast\"",
            1,
            "unknown theme \"hi-contrast\"; did you mean \"high-contrast\"?",
        ),
        (
            "[themes.x]\nbordr = \"red\"",
            2,
            "unknown theme entry \"bordr\"; did you mean \"border\"?",
        ),
        (
            "[themes.x]\n\nkey = \"rde\"",
            3,
            "key: unknown color \"rde\"; did you mean \"red\"?",
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
        assert!(mistake.text.contains(expected), "{text}: {mistake:?}");
        assert!(!mistake.text.contains('\n'), "{mistake:?}");
    }
}

#[test]
fn config_command_checks_and_prints() {
    let home = Home::new();
    assert_eq!(home.run_ok(&["config", "--print-default"]), default_text());
    let path = home.path(".config/hatrack/config.toml");
    let not_found = format!("{}: not found; using defaults\n", path.display());
    assert_eq!(home.run_ok(&["config", "--check"]), not_found);
    home.write(".config/hatrack/config.toml", default_text());
    assert_eq!(
        home.run_ok(&["config", "--check"]),
        format!("{}: no errors\n", path.display())
    );
    let other = home.write("other.toml", b"mouse = true\n\xff");
    let output = home.run(&["config", "--check", "other.toml"]);
    assert_eq!(
        (output.code, output.err.as_str()),
        (2, "hatrack: other.toml:2: invalid UTF-8\n")
    );
    std::fs::write(other, "mouse = \"\u{1b}[31m\"\n\"\u{1b}x\" = 1").unwrap();
    let output = home.run(&["config", "--check", "other.toml"]);
    assert!(output.code == 2 && !output.err.contains('\u{1b}'), "{output:?}");
    for (args, expected) in [
        (&["config"][..], "required arguments"),
        (&["config", "--check", "gone.toml"], "gone.toml: no such file"),
        (
            &["config", "--check", "."],
            "cannot read .: it is not a regular file",
        ),
        (&["config", "--check", "--print-default"], "cannot be used with"),
    ] {
        let output = home.run(args);
        assert!(
            output.code == 2 && output.err.contains(expected),
            "{args:?}: {output:?}"
        );
    }
}

#[test]
fn reports_all_errors_in_file_order() {
    let home = Home::new();
    let text = "theme = \"nigth\"\nmouse = 1\ncolr = \"auto\"\n[themes.night]\nkey = \"rde\"\nbordr = \"red\"\n\
                [keys]\nundoo = \"u\"\nundo = [\"H\"]\nquit = []\nredo = [\"Entre\", 1]\n\
                sort = \"X\"\nexport = \"Entre\"\n";
    let path = home.write(".config/hatrack/config.toml", text);
    let output = home.run(&["config", "--check"]);
    let lines: Vec<&str> = output.err.lines().collect();
    let expected = [
        "1: unknown theme \"nigth\"; did you mean \"night\"?",
        "2: mouse must be true or false",
        "3: unknown setting \"colr\"; did you mean \"color\"?",
        "5: key: unknown color \"rde\"; did you mean \"red\"?",
        "6: unknown theme entry \"bordr\"; did you mean \"border\"?",
        "8: unknown command \"undoo\"; did you mean \"undo\"?",
        "9: undo: H is already bound to history",
        "10: quit: cannot be unbound: this screen or question needs the command",
        "11: redo: unknown key \"Entre\"; did you mean Enter?",
        "11: redo: expected a string in quotes, or a list such as [\"u\", \"F9\"]",
        // X is no longer a key of export, as that has another setting, so line 12 has no error.
        "13: export: unknown key \"Entre\"; did you mean Enter?",
    ];
    assert_eq!((output.code, lines.len()), (2, expected.len()), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        let expected = format!("hatrack: {}:{expected}", path.display());
        assert!(line.starts_with(&expected), "{line}\n{expected}");
    }
    let output = home.run(&[]);
    assert!(output.code == 2 && output.err.lines().count() == 1, "{output:?}");
    assert!(
        output
            .err
            .ends_with(" (and 10 more; run hatrack config --check)\n"),
        "{output:?}"
    );
}

#[test]
fn invalid_config_stops_the_screen_but_not_show() {
    let home = Home::with_terry();
    let path = home.write(".config/hatrack/config.toml", "[keys]\nundoo = \"u\"\n");
    let line = format!(
        "hatrack: {}:2: unknown command \"undoo\"; did you mean \"undo\"?\n",
        path.display()
    );
    for args in [&[][..], &["--demo"], &["--mouse"]] {
        let output = home.run(args);
        assert_eq!((output.code, output.err.as_str()), (2, line.as_str()), "{args:?}");
    }
    assert!(home.run(&["show"]).code == 0);
    // A restricted session does not read the user's configuration, so the error is the missing terminal.
    let output = home.run(&["--read-only"]);
    assert!(output.code == 2 && output.err.contains("terminal"), "{output:?}");
    for args in [
        &["--read-only", "config", "--check", "/etc/passwd"][..],
        &["config", "--print-default", "--read-only"],
    ] {
        let output = home.run(args);
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.err.starts_with("hatrack: config"), "{output:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A modified configuration parses, or has an error with a valid line number and a message of one line.
    #[test]
    fn arbitrary_config_never_panics(at in any::<prop::sample::Index>(), length in 0..30_usize, inserted in "[a-z\"'=\\[\\]#{},. \n\\\\é\u{1b}0-9-]{0,12}") {
        let mut text: Vec<char> = config_with_all_settings().chars().collect();
        let at = at.index(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, inserted.chars());
        let text: String = text.into_iter().collect();
        let mistakes = read(&text).err().unwrap_or_default();
        prop_assert!(mistakes.is_sorted_by_key(|mistake| mistake.line));
        for mistake in mistakes {
            prop_assert!((1..=text.lines().count() + 1).contains(&mistake.line), "{:?}", mistake);
            prop_assert!(!mistake.text.is_empty() && !mistake.text.contains('\n'), "{:?}", mistake);
        }
    }
}
