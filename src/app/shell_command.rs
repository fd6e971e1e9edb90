//! Converts changes into commands of `hatrack` for a shell.

use std::borrow::Cow;

use crate::model::{
    Affiliation, Attachment, CatalogHat, Edit, EditGroup, Extra, HatId, Jid, MAX_INPUT_BYTES, Room, User,
};

use super::hat_color;

/// The data file that commands use without `--file`, as displayed.
const DEFAULT_FILE: &str = "~/.config/hatrack/hats.json";

/// Returns the commands that make a change, in order and quoted for sh. `reason`: the reason for the change; `file`:
/// the displayed path of the data file.
///
/// Errors: the part of the change that no command can make, as a clause.
pub fn commands(group: &EditGroup, reason: Option<&str>, file: &str) -> Result<Vec<String>, String> {
    let mut commands = Vec::new();
    for edit in &group.0 {
        add_edit(edit, &mut commands)?;
    }
    if commands.is_empty() {
        return Err("nothing was changed".into());
    }
    if let Some(reason) = reason {
        let reason = label_argument(reason)?;
        for command in &mut commands {
            command.options.extend(["--reason".to_owned(), reason.to_owned()]);
        }
    }
    commands.into_iter().map(|command| command.line(file)).collect()
}

/// Joins commands to one script, which ends when a command fails.
pub fn script(commands: &[String]) -> String {
    commands.join(&[" &&", "\n"].concat())
}

/// A command: its name, its arguments and its options.
struct ShellCommand<'a> {
    name: &'static [&'static str],
    arguments: Vec<&'a str>,
    options: Vec<String>,
}

impl ShellCommand<'_> {
    /// Writes the command as a line, quoted for sh. `file`: the displayed path of the data file.
    fn line(&self, file: &str) -> Result<String, String> {
        let mut options = self.options.clone();
        if file != DEFAULT_FILE {
            options.extend(["--file".to_owned(), file.to_owned()]);
        }
        for text in self
            .arguments
            .iter()
            .copied()
            .chain(options.iter().map(String::as_str))
        {
            check_argument(text)?;
        }
        let name = std::iter::once("hatrack").chain(self.name.iter().copied());
        let arguments = self.arguments.iter().copied();
        let options = options.iter().map(String::as_str);
        // After two dashes, a word that starts with a dash is not an option.
        let words: Vec<&str> = if self.arguments.iter().any(|argument| argument.starts_with('-')) {
            name.chain(options).chain(["--"]).chain(arguments).collect()
        } else {
            name.chain(arguments).chain(options).collect()
        };
        let quoted: Vec<Cow<'_, str>> = words
            .into_iter()
            .map(|word| match word.strip_prefix("~/") {
                // In quotes, ~ would not mean the home folder.
                Some(path) if word == file => format!("~/{}", shell_words::quote(path)).into(),
                _ => shell_words::quote(word),
            })
            .collect();
        Ok(quoted.join(" "))
    }
}

/// Fails for a text that the command line rejects, or that cannot be pasted into a terminal unchanged.
fn check_argument(text: &str) -> Result<(), String> {
    let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(is_unsafe) {
        return Err(format!("{text:?} contains a line break or control character"));
    }
    // This character stands for bytes that are not text, such as some in a path.
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(format!("{text:?} contains an unknown character"));
    }
    if text.len() > MAX_INPUT_BYTES {
        return Err("a text is longer than 1,024 bytes".into());
    }
    Ok(())
}

