//! PV1 and PV2: attendances, admissions, moves, discharges and pre-admissions, and what takes them back.

use proto::events::{
    AdmissionEnded, AdmissionMoved, AdmissionStarted, AppointmentBooked, AppointmentKept, AttendedEmergency, Coded,
    EntryRetracted, FindingCode,
};

use crate::er7::Fields;
use crate::reading::Reading;
use crate::saying::Saying;
use crate::time::Time;

/// Patient class (table 0004).
const CLASSES: &[&str] = &["E", "I", "O", "P", "R", "B", "C", "N", "U"];

const TABLE: &str = "visit";

/// How far after the message a time in it may be before it is implausible: clocks and zones differ, two days is more.
const FORESIGHT_US: i64 = 2 * 86_400 * 1_000_000;

/// Whether a message became all that it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    /// It did.
    Wholly,
    /// Something in it has no place yet: the whole message is kept as well.
    InPart,
}

struct Visit<'a> {
    pv1: Fields<'a>,
    pv2: Fields<'a>,
    class: String,
    /// PV1-44.
    admitted: Option<Time>,
}

/// Says what an ADT message tells of a visit.
pub(crate) fn say(saying: &mut Saying<'_, '_>, trigger: &str) -> Taken {
    let visit = Visit::read(saying);
    match trigger {
        "A01" | "A06" => visit.admitted(saying),
        "A02" | "A17" => visit.moved(saying),
        "A03" if visit.class == "E" => visit.left(saying),
        "A03" if visit.class != "O" => visit.ended(saying, saying.happened()),
        "A04" if visit.class == "E" => visit.attended(saying),
        "A04" if matches!(visit.class.as_str(), "O" | "R") => visit.kept(saying),
        "A05" | "A14" => visit.preadmitted(saying),
        // From here on they come by the day: the stay is over.
        "A07" if visit.class != "E" => visit.ended(saying, saying.happened()),
        "A08" => visit.updated(saying),
        "A11" => {
            let entries: &[&str] = match visit.class.as_str() {
                "E" | "" => &["attendance", "admission"],
                "O" | "R" => &["appointment"],
                _ => &["admission"],
            };
            visit.retracted(saying, entries)
        }
        "A12" => match saying.header.occurred {
            // A cancelled move names itself only by when it happened.
            Some(moved) => visit.retracted(saying, &[&move_entry(moved)]),
            None => Taken::InPart,
        },
        "A13" => visit.retracted(saying, &["discharge"]),
        "A27" | "A38" => visit.retracted(saying, &["appointment"]),
        // The visit was never one.
        "A23" => visit.retracted(saying, &["admission", "attendance", "discharge", "appointment"]),
        _ => Taken::InPart,
    }
}

fn move_entry(moved: Time) -> String {
    format!("move/{}", moved.key())
}

impl<'a> Visit<'a> {
    fn read(saying: &Saying<'a, '_>) -> Self {
        let pv1 = saying.fields("PV1");
        let mut ignored = Reading::default();
        let class = ignored.text(pv1.field(2).component(1), "PV1-2").unwrap_or_default().to_ascii_uppercase();
        let admitted = ignored.time(pv1.field(44), "PV1-44");
        Self { pv2: saying.fields("PV2"), pv1, class, admitted }
    }

    /// The visit's part of a record key: its number (PV1-19), else when it began.
    fn key(&self, otherwise: Option<Time>, reading: &mut Reading) -> Option<String> {
        if let Some(number) = reading.text(self.pv1.field(19).first().component(1), "PV1-19") {
            return Some(format!("visit/{number}"));
        }
        reading.flag(FindingCode::FieldMissing, "PV1-19");
        let began = self.admitted.or(otherwise)?;
        Some(format!("visit/{}", began.key()))
    }

    /// A time in PV1 that an event stands by, with what is odd about it.
    fn time(&self, saying: &Saying<'_, '_>, number: usize, field: &str, reading: &mut Reading) -> Option<Time> {
        let time = reading.time(self.pv1.field(number), field)?;
        let yet_to_come = time.as_us() > saying.recorded.as_us() + FORESIGHT_US;
        if yet_to_come || saying.birth_on.is_some_and(|birth_on| time.is_before_day(birth_on)) {
            reading.flag(FindingCode::DateImplausible, field);
        }
        Some(time)
    }

