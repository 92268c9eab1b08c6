//! What else education systems tell of the same lives: the SEN2 return, transfer files, and register marks day by day.
//!
//! Written by a pass of its own, so that what the other systems tell does not depend on it. Some records are wrong on purpose, and
//! some disagree with what the census says; the truth of both is told beside them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::Date;

use super::alone::told_alone;
use super::{Output, folder_in};
use crate::calendar::{is_working_day, plus, working};
use crate::check::upn_with_wrong_letter;
use crate::dice::{Dice, Part};
use crate::dirt::{Description, Dirt, System, describe};
use crate::life_course::education::{Enrolment, Schooling, Term, curriculum_year, number, schooling};
use crate::life_course::services::{PlanDays, figure, plan_days};
use crate::outcomes::Outcome;
use crate::population::{AUTHORITY, Child, School, World};
use crate::truth::{Subject, Truth};
use crate::{GenerateError, Settings, check};

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EducationSummary {
    /// Persons of the SEN2 return, of its first submission.
    pub sen2_persons: u64,
    /// Transfer files, a leaver each.
    pub transfer_files: u64,
    /// Rows of the attendance feed.
    pub marks: u64,
    /// Records that were made wrong.
    pub dirtied: u64,
}

/// What each element of a person tells, by the guide to the return.
const TOLD: [(&str, &str); 10] = [
    ("Person", "PersonDescribed"),
    ("ReceivedDate", "EhcAssessmentRequested"),
    ("RequestOutcomeDate", "EhcAssessmentDecided"),
    ("AssessmentOutcomeDate", "EhcAssessmentDecided"),
    ("StartDate", "EhcPlanIssued"),
    ("PlanDetail", "EhcSettingNamed"),
    ("ActivePlans", "EhcPlanMaintained"),
    ("ReviewMeeting", "EhcPlanReviewed"),
    ("PlacementDetail", "EhcPlacementStarted"),
    ("SENneed", "SenNeedRecorded"),
];
/// And what each of a transfer file tells; ethnicity is described apart.
const TRANSFERRED: [(&str, &str); 8] = [
    ("Pupil", "PersonDescribed"),
    ("YearData", "AttendanceSummarised"),
    ("Ethnicity", "PersonDescribed"),
    ("FSMstartDate", "FreeSchoolMealsStarted"),
    ("FSMendDate", "FreeSchoolMealsEnded"),
    ("Contact", "RelationshipRecorded"),
    ("EntryDate", "EnrolmentStarted"),
    ("LeavingDate", "EnrolmentEnded"),
];

/// School days of marks that a file of the feed holds.
const DAYS_SENT: usize = 7;

/// Writes the SEN2 return (with a resubmission), transfer files and two days' attendance files of the authority that `settings`
/// make, into folders of `out` named by their connectors, with `education-truth.jsonl` and `education-dirt.jsonl`.
///
/// # Errors
/// When the settings are out of range, or a file cannot be written.
pub fn write_education(settings: &Settings, out: &Path) -> Result<EducationSummary, GenerateError> {
    check(settings)?;
    let world = World::new(settings);
    let mut files = Files::create(out, &world, 2)?;
    told_alone(&world, out, "education", |child, truth, dirt| files.child(&world, child, truth, dirt))?;
    files.finish()
}

/// The files, being written.
pub(crate) struct Files {
    returns: [Output; 2],
    transfers: std::path::PathBuf,
    /// The feed of two days as tables, and where it is delivered a third time, of the day after as JSON.
    marks: Vec<Output>,
    /// The school days that each of them holds, and what is to come of it.
    days: Vec<Vec<Date>>,
    delivered: Vec<Outcome>,
    /// What is to come of each return, and of each transfer file.
    returned: [Outcome; 2],
    transferred: Vec<Outcome>,
    terms: [Term; 2],
    summary: EducationSummary,
}

