//! The roles of styles, with their names in the configuration.

/// The role of a style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum StyleRole {
    /// The focused frame.
    Border,
    /// Other frames.
    BorderInactive,
    /// The title of the focused frame.
    Title,
    /// Other titles.
    TitleInactive,
    /// The selected row of the focused list.
    Selected,
    /// The selected row of other lists.
    SelectedInactive,
    /// Text that matches the filter.
    Matched,
    /// Emphasized text.
    Strong,
    /// Less important text.
    Faint,
    /// The name of a key.
    Key,
    /// Success.
    Success,
    /// Warnings.
    Warning,
    /// Errors.
    Error,
    /// Banned users.
    Banned,
}

/// Number of roles.
pub(super) const ROLES: usize = 14;

impl StyleRole {
    /// All roles, with their names in the configuration and their descriptions.
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
