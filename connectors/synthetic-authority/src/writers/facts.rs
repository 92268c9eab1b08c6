//! Sharing facts for a person to record by command: organisations, agreements, consents, restrictions, statuses.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Output;
use crate::GenerateError;
use crate::calendar::plus;
use crate::dice::{Dice, Part};
use crate::life_course::social_care::Involvement;
use crate::population::{AUTHORITY, Child, Side, TRUST_ID, World};
use crate::truth::{Subject, Truth};

pub(crate) struct Facts {
    output: Output,
    pub(crate) lines: u64,
    courts: u32,
}

/// `{"year": 2025, "month": 9, "day": 1}`, the canonical JSON of a `Date`.
fn day(on: Date) -> Value {
    json!({"year": on.year(), "month": on.month(), "day": on.day()})
}

impl Facts {
    pub(crate) fn create(output: Output) -> Self {
        Self { output, lines: 0, courts: 0 }
    }

    fn put(&mut self, subject: &Subject, kind: &str, fields: Value) -> Result<(), GenerateError> {
        self.lines += 1;
        self.output.line(&json!({"subject": subject, "kind": kind, "fields": fields}))
    }

    /// Every organisation, and what they have agreed.
    pub(crate) fn organisations(&mut self, world: &World) -> Result<(), GenerateError> {
        let from = plus(world.settings.reference_date, -4000);
        let mut all: Vec<(String, String, &str, bool, bool)> = vec![
            (care(), "Children's Social Care (invented)".into(), "SECTOR_SOCIAL_CARE", true, false),
            (send(), "SEND Team (invented)".into(), "SECTOR_EDUCATION", true, false),
            (TRUST_ID.into(), "Larkmere Hospitals Trust (invented)".into(), "SECTOR_HEALTH", true, false),
            (MINDS_ID.into(), "Young Minds Clinic (invented)".into(), "SECTOR_HEALTH", true, true),
            (POLICE_ID.into(), "Larkmere Police (invented)".into(), "SECTOR_POLICE", true, false),
            (AUDIT_ID.into(), "Audit and Inspection (invented)".into(), "SECTOR_OVERSIGHT", false, false),
        ];
        all.extend(
            world.schools.iter().map(|school| {
                (format!("school-{}", school.number), school.name.clone(), "SECTOR_EDUCATION", true, false)
            }),
        );
        all.extend(
            world
                .practices
                .iter()
                .map(|practice| (practice_id(&practice.code), practice.name.clone(), "SECTOR_HEALTH", false, false)),
        );
        let others = if world.settings.everything { OTHERS.as_slice() } else { &[] };
        all.extend(
            others
                .iter()
                .map(|(id, name, sector)| ((*id).to_owned(), format!("{name} (invented)"), *sector, true, false)),
        );
        all.push((ELSEWHERE_ID.into(), "Faraway Primary School (invented)".into(), "SECTOR_EDUCATION", true, false));
        for (id, name, sector, designated, sensitive) in &all {
            let authority = if id == ELSEWHERE_ID { "879" } else { AUTHORITY };
            let fields = json!({
                "id": id, "name": name, "sector": sector, "authority": authority, "designated": designated, "sensitive": sensitive,
                "contact": "Information desk, 01632 960000", "from": day(from),
            });
            self.put(&Subject::organisation(id), "OrganisationRecorded", fields)?;
        }
        let parties: Vec<_> = all
            .iter()
            .map(|one| one.0.as_str())
            .filter(|id| ![AUDIT_ID, ELSEWHERE_ID, POLICE_ID].contains(id))
            // Who only delivers records is no party.
            .filter(|id| !OTHERS.iter().skip(3).any(|(other, ..)| other == id))
            .collect();
        let from = plus(world.settings.reference_date, -700);
        for (id, parties, categories, purposes, suspended) in [
            ("agreement-children-878", json!(parties), json!([]), json!([]), false),
            (
                "agreement-protection-878",
                json!([care(), POLICE_ID, TRUST_ID]),
                json!(["CATEGORY_CHILD_PROTECTION", "CATEGORY_POLICE_NOTIFICATION"]),
                json!(["PURPOSE_CHILD_PROTECTION"]),
                false,
            ),
            (
                "agreement-pilot-878",
                json!([send(), MINDS_ID]),
                json!(["CATEGORY_SEND"]),
                json!(["PURPOSE_SEND_ASSESSMENT"]),
                true,
            ),
        ] {
            let fields = json!({
                "id": id, "parties": parties, "categories": categories, "purposes": purposes, "from": day(from),
                "to": day(plus(from, 1825)), "suspended": suspended,
            });
            self.put(&Subject::organisation(&care()), "AgreementRecorded", fields)?;
        }
        Ok(())
    }

