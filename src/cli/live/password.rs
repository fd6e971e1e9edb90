//! Asking for a password on the terminal, where nothing of it is shown.

use std::io::{IsTerminal as _, Read as _, Write as _, stderr, stdin};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::model::Jid;
use crate::sync::Secret;
use crate::ui::text;

/// The longest password, in bytes.
const LONGEST: usize = 1024;

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Given {
    Password(Secret),
    /// Nobody is there to ask, or gave none.
    Nothing,
    /// Ctrl-C.
    Interrupted,
}

impl From<Given> for Option<Secret> {
    fn from(given: Given) -> Self {
        match given {
            Given::Password(password) => Some(password),
            Given::Nothing | Given::Interrupted => None,
        }
    }
}

pub(in crate::cli) fn ask(account: &Jid) -> Given {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Given::Nothing;
    }
    let Ok(before) = tcgetattr(stdin()) else {
        return Given::Nothing;
    };
    let mut hidden = before.clone();
    hidden
        .local_modes
        .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    if tcsetattr(stdin(), OptionalActions::Flush, &hidden).is_err() {
        return Given::Nothing;
    }
    // Only now, so that what is typed at the question is neither shown nor discarded.
    let _ = write!(stderr(), "Password of {}: ", text::sanitize(account.as_str()));
    let _ = stderr().flush();
    let given = read();
    let _ = tcsetattr(stdin(), OptionalActions::Flush, &before);
    let _ = writeln!(stderr());
    given
}

/// Reads to the end of the line, key by key.
fn read() -> Given {
    let mut password = Vec::new();
    let mut byte = [0];
    loop {
        match stdin().read(&mut byte) {
            Ok(1..) => {}
            Ok(0) | Err(_) => return Given::Nothing,
        }
        match byte {
            [b'\r' | b'\n'] => break,
            [3] => return Given::Interrupted,
            [4] if password.is_empty() => return Given::Nothing,
            [8 | 127] => while password.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            [21] => password.clear(),
            [byte] if password.len() < LONGEST => password.push(byte),
            [_] => {}
        }
    }
    match String::from_utf8(password) {
        Ok(password) if !password.is_empty() => Given::Password(Secret::new(password)),
        _ => Given::Nothing,
    }
}
