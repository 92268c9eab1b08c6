//! A referral and what was done about it.

use connector_kit::codes::CodeList;
use connector_kit::reading;
use connector_kit::xml::Element;
use proto::events::{Coded, Date, FindingCode};

use super::{Dated, Field, Notes, Part, Undated, in_order};
use crate::codes;
use crate::tag::{Tag, Tagged as _};

/// An episode of need, from its referral.
#[derive(Debug)]
pub(crate) struct Referral<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) on: Dated,
    pub(crate) source: Option<Coded>,
    pub(crate) primary_need: Option<Coded>,
    pub(crate) no_further_action: Option<bool>,
    pub(crate) closed_on: Option<Dated>,
    pub(crate) closure_reason: Option<Coded>,
    /// The initial child protection conference, where it is recorded with the referral.
    pub(crate) conference_on: Option<Dated>,
    pub(crate) assessments: Vec<Assessment<'t>>,
    pub(crate) plans: Vec<CinPlan<'t>>,
    pub(crate) enquiries: Vec<Section47<'t>>,
    pub(crate) protection_plans: Vec<ProtectionPlan<'t>>,
    pub(crate) pre_proceedings: Vec<PreProceedings<'t>>,
    pub(crate) notes: Notes<'t>,
}

#[derive(Debug)]
pub(crate) struct Assessment<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) start_on: Dated,
    pub(crate) internal_review_on: Option<Dated>,
    pub(crate) authorised_on: Option<Dated>,
    pub(crate) factors: Vec<Factor<'t>>,
    pub(crate) notes: Notes<'t>,
}

#[derive(Debug)]
pub(crate) struct Factor<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) factor: Coded,
    pub(crate) notes: Notes<'t>,
}

#[derive(Debug)]
pub(crate) struct CinPlan<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) start_on: Dated,
    pub(crate) end_on: Option<Dated>,
    pub(crate) notes: Notes<'t>,
}

#[derive(Debug)]
pub(crate) struct Section47<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) start_on: Dated,
    pub(crate) conference_due_on: Option<Dated>,
    pub(crate) conference_on: Option<Dated>,
    pub(crate) conference_not_required: Option<bool>,
    pub(crate) notes: Notes<'t>,
}

#[derive(Debug)]
pub(crate) struct ProtectionPlan<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) start_on: Dated,
    pub(crate) end_on: Option<Dated>,
    pub(crate) initial_category: Option<Coded>,
    pub(crate) latest_category: Option<Coded>,
    pub(crate) previous_plans: Option<u32>,
    pub(crate) reviews: Vec<Review<'t>>,
    pub(crate) notes: Notes<'t>,
}

#[derive(Debug)]
pub(crate) struct Review<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) on: Dated,
    pub(crate) notes: Notes<'t>,
}

/// What came before an application to a court: from the census of 2026 on.
#[derive(Debug)]
pub(crate) struct PreProceedings<'t> {
    pub(crate) element: Element<'t>,
    pub(crate) start_on: Dated,
    pub(crate) letter_sent_on: Option<Dated>,
    pub(crate) family_meeting_offered: Option<bool>,
    pub(crate) family_meeting_held: Option<bool>,
    pub(crate) first_meeting_on: Option<Dated>,
    pub(crate) review_meetings: Option<u32>,
    pub(crate) decided_on: Option<Dated>,
    pub(crate) outcome: Option<Coded>,
    pub(crate) applied_on: Option<Dated>,
    pub(crate) proceedings_letter_on: Option<Dated>,
    pub(crate) notes: Notes<'t>,
}

macro_rules! parts {
    ($($part:ident $date:ident)*) => {
        $(impl<'t> Part<'t> for $part<'t> {
            fn element(&self) -> Element<'t> {
                self.element
            }
            fn on(&self) -> Date {
                self.$date.date
            }
            fn notes(&mut self) -> &mut Notes<'t> {
                &mut self.notes
            }
        })*
    };
}

parts! {
    Referral on  Assessment start_on  CinPlan start_on  Section47 start_on  ProtectionPlan start_on  Review on
    PreProceedings start_on
}

/// Reads the date that a part goes by. Without it the part is put on the list of those that cannot be placed; a group that holds
/// nothing at all, as some systems write what there is not, is no part.
fn placed<'t>(
    element: Element<'t>,
    field: Field<'t>,
    (tag, rule): (Tag, &'static str),
    notes: &mut Notes<'t>,
    undated: &mut Vec<Undated<'t>>,
) -> Option<Dated> {
    let on = notes.date(field);
    if on.is_none() && !is_blank(element) {
        undated.push(Undated { element, field: tag, rule: Some(rule) });
    }
    on
}

