//! A timeline over gRPC and TLS, decided and recorded, beside a bare echo of the same bytes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use event_log::EventLog;
use projection::child::Children;
use projection::consume::Consumer;
use projection::disclose::{Discloser, Recorder};
use projection::own_records::OwnRecords;
use projection::registry::Registries;
use projection::serve::limits::Limits;
use projection::serve::listen::{self, Tls};
use projection::serve::page::PageTokens;
use projection::serve::timelines::TimelineService;
use projection::store::{Engine, Store};
use prost::Message;
use proto::timeline::{GetTimelineRequest, GetTimelineResponse};
use sharing::DecisionCache;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};

use crate::echo::{Echo, Raw};
use crate::house::{HUB, House};
use crate::people::{self, Papers};
use crate::report::{Bar, Figure, percentile, processor_time};
use crate::stores;

const METHOD: &str = "/throughline.timeline.v1.Timelines/GetTimeline";
const READS: usize = 4_000;
/// However few reads that gives.
const TIME_MAX: Duration = Duration::from_secs(5);
const CLIENTS: usize = 8;
const PACED_FOR: Duration = Duration::from_secs(3);
const READY_WITHIN: Duration = Duration::from_secs(60);

pub(crate) fn figures(dir: &Path, engine: Engine) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(dir)?;
    let papers: Papers = serde_json::from_slice(&std::fs::read(house.at("papers.json"))?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(&house, &papers, engine))
}

async fn measure(house: &House, papers: &Papers, engine: Engine) -> anyhow::Result<Vec<Figure>> {
    let log: Arc<dyn EventLog> = house.log()?;
    let stop = CancellationToken::new();
    let ours = [node(house, papers, &house.at(&format!("rebuilt-{engine}")), engine, &log, &stop).await?];
    let figures = beside_echo(&format!("{engine}: "), papers, &ours, &stop).await?;
    stop.cancel();
    Ok(figures)
}

/// Reads of these nodes, with one client and with several, beside a bare echo of the answer.
pub(crate) async fn beside_echo(
    whose: &str,
    papers: &Papers,
    ours: &[Target<'_>],
    stop: &CancellationToken,
) -> anyhow::Result<Vec<Figure>> {
    let one = ours.first().context("no node serves")?;
    let answer = one.client().await?.get().await.context("the timeline is refused")?;
    let entries = GetTimelineResponse::decode(answer.clone())?.entries.len();
    ensure!(entries >= 150, "the child has {entries} entries");
    let size = format!("{entries} entries, {:.0} kB", answer.len() as f64 / 1e3);
    let echo = echo(papers, answer, stop).await?;
    let echo = [Target { address: echo, method: Echo::METHOD, request: Bytes::new(), papers }];

    let mut figures = Vec::new();
    for clients in [1, CLIENTS] {
        // Each once, unmeasured.
        reads(&echo, clients, READS / 10).await?;
        let floor = reads(&echo, clients, READS).await?;
        reads(ours, clients, READS / 10).await?;
        let read = reads(ours, clients, READS).await?;
        let who = if clients == 1 { "one client".to_owned() } else { format!("{clients} clients") };
        let alone = clients == 1;
        let rate =
            Figure::new(format!("{whose}read, {size}, {who}"), read.rate, "reads/s").floor("tonic echo", floor.rate);
        figures.push(if alone { rate } else { rate.bar(Bar::OfFloor(0.5)) });
        let p50 = Figure::micros(format!("{whose}read, {who}, p50"), read.p50).floor("tonic echo", micros(floor.p50));
        figures.push(if alone { p50.bar(Bar::AtMost(1_000.0)) } else { p50 });
        figures
            .push(Figure::micros(format!("{whose}read, {who}, p99"), read.p99).floor("tonic echo", micros(floor.p99)));
        // Says as much on a busy machine as on a quiet one.
        figures.push(
            Figure::micros(format!("{whose}processor time a read, both ends, {who}"), read.worked)
                .floor("tonic echo", micros(floor.worked)),
        );
        if !alone {
            let paced = paced_reads(ours, clients, read.rate / 2.0).await?;
            let name = format!("{whose}read, {who}, p99 at half of that rate, {:.0} reads/s", paced.rate);
            figures.push(Figure::micros(name, paced.p99).bar(Bar::AtMost(5_000.0)));
        }
    }
    Ok(figures)
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

/// A node that serves, and the request that is made of it.
pub(crate) async fn node<'p>(
    house: &House,
    papers: &'p Papers,
    store: &Path,
    engine: Engine,
    log: &Arc<dyn EventLog>,
    stop: &CancellationToken,
) -> anyhow::Result<Target<'p>> {
    let request = GetTimelineRequest {
        child: Some(people::child()),
        purpose: proto::sharing::Purpose::ChildProtection.into(),
        page_size: 500,
        ..GetTimelineRequest::default()
    };
    let address = serve(house, papers, store, engine, Arc::clone(log), stop).await?;
    Ok(Target { address, method: METHOD, request: request.encode_to_vec().into(), papers })
}

