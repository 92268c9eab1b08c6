//! Full snapshots to changes.
//!
//! A submission states everything of its scope as it stood at one version. What it says anew becomes events of that
//! version, each the record whole: the fields that it holds and, cleared, all that it does not. So the highest version of
//! an entry is the entry, whatever came before or comes late, and what is unchanged is not said again.
//!
//! A submission that comes late is put between its neighbours. What it says is published where a later submission has said
//! something else of the entry since; where the later one only let stand what an earlier one said, the late state would
//! wrongly be the last word, so it is left out (`superseded`): the entry would end the same.
//!
//! Absence means something only in a scope that was read whole, and nothing for a child of whom a record could not be read.
//! More retractions than allowed are held back, and everything else goes on: the scope then counts as not read whole, until
//! a person lets the same submission through with [`Retractions::Allowed`].

mod baseline;
mod baselines;
mod rebuild;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use proto::events::{Body, Cause, EntryCorrected, EntryRetracted, Event, FindingCode, Version};
use proto::quarantine::Reason;

use crate::body::{Statement, entry_id, statement};
use crate::connector::{Draft, Rejection};
use crate::dates;
use crate::reading::finding;
use baseline::{Digest, Held, PartId, Said, State, digest, part_id};

pub use baseline::{Baseline, SUBMISSIONS_MAX};
pub use baselines::{BaselineError, Baselines};
pub use rebuild::{RebuildError, rebuild};

/// Further submissions with one as-of and one serial number that can be told apart.
const ATTEMPTS: u64 = 1 << 16;

/// Everything that one submission says of one scope.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// The scope's key.
    pub scope_key: String,
    /// When the source stood so, microseconds since 1970.
    pub as_of_us: i64,
    /// The order among submissions with one as-of.
    pub sequence: u64,
    /// Of the mapping that translated it.
    pub mapping_revision: u32,
    /// What it says, in its order.
    pub drafts: Vec<Draft>,
    /// It was read to its end without structural error.
    pub whole: bool,
    /// Of these, something could not be read.
    pub unread: BTreeSet<Pseudonym>,
    /// Of these, everything was read, whether or not the whole scope was.
    pub covered: BTreeSet<Pseudonym>,
    /// Things that have parts, by their record keys, and whether all of their parts are told.
    pub parts: Vec<(String, bool)>,
}

/// How many retractions go through.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Retractions {
    /// As many as this share of the entries that stand, and this few in any case.
    AtMost {
        /// 0.02 is one in fifty.
        share: f64,
        /// However small the scope.
        at_least: usize,
    },
    /// All: a person has looked.
    Allowed,
}

impl Default for Retractions {
    fn default() -> Self {
        Self::AtMost { share: 0.02, at_least: 5 }
    }
}

/// What a submission changes.
#[derive(Clone, PartialEq, Debug)]
pub struct Diff {
    /// What to publish, in order.
    pub statements: Vec<Statement>,
    /// What the scope holds once all of it is acknowledged.
    pub baseline: Baseline,
    /// Retractions that were too many.
    pub held: Option<HeldBack>,
    /// Records that cannot stand beside another of the same key.
    pub rejections: Vec<Rejection>,
    /// States of a late submission that later ones have overtaken.
    pub superseded: u64,
}

/// Retractions that wait for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBack {
    /// How many.
    pub retractions: usize,
    /// Of how many entries that stood.
    pub standing: usize,
}

/// What the submission says of one entry.
struct Stated {
    subject: Pseudonym,
    draft: Draft,
    digest: Digest,
    /// What it is a part of.
    under: Vec<PartId>,
}

