//! Erasure: what is destroyed, in which order, and how it is seen that nothing is left.
//!
//! ```text
//! confirmed            restrictions are said again of whoever stays; what is to be destroyed is written down (ErasureBegun)
//! begun                a new epoch for each vault concerned; the data keys destroyed, proven under it; every other key wrapped by it
//! keys destroyed       the wrapping keys of every epoch before it, on this host
//! wrapping destroyed   the store filled anew, the differs' baselines without them
//! done                 a certificate, signed with the ledger's key
//! ```
//!
//! Each step looks at what stands and does what is missing, so whoever goes on after a crash does the same. Nothing of the ledger changes:
//! what is sealed stays where it is, and no key opens it.

mod certificate;
mod plan;
mod rewrap;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::seal::{KeyState, SealError, WrappingKeys};
use event_log::{EventLog, KeyId, LogError, Pseudonym};
use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::{ErasureBegun, ErasureCertified, ErasureStage};
use sharing::erasures::Erasure;

use crate::child::{ChildError, Children};
use crate::command::{CommandError, Commands};
use crate::project::Projector;
use crate::store::{Filling, StoreError, keys};

pub use certificate::{Certificate, CertificateError};

/// A key may be on its way to the log, wrapped by the epoch before, for as long as this after a new one has begun.
const SETTLE: Duration = Duration::from_secs(5);
/// How long this process may take to read what was just written.
const READ_WITHIN: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);

/// What an erasure touches outside the log, the keys and the store.
#[async_trait]
pub trait Premises: Send + Sync + 'static {
    /// Whether a differ's baseline holds something of these; `false` where no connector runs in this process.
    async fn baselines_hold(&self, subjects: &HashSet<Pseudonym>) -> Result<bool, PremisesError>;
    /// How many files in clear that sources gave to this process tell of these subjects, and are still there.
    async fn files_in_clear(&self, subjects: &HashSet<Pseudonym>) -> Result<u32, PremisesError>;
    /// How many such were removed.
    async fn files_removed(&self, subjects: &HashSet<Pseudonym>) -> Result<u32, PremisesError>;
    /// A text as a note signed with the ledger's key, whose name is its first line.
    fn sign(&self, text: &str) -> Result<String, PremisesError>;
    /// The name of the ledger's key.
    fn origin(&self) -> Result<String, PremisesError>;
}

/// Why that cannot be had.
pub type PremisesError = Box<dyn std::error::Error + Send + Sync>;

/// Why an erasure does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A child could not be read.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// The keys.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It could not be recorded.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Something outside: the baselines, the ledger's key.
    #[error("what an erasure needs is not to be had: {0}")]
    Premises(#[source] PremisesError),
}

/// Where an erasure is, and what it waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// How far it is.
    pub stage: ErasureStage,
    /// In words; empty where it waits for nobody.
    pub waits_for: String,
    /// Files in clear of this process's drop folders that tell of the subjects.
    pub files_in_clear: u32,
}

impl Standing {
    fn new(stage: ErasureStage, waits_for: impl Into<String>) -> Self {
        Self { stage, waits_for: waits_for.into(), files_in_clear: 0 }
    }
}

/// Destroys what two people decided to destroy.
pub struct Eraser {
    log: Arc<dyn EventLog>,
    projector: Projector,
    children: Children,
    commands: Arc<Commands>,
    premises: Arc<dyn Premises>,
    settle: Duration,
    in_turn: tokio::sync::Mutex<()>,
}

/// A moment, microseconds since 1970, and its day in England.
type Moment = (i64, Date);

impl Eraser {
    /// Over this log and store.
    pub fn new(
        log: Arc<dyn EventLog>,
        children: Children,
        commands: Arc<Commands>,
        premises: Arc<dyn Premises>,
    ) -> Self {
        let projector = children.projector.clone();
        Self { log, projector, children, commands, premises, settle: SETTLE, in_turn: tokio::sync::Mutex::default() }
    }

    /// With another time for what is on its way to arrive.
    #[must_use]
    pub fn settling_for(self, settle: Duration) -> Self {
        Self { settle, ..self }
    }

    fn wrapping(&self) -> &Arc<WrappingKeys> {
        self.projector.keyring.wrapping()
    }

    /// Where it stands now: what the log says, and what of it is done on this host.
    ///
    /// # Errors
    /// [`ErasureError`].
    pub async fn standing(&self, of: &Erasure, now_us: i64) -> Result<Standing, ErasureError> {
        use ErasureStage as S;
        Ok(match (of.stage(), &of.begun) {
            (S::Proposed, _) => Standing::new(S::Proposed, "another person of information governance to confirm it"),
            (S::Confirmed, _) if now_us < of.cooling_off_ends_us() => {
                Standing::new(S::Confirmed, "the end of the cooling-off period")
            }
            (S::Confirmed, _) => Standing::new(S::Confirmed, "whoever runs it: `throughline erasure run`"),
            (S::Begun, Some((begun, at_us))) => self.done_of(of, begun, *at_us).await?,
            (stage, _) => Standing::new(stage, ""),
        })
    }

