//! The overlay that shows a text in full. One of its lines is selected, as in a list, so that a long text can be
//! scrolled.

use std::sync::Arc;

use super::wrap::wrap_paragraphs;

/// Maximum width, with the frame, in columns.
pub(super) const MAX_COLUMNS: u16 = 100;
/// Columns next to the text: the frame, the marker of the selected line, a margin.
const FRAME_COLUMNS: u16 = 4;

/// The overlay that shows a text in full.
#[derive(Debug, Clone)]
pub struct DetailsOverlay {
    /// The heading, one to three words.
    pub title: &'static str,
    paragraphs: Arc<[String]>,
    lines: Arc<[String]>,
    /// The selected line.
    pub selected: usize,
    /// Whether the text describes a difference in the comparison that is open under this overlay, so that yours or
    /// theirs can be chosen.
    pub(super) is_difference: bool,
}

impl DetailsOverlay {
    /// Creates the overlay for a screen of this width.
    pub(super) fn new(title: &'static str, paragraphs: Vec<String>, columns: u16) -> Self {
        let mut details = Self {
            title,
            paragraphs: paragraphs.into(),
            lines: Arc::from([]),
            selected: 0,
            is_difference: false,
        };
        details.wrap(columns);
        details
    }

    /// Wraps the text for a screen of this width.
    pub(super) fn wrap(&mut self, columns: u16) {
        let columns = columns.min(MAX_COLUMNS).saturating_sub(FRAME_COLUMNS);
        self.lines = wrap_paragraphs(&self.paragraphs, columns.into()).into();
        self.selected = self.selected.min(self.lines.len().saturating_sub(1));
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}