/// The service as a running process has it, on the log and a rebuilt store.
async fn serve(
    house: &House,
    papers: &Papers,
    store: &Path,
    engine: Engine,
    log: Arc<dyn EventLog>,
    stop: &CancellationToken,
) -> anyhow::Result<std::net::SocketAddr> {
    let store = Store::open(store, &stores::options(engine))?.store;
    let projector = house.projector();
    let refusals = Arc::new(stores::NoRefusals);
    let (mut consumer, progress) = Consumer::new(Arc::clone(&log), store.clone(), projector.clone(), refusals)?;
    consumer.catch_up(stop).await?;
    let following = stop.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(consumer.run(following));
        if let Err(error) = &ended {
            crate::report::note(&format!("the node's consumer stopped: {error:#?}"));
        }
        anyhow::Ok(ended?)
    });
    // As a process says that it is ready: once the facts are read.
    let mut ready = progress.clone();
    let read = ready.wait_for(|progress| progress.facts_read_at.is_some());
    tokio::time::timeout(READY_WITHIN, read).await.context("the node's facts are not read in time")??;
    let (pseudonyms, wrapping) = (Arc::clone(&house.pseudonyms), Arc::clone(&house.wrapping));
    let own = OwnRecords::open(log, pseudonyms, wrapping, HUB, Recorder::SOURCE).await?;
    let service = TimelineService {
        discloser: Arc::new(Discloser {
            children: Children::new(store.clone(), projector.clone()),
            engine: Arc::new(sharing::Engine::load()?),
            cache: DecisionCache::new(100_000),
            registries: Registries::new(store, projector),
            hub_contact: "The information hub".to_owned(),
        }),
        recorder: Arc::new(Recorder::new(own)),
        pseudonyms: Arc::clone(&house.pseudonyms),
        progress,
        facts_lag_max: Duration::from_secs(30),
        limits: Limits::new(u32::MAX),
        tokens: Arc::default(),
        pages: PageTokens::new(&house.pseudonyms),
        watches: projection::serve::stream::Watches::new(),
        noticed: None,
    };
    let tls = Tls { certificate: house.at("server.pem"), key: house.at("server.key"), client_ca: house.at("ca.pem") };
    std::fs::write(&tls.certificate, &papers.server.0)?;
    std::fs::write(&tls.key, &papers.server.1)?;
    std::fs::write(&tls.client_ca, &papers.ca)?;
    let listener = listen::bind(([127, 0, 0, 1], 0).into()).await?;
    let address = listener.local_addr()?;
    let options = listen::Options { concurrent_max: 256, drain: Duration::ZERO };
    let stop = stop.clone();
    tokio::spawn(async move { listen::serve_readers(listener, tls, service, options, stop).await });
    Ok(address)
}

