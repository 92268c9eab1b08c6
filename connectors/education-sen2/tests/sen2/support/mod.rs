//! What the tests share: a return written in both of its forms, and a compact JSON of what it becomes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use connector_kit::{Collected, Draft, Place, dates};
use education_sen2::Sen2;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Event, FindingCode};
use serde_json::{Value, json};

/// A record of a module with what stands under it. Names of fields as the message has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rec {
    pub(crate) module: &'static str,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) under: Vec<Rec>,
}

/// A record: `rec("Requests", &[("ReceivedDate", "2024-05-01")], vec![])`.
pub(crate) fn rec(module: &'static str, fields: &[(&'static str, &str)], under: Vec<Rec>) -> Rec {
    Rec { module, fields: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), under }
}

/// When a return was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) year: u16,
    pub(crate) at: &'static str,
    pub(crate) serial: u32,
}

pub(crate) const MADE: Made = Made { year: 2025, at: "2025-02-20T09:30:00", serial: 1 };

pub(crate) fn xml(made: Made, persons: &[Rec]) -> String {
    fn element(rec: &Rec) -> String {
        let fields: String = rec.fields.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        let under: String = rec.under.iter().map(element).collect();
        format!("<{0}>{fields}{under}</{0}>\n", rec.module)
    }
    let Made { year, at, serial } = made;
    format!(
        "<Message><Header><CollectionDetails><Collection>SEN2</Collection><Year>{year}</Year>\
         <ReferenceDate>{year}-01-16</ReferenceDate></CollectionDetails><Source><SourceLevel>L</SourceLevel><LEA>878</LEA>\
         <SerialNo>{serial}</SerialNo><DateTime>{at}</DateTime></Source></Header><Persons>\n{}</Persons></Message>\n",
        persons.iter().map(element).collect::<String>()
    )
}

const MODULES: [&str; 9] = [
    "sen2",
    "person",
    "requests",
    "assessment",
    "namedplan",
    "plandetail",
    "activeplans",
    "placementdetail",
    "senneed",
];

/// The same return as the nine tables, its rows numbered from `first_key`.
pub(crate) fn export(made: Made, persons: &[Rec], first_key: u32) -> Vec<(String, String)> {
    type Rows = BTreeMap<&'static str, Vec<BTreeMap<String, String>>>;
    fn add(rec: &Rec, parent: (&str, u32), key: &mut u32, rows: &mut Rows) {
        *key += 1;
        let own = *key;
        let module = MODULES.into_iter().find(|module| module.eq_ignore_ascii_case(rec.module)).unwrap();
        let mut row = BTreeMap::from([
            (format!("{module}tableid"), own.to_string()),
            (format!("{}tableid", parent.0), parent.1.to_string()),
            (format!("{module}orderseqcolumn"), "1".to_owned()),
        ]);
        for (name, value) in &rec.fields {
            let date = name.to_lowercase().contains("date") || matches!(*name, "ReviewMeeting" | "LastReview");
            row.insert(name.to_lowercase(), if date { blade(value) } else { value.clone() });
        }
        rows.entry(module).or_default().push(row);
        for under in &rec.under {
            add(under, (module, own), key, rows);
        }
    }
    let mut rows = Rows::new();
    let Made { year, at, serial } = made;
    let header = [
        ("sen2tableid", "1".to_owned()),
        ("sen2orderseqcolumn", "1".to_owned()),
        ("collection", "SEN2".to_owned()),
        ("year", year.to_string()),
        ("referencedate", blade(&format!("{year}-01-16"))),
        ("lea", "878".to_owned()),
        ("serialno", serial.to_string()),
        ("datetime", format!("{} {}", blade(&at[..10]).trim_end_matches(" 00:00:00"), &at[11..])),
    ];
    rows.insert("sen2", vec![header.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()]);
    let mut key = first_key;
    for person in persons {
        add(person, ("sen2", 1), &mut key, &mut rows);
    }
    let table = |module: &&'static str| {
        let of_module = rows.get(module).cloned().unwrap_or_default();
        let mut columns: Vec<String> = of_module.iter().flat_map(|row| row.keys().cloned()).collect();
        columns.extend([format!("{module}tableid"), format!("{module}orderseqcolumn"), "nativeid".to_owned()]);
        columns.extend(parent(module).map(|parent| format!("{parent}tableid")));
        columns.sort();
        columns.dedup();
        let line = |row: &BTreeMap<String, String>| {
            let cells = columns.iter().map(|column| row.get(column).cloned().unwrap_or_default());
            cells.collect::<Vec<_>>().join(",")
        };
        let lines: Vec<String> = std::iter::once(columns.join(",")).chain(of_module.iter().map(line)).collect();
        (format!("Blade-Export_01-03-{year}_{module}.csv"), lines.join("\n") + "\n")
    };
    MODULES.iter().map(table).collect()
}

fn parent(module: &str) -> Option<&'static str> {
    Some(match module {
        "person" => "sen2",
        "requests" => "person",
        "assessment" | "activeplans" => "requests",
        "namedplan" => "assessment",
        "plandetail" => "namedplan",
        "placementdetail" | "senneed" => "activeplans",
        _ => return None,
    })
}

