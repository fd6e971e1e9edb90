//! A server in memory, together with its worker: answers requests with the same events as the real worker.

use std::collections::BTreeMap;
use std::sync::Arc;

use hatrack::model::{Affiliation, HatId, Jid};
use hatrack::sync::{
    Base, HatValue, Item, ItemChange, ItemOutcome, ItemValue, MergeOptions, OtherRooms, Plan, Progress,
    RateLimit, RemoteRoom, RemoteUser, Report, RoomPlan, RoomRead, RoomReport, ServerClass, ServerEntry,
    ServerEvent, ServerKind, ServerRequest, ServerState, merge,
};

/// The server and its worker.
#[derive(Debug, Clone)]
pub(crate) struct FakeServer {
    pub(crate) name: &'static str,
    pub(crate) class: ServerClass,
    pub(crate) rooms: BTreeMap<Jid, RemoteRoom>,
    /// For some rooms, the result of reading the room, instead of its content.
    pub(crate) unreadable: BTreeMap<Jid, RoomRead>,
    pub(crate) bases: BTreeMap<Jid, Base>,
    /// The error of reading the server; `None` if this succeeds.
    pub(crate) error: Option<String>,
    /// All requests, in order, except the requests about followed rooms.
    pub(crate) requests: Vec<ServerRequest>,
    /// The requests about followed rooms (`Follow`, `Changed`), in order.
    pub(crate) followed: Vec<ServerRequest>,
    /// Whether the session delays the answers until `Session::server_answers`.
    pub(crate) is_slow: bool,
    /// The outcome of each sent change, which is then not made; `None`: changes are made.
    pub(crate) send_outcome: Option<ItemOutcome>,
    /// The rate limit of the account.
    pub(crate) limit: Option<RateLimit>,
}

impl FakeServer {
    pub(crate) fn new(name: &'static str, class: ServerClass) -> Self {
        Self {
            name,
            class,
            rooms: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            bases: BTreeMap::new(),
            error: None,
            requests: Vec::new(),
            followed: Vec::new(),
            is_slow: false,
            send_outcome: None,
            limit: None,
        }
    }

    /// Returns the entry of the server in the configuration.
    pub(crate) fn entry(&self, service: &str) -> ServerEntry {
        ServerEntry {
            name: self.name.into(),
            kind: match self.class {
                ServerClass::Prosody => ServerKind::Prosody,
                ServerClass::EjabberdOld | ServerClass::EjabberdCatalog => ServerKind::Xmpp,
            },
            services: vec![Jid::parse(service).unwrap()],
            send: hatrack::sync::SendMode::Ask,
            affiliations: hatrack::sync::Affiliations::Show,
        }
    }

    /// Sets the affiliation of a user in a room on the server; adds the room and the user if necessary.
    pub(crate) fn user(&mut self, room: &str, user: &str, affiliation: Affiliation) -> &mut RemoteUser {
        let room = self.rooms.entry(Jid::parse(room).unwrap()).or_default();
        let remote_user = room.users.entry(Jid::parse(user).unwrap()).or_default();
        remote_user.affiliation = affiliation;
        remote_user
    }

    /// Sets a hat of a user in a room on the server; adds the room and the user if necessary.
    pub(crate) fn hat(&mut self, room: &str, user: &str, hat: &str, value: HatValue) {
        let room = self.rooms.entry(Jid::parse(room).unwrap()).or_default();
        let remote_user = room.users.entry(Jid::parse(user).unwrap()).or_default();
        remote_user.hats.insert(HatId::parse(hat).unwrap(), value);
    }

