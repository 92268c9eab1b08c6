//! The EHC case system, and participation after compulsory school age.

use super::table::Format;
use super::{Days, Fault, Row, Source, Telling, no_day, no_key, odd};
use crate::calendar::{age, plus, working};
use crate::dirt::System;

pub(super) const EHC_SYSTEM: Source = Source {
    connector: "education-ehc-system",
    system: System::Education,
    format: Format::AndSql(b',', "ehc_cases"),
    days: Days::Iso,
    changes: true,
    file: |on| format!("ehc_cases_{on}.csv"),
    preamble: None,
    columns: &[
        "case_id",
        "child_id",
        "upn",
        "nhs_number",
        "surname",
        "forename",
        "born_on",
        "requested_on",
        "decided_on",
        "decision",
        "withdrawn_on",
        "advice_asked_on",
        "adviser",
        "advice_received_on",
        "drafted_on",
        "consulted_setting",
        "consulted_on",
        "reply_on",
        "plan_sent_on",
        "ceased_on",
        "ceased_reason",
        "officer",
        "changed_at",
    ],
    whom: ("child_id", "LA_CHILD_ID", "878"),
    key: "case_id",
    version: Some("changed_at"),
    describes: &["surname"],
    rows: ehc,
    faults: EHC_FAULTS,
};

const EHC_FAULTS: &[Fault] = &[
    odd("wrong check digit", "nhs_number", "", "CHECK_CHARACTER_WRONG"),
    odd("wrong check letter", "upn", "", "CHECK_CHARACTER_WRONG"),
    odd("a word of no list", "adviser", "Educ psych.", "CODE_UNKNOWN"),
    no_day("drafted_on", "EhcPlanDrafted"),
];

fn ehc(telling: &Telling<'_>) -> Vec<Row> {
    let Some(ehc) = &telling.services.ehc else { return Vec::new() };
    if ehc.requested > telling.as_of {
        return Vec::new();
    }
    let child = telling.child;
    let asked = ehc.decided.filter(|_| ehc.agreed).map(|on| working(plus(on, 1)));
    let received = asked.map(|on| working(plus(on, 38)));
    let issued = ehc.issued.map(|on| telling.corrected(on));
    let drafted = ehc.issued.map(|on| working(plus(on, -21)));
    let consulted = drafted.map(|on| working(plus(on, 1)));
    let replied = consulted.map(|on| working(plus(on, 14)));
    let setting = telling.known.schooling.enrolments.last();
    let setting =
        setting.and_then(|one| telling.known.world.schools.get(one.school)).map(|school| school.number.clone());
    let past = |on: &jiff::civil::Date| *on <= telling.as_of;
    let days = [Some(ehc.requested), ehc.decided, ehc.withdrawn, asked, received, drafted, consulted, replied, issued];
    let changed = days.into_iter().flatten().filter(past).max().unwrap_or(ehc.requested);
    // What is put right is changed on the day on which it is.
    let put_right =
        !telling.first && issued.is_some_and(|on| past(&on)) && telling.figure(1, super::CORRECTED_ONE_IN) == 0;
    let changed = if put_right { telling.as_of } else { changed };
    let decision = match (ehc.decided.filter(past), ehc.agreed) {
        (None, _) => "",
        (_, true) => "assess",
        (_, false) => "refuse",
    };
    let row = telling.row();
    let row = row.text(format!("EHC{}", telling.number())).text(&child.la_id).text(telling.held(&child.upn));
    let row = row.text(telling.held(&child.nhs)).text(telling.surname()).text(&telling.told.given);
    let row = row.due(telling.told.birth).day(ehc.requested, "EhcAssessmentRequested");
    let row = row.day(ehc.decided, "EhcAssessmentDecided").text(decision).day(ehc.withdrawn, "EhcRequestWithdrawn");
    let adviser = if asked.is_some_and(|on| past(&on)) { "Educational psychology" } else { "" };
    let row = row.day(asked, "EhcAdviceRequested").text(adviser).day(received, "EhcAdviceReceived");
    let row = row.day(drafted, "EhcPlanDrafted");
    let row = row.text(setting.filter(|_| consulted.is_some_and(|on| past(&on))).unwrap_or_default());
    let row = row.day(consulted, "EhcSettingConsulted").day(replied, "").day(issued, "EhcPlanIssued").gaps(2);
    let officer = format!("Officer {}", telling.figure(6, 9) + 1);
    vec![row.text(officer).becomes("WorkerNamed").text(format!("{changed}T17:30:00Z"))]
}

pub(super) const PARTICIPATION: Source = Source {
    connector: "education-participation",
    system: System::Education,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: false,
    file: |on| on.strftime("nccis_%Y_%m_%d.csv").to_string(),
    preamble: None,
    columns: &[
        "Client ID",
        "ULN",
        "Former UPN",
        "Surname",
        "Forename",
        "DOB",
        "Cohort",
        "Activity code",
        "Activity",
        "EET",
        "Start date",
        "End date",
        "Date verified",
        "Establishment",
        "Adviser",
    ],
    whom: ("Client ID", "PROVIDER_PERSON", "la-878-participation/ccis"),
    key: "Start date",
    version: None,
    describes: &["Surname"],
    rows: participation,
    faults: &[
        odd("wrong check digit", "ULN", "", "CHECK_CHARACTER_WRONG"),
        odd("a code of no list", "Activity code", "999", "CODE_UNKNOWN"),
        no_key("Start date", "ParticipationRecorded"),
    ],
};

fn participation(telling: &Telling<'_>) -> Vec<Row> {
    let child = telling.child;
    let cohort = if age(child.birth, telling.as_of) <= 16 { "Y12" } else { "Y13" };
    let begun = telling.services.participation.iter().filter(|(_, (from, _))| *from <= telling.as_of);
    let rows = begun.map(|(code, (from, to))| {
        let (words, eet) = match *code {
            "210" => ("School sixth form", "EET"),
            "310" => ("Employment", "EET"),
            "330" => ("Apprenticeship", "EET"),
            _ => ("Seeking employment", "NEET"),
        };
        let row = telling.row().text(format!("CC{}", 500_000 + telling.number())).text(telling.held(&child.uln));
        let row = row.text(telling.held(&child.upn)).text(telling.surname()).text(&telling.told.given);
        let row = row.due(telling.told.birth).text(cohort).text(*code).text(words).text(eet);
        let row = row.day(telling.corrected(*from).max(*from), "ParticipationRecorded").day(*to, "");
        row.day(Some(working(plus(*from, 12))), "").gaps(1).text("a")
    });
    rows.collect()
}
