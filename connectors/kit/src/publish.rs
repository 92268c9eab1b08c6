//! Drafts and statements to the log: screened, sealed, appended, acknowledged.

mod measured;
mod screen;
mod under_way;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::authority::{family_of, sector_topic};
use event_log::seal::{DataKeys, PseudonymKey, SealError, WrappingKeys};
use event_log::{EventId, EventLog, KeyId, LogError, Offset, Partition, Pseudonym, Record, Topic};
use prost::Message as _;
use proto::quarantine::{Handled, Item, Reason};
use proto::sharing::Label;
use runtime::metrics;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

use crate::body::{Statement, Subjects, feed_statement};
use crate::connector::{Descriptor, Draft, Rejection};
use crate::quarantine;
use measured::Measured;
use screen::SUBJECT_ERASED;
pub use screen::not_for_the_log;
pub(crate) use screen::{is_of_the_future, is_organisation_id};
pub(crate) use under_way::OnItsWay;
use under_way::{Receipt, UnderWay};

/// Events sealed and appended at a time: while so many are on their way, as many are sealed.
const BATCH_EVENTS: usize = 4_096;
/// Bytes appended at a time, more or less.
const BATCH_BYTES: usize = 4 << 20;
const READ_RECORDS: usize = 1_000;
/// How long a destroyed key may go unnoticed here, at most: half of what it may everywhere.
const KEYS_READ_EVERY: Duration = Duration::from_secs(2);

/// Whose records a connector may bring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    /// Organisation ids; one that ends in `*` stands for all that begin so: `school-878*`.
    pub controllers: Vec<String>,
    /// Under whose key the quarantine seals what names no organisation of these: the one that runs the connector.
    pub home: String,
}

impl Credentials {
    /// Whether they name this organisation.
    pub fn name(&self, controller: &str) -> bool {
        self.controllers.iter().any(|named| match named.strip_suffix('*') {
            Some(prefix) => controller.starts_with(prefix),
            None => named == controller,
        })
    }
}

/// Why nothing, or not everything, could be published. What was appended stays; the same again repeats nothing in a fold.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The log did not take it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A connector of no sector has no topic.
    #[error("the connector's family is no sector: it has no topic to write to")]
    NoTopic,
}

impl PublishError {
    /// The log takes nothing for now, being full or out of reach, and goes on by itself.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Log(error) if error.is_transient())
    }
}

/// What publishing came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Published {
    /// Events acknowledged.
    pub events: u64,
    /// Events of erased subjects, which do not come back.
    pub erased: u64,
    /// Items newly in quarantine.
    pub quarantined: u64,
}

/// The one publisher of a source, for all the ways in which its records arrive: two would each make a data key for a
/// subject, and the same record by two ways would be one event id with two contents.
#[derive(Clone)]
pub struct SharedPublisher(Arc<Mutex<Publisher>>);

impl From<Publisher> for SharedPublisher {
    fn from(publisher: Publisher) -> Self {
        Self(Arc::new(Mutex::new(publisher)))
    }
}

