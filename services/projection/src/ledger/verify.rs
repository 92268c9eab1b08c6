//! Holding records to what was signed: each partition's leaves are hashed into a tree, and the tree must have the signed root at
//! every size that was ever signed. Where it has not, the recorded leaf hashes, if they are the signed ones, say which record and
//! what was done.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use event_log::{Ends, EventLog, LogError};
use ledger::difference::{self, Difference, WINDOW};
use ledger::note::{Note, VerifierKey};
use ledger::proof::{Hashes, LEVEL_HEIGHT};
use ledger::statement::Statement;
use ledger::{Entry, Hash};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Finding, Folder, LedgerError, TOPICS, What, entry_of, name_of, tree_of};

const RECORDS_A_READ: usize = 4_096;
const HASHES_A_READ: u64 = 16_384;
const TREES_AT_ONCE: usize = 8;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Trees that are signed.
    pub trees: usize,
    /// Records that were held to what was signed.
    pub records: u64,
    /// Records that came after the last statement.
    pub unsigned: u64,
    /// Statements that were believed.
    pub statements: usize,
    /// When the last of them was signed, seconds since 1970.
    pub signed_at: u64,
    /// Witnesses whose signatures hold, by name, each with when it last saw a statement.
    pub witnesses: BTreeMap<String, u64>,
    /// What is not as it was signed; empty when everything is.
    pub findings: Vec<Finding>,
}

/// Statements that are believed.
#[derive(Clone, Debug)]
pub struct Said {
    statements: Vec<Statement>,
    witnesses: BTreeMap<String, u64>,
}

/// One tree at one size, as a statement has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Point {
    size: u64,
    root: Hash,
    signed_at: u64,
}

impl Said {
    /// Believes statements that the ledger signed with one of its keys. Cosignatures of known witnesses must hold, too.
    ///
    /// # Errors
    /// [`LedgerError::Unbelieved`]: one that cannot be believed is not passed over.
    pub fn believed(notes: &[Note], keys: &[VerifierKey], witnesses: &[VerifierKey]) -> Result<Self, LedgerError> {
        let all: Vec<VerifierKey> = keys.iter().chain(witnesses).cloned().collect();
        let (mut statements, mut seen) = (Vec::new(), BTreeMap::new());
        for note in notes {
            statements.push(Statement::believed(note, keys)?);
            note.check(&all)?;
            for (witness, at) in note.witnesses(witnesses) {
                let last: &mut u64 = seen.entry(witness.name().to_owned()).or_default();
                *last = at.max(*last);
            }
        }
        statements.sort_by_key(|statement| (statement.signed_at, statement.leaves()));
        Ok(Self { statements, witnesses: seen })
    }

    /// The last of them.
    pub fn last(&self) -> Option<&Statement> {
        self.statements.last()
    }

    /// What is said of each tree, in order of size.
    fn points(&self) -> BTreeMap<String, Vec<Point>> {
        let mut points: BTreeMap<String, Vec<Point>> = BTreeMap::new();
        for statement in &self.statements {
            for head in statement.heads() {
                let point = Point { size: head.size, root: head.root, signed_at: statement.signed_at };
                points.entry(head.tree.clone()).or_default().push(point);
            }
        }
        points.values_mut().for_each(|points| points.sort_by_key(|point| (point.size, point.signed_at)));
        points
    }
}

/// Where the records are that are held to what was signed.
#[async_trait]
pub(super) trait Leaves: Send + Sync + 'static {
    /// The entries from an offset on; none at the end. `None` in place of bytes that are no entry.
    async fn entries(&self, tree: &str, from: u64) -> Result<Vec<Option<Entry>>, LedgerError>;
    /// The hashes that were recorded of a tree.
    fn recorded(&self, tree: &str) -> Box<dyn Hashes<Error = LedgerError> + Send + Sync>;
    /// Whether those are part of what is verified, or only a help to locate.
    fn holds_tiles(&self) -> bool;
}

/// The records of a log, and what the ledger's folder has recorded of them.
struct OfLog {
    log: Arc<dyn EventLog>,
    folder: Folder,
}

#[async_trait]
impl Leaves for OfLog {
    async fn entries(&self, tree: &str, from: u64) -> Result<Vec<Option<Entry>>, LedgerError> {
        let Some((topic, partition)) = tree_of(tree) else { return Ok(Vec::new()) };
        let records = self.log.read(topic, partition, from, RECORDS_A_READ).await?;
        Ok(records.iter().map(|record| Some(entry_of(record))).collect())
    }

