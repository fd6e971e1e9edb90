//! The architecture of the crate: each part uses only the parts below it, pure parts use nothing impure, files stay short, and
//! no files depend on each other in a cycle.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

#[path = "architecture/cycles.rs"]
mod cycles;

/// Maximum number of lines of a source file.
const MAX_LINES: usize = 450;

/// The parts of the crate from the lowest up, each with the parts that it may use.
const PARTS: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("sync", &["model"]),
    ("exchange", &["model"]),
    ("store", &["model"]),
    ("server", &["model", "sync", "store"]),
    ("app", &["model", "sync", "exchange", "store"]),
    ("ui", &["model", "sync", "exchange", "store", "app"]),
    (
        "term",
        &["model", "sync", "exchange", "store", "server", "app", "ui"],
    ),
    (
        "cli",
        &[
            "model", "sync", "exchange", "store", "server", "app", "ui", "term",
        ],
    ),
];

/// The items of the store that `app` and `ui` may use: plain data.
const PLAIN_STORE_ITEMS: [&str; 16] = [
    "Change",
    "ChangeReason",
    "EXPIRED_ACTOR",
    "HatFilter",
    "HistoryEntry",
    "HistoryFilter",
    "HistoryPage",
    "HistoryQuery",
    "Scope",
    "SentChanges",
    "Snapshot",
    "StoreEvent",
    "StoreProblem",
    "StoreRequest",
    "UndoCandidate",
    "person",
];

/// The parts that use no files, environment, clock, threads, randomness, processes or network.
const PURE_PARTS: [&str; 5] = ["model", "sync", "exchange", "app", "ui"];
/// The paths that pure parts must not name.
const IMPURE_PATHS: [&str; 26] = [
    "std::fs",
    "std::env",
    "std::thread",
    "std::process",
    "std::net",
    "std::os",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "jiff::Timestamp::now",
    "jiff::ZonedDateTime::now",
    "jiff::tz::TimeZone::system",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
    "uuid::Uuid::now_v6",
    "uuid::Uuid::now_v1",
    "rand",
    "getrandom",
    "fastrand",
    "nix",
    "rustix",
    "directories",
    "tempfile",
    "signal_hook",
];
/// Macros that print, which pure parts must not use.
const PRINTING_MACROS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

/// The parts that do not use the crates for terminals, with one exception: text inputs (`app/text.rs`) use the text area.
const PARTS_WITHOUT_TERMINAL: [&str; 5] = ["model", "sync", "exchange", "store", "app"];
const TERMINAL_CRATES: [&str; 3] = ["crossterm", "ratatui", "tui_textarea"];

/// The only file of `ui` that writes text into cells. The others pass sanitized text to it.
const DRAWING_FILE: &str = "ui/draw.rs";
/// The methods that write into cells.
const CELL_METHODS: [&str; 7] = [
    "set_char",
    "set_line",
    "set_span",
    "set_string",
    "set_stringn",
    "set_style",
    "set_symbol",
];

/// A full path that a file names, and its line.
type NamedPath = (Vec<String>, usize);

/// The paths, macros and modules that a source file names, outside of code for tests.
#[derive(Default)]
struct ParsedSource {
    paths: Vec<NamedPath>,
    /// The names of the macros that it uses, and their lines.
    macros: Vec<(String, usize)>,
    /// The modules that it declares and that are in files of their own.
    modules: BTreeSet<String>,
    /// The full path of each name that a `use` imports.
    aliases: HashMap<String, Vec<String>>,
}

fn segments(text: &str) -> Vec<String> {
    text.split("::").map(String::from).collect()
}