impl SharedPublisher {
    /// Waits for its turn. Turns are given in the order in which they were asked for.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, Publisher> {
        self.0.lock().await
    }

    /// Reads on in the keys topic for as long as the source runs: a key that is destroyed is dropped within seconds, and its subject is
    /// refused from then on.
    pub async fn follow_keys(self, stop: CancellationToken) {
        let (log, source) = {
            let publisher = self.lock().await;
            (Arc::clone(&publisher.log), publisher.descriptor.name)
        };
        let (mut seen, mut is_told) = (0, false);
        while !stop.is_cancelled() {
            let read = self.lock().await.read_keys().await;
            match &read {
                Err(error) if !is_told => tracing::warn!(source, %error, "the keys are not read: trying again"),
                _ => {}
            }
            is_told = read.is_err();
            let grown = async {
                match read {
                    Ok(()) => log.grown(&[Topic::Keys], seen, KEYS_READ_EVERY).await.unwrap_or(seen),
                    Err(_) => {
                        tokio::time::sleep(KEYS_READ_EVERY).await;
                        seen
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                grown = grown => seen = grown,
            }
        }
    }
}

/// Seals and appends for one source. One for each source: no two processes write one.
pub struct Publisher {
    log: Arc<dyn EventLog>,
    pseudonyms: PseudonymKey,
    keys: DataKeys,
    /// How far the keys topic is read, and when it was last.
    keys_read: BTreeMap<Partition, Offset>,
    keys_read_at: Instant,
    credentials: Credentials,
    descriptor: Descriptor,
    /// What is put on every record, numbers of the contract's labels.
    labels: Vec<i32>,
    topic: Topic,
    /// Made, and not yet acknowledged: nothing is appended before them.
    keys_pending: Vec<Record>,
    under_way: Option<UnderWay>,
    batch_events: usize,
    items_known: HashSet<EventId>,
    /// When those were first tried that were not acknowledged: they may be in the log, and come again as the same bytes.
    items_tried: HashMap<EventId, i64>,
}

impl Publisher {
    /// Reads the keys topic and the ids of the quarantine to their ends.
    ///
    /// # Errors
    /// When they cannot be read, or the connector has no topic.
    pub async fn open(
        log: Arc<dyn EventLog>,
        pseudonyms: PseudonymKey,
        wrapping: Arc<WrappingKeys>,
        credentials: Credentials,
        descriptor: Descriptor,
    ) -> Result<Self, PublishError> {
        let topic = sector_topic(descriptor.family).ok_or(PublishError::NoTopic)?;
        let mut keys = DataKeys::new(descriptor.name, wrapping);
        let (mut items_known, mut keys_read) = (HashSet::new(), BTreeMap::new());
        crate::keys::read_on(log.as_ref(), &mut keys_read, |key| keys.absorb(key)).await?;
        for partition in Partition::all() {
            let mut from = 0;
            while let Some(next) = {
                let records = log.read(Topic::Quarantine, partition, from, READ_RECORDS).await?;
                let next = records.last().map(|record| record.position.offset + 1);
                // An id stands in clear, and anybody can write one: an item is there when this source sealed it.
                let items = records.into_iter().filter_map(|record| event_log::envelope::decode(record.value).ok());
                for item in items {
                    if keys.sealed(&item) == Some(true) {
                        items_known.insert(item.header.event_id);
                        keys.let_go(item.header.key_id);
                    }
                }
                next
            } {
                from = next;
            }
        }
        keys.shrink();
        let (keys_pending, items_tried) = (Vec::new(), HashMap::new());
        // Known from the start: a counter that nobody has seen cannot be seen not to grow.
        for counter in [&metrics::RECORDS, &metrics::FINDINGS, &metrics::EVENTS, &metrics::PUBLISH_FAILURES] {
            counter.add(0, [descriptor.name]);
        }
        metrics::RETRACTIONS_HELD.add(0, [descriptor.name]);
        for reason in Reason::all() {
            metrics::REJECTED.add(0, [descriptor.name, reason.name()]);
            metrics::QUARANTINED.add(0, [descriptor.name, reason.name()]);
        }
        let under_way = None;
        Ok(Self {
            log,
            pseudonyms,
            keys,
            keys_read,
            keys_read_at: Instant::now(),
            credentials,
            descriptor,
            labels: Vec::new(),
            topic,
            keys_pending,
            under_way,
            batch_events: BATCH_EVENTS,
            items_known,
            items_tried,
        })
    }

    /// Puts these on every record from now on: [`crate::Connector::labels`].
    #[must_use]
    pub fn labelled(mut self, labels: &[Label]) -> Self {
        self.labels = labels.iter().map(|label| (*label).into()).collect();
        self
    }

    /// The connector's own topic.
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// The key that names subjects and entries.
    pub fn pseudonyms(&self) -> &PseudonymKey {
        &self.pseudonyms
    }

    /// Reads on in the keys topic to its end.
    pub(crate) async fn read_keys(&mut self) -> Result<(), LogError> {
        let keys = &mut self.keys;
        crate::keys::read_on(self.log.as_ref(), &mut self.keys_read, |key| keys.absorb(key)).await?;
        self.keys.wrapping().forget_gone();
        self.keys_read_at = Instant::now();
        Ok(())
    }

    /// Subjects that are erased, and not readmitted.
    pub(crate) fn erased(&self) -> HashSet<Pseudonym> {
        self.keys.erased().collect()
    }

    /// Publishes drafts of a feed, each at the version that it states.
    ///
    /// # Errors
    /// When the log does not take them, or they cannot be sealed.
    pub async fn publish_feed(&mut self, drafts: Vec<Draft>, now_us: i64) -> Result<Published, PublishError> {
        let statements = self.feed_statements(drafts, now_us);
        self.publish(statements, now_us).await
    }

    /// The same, as [`Self::publish_on`] does it.
    pub(crate) async fn publish_feed_on(
        &mut self,
        drafts: Vec<Draft>,
        now_us: i64,
        on_its_way: &mut OnItsWay,
    ) -> Result<Published, PublishError> {
        let statements = self.feed_statements(drafts, now_us);
        self.publish_on(statements, on_its_way).await
    }

    /// Each is made when it is sealed: all of them together would be megabytes that no cache holds.
    fn feed_statements(&self, drafts: Vec<Draft>, now_us: i64) -> impl Iterator<Item = Statement> + Send + use<> {
        let (mut subjects, descriptor) = (Subjects::new(&self.pseudonyms), self.descriptor);
        drafts.into_iter().map(move |draft| feed_statement(&mut subjects, descriptor, draft, now_us))
    }

    /// Seals and appends, in order: the next part is sealed while the one before is on its way. Returns once all is
    /// acknowledged. On an error, and when this is dropped before its end, some of it may be on the log and none of it is said
    /// to be: published again, it gives the same bytes. `taken_in_us`: when what they come from was taken in,
    /// microseconds since 1970; it is only measured with.
    ///
    /// # Errors
    /// When the log does not take them, or they cannot be sealed.
    pub async fn publish(
        &mut self,
        statements: impl IntoIterator<Item = Statement, IntoIter: Send> + Send,
        taken_in_us: i64,
    ) -> Result<Published, PublishError> {
        let mut on_its_way = self.on_its_way(taken_in_us);
        let mut published = self.publish_on(statements, &mut on_its_way).await?;
        published.events += self.acknowledged(&mut on_its_way).await?;
        Ok(published)
    }

    /// Nothing on its way yet, of what was taken in at this moment.
    pub(crate) fn on_its_way(&self, taken_in_us: i64) -> OnItsWay {
        OnItsWay { receipt: None, measured: Measured::new(self.descriptor.name, taken_in_us) }
    }

    /// As [`Self::publish`], and returns while the last part is on its way: what was read of a submission is sealed while what
    /// was read before is appended. Gives what was acknowledged meanwhile, of all that is on its way.
    ///
    /// # Errors
    /// When the log did not take what was on its way before, or does not take this, or it cannot be sealed.
    pub(crate) async fn publish_on(
        &mut self,
        statements: impl IntoIterator<Item = Statement, IntoIter: Send> + Send,
        on_its_way: &mut OnItsWay,
    ) -> Result<Published, PublishError> {
        let mut published = Published::default();
        let OnItsWay { receipt, measured } = on_its_way;
        measured.called();
        let (mut batch, mut bytes) = (Vec::with_capacity(self.batch_events), 0);
        for mut statement in statements {
            statement.body.labels.extend(&self.labels);
            statement.body.labels.sort_unstable();
            statement.body.labels.dedup();
            let Some(kind) = statement.body.event.as_ref().and_then(|event| event.kind.as_ref()) else { continue };
            let Some(family) = family_of(kind, self.topic) else { continue };
            let plaintext = statement.body.encode_to_vec();
            let sealed = measured.sealing(statement.event_id, || {
                self.seal(statement.subject, &statement.body.controller, statement.event_id, family, &plaintext)
            });
            let (_, value) = match sealed {
                Err(SealError::Erased(_)) => {
                    published.erased += 1;
                    continue;
                }
                sealed => sealed?,
            };
            bytes += value.len();
            batch.push(self.record(self.topic, statement.subject, value));
            if batch.len() >= self.batch_events || bytes >= BATCH_BYTES {
                published.events += measured.acknowledged(self.hand_over(std::mem::take(&mut batch), receipt).await?);
                measured.handed_over();
                bytes = 0;
                // A long file keeps nobody else from hearing that a key is destroyed, and its own sealing neither.
                if self.keys_read_at.elapsed() >= KEYS_READ_EVERY {
                    self.read_keys().await?;
                }
            }
        }
        published.events += measured.acknowledged(self.hand_over(batch, receipt).await?);
        measured.handed_over();
        Ok(published)
    }

    /// Waits until all of it is acknowledged, and gives how many events that were since it was last asked.
    ///
    /// # Errors
    /// When the log did not take it.
    pub(crate) async fn acknowledged(&mut self, on_its_way: &mut OnItsWay) -> Result<u64, PublishError> {
        self.settle().await;
        let acknowledged = received(&mut on_its_way.receipt).await?;
        Ok(on_its_way.measured.acknowledged(acknowledged))
    }

    /// Puts what could not be translated into quarantine, once each however often it comes.
    ///
    /// # Errors
    /// When the log does not take it, or it cannot be sealed.
    pub async fn quarantine(&mut self, rejections: &[Rejection], at_us: i64) -> Result<Published, PublishError> {
        let (mut records, mut items, mut quarantined) = (Vec::new(), Vec::new(), 0);
        let mut reasons = Vec::new();
        self.settle().await;
        for rejection in rejections {
            let mut item = quarantine::item(&self.pseudonyms, self.descriptor.name, rejection, at_us);
            if rejection.subject.as_ref().is_some_and(|of| self.keys.is_erased(self.pseudonyms.of(of))) {
                // What could not be read of somebody who was erased does not come back as an item either.
                item.raw.clear();
                (item.reason, item.message) = (Reason::SubjectErased.into(), SUBJECT_ERASED.to_owned());
            }
            let Some(id) = EventId::from_slice(&item.id) else { continue };
            if self.items_known.contains(&id) || items.iter().any(|(item, _)| *item == id) {
                continue;
            }
            item.quarantined_at_us = *self.items_tried.entry(id).or_insert(at_us);
            let subject = quarantine::subject(&self.pseudonyms, self.descriptor.name, id);
            let under = self.under(rejection.controller.as_deref());
            let family = proto::events::Family::Quarantine;
            let (key_id, value) = match self.seal(subject, &under, id, family, &item.encode_to_vec()) {
                // Discarded by a person: it stays so.
                Err(SealError::Erased(_)) => continue,
                sealed => sealed?,
            };
            records.push(self.record(Topic::Quarantine, subject, value));
            items.push((id, key_id));
            reasons.push(rejection.reason);
            if records.iter().map(|record| record.value.len()).sum::<usize>() >= BATCH_BYTES {
                self.append(std::mem::take(&mut records)).await?;
                quarantined += self.remember(&mut items);
            }
        }
        self.append(records).await?;
        quarantined += self.remember(&mut items);
        for reason in reasons {
            metrics::QUARANTINED.add(1, [self.descriptor.name, reason.name()]);
        }
        Ok(Published { quarantined, ..Published::default() })
    }

    /// Puts on record what was done about items of this source, each with how much was on record before. Of what is discarded
    /// meanwhile nothing is said.
    pub(crate) async fn note(&mut self, done: Vec<(Item, Handled, usize)>) -> Result<(), PublishError> {
        self.settle().await;
        let mut records = Vec::new();
        for (item, handled, number) in done {
            let Some(of) = EventId::from_slice(&item.id) else { continue };
            let subject = quarantine::subject(&self.pseudonyms, self.descriptor.name, of);
            let (id, said) = quarantine::note(&self.pseudonyms, &item, handled, number);
            let under = self.under(Some(&said.controller));
            let family = proto::events::Family::Quarantine;
            match self.seal(subject, &under, id, family, &said.encode_to_vec()) {
                Err(SealError::Erased(_)) => {}
                sealed => records.push(self.record(Topic::Quarantine, subject, sealed?.1)),
            }
        }
        self.append(records).await?;
        Ok(())
    }

    /// Under whose key an item of this organisation's record is sealed.
    fn under(&self, controller: Option<&str>) -> String {
        let seals = |controller: &&str| self.credentials.name(controller) && self.keys.can_seal_for(controller);
        controller.filter(seals).unwrap_or(&self.credentials.home).to_owned()
    }

    /// What is known of an item on the log is that it is there: its key sealed it alone.
    fn remember(&mut self, items: &mut Vec<(EventId, KeyId)>) -> u64 {
        let count = items.len() as u64;
        for (id, key_id) in items.drain(..) {
            self.items_tried.remove(&id);
            self.items_known.insert(id);
            self.keys.let_go(key_id);
        }
        count
    }

    fn seal(
        &mut self,
        subject: Pseudonym,
        controller: &str,
        event_id: EventId,
        family: proto::events::Family,
        plaintext: &[u8],
    ) -> Result<(KeyId, bytes::Bytes), SealError> {
        let (key_id, made) = self.keys.for_subject(subject, controller)?;
        self.keys_pending.extend(made);
        Ok((key_id, self.keys.seal(key_id, event_id, subject, family, plaintext)?))
    }

    fn record(&self, topic: Topic, subject: Pseudonym, value: bytes::Bytes) -> Record {
        Record { topic, partition: subject.partition(), key: *subject.as_bytes(), value }
    }

    /// Appends, and waits for the acknowledgement.
    async fn append(&mut self, records: Vec<Record>) -> Result<(), PublishError> {
        let mut receipt = None;
        self.hand_over(records, &mut receipt).await?;
        self.settle().await;
        received(&mut receipt).await?;
        Ok(())
    }

    /// Hands over what is sealed as soon as what anybody handed over before has ended, and gives how many events the caller's own
    /// were: where the log did not take those, nothing follows. Never is more than one append under way, so a partition keeps
    /// its order.
    async fn hand_over(&mut self, records: Vec<Record>, receipt: &mut Option<Receipt>) -> Result<u64, PublishError> {
        self.settle().await;
        let acknowledged = received(receipt).await?;
        if !(records.is_empty() && self.keys_pending.is_empty()) {
            let (log, keys) = (Arc::clone(&self.log), self.keys_pending.clone());
            let (under_way, of_this) = UnderWay::begin(log, self.descriptor.name, keys, records);
            (self.under_way, *receipt) = (Some(under_way), Some(of_this));
            // It begins before more is sealed, also where one thread does both.
            tokio::task::yield_now().await;
        }
        Ok(acknowledged)
    }

    /// Waits for what is under way, whoever handed it over: what became of it they hear by their receipt. Dropped meanwhile, it
    /// leaves that under way, to be waited for by whoever comes next.
    async fn settle(&mut self) {
        let Some(under_way) = &mut self.under_way else { return };
        let keys_taken = under_way.ended().await;
        self.under_way = None;
        // What was made since then is still pending, and so is all of it where the log did not take it.
        self.keys_pending.drain(..keys_taken.min(self.keys_pending.len()));
    }
}

/// How many records of the caller's the log has that were on their way, if any were.
async fn received(receipt: &mut Option<Receipt>) -> Result<u64, LogError> {
    match receipt.take() {
        Some(receipt) => receipt.outcome().await,
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests;
