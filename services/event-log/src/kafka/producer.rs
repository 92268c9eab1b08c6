//! Appending: one idempotent producer, and never more in memory than its bound.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, NoCustomPartitioner, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::client::{self, Context, Names};
use super::record::{US_HEADER, us_of};
use crate::log::{LogError, Record, StoredRecord, VALUE_BYTES_MAX};

/// What a queued record costs beside its value, bytes: about what librdkafka keeps of one.
const AROUND_A_VALUE: usize = 256;
/// The largest batch, bytes: below what a broker takes without being told otherwise (1,048,588).
const BATCH_BYTES_MAX: &str = "1048000";

/// Appends, and waits for all of it.
pub(super) struct Producer {
    inner: ThreadedProducer<Delivering>,
    names: Names,
    context: Context,
    room: Arc<Semaphore>,
    room_bytes: usize,
    within: Duration,
}

/// A record to send: when it was published, if that is not now.
pub(super) struct Sent {
    pub(super) record: Record,
    pub(super) published_at_us: Option<i64>,
}

impl From<Record> for Sent {
    fn from(record: Record) -> Self {
        Self { record, published_at_us: None }
    }
}

impl From<StoredRecord> for Sent {
    fn from(stored: StoredRecord) -> Self {
        let StoredRecord { position, published_at_us, key, value } = stored;
        let record = Record { topic: position.topic, partition: position.partition, key, value };
        Self { record, published_at_us: Some(published_at_us) }
    }
}

/// What was acknowledged: the offset of each record, in order, and the latest time that the log gave any.
pub(super) struct Acknowledged {
    pub(super) offsets: Vec<u64>,
    pub(super) published_at_us: i64,
}

/// An append on its way.
pub(super) struct Pending {
    receive: oneshot::Receiver<Result<Acknowledged, Failed>>,
}

struct Failed {
    code: RDKafkaErrorCode,
    index: usize,
}

impl Producer {
    pub(super) fn new(
        mut config: ClientConfig,
        context: Context,
        names: Names,
        room: Arc<Semaphore>,
        room_bytes: usize,
        within: Duration,
    ) -> Result<Self, LogError> {
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // Sealed bodies do not compress, and the topics keep what is unpacked only.
            .set("compression.codec", "none")
            .set("linger.ms", "1")
            .set("message.max.bytes", BATCH_BYTES_MAX)
            .set("batch.size", BATCH_BYTES_MAX)
            // The bound on memory is `room`: one that counts what was handed over and not yet acknowledged.
            .set("queue.buffering.max.messages", "0")
            .set("queue.buffering.max.kbytes", "2097151")
            .set("message.timeout.ms", within.as_millis().to_string())
            .set_log_level(RDKafkaLogLevel::Info);
        let delivering = Delivering(context.clone());
        let inner = ThreadedProducer::from_config_and_context(&config, delivering).map_err(|e| client::not_made(&e))?;
        Ok(Self { inner, names, context, room, room_bytes, within })
    }

    /// Room for these records, waited for as long as a delivery may take.
    pub(super) async fn room_for(&self, records: &[Sent]) -> Result<OwnedSemaphorePermit, LogError> {
        let bytes: usize = records.iter().map(|sent| sent.record.value.len() + AROUND_A_VALUE).sum();
        // One append larger than the bound goes alone: its caller holds it in memory already.
        let wanted = u32::try_from(bytes.min(self.room_bytes)).unwrap_or(u32::MAX);
        let permit = tokio::time::timeout(self.within, Arc::clone(&self.room).acquire_many_owned(wanted)).await;
        permit.ok().and_then(Result::ok).ok_or_else(|| LogError::Unavailable {
            because: self.context.faults.explain("what was appended before is not acknowledged"),
        })
    }

