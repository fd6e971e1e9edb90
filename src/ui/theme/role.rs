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
        (Self::Border, "border", "the frame of the focused pane"),
        (Self::BorderInactive, "border-other", "other frames"),
        (Self::Title, "title", "the title of the focused pane"),
        (Self::TitleInactive, "title-other", "other titles"),
        (Self::Selected, "selected", "the selected row of the focused pane"),
        (
            Self::SelectedInactive,
            "selected-other",
            "the selected row of other panes",
        ),
        (Self::Matched, "matched", "letters that match a filter"),
        (Self::Strong, "strong", "primary text"),
        (Self::Faint, "faint", "secondary text"),
        (Self::Key, "key", "key names"),
        (Self::Success, "good", "success"),
        (Self::Warning, "warning", "warnings"),
        (Self::Error, "error", "errors"),
        (Self::Banned, "banned", "banned users"),
    ];
}
