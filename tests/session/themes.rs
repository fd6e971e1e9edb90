//! The choice of a theme.

use hatrack::app::themes::{NamedTheme, ThemeChoices, ThemesOverlay};
use hatrack::app::{Effect, Msg, SessionOptions};
use hatrack::model::Rights;
use hatrack::store::Scope;

use super::session::Session;
use super::wardrobe;

fn choices() -> ThemeChoices {
    let named = |name: &str| NamedTheme {
        name: name.into(),
        description: String::new(),
    };
    ThemeChoices {
        all: ["default", "mono", "mine"].map(named).into(),
        current: "mono".into(),
    }
}

fn start(start: SessionOptions) -> Session {
    let themes = choices();
    Session::start(SessionOptions { themes, ..start }, wardrobe(), (80, 24))
}

fn open() -> Session {
    let mut session = start(SessionOptions::default());
    session.keys("T");
    assert_eq!(session.state.top_as::<ThemesOverlay>().unwrap().name(), "mono");
    assert_eq!(session.effects, [], "the current theme is already shown");
    session
}

fn show(name: &str) -> Effect {
    Effect::ShowTheme(name.into())
}

#[test]
fn shows_the_selected_theme_and_restores_the_one_before() {
    let mut session = open();
    session.keys("Down Up Up");
    assert_eq!(session.effects, [show("mine"), show("mono"), show("default")]);
    session.effects.clear();
    session.keys("Esc");
    assert_eq!(session.effects, [show("mono")]);
    assert!(session.state.top().is_none());
    assert_eq!(session.notice(), "");
}

#[test]
fn saves_the_chosen_theme() {
    let mut session = open();
    session.keys("Down");
    session.effects.clear();
    session.keys("Enter");
    assert_eq!(session.effects, [show("mine"), Effect::SaveTheme("mine".into())]);
    session.send(Msg::ThemeSaved("mine".into(), Ok("~/config.toml".into())));
    assert_eq!(session.notice(), "Saved theme mine in ~/config.toml");
    // From now on, canceling restores this theme.
    session.keys("T Up");
    session.effects.clear();
    session.keys("q");
    assert_eq!(session.effects, [show("mine")]);
}

#[test]
fn error_says_that_the_theme_is_not_saved() {
    let mut session = open();
    session.keys("Enter");
    let reason = "cannot write ~/config.toml: line 3: unknown setting; correct it first";
    session.send(Msg::ThemeSaved("mono".into(), Err(reason.into())));
    let notice = session.state.notice().unwrap();
    assert!(notice.is_error && notice.text.contains(reason), "{notice:?}");
    // Saving can be tried again.
    session.effects.clear();
    session.keys("T Enter");
    assert!(session.effects.contains(&Effect::SaveTheme("mono".into())));
}

#[test]
fn restricted_session_cannot_choose_a_theme() {
    let restricted = |scope| SessionOptions {
        scope,
        ..SessionOptions::default()
    };
    let demo = SessionOptions {
        demo: true,
        ..SessionOptions::default()
    };
    let no_affiliations = Rights {
        no_affiliations: true,
        ..Rights::default()
    };
    for (start_with, reason) in [
        (
            restricted(Scope {
                rooms: Some([].into()),
                ..Scope::default()
            }),
            "restricted session",
        ),
        (
            restricted(Scope {
                read_only: true,
                ..Scope::default()
            }),
            "restricted session",
        ),
        (
            restricted(Scope {
                rights: no_affiliations,
                ..Scope::default()
            }),
            "restricted session",
        ),
        (demo, "demo mode"),
    ] {
        let mut session = start(start_with);
        session.keys("T Down Enter");
        assert_eq!(session.effects, []);
        session.keys("T");
        assert!(session.notice().contains(reason), "{}", session.notice());
        assert!(session.state.top().is_none());
    }
    let mut session = Session::open(wardrobe(), (80, 24));
    session.keys("T");
    assert!(
        session.notice().contains("No configuration file"),
        "{}",
        session.notice()
    );
}
