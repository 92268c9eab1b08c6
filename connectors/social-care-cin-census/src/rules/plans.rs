//! Rules on a child's plans beside one another, whatever referral they belong to.

use proto::events::FindingCode::{FieldMissing, FieldsContradict};

use super::Stretch;
use crate::child::Child;
use crate::tag::Tag;

pub(super) fn check(child: &mut Child<'_>) {
    let plans: Vec<_> = child
        .referrals
        .iter()
        .flat_map(|referral| &referral.plans)
        .map(|plan| Stretch::of(plan.start_on, plan.end_on))
        .collect();
    let protection: Vec<_> = child
        .referrals
        .iter()
        .flat_map(|referral| &referral.protection_plans)
        .map(|plan| Stretch::of(plan.start_on, plan.end_on))
        .collect();
    if plans.is_empty() && protection.len() < 2 {
        return;
    }
    cin_plans(child, &plans, &protection);
    protection_plans(child, &plans, &protection);
}

fn cin_plans(child: &mut Child<'_>, plans: &[Option<Stretch>], protection: &[Option<Stretch>]) {
    let own = child.referrals.iter_mut().flat_map(|referral| &mut referral.plans);
    for (at, (plan, stretch)) in own.zip(plans).enumerate() {
        let Some(stretch) = stretch else { continue };
        let notes = &mut plan.notes;
        if stretch.to.is_none() && open(plans) > 1 {
            notes.broke(FieldMissing, Tag::CinPlanEndDate, "cin/4004");
        }
        if overlaps_an_earlier(plans, at) {
            notes.broke(FieldsContradict, Tag::CinPlanStartDate, "cin/4014");
        }
        let others = || protection.iter().flatten();
        if stretch.to.is_none() && others().any(|other| other.to.is_none()) {
            notes.broke(FieldsContradict, Tag::CinPlanEndDate, "cin/4001");
        }
        if others().any(|other| other.saw_start_of(*stretch)) {
            notes.broke(FieldsContradict, Tag::CinPlanStartDate, "cin/4016");
        }
        if others().any(|other| stretch.saw_start_of(*other)) {
            notes.broke(FieldsContradict, Tag::CinPlanEndDate, "cin/4017");
        }
    }
}

fn protection_plans(child: &mut Child<'_>, plans: &[Option<Stretch>], protection: &[Option<Stretch>]) {
    let own = child.referrals.iter_mut().flat_map(|referral| &mut referral.protection_plans);
    for (at, (plan, stretch)) in own.zip(protection).enumerate() {
        // The last review may be held on the day on which a child in need plan takes over.
        for review in &mut plan.reviews {
            if review.on.day.is_some_and(|on| plans.iter().flatten().any(|plan| plan.from < on && plan.holds(on))) {
                review.notes.broke(FieldsContradict, Tag::CppReviewDate, "cin/4003");
            }
        }
        let Some(stretch) = stretch else { continue };
        if stretch.to.is_none() && open(protection) > 1 {
            plan.notes.broke(FieldMissing, Tag::CppEndDate, "cin/8935");
        }
        if overlaps_an_earlier(protection, at) {
            plan.notes.broke(FieldsContradict, Tag::CppStartDate, "cin/8940");
        }
    }
}

fn open(stretches: &[Option<Stretch>]) -> usize {
    stretches.iter().flatten().filter(|stretch| stretch.to.is_none()).count()
}

/// Whether the one at this place began within another. Of two that began on one day each is told.
fn overlaps_an_earlier(stretches: &[Option<Stretch>], at: usize) -> bool {
    let Some(Some(own)) = stretches.get(at) else { return false };
    let others = stretches.iter().enumerate().filter(|(place, _)| *place != at).filter_map(|(_, other)| *other);
    others.into_iter().any(|other| other.saw_start_of(*own))
}