    /// No return carries both a council's id and an NHS number: a council traces the number of each child it works with,
    /// for the child protection information service, and a person confirms it.
    fn traced(&mut self, truth: &Truth<'_>) -> Result<(), GenerateError> {
        let known = |scheme| truth.subjects.iter().find(|subject| subject.scheme == scheme);
        let (Some(council), Some(nhs)) = (known("LA_CHILD_ID"), known("NHS_NUMBER")) else { return Ok(()) };
        let other = json!({"scheme": "SCHEME_NHS_NUMBER", "issuer": nhs.issuer, "value": nhs.value});
        let fields = json!({"other": other, "decidedBy": "records.team", "reason": "NHS number traced and confirmed"});
        self.put(council, "SubjectsLinked", fields)
    }

    /// What has been recorded of one child.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        care: Option<&Involvement>,
        truth: &mut Truth<'_>,
    ) -> Result<(), GenerateError> {
        let mut dice = Dice::new(world.settings.seed, Part::Facts, crate::life_course::education::number(child));
        let today = world.settings.reference_date;
        if care.is_some() {
            // The council's case system has them, whether or not a return does.
            truth.subjects.insert(Subject::council(child));
        }
        let known = |scheme| truth.subjects.iter().find(|subject| subject.scheme == scheme);
        let Some(subject) =
            known("LA_CHILD_ID").or_else(|| known("NHS_NUMBER")).or_else(|| known("SCHOOL_PUPIL")).cloned()
        else {
            return Ok(());
        };
        if let Some(since) = care.and_then(|care| care.enquiry_open_since) {
            truth.notes.insert("section_47_open");
            self.put(
                &subject,
                "StatutoryStatusChanged",
                json!({"status": "STATUS_SECTION_47", "open": true, "on": day(since)}),
            )?;
            // A return makes nobody work with a child: who has the enquiry records that it does.
            self.put(
                &subject,
                "InvolvementStarted",
                json!({"organisation": self::care(), "kind": "STATUTORY", "startOn": day(since)}),
            )?;
        }
        if care.is_some() && child.adoption.is_none() && (child.demo || dice.chance(0.97)) {
            self.traced(truth)?;
        }
        if matches!(child.adoption, Some((Side::Before, _))) {
            let sealed: Vec<_> = truth.subjects.iter().collect();
            let fields = json!({"sealedOn": day(plus(child.known.1, 1)), "authority": format!("INVENTED-ADOPTION-ORDER-{}", child.truth)});
            self.lines += 1;
            return self
                .output
                .line(&json!({"subject": subject, "kind": "IdentitySealed", "fields": fields, "sealed": sealed}));
        }
        if child.demo || child.adoption.is_some() {
            return Ok(());
        }
        let since = plus(today, -dice.between(20, 600)).max(child.known.0.min(plus(today, -1)));
        if dice.chance(0.025) {
            self.consent(&subject, child, since, truth, &mut dice)?;
        }
        if dice.chance(if child.known_to_care { 0.02 } else { 0.0005 }) {
            truth.notes.insert("protected_address");
            let fields = json!({"id": format!("restriction-address-{}", child.truth), "kind": "PROTECTED_ADDRESS", "from": day(since)});
            self.put(&subject, "RestrictionSet", fields)?;
        } else if child.household != 0 && care.is_some() && self.courts == 0 {
            self.courts += 1;
            truth.notes.insert("court_restriction");
            let fields = json!({
                "id": format!("restriction-court-{}", child.truth), "kind": "COURT", "from": day(since),
                "categories": ["CATEGORY_SOCIAL_CARE_CASE", "CATEGORY_CHILD_PROTECTION"],
            });
            self.put(&subject, "RestrictionSet", fields)?;
        }
        Ok(())
    }

    fn consent(
        &mut self,
        subject: &Subject,
        child: &Child,
        since: Date,
        truth: &mut Truth<'_>,
        dice: &mut Dice,
    ) -> Result<(), GenerateError> {
        let id = format!("consent-{}", child.truth);
        let state = dice.weigh(&[("STATE_GIVEN", 70), ("STATE_REFUSED", 15), ("STATE_WITHDRAWN", 15)]);
        let mut tell = |state: &str, on: Date| {
            let fields = json!({
                "id": id, "kind": "KIND_SHARE", "state": state, "by": "GIVEN_BY_PARENT", "from": day(on), "evidence": "Signed form (invented)",
            });
            self.put(subject, "ConsentRecorded", fields)
        };
        match state {
            "STATE_WITHDRAWN" => {
                truth.notes.insert("consent_withdrawn");
                tell("STATE_GIVEN", since)?;
                tell("STATE_WITHDRAWN", plus(since, 10))
            }
            "STATE_REFUSED" => {
                truth.notes.insert("consent_refused");
                tell("STATE_REFUSED", since)
            }
            _ => {
                truth.notes.insert("consent_given");
                tell("STATE_GIVEN", since)
            }
        }
    }

    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        self.output.finish()
    }
}

