//! Describes the differences of a plan: the change that is made, or could be made, on one of the two sides.

use std::sync::Arc;

use crate::app::describe::{self, quoted};
use crate::app::hat_color;
use crate::model::{Affiliation, HatId, Room};
use crate::sync::{
    Action, CatalogValue, Decision, HatValue, Item, ItemValue, Line, Note, Reason, RoomPlan, ServerClass,
    SideValue, Subject, UserValue,
};

/// The description of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineText {
    /// The decision or state: `send`, `receive`, `conflict`, `held back` or `left out`.
    pub action: &'static str,
    /// The change, as a phrase: `add "Teacher", active`.
    pub change: String,
}

/// Names the target of a line: a user's address, `room` for the room's name, or `catalog`.
pub fn line_target(line: &Line) -> &str {
    match (line.user(), &line.subject) {
        (Some(user), _) => user.as_str(),
        (None, Subject::Name) => "room",
        (None, _) => "catalog",
    }
}

/// Describes a line. `local` is the room in the file.
pub fn describe_line(line: &Line, plan: &RoomPlan, local: Option<&Arc<Room>>) -> LineText {
    let describer = LineDescriber {
        plan,
        local: local.map(|room| &**room),
        line,
    };
    let (in_file, on_server) = (line.local.as_ref(), line.remote.as_ref());
    let change = match (line.decision, line.action) {
        _ if line.reason == Some(Reason::NotStored) => format!("{}store again", describer.subject()),
        (Decision::Receive, _) | (Decision::Skip, Action::Receive) => describer.change(in_file, on_server),
        (Decision::Send, _) | (Decision::Skip, Action::Send | Action::LeaveOut) => {
            describer.change(on_server, in_file)
        }
        (Decision::Skip, Action::Conflict) => {
            let (name, [yours, theirs]) =
                (describer.subject(), describer.different_parts(in_file, on_server));
            format!("{name}yours {yours}; theirs {theirs}")
        }
    };
    let action = match (line.decision, line.action, line.reason) {
        (Decision::Send, ..) => "send",
        (Decision::Receive, ..) => "receive",
        (Decision::Skip, _, Some(reason)) if reason.is_held() => "held back",
        (Decision::Skip, Action::Conflict, _) => "conflict",
        (Decision::Skip, ..) => "left out",
    };
    LineText { action, change }
}

/// Describes the subject of a line, and three values: yours (in the data file), theirs (on the server), and the last
/// common value.
pub fn sides(line: &Line, plan: &RoomPlan, local: Option<&Arc<Room>>) -> [String; 4] {
    let describer = LineDescriber {
        plan,
        local: local.map(|room| &**room),
        line,
    };
    let base = match (&line.base, plan.is_first_comparison) {
        (None, true) => "not known (first comparison)".to_owned(),
        (base, _) => describer.value(base.as_ref()),
    };
    let subject = describer.subject();
    let subject = subject.trim_end_matches([' ', ':']);
    let target = line_target(line);
    let full_subject = match &line.subject {
        Subject::Item(Item::Hat { .. }) => format!("{subject} for {target}"),
        Subject::Item(Item::Catalog { .. }) => format!("{subject} in the catalog of {}", plan.room),
        Subject::Item(Item::Affiliation { .. }) => format!("Affiliation of {target}"),
        Subject::User(_) => target.to_owned(),
        Subject::Name => format!("Name of {}", plan.room),
    };
    [
        full_subject,
        describer.value(line.local.as_ref()),
        describer.value(line.remote.as_ref()),
        base,
    ]
}

/// Says how many users or hats of a room on its server are not changed because hatrack cannot read them.
pub fn unreadable_text(number: usize) -> String {
    match number {
        1 => "1 item (user or hat) on the server cannot be read; it is left as it is".into(),
        more => format!(
            "{} items (users or hats) on the server cannot be read; they are left as they are",
            describe::with_thousands_commas(more)
        ),
    }
}

/// Describes a note of a plan, as a sentence without its period.
pub fn describe_note(note: &Note, plan: &RoomPlan) -> String {
    let Note::OwnTitle { user, hat, title } = note;
    let catalog = plan.remote().catalog.get(hat);
    let catalog_hat = describe::hat(hat, catalog.and_then(|entry| entry.title.as_deref()));
    format!(
        "{user} has the title {} in the data file; the room on the server shows {catalog_hat}",
        quoted(title)
    )
}

