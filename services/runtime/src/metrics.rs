//! Every metric that there is, as data: what dashboards, alerts and `docs/OPERATING.md` are checked against.
//!
//! Each is recorded through the OpenTelemetry API, read by Prometheus at `/metrics`, and pushed over OTLP, or neither when
//! the configuration asks for neither. **No label ever holds anything of a record**: values are connectors, topics and
//! partitions, which come from the configuration and the contract, and reasons and codes, which are enums.

mod instrument;

use std::sync::OnceLock;

use opentelemetry::metrics::Meter;
use prometheus::Encoder as _;

pub use instrument::{About, Counter, Gauge, Histogram, Kind, Metric};

/// Records read.
pub static RECORDS: Counter<1> =
    Counter::new("throughline.source.records", "{record}", &["source"], "Records read from a source.");
/// Posts.
pub static RECEIVED: Counter<2> = Counter::new(
    "throughline.receive.requests",
    "{request}",
    &["source", "outcome"],
    "Posts to a source by outcome: `ACCEPTED`, `REPEATED`, or the code with which a request was refused.",
);
/// Asking.
pub static FETCHED: Counter<2> = Counter::new(
    "throughline.fetch.tries",
    "{try}",
    &["source", "outcome"],
    "Times that a source was asked for what it has, by outcome: `NEWS`, `NOTHING`, `WAITING`, or the code of what was wrong.",
);
/// Findings.
pub static FINDINGS: Counter<1> = Counter::new(
    "throughline.source.findings",
    "{finding}",
    &["source"],
    "Data-quality findings on the events of a source: they reject nothing.",
);
/// Rejections.
pub static REJECTED: Counter<2> = Counter::new(
    "throughline.source.rejected",
    "{record}",
    &["source", "reason"],
    "Records of a source that could not be translated, or not be published.",
);
/// Events published.
pub static EVENTS: Counter<1> = Counter::new(
    "throughline.source.events",
    "{event}",
    &["source"],
    "Events of a source that the log has acknowledged.",
);
/// Submissions in hand.
pub static PENDING: Gauge<1> = Gauge::new(
    "throughline.source.pending",
    "{submission}",
    &["source"],
    "Submissions and messages of a source that are taken in and not yet dealt with.",
);
/// Retractions held.
pub static RETRACTIONS_HELD: Counter<1> = Counter::new(
    "throughline.source.retractions_held",
    "{retraction}",
    &["source"],
    "Retractions that wait for a person, because a submission had too many.",
);
/// From the source to the log.
pub static SOURCE_DELAY: Histogram<1> = Histogram::new(
    "throughline.source.delay",
    &["source"],
    "For each event: from the moment at which the connector took its file or message in until the log acknowledged it.",
);
/// Appends.
pub static PUBLISH: Histogram<1> = Histogram::new(
    "throughline.publish.duration",
    &["source"],
    "For each batch that a connector appends: from the append until the log acknowledged it.",
);
/// Publishing that failed.
pub static PUBLISH_FAILURES: Counter<1> = Counter::new(
    "throughline.publish.failures",
    "{append}",
    &["source"],
    "Appends of a connector that the log did not take.",
);
/// Quarantine.
pub static QUARANTINED: Counter<2> = Counter::new(
    "throughline.quarantine.items",
    "{item}",
    &["source", "reason"],
    "Items put into quarantine; the source `projection` is the log's own reader.",
);
/// The lease of a source.
pub static LEASE_HELD: Gauge<1> = Gauge::new(
    "throughline.lease.held",
    "",
    &["source"],
    "1 while this process holds the lease of the source and may write for it; 0 on standby.",
);
/// Whether the log is accepting.
pub static LOG_ACCEPTING: Gauge<0> = Gauge::new(
    "throughline.log.accepting",
    "",
    &[],
    "1 while the log takes what this process appends; 0 since it last did not.",
);
/// Damage.
pub static LOG_DAMAGED: Counter<1> = Counter::new(
    "throughline.log.damaged",
    "{read}",
    &["topic"],
    "Reads that found the log damaged: an offset that it should hold and does not, or bytes that are not as acknowledged.",
);
/// How far behind.
pub static LAG: Gauge<2> = Gauge::new(
    "throughline.projection.lag",
    "{record}",
    &["topic", "partition"],
    "Records of a partition that were on the log and not in the store when the projection last looked.",
);
/// How stale.
pub static STALENESS: Gauge<0> = Gauge::new(
    "throughline.projection.staleness",
    "s",
    &[],
    "How long ago everything then on the log had been read: beyond `serve.facts_lag_max_s` readers are refused.",
);
/// Whether it is caught up.
pub static CAUGHT_UP: Gauge<0> =
    Gauge::new("throughline.projection.caught_up", "", &[], "1 while every partition is read to its end.");
