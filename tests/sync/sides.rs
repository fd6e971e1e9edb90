//! A room in the file and on the server, and short notations for its content.

use std::sync::Arc;

use hatrack::model::{Affiliation, Attachment, CatalogHat, EditGroup, HatId, Hue, Jid, Room, User, Wardrobe};
use hatrack::sync::{
    Action, Affiliations, Base, CatalogValue, Decision, HatValue, Item, ItemChange, Line, MergeOptions,
    RemoteRoom, RemoteUser, RoomPlan, RoomRead, ServerClass, merge,
};

pub(crate) const PROSODY: ServerClass = ServerClass::Prosody;
pub(crate) const EJABBERD_OLD: ServerClass = ServerClass::EjabberdOld;
pub(crate) const EJABBERD_CATALOG: ServerClass = ServerClass::EjabberdCatalog;
pub(crate) const CLASSES: [ServerClass; 3] = [PROSODY, EJABBERD_OLD, EJABBERD_CATALOG];

pub(crate) fn room() -> Jid {
    Jid::parse("courses@conference.example.org").unwrap()
}

pub(crate) fn jid(name: &str) -> Jid {
    Jid::parse(&format!("{name}@example.org")).unwrap()
}

pub(crate) fn hat(name: &str) -> HatId {
    HatId::unchecked(format!("urn:hat:{name}"))
}

/// Parses an attachment: the letters of its flags (`a` for active, `r` for required), then optionally a space and the
/// title, such as `"a Teacher"`.
pub(crate) fn attachment(text: &str) -> Attachment {
    let (flags, title) = text
        .split_once(' ')
        .map_or((text, None), |(flags, title)| (flags, Some(title)));
    Attachment::default()
        .with_active(flags.contains('a'))
        .with_required(flags.contains('r'))
        .with_title(title)
}

pub(crate) fn value(text: &str) -> HatValue {
    HatValue::of(&attachment(text))
}

pub(crate) fn entry(title: &str, hue: Option<&str>) -> CatalogHat {
    CatalogHat {
        title: Some(title.into()),
        hue: hue.and_then(Hue::parse),
        ..CatalogHat::default()
    }
}

/// A room in the file, on the server and in the base.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    pub(crate) class: ServerClass,
    pub(crate) options: MergeOptions,
    pub(crate) file: Wardrobe,
    pub(crate) remote: RemoteRoom,
    pub(crate) base: Option<Base>,
}

impl Sides {
    /// A room that was compared: the base has an owner, and what `add_content` adds on both sides.
    pub(crate) fn compared(class: ServerClass, add_content: impl FnOnce(&mut Self)) -> Self {
        let mut sides = Self::never_compared(class);
        sides.set_both_user("owner", Affiliation::Owner);
        add_content(&mut sides);
        sides.update_base();
        sides
    }

    /// An empty room on both sides, without a base.
    pub(crate) fn never_compared(class: ServerClass) -> Self {
        let mut file = Wardrobe::default();
        file.add_room(&room(), None).unwrap();
        Self {
            class,
            options: MergeOptions::default(),
            file,
            remote: RemoteRoom::default(),
            base: None,
        }
    }

    /// Lets changed affiliations be sent.
    pub(crate) fn with_managed_affiliations(mut self) -> Self {
        self.options.affiliations = Affiliations::Manage;
        self
    }

    pub(crate) fn local(&self) -> Option<&Arc<Room>> {
        self.file.room(&room())
    }

    pub(crate) fn user_in_file(&self, user: &str) -> Option<&User> {
        self.file.user(&room(), &jid(user))
    }

    pub(crate) fn hat_in_file(&self, user: &str, id: &str) -> Option<&Attachment> {
        self.user_in_file(user)?.hats.get(&hat(id))
    }

    /// Records in the base what both sides have.
    pub(crate) fn update_base(&mut self) {
        let mut base = self
            .base
            .take()
            .unwrap_or_else(|| Base::new("test", self.class, &room()));
        base.record_common_values(
            self.local().unwrap(),
            &self.remote,
            jiff::Timestamp::now(),
            &|_| false,
        );
        self.base = Some(base);
    }

