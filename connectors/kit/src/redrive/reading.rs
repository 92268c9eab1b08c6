//! Items read again from where they came.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::events::{Body, Subject};
use proto::quarantine::{Item, Place, Reason};

use super::{RedriveError, Waiting, is_of_the_future};
use crate::connector::{Connector, Draft, Output, Rejection, Scope, SourceFile, Spill};
use crate::differ::SAME_KEY_SAID;
use crate::drop_folder::{HOLD_ROWS, IntakeError, Received, translate_into};
use crate::publish::Publisher;
use crate::quarantine::RAW_BYTES_MAX;
use crate::run::body_of;
use crate::runs::BYTES_MAX;

/// Items that are read again together: those of one submission.
#[derive(Clone, PartialEq, Debug)]
pub struct Together {
    pub(super) from: From,
    pub(super) items: Vec<Waiting>,
}

/// Where an item's record is read from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum From {
    /// A submission's folder: of its items, all are read at once.
    Files(PathBuf),
    /// The raw record of the item of this id.
    Raw(Vec<u8>),
}

/// What became of the items of one submission, read again.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadAgain {
    /// The scopes of what follows.
    pub(super) scopes: Vec<Scope>,
    /// Keys of scopes in which things are named that have parts.
    pub(super) parts: BTreeSet<String>,
    /// What stood at the items' places, by its order.
    pub(super) drafts: BTreeMap<usize, Draft>,
    /// Each item.
    pub(super) items: Vec<(Waiting, Became)>,
    /// What is refused at these places and is no trouble of these items.
    pub(super) others: Vec<Rejection>,
    /// When the submission was picked up, microseconds since 1970.
    pub(super) picked_up_us: i64,
    /// Of the connector that read it.
    pub(super) mapping_revision: u32,
    pub(super) source: &'static str,
}

/// What an item became.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Became {
    /// Its drafts, by their order.
    pub(super) drafts: Vec<usize>,
    /// Why it, or a part of it, is refused.
    pub refused: Option<(Reason, String)>,
}

impl ReadAgain {
    /// Each item, what is wrong with it, and the drafts that come of it.
    pub fn items(&self) -> impl Iterator<Item = (&Waiting, &Became, Vec<&Draft>)> {
        self.items.iter().map(|(waiting, became)| {
            (waiting, became, became.drafts.iter().filter_map(|at| self.drafts.get(at)).collect())
        })
    }

    /// A draft as it would be sealed, without the ids that need a key.
    pub fn body(&self, draft: &Draft) -> Body {
        let scope = self.scopes.iter().find(|scope| super::is_scope_of(scope, draft));
        body_of(self.source, self.mapping_revision, scope, draft.clone())
    }

    /// Takes so many items off the front, with what they became.
    pub fn split(&mut self, items: usize) -> Self {
        let rest = self.items.split_off(items.min(self.items.len()));
        let items = std::mem::replace(&mut self.items, rest);
        let of = items.iter().flat_map(|(_, became)| &became.drafts);
        let drafts = of.filter_map(|at| Some((*at, self.drafts.get(at)?.clone()))).collect();
        Self {
            drafts,
            items,
            scopes: self.scopes.clone(),
            parts: self.parts.clone(),
            others: std::mem::take(&mut self.others),
            ..*self
        }
    }

