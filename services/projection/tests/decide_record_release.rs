//! Decide, record, release; what a reader gets, and what no reader can tell. Invariants 4, 5, 6, 7 and 9.

use crate::harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use event_log::Topic;
use harness::faults::{FaultyLog, NO_END};
use harness::sayings::*;
use harness::{HUB_CONTACT, House, Saying, TODAY, holds, now_us, staff};
use jiff::ToSpan as _;
use projection::disclose::Ask;
use projection::serve::caller::{Caller, PERSON_BYTES_MAX};
use projection::store::Engine;
use prost::Message;
use proto::disclosure::Basis;
use proto::events::{self as e, Scheme, Subject};
use proto::sharing as s;
use proto::sharing::consent_recorded::State;
use proto::timeline::GetTimelineResponse;
use sharing::{Category, Outcome, Purpose, RoleGroup};

const SAFEGUARDING: &[RoleGroup] = &[RoleGroup::Safeguarding];
const EVERY_ROLE: [RoleGroup; 10] = [
    RoleGroup::Safeguarding,
    RoleGroup::CaseHolding,
    RoleGroup::Clinical,
    RoleGroup::SchoolPastoral,
    RoleGroup::SchoolAdmin,
    RoleGroup::SendTeam,
    RoleGroup::AdoptionTeam,
    RoleGroup::Auditor,
    RoleGroup::Sysadmin,
    RoleGroup::Commissioning,
];
const EVERY_PURPOSE: [Purpose; 14] = [
    Purpose::DirectCare,
    Purpose::EducationProvision,
    Purpose::SendAssessment,
    Purpose::EarlyHelp,
    Purpose::ChildInNeed,
    Purpose::ChildProtection,
    Purpose::LookedAfter,
    Purpose::SubjectAccess,
    Purpose::CrimePrevention,
    Purpose::CourtProceedings,
    Purpose::AdoptionSupport,
    Purpose::Audit,
    Purpose::PlanningResearch,
    Purpose::SystemAdmin,
];

fn school_staff() -> Caller {
    staff(SCHOOL, &[RoleGroup::SchoolPastoral])
}

/// A child at the school whom the council and the hospital know too.
async fn known_child(house: &mut House) -> (Subject, Subject, Subject) {
    let (school, council, hospital) = (pupil("P1"), council_child("C1"), hospital_person("H1"));
    house.record(organisations()).await;
    let at_school = (2021..2026).map(|year| attended(&school, year));
    house
        .say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school)].into_iter().chain(at_school))
        .await;
    house.say(CIN, [described(COUNCIL, &council, &[upn(UPN)]), referred(&council)]).await;
    house.say(HL7, [described(HOSPITAL, &hospital, &[nhs(NHS_NUMBER)]), emergency(&hospital)]).await;
    house.record(vec![linked(&council, &nhs(NHS_NUMBER))]).await;
    house.catch_up().await;
    (school, council, hospital)
}

fn from(answer: &GetTimelineResponse, organisation: &str) -> usize {
    answer.entries.iter().filter(|entry| entry.organisation == organisation).count()
}

#[tokio::test]
async fn nothing_is_released_when_the_log_does_not_take_the_decision() {
    let left = Arc::new(AtomicI64::new(NO_END));
    let tap = Arc::clone(&left);
    let wrap =
        |log| Arc::new(FaultyLog { disclosures_left: tap, ..FaultyLog::new(log) }) as Arc<dyn event_log::EventLog>;
    let mut house = House::on(Engine::Fjall, wrap).await;
    let (school, ..) = known_child(&mut house).await;
    let ask = house.ask(&school_staff(), &school, Purpose::EducationProvision);
    left.store(0, Ordering::SeqCst);
    let refused = house.discloser.decide(&ask).unwrap().record(&house.recorder).await;
    assert!(refused.is_err(), "an answer without its record");
    assert_eq!(house.disclosures().await, []);
    left.store(1, Ordering::SeqCst);
    assert!(!house.answer(&ask).await.entries.is_empty());
    assert_eq!(house.disclosures().await.len(), 1);
}

