//! A real Apache Kafka for tests, without Docker.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use broker::{Broker, Cluster, Kind};
//!
//! // One node, ready when this returns (some two seconds), gone with its data when it is dropped.
//! let broker = Broker::start(Kind::Plaintext)?;
//! let bootstrap = broker.bootstrap();
//!
//! // TLS on both sides: whoever shows no certificate of this authority is refused.
//! let broker = Broker::start(Kind::Tls)?;
//! let papers = broker.papers();
//! let (certificate, key) = papers.client("education-school-census")?;
//! let ca = papers.ca();
//!
//! // SASL inside TLS, and nothing allowed that no ACL allows, but to the super user.
//! let broker = Broker::start(Kind::SaslSsl)?;
//! let (username, password_file) = (broker::SUPER_USER, broker.password_file(broker::SUPER_USER)?);
//! let token_file = broker.token_file("serve")?;
//!
//! // A bad day.
//! let mut cluster = Cluster::start(3)?;
//! cluster.kill(1)?;
//! cluster.start_again(1)?;
//! cluster.pause(2)?;
//! cluster.resume(2)?;
//! # Ok(())
//! # }
//! ```
//!
//! `deploy/kafka/setup` puts the broker together; `make test` runs it first. Where there is none, librdkafka's mock cluster
//! stands in, which knows neither TLS nor ACLs nor how to make a topic ([`Cluster::mock_topic`] does), keeps nothing and cannot
//! fail: a test that needs more begins with
//! `if broker.passes_over("what it needs") { return Ok(()) }`. `KAFKA_BOOTSTRAP` points [`Kind::Plaintext`] at a broker that
//! is running already: it keeps what it holds, so a test that wants empty topics names its own. A node takes some
//! 300 MB: share one among the tests of a file where they do not harm it.

mod certificates;
mod home;
mod mock;
mod node;
mod people;
mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

pub use certificates::Papers;
pub use people::SUPER_USER;

use home::Home;
use mock::Mock;
use node::Node;
use people::People;

/// How long a node may take to be ready, and how long to stop: far more than it needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How clients reach it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// As anybody, in clear.
    Plaintext,
    /// TLS; a client must show a certificate of [`Papers`]' authority.
    Tls,
    /// SASL (SCRAM-SHA-512 or OAUTHBEARER) inside TLS, and deny by default.
    SaslSsl,
}

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Plan {
    kind: Kind,
    nodes: u16,
    settings: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    data_in: Option<PathBuf>,
    users: Vec<String>,
}

impl Plan {
    /// One node.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        let users = ["serve", "education-school-census", "social-care-cin-census", "health-hl7v2", "stranger"];
        Self {
            kind,
            nodes: 1,
            settings: BTreeMap::new(),
            environment: BTreeMap::new(),
            data_in: None,
            users: users.map(str::to_owned).into(),
        }
    }

    /// Several nodes, each controller and broker; topics have three replicas of which two must have a record, unless said
    /// otherwise when they are made.
    #[must_use]
    pub fn nodes(mut self, nodes: u16) -> Self {
        self.nodes = nodes;
        self
    }

    /// One line of the node's properties.
    #[must_use]
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        self.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// One variable of the node's environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Data under this folder (a filesystem of a certain size, say) and not under the system's temporary one. It exists.
    #[must_use]
    pub fn data_in(mut self, folder: &Path) -> Self {
        self.data_in = Some(folder.to_owned());
        self
    }

    /// The SCRAM users beside [`SUPER_USER`], in place of `serve`, one for each connector and `stranger`.
    #[must_use]
    pub fn users(mut self, users: &[&str]) -> Self {
        self.users = users.iter().map(|user| (*user).to_owned()).collect();
        self
    }

    /// Starts it, and returns when it takes requests.
    ///
    /// # Errors
    /// When a node did not start in time, with the end of what it said.
    pub fn start(self) -> Result<Cluster> {
        if self.kind == Kind::Plaintext
            && self.nodes == 1
            && let Ok(bootstrap) = std::env::var("KAFKA_BOOTSTRAP")
        {
            home::say(&format!("kafka: the broker at {bootstrap}, which KAFKA_BOOTSTRAP names"));
            return Ok(Cluster { bootstrap, behind: Behind::External, started: None });
        }
        match Home::find() {
            Ok(home) => Cluster::real(&self, &home),
            Err(why) => {
                let mock = Mock::start(self.nodes)?;
                home::say_mock(&mock.version(), &why);
                Ok(Cluster { bootstrap: mock.bootstrap()?, behind: Behind::Mock(mock), started: None })
            }
        }
    }
}

