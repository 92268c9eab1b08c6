//! One message, segment by segment, in the shapes that English hospitals send.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};

use crate::calendar::{hl7_day, hl7_time, plus};
use crate::dirt::{Description, Kind, address_on};
use crate::life_course::health::Doses;
use crate::population::{Child, Practice, TRUST, World};

/// A child as the hospital has them.
pub(super) struct Person<'a> {
    child: &'a Child,
    practice: Option<&'a Practice>,
    told: Description,
    /// What stands as the NHS number in the message at hand.
    pub(super) number: String,
    pub(super) number_type: &'static str,
    pub(super) dirt: Option<Kind>,
}

#[derive(Clone)]
pub(super) struct Visit {
    pub(super) number: String,
    pub(super) class: &'static str,
    pub(super) ward: &'static str,
    pub(super) service: &'static str,
    /// PV1-4: the type of admission.
    pub(super) kind: &'static str,
    pub(super) admitted: Option<DateTime>,
    pub(super) left: Option<DateTime>,
    pub(super) reason: &'static str,
}

#[derive(Clone)]
pub(super) struct Appointment {
    pub(super) number: String,
    pub(super) service: &'static str,
    pub(super) starts: DateTime,
    pub(super) reason: &'static str,
    /// SCH-25.
    pub(super) status: &'static str,
}

pub(super) enum Content {
    Person,
    Visit(Visit),
    Appointment(Appointment),
    Vaccination {
        vaccines: Doses,
        refused: bool,
    },
    Results(Results),
    Problem {
        number: String,
        code: &'static str,
        words: &'static str,
    },
    /// A letter about a visit, or word that it was withdrawn.
    Letter {
        number: String,
        words: &'static str,
    },
}

/// An order, and what came of it.
#[derive(Clone)]
pub(super) struct Results {
    pub(super) number: String,
    pub(super) panel: &'static str,
    pub(super) taken: DateTime,
    /// OBX-2 to OBX-6, and OBX-11.
    pub(super) lines: Vec<(&'static str, &'static str, String, &'static str, &'static str)>,
}

pub(super) struct Message {
    /// When it happened.
    pub(super) at: DateTime,
    /// When the hospital's system knew and told, where that was later.
    pub(super) sent: DateTime,
    pub(super) trigger: &'static str,
    pub(super) content: Content,
    pub(super) birth: bool,
    pub(super) allergy: bool,
    /// The local number under which this message speaks, where it is not the child's own.
    pub(super) old_number: Option<String>,
    /// The local number that this message replaces.
    pub(super) replaces: Option<String>,
}

impl<'a> Person<'a> {
    pub(super) fn new(world: &'a World, child: &'a Child, told: Description) -> Self {
        let practice = world.practices.get(child.practice);
        Self { child, practice, told, number: String::new(), number_type: "NH", dirt: None }
    }

    fn is(&self, what: &str, field: &str) -> bool {
        self.dirt.is_some_and(|kind| kind.0 == what && kind.1 == field)
    }
}

impl Visit {
    pub(super) fn new(number: String) -> Self {
        Self { number, class: "O", ward: "", service: "", kind: "", admitted: None, left: None, reason: "" }
    }

    pub(super) fn discharged(self, at: DateTime) -> Self {
        Self { left: Some(at), ..self }
    }
}

impl Message {
    fn of(trigger: &'static str, at: DateTime, content: Content) -> Self {
        Self { at, sent: at, trigger, content, birth: false, allergy: false, old_number: None, replaces: None }
    }

    pub(super) fn adt(trigger: &'static str, at: DateTime) -> Self {
        Self::of(trigger, at, Content::Person)
    }

    pub(super) fn visit(trigger: &'static str, at: DateTime, visit: Visit) -> Self {
        Self::of(trigger, at, Content::Visit(visit))
    }

    pub(super) fn appointment(trigger: &'static str, at: DateTime, appointment: Appointment) -> Self {
        Self::of(trigger, at, Content::Appointment(appointment))
    }

