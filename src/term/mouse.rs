//! Turns mouse events into messages, and detects double clicks.

use std::time::{Duration, Instant};

use ratatui::layout::Position;

use super::input::{Mouse, MouseAction};
use crate::app::{MouseTarget, Msg};

/// Maximum time between the two clicks of a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);

/// The previous click, while it may be the first of a double click.
#[derive(Debug, Default)]
pub(super) struct ClickTracker(Option<(Instant, Position)>);

impl ClickTracker {
    /// The message for a mouse event; `on` is what is under the pointer.
    pub(super) fn message(&mut self, on: Vec<MouseTarget>, mouse: Mouse, now: Instant) -> Msg {
        let at = Position::new(mouse.column, mouse.row);
        let before = self.0.take();
        match mouse.action {
            MouseAction::WheelUp => Msg::Wheel { on, down: false },
            MouseAction::WheelDown => Msg::Wheel { on, down: true },
            MouseAction::Press => {
                let is_double =
                    |(then, place)| place == at && now.saturating_duration_since(then) <= DOUBLE_CLICK;
                let double = before.is_some_and(is_double);
                self.0 = (!double).then_some((now, at));
                Msg::Click { on, double }
            }
        }
    }

    /// Something else happened: the next click is a first one.
    pub(super) fn reset(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_double_clicks() {
        let (begin, mut clicks) = (Instant::now(), ClickTracker::default());
        let mut press = |after: u64, column: u16, action: MouseAction| {
            let mouse = Mouse {
                action,
                column,
                row: 5,
            };
            let now = begin + Duration::from_millis(after);
            matches!(
                clicks.message(Vec::new(), mouse, now),
                Msg::Click { double: true, .. }
            )
        };
        let click = MouseAction::Press;
        assert!(!press(0, 7, click));
        assert!(press(300, 7, click));
        assert!(!press(400, 7, click), "a third click is a single one");
        assert!(!press(500, 8, click), "at another position");
        assert!(!press(1000, 8, click), "too late");
        assert!(!press(1010, 8, MouseAction::WheelDown));
        assert!(!press(1020, 8, click), "another event in between");
    }
}
