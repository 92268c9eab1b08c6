//! The children in need census: the yearly return of every council's social care, as XML.
//!
//! One child is read at a time, however long the file. A child becomes a description of the person, their disabilities, and
//! for each referral what was done: assessments and their factors, child in need plans, section 47 enquiries, conferences,
//! child protection plans and their reviews, pre-proceedings. What the catalogue has no place for is kept whole.
//!
//! The census gives nothing below the child a number, so the keys are made of dates: a referral is the child's and its date,
//! with a number among those of one day; everything under it adds its own kind and date.

mod child;
mod codes;
mod drafts;
mod header;
mod rules;
mod tag;
mod translate;
mod working_days;

use connector_kit::{Connector, Delivery, Descriptor, Output, Registered, SourceFile, Whose};
use proto::events::Family;

/// The connector. It has no state: each file is a return by itself.
#[derive(Clone, Copy, Default, Debug)]
pub struct CinCensus;

/// This connector, as it stands in the program.
pub fn connector(_: &Whose) -> Registered {
    Registered::of(CinCensus)
}

impl Connector for CinCensus {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "social-care-cin-census",
            about: "Children in need census (XML): referrals, assessments, enquiries and plans of children's social care",
            family: Family::SocialCare,
            delivery: Delivery::Snapshot,
            // 2: pre-proceedings, which were kept whole before. 3: names in any letter case, dates in any usual shape. 5: a time
            // with its zone is of its day in England.
            mapping_revision: 5,
        }
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for file in files {
            translate::translate(file, out);
        }
    }
}
