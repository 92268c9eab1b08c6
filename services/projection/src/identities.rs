//! Review of identity: which records are of one child, for the people who decide it.
//!
//! [`Queue`] keeps what is before reviewers. What one of them is shown is decided by the sharing rules, class by class of what
//! describes the two subjects of a pair, and is on record before it is given; what they decide is an event that names what they
//! had seen.

pub(crate) mod by_file;
pub(crate) mod pairs;
mod queue;
mod releases;
pub(crate) mod reviewed;
mod side_by_side;
mod statistics;
pub(crate) mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use event_log::{EventLog, LogError, Pseudonym, Topic};
use identity::Id;
use jiff::civil::Date;
use proto::events::PersonDescribed;
use proto::sharing::{Purpose, RoleGroup};
use sharing::{Counts, FieldGroup, Principal, Registry, Request};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) use pairs::{Matter, Surroundings};
pub(crate) use queue::Kept;
pub use queue::Queue;
pub(crate) use releases::{CLOCKS_APART_US, link, releases};
pub(crate) use side_by_side::{PermittedPair, seen, timestamp};
pub(crate) use statistics::statistics;
pub(crate) use steps::{Pair, pair};

use crate::child::{Child, ChildError, Children};
use crate::consume::Progress;
use crate::disclose::Discloser;
use crate::disclose::basis::Grounds;
use crate::disclose::digest::sixteen;
use crate::linking::Adopted;

/// How long it waits before it asks a log again that could not be reached.
const AGAIN: Duration = Duration::from_secs(1);
const RECORDS_A_READ: usize = 1_000;
/// A pair about which something is said all the time is shown as it was last read.
const READS_MAX: usize = 5;

/// What a reviewer may be shown is decided by this.
#[derive(Clone)]
pub struct Permitting {
    /// Reads children, and asks the rules.
    pub discloser: Arc<Discloser>,
    /// Who runs the service.
    pub organisation: String,
    /// How far the consumer is.
    pub progress: watch::Receiver<Progress>,
}

/// What a reviewer may be shown of a pair.
pub(crate) struct Permitted {
    /// In the order of the pair.
    pub(crate) sides: [Vec<Described>; 2],
    /// What was taken out, of both sides alike: if the two are one child, the one side tells of the other.
    pub(crate) groups: BTreeSet<FieldGroup>,
    pub(crate) counts: Counts,
    pub(crate) outcomes_digest: [u8; 16],
    /// What it was decided from.
    pub(crate) grounds: Grounds,
    /// The two as they were read.
    rests_on: Vec<Arc<Child>>,
}

/// What one record says of a person, as far as it may be shown.
pub(crate) struct Described {
    pub(crate) subject: Id,
    pub(crate) person: PersonDescribed,
    /// Whose record it is, where it may be named.
    pub(crate) organisation: Option<String>,
    pub(crate) known_as_at_us: i64,
}

impl Permitting {
    pub(crate) fn children(&self) -> &Children {
        &self.discloser.children
    }

    /// Raised when organisations or agreements change.
    pub(crate) fn generation(&self) -> u64 {
        self.progress.borrow().registry_generation
    }

