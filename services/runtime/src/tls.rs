//! TLS of whoever is listened to: what is shown and asked for is read again when its files change, and a connection that does
//! not come to its end of the handshake holds nothing for long.

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

/// How long a handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Handshakes at one time; a further connection waits to be accepted.
const HANDSHAKES_MAX: usize = 256;
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long nothing is accepted after an accept failed: the process has no file descriptor left, most likely.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// PEM files of whoever listens, and what is spoken over them.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Its own certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Whether clients show certificates.
    pub clients: Clients,
    /// Protocols by their names in ALPN.
    pub protocols: Vec<Vec<u8>>,
}

/// Whether clients show certificates, and the file of the authority that signs them.
#[derive(Debug, Clone)]
pub enum Clients {
    /// Each must.
    Must(PathBuf),
    /// Each may: one that shows none is told from others in another way. A certificate of another authority is refused.
    May(PathBuf),
    /// None is asked for.
    Unasked,
}

/// Why the files cannot be used: which, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

/// What the files were like: when any of it differs they are read again. A mounted secret changes by a link to another file.
type Looks = Vec<Option<(SystemTime, u64)>>;

/// What connections are accepted with, as the files were read last.
pub type Held = Arc<ArcSwap<ServerConfig>>;

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn read(&self) -> Result<ServerConfig, Unusable> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Unusable(error.to_string()))?;
        let builder = match self.client_ca() {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let mut authorities = RootCertStore::empty();
                for authority in certificates(file)? {
                    let unusable = |error| Unusable(format!("`{}` holds no authority: {error}", file.display()));
                    authorities.add(authority).map_err(unusable)?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
                let verifier = match self.clients {
                    Clients::May(_) => verifier.allow_unauthenticated(),
                    Clients::Must(_) | Clients::Unasked => verifier,
                };
                let unusable = |error| Unusable(format!("`{}` holds no usable authority: {error}", file.display()));
                builder.with_client_cert_verifier(verifier.build().map_err(unusable)?)
            }
        };
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| Unusable(format!("`{}` holds no private key: {error}", self.key.display())))?;
        let mut config = builder.with_single_cert(certificates(&self.certificate)?, key).map_err(|error| {
            let (certificate, key) = (self.certificate.display(), self.key.display());
            Unusable(format!("`{certificate}` and `{key}` do not belong together: {error}"))
        })?;
        config.alpn_protocols.clone_from(&self.protocols);
        Ok(config)
    }

    /// Reads the files for [`accept`] and [`Tls::keep_fresh`].
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn hold(&self) -> Result<Held, Unusable> {
        Ok(Arc::new(ArcSwap::from_pointee(self.read()?)))
    }

    fn client_ca(&self) -> Option<&PathBuf> {
        match &self.clients {
            Clients::Must(file) | Clients::May(file) => Some(file),
            Clients::Unasked => None,
        }
    }

    fn looks(&self) -> Looks {
        let look = |file: &PathBuf| {
            let about = std::fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        [&self.certificate, &self.key].into_iter().chain(self.client_ca()).map(look).collect()
    }

    /// Reads the files again whenever they change, until dropped. Files that cannot be used are told, and what was read before
    /// stays: they are written one after the other.
    pub async fn keep_fresh(self, held: Held) -> ! {
        let mut looks = self.looks();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.looks();
            if now == looks {
                continue;
            }
            match self.read() {
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
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let unusable = |error| Unusable(format!("`{}` holds no certificate: {error}", file.display()));
    let read = CertificateDer::pem_file_iter(file).map_err(unusable)?;
    read.collect::<Result<_, _>>().map_err(unusable)
}

/// Accepts connections and gives those whose handshake has come to its end, until told to stop.
pub async fn accept(
    listener: TcpListener,
    held: Held,
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
