//! Rules on referrals, by themselves and beside one another.

use jiff::ToSpan;
use proto::events::FindingCode::{DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict};

use super::{PREGNANCY_WEEKS_MAX, Stretch, after_the_year, before, day, goes_on, outside, parts, weekend};
use crate::child::referral::Referral;
use crate::child::{Child, Dated};
use crate::header::Return;
use crate::tag::{Tag, Tagged as _};
use crate::working_days;

pub(super) fn check(child: &mut Child<'_>, of: &Return) {
    let birth = child.birth_on.or(child.expected_birth_on);
    let death = child.death_on;
    for referral in &mut child.referrals {
        dates(referral, of, birth, death);
        fields(referral);
        closure(referral, death);
        no_further_action(referral, of);
        parts::check(referral, of, death);
    }
    beside_one_another(&mut child.referrals);
}

fn dates(referral: &mut Referral<'_>, of: &Return, birth: Option<Dated>, death: Option<Dated>) {
    let (on, closed_on, conference_on) = (Some(referral.on), referral.closed_on, referral.conference_on);
    let notes = &mut referral.notes;
    if after_the_year(on, of) {
        notes.broke(DateImplausible, Tag::CinReferralDate, "cin/8600");
    }
    if before(death, on) {
        notes.broke(DateImplausible, Tag::CinReferralDate, "cin/8555Q");
    }
    if let (Some(on), Some(birth)) = (day(on), day(birth))
        && on < birth.saturating_sub(PREGNANCY_WEEKS_MAX.weeks())
    {
        notes.broke(DateImplausible, Tag::CinReferralDate, "cin/8606");
    }
    if outside(closed_on, of) {
        notes.broke(DateImplausible, Tag::CinClosureDate, "cin/8620");
    }
    if before(closed_on, on) {
        notes.broke(DatesOutOfOrder, Tag::CinClosureDate, "cin/8630");
    }
    if before(conference_on, on) {
        notes.broke(DatesOutOfOrder, Tag::DateOfInitialCpc, "cin/1104");
    }
    if outside(conference_on, of) {
        notes.broke(DateImplausible, Tag::DateOfInitialCpc, "cin/8715");
    }
    if weekend(conference_on) {
        notes.broke(DateImplausible, Tag::DateOfInitialCpc, "cin/8875");
    }
}

fn fields(referral: &mut Referral<'_>) {
    let goes_on = goes_on(referral);
    let said = referral.element.children().any(|field| field.tag() == Tag::ReferralNfa && !field.text().is_empty());
    let twice = referral.conference_on.is_some() && referral.enquiries.iter().any(|s47| s47.conference_on.is_some());
    let notes = &mut referral.notes;
    if referral.source.is_none() {
        notes.broke(FieldMissing, Tag::ReferralSource, "cin/8866");
    }
    // One that is there and cannot be read was told when it was read.
    if !said {
        notes.broke(FieldMissing, Tag::ReferralNfa, "cin/8568");
    }
    if goes_on && referral.primary_need.is_none() {
        notes.broke(FieldMissing, Tag::PrimaryNeedCode, "cin/8610");
    }
    if twice {
        notes.broke(FieldsContradict, Tag::DateOfInitialCpc, "cin/2884");
    }
    if !referral.enquiries.is_empty() && referral.assessments.is_empty() {
        notes.broke(FieldMissing, Tag::Assessments, "cin/2991Q");
    }
}

