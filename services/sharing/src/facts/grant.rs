//! What a named person or organisation was allowed beyond the ordinary: grants and legal processes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::access_granted::Scope;
use proto::sharing::{AccessGranted, LegalProcessRecorded, legal_process_recorded};

use crate::days::{first_day, last_day};
use crate::facts::versions::Stated;
use crate::vocabulary::{Category, Process, Purpose};

/// Grants and processes in force on the day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    grants: Vec<AccessGranted>,
    processes: Vec<LegalProcessRecorded>,
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
        // What was said last of a process stands: a second word with its id may bring its last day nearer.
        let mut processes: BTreeMap<([u8; 16], &str), (&LegalProcessRecorded, &str)> = BTreeMap::new();
        let mut unnamed = Vec::new();
        for event in stated {
            match &event.event.kind {
                Some(Kind::AccessGranted(granted)) => {
                    let named = !granted.granted_by().is_empty() && !granted.person().is_empty();
                    let stands = named && !revoked.contains(granted.id());
                    found.grants.extend(Some(granted).filter(|g| stands && within(g.from, g.to, valid_on)).cloned());
                }
                Some(Kind::LegalProcessRecorded(process)) if process.id().is_empty() => {
                    unnamed.push((process, event.acting.as_str()));
                }
                Some(Kind::LegalProcessRecorded(process)) => {
                    processes.insert((event.subject, process.id()), (process, event.acting.as_str()));
                }
                _ => {}
            }
        }
        let stands = |(process, _): &(&LegalProcessRecorded, &str)| {
            !process.approved_by().is_empty() && within(process.from, process.to, valid_on)
        };
        let standing = unnamed.into_iter().chain(processes.into_values()).filter(stands);
        found.processes = standing.map(|(process, by)| of_its_own(process.clone(), by)).collect();
        found
    }

    /// Whether this person of this organisation was granted this, for this purpose. A grant that names no purpose opens nothing.
    pub(crate) fn granted(&self, scope: Scope, organisation: &str, person: &str, purpose: Purpose) -> bool {
        let names = |grant: &AccessGranted| grant.organisation() == organisation && grant.person() == person;
        let of = |grant: &AccessGranted| grant.scope() == scope && grant.purposes.contains(&purpose.into());
        self.grants.iter().any(|grant| names(grant) && of(grant))
    }

    /// The people to whom anything was granted, and the organisations that a process names.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let granted = self.grants.iter().map(|grant| (grant.organisation(), Some(grant.person())));
        granted.chain(self.processes.iter().map(|process| (process.recipient(), None)))
    }

    /// The processes that name this organisation for this category of this source's records. A transfer passes the records of
    /// the one organisation that it names, and a crime request is approved by the organisation whose records it opens: of the
    /// same kind is not the same.
    pub(crate) fn processes(&self, recipient: &str, source: &str, category: Category) -> BTreeSet<Process> {
        self.processes
            .iter()
            .filter(|process| process.recipient() == recipient)
            .filter(|process| process.categories.is_empty() || process.categories.contains(&i32::from(category)))
            .filter_map(|process| match process.kind() {
                legal_process_recorded::Kind::Unspecified => None,
                legal_process_recorded::Kind::CrimeRequestApproved => {
                    Some(Process::CrimeRequestApproved).filter(|_| process.source() == source)
                }
                legal_process_recorded::Kind::CourtOrderServed => Some(Process::CourtOrderServed),
                legal_process_recorded::Kind::TransferIn => {
                    Some(Process::TransferIn).filter(|_| process.source() == source)
                }
            })
            .collect()
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

/// Whoever records that a crime request was approved, and not of whose records, speaks of its own.
fn of_its_own(mut process: LegalProcessRecorded, by: &str) -> LegalProcessRecorded {
    if process.kind() == legal_process_recorded::Kind::CrimeRequestApproved && process.source().is_empty() {
        process.source = Some(by.to_owned());
    }
    process
}
