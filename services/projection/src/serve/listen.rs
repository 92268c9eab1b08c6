//! Listening: TLS with client certificates for readers, a Unix socket for the operator.

use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proto::admin::admin_server::{Admin, AdminServer};
use proto::admin::linker_server::LinkerServer;
use proto::admin::protection_server::ProtectionServer;
use proto::admin::workbench_server::{Workbench, WorkbenchServer};
use proto::audit::audits_server::AuditsServer;
use proto::audit::ledger_server::LedgerServer;
use proto::identity::identities_server::IdentitiesServer;
use proto::planning::planning_server::PlanningServer;
use proto::sharing::erasures_server::ErasuresServer;
use proto::sharing::facts_server::FactsServer;
use proto::sharing::policies_server::PoliciesServer;
use proto::sharing::safeguards_server::SafeguardsServer;
use proto::timeline::timelines_server::TimelinesServer;
use runtime::tls::{self, Clients, accept};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::audits::AuditService;
use super::desk::Desk;
use super::erasures::ErasureService;
use super::facts::FactsService;
use super::identities::IdentityService;
use super::linker::LinkerService;
use super::observe::Observe;
use super::planning::PlanningService;
use super::policies::PolicyService;
use super::protection::ProtectionService;
use super::readers::Readers;
use super::safeguards::SafeguardService;
use super::timelines::TimelineService;
use crate::ledger::service::LedgerService;

/// A request larger than this is refused unread.
const REQUEST_BYTES_MAX: usize = 64 << 10;
/// A facts batch may be larger: it is the operator's own.
const ADMIN_BYTES_MAX: usize = 16 << 20;
/// A request that takes longer than this is given up.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// What the operator asks may read everything that there is.
const OPERATOR_TIME_MAX: Duration = Duration::from_secs(3_600);
/// Streams that one connection may have open.
const STREAMS_MAX: u32 = 64;
/// A connection that is silent is asked whether it is there, and closed when it does not say.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// How long answers in hand, and readers that do not hang up, may hold up the end of the process.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// Connections whose handshake is done and that nobody has taken yet.
const ACCEPTED_MAX: usize = 64;
/// How often it is looked at whether anything may be decided.
const LOOK_AT_FACTS: Duration = Duration::from_millis(200);
/// The service's name, as clients of the health service ask for it.
const TIMELINES: &str = <TimelinesServer<TimelineService> as tonic::server::NamedService>::NAME;

/// PEM files of the service.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Its own certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority whose certificates clients must show.
    pub client_ca: PathBuf,
}

impl From<Tls> for tls::Tls {
    fn from(Tls { certificate, key, client_ca }: Tls) -> Self {
        Self { certificate, key, clients: Clients::Must(client_ca), protocols: vec![b"h2".to_vec()] }
    }
}

/// How readers are served.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Requests in hand for each connection.
    pub concurrent_max: usize,
    /// How long it goes on answering after it has said that it stops: whoever sends readers here hears of it meanwhile.
    pub drain: Duration,
}

/// What is answered.
pub struct Answering {
    /// To readers.
    pub timelines: TimelineService,
    /// To reviewers of identity.
    pub identities: Option<IdentityService>,
    /// To people who record what the rules read.
    pub facts: Option<FactsService>,
    /// To auditors.
    pub audits: Option<AuditService>,
    /// To whoever breaks the glass, reviews it, refuses to share or is told of it.
    pub safeguards: Option<SafeguardService>,
    /// To whoever approves sets of rules.
    pub policies: Option<Arc<PolicyService>>,
    /// To whoever has records erased.
    pub erasures: Option<ErasureService>,
}

impl From<TimelineService> for Answering {
    fn from(timelines: TimelineService) -> Self {
        Self {
            timelines,
            identities: None,
            facts: None,
            audits: None,
            safeguards: None,
            policies: None,
            erasures: None,
        }
    }
}