    pub(super) fn vaccination(at: DateTime, vaccines: Doses, refused: bool) -> Self {
        Self::of("V04", at, Content::Vaccination { vaccines, refused })
    }

    pub(super) fn results(at: DateTime, results: Results) -> Self {
        Self::of("R01", at, Content::Results(results))
    }

    pub(super) fn problem(at: DateTime, number: String, (code, words): (&'static str, &'static str)) -> Self {
        Self::of("PC1", at, Content::Problem { number, code, words })
    }

    pub(super) fn letter(trigger: &'static str, at: DateTime, number: String) -> Self {
        Self::of(trigger, at, Content::Letter { number, words: "Seen and sent home. This letter is invented." })
    }

    /// Whether it is about a visit, which people key in when they get to it.
    pub(super) fn of_visit(&self) -> bool {
        matches!(self.content, Content::Visit(_))
    }

    /// Writes the message, each segment ended by a carriage return.
    pub(super) fn render(&self, text: &mut String, person: &Person<'_>, key: &str, today: Date) {
        let (at, sent) = (hl7_time(self.at), hl7_time(self.sent));
        let kind = match self.content {
            Content::Appointment(_) => "SIU",
            Content::Vaccination { .. } => "VXU",
            Content::Results(_) => "ORU",
            Content::Problem { .. } => "PPR",
            Content::Letter { .. } => "MDM",
            _ => "ADT",
        };
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            text,
            "MSH|^~\\&|INVENTED-PAS|{TRUST}|THROUGHLINE|878|{sent}||{kind}^{}|{key}|P|2.4|||||GBR|UNICODE UTF-8\r",
            self.trigger
        );
        match &self.content {
            Content::Person => {
                segment(text, "EVN", &[(1, self.trigger), (2, &sent)]);
                self.person(text, person, today);
                match &self.replaces {
                    Some(old) => segment(text, "MRG", &[(1, &format!("{old}^^^{TRUST}^MR"))]),
                    None => next_of_kin(text, person),
                }
            }
            Content::Visit(visit) => {
                segment(text, "EVN", &[(1, self.trigger), (2, &sent), (6, &at)]);
                self.person(text, person, today);
                if self.birth {
                    next_of_kin(text, person);
                }
                self.place(text, visit);
            }
            Content::Appointment(appointment) => self.scheduling(text, person, appointment, today),
            Content::Results(results) => {
                self.person(text, person, today);
                results.render(text);
            }
            Content::Problem { number, code, words } => {
                self.person(text, person, today);
                let condition = format!("{code}^{words}^SCT");
                segment(
                    text,
                    "PRB",
                    &[(1, "AD"), (2, &sent), (3, &condition), (4, number), (7, &at), (14, "A^Active")],
                );
            }
            Content::Letter { number, words } => {
                segment(text, "EVN", &[(1, self.trigger), (2, &sent), (6, &at)]);
                self.person(text, person, today);
                segment(
                    text,
                    "TXA",
                    &[
                        (1, "1"),
                        (2, "DS^Discharge summary"),
                        (3, "TX"),
                        (4, &at),
                        (7, &at),
                        (12, number),
                        (17, "AU"),
                        (18, "U"),
                        (19, "AV"),
                    ],
                );
                if self.trigger != "T11" {
                    segment(text, "OBX", &[(1, "1"), (2, "TX"), (3, "DS^Discharge summary"), (5, words), (11, "F")]);
                }
            }
            Content::Vaccination { vaccines, refused } => {
                self.person(text, person, today);
                for ((code, words), dose) in *vaccines {
                    let (dose, code) = (dose.to_string(), format!("{code}^{words}^{TRUST}IMM"));
                    let lot = format!(
                        "IN{:05}",
                        crate::dice::spread(self.at.year() as u64 ^ u64::from(dose.len() as u32) ^ code.len() as u64)
                            % 100_000
                    );
                    segment(text, "ORC", &[(1, "RE")]);
                    if *refused {
                        segment(
                            text,
                            "RXA",
                            &[
                                (1, "0"),
                                (2, &dose),
                                (3, &at),
                                (4, &at),
                                (5, &code),
                                (6, "0"),
                                (18, "PARENT^Declined by parent^L"),
                                (20, "RE"),
                                (21, "A"),
                            ],
                        );
                    } else {
                        segment(
                            text,
                            "RXA",
                            &[
                                (1, "0"),
                                (2, &dose),
                                (3, &at),
                                (4, &at),
                                (5, &code),
                                (6, "0.5"),
                                (7, "mL"),
                                (9, "00^New immunization record^NIP001"),
                                (15, &lot),
                                (20, "CP"),
                                (21, "A"),
                            ],
                        );
                        segment(text, "RXR", &[(1, "IM^Intramuscular^HL70162"), (2, "LT^Left thigh^HL70163")]);
                    }
                }
            }
        }
    }

    /// PID and PD1.
    fn person(&self, text: &mut String, person: &Person<'_>, today: Date) {
        let child = person.child;
        let local = self.old_number.as_deref().unwrap_or(&child.mrn);
        // A number made in a hurry stands alone.
        let ids = if person.number.is_empty() || self.old_number.is_some() {
            format!("{local}^^^{TRUST}^MR")
        } else {
            format!("{}^^^NHS^{}~{local}^^^{TRUST}^MR", person.number, person.number_type)
        };
        let told = &person.told;
        let surname = told.surname_on(self.at.date());
        let middle = child.middle.as_deref().unwrap_or_default();
        let mut name = format!("{surname}^{}^{middle}", told.given);
        if let Some(former) = told.former_surname.as_ref().filter(|former| *former != surname) {
            let _ = write!(name, "~{former}^{}^^^^^B", told.given);
        }
        let birth = if person.is("missing", "PID-7") {
            String::new()
        } else if person.is("in the future", "PID-7") {
            hl7_day(plus(today, 3000))
        } else {
            hl7_day(person.told.birth)
        };
        let sex = match (person.is("unknown code", "PID-8"), told.girl) {
            (true, _) => "Q",
            (_, true) => "F",
            (_, false) => "M",
        };
        let home = address_on(child, self.at.date(), person.told.stale_address);
        let postcode = told.postcode_of(home, child);
        let mut address = format!("{} {}^^{}^Invented County^{postcode}^GBR^H", home.number, home.street, home.town);
        if let Some((before, moved)) =
            child.moved.as_ref().filter(|(before, _)| told.tells_former_address && before != home)
        {
            let (number, street, town) = (&before.number, before.street, before.town);
            let (postcode, until) = (&before.postcode, hl7_day(*moved));
            let _ = write!(address, "~{number} {street}^^{town}^Invented County^{postcode}^GBR^H^^^^^&{until}");
        }
        let mother = if self.birth { format!("{}^^^{TRUST}^MR", child.parent_mrn) } else { String::new() };
        let (twin, order) = match &child.twin {
            Some((order, _)) => ("Y", order.to_string()),
            None => ("", String::new()),
        };
        segment(
            text,
            "PID",
            &[
                (1, "1"),
                (3, &ids),
                (5, &name),
                (7, &birth),
                (8, sex),
                (10, child.ethnicity.1),
                (11, &address),
                (13, &child.phone),
                (21, &mother),
                (24, twin),
                (25, &order),
            ],
        );
        if let Some(practice) = person.practice {
            segment(text, "PD1", &[(3, &format!("{}^^{}", practice.name, practice.code))]);
        }
    }

    /// PV1, PV2 and what goes with them.
    fn place(&self, text: &mut String, visit: &Visit) {
        let admitted = visit.admitted.map(hl7_time).unwrap_or_default();
        let left = visit.left.map(hl7_time).unwrap_or_default();
        segment(
            text,
            "PV1",
            &[
                (1, "1"),
                (2, visit.class),
                (3, &format!("{}^^^{TRUST}01", visit.ward)),
                (4, visit.kind),
                (10, visit.service),
                (19, &visit.number),
                (36, if left.is_empty() { "" } else { "1" }),
                (37, if left.is_empty() { "" } else { "19" }),
                (44, &admitted),
                (45, &left),
            ],
        );
        segment(text, "PV2", &[(3, &format!("^{}", visit.reason))]);
        if self.allergy {
            segment(text, "AL1", &[(1, "1"), (2, "DA"), (3, "PENICILLIN^Penicillin^L"), (4, "MO"), (5, "Rash")]);
        }
    }

    fn scheduling(&self, text: &mut String, person: &Person<'_>, appointment: &Appointment, today: Date) {
        let starts = hl7_time(appointment.starts);
        let ends = hl7_time(super::hours_after(appointment.starts, 1));
        let service = format!("{}^{}^NHSTFC", appointment.service, service_words(appointment.service));
        let reason = if appointment.reason.is_empty() { String::new() } else { format!("^{}", appointment.reason) };
        segment(
            text,
            "SCH",
            &[
                (1, &appointment.number),
                (2, &appointment.number),
                (6, &reason),
                (7, "^Referral"),
                (8, &service),
                (11, &format!("^^60^{starts}^{ends}")),
                (25, appointment.status),
            ],
        );
        self.person(text, person, today);
        segment(text, "PV1", &[(1, "1"), (2, "O"), (10, appointment.service)]);
        segment(text, "RGS", &[(1, "1")]);
        segment(text, "AIS", &[(1, "1"), (3, &service), (4, &starts), (7, "60"), (8, "min")]);
        segment(text, "AIL", &[(1, "1"), (3, &format!("OPD^^^{TRUST}01"))]);
    }
}

