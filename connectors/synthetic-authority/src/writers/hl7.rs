//! A hospital's HL7 v2.4 feed: one file a month, messages in the order of their times.
//!
//! Lives are told one after another, the feed in the order of time: what is told goes to one spill file a month, and
//! each month is then sorted by itself, so that memory holds one month at most.

pub(crate) mod batches;
mod message;
mod told;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use super::Output;
use crate::GenerateError;
use crate::calendar::{age, plus};
use crate::check;
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, Kind, SHARE, System, describe};
use crate::life_course::education::number;
use crate::life_course::health::{Event, Happening, Outcome, events, hours_after};
use crate::population::{Child, World};
use crate::truth::{Subject, Truth};
use message::{Appointment, Message, Person, Visit};

const DIRT: &[(Kind, u32)] = &[
    (("spaces", "PID-3", None), 10),
    (("wrong check digit", "PID-3", Some("CHECK_CHARACTER_WRONG")), 6),
    (("placeholder 9999999999", "PID-3", Some("IDENTIFIER_PLACEHOLDER")), 5),
    (("ULN in the NHS number's place", "PID-3", Some("CHECK_CHARACTER_WRONG")), 3),
    (("no NHS number", "PID-3", None), 6),
    (("missing", "PID-7", None), 4),
    (("unknown code", "PID-8", Some("CODE_UNKNOWN")), 4),
    (("in the future", "PID-7", Some("DATE_IMPLAUSIBLE")), 2),
    (("message twice", "MSH-10", None), 5),
];

struct Month {
    first: (i16, i8),
    path: PathBuf,
    spill: BufWriter<File>,
}

/// The whole feed.
pub(crate) struct Feed {
    folder: PathBuf,
    months: Vec<Month>,
    pub(crate) messages: u64,
    text: String,
}

/// What is being told of one child.
struct Teller<'a> {
    world: &'a World,
    child: &'a Child,
    person: Person<'a>,
    dice: Dice,
    told: u32,
    /// The last day of which the feed may speak, of this identity.
    until: DateTime,
}

impl Feed {
    pub(crate) fn create(folder: &Path, world: &World) -> Result<Self, GenerateError> {
        let today = world.settings.reference_date;
        let mut day = plus(today, -crate::life_course::health::FEED_DAYS).first_of_month();
        let mut months = Vec::new();
        while day <= today {
            let path = folder.join(format!(".{:04}-{:02}.spill", day.year(), day.month()));
            let spill = File::create(&path).map_err(|source| GenerateError::Io { path: path.clone(), source })?;
            let first = (day.year(), day.month());
            months.push(Month { first, path, spill: BufWriter::with_capacity(1 << 15, spill) });
            day = plus(day, 32).first_of_month();
        }
        Ok(Self { folder: folder.to_owned(), months, messages: 0, text: String::new() })
    }

