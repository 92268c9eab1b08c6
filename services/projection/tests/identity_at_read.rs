//! Who is one child is concluded when a child is read: linking moves no data, and unlinking restores exactly. Invariant 8.

use crate::harness;

use event_log::Topic;
use harness::sayings::*;
use harness::{House, Saying, now_us};
use projection::child::{Child, is_shown};
use proto::events::{self as e, Scheme, Subject};

/// School and council know the child by one UPN, the hospital by an NHS number.
async fn three_systems() -> (House, Subject, Subject, Subject) {
    let (school, council, hospital) = (pupil("P1"), council_child("C1"), hospital_person("H1"));
    let mut house = House::new().await;
    house.record(organisations()).await;
    house
        .say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school), attended(&school, 2024)])
        .await;
    house.say(CIN, [described(COUNCIL, &council, &[upn(UPN)]), referred(&council)]).await;
    house.say(HL7, [described(HOSPITAL, &hospital, &[nhs(NHS_NUMBER)]), emergency(&hospital)]).await;
    house.catch_up().await;
    (house, school, council, hospital)
}

/// What sources said, to the last byte; without the decisions about links, which stand on record whatever they say.
fn timeline(child: &Child) -> String {
    format!("{:?}", shown(child).collect::<Vec<_>>())
}

fn shown(child: &Child) -> impl Iterator<Item = &timeline::Entry> {
    child.entries.iter().filter(|entry| is_shown(&entry.event))
}

fn says_of(house: &House, child: &Child, subject: &Subject) -> bool {
    child.resolution.subjects.contains(&house.pseudonyms.of(subject).0)
}

fn sources(child: &Child) -> Vec<&str> {
    let mut sources: Vec<&str> = shown(child).map(|entry| entry.controller.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

#[tokio::test]
async fn one_upn_links_school_and_council_and_a_person_links_the_hospital() {
    let (mut house, school, council, hospital) = three_systems().await;
    for asked in [&school, &council, &upn(UPN)] {
        assert_eq!(sources(&house.child(asked, None)), [COUNCIL, SCHOOL]);
    }
    for asked in [&hospital, &nhs(NHS_NUMBER)] {
        assert_eq!(sources(&house.child(asked, None)), [HOSPITAL]);
    }
    house.record(vec![linked(&council, &nhs(NHS_NUMBER))]).await;
    house.catch_up().await;
    let whole = timeline(&house.child(&school, None));
    for asked in [&school, &council, &hospital, &upn(UPN), &nhs(NHS_NUMBER)] {
        let child = house.child(asked, None);
        assert_eq!(sources(&child), [COUNCIL, HOSPITAL, SCHOOL]);
        assert_eq!(timeline(&child), whole, "by whichever number the child is asked for");
    }
}

#[tokio::test]
async fn unlinking_restores_both_timelines_exactly_and_moves_no_data() {
    let (mut house, school, council, hospital) = three_systems().await;
    let asked = [&school, &council, &hospital];
    let before: Vec<String> = asked.iter().map(|asked| timeline(&house.child(asked, None))).collect();
    let rows_before = rows(&house, &asked);
    for link in [linked(&council, &nhs(NHS_NUMBER)), linked(&hospital, &school)] {
        house.record(vec![link]).await;
        house.catch_up().await;
        assert_ne!(timeline(&house.child(&school, None)), before[0]);
    }
    assert_eq!(rows(&house, &asked), rows_before, "linking moves no data");
    // From the other side than it was linked, as easily.
    house.record(vec![unlinked(&nhs(NHS_NUMBER), &council), unlinked(&school, &hospital)]).await;
    house.catch_up().await;
    let after: Vec<String> = asked.iter().map(|asked| timeline(&house.child(asked, None))).collect();
    assert_eq!(after, before);
    assert_eq!(rows(&house, &asked), rows_before);
    house.record(vec![linked(&hospital, &school), linked(&council, &nhs(NHS_NUMBER))]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&council, None)), [COUNCIL, HOSPITAL, SCHOOL], "the last decision stands");
}