/// Adds the commands that make an edit.
fn add_edit<'a>(edit: &'a Edit, commands: &mut Vec<ShellCommand<'a>>) -> Result<(), String> {
    match edit {
        Edit::Room { room, before, after } => match (before, after) {
            (None, Some(after)) => add_room(room, after, commands),
            (Some(_), None) => push(
                commands,
                &["room", "remove"],
                vec![address_argument(room, true)?],
                Vec::new(),
            ),
            _ => Err(format!("unrecognized fields of {room} were changed")),
        },
        Edit::RoomName { room, after, .. } => {
            let mut arguments = vec![address_argument(room, true)?];
            let mut options = Vec::new();
            match after {
                Some(name) => arguments.push(label_argument(name)?),
                None => options.push("--clear".into()),
            }
            push(commands, &["room", "rename"], arguments, options)
        }
        Edit::Catalog {
            room,
            hat,
            before,
            after,
        } => {
            if let Some(after) = after {
                define(room, hat, before.as_ref(), after, commands)
            } else {
                let arguments = vec![address_argument(room, true)?, hat_id_argument(hat)?];
                push(commands, &["catalog", "remove"], arguments, Vec::new())
            }
        }
        Edit::User {
            room,
            user,
            before,
            after,
        } => match (before, after) {
            (None, Some(after)) => add_user(room, user, after, commands),
            (Some(_), None) => affiliate(room, user, Affiliation::None, commands),
            _ => Err(format!("unrecognized fields of {user} were changed")),
        },
        Edit::Affiliation {
            room, user, after, ..
        } => affiliate(room, user, *after, commands),
        Edit::Hat {
            room,
            user,
            hat,
            after,
            ..
        } => {
            if let Some(after) = after {
                add_hat(room, user, hat, after, commands)
            } else {
                let arguments = vec![
                    address_argument(room, true)?,
                    address_argument(user, false)?,
                    hat_id_argument(hat)?,
                ];
                push(commands, &["remove"], arguments, Vec::new())
            }
        }
        Edit::OtherFields { before, after } => change_sets(before, after, commands),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the last call of functions that can fail"
)]
fn push<'a>(
    commands: &mut Vec<ShellCommand<'a>>,
    name: &'static [&'static str],
    arguments: Vec<&'a str>,
    options: Vec<String>,
) -> Result<(), String> {
    commands.push(ShellCommand {
        name,
        arguments,
        options,
    });
    Ok(())
}

/// Returns the address, unless the command line would read it as another one.
fn address_argument(jid: &Jid, is_room: bool) -> Result<&str, String> {
    let parsed = if is_room {
        Jid::parse_room_input(jid.as_str())
    } else {
        Jid::parse_input(jid.as_str())
    };
    match parsed {
        Ok(parsed) if parsed == *jid => Ok(jid.as_str()),
        _ => Err(format!("commands do not accept the address {jid}")),
    }
}

/// Returns the ID if it is a URI: the command line would read another text as the title of a hat.
fn hat_id_argument(hat: &HatId) -> Result<&str, String> {
    if hat.is_uri() {
        Ok(hat.as_str())
    } else {
        Err(format!("the hat ID {:?} is not a URI", hat.as_str()))
    }
}

/// Returns the title, name or reason, unless the command line would read it as an option.
fn label_argument(text: &str) -> Result<&str, String> {
    if text.starts_with("--") {
        Err(format!("{text:?} looks like an option"))
    } else {
        Ok(text)
    }
}

fn check_recognized(extra: &Extra, item: &str) -> Result<(), String> {
    if extra.is_empty() {
        Ok(())
    } else {
        Err(format!("{item} has unrecognized fields"))
    }
}

fn add_room<'a>(room: &'a Jid, after: &'a Room, commands: &mut Vec<ShellCommand<'a>>) -> Result<(), String> {
    check_recognized(&after.extra, room.as_str())?;
    let mut options = Vec::new();
    if let Some(name) = &after.name {
        options.extend(["--name".into(), label_argument(name)?.into()]);
    }
    push(
        commands,
        &["room", "add"],
        vec![address_argument(room, true)?],
        options,
    )?;
    for (hat, entry) in &after.catalog {
        define(room, hat, None, entry, commands)?;
    }
    for (jid, user) in after.users() {
        add_user(room, jid, user, commands)?;
    }
    Ok(())
}

