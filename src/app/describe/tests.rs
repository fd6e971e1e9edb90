use super::*;
use crate::model::{Affiliation, Wardrobe};

fn group(edits: &EditGroup) -> String {
    super::group(edits, &Wardrobe::default(), &TimeZone::UTC)
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn titled(title: &str) -> Attachment {
    Attachment::default().with_title(Some(title))
}

/// A room with two members, one with a hat.
fn fixture() -> (Wardrobe, Jid, HatId) {
    let (room, hat) = (
        jid("courses@conference.example.org"),
        HatId::parse("http://example.com/hats/ta").unwrap(),
    );
    let mut wardrobe = Wardrobe::default();
    wardrobe.add_room(&room, Some("Courses")).unwrap();
    for user in ["terry@example.org", "kim@example.org"] {
        wardrobe
            .set_affiliation(&jid(user), &room, Affiliation::Member)
            .unwrap();
    }
    wardrobe
        .add_user_hat(
            &jid("terry@example.org"),
            &room,
            &hat,
            titled("Teacher's Assistant"),
        )
        .unwrap();
    (wardrobe, room, hat)
}

#[test]
fn describes_when_added_hats_expire() {
    let (mut wardrobe, room, _) = fixture();
    let [kim, terry] = ["kim@example.org", "terry@example.org"].map(jid);
    let temporary = titled("Guest").with_until("2099-02-28T12:00:00Z".parse().ok());
    let other = HatId::parse("urn:x:guest").unwrap();
    let added = wardrobe
        .add_user_hat(&kim, &room, &other, temporary.clone())
        .unwrap();
    assert_eq!(
        group(&added),
        "added \"Guest\" (expires 2099-02-28 12:00) to kim@example.org in courses@conference.example.org"
    );
    let (subject, action) = subject_and_action(&added.0[0], &Wardrobe::default(), &TimeZone::UTC);
    assert_eq!(
        (subject.as_str(), action.as_str()),
        (
            "kim@example.org",
            "\"Guest\" added in courses@conference.example.org (expires 2099-02-28 12:00)"
        )
    );
    let mut both = added;
    both.0
        .extend(wardrobe.add_user_hat(&terry, &room, &other, temporary).unwrap().0);
    assert_eq!(
        group(&both),
        "added \"Guest\" (expires 2099-02-28 12:00) to kim@example.org and terry@example.org in \
         courses@conference.example.org"
    );
}

#[test]
fn describes_adding_and_removing_hats() {
    let (mut wardrobe, room, hat) = fixture();
    let terry = jid("terry@example.org");
    let removed = wardrobe.remove_user_hat(&terry, &room, &hat).unwrap();
    assert_eq!(
        group(&removed),
        "removed \"Teacher's Assistant\" from terry@example.org in courses@conference.example.org"
    );
    assert_eq!(
        group(&removed.inverse()),
        "added \"Teacher's Assistant\" to terry@example.org in courses@conference.example.org"
    );
    let untitled = wardrobe
        .add_user_hat(&terry, &room, &hat, Attachment::default())
        .unwrap();
    assert_eq!(
        group(&untitled),
        "added <http://example.com/hats/ta> to terry@example.org in courses@conference.example.org"
    );
}

#[test]
fn describes_attachment_changes() {
    let (mut wardrobe, room, hat) = fixture();
    let terry = jid("terry@example.org");
    let start = "changed \"Teacher's Assistant\" for terry@example.org in courses@conference.example.org: ";
    let mut describe_change_to = |next: Attachment| {
        let change = wardrobe.add_user_hat(&terry, &room, &hat, next).unwrap();
        let description = group(&change);
        wardrobe.apply(&change.inverse()).unwrap();
        description
            .strip_prefix(start)
            .map(str::to_owned)
            .ok_or(description)
    };
    let same = titled("Teacher's Assistant");
    let active = same.clone().with_active(true).with_required(true);
    assert_eq!(
        describe_change_to(active).unwrap_err(),
        "made \"Teacher's Assistant\" active and required for terry@example.org in courses@conference.example.org"
    );
    let end = "2027-01-02T00:00:00Z".parse().ok();
    let ending = same.clone().with_active(true).with_until(end);
    assert_eq!(
        describe_change_to(ending).as_deref(),
        Ok("active; expires 2027-01-01")
    );
    let zone = TimeZone::fixed(jiff::tz::offset(-5));
    let before = Attachment::default();
    let after = before.clone().with_until(end);
    assert_eq!(
        attachment_changes(&before, &after, &zone),
        "expires 2027-01-01 19:00"
    );
    assert_eq!(
        describe_change_to(titled("Boss")).as_deref(),
        Ok("title \"Boss\"")
    );
    assert_eq!(
        describe_change_to(Attachment::default()).as_deref(),
        Ok("no title")
    );
    let explicit = Attachment {
        active: Some(false),
        ..same
    };
    assert_eq!(
        describe_change_to(explicit).as_deref(),
        Ok("same value, different JSON")
    );
}

#[test]
fn describes_rooms_and_users() {
    let (mut wardrobe, room, _) = fixture();
    let (terry, kim) = (jid("terry@example.org"), jid("kim@example.org"));
    let promoted = wardrobe.set_affiliation(&kim, &room, Affiliation::Admin).unwrap();
    assert_eq!(
        group(&promoted),
        "changed kim@example.org to admin in courses@conference.example.org (was member)"
    );
    let terry_removed = wardrobe
        .set_affiliation(&terry, &room, Affiliation::None)
        .unwrap();
    assert_eq!(
        group(&terry_removed),
        "removed terry@example.org (member) from courses@conference.example.org with 1 hat"
    );
    assert_eq!(
        group(&terry_removed.inverse()),
        "added terry@example.org to courses@conference.example.org as member with 1 hat"
    );
    wardrobe.apply(&terry_removed.inverse()).unwrap();
    let kim_removed = wardrobe.set_affiliation(&kim, &room, Affiliation::None).unwrap();
    assert_eq!(
        group(&kim_removed),
        "removed kim@example.org (admin) from courses@conference.example.org"
    );
    assert_eq!(
        group(&kim_removed.inverse()),
        "added kim@example.org to courses@conference.example.org as admin"
    );
    wardrobe.apply(&kim_removed.inverse()).unwrap();
    let renamed = wardrobe.rename_room(&room, Some("Lessons")).unwrap();
    assert_eq!(
        group(&renamed),
        "renamed courses@conference.example.org from \"Courses\" to \"Lessons\""
    );
    let removed = wardrobe.remove_room(&room).unwrap();
    assert_eq!(
        group(&removed),
        "removed room courses@conference.example.org \"Lessons\" with 2 users and 1 hat"
    );
    let added = wardrobe.add_room(&room, None).unwrap();
    assert_eq!(group(&added), "added room courses@conference.example.org");
}

#[test]
fn describes_catalog_changes() {
    let (mut wardrobe, room, hat) = fixture();
    let entry = |title: &str| {
        Some(CatalogHat {
            title: Some(title.into()),
            ..CatalogHat::default()
        })
    };
    let defined = wardrobe.set_catalog_hat(&room, &hat, entry("Helper")).unwrap();
    assert_eq!(
        group(&defined),
        "defined \"Helper\" in the catalog of courses@conference.example.org"
    );
    assert_eq!(
        group(&defined.inverse()),
        "removed \"Helper\" from the catalog of courses@conference.example.org"
    );
    let changed = wardrobe.set_catalog_hat(&room, &hat, entry("Aide")).unwrap();
    assert_eq!(
        group(&changed),
        "changed \"Helper\" in the catalog of courses@conference.example.org: title \"Aide\""
    );
    let red = entry("Aide").map(|entry| CatalogHat {
        hue: hat_color::parse("red").ok(),
        ..entry
    });
    let changed = wardrobe.set_catalog_hat(&room, &hat, red).unwrap();
    let start = "changed \"Aide\" in the catalog of courses@conference.example.org: ";
    assert_eq!(group(&changed), format!("{start}color red"));
    assert_eq!(group(&changed.inverse()), format!("{start}automatic color"));
}

#[test]
fn summarizes_many_edits() {
    let (mut wardrobe, room, hat) = fixture();
    let (terry, kim) = (jid("terry@example.org"), jid("kim@example.org"));
    let proctor = HatId::parse("urn:x:proctor").unwrap();
    let all = |groups: Vec<EditGroup>| EditGroup(groups.into_iter().flat_map(|group| group.0).collect());
    let both = all(vec![
        wardrobe
            .add_user_hat(&terry, &room, &proctor, titled("Proctor"))
            .unwrap(),
        wardrobe
            .add_user_hat(&kim, &room, &proctor, titled("Proctor"))
            .unwrap(),
    ]);
    assert_eq!(
        group(&both),
        "added \"Proctor\" to kim@example.org and terry@example.org in courses@conference.example.org"
    );
    let hats = [
        (hat.clone(), titled("Boss")),
        (HatId::unchecked("urn:x:new"), titled("New")),
    ];
    let set = wardrobe
        .set_user_hats(&terry, &room, &hats.into_iter().collect())
        .unwrap();
    assert_eq!(
        group(&set),
        "changed hats for terry@example.org in courses@conference.example.org: added \"New\", removed \"Proctor\", \
         changed \"Teacher's Assistant\""
    );
    let other = jid("staff@conference.example.org");
    let mixed = all(vec![
        wardrobe.add_room(&other, None).unwrap(),
        wardrobe
            .set_affiliation(&kim, &other, Affiliation::Owner)
            .unwrap(),
    ]);
    assert_eq!(
        group(&mixed),
        "added room staff@conference.example.org and added kim@example.org to staff@conference.example.org as owner"
    );
    let rooms = all(vec![
        wardrobe.add_user_hat(&kim, &other, &hat, titled("Boss")).unwrap(),
        wardrobe.add_user_hat(&kim, &room, &hat, titled("Boss")).unwrap(),
    ]);
    assert_eq!(group(&rooms), "added \"Boss\" to kim@example.org in 2 rooms");
    assert_eq!(group(&EditGroup::default()), "changed nothing");
}

#[test]
fn truncates_huge_texts() {
    let (mut wardrobe, room, hat) = fixture();
    let terry = jid("terry@example.org");
    let huge = "帽".repeat(1_000_000);
    let mut groups = vec![
        wardrobe.add_user_hat(&terry, &room, &hat, titled(&huge)).unwrap(),
        wardrobe.remove_user_hat(&terry, &room, &hat).unwrap(),
        wardrobe.rename_room(&room, Some(&huge)).unwrap(),
        wardrobe.rename_room(&room, None).unwrap(),
    ];
    let long = HatId::unchecked(format!("urn:x:{huge}"));
    groups.push(
        wardrobe
            .add_user_hat(&terry, &room, &long, Attachment::default())
            .unwrap(),
    );
    groups.push(wardrobe.remove_room(&room).unwrap());
    for group in groups.iter().map(group) {
        assert!(group.len() < 20_000, "{} bytes", group.len());
    }
    let longest = "帽".repeat(2000);
    let added = wardrobe.add_room(&room, Some(&longest)).unwrap();
    assert_eq!(
        group(&added),
        format!("added room courses@conference.example.org \"{longest}\"")
    );
    let renamed = wardrobe
        .rename_room(&room, Some(&format!("{longest}帽")))
        .unwrap();
    assert!(group(&renamed).ends_with(&format!("\" to \"{longest}…\"")));
}

#[test]
fn counts_edits_by_kind() {
    let mut wardrobe = Wardrobe::default();
    let rooms = ["a@c.example", "b@c.example"].map(|room| Jid::parse(room).unwrap());
    let users = ["x@d.example", "y@d.example"].map(|user| Jid::parse(user).unwrap());
    let hat = |number: u8| HatId::parse(&format!("urn:x:{number}")).unwrap();
    let mut all = EditGroup::default();
    for room in &rooms {
        all.0.extend(wardrobe.add_room(room, None).unwrap().0);
    }
    for user in &users {
        let [room, _] = &rooms;
        let edits = wardrobe.set_affiliation(user, room, Affiliation::Member);
        all.0.extend(edits.unwrap().0);
        for number in 1..=2 {
            let edits = wardrobe.add_user_hat(user, room, &hat(number), Attachment::default());
            all.0.extend(edits.unwrap().0);
        }
    }
    assert_eq!(
        group(&all),
        "added 2 rooms, added 2 users and added 4 hats to 2 users in a@c.example"
    );
    assert_eq!(
        group(&all.inverse()),
        "removed 2 rooms, removed 2 users and removed 4 hats from 2 users in a@c.example"
    );
}

#[test]
fn sentences_continue_in_lower_case_after_a_colon() {
    for (sentence, continued) in [
        ("Cannot open the socket", "cannot open the socket"),
        ("Prosody did not answer", "Prosody did not answer"),
        ("TLS failed", "TLS failed"),
        ("staff@c.example is not allowed", "staff@c.example is not allowed"),
        ("Été", "été"),
        ("", ""),
    ] {
        assert_eq!(after_colon(sentence), continued);
    }
}

#[test]
fn counts_each_removed_user_once_and_all_their_hats() {
    let (mut wardrobe, room, hat) = fixture();
    let (terry, kim) = (jid("terry@example.org"), jid("kim@example.org"));
    wardrobe
        .add_user_hat(&kim, &room, &hat, titled("Proctor"))
        .unwrap();
    let staff = jid("staff@conference.example.org");
    wardrobe.add_room(&staff, None).unwrap();
    wardrobe
        .set_affiliation(&terry, &staff, Affiliation::Admin)
        .unwrap();
    let remove = |wardrobe: &mut Wardrobe, user, room| {
        wardrobe.set_affiliation(user, room, Affiliation::None).unwrap().0
    };
    let mut all = remove(&mut wardrobe, &terry, &room);
    all.extend(remove(&mut wardrobe, &kim, &room));
    assert_eq!(
        group(&EditGroup(all.clone())),
        "removed kim@example.org and terry@example.org (member) from courses@conference.example.org with 2 hats"
    );
    all.extend(remove(&mut wardrobe, &terry, &staff));
    all.extend(wardrobe.rename_room(&staff, Some("Staff")).unwrap().0);
    assert_eq!(
        group(&EditGroup(all)),
        "changed 1 room and removed 2 users with 2 hats in 2 rooms"
    );
}

#[test]
fn describes_edits_in_the_infinitive_and_as_a_proposal() {
    let (mut wardrobe, room, hat) = fixture();
    let (terry, kim) = (jid("terry@example.org"), jid("kim@example.org"));
    let mut edits = wardrobe.remove_user_hat(&terry, &room, &hat).unwrap().0;
    let of_terry = EditGroup(edits.clone());
    assert_eq!(
        group_infinitive(&of_terry, &Wardrobe::default(), &TimeZone::UTC),
        "remove \"Teacher's Assistant\" from terry@example.org in courses@conference.example.org"
    );
    let added = wardrobe.add_user_hat(&kim, &room, &hat, titled("Proctor"));
    edits.extend(added.unwrap().0);
    edits.extend(wardrobe.rename_room(&room, Some("Lessons")).unwrap().0);
    let all = EditGroup(edits);
    let place = "in courses@conference.example.org";
    assert_eq!(
        group_infinitive(&all, &Wardrobe::default(), &TimeZone::UTC),
        format!("change 1 room, add 1 hat to {kim} and remove 1 hat from {terry} {place}")
    );
    assert_eq!(
        proposal(&all),
        format!("This changes 1 room, adds 1 hat to {kim} and removes 1 hat from {terry} {place}.")
    );
}

#[test]
fn describes_bans_of_new_and_existing_users() {
    let (mut wardrobe, room, _) = fixture();
    for (user, was) in [("new@example.org", ""), ("kim@example.org", " (was member)")] {
        let user = jid(user);
        let banned = wardrobe
            .set_affiliation(&user, &room, Affiliation::Outcast)
            .unwrap();
        assert_eq!(group(&banned), format!("banned {user} from {room}{was}"));
        let (subject, action) = subject_and_action(&banned.0[0], &Wardrobe::default(), &TimeZone::UTC);
        assert_eq!(
            (subject, action),
            (user.to_string(), format!("banned from {room}{was}"))
        );
    }
}

#[test]
fn distinguishes_replaced_users_from_changed_unrecognized_fields() {
    let (mut wardrobe, room, _) = fixture();
    let terry = jid("terry@example.org");
    let before = wardrobe.user(&room, &terry).unwrap().clone();
    let mut extended = before.clone();
    extended.extra = crate::model::read::user(b"{\"affiliation\": \"member\", \"x\": 1}")
        .unwrap()
        .0
        .extra;
    let description = group(&wardrobe.replace_user(&terry, &room, extended).unwrap());
    assert_eq!(
        description,
        format!("changed {terry} in {room} (unrecognized fields)")
    );
    let other = User::new(Affiliation::Owner);
    let replaced = wardrobe.replace_user(&terry, &room, other).unwrap();
    assert_eq!(
        group(&replaced),
        format!("replaced the affiliation and hats of {terry} in {room}")
    );
    let (_, action) = subject_and_action(&replaced.0[0], &Wardrobe::default(), &TimeZone::UTC);
    assert_eq!(action, format!("affiliation and hats replaced in {room}"));
}
