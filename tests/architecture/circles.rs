//! No two files of the crate need each other, not even through others: whoever reads one can read downwards to its end.
//!
//! A node is a file: `foo.rs` is one with what is below `foo/`; a `mod.rs` is a node of its own, so that it may hand on names of its
//! children but define nothing they need. An arrow is a path that is named, resolved to the file that defines it, through
//! re-exports. Modules that are only there for tests do not count. Methods are not followed: `state.user()` is no path.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::Reading;

/// A module: the names from the root of the crate, without `crate`.
type Module = Vec<String>;

/// A file with what it names.
struct File {
    path: String,
    reading: Reading,
}

/// The files of a crate by their modules.
pub(super) struct Files(BTreeMap<Module, File>);

/// The arrows from a node: to which other, and a few names by which.
type Arrows = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn module_of(path: &str) -> Module {
    let words = path.trim_end_matches(".rs").split('/');
    words
        .filter(|word| !matches!(*word, "mod" | "lib"))
        .map(String::from)
        .collect()
}

impl Files {
    /// From paths below `src` and what is in the files. What no other file declares as a module is left out.
    pub(super) fn new<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let read = |(path, source): (&str, &str)| {
            let module = module_of(path);
            let reading = Reading::of(source, &module);
            let path = path.to_owned();
            (module, File { path, reading })
        };
        let mut files: BTreeMap<Module, File> = sources
            .into_iter()
            .filter(|(path, _)| *path != "main.rs")
            .map(read)
            .collect();
        loop {
            let is_declared = |module: &Module| {
                module.split_last().is_none_or(|(name, parent)| {
                    let parent = files.get(parent);
                    parent.is_some_and(|parent| parent.reading.modules.contains(name))
                })
            };
            let lost: Vec<Module> = files
                .keys()
                .filter(|module| !is_declared(module))
                .cloned()
                .collect();
            if lost.is_empty() {
                return Self(files);
            }
            files.retain(|module, _| !lost.contains(module));
        }
    }

    /// The file that defines what a path from the root of the crate names.
    fn defining(&self, path: &[String], depth: usize) -> Option<&File> {
        let mut module = Module::new();
        let mut rest = path;
        while let [name, after @ ..] = rest {
            module.push(name.clone());
            if !self.0.contains_key(&module) {
                module.pop();
                break;
            }
            rest = after;
        }
        let file = self.0.get(&module)?;
        let [name, after @ ..] = rest else {
            return Some(file);
        };
        let elsewhere = file.reading.aliases.get(name).filter(|_| depth < 9);
        let elsewhere = elsewhere.and_then(|full| self.absolute(full, &module));
        match elsewhere {
            Some(full) => self.defining(&[full, after.to_vec()].concat(), depth + 1),
            None => Some(file),
        }
    }

    /// A path from the root of the crate, without `crate`; `None`: of another crate, or of the file itself.
    fn absolute(&self, path: &[String], module: &[String]) -> Option<Module> {
        match path {
            [first, rest @ ..] if first == "crate" => Some(rest.to_vec()),
            [first, _, ..] => {
                let child = [module, std::slice::from_ref(first)].concat();
                let is_child = self.0.contains_key(&child);
                is_child.then(|| [module, path].concat())
            }
            _ => None,
        }
    }

    /// The node of a file: the outermost `foo.rs` of which it is part.
    fn node(&self, file: &File) -> String {
        let module = module_of(&file.path);
        let parents = (1..module.len()).filter_map(|length| self.0.get(module.get(..length)?));
        let mut parents = parents.map(|parent| &parent.path);
        let outermost = parents.find(|path| !path.ends_with("mod.rs"));
        outermost.unwrap_or(&file.path).clone()
    }

    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (module, file) in &self.0 {
            let from = self.node(file);
            for (named, _) in &file.reading.named {
                let Some(full) = self.absolute(named, module) else {
                    continue;
                };
                let Some(target) = self.defining(&full, 0) else {
                    continue;
                };
                let to = self.node(target);
                if to != from && !full.is_empty() {
                    let names = arrows.entry(from.clone()).or_default().entry(to).or_default();
                    names.insert(full.last().cloned().unwrap_or_default());
                }
            }
        }
        arrows
    }

    /// Each circle, in words: its files and what ties each to the others.
    pub(super) fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let mut all_from: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for from in arrows.keys() {
            let mut all = BTreeSet::new();
            let mut next = vec![from.as_str()];
            while let Some(node) = next.pop() {
                for to in arrows.get(node).into_iter().flat_map(BTreeMap::keys) {
                    if all.insert(to.as_str()) {
                        next.push(to);
                    }
                }
            }
            all_from.insert(from, all);
        }
        let reaches = |from: &str, to: &str| all_from.get(from).is_some_and(|all| all.contains(to));
        let mut told: BTreeSet<&str> = BTreeSet::new();
        let mut circles = Vec::new();
        for one in arrows.keys() {
            if told.contains(one.as_str()) || !reaches(one, one) {
                continue;
            }
            let circle: Vec<&String> = arrows
                .keys()
                .filter(|other| reaches(one, other) && reaches(other, one))
                .collect();
            let mut words = format!("a circle of {} files:", circle.len());
            for from in &circle {
                told.insert(from);
                for (to, names) in arrows.get(*from).into_iter().flatten() {
                    if circle.contains(&to) {
                        let names: Vec<&str> = names.iter().map(String::as_str).collect();
                        let _ = write!(words, "\n  src/{from} -> src/{to}: {}", names.join(", "));
                    }
                }
            }
            circles.push(words);
        }
        circles
    }
}

