//! One submission handed to its connector.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use super::IntakeError;
use super::files::list;
use super::refusals::{connector_failed, unclaimed};
use crate::connector::{Connector, Output, SourceFile};
use crate::run::{name_of, unreadable};

/// Hands the submission in this folder to its connector, which says into what `make` makes. Gives that, and whether the connector
/// failed: then every file is rejected, into another.
pub(crate) async fn translate_into<O: Output + Send + 'static>(
    connector: Arc<dyn Connector>,
    dir: PathBuf,
    make: impl Fn() -> O,
) -> Result<(O, bool), IntakeError> {
    let (within, mut said) = (dir.clone(), make());
    let translated = tokio::task::spawn_blocking(move || {
        let mut files = Vec::new();
        let mut paths = list(&within)?;
        paths.sort();
        let claimed = connector.submissions(&paths.iter().map(|path| name_of(path)).collect::<Vec<_>>());
        for path in paths {
            let name = name_of(&path);
            match File::open(&path) {
                Ok(_) if !claimed.iter().any(|group| group.contains(&name)) => said.reject(unclaimed(&path)?),
                Ok(file) => files.push(SourceFile { name, bytes: Box::new(BufReader::with_capacity(1 << 16, file)) }),
                Err(_) => said.reject(unreadable(&name)),
            }
        }
        if !files.is_empty() {
            connector.translate(files, &mut said);
        }
        Ok(said)
    });
    match translated.await {
        Ok(translated) => translated.map(|said| (said, false)),
        // What it said of the record at which it failed may be half of it.
        Err(failed) if failed.is_panic() => {
            let mut said = make();
            // Whoever takes it may be slow, and whoever says it then waits: not where others are served.
            let rejected = tokio::task::spawn_blocking(move || {
                for path in list(&dir)? {
                    said.reject(connector_failed(&path)?);
                }
                Ok((said, true))
            });
            rejected.await.unwrap_or(Err(IntakeError::Stopped))
        }
        Err(_) => Err(IntakeError::Stopped),
    }
}