/// What the store holds of what sources said, by subject.
fn rows(house: &House, of: &[&Subject]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    for subject in of.iter().map(|subject| house.pseudonyms.of(subject)) {
        house
            .store
            .read(subject.partition().into(), |view| {
                view.scan_prefix(&projection::store::keys::row_prefix(subject), |key, value| {
                    let sector = projection::row::read(value).unwrap().topic;
                    if ![Topic::Identity, Topic::Sharing].contains(&sector) {
                        rows.push((key.to_vec(), value.to_vec()));
                    }
                    std::ops::ControlFlow::Continue(())
                })
            })
            .unwrap();
    }
    rows
}

/// What a person decided outweighs what sources claim.
#[tokio::test]
async fn a_claim_does_not_undo_a_persons_unlinking() {
    let (mut house, school, council, _) = three_systems().await;
    house.record(vec![unlinked(&school, &council)]).await;
    house.say(CIN, [Saying { version: 2, ..described(COUNCIL, &council, &[upn(UPN)]) }]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&school, None)), [SCHOOL]);
    assert_eq!(sources(&house.child(&council, None)), [COUNCIL]);
}

#[tokio::test]
async fn two_children_of_one_school_with_one_upn_are_linked_to_nobody() {
    let (mut house, school, council, _) = three_systems().await;
    let twin = pupil("P2");
    house.say(CENSUS, [described(SCHOOL, &twin, &[upn(UPN)]), attended(&twin, 2023)]).await;
    house.catch_up().await;
    for (asked, source) in [(&school, SCHOOL), (&twin, SCHOOL)] {
        let child = house.child(asked, None);
        assert_eq!(sources(&child), [source]);
        assert_eq!(child.resolution.subjects.len(), 1);
    }
    assert!(!says_of(&house, &house.child(&council, None), &school));
    assert!(!says_of(&house, &house.child(&council, None), &twin));
}

/// UN3 and its like come from a connector as identifiers that are not usable; so does a UPN whose letter is wrong.
#[tokio::test]
async fn a_placeholder_never_links() {
    let mut house = House::new().await;
    let (school, council) = (pupil("P1"), council_child("C1"));
    let unusable = |mut saying: Saying| {
        if let Some(e::event::Kind::PersonDescribed(person)) = &mut saying.event.kind {
            person.identifiers.iter_mut().for_each(|identifier| identifier.usable = false);
        }
        saying
    };
    house.say(CENSUS, [unusable(described(SCHOOL, &school, &[upn("UN3")]))]).await;
    house.say(CIN, [unusable(described(COUNCIL, &council, &[upn("UN3")]))]).await;
    house.catch_up().await;
    assert_eq!(house.child(&school, None).resolution.subjects.len(), 1);
    assert_eq!(house.child(&upn("UN3"), None).entries, []);
}

#[tokio::test]
async fn nothing_crosses_a_sealed_adoption_from_whichever_side_it_is_asked() {
    let (mut house, school, council, hospital) = three_systems().await;
    let (now, ours) = (pupil("NEW"), [&school, &council]);
    // The new identity is claimed, and even linked by a person, to the old one's numbers.
    house.say(CENSUS, [described(SCHOOL, &now, &[]), attended(&now, 2025)]).await;
    house.record(vec![linked(&now, &upn(UPN)), linked(&council, &hospital)]).await;
    house.catch_up().await;
    assert!(says_of(&house, &house.child(&now, None), &council), "before it is sealed they are one");
    let sealed = vec![school.clone(), council.clone(), upn(UPN)];
    let seal = proto::admin::Fact { sealed: sealed.clone(), ..fact(&school, e::IdentitySealed::default()) };
    house.record(vec![seal]).await;
    house.catch_up().await;
    let identities: Vec<&Subject> = sealed.iter().collect();
    for asked in &identities {
        let child = house.child(asked, None);
        assert!(!says_of(&house, &child, &now) && !says_of(&house, &child, &hospital));
    }
    for asked in [&now, &hospital, &nhs(NHS_NUMBER)] {
        let child = house.child(asked, None);
        assert!(identities.iter().all(|old| !says_of(&house, &child, old)));
        assert!(child.said.iter().all(|(_, said)| !ours.iter().any(|old| house.pseudonyms.of(old).0 == said.subject)));
    }
    assert_eq!(sources(&house.child(&school, None)), [COUNCIL, SCHOOL], "within the seal nothing changes");
}

