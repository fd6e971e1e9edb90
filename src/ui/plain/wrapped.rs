//! Lists whose long rows are wrapped.

use crate::app::view::{ListRow, ListView};
use crate::ui::text::{self, Charset};

use super::{MAX_PARAGRAPH_LINES, PageContent, static_lines};

/// The rows of a list as sentences; those that do not fit into a line continue in the next ones.
pub(super) fn rows(
    heading: String,
    list: &ListView<'_>,
    charset: Charset,
    width: usize,
) -> PageContent<'static> {
    let (mut lines, mut cursor_line) = (Vec::new(), 0);
    for index in 0..list.len {
        if list.selected == Some(index) {
            cursor_line = lines.len();
        }
        let row = (list.row)(index);
        let target = match &row {
            ListRow::Item(item) => Some(item.mouse_target),
            ListRow::Heading(_) => None,
        };
        let wrapped = text::wrap_limited(&row.sentence(), width, MAX_PARAGRAPH_LINES, charset);
        lines.extend(wrapped.into_iter().map(|line| (line, target)));
    }
    PageContent {
        cursor_line,
        ..static_lines(heading, lines, String::new())
    }
}
