//! The same parts as processes of their own: connectors, and nodes that serve, on an Apache Kafka that demands TLS. One
//! journey, because a broker and four processes take their time to start.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use broker::{Broker, Kind};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Security, Tls};
use proto::sharing::Purpose;
use proto::timeline::{GetTimelineRequest, GetTimelineResponse};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::cluster::{LONG, until};
use crate::harness::program::Running;
use crate::harness::{CONNECTORS, Place, canonical, channel_at, client_on, line_with, number_in, request};

pub(crate) const CENSUS: &str = "social-care-cin-census";
/// A place, a broker, and the configurations of processes on it.
pub(crate) struct Region {
    pub(crate) place: Place,
    broker: Mutex<Broker>,
}

impl Region {
    /// An authority of so many children, and topics for it. `None` where there is no broker to be had.
    pub(crate) fn new(children: u32) -> Option<Self> {
        let broker = Broker::start(Kind::Tls).unwrap();
        if broker.passes_over("processes of their own over TLS, with leases") {
            return None;
        }
        let region = Self { place: Place::new(children, 11), broker: Mutex::new(broker) };
        let admin = region.configuration("admin", "");
        let one_node = ["--replication", "1", "--min-insync-replicas", "1"];
        region.must(&[&["topics", "apply"], &one_node[..]].concat(), &admin);
        Some(region)
    }

    /// Writes a process's configuration: its own folder of data, the keys of them all, and the sections given.
    pub(crate) fn configuration(&self, name: &str, sections: &str) -> PathBuf {
        let broker = self.broker.lock().unwrap();
        let papers = broker.papers();
        let (certificate, key) = papers.client(name).unwrap();
        let [ca, certificate, key] = [papers.ca(), certificate, key].map(|file| file.display().to_string());
        let bootstrap = broker.bootstrap();
        let text = format!(
            "data = \"data-{name}\"\n[keys]\nfolder = \"data/keys\"\nmake = true\n\
             [log]\nkind = \"kafka\"\nbootstrap = \"{bootstrap}\"\nca = \"{ca}\"\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n\
             {sections}"
        );
        let file = self.place.path("here").join(format!("{name}.toml"));
        fs::write(&file, text).unwrap();
        file
    }

    /// A node that serves, on this port.
    pub(crate) fn serve(&self, name: &str, port: u16) -> PathBuf {
        let section = format!(
            "[serve]\nlisten = \"127.0.0.1:{port}\"\ncertificate = \"tls/service.pem\"\nkey = \"tls/service.key\"\n\
             client_ca = \"tls/ca.pem\"\norganisation = \"throughline-local-hub\"\nhub_contact = \"The information hub, on the council's main number\"\n\
             facts_lag_max_s = 3\ndrain_s = 2\nrequests_per_second_max = 1000000\n"
        );
        self.configuration(name, &section)
    }

    /// A connector by itself.
    pub(crate) fn connect(&self, name: &str, connector: &str) -> PathBuf {
        let controllers = match connector {
            "education-school-census" => "school-*",
            "health-hl7v2" => "ods-*",
            _ => "la-*",
        };
        let section = format!(
            "[connectors.{connector}]\ncontrollers = [\"{controllers}\"]\norganisation = \"throughline-local-hub\"\n\
             drop_folder = \"drop/{connector}\"\npoll_ms = 20\n"
        );
        self.configuration(name, &section)
    }

    /// The log, as somebody with the rights of a process reads it.
    pub(crate) async fn log(&self) -> KafkaLog {
        let connection = {
            let broker = self.broker.lock().unwrap();
            let papers = broker.papers();
            let security = Security::Tls(Tls { ca: papers.ca(), identity: Some(papers.client("admin").unwrap()) });
            Connection { bootstrap: broker.bootstrap().to_owned(), client_id: "admin".to_owned(), security }
        };
        KafkaLog::open(connection, KafkaOptions::default()).await.unwrap()
    }

    /// Where the broker keeps what it was given.
    pub(crate) fn broker_data(&self) -> PathBuf {
        self.broker.lock().unwrap().data(1).unwrap().to_owned()
    }

    pub(crate) fn must(&self, arguments: &[&str], config: &Path) -> String {
        self.place.must(&[arguments, &["--config", config.to_str().unwrap()]].concat())
    }

    /// Where a process stands, if it answers.
    pub(crate) fn status(&self, config: &Path) -> serde_json::Value {
        let told = self.place.run(&["status", "--json", "--config", config.to_str().unwrap()]);
        serde_json::from_slice(&told.stdout).unwrap_or_default()
    }

    /// Waits until a process has taken in, or read, everything.
    pub(crate) fn settle(&self, config: &Path) -> serde_json::Value {
        let wait = LONG.as_secs().to_string();
        serde_json::from_str(&self.must(&["status", "--json", "--wait", &wait], config)).unwrap()
    }

    pub(crate) async fn client(&self, port: u16, role: &str) -> Result<Client, tonic::transport::Error> {
        let organisation = self.place.demo_organisation(role);
        let channel = channel_at(&self.place, port, self.place.certificate(&organisation)).await?;
        let serves = HealthClient::new(channel.clone());
        Ok(Client { serves, asks: client_on(&self.place, channel, &organisation) })
    }
}

