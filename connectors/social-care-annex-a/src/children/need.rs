//! Lists 1 to 7: contacts, early help, referrals, assessments, enquiries, children in need, protection plans.

use connector_kit::dates;
use proto::events::{
    AssessmentCompleted, AssessmentStarted, CaseClosed, CaseOpened, ChildInNeedPlanEnded, ChildInNeedPlanStarted,
    Coded, ConferenceHeld, ContactReceived, FindingCode, HelpAssessmentCompleted, HelpAssessmentStarted,
    ProtectionPlanEnded, ProtectionPlanReviewed, ProtectionPlanStarted, ReferralReceived, Section47EnquiryStarted,
    StatutoryVisitMade, StrategyDiscussionHeld,
};

use super::finish;
use crate::codes;
use crate::say::{Reader, Voice};

/// List 1.
pub(super) fn contact(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let Some(on) = reader.date("contact_on") else { return voice.cannot_place(reader.at, "contact_on") };
    let contact_from = reader.code(&codes::SOURCE, "source");
    reader.required(contact_from.is_some(), "source");
    let key = voice.key(&format!("contact/{}", dates::key(&on)));
    finish(voice, &reader, &key, on);
    let event = ContactReceived { received_on: Some(on), contact_from };
    voice.say(reader.at, "list-1", (&key, 0), on, reader.findings, event);
}

/// List 2.
pub(super) fn help_assessment(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let Some(on) = reader.date("start_on") else { return voice.cannot_place(reader.at, "start_on") };
    let done_on = reader.date("done_on");
    reader.in_order(Some(on), done_on, "done_on");
    let organisation_name = reader.at.text("organisation");
    let form = Some(Coded { code: "eha".to_owned(), code_set: "annex-a.form".to_owned(), text: None });
    let key = voice.key(&format!("help-assessment/{}", dates::key(&on)));
    finish(voice, &reader, &key, on);
    let started = HelpAssessmentStarted {
        form: form.clone(),
        organisation: None,
        start_on: Some(on),
        organisation_name: organisation_name.clone(),
    };
    voice.say(reader.at, "list-2", (&key, 0), on, reader.findings, started);
    if let Some(done_on) = done_on {
        let completed =
            HelpAssessmentCompleted { form, organisation: None, completed_on: Some(done_on), organisation_name };
        voice.say(reader.at, "list-2", (&key, 1), done_on, Vec::new(), completed);
    }
}

/// List 3.
pub(super) fn referral(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let Some(on) = reader.date("referral_on") else { return voice.cannot_place(reader.at, "referral_on") };
    let referred_by = reader.code(&codes::SOURCE, "source");
    reader.required(referred_by.is_some(), "source");
    let no_further_action = flag(&mut reader, &codes::NFA, "nfa");
    let key = voice.key(&format!("referral/{}", dates::key(&on)));
    finish(voice, &reader, &key, on);
    let event = ReferralReceived { received_on: Some(on), referred_by, primary_need: None, no_further_action };
    voice.say(reader.at, "list-3", (&key, 0), on, reader.findings, event);
}

/// List 4.
pub(super) fn assessment(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let Some(on) = reader.date("start_on") else { return voice.cannot_place(reader.at, "start_on") };
    let authorised_on = reader.date("authorised_on");
    reader.in_order(Some(on), authorised_on, "authorised_on");
    let child_seen = reader.code(&codes::YES_NO, "seen");
    let support_required = reader.code(&codes::YES_NO, "support");
    if authorised_on.is_none() && support_required.as_ref().is_some_and(is_yes) {
        reader.left_without("authorised_on", ("support", "Support Required"));
    }
    let key = voice.key(&format!("assessment/{}", dates::key(&on)));
    finish(voice, &reader, &key, on);
    let started = AssessmentStarted { start_on: Some(on), internal_review_on: None, child_seen };
    voice.say(reader.at, "list-4", (&key, 0), on, reader.findings, started);
    if let Some(authorised_on) = authorised_on {
        let completed =
            AssessmentCompleted { authorised_on: Some(authorised_on), start_on: Some(on), support_required };
        voice.say(reader.at, "list-4", (&key, 1), authorised_on, Vec::new(), completed);
    }
}

/// List 5: the discussion opens the enquiry.
pub(super) fn enquiry(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let Some(on) = reader.date("discussed_on") else { return voice.cannot_place(reader.at, "discussed_on") };
    let start_on = reader.date("enquiry_on").or(Some(on));
    reader.in_order(Some(on), start_on, "enquiry_on");
    let conference_not_required = flag(&mut reader, &codes::YES_NO, "unnecessary");
    let conference_on = reader.date("conference_on");
    reader.in_order(Some(on), conference_on, "conference_on");
    if conference_not_required == Some(true) && conference_on.is_some() {
        reader.findings.push(connector_kit::reading::finding(FindingCode::FieldsContradict, "unnecessary"));
    }
    let plan_made = reader.code(&codes::YES_NO, "plan_made");
    if conference_on.is_none() && plan_made.as_ref().is_some_and(is_yes) {
        reader.left_without("conference_on", ("plan_made", "Child Protection Plan Made"));
    }
    let key = voice.key(&format!("section-47/{}", dates::key(&on)));
    finish(voice, &reader, &key, on);
    voice.say(reader.at, "list-5", (&key, 0), on, reader.findings, StrategyDiscussionHeld { held_on: Some(on) });
    let started = Section47EnquiryStarted { start_on, conference_due_on: None, conference_not_required };
    voice.say(reader.at, "list-5", (&key, 1), start_on.unwrap_or(on), Vec::new(), started);
    if let Some(held_on) = conference_on {
        let held = ConferenceHeld { held_on: Some(held_on), plan_made };
        voice.say(reader.at, "list-5", (&key, 2), held_on, Vec::new(), held);
    }
}

