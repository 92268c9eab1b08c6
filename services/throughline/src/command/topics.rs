//! `throughline topics`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use event_log::kafka::admin::Admin;
use event_log::kafka::topics::{self, ApplyError, Kind, Plan, Step, Wanted};
use serde_json::json;

use crate::command::{ConfigFile, block_on};
use crate::output;
use crate::settings::{KafkaSettings, LogSettings, Purpose, Settings};

/// Make the topics of the log on Kafka, and say who may do what to them
///
/// By `deploy/kafka/topics.toml`, which is part of this program, or by another file. Never deletes a topic, lowers a
/// retention or changes a number of partitions.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Show what the cluster lacks; exit code 4 when there is anything.
    Plan(Cluster),
    /// Do it, and wait until the cluster shows it; exit code 4, and nothing done, when a topic breaks the positions.
    Apply {
        #[command(flatten)]
        cluster: Cluster,
        /// Take away the ACLs that the file does not give, too.
        #[arg(long)]
        remove_acls: bool,
    },
}

#[derive(clap::Args, Debug)]
struct Cluster {
    #[command(flatten)]
    file: ConfigFile,
    /// What topics and ACLs there should be, in place of the file that is part of this program.
    #[arg(long, value_name = "FILE")]
    topics: Option<PathBuf>,
    /// Copies of each partition, in place of the file's.
    #[arg(long, value_name = "N")]
    replication: Option<u16>,
    /// How many copies must have a record before it is acknowledged, in place of the file's.
    #[arg(long, value_name = "N")]
    min_insync_replicas: Option<u16>,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Plan(cluster) => plan(cluster),
        Command::Apply { cluster, remove_acls } => apply(cluster, *remove_acls),
    }
}

fn plan(cluster: &Cluster) -> anyhow::Result<ExitCode> {
    let kafka = kafka(&cluster.file)?;
    let wanted = cluster.wanted(&kafka)?;
    let plan = block_on(async {
        let mut admin = Admin::connect(&kafka.connection).await?;
        Ok(topics::plan(&wanted, &topics::find(&mut admin, &wanted).await?))
    })?;
    print(&plan, cluster.json)?;
    if plan.is_nothing() {
        summary(cluster, "topics: nothing to do")?;
        return Ok(ExitCode::SUCCESS);
    }
    summary(cluster, &format!("topics: to do: {}", counted(&plan)))?;
    Ok(ExitCode::from(output::DIFFERS))
}

fn apply(cluster: &Cluster, remove_acls: bool) -> anyhow::Result<ExitCode> {
    let kafka = kafka(&cluster.file)?;
    let wanted = cluster.wanted(&kafka)?;
    let applied = block_on(async {
        let mut admin = Admin::connect(&kafka.connection).await?;
        match topics::apply(&mut admin, &wanted, remove_acls).await {
            Err(ApplyError::Refused(plan)) => Ok(*plan),
            applied => Ok(applied?),
        }
    })?;
    print(&applied, cluster.json)?;
    if applied.is_refused() {
        summary(cluster, "topics: nothing was changed, because the log would not hold on what is refused above")?;
        return Ok(ExitCode::from(output::DIFFERS));
    }
    let left = |kind| applied.steps.iter().any(|step| step.kind == kind);
    if left(Kind::SurplusAcl) && !remove_acls {
        output::note("the surplus ACLs are still there: --remove-acls takes them away");
    }
    let done = if applied.is_nothing() { "nothing to do".to_owned() } else { format!("done: {}", counted(&applied)) };
    summary(cluster, &format!("topics: {done}"))?;
    Ok(ExitCode::SUCCESS)
}

impl Cluster {
    fn wanted(&self, kafka: &KafkaSettings) -> anyhow::Result<Wanted> {
        let (name, wanted) = match &self.topics {
            None => ("deploy/kafka/topics.toml".to_owned(), Wanted::shipped()),
            Some(file) => {
                let name = file.display().to_string();
                let text = std::fs::read_to_string(file).with_context(|| format!("`{name}` cannot be read"))?;
                (name, Wanted::read(&text))
            }
        };
        let wanted = wanted.and_then(|wanted| wanted.with_copies(self.replication, self.min_insync_replicas));
        let wanted = wanted.map(|wanted| wanted.with_prefix(&kafka.prefix));
        wanted.map_err(|problems| runtime::config::Problems { file: name.into(), lines: problems.0 }.into())
    }
}

/// The cluster that a configuration file names.
pub(crate) fn kafka(file: &ConfigFile) -> anyhow::Result<KafkaSettings> {
    match Settings::load_for(&file.config, Purpose::Cluster)?.log {
        LogSettings::Kafka(kafka) => Ok(kafka),
        LogSettings::Embedded => {
            bail!("`{}` has the embedded log: give it a [log] with `kind = \"kafka\"`", file.config.display())
        }
    }
}

fn summary(cluster: &Cluster, text: &str) -> anyhow::Result<()> {
    if cluster.json { Ok(()) } else { output::line(text) }
}

fn print(plan: &Plan, as_json: bool) -> anyhow::Result<()> {
    if plan.open_to_all {
        output::note("this cluster has no authorizer: whoever reaches it may do everything, and ACLs are not planned");
    }
    if as_json {
        let step = |step: &Step| json!({ "change": step.kind.to_string(), "on": step.on, "what": step.what });
        let steps: Vec<_> = plan.steps.iter().map(step).collect();
        return output::line(&json!({ "steps": steps, "authorizer": !plan.open_to_all }).to_string());
    }
    if plan.steps.is_empty() {
        return Ok(());
    }
    let mut table = output::table(&["change", "on", "what"]);
    for step in &plan.steps {
        output::add_row(&mut table, [step.kind.to_string(), step.on.clone(), step.what.clone()]);
    }
    output::print(&table)
}

fn counted(plan: &Plan) -> String {
    let steps = |kind: Kind| plan.steps.iter().filter(|step| step.kind == kind).count();
    let counts = [
        ("refused", steps(Kind::Refused)),
        ("topics_created", steps(Kind::CreateTopic)),
        ("topics_configured", steps(Kind::SetConfig)),
        ("not_changed", steps(Kind::NotChanged)),
        ("acls_added", plan.new_acls.len()),
        ("acls_surplus", plan.surplus_acls.len()),
    ];
    counts.map(|(what, count)| format!("{what}={count}")).join(" ")
}