    /// How many items are left in it.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes out what may not be said: as of any submission, and as it may be said today.
    pub(super) fn screen(&mut self, publisher: &Publisher, mut received: Option<Received>, now_us: i64) {
        let future = |scope: &Scope| scope.as_of_us.is_some_and(|as_of_us| is_of_the_future(as_of_us, now_us));
        for (at, draft) in std::mem::take(&mut self.drafts) {
            let scope = self.scopes.iter().find(|scope| super::is_scope_of(scope, &draft));
            let (mut good, mut refused) = publisher.screen(vec![draft], now_us);
            if let Some(received) = &mut received {
                good = received.screen(publisher.pseudonyms(), good, &mut refused);
            }
            let why = match (refused.pop(), scope.is_some_and(future)) {
                (Some(rejection), _) => Some((rejection.reason, rejection.message)),
                (None, true) => Some((Reason::RecordMalformed, "the file's own date lies in the future".to_owned())),
                (None, false) => None,
            };
            match (why, good.pop()) {
                (None, Some(draft)) => {
                    self.drafts.insert(at, draft);
                }
                (why, _) => {
                    for (_, became) in self.items.iter_mut().filter(|(_, became)| became.drafts.contains(&at)) {
                        became.drafts.retain(|of| *of != at);
                        if became.refused.is_none() {
                            became.refused.clone_from(&why);
                        }
                    }
                }
            }
        }
    }
}

/// Whether something at this place is what the item was of: its record, and of an item of a whole file all of it.
pub(super) fn stands_at(item: &Item, place: &Place) -> bool {
    let Some(of) = &item.place else { return false };
    of.file == place.file
        && match (of.record, of.line, of.byte_offset) {
            (0, 0, 0) => true,
            (0, 0, byte) => byte == place.byte_offset,
            (0, line, _) => line == place.line,
            (record, ..) => record == place.record,
        }
}

fn is_whole_file(item: &Item) -> bool {
    item.place.as_ref().is_some_and(|place| (place.record, place.line, place.byte_offset) == (0, 0, 0))
}

/// Whether this is the item's own trouble, still there or another in its place: not that of another item of the same record.
fn is_of(item: &Item, rejection: &Rejection) -> bool {
    let own = item.place.as_ref().is_some_and(|place| place.field == rejection.place.field);
    let of_file = rejection.place.record == 0 && rejection.place.line == 0;
    stands_at(item, &rejection.place) && if is_whole_file(item) { of_file } else { own }
}

const NOT_KEPT: &str =
    "the file that it came in is kept no more, and its record alone cannot be read: have it sent again";
const HELD: &str =
    "what it tells of is no record: put the file into incoming/retractions-allowed once somebody has looked";
const NOT_READ: &str = "the file that it came in cannot be read: have it sent again";

