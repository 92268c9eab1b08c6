mod senders;

use std::net::SocketAddr;

use event_log::Topic;
use proto::events::{AttendedEmergency, Family, Scheme, Version};
use proto::quarantine::Place;
use tokio::task::JoinHandle;

use super::*;
use crate::connector::{Delivery, Descriptor, Draft, Output, Rejection};
use crate::testing::{Failure, House};
use crate::{dates, identifier};

/// A feed of invented attendances: `ATT|control id|child|date`, answered `MSA|AA|control id`.
struct ToyFeed;

impl Connector for ToyFeed {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "health-toy",
            about: "Attendances at an invented department.",
            family: Family::Health,
            delivery: Delivery::Feed,
            mapping_revision: 1,
        }
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for mut file in files {
            let mut text = String::new();
            io::Read::read_to_string(&mut file.bytes, &mut text).unwrap();
            out.record();
            let fields: Vec<&str> = text.split('|').collect();
            let reject = |reason, message: &str| Rejection {
                reason,
                message: message.to_owned(),
                place: Place { file: file.name.clone(), ..Place::default() },
                controller: None,
                raw: text.clone().into_bytes(),
                scope_key: None,
                subject: None,
                digest: None,
            };
            let &["ATT", id, child, on] = fields.as_slice() else {
                out.reject(reject(Reason::MessageTypeUnsupported, "the message type is not taken"));
                continue;
            };
            let Some(on) = dates::hl7_date(on, "date").value else {
                out.reject(reject(Reason::DateMissing, "the date cannot be read"));
                continue;
            };
            out.draft(Draft {
                subject: identifier::subject(Scheme::ProviderPerson, "MRN", child),
                controller: "school-8781".to_owned(),
                scope_key: None,
                table: "attendance",
                record_key: format!("toy/{id}"),
                ordinal: 0,
                effective: dates::on(on),
                observed_at_us: None,
                version: Some(Version { as_of_us: as_of_us(id), sequence: 0, mapping_revision: 1 }),
                findings: Vec::new(),
                third_parties: Vec::new(),
                clears: Vec::new(),
                in_part: false,
                labels: Vec::new(),
                event: AttendedEmergency::default().into(),
                place: Place::default(),
            });
        }
    }
}

/// A message whose id begins with "F" says that it is two days from now, one with "T" tomorrow.
fn as_of_us(id: &str) -> i64 {
    const HOUR_US: i64 = 3_600_000_000;
    match id.as_bytes().first() {
        Some(b'F') => now_us() + 48 * HOUR_US,
        Some(b'T') => now_us() + 23 * HOUR_US,
        _ => 1_700_000_000_000_000,
    }
}

impl Acknowledges for ToyFeed {
    fn acknowledge(&self, raw: &[u8], answer: Answer, text: &str) -> Vec<u8> {
        let id = String::from_utf8_lossy(raw).split('|').nth(1).unwrap_or("").to_owned();
        let code = match answer {
            Answer::Accept => "AA",
            Answer::Error => "AE",
            Answer::Reject => "AR",
        };
        format!("MSA|{code}|{id}|{text}").into_bytes()
    }
}

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<Result<(), PublishError>>,
    counts: Arc<SourceCounts>,
}

async fn start(house: &House, options: Options) -> Running {
    start_with(house.publisher(&ToyFeed).await.into(), options).await
}

async fn start_with(publisher: SharedPublisher, options: Options) -> Running {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop, counts) = (socket.local_addr().unwrap(), CancellationToken::new(), Arc::default());
    let door = Door::open(socket, None).unwrap();
    let task = tokio::spawn(serve(door, Arc::new(ToyFeed), publisher, options, Arc::clone(&counts), stop.clone()));
    Running { address, stop, task, counts }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// Everything that the other side sends until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset by a side that closed with bytes unread ends the stream as well.
    let _reset = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

async fn ask(stream: &mut TcpStream, message: &str) -> String {
    stream.write_all(format!("\x0b{message}\x1c\r").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x1c\r") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed before an answer");
    }
    String::from_utf8(answer).unwrap().trim_matches(['\x0b', '\x1c', '\r']).to_owned()
}

