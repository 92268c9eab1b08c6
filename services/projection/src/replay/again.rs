//! The decision itself, made again, and held to its record.

use std::sync::{Arc, PoisonError};

use event_log::{EventId, Pseudonym};
use jiff::civil::{Date, date};
use proto::disclosure::{Basis, Disclosure};
use proto::sharing::{Call, Purpose};
use sharing::{Category, DecisionCache, Engine};

use super::{
    ANSWERS_KEPT, DecidedClass, Facts, Gone, Past, Recorded, ReplayError, Replayer, Rerun, Rules, Verdict, Why, With,
    records,
};
use crate::child::Children;
use crate::consume::Progress;
use crate::disclose::{Ask, Audience, Discloser, Followed, Watching, basis};
use crate::identities::{Permitting, reviewed};
use crate::registry::Registries;
use crate::serve::caller::{Caller, Standing};

/// Rules of which answers are kept from one decision to the next.
const ENGINES_KEPT: usize = 3;

/// One thing that is not as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What it is, in words.
    pub what: &'static str,
    /// As it was recorded.
    pub was: String,
    /// As it came out.
    pub is: String,
}

/// What it came to.
struct Made {
    record: Disclosure,
    parts: Vec<Disclosure>,
    classes: Vec<DecidedClass>,
}

impl Replayer {
    /// Makes a recorded decision again. Of what was erased it says only that the facts differ: see [`Self::settle`].
    ///
    /// # Errors
    /// [`ReplayError`]: nothing can be said.
    pub fn rerun(&self, recorded: &Recorded, with: &With) -> Result<Rerun, ReplayError> {
        let of = &recorded.decision;
        let cannot = |why| Rerun {
            verdict: Verdict::CannotSay(why),
            record: None,
            classes: Vec::new(),
            policy_hash: [0; 32],
            made_from: None,
            gone: Gone::default(),
        };
        if let Some(why) = undecided(of) {
            return Ok(cannot(why));
        }
        let Some(engine) = self.engine(of, &with.rules) else { return Ok(cannot(Why::RulesLost)) };
        let policy_hash = *engine.policy_hash();
        if records::rests_on_id(of).is_some() && recorded.rests_on.is_none() {
            return Ok(cannot(Why::RecordLost));
        }
        let whole = recorded.whole();
        let explains = of.call() == Call::ExplainDecision;
        let known = if explains { Some(Past::now()) } else { whole.basis.as_ref().and_then(Past::of) };
        let Some(mut known) = known else { return Ok(cannot(Why::RecordTooOld)) };
        if !self.has_read(&known) {
            return Ok(cannot(Why::StoreBehind));
        }
        if with.facts == Facts::Now {
            known = Past::now();
        }
        known.drafts.clone_from(&with.drafts);
        let discloser = self.discloser(engine, known);
        let is_review = matches!(whole.call(), Call::ShowItem | Call::Decide);
        let made = match (explains, is_review) {
            (true, _) => explained(&discloser, recorded),
            (false, true) => return self.reviewed(discloser, whole, with),
            (false, false) => self.decided(&discloser, whole, recorded, with)?,
        };
        self.keep(discloser);
        let Some(Made { record, mut parts, classes }) = made else { return Ok(cannot(Why::RecordTooOld)) };
        let made_from = record.basis.clone().filter(|_| with.facts == Facts::Recorded);
        let again = if of.part_of.is_empty() {
            Some(record)
        } else {
            let is_it = |part: &Disclosure| {
                part.subjects.first() == of.subjects.first() && part.call == of.call && part.opened_of == of.opened_of
            };
            let at = parts.iter().position(is_it);
            at.map(|at| parts.swap_remove(at))
        };
        let again = again.map(|again| as_named(again, of));
        let verdict = match &again {
            None => Verdict::Differs(difference("what is given", "something", "nothing")),
            Some(again) => differs(of, again, with).map_or(Verdict::Same, Verdict::Differs),
        };
        Ok(Rerun { verdict, record: again, classes, policy_hash, made_from, gone: Gone::default() })
    }