    async fn done_of(&self, of: &Erasure, begun: &ErasureBegun, at_us: i64) -> Result<Standing, ErasureError> {
        use ErasureStage as S;
        let run_again = "whoever runs it: `throughline erasure run` goes on where it stopped";
        if !self.keys_are_destroyed(begun)? {
            return Ok(Standing::new(S::Begun, run_again));
        }
        if self.epochs_left(begun)? {
            return Ok(Standing::new(S::KeysDestroyed, run_again));
        }
        if !self.children.store.is_filled_since(at_us)? {
            let waits_for = match self.children.store.filling()? {
                Some(Filling::WhenOpened) => "a restart of the process: its store is then filled anew from the log",
                Some(Filling::UnderWay) => "the store to be filled from the log: that goes on by itself",
                None => run_again,
            };
            return Ok(Standing::new(S::WrappingDestroyed, waits_for));
        }
        let subjects: HashSet<Pseudonym> = subjects(of).map(Pseudonym).collect();
        if self.premises.baselines_hold(&subjects).await.map_err(ErasureError::Premises)? {
            let baselines = "the connectors of this process to forget them: within seconds";
            return Ok(Standing::new(S::WrappingDestroyed, baselines));
        }
        let files = self.premises.files_in_clear(&subjects).await.map_err(ErasureError::Premises)?;
        if files > 0 {
            let waits_for =
                format!("the operator to remove {files} files in clear: `throughline erasure files --remove --yes`");
            return Ok(Standing { files_in_clear: files, ..Standing::new(S::WrappingDestroyed, waits_for) });
        }
        let certificate = "a person who says what became of copies of the wrapping keys: `throughline erasure certify`";
        Ok(Standing::new(S::Done, certificate))
    }

