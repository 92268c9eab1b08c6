//! What binds a child's record beyond its class. Any restriction of any linked subject binds, until somebody named lifts
//! that very one; a retraction never does.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::{NamedPerson, RestrictionSet, restriction};

use crate::days::{first_day, last_day};
use crate::facts::versions::Stated;
use crate::vocabulary::{Category, Label};

/// The restrictions in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Restrictions {
    in_force: Vec<InForce>,
    sealed: bool,
}

/// A restriction, and the organisation that set it.
#[derive(Clone, Debug)]
struct InForce {
    set: RestrictionSet,
    by: String,
}

/// A setting, or a lifting where it sets nothing.
struct Step<'a> {
    on: Date,
    sets: Option<&'a RestrictionSet>,
    by: &'a str,
    position: (i64, u64),
}

impl Step<'_> {
    /// Whether this set was over with that lifting: one of a later day, or of the same day and recorded later. One that says no day
    /// is from always, and over with whatever lifts it after it was recorded.
    fn is_lifted_by(&self, lift: &Self) -> bool {
        match self.on {
            Date::MIN => self.position < lift.position,
            on => (on, self.position) < (lift.on, lift.position),
        }
    }
}

impl Restrictions {
    pub(crate) fn fold(stated: &[Stated], valid_on: Date) -> Self {
        let sealed = stated.iter().any(|event| matches!(event.event.kind, Some(Kind::IdentitySealed(_))));
        // By subject and id: one restriction, set and lifted and set again. Whatever was set under it binds until it is lifted:
        // another setting, of another kind or of less, takes nothing back. One without an id can never be lifted.
        let mut steps: BTreeMap<([u8; 16], &str), Vec<Step<'_>>> = BTreeMap::new();
        let mut in_force = Vec::new();
        for event in stated {
            match &event.event.kind {
                Some(Kind::RestrictionSet(set)) => {
                    let from = set.from.as_ref().and_then(first_day).unwrap_or(Date::MIN);
                    if from > valid_on {
                        continue;
                    }
                    if set.id().is_empty() {
                        in_force.push(InForce { set: set.clone(), by: event.acting.clone() });
                    } else {
                        let step = Step { on: from, sets: Some(set), by: &event.acting, position: event.position };
                        steps.entry((event.subject, set.id())).or_default().push(step);
                    }
                }
                Some(Kind::RestrictionLifted(lifted)) if !lifted.lifted_by().is_empty() => {
                    let on = lifted.on.as_ref().and_then(last_day).or(event.published_on);
                    if let Some(on) = on.filter(|on| *on <= valid_on) {
                        let step = Step { on, sets: None, by: &event.acting, position: event.position };
                        steps.entry((event.subject, lifted.id())).or_default().push(step);
                    }
                }
                _ => {}
            }
        }
        for history in steps.into_values() {
            let lifts: Vec<&Step<'_>> = history.iter().filter(|step| step.sets.is_none()).collect();
            let is_over = |set: &Step<'_>| lifts.iter().any(|lift| set.is_lifted_by(lift));
            let standing = history.iter().filter(|step| !is_over(step)).filter_map(|step| Some((step.sets?, step.by)));
            in_force.extend(standing.map(|(set, by)| InForce { set: set.clone(), by: by.to_owned() }));
        }
        Self { in_force, sealed }
    }

    fn any(&self, kind: restriction::Kind, matches: impl Fn(&RestrictionSet) -> bool) -> bool {
        self.in_force.iter().any(|one| one.set.kind() == kind && matches(&one.set))
    }

    pub(crate) fn protected_address(&self) -> bool {
        self.any(restriction::Kind::ProtectedAddress, |_| true)
    }

    /// Whoever may said that the child's records are for their own care alone.
    pub(crate) fn opted_out(&self) -> bool {
        self.any(restriction::Kind::NationalOptOut, |_| true)
    }

    /// The source recorded of its own records that to disclose them does more harm than good: it is no other's to weigh.
    pub(crate) fn detriment(&self, category: Category, source: &str) -> bool {
        let of_source = self.in_force.iter().filter(|one| one.by == source);
        of_source.map(|one| &one.set).any(|set| set.kind() == restriction::Kind::Detriment && binds(set, category))
    }

    /// A court limited the parental responsibility of this adult, or of every adult. One named without an issuer is whoever is called
    /// so at any; what names nobody whom a token could name binds everybody.
    pub(crate) fn parental_responsibility(&self, issuer: &str, person: &str) -> bool {
        self.any(restriction::Kind::ParentalResponsibility, |set| {
            let adult = set.adult.as_ref().filter(|adult| !adult.person().is_empty());
            let is_adult = |adult: &NamedPerson| {
                adult.person() == person && (adult.issuer().is_empty() || adult.issuer() == issuer)
            };
            set.person() == person || adult.is_some_and(is_adult) || (set.person().is_empty() && adult.is_none())
        })
    }

    /// The organisation that answers for it restricted its use while it is contested: of this entry, or of all of the category.
    pub(crate) fn processing(&self, category: Category, source: &str, entry_id: &[u8]) -> bool {
        let of_source = self.in_force.iter().filter(|one| one.by == source).map(|one| &one.set);
        let mut contested = of_source.filter(|set| set.kind() == restriction::Kind::Processing);
        contested.any(|set| match set.entry_ids.as_slice() {
            [] => binds(set, category),
            entries => entries.iter().any(|id| id == entry_id),
        })
    }

    /// The labels that restrictions put on the classes of a category.
    pub(crate) fn labels(&self, category: Category) -> impl Iterator<Item = Label> {
        [
            (self.sealed, Label::PreAdoption),
            (self.any(restriction::Kind::Court, |set| binds(set, category)), Label::CourtRestricted),
            (self.any(restriction::Kind::SeriousHarm, |set| binds(set, category)), Label::SeriousHarm),
        ]
        .into_iter()
        .filter_map(|(applies, label)| applies.then_some(label))
    }
}

fn binds(set: &RestrictionSet, category: Category) -> bool {
    set.categories.is_empty() || set.categories.contains(&i32::from(category))
}