    /// Sets a user's affiliation in the file. Without an affiliation, the user is removed.
    pub(crate) fn set_local_user(&mut self, user: &str, affiliation: Affiliation) -> &mut Self {
        let user = jid(user);
        self.file.set_affiliation(&user, &room(), affiliation).unwrap();
        self
    }

    /// Sets or removes a hat in the file, even if the user has no affiliation.
    pub(crate) fn set_local_hat(&mut self, user: &str, id: &str, text: Option<&str>) -> &mut Self {
        let user = jid(user);
        let mut local_user = self.file.user(&room(), &user).cloned().unwrap_or_default();
        local_user.hats.set(&hat(id), text.map(attachment));
        self.file.replace_user(&user, &room(), local_user).unwrap();
        self
    }

    /// Sets a user's affiliation on the server. Without an affiliation, the user is removed, unless the server keeps
    /// the hats.
    pub(crate) fn set_remote_user(&mut self, user: &str, affiliation: Affiliation) -> &mut Self {
        let remote_user = self.remote.users.entry(jid(user)).or_default();
        remote_user.affiliation = affiliation;
        if affiliation == Affiliation::None && (self.class == PROSODY || remote_user.hats.is_empty()) {
            self.remote.users.remove(&jid(user));
        }
        self
    }

    /// Sets or removes a hat on the server, in the form that the server stores.
    pub(crate) fn set_remote_hat(&mut self, user: &str, id: &str, text: Option<&str>) -> &mut Self {
        let remote_user = self.remote.users.entry(jid(user)).or_default();
        match text.and_then(|text| self.class.normal_hat(&value(text))) {
            Some(value) => drop(remote_user.hats.insert(hat(id), value)),
            None => drop(remote_user.hats.remove(&hat(id))),
        }
        if *remote_user == RemoteUser::default() {
            self.remote.users.remove(&jid(user));
        }
        self
    }

    pub(crate) fn set_both_user(&mut self, user: &str, affiliation: Affiliation) -> &mut Self {
        self.set_local_user(user, affiliation)
            .set_remote_user(user, affiliation)
    }

    pub(crate) fn set_both_hat(&mut self, user: &str, id: &str, text: &str) -> &mut Self {
        self.set_local_hat(user, id, Some(text))
            .set_remote_hat(user, id, Some(text))
    }

    /// Adds a member with hats on both sides.
    pub(crate) fn add_member(&mut self, user: &str, hats: &[(&str, &str)]) -> &mut Self {
        self.set_both_user(user, Affiliation::Member);
        for (id, text) in hats {
            self.set_both_hat(user, id, text);
        }
        self
    }

    pub(crate) fn set_local_entry(&mut self, id: &str, new: Option<CatalogHat>) -> &mut Self {
        self.file.set_catalog_hat(&room(), &hat(id), new).unwrap();
        self
    }

    pub(crate) fn set_remote_entry(&mut self, id: &str, new: Option<CatalogValue>) -> &mut Self {
        match new {
            Some(new) => drop(self.remote.catalog.insert(hat(id), new)),
            None => drop(self.remote.catalog.remove(&hat(id))),
        }
        self
    }

    pub(crate) fn set_both_entry(&mut self, id: &str, title: &str) -> &mut Self {
        self.set_local_entry(id, Some(entry(title, None)))
            .set_remote_entry(id, Some(CatalogValue::new(title, None)))
    }

    pub(crate) fn merge(&self) -> RoomPlan {
        self.merge_read(&RoomRead::Read(Arc::new(self.remote.clone())))
    }

    pub(crate) fn merge_read(&self, read: &RoomRead) -> RoomPlan {
        let local = self.local().map(|room| &**room);
        merge(
            &room(),
            Ok(self.base.as_ref()),
            local,
            read,
            self.class,
            &self.options,
        )
    }

    /// The lines of the plan in the form of [`line_text`].
    pub(crate) fn lines(&self) -> Vec<String> {
        self.merge().lines.iter().map(line_text).collect()
    }