fn blade(date: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = date.split('-').collect();
    match parts.as_slice() {
        [year, month, day] => format!("{year}-{}-{day} 00:00:00", MONTHS[month.parse::<usize>().unwrap() - 1]),
        _ => date.to_owned(),
    }
}

/// Two children with every module between them, and nothing odd.
pub(crate) fn clean() -> Vec<Rec> {
    let placement = |entry: &str| {
        rec("PlacementDetail", &[("URN", "900001"), ("PlacementRank", "1"), ("EntryDate", entry), ("Res", "0")], vec![])
    };
    let need = |need: &str, rank: &str| rec("SENNeed", &[("SENtype", need), ("SENtypeRank", rank)], vec![]);
    let plan = rec(
        "NamedPlan",
        &[("StartDate", "2024-04-02"), ("PB", "1"), ("DP", "0")],
        vec![rec("PlanDetail", &[("URN", "900001"), ("PlacementRank", "1")], vec![])],
    );
    let assessment = [("AssessmentOutcome", "Y"), ("AssessmentOutcomeDate", "2024-03-20"), ("Week20", "0")];
    let active = [("ReviewMeeting", "2024-10-03"), ("ReviewOutcome", "M"), ("LastReview", "2024-10-21")];
    let request = [("ReceivedDate", "2023-11-06"), ("RequestOutcome", "Y"), ("RequestOutcomeDate", "2023-12-18")];
    vec![
        rec(
            "Person",
            &[
                ("Surname", "Inventedson"),
                ("Forename", "Amara"),
                ("PersonBirthDate", "2014-05-09"),
                ("Sex", "F"),
                ("UPN", "B801200005001"),
            ],
            vec![rec(
                "Requests",
                &request,
                vec![
                    rec("Assessment", &assessment, vec![plan]),
                    rec("ActivePlans", &active, vec![placement("2024-04-15"), need("ASD", "1"), need("SLCN", "2")]),
                ],
            )],
        ),
        rec(
            "Person",
            &[("Surname", "Madeupsmith"), ("Forename", "Benvolio"), ("PersonBirthDate", "2009-07-01"), ("Sex", "M")],
            vec![rec("Requests", &[("ReceivedDate", "2024-10-01"), ("RequestOutcome", "A")], vec![])],
        ),
    ]
}

pub(crate) fn translate(files: &[(String, String)]) -> Collected {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    Collected::of(&Sen2, &files)
}

pub(crate) fn message(made: Made, persons: &[Rec]) -> Collected {
    translate(&[("sen2.xml".to_owned(), xml(made, persons))])
}

/// What is said, whatever its order and place.
pub(crate) fn sayings(said: &Collected) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = said.drafts.iter().map(|d| Draft { place: Place::default(), ..d.clone() }).collect();
    drafts.sort_by(|a, b| (&a.record_key, a.ordinal).cmp(&(&b.record_key, b.ordinal)));
    drafts
}

pub(crate) fn findings(said: &Collected) -> Vec<String> {
    let findings = said.drafts.iter().flat_map(|draft| &draft.findings);
    let mut told: Vec<String> = findings.map(|f| format!("{} {}", name(f.code()), f.field)).collect();
    told.sort();
    told.dedup();
    told
}

fn name(code: FindingCode) -> &'static str {
    code.as_str_name().trim_start_matches("FINDING_CODE_")
}

pub(crate) fn kinds(said: &Collected) -> Vec<&'static str> {
    said.drafts.iter().map(|draft| draft.event.kind_number().unwrap().name()).collect()
}

pub(crate) fn json(said: &Collected) -> Value {
    json!({
        "scopes": said.scopes.iter().map(|s| json!([s.key, s.as_of_us, s.sequence])).collect::<Vec<_>>(),
        "records": said.records,
        "whole": said.whole,
        "drafts": said.drafts.iter().map(draft_json).collect::<Vec<_>>(),
        "rejections": said.rejections.iter().map(|r| json!({
            "reason": r.reason.name(),
            "message": r.message,
            "place": format!("{}:{} record {} {}", r.place.file, r.place.line, r.place.record, r.place.field),
            "subject": r.subject.as_ref().map(|subject| &subject.value),
            "raw": String::from_utf8_lossy(&r.raw),
        })).collect::<Vec<_>>(),
    })
}

fn draft_json(draft: &Draft) -> Value {
    let effective = match draft.effective.when {
        Some(proto::events::when::When::On(date)) => dates::key(&date),
        _ => "not a day".to_owned(),
    };
    json!({
        "at": format!("{} {}#{}", draft.table, draft.record_key, draft.ordinal),
        "effective": effective,
        "findings": findings(&Collected { drafts: vec![draft.clone()], ..Collected::default() }),
        "event": event_json(&draft.event),
        "line": draft.place.line,
    })
}

fn event_json(event: &Event) -> Value {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTORS).unwrap());
    let descriptor = POOL.get_message_by_name("throughline.events.v1.Event").unwrap();
    serde_json::to_value(DynamicMessage::decode(descriptor, event.encode_to_vec().as_slice()).unwrap()).unwrap()
}