#[tokio::test]
async fn the_decision_is_on_the_log_before_the_answer_and_says_what_was_released() {
    let mut house = House::new().await;
    let (school, ..) = known_child(&mut house).await;
    let ask = house.ask(&school_staff(), &school, Purpose::EducationProvision);
    let undisclosed = house.discloser.decide(&ask).unwrap();
    assert_eq!(house.disclosures().await, [], "deciding releases nothing and records nothing");
    let recorded = undisclosed.record(&house.recorder).await.unwrap();
    let on_record = house.disclosures().await;
    let answer = recorded.release().into_answer(Vec::new()).message().unwrap();
    let [disclosure] = on_record.as_slice() else { panic!("{} disclosures", on_record.len()) };
    assert_eq!(disclosure.decision_id, answer.decision_id);
    assert_eq!(disclosure.organisation, SCHOOL);
    assert_eq!(disclosure.entries_released as usize, answer.entries.len());
    assert_eq!(disclosure.lines_released as usize, answer.existence.len());
    assert_eq!(disclosure.subjects[0], house.pseudonyms.of(&school).0);
    let children = house.child(&school, None).resolution.subjects;
    let in_clear = house.records(&[Topic::Disclosure]).await;
    assert!(in_clear.iter().all(|record| !children.contains(&record.key)), "what stands in clear names no child");
    let basis = disclosure.basis.as_ref().unwrap();
    assert!(basis.facts > 3 && basis.read_to.len() >= 2 * 3 && basis.registry == 6, "what it was made from");
}

/// The most that the code lets into each field: the longest organisation and person, every role, a child of 64 subjects in
/// every partition, days before 1970.
#[tokio::test]
async fn the_largest_record_of_a_decision_is_at_most_512_bytes() {
    let mut house = House::new().await;
    let long_id = "a".repeat(40);
    house.record(vec![organisation(&long_id, s::Sector::Education)]).await;
    let asked = pupil("P1");
    let many: Vec<Subject> =
        (0..63).map(|n| subject(Scheme::Uln, "lrs", &format!("{:010}", 1_000_000_000 + n))).collect();
    house.say(CENSUS, [described(SCHOOL, &asked, &many), attended(&asked, 2024)]).await;
    for (n, one) in many.iter().enumerate() {
        let about = Saying { record_key: format!("x/{n}"), ..attended(one, 2024) };
        house.say(CENSUS, [about.clone()]).await;
        house
            .say(
                CIN,
                [Saying { event: e::ConferenceHeld::default().into(), controller: COUNCIL.into(), ..about.clone() }],
            )
            .await;
        house.record(vec![restriction(one, &format!("r{n}"), s::restriction::Kind::Detriment)]).await;
    }
    house.catch_up().await;
    assert_eq!(house.child(&asked, None).resolution.subjects.len(), 64);
    let caller = Caller { person: "p".repeat(PERSON_BYTES_MAX), ..staff(&long_id, &EVERY_ROLE) };
    let mut ask = house.ask(&caller, &asked, Purpose::SystemAdmin);
    ask.valid_on = jiff::civil::date(1900, 1, 1);
    house.answer(&ask).await;
    let mut disclosure = house.disclosures().await.remove(0);
    assert_eq!(disclosure.subjects.len(), 3);
    assert_eq!(disclosure.basis, Some(Basis::default()), "64 subjects in every partition: a record of its own");
    // What one child cannot come to in a test: a million classes of each outcome, a full page, a time before 1970.
    for count in [
        &mut disclosure.classes_full,
        &mut disclosure.classes_redacted,
        &mut disclosure.classes_existence,
        &mut disclosure.classes_hidden,
    ] {
        *count = 1_000_000;
    }
    (disclosure.entries_released, disclosure.lines_released) = (500, 10_000);
    disclosure.known_at_us = i64::MIN;
    disclosure.denied = s::DenialReason::PageTokenRefused.into();
    (disclosure.groups_withheld, disclosure.call) = (7, s::Call::WatchTimeline.into());
    (disclosure.gates_told, disclosure.restrictions_told, disclosure.permits_told) = (u64::MAX, u64::MAX, u64::MAX);
    assert!(disclosure.encoded_len() <= 512, "{} bytes", disclosure.encoded_len());
}

