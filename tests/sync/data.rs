//! The plan as JSON, the report, and the status with which a command ends.

use hatrack::model::Affiliation;
use hatrack::sync::{
    Action, CatalogValue, Condition, ItemChange, ItemOutcome, Plan, Progress, Reason, Refusal, Report,
    RoomReport, RoomState, Secret, SetAside, Status,
};
use serde_json::{Value, json};

use crate::sides::*;

const SCHEMA: &str = include_str!("../../assets/plan.schema.json");

#[cfg(test)]
fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::draft202012::meta::validate(&schema).expect("a schema of 2020-12");
    jsonschema::draft202012::new(&schema).unwrap()
}

fn plan(sides: &Sides) -> Plan {
    Plan {
        server: "test".into(),
        rooms: vec![sides.merge()],
    }
}

/// A room with lines of many kinds.
fn room_with_many_lines(class: hatrack::sync::ServerClass) -> Sides {
    let mut sides = Sides::compared(class, |sides| {
        sides
            .set_both_entry("t", "T")
            .set_both_entry("s", "S")
            .set_both_entry("v", "V");
        sides
            .add_member("ann", &[("t", "a T")])
            .add_member("bob", &[("t", "a T"), ("s", "a Own")])
            .add_member("cem", &[]);
    });
    sides.remote.name = Some("Courses".into());
    sides
        .set_local_user("ann", Affiliation::None)
        .set_remote_user("cem", Affiliation::Admin);
    sides
        .set_local_hat("bob", "t", None)
        .set_remote_hat("bob", "v", Some("a V"));
    sides.set_local_hat("cem", "new", Some("ar New"));
    if class == EJABBERD_CATALOG {
        sides.set_local_entry("s", Some(entry("S2", Some("120"))));
        sides.set_remote_entry("s", Some(CatalogValue::new("S3", Some("banana"))));
    }
    sides.remote.unreadable.count = 2;
    sides
}

#[test]
fn plan_json_matches_schema() {
    let schema = schema();
    for class in CLASSES {
        let sides = room_with_many_lines(class);
        let mut plan = plan(&sides);
        let refused = hatrack::sync::RoomRead::Forbidden("only owners".into());
        plan.rooms.push(sides.merge_read(&refused));
        plan.rooms.push(sides.merge_read(&hatrack::sync::RoomRead::Gone));
        let data = serde_json::to_value(&plan).unwrap();
        let errors: Vec<String> = schema.iter_errors(&data).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{data:#}");
        assert_eq!(data["rooms"][1]["message"], "only owners");
        assert_eq!(data["rooms"][2]["set-aside"], "room-gone");
        assert_eq!(data["counts"]["send"], plan.counts().send);
        // The schema rejects invalid plans.
        for (pointer, wrong) in [
            ("/rooms/0/lines/0/action", json!("maybe")),
            ("/rooms/0/lines/1/remote", json!(7)),
            ("/rooms/0/class", json!("other")),
            ("/server", Value::Null),
            ("/version", json!(2)),
        ] {
            let mut broken = data.clone();
            *broken.pointer_mut(pointer).unwrap() = wrong;
            assert!(!schema.is_valid(&broken), "{pointer}");
        }
        let mut with_unknown_key = data.clone();
        with_unknown_key["rooms"][0]["lines"][0]["more"] = json!(1);
        assert!(!schema.is_valid(&with_unknown_key));
    }
}

#[test]
fn schema_lists_every_value() {
    let listed_values = |pointer: &str| {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        schema.pointer(pointer).unwrap()["enum"]
            .as_array()
            .unwrap()
            .clone()
    };
    let reasons = [
        Reason::NotAffiliated,
        Reason::LimitOfUser,
        Reason::LimitOfRoom,
        Reason::TextRefused,
        Reason::NeedsTitle,
        Reason::NotDefined,
        Reason::StillUsed,
        Reason::AffiliationsShown,
        Reason::LastOwner,
        Reason::OwnAccount,
        Reason::Held,
        Reason::HistoryUnreadable,
        Reason::NotStored,
    ];
    assert_eq!(
        listed_values("/$defs/line/properties/reason"),
        reasons.map(|reason| json!(reason))
    );
    let set_aside = [
        SetAside::Unreadable,
        SetAside::FileIsOlder,
        SetAside::OtherServer,
        SetAside::RoomGone,
        SetAside::RoomRecreated,
    ];
    assert_eq!(
        listed_values("/$defs/room/properties/set-aside"),
        set_aside.map(|reason| json!(reason))
    );
    let states = [
        RoomState::Compared,
        RoomState::OnlyOnServer,
        RoomState::RemovedFromFile,
        RoomState::OnlyInFile,
        RoomState::GoneFromServer,
        RoomState::Forbidden(String::new()),
        RoomState::Unread(String::new()),
    ];
    assert_eq!(
        listed_values("/$defs/room/properties/state"),
        states.map(|state| json!(state.name()))
    );
    let actions = [Action::Send, Action::Receive, Action::Conflict, Action::LeaveOut];
    assert_eq!(
        listed_values("/$defs/line/properties/action"),
        actions.map(|action| json!(action))
    );
    assert_eq!(
        listed_values("/$defs/room/properties/class"),
        CLASSES.map(|class| json!(class))
    );
}

#[test]
fn status_of_a_plan_is_the_most_urgent_of_its_rooms() {
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[("t", "a T")]);
    });
    assert_eq!(plan(&sides).status(), Status::Done);
    sides.set_local_user("ann", Affiliation::Member);
    assert_eq!(
        plan(&sides).status(),
        Status::Done,
        "a line that is left out by a rule is no difference"
    );
    sides.set_local_hat("terry", "s", Some("a"));
    assert_eq!(plan(&sides).status().exit_code(), 6);
    sides
        .set_local_hat("terry", "t", Some("a H"))
        .set_remote_hat("terry", "t", Some("a R"));
    assert_eq!(plan(&sides).status().exit_code(), 5);
    let mut both = plan(&sides);
    both.rooms
        .push(sides.merge_read(&hatrack::sync::RoomRead::Unread("away".into())));
    assert_eq!(both.status().exit_code(), 1);
    let mut resolved = plan(&Sides::compared(PROSODY, |_| {}));
    assert_eq!(resolved.status().exit_code(), 0);
    resolved.rooms[0].lines = both.rooms[0].lines.clone();
    resolved.rooms[0].prefer(hatrack::sync::Prefer::Server);
    assert_eq!(resolved.status().exit_code(), 6);
}

