//! The return on children looked after (SSDA903): every file of it as CSV, in any order and under any name, and its XML.
//!
//! **Files.** A table is known by its header, never by its name; columns may stand in any order and further ones do no harm.
//! Whose a return is, and of which year, its tables do not say: it is taken from the columns `LA` and `YEAR` where a region
//! has put them in, else from the file's name (`878_2024-25_episodes.csv`), else the authority is the one that the connector
//! answers for and the year is the one in which most of the dates lie. A file whose name ends in `_last` is of the year
//! before. Files of one authority and year by their names are one submission.
//!
//! **Who.** A child as the council knows them: `CHILD`, issued by the authority.
//!
//! **Scopes.** One an authority, year and table: `878/ssda903/2025/episodes`. What is dated has one key over all years that
//! repeat it, so that overlapping returns tell of one thing, and the later year's word counts. A return stood so at the last
//! day of its year, or before the year is out at its latest date.
//!
//! **Episodes** become what they tell of: a period of being looked after with its legal status, a change of that status, a
//! placement. A placement goes on through a change of status alone. Where returns contradict themselves or each other,
//! the published repairs are made where what they need stands in one submission ([`repair`]); each is a finding.
//!
//! **No access flag is made of a return.** Who is looked after today is said by live feeds only.
//!
//! **What is not mapped.** Further columns are kept with their row; a mother is told, and that a girl is not one is not; of
//! the distance and place that the department works out, nothing is read.

mod child;
mod codes;
mod held;
mod reading;
mod repair;
mod rules;
mod say;
mod submission;
mod tables;
mod xml;

use std::collections::BTreeMap;

use connector_kit::file_name::{Authority, hints};
use connector_kit::{Connector, Delivery, Descriptor, Output, Registered, SourceFile, Whose};
use proto::events::Family;

/// The connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ssda903 {
    /// Whose a return is that does not say so.
    pub authority: Option<Authority>,
}

impl Ssda903 {
    /// For any authority: a return must say whose it is.
    pub const ANY: Self = Self { authority: None };
}

/// This connector, as it stands in the program.
pub fn connector(whose: &Whose) -> Registered {
    Registered::of(Ssda903 { authority: whose.authority })
}

impl Connector for Ssda903 {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "social-care-ssda903",
            about: "Children looked after (SSDA903, CSV or XML): periods of care, placements, reviews, adoption, leavers",
            family: Family::SocialCare,
            delivery: Delivery::Snapshot,
            mapping_revision: 5,
        }
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        let mut together: BTreeMap<(Option<Authority>, Option<u16>), Vec<String>> = BTreeMap::new();
        for name in names {
            let hints = hints(name);
            together.entry((hints.authority, hints.year)).or_default().push(name.clone());
        }
        together.into_values().collect()
    }

    fn is_header(&self, columns: &[String]) -> bool {
        reading::is_header(columns)
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        if let Err(error) = submission::translate(self.authority, files, out) {
            out.broke_off(error);
        }
    }
}
