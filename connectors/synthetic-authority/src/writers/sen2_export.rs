//! The SEN2 return of the year before, as COLLECT exports it: nine tables, joined by numbers given for the occasion.

use std::path::Path;

use crate::GenerateError;
use crate::calendar::{census_shape, plus, working};
use crate::check::upn_with_wrong_letter;
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, System, describe};
use crate::life_course::education::{Term, number};
use crate::life_course::services::{PlanDays, figure, plan_days};
use crate::outcomes::Outcome;
use crate::population::AUTHORITY;
use crate::truth::{Subject, Truth};
use crate::writers::Output;
use crate::writers::extracts::Known;

/// Module, the module that it stands under, and its columns.
const MODULES: [(&str, &str, &[&str]); 9] = [
    ("sen2", "", &["collection", "year", "referencedate", "lea", "serialno", "datetime", "dmo", "dco"]),
    (
        "person",
        "sen2",
        &[
            "surname",
            "forename",
            "personbirthdate",
            "sex",
            "ethnicity",
            "postcode",
            "upn",
            "uniquelearnernumber",
            "upnunknown",
        ],
    ),
    (
        "requests",
        "person",
        &[
            "receiveddate",
            "requestsource",
            "rya",
            "requestoutcomedate",
            "requestoutcome",
            "requestmediation",
            "requesttribunal",
            "exported",
        ],
    ),
    (
        "assessment",
        "requests",
        &["assessmentoutcome", "assessmentoutcomedate", "assessmentmediation", "assessmenttribunal", "week20"],
    ),
    ("namedplan", "assessment", &["startdate", "planres", "planwbp", "pb", "oa", "dp", "ceasedate", "ceasereason"]),
    (
        "plandetail",
        "namedplan",
        &["urn", "ukprn", "sensetting", "sensettingother", "placementrank", "senunitindicator"],
    ),
    ("activeplans", "requests", &["transferla", "reviewmeeting", "reviewoutcome", "lastreview"]),
    (
        "placementdetail",
        "activeplans",
        &["urn", "ukprn", "sensetting", "placementrank", "entrydate", "leavingdate", "attendancepattern", "res", "wbp"],
    ),
    ("senneed", "activeplans", &["sentype", "sentyperank"]),
];

/// The nine files, being written.
pub(crate) struct Export {
    spring: Term,
    files: Vec<(String, Output)>,
    issued: u64,
    outcome: Outcome,
}

impl Export {
    pub(crate) fn create(out: &Path, year: i16) -> Result<Self, GenerateError> {
        let [_, spring] = Term::pair(year);
        let made = plus(spring.on, 30).strftime("%d-%m-%Y").to_string();
        let mut files = Vec::new();
        for (module, parent, columns) in MODULES {
            let name = format!("Blade-Export_{made}_{module}.csv");
            let mut output = Output::create(&out.join("education-sen2").join(&name))?;
            let parent = if parent.is_empty() { String::new() } else { format!("{parent}tableid,") };
            let header =
                format!("{module}tableid,NativeId,{module}orderseqcolumn,sourceid,{parent}{}\n", columns.join(","));
            output.put(header.as_bytes())?;
            files.push((name, output));
        }
        let names = files.iter().map(|(name, _)| name.clone()).collect();
        let mut export = Self { spring, files, issued: 0, outcome: Outcome::of("education-sen2", 1, names) };
        let on = census_shape(spring.on);
        let (year, made) = (spring.year.to_string(), census_shape(plus(spring.on, 30)));
        let about = ["SEN2", &year, &on, AUTHORITY, "1", &made, "Officer Invented", "Officer Feigned"];
        export.row("sen2", 0, &about)?;
        Ok(export)
    }

    /// Writes a row under that of a number, and gives its own.
    fn row(&mut self, module: &str, parent: u64, cells: &[&str]) -> Result<u64, GenerateError> {
        self.issued += 1;
        let issued = self.issued;
        let Some(place) = MODULES.iter().position(|(name, ..)| *name == module) else { return Ok(issued) };
        let under = if place == 0 { String::new() } else { format!("{parent},") };
        let line = format!("{issued},N{issued},1,S{issued},{under}{}\n", cells.join(","));
        if let Some((_, output)) = self.files.get_mut(place) {
            output.put(line.as_bytes())?;
        }
        self.outcome.record();
        Ok(issued)
    }