impl Files {
    /// `deliveries` of register marks: two, or three.
    pub(crate) fn create(out: &Path, world: &World, deliveries: usize) -> Result<Self, GenerateError> {
        let terms = Term::pair(world.year_end.year());
        let (spring, sen2, feed) =
            (terms[1], folder_in(out, "education-sen2")?, folder_in(out, "education-attendance")?);
        let mut returns = [1, 2]
            .map(|serial| Output::create(&sen2.join(format!("SEN2_{AUTHORITY}_{}_{serial:03}.xml", spring.year))));
        for (returned, serial) in returns.iter_mut().zip(1..) {
            if let Ok(returned) = returned {
                returned.put(header(spring, serial).as_bytes())?;
            }
        }
        let mut school_days = Vec::new();
        let mut day = spring.on;
        while school_days.len() < DAYS_SENT + deliveries - 1 {
            if is_working_day(day) {
                school_days.push(day);
            }
            day = plus(day, -1);
        }
        school_days.reverse();
        let days: Vec<Vec<Date>> = school_days.windows(DAYS_SENT).map(<[Date]>::to_vec).collect();
        let (mut marks, mut delivered) = (Vec::new(), Vec::new());
        for (sent, at) in days.iter().zip(1..) {
            let on = sent.last().copied().unwrap_or(spring.on);
            let ending = if at == 3 { "json" } else { "csv" };
            let name = format!("attendance_{AUTHORITY}_{on}.{ending}");
            let mut file = Output::create(&feed.join(&name))?;
            file.put(if at == 3 { b"[" } else { b"LAEstab,UPN,Date,Session,Attendance Code,Minutes Late,Comment\n" })?;
            let mut outcome = Outcome::of("education-attendance", at, vec![name]);
            outcome.records = Some(0);
            marks.push(file);
            delivered.push(outcome);
        }
        let [first, second] = returns;
        Ok(Self {
            returns: [first?, second?],
            transfers: folder_in(out, "education-ctf")?,
            marks,
            days,
            delivered,
            returned: [1, 2].map(|serial| {
                Outcome::of("education-sen2", serial, vec![format!("SEN2_{AUTHORITY}_{}_{serial:03}.xml", spring.year)])
            }),
            transferred: Vec::new(),
            terms,
            summary: EducationSummary::default(),
        })
    }

