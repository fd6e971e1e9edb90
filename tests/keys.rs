//! `docs/keys.md` is generated from the table of commands: `HATRACK_UPDATE=1 cargo test --test keys` updates it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fmt::Write as _;
use std::path::Path;

use hatrack::app::command::COMMANDS;
use hatrack::app::place::Place;
use proc_macro2::{TokenStream, TokenTree};

#[test]
fn key_documentation_is_current() {
    let mut page = String::from(
        "# Keys\n\nGenerated from the program's table of commands. Press `?` on the screen to show the keys that apply there.\nIf a key is bound in two places, the more specific one applies; in a text field, letters are text.\nA key in parentheses applies only where it has no other command.\nYou can change keys in [config.toml](terminals.md).\n",
    );
    for place in Place::ALL {
        write!(page, "\n## {}\n\n| key | command |\n|---|---|\n", place.title()).unwrap();
        for command in COMMANDS.iter().filter(|command| command.place == *place) {
            let keys: Vec<String> = command
                .keys
                .iter()
                .map(|key| format!("`{}`", key.name()))
                .chain(command.fallback.iter().map(|key| format!("(`{}`)", key.name())))
                .collect();
            writeln!(page, "| {} | {} |", keys.join(" "), command.help).unwrap();
        }
    }
    page.push_str(
        "\nText fields also support readline keys: `Ctrl-A` and `Ctrl-E` go to the start and the end of the line, `Ctrl-Home` and\n\
         `Ctrl-End` to the start and the end of the whole text, `Ctrl-W` deletes a word, `Ctrl-U` deletes to the start of\n\
         the line, `Ctrl-K` to its end, `Alt-B` and `Alt-F` go back and forward by a word. Line breaks in pasted text become spaces, except in the\n\
         address field of new users, where line breaks and commas separate addresses.\n",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    if std::env::var_os("HATRACK_UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        stored == page,
        "docs/keys.md is not current; run HATRACK_UPDATE=1 cargo test --test keys"
    );
}

/// Keys can be changed, so sentences get the name of a key from [`hatrack::app::State::key`].
#[test]
fn no_sentence_hardcodes_a_key() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut named = Vec::new();
    for part in ["app", "ui"] {
        sources(&root.join(part), &mut |path, source| {
            let mut sentences = Vec::new();
            literals(source.parse().unwrap(), &mut sentences);
            let path = path.strip_prefix(&root).unwrap().display().to_string();
            // These files define the names of keys.
            let definitions = ["app/key.rs", "app/keymap.rs"];
            if !definitions.contains(&path.as_str()) {
                let wrong = sentences.into_iter().filter(|sentence| names_a_key(sentence));
                named.extend(wrong.map(|sentence| format!("{path}: {sentence}")));
            }
        });
    }
    assert!(named.is_empty(), "{named:#?}");
    for sentence in [
        "\"Saved (u to undo)\"",
        "\"Press Enter to save\"",
        "\"Removed; Ctrl-R to redo\"",
        "\"yes (Esc: no)\"",
        "\"No rooms (a to add one)\"",
    ] {
        assert!(names_a_key(sentence), "{sentence}");
    }
    for sentence in [
        "\"{key} to undo\"",
        "\"a room\"",
        "\"for {seconds} s\"",
        "\"there is a room\"",
        "\"x\"",
        "\"Enter the address\"",
    ] {
        assert!(!names_a_key(sentence), "{sentence}");
    }
}

/// Calls `visit` with the path and content of each file below a folder.
fn sources(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, visit);
        } else {
            visit(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The string literals of a source file, without documentation and tests.
fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                let _ = tokens.next_if(|next| next.to_string() == "!");
                let attribute = tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                // Tests come last in a file.
                if attribute.is_some_and(|attribute| attribute.to_string().replace(' ', "") == "[cfg(test)]")
                {
                    return;
                }
            }
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            _ => {}
        }
    }
}

/// Whether a sentence contains the name of a key, or a single letter that is not a word.
fn names_a_key(sentence: &str) -> bool {
    const NAMED: [&str; 8] = ["Ctrl-", "Esc", "Enter", "Tab", "Space", "PgUp", "PgDn", "F1"];
    let inside = sentence.trim_matches('"');
    let words: Vec<&str> = inside
        .split(|c: char| !(c.is_alphanumeric() || "{}_'-@%".contains(c)))
        .collect();
    let is_unit = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        before.is_some_and(|before| before.ends_with('}'))
    };
    let is_key = |at: usize, word: &str| match word {
        "I" | "A" => false,
        "s" if is_unit(at) => false,
        "a" => words
            .get(at + 1)
            .is_some_and(|next| ["adds", "defines", "gives", "puts", "to"].contains(next)),
        word => word.len() == 1 && word.chars().all(char::is_alphabetic),
    };
    // In "Enter the address", "Enter" is a verb; the name of the key is never followed by an article.
    let is_verb = |at: usize, word: &str| {
        at == 0 && word == "Enter" && words.get(1).is_some_and(|next| ["a", "the"].contains(next))
    };
    sentence.starts_with('"')
        && inside.contains(' ')
        && (NAMED.iter().any(|name| {
            let mut named = words
                .iter()
                .enumerate()
                .filter(|(_, word)| word.starts_with(name));
            named.any(|(at, word)| !is_verb(at, word))
        }) || words.iter().enumerate().any(|(at, word)| is_key(at, word)))
}
