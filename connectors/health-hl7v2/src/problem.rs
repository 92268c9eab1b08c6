//! PRB and DG1: what a child was found to have. A problem's later states are states of one entry; one that is deleted is
//! taken back.

use proto::events::{Coded, DiagnosisRecorded, EntryRetracted, Event, FindingCode};

use crate::er7::{Fields, Segment};
use crate::reading::{Reading, joined, named};
use crate::saying::Saying;
use crate::time::Time;

/// PRB-1 (table 0287).
const ACTIONS: &[&str] = &["AD", "CO", "DE", "LI", "UC", "UN", "UP"];

/// Says each problem of a PPR message; PC3 deletes those that it names.
pub(crate) fn say_problems(saying: &mut Saying<'_, '_>, trigger: &str) {
    let problems: Vec<Segment<'_>> = saying.all("PRB").collect();
    for segment in problems {
        let prb = segment.fields();
        let mut reading = Reading::default();
        let r = &mut reading;
        let number = r.text(prb.field(4).component(1), "PRB-4");
        let condition = r.coded(prb.field(3), "PRB-3", "problem");
        let key = match (&number, named(prb.field(3))) {
            (Some(number), _) => format!("problem/{number}"),
            (None, Some(condition)) => format!("problem/{condition}"),
            (None, None) => {
                saying.keep(&segment);
                continue;
            }
        };
        let action = r.code_of(prb.field(1), "PRB-1", "problem_action", ACTIONS);
        let deleted = trigger == "PC3" || action.is_some_and(|action| action.code == "DE");
        let recorded = r.time(prb.field(7), "PRB-7").or_else(|| r.time(prb.field(2), "PRB-2"));
        let onset = r.asserted(3, prb.field(16), |r, v| r.time(v, "PRB-16"));
        let ended = r.asserted(4, prb.field(9), |r, v| r.time(v, "PRB-9"));
        if let Some((onset, ended)) = onset.zip(ended)
            && ended.as_us() < onset.as_us()
        {
            r.flag(FindingCode::DatesOutOfOrder, "PRB-9");
        }
        if condition.is_none() {
            r.flag(FindingCode::FieldMissing, "PRB-3");
        }
        let stands_at = recorded.unwrap_or(saying.recorded);
        let event: Event = if deleted {
            EntryRetracted { reason: Some(saying.header.name()) }.into()
        } else {
            DiagnosisRecorded {
                condition,
                recorded_at: recorded.map(Time::when),
                onset_at: onset.map(Time::when),
                ended_at: ended.map(Time::when),
                clinical_status: r.asserted(5, prb.field(14), |r, v| r.coded(v, "PRB-14", "life_cycle_status")),
                certainty: r.asserted(6, prb.field(13), |r, v| r.coded(v, "PRB-13", "confirmation_status")),
                role: r.asserted(7, prb.field(10), |r, v| r.coded(v, "PRB-10", "problem_classification")),
                confidentiality: r.asserted(8, prb.field(25), |r, v| r.coded(v, "PRB-25", "sensitivity")),
                note: r.asserted(9, prb.field(17), |r, v| r.text(v, "PRB-17")),
            }
            .into()
        };
        saying.say_of(Some(segment), "problem", &key, stands_at, reading, None, event);
    }
}

/// Says each diagnosis (DG1) of a visit.
pub(crate) fn say_diagnoses(saying: &mut Saying<'_, '_>) {
    let visit = saying.fields("PV1");
    let visit = Reading::default().text(visit.field(19).first().component(1), "PV1-19").unwrap_or_default();
    let diagnoses: Vec<Segment<'_>> = saying.all("DG1").collect();
    for segment in diagnoses {
        let dg1 = segment.fields();
        let mut reading = Reading::default();
        let Some(condition) = condition(&mut reading, &dg1) else {
            saying.keep(&segment);
            continue;
        };
        let r = &mut reading;
        let key = match r.text(dg1.field(20).component(1), "DG1-20") {
            Some(number) => format!("diagnosis/{number}"),
            None => {
                let named = named(dg1.field(3)).or_else(|| Some(condition.text.as_ref()?.to_uppercase()));
                format!("visit/{visit}/diagnosis/{}", named.unwrap_or_default())
            }
        };
        let diagnosed = r.time(dg1.field(5), "DG1-5");
        let stands_at = diagnosed.unwrap_or(saying.happened());
        let event: Event = if r.text(dg1.field(21), "DG1-21").is_some_and(|action| action == "D") {
            EntryRetracted { reason: Some(format!("{} DG1-21 D", saying.header.name())) }.into()
        } else {
            DiagnosisRecorded {
                recorded_at: diagnosed.map(Time::when),
                role: r.asserted(7, dg1.field(6), |r, v| r.coded(v, "DG1-6", "diagnosis_type")),
                confidentiality: r.asserted(8, dg1.field(18), |r, v| r.coded(v, "DG1-18", "confidential")),
                condition: Some(condition),
                ..DiagnosisRecorded::default()
            }
            .into()
        };
        saying.say_of(Some(segment), "diagnosis", &key, stands_at, reading, None, event);
    }
}

/// DG1-3, of the list that DG1-2 names where the code does not, with the words of DG1-4: either may be what names a sensitive
/// condition. For a feed that writes words alone, those.
pub(crate) fn condition(reading: &mut Reading, dg1: &Fields<'_>) -> Option<Coded> {
    let method = reading.text(dg1.field(2), "DG1-2");
    let coded = reading.coded(dg1.field(3), "DG1-3", "diagnosis").map(|coded| match method {
        Some(method) if coded.code_set == "hl7v2.diagnosis" => {
            Coded { code_set: format!("hl7v2.diagnosis/{method}"), ..coded }
        }
        _ => coded,
    });
    let words = reading.text(dg1.field(4), "DG1-4").map(|words| Coded {
        code: String::new(),
        code_set: "hl7v2.diagnosis".to_owned(),
        text: Some(words),
    });
    // Often they are the code's own once more.
    let is_said = |said: &Coded, words: &Coded| {
        said.text.as_ref().zip(words.text.as_ref()).is_some_and(|(said, words)| said.contains(words))
    };
    let words = words.filter(|words| !coded.as_ref().is_some_and(|coded| is_said(coded, words)));
    joined(coded.into_iter().chain(words))
}
