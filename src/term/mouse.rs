//! Turns mouse events into messages, and detects double clicks.

use std::time::{Duration, Instant};

use ratatui::layout::Position;

use super::input::{Mouse, MouseAction};
use crate::app::{MouseTarget, Msg};

/// Maximum time between the two clicks of a double click.
const DOUBLE_CLICK_TIMEOUT: Duration = Duration::from_millis(400);

/// The previous click, while it may be the first of a double click.
#[derive(Debug, Default)]
pub(super) struct ClickTracker(Option<(Instant, Position)>);

impl ClickTracker {
    /// Returns the message for a mouse event, and remembers a click. `targets` are the targets under the pointer, the
    /// outermost first.
    pub(super) fn message(&mut self, targets: Vec<MouseTarget>, mouse: Mouse, now: Instant) -> Msg {
        let position = Position::new(mouse.column, mouse.row);
        let previous = self.0.take();
        match mouse.action {
            MouseAction::WheelUp => Msg::Wheel { targets, down: false },
            MouseAction::WheelDown => Msg::Wheel { targets, down: true },
            MouseAction::Press => {
                let is_double = |(time, other)| {
                    other == position && now.saturating_duration_since(time) <= DOUBLE_CLICK_TIMEOUT
                };
                let double = previous.is_some_and(is_double);
                self.0 = (!double).then_some((now, position));
                Msg::Click { targets, double }
            }
        }
    }

    /// Forgets the previous click, because something else happened since.
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
        let mut is_double_click = |after_ms: u64, column: u16, action: MouseAction| {
            let mouse = Mouse {
                action,
                column,
                row: 5,
            };
            let now = begin + Duration::from_millis(after_ms);
            matches!(
                clicks.message(Vec::new(), mouse, now),
                Msg::Click { double: true, .. }
            )
        };
        let click = MouseAction::Press;
        assert!(!is_double_click(0, 7, click));
        assert!(is_double_click(300, 7, click));
        assert!(!is_double_click(400, 7, click), "a third click is a single one");
        assert!(!is_double_click(500, 8, click), "at another position");
        assert!(!is_double_click(1000, 8, click), "too late");
        assert!(!is_double_click(1010, 8, MouseAction::WheelDown));
        assert!(!is_double_click(1020, 8, click), "after another event");
    }
}
