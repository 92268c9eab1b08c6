//! The stage behind the consumer: links whoever waits, and everybody when parameters are adopted.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{EventId, Partition, Pseudonym};
use runtime::metrics;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Subjects;
use super::adoptions::Adoptions;
use super::described::{self, AGAIN, Rows, State, UNREAD};
use super::edge::{Edge, Standing};
use super::population::{Alike, Found, Population};
use crate::child::ChildError;
use crate::consume::Progress;
use crate::project::Projector;
use crate::store::keys::{self, Parsed};
use crate::store::{BATCH_ROWS_BEST, Batch, Store, StoreError};

/// Subjects that are read into memory in one turn.
pub(super) const READ_A_TURN: usize = 500;
/// Subjects that are linked in one turn.
const LINKED_A_TURN: usize = 64;
/// How long it waits before it looks again whether anybody waits.
const IDLE: Duration = Duration::from_millis(500);
/// How often it tries again to open what could not be opened.
const TRIED_EVERY: Duration = Duration::from_secs(60);
/// How often it counts who waits.
const COUNTED_EVERY: Duration = Duration::from_secs(5);

/// What a turn came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// There may be more to do.
    Moved,
    /// Everything that has been read is linked.
    Idle,
}

/// Links. One for a store.
pub struct Linking {
    store: Store,
    projector: Projector,
    adoptions: Adoptions,
    pub(super) population: Option<Population>,
    /// How far the population is read, or everybody linked: the shard, and the last subject of it.
    reading: Option<Place>,
    linking: Option<Place>,
    /// Who cannot be opened: their marks stay, and they are tried again after a while.
    unopened: Subjects,
    /// How far what is published is read.
    read: HowFar,
    /// The adoption that is to be linked by next, when it was first seen here, and whether everybody is linked whom something
    /// published before it describes.
    next: Option<(EventId, Instant, bool)>,
    tried_at: Instant,
    counted: Option<Instant>,
    up_to_date: watch::Sender<Instant>,
}

/// How far what is published is read.
#[derive(Clone, Copy, Debug)]
enum HowFar {
    NotKnown,
    /// Everything that was published by then.
    By(Instant),
    Whole,
}

impl HowFar {
    fn reaches(self, at: Instant) -> bool {
        match self {
            Self::NotKnown => false,
            Self::By(read_by) => read_by >= at,
            Self::Whole => true,
        }
    }
}

/// A place in the order of shards and subjects.
pub(super) type Place = (Partition, Option<Pseudonym>);

/// The first place of all.
pub(super) fn first_place() -> Option<Place> {
    Partition::all().next().map(|shard| (shard, None))
}

/// The place after some subjects of a shard: the next shard where there were fewer than could be.
pub(super) fn place_after((shard, after): Place, found: &Subjects, most: usize) -> Option<Place> {
    if found.len() == most {
        return Some((shard, found.last().copied().or(after)));
    }
    Partition::all().find(|next| *next > shard).map(|next| (next, None))
}

impl Linking {
    /// Over a store into which a consumer writes, or has written.
    pub fn new(store: Store, projector: Projector) -> Self {
        let adoptions = Adoptions::new(store.clone(), projector.clone());
        Self {
            store,
            projector,
            adoptions,
            population: None,
            reading: None,
            linking: None,
            unopened: Subjects::new(),
            read: HowFar::NotKnown,
            next: None,
            tried_at: Instant::now(),
            counted: None,
            up_to_date: watch::Sender::new(Instant::now()),
        }
    }