    fn keys_are_destroyed(&self, begun: &ErasureBegun) -> Result<bool, ErasureError> {
        for key_id in key_ids(begun) {
            if self.projector.keyring.state(key_id) != KeyState::Destroyed {
                return Ok(false);
            }
            // What it sealed is out of the store too.
            let (noted, shard) = (keys::key_record(key_id), key_id.partition());
            if self.children.store.read(shard.into(), |view| Ok(view.get(&noted)?.is_none()))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn epochs_left(&self, begun: &ErasureBegun) -> Result<bool, ErasureError> {
        for wrapping in &begun.wrapping {
            let vault = wrapping.vault.and_then(|vault| u8::try_from(vault).ok());
            if self.wrapping().anything_up_to(wrapping.organisation(), vault, wrapping.last())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does what is due of a confirmed erasure, as far as it can go now; again, it goes on where it stopped. `keys_brought` says that
    /// the new wrapping keys are on every host, where there are several.
    ///
    /// # Errors
    /// [`ErasureError`]; what is done by then stays done.
    pub async fn run(&self, of: &Erasure, keys_brought: bool, now: Moment) -> Result<Standing, ErasureError> {
        let _in_turn = self.in_turn.lock().await;
        let standing = self.standing(of, now.0).await?;
        let begun = match (standing.stage, &of.begun) {
            (ErasureStage::Confirmed, _) if now.0 >= of.cooling_off_ends_us() => self.begin(of, now).await?,
            (ErasureStage::Confirmed, _) => return Ok(standing),
            (_, Some((begun, _))) if of.certified.is_none() => begun.clone(),
            _ => return Ok(standing),
        };
        let at_us = of.begun.as_ref().map_or(now.0, |(_, at_us)| *at_us);
        self.begin_epochs(&begun)?;
        if !self.wrapping().makes() && !keys_brought && self.epochs_left(&begun)? {
            let bring = "the new wrapping keys to be brought to every host that seals or opens (`throughline keys list`), and then \
                         `throughline erasure run --keys-brought`";
            return Ok(Standing::new(ErasureStage::Begun, bring));
        }
        if self.epochs_left(&begun)? || !self.keys_are_destroyed(&begun)? {
            self.destroy_keys(&begun).await?;
            // Whatever was on its way under an old epoch when the new one began is on the log by the second look.
            self.rewrap(&begun).await?;
            tokio::time::sleep(self.settle).await;
            let mut left = self.rewrap(&begun).await?;
            while left > 0 {
                left = self.rewrap(&begun).await?;
            }
            let until = tokio::time::Instant::now() + READ_WITHIN;
            while !self.keys_are_destroyed(&begun)? && tokio::time::Instant::now() < until {
                tokio::time::sleep(LOOK).await;
            }
            if !self.keys_are_destroyed(&begun)? {
                return self.done_of(of, &begun, at_us).await;
            }
            self.destroy_epochs(&begun)?;
        }
        let store = &self.children.store;
        if !store.is_filled_since(at_us)? && store.filling()?.is_none() {
            store.fill_anew_when_opened("records were erased: nothing of them is to be left on this disk")?;
        }
        self.done_of(of, &begun, at_us).await
    }

    fn begin_epochs(&self, begun: &ErasureBegun) -> Result<(), ErasureError> {
        for wrapping in &begun.wrapping {
            if let Some(vault) = wrapping.vault.and_then(|vault| u8::try_from(vault).ok()) {
                // A number is never begun twice: a later erasure may have taken its place already.
                if self.wrapping().newest_in(wrapping.organisation(), Some(vault))? <= wrapping.last {
                    self.wrapping().begin_epoch(wrapping.organisation(), vault, wrapping.last() + 1)?;
                }
            }
        }
        Ok(())
    }

    fn destroy_epochs(&self, begun: &ErasureBegun) -> Result<(), ErasureError> {
        for wrapping in &begun.wrapping {
            let vault = wrapping.vault.and_then(|vault| u8::try_from(vault).ok());
            let gone = self.wrapping().destroy_epochs(wrapping.organisation(), vault, wrapping.last())?;
            if gone > 0 {
                tracing::warn!(organisation = wrapping.organisation(), vault, "wrapping keys are destroyed");
            }
        }
        Ok(())
    }

    /// Issues the certificate of an erasure of which nothing is left to do. `copies` is a person's word on every copy of the old
    /// wrapping keys.
    ///
    /// # Errors
    /// [`ErasureError`].
    pub async fn certify(&self, of: &Erasure, copies: &str, now: Moment) -> Result<Option<String>, ErasureError> {
        if let Some(certified) = &of.certified {
            return Ok(Some(certified.certificate().to_owned()));
        }
        let _in_turn = self.in_turn.lock().await;
        let Some((begun, at_us)) = &of.begun else { return Ok(None) };
        if self.done_of(of, begun, *at_us).await?.stage != ErasureStage::Done {
            return Ok(None);
        }
        let origin = self.premises.origin().map_err(ErasureError::Premises)?;
        let gone = subjects(of).map(Pseudonym).collect();
        let files_removed = self.premises.files_removed(&gone).await.map_err(ErasureError::Premises)?;
        let certificate = Certificate { files_removed, ..Certificate::of(of, begun, *at_us, now.0, copies) };
        let certificate = certificate.text(&origin);
        let certificate = self.premises.sign(&certificate).map_err(ErasureError::Premises)?;
        let said = ErasureCertified {
            erasure_id: Some(of.id.to_vec()),
            certificate: Some(certificate.clone()),
            copies: Some(copies.to_owned()),
            files_removed: Some(files_removed),
        };
        self.record(Kind::ErasureCertified(said), now).await?;
        Ok(Some(certificate))
    }

    async fn record(&self, kind: Kind, (now_us, today): Moment) -> Result<(), ErasureError> {
        let subject = self.commands.own_subject();
        self.commands.decided(subject, kind, now_us, plan::day_of(today)).await?;
        Ok(())
    }

    /// Lets records of its subjects in again.
    ///
    /// # Errors
    /// [`ErasureError`].
    pub async fn readmit(&self, begun: &ErasureBegun) -> Result<(), ErasureError> {
        let _in_turn = self.in_turn.lock().await;
        self.readmit_keys(begun).await
    }
}

fn key_ids(begun: &ErasureBegun) -> impl Iterator<Item = KeyId> + '_ {
    begun.keys.iter().filter_map(|id| KeyId::from_slice(id))
}

/// The subjects of an erasure.
pub(crate) fn subjects(of: &Erasure) -> impl Iterator<Item = [u8; 16]> + '_ {
    of.proposed.subjects.iter().filter_map(|id| id.as_slice().try_into().ok())
}

/// By vault, or of all that the controller answers for: the last epoch that goes.
type Last = BTreeMap<(String, Option<u8>), u32>;

fn last_of(begun: &ErasureBegun) -> Last {
    let of = |wrapping: &proto::sharing::WrappingEpochs| {
        let vault = wrapping.vault.and_then(|vault| u8::try_from(vault).ok());
        ((wrapping.organisation().to_owned(), vault), wrapping.last())
    };
    begun.wrapping.iter().map(of).collect()
}

/// Subjects by pseudonym, in order.
pub(crate) type Subjects = BTreeSet<[u8; 16]>;
