//! What a child health information service tells of the same lives, as FHIR: its record of every child as one R4 search (JSON), and
//! the newest births as STU3 messages (XML).
//!
//! Written by a pass of its own, so that what the other systems tell does not depend on it. Some records are put right and some taken
//! back in a second page; some are wrong on purpose, and some disagree with what the hospital says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::alone::told_alone;
use super::{Output, folder_in};
use crate::calendar::plus;
use crate::check;
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, Kind, SHARE, System, describe};
use crate::life_course::education::number;
use crate::life_course::health::{Happening, events};
use crate::population::{Child, World};
use crate::truth::{Subject, Truth};
use crate::{GenerateError, Settings, check as settings_in_range};

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildHealthSummary {
    /// Children of the search.
    pub patients: u64,
    /// Vaccines given and not given, of the first page.
    pub immunisations: u64,
    /// Records of the second page, which put right or take back.
    pub corrections: u64,
    /// Messages of births.
    pub births: u64,
    /// Records that were made wrong.
    pub dirtied: u64,
}

/// The server, and the organisation that answers for it.
const BASE: &str = "https://child-health.invented.example/r4";
const ISSUER: &str = "ods-ryx/child-health.invented.example/r4";
const ODS: &str = "RYX";
/// Most messages of births: each is a file.
const BIRTHS_MAX: u64 = 50;

const DIRT: &[Kind] = &[
    ("wrong check digit", "identifier.value", Some("CHECK_CHARACTER_WRONG")),
    ("a code that is none", "gender", Some("CODE_UNKNOWN")),
    ("the month alone", "birthDate", Some("FIELD_MISSING")),
];

/// The files, being written.
pub(crate) struct Files {
    folder: PathBuf,
    /// The first page, and the one that comes later.
    pages: [Page; 2],
    summary: ChildHealthSummary,
}

struct Page {
    output: Output,
    entries: u64,
}

impl Page {
    fn create(path: &Path, day: Date) -> Result<Self, GenerateError> {
        let mut output = Output::create(path)?;
        let head = format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"timestamp\":\"{day}T06:00:00Z\",\"entry\":["
        );
        output.put(head.as_bytes())?;
        Ok(Self { output, entries: 0 })
    }

    fn put(&mut self, resource: &Value) -> Result<(), GenerateError> {
        let part = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        let entry =
            json!({ "fullUrl": format!("{BASE}/{}/{}", part("resourceType"), part("id")), "resource": resource });
        let before = if self.entries == 0 { "\n" } else { ",\n" };
        self.entries += 1;
        self.output.put(format!("{before}{entry}").as_bytes())
    }

    fn finish(mut self) -> Result<(), GenerateError> {
        self.output.put(b"\n]}\n")?;
        self.output.finish()
    }
}

/// Writes what the child health information service of the authority that `settings` make has of its children, into `health-fhir`
/// of `out`, with `child-health-truth.jsonl` and `child-health-dirt.jsonl`.
///
/// # Errors
/// When the settings are out of range, or a file cannot be written.
pub fn write_child_health(settings: &Settings, out: &Path) -> Result<ChildHealthSummary, GenerateError> {
    settings_in_range(settings)?;
    let world = World::new(settings);
    let mut files = Files::create(out, &world)?;
    told_alone(&world, out, "child-health", |child, truth, dirt| files.child(&world, child, truth, dirt))?;
    files.finish()
}

impl Files {
    pub(crate) fn create(out: &Path, world: &World) -> Result<Self, GenerateError> {
        let folder = folder_in(out, "health-fhir")?;
        let today = world.settings.reference_date;
        Ok(Self {
            pages: [
                Page::create(&folder.join("child-health-1.json"), plus(today, -1))?,
                Page::create(&folder.join("child-health-2.json"), today)?,
            ],
            summary: ChildHealthSummary::default(),
            folder,
        })
    }

    pub(crate) fn finish(self) -> Result<ChildHealthSummary, GenerateError> {
        self.pages.into_iter().try_for_each(Page::finish)?;
        Ok(self.summary)
    }