/// Returns a path with `crate`, `self` or `super` at its start resolved, as seen from a module.
fn absolute(path: &[String], module: &[String]) -> Vec<String> {
    let mut at = module.to_vec();
    let mut rest = path;
    match path.first().map(String::as_str) {
        Some("crate" | "hatrack") => at.clear(),
        Some("self") => {}
        Some("super") => {
            while rest.first().is_some_and(|first| first == "super") {
                at.pop();
                rest = rest.get(1..).unwrap_or_default();
            }
            return [vec!["crate".into()], at, rest.to_vec()].concat();
        }
        _ => return path.to_vec(),
    }
    [
        vec!["crate".into()],
        at,
        rest.get(1..).unwrap_or_default().to_vec(),
    ]
    .concat()
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

/// Whether the attribute is `#[cfg(test)]`.
fn is_test(attribute: &TokenTree) -> bool {
    attribute.to_string().replace(' ', "") == "[cfg(test)]"
}

impl ParsedSource {
    fn new(source: &str, module: &[String]) -> Self {
        let mut parsed = Self::default();
        let tokens: Result<TokenStream, _> = source.parse();
        let tokens = tokens.unwrap_or_default();
        parsed.walk(tokens, module);
        // Imported names are replaced by their full paths. This is done twice, because a full path may start with another
        // imported name.
        for _ in 0..2 {
            for (path, _) in &mut parsed.paths {
                if let Some(full) = path.first().and_then(|first| parsed.aliases.get(first)) {
                    *path = full.iter().chain(path.iter().skip(1)).cloned().collect();
                }
            }
        }
        parsed
    }

    fn walk(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                // Code for tests is skipped: the attribute, and the item up to its block or semicolon.
                TokenTree::Punct(hash)
                    if hash.as_char() == '#' && tokens.get(at + 1).is_some_and(is_test) =>
                {
                    let ends = |token: &TokenTree| {
                        is_punct(Some(token), ';')
                            || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
                    };
                    at += tokens.iter().skip(at).position(ends).unwrap_or(tokens.len());
                }
                TokenTree::Ident(word) if word == "use" => {
                    let end = tokens
                        .iter()
                        .skip(at)
                        .position(|token| is_punct(Some(token), ';'));
                    let end = end.map_or(tokens.len(), |end| at + end);
                    self.record_use(tokens.get(at + 1..end).unwrap_or_default(), &[], module);
                    at = end;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let (Some(name), Some(TokenTree::Group(body))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    {
                        let inner = [module, &[name.to_string()]].concat();
                        self.walk(body.stream(), &inner);
                        at += 2;
                    } else if let Some(name) = tokens.get(at + 1) {
                        self.modules.insert(name.to_string());
                    }
                }
                // The path in a visibility such as `pub(in …)` is no dependency.
                TokenTree::Ident(word) if word == "pub" => {
                    at += usize::from(matches!(tokens.get(at + 1), Some(TokenTree::Group(_))));
                }
                TokenTree::Ident(_) => at = self.record_path(&tokens, at, module),
                TokenTree::Group(group) => self.walk(group.stream(), module),
                _ => {}
            }
            at += 1;
        }
    }

    /// Records the path that begins here; returns the index of its last word.
    fn record_path(&mut self, tokens: &[TokenTree], mut at: usize, module: &[String]) -> usize {
        let Some(first) = tokens.get(at) else { return at };
        let mut path = vec![first.to_string()];
        while let (true, Some(TokenTree::Ident(next))) = (is_double_colon(tokens, at + 1), tokens.get(at + 3))
        {
            path.push(next.to_string());
            at += 3;
        }
        if is_punct(tokens.get(at + 1), '!') {
            self.macros
                .push((path.last().cloned().unwrap_or_default(), line(first)));
        }
        self.paths.push((absolute(&path, module), line(first)));
        at
    }

    /// Records the paths of a `use`.
    fn record_use(&mut self, tokens: &[TokenTree], before: &[String], module: &[String]) {
        for branch in tokens.split(|token| is_punct(Some(token), ',')) {
            let mut path = before.to_vec();
            let mut alias = None;
            let mut words = branch.iter();
            while let Some(token) = words.next() {
                match token {
                    TokenTree::Ident(word) if word == "as" => alias = words.next().map(ToString::to_string),
                    TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                    TokenTree::Ident(word) => path.push(word.to_string()),
                    TokenTree::Punct(star) if star.as_char() == '*' => path.push("*".into()),
                    TokenTree::Group(group) => {
                        let inner: Vec<_> = group.stream().into_iter().collect();
                        self.record_use(&inner, &path, module);
                        path.clear();
                    }
                    _ => {}
                }
            }
            if let (Some(last), Some(token)) = (path.last(), branch.first()) {
                let full = absolute(&path, module);
                let name = alias.unwrap_or_else(|| last.clone());
                self.paths.push((full.clone(), line(token)));
                self.aliases.insert(name, full);
            }
        }
    }
}

