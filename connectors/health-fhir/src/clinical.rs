//! Immunization, AllergyIntolerance, Observation, Condition, DiagnosticReport, Procedure, QuestionnaireResponse.

use proto::events::{
    AllergyRecorded, Coded, DiagnosisRecorded, FeedingStatusRecorded, FindingCode, HealthReviewCompleted,
    ImmunisationGiven, ImmunisationNotGiven, ObservationRecorded, ResultReported, ReviewScore, ScreeningReported,
};

use crate::codes::{SCREENS, is_none_known, is_screening_outcome};
use crate::consent;
use crate::message::Says;
use crate::reading::{Reading, joined};
use crate::saying::{Part, Saying, is_in_error, is_refuted};
use crate::time::Time;
use crate::tree::Element;

fn says(saying: &Saying<'_, '_>) -> Says {
    saying.bundle.header.as_ref().map_or(Says::Resources, |header| header.says)
}

/// A status of a closed list; one that it does not hold is told.
fn status(resource: &Element, known: &[&str], reading: &mut Reading) -> Option<Coded> {
    reading.code_of(resource, "status", known)
}

pub(crate) fn immunisation(saying: &mut Saying<'_, '_>) {
    const TABLE: &str = "immunisation";
    const IN_ERROR: &str = "Immunization entered-in-error";
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let stated = resource.text("status").unwrap_or_default();
    // Words for when it was contradict any other time that it could be taken to be, and are kept.
    let in_words = resource.get("occurrenceString").is_some();
    let given = r.choice_time(resource, "occurrence").or_else(|| r.time(resource, "date"));
    let given = given.or_else(|| saying.seen()).filter(|_| !in_words);
    // When it was written down places it, and is not when it was given.
    let at = given.or_else(|| r.time(resource, "recorded"));
    if stated == "entered-in-error" {
        saying.retract(TABLE, Part::default(), at, IN_ERROR);
        return saying.keep_no_more(at, IN_ERROR);
    }
    if !["completed", "not-done"].contains(&stated) {
        r.flag(FindingCode::CodeUnknown, "status");
    }
    if r.all_coded(resource, &["vaccineCode"]).iter().any(is_none_known) {
        return saying.keep_instead(TABLE, at, "vaccineCode", "Immunization of none known");
    }
    let procedure =
        resource.extension("VaccinationProcedure").and_then(|said| r.coded(said.choice("value")?.1, "procedure"));
    // The product where it is named; where only a null flavour stands, what was to be done.
    let product = r.concept(resource, "vaccineCode").filter(|code| !code.code_set.contains("NullFlavor"));
    let vaccine = product.or(procedure);
    if vaccine.is_none() {
        r.flag(FindingCode::FieldMissing, "vaccineCode");
    }
    let not_given = stated == "not-done" || ["notGiven", "wasNotGiven"].into_iter().any(|no| resource.says(no));
    if not_given {
        let reason =
            ["statusReason", "explanation/reasonNotGiven"].into_iter().find_map(|path| r.concept(resource, path));
        let event = ImmunisationNotGiven { recorded_at: at.and_then(Time::timestamp), vaccine, reason };
        saying.say(TABLE, at, reading, event);
        return keep_notes(saying, at);
    }
    // A dose that does not count, and is to be given again.
    if resource.says("isSubpotent") {
        return saying.keep_instead(TABLE, at, "isSubpotent", "Immunization isSubpotent");
    }
    if given.is_none() {
        r.flag(FindingCode::FieldMissing, "occurrence");
    }
    let dose = ["protocolApplied/doseNumberPositiveInt", "vaccinationProtocol/doseSequence"];
    let dose = dose
        .into_iter()
        .find_map(|path| resource.text(path))
        .or_else(|| resource.text("protocolApplied/doseNumberString"));
    let dose_number = dose.and_then(|dose| dose.parse().ok().filter(|dose| (1..100).contains(dose)));
    if dose.is_some() && dose_number.is_none() {
        r.flag(FindingCode::ValueMalformed, "doseNumber");
    }
    let source = match resource.text("primarySource") {
        Some("false") => r.concept(resource, "reportOrigin").or_else(|| Some(said("fhir.primarySource", "false"))),
        Some(primary) => Some(said("fhir.primarySource", primary)),
        None => None,
    };
    let event = ImmunisationGiven {
        given_at: given.and_then(Time::timestamp),
        vaccine,
        dose_number,
        amount: quantity(resource.get("doseQuantity"), "doseQuantity", r)
            .map(|(amount, unit)| unit.map_or(amount.clone(), |unit| format!("{amount} {unit}"))),
        lot: resource.text("lotNumber").map(str::to_owned),
        route: r.concept(resource, "route"),
        site: r.concept(resource, "site"),
        information_source: source,
    };
    saying.say(TABLE, at, reading, event);
    if in_words {
        saying.keep(at, "occurrence");
    }
    if resource.get("reaction").is_some() {
        saying.keep(at, "reaction");
    }
    keep_notes(saying, at);
}