#[tokio::test]
async fn a_message_is_answered_once_it_is_durable() {
    let house = House::new();
    let running = start(&house, Options::of("toy")).await;
    let mut stream = running.connect().await;
    assert_eq!(ask(&mut stream, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    assert_eq!(house.events(Topic::Health).await.len(), 1);
    assert_eq!(ask(&mut stream, "ATT|2|A77|soon").await, "MSA|AE|2|the date cannot be read");
    assert_eq!(house.items().await.len(), 1);
    assert_eq!(ask(&mut stream, "ORU|3").await, "MSA|AR|3|the message type is not taken");
    assert_eq!(house.items().await.len(), 1);
    // Sent again, as a sender does that never saw its answer: the same bytes once more.
    assert_eq!(ask(&mut stream, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    assert_eq!(house.folded(Topic::Health).await.len(), 1);
    let counts = Arc::clone(&running.counts);
    running.stop().await;
    assert_eq!((counts.records.load(Ordering::Relaxed), counts.rejected.load(Ordering::Relaxed)), (4, 2));
}

#[tokio::test]
async fn a_log_that_fails_for_good_ends_the_listener_which_says_so() {
    let house = House::new();
    let running = start(&house, Options::of("toy")).await;
    let mut stream = running.connect().await;
    house.log.fail_after(0, Failure::Before);
    let answer = ask(&mut stream, "ATT|1|A77|20250116").await;
    assert_eq!(answer, "MSA|AR|1|the message cannot be taken now: send it again later");
    let ended = running.task.await.unwrap();
    assert!(matches!(ended, Err(PublishError::Log(event_log::LogError::Closed))), "{ended:?}");
}

#[tokio::test]
async fn a_log_that_takes_nothing_now_is_answered_and_takes_it_later() {
    let house = House::new();
    let running = start(&house, Options::of("toy")).await;
    let mut stream = running.connect().await;
    for failure in [Failure::Full, Failure::Away] {
        house.log.fail_after(0, failure);
        let answer = ask(&mut stream, "ATT|1|A77|20250116").await;
        assert_eq!(answer, "MSA|AR|1|the message cannot be taken now: send it again later");
    }
    house.log.heal();
    assert_eq!(ask(&mut stream, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    assert_eq!(house.folded(Topic::Health).await.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_message_of_the_future_is_kept_from_the_log() {
    let house = House::new();
    let running = start(&house, Options::of("toy")).await;
    let mut stream = running.connect().await;
    for id in ["F1", "F2"] {
        let answer = ask(&mut stream, &format!("ATT|{id}|A77|20250116")).await;
        assert!(answer.starts_with(&format!("MSA|AE|{id}|the message's own time lies in the future")), "{answer}");
    }
    assert_eq!(house.events(Topic::Health).await.len(), 0);
    let mut raw = Vec::new();
    for item in crate::quarantine::list(house.log.as_ref(), &house.keyring().await).await.unwrap() {
        let shown =
            crate::quarantine::show(house.log.as_ref(), &house.keyring().await, item.id).await.unwrap().unwrap();
        let crate::quarantine::Readable::Item(item) = shown.state else { panic!("{shown:?}") };
        assert_eq!(item.reason(), Reason::RecordMalformed);
        raw.push(String::from_utf8(item.raw).unwrap());
    }
    raw.sort();
    assert_eq!(raw, ["ATT|F1|A77|20250116", "ATT|F2|A77|20250116"]);
    assert_eq!(ask(&mut stream, "ATT|T1|A77|20250116").await, "MSA|AA|T1|");
    running.stop().await;
}

#[tokio::test]
async fn a_time_of_the_future_is_refused_wherever_the_version_comes_from() {
    const DAY_US: i64 = 86_400_000_000;
    let publisher = House::new().publisher(&ToyFeed).await;
    let draft = Collected::of(&ToyFeed, &[("toy", b"ATT|1|A77|20250116")]).drafts.remove(0);
    let version = draft.version.unwrap();
    for (version, observed_at_us, ahead) in [
        (Some(version), None, true),
        (None, Some(version.as_of_us), true),
        (Some(version), None, false),
        (None, Some(version.as_of_us), false),
    ] {
        let now_us = if ahead { 1_700_000_000_000_000 - DAY_US - 1 } else { 1_700_000_000_000_000 - DAY_US };
        let (good, refused) = publisher.screen(vec![Draft { version, observed_at_us, ..draft.clone() }], now_us);
        assert_eq!((good.len(), refused.len()), if ahead { (0, 1) } else { (1, 0) });
    }
}

#[tokio::test]
async fn what_is_quarantined_again_is_the_same_bytes() {
    for restarts in [false, true] {
        let house = House::new();
        let mut running = start(&house, Options::of("toy")).await;
        house.log.fail_after(1, Failure::Away);
        let mut stream = running.connect().await;
        assert!(ask(&mut stream, "ATT|2|A77|soon").await.starts_with("MSA|AR|2|"));
        house.log.heal();
        if restarts {
            drop(stream);
            running.stop().await;
            running = start(&house, Options::of("toy")).await;
            stream = running.connect().await;
        }
        assert!(ask(&mut stream, "ATT|2|A77|soon").await.starts_with("MSA|AE|2|"));
        running.stop().await;
        let items = house.records(Topic::Quarantine).await;
        assert!(!items.is_empty());
        assert!(items.iter().all(|item| item.value == items[0].value), "restarts: {restarts}");
    }
}

#[tokio::test]
async fn one_message_by_two_ways_is_one_event() {
    let house = House::new();
    let publisher = SharedPublisher::from(house.publisher(&ToyFeed).await);
    let mut folder = house.drop_folder_of(ToyFeed, publisher.clone()).await;
    let running = start_with(publisher, Options::of("toy")).await;
    house.drop_file("ATT-1", "ATT|1|A77|20250116");
    folder.drain_once(now_us()).await.unwrap();
    assert_eq!(ask(&mut running.connect().await, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    assert_eq!(house.records(Topic::Keys).await.len(), 1);
    // Both are there, and are the same bytes.
    assert_eq!(house.events(Topic::Health).await.len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn half_a_frame_is_neither_taken_nor_answered() {
    let house = House::new();
    let running = start(&house, Options::of("toy")).await;
    for sent in ["\x0bATT|1|A77|20250116", "\x0bATT|1|A77|20250116\x1c", "GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = running.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(rest(&mut stream).await, "", "{sent:?}");
    }
    running.stop().await;
    assert_eq!(house.events(Topic::Health).await.len(), 0);
}

#[tokio::test]
async fn a_message_beyond_the_bound_is_refused() {
    let house = House::new();
    let running = start(&house, Options { message_bytes_max: 32, ..Options::of("toy") }).await;
    let mut stream = running.connect().await;
    let long = format!("ATT|9|{}", "x".repeat(100));
    assert_eq!(ask(&mut stream, &long).await, "MSA|AR|9|the message is larger than 32 bytes");
    assert_eq!(ask(&mut running.connect().await, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    running.stop().await;
}

#[tokio::test]
async fn a_further_connection_waits_for_a_place() {
    let house = House::new();
    let running = start(&house, Options { connections_max: 1, ..Options::of("toy") }).await;
    let mut first = running.connect().await;
    assert_eq!(ask(&mut first, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    let mut second = running.connect().await;
    second.write_all(b"\x0bATT|2|A77|20250116\x1c\r").await.unwrap();
    assert_eq!(ask(&mut first, "ATT|3|A77|20250116").await, "MSA|AA|3|");
    assert_eq!(house.events(Topic::Health).await.len(), 2);
    drop(first);
    assert_eq!(ask(&mut second, "ATT|4|A77|20250116").await, "MSA|AA|2|");
    running.stop().await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let house = House::new();
    let running = start(&house, Options { idle_max: Duration::from_millis(20), ..Options::of("toy") }).await;
    let mut stream = running.connect().await;
    stream.write_all(b"\x0bATT|1").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    running.stop().await;
}

#[tokio::test]
async fn a_peer_that_never_says_anything_is_closed_before_one_that_does() {
    let house = House::new();
    let options = Options { first_byte_max: Duration::from_millis(20), ..Options::of("toy") };
    let running = start(&house, options).await;
    let mut talking = running.connect().await;
    assert_eq!(ask(&mut talking, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    assert_eq!(rest(&mut running.connect().await).await, "");
    assert_eq!(ask(&mut talking, "ATT|2|A77|20250116").await, "MSA|AA|2|");
    running.stop().await;
}

/// A socket whose first calls fail, as they do while the process has no file descriptor left.
struct Failing(TcpListener, std::sync::atomic::AtomicU32);

impl Accept for Failing {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        if self.1.fetch_sub(1, Ordering::Relaxed) > 1 {
            // EMFILE.
            return Err(io::Error::from_raw_os_error(24));
        }
        Accept::accept(&self.0).await
    }
}

#[tokio::test]
async fn an_accept_that_fails_ends_nothing() {
    let house = House::new();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
    let publisher = house.publisher(&ToyFeed).await.into();
    let failing = Failing(socket, 3.into());
    let options = Options { accept_again_after: Duration::from_millis(1), ..Options::of("toy") };
    let task = tokio::spawn(serve_from(failing, Arc::new(ToyFeed), publisher, options, Arc::default(), stop.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(ask(&mut stream, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    stop.cancel();
    task.await.unwrap().unwrap();
}

async fn frames(mut bytes: &[u8], bytes_max: usize) -> Vec<Frame> {
    let mut read = BufReader::with_capacity(3, &mut bytes);
    let mut frames = Vec::new();
    loop {
        let frame = next_frame(&mut read, bytes_max).await.unwrap();
        let last = !matches!(frame, Frame::Message(_));
        frames.push(frame);
        if last {
            return frames;
        }
    }
}

#[tokio::test]
async fn frames_of_every_shape() {
    let message = |text: &str| Frame::Message(text.as_bytes().to_vec());
    let closed = || Frame::Closed { mid_frame: false };
    for (bytes, expected) in [
        (&b"\x0bMSH|a\rPID|b\r\x1c\r"[..], vec![message("MSH|a\rPID|b\r"), closed()]),
        (b"\x0ba\x1c\r\r\n\x0bb\x1c\r", vec![message("a"), message("b"), closed()]),
        (b"\x0ba\x1cb\rc\x1c\r", vec![message("a\x1cb\rc"), closed()]),
        (b"\x0bMSH|a\rPI", vec![Frame::Closed { mid_frame: true }]),
        (b"\x0bMSH\x1c", vec![Frame::Closed { mid_frame: true }]),
        (b"GET / HTTP/1.1\r\n", vec![Frame::Stray]),
        (b"\x0b0123456789ab\x1c\r", vec![message("0123456789ab"), closed()]),
        (b"\x0b0123456789abc\x1c\r", vec![Frame::TooLarge(b"0123456789abc\x1c".to_vec())]),
    ] {
        assert_eq!(frames(bytes, 12).await, expected, "{bytes:?}");
    }
}
