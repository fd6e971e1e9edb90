//! What the terminal can show, as far as its variables say.

use crate::ui::theme::Theme;

/// How to draw; `variable` looks up a variable of the environment.
///
/// Only ASCII on a Linux console, whose font has little else, and where the locale is not UTF-8. No colours where
/// `NO_COLOR` is set to anything.
pub fn theme(variable: impl Fn(&str) -> Option<String>) -> Theme {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(set)
        .unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    let term = set("TERM").unwrap_or_default();
    Theme {
        ascii: !utf8 || term == "linux",
        // Terminals that are known to have none.
        colour: set("NO_COLOR").is_none()
            && !term.starts_with("vt1")
            && !term.starts_with("vt2")
            && !term.ends_with("-mono"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Theme {
        theme(|name| {
            let found = variables.iter().find(|(there, _)| *there == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn ascii_on_a_console_and_without_utf8() {
        let xterm = ("TERM", "xterm-256color");
        assert!(!with(&[xterm, ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(!with(&[xterm, ("LANG", "C.utf8")]).ascii);
        assert!(with(&[xterm, ("LANG", "C")]).ascii);
        assert!(with(&[xterm]).ascii);
        assert!(
            with(&[xterm, ("LANG", "C.UTF-8"), ("LC_ALL", "POSIX")]).ascii,
            "the first that is set counts"
        );
        assert!(!with(&[xterm, ("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]).ascii);
        assert!(with(&[("TERM", "linux"), ("LANG", "C.UTF-8")]).ascii);
    }

    #[test]
    fn colour_unless_it_is_not_wanted_or_not_there() {
        assert!(with(&[("TERM", "xterm")]).colour);
        assert!(
            with(&[("TERM", "xterm"), ("NO_COLOR", "")]).colour,
            "set to nothing is not set"
        );
        assert!(!with(&[("TERM", "xterm"), ("NO_COLOR", "0")]).colour);
        assert!(!with(&[("TERM", "vt100")]).colour);
    }
}