fn define<'a>(
    room: &'a Jid,
    hat: &'a HatId,
    before: Option<&CatalogHat>,
    after: &CatalogHat,
    commands: &mut Vec<ShellCommand<'a>>,
) -> Result<(), String> {
    let default = CatalogHat::default();
    let before = before.unwrap_or(&default);
    if before.extra != after.extra {
        return Err(format!("unrecognized fields of {hat} were changed"));
    }
    let mut options: Vec<String> = Vec::new();
    if before.title != after.title {
        let title = after.title.as_deref().unwrap_or_default();
        if after.title.is_some() && title.is_empty() {
            return Err(format!("the title of {hat} is empty"));
        }
        options.extend(["--title".into(), label_argument(title)?.into()]);
    }
    if before.hue != after.hue {
        let color = match &after.hue {
            None => "automatic",
            Some(hue) => {
                let text = hue.as_json().as_str().trim_matches('"');
                let is_same = hat_color::parse(text).is_ok_and(|parsed| parsed == *hue);
                is_same
                    .then_some(text)
                    .ok_or_else(|| format!("the hue {text} is not a number"))?
            }
        };
        options.extend(["--color".into(), color.into()]);
    }
    let arguments = vec![address_argument(room, true)?, hat_id_argument(hat)?];
    push(commands, &["catalog", "define"], arguments, options)
}

fn affiliate<'a>(
    room: &'a Jid,
    user: &'a Jid,
    affiliation: Affiliation,
    commands: &mut Vec<ShellCommand<'a>>,
) -> Result<(), String> {
    let arguments = vec![
        address_argument(room, true)?,
        address_argument(user, false)?,
        affiliation.as_str(),
    ];
    push(commands, &["affiliate"], arguments, Vec::new())
}

fn add_user<'a>(
    room: &'a Jid,
    user: &'a Jid,
    after: &'a User,
    commands: &mut Vec<ShellCommand<'a>>,
) -> Result<(), String> {
    check_recognized(&after.extra, user.as_str())?;
    if after.affiliation == Affiliation::None
        || (!after.hats.is_empty() && !after.affiliation.is_affiliated())
    {
        return Err(format!("{user} has no affiliation with which hats can be added"));
    }
    affiliate(room, user, after.affiliation, commands)?;
    for (hat, attachment) in after.hats.iter() {
        add_hat(room, user, hat, attachment, commands)?;
    }
    Ok(())
}

fn add_hat<'a>(
    room: &'a Jid,
    user: &'a Jid,
    hat: &'a HatId,
    after: &Attachment,
    commands: &mut Vec<ShellCommand<'a>>,
) -> Result<(), String> {
    let mut options: Vec<String> = Vec::new();
    if let Some(title) = &after.title {
        options.extend(["--title".into(), label_argument(title)?.into()]);
    }
    for (name, value) in [("--active", after.active), ("--required", after.required)] {
        match value {
            None => {}
            Some(true) => options.push(name.into()),
            Some(false) => options.push(format!("{name}=false")),
        }
    }
    let mut expected = Attachment {
        extra: Extra::default(),
        ..after.clone()
    };
    if let Some(until) = after.until() {
        options.extend(["--expires".into(), until.to_string()]);
        expected = expected.with_until(Some(until));
    }
    if expected != *after {
        return Err(format!("{hat} of {user} has unrecognized fields"));
    }
    let arguments = vec![
        address_argument(room, true)?,
        address_argument(user, false)?,
        hat_id_argument(hat)?,
    ];
    push(commands, &["add"], arguments, options)
}

/// Adds the commands that remove hat sets. Fails if hat sets were added or changed: the command that saves a hat set
/// takes its hats from a user, and the change does not say from which.
fn change_sets(before: &Extra, after: &Extra, commands: &mut Vec<ShellCommand<'_>>) -> Result<(), String> {
    let mut with_new_sets = before.clone();
    with_new_sets.set("sets", after.get("sets").cloned());
    let (Ok(old), Ok(new), true) = (before.hat_sets(), after.hat_sets(), with_new_sets == *after) else {
        return Err("unrecognized fields of the data file were changed".into());
    };
    if new.iter().any(|(name, hats)| old.get(name) != Some(hats)) {
        return Err("hat sets are saved from a user's hats: hatrack sets save".into());
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        // The name is not borrowed from the change, as arguments are, so it is added as an option.
        let name = label_argument(name)?.to_owned();
        if name.starts_with('-') {
            return Err(format!("{name:?} looks like an option"));
        }
        push(commands, &["sets", "remove"], Vec::new(), vec![name])?;
    }
    Ok(())
}
