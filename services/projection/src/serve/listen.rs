//! Listening: TLS with client certificates for readers, a Unix socket for the operator.

use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use proto::admin::admin_server::AdminServer;
use proto::timeline::timelines_server::TimelinesServer;
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnixListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

use super::admin::AdminService;
use super::timelines::TimelineService;

/// A request larger than this is refused unread.
const REQUEST_BYTES_MAX: usize = 64 << 10;
/// A facts batch may be larger: it is the operator's own.
const ADMIN_BYTES_MAX: usize = 16 << 20;
/// A request that takes longer than this is given up.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// Streams that one connection may have open.
const STREAMS_MAX: u32 = 64;
/// A connection that is silent is asked whether it is there, and closed when it does not say.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// How long answers in hand, and readers that do not hang up, may hold up the end of the process.
const DRAIN_MAX: Duration = Duration::from_secs(5);

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

/// Why the service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// A file of the TLS settings.
    #[error("`{0}` cannot be read")]
    File(PathBuf, #[source] std::io::Error),
    /// TLS itself.
    #[error("the certificate, its key or the client authority is not usable")]
    Tls(#[source] tonic::transport::Error),
    /// The address.
    #[error("the service cannot listen on {0}")]
    Address(SocketAddr, #[source] std::io::Error),
    /// The socket.
    #[error("the admin socket `{0}` cannot be made")]
    Socket(PathBuf, #[source] std::io::Error),
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

/// Serves readers until told to stop, then finishes what is in hand.
///
/// # Errors
/// [`ListenError`].
pub async fn serve_readers(
    listener: TcpListener,
    tls: &Tls,
    service: TimelineService,
    concurrent_max: usize,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| ListenError::File(path.to_owned(), error));
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(read(&tls.certificate)?, read(&tls.key)?))
        .client_ca_root(Certificate::from_pem(read(&tls.client_ca)?));
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<TimelinesServer<TimelineService>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .build_v1()
        .ok();
    // Set here, because the server's own setting does not reach a listener that was bound before: an answer of more than
    // one packet would wait 40 ms for the reader's delayed acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let served = Server::builder()
        .tls_config(tls)
        .map_err(ListenError::Tls)?
        .timeout(REQUEST_TIME_MAX)
        .concurrency_limit_per_connection(concurrent_max)
        .load_shed(false)
        .max_concurrent_streams(STREAMS_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .add_service(health_service)
        .add_optional_service(reflection)
        .add_service(TimelinesServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX))
        .serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
    let out_of_time = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN_MAX).await;
    };
    tokio::select! {
        served = served => served.map_err(ListenError::Serving),
        () = out_of_time => {
            tracing::warn!("readers kept their connections open: they are closed");
            Ok(())
        }
    }
}

/// Serves the operator on a socket that only this user may open, and answers only this user.
///
/// # Errors
/// [`ListenError`].
pub async fn serve_operator(socket: &Path, service: AdminService, stop: CancellationToken) -> Result<(), ListenError> {
    let failed = |error| ListenError::Socket(socket.to_owned(), error);
    if let Some(folder) = socket.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    // Left by a process that was killed: the log's own lock says that no other is running.
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
        .timeout(REQUEST_TIME_MAX)
        .add_service(AdminServer::new(service).max_decoding_message_size(ADMIN_BYTES_MAX))
        .serve_with_incoming_shutdown(ours, stop.cancelled_owned())
        .await
        .map_err(ListenError::Serving);
    let _gone_is_gone = std::fs::remove_file(socket);
    served
}