    fn class(&self, reading: &mut Reading) -> Option<Coded> {
        reading.code_of(self.pv1.field(2), "PV1-2", "patient_class", CLASSES)
    }

    fn admission(
        &self,
        saying: &mut Saying<'_, '_>,
        admitted: Time,
        with_place: bool,
        mut reading: Reading,
        key: &str,
    ) {
        let r = &mut reading;
        let event = AdmissionStarted {
            admitted_at: Some(admitted.timestamp()),
            patient_class: self.class(r),
            place: with_place.then(|| r.asserted(3, self.pv1.field(3), |r, v| r.place(v, "PV1-3"))).flatten(),
            specialty: r.asserted(4, self.pv1.field(10), |r, v| r.coded(v, "PV1-10", "hospital_service")),
            reason: r.asserted(5, self.pv2.field(3), |r, v| r.coded(v, "PV2-3", "admit_reason")),
        };
        saying.say("PV1", TABLE, &format!("{key}/admission"), admitted, reading, event);
    }

    fn admitted(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let admitted = self.time(saying, 44, "PV1-44", &mut reading).unwrap_or(saying.happened());
        if let Some(key) = self.key(Some(admitted), &mut reading) {
            self.admission(saying, admitted, true, reading, &key);
        }
        Taken::Wholly
    }

    fn attendance(
        &self,
        saying: &mut Saying<'_, '_>,
        arrived: Time,
        with_place: bool,
        mut reading: Reading,
        key: &str,
    ) {
        let r = &mut reading;
        let (reason, field) = match self.pv2.field(3) {
            empty if empty.is_empty() => (self.pv1.field(18), "PV1-18"),
            reason => (reason, "PV2-3"),
        };
        let event = AttendedEmergency {
            arrived_at: Some(arrived.timestamp()),
            place: with_place.then(|| r.asserted(2, self.pv1.field(3), |r, v| r.place(v, "PV1-3"))).flatten(),
            reason: r.asserted(3, reason, |r, v| r.coded(v, field, "attendance_reason")),
            ..AttendedEmergency::default()
        };
        saying.say("PV1", TABLE, &format!("{key}/attendance"), arrived, reading, event);
    }

    fn attended(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let arrived = self.time(saying, 44, "PV1-44", &mut reading).unwrap_or(saying.happened());
        if let Some(key) = self.key(Some(arrived), &mut reading) {
            self.attendance(saying, arrived, true, reading, &key);
        }
        Taken::Wholly
    }

    /// A03 of an emergency department. Without the time of arrival the attendance that it ends cannot be placed.
    fn left(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let r = &mut reading;
        let Some(arrived) = self.time(saying, 44, "PV1-44", r) else { return Taken::InPart };
        let left = self.time(saying, 45, "PV1-45", r).unwrap_or(saying.happened());
        if left.as_us() < arrived.as_us() {
            r.flag(FindingCode::DatesOutOfOrder, "PV1-45");
        }
        if let Some(key) = self.key(None, r) {
            let event = AttendedEmergency {
                arrived_at: Some(arrived.timestamp()),
                left_at: Some(left.timestamp()),
                disposition: r.asserted(5, self.pv1.field(36), |r, v| r.coded(v, "PV1-36", "discharge_disposition")),
                ..AttendedEmergency::default()
            };
            saying.say("PV1", TABLE, &format!("{key}/attendance"), arrived, reading, event);
        }
        Taken::Wholly
    }

    /// A04 of a clinic: they came.
    fn kept(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let came = self.time(saying, 44, "PV1-44", &mut reading).unwrap_or(saying.happened());
        if let Some(key) = self.key(Some(came), &mut reading) {
            let service = reading.asserted(2, self.pv1.field(10), |r, v| r.coded(v, "PV1-10", "hospital_service"));
            let event = AppointmentKept { at: Some(came.when()), service, ..AppointmentKept::default() };
            saying.say("PV1", "appointment", &format!("{key}/appointment"), came, reading, event);
        }
        Taken::Wholly
    }