    /// What a reviewer of identity was shown of a pair, or decided about it.
    fn reviewed(&self, discloser: Discloser, of: &Disclosure, with: &With) -> Result<Rerun, ReplayError> {
        let policy_hash = *discloser.engine.policy_hash();
        let discloser = Arc::new(discloser);
        // Organisations and agreements are those of the past, whichever are first read.
        let progress = Progress { registry_generation: 1, ..Progress::default() };
        let permitting = Permitting {
            discloser: Arc::clone(&discloser),
            organisation: String::new(),
            progress: tokio::sync::watch::channel(progress).1,
        };
        let named = |basis: &Basis| basis.linked_by.iter().filter_map(|id| EventId::from_slice(id)).collect::<Vec<_>>();
        let adopted = match (with.facts, &of.basis) {
            (Facts::Recorded, Some(basis)) => discloser.children.adoptions.of(&named(basis), None)?,
            _ => discloser.children.adoptions.in_force(None)?,
        };
        let again = reviewed::again(&permitting, of, adopted.as_deref())?.map(|again| as_named(again, of));
        drop(permitting);
        if let Ok(discloser) = Arc::try_unwrap(discloser) {
            self.keep(discloser);
        }
        let verdict = match &again {
            None => Verdict::CannotSay(Why::RecordTooOld),
            Some(again) => differs(of, again, with).map_or(Verdict::Same, Verdict::Differs),
        };
        let read = again.as_ref().and_then(|again| again.basis.clone());
        let made_from = read.filter(|_| with.facts == Facts::Recorded);
        Ok(Rerun { verdict, record: again, classes: Vec::new(), policy_hash, made_from, gone: Gone::default() })
    }

    fn engine(&self, of: &Disclosure, rules: &Rules) -> Option<Arc<Engine>> {
        match rules {
            Rules::Current => Some(Arc::clone(&self.engine)),
            Rules::Given(engine) => Some(Arc::clone(engine)),
            Rules::Recorded => {
                let hash = of.policy_hash.as_slice().try_into().ok()?;
                if self.engine.policy_hash() == &hash {
                    Some(Arc::clone(&self.engine))
                } else {
                    self.rules.engine(&hash)
                }
            }
        }
    }

    fn has_read(&self, known: &Past) -> bool {
        let held = self.store.heights_held();
        known.read_to().all(|((topic, partition), next)| held.next(topic, partition) >= next)
    }

    pub(super) fn discloser(&self, engine: Arc<Engine>, known: Past) -> Discloser {
        let known = Arc::new(known);
        let cache = {
            let mut kept = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let at = kept.iter().position(|(of, _)| Arc::ptr_eq(of, &engine));
            at.map(|at| kept.swap_remove(at).1)
        };
        Discloser {
            children: Children::of_past(self.store.clone(), self.projector.clone(), Arc::clone(&known)),
            engine,
            cache: cache.unwrap_or_else(|| DecisionCache::new(ANSWERS_KEPT)),
            registries: Registries::of_past(self.store.clone(), self.projector.clone(), known),
            hub_contact: self.hub_contact.clone(),
        }
    }

    /// Keeps what the rules answered, for the next decision.
    pub(super) fn keep(&self, discloser: Discloser) {
        let mut kept = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= ENGINES_KEPT {
            kept.remove(0);
        }
        kept.push((discloser.engine, discloser.cache));
    }

    fn decided(
        &self,
        discloser: &Discloser,
        whole: &Disclosure,
        recorded: &Recorded,
        with: &With,
    ) -> Result<Option<Made>, ReplayError> {
        let Some(ask) = ask(whole) else { return Ok(None) };
        let made = |(record, parts)| Made { record, parts, classes: Vec::new() };
        let classes = || discloser.outcomes(&ask);
        Ok(match whole.call() {
            Call::Unspecified | Call::GetTimeline => {
                Some(Made { classes: classes()?, ..made(discloser.decide(&ask)?.into_records()) })
            }
            Call::GetInvolvement => Some(made(discloser.decide_involvement(&ask)?.into_records())),
            Call::GetFamily => Some(made(discloser.decide_family(&ask)?.into_records())),
            Call::ListFacts => Some(made(discloser.decide_facts(&ask)?.into_records())),
            Call::WatchTimeline => {
                let records = self.followed(discloser, &ask, whole, recorded, with)?;
                let Some(records) = records else { return Ok(None) };
                Some(Made { classes: classes()?, ..made(records) })
            }
            _ => None,
        })
    }

