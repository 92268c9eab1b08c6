//! Another hospital's feed, as it comes in batches once a week: the messages that a feed of one kind of patient never shows. A move
//! that is called off, beds that are swapped, numbers that are merged, visits that go to another record, appointments that are put
//! off, missed and entered twice, results and problems that are corrected. The second batch chooses delimiters of its own.

use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime};

use super::message::segment;
use crate::GenerateError;
use crate::calendar::{hl7_day, hl7_time, plus};
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, System, describe};
use crate::life_course::education::number;
use crate::life_course::health::hours_after;
use crate::outcomes::Outcome;
use crate::population::{Child, World};
use crate::truth::{Subject, Truth};
use crate::writers::Output;
use crate::writers::extracts::Known;

const FACILITY: &str = "RX9";
const ISSUER: &str = "ods-rx9/RX9MRN";
/// Stories that are told, each of a child of its own; two rounds of them.
const STORIES: u32 = 14;

/// The batches, until they are written.
pub(crate) struct Batches {
    folder: PathBuf,
    today: Date,
    told: u32,
    messages: u32,
    batches: [(String, u32, Outcome); 2],
    /// Who waits in a bed for somebody to swap with.
    in_bed: Option<(String, String)>,
}

/// A child in a story.
struct Person {
    local: String,
    pid: String,
    at: DateTime,
}

impl Batches {
    pub(crate) fn new(out: &Path, world: &World) -> Self {
        let today = world.settings.reference_date;
        let batch = |nth: u32| {
            let name = format!("rx9-batch-{}-{nth}.hl7", plus(today, -7 * (3 - nth as i32)));
            let mut outcome = Outcome::of("health-hl7v2", nth, vec![name]);
            // Each message describes whom it is of.
            outcome.not_counted.push("PersonDescribed");
            (String::new(), 0, outcome)
        };
        let folder = out.join("health-hl7v2");
        Self { folder, today, told: 0, messages: 0, batches: [batch(1), batch(2)], in_bed: None }
    }

    /// Tells a child's story, and the truth of it.
    pub(crate) fn child(&mut self, known: &Known<'_>, truth: &mut Truth<'_>) {
        let child = known.child;
        let can = child.adoption.is_none() && !child.demo && child.nhs_at_hospital.as_deref() == Some(&child.nhs);
        if !can || self.told >= STORIES * 2 || child.birth > plus(self.today, -60) {
            return;
        }
        let local = format!("X{}", 700_000 + number(child));
        truth.subjects.extend([Subject::nhs(child), Subject::new("PROVIDER_PERSON", ISSUER, &local)]);
        let mut dice = Dice::new(known.world.settings.seed, Part::Community, number(child) | 1 << 42);
        let told = describe(known.world, child, System::Health, &mut dice, &mut truth.disagreements);
        let name = format!("{}^{}", escaped(&told.surname), escaped(&told.given));
        let sex = if told.girl { "F" } else { "M" };
        let pid = |local: &str, with_nhs: bool| {
            let nhs = if with_nhs { format!("~{}^^^NHS^NH", child.nhs) } else { String::new() };
            let address = format!(
                "{} {} \\T\\ Yard^^{}^^{}^GBR^H",
                child.home.number, child.home.street, child.home.town, child.home.postcode
            );
            let mut text = String::new();
            let ids = format!("{local}^^^{FACILITY}MRN^MR{nhs}");
            let born = hl7_day(told.birth);
            segment(&mut text, "PID", &[(1, "1"), (3, &ids), (5, &name), (7, &born), (8, sex), (11, &address)]);
            text
        };
        let at = plus(self.today, -20).at(9, 0, 0, 0);
        let person = Person { pid: pid(&local, true), local: local.clone(), at };
        let story = self.told % STORIES;
        let number = format!("{}{}", 8_000_000 + number(child), story);
        self.told += 1;
        match story {
            0 => self.stay(&person, &number),
            1 => self.waiting(&person, &number),
            2 => self.emergency(&person, &number),
            3 => self.merged(&person, &number, &pid, child, truth),
            4 | 5 => self.swapped(&person, &number),
            6 => self.appointments(
                &person,
                &number,
                &["S12", "S13", "S15"],
                &["AppointmentBooked", "AppointmentBooked", "AppointmentCancelled"],
            ),
            7 => self.appointments(&person, &number, &["S12", "S26"], &["AppointmentBooked", "AppointmentMissed"]),
            8 => self.appointments(&person, &number, &["S12", "S17"], &["AppointmentBooked", "EntryRetracted"]),
            9 => self.results(&person, &number),
            10 => self.vaccinated(&person),
            11 => self.letters(&person, &number),
            12 => self.problems(&person, &number),
            _ => self.changed(&person),
        }
    }