fn is_blank(element: Element<'_>) -> bool {
    element.text().is_empty() && element.children().all(is_blank)
}

/// Reads `CINdetails`.
pub(super) fn read<'t>(element: Element<'t>, year: u16, undated: &mut Vec<Undated<'t>>) -> Option<Referral<'t>> {
    let mut notes = Notes::default();
    let [mut on, mut source, mut need, mut nfa, mut closed, mut reason, mut conference] = [None; 7];
    let mut parts = Vec::new();
    for field in notes.enter(element) {
        let slot = match field.tag() {
            Tag::CinReferralDate => &mut on,
            Tag::ReferralSource => &mut source,
            Tag::PrimaryNeedCode => &mut need,
            Tag::ReferralNfa => &mut nfa,
            Tag::CinClosureDate => &mut closed,
            Tag::ReasonForClosure => &mut reason,
            Tag::DateOfInitialCpc => &mut conference,
            Tag::Assessments | Tag::CinPlanDates | Tag::Section47 | Tag::ChildProtectionPlans | Tag::PreProceedings => {
                parts.push(field);
                continue;
            }
            _ => {
                notes.kept.push(field);
                continue;
            }
        };
        notes.fill(slot, field);
    }
    // A referral without its date takes its parts with it: their keys begin with it.
    let on = placed(element, on, (Tag::CinReferralDate, "cin/8600"), &mut notes, undated)?;
    let closed_on = notes.date_told(closed, undated);
    let closure_reason = notes.code_of_rule(&codes::CLOSURE_REASON, year, reason, "cin/8640");
    if closed_on.is_none() {
        notes.kept.extend(reason);
    }
    let mut referral = Referral {
        element,
        on,
        source: notes.code_of_rule(&codes::REFERRAL_SOURCE, year, source, "cin/8866"),
        primary_need: notes.code_of_rule(&codes::PRIMARY_NEED, year, need, "cin/8650"),
        no_further_action: notes.flag(nfa, "cin/8568"),
        closed_on,
        closure_reason,
        conference_on: notes.date_told(conference, undated),
        assessments: Vec::new(),
        plans: Vec::new(),
        enquiries: Vec::new(),
        protection_plans: Vec::new(),
        pre_proceedings: Vec::new(),
        notes,
    };
    for part in parts {
        match part.tag() {
            Tag::Assessments => referral.assessments.extend(read_assessment(part, year, undated)),
            Tag::CinPlanDates => referral.plans.extend(read_cin_plan(part, undated)),
            Tag::Section47 => referral.enquiries.extend(read_section_47(part, undated)),
            Tag::PreProceedings => referral.pre_proceedings.extend(read_pre_proceedings(part, undated)),
            _ => referral.protection_plans.extend(read_protection_plan(part, year, undated)),
        }
    }
    in_order(&mut referral.assessments);
    in_order(&mut referral.plans);
    in_order(&mut referral.enquiries);
    in_order(&mut referral.protection_plans);
    in_order(&mut referral.pre_proceedings);
    Some(referral)
}

fn read_assessment<'t>(element: Element<'t>, year: u16, undated: &mut Vec<Undated<'t>>) -> Option<Assessment<'t>> {
    let mut notes = Notes::default();
    let [mut start, mut review, mut authorised] = [None; 3];
    let mut factors = Vec::new();
    for field in notes.enter(element) {
        match field.tag() {
            Tag::AssessmentActualStartDate => notes.fill(&mut start, field),
            Tag::AssessmentInternalReviewDate => notes.fill(&mut review, field),
            Tag::AssessmentAuthorisationDate => notes.fill(&mut authorised, field),
            // A list that was left out around its items.
            Tag::AssessmentFactors => {
                notes.found(FindingCode::ValueMalformed, Tag::FactorsIdentifiedAtAssessment);
                factors.extend(read_factor(field, year, &mut notes));
            }
            Tag::FactorsIdentifiedAtAssessment => {
                for factor in notes.enter(field) {
                    match factor.tag() {
                        Tag::AssessmentFactors => factors.extend(read_factor(factor, year, &mut notes)),
                        _ => notes.kept.push(factor),
                    }
                }
            }
            _ => notes.kept.push(field),
        }
    }
    let start_on = placed(element, start, (Tag::AssessmentActualStartDate, "cin/8608"), &mut notes, undated)?;
    let (internal_review_on, authorised_on) = (notes.date(review), notes.date_told(authorised, undated));
    Some(Assessment { element, start_on, internal_review_on, authorised_on, factors, notes })
}

