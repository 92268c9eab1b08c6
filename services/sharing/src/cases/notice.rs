//! Which cases notice that a rule was changed.

use std::collections::BTreeSet;

use crate::cases::Case;
use crate::engine::{Engine, LoadError, Mutant};

/// Cases that come out as they say by the rules as they are, ready to be asked whether they still do by others.
#[derive(Debug)]
pub struct Noticing<'c> {
    /// With the rules that decided each.
    cases: Vec<(&'c Case, BTreeSet<String>)>,
}

impl<'c> Noticing<'c> {
    /// Those of these cases that show what they say by these rules.
    pub fn of(engine: &Engine, cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let passing = cases.into_iter().filter(|case| case.shown_as_expected(engine));
        Self { cases: passing.map(|case| (case, case.judge(engine).rules)).collect() }
    }

    /// How many cases there are to notice.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// The cases that show somebody more or less by the mutant, at most so many: those that its rule decides come first.
    ///
    /// # Errors
    /// When the mutant is of another set of rules.
    pub fn by(&self, engine: &mut Engine, mutant: &Mutant, max: usize) -> Result<Vec<&'c Case>, LoadError> {
        engine.with_mutant(mutant, |changed| {
            let (decided, others): (Vec<_>, Vec<_>) =
                self.cases.iter().partition(|(_, rules)| rules.contains(&mutant.rule));
            let noticing = decided.into_iter().chain(others).map(|(case, _)| *case);
            noticing.filter(|case| !case.shown_as_expected(changed)).take(max).collect()
        })
    }
}
