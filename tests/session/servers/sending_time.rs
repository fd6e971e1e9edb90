//! How long sending may take, in the plan.

use hatrack::model::{Affiliation, Attachment};
use hatrack::store::Scope;
use hatrack::sync::RateLimit;
use hatrack::ui::{Theme, plain};

use super::super::session::server::FakeServer;
use super::super::{ROOM, hat, jid, wardrobe};
use super::{PROCTOR, matching_server, plan, start};

#[test]
fn a_plan_says_how_long_sending_may_take() {
    let mut server = matching_server();
    let mut wardrobe = wardrobe();
    for number in 0..400 {
        let user = jid(&format!("user{number:05}@example.org"));
        server.user(ROOM, user.as_str(), Affiliation::Member);
        wardrobe
            .set_affiliation(&user, &jid(ROOM), Affiliation::Member)
            .unwrap();
        let attachment = Attachment::default()
            .with_active(true)
            .with_title(Some("Proctor"));
        wardrobe
            .add_user_hat(&user, &jid(ROOM), &hat(PROCTOR), attachment)
            .unwrap();
    }
    let shown = |server: &FakeServer, keys: &str| {
        let mut session = start(server.clone(), wardrobe.clone(), Scope::default());
        session.keys("S Enter");
        if !keys.is_empty() {
            session.keys(keys);
        }
        let sent = plan(&session).counts().send;
        let page = plain::page(&session.state, Theme::default(), (100, 30));
        let line = page.lines.iter().find(|line| line.contains("may take"));
        (sent, line.cloned().unwrap_or_default())
    };
    assert_eq!(shown(&server, ""), (400, String::new()));
    server.limit = Some(RateLimit::EJABBERD_DEFAULT);
    let (sent, line) = shown(&server, "");
    // 400 × about 380 bytes, the first 20,000 at once, then 3,000 a second.
    assert_eq!(sent, 400);
    assert!(line.contains("Sending may take about 50 seconds"), "{line}");
    // Differences that are left out do not count.
    assert_eq!(shown(&server, "g x"), (0, String::new()));
}
