//! Partial transfer files: at the end of the year a school sends the results of those in years 1 and 6, with what it knows of their
//! needs, and nothing of the rest of their record.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};

use crate::GenerateError;
use crate::check::upn_with_wrong_letter;
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, System, describe};
use crate::life_course::education::{curriculum_year, number};
use crate::life_course::services::figure;
use crate::outcomes::Outcome;
use crate::population::{AUTHORITY, World};
use crate::truth::{Subject, Truth};
use crate::writers::Output;
use crate::writers::extracts::Known;

/// What each school's file holds, until it is written.
pub(crate) struct PartialTransfers {
    folder: PathBuf,
    made: Date,
    /// By school: its pupils, and what is to come of them.
    schools: BTreeMap<usize, (String, Outcome)>,
}

impl PartialTransfers {
    pub(crate) fn new(out: &Path, world: &World) -> Self {
        let made = date(world.year_end.year(), 7, 15);
        Self { folder: out.join("education-ctf"), made, schools: BTreeMap::new() }
    }

    /// Adds a child whose results are sent, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        known: &Known<'_>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let (child, world, made) = (known.child, known.world, self.made);
        let on_roll =
            known.schooling.enrolments.iter().find(|one| one.entry <= made && one.leaving.is_none_or(|on| on > made));
        let year = curriculum_year(child.birth, made).unwrap_or_default();
        let (Some(enrolment), "1" | "6") = (on_roll, year.as_str()) else { return Ok(()) };
        let Some(school) = world.schools.get(enrolment.school) else { return Ok(()) };
        let name = format!("{}_CTF_{AUTHORITY}LLLL_9{:02}.xml", school.number, enrolment.school % 100);
        let (pupils, outcome) = self
            .schools
            .entry(enrolment.school)
            .or_insert_with(|| (String::new(), Outcome::of("education-ctf", 2, vec![name.clone()])));
        let mut same = Dice::new(world.settings.seed, Part::Education, number(child) | 1 << 40);
        let told = describe(world, child, System::Education, &mut same, &mut Vec::new());
        let kind = if child.demo { 9 } else { figure(child, 32, 30) };
        let upn = if kind == 0 { upn_with_wrong_letter(&child.upn) } else { child.upn.clone() };
        let subject = Subject::new("SCHOOL_PUPIL", &school.number, &upn);
        truth.subjects.insert(subject.clone());
        truth.subjects.insert(Subject::upn(child));
        let sex = if kind == 1 {
            "Q"
        } else if told.girl {
            "F"
        } else {
            "M"
        };
        let wrong = match kind {
            0 => Some(("UPN", "wrong check letter", "CHECK_CHARACTER_WRONG")),
            1 => Some(("Sex", "unknown code", "CODE_UNKNOWN")),
            _ => None,
        };
        if let Some((field, what, finding)) = wrong {
            let (file, key, truth) = (format!("education-ctf/{name}"), upn.clone(), child.truth.clone());
            dirt.push(Dirt { file, record: subject, key, truth, field, what, finding: Some(finding), reason: None });
        }
        let home = &child.home;
        let _infallible = write!(
            pupils,
            "<Pupil><UPN>{upn}</UPN><Surname>{}</Surname><Forename>{}</Forename><DOB>{}</DOB><Sex>{sex}</Sex><BasicDetails>\
             <NCyearActual>{year}</NCyearActual><Ethnicity>{}</Ethnicity></BasicDetails><Address><BS7666Address><PAON>{}</PAON>\
             <Street>{}</Street><Town>{}</Town></BS7666Address><PostCode>{}</PostCode></Address>",
            told.surname_on(made),
            told.given,
            told.birth,
            child.ethnicity.0,
            home.number,
            home.street,
            home.town,
            home.postcode,
        );
        outcome.record();
        // Who they are, where they live and their background are told apart; the year group of no school is kept.
        outcome.events("PersonDescribed", 3);
        outcome.event("SourceRecordKept");
        if known.schooling.sen != "N" {
            let needs: String = known
                .schooling
                .needs
                .iter()
                .zip(1..)
                .map(|(need, rank)| {
                    format!("<SENneed><SENtypeRank>{rank}</SENtypeRank><SENtype>{need}</SENtype></SENneed>")
                })
                .collect();
            let _infallible = write!(
                pupils,
                "<SENhistory><SEN><StartDate>{}</StartDate><SENprovision>{}</SENprovision></SEN><SENneeds>{needs}</SENneeds></SENhistory>",
                enrolment.entry, known.schooling.sen
            );
            outcome.event("SenProvisionChanged");
            outcome.events("SenNeedRecorded", known.schooling.needs.len() as u64);
        }
        let score = 80 + figure(child, 33, 41);
        let results: &[(&str, &str, &str, &str)] = match year.as_str() {
            "6" => &[("KS2", "MAT", "TT", "MTC"), ("KS2", "ENG", "TT", "RDG"), ("KS2", "ENG", "TA", "WRI")],
            _ => &[("KS1", "ENG", "TT", "PHO")],
        };
        pupils.push_str("<StageAssessments>");
        for (stage, subject, method, component) in results {
            let result = if *method == "TA" { "EXS".to_owned() } else { score.to_string() };
            let _infallible = write!(
                pupils,
                "<KeyStage><Stage>{stage}</Stage><StageAssessment><Locale>ENG</Locale><Year>{}</Year><Subject>{subject}</Subject>\
                 <Method>{method}</Method><Component>{component}</Component><ResultStatus>R</ResultStatus>\
                 <ResultQualifier>NS</ResultQualifier><Result>{result}</Result><ResultDate>{}-06-10</ResultDate></StageAssessment></KeyStage>",
                made.year(),
                made.year()
            );
            outcome.event("AttainmentRecorded");
        }
        pupils.push_str("</StageAssessments></Pupil>\n");
        Ok(())
    }

    pub(crate) fn finish(self, world: &World) -> Result<Vec<Outcome>, GenerateError> {
        let mut outcomes = Vec::new();
        for (at, (pupils, outcome)) in self.schools {
            let estab = world.schools.get(at).map_or("", |school| school.estab.as_str());
            let mut file = Output::create(&self.folder.join(outcome.files.first().map_or("", String::as_str)))?;
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Every record in this file is invented. -->\n<CTfile><Header>\
                 <DocumentName>Common Transfer File</DocumentName><CTFversion>25.0</CTFversion><DateTime>{}T16:00:00</DateTime>\
                 <DocumentQualifier>partial</DocumentQualifier><SourceSchool><LEA>{AUTHORITY}</LEA><Estab>{estab}</Estab></SourceSchool>\
                 <DestSchool><LEA>{AUTHORITY}</LEA><Estab>LLLL</Estab></DestSchool></Header><CTFpupilData>\n{pupils}</CTFpupilData></CTfile>\n",
                self.made
            );
            file.put(text.as_bytes())?;
            file.finish()?;
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}