    /// Tells of a child, and the truth of it.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let events = events(world, child);
        if !child.known_to_hospital {
            truth.notes.insert("unknown_to_hospital");
            return Ok(());
        }
        if events.is_empty() {
            return Ok(());
        }
        let mut dice = Dice::new(world.settings.seed, Part::Health, number(child) | 1 << 40);
        let description = describe(world, child, System::Health, &mut dice, &mut truth.disagreements);
        truth.subjects.insert(Subject::nhs(child));
        match &child.nhs_at_hospital {
            None => drop(truth.notes.insert("no_nhs_number_at_hospital")),
            Some(number) if *number != child.nhs => drop(truth.notes.insert("nhs_number_of_sibling_at_hospital")),
            Some(_) => {}
        }
        truth.subjects.insert(Subject::hospital(&child.mrn));
        let person = Person::new(world, child, description);
        let last = plus(world.settings.reference_date, -1).min(child.known.1).at(23, 59, 59, 0);
        let mut teller = Teller { world, child, person, dice, told: 0, until: last };
        for event in &events {
            self.event(&mut teller, event, truth, dirt)?;
        }
        Ok(())
    }

    fn event(
        &mut self,
        teller: &mut Teller<'_>,
        event: &Event,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let at = event.at;
        match &event.what {
            Happening::PersonAdded => self.tell(teller, Message::adt("A28", at), truth, dirt),
            Happening::PersonUpdated => {
                let trigger = if teller.dice.chance(0.5) { "A31" } else { "A08" };
                self.tell(teller, Message::adt(trigger, at), truth, dirt)
            }
            Happening::Born { discharged } => {
                let visit = Visit {
                    class: "I",
                    ward: "MATERNITY",
                    service: "422",
                    kind: "N",
                    admitted: Some(at),
                    reason: "Birth",
                    ..Visit::new(teller.number())
                };
                self.tell(teller, Message { birth: true, ..Message::visit("A01", at, visit.clone()) }, truth, dirt)?;
                self.tell(
                    teller,
                    Message { birth: true, ..Message::visit("A03", *discharged, visit.discharged(*discharged)) },
                    truth,
                    dirt,
                )?;
                self.tell_all(teller, told::newborn(teller.child, at), truth, dirt)
            }
            Happening::Vaccinated { vaccines, refused } => {
                self.tell(teller, Message::vaccination(at, vaccines, *refused), truth, dirt)
            }
            Happening::Emergency { reason, discharged, discharge_cancelled } => {
                let visit = Visit {
                    class: "E",
                    ward: "ED",
                    service: "180",
                    kind: "E",
                    admitted: Some(at),
                    reason,
                    ..Visit::new(teller.number())
                };
                self.tell(teller, Message::visit("A04", at, visit.clone()), truth, dirt)?;
                self.tell(
                    teller,
                    Message::visit("A03", *discharged, visit.clone().discharged(*discharged)),
                    truth,
                    dirt,
                )?;
                if *discharge_cancelled {
                    let (undone, again) = (hours_after(*discharged, 1), hours_after(*discharged, 3));
                    self.tell(teller, Message::visit("A13", undone, visit.clone()), truth, dirt)?;
                    self.tell(teller, Message::visit("A03", again, visit.discharged(again)), truth, dirt)?;
                    truth.notes.insert("discharge_cancelled");
                }
                self.tell_all(teller, told::emergency(teller.child, reason, *discharged), truth, dirt)
            }
            Happening::Admitted { .. } => self.admission(teller, event, truth, dirt),
            Happening::Appointment { service, starts, outcome } => {
                let number = teller.number();
                let mut appointment = Appointment { number, service, starts: *starts, reason: "", status: "" };
                self.tell(teller, Message::appointment("S12", at, appointment.clone()), truth, dirt)?;
                match outcome {
                    Outcome::Kept if teller.child.demo => Ok(()),
                    Outcome::Kept => {
                        appointment.status = "COMPLETE^Complete^HL70278";
                        self.tell(
                            teller,
                            Message::appointment("S14", hours_after(*starts, 1), appointment),
                            truth,
                            dirt,
                        )
                    }
                    Outcome::NotBrought => self.tell(
                        teller,
                        Message::appointment("S26", hours_after(*starts, 2), appointment),
                        truth,
                        dirt,
                    ),
                    Outcome::Cancelled => {
                        appointment.reason = "Cancelled by family";
                        self.tell(
                            teller,
                            Message::appointment("S15", hours_after(*starts, -48), appointment),
                            truth,
                            dirt,
                        )
                    }
                    Outcome::Moved => {
                        appointment.starts =
                            crate::calendar::working(plus(starts.date(), 14)).to_datetime(starts.time());
                        appointment.reason = "Moved by clinic";
                        self.tell(
                            teller,
                            Message::appointment("S13", hours_after(*starts, -72), appointment),
                            truth,
                            dirt,
                        )
                    }
                }
            }
            Happening::SeenUnderOldNumber { number, put_right } => {
                let visit = Visit {
                    class: "E",
                    ward: "ED",
                    service: "180",
                    kind: "E",
                    admitted: Some(at),
                    reason: "Fever",
                    ..Visit::new(teller.number())
                };
                truth.subjects.insert(Subject::hospital(number));
                let seen = Message { old_number: Some(number.clone()), ..Message::visit("A04", at, visit) };
                self.tell(teller, seen, truth, dirt)?;
                if *put_right <= teller.until {
                    truth.superseded.insert(Subject::hospital(number));
                    truth.notes.insert("superseded_number");
                }
                self.tell(
                    teller,
                    Message { replaces: Some(number.clone()), ..Message::adt("A40", *put_right) },
                    truth,
                    dirt,
                )
            }
        }
    }

    fn admission(
        &mut self,
        teller: &mut Teller<'_>,
        event: &Event,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let Happening::Admitted { service, ward, moved, discharged, reason, cancelled } = &event.what else {
            return Ok(());
        };
        let visit = Visit {
            class: "I",
            ward,
            service,
            kind: "U",
            admitted: Some(event.at),
            reason,
            ..Visit::new(teller.number())
        };
        let allergy = teller.dice.chance(0.06);
        self.tell(teller, Message { allergy, ..Message::visit("A01", event.at, visit.clone()) }, truth, dirt)?;
        if let Some(moved) = moved {
            self.tell(teller, Message::visit("A02", *moved, Visit { ward: "BADGER", ..visit.clone() }), truth, dirt)?;
        }
        if let Some(discharged) = discharged {
            self.tell(teller, Message::visit("A03", *discharged, visit.clone().discharged(*discharged)), truth, dirt)?;
        }
        if *cancelled {
            truth.notes.insert("admission_cancelled");
            return self.tell(teller, Message::visit("A11", hours_after(event.at, 1), visit), truth, dirt);
        }
        self.tell_all(teller, told::admission(teller.child, event.at), truth, dirt)
    }

    fn tell_all(
        &mut self,
        teller: &mut Teller<'_>,
        messages: Vec<Message>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        messages.into_iter().try_for_each(|message| self.tell(teller, message, truth, dirt))
    }

    /// Renders one message and puts it into its month.
    fn tell(
        &mut self,
        teller: &mut Teller<'_>,
        mut message: Message,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let today = teller.world.settings.reference_date;
        if message.at > teller.until {
            return Ok(());
        }
        if message.of_visit() && !teller.child.demo && teller.dice.chance(0.02) {
            message.sent = hours_after(message.at, teller.dice.between(20, 300)).min(teller.until);
            truth.notes.insert("late_message");
        }
        let Some(month) =
            self.months.iter_mut().find(|month| month.first == (message.sent.year(), message.sent.month()))
        else {
            return Ok(());
        };
        teller.told += 1;
        let key = format!("{}{:04}", teller.child.mrn, teller.told);
        let teenager = age(teller.child.birth, today) >= 14;
        let soiled = teller.dice.chance(SHARE) && !teller.child.demo;
        let kind = soiled.then(|| teller.dice.weigh(DIRT)).map(|kind| match kind.0 {
            "ULN in the NHS number's place" if !teenager => ("spaces", "PID-3", None),
            _ => kind,
        });
        // A number made in a hurry stands without an NHS number: nothing can be wrong with that.
        let held = teller.child.nhs_at_hospital.clone();
        let kind = kind.filter(|kind| message.old_number.is_none() && held.is_some() || kind.1 != "PID-3");
        let what = kind.map_or("", |kind| kind.0);
        let own = held.unwrap_or_default();
        teller.person.number = match what {
            "spaces" => spaced(&own),
            "wrong check digit" => check::with_wrong_digit(&own),
            "placeholder 9999999999" => "9999999999".to_owned(),
            "ULN in the NHS number's place" => teller.child.uln.clone(),
            "no NHS number" => String::new(),
            _ => own,
        };
        teller.person.number_type = if teller.dice.chance(0.09) { "HN" } else { "NH" };
        teller.person.dirt = kind;
        self.text.clear();
        message.render(&mut self.text, &teller.person, &key, today);
        let copies = if what == "message twice" { 2 } else { 1 };
        for _ in 0..copies {
            month.spill(message.sent, &self.text)?;
        }
        self.messages += 1;
        if let Some((what, field, finding)) = kind {
            let record = Subject::hospital(message.old_number.as_deref().unwrap_or(&teller.child.mrn));
            let (file, truth) = (format!("health-hl7v2/{}", month.name()), truth.truth.to_owned());
            dirt.push(Dirt { file, record, key, truth, field, what, finding, reason: None });
        }
        Ok(())
    }

    /// Sorts each month and writes its file.
    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        for (at, month) in self.months.into_iter().enumerate() {
            let name = month.name();
            let Month { path, mut spill, .. } = month;
            let failed = |source| GenerateError::Io { path: path.clone(), source };
            spill.flush().map_err(failed)?;
            drop(spill);
            let bytes = fs::read(&path).map_err(failed)?;
            let mut messages = Vec::new();
            let mut rest = bytes.as_slice();
            while let Some((head, tail)) = rest.split_first_chunk::<12>() {
                let (time, length) = head.split_at(8);
                let time = time.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
                let length = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
                let Some((message, next)) = tail.split_at_checked(length) else { break };
                messages.push((time, message));
                rest = next;
            }
            // A stable sort: what one child's life says in one second stays in its order.
            messages.sort_by_key(|(time, _)| *time);
            if !messages.is_empty() {
                let mut output = Output::create(&self.folder.join(name))?;
                // Feeds differ in how they end a line; so do these months.
                let line_feeds = at % 6 == 5;
                for (_, message) in messages {
                    if line_feeds {
                        let changed: Vec<u8> =
                            message.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect();
                        output.put(&changed)?;
                    } else {
                        output.put(message)?;
                    }
                }
                output.finish()?;
            }
            fs::remove_file(&path).map_err(failed)?;
        }
        Ok(())
    }
}

impl Teller<'_> {
    /// The next visit's or appointment's number.
    fn number(&self) -> String {
        format!("{}{:04}", self.child.mrn, self.told + 1)
    }
}

impl Month {
    fn name(&self) -> String {
        format!("rh8-{:04}-{:02}.hl7", self.first.0, self.first.1)
    }

    fn spill(&mut self, at: DateTime, text: &str) -> Result<(), GenerateError> {
        let seconds = (i64::from(at.day()) * 24 + i64::from(at.hour())) * 3600
            + i64::from(at.minute()) * 60
            + i64::from(at.second());
        let mut write = || -> std::io::Result<()> {
            self.spill.write_all(&seconds.to_be_bytes())?;
            self.spill.write_all(&(text.len() as u32).to_be_bytes())?;
            self.spill.write_all(text.as_bytes())
        };
        write().map_err(|source| GenerateError::Io { path: self.path.clone(), source })
    }
}

/// `999 000 0018`.
fn spaced(number: &str) -> String {
    match (number.get(..3), number.get(3..6), number.get(6..)) {
        (Some(first), Some(second), Some(third)) => format!("{first} {second} {third}"),
        _ => number.to_owned(),
    }
}
