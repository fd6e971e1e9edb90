//! What styles are for, by the names that themes have for them.

/// What a style is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum StyleRole {
    /// The frame that has the focus.
    Border,
    /// Any other frame.
    BorderInactive,
    /// The title of the frame that has the focus.
    Title,
    /// Any other title.
    TitleInactive,
    /// The row that the keys act on.
    Selected,
    /// The selected row where the keys do not go.
    SelectedInactive,
    /// The letters that a filter found.
    Matched,
    /// What is read first.
    Strong,
    /// What is read last.
    Faint,
    /// A key that can be pressed.
    Key,
    /// What went well.
    Success,
    /// What needs a look.
    Warning,
    /// What went wrong.
    Error,
    /// Who may not be here.
    Banned,
}

/// How many roles there are.
pub(super) const ROLES: usize = 14;

impl StyleRole {
    /// All of them, with the names that a theme has for them and what they are for.
    pub const ALL: [(Self, &'static str, &'static str); ROLES] = [
        (Self::Border, "border", "the frame that has the focus"),
        (Self::BorderInactive, "border-other", "any other frame"),
        (Self::Title, "title", "the title of the frame that has the focus"),
        (Self::TitleInactive, "title-other", "any other title"),
        (Self::Selected, "selected", "the row that the keys act on"),
        (
            Self::SelectedInactive,
            "selected-other",
            "the selected row where the keys do not go",
        ),
        (Self::Matched, "matched", "the letters that a filter found"),
        (Self::Strong, "strong", "what is read first"),
        (Self::Faint, "faint", "what is read last"),
        (Self::Key, "key", "a key that can be pressed"),
        (Self::Success, "good", "what went well"),
        (Self::Warning, "warning", "what needs a look"),
        (Self::Error, "error", "what went wrong"),
        (Self::Banned, "banned", "who may not be here"),
    ];
}