/// A factor, or several that one element lists.
fn read_factor<'t>(element: Element<'t>, year: u16, of_assessment: &mut Notes<'t>) -> Vec<Factor<'t>> {
    let mut field = None;
    of_assessment.fill(&mut field, element);
    let listed = listed(&codes::FACTOR, element.text());
    if field.is_none() || listed.is_empty() {
        return one_factor(element, field, year).into_iter().collect();
    }
    of_assessment.found(FindingCode::ValueMalformed, element.tag());
    let coded = |code: &str| {
        let mut notes = Notes::default();
        let factor = codes::FACTOR.keep(code, year, element.known_as(), &mut notes.findings)?;
        Some(Factor { element, factor, notes })
    };
    listed.into_iter().filter_map(coded).collect()
}

/// The codes of an element that lists several of them: only where all are of the list, in any of its years.
pub(super) fn listed<'t>(list: &CodeList, text: &'t str) -> Vec<&'t str> {
    let codes: Vec<&str> = text.split([',', ';', '|', ' ']).filter(|code| !code.is_empty()).collect();
    let is_known = |code: &&str| list.codes.iter().any(|known| known.code.eq_ignore_ascii_case(code));
    if codes.len() > 1 && codes.iter().all(is_known) { codes } else { Vec::new() }
}

fn one_factor<'t>(element: Element<'t>, field: Field<'t>, year: u16) -> Option<Factor<'t>> {
    let mut notes = Notes::default();
    let factor = match element.text() {
        "18A" => notes.code_of_rule(&codes::FACTOR, year, field, "cin/8945Q"),
        "19A" => notes.code_of_rule(&codes::FACTOR, year, field, "cin/8950Q"),
        _ => notes.code(&codes::FACTOR, year, field),
    }?;
    Some(Factor { element, factor, notes })
}

fn read_cin_plan<'t>(element: Element<'t>, undated: &mut Vec<Undated<'t>>) -> Option<CinPlan<'t>> {
    let mut notes = Notes::default();
    let [mut start, mut end] = [None; 2];
    for field in notes.enter(element) {
        match field.tag() {
            Tag::CinPlanStartDate => notes.fill(&mut start, field),
            Tag::CinPlanEndDate => notes.fill(&mut end, field),
            _ => notes.kept.push(field),
        }
    }
    let start_on = placed(element, start, (Tag::CinPlanStartDate, "cin/4010"), &mut notes, undated)?;
    let end_on = notes.date_told(end, undated);
    Some(CinPlan { element, start_on, end_on, notes })
}

fn read_section_47<'t>(element: Element<'t>, undated: &mut Vec<Undated<'t>>) -> Option<Section47<'t>> {
    let mut notes = Notes::default();
    let [mut start, mut target, mut conference, mut not_required] = [None; 4];
    for field in notes.enter(element) {
        match field.tag() {
            Tag::S47ActualStartDate => notes.fill(&mut start, field),
            Tag::InitialCpcTarget => notes.fill(&mut target, field),
            Tag::DateOfInitialCpc => notes.fill(&mut conference, field),
            Tag::IcpcNotRequired => notes.fill(&mut not_required, field),
            _ => notes.kept.push(field),
        }
    }
    let start_on = placed(element, start, (Tag::S47ActualStartDate, "cin/8615"), &mut notes, undated)?;
    let (conference_due_on, conference_on) = (notes.date(target), notes.date_told(conference, undated));
    let conference_not_required = notes.flag(not_required, "cin/8868");
    Some(Section47 { element, start_on, conference_due_on, conference_on, conference_not_required, notes })
}

fn read_protection_plan<'t>(
    element: Element<'t>,
    year: u16,
    undated: &mut Vec<Undated<'t>>,
) -> Option<ProtectionPlan<'t>> {
    let mut notes = Notes::default();
    let [mut start, mut end, mut initial, mut latest, mut previous] = [None; 5];
    let mut reviews = Vec::new();
    for field in notes.enter(element) {
        match field.tag() {
            Tag::CppStartDate => notes.fill(&mut start, field),
            Tag::CppEndDate => notes.fill(&mut end, field),
            Tag::InitialCategoryOfAbuse => notes.fill(&mut initial, field),
            Tag::LatestCategoryOfAbuse => notes.fill(&mut latest, field),
            Tag::NumberOfPreviousCpp => notes.fill(&mut previous, field),
            Tag::Reviews => {
                for review in notes.enter(field) {
                    match review.tag() {
                        Tag::CppReviewDate => reviews.extend(read_review(review, undated, &mut notes)),
                        _ => notes.kept.push(review),
                    }
                }
            }
            // A list that was left out around its items.
            Tag::CppReviewDate => {
                notes.found(FindingCode::ValueMalformed, Tag::Reviews);
                reviews.extend(read_review(field, undated, &mut notes));
            }
            _ => notes.kept.push(field),
        }
    }
    in_order(&mut reviews);
    let start_on = placed(element, start, (Tag::CppStartDate, "cin/8720"), &mut notes, undated)?;
    Some(ProtectionPlan {
        element,
        start_on,
        end_on: notes.date_told(end, undated),
        initial_category: notes.code_of_rule(&codes::ABUSE_CATEGORY, year, initial, "cin/8905"),
        latest_category: notes.code_of_rule(&codes::ABUSE_CATEGORY, year, latest, "cin/8910"),
        previous_plans: read_count(previous, &mut notes),
        reviews,
        notes,
    })
}

