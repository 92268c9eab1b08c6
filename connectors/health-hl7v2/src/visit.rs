//! PV1 and PV2: attendances, admissions, moves, discharges and pre-admissions, and what takes them back.

use proto::events::{
    AdmissionEnded, AdmissionMoved, AdmissionStarted, AppointmentBooked, AppointmentKept, AttendedEmergency, Coded,
    EntryRetracted, FindingCode,
};

use crate::er7::{Fields, Segment};
use crate::reading::Reading;
use crate::saying::Saying;
use crate::time::Time;

/// Patient class: table 0004, the day case that feeds of the NHS add to it, and the words that they put in its place.
fn class_of(stated: &str) -> Option<&'static str> {
    let word: String = stated.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
    Some(match word.as_str() {
        "E" | "EMERGENCY" | "EMER" | "ED" | "AE" => "E",
        "I" | "INPATIENT" | "IMP" | "IP" | "INPT" | "NEWBORN" | "SURGADMIT" => "I",
        "O" | "OUTPATIENT" | "AMB" | "OP" | "OUTPT" => "O",
        "D" | "DAYCASE" | "DC" | "DAYSURGERY" => "D",
        "P" | "PREADMIT" | "PREADMISSION" => "P",
        "R" | "RECURRING" | "RECURRINGPATIENT" => "R",
        "B" | "OBSTETRICS" => "B",
        "C" => "C",
        "N" => "N",
        "U" => "U",
        _ => return None,
    })
}

const TABLE: &str = "visit";

/// Fields of an attendance: when they left, and where to.
const LEFT: u32 = 4;
const DISPOSITION: u32 = 5;

/// Whether a PV1 says no more than that there is no visit, or none that is known, as messages have it that must hold one; or a
/// PV2 says nothing.
pub(crate) fn is_of_none(segment: &Segment<'_>) -> bool {
    let fields = segment.fields();
    let class = fields.field(2).text().value;
    let says_nothing = |from: usize| (from..=fields.len()).all(|at| fields.field(at).is_empty());
    match segment.name() {
        "PV1" => (class.is_empty() || matches!(class_of(&class), Some("N" | "U"))) && says_nothing(3),
        _ => says_nothing(1),
    }
}

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
    /// PV1-2 as [`class_of`] knows it; empty where it does not.
    class: &'static str,
    /// PV1-44.
    admitted: Option<Time>,
}