/// Records read from the log.
pub static CONSUMED: Counter<1> = Counter::new(
    "throughline.projection.records",
    "{record}",
    &["topic"],
    "Records of the log that the projection has read and committed.",
);
/// Rows.
pub static ROWS: Counter<0> =
    Counter::new("throughline.projection.rows", "{row}", &[], "Rows that the projection has written to the store.");
/// Commits.
pub static COMMIT: Histogram<0> = Histogram::new(
    "throughline.projection.commit.duration",
    &[],
    "For each batch: how long the store took to commit it.",
);
/// From the log to the timeline.
pub static PROJECTION_DELAY: Histogram<1> = Histogram::new(
    "throughline.projection.delay",
    &["topic"],
    "For each record, once the projection has caught up for the first time: from the log's time of it until it was committed.",
);
/// Parked records.
pub static PARKED: Gauge<0> =
    Gauge::new("throughline.projection.parked", "{key}", &[], "Keys that records on the log wait for.");
/// Subjects linked.
pub static LINKING_RECORDS: Counter<0> = Counter::new(
    "throughline.linking.records",
    "{record}",
    &[],
    "Records that were compared with all that may be of the same child.",
);
/// Records compared with them.
pub static LINKING_COMPARED: Counter<0> = Counter::new(
    "throughline.linking.compared",
    "{pair}",
    &[],
    "Pairs of records that were compared: by record, how many shared a selective value.",
);
/// Edges changed.
pub static LINKING_EDGES: Counter<1> = Counter::new(
    "throughline.linking.edges",
    "{pair}",
    &["outcome"],
    "Pairs of records of which something was noted anew: automatic, possible, vetoed, past, gone.",
);
/// Who waits.
pub static LINKING_WAITING: Gauge<0> = Gauge::new(
    "throughline.linking.waiting",
    "{record}",
    &[],
    "Records that are read and not yet compared, counted every 5 s.",
);
/// Who was not looked for by everything.
pub static LINKING_PASSED_OVER: Gauge<0> = Gauge::new(
    "throughline.linking.passed_over",
    "{record}",
    &[],
    "Records of which some value is shared by more than are looked through: nobody was looked for by it. Counted every 5 s.",
);
/// How far behind.
pub static LINKING_STALENESS: Gauge<0> = Gauge::new(
    "throughline.linking.staleness",
    "s",
    &[],
    "How long ago everything that was read was linked. Readers are answered by what is linked.",
);
/// Decisions.
pub static DECISIONS: Counter<3> = Counter::new(
    "throughline.decisions",
    "{decision}",
    &["method", "outcome", "reason"],
    "Requests by outcome: `answered` (reason `NONE`), `denied` with the reason that the reader was told, `ended` (a stream, before its time), or `failed`.",
);
/// Streams.
pub static STREAMS: Gauge<0> =
    Gauge::new("throughline.streams.open", "{stream}", &[], "Streams of readers that are open.");
/// Deciding.
pub static DECIDE: Histogram<0> = Histogram::new(
    "throughline.disclosure.decide.duration",
    &[],
    "For each request: reading the child, folding, and deciding.",
);
/// Rules that fail.
pub static RULES_FAILED: Counter<0> = Counter::new(
    "throughline.rules.failed",
    "{decision}",
    &[],
    "Decisions in which a rule could not be evaluated, so that what it was asked about was hidden: none, ever.",
);
/// Approval.
pub static POLICY_APPROVED: Gauge<0> = Gauge::new(
    "throughline.rules.approved",
    "",
    &[],
    "1 while the rules that this process runs are approved by two people; 0 while readers are refused because they are not.",
);
/// Recording.
pub static RECORD: Histogram<0> = Histogram::new(
    "throughline.disclosure.record.duration",
    &[],
    "For each decision: until it was durable on the log. Nothing is released before.",
);
/// Recording that failed.
pub static RECORD_FAILURES: Counter<0> = Counter::new(
    "throughline.disclosure.failures",
    "{decision}",
    &[],
    "Decisions that could not be put on the log, so that nothing was released.",
);
/// gRPC.
pub static GRPC: Histogram<2> = Histogram::new(
    "throughline.grpc.request.duration",
    &["method", "code"],
    "For each gRPC request of a reader: until its last byte. Of a stream: until it ended.",
);
/// Emergencies.
pub static BREAK_GLASS_ASSERTED: Counter<0> = Counter::new(
    "throughline.break_glass.asserted",
    "{assertion}",
    &[],
    "Times that somebody broke the glass, through this process.",
);
/// Their reviews.
pub static BREAK_GLASS_OVERDUE: Gauge<0> = Gauge::new(
    "throughline.break_glass.overdue",
    "{review}",
    &[],
    "Breakings of the glass that nobody has reviewed within 72 hours.",
);
/// How often.
pub static BREAK_GLASS_ALARMS: Gauge<0> = Gauge::new(
    "throughline.break_glass.alarms",
    "{alarm}",
    &[],
    "People and organisations who broke the glass more often than is usual: `throughline break-glass list` says who.",
);
/// What is signed.
pub static LEDGER_SIZE: Gauge<0> = Gauge::new(
    "throughline.ledger.records",
    "{record}",
    &[],
    "Records of the log that the last statement of the ledger covers.",
);
/// When.
pub static LEDGER_SIGNED_AT: Gauge<0> = Gauge::new(
    "throughline.ledger.signed.timestamp",
    "s",
    &[],
    "When the ledger last signed a statement, seconds since 1970: at least once a minute.",
);
/// What is not.
pub static LEDGER_BEHIND: Gauge<0> = Gauge::new(
    "throughline.ledger.behind",
    "{record}",
    &[],
    "Records that were on the log and not signed when the ledger last looked.",
);
/// Room.
pub static DISK_FREE: Gauge<1> =
    Gauge::new("throughline.disk.free", "By", &["of"], "Room on the disk of the store, or of the process's data.");