/// List 6.
pub(super) fn in_need(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let (opened_on, seen_on) = (reader.date("opened_on"), reader.date("seen_on"));
    let closed_on = reader.date("closed_on");
    let (plan_on, plan_ended_on) = (reader.date("plan_on"), reader.date("plan_ended_on"));
    // By another date it would be another case.
    let is_unread = opened_on.is_none() && !reader.at.get("opened_on").is_empty();
    let on = opened_on.or(plan_on).or(closed_on).or(seen_on).filter(|_| !is_unread);
    let Some(on) = on else { return voice.cannot_place(reader.at, "opened_on") };
    reader.in_order(opened_on, closed_on, "closed_on");
    reader.in_order(plan_on, plan_ended_on, "plan_ended_on");
    let primary_need = reader.code(&codes::NEED, "need");
    let reason = reader.code(&codes::CLOSURE, "reason");
    if reason.is_some() && closed_on.is_none() {
        reader.left_without("closed_on", ("reason", "Reason for Closure"));
    }
    let key = voice.key(&format!("in-need/{}", dates::key(&on)));
    finish(voice, &reader, &key, on);
    let mut findings = Some(reader.findings);
    let mut found = || findings.take().unwrap_or_default();
    if opened_on.is_some() {
        let event = CaseOpened { opened_on, primary_need };
        voice.say(reader.at, "list-6", (&key, 0), on, found(), event);
    } else {
        // Without a case's beginning no event has a place for it.
        let need = std::iter::once(("Primary Need Code", reader.at.get("need")));
        voice.keep(reader.at, &format!("{key}/need"), on, need);
    }
    if let Some(closed_on) = closed_on {
        let event = CaseClosed { closed_on: Some(closed_on), reason };
        voice.say(reader.at, "list-6", (&key, 1), closed_on, found(), event);
    }
    if let Some(made_on) = seen_on {
        let event = StatutoryVisitMade { made_on: Some(made_on), visit: visit("cin"), seen_alone: None };
        voice.say(reader.at, "list-6", (&key, 2), made_on, found(), event);
    }
    // The current plan is an entry of its own: the next list may tell of another. By another date it would be another plan.
    let is_unread = plan_on.is_none() && !reader.at.get("plan_on").is_empty();
    let Some(begun_on) = plan_on.or(plan_ended_on).filter(|_| !is_unread) else { return };
    let key = format!("{key}/plan/{}", dates::key(&begun_on));
    if plan_on.is_some() {
        voice.say(reader.at, "list-6", (&key, 0), begun_on, found(), ChildInNeedPlanStarted { start_on: plan_on });
    }
    if let Some(ended_on) = plan_ended_on {
        let ended = ChildInNeedPlanEnded { end_on: plan_ended_on };
        voice.say(reader.at, "list-6", (&key, 1), ended_on, found(), ended);
    }
}

/// List 7.
pub(super) fn protection(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let Some(on) = reader.date("start_on") else { return voice.cannot_place(reader.at, "start_on") };
    let (visit_on, review_on, end_on) = (reader.date("visit_on"), reader.date("review_on"), reader.date("end_on"));
    reader.in_order(Some(on), end_on, "end_on");
    reader.in_order(Some(on), review_on, "review_on");
    let initial_category = reader.code(&codes::ABUSE, "initial");
    reader.required(initial_category.is_some(), "initial");
    let latest_category = reader.code(&codes::ABUSE, "latest");
    let seen_alone = reader.code(&codes::YES_NO, "alone");
    if visit_on.is_none() && seen_alone.as_ref().is_some_and(is_yes) {
        reader.left_without("visit_on", ("alone", "Seen Alone"));
    }
    let previous_plans = reader.count("previous");
    let key = voice.key(&format!("protection-plan/{}", dates::key(&on)));
    finish(voice, &reader, &key, on);
    let at = reader.at;
    let started = ProtectionPlanStarted { start_on: Some(on), initial_category, latest_category, previous_plans };
    voice.say(at, "list-7", (&key, 0), on, reader.findings, started);
    if let Some(end_on) = end_on {
        voice.say(at, "list-7", (&key, 1), end_on, Vec::new(), ProtectionPlanEnded { end_on: Some(end_on) });
    }
    // The latest visit and review are entries of their own day: the next list tells of later ones beside them.
    if let Some(made_on) = visit_on {
        let key = format!("{key}/visit/{}", dates::key(&made_on));
        let event = StatutoryVisitMade { made_on: Some(made_on), visit: visit("cp"), seen_alone };
        voice.say(at, "list-7", (&key, 0), made_on, Vec::new(), event);
    }
    if let Some(reviewed_on) = review_on {
        let key = format!("{key}/review/{}", dates::key(&reviewed_on));
        let event = ProtectionPlanReviewed { reviewed_on: Some(reviewed_on) };
        voice.say(at, "list-7", (&key, 0), reviewed_on, Vec::new(), event);
    }
}

/// Yes or no; what is neither has a finding.
fn flag(reader: &mut Reader<'_>, values: &codes::Values, name: &str) -> Option<bool> {
    match reader.code(values, name)?.code.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

pub(super) fn is_yes(stated: &Coded) -> bool {
    stated.code == "yes"
}

pub(super) fn visit(kind: &str) -> Option<Coded> {
    Some(Coded { code: kind.to_owned(), code_set: "annex-a.visit".to_owned(), text: None })
}
