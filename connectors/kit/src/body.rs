//! A draft with its ids: the body that is sealed, a function of the draft and its version and of nothing else, so that the
//! same record published again is the same bytes.

use event_log::seal::PseudonymKey;
use event_log::{EntryId, EventId, Pseudonym};
use proto::events::event::Kind;
use proto::events::{Body, Cause, Subject, Version};

use crate::connector::{Descriptor, Draft};
use crate::dates;

/// A body ready to be sealed, and what stands in clear with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// Whose it is.
    pub subject: Pseudonym,
    /// The id that the same record has each time.
    pub event_id: EventId,
    /// What is sealed.
    pub body: Body,
}

/// The pseudonyms of subjects, most of whom come more than once in a row.
pub(crate) struct Subjects {
    pub(crate) key: PseudonymKey,
    last: Option<(Subject, Pseudonym)>,
}

impl Subjects {
    pub(crate) fn new(key: &PseudonymKey) -> Self {
        Self { key: key.clone(), last: None }
    }

    pub(crate) fn of(&mut self, subject: &Subject) -> Pseudonym {
        match &self.last {
            Some((last, pseudonym)) if last == subject => *pseudonym,
            _ => {
                let pseudonym = self.key.of(subject);
                self.last = Some((subject.clone(), pseudonym));
                pseudonym
            }
        }
    }
}

/// The entry that a draft is a state of.
pub(crate) fn entry_id(key: &PseudonymKey, source: &str, draft: &Draft) -> EntryId {
    key.entry_id(&draft.controller, source, &draft.record_key, draft.ordinal)
}

/// A draft as the statement of this version.
pub(crate) fn statement(
    subjects: &mut Subjects,
    source: &str,
    draft: Draft,
    version: Version,
    cause: Cause,
) -> Statement {
    let subject = subjects.of(&draft.subject);
    let key = &subjects.key;
    let entry_id = entry_id(key, source, &draft);
    let event_id = key.event_id(&draft.controller, source, &draft.record_key, &version, draft.ordinal);
    let body = Body {
        subject: Some(draft.subject),
        controller: draft.controller,
        source: source.to_owned(),
        entry_id: entry_id.as_bytes().to_vec(),
        record_key: draft.record_key,
        ordinal: draft.ordinal,
        version: Some(version),
        effective: Some(draft.effective),
        observed_at: Some(dates::timestamp(draft.observed_at_us.unwrap_or(version.as_of_us))),
        cause: cause.into(),
        clears: draft.clears,
        findings: draft.findings,
        third_parties: draft.third_parties.iter().map(|party| key.of(party).as_bytes().to_vec()).collect(),
        event: Some(draft.event),
        scope: draft.scope_key.unwrap_or_default(),
        labels: draft.labels.into_iter().map(Into::into).collect(),
        // What a person recorded says who; a source does not.
        ..Body::default()
    };
    Statement { subject, event_id, body }
}

/// A draft of a feed as a statement of the version that its message states, else of when the source knew, else of now.
pub(crate) fn feed_statement(subjects: &mut Subjects, connector: Descriptor, draft: Draft, now_us: i64) -> Statement {
    let version = draft.version.unwrap_or_else(|| Version {
        as_of_us: draft.observed_at_us.unwrap_or(now_us),
        sequence: 0,
        mapping_revision: connector.mapping_revision,
    });
    let cause = feed_cause(&draft);
    statement(subjects, connector.name, draft, version, cause)
}

/// What a message on a feed says of its record, as far as the kind tells.
fn feed_cause(draft: &Draft) -> Cause {
    match &draft.event.kind {
        Some(Kind::EntryRetracted(_)) => Cause::Retracted,
        Some(Kind::EntryCorrected(_)) => Cause::Corrected,
        _ if draft.event.kind_number().is_some_and(|kind| kind.name().ends_with("Ended")) => Cause::Ended,
        _ if draft.version.is_some() && !draft.clears.is_empty() => Cause::Changed,
        _ => Cause::Started,
    }
}
