//! Parses the values of a server's settings.

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;

use super::read::{TomlValue, ValueError, string};
use crate::model::Jid;
use crate::server::{CommandLine, TlsMode};

/// The longest timeout that can be set, in seconds.
const MAX_TIMEOUT_SECONDS: u64 = 600;

/// Parses a value that must be one of several words. Returns the meaning of the word.
pub(super) fn one_of<T: Copy, const N: usize>(
    value: &TomlValue<'_>,
    name: &str,
    words: [(&str, T); N],
) -> Result<T, ValueError> {
    let known = words.map(|(word, _)| format!("{word:?}")).join(", ");
    let DeValue::String(text) = value.get_ref() else {
        return Err((value.span().start, format!("{name} must be one of {known}")));
    };
    let found = words.iter().find(|(word, _)| *word == text.as_ref());
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        (
            value.span().start,
            format!("{name} must be one of {known}, not {text:?}"),
        )
    })
}

/// Parses a list of at least one string. Returns each string with its byte offset in the file. `expected` is the error
/// message.
pub(super) fn strings<'a>(
    value: &'a TomlValue<'_>,
    expected: &str,
) -> Result<Vec<(usize, &'a str)>, ValueError> {
    let DeValue::Array(all) = value.get_ref() else {
        return Err((value.span().start, expected.into()));
    };
    if all.is_empty() {
        return Err((value.span().start, expected.into()));
    }
    all.iter()
        .map(|item| match item.get_ref() {
            DeValue::String(text) => Ok((item.span().start, text.as_ref())),
            _ => Err((item.span().start, expected.into())),
        })
        .collect()
}

/// Parses a program with its arguments.
pub(super) fn command(value: &TomlValue<'_>, name: &str) -> Result<CommandLine, ValueError> {
    let (example, argument) = match name {
        "password-command" => ("/usr/bin/pass", "xmpp/moderator"),
        _ => ("/usr/bin/ssh", "chat.example.org"),
    };
    let expected = format!(
        "{name} must be a list: an absolute path of a program, and its arguments, such as [\"{example}\", \"{argument}\"]"
    );
    let words = strings(value, &expected)?;
    if let Some((offset, _)) = words.iter().find(|(_, word)| word.contains('\0')) {
        return Err((*offset, format!("{name} contains a NUL character")));
    }
    let mut words = words.into_iter();
    let Some((offset, program)) = words.next() else {
        return Err((value.span().start, expected));
    };
    if !is_absolute(program) {
        return Err((
            offset,
            format!("{name}: the program {program:?} must be an absolute path, such as {example:?}"),
        ));
    }
    Ok(CommandLine {
        program: program.into(),
        arguments: words.map(|(_, word)| word.to_owned()).collect(),
        variables: Vec::new(),
    })
}

/// Parses an absolute path.
pub(super) fn absolute_path(value: &TomlValue<'_>, name: &str) -> Result<PathBuf, ValueError> {
    let text = string(value, name)?;
    if !is_absolute(text) {
        return Err((
            value.span().start,
            format!("{name} must be an absolute path, not {text:?}"),
        ));
    }
    Ok(text.into())
}

/// Whether a path is absolute and without NUL characters. `~` is not supported, as the home folder would depend on the
/// session.
fn is_absolute(text: &str) -> bool {
    Path::new(text).is_absolute() && !text.contains('\0')
}

/// Parses a whole number of seconds, from 1 to [`MAX_TIMEOUT_SECONDS`].
pub(super) fn seconds(value: &TomlValue<'_>, name: &str) -> Result<Duration, ValueError> {
    let number = match value.get_ref() {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let number = number.filter(|number| (1..=MAX_TIMEOUT_SECONDS).contains(number));
    number.map(Duration::from_secs).ok_or_else(|| {
        (
            value.span().start,
            format!("{name} must be a number of seconds, 1 to {MAX_TIMEOUT_SECONDS}"),
        )
    })
}

/// Parses a domain. Returns a JID without a local part.
pub(super) fn domain(text: &str) -> Result<Jid, String> {
    let expected = "expected a domain, such as conference.example.org";
    if text.contains(['@', '/']) {
        return Err(expected.into());
    }
    Jid::parse(text).map_err(|error| format!("{}; {expected}", error.reason))
}

/// Parses the JID of an account: with a local part, without a resource.
pub(super) fn account_jid(value: &TomlValue<'_>, name: &str) -> Result<Jid, ValueError> {
    let text = string(value, name)?;
    let jid = Jid::parse(text).map_err(|error| (value.span().start, format!("{name}: {error}")))?;
    if jid.local().is_none() || text.contains('/') {
        return Err((
            value.span().start,
            format!(
                "{name} must be the address of an account, such as \"moderator@example.net\", not {text:?}"
            ),
        ));
    }
    Ok(jid)
}

/// Parses a host name or an IP address, with or without a port. The default port is 5223 for direct TLS, otherwise 5222.
pub(super) fn address(value: &TomlValue<'_>, name: &str, tls: TlsMode) -> Result<(String, u16), ValueError> {
    let text = string(value, name)?;
    let default_port = if tls == TlsMode::Direct { 5223 } else { 5222 };
    split_address(text, default_port).ok_or_else(|| {
        (
            value.span().start,
            format!(
                "{name} must be a host, with or without a port, such as \"chat.example.net:5222\", \"127.0.0.1:5222\" or \"[::1]:5222\", not {text:?}"
            ),
        )
    })
}

fn split_address(text: &str, default_port: u16) -> Option<(String, u16)> {
    if let Some(inside) = text.strip_prefix('[') {
        let (host, after) = inside.split_once(']')?;
        let host: Ipv6Addr = host.parse().ok()?;
        let port = match after.strip_prefix(':') {
            Some(port) => port_number(port)?,
            None if after.is_empty() => default_port,
            None => return None,
        };
        return Some((host.to_string(), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, port_number(port)?),
        None => (text, default_port),
    };
    domain(host).ok().map(|_| (host.to_owned(), port))
}

fn port_number(text: &str) -> Option<u16> {
    let has_only_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| has_only_digits && *port != 0)
}
