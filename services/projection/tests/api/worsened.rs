//! Every way in which a view can be narrowed while it is followed: the stream knows at once that something may have changed, and
//! gives nothing more.

use jiff::civil::date;
use projection::disclose::{Followed, Watching};
use proto::admin::Fact;
use proto::events::{self as e, Subject};
use proto::sharing as s;
use sharing::{Purpose, RoleGroup};

use super::harness::sayings::*;
use super::harness::{House, TODAY, now_us, staff};
use super::{known_child, withdrawn};

struct Way {
    name: &'static str,
    /// What people record, of the child's numbers at the school, the council and the hospital.
    facts: fn(&Subject, &Subject, &Subject) -> Vec<Fact>,
    /// The day on which it is looked again.
    on: jiff::civil::Date,
}

fn ways() -> Vec<Way> {
    let nothing = |_: &Subject, _: &Subject, _: &Subject| Vec::new();
    vec![
        Way { name: "a consent withdrawn", facts: |_, _, hospital| vec![withdrawn(hospital)], on: TODAY },
        Way {
            name: "a restriction",
            facts: |_, _, hospital| vec![restriction(hospital, "r1", s::restriction::Kind::Court)],
            on: TODAY,
        },
        Way { name: "an unlinking", facts: |_, council, hospital| vec![unlinked(council, hospital)], on: TODAY },
        Way {
            name: "an agreement suspended",
            facts: |_, _, _| {
                let mut suspended = agreement(&[SCHOOL, COUNCIL, HOSPITAL]);
                if let Some(e::event::Kind::AgreementRecorded(said)) =
                    suspended.event.as_mut().and_then(|e| e.kind.as_mut())
                {
                    said.suspended = Some(true);
                }
                vec![suspended]
            },
            on: TODAY,
        },
        // The consent that was given is good until the end of January.
        Way { name: "midnight", facts: nothing, on: date(2026, 2, 1) },
    ]
}

#[tokio::test]
async fn whatever_narrows_a_view_that_is_followed_silences_it() {
    for way in ways() {
        let mut house = House::new().await;
        house.record(organisations()).await;
        let (school, council, hospital) = known_child(&mut house).await;
        let mut given = consent(&hospital, "w1", s::consent_recorded::State::Given, day(2024, 1, 1));
        if let Some(e::event::Kind::ConsentRecorded(said)) = given.event.as_mut().and_then(|e| e.kind.as_mut()) {
            said.to = Some(day(2026, 1, 31));
        }
        house.record(vec![given]).await;
        house.catch_up().await;
        let caller = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
        let ask = house.ask(&caller, &school, Purpose::EducationProvision);
        let mut watching = Watching::new();
        let Followed::Changed(first) = house.discloser.follow(&ask, &watching).unwrap() else { panic!("{}", way.name) };
        let frames = first.record(&house.recorder).await.unwrap().release().into_frames(&mut watching);
        let of_hospital = frames.iter().flat_map(|frame| &frame.entries).filter_map(|entry| entry.entry.as_ref());
        assert!(of_hospital.clone().any(|entry| entry.organisation == HOSPITAL), "{}", way.name);
        let generation = house.progress.borrow().registry_generation;
        assert!(!house.discloser.may_have_changed(&watching, generation, (now_us(), TODAY)), "{}", way.name);
        house.record((way.facts)(&school, &council, &hospital)).await;
        house.catch_up().await;
        let generation = house.progress.borrow().registry_generation;
        assert!(house.discloser.may_have_changed(&watching, generation, (now_us(), way.on)), "{}", way.name);
        let mut again = house.ask(&caller, &school, Purpose::EducationProvision);
        (again.valid_on, again.today) = (way.on, way.on);
        let followed = house.discloser.follow(&again, &watching).unwrap();
        assert!(matches!(followed, Followed::Narrowed), "{} does not silence the stream", way.name);
    }
}
