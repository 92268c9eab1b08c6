//! Where an Apache Kafka has been put together, and what is said about it.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The folder that `deploy/kafka/setup` made.
pub(crate) struct Home {
    node: PathBuf,
}

impl Home {
    /// Beside the build that is running, else in the repository's own `target`. Why there is none, otherwise.
    pub(crate) fn find() -> Result<Self, String> {
        let running = std::env::current_exe().unwrap_or_default();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
        let folders = || running.ancestors().chain([repository.as_path()]).map(|folder| folder.join("kafka"));
        // The one that is current now, whatever is made current while tests run.
        if let Some(node) = folders().find_map(|home| home.join("current/node").canonicalize().ok()) {
            return Ok(Self { node });
        }
        let why = folders().find_map(|home| std::fs::read_to_string(home.join("without")).ok());
        Err(why.map_or_else(|| "deploy/kafka/setup has not been run".to_owned(), |why| why.trim_end().to_owned()))
    }

    pub(crate) fn node(&self) -> PathBuf {
        self.node.clone()
    }
}

/// Once for each process, and past the test runner's capture of what a test prints.
fn once(key: &str, line: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let first = SAID.lock().is_ok_and(|mut said| said.insert(key.to_owned()));
    if first {
        // Nothing is to be done about a standard error that takes nothing.
        drop(writeln!(std::io::stderr(), "{line}"));
    }
}

/// Says which broker the tests run on, without its port: once is enough.
pub(crate) fn say(ready: &str) {
    let which = ready.split(" listening").next().unwrap_or(ready);
    once(which, which);
}

/// Says that there is no Apache Kafka.
pub(crate) fn say_mock(version: &str, why: &str) {
    let line = format!("kafka: MOCK CLUSTER (librdkafka {version}): no Apache Kafka here because: {why}");
    once("mock", &framed(&line));
}

/// Says that a test is passed over.
pub(crate) fn say_passed_over(needs: &str) {
    let line = format!("kafka: PASSED OVER, for want of an Apache Kafka of its own: {needs}");
    once(needs, &framed(&line));
}

fn framed(line: &str) -> String {
    let rule = "*".repeat(line.chars().count());
    format!("{rule}\n{line}\n{rule}")
}
