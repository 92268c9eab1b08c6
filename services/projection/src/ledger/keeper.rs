//! Keeping the ledger: read the log, grow the trees, sign.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use event_log::{Ends, EventLog, LogError, Partition, Topic};
use ledger::difference::Difference;
use ledger::note::{Note, SigningKey};
use ledger::proof::Hashes as _;
use ledger::statement::{Head, Statement};
use runtime::metrics;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::levels::Growing;
use super::{Finding, Folder, KeyFolder, LedgerError, TOPICS, Tree, What, entry_of, name_of, tree_of, trees};

/// Records that are read, hashed and written at a time.
const RECORDS_A_READ: usize = 1_024;

/// How often what is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How often a statement is signed while the log grows.
    pub every: Duration,
    /// How often one is kept for good, seconds.
    pub keep_every_s: u64,
    /// How often one is signed though nothing has changed, seconds: so that silence is not mistaken for a signer that stopped.
    pub repeat_every_s: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { every: Duration::from_secs(1), keep_every_s: 3_600, repeat_every_s: 60 }
    }
}

/// What was signed last.
#[derive(Clone, Debug)]
pub struct Signed {
    /// What it says.
    pub statement: Statement,
    /// As it was signed.
    pub note: Note,
}

/// Keeps the ledger of a log. One a folder.
pub struct Keeper {
    log: Arc<dyn EventLog>,
    folder: Folder,
    key: SigningKey,
    options: Options,
    trees: BTreeMap<Tree, Kept>,
    /// Where the log ended at the beginning: nothing is signed that does not reach there.
    began_at: Ends,
    /// Where it ended when it was last asked.
    ends: Ends,
    told: watch::Sender<Option<Arc<Signed>>>,
    _lock: crate::held_lock::HeldLock,
}

/// A tree, and what it must come to.
struct Kept {
    growing: Growing,
    signed: Option<Head>,
}

impl Keeper {
    /// Opens the ledger in a folder, or begins it, and holds the log to what was signed last.
    ///
    /// # Errors
    /// [`LedgerError::NotAsSigned`] when the log ends before what was signed, or does not hold it; [`LedgerError::Locked`].
    pub async fn open(
        log: Arc<dyn EventLog>,
        dir: &Path,
        keys: &KeyFolder,
        options: Options,
    ) -> Result<(Self, watch::Receiver<Option<Arc<Signed>>>), LedgerError> {
        let folder = Folder::new(dir);
        fs::create_dir_all(dir).map_err(LedgerError::io("made", dir))?;
        let lock = locked(dir)?;
        let (key, public) = (keys.signing()?, keys.public()?);
        folder.put_keys(keys)?;
        let last = folder.last()?;
        let last = last.map(|note| Statement::believed(&note, &public).map(|statement| Signed { statement, note }));
        let last = last.transpose().map_err(|because| LedgerError::Note { path: dir.join("statement"), because })?;
        let ends = log.ends(&TOPICS).await?;
        let mut signed: BTreeMap<Tree, Head> = BTreeMap::new();
        for head in last.iter().flat_map(|last| last.statement.heads()) {
            let tree = tree_of(&head.tree).ok_or_else(|| LedgerError::Tree(head.tree.clone()))?;
            signed.insert(tree, head.clone());
        }
        let mut opened = BTreeMap::new();
        for tree in trees() {
            let end = ends.get(&tree).copied().unwrap_or_default();
            let kept = open_tree(log.as_ref(), &folder, tree, end, signed.remove(&tree)).await?;
            opened.insert(tree, kept);
        }
        let (told, hear) = watch::channel(last.map(Arc::new));
        let began_at = ends.clone();
        Ok((Self { log, folder, key, options, trees: opened, began_at, ends, told, _lock: lock }, hear))
    }

    /// Reads what the log has more, and grows the trees. Gives whether any grew.
    ///
    /// # Errors
    /// When the log cannot be read, or does not hold what was signed.
    pub async fn follow(&mut self) -> Result<bool, LedgerError> {
        self.ends = self.log.ends(&TOPICS).await?;
        let mut grew = false;
        for (tree, kept) in &mut self.trees {
            let end = self.ends.get(tree).copied().unwrap_or_default();
            if end < kept.growing.tree().size() {
                let difference = Difference::Truncated(kept.growing.tree().size());
                return Err(not_as_signed(Finding::at(&name_of(*tree), end, What::Records(difference))));
            }
            while kept.growing.tree().size() < end {
                grew |= kept.read_on(self.log.as_ref(), *tree).await?;
                tokio::task::yield_now().await;
            }
        }
        Ok(grew)
    }