/// Describes a line of a room.
struct LineDescriber<'a> {
    plan: &'a RoomPlan,
    local: Option<&'a Room>,
    line: &'a Line,
}

impl LineDescriber<'_> {
    /// Names a hat by its title in quotes, else by its ID. The title is that in one of the line's values, else in the
    /// server's catalog, else in the room of the file.
    fn hat(&self, id: &HatId) -> String {
        let of_side = |side: &Option<SideValue>| match side {
            Some(SideValue::Item(ItemValue::Hat(hat))) => hat.title.clone(),
            Some(SideValue::Item(ItemValue::Catalog(entry))) => entry.title.clone(),
            _ => None,
        };
        let line = self.line;
        let title = [&line.local, &line.remote, &line.base]
            .into_iter()
            .find_map(of_side);
        let remote = || self.plan.remote().catalog.get(id)?.title.clone();
        let local = || self.local?.hat(id)?.title.clone();
        let title = title.or_else(remote).or_else(local);
        describe::hat(id, title.as_deref())
    }

    /// The subject of the line, with a colon and a space; empty for a whole user, who is the target.
    fn subject(&self) -> String {
        match &self.line.subject {
            Subject::Item(Item::Hat { hat, .. } | Item::Catalog { hat }) => format!("{}: ", self.hat(hat)),
            Subject::Item(Item::Affiliation { .. }) => "affiliation: ".into(),
            Subject::User(_) => String::new(),
            Subject::Name => "name: ".into(),
        }
    }

    /// Describes the change of one side: a verb and the differences.
    fn change(&self, from: Option<&SideValue>, to: Option<&SideValue>) -> String {
        match &self.line.subject {
            Subject::Item(Item::Hat { hat, .. }) => {
                self.hat_change(&self.hat(hat), hat_value(from), hat_value(to))
            }
            Subject::Item(Item::Catalog { hat }) => {
                catalog_change(&self.hat(hat), catalog_value(from), catalog_value(to))
            }
            Subject::Item(Item::Affiliation { .. }) => {
                let (from, to) = (affiliation(from), affiliation(to));
                match to {
                    Affiliation::Outcast if from == Affiliation::None => "ban".into(),
                    Affiliation::Outcast => format!("ban (was {from})"),
                    Affiliation::None => format!("remove affiliation (was {from})"),
                    to if from == Affiliation::None => format!("add as {to}"),
                    to => format!("make {to} (was {from})"),
                }
            }
            Subject::User(_) => match (from, to) {
                (_, None) => format!("remove user ({})", self.value(from)),
                (None, Some(_)) => format!("add user ({})", self.value(to)),
                (Some(_), Some(_)) => {
                    format!("change user to {} (was {})", self.value(to), self.value(from))
                }
            },
            Subject::Name => match to {
                None => format!("clear the name (was {})", self.value(from)),
                Some(_) if from.is_none() => format!("name it {}", self.value(to)),
                Some(_) => format!("name it {} (was {})", self.value(to), self.value(from)),
            },
        }
    }

    fn hat_change(&self, name: &str, from: Option<&HatValue>, to: Option<&HatValue>) -> String {
        match (from, to) {
            (None, Some(hat)) => format!("add {name}{}", flags(self.plan.class, hat)),
            (_, None) => format!("remove {name}"),
            (Some(from), Some(to)) => {
                let mut parts = Vec::new();
                let flag = |on: bool, [yes, no]: [&'static str; 2]| if on { yes } else { no };
                if from.active != to.active {
                    let word = |on| flag(on, ["active", "inactive"]);
                    parts.push(format!("{} (was {})", word(to.active), word(from.active)));
                }
                if from.required != to.required {
                    let word = |on| flag(on, ["required", "optional"]);
                    parts.push(format!("{} (was {})", word(to.required), word(from.required)));
                }
                parts.extend(title_change(from.title.as_deref(), to.title.as_deref()));
                format!("change {name}: {}", parts.join(", "))
            }
        }
    }

    /// Describes the value on one side, as a phrase.
    fn value(&self, side: Option<&SideValue>) -> String {
        match side {
            None => match &self.line.subject {
                Subject::Item(item) => no_value(item).into(),
                Subject::Name => "none".into(),
                Subject::User(_) => "not in the room".into(),
            },
            Some(SideValue::Name(name)) => quoted(name),
            Some(SideValue::Item(value)) => item_value(self.plan.class, value),
            Some(SideValue::User(user)) => user_value(user),
        }
    }

    /// Describes the values on both sides, as phrases. For two hats with the same title, only says whether they are
    /// active and required.
    fn different_parts(&self, yours: Option<&SideValue>, theirs: Option<&SideValue>) -> [String; 2] {
        match (hat_value(yours), hat_value(theirs)) {
            (Some(yours), Some(theirs)) if yours.title == theirs.title => [yours, theirs].map(|hat| {
                let flags = flags(self.plan.class, hat);
                flags.trim_start_matches([',', ' ']).to_owned()
            }),
            _ => [yours, theirs].map(|side| self.value(side)),
        }
    }
}

