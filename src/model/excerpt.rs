//! Texts in errors: short, and with nothing that cannot be seen.

/// A text as it can be said in an error: of one longer than 80 characters the beginning.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.into(),
    }
}

/// The same in quotes, with escapes for all that cannot be seen.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", shortened(text))
}