/// Nodes that keep one log.
pub struct Cluster {
    bootstrap: String,
    behind: Behind,
    started: Option<Started>,
}

enum Behind {
    External,
    Mock(Mock),
    Nodes(Vec<Node>),
}

/// What nodes of our own stand on.
struct Started {
    papers: Papers,
    people: People,
    // Last: removed when nothing uses it any more.
    folder: TempDir,
}

impl Cluster {
    /// Nodes that anybody reaches in clear.
    ///
    /// # Errors
    /// As [`Plan::start`].
    pub fn start(nodes: u16) -> Result<Self> {
        Plan::of(Kind::Plaintext).nodes(nodes).start()
    }

    fn real(plan: &Plan, home: &Home) -> Result<Self> {
        let folder = TempDir::with_prefix("broker-").context("a folder for the broker")?;
        let papers = Papers::new(folder.path())?;
        let people = People::new(folder.path(), &plan.users)?;
        let ports = settings::free_ports(usize::from(plan.nodes) * settings::PORTS_A_NODE)?;
        let mut nodes = Vec::new();
        for (place, own) in ports.chunks(settings::PORTS_A_NODE).enumerate() {
            let text = settings::of(plan, place, own, &ports, &papers, &people)?;
            let data_in = plan.data_in.as_deref().unwrap_or_else(|| folder.path());
            let name = format!("node-{}", place + 1);
            nodes.push(Node::new(home, folder.path(), data_in, &name, &text, &people, &plan.environment)?);
        }
        // All at once: one alone waits for its quorum.
        for node in &mut nodes {
            node.spawn()?;
        }
        for node in &mut nodes {
            home::say(&node.wait_ready(PATIENCE)?);
        }
        let bootstrap = settings::bootstrap(&ports);
        Ok(Self { bootstrap, behind: Behind::Nodes(nodes), started: Some(Started { papers, people, folder }) })
    }

    /// `host:port`, several parted by commas.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Whether it is an Apache Kafka, and not the mock cluster.
    #[must_use]
    pub fn is_real(&self) -> bool {
        !matches!(self.behind, Behind::Mock(_))
    }

    /// Whether a test that needs this of a real broker of its own has to be passed over, which is said where nobody misses it.
    #[must_use]
    pub fn passes_over(&self, needs: &str) -> bool {
        let over = !matches!(self.behind, Behind::Nodes(_));
        if over {
            home::say_passed_over(needs);
        }
        over
    }

