//! Reads and changes rooms on a server of any kind, without hatrack. All hats are active.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::site::hat;
use crate::server::Server;

/// A user's hats: IDs, and the titles that people see.
pub(super) type Titles = BTreeMap<String, String>;

/// A user of a room: address, affiliation, and the IDs and titles of the hats.
pub(super) type Member<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

pub(super) fn titles(hats: &[(&str, &str)]) -> Titles {
    let hats = hats.iter();
    hats.map(|(id, title)| ((*id).to_owned(), (*title).to_owned()))
        .collect()
}

impl Server {
    /// Creates a room with these users.
    pub(super) fn create_room(&self, room: &str, users: &[Member<'_>]) {
        if self.kind.is_prosody() {
            let hats = |hats: &[(&str, &str)]| -> Value {
                let hats = hats.iter();
                hats.map(|(id, title)| ((*id).to_owned(), hat(title)))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            };
            let users = users.iter();
            let users: Vec<_> = users
                .map(|(user, affiliation, of_user)| json!([user, affiliation, hats(of_user)]))
                .collect();
            self.create_prosody_room(room, &users.into());
            // The salt distinguishes the room from another one with the same address. Prosody creates it when the first
            // occupant joins.
            self.lua_room(room, "r:get_salt(); return tostring(r:save(true))");
            return;
        }
        let affiliations: Vec<_> = users
            .iter()
            .map(|(user, affiliation, _)| (*user, *affiliation))
            .collect();
        self.create_ejabberd_room(room, &[("persistent", "true")], &affiliations);
        for (user, _, hats) in users {
            self.add_hats(room, user, hats);
        }
    }

    /// Adds hats to a user, or changes their titles.
    pub(super) fn add_hats(&self, room: &str, user: &str, hats: &[(&str, &str)]) {
        if self.kind.is_prosody() {
            let hats: BTreeMap<_, _> = hats.iter().map(|(id, title)| (id, hat(title))).collect();
            self.change_hats(room, user, &json!(hats), "new[id] = hat");
        } else {
            let hats: Vec<_> = hats.iter().map(|(id, title)| (room, user, *id, *title)).collect();
            self.assign(&hats);
        }
    }

    /// Removes hats from a user.
    pub(super) fn remove_hats(&self, room: &str, user: &str, ids: &[&str]) {
        if self.kind.is_prosody() {
            let hats: BTreeMap<_, _> = ids.iter().map(|id| (id, json!({}))).collect();
            self.change_hats(room, user, &json!(hats), "new[id] = nil");
        } else {
            let hats: Vec<_> = ids.iter().map(|id| (room, user, *id)).collect();
            self.unassign(&hats);
        }
    }

    /// Runs a Lua statement for each of these hats, given as `id` and `hat`, that changes the user's hats `new`.
    fn change_hats(&self, room: &str, user: &str, hats: &Value, change: &str) {
        let hats = Value::String(hats.to_string()).to_string();
        let result = self.lua_room(
            room,
            &format!(
                "local d = r._affiliation_data['{user}'] or {{}}; local new = {{}} \
                 for id, hat in pairs(d.hats or {{}}) do new[id] = hat end \
                 for id, hat in pairs(require 'util.json'.decode({hats})) do {change} end \
                 return tostring(r:set_affiliation_data('{user}', 'hats', new))"
            ),
        );
        assert_eq!(result, "true", "the server cannot change the hats");
    }

    /// Changes an affiliation.
    pub(super) fn set_affiliation(&self, room: &str, user: &str, affiliation: &str) {
        if self.kind.is_prosody() {
            let change = format!("return tostring(r:set_affiliation(true, '{user}', '{affiliation}'))");
            assert_eq!(self.lua_room(room, &change), "true");
        } else {
            self.set_ejabberd_affiliation(room, user, affiliation);
        }
    }

    /// The hats of all users of a room who have hats.
    pub(super) fn all_hats(&self, room: &str) -> BTreeMap<String, Titles> {
        let mut users: BTreeMap<String, Titles> = BTreeMap::new();
        if !self.kind.is_prosody() {
            for [user, id, title] in self.assigned(room) {
                users.entry(user).or_default().insert(id, title);
            }
            return users;
        }
        let data = self.lua_room(room, "return require 'util.json'.encode(r._affiliation_data)");
        let data: Value = serde_json::from_str(&data).unwrap();
        for (user, data) in data.as_object().into_iter().flatten() {
            for (id, hat) in data["hats"].as_object().into_iter().flatten() {
                assert_eq!(hat["active"], true, "{user}: {id}");
                let title = hat["title"].as_str().unwrap_or_default().to_owned();
                users.entry(user.clone()).or_default().insert(id.clone(), title);
            }
        }
        users
    }

    /// The hats of a user.
    pub(super) fn hats_of(&self, room: &str, user: &str) -> Titles {
        self.all_hats(room).remove(user).unwrap_or_default()
    }

    /// Destroys a room.
    pub(super) fn destroy_room(&self, room: &str) {
        if self.kind.is_prosody() {
            self.lua_room(room, "r:destroy(); return 'gone'");
        } else {
            self.destroy_ejabberd_room(room);
        }
    }

    /// Returns whether there is a room with this address. The tombstone of a destroyed room is none.
    pub(super) fn has_room(&self, room: &str) -> bool {
        if self.kind.is_prosody() {
            let exists = self.lua_room(room, "return tostring(r and not r._data.destroyed)");
            return exists == "true";
        }
        self.ejabberd_rooms().iter().any(|other| other == room)
    }

    /// Deletes the tombstone of a destroyed room on Prosody, so that a new room can be created with its address.
    pub(super) fn delete_tombstone(&self, room: &str) {
        if self.kind.is_prosody() {
            self.lua_room(
                room,
                "if r then m.forget_room(r) m.delete_room(r) end return 'deleted'",
            );
        }
    }
}