    /// Links until told to stop, and whenever the consumer has gone on.
    ///
    /// # Errors
    /// [`ChildError`]: the store's, mostly. Nothing is lost: whoever waits is linked when it is started again.
    pub async fn run(
        mut self,
        mut progress: watch::Receiver<Progress>,
        stop: CancellationToken,
    ) -> Result<(), ChildError> {
        // None is something to see too.
        metrics::LINKING_RECORDS.add(0, []);
        metrics::LINKING_COMPARED.add(0, []);
        metrics::LINKING_EDGES.add(0, [name(Standing::Automatic)]);
        let up_to_date = self.up_to_date.subscribe();
        // The keys are read by then, and what binds: before, there is nothing that could be opened.
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            read = progress.wait_for(|progress| progress.facts_read_at.is_some()) => if read.is_err() { return Ok(()) },
        }
        metrics::LINKING_STALENESS.watch([], move || Some(up_to_date.borrow().elapsed().as_secs_f64()));
        while !stop.is_cancelled() {
            if self.tried_at.elapsed() >= TRIED_EVERY {
                (self.unopened, self.tried_at) = (Subjects::new(), Instant::now());
            }
            self.read = progress.borrow().facts_read_at.map_or(HowFar::NotKnown, HowFar::By);
            if self.turn()? == Turn::Moved {
                // Whoever shares this thread has a turn.
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                changed = progress.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(IDLE) => {}
            }
        }
        Ok(())
    }

    /// Links everything that has been read, where everything published is.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn catch_up(&mut self) -> Result<(), ChildError> {
        self.everything_is_read();
        while self.turn()? == Turn::Moved {}
        Ok(())
    }

    /// From here on everything that is published is read before a turn.
    pub fn everything_is_read(&mut self) {
        self.read = HowFar::Whole;
    }

    /// Links everything that has been read, while more is published than that.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn catch_up_behind(&mut self) -> Result<(), ChildError> {
        self.read = HowFar::NotKnown;
        while self.turn()? == Turn::Moved {}
        Ok(())
    }

    /// A bounded piece of the work that is nearest.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn turn(&mut self) -> Result<Turn, ChildError> {
        let turn = self.a_piece()?;
        self.measure(turn)?;
        Ok(turn)
    }

    fn a_piece(&mut self) -> Result<Turn, ChildError> {
        let known = self.adoptions.known()?;
        // Older parameters too, in a store that was filled anew: what was believed by them is asked about still.
        let at = known.all.iter().position(|adopted| !known.linked.contains(&adopted.event));
        let next = at.and_then(|at| known.all.get(at));
        let before = at.and_then(|at| known.all.get(at.checked_sub(1)?));
        let wanted = match (next, before) {
            (Some(next), Some(before)) if !self.is_done_before(next.event) => Some(before),
            (next, _) => next.or(known.all.last()),
        };
        let Some(wanted) = wanted.cloned() else {
            self.population = None;
            return self.nobody_is_linked();
        };
        let is_population = |population: &Population| population.adopted().event == wanted.event;
        if !self.population.as_ref().is_some_and(is_population) {
            let is_new = !known.linked.contains(&wanted.event);
            if is_new {
                tracing::info!(parameters = hex::encode(wanted.version), "everybody is linked by adopted parameters");
            }
            self.population = Some(Population::new(Arc::clone(&wanted)));
            self.reading = first_place();
            self.linking = first_place().filter(|_| is_new);
        }
        if let Some(at) = self.reading {
            self.reading = self.read_some(at)?;
            return Ok(Turn::Moved);
        }
        match self.linking {
            Some(at) => {
                self.linking = self.link_some(at)?;
                if self.linking.is_none() {
                    let mut batch = Batch::new();
                    batch.put(keys::linked(self.adoptions.own(), wanted.event), Vec::new());
                    self.store.commit(&batch)?;
                    let bytes = self.population.as_ref().map_or(0, Population::bytes);
                    tracing::info!(
                        parameters = hex::encode(wanted.version),
                        bytes,
                        "everybody is linked, and it counts"
                    );
                }
                Ok(Turn::Moved)
            }
            None => {
                let turn = self.link_waiting()?;
                if turn == Turn::Idle
                    && let Some((_, seen_at, is_done @ false)) = &mut self.next
                    && self.read.reaches(*seen_at)
                {
                    *is_done = true;
                    return Ok(Turn::Moved);
                }
                Ok(turn)
            }
        }
    }

    /// Whether whoever was described before an adoption is linked by those before it. A record may be published before an
    /// adoption and read after it: the one stands in another topic than the other.
    fn is_done_before(&mut self, adoption: EventId) -> bool {
        match self.next {
            Some((event, _, is_done)) if event == adoption => is_done,
            _ => {
                self.next = Some((adoption, Instant::now(), false));
                false
            }
        }
    }

    /// Without parameters there is nothing to link by: whoever waits is linked with everybody once there are.
    fn nobody_is_linked(&mut self) -> Result<Turn, ChildError> {
        for shard in Partition::all() {
            let waiting = described::some_waiting(&self.store, shard, &self.unopened, BATCH_ROWS_BEST)?;
            if waiting.is_empty() {
                continue;
            }
            let mut batch = Batch::new();
            for (subject, marks) in waiting {
                marks.into_iter().for_each(|mark| batch.delete(keys::waiting(subject, mark)));
            }
            self.store.commit(&batch)?;
            return Ok(Turn::Moved);
        }
        Ok(Turn::Idle)
    }

    pub(super) fn read_some(&mut self, at: Place) -> Result<Option<Place>, ChildError> {
        let found = described::some_after(&self.store, at.0, at.1, READ_A_TURN)?;
        let mut unread = Batch::new();
        for subject in &found {
            // As they were last linked: linking them then tells who else is to be linked anew.
            let rows = match Rows::read(&self.store, *subject)?.when_linked() {
                Some(rows) => rows,
                None => {
                    self.linking = first_place();
                    Rows::read(&self.store, *subject)?
                }
            };
            match self.opened(*subject, rows)? {
                Some(states) => drop(self.replace(*subject, &states)),
                None => unread.put(keys::waiting(*subject, UNREAD), Vec::new()),
            }
        }
        self.commit_full(&mut unread, 1)?;
        Ok(place_after(at, &found, READ_A_TURN))
    }

    /// What stood said of a subject; nothing where it cannot be opened, which is told once and keeps nobody else waiting.
    pub(super) fn opened(&mut self, subject: Pseudonym, rows: Rows) -> Result<Option<Vec<State>>, ChildError> {
        match described::states(&self.projector, subject, rows) {
            Ok(states) => Ok(Some(states)),
            Err(ChildError::Store(error)) => Err(error.into()),
            Err(error) => {
                if self.unopened.insert(subject) {
                    tracing::error!("a description cannot be read, and nobody is linked by it until it can: {error}");
                }
                Ok(None)
            }
        }
    }

    fn replace(&mut self, subject: Pseudonym, states: &[State]) -> Subjects {
        let Some(population) = &mut self.population else { return Subjects::new() };
        population.replace(subject, states).unwrap_or_else(|full| {
            tracing::error!("somebody is not linked: {full}");
            Subjects::new()
        })
    }

    fn link_some(&mut self, at: Place) -> Result<Option<Place>, ChildError> {
        let found = described::some_after(&self.store, at.0, at.1, LINKED_A_TURN)?;
        let mut batch = Batch::new();
        for subject in &found {
            // What stands in the population, and what was said since waits.
            let rows = Rows::read(&self.store, *subject)?;
            let rows = rows.when_linked().map_or_else(|| Rows::read(&self.store, *subject), Ok)?;
            if let Some(states) = self.opened(*subject, rows)? {
                self.link(*subject, &states, &mut batch)?;
            }
            self.commit_full(&mut batch, BATCH_ROWS_BEST)?;
        }
        self.commit_full(&mut batch, 1)?;
        Ok(place_after(at, &found, LINKED_A_TURN))
    }

    fn link_waiting(&mut self) -> Result<Turn, ChildError> {
        for shard in Partition::all() {
            let waiting = described::some_waiting(&self.store, shard, &self.unopened, LINKED_A_TURN)?;
            if waiting.is_empty() {
                continue;
            }
            let mut batch = Batch::new();
            for (subject, marks) in waiting {
                let rows = Rows::read(&self.store, subject)?;
                let Some(states) = self.opened(subject, rows)? else { continue };
                // Who else is to be linked anew waits from the same commit on; of whoever is, nothing new is said.
                let is_new = marks.iter().any(|mark| *mark != AGAIN);
                let again = if is_new { self.replace(subject, &states) } else { Subjects::new() };
                again.into_iter().for_each(|other| batch.put(keys::waiting(other, AGAIN), Vec::new()));
                if states.is_empty() {
                    self.forget(subject, &mut batch)?;
                } else {
                    self.link(subject, &states, &mut batch)?;
                }
                marks.into_iter().for_each(|mark| batch.delete(keys::waiting(subject, mark)));
                self.commit_full(&mut batch, BATCH_ROWS_BEST)?;
            }
            self.commit_full(&mut batch, 1)?;
            return Ok(Turn::Moved);
        }
        Ok(Turn::Idle)
    }

    fn commit_full(&self, batch: &mut Batch, rows: usize) -> Result<(), StoreError> {
        if batch.len() >= rows {
            self.store.commit(batch)?;
            *batch = Batch::new();
        }
        Ok(())
    }

    /// Makes the edges of a subject what they are to be, under both sides of each.
    fn link(&self, subject: Pseudonym, states: &[State], batch: &mut Batch) -> Result<(), ChildError> {
        let Some(population) = &self.population else { return Ok(()) };
        let adoption = population.adopted().event;
        let found = population.found(subject, states);
        let edges = self.judged(population, states, &found)?;
        let stand = self.edges(subject, adoption)?;
        for (other, edge) in &edges {
            if stand.get(other) != Some(edge) {
                metrics::LINKING_EDGES.add(1, [name(edge.standing)]);
                batch.put(keys::edge(subject, adoption, *other), edge.to_bytes());
                batch.put(keys::edge(*other, adoption, subject), edge.to_bytes());
            }
        }
        for other in stand.keys().filter(|other| !edges.contains_key(other)) {
            metrics::LINKING_EDGES.add(1, ["gone"]);
            batch.delete(keys::edge(subject, adoption, *other));
            batch.delete(keys::edge(*other, adoption, subject));
        }
        if found.passed_over {
            batch.put(keys::passed_over(subject, adoption), Vec::new());
        } else {
            batch.delete(keys::passed_over(subject, adoption));
        }
        metrics::LINKING_RECORDS.add(1, []);
        metrics::LINKING_COMPARED.add(found.compared, []);
        Ok(())
    }

    /// What the weights of those who are alike make of them.
    pub(super) fn judged(
        &self,
        population: &Population,
        ours: &[State],
        found: &Found,
    ) -> Result<BTreeMap<Pseudonym, Edge>, ChildError> {
        let ours = ours.last().filter(|state| state.stands());
        let mut edges = BTreeMap::new();
        for (other, Alike { probable, stands: is_now, from_us }) in &found.alike {
            let veto = match ours {
                Some(ours) if *is_now => {
                    // The record that was compared: whoever was described anew since is linked next, and this pair with them.
                    let theirs = described::states(&self.projector, *other, Rows::read(&self.store, *other)?)?;
                    let theirs = theirs.into_iter().find(|state| state.from_us == *from_us);
                    theirs.and_then(|theirs| population.adopted().veto(&ours.record, &theirs.record))
                }
                _ => None,
            };
            let standing = match veto {
                _ if !is_now => Standing::Past,
                Some(veto) => Standing::Vetoed(veto),
                None if probable.is_automatic => Standing::Automatic,
                None => Standing::Possible,
            };
            edges.insert(*other, Edge { probable: *probable, standing });
        }
        Ok(edges)
    }

    pub(super) fn edges(&self, subject: Pseudonym, adoption: EventId) -> Result<BTreeMap<Pseudonym, Edge>, StoreError> {
        let mut stand = BTreeMap::new();
        self.store.read(subject.partition().into(), |view| {
            stand.clear();
            view.scan_prefix(&keys::edges(subject, adoption), |key, value| {
                if let (Some(Parsed::Edge { other, .. }), Some(edge)) = (keys::parse(key), Edge::from_bytes(value)) {
                    stand.insert(other, edge);
                }
                ControlFlow::Continue(())
            })
        })?;
        Ok(stand)
    }

    /// Takes away every edge of a subject of whom nothing is left, by whichever parameters.
    fn forget(&self, subject: Pseudonym, batch: &mut Batch) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        self.store.read(subject.partition().into(), |view| {
            gone.clear();
            view.scan_prefix(&keys::edges_of(subject), |key, _| {
                if let Some(Parsed::Edge { adoption, other, .. }) = keys::parse(key) {
                    gone.push((adoption, other));
                }
                ControlFlow::Continue(())
            })
        })?;
        for (adoption, other) in gone {
            metrics::LINKING_EDGES.add(1, ["gone"]);
            batch.delete(keys::edge(subject, adoption, other));
            batch.delete(keys::edge(other, adoption, subject));
        }
        let passed_over = described::passed_over(&self.store, subject)?;
        passed_over.into_iter().for_each(|adoption| batch.delete(keys::passed_over(subject, adoption)));
        Ok(())
    }

    fn measure(&mut self, turn: Turn) -> Result<(), ChildError> {
        if turn == Turn::Idle {
            self.up_to_date.send_replace(Instant::now());
        }
        let is_due = self.counted.is_none_or(|at| at.elapsed() >= COUNTED_EVERY);
        if is_due {
            self.counted = Some(Instant::now());
            // As exact as a float is, up to 2^53.
            metrics::LINKING_WAITING.set(described::count_waiting(&self.store)? as f64, []);
            let adoption = self.population.as_ref().map(|population| population.adopted().event);
            metrics::LINKING_PASSED_OVER.set(described::count_passed_over(&self.store, adoption)? as f64, []);
        }
        Ok(())
    }
}

/// A standing as a metric's label.
fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Automatic => "automatic",
        Standing::Possible => "possible",
        Standing::Vetoed(_) => "vetoed",
        Standing::Past => "past",
    }
}
