//! An invented authority, in every source's real format.
//!
//! One English authority that does not exist, its children coherent across education, social care and health, and what
//! each system says of them: with the disagreements, the late and corrected records, and the mistakes that real systems
//! make. A truth file says who is who. Everything comes from the seed and a reference date; no clock is read.

mod calendar;
mod check;
mod dice;
mod dirt;
mod everything;
mod life_course;
mod names;
mod outcomes;
mod population;
mod rates;
mod truth;
mod writers;

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};

use everything::Everything;
use life_course::care::care;
use life_course::services::services;
use life_course::social_care::involvement;
use population::{CHILDREN_MAX, World};
use truth::Truth;
use writers::{
    Output,
    annex_a::Lists,
    census::Census,
    children_data::ChildrenData,
    cin::Returns,
    extracts::{self, Known},
    facts::Facts,
    folder_in,
    hl7::Feed,
    looked_after::LookedAfterReturns,
};

pub use writers::bad_files::write_bad_files;
pub use writers::child_health::{ChildHealthSummary, write_child_health};
pub use writers::education::{EducationSummary, write_education};

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many children, 1 to 800,000: the invented range of NHS numbers holds no more.
    pub children: u32,
    /// Same seed and settings, same bytes.
    pub seed: u64,
    /// The day on which the authority is looked at: the health feed ends on the day before it.
    pub reference_date: Date,
    /// The years of the social care returns, each by the year of its 31 March. The latest is also returned a second
    /// time with corrections, and is the year of the spring school census; the autumn's is of the year before.
    pub census_years: Vec<i16>,
    /// How much happens in health: 1 gives about ten messages a child over three years.
    pub density: f64,
    /// Every format that is read here, and not only the school census, the returns of social care and a hospital's feed.
    pub everything: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            children: 1_000,
            seed: 1,
            reference_date: date(2025, 10, 1),
            census_years: vec![2024, 2025],
            density: 1.0,
            everything: false,
        }
    }
}

/// What was generated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Real children.
    pub children: u64,
    /// Lines of the truth file: one more than the children for each adoption.
    pub identities: u64,
    /// Rows of the school census, headers not counted.
    pub census_rows: u64,
    /// Pupil rows among them.
    pub census_pupils: u64,
    /// Children in all social care returns together.
    pub cin_children: u64,
    /// Children in all returns on children looked after together.
    pub looked_after_children: u64,
    /// Rows of the inspection's lists.
    pub annex_a_rows: u64,
    /// Children of the case system's own data.
    pub care_data_children: u64,
    /// HL7 messages, repeats not counted.
    pub hl7_messages: u64,
    /// Lines of the facts file.
    pub facts: u64,
    /// Records that were made wrong.
    pub dirtied: u64,
    /// Of every format beside those, by folder: records, and the events that are to come of them.
    pub others: Vec<(&'static str, u64, u64)>,
}