/// Diffs a submission with what its scope holds. Pure: the same submission and baseline give the same.
pub fn diff(
    key: &PseudonymKey,
    source: &str,
    mut baseline: Baseline,
    submission: Submission,
    allowed: Retractions,
) -> Diff {
    let mut rejections = Vec::new();
    let Submission { scope_key, as_of_us, sequence, mapping_revision, drafts, whole, mut unread, mut covered, parts } =
        submission;
    let (order, mut present) = entries_of(key, source, drafts, &parts, &mut rejections);
    let told: BTreeSet<PartId> = parts.iter().filter(|(_, told)| *told).map(|(part, _)| part_id(key, part)).collect();
    unread.extend(rejections.iter().filter_map(|rejection| rejection.subject.as_ref()).map(|subject| key.of(subject)));
    covered.retain(|subject| !unread.contains(subject));
    let asked = Asked { present: &present, whole, unread: &unread, covered: &covered, told: &told };
    let version = version_of(&baseline, Version { as_of_us, sequence, mapping_revision }, &asked);
    let standing = baseline.entries_standing();
    let at = baseline.place_of(version);
    let outcomes = Outcomes::of(&baseline, at, &asked);
    let corrections = outcomes.corrections(&baseline, &present);
    // What the source says is gone needs nobody to look.
    let is_said = |id: &EntryId| baseline.entries.get(id).is_some_and(|held| held.is_part_of(&told));
    let said_gone: BTreeSet<EntryId> = outcomes.gone.iter().copied().filter(is_said).collect();
    let to_look_at = |id: &&EntryId| !said_gone.contains(id) && !corrections.contains_key(id);
    let retractions = outcomes.gone.iter().filter(to_look_at).count();
    let held = allowed.hold(retractions, standing).then_some(HeldBack { retractions, standing });
    baseline.remember(at, whole, held.is_some(), unread, covered);

    let superseded = outcomes.superseded;
    let taking_over: BTreeSet<EntryId> = corrections.values().copied().collect();
    let mut writer = Writer { key, source, scope_key: &scope_key, baseline, at, version, statements: Vec::new() };
    for id in order {
        if let (Some(stated), Some(outcome)) = (present.remove(&id), outcomes.present.get(&id)) {
            writer.present(id, stated, *outcome, taking_over.contains(&id));
        }
    }
    for id in outcomes.gone {
        let replaced_by = corrections.get(&id).copied();
        if held.is_none() || replaced_by.is_some() || said_gone.contains(&id) {
            writer.gone(id, replaced_by);
        }
    }
    for id in outcomes.still_absent {
        writer.baseline.say(id, at, Said::Absent, false);
    }
    let Writer { mut baseline, statements, .. } = writer;
    baseline.prune();
    Diff { statements, baseline, held, rejections, superseded }
}

impl Retractions {
    fn hold(self, retractions: usize, standing: usize) -> bool {
        match self {
            Self::Allowed => false,
            Self::AtMost { share, at_least } => retractions > at_least && retractions as f64 > share * standing as f64,
        }
    }
}

/// The submission's statements by entry, and their order; a repeated record counts once.
fn entries_of(
    key: &PseudonymKey,
    source: &str,
    drafts: Vec<Draft>,
    parts: &[(String, bool)],
    rejections: &mut Vec<Rejection>,
) -> (Vec<EntryId>, HashMap<EntryId, Stated>) {
    let (mut order, mut present) = (Vec::with_capacity(drafts.len()), HashMap::<EntryId, Stated>::new());
    let mut repeated = BTreeSet::new();
    for mut draft in drafts {
        let id = entry_id(key, source, &draft);
        state_whole(&mut draft);
        let digest = digest_of(key, &draft);
        match present.get(&id) {
            None => {
                order.push(id);
                let under =
                    parts.iter().map(|(part, _)| part.as_str()).filter(|part| is_under(&draft.record_key, part));
                let under = under.map(|part| part_id(key, part)).collect();
                present.insert(id, Stated { subject: key.of(&draft.subject), draft, digest, under });
            }
            Some(first) if first.digest == digest => {
                repeated.insert(id);
            }
            Some(_) => rejections.push(Rejection {
                reason: Reason::RecordMalformed,
                message: SAME_KEY.to_owned(),
                place: draft.place,
                controller: Some(draft.controller),
                raw: Vec::new(),
                scope_key: draft.scope_key,
                subject: Some(draft.subject),
            }),
        }
    }
    for id in repeated {
        if let Some(stated) = present.get_mut(&id) {
            stated.draft.findings.push(finding(FindingCode::RecordRepeated, stated.draft.table));
            stated.digest = digest_of(key, &stated.draft);
        }
    }
    (order, present)
}