    /// Puts a message into the batch of the round, and says what is to come of it.
    fn put(&mut self, of: &Person, hours: i32, (kind, trigger): (&str, &str), rest: &str, events: &[&'static str]) {
        let round = usize::from(self.told > STORIES);
        let Some((text, count, outcome)) = self.batches.get_mut(round) else { return };
        self.messages += 1;
        *count += 1;
        let at = hl7_time(hours_after(of.at, hours));
        text.push_str(&format!(
            "MSH|^~\\&|INVENTED-EPR|{FACILITY}|THROUGHLINE|878|{at}||{kind}^{trigger}|B{:05}|P|2.5\r",
            self.messages
        ));
        if matches!(kind, "ADT" | "MDM") {
            segment(text, "EVN", &[(1, trigger), (2, &at), (6, &at)]);
        }
        if kind == "SIU" {
            text.push_str(rest);
            text.push_str(&of.pid);
        } else {
            text.push_str(&of.pid);
            text.push_str(rest);
        }
        events.iter().for_each(|event| outcome.event(event));
    }

    /// Admitted, moved, moved back since it was another bed, sent home.
    fn stay(&mut self, of: &Person, visit: &str) {
        let ward = |ward: &str, left: &str| place("I", ward, visit, &hl7_time(of.at), left);
        self.put(of, 0, ("ADT", "A01"), &ward("WREN", ""), &["AdmissionStarted"]);
        self.put(of, 5, ("ADT", "A02"), &ward("OTTER", ""), &["AdmissionMoved"]);
        self.put(of, 5, ("ADT", "A12"), &ward("WREN", ""), &["EntryRetracted"]);
        let left = hl7_time(hours_after(of.at, 30));
        self.put(of, 30, ("ADT", "A03"), &ward("WREN", &left), &["AdmissionEnded"]);
    }

    /// Expected for a day, and then not.
    fn waiting(&mut self, of: &Person, visit: &str) {
        let mut rest = place("P", "WREN", visit, "", "");
        segment(&mut rest, "PV2", &[(3, "^Grommets"), (8, &hl7_day(plus(of.at.date(), 30)))]);
        self.put(of, 0, ("ADT", "A05"), &rest, &["AppointmentBooked"]);
        self.put(of, 20, ("ADT", "A38"), &rest, &["EntryRetracted"]);
    }

    /// Comes, is written down better, goes.
    fn emergency(&mut self, of: &Person, visit: &str) {
        let come = place("E", "ED", visit, &hl7_time(of.at), "");
        self.put(of, 0, ("ADT", "A04"), &come, &["AttendedEmergency"]);
        self.put(of, 1, ("ADT", "A08"), &come, &["AttendedEmergency"]);
        let left = hl7_time(hours_after(of.at, 3));
        self.put(of, 3, ("ADT", "A03"), &place("E", "ED", visit, &hl7_time(of.at), &left), &["AttendedEmergency"]);
    }

    /// Seen under a number made in a hurry, which is merged into the child's own.
    fn merged(
        &mut self,
        of: &Person,
        visit: &str,
        pid: &dyn Fn(&str, bool) -> String,
        child: &Child,
        truth: &mut Truth<'_>,
    ) {
        let hurried = format!("Z{}", 700_000 + number(child));
        let old = Person { pid: pid(&hurried, false), local: hurried.clone(), at: of.at };
        truth.subjects.insert(Subject::new("PROVIDER_PERSON", ISSUER, &hurried));
        truth.superseded.insert(Subject::new("PROVIDER_PERSON", ISSUER, &hurried));
        self.put(&old, 0, ("ADT", "A04"), &place("E", "ED", visit, &hl7_time(of.at), ""), &["AttendedEmergency"]);
        let merge = format!("MRG|{}^^^{FACILITY}MRN^MR\r", old.local);
        self.put(of, 26, ("ADT", "A40"), &merge, &["IdentifierSuperseded"]);
        // The visit goes with it, in a message of its own.
        let moved = format!("MRG|{}^^^{FACILITY}MRN^MR||||{visit}\r{}", old.local, place("E", "ED", visit, "", ""));
        self.put(of, 27, ("ADT", "A45"), &moved, &["EntryReassigned"]);
    }

    /// Two children who swap beds, told in one message.
    fn swapped(&mut self, of: &Person, visit: &str) {
        let bed = |bed: &str| place("I", &format!("WREN^1^{bed}"), visit, &hl7_time(of.at), "");
        self.put(of, 0, ("ADT", "A01"), &bed(if self.in_bed.is_some() { "B" } else { "A" }), &["AdmissionStarted"]);
        match self.in_bed.take() {
            None => self.in_bed = Some((of.pid.clone(), visit.to_owned())),
            Some((pid, other)) => {
                let second = format!("{}{pid}{}", bed("A"), place("I", "WREN^1^B", &other, "", ""));
                self.put(of, 8, ("ADT", "A17"), &second, &["AdmissionMoved", "AdmissionMoved"]);
            }
        }
    }

    fn appointments(&mut self, of: &Person, number: &str, triggers: &[&str], events: &[&'static str]) {
        for ((trigger, event), step) in triggers.iter().zip(events).zip(0..) {
            let starts = plus(of.at.date(), if *trigger == "S13" { 40 } else { 10 }).at(10, 0, 0, 0);
            let hours = if *trigger == "S26" { 242 } else { step * 24 };
            let (from, to) = (hl7_time(starts), hl7_time(hours_after(starts, 1)));
            let mut rest = String::new();
            segment(
                &mut rest,
                "SCH",
                &[(1, number), (7, "CHECK^Check-up"), (9, "60"), (10, "min"), (11, &format!("^^60^{from}^{to}"))],
            );
            self.put(of, hours, ("SIU", trigger), &rest, &[*event]);
        }
    }

    /// Reported before it was final, corrected, and taken back as another child's.
    fn results(&mut self, of: &Person, order: &str) {
        for ((value, status), (event, hours)) in [("121", "P"), ("112", "C"), ("", "W")].into_iter().zip([
            ("ResultReported", 3),
            ("ResultReported", 27),
            ("EntryRetracted", 50),
        ]) {
            let mut rest = String::new();
            segment(&mut rest, "OBR", &[(1, "1"), (3, order), (4, "FBC^Full blood count"), (7, &hl7_time(of.at))]);
            segment(
                &mut rest,
                "OBX",
                &[(1, "1"), (2, "NM"), (3, "HB^Haemoglobin"), (5, value), (6, "g/L"), (11, status)],
            );
            self.put(of, hours, ("ORU", "R01"), &rest, &[event]);
        }
    }

    fn vaccinated(&mut self, of: &Person) {
        let at = hl7_time(of.at);
        let mut rest = String::from("ORC|RE\r");
        segment(
            &mut rest,
            "RXA",
            &[
                (1, "0"),
                (2, "1"),
                (3, &at),
                (4, &at),
                (5, "MMR^Measles, mumps and rubella^RX9"),
                (6, "0.5"),
                (15, "IN1"),
                (20, "CP"),
                (21, "A"),
            ],
        );
        rest.push_str("ORC|RE\r");
        segment(
            &mut rest,
            "RXA",
            &[
                (1, "0"),
                (2, "2"),
                (3, &at),
                (4, &at),
                (5, "4IN1^Pre-school booster^RX9"),
                (6, "0"),
                (18, "PARENT^Declined^L"),
                (20, "RE"),
                (21, "A"),
            ],
        );
        self.put(of, 1, ("VXU", "V04"), &rest, &["ImmunisationGiven", "ImmunisationNotGiven"]);
    }

    fn letters(&mut self, of: &Person, document: &str) {
        let at = hl7_time(of.at);
        for (trigger, available, event, hours) in
            [("T02", "AV", "DocumentRecorded", 2), ("T11", "CA", "EntryRetracted", 30)]
        {
            let mut rest = String::new();
            segment(
                &mut rest,
                "TXA",
                &[
                    (1, "1"),
                    (2, "CN^Clinic letter"),
                    (3, "TX"),
                    (4, &at),
                    (7, &at),
                    (12, document),
                    (17, "AU"),
                    (19, available),
                ],
            );
            if trigger == "T02" {
                segment(
                    &mut rest,
                    "OBX",
                    &[(1, "1"), (2, "TX"), (3, "CN^Clinic letter"), (5, "Seen. This letter is invented."), (11, "F")],
                );
            }
            // The words of a letter are kept beside it.
            let events = [event, "SourceRecordKept"];
            self.put(of, hours, ("MDM", trigger), &rest, if trigger == "T02" { &events } else { events.split_at(1).0 });
        }
    }

    fn problems(&mut self, of: &Person, problem: &str) {
        let at = hl7_time(of.at);
        for (trigger, action, event, hours) in [
            ("PC1", "AD", "DiagnosisRecorded", 1),
            ("PC2", "UP", "DiagnosisRecorded", 20),
            ("PC3", "DE", "EntryRetracted", 40),
        ] {
            let mut rest = String::new();
            segment(
                &mut rest,
                "PRB",
                &[(1, action), (2, &at), (3, "56018004^Wheezing^SCT"), (4, problem), (7, &at), (14, "A^Active")],
            );
            self.put(of, hours, ("PPR", trigger), &rest, &[event]);
        }
    }

    /// Described again, with a telephone number and without.
    fn changed(&mut self, of: &Person) {
        self.put(of, 0, ("ADT", "A28"), "", &[]);
        self.put(of, 9, ("ADT", "A31"), "", &[]);
    }

    /// Writes both batches, and a third that breaks its own promise of how many messages it holds.
    pub(crate) fn finish(self, world: &World, dirt: &mut Vec<Dirt>) -> Result<Vec<Outcome>, GenerateError> {
        let mut outcomes = Vec::new();
        let head = format!("FHS|^~\\&|INVENTED-EPR|{FACILITY}\rBHS|^~\\&|INVENTED-EPR|{FACILITY}\r");
        for ((text, count, outcome), own_delimiters) in self.batches.into_iter().zip([false, true]) {
            let whole = format!("{head}{text}BTS|{count}\rFTS|1\r");
            let whole = if own_delimiters { with_other_delimiters(&whole) } else { whole };
            write(&self.folder, outcome.files.first(), &whole)?;
            outcomes.push(outcome);
        }
        let name = format!("rx9-batch-{}-3.hl7", world.settings.reference_date);
        write(&self.folder, Some(&name), &format!("{head}BTS|4\rFTS|1\r"))?;
        let mut outcome = Outcome::of("health-hl7v2", 3, vec![name.clone()]);
        outcome.quarantined = 1;
        outcomes.push(outcome);
        let record = Subject::organisation("ods-rx9");
        let (what, field, reason) = ("fewer messages than it says", "BTS-1", Some("FILE_UNREADABLE"));
        let (file, key, truth) = (format!("health-hl7v2/{name}"), String::new(), String::new());
        dirt.push(Dirt { file, record, key, truth, field, what, finding: None, reason });
        Ok(outcomes)
    }
}

fn write(folder: &Path, name: Option<&String>, text: &str) -> Result<(), GenerateError> {
    let mut output = Output::create(&folder.join(name.map_or("", String::as_str)))?;
    output.put(text.as_bytes())?;
    output.finish()
}

/// PV1.
fn place(class: &str, ward: &str, visit: &str, admitted: &str, left: &str) -> String {
    let mut text = String::new();
    segment(&mut text, "PV1", &[(1, "1"), (2, class), (3, ward), (10, "420"), (19, visit), (44, admitted), (45, left)]);
    text
}

/// A name in which no character is taken for a delimiter.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\E\\").replace('|', "\\F\\").replace('^', "\\S\\").replace('&', "\\T\\").replace('~', "\\R\\")
}

/// The same with `@`, `~`, `&`, `#` and `\` in the places of `|`, `^`, `~`, `\` and `&`.
fn with_other_delimiters(text: &str) -> String {
    let other = |letter| match letter {
        '|' => '@',
        '^' => '~',
        '~' => '&',
        '\\' => '#',
        '&' => '\\',
        letter => letter,
    };
    text.chars().map(other).collect()
}