/// Says what an ADT message tells of a visit.
pub(crate) fn say(saying: &mut Saying<'_, '_>, trigger: &str) -> Taken {
    let visit = Visit::read(saying);
    let class = visit.class;
    if visit.is_of_an_unknown_class() {
        saying.of_kept.flag(FindingCode::CodeUnknown, "PV1-2");
    }
    match trigger {
        // Whether somebody of whom only that is known lay in a bed, nobody can say.
        "A01" | "A03" if visit.is_of_an_unknown_class() => Taken::InPart,
        "A01" if class == "P" => visit.preadmitted(saying),
        // Who is only to come lies in no bed yet, and leaves none.
        "A02" | "A03" | "A06" | "A07" | "A12" | "A17" if class == "P" => Taken::InPart,
        // An emergency department admits nobody: who is moved within it has only attended.
        "A01" | "A04" if class == "E" => visit.attended(saying),
        "A02" if matches!(class, "E" | "O") => Taken::InPart,
        "A03" if class == "E" => visit.left(saying),
        "A13" if class == "E" => visit.stayed(saying),
        "A01" | "A04" if class == "O" => visit.kept(saying),
        "A03" | "A13" if class == "O" => Taken::InPart,
        // Whether they were admitted or registered, and so whether this ends a stay, it does not say.
        "A03" if class == "R" => Taken::InPart,
        "A04" if class == "R" => visit.kept(saying),
        "A01" | "A06" => visit.admitted(saying),
        "A02" | "A17" => visit.moved(saying),
        "A03" => visit.ended(saying, saying.happened()),
        "A05" | "A14" => visit.preadmitted(saying),
        // From here on they come by the day: the stay is over.
        "A07" if class != "E" => visit.ended(saying, saying.happened()),
        "A08" => visit.updated(saying),
        // Whether they are still to come, or that was cancelled too, it does not say.
        "A11" if class == "P" => {
            visit.retracted(saying, &["admission"]);
            Taken::InPart
        }
        "A11" => {
            let entries: &[&str] = match class {
                "E" | "" => &["attendance", "admission"],
                "O" => &["appointment"],
                // Registered it is an appointment, admitted an admission.
                "R" => &["appointment", "admission"],
                _ => &["admission"],
            };
            visit.retracted(saying, entries)
        }
        "A12" if matches!(class, "E" | "O") => Taken::InPart,
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
        let class = ignored.text(pv1.field(2).component(1), "PV1-2");
        let class = class.and_then(|stated| class_of(&stated)).unwrap_or_default();
        let admitted = ignored.time(pv1.field(44), "PV1-44");
        Self { pv2: saying.fields("PV2"), pv1, class, admitted }
    }

    fn is_of_an_unknown_class(&self) -> bool {
        self.class.is_empty() && !self.pv1.field(2).text().value.is_empty()
    }

    /// The visit's part of a record key: its number (PV1-19), else when it began.
    fn key(&self, otherwise: Option<Time>, reading: &mut Reading) -> Option<String> {
        // What a message is taken to say of its visit depends on the class.
        if self.is_of_an_unknown_class() {
            reading.flag(FindingCode::CodeUnknown, "PV1-2");
        }
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
        let coded = reading.coded(self.pv1.field(2), "PV1-2", "patient_class")?;
        Some(if self.class.is_empty() { coded } else { Coded { code: self.class.to_owned(), ..coded } })
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

    fn attendance(&self, saying: &mut Saying<'_, '_>, arrived: Time, is_update: bool, mut reading: Reading, key: &str) {
        let r = &mut reading;
        // Whoever came has not left, and whose leaving is called off has not either.
        let left = Some(self.pv1.field(45)).filter(|_| is_update && !r.clears.contains(&LEFT));
        let left = left.and_then(|left| r.asserted(LEFT, left, |r, _| self.departed(saying, arrived, None, r)));
        // What kind of patient it is stands in for a reason that is not told; an update without one leaves what was told.
        let reason =
            [(self.pv2.field(3), "PV2-3", "attendance_reason"), (self.pv1.field(18), "PV1-18", "attendance_reason")];
        let reason = if is_update { &reason[..1] } else { &reason };
        let event = AttendedEmergency {
            arrived_at: Some(arrived.timestamp()),
            place: (!is_update).then(|| r.asserted(2, self.pv1.field(3), |r, v| r.place(v, "PV1-3"))).flatten(),
            reason: r.said_of(3, reason),
            left_at: left.map(Time::timestamp),
            disposition: left.and_then(|_| self.disposition(DISPOSITION, r)),
            service: r.asserted(6, self.pv1.field(10), |r, v| r.coded(v, "PV1-10", "hospital_service")),
        };
        saying.say("PV1", TABLE, &format!("{key}/attendance"), arrived, reading, event);
    }

    /// PV1-45 of an attendance.
    fn departed(
        &self,
        saying: &Saying<'_, '_>,
        arrived: Time,
        otherwise: Option<Time>,
        reading: &mut Reading,
    ) -> Option<Time> {
        let left = self.time(saying, 45, "PV1-45", reading).or(otherwise)?;
        if left.as_us() < arrived.as_us() {
            reading.flag(FindingCode::DatesOutOfOrder, "PV1-45");
        }
        Some(left)
    }

    /// PV1-36, as the event's field of this number.
    fn disposition(&self, number: u32, reading: &mut Reading) -> Option<Coded> {
        reading.asserted(number, self.pv1.field(36), |r, v| r.coded(v, "PV1-36", "discharge_disposition"))
    }

    fn attended(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let arrived = self.time(saying, 44, "PV1-44", &mut reading).unwrap_or(saying.happened());
        if let Some(key) = self.key(Some(arrived), &mut reading) {
            self.attendance(saying, arrived, false, reading, &key);
        }
        Taken::Wholly
    }

    /// A03 of an emergency department. Without the time of arrival the attendance that it ends cannot be placed.
    fn left(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let r = &mut reading;
        let Some(arrived) = self.time(saying, 44, "PV1-44", r) else { return Taken::InPart };
        let left = self.departed(saying, arrived, Some(saying.happened()), r);
        if let Some(key) = self.key(None, r) {
            let event = AttendedEmergency {
                arrived_at: Some(arrived.timestamp()),
                left_at: left.map(Time::timestamp),
                disposition: self.disposition(DISPOSITION, r),
                ..AttendedEmergency::default()
            };
            saying.say("PV1", TABLE, &format!("{key}/attendance"), arrived, reading, event);
        }
        Taken::Wholly
    }

    /// A13 of an emergency department: they have not left. Without the time of arrival nothing can be said of which attendance.
    fn stayed(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let Some(arrived) = self.time(saying, 44, "PV1-44", &mut reading) else { return Taken::InPart };
        if let Some(key) = self.key(None, &mut reading) {
            reading.clears.extend([LEFT, DISPOSITION]);
            self.attendance(saying, arrived, true, reading, &key);
        }
        Taken::Wholly
    }

    /// A01 and A04 of a clinic: they came.
    fn kept(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let mut reading = Reading::default();
        let came = self.time(saying, 44, "PV1-44", &mut reading).unwrap_or(saying.happened());
        if let Some(key) = self.key(Some(came), &mut reading) {
            let service = reading.asserted(2, self.pv1.field(10), |r, v| r.coded(v, "PV1-10", "hospital_service"));
            let reason = reading.asserted(5, self.pv2.field(3), |r, v| r.coded(v, "PV2-3", "admit_reason"));
            let event = AppointmentKept { at: Some(came.when()), service, reason, ..AppointmentKept::default() };
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
                disposition: self.disposition(2, &mut reading),
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
    /// child was admitted to, and the time of the update is not the time of the admission. A visit that it does not date is kept,
    /// and one of somebody who comes again and again (R): whether they were admitted or registered it does not say.
    fn updated(&self, saying: &mut Saying<'_, '_>) -> Taken {
        let said = match self.class {
            "I" | "B" | "D" | "E" => self.stay_updated(saying),
            "O" => self.clinic_updated(saying),
            "P" if !self.pv2.field(8).is_empty() => self.preadmitted(saying) == Taken::Wholly,
            _ => false,
        };
        if !said {
            let visit = ["PV1", "PV2"].into_iter().flat_map(|name| saying.all(name)).filter(|held| !is_of_none(held));
            visit.collect::<Vec<_>>().iter().for_each(|segment| saying.keep(segment));
        }
        Taken::Wholly
    }

    /// Whether anything was said.
    fn stay_updated(&self, saying: &mut Saying<'_, '_>) -> bool {
        let emergency = self.class == "E";
        let mut reading = Reading::default();
        let began = self.time(saying, 44, "PV1-44", &mut reading);
        if let Some(began) = began
            && let Some(key) = self.key(None, &mut reading)
        {
            if emergency {
                self.attendance(saying, began, true, reading, &key);
            } else {
                self.admission(saying, began, false, reading, &key);
            }
        }
        let ended = Reading::default().time(self.pv1.field(45), "PV1-45").filter(|_| !emergency);
        if let Some(ended) = ended {
            self.ended(saying, ended);
        }
        began.or(ended).is_some()
    }

    /// They came; else they are to come. Of a day that went by without a word of that, nobody can say which.
    fn clinic_updated(&self, saying: &mut Saying<'_, '_>) -> bool {
        let is_past = |at: Time| at.as_us() <= saying.recorded.as_us();
        let came = Reading::default().time(self.pv1.field(44), "PV1-44");
        let expected = Reading::default().time(self.pv2.field(8), "PV2-8");
        match (came, expected) {
            (Some(came), _) if is_past(came) => self.kept(saying) == Taken::Wholly,
            (None, Some(expected)) if !is_past(expected) => self.preadmitted(saying) == Taken::Wholly,
            _ => false,
        }
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
