//! Queries the terminal at most once, when a look needs it: for its background color (OSC 11), and then for its device
//! attributes (DA1). Every terminal replies to the second query; a reply to the first comes before that, or never.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::input::Input;
use super::look::Look;
use super::session::Session;
use crate::ui::Theme;
use crate::ui::color::Rgb;

/// OSC 11 and DA1.
const QUERY: &str = "\x1b]11;?\x07\x1b[c";
/// A reply that has not arrived this long after the query is no longer expected.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// Quitting waits at most this long for the reply.
const EXIT_WAIT: Duration = Duration::from_millis(150);

/// The look of the screen, updated when the terminal reports its background color.
pub(super) struct TerminalQuery {
    look: Look,
    /// The background color that the terminal reported.
    background: Option<Rgb>,
    pub(super) theme: Theme,
    /// The time of the query; `None` if the terminal was not queried.
    sent_at: Option<Instant>,
    /// Whether the terminal has replied to the second query.
    answered: Arc<AtomicBool>,
}

impl TerminalQuery {
    pub(super) fn new(look: Look) -> Self {
        Self {
            theme: look.theme(),
            look,
            background: None,
            sent_at: None,
            answered: Arc::default(),
        }
    }

    /// Returns a function that looks for the reply in input, for the thread that reads the input.
    pub(super) fn observer(&self) -> impl Fn(&[Input]) + Send + use<> {
        let answered = self.answered.clone();
        move |inputs| {
            if inputs.contains(&Input::QueryAnswered) {
                answered.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Sends the query if it is useful and was not sent before. Does not wait for the reply.
    pub(super) fn send(&mut self, session: &mut Session) -> io::Result<()> {
        if !self.look.should_query() || self.sent_at.is_some() {
            return Ok(());
        }
        self.sent_at = Some(Instant::now());
        session.write(QUERY)
    }

    /// Sets the background color reported by the terminal.
    pub(super) fn set_background(&mut self, background: Rgb) {
        self.background = Some(background);
        if self.look.is_background_unknown() {
            self.look.set_background(background);
        }
        self.theme = self.look.theme();
    }

    /// Changes the look. Queries the terminal if this look needs it and the terminal was not queried before.
    pub(super) fn show(&mut self, look: Look, session: &mut Session) -> io::Result<()> {
        self.look = look;
        match self.background {
            Some(background) => self.set_background(background),
            None => self.theme = self.look.theme(),
        }
        self.send(session)
    }

    /// Waits briefly for the reply when quitting, because otherwise the shell would read it.
    pub(super) fn wait_for_answer(&self) {
        let Some(sent_at) = self.sent_at else { return };
        let end = (sent_at + ANSWER_TIMEOUT).min(Instant::now() + EXIT_WAIT);
        while !self.answered.load(Ordering::Relaxed) && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Parses the color in a reply such as `11;rgb:ffff/ffff/ffff`; each part has one to four hexadecimal digits. The fourth
/// part of `11;rgba:…` is ignored.
pub(super) fn parse_background(text: &[u8]) -> Option<Rgb> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("11;rgb")?;
    let (_, parts) = text.split_once(':')?;
    let mut parts = parts.split('/').map(|part| {
        let is_valid = (1..=4).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u32::from_str_radix(part, 16).ok().filter(|_| is_valid)?;
        u8::try_from(number * 255 / (16_u32.pow(u32::try_from(part.len()).ok()?) - 1)).ok()
    });
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_background_color() {
        assert_eq!(parse_background(b"11;rgb:ffff/8080/0000"), Some((255, 128, 0)));
        assert_eq!(parse_background(b"11;rgb:1e/1e/2e"), Some((30, 30, 46)));
        assert_eq!(parse_background(b"11;rgba:f/0/0/f"), Some((255, 0, 0)));
        for text in [
            &b"11;?"[..],
            b"10;rgb:ffff/ffff/ffff",
            b"11;rgb:ff/ff",
            b"11;rgb:fffff/0/0",
            b"11;rgb://",
            b"11;rgb:+f/0/0",
        ] {
            assert_eq!(parse_background(text), None, "{text:?}");
        }
    }
}
