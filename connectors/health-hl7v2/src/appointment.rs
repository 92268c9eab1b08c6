//! SIU: appointments booked, moved, cancelled and missed. All of one appointment are states of one entry.

use proto::events::{AppointmentBooked, AppointmentCancelled, AppointmentMissed, Coded, EntryRetracted, FindingCode};

use crate::er7::Fields;
use crate::reading::Reading;
use crate::saying::Saying;
use crate::time::Time;
use crate::visit::Taken;

/// Says what a scheduling message tells of its appointment. Every such message states the appointment whole.
pub(crate) fn say(saying: &mut Saying<'_, '_>, trigger: &str) -> Taken {
    let sch = saying.fields("SCH");
    let mut reading = Reading::default();
    let number = |reading: &mut Reading, number| reading.text(sch.field(number).first().component(1), "SCH-1");
    let Some(number) = number(&mut reading, 1).or_else(|| number(&mut reading, 2)) else {
        return Taken::InPart;
    };
    let key = format!("appointment/{number}");
    let starts = starts(saying, &sch, &mut reading);
    if starts.is_none() {
        reading.flag(FindingCode::FieldMissing, "SCH-11");
    }
    let stands_at = starts.unwrap_or(saying.recorded);
    let starts_at = starts.map(Time::timestamp);
    match trigger {
        "S15" => {
            let event = AppointmentCancelled {
                starts_at,
                service: service(saying, &sch, 2, &mut reading),
                reason: reading.asserted(3, sch.field(6), |r, v| r.coded(v, "SCH-6", "appointment_event_reason")),
            };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
        "S17" => {
            let event = EntryRetracted { reason: Some(saying.header.name()) };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
        "S26" => {
            let event = AppointmentMissed { starts_at, service: service(saying, &sch, 2, &mut reading) };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
        _ => {
            let event = AppointmentBooked {
                starts_at,
                ends_at: ends(saying, &sch, &mut reading).map(Time::timestamp),
                service: service(saying, &sch, 3, &mut reading),
                place: place(saying, &mut reading),
                reason: reading.asserted(5, sch.field(7), |r, v| r.coded(v, "SCH-7", "appointment_reason")),
            };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
    }
    Taken::Wholly
}

/// The fourth component of SCH-11, else AIS-4, else TQ1-7.
fn starts(saying: &Saying<'_, '_>, sch: &Fields<'_>, reading: &mut Reading) -> Option<Time> {
    let timing = reading.time(sch.field(11).first().component(4), "SCH-11");
    timing
        .or_else(|| reading.time(saying.fields("AIS").field(4), "AIS-4"))
        .or_else(|| reading.time(saying.fields("TQ1").field(7), "TQ1-7"))
}

/// The fifth component of SCH-11, else TQ1-8.
fn ends(saying: &Saying<'_, '_>, sch: &Fields<'_>, reading: &mut Reading) -> Option<Time> {
    let timing = reading.time(sch.field(11).first().component(5), "SCH-11");
    timing.or_else(|| reading.time(saying.fields("TQ1").field(8), "TQ1-8"))
}

/// AIS-3, else SCH-8.
fn service(saying: &Saying<'_, '_>, sch: &Fields<'_>, number: u32, reading: &mut Reading) -> Option<Coded> {
    let booked = saying.fields("AIS").field(3);
    let (value, field) = if booked.is_empty() { (sch.field(8), "SCH-8") } else { (booked, "AIS-3") };
    reading.asserted(number, value, |r, v| r.coded(v, field, "appointment_service"))
}

/// AIL-3, else PV1-3.
fn place(saying: &Saying<'_, '_>, reading: &mut Reading) -> Option<String> {
    let booked = saying.fields("AIL").field(3);
    let visited = saying.fields("PV1").field(3);
    let (value, field) = if booked.is_empty() { (visited, "PV1-3") } else { (booked, "AIL-3") };
    reading.asserted(4, value, |r, v| r.place(v, field))
}
