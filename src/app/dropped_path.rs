//! Recognizes the path of a file that was dropped on the terminal. It arrives as pasted text: quoted or escaped for a
//! shell, or as a `file:` URI.

use percent_encoding::percent_decode_str;

/// Reads pasted text as the path of a dropped file; `None` if the text is something else.
pub(super) fn dropped_path(pasted: &str) -> Option<String> {
    let text = pasted.trim();
    if let Some(rest) = text.strip_prefix("file://") {
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        if !path.starts_with('/') {
            return None;
        }
        let path = percent_decode_str(path).decode_utf8().ok()?;
        return Some(path.into_owned());
    }
    // A path with spaces is one word only if it was quoted or escaped.
    let words = shell_words::split(text).ok()?;
    match words.as_slice() {
        [path] if path.starts_with('/') => Some(path.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths_as_terminals_paste_them() {
        for (pasted, path) in [
            ("'/home/ana/my hats.csv' ", "/home/ana/my hats.csv"),
            ("\"/home/ana/my hats.csv\"\n", "/home/ana/my hats.csv"),
            ("/home/ana/my\\ hats\\ \\(1\\).csv ", "/home/ana/my hats (1).csv"),
            ("'/home/ana/it'\\''s.csv'", "/home/ana/it's.csv"),
            ("file:///home/ana/my%20h%C3%BCte.csv\r\n", "/home/ana/my hüte.csv"),
            ("file://localhost/tmp/a.json", "/tmp/a.json"),
            ("/tmp/a.json", "/tmp/a.json"),
        ] {
            assert_eq!(dropped_path(pasted).as_deref(), Some(path), "{pasted}");
        }
    }

    #[test]
    fn returns_none_for_other_text() {
        for pasted in [
            "",
            "hats.csv",
            "/home/ana/my hats.csv",
            "/home/o'brien/hats.csv",
            "/tmp/a.json /tmp/b.json",
            "file://elsewhere.example/a.json",
            "file:///%ff",
            "~/hats.csv",
        ] {
            assert_eq!(dropped_path(pasted), None, "{pasted}");
        }
    }
}