/// Certificates.
pub static CERTIFICATE_EXPIRY: Gauge<1> = Gauge::new(
    "throughline.certificate.expiry.timestamp",
    "s",
    &["of"],
    "When the certificate in a file of the configuration expires, seconds since 1970.",
);
/// What runs.
pub static BUILD_INFO: Gauge<2> =
    Gauge::new("throughline.build.info", "", &["version", "role"], "1; the labels say what runs, and as what.");

/// All of them, in the order of a record's way.
pub static ALL: [&dyn Metric; 46] = [
    &RECEIVED,
    &FETCHED,
    &RECORDS,
    &FINDINGS,
    &REJECTED,
    &EVENTS,
    &PENDING,
    &RETRACTIONS_HELD,
    &SOURCE_DELAY,
    &PUBLISH,
    &PUBLISH_FAILURES,
    &QUARANTINED,
    &LEASE_HELD,
    &LOG_ACCEPTING,
    &LOG_DAMAGED,
    &LAG,
    &STALENESS,
    &CAUGHT_UP,
    &CONSUMED,
    &ROWS,
    &COMMIT,
    &PROJECTION_DELAY,
    &PARKED,
    &LINKING_RECORDS,
    &LINKING_COMPARED,
    &LINKING_EDGES,
    &LINKING_WAITING,
    &LINKING_PASSED_OVER,
    &LINKING_STALENESS,
    &DECISIONS,
    &STREAMS,
    &DECIDE,
    &RECORD,
    &RECORD_FAILURES,
    &GRPC,
    &RULES_FAILED,
    &POLICY_APPROVED,
    &BREAK_GLASS_ASSERTED,
    &BREAK_GLASS_OVERDUE,
    &BREAK_GLASS_ALARMS,
    &LEDGER_SIZE,
    &LEDGER_SIGNED_AT,
    &LEDGER_BEHIND,
    &DISK_FREE,
    &CERTIFICATE_EXPIRY,
    &BUILD_INFO,
];

/// The format of [`exposition`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Where instruments are made; none while nobody wants to know.
static METER: OnceLock<Meter> = OnceLock::new();
/// What Prometheus reads.
static REGISTRY: OnceLock<prometheus::Registry> = OnceLock::new();

/// Whether anybody wants to know.
pub fn is_on() -> bool {
    METER.get().is_some()
}

/// From now on. A second call changes nothing.
pub(crate) fn turn_on(meter: Meter, registry: prometheus::Registry) {
    let _second_call_changes_nothing = (REGISTRY.set(registry), METER.set(meter));
}

/// Measures the room on the disk that holds a folder.
pub fn watch_disk(of: &str, folder: std::path::PathBuf) {
    DISK_FREE.watch([of], move || {
        let disk = rustix::fs::statvfs(&folder).ok()?;
        // In floating point, as every gauge is: to the byte up to 8 petabytes.
        Some(disk.f_bavail as f64 * disk.f_frsize as f64)
    });
}

fn meter() -> &'static Meter {
    METER.get_or_init(|| opentelemetry::global::meter("throughline"))
}

/// All metrics as Prometheus reads them; empty while they are off.
pub fn exposition() -> String {
    let mut text = Vec::new();
    if let Some(registry) = REGISTRY.get()
        && let Err(error) = prometheus::TextEncoder::new().encode(&registry.gather(), &mut text)
    {
        tracing::error!("the metrics cannot be written: {error}");
    }
    String::from_utf8(text).unwrap_or_default()
}