/// Why the service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The files of TLS.
    #[error("the certificate, its key or the client authority cannot be used: {what}")]
    Tls {
        /// Which file, and what is wrong with it.
        what: String,
    },
    /// The address.
    #[error("the service cannot listen on {0}")]
    Address(SocketAddr, #[source] std::io::Error),
    /// The socket.
    #[error("the admin socket `{0}` cannot be made")]
    Socket(PathBuf, #[source] std::io::Error),
    /// The socket of a process that runs.
    #[error("another process answers at the admin socket `{0}`: stop it first, or name another socket")]
    SocketTaken(PathBuf),
    /// While serving.
    #[error("serving stopped")]
    Serving(#[source] tonic::transport::Error),
}

/// Binds the readers' address, before any work begins.
///
/// # Errors
/// [`ListenError::Address`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|error| ListenError::Address(address, error))
}

/// Serves readers until told to stop. Then it says that it does not serve, goes on answering for as long as the options say,
/// asks every connection to close once its answers are given, and returns.
///
/// # Errors
/// [`ListenError`].
pub async fn serve_readers(
    listener: TcpListener,
    tls: Tls,
    answering: impl Into<Answering>,
    options: Options,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let Answering { timelines: service, identities, facts, audits, safeguards, policies, erasures } = answering.into();
    let erasures = erasures.map(|service| ErasuresServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX));
    let policies =
        policies.map(|service| PoliciesServer::from_arc(service).max_decoding_message_size(REQUEST_BYTES_MAX));
    let safeguards =
        safeguards.map(|service| SafeguardsServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX));
    let audits = audits.map(|service| AuditsServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX));
    let facts = facts.map(|service| FactsServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX));
    let identities =
        identities.map(|service| IdentitiesServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX));
    let tls = tls::Tls::from(tls);
    let held = tls.hold().map_err(|unusable| ListenError::Tls { what: unusable.to_string() })?;
    let planning = PlanningService::beside(&service);
    let planning = PlanningServer::new(planning).max_decoding_message_size(REQUEST_BYTES_MAX);
    let (health, health_service) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .build_v1()
        .ok();
    let (desk, watches) = (service.desk(), service.watches.clone());
    let closing = CancellationToken::new();
    let (give, incoming) = tokio::sync::mpsc::channel(ACCEPTED_MAX);
    let accepting = accept(listener, Arc::clone(&held), give, closing.clone());
    let served = Server::builder()
        .timeout(REQUEST_TIME_MAX)
        .concurrency_limit_per_connection(options.concurrent_max)
        .load_shed(false)
        .max_concurrent_streams(STREAMS_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .layer(Observe)
        .add_service(health_service)
        .add_optional_service(reflection)
        .add_service(Readers::new(service, REQUEST_BYTES_MAX))
        .add_service(planning)
        .add_optional_service(identities)
        .add_optional_service(safeguards)
        .add_optional_service(policies)
        .add_optional_service(erasures)
        .add_optional_service(facts)
        .add_optional_service(audits)
        .serve_with_incoming_shutdown(ReceiverStream::new(incoming), closing.clone().cancelled_owned());
    let telling = async {
        tell(&health, &desk, &stop).await;
        watches.end();
        tokio::time::sleep(options.drain).await;
        closing.cancel();
        tokio::time::sleep(DRAIN_MAX).await;
    };
    // Accepting ends by itself once it is closing, and serving with it.
    let served = async { tokio::join!(served, accepting).0 };
    tokio::select! {
        served = served => served.map_err(ListenError::Serving),
        never = tls.keep_fresh(held) => never,
        () = telling => {
            tracing::warn!("readers kept their connections open: they are closed");
            Ok(())
        }
    }
}

/// Tells clients that follow the health service whether to ask here, until told to stop; then that they should not: while facts
/// are stale, or the rules are not approved, every reader is refused.
async fn tell(health: &HealthReporter, desk: &Desk, stop: &CancellationToken) {
    let mut told = None;
    loop {
        let serves = desk.is_fresh() && desk.policy_standing().1;
        if told != Some(serves) {
            report(health, serves).await;
            told = Some(serves);
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(LOOK_AT_FACTS) => {}
        }
    }
    report(health, false).await;
}

async fn report(health: &HealthReporter, serves: bool) {
    let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
    // The empty name is the server as a whole, which is what load balancers ask for.
    health.set_service_status("", status).await;
    health.set_service_status(TIMELINES, status).await;
}

/// Serves the operator on a socket that only this user may open, and answers only this user.
///
/// # Errors
/// [`ListenError`].
pub async fn serve_operator(
    socket: &Path,
    service: impl Admin,
    ledger: Option<LedgerService>,
    (linker, protection): (Option<LinkerService>, Option<ProtectionService>),
    (audits, erasures): (Option<AuditService>, Option<ErasureService>),
    workbench: impl Workbench,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let failed = |error| ListenError::Socket(socket.to_owned(), error);
    if let Some(folder) = socket.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    if UnixStream::connect(socket).await.is_ok() {
        return Err(ListenError::SocketTaken(socket.to_owned()));
    }
    // Left by a process that was killed.
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(failed)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let owner = std::fs::metadata(socket).map_err(failed)?.uid();
    let ours = UnixListenerStream::new(listener).filter(move |connection| {
        connection.as_ref().is_ok_and(|connection| connection.peer_cred().is_ok_and(|peer| peer.uid() == owner))
    });
    let served = Server::builder()
        .timeout(OPERATOR_TIME_MAX)
        .add_service(AdminServer::new(service).max_decoding_message_size(ADMIN_BYTES_MAX))
        .add_optional_service(ledger.map(LedgerServer::new))
        .add_optional_service(linker.map(LinkerServer::new))
        .add_optional_service(protection.map(ProtectionServer::new))
        .add_optional_service(audits.map(AuditsServer::new))
        .add_optional_service(erasures.map(ErasuresServer::new))
        .add_service(WorkbenchServer::new(workbench))
        .serve_with_incoming_shutdown(ours, stop.cancelled_owned())
        .await
        .map_err(ListenError::Serving);
    let _gone_is_gone = std::fs::remove_file(socket);
    served
}
