//! TLS for readers: what is shown and asked for is read again when its files change, and a connection that does not come
//! to its end of the handshake holds nothing for long.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::ListenError;

/// How long a handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Handshakes at one time; a further connection waits to be accepted.
const HANDSHAKES_MAX: usize = 256;
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long nothing is accepted after an accept failed: the process has no file descriptor left, most likely.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

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

/// What the files were like: when any of it differs they are read again. A mounted secret changes by a link to another file.
type Looks = Vec<Option<(SystemTime, u64)>>;

impl Tls {
    /// Reads the files.
    pub(super) fn read(&self) -> Result<ServerConfig, ListenError> {
        let unusable = |what: String| ListenError::Tls { what };
        let mut authorities = RootCertStore::empty();
        for authority in certificates(&self.client_ca)? {
            let file = self.client_ca.display();
            authorities.add(authority).map_err(|error| unusable(format!("`{file}` holds no authority: {error}")))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&provider))
            .build()
            .map_err(|error| unusable(format!("`{}` holds no usable authority: {error}", self.client_ca.display())))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| unusable(format!("`{}` holds no private key: {error}", self.key.display())))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(certificates(&self.certificate)?, key)
            .map_err(|error| {
                let (certificate, key) = (self.certificate.display(), self.key.display());
                unusable(format!("`{certificate}` and `{key}` do not belong together: {error}"))
            })?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    fn looks(&self) -> Looks {
        let look = |file: &PathBuf| {
            let about = std::fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        [&self.certificate, &self.key, &self.client_ca].into_iter().map(look).collect()
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ListenError> {
    let unusable = |error| ListenError::Tls { what: format!("`{}` holds no certificate: {error}", file.display()) };
    let read = CertificateDer::pem_file_iter(file).map_err(unusable)?;
    read.collect::<Result<_, _>>().map_err(unusable)
}

/// Reads the files again whenever they change, until dropped. Files that cannot be used are told, and what was read before
/// stays: they are written one after the other.
pub(super) async fn keep_fresh(tls: Tls, held: Arc<ArcSwap<ServerConfig>>) -> ! {
    let mut looks = tls.looks();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = tls.looks();
        if now == looks {
            continue;
        }
        match tls.read() {
            Ok(config) => {
                held.store(Arc::new(config));
                tracing::info!(
                    "the service's certificate, its key or the client authority changed: new connections use them"
                );
            }
            Err(error) => {
                tracing::error!("the files of TLS changed and cannot be used: those before stay in use: {error}")
            }
        }
        looks = now;
    }
}

/// Accepts connections and gives those whose handshake has come to its end, until told to stop.
pub(super) async fn accept(
    listener: TcpListener,
    held: Arc<ArcSwap<ServerConfig>>,
    given: mpsc::Sender<std::io::Result<TlsStream<TcpStream>>>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => return,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::error!(kind = %error.kind(), "a connection could not be accepted: trying again");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        let (acceptor, given) = (TlsAcceptor::from(held.load_full()), given.clone());
        tokio::spawn(async move {
            // An answer of more than one packet would wait 40 ms for the reader's delayed acknowledgement.
            let _slower_without = stream.set_nodelay(true);
            match tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    drop(place);
                    let _nobody_takes_it_while_stopping = given.send(Ok(stream)).await;
                }
                Ok(Err(error)) => tracing::debug!(kind = %error.kind(), "a connection was refused at its handshake"),
                Err(_) => tracing::debug!("a connection did not come to the end of its handshake"),
            }
        });
    }
}