    /// Makes a topic on the mock cluster, which knows no `CreateTopics`. Whether it is one: on a broker, an admin client does.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn mock_topic(&self, name: &str, partitions: i32) -> Result<bool> {
        let Behind::Mock(mock) = &self.behind else { return Ok(false) };
        mock.topic(name, partitions).map(|()| true)
    }

    fn started(&self) -> Result<&Started> {
        self.started.as_ref().context("only a broker that was started here has papers and people")
    }

    /// Certificates, as PEM files.
    ///
    /// # Panics
    /// Never on a broker of its own: begin the test with [`Self::passes_over`].
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that forgot to ask is to fail")]
    pub fn papers(&self) -> &Papers {
        &self.started().expect("ask passes_over first").papers
    }

    /// A file that holds a user's SCRAM password and nothing else.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn password_file(&self, user: &str) -> Result<PathBuf> {
        self.started()?.people.password_file(user)
    }

    /// A file that holds a token, good for an hour, for OAUTHBEARER, in which the subject is the user.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn token_file(&self, user: &str) -> Result<PathBuf> {
        self.started()?.people.token_file(user, Duration::from_secs(3600))
    }

    /// A folder that goes with the broker, for what a test wants to lay beside it.
    ///
    /// # Errors
    /// When the broker is not of its own.
    pub fn folder(&self) -> Result<&Path> {
        Ok(self.started()?.folder.path())
    }

    /// The folder of a node's data. Nodes count from 1.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn data(&self, node: usize) -> Result<&Path> {
        let Behind::Nodes(nodes) = &self.behind else { bail!("only a broker that was started here has a folder") };
        Ok(nodes.get(node.wrapping_sub(1)).context("no such node")?.data())
    }

    /// Sets a node's wall clock wrong by so many milliseconds: its records are stamped so a moment later.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn set_clock_wrong_by(&mut self, node: usize, ms: i64) -> Result<()> {
        self.node(node)?.set_clock_wrong_by(ms)
    }

    /// Whether a node's process is there.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn is_running(&mut self, node: usize) -> Result<bool> {
        Ok(self.node(node)?.is_running())
    }

    /// What a node has warned of so far, the last of it.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn said(&mut self, node: usize) -> Result<String> {
        Ok(self.node(node)?.said())
    }

    fn node(&mut self, node: usize) -> Result<&mut Node> {
        let Behind::Nodes(nodes) = &mut self.behind else {
            bail!("only a broker that was started here can have a bad day")
        };
        nodes.get_mut(node.wrapping_sub(1)).context("no such node")
    }

    /// Ends a node as a power cut of its process would (SIGKILL). Its data stay.
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill(&mut self, node: usize) -> Result<()> {
        self.node(node)?.kill()
    }

    /// Stops a node in good order (SIGTERM), and waits for it.
    ///
    /// # Errors
    /// When it is not running, or takes too long.
    pub fn stop(&mut self, node: usize) -> Result<()> {
        self.node(node)?.stop(PATIENCE)
    }

    /// Starts a node again, on its own data and port, and returns when it takes requests.
    ///
    /// # Errors
    /// When it is running, or did not start in time.
    pub fn start_again(&mut self, node: usize) -> Result<()> {
        let node = self.node(node)?;
        ensure!(!node.is_running(), "it is running");
        node.spawn()?;
        node.wait_ready(PATIENCE)?;
        Ok(())
    }

    /// Starts a node again and does not wait for it: one of several that are down waits for its quorum.
    ///
    /// # Errors
    /// When it is running.
    pub fn start_unwaited(&mut self, node: usize) -> Result<()> {
        let node = self.node(node)?;
        ensure!(!node.is_running(), "it is running");
        node.spawn()
    }

    /// Waits until a node that was started unwaited takes requests.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn wait_ready(&mut self, node: usize) -> Result<()> {
        self.node(node)?.wait_ready(PATIENCE)?;
        Ok(())
    }

    /// Holds a node still, connections open (SIGSTOP).
    ///
    /// # Errors
    /// When it is not running.
    pub fn pause(&mut self, node: usize) -> Result<()> {
        self.node(node)?.signal(rustix::process::Signal::STOP)
    }

    /// Lets a node that was held still go on (SIGCONT).
    ///
    /// # Errors
    /// When it is not running.
    pub fn resume(&mut self, node: usize) -> Result<()> {
        self.node(node)?.signal(rustix::process::Signal::CONT)
    }
}

/// One node.
pub struct Broker(Cluster);

impl Broker {
    /// Starts it, and returns when it takes requests.
    ///
    /// # Errors
    /// As [`Plan::start`].
    pub fn start(kind: Kind) -> Result<Self> {
        Ok(Self(Plan::of(kind).start()?))
    }

    /// Ends it (SIGKILL). Its data stay.
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill(&mut self) -> Result<()> {
        self.0.kill(1)
    }

    /// Stops it in good order.
    ///
    /// # Errors
    /// When it is not running, or takes too long.
    pub fn stop(&mut self) -> Result<()> {
        self.0.stop(1)
    }

    /// Starts it again, on its own data and port.
    ///
    /// # Errors
    /// When it is running, or did not start in time.
    pub fn start_again(&mut self) -> Result<()> {
        self.0.start_again(1)
    }

    /// Holds it still, connections open.
    ///
    /// # Errors
    /// When it is not running.
    pub fn pause(&mut self) -> Result<()> {
        self.0.pause(1)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn resume(&mut self) -> Result<()> {
        self.0.resume(1)
    }
}

impl From<Cluster> for Broker {
    fn from(cluster: Cluster) -> Self {
        Self(cluster)
    }
}

impl std::ops::DerefMut for Broker {
    fn deref_mut(&mut self) -> &mut Cluster {
        &mut self.0
    }
}

impl std::ops::Deref for Broker {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.0
    }
}