const SAME_KEY: &str =
    "another record of this submission has the same key and says something else: correct the wrong one at its source";

/// Whether a record is the thing of this key, or one of its parts.
fn is_under(record_key: &str, part: &str) -> bool {
    record_key.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A snapshot's record says everything of itself: what it does not hold, it empties.
fn state_whole(draft: &mut Draft) {
    let Some(message) = draft.event.kind_number().and_then(|kind| kind.info()).and_then(|info| info.message()) else {
        return;
    };
    let held = asserted(&draft.event);
    draft.clears = message.fields.iter().map(|field| field.number).filter(|number| !held.contains(number)).collect();
}

/// Numbers of the fields that an event's message holds.
fn asserted(event: &Event) -> BTreeSet<u32> {
    use prost::Message as _;
    use prost::encoding::{DecodeContext, decode_key, decode_varint, skip_field};
    let encoded = event.encode_to_vec();
    let mut numbers = BTreeSet::new();
    let mut bytes = encoded.as_slice();
    // The outer message holds one field, the kind; then its own fields follow.
    if decode_key(&mut bytes).is_err() || decode_varint(&mut bytes).is_err() {
        return numbers;
    }
    while let Ok((number, wire_type)) = decode_key(&mut bytes) {
        numbers.insert(number);
        if skip_field(wire_type, number, &mut bytes, DecodeContext::default()).is_err() {
            break;
        }
    }
    numbers
}

/// As [`digest`] gives it of the draft's body.
fn digest_of(key: &PseudonymKey, draft: &Draft) -> Digest {
    let third_parties = draft.third_parties.iter().map(|party| key.of(party).as_bytes().to_vec()).collect();
    digest(key, Some(&draft.effective), &draft.findings, third_parties, Some(&draft.event))
}

/// A submission as the question put to a baseline.
struct Asked<'a> {
    present: &'a HashMap<EntryId, Stated>,
    whole: bool,
    unread: &'a BTreeSet<Pseudonym>,
    covered: &'a BTreeSet<Pseudonym>,
    /// Things of which every part is told.
    told: &'a BTreeSet<PartId>,
}

impl Asked<'_> {
    fn of(&self, id: &EntryId, held: &Held) -> Said {
        match self.present.get(id) {
            Some(stated) => Said::Present(stated.digest),
            None if self.whole && !self.unread.contains(&held.subject) => Said::Absent,
            None if self.covered.contains(&held.subject) || held.is_part_of(self.told) => Said::Absent,
            None => Said::Nothing,
        }
    }
}

/// The submission's own version, or the next one free where another submission with the same as-of and serial number said
/// something else: a return put right and exported again under its old date.
fn version_of(baseline: &Baseline, stated: Version, asked: &Asked<'_>) -> Version {
    let first = stated.sequence.saturating_mul(ATTEMPTS);
    let numbered = |attempt| Version { sequence: first.saturating_add(attempt), ..stated };
    let free = (0..ATTEMPTS).map(numbered).find(|version| {
        let taken = baseline.submissions.iter().position(|past| past.version == *version);
        taken.is_none_or(|at| !contradicts(baseline, at, asked))
    });
    free.unwrap_or_else(|| numbered(ATTEMPTS - 1))
}

