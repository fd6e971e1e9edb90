//! One vocabulary (docs/glossary.md): commands, screens, help, error messages and documentation use none of the words
//! that hatrack once had for the same things.
//!
//! A list of words and a few lines of matching; spell checkers such as cspell would bring another toolchain.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use hatrack::app::command::COMMANDS;
use hatrack::app::place::Place;
use hatrack::cli::args::Cli;
use proc_macro2::{TokenStream, TokenTree};

/// Words and phrases that are not used, each with what to write instead. They match as whole words, whatever their case
/// and the spaces and lines between them. "Give" and "take" have ordinary uses, so only their phrases about hats count.
const UNUSED: &[(&str, &str)] = &[
    ("worn", "active"),
    ("wear", "active"),
    ("wears", "active"),
    ("wearing", "active"),
    ("wearer", "user with the hat"),
    ("wearers", "users with the hat"),
    ("doff", "deactivate"),
    ("doffs", "deactivate"),
    ("don", "activate"),
    ("gave", "added"),
    ("give hat", "add hat"),
    ("give a hat", "add a hat"),
    ("give the hat", "add the hat"),
    ("hat given", "hat added"),
    ("hats given", "hats added"),
    ("take hat", "remove hat"),
    ("take the hat", "remove the hat"),
    ("took the hat", "removed the hat"),
    ("take it off", "remove it"),
    ("take away", "remove"),
    ("take back", "undo"),
    ("takes it back", "undo"),
    ("takes all of it back", "undo"),
    ("taken back", "undone"),
    ("took back", "undid"),
    ("put on", "apply, add or replace"),
    ("puts on", "apply, add or replace"),
    ("turn round", "view"),
    ("turned round", "view"),
    ("turn the view", "view"),
    ("catalogue", "catalog"),
    ("catalogues", "catalog"),
    ("colour", "color"),
    ("colours", "colors"),
    ("recolour", "change the color"),
    ("licence", "license"),
    ("known hat", "existing hat"),
    ("known hats", "existing hats"),
    ("so already", "unchanged"),
    ("just so", "exactly"),
    ("any more", "no longer"),
    ("really", "name the action"),
    ("mine", "yours"),
    ("half", "mixed"),
    ("halves", "mixed"),
    ("screenful", "page"),
    ("retitle", "change the title"),
    ("retitles", "changes the title"),
    ("recolor", "change the color"),
    ("limited session", "restricted session"),
    ("session limited", "restricted session"),
    ("limited to rooms", "restricted to rooms"),
    ("named set", "hat set"),
    ("named sets", "hat sets"),
    ("left aside", "skipped, or ignored"),
    ("throw away", "discard"),
    ("go in", "open"),
    ("as it comes", "default"),
    ("such as it was", "unchanged"),
    ("to begin with", "(drop)"),
    ("and round", "next"),
    ("all is well", "ok"),
    ("that hatrack does not know", "unrecognized"),
    ("there is no such", "not found"),
    ("is there already", "already exists"),
    ("are there already", "already exist"),
    ("in the place of", "instead of"),
    ("in place of", "instead of"),
    ("somebody", "someone"),
    ("whoever", "anyone who"),
    ("anew", "again"),
    ("beside", "next to, or in addition to"),
    ("thing missing", "problem"),
    ("things missing", "problems"),
    ("remedy", "solution"),
    ("reached by", "connection"),
    ("by its admin shell", "through its admin shell"),
    ("by an xmpp account", "with an XMPP account"),
    ("list from a server", "list that a server printed"),
    ("lists from servers", "lists that servers print"),
    (
        "output of a server",
        "name what it is, such as a list of affiliations",
    ),
    ("most first", "highest first"),
    ("undo from here", "undo by actor"),
    ("hat has ended", "hat has expired"),
    ("hats have ended", "hats have expired"),
    ("that have ended", "that have expired"),
    ("hats that end", "hats that expire"),
    ("from nothing to", "first steps"),
    ("first contact", "first comparison"),
    ("entry to start from", "example section"),
    ("by now", "now, or meanwhile"),
    ("exists already", "already exists"),
    ("on its way", "in progress"),
    ("on their way", "in progress"),
    ("is to be trusted", "can be trusted"),
    ("is said", "is shown, or is reported"),
    ("was said", "was shown, or was reported"),
    ("are said", "are shown, or are reported"),
    ("be said", "be shown, or be reported"),
];

