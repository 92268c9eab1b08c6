//! What a named person or organisation was allowed beyond the ordinary: grants, legal processes, break-glass.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::{AccessGranted, BreakGlassAsserted, LegalProcessRecorded, access_granted, legal_process_recorded};

use crate::days::{first_day, last_day, microseconds};
use crate::facts::versions::Stated;
use crate::vocabulary::{Category, Process};

/// Break-glass ends by itself after so many minutes, whatever was asked for.
const BREAK_GLASS_MINUTES_MAX: u32 = 60;

/// Grants and processes in force on the day, and every break-glass that was asserted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    grants: Vec<AccessGranted>,
    processes: Vec<LegalProcessRecorded>,
    break_glass: Vec<BreakGlassAsserted>,
}

impl Grants {
    pub(crate) fn fold(stated: &[Stated], valid_on: Date) -> Self {
        let revoked: BTreeSet<&str> = stated
            .iter()
            .filter_map(|event| match &event.event.kind {
                Some(Kind::AccessRevoked(revoked)) => Some(revoked.id()),
                _ => None,
            })
            .collect();
        let mut found = Self::default();
        for event in stated {
            match &event.event.kind {
                Some(Kind::AccessGranted(granted)) => {
                    let named = !granted.granted_by().is_empty() && !granted.person().is_empty();
                    let stands = named && !revoked.contains(granted.id());
                    found.grants.extend(Some(granted).filter(|g| stands && within(g.from, g.to, valid_on)).cloned());
                }
                Some(Kind::LegalProcessRecorded(process)) => {
                    let approved = !process.approved_by().is_empty();
                    found
                        .processes
                        .extend(Some(process).filter(|p| approved && within(p.from, p.to, valid_on)).cloned());
                }
                Some(Kind::BreakGlassAsserted(asserted)) => found.break_glass.push(asserted.clone()),
                _ => {}
            }
        }
        found
    }

    /// Whether this person of this organisation was granted this.
    pub(crate) fn granted(&self, scope: access_granted::Scope, organisation: &str, person: &str) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.scope() == scope && grant.organisation() == organisation && grant.person() == person)
    }

    /// The processes that name this organisation for this category.
    pub(crate) fn processes(&self, recipient: &str, category: Category) -> BTreeSet<Process> {
        self.processes
            .iter()
            .filter(|process| process.recipient() == recipient)
            .filter(|process| process.categories.is_empty() || process.categories.contains(&i32::from(category)))
            .filter_map(|process| match process.kind() {
                legal_process_recorded::Kind::Unspecified => None,
                legal_process_recorded::Kind::CrimeRequestApproved => Some(Process::CrimeRequestApproved),
                legal_process_recorded::Kind::CourtOrderServed => Some(Process::CourtOrderServed),
                legal_process_recorded::Kind::TransferIn => Some(Process::TransferIn),
            })
            .collect()
    }

    /// Whether this person of this organisation broke the glass, with a reason, and its time is not over.
    pub(crate) fn glass_broken(&self, organisation: &str, person: &str, asked_at_us: i64) -> bool {
        self.break_glass.iter().any(|asserted| {
            let Some(at) = asserted.asserted_at.as_ref().and_then(microseconds) else {
                return false;
            };
            let minutes = asserted.minutes().min(BREAK_GLASS_MINUTES_MAX);
            asserted.organisation() == organisation
                && asserted.person() == person
                && !asserted.reason().trim().is_empty()
                && (at..at.saturating_add(i64::from(minutes) * 60_000_000)).contains(&asked_at_us)
        })
    }
}

/// Both days count. Without a last day, or with one that cannot be read, there is nothing to be within.
fn within(from: Option<proto::events::Date>, to: Option<proto::events::Date>, on: Date) -> bool {
    let begun = match from {
        None => true,
        Some(from) => last_day(&from).is_some_and(|from| from <= on),
    };
    begun && to.as_ref().and_then(first_day).is_some_and(|to| on <= to)
}