const MINDS_ID: &str = "ods-rh8cm";
const POLICE_ID: &str = "police-878";
const AUDIT_ID: &str = "audit-878";
const ELSEWHERE_ID: &str = "school-8799001";

/// Who answers for what only the other formats hold.
const OTHERS: [(&str, &str, &str); 10] = [
    ("ods-rx9", "Tarrow Community Trust", "SECTOR_HEALTH"),
    ("ods-ryx", "Child Health Information Service", "SECTOR_HEALTH"),
    ("la-878-early-help", "Early Help", "SECTOR_SOCIAL_CARE"),
    ("la-878-early-years", "Early Years", "SECTOR_EDUCATION"),
    ("la-878-participation", "Participation Team", "SECTOR_EDUCATION"),
    ("la-878-disabled-children", "Disabled Children's Team", "SECTOR_SOCIAL_CARE"),
    ("la-878-housing", "Housing", "SECTOR_SOCIAL_CARE"),
    ("la-878-youth-justice", "Youth Justice", "SECTOR_SOCIAL_CARE"),
    ("org-family-first-878", "Family First", "SECTOR_SOCIAL_CARE"),
    ("org-young-carers-878", "Young Carers", "SECTOR_SOCIAL_CARE"),
];

fn care() -> String {
    format!("la-{AUTHORITY}-social-care")
}

fn send() -> String {
    format!("la-{AUTHORITY}-send")
}

fn practice_id(code: &str) -> String {
    format!("ods-{}", code.to_lowercase())
}

/// `demo.json`: one child worth showing, by every reference, and who may look.
pub(crate) fn demo(world: &World, child: &Child, truth: &Truth<'_>, school: Option<usize>) -> Value {
    let school = school.and_then(|at| world.schools.get(at)).map(|school| format!("school-{}", school.number));
    let practice = world.practices.get(child.practice).map(|practice| practice_id(&practice.code));
    json!({
        "notice": "Every record is invented.",
        "truth": child.truth,
        "child": {"given": child.given, "surname": child.surname, "birthOn": child.birth.to_string()},
        "references": truth.subjects,
        "sibling": crate::population::truth_id(child.index + 1),
        "referenceDate": world.settings.reference_date.to_string(),
        "organisations": {
            "school": school, "socialCare": care(), "send": send(), "hospital": TRUST_ID, "practice": practice,
            "mentalHealth": MINDS_ID, "police": POLICE_ID, "audit": AUDIT_ID, "unrelated": ELSEWHERE_ID,
        },
        "shows": [
            "on roll at a school, with special educational needs", "an open section 47 enquiry, from a live status",
            "a domestic abuse factor at assessment", "appointments with child psychiatry, one not brought to",
            "emergency attendances and an admission", "a registered practice, a mother and an address",
        ],
    })
}