    /// What a stream gave, after what it had given before.
    fn followed(
        &self,
        discloser: &Discloser,
        ask: &Ask,
        of: &Disclosure,
        recorded: &Recorded,
        with: &With,
    ) -> Result<Option<(Disclosure, Vec<Disclosure>)>, ReplayError> {
        let Some(Basis { stream, after, .. }) = &of.basis else { return Ok(None) };
        let Ok(stream) = stream.as_slice().try_into() else { return Ok(None) };
        let mut watching = Watching::of(stream);
        if !after.is_empty() {
            let before = recorded.rests_on.as_ref().map(|before| &before.decision);
            let Some(before) = before else { return Ok(None) };
            let past = before.basis.as_ref().and_then(Past::of);
            let (Some(earlier), Some(past)) = (self::ask(before), past) else { return Ok(None) };
            let past = if with.facts == Facts::Now { Past::now() } else { past };
            let then = self.discloser(Arc::clone(&discloser.engine), past);
            then.seen_by(&earlier, &mut watching)?;
            watching.given_by(after.clone());
        }
        Ok(Some(match discloser.follow(ask, &watching)? {
            Followed::Changed(changed) => changed.into_records(),
            // Nothing would have been given, and nothing recorded.
            Followed::Same(_) | Followed::Narrowed => (Disclosure::default(), Vec::new()),
        }))
    }
}

/// Why nothing was decided, where nothing was.
fn undecided(of: &Disclosure) -> Option<Why> {
    if !of.operator_command.is_empty() {
        return Some(Why::OperatorsLook);
    }
    if of.denied != 0 && of.policy_hash.is_empty() {
        return Some(Why::RefusedUnread);
    }
    match of.call() {
        Call::Unspecified
        | Call::GetTimeline
        | Call::WatchTimeline
        | Call::GetInvolvement
        | Call::GetFamily
        | Call::ListFacts
        | Call::OpenedByBreakGlass => (of.basis.is_none() && of.part_of.is_empty()).then_some(Why::RecordTooOld),
        Call::ExplainDecision => None,
        Call::ShowItem | Call::Decide => of.basis.is_none().then_some(Why::RecordTooOld),
        Call::ListItems | Call::ListReleases | Call::GetStatistics => Some(Why::Review),
        Call::WhoSaw | Call::WhatDid | Call::Replay | Call::Rerun | Call::Unusual => Some(Why::Audit),
        // What somebody recorded or approved, and lists of what was.
        _ => Some(Why::AnAct),
    }
}

/// What was asked, from its record.
fn ask(of: &Disclosure) -> Option<Ask> {
    let basis = of.basis.as_ref()?;
    let categories: Option<Vec<Category>> =
        basis.categories.iter().map(|category| Category::try_from(*category).ok()).collect();
    Some(Ask {
        caller: basis::caller(of, basis)?,
        child: Pseudonym(of.subjects.first()?.as_slice().try_into().ok()?),
        purpose: of.purpose(),
        from_day: basis.from_day.map(i64::from),
        to_day: basis.to_day.map(i64::from),
        categories: categories?,
        known_at_us: Some(basis.known_at_us).filter(|at| *at != 0),
        valid_on: day(of.valid_day)?,
        today: day(basis.asked_day)?,
        skip: usize::try_from(basis.skip).ok()?,
        page_size: if basis.page_size == 0 { usize::MAX } else { usize::try_from(basis.page_size).ok()? },
        request_digest: of.request_digest.as_slice().try_into().ok()?,
        asked_at_us: basis.asked_at_us,
        // Whatever it was then: the first that is read stands.
        registry_generation: 1,
    })
}

