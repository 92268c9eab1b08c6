//! Requests for an assessment, what was decided, and the plans that came of it.

use connector_kit::dates;
use proto::events::ehc_assessment_decided::Stage;
use proto::events::{
    Coded, Date, EhcAssessmentDecided, EhcAssessmentRequested, EhcPlanCeased, EhcPlanIssued, EhcRequestWithdrawn,
    EhcSettingNamed, FindingCode,
};
use proto::quarantine::Reason;

use crate::codes;
use crate::module::{Module, Node};
use crate::person::Person;
use crate::plans::{setting, setting_key};
use crate::refused::Why;
use crate::say::{Child, Dated, Reading, under};

/// From before the collection began: such a request has no date, and only stands there for the plan under it.
const HISTORICAL: &str = "H";

/// Says a child's requests, and what stands under them but their active plans.
pub(crate) fn say(child: &mut Child<'_, '_>, person: &Person) {
    for request in under(&person.nodes, Module::Requests) {
        let key = one(child, request);
        for assessment in request.each(Module::Assessment) {
            assessed(child, assessment, &key, request);
            for plan in assessment.each(Module::NamedPlan) {
                named_plan(child, plan);
            }
        }
    }
}

/// Says a request, and gives its key.
fn one(child: &mut Child<'_, '_>, node: &Node) -> String {
    let mut reading = Reading::of(node, child.speaker.of.year);
    let received_on = reading.date("receiveddate");
    let outcome = reading.code(&codes::OUTCOME, "requestoutcome");
    let Some(received_on) = received_on else {
        let key = child.own_key("request/undated".to_owned());
        let is_historical = outcome.as_ref().is_some_and(|outcome| outcome.code == HISTORICAL);
        if is_historical && reading.node.get("receiveddate").is_empty() {
            let rest = node.cells();
            let on = child.speaker.of.reference_on;
            child.keep(node, &key, on, rest.filter(|(name, _)| *name != "requestoutcome"));
        } else {
            let message = "a request has no date of receipt that can be read, and cannot be placed: put the date right and \
                           send the return again; what stands under it was taken";
            child.refuse(node, Why { reason: Reason::DateMissing, field: "receiveddate", message });
        }
        return key;
    };
    let key = child.own_key(format!("request/{}", dates::key(&received_on)));
    child.plausible(&mut reading, Some(&received_on), "receiveddate");
    // The guidance's own sheet of requests has it without an e.
    let (source_field, _) = node.first(&["requestsource", "rquestsource"]);
    let asked = EhcAssessmentRequested {
        received_on: Some(received_on),
        requested_by: reading.code(&codes::REQUEST_SOURCE, source_field),
        in_youth_accommodation: reading.flag("rya"),
        moved_away: reading.flag("exported"),
    };
    let mut events = vec![(received_on, asked.into())];
    let decision =
        Decision { stage: Stage::Assess, outcome, date_field: "requestoutcomedate", after: Some(received_on) };
    events.extend(decision.said(child, &mut reading, |reading| EhcAssessmentDecided {
        mediation_held: reading.flag("requestmediation"),
        appealed: reading.flag("requesttribunal"),
        ..EhcAssessmentDecided::default()
    }));
    child.say(node, "request", &key, events, reading.findings);
    key
}

/// Says whether a plan is to be issued.
fn assessed(child: &mut Child<'_, '_>, node: &Node, request: &str, request_node: &Node) {
    let mut reading = Reading::of(node, child.speaker.of.year);
    let requested = Reading::of(request_node, reading.year).date("requestoutcomedate");
    let received = Reading::of(request_node, reading.year).date("receiveddate");
    let outcome = reading.code(&codes::OUTCOME, "assessmentoutcome");
    let decision =
        Decision { stage: Stage::Issue, outcome, date_field: "assessmentoutcomedate", after: requested.or(received) };
    let year = reading.year;
    let events = decision.said(child, &mut reading, |reading| EhcAssessmentDecided {
        mediation_held: reading.flag("assessmentmediation"),
        appealed: reading.flag("assessmenttribunal"),
        other_mediation_held: reading.flag("othermediation"),
        other_appealed: reading.flag("othertribunal"),
        exemption: reading.flag("week20").filter(|applies| *applies).map(|_| Coded {
            code: "1".to_owned(),
            code_set: format!("sen2.week20/{year}"),
            text: Some("an exception to the time limit of 20 weeks applies".to_owned()),
        }),
        ..EhcAssessmentDecided::default()
    });
    let key = child.own_key(format!("{request}/assessment"));
    child.say(node, "assessment", &key, events.into_iter().collect(), reading.findings);
}

