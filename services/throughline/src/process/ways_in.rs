//! What fills a connector's drop folder by itself: posts, a server that is polled, files that are fetched.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use connector_kit::poll::{self, Poll};
use connector_kit::receive;
use connector_kit::sftp::{self, Sftp};
use connector_kit::spool::Spool;
use projection::serve::expiry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Tasks;
use crate::connectors;
use crate::settings::{ConnectorSettings, Settings};

/// Starts what the connector's section names. Gives the spool into which all of it goes, when there is any.
pub(super) async fn start(
    settings: &Settings,
    connector: &ConnectorSettings,
    folder: &Path,
    stop: &CancellationToken,
    tasks: &mut Tasks,
) -> anyhow::Result<Arc<Spool>> {
    let name = &connector.name;
    // Even where nothing leads into it now: what was answered before is dealt with.
    let spool = Spool::open(folder).with_context(|| format!("the spool in `{}` cannot be opened", folder.display()))?;
    if let Some(of) = &connector.receive {
        let listener = TcpListener::bind(of.listen).await.with_context(|| {
            format!("posts cannot be listened for on {} (`connectors.{name}.receive.listen`)", of.listen)
        })?;
        let options = receive::Options {
            body_bytes_max: of.body_bytes_max,
            waiting_max: of.waiting_max,
            waiting_bytes_max: of.waiting_bytes_max,
            disk_free_min: of.disk_free_min,
            keep_receipts: of.keep_receipts,
            ..receive::Options::of(name, folder.to_path_buf(), of.callers.clone())
        };
        expiry::measure(&format!("connectors.{name}.receive.certificate"), of.tls.certificate.clone());
        let (answers, tls) = (connectors::receiving(connector), of.tls.clone());
        let (into, stop) = (Arc::clone(&spool), stop.clone());
        tasks.spawn(async move { Ok(receive::serve(listener, tls, answers, into, options, stop).await?) });
    }
    if let Some(of) = &connector.poll_http {
        let state = settings.connector_dir(name).join("poll").join("cursor");
        let options = poll::Options {
            every: of.every,
            page_bytes_max: of.page_bytes_max,
            ..poll::Options::of(name, of.url.clone(), of.credentials.clone(), state)
        };
        let polled = Poll::open(connectors::polled(connector, of), Arc::clone(&spool), options)
            .with_context(|| format!("the server of `connectors.{name}.poll` cannot be asked"))?;
        let stop = stop.clone();
        tasks.spawn(async move {
            polled.run(stop).await;
            Ok(())
        });
    }
    if let Some(of) = &connector.sftp {
        let known = connectors::of(connector).context("the connector is not of this build")?;
        // Beside what was fetched: whoever takes over knows what was taken.
        let ledger = folder.join("fetched").join("ledger");
        let options = sftp::Options {
            files: of.files.clone(),
            afterwards: of.afterwards.clone(),
            every: of.every,
            file_bytes_max: of.file_bytes_max,
            ..sftp::Options::of(name, of.server.clone(), &of.folder, ledger)
        };
        let (fetching, stop) = (Sftp::new(known, Arc::clone(&spool), options), stop.clone());
        tasks.spawn(async move {
            fetching.run(stop).await;
            Ok(())
        });
    }
    Ok(spool)
}