fn said(code_set: &str, code: &str) -> Coded {
    Coded { code: code.to_owned(), code_set: code_set.to_owned(), text: None }
}

/// A number and its unit, to the digit.
fn quantity(of: Option<&Element>, field: &str, reading: &mut Reading) -> Option<(String, Option<String>)> {
    let of = of?;
    let number = reading.number(of.text("value"), field)?;
    let unit = of.text("unit").or_else(|| of.text("code")).map(str::to_owned);
    Some((of.text("comparator").map_or(number.clone(), |than| format!("{than}{number}")), unit))
}

pub(crate) fn allergy(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let recorded = ["recordedDate", "assertedDate"].into_iter().find_map(|path| r.time(resource, path));
    // Where nothing tells when it was written down, when it began places it.
    let recorded = recorded.or_else(|| r.choice_time(resource, "onset"));
    if is_in_error(resource) {
        saying.retract("allergy", Part::default(), recorded, "AllergyIntolerance entered-in-error");
        return saying.keep_no_more(recorded, "AllergyIntolerance entered-in-error");
    }
    if is_refuted(resource) {
        return saying.keep_instead("allergy", recorded, "verificationStatus", "AllergyIntolerance refuted");
    }
    // That somebody looked and there is none: what the same record said before is no more.
    if r.all_coded(resource, &["code"]).iter().any(is_none_known) {
        return saying.keep_instead("allergy", recorded, "code", "AllergyIntolerance of none known");
    }
    let reactions: Vec<String> = resource.all("reaction").flat_map(|reaction| told_of(reaction, r)).collect();
    // Some say what it was only of each reaction.
    let substance = ["code", "reaction/substance"].into_iter().find_map(|path| r.concept(resource, path));
    if substance.is_none() {
        r.flag(FindingCode::FieldMissing, "code");
    }
    let event = AllergyRecorded {
        kind: r.concept(resource, "category").or_else(|| r.concept(resource, "type")),
        substance,
        severity: worst(resource)
            .and_then(|stated| r.coded(stated, "reaction/severity"))
            .or_else(|| r.concept(resource, "criticality")),
        reaction: (!reactions.is_empty()).then(|| reactions.join("; ")),
        status: r.concept(resource, "clinicalStatus"),
    };
    saying.say("allergy", recorded, reading, event);
    keep_notes(saying, recorded);
}

/// What a reaction was, in words where there are any, and what somebody wrote of it.
fn told_of(reaction: &Element, reading: &mut Reading) -> Vec<String> {
    let manifested = reaction.all("manifestation").filter_map(|manifested| reading.coded(manifested, "manifestation"));
    let manifested = manifested.map(|Coded { code, code_set, text }| text.unwrap_or(format!("{code_set} {code}")));
    let written = reaction.text("description").map(str::to_owned);
    manifested.chain(written).chain(notes(reaction)).collect()
}

/// The severity of the reaction that was the most severe.
fn worst(allergy: &Element) -> Option<&Element> {
    const SEVERITIES: [&str; 3] = ["mild", "moderate", "severe"];
    let stated = allergy.all("reaction").filter_map(|reaction| reaction.get("severity"));
    stated.max_by_key(|severity| SEVERITIES.iter().position(|known| severity.own_text() == Some(known)))
}

/// What was observed, as it was written.
#[derive(Default)]
struct Observed {
    value: Option<String>,
    unit: Option<String>,
    coded: Option<Coded>,
    text: Option<String>,
}