/// A child whom nobody knows, one of whom everything is hidden, one of another area: nobody can tell which it was.
#[tokio::test]
async fn an_unknown_child_and_a_hidden_child_give_the_same_bytes() {
    let mut house = House::new().await;
    let (_, council, _) = known_child(&mut house).await;
    let elsewhere = subject(Scheme::SchoolPupil, "9994001", "E1");
    house.say(CENSUS, [described("school-9994001", &elsewhere, &[]), enrolled("school-9994001", &elsewhere)]).await;
    let hidden = council_child("HIDDEN");
    let kept = e::SourceRecordKept { content: Some("an invented secret".into()), ..Default::default() };
    let sealed = saying(COUNCIL, &hidden, "kept", day(2024, 1, 1), kept);
    house.say(CIN, [sealed, referred(&hidden)]).await;
    house.catch_up().await;
    let unknown = pupil("NOBODY");
    let mut told_something = 0;
    for organisation in [SCHOOL, HOSPITAL, "school-9994001", "nobody-at-all"] {
        for role in EVERY_ROLE {
            let caller = staff(organisation, &[role]);
            for purpose in EVERY_PURPOSE {
                let mut answers = Vec::new();
                for child in [&unknown, &hidden, &elsewhere] {
                    if organisation == "school-9994001" && child == &elsewhere {
                        continue;
                    }
                    let ask = house.ask(&caller, child, purpose);
                    // Not recorded: recording is the same for all, and there are many.
                    let answer = house.view(&ask).await.into_answer(vec![0; 64]).message().unwrap();
                    answers.push(GetTimelineResponse { decision_id: Vec::new(), ..answer }.encode_to_vec());
                }
                assert!(answers.windows(2).all(|two| two[0] == two[1]), "{organisation} {role:?} {purpose:?}");
                told_something += usize::from(answers[0].len() > 66);
            }
        }
    }
    assert_eq!(told_something, 0);
    let own = house.read(&staff(COUNCIL, &[RoleGroup::CaseHolding]), &council, Purpose::ChildInNeed).await;
    assert!(!own.entries.is_empty(), "those who know a child are told");
}

#[tokio::test]
async fn a_withdrawal_of_consent_binds_as_soon_as_it_is_read_and_whatever_day_is_asked_for() {
    let mut house = House::new().await;
    let (school, _, hospital) = known_child(&mut house).await;
    let caller = school_staff();
    let ask = |house: &House| house.ask(&caller, &school, Purpose::EarlyHelp);
    assert_eq!(from(&house.answer(&ask(&house)).await, HOSPITAL), 0);
    house.record(vec![consent(&hospital, "c1", State::Given, day(2024, 1, 1))]).await;
    house.catch_up().await;
    let before_withdrawal = now_us();
    assert_eq!(from(&house.answer(&ask(&house)).await, HOSPITAL), 2);
    house.record(vec![consent(&hospital, "w1", State::Withdrawn, day(2026, 1, 15))]).await;
    house.catch_up().await;
    assert_eq!(from(&house.answer(&ask(&house)).await, HOSPITAL), 0);
    // Judged then and now: no day, and no state of knowledge, can be chosen before the withdrawal.
    let yesterday = TODAY.saturating_sub(1.days());
    let then = Ask { valid_on: yesterday, ..ask(&house) };
    assert_eq!(from(&house.answer(&then).await, HOSPITAL), 0);
    let as_known = Ask { known_at_us: Some(before_withdrawal), ..ask(&house) };
    assert_eq!(from(&house.answer(&as_known).await, HOSPITAL), 0);
    assert!(from(&house.answer(&as_known).await, SCHOOL) > 0, "what is permitted then and now is shown");
}

#[tokio::test]
async fn a_link_that_was_undone_does_not_come_back_with_the_past() {
    let mut house = House::new().await;
    let (school, council, _) = known_child(&mut house).await;
    house.record(vec![consent(&school, "c1", State::Given, day(2024, 1, 1))]).await;
    house.catch_up().await;
    let while_linked = now_us();
    let caller = school_staff();
    let ask = house.ask(&caller, &school, Purpose::EarlyHelp);
    assert_eq!(from(&house.answer(&ask).await, HOSPITAL), 2);
    house.record(vec![unlinked(&council, &nhs(NHS_NUMBER))]).await;
    house.catch_up().await;
    let then = Ask { known_at_us: Some(while_linked), ..ask };
    let answer = house.answer(&then).await;
    assert_eq!((from(&answer, HOSPITAL), from(&answer, COUNCIL)), (0, 2));
}

