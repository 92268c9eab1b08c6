//! Every way in which a view can be narrowed while it is followed: the stream knows at once that something may have changed, and
//! gives nothing more.

use jiff::civil::{Date, date};
use projection::disclose::{Ask, Followed, Watching};
use projection::serve::caller::Caller;
use proto::admin::Fact;
use proto::events::{self as e, Subject};
use proto::sharing as s;
use sharing::{Purpose, RoleGroup};

use super::harness::sayings::*;
use super::harness::{House, Saying, TODAY, now_us, staff};
use super::{known_child, withdrawn};

const LIVE: &str = "social-care-dfe-api";
const HOUR_US: i64 = 3_600_000_000;

/// The child's numbers at the school, the council and the hospital.
type Numbers = (Subject, Subject, Subject);

struct Way {
    name: &'static str,
    /// What people and sources say before it is followed.
    before: fn(&Numbers) -> Vec<Fact>,
    said_before: fn(&Numbers) -> Vec<(&'static str, Saying)>,
    /// What they say then.
    facts: fn(&Numbers) -> Vec<Fact>,
    said: fn(&Numbers) -> Vec<(&'static str, Saying)>,
    /// Whether a parent agreed to everything, until the end of January.
    agreed: bool,
    /// The last day on which it is as it was, and the day on which it is looked again, so much later.
    still_on: Date,
    on: Date,
    later_us: i64,
    caller: Caller,
    purpose: Purpose,
    /// Whose entries the reader is given.
    of: &'static str,
}

impl Way {
    /// A teacher who reads of the hospital by consent; nothing happens.
    fn of_a_teacher(name: &'static str) -> Self {
        Self {
            name,
            before: |_| Vec::new(),
            said_before: |_| Vec::new(),
            facts: |_| Vec::new(),
            said: |_| Vec::new(),
            agreed: true,
            still_on: TODAY,
            on: TODAY,
            later_us: 0,
            caller: staff(SCHOOL, &[RoleGroup::SchoolPastoral]),
            purpose: Purpose::EducationProvision,
            of: HOSPITAL,
        }
    }
}

fn ways() -> Vec<Way> {
    vec![
        Way { facts: |(_, _, hospital)| vec![withdrawn(hospital)], ..Way::of_a_teacher("a consent withdrawn") },
        Way {
            facts: |(_, _, hospital)| vec![restriction(hospital, "r1", s::restriction::Kind::Court)],
            ..Way::of_a_teacher("a restriction")
        },
        Way { facts: |(_, council, hospital)| vec![unlinked(council, hospital)], ..Way::of_a_teacher("an unlinking") },
        Way { facts: |_| vec![suspended()], ..Way::of_a_teacher("an agreement suspended") },
        Way {
            facts: |(_, _, hospital)| {
                let sealed = vec![hospital.clone()];
                vec![Fact { sealed, ..fact(hospital, e::IdentitySealed::default()) }]
            },
            ..Way::of_a_teacher("a seal")
        },
        Way {
            said: |(school, ..)| {
                let left = e::EnrolmentEnded {
                    school: Some(SCHOOL.into()),
                    leaving_on: Some(day(2026, 1, 10)),
                    ..Default::default()
                };
                vec![(CENSUS, saying(SCHOOL, school, "left", day(2026, 1, 10), left))]
            },
            ..Way::of_a_teacher("the end of an involvement")
        },
        // The consent that was given is good until the end of January.
        Way { still_on: date(2026, 1, 31), on: date(2026, 2, 1), ..Way::of_a_teacher("midnight") },
        // What a parent agreed to of health records is theirs to agree to until the sixteenth birthday.
        Way {
            before: |(_, _, hospital)| {
                vec![consent(hospital, "w2", s::consent_recorded::State::Given, day(2024, 1, 1))]
            },
            still_on: date(2030, 3, 3),
            on: date(2030, 3, 4),
            ..Way::of_a_teacher("a sixteenth birthday")
        },
        Way {
            before: |(school, ..)| vec![fact(school, broken_for_half_an_hour())],
            later_us: HOUR_US,
            caller: staff(SCHOOL, &[RoleGroup::Safeguarding]),
            purpose: Purpose::ChildProtection,
            of: COUNCIL,
            ..Way::of_a_teacher("an emergency that is over")
        },
        // The council's feed was read whole on the twelfth, and is believed for seven days.
        Way {
            before: |_| vec![read_whole(COUNCIL, LIVE, 1_768_219_200)],
            said_before: |(_, council, _)| {
                let received = e::ReferralReceived {
                    received_on: Some(day(2025, 12, 1)),
                    no_further_action: Some(false),
                    ..Default::default()
                };
                vec![(LIVE, saying(COUNCIL, council, "live", day(2025, 12, 1), received))]
            },
            agreed: false,
            still_on: date(2026, 1, 19),
            on: date(2026, 1, 20),
            caller: staff(COUNCIL, &[RoleGroup::CaseHolding]),
            purpose: Purpose::ChildInNeed,
            // Of the school, without its name: that is a place, and what a child in need's worker is given names none.
            of: "",
            ..Way::of_a_teacher("a status that its source does not confirm")
        },
    ]
}

fn suspended() -> Fact {
    let mut suspended = agreement(&[SCHOOL, COUNCIL, HOSPITAL]);
    if let Some(e::event::Kind::AgreementRecorded(said)) = suspended.event.as_mut().and_then(|e| e.kind.as_mut()) {
        said.suspended = Some(true);
    }
    suspended
}

fn broken_for_half_an_hour() -> s::BreakGlassAsserted {
    s::BreakGlassAsserted {
        id: Some(vec![7; 16]),
        person: Some(staff(SCHOOL, &[]).person),
        organisation: Some(SCHOOL.into()),
        purpose: Some(Purpose::ChildProtection.into()),
        reason: Some("invented".into()),
        asserted_at: Some(prost_types::Timestamp { seconds: now_us() / 1_000_000 - 60, nanos: 0 }),
        minutes: Some(30),
    }
}

#[tokio::test]
async fn whatever_narrows_a_view_that_is_followed_silences_it() {
    for way in ways() {
        let mut house = House::new().await;
        house.record(organisations()).await;
        let numbers = known_child(&mut house).await;
        let mut given = consent(&numbers.2, "w1", s::consent_recorded::State::Given, day(2024, 1, 1));
        if let Some(e::event::Kind::ConsentRecorded(said)) = given.event.as_mut().and_then(|e| e.kind.as_mut()) {
            said.to = Some(day(2026, 1, 31));
        }
        house.record((way.before)(&numbers).into_iter().chain(way.agreed.then_some(given)).collect()).await;
        for (source, saying) in (way.said_before)(&numbers) {
            house.say(source, [saying]).await;
        }
        house.catch_up().await;
        let ask_on = |house: &House, on: Date, later_us: i64| {
            let ask = house.ask(&way.caller, &numbers.0, way.purpose);
            Ask { valid_on: on, today: on, asked_at_us: ask.asked_at_us + later_us, ..ask }
        };
        let ask = ask_on(&house, TODAY, 0);
        let mut watching = Watching::new();
        let Followed::Changed(first) = house.discloser.follow(&ask, &watching).unwrap() else { panic!("{}", way.name) };
        let frames = first.record(&house.recorder).await.unwrap().release().into_frames(&mut watching);
        let mut given = frames.iter().flat_map(|frame| &frame.entries).filter_map(|entry| entry.entry.as_ref());
        assert!(given.any(|entry| entry.organisation == way.of), "{}", way.name);
        let generation = house.progress.borrow().registry_generation;
        assert!(!house.discloser.may_have_changed(&watching, generation, (now_us(), TODAY)), "{}", way.name);
        let still = house.discloser.follow(&ask_on(&house, way.still_on, 0), &watching).unwrap();
        assert!(!matches!(still, Followed::Narrowed), "{} silences the stream too early", way.name);
        house.record((way.facts)(&numbers)).await;
        for (source, saying) in (way.said)(&numbers) {
            house.say(source, [saying]).await;
        }
        house.catch_up().await;
        let generation = house.progress.borrow().registry_generation;
        let later = (now_us() + way.later_us, way.on);
        assert!(house.discloser.may_have_changed(&watching, generation, later), "{}", way.name);
        let followed = house.discloser.follow(&ask_on(&house, way.on, way.later_us), &watching).unwrap();
        assert!(matches!(followed, Followed::Narrowed), "{} does not silence the stream", way.name);
    }
}