/// Reads what stood at the places of these items.
pub(super) async fn read(connector: Arc<dyn Connector>, together: Together) -> Result<ReadAgain, RedriveError> {
    let Together { from, items } = together;
    let descriptor = connector.descriptor();
    let picked_up_us = items.first().map(|waiting| waiting.item.quarantined_at_us).unwrap_or_default();
    let is_alone = matches!(from, From::Raw(_));
    let picked = match from {
        From::Files(folder) => {
            let wanted: Vec<Item> =
                items.iter().map(|waiting| Item { raw: Vec::new(), ..waiting.item.clone() }).collect();
            let within = folder.parent().map(Path::to_path_buf);
            let pick = move || Picking { wanted: Some(wanted.clone()), folder: within.clone(), ..Picking::default() };
            let mut picked = translate_into(connector, folder.clone(), pick).await.ok().map(|(picked, _)| picked);
            match picked.as_mut().and_then(|picked| picked.broke_off.take()) {
                None => picked,
                Some(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
                Some(source) => return Err(IntakeError::Io { doing: HOLD_ROWS, path: folder, source }.into()),
            }
        }
        From::Raw(_) => alone(connector, items.first()).await?,
    };
    let is_read = picked.is_some();
    let Picking { scopes, parts, drafts, rejections, .. } = picked.unwrap_or_default();
    let drafts: BTreeMap<usize, Draft> = drafts.into_iter().enumerate().collect();
    let mut own = BTreeSet::new();
    let mut became = |item: &Item| {
        let refused = |reason, why: &str| Became { drafts: Vec::new(), refused: Some((reason, why.to_owned())) };
        if item.reason() == Reason::RetractionsHeld {
            return refused(Reason::RetractionsHeld, HELD);
        }
        // Alone it would seem good, but which of the two is right cannot be told from one of them.
        if item.reason() == Reason::KeyShared {
            return refused(Reason::KeyShared, SAME_KEY_SAID);
        }
        if !is_read {
            return refused(item.reason(), if is_alone { NOT_KEPT } else { NOT_READ });
        }
        let of = |(_, draft): &(&usize, &Draft)| is_alone || stands_at(item, &draft.place);
        let of: Vec<usize> = drafts.iter().filter(of).map(|(at, _)| *at).collect();
        let here = |rejection: &Rejection| is_alone || is_of(item, rejection);
        let near = |rejection: &Rejection| of.is_empty() && stands_at(item, &rejection.place);
        let found = rejections.iter().position(here).or_else(|| rejections.iter().position(near));
        own.extend(found);
        let found = found.and_then(|at| rejections.get(at));
        Became { drafts: of, refused: found.map(|rejection| (rejection.reason, rejection.message.clone())) }
    };
    let items = items.into_iter().map(|waiting| {
        let became = became(&waiting.item);
        (waiting, became)
    });
    let items = items.collect();
    let others =
        rejections.into_iter().enumerate().filter(|(at, _)| !is_alone && !own.contains(at)).map(|(_, other)| other);
    Ok(ReadAgain {
        scopes,
        parts,
        drafts,
        items,
        others: others.collect(),
        picked_up_us,
        mapping_revision: descriptor.mapping_revision,
        source: descriptor.name,
    })
}

/// Reads the raw record of an item by itself; `None` where that cannot be.
async fn alone(connector: Arc<dyn Connector>, waiting: Option<&Waiting>) -> Result<Option<Picking>, RedriveError> {
    let Some(item) = waiting.map(|waiting| waiting.item.clone()) else { return Ok(None) };
    if item.raw.is_empty() || item.raw.len() >= RAW_BYTES_MAX || !connector.raw_stands_alone() {
        return Ok(None);
    }
    let read = tokio::task::spawn_blocking(move || {
        let name = item.place.map(|place| place.file).unwrap_or_default();
        let mut picked = Picking::default();
        connector.translate(vec![SourceFile { name, bytes: Box::new(item.raw.as_slice()) }], &mut picked);
        picked
    });
    match read.await {
        Ok(picked) => Ok(Some(picked)),
        Err(failed) if failed.is_panic() => Ok(None),
        Err(_) => Err(RedriveError::Stopping),
    }
}

/// Keeps of what a connector says what stood where these items did: of a return of any size, no more than they.
#[derive(Default)]
struct Picking {
    /// `None` is everything.
    wanted: Option<Vec<Item>>,
    scopes: Vec<Scope>,
    parts: BTreeSet<String>,
    drafts: Vec<Draft>,
    rejections: Vec<Rejection>,
    /// Where the connector may hold rows, and why it could not.
    folder: Option<PathBuf>,
    broke_off: Option<io::Error>,
}

impl Picking {
    fn wants(&self, place: &Place) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|item| stands_at(item, place)))
    }
}

impl Output for Picking {
    fn scope(&mut self, scope: Scope) {
        self.scopes.push(scope);
    }

    fn record(&mut self) {}

    fn draft(&mut self, draft: Draft) {
        if self.wants(&draft.place) {
            self.drafts.push(draft);
        }
    }

    fn reject(&mut self, rejection: Rejection) {
        if self.wants(&rejection.place) {
            self.rejections.push(rejection);
        }
    }

    fn whole(&mut self, _scope_key: &str) {}

    fn part(&mut self, scope_key: &str, _subject: &Subject, _record_key: &str, _told: bool) {
        if !self.parts.contains(scope_key) {
            self.parts.insert(scope_key.to_owned());
        }
    }

    fn spill(&self) -> Option<Spill<'_>> {
        self.folder.as_deref().map(|folder| Spill { folder, memory_bytes: BYTES_MAX, disk_bytes: u64::MAX })
    }

    fn broke_off(&mut self, error: io::Error) {
        self.broke_off = Some(error);
    }
}