    /// Writes what the service has of a child, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        truth: &mut Truth<'_>,
        wrong: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let today = world.settings.reference_date;
        let last = plus(today, -1).min(child.known.1);
        if child.birth > last {
            return Ok(());
        }
        let mut dice = Dice::new(world.settings.seed, Part::Health, number(child) | 1 << 41);
        let mut disagreements = Vec::new();
        let told = describe(world, child, System::Health, &mut dice, &mut disagreements);
        let id = format!("c{}", number(child));
        truth.subjects.extend([Subject::nhs(child), Subject::new("PROVIDER_PERSON", ISSUER, &id)]);
        truth.disagreements.extend(disagreements);
        let dirt = dice.chance(SHARE).then(|| dice.pick(DIRT));
        let what = dirt.map_or("", |(what, ..)| what);
        if let Some((what, field, finding)) = dirt {
            let record = Subject::new("PROVIDER_PERSON", ISSUER, &id);
            let file = "health-fhir/child-health-1.json".to_owned();
            wrong.push(Dirt {
                file,
                record,
                key: id.clone(),
                truth: child.truth.clone(),
                field,
                what,
                finding,
                reason: None,
            });
            self.summary.dirtied += 1;
        }
        let nhs = if what == "wrong check digit" { check::with_wrong_digit(&child.nhs) } else { child.nhs.clone() };
        let gender = match (what, told.girl) {
            ("a code that is none", _) => "girl-or-boy",
            (_, true) => "female",
            (_, false) => "male",
        };
        let born = told.birth.to_string();
        let born = if what == "the month alone" { born.get(..7).unwrap_or_default().to_owned() } else { born };
        let practice = world.practices.get(child.practice).map(|practice| practice.code.clone());
        let (line, town) = (format!("{} {}", child.home.number, child.home.street), child.home.town);
        self.pages[0].put(&json!({
            "resourceType": "Patient", "id": id, "meta": { "versionId": "1", "lastUpdated": format!("{}T05:00:00Z", plus(today, -2)) },
            "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs }],
            "name": [{ "use": "official", "family": told.surname, "given": [told.given] }], "gender": gender, "birthDate": born,
            "address": [{ "use": "home", "line": [line], "city": town, "postalCode": child.home.postcode }],
            "contact": [{
                "relationship": [coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "PRN", "parent")],
                "name": { "given": [child.parent.0], "family": child.parent.1 },
            }],
            "generalPractitioner": practice.map(|code| vec![json!({ "identifier": { "system": ODS_SYSTEM, "value": code } })]),
            "managingOrganization": { "identifier": { "system": ODS_SYSTEM, "value": ODS } },
        }))?;
        self.summary.patients += 1;
        self.vaccines(world, child, &id, &mut dice, last)?;
        if child.birth >= plus(today, -180) && self.summary.births < BIRTHS_MAX {
            self.summary.births += 1;
            let path = self.folder.join(format!("birth-{:03}.xml", self.summary.births));
            let mut output = Output::create(&path)?;
            output.put(birth(child, self.summary.births).as_bytes())?;
            output.finish()?;
        }
        Ok(())
    }

    fn vaccines(
        &mut self,
        world: &World,
        child: &Child,
        patient: &str,
        dice: &mut Dice,
        last: Date,
    ) -> Result<(), GenerateError> {
        let today = world.settings.reference_date;
        for event in events(world, child).iter().filter(|event| event.at.date() <= last) {
            let Happening::Vaccinated { vaccines, refused } = &event.what else { continue };
            for ((code, words), dose) in *vaccines {
                self.summary.immunisations += 1;
                let id = format!("i{}", self.summary.immunisations);
                let state = |version: u32, day: Date, status: &str, lot: &str| {
                    json!({
                        "resourceType": "Immunization", "id": id, "status": status,
                        "meta": { "versionId": version.to_string(), "lastUpdated": format!("{day}T05:00:00Z") },
                        "vaccineCode": coded("https://child-health.invented.example/vaccines", code, words),
                        "patient": { "reference": format!("Patient/{patient}") },
                        "occurrenceDateTime": event.at.date().to_string(), "lotNumber": lot, "primarySource": true,
                        "protocolApplied": [{ "doseNumberPositiveInt": dose }],
                    })
                };
                let status = if *refused { "not-done" } else { "completed" };
                let known = event.at.date();
                self.pages[0].put(&state(1, known, status, "L100"))?;
                if dice.chance(0.02) {
                    let (status, lot) = if dice.chance(0.5) { ("entered-in-error", "L100") } else { (status, "L200") };
                    self.pages[1].put(&state(2, today, status, lot))?;
                    self.summary.corrections += 1;
                }
            }
        }
        Ok(())
    }
}

const ODS_SYSTEM: &str = "https://fhir.nhs.uk/Id/ods-organization-code";

fn coded(system: &str, code: &str, display: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code, "display": display }] })
}

/// A message of a birth: the mother, the baby, and how the one is related to the other.
fn birth(child: &Child, at: u64) -> String {
    let url = |part: u32| format!("urn:uuid:{at:08x}-0000-4000-8000-{part:012}");
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let name = |family: &str, given: &str| {
        format!("<name><family value=\"{}\"/><given value=\"{}\"/></name>", escaped(family), escaped(given))
    };
    let entry = |part: u32, resource: &str| {
        format!("<entry><fullUrl value=\"{}\"/><resource>{resource}</resource></entry>\n", url(part))
    };
    let (given, family) = (&child.parent.0, &child.parent.1);
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Every record here is invented. -->\n");
    let _infallible = write!(
        text,
        "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"message\"/>\n{}{}{}{}{}</Bundle>\n",
        entry(
            1,
            &format!(
                "<MessageHeader><id value=\"birth-{}\"/><event><system value=\"https://fhir.nhs.uk/STU3/CodeSystem/EventType-1\"/><code value=\"pds-birth-notification-1\"/></event><timestamp value=\"{}T12:00:00+00:00\"/><responsible><reference value=\"{}\"/></responsible></MessageHeader>",
                number(child),
                plus(child.birth, 1),
                url(2)
            )
        ),
        entry(
            2,
            &format!(
                "<Organization><identifier><system value=\"{ODS_SYSTEM}\"/><value value=\"{ODS}\"/></identifier></Organization>"
            )
        ),
        entry(
            3,
            &format!(
                "<Patient><identifier><system value=\"https://child-health.invented.example/number\"/><value value=\"M{}\"/></identifier>{}</Patient>",
                number(child),
                name(family, given)
            )
        ),
        entry(
            4,
            &format!(
                "<RelatedPerson><patient><reference value=\"{}\"/></patient><relationship><coding><code value=\"NMTH\"/></coding></relationship>{}</RelatedPerson>",
                url(5),
                name(family, given)
            )
        ),
        entry(
            5,
            &format!(
                "<Patient><identifier><system value=\"https://fhir.nhs.uk/Id/nhs-number\"/><value value=\"{}\"/></identifier>{}<gender value=\"{}\"/><birthDate value=\"{}\"/></Patient>",
                child.nhs,
                name(&child.surname, &child.given),
                if child.girl { "female" } else { "male" },
                child.birth
            )
        ),
    );
    text
}