/// Facts are read to their end before, and between, the batches of every other topic.
#[tokio::test]
async fn a_restriction_that_comes_late_is_read_before_the_rest_of_a_backlog() {
    let left = Arc::new(AtomicI64::new(NO_END));
    let tap = Arc::clone(&left);
    let wrap = |log| Arc::new(FaultyLog { reads_left: tap, ..FaultyLog::new(log) }) as Arc<dyn event_log::EventLog>;
    let mut house = House::on(Engine::Fjall, wrap).await;
    let (school, ..) = known_child(&mut house).await;
    let backlog = (0..450).map(|n| {
        saying(SCHOOL, &school, &format!("b/{n}"), day(2024, 1, 1 + n % 28), e::AttendanceSummarised::default())
    });
    house.say(CENSUS, backlog.collect::<Vec<_>>()).await;
    house.record(vec![restriction(&school, "r1", s::restriction::Kind::ProtectedAddress)]).await;
    let partition = house.pseudonyms.of(&school).partition();
    let end = house.log.end(Topic::Education, partition).await.unwrap();
    // Enough to read the restriction, and one batch of the backlog.
    left.store(2, Ordering::SeqCst);
    assert!(house.try_catch_up().await.is_err());
    let read = |topic| house.store.read(partition.into(), |view| view.offset(topic, partition)).unwrap();
    assert_eq!(read(Topic::Sharing), house.log.end(Topic::Sharing, partition).await.unwrap());
    assert!(read(Topic::Education) < end, "the backlog is still there");
    left.store(NO_END, Ordering::SeqCst);
    let answer = house.read(&school_staff(), &school, Purpose::EducationProvision).await;
    assert!(!answer.existence.is_empty() && !holds(&answer.encode_to_vec(), COUNCIL), "and it binds");
}

#[tokio::test]
async fn a_protected_address_is_nowhere_in_an_answer() {
    let mut house = House::new().await;
    let (school, council, _) = known_child(&mut house).await;
    let mut person = described(COUNCIL, &council, &[upn(UPN)]);
    if let Some(e::event::Kind::PersonDescribed(person)) = &mut person.event.kind {
        person.phones = vec!["PLANTED-PHONE".into()];
        person.addresses = vec![e::Address {
            lines: vec!["PLANTED-STREET".into()],
            postcode: Some("PLANTED-POSTCODE".into()),
            ..Default::default()
        }];
    }
    house.say(CIN, [Saying { version: 2, ..person }]).await;
    house.catch_up().await;
    let caller = staff(COUNCIL, &[RoleGroup::CaseHolding, RoleGroup::Safeguarding]);
    let bytes = house.read(&caller, &council, Purpose::ChildInNeed).await.encode_to_vec();
    for planted in ["PLANTED-PHONE", "PLANTED-STREET", "PLANTED-POSTCODE", COUNCIL] {
        assert!(holds(&bytes, planted), "{planted} is the council's own");
    }
    house.record(vec![restriction(&school, "r1", s::restriction::Kind::ProtectedAddress)]).await;
    house.catch_up().await;
    for caller in [&caller, &school_staff(), &staff(SCHOOL, SAFEGUARDING), &staff(HOSPITAL, &[RoleGroup::Clinical])] {
        for purpose in EVERY_PURPOSE {
            let answer = house.read(caller, &council, purpose).await.encode_to_vec();
            // An organisation knows its own name.
            let others = [SCHOOL, COUNCIL, HOSPITAL].into_iter().filter(|name| *name != caller.organisation);
            for planted in others.chain(["PLANTED", "An invented ward"]) {
                assert!(!holds(&answer, planted), "{planted} is told to {} for {purpose:?}", caller.organisation);
            }
        }
    }
    let own = house.read(&caller, &council, Purpose::ChildInNeed).await;
    assert!(
        !own.entries.is_empty() && own.entries.iter().all(|entry| ["", COUNCIL].contains(&entry.organisation.as_str()))
    );
}

#[tokio::test]
async fn redaction_takes_third_parties_places_and_narrative_out() {
    let mut house = House::new().await;
    let (school, council, hospital) = known_child(&mut house).await;
    let code = |text: &str| Some(e::Coded { code: "1A".into(), code_set: "invented".into(), text: Some(text.into()) });
    let referral = e::ReferralReceived {
        received_on: Some(day(2025, 11, 1)),
        referred_by: code("PLANTED-NEIGHBOUR"),
        ..Default::default()
    };
    house.say(CIN, [saying(COUNCIL, &council, "second", day(2025, 11, 1), referral)]).await;
    let visit = e::AttendedEmergency {
        place: Some("PLANTED-WARD".into()),
        reason: code("PLANTED-REASON"),
        ..Default::default()
    };
    house.say(HL7, [saying(HOSPITAL, &hospital, "second", day(2025, 11, 2), visit)]).await;
    let mut s47 = s::StatutoryStatusChanged { open: Some(true), on: Some(day(2025, 12, 1)), ..Default::default() };
    s47.set_status(s::statutory_status_changed::Status::Section47);
    house.record(vec![fact(&council, s47)]).await;
    house.catch_up().await;
    let lead = staff(SCHOOL, SAFEGUARDING);
    let answer = house.read(&lead, &school, Purpose::ChildProtection).await;
    let others: Vec<_> = answer.entries.iter().filter(|entry| entry.organisation != SCHOOL).collect();
    assert!(others.len() >= 4 && others.iter().all(|entry| entry.outcome() == Outcome::Redacted));
    let bytes = answer.encode_to_vec();
    assert!(!holds(&bytes, "PLANTED"));
    let own = house.read(&staff(COUNCIL, SAFEGUARDING), &school, Purpose::ChildProtection).await.encode_to_vec();
    for planted in ["PLANTED-NEIGHBOUR", "PLANTED-WARD", "PLANTED-REASON"] {
        assert!(holds(&own, planted), "an enquiry's own social worker reads {planted}");
    }
}

