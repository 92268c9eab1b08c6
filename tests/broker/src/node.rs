//! One node's process.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::certificates::write;
use crate::home::Home;
use crate::people::People;

/// How much of a log an error shows, in bytes.
const TAIL: u64 = 4096;

pub(crate) struct Node {
    program: PathBuf,
    folder: PathBuf,
    data: PathBuf,
    config: PathBuf,
    log: PathBuf,
    errors: PathBuf,
    scram: PathBuf,
    clock: PathBuf,
    environment: BTreeMap<String, String>,
    running: Option<Running>,
}

struct Running {
    // Its standard input is held open: the node ends when that closes, so it ends with this process however this one ends.
    process: Child,
    ready: Receiver<String>,
}

impl Node {
    pub(crate) fn new(
        home: &Home,
        folder: &Path,
        data_in: &Path,
        name: &str,
        settings: &str,
        people: &People,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let own = |extension: &str| folder.join(name).with_extension(extension);
        let (log, config, clock) = (own("log"), own("config"), own("clock"));
        write(&clock, "0")?;
        std::fs::write(&config, settings).context("the node's properties")?;
        let mut environment = environment.clone();
        environment.insert("KAFKA_LOG".to_owned(), log.display().to_string());
        let options = environment.entry("KAFKA_OPTIONS".to_owned()).or_default();
        *options +=
            &format!(" -Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://{}", people.token_keys().display());
        Ok(Self {
            program: home.node(),
            folder: folder.to_owned(),
            data: data_in.join(name),
            config,
            log,
            errors: own("err"),
            scram: people.scram().to_owned(),
            clock,
            environment,
            running: None,
        })
    }

    pub(crate) fn spawn(&mut self) -> Result<()> {
        let errors = File::options().create(true).append(true).open(&self.errors).context("the node's errors")?;
        let mut process = Command::new(&self.program)
            .arg(&self.data)
            .arg(&self.config)
            .arg("--ends-with-stdin")
            .arg(&self.folder)
            .arg("--scram")
            .arg(&self.scram)
            .arg("--clock")
            .arg(&self.clock)
            .envs(&self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        let lines = BufReader::new(process.stdout.take().context("the node's output")?).lines();
        let (send, ready) = mpsc::channel();
        // Reads to the end, so that the node never waits for its output to be taken.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok).filter(|line| line.starts_with("kafka: apache")) {
                drop(send.send(line));
            }
        });
        self.running = Some(Running { process, ready });
        Ok(())
    }

    /// The line that it prints when it takes requests.
    pub(crate) fn wait_ready(&mut self, patience: Duration) -> Result<String> {
        let running = self.running.as_ref().context("it is not running")?;
        match running.ready.recv_timeout(patience) {
            Ok(line) => Ok(line),
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("not ready after {patience:?}\n{}", self.said()),
            Err(mpsc::RecvTimeoutError::Disconnected) => bail!("it ended before it was ready\n{}", self.said()),
        }
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Sets its wall clock wrong by this, which it is from a moment later on.
    pub(crate) fn set_clock_wrong_by(&self, ms: i64) -> Result<()> {
        write(&self.clock, &ms.to_string())
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| matches!(running.process.try_wait(), Ok(None)))
    }

    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        // A process that has ended and has not been waited for still has its number: it goes to no other.
        let running = self.running.as_ref().context("it is not running")?;
        let id = i32::try_from(running.process.id()).ok().and_then(Pid::from_raw).context("its number")?;
        kill_process(id, signal).context("signalling it")
    }

    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut running = self.running.take().context("it is not running")?;
        running.process.kill().context("killing it")?;
        running.process.wait().context("waiting for it")?;
        Ok(())
    }

    pub(crate) fn stop(&mut self, patience: Duration) -> Result<()> {
        self.signal(Signal::TERM)?;
        let until = Instant::now() + patience;
        while self.is_running() {
            if Instant::now() >= until {
                bail!("not stopped after {patience:?}\n{}", self.said());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.running = None;
        Ok(())
    }

    /// The last of its log and of its standard error.
    pub(crate) fn said(&self) -> String {
        format!("its log:\n{}\nits errors:\n{}", tail(&self.log), tail(&self.errors))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.running.is_some() {
            // It may have ended by itself. Nothing else is to be done about it here.
            drop(self.kill());
        }
    }
}

fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let from = file.metadata()?.len().saturating_sub(TAIL);
        file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(end)
    };
    read().map_or_else(|problem| problem.to_string(), |end| String::from_utf8_lossy(&end).into_owned())
}
