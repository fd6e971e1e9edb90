//! What stands in the fields of a form when it is opened.

use crate::app::State;
use crate::app::form::{Field, Form, Name, Subject, Value};
use crate::app::suggest::Suggestions;
use crate::app::text::Text;
use crate::model::{Affiliation, HatId};

use super::{definition, many};

/// The choices for a user who is new, and for one who is there.
const NEW: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
];
const THERE: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
    Affiliation::None,
];

/// A form about something, with what is there now in its fields.
pub(super) fn fill(subject: Subject, state: &State) -> Form {
    let text = |name, text: &str| Field {
        name,
        value: Value::Text(Box::new(Text::new(text))),
    };
    let tick = |name, on| Field {
        name,
        value: Value::Tick(on),
    };
    let choice = |options: &'static [Affiliation], chosen| {
        let at = options
            .iter()
            .position(|option| *option == chosen)
            .unwrap_or_default();
        Field {
            name: Name::Affiliation,
            value: Value::Choice { options, at },
        }
    };
    let fields = match &subject {
        Subject::AddRoom => vec![text(Name::Room, ""), text(Name::RoomName, "")],
        Subject::EditRoom { before, .. } => vec![text(Name::RoomName, before.as_deref().unwrap_or_default())],
        Subject::AddUser { .. } | Subject::AddUserTo { .. } => {
            vec![text(Name::User, ""), choice(NEW, Affiliation::Member)]
        }
        Subject::EditUser { before, .. } => vec![choice(THERE, *before)],
        Subject::AddHat { .. } | Subject::GiveMany { .. } => vec![
            text(Name::Hat, ""),
            text(Name::Title, ""),
            tick(Name::Active, true),
            tick(Name::Required, false),
        ],
        Subject::EditUsers { room, users } => {
            vec![choice(THERE, many::usual_affiliation(state, room, users))]
        }
        Subject::EditMany { held, .. } => many::attachment_fields(state, held),
        Subject::DefineHat { .. } => {
            vec![text(Name::Hat, ""), text(Name::Title, ""), text(Name::Hue, "")]
        }
        Subject::EditDefined { room, hat, before } => definition::fields(state, (room, hat), before),
        Subject::EditHat { hat, before, .. } => vec![
            text(Name::Hat, hat.as_str()),
            text(Name::Title, before.title.as_deref().unwrap_or_default()),
            tick(Name::Active, before.is_active()),
            tick(Name::Required, before.is_required()),
        ],
    };
    let suggestions = match &subject {
        Subject::AddHat { room, user } | Subject::EditHat { room, user, .. } => {
            let worn = state.view.user(room, user).map(|user| &user.hats);
            let own = match &subject {
                Subject::EditHat { hat, .. } => Some(hat),
                _ => None,
            };
            let has = |id: &HatId| own != Some(id) && worn.is_some_and(|hats| hats.get(id).is_some());
            Some(Suggestions::of(&state.view, room, has))
        }
        Subject::GiveMany { room, .. } => Some(Suggestions::of(&state.view, room, |_| false)),
        Subject::DefineHat { room } => {
            let defined = state.view.room(room).map(|room| &room.catalogue);
            let is_defined = |id: &HatId| defined.is_some_and(|catalogue| catalogue.contains_key(id));
            Some(Suggestions::of(&state.view, room, is_defined))
        }
        _ => None,
    };
    // Who edits a hat that is there means its title, nearly always.
    let focus = usize::from(matches!(subject, Subject::EditHat { .. }));
    Form {
        subject,
        fields,
        focus,
        refused: false,
        suggestions,
        filled: None,
        changed: false,
        limit: state.start.scope.rooms.clone(),
    }
}