#[test]
fn a_circle_is_found_wherever_it_hides() {
    let lib = ("lib.rs", "pub mod a; mod b; pub mod c;");
    #[rustfmt::skip]
    let circles: [&[(&str, &str)]; 7] = [
        &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B(crate::a::A);")],
        &[("a.rs", "use super::b; fn f() { b::g(); }"), ("b.rs", "use crate::c::C;"), ("c.rs", "use super::a::A; pub struct C;")],
        // Through names that are handed on, under another name, in braces, as a private `use` of the parent.
        &[("a/mod.rs", "mod x; mod y; pub use y::Y;"), ("a/x.rs", "use super::Y; pub struct X;"), ("a/y.rs", "use crate::a::x::X; pub struct Y;")],
        &[("a/mod.rs", "pub mod x; mod y; use y::Y as Z;"), ("a/x.rs", "use super::{Z}; pub struct X;"), ("a/y.rs", "use super::x::X; pub struct Y;")],
        &[("a.rs", "pub use crate::b::B;"), ("b.rs", "pub struct B; fn f(_: crate::c::C) {}"), ("c.rs", "pub struct C; use super::a;")],
        // With what a parent defines in a `mod.rs`; of files below another.
        &[("a/mod.rs", "mod x; pub fn f() { x::g(); }"), ("a/x.rs", "pub fn g() { super::f(); }")],
        &[("a.rs", "mod x;"), ("a/x.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A; pub struct B;")],
    ];
    for files in circles {
        let found = Files::new(files.iter().copied().chain([lib])).circles();
        assert_eq!(found.len(), 1, "{files:?}: {found:?}");
    }
}

#[test]
fn what_is_no_circle_is_let_pass() {
    let lib = ("lib.rs", "pub mod a; mod b; pub mod c;");
    #[rustfmt::skip]
    let fine: [&[(&str, &str)]; 5] = [
        &[("a.rs", "use crate::b::B; use crate::c::C;"), ("b.rs", "use crate::c::C;"), ("c.rs", "pub struct C;")],
        // A file and what is below it are one.
        &[("a.rs", "mod x; pub struct A;"), ("a/x.rs", "use super::A; pub struct X;")],
        // What hands on a name is not what defines it.
        &[("a/mod.rs", "mod x; mod y; pub use x::X; pub use y::Y;"), ("a/x.rs", "pub struct X;"), ("a/y.rs", "use super::X; pub struct Y;")],
        // Only there for tests.
        &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }")],
        &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B; #[cfg(test)] mod tests;"), ("b/tests.rs", "use crate::a::A;")],
    ];
    for files in fine {
        let found = Files::new(files.iter().copied().chain([lib])).circles();
        assert!(found.is_empty(), "{files:?}: {found:?}");
    }
}