impl Results {
    /// OBR, and an OBX for each line.
    fn render(&self, text: &mut String) {
        let taken = hl7_time(self.taken);
        segment(text, "OBR", &[(1, "1"), (3, &self.number), (4, self.panel), (7, &taken)]);
        for (at, (kind, what, value, unit, status)) in (1..).zip(&self.lines) {
            let place: u32 = at;
            segment(text, "OBX", &[(1, &place.to_string()), (2, kind), (3, what), (5, value), (6, unit), (11, status)]);
        }
    }
}

fn next_of_kin(text: &mut String, person: &Person<'_>) {
    let child = person.child;
    let (given, surname) = &child.parent;
    let home = &child.home;
    let address = format!("{} {}^^{}^Invented County^{}^GBR^H", home.number, home.street, home.town, home.postcode);
    segment(
        text,
        "NK1",
        &[
            (1, "1"),
            (2, &format!("{surname}^{given}")),
            (3, "MTH^Mother^HL70063"),
            (4, &address),
            (5, &child.phone),
            // The trust's own number for her: the same on the records of all her children.
            (33, &format!("{}^^^{TRUST}^MR", child.parent_mrn)),
        ],
    );
}

/// What a treatment function code stands for.
fn service_words(code: &str) -> &'static str {
    match code {
        "110" => "Trauma and Orthopaedics",
        "120" => "Ear Nose and Throat",
        "130" => "Ophthalmology",
        "290" => "Community Paediatrics",
        "330" => "Dermatology",
        "360" => "Genitourinary Medicine",
        "420" => "Paediatrics",
        "650" => "Physiotherapy",
        "652" => "Speech and Language Therapy",
        "711" => "Child and Adolescent Psychiatry",
        "840" => "Audiology",
        _ => "Other",
    }
}

/// Writes a segment from (position, value) in ascending order; what is not named stays empty.
pub(super) fn segment(text: &mut String, name: &str, fields: &[(usize, &str)]) {
    text.push_str(name);
    let mut at = 0;
    for (position, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        for _ in at..*position {
            text.push('|');
        }
        text.push_str(value);
        at = *position;
    }
    text.push('\r');
}