    fn moved(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let moved = saying.happened();
        if let Some(key) = self.key(Some(moved), &mut reading) {
            let event = AdmissionMoved {
                moved_at: Some(moved.timestamp()),
                place: reading.asserted(2, self.pv1.field(3), |r, v| r.place(v, "PV1-3")),
            };
            saying.say("PV1", TABLE, &format!("{key}/{}", move_entry(moved)), moved, reading, event);
        }
        Taken::Wholly
    }

    fn ended(&self, saying: &mut Saying<'_, '_>, otherwise: Time) -> Taken {
        let mut reading = Reading::default();
        let ended = self.time(saying, 45, "PV1-45", &mut reading).unwrap_or(otherwise);
        if self.admitted.is_some_and(|admitted| ended.as_us() < admitted.as_us()) {
            reading.flag(FindingCode::DatesOutOfOrder, "PV1-45");
        }
        if let Some(key) = self.key(Some(ended), &mut reading) {
            let event = AdmissionEnded {
                discharged_at: Some(ended.timestamp()),
                disposition: reading
                    .asserted(2, self.pv1.field(36), |r, v| r.coded(v, "PV1-36", "discharge_disposition")),
                discharged_to: reading.asserted(3, self.pv1.field(37), |r, v| r.text(v.first().component(1), "PV1-37")),
            };
            saying.say("PV1", TABLE, &format!("{key}/discharge"), ended, reading, event);
        }
        Taken::Wholly
    }

    fn preadmitted(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let starts = reading.time(self.pv2.field(8), "PV2-8");
        let stands_at = starts.unwrap_or(saying.happened());
        if let Some(key) = self.key(Some(stands_at), &mut reading) {
            let r = &mut reading;
            let event = AppointmentBooked {
                starts_at: starts.map(Time::timestamp),
                ends_at: None,
                service: r.asserted(3, self.pv1.field(10), |r, v| r.coded(v, "PV1-10", "hospital_service")),
                place: r.asserted(4, self.pv1.field(3), |r, v| r.place(v, "PV1-3")),
                reason: r.asserted(5, self.pv2.field(3), |r, v| r.coded(v, "PV2-3", "admit_reason")),
            };
            saying.say("PV1", "appointment", &format!("{key}/appointment"), stands_at, reading, event);
        }
        Taken::Wholly
    }

    /// A08 states the visit as it now is. It puts right only what it also dates: where the child now lies is not where the
    /// child was admitted to, and the time of the update is not the time of the admission.
    fn updated(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let emergency = self.class == "E";
        if matches!(self.class.as_str(), "I" | "B" | "R" | "E") {
            let mut reading = Reading::default();
            if let Some(began) = self.time(saying, 44, "PV1-44", &mut reading)
                && let Some(key) = self.key(None, &mut reading)
            {
                if emergency {
                    self.attendance(saying, began, false, reading, &key);
                } else {
                    self.admission(saying, began, false, reading, &key);
                }
            }
            if !emergency && let Some(ended) = Reading::default().time(self.pv1.field(45), "PV1-45") {
                self.ended(saying, ended);
            }
        }
        if self.class == "P" && !self.pv2.field(8).is_empty() {
            self.preadmitted(saying);
        }
        Taken::Wholly
    }

    fn retracted(&self, saying: &mut Saying<'_, '_>, entries: &[&str]) -> Taken {
        let mut reading = Reading::default();
        let Some(key) = self.key(saying.header.occurred, &mut reading) else { return Taken::InPart };
        for entry in entries {
            let event = EntryRetracted { reason: Some(saying.header.name()) };
            let table = if *entry == "appointment" { "appointment" } else { TABLE };
            saying.say("PV1", table, &format!("{key}/{entry}"), saying.happened(), reading.clone(), event);
        }
        Taken::Wholly
    }
}