/// The violations of the rules in a source file. The path is relative to `src`.
fn violations_of(path: &str, source: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = source.lines().count();
    if lines > MAX_LINES {
        wrong.push(format!(
            "src/{path}: {lines} lines, more than {MAX_LINES}: split it"
        ));
    }
    if source.parse::<TokenStream>().is_err() {
        wrong.push(format!("src/{path}: cannot be read"));
    }
    let module: Vec<String> = path
        .trim_end_matches(".rs")
        .split('/')
        .filter(|word| !matches!(*word, "mod" | "lib" | "main"))
        .map(String::from)
        .collect();
    let (Some(part), is_test) = (module.first(), module.last().is_some_and(|name| name == "tests")) else {
        return wrong; // `main.rs` and `lib.rs` may use all parts
    };
    let Some((_, below)) = PARTS.iter().find(|(name, _)| name == part) else {
        wrong.push(format!("src/{path}: {part} is not a part of the crate"));
        return wrong;
    };
    if is_test {
        return wrong;
    }
    let is_part_of = |list: &[&str]| list.contains(&part.as_str());
    let parsed = ParsedSource::new(source, &module);
    for (named, line) in &parsed.paths {
        let mut deny = |why: String| wrong.push(format!("src/{path}:{line}: {}: {why}", named.join("::")));
        if let [first, other, rest @ ..] = named.as_slice()
            && first == "crate"
            && other != part
        {
            let is_below = below.contains(&other.as_str());
            if PARTS.iter().any(|(name, _)| name == other) && !is_below {
                deny(format!("{part} may not use {other}"));
            }
            // If the module itself is imported, each use of its name is checked.
            let plain = rest
                .first()
                .is_none_or(|name| PLAIN_STORE_ITEMS.contains(&name.as_str()));
            if is_part_of(&["app", "ui"]) && other == "store" && !plain {
                deny(format!("{part} uses only plain data of the store"));
            }
            if other == "*" {
                deny("import the items by name".into());
            }
        }
        let begins = |with: &str| {
            named.starts_with(&segments(with)) || named.starts_with(&segments(&format!("::{with}")))
        };
        if is_part_of(&PURE_PARTS) && IMPURE_PATHS.into_iter().any(begins) {
            deny(format!(
                "{part} is pure: no files, environment, clock, threads, randomness"
            ));
        }
        let is_text_area =
            path == "app/text.rs" && named.first().is_some_and(|first| first == "tui_textarea");
        if is_part_of(&PARTS_WITHOUT_TERMINAL) && !is_text_area && TERMINAL_CRATES.into_iter().any(begins) {
            deny(format!("{part} does not use the terminal"));
        }
    }
    if part == "ui" && path != DRAWING_FILE {
        let names = |(named, _): &&NamedPath| named.starts_with(&segments("ratatui::text"));
        if let Some((_, line)) = parsed.paths.iter().find(names) {
            wrong.push(format!(
                "src/{path}:{line}: only {DRAWING_FILE} uses ratatui::text"
            ));
        }
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let calls = |name: &&&str| code.contains(&format!(".{name}("));
        wrong.extend(CELL_METHODS.iter().filter(calls).map(|name| {
            format!("src/{path}: {name}: only {DRAWING_FILE} writes into cells, and only sanitized text")
        }));
    }
    for (name, line) in &parsed.macros {
        if is_part_of(&PURE_PARTS) && PRINTING_MACROS.contains(&name.as_str()) {
            wrong.push(format!("src/{path}:{line}: {name}!: {part} prints nothing"));
        }
    }
    wrong
}

