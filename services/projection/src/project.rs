//! One log record in, its rows out: the same for the live consumer and for a rebuild.

use std::collections::BTreeSet;
use std::sync::Arc;

use event_log::authority::{self, COMMAND, NotYours};
use event_log::envelope::{self, CheckedBody, EnvelopeError, Opened};
use event_log::seal::{Keyring, PseudonymKey};
use event_log::{KeyId, Pseudonym, StoredRecord};
use proto::events::event::Kind;
use proto::quarantine::Reason;

use crate::linking;
use crate::row;
use crate::store::{Key, keys};

/// Opens records and says what becomes of them.
#[derive(Clone)]
pub struct Projector {
    /// The data keys.
    pub keyring: Arc<Keyring>,
    /// The key of pseudonyms and ids.
    pub pseudonyms: Arc<PseudonymKey>,
    /// The organisations whose commands count. Another's, though it held a key of its own and could write to the topic, is
    /// not its to say.
    pub commands_from: Arc<BTreeSet<String>>,
}

/// What becomes of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Projected {
    /// An event: its row, and the keys by which its subject is found from others.
    Row {
        /// Where the row goes.
        key: Key,
        /// The row.
        value: Vec<u8>,
        /// Keys without values: see [`keys::claim`], [`keys::kin`] and [`keys::described`].
        claims: Vec<Key>,
    },
    /// Its key has not arrived.
    Parked(KeyId),
    /// It gives no row.
    Noted(Note),
    /// It gives no row, and a person must know.
    Refused(Reason, String),
}

/// Why a record gave no row. The byte is written to the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Note {
    /// Its key was destroyed.
    Erased = 1,
    /// It is in quarantine.
    Quarantined = 2,
    /// Its kind is of a newer build: a rebuild by that build will have it.
    NewerKind = 3,
}

/// A record that could not be checked.
enum Unfit {
    Parked(KeyId),
    Erased,
    NewerKind,
    Envelope(EnvelopeError),
    NotYours(NotYours),
    NotYourCommand,
}

const NOT_YOUR_COMMAND: &str = "a command of an organisation whose commands are not taken here (`serve.commands_from`)";

impl Projector {
    /// What becomes of a record of one of the event topics.
    pub fn project(&self, record: &StoredRecord) -> Projected {
        match self.check(record) {
            Ok(said) => self.row(record, &said),
            Err(Unfit::Parked(key_id)) => Projected::Parked(key_id),
            Err(Unfit::Erased) => Projected::Noted(Note::Erased),
            Err(Unfit::NewerKind) => Projected::Noted(Note::NewerKind),
            Err(Unfit::Envelope(error)) => Projected::Refused(Reason::EnvelopeMalformed, error.to_string()),
            Err(Unfit::NotYours(error)) => Projected::Refused(Reason::NotYoursToSay, error.to_string()),
            Err(Unfit::NotYourCommand) => Projected::Refused(Reason::NotYoursToSay, NOT_YOUR_COMMAND.to_owned()),
        }
    }

    /// Opens an envelope that was checked when it was projected.
    ///
    /// # Errors
    /// As when it was first opened; `Ok(None)` when its key was destroyed since.
    pub fn open(&self, envelope: bytes::Bytes) -> Result<Option<CheckedBody>, EnvelopeError> {
        let sealed = envelope::decode(envelope)?;
        match sealed.open(&self.keyring)? {
            Opened::Plain(plain) => CheckedBody::check(&sealed.header, &plain, &self.pseudonyms).map(Some),
            // It had its key when it was stored. It may be a restriction: to pass over it would be to fail open.
            Opened::Parked(key_id) => Err(EnvelopeError::KeyMissing(key_id)),
            Opened::Erased(_) => Ok(None),
        }
    }

    /// What a record says, if it says anything that counts: `Ok(None)` of one that is erased, refused, or of a newer build.
    ///
    /// # Errors
    /// Its key has not arrived: it may say something once it has.
    pub(crate) fn said(&self, record: &StoredRecord) -> Result<Option<CheckedBody>, KeyId> {
        match self.check(record) {
            Ok(said) => Ok(Some(said)),
            Err(Unfit::Parked(key_id)) => Err(key_id),
            Err(_) => Ok(None),
        }
    }