    /// Signs what the trees are now, unless they do not reach what was there at the beginning, or nothing changed and it is not time
    /// to repeat it. On stable storage before anybody is told. `now_s`: seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sign(&mut self, now_s: u64) -> Result<bool, LedgerError> {
        let last = self.told.borrow().clone();
        let reaches = |(tree, kept): (&Tree, &Kept)| {
            kept.growing.tree().size() >= self.began_at.get(tree).copied().unwrap_or_default() && kept.signed.is_none()
        };
        if !self.trees.iter().all(reaches) {
            return Ok(false);
        }
        let head = |(tree, kept): (&Tree, &Kept)| {
            let tree = name_of(*tree);
            Head { tree, size: kept.growing.tree().size(), root: kept.growing.tree().root() }
        };
        let heads: Vec<Head> = self.trees.iter().map(head).filter(|head| head.size > 0).collect();
        // The clock may be set back; what is said of time does not go back with it.
        let signed_at = last.as_ref().map_or(now_s, |last| now_s.max(last.statement.signed_at));
        if let Some(last) = &last {
            let repeats = signed_at.saturating_sub(last.statement.signed_at) >= self.options.repeat_every_s;
            let same_key = last.note.signatures().iter().any(|by| by.id == self.key.public().id());
            if last.statement.heads().eq(&heads) && same_key && !repeats {
                return Ok(false);
            }
        }
        let before = last.as_ref().map(|last| &last.statement);
        let (statement, note) = Statement::sign(&self.key, signed_at, heads, before)?;
        if let Some(contradiction) = before.and_then(|before| before.contradicted_by(&statement)) {
            return Err(not_as_signed(Finding::at(&contradiction.tree, contradiction.size, What::SomeRecord)));
        }
        self.folder.put_last(&note)?;
        let period = |at: u64| at / self.options.keep_every_s.max(1);
        if before.is_none_or(|before| period(before.signed_at) != period(signed_at)) {
            self.folder.keep(&note, signed_at)?;
        }
        metrics::LEDGER_SIZE.set(statement.leaves() as f64, []);
        metrics::LEDGER_SIGNED_AT.set(signed_at as f64, []);
        self.told.send_replace(Some(Arc::new(Signed { statement, note })));
        Ok(true)
    }

    /// Records that were on the log when it was last asked, and are not signed.
    fn behind(&self) -> u64 {
        let signed = self.told.borrow().as_ref().map_or(0, |signed| signed.statement.leaves());
        self.ends.values().sum::<u64>().saturating_sub(signed)
    }

    /// Follows and signs until told to stop; then once more, so that what was acknowledged before is signed. A log that cannot be
    /// reached is asked again; a disk that is full is tried again.
    ///
    /// # Errors
    /// When the log is not what was signed, or its own folder fails.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), LedgerError> {
        loop {
            let is_last = stop.is_cancelled();
            match self.turn().await {
                Err(error) if error.is_transient() || is_full(&error) => {
                    tracing::warn!("the ledger is not signed: {error}");
                }
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            metrics::LEDGER_BEHIND.set(self.behind() as f64, []);
            if is_last {
                return Ok(());
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.options.every) => {}
            }
        }
    }

    async fn turn(&mut self) -> Result<(), LedgerError> {
        self.follow().await?;
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.sign(now_s).map(|_| ())
    }
}

impl Kept {
    /// Reads and adds the next records.
    async fn read_on(&mut self, log: &dyn EventLog, tree: Tree) -> Result<bool, LedgerError> {
        let size = self.growing.tree().size();
        let records = log.read(tree.0, tree.1, size, RECORDS_A_READ).await?;
        for (offset, record) in (size..).zip(&records) {
            if record.position.offset != offset {
                return Err(gap(tree, offset).into());
            }
            self.growing.append(entry_of(record).hash());
            if let Some(signed) = self.signed.take_if(|signed| signed.size == offset + 1)
                && signed.root != self.growing.tree().root()
            {
                return Err(not_as_signed(Finding::within(&signed.tree, 0, signed.size, What::SomeRecord)));
            }
        }
        self.growing.write()?;
        if records.is_empty() { Err(gap(tree, size).into()) } else { Ok(true) }
    }
}

/// Opens a tree's files at what was signed of it; where they do not hold it, it is made again from the log, and held to it then.
async fn open_tree(
    log: &dyn EventLog,
    folder: &Folder,
    tree: Tree,
    end: u64,
    signed: Option<Head>,
) -> Result<Kept, LedgerError> {
    let name = name_of(tree);
    let Some(head) = signed else {
        return Ok(Kept { growing: Growing::begin(folder.levels(&name))?, signed: None });
    };
    if end < head.size {
        return Err(not_as_signed(Finding::at(&name, end, What::Records(Difference::Truncated(head.size)))));
    }
    let Some(growing) = Growing::open(folder.levels(&name), head.size, &head.root)? else {
        tracing::warn!(tree = name, "the ledger's files of a tree are not whole: they are made again from the log");
        return Ok(Kept { growing: Growing::begin(folder.levels(&name))?, signed: Some(head) });
    };
    let last = head.size - 1;
    let records = log.read(tree.0, tree.1, last, 1).await?;
    let stands = records.first().map(|record| entry_of(record).hash_at(last));
    if stands != growing.levels().hashes(0, last, 1)?.first().copied() {
        return Err(not_as_signed(Finding::at(&name, last, What::Records(Difference::Changed))));
    }
    Ok(Kept { growing, signed: None })
}

fn gap((topic, partition): (Topic, Partition), offset: u64) -> LogError {
    let place = event_log::Position { topic, partition, offset }.to_string();
    LogError::Damaged { place, what: "a record is missing".to_owned() }
}

fn not_as_signed(finding: Finding) -> LedgerError {
    LedgerError::NotAsSigned(Box::new(finding))
}

fn is_full(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull)
}

fn locked(dir: &Path) -> Result<crate::held_lock::HeldLock, LedgerError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(LedgerError::io("opened", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(crate::held_lock::HeldLock(file)),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(LedgerError::io("locked", &path)(error)),
    }
}