#[tokio::test]
async fn the_existence_of_services_is_one_line_each_and_sensitive_ones_have_no_name() {
    let mut house = House::new().await;
    let (school, council, _) = known_child(&mut house).await;
    let conference = e::ConferenceHeld { held_on: Some(day(2025, 11, 1)), ..Default::default() };
    house.say(CIN, [saying(COUNCIL, &council, "conference", day(2025, 11, 1), conference)]).await;
    house.catch_up().await;
    let caller = school_staff();
    let lines = house.read(&caller, &school, Purpose::EducationProvision).await.existence;
    let named: Vec<(&str, &str)> = lines.iter().map(|line| (line.organisation.as_str(), line.ask.as_str())).collect();
    assert_eq!(named, [(COUNCIL, "office of la-878"), (HOSPITAL, "office of ods-rh8")]);
    let mut sensitive = organisation(HOSPITAL, s::Sector::Health);
    if let Some(e::event::Kind::OrganisationRecorded(organisation)) = &mut sensitive.event.as_mut().unwrap().kind {
        organisation.sensitive = Some(true);
    }
    house.record(vec![sensitive]).await;
    house.catch_up().await;
    let answer = house.read(&caller, &school, Purpose::EducationProvision).await;
    let named: Vec<(&str, &str)> =
        answer.existence.iter().map(|line| (line.organisation.as_str(), line.ask.as_str())).collect();
    assert_eq!(named, [(COUNCIL, "office of la-878"), ("", HUB_CONTACT)]);
    assert!(!holds(&answer.encode_to_vec(), HOSPITAL));
    assert_eq!(from(&answer, COUNCIL) + from(&answer, HOSPITAL), 0, "and nothing but that");
}

#[tokio::test]
async fn periods_and_categories_narrow_an_answer() {
    let mut house = House::new().await;
    let (school, ..) = known_child(&mut house).await;
    let ask = house.ask(&school_staff(), &school, Purpose::EducationProvision);
    let all = house.answer(&ask).await;
    let days = |ask: &Ask, from: e::Date, to: e::Date| Ask {
        from_day: timeline::day_number(&from),
        to_day: timeline::day_number(&to),
        ..ask.clone()
    };
    let two = house.answer(&days(&ask, day(2022, 7, 1), day(2023, 7, 1))).await;
    assert_eq!(two.entries.len(), 2, "both days are within");
    assert!(two.entries.iter().all(|entry| all.entries.contains(entry)));
    assert_eq!(house.answer(&days(&ask, day(2022, 7, 2), day(2023, 6, 30))).await.entries, []);
    let attendance = house.answer(&Ask { categories: vec![Category::Attendance], ..ask.clone() }).await;
    assert!(attendance.entries.len() < all.entries.len());
    assert!(attendance.entries.iter().all(|entry| entry.category() == Category::Attendance));
}

#[tokio::test]
async fn pages_put_together_are_the_whole_and_stay_as_they_were_when_the_first_was_given() {
    let mut house = House::new().await;
    let (school, ..) = known_child(&mut house).await;
    let first = house.ask(&school_staff(), &school, Purpose::EducationProvision);
    let whole = house.answer(&first).await;
    let (mut entries, mut lines, mut skip, mut pinned) = (Vec::new(), Vec::new(), 0, None);
    loop {
        let view = house.view(&Ask { skip, page_size: 2, known_at_us: pinned, ..first.clone() }).await;
        (skip, pinned) = (view.next_skip(), Some(view.pinned_at_us()));
        let answer = view.into_answer(Vec::new()).message().unwrap();
        entries.extend(answer.entries);
        lines.extend(answer.existence);
        // Newer than everything, so that it would come first.
        house.say(CENSUS, [Saying { record_key: format!("new/{skip}"), ..attended(&school, 2025) }]).await;
        house.catch_up().await;
        if !answer.more {
            break;
        }
    }
    assert_eq!((entries, lines), (whole.entries, whole.existence));
    let now = house.read(&school_staff(), &school, Purpose::EducationProvision).await;
    assert!(now.entries.len() > 7);
}