    /// The id by which a pair is asked about. It tells nothing of either, and is the same at every node.
    pub(crate) fn item(&self, (one, other): Pair) -> Id {
        let digest = self.children().projector.pseudonyms.digest("review-item", &[one, other].concat());
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// The parameters that pairs are weighed by, once some are in force.
    pub(crate) fn adopted(&self) -> Result<Option<Arc<Adopted>>, ChildError> {
        self.children().adoptions.in_force(None)
    }

    pub(crate) fn registry(&self) -> Result<Arc<Registry>, ChildError> {
        self.discloser.registries.current(self.generation())
    }

    /// Why this reader is no reviewer at all, if they are none; whichever pair it is about.
    pub(crate) fn request(&self, principal: Principal, today: Date) -> Request {
        let runs_service = principal.organisation() == Some(&self.organisation);
        let mut request = Request::new(principal, Purpose::IdentityReview, today);
        request.runs_service = runs_service;
        request
    }

    /// Whether this reader reviews for the organisation that runs the service, and so may read what was released under a link.
    pub(crate) fn is_the_services_reviewer(&self, principal: Principal, today: Date) -> Result<bool, ChildError> {
        let request = self.request(principal, today);
        Ok(sharing::may_read_releases(&self.discloser.engine, &request, self.registry()?.as_ref()))
    }

    /// A pair, and what somebody may be shown of it: both read while nothing of either changed, so that what is on record of it can be
    /// read again.
    pub(crate) fn shown(
        &self,
        principal: &Principal,
        pair: Pair,
        today: Date,
    ) -> Result<Option<(Matter, Permitted)>, ChildError> {
        let mut found = None;
        for _ in 0..READS_MAX {
            let began = self.children().store.moment();
            let Some(matter) = Surroundings::read(self.children(), &[pair.0, pair.1])?.matter(pair) else {
                return Ok(None);
            };
            let Some(permitted) = self.permit(principal, &matter, today)? else { return Ok(None) };
            let unchanged = |child: &Arc<Child>| self.children().is_unchanged_since(&child.standing, began);
            let stands = permitted.rests_on.iter().all(unchanged);
            found = Some((matter, permitted));
            if stands {
                break;
            }
        }
        Ok(found)
    }

    /// What somebody may be shown of a pair; nothing where of either there is nothing.
    pub(crate) fn permit(
        &self,
        principal: &Principal,
        matter: &Matter,
        today: Date,
    ) -> Result<Option<Permitted>, ChildError> {
        let (registry, mark) = self.discloser.registries.marked(self.generation())?;
        let (mut grounds, mut rests_on) = (Grounds::new(mark, &self.discloser.hub_contact), Vec::new());
        let mut request = self.request(principal.clone(), today);
        request.part_of_pair = principal.organisation().is_some_and(|own| matter.controllers().contains(own));
        let mut groups: BTreeSet<FieldGroup> = BTreeSet::new();
        let mut sides: [Vec<Described>; 2] = Default::default();
        let (mut counts, mut digests) = (Counts::default(), Vec::new());
        for (side, shown) in matter.sides.iter().zip(&mut sides) {
            let own = Pseudonym(side.id);
            let child = self.children().read_kept(own, None)?;
            grounds = grounds.and(&child);
            rests_on.push(Arc::clone(&child));
            let on_day = self.discloser.on_day(&child, today);
            let classified = self.discloser.classify(side.described.clone(), &on_day.facts, &registry);
            let classes = classified.iter().map(|(class, _)| class);
            let Discloser { engine, cache, .. } = self.discloser.as_ref();
            let decision = sharing::decide_review(engine, cache, &request, &on_day.facts, &registry, classes);
            if decision.failed() {
                crate::disclose::rules_failed();
            }
            for (class, entry) in &classified {
                let Some(permit) = decision.permit(class) else { continue };
                let Some(event) = permit.apply(&entry.event) else { continue };
                let Some(proto::events::event::Kind::PersonDescribed(person)) = event.kind else { continue };
                groups.extend(permit.withheld().iter().copied());
                let organisation = decision.may_name_source(class).then(|| class.source_org.clone());
                let known_as_at_us = entry.known_as_at_us;
                shown.push(Described { subject: entry.subject, person: *person, organisation, known_as_at_us });
            }
            let of = decision.counts();
            counts.full = counts.full.saturating_add(of.full);
            counts.redacted = counts.redacted.saturating_add(of.redacted);
            counts.existence = counts.existence.saturating_add(of.existence);
            counts.hidden = counts.hidden.saturating_add(of.hidden);
            digests.push(decision.outcomes_digest());
        }
        let is_shown = |side: &Vec<Described>, id: Id| side.iter().any(|described| described.subject == id);
        let [ours, theirs] = &mut sides;
        if !is_shown(ours, matter.pair.0) || !is_shown(theirs, matter.pair.1) {
            return Ok(None);
        }
        let own = principal.organisation();
        ours.iter_mut().chain(theirs.iter_mut()).for_each(|described| described.without(&groups, own));
        Ok(Some(Permitted { sides, groups, counts, outcomes_digest: sixteen(digests), grounds, rests_on }))
    }

    /// Whose records reviewers of the organisation that runs the service are told, if they may be shown anything of a pair.
    pub(crate) fn of_the_services(&self, matter: &Matter) -> Result<Option<BTreeSet<String>>, ChildError> {
        let (_, today) = crate::serve::timelines::now();
        let anybody = Principal::Staff {
            organisation: self.organisation.clone(),
            person: String::new(),
            roles: BTreeSet::from([RoleGroup::IdentityReviewer]),
            active: true,
            trained: true,
        };
        let permitted = self.permit(&anybody, matter, today)?;
        let named = |permitted: Permitted| {
            permitted.sides.into_iter().flatten().filter_map(|described| described.organisation).collect()
        };
        Ok(permitted.map(named))
    }
}

/// Keeps a queue up to date until told to stop, beginning once the store has been filled: with whatever somebody decided or
/// proposed, which stands on the topic of identity, and then with everybody whom more than one subject claims to be.
pub async fn follow(queue: Arc<Queue>, permitting: Permitting, log: Arc<dyn EventLog>, stop: CancellationToken) {
    let mut progress = permitting.progress.clone();
    tokio::select! {
        () = stop.cancelled() => return,
        filled = progress.wait_for(|progress| progress.caught_up) => if filled.is_err() { return },
    }
    while let Err(error) = mark_decided(&queue, log.as_ref()).await {
        tracing::warn!("decisions about pairs cannot be read: {error}");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
    let following = Arc::clone(&queue);
    let follower = tokio::task::spawn_blocking(move || following.follow(&permitting));
    stop.cancelled().await;
    queue.end();
    let _ended = follower.await;
}

/// Marks every subject of the topic of identity: whose they are stands on its records in clear.
async fn mark_decided(queue: &Queue, log: &dyn EventLog) -> Result<(), LogError> {
    for ((topic, partition), end) in log.ends(&[Topic::Identity]).await? {
        let mut from = 0;
        while from < end {
            let records = log.read(topic, partition, from, RECORDS_A_READ).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            queue.mark_subjects(records.iter().map(|record| record.key));
        }
    }
    Ok(())
}

impl Described {
    /// Without what was taken out of the other side.
    fn without(&mut self, groups: &BTreeSet<FieldGroup>, own: Option<&str>) {
        if groups.contains(&FieldGroup::Location) {
            let person = &mut self.person;
            person.addresses.clear();
            person.phones.clear();
            person.practice = None;
            self.organisation = self.organisation.take().filter(|organisation| Some(organisation.as_str()) == own);
        }
        if groups.contains(&FieldGroup::ThirdParty) {
            (self.person.multiple_birth, self.person.birth_order) = (None, None);
        }
    }
}
