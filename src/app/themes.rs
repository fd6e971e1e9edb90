//! The list of themes.

/// The themes to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThemeChoices {
    /// The themes; empty if there is no file in which one could be saved.
    pub all: Vec<NamedTheme>,
    /// The name of the theme at the start.
    pub current: String,
}

/// A theme by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTheme {
    /// The name in the configuration.
    pub name: String,
    /// A description in a few words.
    pub description: String,
}

/// The overlay with the list of themes; the screen is shown in the selected one.
#[derive(Debug, Clone)]
pub struct ThemesOverlay {
    /// The themes.
    pub all: Vec<NamedTheme>,
    /// The selected row.
    pub selected: usize,
}

impl ThemesOverlay {
    /// The name of the selected theme; empty if there are no themes.
    pub fn name(&self) -> &str {
        self.all.get(self.selected).map_or("", |theme| &theme.name)
    }
}