/// Places where such a word stays, with the reason: the end of the path, the word, the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "docs/file-format.md",
        "catalogue",
        "the name of this edit in the history on disk",
    ),
    (
        "src/cli/config/read.rs",
        "colour",
        "config.toml is still read with this spelling",
    ),
    (".snap", "somebody", "a long hat title in the test data"),
    (".snap", "half", "a half-typed hat title in the test data"),
    ("(comments)", "half", "a fraction"),
    ("(comments)", "mine", "the name of a theme in an example"),
    (
        "(comments)",
        "there is no such",
        "says that a lookup finds nothing",
    ),
    (
        "(comments)",
        "hat has ended",
        "the code calls the time at which a hat expires its end",
    ),
    (
        "(comments)",
        "that have ended",
        "the code calls the time at which a hat expires its end",
    ),
    (
        "(comments)",
        "hats that end",
        "the code calls the time at which a hat expires its end",
    ),
    ("(comments)", "hats given", "hats that are given by their titles"),
    (
        "(comments)",
        "list from a server",
        "an imported list, not the output of a command",
    ),
];

/// The starts of the names of texts that still have to be reworded.
const PENDING: &[&str] = &[];

/// The name of a source, and its text.
type Source = (String, String);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The words of a text in lower case; hyphens, underscores and apostrophes belong to a word.
fn words(text: &str) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'');
    let all = text.split(|c| !inside(c)).filter(|word| !word.is_empty());
    all.map(str::to_lowercase).collect()
}

/// The unused words in a text, each with the words around it.
fn unused_in(text: &str) -> Vec<(&'static str, String)> {
    let words = words(text);
    let mut found = Vec::new();
    for (phrase, _) in UNUSED {
        let phrase_words: Vec<&str> = phrase.split(' ').collect();
        for (at, window) in words.windows(phrase_words.len()).enumerate() {
            if window == phrase_words.as_slice() {
                let around = words
                    .iter()
                    .skip(at.saturating_sub(5))
                    .take(phrase_words.len() + 10);
                found.push((*phrase, around.map(String::as_str).collect::<Vec<_>>().join(" ")));
            }
        }
    }
    found
}

/// Fails with every unused word in these texts.
#[track_caller]
fn assert_language(sources: impl IntoIterator<Item = Source>) {
    let mut wrong = BTreeSet::new();
    let mut count = 0;
    for (name, text) in sources {
        count += 1;
        if PENDING.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        for (phrase, around) in unused_in(&text) {
            let is_exception =
                |(path, word, _): &&(&str, &str, &str)| name.ends_with(path) && *word == phrase;
            if EXCEPTIONS.iter().find(is_exception).is_none() {
                wrong.insert(format!("{name}: {phrase:?} in: {around}"));
            }
        }
    }
    assert!(count > 0, "no texts");
    assert!(wrong.is_empty(), "{} unused words: {wrong:#?}", wrong.len());
}

/// The files below a folder with this extension.
fn files(folder: &str, extension: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                found.push(file(&path));
            }
        }
    }
    found.sort();
    found
}

fn file(path: &Path) -> Source {
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    (name, std::fs::read_to_string(path).unwrap())
}

#[test]
fn commands_and_places() {
    assert_language(COMMANDS.iter().flat_map(|command| {
        let name = format!("command {}", command.id);
        [(name.clone(), command.title.into()), (name, command.help.into())]
    }));
    assert_language(
        Place::ALL
            .iter()
            .map(|place| ("place".into(), place.title().into())),
    );
}

#[test]
fn screens() {
    assert_language(files("tests/snapshots", "snap"));
}

#[test]
fn help_of_all_commands() {
    let mut root = Cli::command();
    root.build();
    let mut left = vec![root];
    let mut pages = Vec::new();
    while let Some(mut command) = left.pop() {
        left.extend(command.get_subcommands().cloned());
        let name = command
            .get_display_name()
            .unwrap_or(command.get_name())
            .to_owned();
        pages.push((format!("help of {name}"), command.render_long_help().to_string()));
    }
    assert!(pages.len() > 25);
    assert_language(pages);
}

