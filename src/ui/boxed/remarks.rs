//! The remarks above the body of an overlay.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::view::Remark;
use crate::ui::layout::with_margin;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

/// The rows that an overlay needs to fold its remarks.
const MIN_HEIGHT_TO_FOLD: u16 = 14;
/// The most lines of a remark there.
const MAX_LINES: usize = 3;

/// The lines of the remarks, folded where that leaves enough rows for the body.
pub(super) fn folded(remarks: &[Remark], area: Rect, theme: &Theme) -> Vec<(Sanitized<'static>, Style)> {
    let most = if area.height < MIN_HEIGHT_TO_FOLD {
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
        let folded = Sanitized::wrapped(&text, columns, most, theme.charset());
        lines.extend(folded.into_iter().map(|line| (line, style)));
    }
    lines
}