pub(crate) struct Client {
    serves: HealthClient<tonic::transport::Channel>,
    pub(crate) asks: crate::harness::Client,
}

impl Client {
    /// What the health service says, as a load balancer asks it.
    async fn serves(&mut self) -> bool {
        let asked = HealthCheckRequest { service: "throughline.timeline.v1.Timelines".to_owned() };
        let answer = self.serves.check(asked).await;
        answer.is_ok_and(|answer| answer.into_inner().status == ServingStatus::Serving as i32)
    }
}

pub(crate) fn block_on<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(task)
}

#[test]
fn processes_of_their_own_are_what_one_process_is() {
    let Some(region) = Region::new(30) else { return };
    let begun = Instant::now();
    let told = |what: &str| println!("{:>6.1} s  {what}", begun.elapsed().as_secs_f64());
    let place = &region.place;
    let (first, second) = (region.serve("serve-1", place.port), region.serve("serve-2", place.port + 1));
    let one = place.begin_with(&["serve"], &first);
    region.settle(&first);
    told("a node serves");
    let configs = CONNECTORS.map(|connector| (connector, region.connect(connector, connector)));
    let mut connects: Vec<Running<'_>> = Vec::new();
    for (connector, config) in &configs {
        connects.push(place.begin_with(&["connect", connector], config));
    }
    region.must(&["facts", "record", place.path("here/facts.jsonl").to_str().unwrap()], &first);
    place.approve_rules();
    place.drop_authority();
    for (connector, config) in &configs {
        let status = region.settle(config);
        assert_eq!(status["process"], format!("connect {connector}"), "{status}");
    }
    let status = region.settle(&first);
    assert_eq!((status["process"].as_str(), status["ready"].as_bool()), (Some("serve"), Some(true)), "{status}");
    let answers = three_answers(&region, place.port);
    assert!(answers.iter().all(|answer| !answer.entries.is_empty()));
    told("three connectors' files are on the timelines");

    let two = place.begin_with(&["serve"], &second);
    region.settle(&second);
    a_second_node_says_the_same(&region, &answers);
    two.stop();
    it_is_what_the_log_gives(&region, &second);
    told("a second node says the same, and is what the log gives");
    let one = a_node_is_restarted_and_no_read_fails(&region, one, (&first, &second));
    told("a node was restarted, and then the other");
    let census = connects.pop().unwrap();
    one_stands_by_and_takes_over(&region, census, &first);
    told("a connector that stood by took over");
    connects.into_iter().for_each(Running::stop);
    a_node_whose_broker_is_gone_goes_on_by_itself(&region, one, &first);
    told("a node whose broker was gone goes on");
    one_process_answers_the_same(&region, &answers);
    told("one process on the embedded log answers the same");
}

fn three_answers(region: &Region, port: u16) -> Vec<GetTimelineResponse> {
    let asked = [
        ("socialCare", "LA_CHILD_ID", Purpose::ChildProtection),
        ("school", "UPN", Purpose::EducationProvision),
        ("practice", "NHS_NUMBER", Purpose::DirectCare),
    ];
    block_on(async {
        let mut answers = Vec::new();
        for (role, by, purpose) in asked {
            let mut client = region.client(port, role).await.unwrap();
            let request = request(&region.place.demo_child(by), purpose);
            answers.push(client.asks.get_timeline(request).await.unwrap().into_inner());
        }
        answers
    })
}

fn a_second_node_says_the_same(region: &Region, answers: &[GetTimelineResponse]) {
    let place = &region.place;
    for (one, other) in answers.iter().zip(three_answers(region, place.port + 1)) {
        assert_eq!(canonical(one), canonical(&other));
    }
    // A page of the one, and the next of the other.
    let (page, next) = block_on(async {
        let child = request(&place.demo_child("LA_CHILD_ID"), Purpose::ChildProtection);
        let ask = GetTimelineRequest { page_size: 5, ..child };
        let mut one = region.client(place.port, "socialCare").await.unwrap().asks;
        let page = one.get_timeline(ask.clone()).await.unwrap().into_inner();
        let ask = GetTimelineRequest { page_token: page.next_page_token.clone(), ..ask };
        let mut other = region.client(place.port + 1, "socialCare").await.unwrap().asks;
        (page, other.get_timeline(ask).await.unwrap().into_inner())
    });
    let both: Vec<_> = page.entries.iter().chain(&next.entries).collect();
    assert_eq!(both, answers[0].entries.iter().take(10).collect::<Vec<_>>());
}

fn it_is_what_the_log_gives(region: &Region, stopped: &Path) {
    let verified = region.must(&["verify", "--roots"], stopped);
    let line = line_with(&verified, "verify: ok");
    assert_eq!(number_in(line, "behind"), "0");
    let rebuilt = region.must(&["rebuild"], stopped);
    assert_eq!(number_in(line_with(&rebuilt, "rebuilt:"), "state"), number_in(line, "state"));
}

