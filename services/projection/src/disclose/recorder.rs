//! Writes decisions to the log.

use std::time::{Duration, Instant};

use event_log::envelope::{self, EnvelopeError, Opened, Sealed};
use event_log::seal::{Keyring, PseudonymKey};
use event_log::{EventId, EventLog, LogError, Offset, Partition, Pseudonym, Topic};
use prost::Message;
use proto::disclosure::Disclosure;
use proto::events::{Family, Scheme};
use runtime::{metrics, trace};
use tracing::Instrument as _;

use super::{basis, decision_id};
use crate::own_records::{Own, OwnRecords, RecordError};

/// How long a decision may take to be on the log: less than a request may take, so that its reader is told.
const RECORD_MAX: Duration = Duration::from_secs(10);
/// How long a refusal may: it releases nothing, and a reader is not kept waiting for a no.
const DENIAL_MAX: Duration = Duration::from_secs(1);

/// Records decisions. What stands in clear names no child: an organisation keeps sixteen books, and a child's decisions all
/// go to one of them.
pub struct Recorder(OwnRecords);

impl Recorder {
    /// The source of disclosures, as their keys name it.
    pub const SOURCE: &str = "disclosure";

    /// Records through these.
    pub fn new(records: OwnRecords) -> Self {
        metrics::RECORD_FAILURES.add(0, []);
        Self(records)
    }

    /// Who runs the service: whose keys seal decisions.
    pub fn organisation(&self) -> &str {
        &self.0.organisation
    }

    /// Records a decision; returns once it is durable.
    ///
    /// # Errors
    /// [`RecordError`]: it may or may not be on the log, and nothing may be released.
    pub async fn record(&self, disclosure: &Disclosure) -> Result<(), RecordError> {
        self.record_all(std::slice::from_ref(disclosure)).await
    }

