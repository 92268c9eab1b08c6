//! Leaks that are planted in the service, to see that each is noticed. Some are of the code that makes an answer, which is handed what
//! is hidden and does with it what a careless service might; some are of the rules that the service runs, which the oracle does not.
//! Each goes the whole way: it is recorded, kept at hand, encoded and heard like any answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use event_log::seal::PseudonymKey;
use projection::child::Careless;
use prost::Message;
use proto::sharing::RuleSet;
use proto::timeline::{Entry, ExistenceLine, GetTimelineResponse};
use sharing::Engine;

use super::worlds::Pair;

/// Worlds in which each leak is tried.
const PAIRS_EACH: usize = 6;

/// Of an answer and the entries that are hidden from its reader.
type Leak = fn(&mut GetTimelineResponse, &[&timeline::Entry]);

const LEAKS: [(&str, Leak); 10] = [
    ("a count of what is hidden", |answer, hidden| {
        let line = ExistenceLine { ask: format!("{} more", hidden.len()), ..ExistenceLine::default() };
        answer.existence.push(line);
    }),
    ("a gap where an entry is hidden", |answer, hidden| {
        answer.entries.extend(vec![Entry::default(); hidden.len()]);
    }),
    ("an order that goes by all entries", |answer, hidden| {
        let by = hidden.len() % answer.entries.len().max(1);
        answer.entries.rotate_left(by);
    }),
    ("a page that ends where hidden entries fill it", |answer, hidden| {
        answer.entries.truncate(answer.entries.len().saturating_sub(hidden.len()));
    }),
    ("a further page of hidden entries", |answer, hidden| answer.more |= !hidden.is_empty()),
    ("last updated by what is hidden", |answer, hidden| {
        let newest = hidden.iter().map(|entry| entry.known_as_at_us).max().unwrap_or_default();
        for entry in &mut answer.entries {
            entry.known_as_at = Some(prost_types::Timestamp { seconds: newest / 1_000_000, nanos: 0 });
        }
    }),
    ("an offer of break-glass for what is hidden", |answer, hidden| {
        answer.break_glass_would_help = !hidden.is_empty();
    }),
    ("an obligation for what is hidden", |answer, hidden| {
        answer.obligations = if hidden.is_empty() { Vec::new() } else { vec!["justify".to_owned()] };
    }),
    ("who holds what is hidden", |answer, hidden| {
        let organisation = hidden.iter().map(|entry| entry.controller.clone()).max().unwrap_or_default();
        answer.existence.push(ExistenceLine { organisation, ..ExistenceLine::default() });
    }),
    ("when what is hidden took place", |answer, hidden| {
        let newest = hidden.first().map(|entry| entry.effective);
        answer.entries.iter_mut().for_each(|entry| entry.effective = newest.or(entry.effective));
    }),
];

pub fn timeline(bytes: &[u8]) -> GetTimelineResponse {
    GetTimelineResponse::decode(bytes).unwrap()
}

/// How many worlds it takes to try each of them.
pub fn worlds() -> usize {
    LEAKS.len() * PAIRS_EACH
}

/// Which leak is tried in which of these worlds.
pub fn name(at: usize) -> &'static str {
    LEAKS[at % LEAKS.len()].0
}

pub fn names() -> impl Iterator<Item = &'static str> {
    LEAKS.iter().map(|(name, _)| *name)
}

/// A service with each of the leaks, in the answers about some of these children.
pub fn careless(pairs: &[Arc<Pair>]) -> Careless {
    let pseudonyms = PseudonymKey::from_bytes([7; 32]);
    let leaks = pairs.iter().zip(LEAKS.iter().cycle());
    let of: BTreeMap<_, Leak> = leaks.map(|(pair, (_, leak))| (pseudonyms.of(&pair.asking.child), *leak)).collect();
    Arc::new(move |child, answer, hidden| {
        // Of what there is nobody to be shown anything of, no world of these is.
        if let Some(leak) = of.get(&child) {
            leak(answer, hidden);
        }
    })
}

/// The rules, with a permit too many: whoever asks is told who works with the child, of whose family it is, and which services there are.
pub fn careless_rules() -> Arc<Engine> {
    let set = Engine::load().unwrap().rule_set().clone();
    let too_many = r#"@id("P64-too-many") @basis("b") @say("s") @plain("p")
        permit (principal, action in [Share::Action::"ViewInvolvement", Share::Action::"ViewFamily", Share::Action::"ViewExistence"], resource);"#;
    let rules = format!("{}\n{too_many}", set.rules);
    Arc::new(Engine::from_stored(RuleSet { rules, ..set }).unwrap())
}

/// Where the permit too many must be noticed.
pub const NOTICED_IN: [&str; 3] = ["a page", "who works with the child", "a frame"];