/// Two nodes; a reader that asks whichever says by the health service that it serves; one is restarted, then the other.
fn a_node_is_restarted_and_no_read_fails<'a>(
    region: &'a Region,
    one: Running<'a>,
    (first, second): (&Path, &Path),
) -> Running<'a> {
    let place = &region.place;
    let two = place.begin_with(&["serve"], second);
    region.settle(second);
    let (stop, read) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| block_on(reads_continuously(region, &stop, &read)));
        let reads = |more: u32| {
            let now = read.load(Ordering::SeqCst);
            until("reads", || read.load(Ordering::SeqCst) > now + more || reader.is_finished());
        };
        reads(30);
        one.stop();
        reads(30);
        let one = place.begin_with(&["serve"], first);
        region.settle(first);
        until("the first serves again", || region.status(first)["ready"] == true);
        reads(30);
        two.stop();
        reads(30);
        stop.store(true, Ordering::SeqCst);
        let failed = reader.join().unwrap();
        println!("rolling restart: {} reads, {} failed", read.load(Ordering::SeqCst), failed.len());
        assert!(failed.is_empty(), "{failed:?}");
        one
    })
}

/// As a client does that follows the health service: it asks where it is told to, on a connection that it keeps.
async fn reads_continuously(region: &Region, stop: &AtomicBool, read: &AtomicU32) -> Vec<String> {
    let child = region.place.demo_child("UPN");
    let mut nodes = [(region.place.port, None), (region.place.port + 1, None)];
    let mut failed = Vec::new();
    while !stop.load(Ordering::SeqCst) && failed.is_empty() {
        for (port, client) in &mut nodes {
            if client.is_none() {
                *client = region.client(*port, "school").await.ok();
            }
            let Some(node) = client else { continue };
            if !node.serves().await {
                *client = None;
                continue;
            }
            match node.asks.get_timeline(request(&child, Purpose::EducationProvision)).await {
                Ok(_) => drop(read.fetch_add(1, Ordering::SeqCst)),
                Err(status) => failed.push(format!("{port}: {status:?}")),
            }
        }
    }
    failed
}

fn one_stands_by_and_takes_over(region: &Region, working: Running<'_>, serve: &Path) {
    let place = &region.place;
    let standby = region.connect("standby", CENSUS);
    let next = place.begin_with(&["connect", CENSUS], &standby);
    let stands_by = |status: &serde_json::Value| {
        status["not_ready_because"].as_str().is_some_and(|why| why.starts_with("standing by"))
    };
    until("the second stands by", || stands_by(&region.status(&standby)));
    let events = region.settle(serve)["events"].as_u64().unwrap();
    working.stop();
    region.settle(&standby);
    // It has no baseline of its own: what the first published it reads from the log, and says nothing of it again.
    let done = place.path("here/drop").join(CENSUS).join("done");
    let mut submissions: Vec<_> = fs::read_dir(&done).unwrap().map(|entry| entry.unwrap().path()).collect();
    submissions.sort();
    let (dealt_with, last) = (submissions.len(), submissions.pop().unwrap());
    place.drop_folder(CENSUS, &last);
    until("the same again is dealt with", || fs::read_dir(&done).unwrap().count() > dealt_with);
    assert_eq!(region.settle(serve)["events"].as_u64().unwrap(), events);
    assert_eq!(region.status(&standby)["ready"], true);
    next.stop();
}

fn a_node_whose_broker_is_gone_goes_on_by_itself(region: &Region, serving: Running<'_>, config: &Path) {
    let place = &region.place;
    let organisation = place.demo_organisation("school");
    let ask = || {
        block_on(async {
            let channel = channel_at(place, place.port, place.certificate(&organisation)).await.unwrap();
            let request = request(&place.demo_child("UPN"), Purpose::EducationProvision);
            client_on(place, channel, &organisation).get_timeline(request).await
        })
    };
    ask().unwrap();
    region.broker.lock().unwrap().pause().unwrap();
    until("readers are refused", || ask().is_err());
    let refused = ask().unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused:?}");
    until("it says that it is not ready", || region.status(config)["ready"] == false);
    region.broker.lock().unwrap().resume().unwrap();
    until("readers are answered", || ask().is_ok());
    until("it is ready", || region.status(config)["ready"] == true);
    serving.stop();
}

/// The same files into one process on the embedded log.
fn one_process_answers_the_same(region: &Region, answers: &[GetTimelineResponse]) {
    let place = &region.place;
    for connector in CONNECTORS {
        fs::remove_dir_all(place.path("here/drop").join(connector)).unwrap();
    }
    let up = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let embedded = three_answers(region, place.port);
    up.stop();
    for (on_kafka, embedded) in answers.iter().zip(&embedded) {
        assert_eq!(on_kafka.existence, embedded.existence);
        let said = |answer: &GetTimelineResponse| -> Vec<String> {
            let entry = |entry: &proto::timeline::Entry| {
                format!("{:?} {} {:?} {:?}", entry.effective, entry.organisation, entry.event, entry.withheld)
            };
            answer.entries.iter().map(entry).collect()
        };
        assert_eq!(said(on_kafka), said(embedded));
    }
}
