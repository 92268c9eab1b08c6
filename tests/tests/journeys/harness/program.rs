//! The program, and a folder with everything that it needs to run.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

/// The program, built once for all journeys with the profile and the target folder of the tests themselves.
/// `THROUGHLINE_BIN` names one that is built already.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(built) = std::env::var_os("THROUGHLINE_BIN") {
        return built.into();
    }
    let deps = std::env::current_exe().unwrap();
    let profile = deps.parent().and_then(Path::parent).unwrap().to_owned();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // With a test, so that the features of its dependencies are those that `cargo test --workspace` has built already.
    build.args(["build", "--quiet", "--workspace", "--bin", "throughline", "--test", "sharing"]);
    build.arg("--target-dir").arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(built.success(), "the program does not build");
    profile.join("throughline")
});

/// The program.
pub(crate) fn program() -> &'static Path {
    &PROGRAM
}

/// Seconds that a journey waits for the program at most.
const WAIT_S: &str = "60";

/// A folder that `dev init` set up for a generated authority.
pub(crate) struct Place {
    dir: TempDir,
    pub(crate) port: u16,
}

impl Place {
    /// An authority of so many children, and a configuration, keys and readers for it. Nothing runs yet.
    pub(crate) fn new(children: u32, seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = two_ports();
        let place = Self { dir, port };
        let (children, seed) = (children.to_string(), seed.to_string());
        let authority = place.path("authority");
        place.must(&["generate", "--children", &children, "--seed", &seed, "--out", text(&authority)]);
        let listen = format!("127.0.0.1:{port}");
        let mllp = format!("127.0.0.1:{}", port + 1);
        let out = place.path("here");
        let init = ["dev", "init", "--authority", text(&authority), "--out", text(&out)];
        place.must(&[&init[..], &["--listen", &listen, "--mllp-listen", &mllp]].concat());
        // A look every 250 ms is for people.
        place.configure("poll_ms = 250", "poll_ms = 20");
        place
    }

    /// Changes the configuration.
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.config()).unwrap();
        assert!(config.contains(from), "{config}");
        fs::write(self.config(), config.replace(from, to)).unwrap();
    }

    pub(crate) fn path(&self, of: &str) -> PathBuf {
        self.dir.path().join(of)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("here/throughline.toml")
    }

    /// A file of the generated authority, as JSON.
    pub(crate) fn json(&self, of: &str) -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(self.path("authority").join(of)).unwrap()).unwrap()
    }

    /// The lines of a file of the generated authority, each JSON.
    pub(crate) fn json_lines(&self, of: &str) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.path("authority").join(of)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs a command of the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(program()).args(arguments).current_dir(self.dir.path()).output().unwrap()
    }

    /// Runs a command that must do what it is asked, and gives what it printed.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}\n{}", String::from_utf8_lossy(&output.stderr), self.told());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command with this place's configuration.
    pub(crate) fn ours(&self, arguments: &[&str]) -> String {
        let config = self.config();
        self.must(&[arguments, &["--config", text(&config)]].concat())
    }

    /// Each line that such a command printed, as JSON.
    pub(crate) fn listed(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let printed = self.ours(&[arguments, &["--json"]].concat());
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts the process, and returns once it answers its operator.
    pub(crate) fn up(&self) -> Running<'_> {
        let running = self.begin();
        self.settle();
        running
    }

    /// Starts the process and does not wait for it.
    pub(crate) fn begin(&self) -> Running<'_> {
        self.begin_with(&["up"], &self.config())
    }

    /// Starts a process with a configuration of its own, and does not wait for it.
    pub(crate) fn begin_with(&self, arguments: &[&str], config: &Path) -> Running<'_> {
        let stderr = File::options().create(true).append(true).open(self.stderr()).unwrap();
        let mut command = Command::new(program());
        command.args(arguments).arg("--config").arg(config).current_dir(self.dir.path());
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        Running { process, place: self }
    }

    /// Waits until everything that was brought is on the timelines.
    pub(crate) fn settle(&self) -> serde_json::Value {
        serde_json::from_str(&self.ours(&["status", "--json", "--wait", WAIT_S])).unwrap()
    }

    /// Everything that the process wrote to its standard error, over all its lives.
    pub(crate) fn told(&self) -> String {
        fs::read_to_string(self.stderr()).unwrap_or_default()
    }

    fn stderr(&self) -> PathBuf {
        self.path("stderr")
    }

    /// Puts a file into a connector's drop folder in one step, so that no half of it is seen.
    pub(crate) fn drop_bytes(&self, connector: &str, name: &str, bytes: &[u8]) {
        let incoming = self.path("here/drop").join(connector).join("incoming");
        fs::create_dir_all(&incoming).unwrap();
        let part = incoming.join(format!("{name}.part"));
        fs::write(&part, bytes).unwrap();
        fs::rename(part, incoming.join(name)).unwrap();
    }

    /// Puts every file of a folder into a connector's drop folder.
    pub(crate) fn drop_folder(&self, connector: &str, folder: &Path) {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap();
            self.drop_bytes(connector, name, &fs::read(&file).unwrap());
        }
    }

    /// Puts the whole generated authority into the drop folders.
    pub(crate) fn drop_authority(&self) {
        for connector in CONNECTORS {
            self.drop_folder(connector, &self.path("authority").join(connector));
        }
    }

    /// Records the authority's facts.
    pub(crate) fn record_facts(&self) {
        let facts = self.path("here/facts.jsonl");
        self.ours(&["facts", "record", text(&facts)]);
        self.approve_rules();
    }

    /// Approves the rules of the program, as the two people who must.
    pub(crate) fn approve_rules(&self) {
        for person in ["approver-1", "approver-2"] {
            let readers = self.path("here/readers");
            self.must(&["sharing", "approve", "--as", person, "--readers", text(&readers), "--yes"]);
        }
    }
}

pub(crate) const CONNECTORS: [&str; 3] = ["education-school-census", "health-hl7v2", "social-care-cin-census"];

/// The process. Killed when dropped.
pub(crate) struct Running<'a> {
    process: std::process::Child,
    place: &'a Place,
}

impl Running<'_> {
    /// Tells it to stop, waits for it, and gives how it ended.
    pub(crate) fn stop(mut self) {
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}\n{}", self.place.told());
    }

    /// The plug pulled.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _gone_already = self.process.wait();
        if std::thread::panicking() {
            eprintln!("--- what the process said\n{}", self.place.told());
        }
    }
}

/// A free port with a free port after it, for the service and for MLLP. Below those that the system gives to clients, so
/// that nobody's connection takes one before the process does, and of this process of tests only.
fn two_ports() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let of_this_process = std::process::id() * 64;
    loop {
        let given = u32::from(GIVEN.fetch_add(2, Ordering::Relaxed));
        let first = u16::try_from(20_000 + (of_this_process + given) % 10_000).unwrap();
        if [first, first + 1].into_iter().all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
}

/// A free port, as those are.
pub(super) fn free_port() -> u16 {
    two_ports()
}

/// The first line of some text that begins so.
pub(crate) fn line_with<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines()
        .find(|line| line.starts_with(start))
        .unwrap_or_else(|| panic!("no line starts with `{start}`:\n{text}"))
}

/// What stands after `name=` in a line.
pub(crate) fn number_in<'a>(line: &'a str, name: &str) -> &'a str {
    let sought = format!("{name}=");
    let found = line.split_whitespace().find_map(|word| word.strip_prefix(&sought));
    found.unwrap_or_else(|| panic!("no `{name}` in `{line}`"))
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
