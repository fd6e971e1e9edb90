//! Rooms on both sides, in few words.

use std::sync::Arc;

use hatrack::model::{Affiliation, Attachment, CatalogHat, EditGroup, HatId, Hue, Jid, Room, User, Wardrobe};
use hatrack::sync::{
    Action, Affiliations, Base, CatalogValue, Decision, HatValue, Item, ItemChange, Line, MergeOptions,
    RemoteRoom, RemoteUser, RoomPlan, RoomRead, ServerClass, merge,
};

pub(crate) const P: ServerClass = ServerClass::Prosody;
pub(crate) const E1: ServerClass = ServerClass::EjabberdOld;
pub(crate) const E2: ServerClass = ServerClass::EjabberdCatalog;
pub(crate) const ALL: [ServerClass; 3] = [P, E1, E2];

pub(crate) fn room() -> Jid {
    Jid::parse("courses@conference.example.org").unwrap()
}

pub(crate) fn jid(name: &str) -> Jid {
    Jid::parse(&format!("{name}@example.org")).unwrap()
}

pub(crate) fn hat(name: &str) -> HatId {
    HatId::unchecked(format!("urn:hat:{name}"))
}

/// An attachment: letters for its flags (`a`ctive, `r`equired), then perhaps a title: `"a Teacher"`.
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

/// One room on the three sides. What is put on `both` is known; what is put on one side only was changed there since.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    pub(crate) class: ServerClass,
    pub(crate) options: MergeOptions,
    pub(crate) file: Wardrobe,
    pub(crate) remote: RemoteRoom,
    pub(crate) base: Option<Base>,
}

impl Sides {
    /// An owner on both sides, and what is put there by `both`, all known.
    pub(crate) fn known(class: ServerClass, both: impl FnOnce(&mut Self)) -> Self {
        let mut sides = Self::unknown(class);
        sides.both_user("owner", Affiliation::Owner);
        both(&mut sides);
        sides.settle();
        sides
    }