    /// Writes a child who had a plan by then, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        known: &Known<'_>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let (child, world, spring) = (known.child, known.world, self.spring);
        if known.schooling.sen != "E" || spring.on > child.known.1 {
            return Ok(());
        }
        // As the return of the year after tells of them.
        let mut same = Dice::new(world.settings.seed, Part::Education, number(child) | 1 << 42);
        let told = describe(world, child, System::Education, &mut same, &mut Vec::new());
        let [_, latest] = Term::pair(world.year_end.year());
        let PlanDays { received, decided, late, issued } = plan_days(child, latest, &mut same);
        if issued >= spring.on {
            return Ok(());
        }
        let kind = if child.demo { 9 } else { figure(child, 31, 24) };
        let upn = if kind == 0 { upn_with_wrong_letter(&child.upn) } else { child.upn.clone() };
        let subject = Subject::new("AUTHORITY_PUPIL", AUTHORITY, &upn);
        truth.subjects.insert(subject.clone());
        truth.subjects.insert(Subject::upn(child));
        let born = census_shape(told.birth);
        let ethnicity = child.ethnicity.0;
        let sex = if told.girl { "F" } else { "M" };
        let surname = told.surname_on(spring.on);
        let person = [surname, &told.given, &born, sex, ethnicity, &child.home.postcode, &upn, "", ""];
        let person = self.row("person", 1, &person)?;
        self.outcome.event("PersonDescribed");
        let undated = kind == 1;
        let asked = if undated { String::new() } else { census_shape(received) };
        let agreed = census_shape(decided);
        let request = self.row("requests", person, &[&asked, "1", "0", &agreed, "Y", "0", "0", "0"])?;
        let wrong = match kind {
            0 => Some(("upn", "wrong check letter", Some("CHECK_CHARACTER_WRONG"), None)),
            1 => Some(("receiveddate", "missing", None, Some("DATE_MISSING"))),
            _ => None,
        };
        match undated {
            true => self.outcome.quarantined += 1,
            false => {
                ["EhcAssessmentRequested", "EhcAssessmentDecided"].iter().for_each(|kind| self.outcome.event(kind))
            }
        }
        if let Some((field, what, finding, reason)) = wrong {
            let place = if kind == 0 { 1 } else { 2 };
            let name = self.files.get(place).map_or("", |(name, _)| name.as_str());
            let (file, key) = (format!("education-sen2/{name}"), request.to_string());
            dirt.push(Dirt { file, record: subject, key, truth: child.truth.clone(), field, what, finding, reason });
        }
        let sent = census_shape(issued);
        let exempt = if late && kind.is_multiple_of(2) { "1" } else { "0" };
        let assessment = self.row("assessment", request, &["Y", &sent, "0", "0", exempt])?;
        self.outcome.event("EhcAssessmentDecided");
        let budget = if kind.is_multiple_of(5) { "1" } else { "0" };
        let plan = self.row("namedplan", assessment, &[&sent, "0", "0", budget, "0", budget, "", ""])?;
        self.outcome.event("EhcPlanIssued");
        let on_roll = known
            .schooling
            .enrolments
            .iter()
            .find(|one| one.entry <= spring.on && one.leaving.is_none_or(|on| on > spring.on));
        let urn = on_roll.and_then(|one| world.schools.get(one.school)).map_or("", |school| school.urn.as_str());
        let other = if urn.is_empty() { "EHE" } else { "" };
        self.row("plandetail", plan, &[urn, "", other, "", "1", "0"])?;
        self.outcome.event("EhcSettingNamed");
        let review = working(plus(issued, 330));
        let reviewed = if review < spring.on { census_shape(review) } else { String::new() };
        let outcome = if reviewed.is_empty() { "" } else { "M" };
        let transferred = if kind == 2 { "879" } else { "" };
        let active = self.row("activeplans", request, &[transferred, &reviewed, outcome, ""])?;
        self.outcome.event("EhcPlanMaintained");
        self.outcome.events("EhcPlanReviewed", u64::from(!reviewed.is_empty()));
        self.row("placementdetail", active, &[urn, "", other, "1", &sent, "", "F", "0", "0"])?;
        self.outcome.event("EhcPlacementStarted");
        self.outcome.events("ElectiveHomeEducationStarted", u64::from(urn.is_empty()));
        for (need, rank) in known.schooling.needs.iter().zip(["1", "2"]) {
            self.row("senneed", active, &[need, rank])?;
            self.outcome.event("SenNeedRecorded");
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Outcome, GenerateError> {
        for (_, file) in self.files {
            file.finish()?;
        }
        Ok(self.outcome)
    }
}
