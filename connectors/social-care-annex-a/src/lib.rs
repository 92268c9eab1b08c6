//! Ofsted's Annex A: the lists of children that a council hands to an inspection of its children's services.
//!
//! **Files.** A workbook with a sheet for each list, or a CSV for each; one may also stand below another. A list is known by
//! its header, wherever in the sheet that stands, and never by a name; each column by the words in it, since councils word them in
//! many ways. Whose lists they are is in the file's name (`878_annex_a_2025-03-04.xlsx`), else it is the authority that the connector
//! answers for.
//!
//! **Values** are read by the code within them (`f) U6: Foster placement`), else by those of their words that say most
//! (`Physical abuse`); what is neither, or says two things, is kept as it came, with a finding.
//!
//! **Scopes.** Lists look back over six or twelve months, so that what is gone from the next one says nothing. A list is
//! compared only with one that stood so in the same month: `878/annex-a/2025-03/list-1`. It stood so at the day in the file's
//! name, else at its latest date.
//!
//! **What becomes of it.** Contacts, early help assessments, referrals, assessments, strategy discussions and enquiries,
//! children in need, protection plans, looked after children, care leavers, adoption. Nothing of it sets an access flag: an
//! inspection's lists are read once. Prospective adopters (list 11) are no children: their rows are kept, under a subject of
//! their own. Counts over the last months and what a case is at the moment are kept with their row; an age is not, where a
//! birth date says it.

mod children;
mod codes;
mod lists;
mod rows;
mod say;
mod sheets;
mod submission;

use std::collections::BTreeMap;

use connector_kit::file_name::{Authority, hints};
use connector_kit::{Connector, Delivery, Descriptor, Output, Registered, SourceFile, Whose};
use proto::events::Family;

/// The connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnnexA {
    /// Whose lists are that do not say so.
    pub authority: Option<Authority>,
}

impl AnnexA {
    /// For any authority: the files' names must say whose they are.
    pub const ANY: Self = Self { authority: None };
}

/// This connector, as it stands in the program.
pub fn connector(whose: &Whose) -> Registered {
    Registered::of(AnnexA { authority: whose.authority })
}

impl Connector for AnnexA {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "social-care-annex-a",
            about: "Ofsted Annex A (xlsx or CSV): the eleven lists of children that an inspection asks for",
            family: Family::SocialCare,
            delivery: Delivery::Snapshot,
            mapping_revision: 6,
        }
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        let mut together: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for name in names {
            let hints = hints(name);
            let on = hints.on.map(|on| (on.year, on.month, on.day));
            together.entry((hints.authority, hints.year, on)).or_default().push(name.clone());
        }
        together.into_values().collect()
    }

    fn is_header(&self, columns: &[String]) -> bool {
        lists::Columns::of_header(columns).is_some()
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        if let Err(error) = submission::translate(self.authority, files, out) {
            out.broke_off(error);
        }
    }
}