/// Adds the Rust files below a folder to `all`.
fn add_sources(folder: &Path, all: &mut Vec<std::path::PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            add_sources(&path, all)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    Ok(())
}

#[test]
fn every_source_file_follows_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    add_sources(&root, &mut all).unwrap();
    assert!(all.len() > 20, "the sources were not found");
    let mut found = Vec::new();
    for file in &all {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
        found.extend(violations_of(path, &std::fs::read_to_string(file).unwrap()));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Adds the types that a source file declares, also in its inline modules, but not in functions, traits and
/// implementations.
fn add_declared_types(tokens: TokenStream, types: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let word = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(word)) => word.to_string(),
        _ => String::new(),
    };
    for at in 0..tokens.len() {
        match word(at).as_str() {
            "struct" | "enum" | "trait" | "type" | "union" => types.push(word(at + 1)),
            "mod" => {
                if let Some(TokenTree::Group(inside)) = tokens.get(at + 2) {
                    add_declared_types(inside.stream(), types);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn type_names_are_unique() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    add_sources(&root, &mut all).unwrap();
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in &all {
        let mut types = Vec::new();
        add_declared_types(
            std::fs::read_to_string(file).unwrap().parse().unwrap(),
            &mut types,
        );
        for name in types.into_iter().filter(|name| !name.is_empty()) {
            files
                .entry(name)
                .or_default()
                .push(file.strip_prefix(&root).unwrap().display().to_string());
        }
    }
    assert!(files.contains_key("Wardrobe"));
    files.retain(|_, files| files.len() > 1);
    assert!(files.is_empty(), "names of several types: {files:#?}");
}

#[test]
fn files_do_not_depend_on_each_other_in_a_cycle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    add_sources(&root, &mut all).unwrap();
    let read = |file: &std::path::PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
        (path.to_owned(), std::fs::read_to_string(file).unwrap())
    };
    let all: Vec<(String, String)> = all.iter().map(read).collect();
    let files = cycles::Files::new(all.iter().map(|(path, source)| (path.as_str(), source.as_str())));
    let found = files.cycles();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Each of these files has one violation.
#[test]
fn violations_are_found() {
    #[rustfmt::skip]
    let violations = [
        ("model/a.rs", "use crate::store::Change;"),
        ("model/a.rs", "use crate::{model::Jid, store};"),
        ("model/a.rs", "fn f() { crate::app::Key::plain(x); }"),
        ("model/a.rs", "fn f() { assert!(matches!(x, crate::ui::Theme { .. })); }"),
        ("model/sub/a.rs", "use super::super::super::store::Change;"),
        ("model/a.rs", "mod inner { fn f(_: super::super::super::term::Session) {} }"),
        ("model/mod.rs", "pub use super::store::Change;"),
        ("store/a.rs", "use crate::app::Key;"),
        ("store/a.rs", "use crate::*;"),
        ("store/a.rs", "use ratatui::Frame;"),
        ("app/a.rs", "use crate::ui::Theme;"),
        ("app/a.rs", "use crate::store::Store;"),
        ("app/a.rs", "use crate::store::*;"),
        ("app/a.rs", "use crate::store; fn f() { store::open(); }"),
        ("app/a.rs", "use crate::store as s; fn f() -> s::Store { }"),
        ("ui/a.rs", "use crate::term::Session;"),
        ("sync/a.rs", "use crate::store::Snapshot;"),
        ("sync/a.rs", "use crate::server::Backend;"),
        ("sync/a.rs", "use jiff::Timestamp; fn f() { Timestamp::now(); }"),
        ("sync/a.rs", "use std::net::TcpStream;"),
        ("model/a.rs", "use crate::sync::Item;"),
        ("ui/a.rs", "use crate::store::{Change, Store};"),
        ("term/a.rs", "use crate::cli::Args;"),
        ("model/a.rs", "use std::fs;"),
        ("model/a.rs", "use std::{collections::HashMap, fs::File};"),
        ("model/a.rs", "fn f() { std::env::var(\"X\"); }"),
        ("app/a.rs", "use std::time::Instant;"),
        ("app/a.rs", "use std::time::{self as t}; fn f() { t::SystemTime::now(); }"),
        ("app/a.rs", "use std::time; fn f() { time::Instant::now(); }"),
        ("app/a.rs", "fn f() { vec![std::thread::spawn(g)]; }"),
        ("app/a.rs", "use uuid::Uuid; fn f() { Uuid::new_v4(); }"),
        ("app/a.rs", "use jiff::Timestamp; fn f() { Timestamp::now(); }"),
        ("app/a.rs", "fn f() { ::rand::random::<u8>(); }"),
        ("app/a.rs", "fn f() { std::process::exit(1); }"),
        ("app/a.rs", "use std::net::TcpStream;"),
        ("app/a.rs", "fn f() { println!(\"x\"); }"),
        ("ui/a.rs", "fn f() { std::io::stdout(); }"),
        ("app/a.rs", "use crossterm::event::KeyCode;"),
        ("app/a.rs", "use ratatui::layout::Rect;"),
        ("app/state.rs", "use tui_textarea::TextArea;"),
        ("app/text.rs", "use ratatui::style::Style;"),
        ("ui/a.rs", "use ratatui::text::Line;"),
        ("ui/a.rs", "fn f(cell: &mut Cell) { cell.set_symbol(raw); }"),
        ("ui/a.rs", "fn f(buffer: &mut Buffer) { buffer.set_string(0, 0, raw, style); }"),
        ("attic/a.rs", ""),
    ];
    for (path, source) in violations {
        assert_eq!(
            violations_of(path, source).len(),
            1,
            "{path}: {source}: {:?}",
            violations_of(path, source)
        );
    }
    assert_eq!(violations_of("model/a.rs", &"\n".repeat(MAX_LINES + 1)).len(), 1);
}

#[test]
fn allowed_code_has_no_violations() {
    #[rustfmt::skip]
    let allowed = [
        ("model/a.rs", "use super::Jid; use crate::model::Hats; use std::time::Duration; // std::fs"),
        ("model/a.rs", "/// Not [`crate::store`], nor `std::fs::File`.\nfn f() { let s = \"crate::ui::Theme\"; }"),
        ("model/a.rs", "#[cfg(test)] mod tests { use std::fs; fn f() { println!(\"x\"); } }"),
        ("app/tests.rs", "use std::fs;"),
        ("store/a.rs", "use crate::model::Jid; use std::fs::File; use jiff::Timestamp; fn f() { Timestamp::now(); }"),
        ("app/a.rs", "use crate::store::{Change, StoreEvent}; use crate::model::EditGroup; use jiff::Timestamp;"),
        ("app/a.rs", "use crate::store; fn f(_: store::Snapshot) {}"),
        ("server/a.rs", "use crate::sync::RemoteRoom; use std::net::TcpStream;"),
        ("app/a.rs", "use crate::sync::Item;"),
        ("app/text.rs", "use tui_textarea::TextArea;"),
        ("ui/a.rs", "use crate::app::State; use ratatui::Frame; use crate::store::HistoryEntry;"),
        ("term/a.rs", "use crate::store::Store; use std::thread; use crate::ui::Theme;"),
        ("cli/a.rs", "use crate::{term, store, model}; use std::fs;"),
        ("main.rs", "fn main() { hatrack::cli::run(); }"),
    ];
    for (path, source) in allowed {
        assert_eq!(
            violations_of(path, source),
            Vec::<String>::new(),
            "{path}: {source}"
        );
    }
    assert!(violations_of("model/a.rs", &"\n".repeat(MAX_LINES)).is_empty());
}