async fn echo(papers: &Papers, answer: Bytes, stop: &CancellationToken) -> anyhow::Result<std::net::SocketAddr> {
    let (certificate, key) = &papers.server;
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(certificate, key))
        .client_ca_root(Certificate::from_pem(&papers.ca));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let serving = Server::builder().tls_config(tls)?.add_service(Echo(answer));
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(serving.serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned()));
    Ok(address)
}

/// A service, and what is asked of it.
pub(crate) struct Target<'a> {
    address: std::net::SocketAddr,
    method: &'static str,
    request: Bytes,
    papers: &'a Papers,
}

pub(crate) struct Client {
    grpc: Grpc<Channel>,
    method: &'static str,
    request: Bytes,
    authorization: MetadataValue<tonic::metadata::Ascii>,
}

impl Target<'_> {
    /// A client with a connection of its own.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        let (certificate, key) = &self.papers.client;
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(&self.papers.ca))
            .identity(Identity::from_pem(certificate, key));
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address))?.tls_config(tls)?.tcp_nodelay(true);
        Ok(Client {
            grpc: Grpc::new(endpoint.connect().await?),
            method: self.method,
            request: self.request.clone(),
            authorization: format!("Bearer {}", self.papers.token).parse()?,
        })
    }
}

impl Client {
    pub(crate) async fn get(&mut self) -> anyhow::Result<Bytes> {
        self.grpc.ready().await?;
        let mut request = tonic::Request::new(self.request.clone());
        request.metadata_mut().insert("authorization", self.authorization.clone());
        let path = tonic::codegen::http::uri::PathAndQuery::from_static(self.method);
        Ok(self.grpc.unary(request, path, Raw).await?.into_inner())
    }
}

struct Read {
    rate: f64,
    p50: Duration,
    p99: Duration,
    /// Processor time of this process for each read: client's and service's.
    worked: Duration,
}

/// So many reads, shared among clients that each ask again once they are answered.
async fn reads(targets: &[Target<'_>], clients: usize, reads: usize) -> anyhow::Result<Read> {
    reads_each(targets, clients, reads, Duration::ZERO).await
}

/// So many reads a second, shared among clients. A read that is late is asked for at once, and the time that it was late counts.
async fn paced_reads(targets: &[Target<'_>], clients: usize, rate: f64) -> anyhow::Result<Read> {
    let every = Duration::from_secs_f64(clients as f64 / rate);
    let reads = (rate * PACED_FOR.as_secs_f64()) as usize;
    reads_each(targets, clients, reads, every).await
}

/// So many reads, shared among clients that each ask this often, or again once they are answered.
async fn reads_each(targets: &[Target<'_>], clients: usize, reads: usize, every: Duration) -> anyhow::Result<Read> {
    let mut ready = Vec::new();
    for target in targets.iter().cycle().take(clients) {
        ready.push(target.client().await?);
    }
    let (begun, worked) = (Instant::now(), processor_time()?);
    let mut running = JoinSet::new();
    for (nth, mut client) in (0..).zip(ready) {
        running.spawn(async move {
            let mut took = Vec::new();
            // Not all at the same moment.
            let mut due = begun + every * nth / u32::try_from(clients).unwrap_or(1);
            for _ in (0..reads / clients).take_while(|_| begun.elapsed() < TIME_MAX) {
                if !every.is_zero() {
                    tokio::time::sleep_until(due.into()).await;
                }
                let asked = if every.is_zero() { Instant::now() } else { due };
                due += every;
                client.get().await?;
                took.push(asked.elapsed());
            }
            anyhow::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = running.join_next().await {
        took.extend(done??);
    }
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    let worked = (processor_time()? - worked) / u32::try_from(took.len().max(1))?;
    took.sort_unstable();
    Ok(Read { rate, p50: percentile(&took, 0.5), p99: percentile(&took, 0.99), worked })
}