    /// Writes what the three say of a child, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let schooling = schooling(world, child, &self.terms);
        let mut dice = Dice::new(world.settings.seed, Part::Education, number(child) | 1 << 42);
        let mut disagreements = Vec::new();
        let description = describe(world, child, System::Education, &mut dice, &mut disagreements);
        let on_roll = self.on_roll(world, &schooling);
        if schooling.sen == "E" && self.terms[1].on <= child.known.1 {
            self.sen2(child, &schooling, (&description, on_roll), truth, dirt, &mut dice)?;
        }
        if let Some(school) = on_roll {
            self.attendance(child, &schooling, school, (truth, dirt), &mut dice)?;
        }
        if schooling.moved_school || schooling.left_area {
            self.transfer(world, child, &schooling, &description, truth, &mut dice)?;
        }
        if !truth.subjects.is_empty() {
            truth.disagreements.extend(disagreements);
        }
        Ok(())
    }

    fn on_roll<'w>(&self, world: &'w World, schooling: &Schooling) -> Option<&'w School> {
        let on = self.terms[1].on;
        let is_on = |one: &&Enrolment| one.entry <= on && one.leaving.is_none_or(|left| left > on);
        world.schools.get(schooling.enrolments.iter().find(is_on)?.school)
    }

    /// A person of the SEN2 return. The second submission puts a date right, or a number that failed its check.
    fn sen2(
        &mut self,
        child: &Child,
        schooling: &Schooling,
        (description, school): (&Description, Option<&School>),
        told: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
        dice: &mut Dice,
    ) -> Result<(), GenerateError> {
        let spring = self.terms[1];
        let PlanDays { received, decided, late, issued } = plan_days(child, spring, dice);
        if issued >= spring.on {
            return Ok(());
        }
        let subject = Subject::new("AUTHORITY_PUPIL", AUTHORITY, &child.upn);
        told.subjects.insert(subject.clone());
        told.subjects.insert(Subject::upn(child));
        let wrong_letter = dice.chance(0.03);
        let as_returned = Subject::new("AUTHORITY_PUPIL", AUTHORITY, &upn_with_wrong_letter(&child.upn));
        let corrected = dice.chance(0.05);
        let surname = description.surname_on(spring.on);
        for ((again, returned), outcome) in [false, true].into_iter().zip(&mut self.returns).zip(&mut self.returned) {
            let issued = if corrected && !again { plus(issued, -1) } else { issued };
            let upn = if wrong_letter && !again { upn_with_wrong_letter(&child.upn) } else { child.upn.clone() };
            if wrong_letter && !again {
                told.subjects.insert(Subject::new("AUTHORITY_PUPIL", AUTHORITY, &upn));
            }
            let mut text = String::new();
            let sex = if description.girl { "F" } else { "M" };
            let needs: String = schooling
                .needs
                .iter()
                .zip(1..)
                .map(|(need, rank)| {
                    format!("<SENneed><SENtype>{need}</SENtype><SENtypeRank>{rank}</SENtypeRank></SENneed>")
                })
                .collect();
            let placed = school.map_or_else(
                || "<SENsetting>OTH</SENsetting>".to_owned(),
                |school| format!("<URN>{}</URN>", school.urn),
            );
            let review = working(plus(issued, 330));
            let reviewed = if review < spring.on {
                format!("<ReviewMeeting>{review}</ReviewMeeting><ReviewOutcome>M</ReviewOutcome>")
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "<Person><Surname>{surname}</Surname><Forename>{}</Forename><PersonBirthDate>{}</PersonBirthDate><Sex>{sex}</Sex>\
                 <Ethnicity>{}</Ethnicity><UPN>{upn}</UPN><Requests><ReceivedDate>{received}</ReceivedDate><RYA>0</RYA>\
                 <RequestOutcomeDate>{decided}</RequestOutcomeDate><RequestOutcome>Y</RequestOutcome><Assessment>\
                 <AssessmentOutcome>Y</AssessmentOutcome><AssessmentOutcomeDate>{issued}</AssessmentOutcomeDate><Week20>{}</Week20>\
                 <NamedPlan><StartDate>{issued}</StartDate><PlanDetail>{placed}<PlacementRank>1</PlacementRank></PlanDetail>\
                 </NamedPlan></Assessment><ActivePlans>{reviewed}<PlacementDetail>{placed}<PlacementRank>1</PlacementRank>\
                 <EntryDate>{issued}</EntryDate></PlacementDetail>{needs}</ActivePlans></Requests></Person>",
                description.given,
                description.birth,
                child.ethnicity.0,
                i32::from(late && dice.chance(0.4)),
            );
            returned.put(text.as_bytes())?;
            outcome.record();
            outcome.elements(&text, &TOLD);
        }
        self.summary.sen2_persons += 1;
        if corrected {
            told.notes.insert("plan_date_corrected_in_resubmission");
        }
        if wrong_letter {
            let file = format!("education-sen2/SEN2_{AUTHORITY}_{}_001.xml", spring.year);
            let kind = ("wrong check letter", "UPN", Some("CHECK_CHARACTER_WRONG"));
            self.dirty(file, as_returned, child, kind, dirt);
        }
        Ok(())
    }

    /// The marks of a pupil's days, in each file that holds them; a mark of no reason becomes one with a reason.
    fn attendance(
        &mut self,
        child: &Child,
        schooling: &Schooling,
        school: &School,
        (told, dirt): (&mut Truth<'_>, &mut Vec<Dirt>),
        dice: &mut Dice,
    ) -> Result<(), GenerateError> {
        let record = Subject::new("SCHOOL_PUPIL", &school.number, &child.upn);
        told.subjects.insert(record.clone());
        let odd = !child.demo && figure(child, 50, 40) == 0;
        for outcome in &mut self.delivered {
            outcome.event("PersonDescribed");
        }
        let days: Vec<Date> = self.days.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let last = days.last().copied();
        for on in days {
            for (session, present) in [("AM", "/"), ("PM", "\\")] {
                let missed = dice.chance(schooling.absence.0);
                let first = if missed { dice.pick(&["N", "N", "I", "M"]) } else { present };
                let later = if first == "N" { dice.pick(&["I", "O", "N"]) } else { first };
                let late = !missed && session == "AM" && dice.chance(0.02);
                for at in 0..self.days.len() {
                    if !self.days.get(at).is_some_and(|sent| sent.contains(&on)) {
                        continue;
                    }
                    let mark = match (late, at) {
                        // A mark of no list, in the last delivery.
                        _ if odd && Some(on) == last && session == "AM" => "%",
                        (true, _) => "L",
                        (_, 0) => first,
                        _ => later,
                    };
                    self.mark(at, school, child, (on, session, mark, late))?;
                }
            }
        }
        if odd {
            let file = self.delivered.last().and_then(|outcome| outcome.files.first());
            let file = format!("education-attendance/{}", file.map_or("", String::as_str));
            self.dirty(file, record, child, ("unknown code", "AttendanceCode", Some("CODE_UNKNOWN")), dirt);
        }
        Ok(())
    }

    fn mark(
        &mut self,
        at: usize,
        school: &School,
        child: &Child,
        (on, session, mark, late): (Date, &str, &str, bool),
    ) -> Result<(), GenerateError> {
        let (Some(file), Some(outcome)) = (self.marks.get_mut(at), self.delivered.get_mut(at)) else { return Ok(()) };
        let minutes = if late { "12" } else { "" };
        if at == 2 {
            let before = if outcome.records == Some(0) { "\n" } else { ",\n" };
            let mark = serde_json::json!({
                "LAEstab": school.number, "UPN": child.upn, "Date": on.to_string(), "Session": session, "AttendanceCode": mark,
                "MinutesLate": minutes,
            });
            file.put(format!("{before}{mark}").as_bytes())?;
        } else {
            file.put(format!("{},{},{on},{session},{mark},{minutes},\n", school.number, child.upn).as_bytes())?;
            self.summary.marks += 1;
        }
        outcome.record();
        outcome.event("AttendanceMarked");
        Ok(())
    }

    /// A leaver's file, from the school that they left to the next, or to nobody.
    fn transfer(
        &mut self,
        world: &World,
        child: &Child,
        schooling: &Schooling,
        description: &Description,
        told: &mut Truth<'_>,
        dice: &mut Dice,
    ) -> Result<(), GenerateError> {
        let left = schooling
            .enrolments
            .iter()
            .rev()
            .find(|one| one.leaving.is_some_and(|on| on < world.settings.reference_date));
        let Some((left, on)) = left.and_then(|left| Some((left, left.leaving?))) else { return Ok(()) };
        let Some(from) = world.schools.get(left.school) else { return Ok(()) };
        let next = schooling.enrolments.iter().find(|one| one.entry >= on && one.school != left.school);
        let next = next.and_then(|next| world.schools.get(next.school));
        let to = next.map_or("XXXXXXX", |school| school.number.as_str());
        let split = |number: &str| {
            let (authority, estab) = number.split_at_checked(3).unwrap_or_default();
            format!("<LEA>{authority}</LEA><Estab>{estab}</Estab>")
        };
        self.summary.transfer_files += 1;
        told.subjects.insert(Subject::new("SCHOOL_PUPIL", &from.number, &child.upn));
        if next.is_none() {
            told.notes.insert("transfer_file_to_nobody");
        }
        let made = working(plus(on, dice.between(1, 14)));
        let meals: String = schooling
            .meals
            .iter()
            .map(|(start, end)| {
                let end = end.map_or_else(String::new, |end| format!("<FSMendDate>{end}</FSMendDate>"));
                format!(
                    "<FSMinstance><FSMstartDate>{start}</FSMstartDate>{end}<UKcountry>ENG</UKcountry></FSMinstance>"
                )
            })
            .collect();
        let year = curriculum_year(child.birth, on).unwrap_or_default();
        let monday = plus(on, 1 - i32::from(on.weekday().to_monday_one_offset()));
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Every record in this file is invented. -->\n<CTfile><Header>\
             <DocumentName>Common Transfer File</DocumentName><CTFversion>24.0</CTFversion><DateTime>{made}T15:30:00</DateTime>\
             <DocumentQualifier>full</DocumentQualifier><SourceSchool>{}</SourceSchool><DestSchool>{}</DestSchool></Header>\
             <CTFpupilData><Pupil><UPN>{}</UPN><Surname>{}</Surname><Forename>{}</Forename><DOB>{}</DOB><Sex>{}</Sex>\
             <BasicDetails><NCyearActual>{year}</NCyearActual><Ethnicity>{}</Ethnicity></BasicDetails>\
             <FSMhistory>{meals}</FSMhistory><Contacts><Contact><Order>1</Order><Surname>{}</Surname><Forename>{}</Forename>\
             <Relationship>MOT</Relationship><Responsible>true</Responsible></Contact></Contacts><Attendance><YearData>\
             <Year>{}</Year>{}<AttendSessions><AttendanceStartDate>{monday}</AttendanceStartDate>\
             <AttendanceMarks>/\\/\\LI##</AttendanceMarks></AttendSessions></YearData></Attendance><SchoolHistory><School>{}\
             <EntryDate>{}</EntryDate><LeavingDate>{on}</LeavingDate><LastSchool>true</LastSchool></School></SchoolHistory>\
             </Pupil></CTFpupilData></CTfile>\n",
            split(&from.number),
            split(to),
            child.upn,
            description.surname_on(made),
            description.given,
            description.birth,
            if description.girl { "F" } else { "M" },
            child.ethnicity.0,
            child.parent.1,
            child.parent.0,
            on.year(),
            split(&from.number),
            split(&from.number),
            left.entry,
        );
        let name = format!("{}_CTF_{to}_{:03}.xml", from.number, self.summary.transfer_files);
        let mut outcome = Outcome::of("education-ctf", 1, vec![name.clone()]);
        outcome.record();
        outcome.elements(&text, &TRANSFERRED);
        // Three of the week's days have marks; on the fourth the school was shut to all.
        outcome.events("AttendanceMarked", 3);
        outcome.event(if next.is_some() { "TransferFileSent" } else { "MissingFromEducationReported" });
        self.transferred.push(outcome);
        let mut file = Output::create(&self.transfers.join(name))?;
        file.put(text.as_bytes())?;
        file.finish()
    }

    fn dirty(
        &mut self,
        file: String,
        record: Subject,
        child: &Child,
        (what, field, finding): crate::dirt::Kind,
        dirt: &mut Vec<Dirt>,
    ) {
        self.summary.dirtied += 1;
        let (key, truth) = (String::new(), child.truth.clone());
        dirt.push(Dirt { file, record, key, truth, field, what, finding, reason: None });
    }

    /// What is to come of each submission.
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        [&self.delivered, &self.transferred, self.returned.as_slice()].into_iter().flatten().cloned().collect()
    }

    pub(crate) fn finish(self) -> Result<EducationSummary, GenerateError> {
        for mut returned in self.returns {
            returned.put(b"</Persons></SEN2></Message>\n")?;
            returned.finish()?;
        }
        for (at, mut file) in self.marks.into_iter().enumerate() {
            if at == 2 {
                file.put(b"\n]\n")?;
            }
            file.finish()?;
        }
        Ok(self.summary)
    }
}

fn header(spring: Term, serial: u32) -> String {
    let made = plus(spring.on, 20 * i32::try_from(serial).unwrap_or(1));
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Every record in this file is invented. -->\n<Message><Header><CollectionDetails>\
         <Collection>SEN2</Collection><Year>{}</Year><ReferenceDate>{}</ReferenceDate></CollectionDetails><Source>\
         <SourceLevel>L</SourceLevel><LEA>{AUTHORITY}</LEA><SerialNo>{serial}</SerialNo><DateTime>{made}T09:30:00</DateTime></Source>\
         </Header><SEN2><Persons>\n",
        spring.year, spring.on
    )
}
