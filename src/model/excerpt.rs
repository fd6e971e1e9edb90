//! Texts quoted in errors: shortened, and with invisible characters escaped.

/// The first 80 characters, with an ellipsis if there are more.
pub(super) fn truncated(text: &str) -> String {
    const MAX_CHARS: usize = 80;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}

/// The truncated text in double quotes, with control and other invisible characters escaped.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", truncated(text))
}
