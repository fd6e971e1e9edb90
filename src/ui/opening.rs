//! What is on the screen before the file is, and where there is no room for anything.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Phase, State};

use super::canvas::Canvas;
use super::text;

/// How far the reading is.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, body: Rect) {
    let Phase::Opening { done, of } = state.phase() else {
        return;
    };
    let middle = Rect {
        y: body.y + body.height.saturating_sub(3) / 2,
        height: body.height.min(3),
        ..body
    };
    let mut rows = middle.rows();
    let charset = canvas.charset();
    let (Some(first), Some(second)) = (rows.next(), rows.nth(1)) else {
        return;
    };
    let space = usize::from(first.width).saturating_sub(20);
    let file = text::cut_middle(&state.start().file, space, charset);
    let dots = charset.ellipsis();
    if state.trouble().is_some() {
        centred(canvas, first, &format!("{file} is left as it is"));
        let again = format!(
            "it is read again as soon as it changes; {} does it now, {} leaves",
            state.key("retry"),
            state.key("quit")
        );
        return centred(
            canvas,
            second,
            &text::cut(&again, usize::from(second.width), charset),
        );
    }
    centred(canvas, first, &format!("opening {file} {dots}"));
    if let Some(percent) = done.min(of).saturating_mul(100).checked_div(of) {
        let [full, empty] = canvas.theme.bar();
        let filled = usize::try_from(percent / 4).unwrap_or_default();
        let bar = full.repeat(filled) + &empty.repeat(25 - filled);
        centred(canvas, second, &format!("{bar} {percent:>3} %"));
    }
}

/// The only line of a screen that is too small; what was typed is still there when it grows.
pub(super) fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let line = Rect { height: 1, ..area };
    let least = format!("{}x{}", super::layout::LEAST_WIDTH, super::layout::LEAST_HEIGHT);
    let says = [
        format!("too small, needs {least}; nothing is lost"),
        format!("too small, needs {least}"),
        format!("needs {least}"),
    ];
    let fits = |says: &&String| text::width(says) <= usize::from(area.width);
    let shown = says.iter().find(fits).map_or("too small", String::as_str);
    canvas.text(line, shown, Style::new());
}

fn centred(canvas: &mut Canvas<'_>, line: Rect, shown: &str) {
    let columns = u16::try_from(text::width(shown)).unwrap_or(line.width);
    let indent = line.width.saturating_sub(columns) / 2;
    let line = Rect {
        x: line.x + indent,
        width: line.width - indent,
        ..line
    };
    canvas.left(line, shown, Style::new());
}