/// Describes the value of an item on one side, as a phrase.
pub(in crate::app) fn value_text(class: ServerClass, item: &Item, value: Option<&ItemValue>) -> String {
    value.map_or_else(|| no_value(item).into(), |value| item_value(class, value))
}

fn no_value(item: &Item) -> &'static str {
    match item {
        Item::Hat { .. } => "no hat",
        Item::Catalog { .. } => "not in catalog",
        Item::Affiliation { .. } => "none",
    }
}

fn item_value(class: ServerClass, value: &ItemValue) -> String {
    match value {
        ItemValue::Hat(hat) => {
            let title = match hat.title.as_deref() {
                Some(title) => quoted(title),
                None if class.holds_own_titles() => "no title".into(),
                None => "has the hat".into(),
            };
            format!("{title}{}", flags(class, hat))
        }
        ItemValue::Catalog(entry) => {
            let title = entry.title.as_deref().map_or("no title".into(), quoted);
            format!("{title}, {}", hue(entry))
        }
        ItemValue::Affiliation(affiliation) => affiliation.as_str().into(),
    }
}

fn hat_value(side: Option<&SideValue>) -> Option<&HatValue> {
    match side {
        Some(SideValue::Item(ItemValue::Hat(hat))) => Some(hat),
        _ => None,
    }
}

fn catalog_value(side: Option<&SideValue>) -> Option<&CatalogValue> {
    match side {
        Some(SideValue::Item(ItemValue::Catalog(entry))) => Some(entry),
        _ => None,
    }
}

fn affiliation(side: Option<&SideValue>) -> Affiliation {
    match side {
        Some(SideValue::Item(ItemValue::Affiliation(affiliation))) => *affiliation,
        _ => Affiliation::None,
    }
}

/// Says whether a hat is active and required, with a comma before each flag: `, active, required`. Empty for servers
/// without these flags.
fn flags(class: ServerClass, hat: &HatValue) -> String {
    if !class.holds_flags() {
        return String::new();
    }
    let active = if hat.active { ", active" } else { ", inactive" };
    let required = if hat.required { ", required" } else { "" };
    format!("{active}{required}")
}

fn title_change(from: Option<&str>, to: Option<&str>) -> Option<String> {
    let describe_title = |title: Option<&str>| title.map_or("none".to_owned(), quoted);
    (from != to).then(|| format!("title {} (was {})", describe_title(to), describe_title(from)))
}

fn hue(entry: &CatalogValue) -> String {
    match &entry.hue {
        Some(hue) => hat_color::describe(&describe::truncated(hue.as_str())),
        None => "automatic color".into(),
    }
}

fn catalog_change(name: &str, from: Option<&CatalogValue>, to: Option<&CatalogValue>) -> String {
    match (from, to) {
        (None, Some(entry)) if entry.hue.is_some() => format!("define {name}, {}", hue(entry)),
        (None, Some(_)) => format!("define {name}"),
        (_, None) => format!("remove {name}"),
        (Some(from), Some(to)) => {
            let mut parts: Vec<String> = Vec::new();
            parts.extend(title_change(from.title.as_deref(), to.title.as_deref()));
            if from.hue != to.hue {
                parts.push(format!("{} (was {})", hue(to), hue(from)));
            }
            format!("change {name}: {}", parts.join(", "))
        }
    }
}

fn user_value(user: &UserValue) -> String {
    let hats = describe::count_or_no(user.hats.len(), "hat");
    match user.affiliation {
        Affiliation::Outcast => format!("banned, {hats}"),
        Affiliation::None => format!("not affiliated, {hats}"),
        affiliation => format!("{affiliation}, {hats}"),
    }
}
