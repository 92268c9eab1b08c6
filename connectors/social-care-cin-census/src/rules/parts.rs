//! Rules on what was done within one referral.

use proto::events::FindingCode::{DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict, RecordRepeated};

use super::{Stretch, after_the_year, before, day, outside, same, weekend};
use crate::child::Dated;
use crate::child::referral::{Assessment, CinPlan, ProtectionPlan, Referral, Section47};
use crate::header::Return;
use crate::tag::{Tag, Tagged as _};
use crate::working_days;

/// Working days in which an assessment is to be done.
const ASSESSMENT_DAYS: u32 = 45;
/// Working days in which the conference of an enquiry is to be held.
const CONFERENCE_DAYS: u32 = 15;
/// The factor that says that there is none.
const NO_FACTORS: &str = "21";

pub(super) fn check(referral: &mut Referral<'_>, of: &Return, death: Option<Dated>) {
    let on = Some(referral.on);
    let closed_otherwise = referral.closed_on.is_some()
        && !referral.closure_reason.as_ref().is_some_and(|reason| matches!(reason.code.as_str(), "RC8" | "RC9"));
    let only_one = referral.assessments.len() == 1;
    for assessment in &mut referral.assessments {
        assessment_dates(assessment, of, on);
        factors(assessment, only_one && closed_otherwise);
    }
    assessments_beside_one_another(&mut referral.assessments);
    for enquiry in &mut referral.enquiries {
        enquiry_dates(enquiry, of, on);
    }
    enquiries_beside_one_another(&mut referral.enquiries);
    for plan in &mut referral.plans {
        cin_plan(plan, of, on, death);
    }
    let conferences: Vec<Dated> = referral.conference_on.into_iter().chain(conferences(&referral.enquiries)).collect();
    for plan in &mut referral.protection_plans {
        protection_plan_dates(plan, of, on, death);
        protection_plan_fields(plan, &conferences);
    }
}