/// Why nothing, or not everything, was generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// `children` is 0 or more than the invented ranges of numbers hold.
    #[error("children is not between 1 and {CHILDREN_MAX}")]
    ChildrenOutOfRange,
    /// `census_years` is empty or not of this century.
    #[error("census_years is empty or holds a year outside 2001 to 2099")]
    CensusYears,
    /// `density` is negative, more than 100, or no number.
    #[error("density is not between 0 and 100")]
    Density,
    /// `out` holds something: files of two runs must not mix.
    #[error("out is not empty: {}", .0.display())]
    OutNotEmpty(PathBuf),
    /// A child is enrolled at a school that does not exist: a defect of this crate.
    #[error("an enrolment names no school")]
    SchoolUnknown,
    /// A file or folder could not be written.
    #[error("cannot write {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A row could not be written.
    #[error("cannot write a CSV row")]
    Csv(#[from] csv::Error),
    /// A workbook could not be written.
    #[error("cannot write a workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A line could not be written.
    #[error("cannot write a JSON line")]
    Json(#[source] serde_json::Error),
}

const README: &str =
    "An invented authority. Every record in every file of this folder is invented: no child, adult, address, school,
practice or number in it exists, and any likeness is chance. NHS numbers are of the range 999, which is never issued.

education-school-census/  COLLECT Blade CSV export, one file a table, for an autumn and a spring term
social-care-cin-census/   children in need census XML, by year; serial 002 is a resubmission with corrections
social-care-ssda903/      the return on children looked after, CSV, by year: one file a table
social-care-annex-a/      Ofsted's lists of children, as a workbook
social-care-dfe-api/      the DfE's children's social care data: every child as the case system has it, JSON
health-hl7v2/             HL7 v2.4 messages in the order of time, one file a month; some months end lines with LF
facts.jsonl               sharing facts to record by command: subject, kind, and the message as protobuf JSON. An
                          IdentitySealed has beside its fields `sealed`, the subjects whose pseudonyms sealedSubjects
                          is to hold; organisations have no certificate, token issuer or key yet
truth.jsonl               who is who: every subject by which each system knows each child. The two identities of an
                          adopted child are two lines; privateLink is for tests, and no system may come to know it
dirt.jsonl                every record that was made wrong, how, and the finding that fits
demo.json                 a child worth showing, and organisations to look as
";

/// What the folders of every other format hold.
const README_OF_EVERYTHING: &str = "
And of the same children, each told as its own system would tell it:

education-school-census/  also the summer's export
education-sen2/           the SEN2 return: of this year as XML, twice, and of the year before as COLLECT's nine tables
education-ctf/            transfer files: full ones of leavers, partial ones with results
education-attendance/     register marks of seven days, delivered on three days, the third time as JSON
education-ehc-system/     the council's EHC case system: as CSV, and as SQL for a database
education-participation/  NEET and participation, monthly
social-care-ssda903/      also the return of an earlier year, as one XML message
social-care-annex-a/      also the lists of half a year before, as tables in other words
social-care-dfe-api/      also what changed, a child a line, with purge at every level
social-care-*/            early help (two shapes), family support, team around the child, young carers, portage, short breaks,
                          the equipment panel, personal budgets, housing, police notifications, youth justice, CP-IS notices
health-hl7v2/             also a second hospital's batches: swaps, moves, merges, corrections; other delimiters; one batch is short
health-fhir/              a child health service (R4 search, STU3 births), messages CH001 to CH037, referrals and bookings,
                          and a record server's UK Core resources with what families decided
health-*/                 CAMHS referrals, community contacts, therapy waits
outcomes.jsonl            of each submission: its records, the events that are to come of it, and how many wait in quarantine

Extracts stand as on two days, a month apart. Each is read by the mapping of its name in connectors/mapped/mappings.
";

fn check(settings: &Settings) -> Result<(), GenerateError> {
    if !(1..=CHILDREN_MAX).contains(&settings.children) {
        return Err(GenerateError::ChildrenOutOfRange);
    }
    if settings.census_years.is_empty() || settings.census_years.iter().any(|year| !(2001..=2099).contains(year)) {
        return Err(GenerateError::CensusYears);
    }
    if !(0.0..=100.0).contains(&settings.density) {
        return Err(GenerateError::Density);
    }
    Ok(())
}

/// Generates the authority into `out`, which must be empty or absent. `progress` is told children done and in all.
///
/// Streams to disk: memory holds one household, and at the end one month of the health feed. With everything it also holds the
/// workbooks, up to 20,000 rows a sheet, and the results that schools send of two years' pupils.
pub fn generate(settings: &Settings, out: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Summary, GenerateError> {
    check(settings)?;
    let root = folder_in(out, "")?;
    let mut held = fs::read_dir(&root).map_err(|source| GenerateError::Io { path: root.clone(), source })?;
    if held.next().is_some() {
        return Err(GenerateError::OutNotEmpty(root));
    }
    let readme = format!("{README}{}", if settings.everything { README_OF_EVERYTHING } else { "" });
    fs::write(out.join("README.txt"), readme).map_err(|source| GenerateError::Io { path: root.clone(), source })?;
    let world = World::new(settings);
    let mut authority = Authority {
        census: Census::create(&folder_in(out, "education-school-census")?, &world)?,
        returns: Returns::create(&folder_in(out, "social-care-cin-census")?, &world)?,
        looked_after: LookedAfterReturns::create(&folder_in(out, "social-care-ssda903")?, &world)?,
        lists: Lists::new(&folder_in(out, "social-care-annex-a")?, &world),
        care_data: ChildrenData::create(&folder_in(out, "social-care-dfe-api")?, &world)?,
        feed: Feed::create(&folder_in(out, "health-hl7v2")?, &world)?,
        facts: Facts::create(Output::create(&out.join("facts.jsonl"))?),
        truth: Output::create(&out.join("truth.jsonl"))?,
        dirt: Output::create(&out.join("dirt.jsonl"))?,
        demo: Output::create(&out.join("demo.json"))?,
        everything: settings.everything.then(|| Everything::create(out, &world)).transpose()?,
        summary: Summary::default(),
        world,
    };
    authority.facts.organisations(&authority.world)?;
    let (mut done, mut household) = (0, 0);
    while done < settings.children {
        done += authority.household(household, done, settings.children - done)?;
        household += 1;
        progress(u64::from(done), u64::from(settings.children));
    }
    authority.finish()
}

/// Every file being written.
struct Authority {
    world: World,
    census: Census,
    returns: Returns,
    looked_after: LookedAfterReturns,
    lists: Lists,
    care_data: ChildrenData,
    feed: Feed,
    facts: Facts,
    truth: Output,
    dirt: Output,
    demo: Output,
    everything: Option<Everything>,
    summary: Summary,
}

impl Authority {
    /// Tells of one household, and says how many children it has.
    fn household(&mut self, household: u32, first: u32, room: u32) -> Result<u32, GenerateError> {
        let members = self.world.household(household, first, room);
        let mut dirt = Vec::new();
        let mut real = 0;
        for child in &members {
            let twin = child.twin.as_ref().and_then(|(_, other)| members.iter().find(|member| member.truth == *other));
            let mut truth = Truth::of(child);
            let schooling = self.census.child(&self.world, child, twin, &mut truth, &mut dirt)?;
            let involvement = involvement(&self.world, child);
            let care = involvement.as_ref().and_then(|involvement| care(&self.world, child, involvement));
            let services = services(&self.world, child, &schooling, involvement.as_ref());
            let known = Known {
                world: &self.world,
                child,
                twin,
                schooling: &schooling,
                services: &services,
                involvement: involvement.as_ref(),
                care: care.as_ref(),
            };
            if let Some(involvement) = &involvement {
                self.returns.child(&self.world, child, involvement, &mut truth, &mut dirt)?;
                if let Some(care) = &care {
                    self.looked_after.child(&self.world, child, care, &mut truth, &mut dirt)?;
                }
                self.lists.child(&known, involvement, &mut truth, &mut dirt);
                self.care_data.child(&self.world, child, involvement, care.as_ref(), &mut truth)?;
            }
            self.feed.child(&self.world, child, &mut truth, &mut dirt)?;
            if let Some(everything) = &mut self.everything {
                everything.child(&known, &mut truth, &mut dirt)?;
            }
            self.facts.child(&self.world, child, involvement.as_ref(), &mut truth)?;
            if child.demo {
                let school = schooling.enrolments.last().map(|enrolment| enrolment.school);
                self.demo.line(&writers::facts::demo(&self.world, child, &truth, school))?;
            }
            self.truth.line(&truth)?;
            self.summary.identities += 1;
            real += u32::from(!child.is_after_adoption());
        }
        for one in &dirt {
            self.dirt.line(one)?;
        }
        self.summary.dirtied += dirt.len() as u64;
        Ok(real)
    }

    fn finish(mut self) -> Result<Summary, GenerateError> {
        let mut summary = self.summary;
        summary.children = u64::from(self.world.settings.children);
        summary.census_rows = self.census.rows;
        summary.census_pupils = self.census.pupils;
        summary.cin_children = self.returns.children;
        summary.looked_after_children = self.looked_after.children;
        summary.annex_a_rows = self.lists.rows;
        summary.care_data_children = self.care_data.children;
        summary.hl7_messages = self.feed.messages;
        summary.facts = self.facts.lines;
        let mut told = self.returns.finish()?;
        told.push(self.care_data.finish()?);
        if let Some(everything) = self.everything {
            let mut dirt = Vec::new();
            let others = extracts::by_connector(&everything.finish(&self.world, told, &mut dirt)?);
            summary.others = others.into_iter().map(|(name, (records, events))| (name, records, events)).collect();
            dirt.iter().try_for_each(|one| self.dirt.line(one))?;
            summary.dirtied += dirt.len() as u64;
        }
        self.census.finish()?;
        self.looked_after.finish()?;
        self.lists.finish()?;
        self.feed.finish()?;
        self.facts.finish()?;
        self.truth.finish()?;
        self.dirt.finish()?;
        self.demo.finish()?;
        Ok(summary)
    }
}
