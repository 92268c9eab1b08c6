//! Pairs that are probable and not linked, for whoever looks at them.

use std::ops::ControlFlow;

use event_log::{Partition, Pseudonym};
use identity::{Id, Probable, Withheld};

use super::edge::{Edge, Standing};
use crate::child::{ChildError, Children};
use crate::store::keys::{self, Parsed};

/// A pair that is probable and was not linked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Contested {
    /// The two, the smaller id first.
    pub pair: (Id, Id),
    /// By the parameters that stand.
    pub probable: Probable,
    /// The version of those.
    pub parameters: [u8; 16],
    /// Why it was not linked.
    pub why: Withheld,
}

/// Some of them, in an order that stays.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct EdgesPage {
    /// Pairs that wait for a person, or that a person decided.
    pub contested: Vec<Contested>,
    /// After which pair to go on; nothing at the end.
    pub next: Option<(Id, Id)>,
}

impl Children {
    /// Everything that the linker held probable and that is not linked, after a pair, looking at so many edges at most: each is
    /// judged as a read judges it. What lies across a seal is not in it.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn edges_to_review(&self, after: Option<(Id, Id)>, looked_at: usize) -> Result<EdgesPage, ChildError> {
        let Some(adopted) = self.adoptions.in_force(None)? else { return Ok(EdgesPage::default()) };
        let mut page = EdgesPage::default();
        let mut pairs: Vec<(Pseudonym, Pseudonym)> = Vec::new();
        let begin = after.map(|(one, _)| Pseudonym(one).partition());
        for shard in Partition::all().filter(|shard| begin.is_none_or(|begin| *shard >= begin)) {
            let from = after.filter(|(one, _)| Pseudonym(*one).partition() == shard);
            let from = match from {
                Some((one, other)) => keys::edge(Pseudonym(one), adopted.event, Pseudonym(other)).as_ref().to_vec(),
                None => keys::edges_all(shard).as_ref().to_vec(),
            };
            self.store
                .read(shard.into(), |view| {
                    let before = pairs.len();
                    let mut here = Vec::new();
                    view.scan_range(&from, &keys::edges_end(shard), |key, value| {
                        let Some(Parsed::Edge { subject, adoption, other }) = keys::parse(key) else {
                            return ControlFlow::Continue(());
                        };
                        let stands = Edge::from_bytes(value).is_some_and(|edge| edge.standing != Standing::Past);
                        let is_after = after.is_none_or(|after| (subject.0, other.0) != after);
                        if adoption == adopted.event && subject < other && stands && is_after {
                            here.push((subject, other));
                        }
                        if before + here.len() >= looked_at {
                            ControlFlow::Break(())
                        } else {
                            ControlFlow::Continue(())
                        }
                    })?;
                    Ok(here)
                })
                .map(|here| pairs.extend(here))?;
            if pairs.len() >= looked_at {
                page.next = pairs.last().map(|(one, other)| (one.0, other.0));
                break;
            }
        }
        for (one, other) in pairs {
            let pair = (one.0, other.0);
            let around = self.around(one, None)?;
            let Some(probable) = around.evidence.probable.get(&pair).copied() else { continue };
            let resolution = identity::resolve(one.0, &around.evidence);
            let why = resolution.withheld.iter().find(|(a, b, _)| (*a, *b) == pair).map(|(_, _, why)| *why);
            page.contested.extend(why.map(|why| Contested { pair, probable, parameters: adopted.version, why }));
        }
        Ok(page)
    }
}
