//! One submission handed to its connector.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use super::IntakeError;
use super::files::list;
use super::refusals::{connector_failed, unclaimed};
use crate::collected::Collected;
use crate::connector::{Connector, SourceFile};
use crate::run::{name_of, unreadable};

pub(super) async fn translate(connector: Arc<dyn Connector>, dir: PathBuf) -> Result<Collected, IntakeError> {
    let within = dir.clone();
    let translated = tokio::task::spawn_blocking(move || {
        let mut collected = Collected::default();
        let mut files = Vec::new();
        let mut paths = list(&within)?;
        paths.sort();
        let claimed = connector.submissions(&paths.iter().map(|path| name_of(path)).collect::<Vec<_>>());
        for path in paths {
            let name = name_of(&path);
            match File::open(&path) {
                Ok(_) if !claimed.iter().any(|group| group.contains(&name)) => {
                    collected.rejections.push(unclaimed(&path)?);
                }
                Ok(file) => files.push(SourceFile { name, bytes: Box::new(BufReader::with_capacity(1 << 16, file)) }),
                Err(_) => collected.rejections.push(unreadable(&name)),
            }
        }
        if !files.is_empty() {
            connector.translate(files, &mut collected);
        }
        Ok(collected)
    });
    match translated.await {
        Ok(translated) => translated,
        // What it said until then may be half of a record: nothing of it counts.
        Err(failed) if failed.is_panic() => {
            let mut collected = Collected::default();
            for path in list(&dir)? {
                collected.rejections.push(connector_failed(&path)?);
            }
            Ok(collected)
        }
        Err(_) => Err(IntakeError::Stopped),
    }
}