    fn recorded(&self, tree: &str) -> Box<dyn Hashes<Error = LedgerError> + Send + Sync> {
        Box::new(self.folder.levels(tree))
    }

    fn holds_tiles(&self) -> bool {
        false
    }
}

/// Holds a log to what was said of it. `folder` helps to locate what is not so, and is not believed.
///
/// # Errors
/// When the log cannot be read for a reason that is no damage.
pub async fn verify_log(log: Arc<dyn EventLog>, folder: Folder, said: &Said) -> Result<Report, LedgerError> {
    let ends = log.ends(&TOPICS).await?;
    let mut report = verify(Arc::new(OfLog { log, folder }), said).await?;
    report.unsigned = unsigned(&ends, said);
    Ok(report)
}

fn unsigned(ends: &Ends, said: &Said) -> u64 {
    let points = said.points();
    let signed = |name: &str| points.get(name).and_then(|points| points.last()).map_or(0, |point| point.size);
    ends.iter().map(|(tree, end)| end.saturating_sub(signed(&name_of(*tree)))).sum()
}

pub(super) async fn verify(leaves: Arc<dyn Leaves>, said: &Said) -> Result<Report, LedgerError> {
    let mut report = Report {
        statements: said.statements.len(),
        signed_at: said.last().map_or(0, |last| last.signed_at),
        witnesses: said.witnesses.clone(),
        ..Report::default()
    };
    let (places, mut running) = (Arc::new(Semaphore::new(TREES_AT_ONCE)), JoinSet::new());
    for (name, points) in said.points() {
        report.trees += 1;
        let (leaves, places) = (Arc::clone(&leaves), Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire().await;
            let held = hold(leaves.as_ref(), &name, &points).await;
            match held {
                Err(LedgerError::Log(error @ LogError::Damaged { .. })) => {
                    Ok((0, Some(Finding::of(&name, What::Damaged(error.to_string())))))
                }
                held => held,
            }
        });
    }
    while let Some(held) = running.join_next().await {
        let (records, finding) = held.unwrap_or(Err(LedgerError::Log(LogError::Closed)))?;
        report.records += records;
        report.findings.extend(finding);
    }
    report.findings.sort_by(|one, other| (&one.tree, one.at).cmp(&(&other.tree, other.at)));
    Ok(report)
}

/// What reading a partition gave.
struct Read {
    size: u64,
    /// Which of what was said the records bear out, and which not, in order of size. What lies beyond the end is neither.
    good: Vec<Point>,
    bad: Vec<Point>,
    /// The first offset whose leaf is not the recorded one.
    differs_at: Option<u64>,
    /// The first leaf below a hash of a higher level that is not the recorded one.
    above_differs_at: Option<u64>,
}

/// Holds one partition to what was said of it; gives how many records it read.
async fn hold(leaves: &dyn Leaves, name: &str, points: &[Point]) -> Result<(u64, Option<Finding>), LedgerError> {
    let most = points.last().map_or(0, |point| point.size);
    let recorded = leaves.recorded(name);
    let read = read(leaves, name, points, most, recorded.as_ref()).await?;
    let finding = match (read.bad.first(), read.size < most) {
        (None, false) => match (leaves.holds_tiles(), read.differs_at, read.above_differs_at) {
            (true, Some(at), _) => Some(Finding::at(name, at, What::Tiles)),
            (true, None, Some(at)) => Some(Finding::at(name, at, What::Tiles)),
            _ => None,
        },
        (bad, _) => {
            let beyond = points.iter().find(|point| point.size > read.size);
            let first = bad.or(beyond).copied();
            match first {
                Some(first) => Some(what_was_done(leaves, name, &read, first, points, recorded.as_ref()).await?),
                None => None,
            }
        }
    };
    Ok((read.size, finding))
}