fn conferences(enquiries: &[Section47<'_>]) -> impl Iterator<Item = Dated> {
    enquiries.iter().filter_map(|enquiry| enquiry.conference_on)
}

/// Neither has its conference been held, nor is none required.
pub(super) fn is_open_enquiry(enquiry: &Section47<'_>) -> bool {
    enquiry.conference_on.is_none() && enquiry.conference_not_required != Some(true)
}

fn assessment_dates(assessment: &mut Assessment<'_>, of: &Return, referred_on: Option<Dated>) {
    let (start, authorised) = (Some(assessment.start_on), assessment.authorised_on);
    let notes = &mut assessment.notes;
    if before(start, referred_on) {
        notes.broke(DatesOutOfOrder, Tag::AssessmentActualStartDate, "cin/1103");
    }
    if before(authorised, start) {
        notes.broke(DatesOutOfOrder, Tag::AssessmentAuthorisationDate, "cin/8608");
    }
    if outside(authorised, of) {
        notes.broke(DateImplausible, Tag::AssessmentAuthorisationDate, "cin/8696");
    }
    if authorised.is_none() && outside(start, of) {
        notes.broke(DateImplausible, Tag::AssessmentActualStartDate, "cin/8736");
    }
    if authorised.is_none() && long_ago(start, ASSESSMENT_DAYS, of) {
        notes.broke(FieldMissing, Tag::AssessmentAuthorisationDate, "cin/8670Q");
    }
    if authorised.is_some() && after_the_year(start, of) {
        notes.found(DateImplausible, Tag::AssessmentActualStartDate);
    }
}

/// Whether a day is more than so many working days before the end of the year.
fn long_ago(on: Option<Dated>, working_days: u32, of: &Return) -> bool {
    day(on).is_some_and(|on| on < working_days::before(of.period.1, working_days))
}

fn factors(assessment: &mut Assessment<'_>, closed_otherwise: bool) {
    let mut codes: Vec<&str> = assessment.factors.iter().map(|factor| factor.factor.code.as_str()).collect();
    codes.sort_unstable();
    let repeated = codes.windows(2).any(|pair| matches!(pair, [a, b] if a == b));
    codes.dedup();
    let none = codes.contains(&NO_FACTORS);
    let (found, authorised) = (!codes.is_empty(), assessment.authorised_on.is_some());
    let alone = codes.len() == 1;
    let notes = &mut assessment.notes;
    if found && !authorised {
        notes.broke(FieldsContradict, Tag::AssessmentFactors, "cin/8614");
    }
    if authorised && !found {
        notes.broke(FieldMissing, Tag::AssessmentFactors, "cin/8897Q");
    }
    if repeated {
        notes.broke(RecordRepeated, Tag::AssessmentFactors, "cin/8898");
    }
    if none && !alone {
        notes.broke(FieldsContradict, Tag::AssessmentFactors, "cin/8869");
    }
    if none && alone && authorised && closed_otherwise {
        notes.broke(FieldsContradict, Tag::ReasonForClosure, "cin/8873Q");
    }
}

fn assessments_beside_one_another(assessments: &mut [Assessment<'_>]) {
    if assessments.len() < 2 {
        return;
    }
    let stretches: Vec<_> = assessments.iter().map(|a| Stretch::of(a.start_on, a.authorised_on)).collect();
    let open = assessments.iter().filter(|assessment| assessment.authorised_on.is_none()).count();
    for (at, assessment) in assessments.iter_mut().enumerate() {
        if assessment.authorised_on.is_none() && open > 1 {
            assessment.notes.broke(FieldsContradict, Tag::AssessmentAuthorisationDate, "cin/8896");
        }
        if began_during_another(&stretches, at) {
            assessment.notes.broke(FieldsContradict, Tag::AssessmentActualStartDate, "cin/8863Q");
        }
    }
}

fn enquiry_dates(enquiry: &mut Section47<'_>, of: &Return, referred_on: Option<Dated>) {
    let (start, due, held) = (Some(enquiry.start_on), enquiry.conference_due_on, enquiry.conference_on);
    let open = is_open_enquiry(enquiry);
    let notes = &mut enquiry.notes;
    if before(start, referred_on) {
        notes.broke(DatesOutOfOrder, Tag::S47ActualStartDate, "cin/2889");
    }
    if before(held, start) {
        notes.broke(DatesOutOfOrder, Tag::DateOfInitialCpc, "cin/8615");
    }
    if before(held, referred_on) {
        notes.broke(DatesOutOfOrder, Tag::DateOfInitialCpc, "cin/1104");
    }
    if outside(held, of) {
        notes.broke(DateImplausible, Tag::DateOfInitialCpc, "cin/8715");
    }
    if open && outside(start, of) {
        notes.broke(DateImplausible, Tag::S47ActualStartDate, "cin/8740");
    }
    if open && long_ago(start, CONFERENCE_DAYS, of) {
        notes.broke(FieldMissing, Tag::DateOfInitialCpc, "cin/8675Q");
    }
    if weekend(due) {
        notes.broke(DateImplausible, Tag::InitialCpcTarget, "cin/8870Q");
    }
    if weekend(held) {
        notes.broke(DateImplausible, Tag::DateOfInitialCpc, "cin/8875");
    }
}

fn enquiries_beside_one_another(enquiries: &mut [Section47<'_>]) {
    if enquiries.len() < 2 {
        return;
    }
    let open = enquiries.iter().filter(|enquiry| is_open_enquiry(enquiry)).count();
    // An enquiry that needs no conference has no end that the census would tell.
    let ends = |enquiry: &Section47<'_>| enquiry.conference_on.is_some() || is_open_enquiry(enquiry);
    let stretches: Vec<_> = enquiries
        .iter()
        .map(|enquiry| Stretch::of(enquiry.start_on, enquiry.conference_on).filter(|_| ends(enquiry)))
        .collect();
    for (at, enquiry) in enquiries.iter_mut().enumerate() {
        if open > 1 && is_open_enquiry(enquiry) {
            enquiry.notes.broke(FieldsContradict, Tag::DateOfInitialCpc, "cin/8839");
        }
        if began_during_another(&stretches, at) {
            enquiry.notes.broke(FieldsContradict, Tag::S47ActualStartDate, "cin/8890");
        }
    }
}

/// Whether the one at this place began while another, that began before it, went on.
fn began_during_another(stretches: &[Option<Stretch>], at: usize) -> bool {
    let Some(Some(own)) = stretches.get(at) else { return false };
    stretches.iter().flatten().any(|other| other.from < own.from && other.saw_start_of(*own))
}

fn cin_plan(plan: &mut CinPlan<'_>, of: &Return, referred_on: Option<Dated>, death: Option<Dated>) {
    let (start, end) = (Some(plan.start_on), plan.end_on);
    let notes = &mut plan.notes;
    if after_the_year(start, of) {
        notes.broke(DateImplausible, Tag::CinPlanStartDate, "cin/4010");
    }
    if before(start, referred_on) {
        notes.broke(DatesOutOfOrder, Tag::CinPlanStartDate, "cin/4015");
    }
    if before(death, start) {
        notes.broke(DateImplausible, Tag::CinPlanStartDate, "cin/4008");
    }
    if before(death, end) {
        notes.broke(DateImplausible, Tag::CinPlanEndDate, "cin/4009Q");
    }
    if before(end, start) {
        notes.broke(DatesOutOfOrder, Tag::CinPlanEndDate, "cin/4011");
    }
    if same(start, end) {
        notes.broke(DateImplausible, Tag::CinPlanEndDate, "cin/4012Q");
    }
    if outside(end, of) {
        notes.broke(DateImplausible, Tag::CinPlanEndDate, "cin/4013");
    }
}

fn protection_plan_dates(plan: &mut ProtectionPlan<'_>, of: &Return, referred_on: Option<Dated>, death: Option<Dated>) {
    let (start, end) = (Some(plan.start_on), plan.end_on);
    let notes = &mut plan.notes;
    if after_the_year(start, of) {
        notes.broke(DateImplausible, Tag::CppStartDate, "cin/8720");
    }
    if before(start, referred_on) {
        notes.broke(DatesOutOfOrder, Tag::CppStartDate, "cin/1105");
    }
    if before(death, start) {
        notes.broke(DateImplausible, Tag::CppStartDate, "cin/8915");
    }
    if before(death, end) {
        notes.broke(DateImplausible, Tag::CppEndDate, "cin/8920");
    }
    if before(end, start) {
        notes.broke(DatesOutOfOrder, Tag::CppEndDate, "cin/8925");
    }
    if same(start, end) {
        notes.broke(DateImplausible, Tag::CppEndDate, "cin/8840");
    }
    if outside(end, of) {
        notes.broke(DateImplausible, Tag::CppEndDate, "cin/8930");
    }
    for review in &mut plan.reviews {
        if before(Some(review.on), start) || same(Some(review.on), start) {
            review.notes.broke(DatesOutOfOrder, Tag::CppReviewDate, "cin/8841");
        }
    }
}

fn protection_plan_fields(plan: &mut ProtectionPlan<'_>, conferences: &[Dated]) {
    let said = plan.element.children().any(|field| field.tag() == Tag::NumberOfPreviousCpp && !field.text().is_empty());
    let notes = &mut plan.notes;
    if !said {
        notes.broke(FieldMissing, Tag::NumberOfPreviousCpp, "cin/8730");
    }
    if plan.initial_category.is_none() {
        notes.broke(FieldMissing, Tag::InitialCategoryOfAbuse, "cin/8905");
    }
    if plan.latest_category.is_none() {
        notes.broke(FieldMissing, Tag::LatestCategoryOfAbuse, "cin/8910");
    }
    // A plan that goes back before this return began at a conference that an earlier one told of.
    let start = day(Some(plan.start_on));
    let told = conferences.iter().filter_map(|conference| conference.day);
    if start.is_some() && !conferences.is_empty() && !told.into_iter().any(|held| Some(held) == start) {
        notes.broke(FieldsContradict, Tag::CppStartDate, "cin/2885");
    }
}