    fn check(&self, record: &StoredRecord) -> Result<CheckedBody, Unfit> {
        let sealed = envelope::decode(record.value.clone()).map_err(Unfit::Envelope)?;
        let misplaced =
            sealed.header.subject.0 != record.key || sealed.header.subject.partition() != record.position.partition;
        if misplaced {
            return Err(Unfit::Envelope(EnvelopeError::BodyContradicts { field: "subject" }));
        }
        let plain = match sealed.open(&self.keyring).map_err(Unfit::Envelope)? {
            Opened::Plain(plain) => plain,
            Opened::Parked(key_id) => return Err(Unfit::Parked(key_id)),
            Opened::Erased(_) => return Err(Unfit::Erased),
        };
        let said = CheckedBody::check(&sealed.header, &plain, &self.pseudonyms).map_err(|error| match error {
            EnvelopeError::KindUnknown(_) => Unfit::NewerKind,
            other => Unfit::Envelope(other),
        })?;
        authority::check(record.position.topic, &said).map_err(Unfit::NotYours)?;
        if said.body.source == COMMAND && !self.commands_from.contains(&said.body.controller) {
            return Err(Unfit::NotYourCommand);
        }
        Ok(said)
    }

    fn row(&self, record: &StoredRecord, said: &CheckedBody) -> Projected {
        let Some(occurred_at_us) = said.body.effective.as_ref().and_then(timeline::sort_key_us) else {
            let error = EnvelopeError::BodyMalformed { field: "effective" };
            return Projected::Refused(Reason::EnvelopeMalformed, error.to_string());
        };
        let (subject, event_id) = (said.header.subject, said.header.event_id);
        let key = match said.event() {
            Some(
                Kind::OrganisationRecorded(_)
                | Kind::AgreementRecorded(_)
                | Kind::PolicyApproved(_)
                | Kind::PolicyApprovalWithdrawn(_)
                | Kind::PolicyKept(_)
                | Kind::ErasureProposed(_)
                | Kind::ErasureConfirmed(_)
                | Kind::ErasureCancelled(_)
                | Kind::ErasureBegun(_)
                | Kind::ErasureCertified(_)
                | Kind::ErasureReadmitted(_)
                | Kind::RetentionScheduleRecorded(_)
                | Kind::FeedConfirmed(_),
            ) => keys::registry(subject, occurred_at_us, event_id),
            _ => keys::row(subject, occurred_at_us, event_id),
        };
        let claims = self.neighbours(said).into_iter().map(|other| keys::claim(other, subject));
        let claims = claims.chain(self.kin(said).into_iter().map(|lead| keys::kin(lead, subject)));
        let describes = linking::bears_on_descriptions(said.event());
        let claims = claims.chain(describes.then(|| keys::described(subject, occurred_at_us, event_id))).collect();
        Projected::Row { key, value: row::write(record), claims }
    }

    /// Every other subject from which this event's own subject must be found: identifiers that it claims, and the other
    /// side of a decision. The index only ever leads to rows; what a claim is worth is judged when they are read.
    pub fn neighbours(&self, said: &CheckedBody) -> Vec<Pseudonym> {
        let of = |subject: &Option<proto::events::Subject>| subject.iter().map(|s| self.pseudonyms.of(s)).collect();
        match said.event() {
            Some(Kind::PersonDescribed(person)) => person
                .identifiers
                .iter()
                .filter(|identifier| identifier.usable)
                .filter_map(|identifier| identifier.subject.as_ref())
                .map(|subject| self.pseudonyms.of(subject))
                .collect(),
            Some(Kind::SubjectsLinked(decided)) => of(&decided.other),
            Some(Kind::SubjectsUnlinked(decided)) => of(&decided.other),
            Some(Kind::IdentifierSuperseded(replaced)) => of(&replaced.superseded),
            Some(Kind::EntryReassigned(moved)) => of(&moved.from),
            _ => Vec::new(),
        }
    }
}
