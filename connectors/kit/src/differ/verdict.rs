//! What is to be said, kept until the submission is read for the second time: of each draft by its number, and of what is gone.

use std::io;

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use proto::events::{Body, Cause, EntryCorrected, EntryRetracted, FindingCode, Version};
use proto::quarantine::Reason;

use super::baseline::{Digest, Held, repeated};
use super::child::Stated;
use super::{digest_of, state_whole};
use crate::body::{Statement, Subjects, entry_id, statement};
use crate::connector::{Draft, Rejection};
use crate::dates;
use crate::reading::finding;
use crate::refused::refused;
use crate::runs::{Fields, Rows, Runs, Sorted};

const OF_DRAFTS: u32 = 0;
const GONE: u32 = 1;

const REPEATED: u8 = 1;
const SAME_KEY: u8 = 2;

/// Verdicts as they are given.
pub(crate) struct Verdicts(Runs);

impl Verdicts {
    /// None yet, in these.
    pub(crate) fn new(runs: Runs) -> Self {
        Self(runs)
    }

    /// A draft is to be said, as this entry of this scope, with this cause.
    pub(super) fn say(&mut self, scope: u32, entry: EntryId, stated: &Stated, cause: Cause) -> io::Result<()> {
        let how = if stated.repeated { REPEATED } else { 0 };
        self.digest(scope, stated.number, (entry, stated.digest), (cause, how))
    }

    /// A draft cannot stand beside another of the same key.
    pub(super) fn same_key(&mut self, scope: u32, number: u64) -> io::Result<()> {
        self.digest(scope, number, (EntryId([0; 16]), [0; 16]), (Cause::Unspecified, SAME_KEY))
    }

    fn digest(
        &mut self,
        scope: u32,
        number: u64,
        (entry, digest): (EntryId, Digest),
        (cause, how): (Cause, u8),
    ) -> io::Result<()> {
        let cause = u8::try_from(i32::from(cause)).unwrap_or_default();
        let mut row = Vec::with_capacity(48);
        row.extend_from_slice(&number.to_be_bytes());
        row.extend_from_slice(&scope.to_be_bytes());
        row.extend_from_slice(&[cause, how]);
        row.extend_from_slice(entry.as_bytes());
        row.extend_from_slice(&digest);
        self.0.push(OF_DRAFTS, &row)
    }

    /// An entry is gone at this version, or is another from it on.
    pub(super) fn gone(
        &mut self,
        scope: u32,
        (id, subject, held): (EntryId, Pseudonym, &Held),
        version: &Version,
        replaced_by: Option<EntryId>,
    ) -> io::Result<()> {
        let mut row = Vec::with_capacity(96);
        row.extend_from_slice(&scope.to_be_bytes());
        row.extend_from_slice(id.as_bytes());
        row.extend_from_slice(&version.as_of_us.to_be_bytes());
        row.extend_from_slice(&version.sequence.to_be_bytes());
        row.extend_from_slice(&version.mapping_revision.to_be_bytes());
        row.extend_from_slice(subject.as_bytes());
        row.extend_from_slice(&held.ordinal.to_be_bytes());
        row.push(u8::from(replaced_by.is_some()));
        row.extend_from_slice(&replaced_by.map_or([0; 16], |id| id.0));
        row.extend_from_slice(held.controller.as_bytes());
        self.0.push(GONE, &row)
    }

    /// All of them are given.
    pub(crate) fn end(self) -> io::Result<Given> {
        Ok(Given(self.0.sorted()?))
    }
}

/// Everything that is to be said of a submission.
pub(crate) struct Given(Sorted);

impl Given {
    /// Whether anything is to be said of its drafts.
    pub(crate) fn of_any_draft(&self) -> bool {
        self.0.sections().any(|section| section == OF_DRAFTS)
    }

    /// Of the drafts, in their order.
    pub(crate) fn of_drafts(&self) -> io::Result<OfDrafts<'_>> {
        let mut given = OfDrafts { rows: self.0.section(OF_DRAFTS), next: None };
        given.go_on()?;
        Ok(given)
    }

    /// Of what is gone.
    pub(crate) fn gone(&self) -> Gone<'_> {
        Gone(self.0.section(GONE))
    }
}

/// What is to be said of one draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Verdict {
    number: u64,
    pub(crate) scope: u32,
    cause: Cause,
    how: u8,
    entry: EntryId,
    digest: Digest,
}

/// What comes of a draft that a verdict is of.
pub(crate) enum Comes {
    Statement(Box<Statement>),
    Rejection(Box<Rejection>),
    /// It is not the draft that was seen before.
    IsAnother,
}