fn contradicts(baseline: &Baseline, at: usize, asked: &Asked<'_>) -> bool {
    let past = baseline.submissions.get(at);
    let is_new = |stated: (&EntryId, &Stated)| {
        let absent = past.is_some_and(|past| past.of_the_missing(&stated.1.subject) == Said::Absent);
        absent && !baseline.entries.contains_key(stated.0)
    };
    asked.present.iter().any(is_new)
        || baseline.entries.iter().any(|(id, held)| {
            let (before, now) = (held.said_at(at), asked.of(id, held));
            before != Said::Nothing && now != Said::Nothing && before != now
        })
}

/// What becomes of a record that stands in the submission.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The log says so already.
    Same,
    /// It is news.
    Published { cause: Cause },
    /// It is news, and this next submission, which needed no event of its own for it, takes it back.
    PublishedUntil { cause: Cause, next: usize },
    /// Overtaken.
    Superseded,
}

#[derive(Default)]
struct Outcomes {
    present: HashMap<EntryId, Outcome>,
    /// Stood before this version, and is gone from it. In order of id.
    gone: Vec<EntryId>,
    /// Absent, and the log says so already.
    still_absent: Vec<EntryId>,
    /// Published, and did not stand before this version.
    new: Vec<EntryId>,
    superseded: u64,
}

impl Outcomes {
    fn of(baseline: &Baseline, at: usize, asked: &Asked<'_>) -> Self {
        let mut outcomes = Self::default();
        for (id, held) in &baseline.entries {
            if held.said_at(at) == Said::Nothing && asked.of(id, held) == Said::Absent {
                outcomes.absent(*id, held, at);
            }
        }
        outcomes.gone.sort_unstable();
        for (id, stated) in asked.present {
            let outcome = outcomes.outcome(*id, baseline, at, stated);
            outcomes.present.insert(*id, outcome);
        }
        outcomes
    }

    fn absent(&mut self, id: EntryId, held: &Held, at: usize) {
        match (held.said_last(at), held.said_next(at)) {
            (Some(Said::Present(_)), Some((_, State { said: Said::Present(_), published: false }))) => {
                self.superseded += 1;
            }
            (Some(Said::Present(_)), _) => self.gone.push(id),
            _ => self.still_absent.push(id),
        }
    }

    fn outcome(&mut self, id: EntryId, baseline: &Baseline, at: usize, stated: &Stated) -> Outcome {
        let (last, next) = match baseline.entries.get(&id) {
            // What was said at this version stands.
            Some(held) if held.said_at(at) != Said::Nothing => return Outcome::Same,
            Some(held) => (held.said_last(at), held.said_next(at)),
            None => (None, baseline.said_next_of_the_missing(&stated.subject, at)),
        };
        let is_new = !matches!(last, Some(Said::Present(_)));
        let cause = match is_new {
            false => Cause::Changed,
            true if is_end(&stated.draft.event) => Cause::Ended,
            true => Cause::Started,
        };
        match next {
            _ if last == Some(Said::Present(stated.digest)) => Outcome::Same,
            None | Some((_, State { published: true, .. })) => {
                if is_new {
                    self.new.push(id);
                }
                Outcome::Published { cause }
            }
            Some((next, State { said: Said::Absent, .. })) => Outcome::PublishedUntil { cause, next },
            Some(_) => {
                self.superseded += 1;
                Outcome::Superseded
            }
        }
    }

    /// Start-date corrections: where of one subject, table and kind exactly one entry is gone and one is new, the second
    /// is the first put right.
    fn corrections(&self, baseline: &Baseline, present: &HashMap<EntryId, Stated>) -> BTreeMap<EntryId, EntryId> {
        type Group<'a> = (Vec<(EntryId, &'a str)>, Vec<(EntryId, &'a str)>);
        let mut groups: HashMap<(Pseudonym, u32), Group<'_>> = HashMap::new();
        for id in &self.gone {
            if let Some(held) = baseline.entries.get(id) {
                groups.entry((held.subject, held.kind)).or_default().0.push((*id, &held.table));
            }
        }
        for id in &self.new {
            if let Some(stated) = present.get(id)
                && let Some(group) = groups.get_mut(&(stated.subject, kind_of(&stated.draft)))
            {
                group.1.push((*id, stated.draft.table));
            }
        }
        let one_of_each = |(gone, new): Group<'_>| match (gone.as_slice(), new.as_slice()) {
            // A baseline that was rebuilt does not know its tables.
            ([(old, from)], [(new, to)]) if from == to || from.is_empty() => Some((*old, *new)),
            _ => None,
        };
        groups.into_values().filter_map(one_of_each).collect()
    }
}