#[test]
fn manual_pages_and_assets() {
    assert_language(files("assets", "1"));
    assert_language([file(&root().join("assets/config.toml"))]);
    assert_language(files("assets/servers", "toml"));
    for name in ["_hatrack", "hatrack.bash", "hatrack.fish"] {
        assert_language([file(&root().join("assets/completions").join(name))]);
    }
}

#[test]
fn documentation() {
    assert_language(files("docs", "md"));
    assert_language([file(&root().join("README.md"))]);
}

/// The string literals with a space of each source file, also those of `#[error(…)]`, but not documentation or tests.
fn sentences() -> impl Iterator<Item = (String, Vec<String>)> {
    let sources = files("src", "rs").into_iter();
    let sources = sources.filter(|(name, _)| !name.ends_with("tests.rs"));
    sources.map(|(name, source)| {
        let mut sentences = Vec::new();
        literals(source.parse().unwrap(), &mut sentences);
        (name, sentences)
    })
}

#[test]
fn sentences_in_the_sources() {
    assert_language(sentences().map(|(name, sentences)| (name, sentences.join("\n"))));
}

/// The name of a server can be any word, so it is in quotes in a sentence (`{server:?}`), but not before a colon or in a
/// command.
#[test]
fn names_of_servers_are_in_quotes() {
    let sentence = |text: &&String| text.replace("servers check {server}", "").contains(" {server}");
    for (name, sentences) in sentences() {
        assert_eq!(sentences.iter().find(sentence), None, "{name}");
    }
}

/// Collects the string literals with a space.
fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                let _ = tokens.next_if(|next| next.to_string() == "!");
                let Some(TokenTree::Group(attribute)) =
                    tokens.next_if(|next| matches!(next, TokenTree::Group(_)))
                else {
                    continue;
                };
                let text = attribute.stream().to_string().replace(' ', "");
                // Tests come last in a file.
                if text == "cfg(test)" {
                    return;
                }
                if text.starts_with("error") {
                    literals(attribute.stream(), found);
                }
            }
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.starts_with('"') && text.contains(' ') {
                    // The words at both sides of an escape such as \n are not one word.
                    found.push(text.replace('\\', " "));
                }
            }
            _ => {}
        }
    }
}

#[test]
fn finds_unused_words() {
    for (text, expected) in [
        ("the Hat is\n  worn", "worn"),
        ("Put│on too", "put on"),
        ("nothing to change: it is so already", "so already"),
    ] {
        assert_eq!(
            unused_in(text).first().map(|(word, _)| *word),
            Some(expected),
            "{text}"
        );
    }
    for text in [
        "--retitle-users",
        "don't",
        "half-width",
        "the given one",
        "wearable",
        "take notes",
    ] {
        assert!(unused_in(text).is_empty(), "{text}");
    }
    let mut found = Vec::new();
    literals(
        "#[error(\"a b\")] struct X; /// c d\nfn f() { g(\"e f\", \"g\"); } #[cfg(test)] mod t { const A: &str = \"h i\"; }"
            .parse()
            .unwrap(),
        &mut found,
    );
    assert_eq!(found, ["\"a b\"", "\"e f\""]);
}

/// Comments, each block as one text, so that phrases are found that continue on the next line.
#[test]
fn comments_in_the_sources() {
    let sources = files("src", "rs").into_iter();
    assert_language(sources.map(|(name, source)| (format!("{name} (comments)"), comments(&source))));
}

/// The comments that have lines of their own, with an underscore between the blocks.
fn comments(source: &str) -> String {
    let lines = source
        .lines()
        .map(|line| match line.trim_start().strip_prefix("//") {
            Some(comment) => comment.trim_start_matches(['/', '!']),
            None => " _ ",
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn finds_phrases_over_lines_of_a_comment() {
    let unused = |source| unused_in(&comments(source)).len();
    assert_eq!(unused("    /// It is in the place\n    /// of the hat.\n"), 1);
    assert_eq!(unused("/// It is in the place\nlet x = 1;\n/// of the hat.\n"), 0);
}