impl Verdict {
    /// The draft as it is to be said at this version. `labels` are put on every record of the source.
    pub(crate) fn of(
        &self,
        subjects: &mut Subjects,
        (source, labels): (&str, &[i32]),
        mut draft: Draft,
        version: Version,
    ) -> Comes {
        if self.how == SAME_KEY {
            return Comes::Rejection(Box::new(refused(&subjects.key, draft, Reason::KeyShared, SAME_KEY_SAID)));
        }
        let key = &subjects.key;
        if entry_id(key, source, &draft) != self.entry {
            return Comes::IsAnother;
        }
        state_whole(&mut draft);
        let digest = digest_of(key, &draft, labels);
        let digest = if self.how == REPEATED { repeated(key, &digest) } else { digest };
        if digest != self.digest {
            return Comes::IsAnother;
        }
        if self.how == REPEATED {
            draft.findings.push(finding(FindingCode::RecordRepeated, draft.table));
        }
        Comes::Statement(Box::new(statement(subjects, source, draft, version, self.cause)))
    }
}

/// Verdicts of drafts, asked for in the drafts' order.
pub(crate) struct OfDrafts<'a> {
    rows: Rows<'a>,
    next: Option<Verdict>,
}

impl OfDrafts<'_> {
    /// What is to be said of the draft of this number; nothing of most.
    pub(crate) fn take(&mut self, number: u64) -> io::Result<Option<Verdict>> {
        match self.next {
            Some(verdict) if verdict.number == number => {
                self.go_on()?;
                Ok(Some(verdict))
            }
            _ => Ok(None),
        }
    }

    /// Whether all of them were taken.
    pub(crate) fn are_taken(&self) -> bool {
        self.next.is_none()
    }

    fn go_on(&mut self) -> io::Result<()> {
        self.next = self.rows.next()?.map(|row| {
            let mut fields = Fields(row);
            let (number, scope) = (fields.u64(), fields.u32());
            let cause = Cause::try_from(i32::from(fields.byte())).unwrap_or_default();
            Verdict { number, scope, cause, how: fields.byte(), entry: EntryId(fields.bytes()), digest: fields.bytes() }
        });
        Ok(())
    }
}

/// What is gone, one after another.
pub(crate) struct Gone<'a>(Rows<'a>);

impl Gone<'_> {
    /// The next, with its scope: without a name, since the pseudonym and the entry's id are enough. `scope_key` gives the key of a
    /// scope by its number.
    pub(crate) fn next<'k>(
        &mut self,
        key: &PseudonymKey,
        source: &str,
        scope_key: impl Fn(u32) -> &'k str,
    ) -> io::Result<Option<(u32, Statement)>> {
        let Some(row) = self.0.next()? else { return Ok(None) };
        let mut fields = Fields(row);
        let (scope, id) = (fields.u32(), EntryId(fields.bytes()));
        let version = Version { as_of_us: fields.i64(), sequence: fields.u64(), mapping_revision: fields.u32() };
        let (subject, ordinal) = (Pseudonym(fields.bytes()), fields.u32());
        let (is_replaced, new): (bool, [u8; 16]) = (fields.byte() == 1, fields.bytes());
        let controller = String::from_utf8_lossy(fields.0).into_owned();
        let (cause, event) = match is_replaced {
            true => {
                let replaced_by_entry_id = Some(new.to_vec());
                (Cause::Corrected, EntryCorrected { replaced_by_entry_id }.into())
            }
            false => (Cause::Retracted, EntryRetracted { reason: Some(ABSENT.to_owned()) }.into()),
        };
        // The record's own key is not kept; its entry's id stands in for it.
        let record_key = format!("entry/{id}");
        let event_id = key.event_id(&controller, source, &record_key, &version, ordinal);
        let body = Body {
            controller,
            source: source.to_owned(),
            entry_id: id.as_bytes().to_vec(),
            ordinal,
            version: Some(version),
            effective: Some(dates::when_at(version.as_of_us)),
            observed_at: Some(dates::timestamp(version.as_of_us)),
            cause: cause.into(),
            event: Some(event),
            scope: scope_key(scope).to_owned(),
            ..Body::default()
        };
        Ok(Some((scope, Statement { subject, event_id, body })))
    }
}

/// What is wrong with a record beside another of its key.
pub const SAME_KEY_SAID: &str = "another record of this submission has the same key and says something else: correct the \
                                        wrong one at its source";

const ABSENT: &str = "absent from a whole return";