    /// Handles a request and returns the events that answer it.
    pub(crate) fn handle(&mut self, request: ServerRequest) -> Vec<ServerEvent> {
        if matches!(
            request,
            ServerRequest::Follow { .. } | ServerRequest::Changed { .. }
        ) {
            self.followed.push(request);
            return Vec::new();
        }
        self.requests.push(request.clone());
        let name: Arc<str> = self.name.into();
        match request {
            ServerRequest::Plan {
                id, rooms, others, ..
            } => {
                if let Some(error) = &self.error {
                    return vec![
                        ServerEvent::State {
                            server: name,
                            state: ServerState::Away(error.clone()),
                        },
                        ServerEvent::Planned {
                            id,
                            plan: Err(error.clone()),
                        },
                    ];
                }
                let mut requested: BTreeMap<Jid, (Option<Arc<hatrack::model::Room>>, bool)> = BTreeMap::new();
                if others != OtherRooms::Ignore {
                    let take = others == OtherRooms::Take;
                    requested.extend(self.rooms.keys().map(|room| (room.clone(), (None, take))));
                }
                requested.extend(
                    rooms
                        .into_iter()
                        .map(|room| (room.room, (room.local, room.is_requested))),
                );
                let plans = requested
                    .into_iter()
                    .map(|(room, (local, take))| self.plan(&room, local.as_deref(), take));
                let plan = Plan {
                    server: name.clone(),
                    rooms: plans.collect(),
                };
                vec![
                    ServerEvent::State {
                        server: name,
                        state: ServerState::Ready(self.class),
                    },
                    ServerEvent::Progress {
                        id,
                        progress: Progress {
                            done: plan.rooms.len(),
                            total: plan.rooms.len(),
                            rate: 50,
                        },
                    },
                    ServerEvent::Planned {
                        id,
                        plan: Ok(Arc::new(plan)),
                    },
                ]
            }
            ServerRequest::Received { room, .. } => {
                let (Some(local), Some(remote)) = (&room.local, self.rooms.get(&room.room)) else {
                    return Vec::new();
                };
                let new = || Base::new(self.name, self.class, &room.room);
                let base = self.bases.entry(room.room.clone()).or_insert_with(new);
                base.record_common_values(local, remote, jiff::Timestamp::now(), &|_| false);
                Vec::new()
            }
            ServerRequest::Apply { id, plan, .. } => {
                let rooms = plan.rooms.iter().map(|room| self.apply(room)).collect();
                let report = Report { server: name, rooms };
                vec![ServerEvent::Applied {
                    id,
                    report,
                    stopped: false,
                }]
            }
            _ => Vec::new(),
        }
    }

    fn plan(&self, room: &Jid, local: Option<&hatrack::model::Room>, take: bool) -> RoomPlan {
        let read = match (self.unreadable.get(room), self.rooms.get(room)) {
            (Some(read), _) => read.clone(),
            (None, Some(remote)) => RoomRead::Read(Arc::new(remote.clone())),
            (None, None) => RoomRead::Gone,
        };
        let options = MergeOptions {
            is_requested: take,
            ..MergeOptions::default()
        };
        let base = Ok(self.bases.get(room));
        let mut plan = merge(room, base, local, &read, self.class, &options);
        plan.limit = self.limit;
        plan
    }

    fn apply(&mut self, plan: &RoomPlan) -> RoomReport {
        let mut report = RoomReport::new(plan);
        for (_, change) in plan.sending().changes {
            let outcome = match &self.send_outcome {
                Some(outcome) => outcome.clone(),
                None => self.set(&plan.room, &change),
            };
            report.add(&change, &outcome, true);
        }
        report
    }

    fn set(&mut self, room: &Jid, change: &ItemChange) -> ItemOutcome {
        let remote_room = self.rooms.get_mut(room).unwrap();
        let actual = remote_room.value(&change.item);
        if actual != change.expected {
            return ItemOutcome::Changed { actual };
        }
        match (&change.item, &change.wanted) {
            (Item::Hat { user, hat }, Some(ItemValue::Hat(value))) => {
                let user = remote_room.users.entry(user.clone()).or_default();
                user.hats.insert(hat.clone(), value.clone());
            }
            (Item::Hat { user, hat }, _) => {
                remote_room.users.get_mut(user).unwrap().hats.remove(hat);
            }
            (Item::Catalog { hat }, Some(ItemValue::Catalog(entry))) => {
                remote_room.catalog.insert(hat.clone(), entry.clone());
            }
            (Item::Catalog { hat }, _) => {
                remote_room.catalog.remove(hat);
            }
            (Item::Affiliation { .. }, _) => panic!("affiliations are only shown"),
        }
        if let Some(base) = self.bases.get_mut(room) {
            base.set(&change.item, change.wanted.clone());
        }
        ItemOutcome::Done { saved: true }
    }
}