fn read_pre_proceedings<'t>(element: Element<'t>, undated: &mut Vec<Undated<'t>>) -> Option<PreProceedings<'t>> {
    let mut notes = Notes::default();
    let [mut start, mut letter, mut offered, mut held, mut first, mut reviews] = [None; 6];
    let [mut decided, mut outcome, mut applied, mut proceedings] = [None; 4];
    for field in notes.enter(element) {
        let slot = match field.tag() {
            Tag::PpStartDate => &mut start,
            Tag::LbpSentDate => &mut letter,
            Tag::FgdmMeetingOffer => &mut offered,
            Tag::FgdmMeetingFac => &mut held,
            Tag::InitialPpMeetingDate => &mut first,
            Tag::ReviewMeetingsCount => &mut reviews,
            Tag::StepDecisionDate => &mut decided,
            Tag::PpOutcome => &mut outcome,
            Tag::CourtAppDate => &mut applied,
            Tag::LetterInitCpDate => &mut proceedings,
            _ => {
                notes.kept.push(field);
                continue;
            }
        };
        notes.fill(slot, field);
    }
    // No rule of the census is published for this module yet.
    let start_on = placed(element, start, (Tag::PpStartDate, "PreProceedingsandFGDM"), &mut notes, undated)?;
    let [letter_sent_on, first_meeting_on, proceedings_letter_on] =
        [letter, first, proceedings].map(|field| notes.date(field));
    let [decided_on, applied_on] = [decided, applied].map(|field| notes.date_told(field, undated));
    let stated =
        outcome.and_then(|outcome| connector_kit::codes::unlisted(outcome.text(), "cin.pre_proceedings_outcome"));
    if decided_on.is_none() {
        // An outcome without its day has no event to stand in.
        notes.kept.extend(outcome);
    }
    let before_start =
        |on: Option<Dated>| matches!((start_on.day, on.and_then(|on| on.day)), (Some(from), Some(on)) if on < from);
    for (on, tag) in [(first_meeting_on, Tag::InitialPpMeetingDate), (decided_on, Tag::StepDecisionDate)] {
        if before_start(on) {
            notes.found(FindingCode::DatesOutOfOrder, tag);
        }
    }
    Some(PreProceedings {
        element,
        start_on,
        letter_sent_on,
        family_meeting_offered: plain_flag(offered, &mut notes),
        family_meeting_held: plain_flag(held, &mut notes),
        first_meeting_on,
        review_meetings: read_count(reviews, &mut notes),
        decided_on,
        outcome: stated,
        applied_on,
        proceedings_letter_on,
        notes,
    })
}

/// True or false; where it cannot be told it is kept.
fn plain_flag<'t>(field: Field<'t>, notes: &mut Notes<'t>) -> Option<bool> {
    let element = field?;
    let flag = reading::boolean(element.text(), element.known_as()).keep(&mut notes.findings);
    if flag.is_none() {
        notes.kept.push(element);
    }
    flag
}

fn read_review<'t>(
    element: Element<'t>,
    undated: &mut Vec<Undated<'t>>,
    of_plan: &mut Notes<'t>,
) -> Option<Review<'t>> {
    let mut field = None;
    of_plan.fill(&mut field, element);
    if field.is_none() {
        of_plan.broke(FindingCode::FieldMissing, Tag::CppReviewDate, "cin/8842Q");
    }
    let on = of_plan.date_told(field, undated)?;
    Some(Review { element, on, notes: Notes::default() })
}

fn read_count<'t>(field: Field<'t>, notes: &mut Notes<'t>) -> Option<u32> {
    let element = field?;
    let count = reading::integer(element.text(), element.known_as()).keep(&mut notes.findings);
    let usable = count.and_then(|count| u32::try_from(count).ok());
    if usable.is_none() {
        if count.is_some() {
            notes.found(FindingCode::ValueMalformed, element.tag());
        }
        notes.kept.push(element);
    }
    usable
}
