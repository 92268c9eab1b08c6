//! That an organisation was given something of a child, as a record of its own: whether the child, or who asks for them, may know of
//! it is put to the rules like any other.

use std::collections::BTreeSet;

use crate::classify::RecordClass;
use crate::facts::ChildFacts;
use crate::registry::Registry;
use crate::vocabulary::{Category, Label, Purpose};

/// Something of a child that was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Given<'g> {
    /// To whose people.
    pub organisation: &'g str,
    /// What for, as they said.
    pub purpose: Purpose,
    /// To somebody else of the family, by way of that organisation.
    pub to_family: bool,
}

impl Given<'_> {
    /// The class of that something of this category was given.
    pub fn of(&self, category: Category, facts: &ChildFacts, registry: &Registry) -> RecordClass {
        let mut labels: BTreeSet<Label> = facts.restrictions().labels(category).collect();
        labels.extend(confided(category));
        // That a sensitive service looked tells that it knows the child.
        if registry.organisation(self.organisation).is_none_or(|organisation| organisation.sensitive()) {
            labels.insert(Label::SexualHealth);
        }
        RecordClass {
            category,
            labels,
            has_third_party: self.to_family,
            unnamed_third_party: self.to_family,
            ..RecordClass::of_nothing(self.organisation)
        }
    }

    /// The class of what it was given for; what it was given for says nothing where there is none.
    pub fn purpose(&self, facts: &ChildFacts, registry: &Registry) -> Option<RecordClass> {
        let category = match self.purpose {
            Purpose::ChildProtection | Purpose::ChildDeathReview => Category::ChildProtection,
            Purpose::CrimePrevention => Category::PoliceNotification,
            Purpose::AdoptionSupport => Category::Adoption,
            Purpose::LookedAfter => Category::LookedAfter,
            Purpose::ChildInNeed | Purpose::CourtProceedings => Category::SocialCareCase,
            _ => return None,
        };
        let mut class = self.of(category, facts, registry);
        class.labels.extend((self.purpose == Purpose::CourtProceedings).then_some(Label::CourtRestricted));
        Some(class)
    }
}

/// What makes a category confidential by itself.
pub(super) fn confided(category: Category) -> Option<Label> {
    match category {
        Category::SexualHealth => Some(Label::SexualHealth),
        Category::MentalHealth => Some(Label::MentalHealth),
        Category::SubstanceMisuse => Some(Label::SubstanceMisuse),
        Category::PoliceNotification => Some(Label::PoliceIntel),
        Category::Adoption => Some(Label::PreAdoption),
        Category::RestrictedUnspecified => Some(Label::RestrictedUnspecified),
        _ => None,
    }
}
