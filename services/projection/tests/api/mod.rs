//! Following a timeline, who works with a child, why an answer was as it was; and the details of a refusal.

mod explain;
mod family;
mod follow;
mod involvement;
mod people;
mod refusals;
mod stream;
mod two_worlds;
mod withdrawn;
mod worsened;

use std::time::Duration;

use crate::harness;
use harness::House;
use harness::sayings::*;
use harness::service::Serving;
use proto::events::{self as e, Subject};
use proto::sharing as s;

const LONG: Duration = Duration::from_secs(3_600);
const PASTORAL: &[&str] = &["school_pastoral"];

/// A school's child whom the council and the hospital know too, and the hospital's sexual health clinic.
async fn known_child(house: &mut House) -> (Subject, Subject, Subject) {
    let (school, council, hospital) = (pupil("P1"), council_child("C1"), hospital_person("H1"));
    house.record(vec![linked(&school, &council), linked(&council, &hospital)]).await;
    house.say(CENSUS, [described(SCHOOL, &school, &[]), enrolled(SCHOOL, &school), attended(&school, 2024)]).await;
    house.say(CIN, [described(COUNCIL, &council, &[]), referred(&council)]).await;
    house.say(HL7, [described(HOSPITAL, &hospital, &[]), clinic(&hospital, "eye", "130")]).await;
    house.catch_up().await;
    (school, council, hospital)
}

/// An appointment at a clinic of this specialty, around the day on which readers ask.
fn clinic(person: &Subject, key: &str, specialty: &str) -> harness::Saying {
    let starts_at = prost_types::Timestamp { seconds: 1_768_300_000, nanos: 0 };
    let booked = e::AppointmentBooked { starts_at: Some(starts_at), service: coded(specialty), ..Default::default() };
    saying(HOSPITAL, person, key, day(2026, 1, 13), booked)
}

fn taken_back(of: harness::Saying) -> harness::Saying {
    harness::Saying { version: 9, event: e::EntryRetracted::default().into(), cause: e::Cause::Retracted, ..of }
}

fn withdrawn(child: &Subject) -> proto::admin::Fact {
    consent(child, "w1", s::consent_recorded::State::Withdrawn, day(2024, 1, 1))
}

/// The consumer caught up, and the service was told so.
async fn catch_up(house: &mut House, serving: &Serving) {
    house.catch_up().await;
    serving.progress.send_replace(*house.progress.borrow());
}
