//! The operator's side of the admin socket.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::anyhow;
use hyper_util::rt::TokioIo;
use proto::admin::admin_client::AdminClient;
use proto::audit::ledger_client::LedgerClient;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};

use crate::output::Refused;
use crate::settings::Settings;

/// Connects to the process that goes by this configuration: the service, or the only connector.
pub(crate) async fn connect(config: &Path) -> anyhow::Result<AdminClient<Channel>> {
    connect_to(config, None).await
}

/// Connects to the process of this connector, where one is named.
pub(crate) async fn connect_to(config: &Path, connector: Option<&str>) -> anyhow::Result<AdminClient<Channel>> {
    Ok(AdminClient::new(channel(config, connector).await?).max_decoding_message_size(64 << 20))
}

/// Connects to the ledger of the service that goes by this configuration.
pub(crate) async fn ledger(config: &Path) -> anyhow::Result<LedgerClient<Channel>> {
    Ok(LedgerClient::new(channel(config, None).await?))
}

/// The socket of that process, for whichever of its services.
pub(crate) async fn channel(config: &Path, connector: Option<&str>) -> anyhow::Result<Channel> {
    let socket = Settings::load(config)?.admin_socket(connector)?;
    // Refused there, it would see a connection that breaks off, and nobody would know why.
    if let Ok(of) = std::fs::metadata(&socket) {
        only_its_own_user(&socket, of.uid(), rustix::process::geteuid().as_raw())?;
    }
    let shown = socket.clone();
    Endpoint::from_static("http://admin.invalid")
        .connect_with_connector(tower::service_fn(move |_| {
            let socket = socket.clone();
            async move { UnixStream::connect(socket).await.map(TokioIo::new) }
        }))
        .await
        .map_err(|error| {
            // Only the last cause says something: those before it say that there is one.
            let why = anyhow::Error::from(error).root_cause().to_string();
            anyhow!("nothing answers at `{}` ({why}): is the process running?", shown.display())
        })
}

/// The process answers the user that runs it, whose its socket is.
fn only_its_own_user(socket: &Path, of: u32, asks: u32) -> anyhow::Result<()> {
    anyhow::ensure!(
        of == asks,
        "`{}` answers the user that runs the process and nobody else, root included: ask as that user, with \
         `runuser -u \"$(id -nu {of})\" -- throughline ...`",
        socket.display()
    );
    Ok(())
}

/// What the service said, as a person should read it.
pub(crate) fn refusal(status: &tonic::Status) -> anyhow::Error {
    match status.code() {
        tonic::Code::Unavailable => anyhow!("the process went away: {}", status.message()),
        _ => Refused(status.message().to_owned()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_the_socket_does_not_answer_is_told_whom_it_does() {
        let socket = Path::new("/var/lib/throughline/serve/admin.sock");
        assert!(only_its_own_user(socket, 997, 997).is_ok());
        for asks in [0, 998] {
            let told = only_its_own_user(socket, 997, asks).unwrap_err().to_string();
            assert_eq!(
                told,
                "`/var/lib/throughline/serve/admin.sock` answers the user that runs the process and nobody else, root included: \
                 ask as that user, with `runuser -u \"$(id -nu 997)\" -- throughline ...`"
            );
        }
    }
}