fn closure(referral: &mut Referral<'_>, death: Option<Dated>) {
    let reason = referral.closure_reason.as_ref().map(|reason| reason.code.as_str());
    let after_assessment = matches!(reason, Some("RC8" | "RC9"));
    let acted = !(referral.enquiries.is_empty() && referral.plans.is_empty() && referral.protection_plans.is_empty())
        || referral.conference_on.is_some();
    let closed_on = referral.closed_on;
    let notes = &mut referral.notes;
    match (closed_on, reason) {
        (Some(_), None) => notes.broke(FieldMissing, Tag::ReasonForClosure, "cin/8805"),
        (None, Some(_)) => notes.broke(FieldMissing, Tag::CinClosureDate, "cin/8810"),
        _ => {}
    }
    if reason == Some("RC2") && death.is_none() {
        notes.broke(FieldMissing, Tag::PersonDeathDate, "cin/8585Q");
    }
    if after_assessment && referral.assessments.is_empty() {
        notes.broke(FieldsContradict, Tag::ReasonForClosure, "cin/8825Q");
    }
    if after_assessment && acted {
        notes.broke(FieldsContradict, Tag::ReasonForClosure, "cin/2990");
    }
    if closed_on.is_none() {
        return;
    }
    if referral.assessments.iter().any(|assessment| assessment.authorised_on.is_none()) {
        notes.broke(FieldsContradict, Tag::CinClosureDate, "cin/8867");
    }
    if referral.enquiries.iter().any(parts::is_open_enquiry) {
        notes.broke(FieldsContradict, Tag::CinClosureDate, "cin/8868");
    }
    let assessments = referral.assessments.iter().flat_map(|a| [Some(a.start_on), a.authorised_on]);
    let plans = referral.plans.iter().flat_map(|plan| [Some(plan.start_on), plan.end_on]);
    let enquiries = referral.enquiries.iter().flat_map(|s47| [Some(s47.start_on), s47.conference_on]);
    let protection = referral.protection_plans.iter().map(|plan| plan.end_on);
    let mut activity = assessments.chain(plans).chain(enquiries).chain(protection).chain([referral.conference_on]);
    if activity.any(|on| before(closed_on, on)) {
        notes.broke(FieldsContradict, Tag::CinClosureDate, "cin/8565");
    }
}

fn no_further_action(referral: &mut Referral<'_>, of: &Return) {
    if goes_on(referral) {
        return;
    }
    // One working day before the year is still of its referrals.
    if day(Some(referral.on)).is_some_and(|on| on < working_days::before(of.period.0, 1)) {
        referral.notes.broke(FieldsContradict, Tag::ReferralNfa, "cin/8569Q");
    }
    let worked =
        !(referral.assessments.is_empty() && referral.enquiries.is_empty()) || referral.conference_on.is_some();
    if worked {
        referral.notes.broke(FieldsContradict, Tag::ReferralNfa, "cin/8831");
    }
    if !referral.protection_plans.is_empty() {
        referral.notes.broke(FieldsContradict, Tag::ReferralNfa, "cin/8832");
    }
    if !referral.plans.is_empty() {
        referral.notes.broke(FieldsContradict, Tag::ReferralNfa, "cin/4000");
    }
}

fn beside_one_another(referrals: &mut [Referral<'_>]) {
    if referrals.len() < 2 {
        return;
    }
    let episodes: Vec<Option<Stretch>> = referrals
        .iter()
        .map(|referral| Stretch::of(referral.on, referral.closed_on).filter(|_| goes_on(referral)))
        .collect();
    let latest = referrals.iter().filter_map(|referral| referral.on.day).max();
    let open = episodes.iter().flatten().filter(|episode| episode.to.is_none()).count();
    for (referral, episode) in referrals.iter_mut().zip(&episodes) {
        let Some(episode) = episode else { continue };
        if episode.to.is_none() && open > 1 {
            referral.notes.broke(FieldsContradict, Tag::CinClosureDate, "cin/8815");
        }
        if episode.to.is_none() && latest.is_some_and(|latest| latest > episode.from) {
            referral.notes.broke(FieldsContradict, Tag::CinClosureDate, "cin/8816");
        }
        let began_within =
            |other: &&Stretch| other.from < episode.from && other.to.is_some() && other.holds(episode.from);
        if episodes.iter().flatten().any(|other| began_within(&other)) {
            referral.notes.broke(FieldsContradict, Tag::CinReferralDate, "cin/8820");
        }
    }
}