    /// Receives what the plan receives, and returns the edits.
    pub(crate) fn receive(&mut self, plan: &RoomPlan) -> EditGroup {
        let group = plan.edits_to_receive(self.local());
        self.file.apply(&group).unwrap();
        group
    }

    /// Sends what the plan sends to a simulated server, and returns the changes. Panics if the server does not make a
    /// change.
    pub(crate) fn send(&mut self, plan: &RoomPlan) -> Vec<ItemChange> {
        let changes: Vec<ItemChange> = plan
            .sending()
            .changes
            .into_iter()
            .map(|(_, change)| change)
            .collect();
        for change in &changes {
            let outcome = crate::world::apply(&mut self.remote, self.class, change);
            assert!(
                matches!(outcome, hatrack::sync::ItemOutcome::Done { .. }),
                "{change:?}: {outcome:?}"
            );
        }
        changes
    }

    /// Carries out the proposals of a plan. Panics if the next plan has proposals again.
    pub(crate) fn carry_out(&mut self) {
        let plan = self.merge();
        self.receive(&plan);
        self.send(&plan);
        self.update_base();
        let next_plan = self.merge();
        let proposals: Vec<&Line> = next_plan
            .lines
            .iter()
            .filter(|line| line.decision != Decision::Skip)
            .collect();
        assert!(proposals.is_empty(), "{proposals:?}");
    }

    /// The plan with this decision for each line.
    pub(crate) fn decided(&self, decision: Decision) -> RoomPlan {
        let mut plan = self.merge();
        for line in &mut plan.lines {
            assert!(line.allows(decision), "{line:?}");
            line.decision = decision;
        }
        plan
    }
}

/// A line of a plan as text: `subject: action`, then `(reason)` if there is one, and `, not chosen` if the line is only
/// offered or held back. Subjects are `name`, `user terry`, `affiliation terry`, `terry t` (the hat `t` of `terry`),
/// `entry t`, and `implied t` for an implied entry.
pub(crate) fn line_text(line: &Line) -> String {
    use hatrack::sync::Subject as S;
    let subject = match &line.subject {
        S::Name => "name".to_owned(),
        S::User(user) => format!("user {}", user.local().unwrap()),
        S::Item(Item::Affiliation { user }) => format!("affiliation {}", user.local().unwrap()),
        S::Item(Item::Hat { user, hat }) => {
            format!(
                "{} {}",
                user.local().unwrap(),
                hat.as_str().trim_start_matches("urn:hat:")
            )
        }
        S::Item(Item::Catalog { hat }) => {
            let implied = if line.implied { "implied" } else { "entry" };
            format!("{implied} {}", hat.as_str().trim_start_matches("urn:hat:"))
        }
    };
    let action = match line.action {
        Action::Send => "send",
        Action::Receive => "receive",
        Action::Conflict => "conflict",
        Action::LeaveOut => "left out",
    };
    let reason = line
        .reason
        .map_or(String::new(), |reason| format!(" ({reason:?})"));
    let not_chosen = match (line.action, line.decision) {
        (Action::Send | Action::Receive, Decision::Skip) => ", not chosen",
        _ => "",
    };
    format!("{subject}: {action}{reason}{not_chosen}")
}

/// A change as text: `+` (add), `-` (remove) or `~` (change), then the item as in [`line_text`].
pub(crate) fn change_text(change: &ItemChange) -> String {
    let item = match &change.item {
        Item::Affiliation { user } => format!("affiliation {}", user.local().unwrap()),
        Item::Hat { user, hat } => format!(
            "{} {}",
            user.local().unwrap(),
            hat.as_str().trim_start_matches("urn:hat:")
        ),
        Item::Catalog { hat } => format!("entry {}", hat.as_str().trim_start_matches("urn:hat:")),
    };
    let sign = match (&change.expected, &change.wanted) {
        (_, None) => "-",
        (None, Some(_)) => "+",
        (Some(_), Some(_)) => "~",
    };
    format!("{sign}{item}")
}

/// The time that is this many minutes after a fixed time.
pub(crate) fn after_minutes(minutes: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}