/// As it was explained where nobody had recorded that they would not share: what was recorded of that by then is not on record, and where
/// there was something, the answer is said to differ.
fn explained(discloser: &Discloser, recorded: &Recorded) -> Option<Made> {
    let (of, explained) = (&recorded.decision, &recorded.rests_on.as_ref()?.decision);
    let staff = basis::caller(of, &Basis::default())?;
    // Their record does not say which they were: the answer does.
    let family = Caller { standing: Standing::Family { issuer: String::new() }, ..staff.clone() };
    // The fewest that such an answer can have been for comes first.
    let audiences: &[Audience] = match of.purpose() {
        Purpose::Audit => &[Audience::Auditor, Audience::ServingAuditor],
        _ => &[Audience::Reader],
    };
    let asked =
        [&staff, &family].into_iter().flat_map(|caller| audiences.iter().map(move |audience| (caller, *audience)));
    let made =
        asked.map(|(caller, audience)| discloser.explain(caller, explained, audience, Vec::new()).into_records().0);
    let mut made: Vec<Disclosure> = made.collect();
    let at = made.iter().position(|record| record.answer_digest == of.answer_digest).unwrap_or_default();
    Some(Made { record: made.swap_remove(at), parts: Vec::new(), classes: Vec::new() })
}

/// The same record under the name of the one on the log.
fn as_named(mut record: Disclosure, of: &Disclosure) -> Disclosure {
    record.decision_id.clone_from(&of.decision_id);
    record.part_of.clone_from(&of.part_of);
    record
}

/// The first thing that differs. Where it was asked what would have been, only what readers see of it counts.
fn differs(of: &Disclosure, again: &Disclosure, with: &With) -> Option<Difference> {
    let none = Basis::default();
    let (was, is) = (of.basis.as_ref().unwrap_or(&none), again.basis.as_ref().unwrap_or(&none));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let facts = |basis: &Basis| format!("{} events, {}", basis.facts, hex(&basis.facts_digest));
    let registry = |basis: &Basis| format!("{}, {}", basis.registry, hex(&basis.registry_digest));
    let links = |basis: &Basis| {
        format!(
            "{} pairs by {}",
            basis.probable.len(),
            basis.linked_by.iter().map(|id| hex(id)).collect::<Vec<_>>().join(" ")
        )
    };
    let read = |basis: &Basis| hex(&basis.read_to);
    let classes = |of: &Disclosure| {
        let Disclosure { classes_full, classes_redacted, classes_existence, classes_hidden, .. } = of;
        format!("full={classes_full} redacted={classes_redacted} existence={classes_existence} hidden={classes_hidden}")
    };
    let given = |of: &Disclosure| format!("entries={} lines={}", of.entries_released, of.lines_released);
    let told = |of: &Disclosure| format!("{:x}.{:x}.{:x}", of.gates_told, of.restrictions_told, of.permits_told);
    let as_recorded = [
        (SETTINGS, hex(&was.settings), hex(&is.settings)),
        (RULES, hex(&of.policy_hash), hex(&again.policy_hash)),
        ("the facts that were read", facts(was), facts(is)),
        ("how far the log was read", read(was), read(is)),
        ("the organisations and agreements", registry(was), registry(is)),
        ("what was probably of one child", links(was), links(is)),
    ];
    let seen = [
        ("who was held to be the child", hex(&of.subjects_digest), hex(&again.subjects_digest)),
        ("whether it was refused", of.denied().as_str_name().to_owned(), again.denied().as_str_name().to_owned()),
        ("the classes of record by outcome", classes(of), classes(again)),
        ("how much was given", given(of), given(again)),
        ("the rules of which the answer told", told(of), told(again)),
        ("the answer", hex(&of.answer_digest), hex(&again.answer_digest)),
    ];
    let rest = [
        ("why each class came out so", hex(&of.outcomes_digest), hex(&again.outcomes_digest)),
        ("the record", "as on the log".to_owned(), if of == again { "as on the log" } else { "another" }.to_owned()),
    ];
    let first =
        if with.is_as_recorded() { as_recorded.into_iter().chain(seen).chain(rest).collect() } else { Vec::from(seen) };
    first.into_iter().find(|(_, was, is)| was != is).map(|(what, was, is)| Difference { what, was, is })
}

const SETTINGS: &str = "the settings that an answer quotes (`serve.hub_contact`)";
const RULES: &str = "the rules";
/// What is said to differ before it is looked whether the facts do.
pub(super) const BEFORE_FACTS: [&str; 2] = [SETTINGS, RULES];

fn difference(what: &'static str, was: &str, is: &str) -> Difference {
    Difference { what, was: was.to_owned(), is: is.to_owned() }
}

/// Days since 1970-01-01.
pub(crate) fn day(number: i32) -> Option<Date> {
    date(1970, 1, 1).checked_add(jiff::Span::new().try_days(number).ok()?).ok()
}