async fn read(
    leaves: &dyn Leaves,
    name: &str,
    points: &[Point],
    most: u64,
    recorded: &(dyn Hashes<Error = LedgerError> + Send + Sync),
) -> Result<Read, LedgerError> {
    let mut tree = ledger::Tree::new();
    let mut read = Read { size: 0, good: Vec::new(), bad: Vec::new(), differs_at: None, above_differs_at: None };
    let mut points = points.iter().peekable();
    while tree.size() < most {
        let from = tree.size();
        let entries = leaves.entries(name, from).await?;
        let left = usize::try_from(most - from).unwrap_or(usize::MAX);
        let count = entries.len().min(left);
        if count == 0 {
            break;
        }
        let were = recorded.hashes(0, from, count as u64).unwrap_or_default();
        for (n, entry) in entries.iter().take(count).enumerate() {
            let leaf = hash_of(entry);
            if read.differs_at.is_none() && were.get(n) != Some(&leaf) {
                read.differs_at = Some(from + n as u64);
            }
            let (size, above) = (tree.size() + 1, &mut read.above_differs_at);
            tree.append_noting(leaf, |height, root| {
                if height > 0 && height.is_multiple_of(LEVEL_HEIGHT) && above.is_none() && leaves.holds_tiles() {
                    let (level, index) = (height / LEVEL_HEIGHT, (size >> height) - 1);
                    let same = recorded.hashes(level, index, 1).is_ok_and(|hashes| hashes.first() == Some(root));
                    *above = (!same).then_some(index << height);
                }
            });
            while let Some(point) = points.next_if(|point| point.size == tree.size()) {
                let of = if point.root == tree.root() { &mut read.good } else { &mut read.bad };
                of.push(*point);
            }
        }
    }
    read.size = tree.size();
    Ok(read)
}

/// The leaf hash; of bytes that are no entry, one that no record has.
fn hash_of(entry: &Option<Entry>) -> Hash {
    entry.as_ref().map_or([0xff; 32], Entry::hash)
}

/// Names and locates it. `first`: the smallest size of which something was said that the records do not bear out.
async fn what_was_done(
    leaves: &dyn Leaves,
    name: &str,
    read: &Read,
    first: Point,
    points: &[Point],
    recorded: &(dyn Hashes<Error = LedgerError> + Send + Sync),
) -> Result<Finding, LedgerError> {
    let agreed = read.good.iter().rev().find(|good| good.size < first.size).map_or(0, |good| good.size);
    let borne_out = |good: &&Point| good.size >= first.size || good.signed_at > first.signed_at;
    if let Some(good) = read.good.iter().rev().find(borne_out) {
        // The records bear out a later statement, or a larger one: somebody signed two histories.
        let what =
            What::Forked { one: first.signed_at.min(good.signed_at), other: first.signed_at.max(good.signed_at) };
        return Ok(Finding::within(name, agreed.min(read.size), first.size, what));
    }
    if let Some(other) = points.iter().find(|point| point.size == first.size && point.root != first.root) {
        let (one, other) = (first.signed_at.min(other.signed_at), first.signed_at.max(other.signed_at));
        return Ok(Finding::within(name, agreed, first.size, What::Forked { one, other }));
    }
    // What was recorded is believed as far as it gives a root that was signed.
    let gives = |point: &&Point| root_of_leaves(recorded, point.size).is_ok_and(|root| root == point.root);
    let signed = points.iter().rev().filter(|point| point.size >= first.size).find(gives);
    let Some(signed) = signed else {
        let what = if read.bad.is_empty() {
            return Ok(Finding::at(name, read.size, What::Records(Difference::Truncated(first.size))));
        } else {
            What::SomeRecord
        };
        return Ok(Finding::within(name, agreed, first.size, what));
    };
    let at = read.differs_at.unwrap_or(read.size);
    let mut found = Vec::new();
    while found.len() < WINDOW {
        let more = leaves.entries(name, at + found.len() as u64).await?;
        if more.is_empty() {
            break;
        }
        let none = Entry { offset: 0, published_at_us: 0, key: [0xff; 32], value: [0xff; 32] };
        found.extend(more.into_iter().map(|entry| entry.unwrap_or(none)));
    }
    found.truncate(WINDOW);
    let were = recorded.hashes(0, at, (signed.size - at).min(WINDOW as u64))?;
    Ok(Finding::at(name, at, What::Records(difference::difference(at, signed.size, &found, &were))))
}

/// The root that the recorded leaf hashes give: hashes of higher levels may be another tree's.
fn root_of_leaves(recorded: &(dyn Hashes<Error = LedgerError> + Send + Sync), size: u64) -> Result<Hash, LedgerError> {
    let mut tree = ledger::Tree::new();
    while tree.size() < size {
        let count = (size - tree.size()).min(HASHES_A_READ);
        recorded.hashes(0, tree.size(), count)?.into_iter().for_each(|hash| tree.append(hash));
    }
    Ok(tree.root())
}
