//! Finds files of the crate that depend on each other in a cycle, directly or through other files.
//!
//! A node is a file: `foo.rs` together with the files below `foo/`. A `mod.rs` is a node of its own, so that it may
//! re-export names of its children but define nothing that they need. An edge is a path that a file names, resolved through
//! re-exports to the file that defines the item. Modules for tests do not count, and method calls such as `state.user()`
//! are not resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::ParsedSource;

/// A module: the names from the root of the crate, without `crate`.
type Module = Vec<String>;

/// A file with the paths that it names.
struct File {
    path: String,
    parsed: ParsedSource,
}

/// The files of a crate by their modules.
pub(super) struct Files(BTreeMap<Module, File>);

/// The edges, by their source and target nodes, each with the names that cause it.
type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn module_of(path: &str) -> Module {
    let words = path.trim_end_matches(".rs").split('/');
    words
        .filter(|word| !matches!(*word, "mod" | "lib"))
        .map(String::from)
        .collect()
}

impl Files {
    /// Reads files, given by their paths below `src` and their contents. Files that no other file declares as a module
    /// are ignored.
    pub(super) fn new<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let read = |(path, source): (&str, &str)| {
            let module = module_of(path);
            let parsed = ParsedSource::new(source, &module);
            let path = path.to_owned();
            (module, File { path, parsed })
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
                    parent.is_some_and(|parent| parent.parsed.modules.contains(name))
                })
            };
            let undeclared: Vec<Module> = files
                .keys()
                .filter(|module| !is_declared(module))
                .cloned()
                .collect();
            if undeclared.is_empty() {
                return Self(files);
            }
            files.retain(|module, _| !undeclared.contains(module));
        }
    }

    /// The file that defines the item with this path from the root of the crate. Follows at most nine re-exports.
    fn defining_file(&self, path: &[String], depth: usize) -> Option<&File> {
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
        let re_exported = file.parsed.aliases.get(name).filter(|_| depth < 9);
        let re_exported = re_exported.and_then(|full| self.absolute(full, &module));
        match re_exported {
            Some(full) => self.defining_file(&[full, after.to_vec()].concat(), depth + 1),
            None => Some(file),
        }
    }

    /// The path from the root of the crate, without `crate`; `None` for a path of another crate, or of an item
    /// of the file itself.
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

    /// The node of a file: the outermost `foo.rs` to which the file belongs.
    fn node(&self, file: &File) -> String {
        let module = module_of(&file.path);
        let parents = (1..module.len()).filter_map(|length| self.0.get(module.get(..length)?));
        let mut parents = parents.map(|parent| &parent.path);
        let outermost = parents.find(|path| !path.ends_with("mod.rs"));
        outermost.unwrap_or(&file.path).clone()
    }

    fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (module, file) in &self.0 {
            let from = self.node(file);
            for (named, _) in &file.parsed.paths {
                let Some(full) = self.absolute(named, module) else {
                    continue;
                };
                let Some(target) = self.defining_file(&full, 0) else {
                    continue;
                };
                let to = self.node(target);
                if to != from && !full.is_empty() {
                    let names = edges.entry(from.clone()).or_default().entry(to).or_default();
                    names.insert(full.last().cloned().unwrap_or_default());
                }
            }
        }
        edges
    }

    /// A description of each cycle: its files, and the names by which each depends on others.
    pub(super) fn cycles(&self) -> Vec<String> {
        let edges = self.edges();
        let mut reachable: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for from in edges.keys() {
            let mut all = BTreeSet::new();
            let mut next = vec![from.as_str()];
            while let Some(node) = next.pop() {
                for to in edges.get(node).into_iter().flat_map(BTreeMap::keys) {
                    if all.insert(to.as_str()) {
                        next.push(to);
                    }
                }
            }
            reachable.insert(from, all);
        }
        let reaches = |from: &str, to: &str| reachable.get(from).is_some_and(|all| all.contains(to));
        let mut reported: BTreeSet<&str> = BTreeSet::new();
        let mut cycles = Vec::new();
        for node in edges.keys() {
            if reported.contains(node.as_str()) || !reaches(node, node) {
                continue;
            }
            let cycle: Vec<&String> = edges
                .keys()
                .filter(|other| reaches(node, other) && reaches(other, node))
                .collect();
            let mut description = format!("a cycle of {} files:", cycle.len());
            for from in &cycle {
                reported.insert(from);
                for (to, names) in edges.get(*from).into_iter().flatten() {
                    if cycle.contains(&to) {
                        let names: Vec<&str> = names.iter().map(String::as_str).collect();
                        let _ = write!(description, "\n  src/{from} -> src/{to}: {}", names.join(", "));
                    }
                }
            }
            cycles.push(description);
        }
        cycles
    }
}

#[test]
fn cycles_are_found() {
    let lib = ("lib.rs", "pub mod a; mod b; pub mod c;");
    #[rustfmt::skip]
    let with_cycle: [&[(&str, &str)]; 7] = [
        &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B(crate::a::A);")],
        &[("a.rs", "use super::b; fn f() { b::g(); }"), ("b.rs", "use crate::c::C;"), ("c.rs", "use super::a::A; pub struct C;")],
        // Through names that are re-exported, under another name, in braces, or by a private `use` of the parent.
        &[("a/mod.rs", "mod x; mod y; pub use y::Y;"), ("a/x.rs", "use super::Y; pub struct X;"), ("a/y.rs", "use crate::a::x::X; pub struct Y;")],
        &[("a/mod.rs", "pub mod x; mod y; use y::Y as Z;"), ("a/x.rs", "use super::{Z}; pub struct X;"), ("a/y.rs", "use super::x::X; pub struct Y;")],
        &[("a.rs", "pub use crate::b::B;"), ("b.rs", "pub struct B; fn f(_: crate::c::C) {}"), ("c.rs", "pub struct C; use super::a;")],
        // Through an item that a parent defines in a `mod.rs`; through a file below another file.
        &[("a/mod.rs", "mod x; pub fn f() { x::g(); }"), ("a/x.rs", "pub fn g() { super::f(); }")],
        &[("a.rs", "mod x;"), ("a/x.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A; pub struct B;")],
    ];
    for files in with_cycle {
        let found = Files::new(files.iter().copied().chain([lib])).cycles();
        assert_eq!(found.len(), 1, "{files:?}: {found:?}");
    }
}

#[test]
fn files_without_a_cycle_are_accepted() {
    let lib = ("lib.rs", "pub mod a; mod b; pub mod c;");
    #[rustfmt::skip]
    let without_cycle: [&[(&str, &str)]; 5] = [
        &[("a.rs", "use crate::b::B; use crate::c::C;"), ("b.rs", "use crate::c::C;"), ("c.rs", "pub struct C;")],
        // A file and the files below it are one node.
        &[("a.rs", "mod x; pub struct A;"), ("a/x.rs", "use super::A; pub struct X;")],
        // A file that re-exports a name does not define it.
        &[("a/mod.rs", "mod x; mod y; pub use x::X; pub use y::Y;"), ("a/x.rs", "pub struct X;"), ("a/y.rs", "use super::X; pub struct Y;")],
        // Code for tests does not count.
        &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }")],
        &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B; #[cfg(test)] mod tests;"), ("b/tests.rs", "use crate::a::A;")],
    ];
    for files in without_cycle {
        let found = Files::new(files.iter().copied().chain([lib])).cycles();
        assert!(found.is_empty(), "{files:?}: {found:?}");
    }
}
