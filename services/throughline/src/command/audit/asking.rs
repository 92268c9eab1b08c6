//! Whom an auditor's question goes to: the running process, by its socket or as an auditor over TLS; or, where none runs, the log itself.

use std::path::PathBuf;
use std::sync::Arc;

use event_log::EventLog;
use projection::project::Projector;
use projection::rebuild;
use projection::replay::{Replayer, RulesKept};
use proto::events::Subject;
use proto::sharing::{Call, DenialReason, Purpose};
use sharing::Engine;

use crate::admin_client;
use crate::command::{ConfigFile, facts};
use crate::output::{self, Usage};
use crate::reader::{self, Auditor, Reader};
use crate::settings::Settings;
use crate::vault::{self, Vault};

/// Who asks.
#[derive(clap::Args, Debug)]
pub(super) struct Asking {
    #[command(flatten)]
    file: ConfigFile,
    /// Ask over TLS as this auditor: a reader's file, or the name of one in --readers. Else as the operator, at the socket of the
    /// process that goes by --config.
    #[arg(long = "as", value_name = "READER")]
    reader: Option<String>,
    /// Where named readers are.
    #[arg(long, default_value = "throughline-dev/readers")]
    readers: PathBuf,
}

/// Of which days.
#[derive(clap::Args, Debug)]
pub(super) struct Days {
    /// Only what was asked from this day on, YYYY-MM-DD.
    #[arg(long)]
    from: Option<jiff::civil::Date>,
    /// Only what was asked up to this day, inclusive.
    #[arg(long)]
    to: Option<jiff::civil::Date>,
}

impl Days {
    pub(super) fn from(&self) -> Option<proto::events::Date> {
        self.from.map(output::date)
    }

    pub(super) fn to(&self) -> Option<proto::events::Date> {
        self.to.map(output::date)
    }
}

impl Asking {
    pub(super) async fn client(&self) -> anyhow::Result<Auditor> {
        let Some(name) = &self.reader else {
            return Ok(reader::operator(admin_client::channel(&self.file.config, None).await?));
        };
        let named = self.readers.join(format!("{name}.toml"));
        let file = if named.exists() { named } else { PathBuf::from(name) };
        Reader::load(&file)?.connect_to_audit().await
    }

    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        Ok(Settings::load(&self.file.config)?)
    }
}

/// A log of a stopped process or a copy of one, with its keys, read into a store that is gone afterwards.
pub(crate) struct Beside {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) projector: Projector,
    pub(crate) organisation: String,
    pub(crate) replayer: Replayer,
    _folder: Folder,
}

/// Removed when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _already_gone = std::fs::remove_dir_all(&self.0);
    }
}

impl Beside {
    /// Reads all of it.
    pub(crate) async fn of(settings: &Settings) -> anyhow::Result<Self> {
        let vault = Vault::of(settings)?;
        let serve = settings.serve()?;
        let projector = vault.projector(serve);
        let (log, _) = vault::stopped_log(settings, &vault).await??;
        vault::every_key_is_here(log.as_ref(), &projector, settings).await?;
        let folder = Folder(settings.data.join(format!("audit-{}", std::process::id())));
        let bar = output::progress(0, "reading the log");
        let built = rebuild::rebuild(Arc::clone(&log), projector.clone(), &folder.0, &settings.store, |read, total| {
            bar.set_length(total);
            bar.set_position(read);
        });
        let (store, _) = built.await?;
        bar.finish_and_clear();
        let engine = Arc::new(Engine::load()?);
        let rules = Arc::new(RulesKept::new(Arc::clone(&engine), store.clone(), projector.clone()));
        let replayer = Replayer::new(store, projector.clone(), engine, serve.hub_contact.clone(), rules);
        Ok(Self { log, projector, organisation: serve.organisation.clone(), replayer, _folder: folder })
    }
}

/// A child, as SCHEME:ISSUER:VALUE.
pub(super) fn child(text: &str) -> anyhow::Result<Subject> {
    let mut parts = text.splitn(3, ':');
    let (Some(scheme), Some(issuer), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        anyhow::bail!(Usage(
            "the child must be given as SCHEME:ISSUER:VALUE, such as UPN:dfe:B801200005001".to_owned()
        ));
    };
    Ok(facts::reference(scheme, issuer, value).map_err(|error| Usage(error.to_string()))?)
}

/// A decision, 32 hexadecimal digits.
pub(super) fn decision(text: &str) -> anyhow::Result<Vec<u8>> {
    let id = hex::decode(text.replace('-', "")).ok().filter(|id| id.len() == 16);
    Ok(id.ok_or_else(|| Usage("a decision's id is 32 hexadecimal digits".to_owned()))?)
}

pub(super) fn purpose(purpose: Purpose) -> String {
    spelt(purpose.as_str_name(), "PURPOSE_")
}

pub(super) fn call(call: Call) -> String {
    spelt(call.as_str_name(), "CALL_")
}

/// Nothing where nothing was denied.
pub(super) fn denied(reason: DenialReason) -> String {
    if reason == DenialReason::Unspecified {
        return String::new();
    }
    reason.as_str_name().trim_start_matches("DENIAL_REASON_").to_owned()
}

pub(super) fn spelt(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}

/// A moment, to the second.
pub(super) fn moment(at: Option<&prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| jiff::Timestamp::new(at.seconds, 0).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}
