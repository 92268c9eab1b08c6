//! The formats beside the six that every generated authority has: what the same children's other systems tell of them.

use std::path::Path;

use crate::GenerateError;
use crate::dirt::Dirt;
use crate::outcomes::{self, Outcome};
use crate::population::World;
use crate::truth::Truth;
use crate::writers::annex_a::Lists;
use crate::writers::census::Census;
use crate::writers::children_data_changes::Changes;
use crate::writers::extracts::{Extracts, Known};
use crate::writers::fhir_messages::Messages;
use crate::writers::fhir_records::Records;
use crate::writers::hl7::batches::Batches;
use crate::writers::looked_after::LookedAfterReturns;
use crate::writers::partial_transfers::PartialTransfers;
use crate::writers::{Output, child_health, education, sen2_export};

/// Their files, being written.
pub(crate) struct Everything {
    summer: Census,
    before: LookedAfterReturns,
    lists_before: Lists,
    education: education::Files,
    sen2_before: sen2_export::Export,
    partial_transfers: PartialTransfers,
    child_health: child_health::Files,
    batches: Batches,
    messages: Messages,
    records: Records,
    care_data: Changes,
    extracts: Extracts,
    outcomes: Output,
}

impl Everything {
    pub(crate) fn create(out: &Path, world: &World) -> Result<Self, GenerateError> {
        Ok(Self {
            summer: Census::summer(&out.join("education-school-census"), world)?,
            before: LookedAfterReturns::as_message(&out.join("social-care-ssda903"), world)?,
            lists_before: Lists::as_text(&out.join("social-care-annex-a"), world),
            education: education::Files::create(out, world, 3)?,
            sen2_before: sen2_export::Export::create(out, world.year_end.year() - 1)?,
            partial_transfers: PartialTransfers::new(out, world),
            child_health: child_health::Files::create(out, world)?,
            batches: Batches::new(out, world),
            messages: Messages::new(out, world),
            records: Records::create(out, world)?,
            care_data: Changes::create(out, world)?,
            extracts: Extracts::create(out, world)?,
            outcomes: Output::create(&out.join("outcomes.jsonl"))?,
        })
    }

    /// Writes what they tell of a child, and the truth of it.
    pub(crate) fn child(
        &mut self,
        known: &Known<'_>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        self.summer.child(known.world, known.child, known.twin, truth, dirt)?;
        if let Some(involvement) = known.involvement {
            if let Some(care) = known.care {
                self.before.child(known.world, known.child, care, truth, dirt)?;
            }
            self.lists_before.child(known, involvement, truth, dirt);
        }
        self.education.child(known.world, known.child, truth, dirt)?;
        self.sen2_before.child(known, truth, dirt)?;
        self.partial_transfers.child(known, truth, dirt)?;
        self.child_health.child(known.world, known.child, truth, dirt)?;
        self.batches.child(known, truth);
        self.messages.child(known, truth, dirt)?;
        self.records.child(known, truth, dirt)?;
        self.care_data.child(known, dirt)?;
        self.extracts.child(known, truth, dirt)
    }

    /// Ends the files, and says what is to come of each submission, after those of others.
    pub(crate) fn finish(
        self,
        world: &World,
        mut outcomes: Vec<Outcome>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<Vec<Outcome>, GenerateError> {
        self.summer.finish()?;
        self.before.finish()?;
        self.lists_before.finish()?;
        outcomes.extend(self.education.outcomes());
        self.education.finish()?;
        self.child_health.finish()?;
        outcomes.extend(self.extracts.finish()?);
        outcomes.push(self.sen2_before.finish()?);
        outcomes.extend(self.partial_transfers.finish(world)?);
        outcomes.extend(self.batches.finish(world, dirt)?);
        outcomes.extend(self.messages.finish());
        outcomes.push(self.records.finish()?);
        outcomes.push(self.care_data.finish()?);
        outcomes::write(&outcomes, self.outcomes)?;
        Ok(outcomes)
    }
}
