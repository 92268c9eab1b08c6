//! How fast the embedded log takes records and gives them back, and how fast envelopes are sealed and opened:
//! `cargo run -p event-log --example append_rate [FOLDER]`. Every record is invented.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use event_log::embedded::Options;
use event_log::envelope::{self, Opened};
use event_log::seal::{DataKeys, Keyring, PseudonymKey, WrappingKeys, decode_key_record};
use event_log::{EmbeddedLog, EventLog, Position, Record, StoredRecord, Topic};
use proto::events::{Family, Scheme, Version};

const VALUE_BYTES: usize = 300;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()))?;
    for (callers, batch, appends) in [(1, 1, 2_000), (64, 1, 200), (1, 100, 500), (1, 1_000, 200), (4, 1_000, 200)] {
        let log = Arc::new(EmbeddedLog::open(&dir.path().join(format!("{callers}-{batch}")), Options::default())?);
        let begun = Instant::now();
        let mut running = tokio::task::JoinSet::new();
        for caller in 0..callers {
            let log = Arc::clone(&log);
            running.spawn(async move {
                for n in 0..appends {
                    log.append((0..batch).map(|r| record(caller, n * batch + r)).collect()).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        let records = callers * appends * batch;
        println!("append callers={callers} batch={batch}: {:.0} records/s", rate(records, begun));
    }
    scan(&dir.path().join("4-1000"))?;
    envelopes(&dir.path().join("keys"))
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn scan(dir: &std::path::Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let log = EmbeddedLog::open_read_only(dir)?;
    let opened = begun.elapsed();
    let begun = Instant::now();
    let (mut records, mut bytes) = (0, 0);
    log.scan(
        |_, _| 0,
        |stored| {
            records += 1;
            bytes += black_box(stored).value.len();
            ControlFlow::Continue(())
        },
    )?;
    println!("open (all checked): {records} records in {opened:?}");
    println!("scan: {:.0} records/s, {bytes} bytes of values", rate(records, begun));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn envelopes(dir: &std::path::Path) -> anyhow::Result<()> {
    const SUBJECTS: u64 = 10_000;
    const EVENTS: u64 = 200_000;
    let wrapping = Arc::new(WrappingKeys::open(dir)?);
    let mut keys = DataKeys::new("health-hl7v2", Arc::clone(&wrapping));
    let keyring = Keyring::new(wrapping);
    let pseudonyms = PseudonymKey::generate()?;
    let body = [7; VALUE_BYTES];
    let version = Version { as_of_us: 1, sequence: 1, mapping_revision: 1 };
    let begun = Instant::now();
    for n in 0..SUBJECTS {
        let subject = pseudonyms.pseudonym(Scheme::ProviderPerson, "INVENTED", &n.to_string());
        let (_, record) = keys.for_subject(subject, "ods-invented")?;
        let Some(record) = record else { continue };
        let position = Position { topic: record.topic, partition: record.partition, offset: 0 };
        let stored = StoredRecord { position, published_at_us: 0, key: record.key, value: record.value };
        keyring.absorb(&decode_key_record(&stored)?)?;
    }
    println!("keys: {:.0} made, wrapped and absorbed/s", rate(SUBJECTS, begun));
    let begun = Instant::now();
    let mut sealed = Vec::new();
    for n in 0..EVENTS {
        let value = (n % SUBJECTS).to_string();
        let subject = pseudonyms.pseudonym(Scheme::ProviderPerson, "INVENTED", &value);
        let event_id = pseudonyms.event_id("ods-invented", "health-hl7v2", &value, &version, n as u32);
        let (key_id, _) = keys.for_subject(subject, "ods-invented")?;
        sealed.push(keys.seal(key_id, event_id, subject, Family::Health, &body)?);
    }
    println!("seal, ids included: {:.0} envelopes/s", rate(EVENTS, begun));
    let begun = Instant::now();
    for bytes in sealed {
        anyhow::ensure!(matches!(envelope::decode(bytes)?.open(&keyring)?, Opened::Plain(_)));
    }
    println!("decode and open: {:.0} envelopes/s", rate(EVENTS, begun));
    Ok(())
}

fn record(caller: u64, n: u64) -> Record {
    let mut key = [caller as u8; 16];
    key.iter_mut().zip(n.to_le_bytes()).for_each(|(to, from)| *to = from);
    let partition = event_log::Pseudonym(key).partition();
    Record { topic: Topic::Health, partition, key, value: Bytes::from(vec![7; VALUE_BYTES]) }
}

fn rate(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}
