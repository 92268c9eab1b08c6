//! Which cases notice that a rule was changed.
//!
//! A case puts some requests to the rules, and no more comes of a changed rule than comes of those: where the rule says of each of
//! them what it said before, the case comes out as before. So a change is put to the requests of all cases first, each once and to
//! that rule alone, and only the cases that asked what it now answers otherwise are judged again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::cases::Case;
use crate::engine::{Engine, Fires, LoadError, Mutant, Put};

/// Cases that come out as they say by the rules as they are, ready to be asked whether they still do by others.
#[derive(Debug)]
pub struct Noticing<'c> {
    /// With the requests that each puts, by their places among all.
    cases: Vec<(&'c Case, BTreeSet<usize>)>,
    puts: Vec<Put>,
    /// What each rule says as it is, worked out when it is first asked of.
    said: BTreeMap<String, OnceLock<Vec<(usize, Fires)>>>,
}

impl<'c> Noticing<'c> {
    /// Those of these cases that show what they say by these rules.
    pub fn of(engine: &mut Engine, cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let (mut passing, mut puts) = (Vec::new(), Vec::new());
        let mut places = BTreeMap::new();
        for case in cases {
            let (passes, heard) = engine.hearing(|engine| case.shown_as_expected(engine));
            if !passes {
                continue;
            }
            let place = |put: Put| {
                let (action, question) = put.key();
                *places.entry((action, question.to_vec())).or_insert_with(|| {
                    puts.push(put);
                    puts.len() - 1
                })
            };
            passing.push((case, heard.into_iter().map(place).collect()));
        }
        let said = engine.rules().map(|rule| (rule.id.clone(), OnceLock::new())).collect();
        Self { cases: passing, puts, said }
    }

    /// How many cases there are to notice.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// The cases that show somebody more or less by the mutant, at most so many.
    ///
    /// # Errors
    /// When the mutant is of another set of rules.
    pub fn by(&self, engine: &mut Engine, mutant: &Mutant, max: usize) -> Result<Vec<&'c Case>, LoadError> {
        let otherwise = self.said_otherwise(engine, mutant);
        let may_notice = |(_, asked): &&(&'c Case, BTreeSet<usize>)| !asked.is_disjoint(&otherwise);
        engine.with_mutant(mutant, |changed| {
            let cases = self.cases.iter().filter(may_notice).map(|(case, _)| *case);
            cases.filter(|case| !case.shown_as_expected(changed)).take(max).collect()
        })
    }

    /// The requests of which the mutant says something else than its rule.
    fn said_otherwise(&self, engine: &Engine, mutant: &Mutant) -> BTreeSet<usize> {
        let before =
            self.said.get(&mutant.rule).map(|said| said.get_or_init(|| engine.fires(&mutant.rule, &self.puts)));
        let now = engine.mutant_fires(mutant, &self.puts);
        let pairs = before.into_iter().flatten().zip(now);
        pairs.filter(|(before, now)| *before != now).map(|((at, _), _)| *at).collect()
    }
}
