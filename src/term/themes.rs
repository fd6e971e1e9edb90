//! The themes that can be chosen in a session.

use std::path::{Path, PathBuf};

use super::look::Look;

/// The themes of a session.
#[derive(Debug, Clone)]
pub struct Themes {
    /// The look at the start.
    pub start: Look,
    /// The look of each theme, by the name of the theme.
    pub looks: Vec<(String, Look)>,
    /// The file in which a theme is saved; `None`: themes cannot be saved.
    pub file: Option<ThemeFile>,
}

/// The configuration file in which a theme is saved.
#[derive(Debug, Clone)]
pub struct ThemeFile {
    /// The file.
    pub path: PathBuf,
    /// Saves the theme of this name in the file.
    pub save: fn(&Path, &str) -> Result<(), String>,
}

impl Themes {
    /// Creates themes with only this look; no theme can be chosen.
    pub fn only(look: Look) -> Self {
        Self {
            start: look,
            looks: Vec::new(),
            file: None,
        }
    }

    /// The look of a theme; the look at the start if there is no theme of this name.
    pub(super) fn look(&self, name: &str) -> &Look {
        let found = self.looks.iter().find(|(other, _)| other == name);
        found.map_or(&self.start, |(_, look)| look)
    }
}