#[test]
fn report_lists_results_and_failures() {
    let sides = room_with_many_lines(PROSODY);
    let plan = sides.merge();
    let mut report = RoomReport::new(&plan);
    assert_eq!((report.status(), report.left.send), (Status::Done, 0));
    let item = hatrack::sync::Item::Affiliation { user: jid("ann") };
    let change = ItemChange::new(item, None, None);
    report.add(&change, &ItemOutcome::Done { saved: true }, true);
    report.unsent = 1;
    assert_eq!((report.sent, report.status().exit_code()), (1, 7));
    report.add(&change, &ItemOutcome::Changed { actual: None }, true);
    assert_eq!(report.status().exit_code(), 5);
    report.add(
        &change,
        &ItemOutcome::Refused(Refusal::new(Condition::Forbidden)),
        true,
    );
    assert_eq!(report.status().exit_code(), 1);
    let mut not_stored = RoomReport::new(&plan);
    not_stored.add(&change, &ItemOutcome::Done { saved: false }, true);
    assert_eq!(not_stored.status(), Status::Failed);
    let mut ejabberd = RoomReport::new(&plan);
    ejabberd.add(&change, &ItemOutcome::Done { saved: false }, false);
    assert_eq!(ejabberd.status(), Status::Done);
    let forbidden = RoomReport::new(&sides.merge_read(&hatrack::sync::RoomRead::Forbidden("no".into())));
    assert_eq!(forbidden.error.as_deref(), Some("no"));
    let all = Report {
        server: "test".into(),
        rooms: vec![ejabberd, forbidden],
    };
    assert_eq!(all.status(), Status::Failed);
    assert_eq!(
        serde_json::to_value(&report).unwrap()["failed"][1]["why"]["refused"]["condition"],
        "forbidden"
    );
}

#[test]
fn progress_estimates_time_and_secrets_are_hidden() {
    let progress = |done, rate| {
        Progress {
            done,
            total: 100,
            rate,
        }
        .seconds_left()
    };
    assert_eq!(
        (progress(30, 7), progress(30, 0), progress(100, 7)),
        (Some(10), None, Some(0))
    );
    let secret = Secret::new("pass");
    assert_eq!(
        (secret.reveal(), format!("{secret:?}").as_str()),
        ("pass", "(secret)")
    );
}