fn observed(of: &Element, reading: &mut Reading) -> Observed {
    let Some((kind, value)) = of.choice("value") else {
        return Observed { coded: reading.concept(of, "dataAbsentReason"), ..Observed::default() };
    };
    let plain = |value: Option<String>| Observed { value, ..Observed::default() };
    match kind {
        "Quantity" => quantity(Some(value), "value", reading).map_or_else(Observed::default, |(value, unit)| {
            Observed { value: Some(value), unit, ..Observed::default() }
        }),
        "CodeableConcept" | "Coding" => Observed { coded: reading.coded(value, "value"), ..Observed::default() },
        "String" | "Markdown" => Observed { text: value.own_text().map(str::to_owned), ..Observed::default() },
        "Integer" | "Decimal" => plain(reading.number(value.own_text(), "value")),
        "Range" | "Ratio" => {
            let (ends, between) =
                if kind == "Range" { (["low", "high"], "-") } else { (["numerator", "denominator"], ":") };
            let read = ends.map(|end| quantity(value.get(end), "value", reading));
            let unit = read.iter().flatten().find_map(|(_, unit)| unit.clone());
            let parts: Vec<String> = read.into_iter().flatten().map(|(number, _)| number).collect();
            Observed { value: (!parts.is_empty()).then(|| parts.join(between)), unit, ..Observed::default() }
        }
        // As ISO 8601 writes a time from one moment to another.
        "Period" => plain(match (value.text("start"), value.text("end")) {
            (Some(start), Some(end)) => Some(format!("{start}/{end}")),
            (start, _) => start.map(str::to_owned),
        }),
        _ => plain(value.own_text().map(str::to_owned)),
    }
}

const OBSERVATION_STATUSES: &[&str] =
    &["registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"];

pub(crate) fn observation(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let at = reading.choice_time(resource, "effective").or_else(|| saying.seen());
    let at = at.or_else(|| reading.time(resource, "issued"));
    let stated = status(resource, OBSERVATION_STATUSES, &mut reading);
    let code = stated.as_ref().map_or("", |stated| stated.code.as_str());
    if matches!(code, "entered-in-error" | "cancelled") {
        let reason = format!("Observation {code}");
        saying.retract("observation", Part::default(), at, &reason);
        for (_, ordinal) in resource.all("component").zip(1..) {
            saying.retract("observation", Part { of: "", ordinal }, at, &reason);
        }
        return saying.keep_no_more(at, &reason);
    }
    // A parent's answer about their consent is said by itself.
    let is_seen = |of: &Element| consent::own_answer(of).is_none();
    let parts = resource.all("component").zip(1..).filter(|(part, _)| is_seen(part));
    let whole = resource.choice("value").is_some() && is_seen(resource) || resource.get("component").is_none();
    let whole = whole.then_some((resource, 0));
    // What somebody wrote of the whole stands with the first that is said of it.
    let mut notes = notes(resource);
    for (of, ordinal) in whole.into_iter().chain(parts) {
        one_observation(saying, (of, ordinal), at, stated.clone(), notes.take(), reading.clone());
    }
    if notes.is_some() {
        saying.keep(at, "note");
    }
}