    /// A room on both sides of which nothing is known.
    pub(crate) fn unknown(class: ServerClass) -> Self {
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

    pub(crate) fn managed(mut self) -> Self {
        self.options.affiliations = Affiliations::Manage;
        self
    }

    pub(crate) fn local(&self) -> Option<&Arc<Room>> {
        self.file.room(&room())
    }

    pub(crate) fn here(&self, user: &str) -> Option<&User> {
        self.file.user(&room(), &jid(user))
    }

    pub(crate) fn here_hat(&self, user: &str, id: &str) -> Option<&Attachment> {
        self.here(user)?.hats.get(&hat(id))
    }

    pub(crate) fn settle(&mut self) {
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

    /// Puts a user here, with the hats they have, or takes them away.
    pub(crate) fn local_user(&mut self, user: &str, affiliation: Affiliation) -> &mut Self {
        let user = jid(user);
        self.file.set_affiliation(&user, &room(), affiliation).unwrap();
        self
    }

    /// Puts a stranger with hats here, as a server holds one.
    pub(crate) fn local_hat(&mut self, user: &str, id: &str, text: Option<&str>) -> &mut Self {
        let user = jid(user);
        let mut there = self.file.user(&room(), &user).cloned().unwrap_or_default();
        there.hats.set(&hat(id), text.map(attachment));
        self.file.replace_user(&user, &room(), there).unwrap();
        self
    }

    pub(crate) fn remote_user(&mut self, user: &str, affiliation: Affiliation) -> &mut Self {
        let there = self.remote.users.entry(jid(user)).or_default();
        there.affiliation = affiliation;
        if affiliation == Affiliation::None && (self.class == P || there.hats.is_empty()) {
            self.remote.users.remove(&jid(user));
        }
        self
    }

    pub(crate) fn remote_hat(&mut self, user: &str, id: &str, text: Option<&str>) -> &mut Self {
        let there = self.remote.users.entry(jid(user)).or_default();
        match text.and_then(|text| self.class.normal_hat(&value(text))) {
            Some(value) => drop(there.hats.insert(hat(id), value)),
            None => drop(there.hats.remove(&hat(id))),
        }
        if *there == RemoteUser::default() {
            self.remote.users.remove(&jid(user));
        }
        self
    }

    pub(crate) fn both_user(&mut self, user: &str, affiliation: Affiliation) -> &mut Self {
        self.local_user(user, affiliation).remote_user(user, affiliation)
    }

    pub(crate) fn both_hat(&mut self, user: &str, id: &str, text: &str) -> &mut Self {
        self.local_hat(user, id, Some(text))
            .remote_hat(user, id, Some(text))
    }

    /// A member with hats on both sides.
    pub(crate) fn member(&mut self, user: &str, hats: &[(&str, &str)]) -> &mut Self {
        self.both_user(user, Affiliation::Member);
        for (id, text) in hats {
            self.both_hat(user, id, text);
        }
        self
    }

    pub(crate) fn local_entry(&mut self, id: &str, new: Option<CatalogHat>) -> &mut Self {
        self.file.set_catalog_hat(&room(), &hat(id), new).unwrap();
        self
    }

    pub(crate) fn remote_entry(&mut self, id: &str, new: Option<CatalogValue>) -> &mut Self {
        match new {
            Some(new) => drop(self.remote.catalog.insert(hat(id), new)),
            None => drop(self.remote.catalog.remove(&hat(id))),
        }
        self
    }

    pub(crate) fn both_entry(&mut self, id: &str, title: &str) -> &mut Self {
        self.local_entry(id, Some(entry(title, None)))
            .remote_entry(id, Some(CatalogValue::new(title, None)))
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

    /// The plan in few words: each line as `subject: action reason`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.merge().lines.iter().map(words).collect()
    }

    /// Receives what is to be received; gives the edits.
    pub(crate) fn receive(&mut self, plan: &RoomPlan) -> EditGroup {
        let group = plan.edits_to_receive(self.local());
        self.file.apply(&group).unwrap();
        group
    }

    /// Sends what is to be sent, as a server of the class would take it.
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

    /// Does all that is proposed, and looks that nothing is left but what is left out.
    pub(crate) fn carry_out(&mut self) {
        let plan = self.merge();
        self.receive(&plan);
        self.send(&plan);
        self.settle();
        let left = self.merge();
        let left: Vec<&Line> = left
            .lines
            .iter()
            .filter(|line| line.decision != Decision::Skip)
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// With each line decided like this.
    pub(crate) fn decided(&self, decision: Decision) -> RoomPlan {
        let mut plan = self.merge();
        for line in &mut plan.lines {
            assert!(line.allows(decision), "{line:?}");
            line.decision = decision;
        }
        plan
    }
}

pub(crate) fn words(line: &Line) -> String {
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
    let held = match (line.action, line.decision) {
        (Action::Send | Action::Receive, Decision::Skip) => ", not chosen",
        _ => "",
    };
    format!("{subject}: {action}{reason}{held}")
}

/// What a change does, in few words.
pub(crate) fn change(change: &ItemChange) -> String {
    let item = match &change.item {
        Item::Affiliation { user } => format!("affiliation {}", user.local().unwrap()),
        Item::Hat { user, hat } => format!(
            "{} {}",
            user.local().unwrap(),
            hat.as_str().trim_start_matches("urn:hat:")
        ),
        Item::Catalog { hat } => format!("entry {}", hat.as_str().trim_start_matches("urn:hat:")),
    };
    let what = match (&change.expected, &change.wanted) {
        (_, None) => "-",
        (None, Some(_)) => "+",
        (Some(_), Some(_)) => "~",
    };
    format!("{what}{item}")
}

/// So many minutes after some moment.
pub(crate) fn minute(minute: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}