fn kind_of(draft: &Draft) -> u32 {
    draft.event.kind_number().map_or(0, |kind| kind.0)
}

/// Whether an event says that something ended.
fn is_end(event: &Event) -> bool {
    event.kind_number().is_some_and(|kind| kind.name().ends_with("Ended") || kind.name().ends_with("Closed"))
}

/// Makes the statements and keeps the baseline in step with them.
struct Writer<'a> {
    key: &'a PseudonymKey,
    source: &'a str,
    scope_key: &'a str,
    baseline: Baseline,
    at: usize,
    version: Version,
    statements: Vec<Statement>,
}

impl Writer<'_> {
    fn present(&mut self, id: EntryId, stated: Stated, outcome: Outcome, takes_over: bool) {
        let Stated { subject, draft, digest, under } = stated;
        if outcome == Outcome::Superseded {
            return;
        }
        self.baseline.enter(id, subject, &draft, kind_of(&draft), under, self.at);
        let said = Said::Present(digest);
        match outcome {
            Outcome::Same | Outcome::Superseded => self.baseline.say(id, self.at, said, false),
            Outcome::Published { cause } | Outcome::PublishedUntil { cause, .. } => {
                let cause = if takes_over { Cause::Corrected } else { cause };
                self.statements.push(statement(self.key, self.source, draft, self.version, cause));
                self.baseline.say(id, self.at, said, true);
            }
        }
        if let Outcome::PublishedUntil { next, .. } = outcome
            && let Some(version) = self.baseline.submissions.get(next).map(|past| past.version)
        {
            self.take_back(id, version, None);
            self.baseline.say_again(id, next, Said::Absent);
        }
    }

    fn gone(&mut self, id: EntryId, replaced_by: Option<EntryId>) {
        self.take_back(id, self.version, replaced_by);
        self.baseline.say(id, self.at, Said::Absent, true);
    }

    /// Says that an entry is gone, without a name: the pseudonym and the entry's id are enough.
    fn take_back(&mut self, id: EntryId, version: Version, replaced_by: Option<EntryId>) {
        let Some(held) = self.baseline.entries.get(&id) else { return };
        let (cause, event) = match replaced_by {
            Some(new) => {
                let replaced_by_entry_id = Some(new.as_bytes().to_vec());
                (Cause::Corrected, EntryCorrected { replaced_by_entry_id }.into())
            }
            None => (Cause::Retracted, EntryRetracted { reason: Some(ABSENT.to_owned()) }.into()),
        };
        // The record's own key is not kept; its entry's id stands in for it.
        let record_key = format!("entry/{id}");
        let event_id = self.key.event_id(&held.controller, self.source, &record_key, &version, held.ordinal);
        let body = Body {
            controller: held.controller.clone(),
            source: self.source.to_owned(),
            entry_id: id.as_bytes().to_vec(),
            ordinal: held.ordinal,
            version: Some(version),
            effective: Some(dates::when_at(version.as_of_us)),
            observed_at: Some(dates::timestamp(version.as_of_us)),
            cause: cause.into(),
            event: Some(event),
            scope: self.scope_key.to_owned(),
            ..Body::default()
        };
        self.statements.push(Statement { subject: held.subject, event_id, body });
    }
}

const ABSENT: &str = "absent from a whole return";

#[cfg(test)]
mod tests;
