//! The remarks above the body of an overlay.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::view::Remark;
use crate::ui::layout::with_margin;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

/// Minimum number of rows in an overlay whose remarks may have several lines.
const MIN_HEIGHT_TO_WRAP: u16 = 14;
/// Maximum number of lines of a remark in such an overlay.
const MAX_LINES: usize = 3;

/// Returns the lines of the remarks; one for each remark if otherwise too few rows remained for the body.
pub(super) fn wrapped(remarks: &[Remark], area: Rect, theme: &Theme) -> Vec<(Sanitized<'static>, Style)> {
    let max_lines = if area.height < MIN_HEIGHT_TO_WRAP {
        1
    } else {
        MAX_LINES
    };
    let columns = with_margin(area).width.into();
    let mut lines = Vec::new();
    for remark in remarks {
        let (text, style) = if remark.is_error {
            let text = format!("{} {}", theme.warning_mark(), remark.text);
            (text, theme.error())
        } else {
            (remark.text.clone(), theme.warning())
        };
        let wrapped = Sanitized::wrapped(&text, columns, max_lines, theme.charset());
        lines.extend(wrapped.into_iter().map(|line| (line, style)));
    }
    lines
}
