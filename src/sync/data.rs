//! The plan as data, as `plan --json` prints it. `assets/plan.schema.json` describes the format.

use serde::ser::{SerializeSeq as _, SerializeStruct as _};
use serde::{Serialize, Serializer};

use super::plan::{Line, Plan, RoomPlan, RoomState, Subject};
use super::{Item, PlanCounts};

/// The format version.
const VERSION: u32 = 1;

/// Serializes the plan together with the counts of all its rooms.
impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut plan = serializer.serialize_struct("Plan", 4)?;
        plan.serialize_field("version", &VERSION)?;
        plan.serialize_field("server", &self.server)?;
        plan.serialize_field("counts", &self.counts())?;
        plan.serialize_field("rooms", &self.rooms)?;
        plan.end()
    }
}

impl RoomState {
    /// The name of the state in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Compared => "linked",
            Self::OnlyOnServer => "only-there",
            Self::RemovedFromFile => "removed-here",
            Self::OnlyInFile => "only-here",
            Self::GoneFromServer => "gone-there",
            Self::Forbidden(_) => "forbidden",
            Self::Unread(_) => "unread",
        }
    }

    /// Why the room could not be read, for display; `None` in other states.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Forbidden(text) | Self::Unread(text) => Some(text),
            _ => None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RoomData<'a> {
    room: &'a crate::model::Jid,
    class: super::ServerClass,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(rename = "first-contact")]
    is_first_comparison: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_aside: Option<super::SetAside>,
    unreadable: usize,
    counts: PlanCounts,
    lines: LineList<'a>,
    notes: &'a [super::Note],
}

struct LineList<'a>(&'a [Line]);

impl Serialize for LineList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lines = serializer.serialize_seq(Some(self.0.len()))?;
        for line in self.0 {
            lines.serialize_element(&LineData::of(line))?;
        }
        lines.end()
    }
}

impl Serialize for RoomPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RoomData {
            room: &self.room,
            class: self.class,
            state: self.state.name(),
            message: self.state.message(),
            is_first_comparison: self.is_first_comparison,
            set_aside: self.set_aside,
            unreadable: self.unreadable,
            counts: self.counts(),
            lines: LineList(&self.lines),
            notes: &self.notes,
        }
        .serialize(serializer)
    }
}

/// A line as data. A side without a value, or with an unknown value, is `null`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct LineData<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a crate::model::Jid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hat: Option<&'a crate::model::HatId>,
    action: super::Action,
    decision: super::Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<super::Reason>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    implied: bool,
    base: Option<SideData<'a>>,
    local: Option<SideData<'a>>,
    remote: Option<SideData<'a>>,
}

impl<'a> LineData<'a> {
    fn of(line: &'a Line) -> Self {
        let side = |side: &'a Option<super::SideValue>| side.as_ref().map(SideData);
        Self {
            kind: match &line.subject {
                Subject::Name => "name",
                Subject::User(_) => "user",
                Subject::Item(Item::Affiliation { .. }) => "affiliation",
                Subject::Item(Item::Catalog { .. }) => "catalog",
                Subject::Item(Item::Hat { .. }) => "hat",
            },
            user: line.user(),
            hat: match &line.subject {
                Subject::Item(item) => item.hat(),
                _ => None,
            },
            action: line.action,
            decision: line.decision,
            reason: line.reason,
            implied: line.implied,
            base: side(&line.base),
            local: side(&line.local),
            remote: side(&line.remote),
        }
    }
}

/// The value of one side, without its kind, which is the kind of the line.
struct SideData<'a>(&'a super::SideValue);

impl Serialize for SideData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use super::{ItemValue, SideValue};
        match self.0 {
            SideValue::Name(name) => name.serialize(serializer),
            SideValue::User(user) => user.serialize(serializer),
            SideValue::Item(ItemValue::Hat(hat)) => hat.serialize(serializer),
            SideValue::Item(ItemValue::Catalog(entry)) => entry.serialize(serializer),
            SideValue::Item(ItemValue::Affiliation(affiliation)) => affiliation.serialize(serializer),
        }
    }
}