    /// Hands all over, in order. The caller holds the one lock that keeps appends apart.
    pub(super) fn send(&self, records: &[Sent], room: OwnedSemaphorePermit) -> Pending {
        let (done, receive) = oneshot::channel();
        let state = State {
            left: records.len(),
            offsets: vec![0; records.len()],
            published_at_ms: 0,
            failed: None,
            done: Some(done),
        };
        let append = Arc::new(Append { state: Mutex::new(state), _room: room });
        for (index, sent) in records.iter().enumerate() {
            let one = Box::new(One { append: Arc::clone(&append), index });
            let Record { topic, partition, key, value } = &sent.record;
            let mut record = BaseRecord::with_opaque_to(self.names.of(*topic), one)
                .partition(i32::from(partition.number()))
                .key(&key[..])
                .payload(value.as_ref());
            if let Some(us) = sent.published_at_us {
                record = record.timestamp(us.div_euclid(1_000));
                let within = us_of(us);
                if within != 0 {
                    let header = Header { key: US_HEADER, value: Some(&within.to_be_bytes()) };
                    record = record.headers(OwnedHeaders::new_with_capacity(1).insert(header));
                }
            }
            if let Err((error, record)) = self.inner.send(record) {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
                record.delivery_opaque.ended(Err(code));
            }
        }
        Pending { receive }
    }

    /// Waits for all of it.
    pub(super) async fn acknowledged(&self, pending: Pending, records: &[Sent]) -> Result<Acknowledged, LogError> {
        match pending.receive.await {
            Ok(Ok(acknowledged)) => Ok(acknowledged),
            Ok(Err(Failed { code, index })) => Err(self.why(code, records.get(index))),
            Err(_) => Err(LogError::Unavailable { because: "the client was closed".to_owned() }),
        }
    }

    fn why(&self, code: RDKafkaErrorCode, at: Option<&Sent>) -> LogError {
        let topic = at.map_or("", |sent| self.names.of(sent.record.topic));
        match code {
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::MessageBatchTooLarge
            | RDKafkaErrorCode::InvalidMessageSize => {
                LogError::TooLarge { bytes: at.map_or(0, |sent| sent.record.value.len()), bytes_max: VALUE_BYTES_MAX }
            }
            RDKafkaErrorCode::MessageTimedOut => LogError::Unavailable {
                because: self
                    .context
                    .faults
                    .explain(&format!("no acknowledgement for topic {topic} within {} s", self.within.as_secs())),
            },
            _ => client::said(code, &format!("write to topic {topic}"), &self.context.faults),
        }
    }

    /// Whether it can never deliver again.
    pub(super) fn is_spent(&self) -> bool {
        self.inner.client().fatal_error().is_some()
    }

    /// Waits for what is on its way. Blocks.
    pub(super) fn flush(&self, within: Duration) -> Result<(), KafkaError> {
        self.inner.flush(within)
    }
}

struct Append {
    state: Mutex<State>,
    _room: OwnedSemaphorePermit,
}

struct State {
    left: usize,
    offsets: Vec<u64>,
    published_at_ms: i64,
    failed: Option<Failed>,
    done: Option<oneshot::Sender<Result<Acknowledged, Failed>>>,
}

/// One record of an append.
pub(super) struct One {
    append: Arc<Append>,
    index: usize,
}

impl One {
    fn ended(&self, delivered: Result<(u64, i64), RDKafkaErrorCode>) {
        let mut state = self.append.state.lock().unwrap_or_else(PoisonError::into_inner);
        match delivered {
            Ok((offset, ms)) => {
                if let Some(slot) = state.offsets.get_mut(self.index) {
                    *slot = offset;
                }
                state.published_at_ms = state.published_at_ms.max(ms);
            }
            // The first says why: what follows it was only in its wake.
            Err(code) if state.failed.is_none() => state.failed = Some(Failed { code, index: self.index }),
            Err(_) => {}
        }
        state.left -= 1;
        if state.left == 0
            && let Some(done) = state.done.take()
        {
            let ended = match state.failed.take() {
                Some(failed) => Err(failed),
                None => Ok(Acknowledged {
                    offsets: std::mem::take(&mut state.offsets),
                    published_at_us: state.published_at_ms * 1_000,
                }),
            };
            // Whoever appended may have gone away.
            let _ = done.send(ended);
        }
    }
}

struct Delivering(Context);

impl ClientContext for Delivering {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.0.generate_oauth_token(config)
    }
}

impl ProducerContext<NoCustomPartitioner> for Delivering {
    type DeliveryOpaque = Box<One>;

    fn delivery(&self, result: &DeliveryResult<'_>, one: Self::DeliveryOpaque) {
        one.ended(match result {
            Ok(message) => {
                let offset = u64::try_from(message.offset()).map_err(|_| RDKafkaErrorCode::Fail);
                offset.map(|offset| (offset, message.timestamp().to_millis().unwrap_or(0)))
            }
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)),
        });
    }
}
