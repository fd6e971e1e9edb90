//! Completes the path of a file as a shell does: up to the longest common beginning of the matching names.

use super::folding;

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderEntry {
    /// The name.
    pub name: String,
    /// Whether the entry is a folder.
    pub is_folder: bool,
}

/// The completion of a typed path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CompletedPath {
    /// The path, as far as all matching names agree.
    pub(super) path: String,
    /// The matching names, folders with a trailing slash.
    pub(super) names: Vec<String>,
}

/// Splits a typed path into its folder, with a trailing slash, and the beginning of a name in this folder.
pub fn split(typed: &str) -> (&str, &str) {
    let start = typed.rfind('/').map_or(0, |slash| slash + 1);
    typed.split_at_checked(start).unwrap_or(("", typed))
}

/// Whether a name can complete a typed beginning. Hidden names can only if their dot was typed; names with control
/// characters, which could disturb the screen, cannot.
pub fn is_candidate(name: &str, beginning: &str) -> bool {
    let is_shown = !name.starts_with('.') || beginning.starts_with('.');
    is_shown && name.starts_with(beginning) && !name.contains(char::is_control)
}

/// Completes a path from the entries of its folder. The path is unchanged if no name matches.
pub(super) fn complete(typed: &str, entries: &[FolderEntry]) -> CompletedPath {
    let (folder, beginning) = split(typed);
    let mut names: Vec<String> = entries
        .iter()
        .filter(|entry| is_candidate(&entry.name, beginning))
        .map(|entry| format!("{}{}", entry.name, if entry.is_folder { "/" } else { "" }))
        .collect();
    names.sort_by(|one, other| folding::compare(one, other));
    let common = names
        .iter()
        .fold(None, |common: Option<&str>, name| match common {
            None => Some(name),
            Some(common) => Some(common_beginning(common, name)),
        });
    CompletedPath {
        path: format!("{folder}{}", common.unwrap_or(beginning)),
        names,
    }
}

fn common_beginning<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.char_indices().zip(other.chars());
    let end = same.take_while(|((_, a), b)| a == b).last();
    let end = end.map_or(0, |((start, character), _)| start + character.len_utf8());
    one.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(typed: &str) -> (String, Vec<String>) {
        let entry = |name: &str| FolderEntry {
            name: name.trim_end_matches('/').into(),
            is_folder: name.ends_with('/'),
        };
        let names = [
            "hats.csv",
            "hats.json",
            "hüte.csv",
            "hüte 10.csv",
            "hüte 2.csv",
            "old/",
            ".secret",
            "a\u{1b}b",
        ];
        let CompletedPath { path, names } = complete(typed, &names.map(entry));
        (path, names)
    }

    #[test]
    fn completes_as_far_as_names_agree() {
        for (typed, path, number) in [
            ("ha", "hats.", 2),
            ("hats.c", "hats.csv", 1),
            ("~/x/h", "~/x/h", 5),
            ("/tmp/o", "/tmp/old/", 1),
            ("hü", "hüte", 3),
            ("", "", 6),
            (".", ".secret", 1),
            ("none", "none", 0),
            ("/tmp/a", "/tmp/a", 0),
        ] {
            let (completed, names) = completed(typed);
            assert_eq!(
                (completed.as_str(), names.len()),
                (path, number),
                "{typed}: {names:?}"
            );
        }
        assert_eq!(completed("hü").1, ["hüte 2.csv", "hüte 10.csv", "hüte.csv"]);
    }

    proptest::proptest! {
        #[test]
        fn completing_only_adds(typed in "[a-zü./]{0,8}", names in proptest::collection::vec("[a-zü.]{1,6}", 0..6)) {
            let entries: Vec<FolderEntry> =
                names.into_iter().map(|name| FolderEntry { name, is_folder: false }).collect();
            let completed = complete(&typed, &entries);
            proptest::prop_assert!(completed.path.starts_with(&typed));
            let again = complete(&completed.path, &entries);
            proptest::prop_assert_eq!(again, completed);
        }
    }
}
