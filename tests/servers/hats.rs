//! Rooms, hats and affiliations of ejabberd, read and changed without hatrack: with ad-hoc commands of a client, and
//! with ejabberd's HTTP API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::MutexGuard;

use serde_json::{Value, json};

use crate::client::Client;
use crate::prosody::SERVICE;
use crate::server::{Kind, Server};

const COMMANDS: &str = "http://jabber.org/protocol/commands";
const DATA: &str = "jabber:x:data";

/// An ad-hoc command with a submitted form, or without a form if there are no fields.
fn command(node: &str, fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let field = |(name, value): &(&str, &str)| {
        format!("<field var='{name}'><value>{}</value></field>", escape(value))
    };
    if fields.is_empty() {
        return format!("<command xmlns='{COMMANDS}' node='{node}' action='execute'/>");
    }
    let fields: String = fields.iter().map(field).collect();
    format!(
        "<command xmlns='{COMMANDS}' node='{node}' action='complete'><x xmlns='{DATA}' type='submit'>{fields}</x></command>"
    )
}

/// The client of the account `observer`, an administrator of the server.
struct Observer<'a>(MutexGuard<'a, Option<Client>>);

impl Observer<'_> {
    fn client(&mut self) -> &mut Client {
        self.0.as_mut().unwrap()
    }
}

impl Server {
    fn observer(&self) -> Observer<'_> {
        let mut observer = self.observer.lock().unwrap();
        observer.get_or_insert_with(|| Client::login(self, "observer"));
        Observer(observer)
    }

    /// Runs an ad-hoc command of a room and returns the items of its answer: the values by the names of the fields.
    pub(crate) fn command_items(&self, room: &str, node: &str) -> Vec<BTreeMap<String, String>> {
        let (kind, xml) = self.observer().client().iq(room, "set", &command(node, &[]));
        assert_eq!(kind, "result", "{xml}");
        let answer = roxmltree::Document::parse(&xml).unwrap();
        let items = answer
            .descendants()
            .filter(|node| node.has_tag_name((DATA, "item")));
        let value = |field: roxmltree::Node<'_, '_>| {
            let value = field.children().find(|node| node.has_tag_name((DATA, "value")));
            let text = value.and_then(|value| value.text()).unwrap_or_default();
            (field.attribute("var").unwrap().to_owned(), text.to_owned())
        };
        let fields = |item: roxmltree::Node<'_, '_>| {
            let fields = item.children().filter(|node| node.has_tag_name((DATA, "field")));
            fields.map(value).collect()
        };
        items.map(fields).collect()
    }

    /// Makes users members of rooms.
    pub(crate) fn add_members(&self, rooms: &[String], users: &[&str]) {
        let item = |user: &&str| format!("<item jid='{user}' affiliation='member'/>");
        let items: String = users.iter().map(item).collect();
        let query = format!("<query xmlns='http://jabber.org/protocol/muc#admin'>{items}</query>");
        let requests: Vec<_> = rooms.iter().map(|room| (room.clone(), query.clone())).collect();
        self.observer().client().iqs(&requests);
    }

    /// Assigns hats, each given as room, user, ID and title. With a catalog, first defines the hats there.
    pub(crate) fn assign(&self, hats: &[(&str, &str, &str, &str)]) {
        let (mut requests, mut defined) = (Vec::new(), BTreeSet::new());
        for (room, user, id, title) in hats {
            let mut request = |node: &str, fields: &[(&str, &str)]| {
                requests.push(((*room).to_owned(), command(node, fields)));
            };
            if self.kind == Kind::Ejabberd26 {
                let entry = [("hats#uri", *id), ("hats#title", *title), ("hats#hue", "120.0")];
                if defined.insert((*room, *id, *title)) {
                    request("urn:xmpp:hats:commands:create", &entry);
                }
                let hat = [("hats#jid", *user), ("hat", *id)];
                request("urn:xmpp:hats:commands:assign", &hat);
            } else {
                let hat = [("jid", *user), ("hat_title", *title), ("hat_uri", *id)];
                request("http://prosody.im/protocol/hats#add", &hat);
            }
        }
        for requests in requests.chunks(500) {
            self.observer().client().iqs(requests);
        }
    }

    /// Removes hats, each given as room, user and ID.
    pub(crate) fn unassign(&self, hats: &[(&str, &str, &str)]) {
        let request = |(room, user, id): &(&str, &str, &str)| {
            let command = if self.kind == Kind::Ejabberd26 {
                let hat = [("hats#jid", *user), ("hat", *id)];
                command("urn:xmpp:hats:commands:unassign", &hat)
            } else {
                let hat = [("jid", *user), ("hat_uri", *id)];
                command("http://prosody.im/protocol/hats#remove", &hat)
            };
            ((*room).to_owned(), command)
        };
        let requests: Vec<_> = hats.iter().map(request).collect();
        self.observer().client().iqs(&requests);
    }

    /// Returns the hats of all users of a room, each as user, ID and title.
    pub(crate) fn assigned(&self, room: &str) -> Vec<[String; 3]> {
        // In this list, ejabberd 23.01 has the ID in the field `hat_title` and the title in `hat_uri`.
        let (node, names) = if self.kind == Kind::Ejabberd26 {
            (
                "urn:xmpp:hats:commands:list-assigned",
                ["hats#jid", "hats#uri", "hats#title"],
            )
        } else {
            ("p1:hats#list", ["jid", "hat_title", "hat_uri"])
        };
        let items = self.command_items(room, node).into_iter();
        items.map(|item| names.map(|name| item[name].clone())).collect()
    }

    /// Creates a room on ejabberd with these options and affiliations.
    pub(crate) fn create_ejabberd_room(
        &self,
        room: &str,
        options: &[(&str, &str)],
        affiliations: &[(&str, &str)],
    ) {
        let (name, service) = room.split_once('@').unwrap();
        let options: Vec<Value> = options
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        self.call_api(
            "create_room_with_opts",
            &json!({"name": name, "service": service, "host": "localhost", "options": options}),
        );
        for (user, affiliation) in affiliations {
            self.set_ejabberd_affiliation(room, user, affiliation);
        }
    }

    /// Sets an affiliation on ejabberd.
    pub(crate) fn set_ejabberd_affiliation(&self, room: &str, user: &str, affiliation: &str) {
        let (name, service) = room.split_once('@').unwrap();
        let mut arguments = json!({"service": service, "affiliation": affiliation});
        if self.kind == Kind::Ejabberd26 {
            let (local, host) = user.split_once('@').unwrap();
            arguments["room"] = json!(name);
            arguments["user"] = json!(local);
            arguments["host"] = json!(host);
        } else {
            arguments["name"] = json!(name);
            arguments["jid"] = json!(user);
        }
        self.call_api("set_room_affiliation", &arguments);
    }

    /// Destroys a room on ejabberd, and waits until the room is gone.
    pub(crate) fn destroy_ejabberd_room(&self, room: &str) {
        let (name, service) = room.split_once('@').unwrap();
        let new = self.kind == Kind::Ejabberd26;
        let key = if new { "room" } else { "name" };
        self.call_api("destroy_room", &json!({ key: name, "service": service }));
        // ejabberd answers before the room is gone.
        while self.ejabberd_rooms().iter().any(|other| other == room) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Returns all loaded rooms of ejabberd's rooms service.
    pub(crate) fn ejabberd_rooms(&self) -> Vec<String> {
        let rooms = self.call_api("muc_online_rooms", &json!({ "service": SERVICE }));
        serde_json::from_value(rooms).unwrap()
    }
}