/// HL7 A40: the trust itself replaces one of its numbers by another.
#[tokio::test]
async fn a_superseded_number_is_the_same_child() {
    let mut house = House::new().await;
    let (old, new) = (hospital_person("H1"), hospital_person("H2"));
    house.say(HL7, [described(HOSPITAL, &old, &[nhs(NHS_NUMBER)]), emergency(&old)]).await;
    house.say(HL7, [described(HOSPITAL, &new, &[nhs(NHS_NUMBER)])]).await;
    house.catch_up().await;
    assert!(!says_of(&house, &house.child(&new, None), &old), "two numbers of one trust with one NHS number");
    let superseded = e::IdentifierSuperseded { superseded: Some(old.clone()), ..Default::default() };
    house.say(HL7, [saying(HOSPITAL, &new, "a40", day(2025, 1, 1), superseded)]).await;
    house.catch_up().await;
    let by_new = house.child(&new, None);
    assert!(by_new.entries.iter().any(|entry| matches!(entry.event.kind, Some(e::event::Kind::AttendedEmergency(_)))));
    for asked in [&old, &nhs(NHS_NUMBER)] {
        assert_eq!(timeline(&house.child(asked, None)), timeline(&by_new));
    }
}

#[tokio::test]
async fn a_corrected_upn_unlinks_what_the_wrong_one_linked() {
    let (mut house, school, council, _) = three_systems().await;
    let before = now_us();
    assert_eq!(sources(&house.child(&school, None)), [COUNCIL, SCHOOL]);
    house.say(CENSUS, [Saying { version: 2, ..described(SCHOOL, &school, &[upn("X878299925099")]) }]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&school, None)), [SCHOOL]);
    assert_eq!(sources(&house.child(&council, None)), [COUNCIL]);
    assert_eq!(sources(&house.child(&school, Some(before))), [COUNCIL, SCHOOL], "as it was known then");
    // The first description comes again, as after a crash: it is the older of the two, and stays so.
    house.say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)])]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&school, None)), [SCHOOL]);
}

/// Nobody has so many numbers: the claims are wrong, and whose restrictions bind cannot be told.
#[tokio::test]
async fn of_a_child_of_too_many_subjects_nothing_is_shown() {
    let mut house = House::new().await;
    let asked = pupil("P1");
    let claims: Vec<Subject> = (0..64).map(|n| subject(Scheme::Uln, "invented", &format!("U{n}"))).collect();
    house.say(CENSUS, [described(SCHOOL, &asked, &claims[..63]), attended(&asked, 2024)]).await;
    house.catch_up().await;
    assert_eq!(house.child(&asked, None).resolution.subjects.len(), 64);
    house.say(CENSUS, [Saying { version: 2, ..described(SCHOOL, &asked, &claims) }]).await;
    house.catch_up().await;
    let child = house.child(&asked, None);
    assert_eq!(child.resolution.subjects, [house.pseudonyms.of(&asked).0].into());
    assert_eq!((child.said.len(), child.entries.len()), (0, 0));
}

#[tokio::test]
async fn as_it_was_known_before_a_link_two_children_are_two() {
    let (mut house, school, council, hospital) = three_systems().await;
    let before = now_us();
    house.record(vec![linked(&council, &hospital)]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&school, Some(before))), [COUNCIL, SCHOOL]);
    assert_eq!(sources(&house.child(&school, None)), [COUNCIL, HOSPITAL, SCHOOL]);
}