/// A decision of the authority, or that none was needed.
struct Decision {
    stage: Stage,
    outcome: Option<Coded>,
    date_field: &'static str,
    /// It cannot be earlier than this.
    after: Option<Date>,
}

impl Decision {
    fn said(
        self,
        child: &Child<'_, '_>,
        reading: &mut Reading<'_>,
        rest: impl FnOnce(&mut Reading<'_>) -> EhcAssessmentDecided,
    ) -> Option<Dated> {
        let on = reading.date(self.date_field);
        let code = self.outcome.as_ref().map_or("", |outcome| outcome.code.as_str());
        reading.in_order(self.after.as_ref(), on.as_ref(), self.date_field);
        child.plausible(reading, on.as_ref(), self.date_field);
        let placed = on.unwrap_or(child.speaker.of.reference_on);
        if code == "W" {
            let withdrawn = EhcRequestWithdrawn { withdrawn_on: on, stage: Some(self.stage.into()) };
            return Some((placed, withdrawn.into()));
        }
        let agreed = match code {
            "Y" => true,
            "N" => false,
            _ => {
                // Awaited, or of before: there is no decision yet, or none that the return can date.
                if on.is_some() {
                    reading.found(FindingCode::FieldsContradict, self.date_field);
                }
                return None;
            }
        };
        if on.is_none() && reading.node.get(self.date_field).is_empty() {
            reading.found(FindingCode::FieldMissing, self.date_field);
        }
        let mut decided = rest(reading);
        decided.set_stage(self.stage);
        (decided.agreed, decided.decided_on) = (Some(agreed), on);
        Some((placed, decided.into()))
    }
}

fn named_plan(child: &mut Child<'_, '_>, node: &Node) {
    let mut reading = Reading::of(node, child.speaker.of.year);
    let Some(sent_on) = reading.date("startdate") else {
        let message = "a plan has no start date that can be read, and cannot be placed: put the date right and send the \
                       return again";
        child.refuse_with_all_under(node, Why { reason: Reason::DateMissing, field: "startdate", message });
        return;
    };
    child.plausible(&mut reading, Some(&sent_on), "startdate");
    let key = child.own_key(format!("plan/{}", dates::key(&sent_on)));
    let (residential, residential_kind) = reading.flag_or_kind(&codes::RESIDENTIAL, "planres");
    let (work_based, work_based_kind) = reading.flag_or_kind(&codes::WORK_BASED, "planwbp");
    let (direct_payments, direct_payments_kind) = reading.flag_or_kind(&codes::DIRECT_PAYMENTS, "dp");
    let issued = EhcPlanIssued {
        sent_on: Some(sent_on),
        residential,
        work_based,
        personal_budget: reading.flag("pb"),
        arranged_by_authority: reading.flag("oa"),
        direct_payments,
        residential_kind,
        work_based_kind,
        direct_payments_kind,
    };
    let mut events = vec![(sent_on, issued.into())];
    let (ceased_on, reason) = (reading.date("ceasedate"), reading.code(&codes::CEASE_REASON, "ceasereason"));
    reading.in_order(Some(&sent_on), ceased_on.as_ref(), "ceasedate");
    match (ceased_on, &reason) {
        (Some(_), None) => reading.found(FindingCode::FieldMissing, "ceasereason"),
        (None, Some(_)) => reading.found(FindingCode::FieldMissing, "ceasedate"),
        _ => {}
    }
    if let Some(on) = ceased_on.or_else(|| reason.as_ref().map(|_| child.speaker.of.reference_on)) {
        events.push((on, EhcPlanCeased { ceased_on, reason }.into()));
    }
    child.say(node, "plan", &key, events, reading.findings);
    for detail in node.each(Module::PlanDetail) {
        named_setting(child, detail, &key, sent_on);
    }
}

fn named_setting(child: &mut Child<'_, '_>, node: &Node, plan: &str, named_on: Date) {
    let mut reading = Reading::of(node, child.speaker.of.year);
    let key = child.own_key(format!("{plan}/setting/{}", setting_key(node)));
    let (number, setting_kind, setting_words) = setting(&mut reading);
    let named = EhcSettingNamed {
        setting: number,
        setting_kind,
        setting_words,
        rank: reading.count("placementrank"),
        in_sen_unit: reading.flag("senunitindicator"),
        in_resourced_provision: reading.flag("resourcedprovisionindicator"),
        named_on: Some(named_on),
    };
    child.say(node, "setting", &key, vec![(named_on, named.into())], reading.findings);
}
