//! What the case system sends of its children after it sent them all: a child a line, with what was entered since, and `purge` at
//! every level of what is to go.

use std::path::Path;

use serde_json::{Value, json};

use crate::GenerateError;
use crate::calendar::plus;
use crate::dirt::Dirt;
use crate::outcomes::Outcome;
use crate::population::{AUTHORITY, World};
use crate::truth::Subject;
use crate::writers::Output;
use crate::writers::extracts::Known;

/// The file, being written.
pub(crate) struct Changes {
    output: Output,
    children: u32,
    outcome: Outcome,
}

impl Changes {
    pub(crate) fn create(out: &Path, world: &World) -> Result<Self, GenerateError> {
        let name = format!("{AUTHORITY}_changes_{}.json", world.settings.reference_date);
        let output = Output::create(&out.join("social-care-dfe-api").join(&name))?;
        Ok(Self { output, children: 0, outcome: Outcome::of("social-care-dfe-api", 2, vec![name]) })
    }

    /// Writes what changed of a child of whom the first file told.
    pub(crate) fn child(&mut self, known: &Known<'_>, dirt: &mut Vec<Dirt>) -> Result<(), GenerateError> {
        let (child, today) = (known.child, known.world.settings.reference_date);
        let told = known.involvement.is_some_and(|care| care.referrals.iter().any(|one| one.on <= today));
        if !told || child.demo || child.birth > today || child.adoption.is_some() {
            return Ok(());
        }
        let kind = self.children % 9;
        self.children += 1;
        let id = child.la_id.as_str();
        let scored = |day: Option<String>, score: u32| json!({ "sdq_assessments": [{ "date": day, "score": score }], "purge": false });
        let day = plus(today, -14).to_string();
        let within = |name: &str, block: Value| json!([{ "social_care_episode_id": format!("{id}-1"), name: block, "purge": false }]);
        let (name, value): (&str, Value) = match kind {
            0 => ("health_and_wellbeing", scored(Some(day), 17)),
            1 => ("child_details", json!({ "purge": true })),
            2 => ("social_care_episodes", json!([{ "social_care_episode_id": format!("{id}-1"), "purge": true }])),
            3 => (
                "social_care_episodes",
                within("child_in_need_plans", json!([{ "child_in_need_plan_id": format!("{id}-1-P"), "purge": true }])),
            ),
            4 => ("purge", json!(true)),
            5 => ("health_and_wellbeing", scored(Some(day), 99)),
            6 => ("health_and_wellbeing", scored(None, 12)),
            7 => ("health_and_wellbeing", json!({ "purge": true })),
            _ => {
                let plan =
                    json!([{ "education_health_care_plan_id": "E1", "request_received_date": day, "purge": false }]);
                ("education_health_care_plans", plan)
            }
        };
        match kind {
            0 | 5 => self.outcome.event("StrengthsDifficultiesScored"),
            6 => self.outcome.quarantined += 1,
            8 => self.outcome.event("SourceRecordKept"),
            _ => {}
        }
        let wrong = match kind {
            5 => Some(("score", "a score that there is not", Some("VALUE_MALFORMED"), None)),
            6 => Some(("date", "no day", None, Some("DATE_MISSING"))),
            _ => None,
        };
        if let Some((field, what, finding, reason)) = wrong {
            let file = format!("social-care-dfe-api/{}", self.outcome.files.first().map_or("", String::as_str));
            let (record, key, truth) = (Subject::council(child), id.to_owned(), child.truth.clone());
            dirt.push(Dirt { file, record, key, truth, field, what, finding, reason });
        }
        self.outcome.record();
        let mut line = json!({ "la_child_id": id, "purge": false });
        if let Some(fields) = line.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
        self.output.line(&line)
    }

    pub(crate) fn finish(self) -> Result<Outcome, GenerateError> {
        self.output.finish()?;
        Ok(self.outcome)
    }
}