    /// Records that an operator of this organisation looks at what they may: their look is a disclosure too.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn record_operator(&self, command: &str) -> Result<(), RecordError> {
        let look = Disclosure {
            decision_id: uuid::Uuid::now_v7().into_bytes().to_vec(),
            organisation: self.organisation().to_owned(),
            person: "operator".to_owned(),
            purpose: proto::sharing::Purpose::SystemAdmin.into(),
            operator_command: command.to_owned(),
            ..Disclosure::default()
        };
        self.record(&look).await
    }

    /// Records the decisions of one answer; returns once they all are durable.
    ///
    /// # Errors
    /// [`RecordError`]: some may be on the log, and nothing may be released.
    pub async fn record_all(&self, disclosures: &[Disclosure]) -> Result<(), RecordError> {
        let own = disclosures.iter().flat_map(|disclosure| {
            let child = disclosure.subjects.first().and_then(|id| id.first()).copied().unwrap_or_default();
            let book = self.book(child % decision_id::BOOKS);
            let (record, apart) = basis::split(disclosure.clone(), |id| self.basis_id(id));
            apart.into_iter().chain([record]).map(move |record| Own {
                topic: Topic::Disclosure,
                subject: book,
                event_id: EventId::from_slice(&record.decision_id).unwrap_or(EventId([0; 16])),
                family: Family::Disclosure,
                plaintext: record.encode_to_vec(),
            })
        });
        let own: Vec<Own> = own.collect();
        let began = Instant::now();
        let span = tracing::info_span!(target: trace::TARGET, "record decision");
        let denial = disclosures.iter().all(|disclosure| disclosure.denied != 0);
        let at_most = if denial { DENIAL_MAX } else { RECORD_MAX };
        let recorded = tokio::time::timeout(at_most, self.0.write(own).instrument(span)).await;
        let out_of_time = || LogError::Unavailable { because: "a decision was not acknowledged in time".to_owned() };
        let recorded = recorded.unwrap_or_else(|_| Err(out_of_time().into()));
        match &recorded {
            Ok(_) => metrics::RECORD.record(began.elapsed(), []),
            Err(_) => metrics::RECORD_FAILURES.add(1, []),
        }
        recorded.map(drop)
    }

    /// The record of the decision of this id, by the time and the book that it tells: among what was recorded within two
    /// minutes of it; and where it is not there, because a clock was wrong or set, among the records around.
    ///
    /// # Errors
    /// [`FindError`]: asking again is right.
    pub async fn find(&self, keyring: &Keyring, id: [u8; 16]) -> Result<Option<Disclosure>, FindError> {
        let Some((book, made_at_ms)) = decision_id::read(&self.0.pseudonyms, id) else { return Ok(None) };
        let partition = self.book(book).partition();
        let made_at_us = made_at_ms.saturating_mul(1_000);
        let Some(mut found) = self.find_in(keyring, partition, made_at_us, id).await? else { return Ok(None) };
        if found.basis.as_ref().is_some_and(basis::is_apart) {
            let basis = self.find_in(keyring, partition, made_at_us, self.basis_id(&found.decision_id)).await?;
            found.basis = basis.and_then(|apart| apart.basis);
        }
        Ok(Some(found))
    }

    /// The record of this id of a partition, made at this time.
    async fn find_in(
        &self,
        keyring: &Keyring,
        partition: Partition,
        made_at_us: i64,
        id: [u8; 16],
    ) -> Result<Option<Disclosure>, FindError> {
        let from = self.first_since(partition, made_at_us.saturating_sub(CLOCKS_APART_US)).await?;
        let until_us = made_at_us.saturating_add(CLOCKS_APART_US);
        let mut found = self.look(partition, from, until_us, id).await?;
        if found.is_none() {
            let around = from.saturating_sub(LOOKED_AT_MAX / 2);
            found = self.look(partition, around, i64::MAX, id).await?;
        }
        match found.map(|sealed| sealed.open(keyring)).transpose()? {
            Some(Opened::Plain(plain)) => Ok(Disclosure::decode(plain.bytes.as_slice()).ok()),
            Some(Opened::Parked(_)) => Err(FindError::KeyNotHere),
            Some(Opened::Erased(_)) | None => Ok(None),
        }
    }

    /// The id of the record of a decision's basis, where that is a record of its own.
    fn basis_id(&self, decision_id: &[u8]) -> [u8; 16] {
        self.0.pseudonyms.digest("decision-basis", decision_id)
    }

    /// The envelope of this id, among the records from an offset on up to the first that was published after `until_us`.
    async fn look(
        &self,
        partition: Partition,
        mut from: Offset,
        until_us: i64,
        id: [u8; 16],
    ) -> Result<Option<Sealed>, LogError> {
        let (mut found, last_looked_at) = (None, from.saturating_add(LOOKED_AT_MAX));
        while from < last_looked_at {
            let records = self.0.log().read(Topic::Disclosure, partition, from, RECORDS_A_READ).await?;
            let Some(last) = records.last() else { break };
            let past = last.published_at_us > until_us;
            from = last.position.offset + 1;
            // Found or not, all of it is looked through: how long it took says nothing.
            for sealed in records.into_iter().filter_map(|record| envelope::decode(record.value).ok()) {
                if sealed.header.event_id.0 == id {
                    found = Some(sealed);
                }
            }
            if past {
                break;
            }
        }
        Ok(found)
    }

    /// Decisions of one book from a time on, oldest first, with when each was recorded; and where to go on, which is `None`
    /// at the end. Looks through at least so many records, and stops between two of different times.
    ///
    /// # Errors
    /// [`FindError`]: asking again is right.
    pub(crate) async fn since(
        &self,
        keyring: &Keyring,
        book: u8,
        since_us: i64,
        looked_at_min: usize,
    ) -> Result<(Vec<(i64, Disclosure)>, Option<i64>), FindError> {
        let name = self.book(book);
        let mut from = self.first_since(name.partition(), since_us).await?;
        let (mut found, mut looked_at, mut last_us) = (Vec::new(), 0, i64::MIN);
        loop {
            let records = self.0.log().read(Topic::Disclosure, name.partition(), from, RECORDS_A_READ).await?;
            if records.is_empty() {
                return Ok((found, None));
            }
            for record in records {
                if looked_at >= looked_at_min && record.published_at_us > last_us {
                    return Ok((found, Some(record.published_at_us)));
                }
                (from, looked_at, last_us) = (record.position.offset + 1, looked_at + 1, record.published_at_us);
                let Some(sealed) = envelope::decode(record.value).ok().filter(|sealed| sealed.header.subject == name)
                else {
                    continue;
                };
                match sealed.open(keyring)? {
                    Opened::Plain(plain) => {
                        let decision = Disclosure::decode(plain.bytes.as_slice()).ok();
                        let decision = decision.filter(|decision| decision.basis_of.is_empty());
                        found.extend(decision.map(|decision| (record.published_at_us, decision)));
                    }
                    Opened::Parked(_) => return Err(FindError::KeyNotHere),
                    Opened::Erased(_) => {}
                }
            }
        }
    }

    async fn first_since(&self, partition: Partition, since_us: i64) -> Result<Offset, LogError> {
        first_since(self.0.log(), partition, since_us).await
    }

    fn book(&self, number: u8) -> Pseudonym {
        book(&self.0.pseudonyms, &self.0.organisation, number)
    }
}

/// A record of a partition that was published at this time or later, after one that was published before it: the first
/// such, where clocks were never set back.
pub(crate) async fn first_since(log: &dyn EventLog, partition: Partition, since_us: i64) -> Result<Offset, LogError> {
    let (mut low, mut high) = (0, log.end(Topic::Disclosure, partition).await?);
    while low < high {
        let middle = low.midpoint(high);
        let record = log.read(Topic::Disclosure, partition, middle, 1).await?;
        match record.first() {
            Some(record) if record.published_at_us < since_us => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The subject of one of an organisation's books.
pub(crate) fn book(pseudonyms: &PseudonymKey, organisation: &str, number: u8) -> Pseudonym {
    pseudonyms.pseudonym(Scheme::Organisation, "throughline", &format!("{organisation}/disclosures/{number:02}"))
}

/// The clocks of whoever decides and of the log may be this far apart.
pub(crate) const CLOCKS_APART_US: i64 = 120_000_000;
const RECORDS_A_READ: usize = 1_000;
/// What is looked through of a book at most, each time: some nine hours of one that takes three decisions a second on either side.
const LOOKED_AT_MAX: Offset = 200_000;

/// Why the record of a decision cannot be looked for now.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Its envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It was made a moment ago, and its key is not read yet.
    #[error("the key of the decision's record is not read yet")]
    KeyNotHere,
}
