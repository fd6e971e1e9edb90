//! Large wardrobes, such as the wardrobe of a large service: 200 rooms of 200 users with two hats each.

use std::fmt::Write as _;

use hatrack::model::{Wardrobe, read};

/// Several titles, so that those of adjacent users differ.
const TITLES: [&str; 8] = [
    "Room host",
    "Moderator on duty",
    "Speaker",
    "Translator",
    "Première visite",
    "書記",
    "🎩 Hat steward",
    "Ask me about OMEMO",
];
const AFFILIATIONS: [&str; 6] = ["owner", "admin", "member", "member", "none", "outcast"];

/// Returns a wardrobe with this number of rooms, and this number of users in each; no user is in two rooms.
pub(crate) fn wardrobe(rooms: usize, users: usize) -> Wardrobe {
    let mut json = r#"{"version":1,"revision":1,"rooms":{"#.to_owned();
    for room in 0..rooms {
        let comma = if room > 0 { "," } else { "" };
        write!(
            json,
            r#"{comma}"room{room:04}@conference.example.org":{{"users":{{"#
        )
        .unwrap();
        for user in 0..users {
            let number = room * users + user;
            let comma = if user > 0 { "," } else { "" };
            let affiliation = AFFILIATIONS[number * 7 % AFFILIATIONS.len()];
            write!(
                json,
                r#"{comma}"user{number:06}@example.org":{{"affiliation":"{affiliation}","hats":{{"#
            )
            .unwrap();
            for hat in 0..2 {
                let comma = if hat > 0 { "," } else { "" };
                let (title, active) = (
                    TITLES[(number * 3 + hat) % TITLES.len()],
                    !(number + hat).is_multiple_of(3),
                );
                write!(
                    json,
                    r#"{comma}"urn:uuid:00000000-0000-4000-8000-{:012x}":{{"active":{active},"title":"{title}"}}"#,
                    number * 2 + hat
                )
                .unwrap();
            }
            json.push_str("}}");
        }
        json.push_str("}}");
    }
    json.push_str("}}");
    read::wardrobe(json.as_bytes()).unwrap()
}