/// What somebody wrote beside what the codes say: the words of DSTU2, STU3 and R4 for it.
fn notes(resource: &Element) -> Option<String> {
    let written = resource.all("note").filter_map(|note| note.text("text"));
    let comments = ["comment", "comments"].into_iter().filter_map(|path| resource.text(path));
    let all: Vec<&str> = written.chain(comments).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

fn one_observation(
    saying: &mut Saying<'_, '_>,
    (of, ordinal): (&Element, u32),
    at: Option<Time>,
    status: Option<Coded>,
    notes: Option<String>,
    mut reading: Reading,
) {
    let resource = &saying.entry.resource;
    let r = &mut reading;
    let observation = r.concept(of, "code");
    if observation.is_none() {
        r.flag(FindingCode::FieldMissing, "code");
    }
    let Observed { value, unit, coded, text } = observed(of, r);
    let is_unread = of.choice("value").is_some() && value.is_none() && coded.is_none() && text.is_none();
    let text = both(text, notes);
    let code = observation.as_ref().map_or("", |coded| coded.code.as_str());
    let outcome_of_a_screen = coded.as_ref().is_some_and(|coded| is_screening_outcome(&coded.code_set));
    let is_screen = says(saying) == Says::Screening || SCREENS.contains(&code) || outcome_of_a_screen;
    let in_laboratory =
        resource.all("category").any(|category| category.all("coding").any(|c| c.text("code") == Some("laboratory")));
    let reference_range = of.get("referenceRange").and_then(|range| {
        let ends = ["low", "high"].map(|end| Some(quantity(range.get(end), "referenceRange", r)?.0));
        match ends {
            [Some(low), Some(high)] => Some(format!("{low}-{high}")),
            [Some(low), None] => Some(format!(">={low}")),
            [None, Some(high)] => Some(format!("<={high}")),
            [None, None] => range.text("text").map(str::to_owned),
        }
    });
    let interpretation = r.concept(of, "interpretation");
    let observed_at = Saying::when(at);
    let part = Part { of: "", ordinal };
    let is_of_feeding = says(saying) == Says::Feeding && coded.is_some();
    let rest = match () {
        // Series of samples, attachments, a quantity without its number.
        () if is_unread => Some("value"),
        () if is_of_feeding && text.is_some() => Some("note"),
        () => None,
    };
    let (table, event) = if is_of_feeding {
        let age_weeks =
            saying.bundle.entries.iter().find(|entry| entry.resource.kind() == "Patient").and_then(|entry| {
                let born = Time::parse(entry.resource.text("birthDate")?).filter(|born| !born.is_partial)?;
                u32::try_from((at?.as_us() - born.as_us()).div_euclid(7 * 86_400_000_000)).ok()
            });
        ("feeding", FeedingStatusRecorded { recorded_at: observed_at, status: coded, age_weeks }.into())
    } else if is_screen && coded.is_some() {
        let site = r.concept(resource, "bodySite");
        let event = ScreeningReported {
            screened_at: observed_at,
            screen: observation,
            outcome: coded,
            site,
            status,
            note: text,
        };
        ("screening", event.into())
    } else if in_laboratory {
        let event = ResultReported {
            taken_at: observed_at,
            test: observation,
            value,
            unit,
            coded_value: coded,
            text,
            reference_range,
            interpretation,
            status,
            panel: None,
            specimen: None,
            reported_at: r.when(resource, "issued"),
        };
        ("observation", event.into())
    } else {
        let event = ObservationRecorded {
            observed_at,
            observation,
            value,
            unit,
            coded_value: coded,
            text,
            reference_range,
            interpretation,
            status,
        };
        ("observation", event.into())
    };
    saying.say_part(table, part, at, reading, None, event);
    if let Some(rest) = rest {
        saying.keep(at, rest);
    }
}

/// Keeps a resource whose event has no place for what somebody wrote.
pub(crate) fn keep_notes(saying: &mut Saying<'_, '_>, at: Option<Time>) {
    if notes(&saying.entry.resource).is_some() {
        saying.keep(at, "note");
    }
}

fn both(text: Option<String>, notes: Option<String>) -> Option<String> {
    let all: Vec<String> = text.into_iter().chain(notes).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

pub(crate) fn condition(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let certainty = r.concept(resource, "verificationStatus");
    let recorded = ["recordedDate", "assertedDate"].into_iter().find_map(|path| r.time(resource, path));
    let onset = r.choice_time(resource, "onset");
    let ended = r.choice_time(resource, "abatement");
    if onset.zip(ended).is_some_and(|(onset, ended)| ended.as_us() < onset.as_us()) {
        r.flag(FindingCode::DatesOutOfOrder, "abatement");
    }
    let at = recorded.or(onset);
    if is_in_error(resource) {
        saying.retract("diagnosis", Part::default(), at, "Condition entered-in-error");
        return saying.keep_no_more(at, "Condition entered-in-error");
    }
    if resource.get("code").is_none() {
        r.flag(FindingCode::FieldMissing, "code");
    }
    if is_refuted(resource) {
        return saying.keep_instead("diagnosis", at, "verificationStatus", "Condition refuted");
    }
    if r.all_coded(resource, &["code"]).iter().any(is_none_known) {
        return saying.keep_instead("diagnosis", at, "code", "Condition of none known");
    }
    let event = DiagnosisRecorded {
        condition: r.concept(resource, "code"),
        recorded_at: Saying::when(recorded),
        onset_at: Saying::when(onset),
        ended_at: Saying::when(ended),
        clinical_status: r.concept(resource, "clinicalStatus"),
        certainty,
        role: r.concept(resource, "category"),
        confidentiality: resource.get("meta/security").and_then(|label| r.coded(label, "confidentiality")),
        note: notes(resource),
    };
    saying.say("diagnosis", at, reading, event);
}

pub(crate) fn report(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let issued = r.time(resource, "issued");
    let taken = r.choice_time(resource, "effective");
    let at = taken.or(issued);
    let known = ["partial", "appended"];
    let known: Vec<&str> = OBSERVATION_STATUSES.iter().chain(&known).copied().collect();
    let stated = status(resource, &known, r);
    let code = stated.as_ref().map_or("", |stated| stated.code.as_str());
    if matches!(code, "entered-in-error" | "cancelled") {
        let reason = format!("DiagnosticReport {code}");
        saying.retract("report", Part::default(), at, &reason);
        return saying.keep_no_more(at, &reason);
    }
    let concluded: Vec<Coded> = ["conclusionCode", "codedDiagnosis"]
        .into_iter()
        .flat_map(|path| resource.all(path).map(move |concept| (path, concept)))
        .filter_map(|(path, concept)| r.coded(concept, path))
        .collect();
    let event = ResultReported {
        taken_at: Saying::when(taken),
        test: r.concept(resource, "code"),
        value: None,
        unit: None,
        coded_value: joined(concluded),
        text: both(resource.text("conclusion").map(str::to_owned), notes(resource)),
        reference_range: None,
        interpretation: None,
        status: stated,
        panel: None,
        specimen: None,
        reported_at: Saying::when(issued),
    };
    saying.say("report", at, reading, event);
    // The report itself, as a document.
    if resource.get("presentedForm").is_some() {
        saying.keep(at, "presentedForm");
    }
}

/// A Procedure that is a screen; any other is kept.
pub(crate) fn procedure(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let at = r.choice_time(resource, "performed").or_else(|| saying.seen());
    let stated = r.concept(resource, "status");
    // STU3 says beside the status that it was not done.
    let stated = if resource.says("notDone") { Some(said("fhir.status", "not-done")) } else { stated };
    // One that was wrong may not say any more what it was.
    if stated.as_ref().is_some_and(|stated| stated.code == "entered-in-error") {
        saying.retract("screening", Part::default(), at, "Procedure entered-in-error");
        return saying.keep_no_more(at, "Procedure entered-in-error");
    }
    let screen = r.concept(resource, "code");
    let outcome = r.concept(resource, "outcome");
    let is_screen = says(saying) == Says::Screening
        || screen.as_ref().is_some_and(|screen| SCREENS.contains(&screen.code.as_str()))
        || outcome.as_ref().is_some_and(|outcome| is_screening_outcome(&outcome.code_set));
    if !is_screen {
        return saying.keep(at, "Procedure");
    }
    let event = ScreeningReported {
        screened_at: Saying::when(at),
        screen,
        outcome,
        site: r.concept(resource, "bodySite"),
        status: stated,
        note: notes(resource),
    };
    saying.say("screening", at, reading, event);
}

/// The domains of the Ages and Stages Questionnaires, by the words of their totals.
const DOMAINS: &[(&str, &str)] = &[
    ("communication", "communication"),
    ("gross motor", "gross_motor"),
    ("fine motor", "fine_motor"),
    ("problem solving", "problem_solving"),
    ("personal-social", "personal_social"),
    ("personal social", "personal_social"),
    ("social-emotional", "social_emotional"),
];

/// The totals of a developmental questionnaire; its answers, and any other questionnaire, are kept as they came.
pub(crate) fn questionnaire(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let at = reading.time(resource, "authored");
    let status = resource.text("status").unwrap_or_default();
    if status == "entered-in-error" {
        saying.retract("review", Part::default(), at, "QuestionnaireResponse entered-in-error");
        return saying.keep_no_more(at, "QuestionnaireResponse entered-in-error");
    }
    // One that is not filled in to its end has no totals yet.
    if matches!(status, "in-progress" | "stopped") {
        return saying.keep_instead("review", at, "status", "QuestionnaireResponse that is not complete");
    }
    let named = ["questionnaire", "questionnaire/reference", "questionnaire/display"];
    let named = named.into_iter().filter_map(|path| resource.text(path)).collect::<Vec<_>>().join(" ").to_lowercase();
    let is_developmental =
        named.contains("asq") || named.contains("ages-and-stages") || named.contains("ages and stages");
    let mut scores = Vec::new();
    if is_developmental {
        totals(resource, &mut scores, &mut reading);
    }
    if !scores.is_empty() {
        let review = Some(said("fhir.questionnaire", resource.text("questionnaire").unwrap_or("asq")));
        let event = HealthReviewCompleted { review, reviewed_at: Saying::when(at), place: None, scores };
        saying.say("review", at, reading, event);
    }
    saying.keep(at, "QuestionnaireResponse");
}

fn totals(of: &Element, scores: &mut Vec<ReviewScore>, reading: &mut Reading) {
    for item in of.all("item") {
        let words = item.text("text").or_else(|| item.text("linkId")).unwrap_or_default().to_lowercase();
        let domain = DOMAINS.iter().find(|(spelt, _)| words.contains(spelt));
        let number = item
            .get("answer")
            .and_then(|answer| answer.choice("value"))
            .filter(|(kind, _)| matches!(*kind, "Integer" | "Decimal"));
        if let (Some((_, domain)), Some((_, number))) = (domain, number)
            && words.contains("total")
        {
            let score = reading.number(number.own_text(), "item.answer");
            scores.push(ReviewScore { domain: Some(said("asq.domain", domain)), score });
        }
        totals(item, scores, reading);
    }
}
