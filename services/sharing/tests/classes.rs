//! The class of every kind of event, and of the codes that change it, as the committed `cases/classes.txt` has it.
//! A line that changes is a change of the rules: raise `CLASSIFIER_REVISION` with it. `UPDATE_GENERATED=1` writes the file.

#![cfg(test)]

use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::date;
use prost::Message as _;
use proto::events::{self as e, Body, Coded, Event};
use proto::fields::KINDS;
use proto::sharing as s;
use sharing::{AsOf, Category, ChildFacts, Engine, FactEvent, Label, RecordClass};

fn coded(code: &str, text: Option<&str>) -> Option<Coded> {
    Some(Coded { code: code.into(), code_set: "list".into(), text: text.map(Into::into) })
}

fn body(event: impl Into<Event>) -> Body {
    Body { controller: "source".into(), event: Some(event.into()), ..Body::default() }
}

fn no_facts(engine: &Engine) -> ChildFacts {
    ChildFacts::fold(engine, [], &AsOf::day(date(2026, 11, 22)))
}

fn facts_of(engine: &Engine, event: impl Into<Event>) -> ChildFacts {
    let body = body(event);
    let event = FactEvent { subject: [1; 16], published_at_us: 0, sequence: 0, body: &body };
    ChildFacts::fold(engine, [event], &AsOf::day(date(2026, 11, 22)))
}

fn line(class: &RecordClass) -> String {
    let labels: Vec<_> = class.labels.iter().map(Label::as_str_name).collect();
    let mut line = format!("{} {}", class.category.as_str_name(), labels.join("+"));
    for (holds, word) in [
        (class.has_location, " location"),
        (class.has_third_party, " third-party"),
        (class.unnamed_third_party, " unnamed"),
    ] {
        line.push_str(if holds { word } else { "" });
    }
    line
}

#[test]
fn every_kind_is_of_the_class_that_the_golden_file_says() {
    let engine = Engine::load().unwrap();
    let facts = no_facts(&engine);
    let mut out = String::new();
    let mut add = |name: &str, event: Event| {
        writeln!(out, "{name}: {}", line(&engine.classify(&body(event), &facts))).unwrap();
    };
    for kind in KINDS {
        // The kind with an empty message.
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(u64::from(kind.number) << 3 | 2, &mut bytes);
        bytes.push(0);
        add(kind.name, Event::decode(bytes.as_slice()).unwrap());
    }
    for code in
        ["1A", "1B", "2C", "3A", "4B", "5A", "7A", "11A", "12A", "15A", "16A", "18B", "19C", "20", "21", "22A", "24A"]
    {
        add(
            &format!("FactorIdentified {code}"),
            e::FactorIdentified { factor: coded(code, None), ..Default::default() }.into(),
        );
    }
    for code in ["A5", "U6", "K1"] {
        let placed = e::PlacementChanged { placement_type: coded(code, None), ..Default::default() };
        add(&format!("PlacementChanged {code}"), placed.into());
    }
    for code in ["adoption", "return"] {
        add(&format!("PermanencePlanRecorded {code}"), e::PermanencePlanRecorded { plan: coded(code, None) }.into());
    }
    for code in ["cin", "cp", "looked_after", "reviewing_officer"] {
        let visit = e::StatutoryVisitMade { visit: coded(code, None), ..Default::default() };
        add(&format!("StatutoryVisitMade {code}"), visit.into());
    }
    for (code, text) in [
        ("360", None),
        ("GUM", None),
        ("X", Some("Genito-Urinary Medicine")),
        ("711", None),
        ("CAMHS", None),
        ("X", Some("Child and adolescent psychiatry")),
        ("X", Some("Drug and alcohol team")),
        ("420", Some("Paediatrics")),
        ("X", Some("Gumshield clinic")),
        ("FU", Some("Follow-up; 711")),
        ("FU", Some("Follow-up; 711 First contact")),
        ("FU", Some("Follow-up; First contact (711)")),
        ("FU", Some("Follow-up; Room 711")),
        ("3600", None),
    ] {
        let service = coded(code, text);
        let name = format!("{code} {}", text.unwrap_or_default());
        add(
            &format!("AdmissionStarted {name}"),
            e::AdmissionStarted { specialty: service.clone(), ..Default::default() }.into(),
        );
        add(&format!("AppointmentMissed {name}"), e::AppointmentMissed { service, ..Default::default() }.into());
        let reason = coded(code, text);
        add(&format!("AppointmentMissed for {name}"), e::AppointmentMissed { reason, ..Default::default() }.into());
    }
    add(
        "AlternativeProvisionStarted MHN",
        e::AlternativeProvisionStarted { reason: coded("MHN", None), ..Default::default() }.into(),
    );
    add(
        "AlternativeProvisionStarted with a postcode",
        e::AlternativeProvisionStarted { postcode: Some("ZZ99 9ZZ".into()), ..Default::default() }.into(),
    );
    for (code, text) in [
        ("CT", Some("Chlamydia trachomatis NAAT")),
        ("HB", Some("Haemoglobin")),
        ("UTOX", Some("Drugs of abuse, urine")),
    ] {
        let test = e::ResultReported { panel: coded(code, text), ..Default::default() };
        add(&format!("ResultReported {code}"), test.into());
        add(
            &format!("ObservationRecorded {code}"),
            e::ObservationRecorded { observation: coded(code, text), ..Default::default() }.into(),
        );
    }
    for (condition, confidentiality) in
        [("Asthma", None), ("Asthma", Some("U")), ("Asthma", Some("R")), ("Depressive disorder", None)]
    {
        let diagnosis = e::DiagnosisRecorded {
            condition: coded("1", Some(condition)),
            confidentiality: confidentiality.and_then(|code| coded(code, None)),
            ..Default::default()
        };
        add(&format!("DiagnosisRecorded {condition} {}", confidentiality.unwrap_or_default()), diagnosis.into());
    }
    for (title, confidentiality) in [("Clinic letter", "U"), ("Clinic letter", "V"), ("CAMHS letter", "")] {
        let document = e::DocumentRecorded {
            title: Some(title.into()),
            confidentiality: (!confidentiality.is_empty()).then(|| coded(confidentiality, None)).flatten(),
            ..Default::default()
        };
        add(&format!("DocumentRecorded {title} {confidentiality}"), document.into());
    }
    add("SenNeedRecorded SEMH", e::SenNeedRecorded { need: coded("SEMH", None), ..Default::default() }.into());

    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/classes.txt");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&golden, &out).unwrap();
    }
    assert_eq!(out, std::fs::read_to_string(golden).unwrap_or_default());
}

#[test]
fn what_a_record_names_decides_who_its_third_parties_are() {
    let engine = Engine::load().unwrap();
    let facts = no_facts(&engine);
    let relation = e::RelationshipRecorded { relationship: coded("MTH", None), ..Default::default() };
    let unnamed = engine.classify(&body(relation.clone()), &facts);
    assert!(unnamed.has_third_party && unnamed.unnamed_third_party);

    let mut named = body(relation);
    named.third_parties = vec![vec![9; 16], vec![3; 16]];
    let class = engine.classify(&named, &facts);
    assert!(class.has_third_party && !class.unnamed_third_party);
    assert_eq!(class.third_parties, [[3; 16], [9; 16]].into());

    named.third_parties.push(vec![1; 15]);
    assert!(engine.classify(&named, &facts).unnamed_third_party, "a pseudonym that is none names nobody");

    // A factor tells of somebody in the household, and no pseudonym says that it names them all.
    let mut factor = body(e::FactorIdentified { factor: coded("3B", None), ..Default::default() });
    factor.third_parties = vec![vec![9; 16]];
    assert!(engine.classify(&factor, &facts).unnamed_third_party);
}

#[test]
fn restrictions_of_the_child_label_the_classes_they_bind() {
    let engine = Engine::load().unwrap();
    let attendance = body(e::AttendanceSummarised::default());
    let restricted = |kind, categories: Vec<i32>| {
        let mut set = s::RestrictionSet { id: Some("r".into()), categories, ..Default::default() };
        set.set_kind(kind);
        engine.classify(&attendance, &facts_of(&engine, set)).labels
    };
    let court = s::restriction::Kind::Court;
    assert_eq!(restricted(court, vec![]), [Label::CourtRestricted].into());
    assert_eq!(restricted(court, vec![Category::Attendance.into()]), [Label::CourtRestricted].into());
    assert_eq!(restricted(court, vec![Category::Hospital.into()]), [].into());
    assert_eq!(restricted(s::restriction::Kind::SeriousHarm, vec![]), [Label::SeriousHarm].into());
    assert_eq!(restricted(s::restriction::Kind::ProtectedAddress, vec![]), [].into());
    let sealed = facts_of(&engine, e::IdentitySealed::default());
    assert_eq!(engine.classify(&attendance, &sealed).labels, [Label::PreAdoption].into());
}

#[test]
fn what_a_source_puts_on_its_records_only_narrows() {
    let engine = Engine::load().unwrap();
    let labels = |put_on: Vec<i32>| {
        let event = Some(e::TherapyStarted { therapy: coded("CAMHS", None), ..Default::default() }.into());
        engine.classify(&Body { event, labels: put_on, ..Body::default() }, &no_facts(&engine)).labels
    };
    assert_eq!(labels(vec![]), [Label::MentalHealth].into());
    assert_eq!(labels(vec![Label::SexualHealth.into()]), [Label::MentalHealth, Label::SexualHealth].into());
    assert_eq!(labels(vec![0]), [Label::MentalHealth].into(), "none is none");
    // One of a later build counts as the narrowest of this one.
    assert_eq!(labels(vec![9_999]), [Label::MentalHealth, Label::RestrictedUnspecified].into());
}

#[test]
fn a_kind_that_this_build_does_not_know_is_not_yet_classified() {
    let engine = Engine::load().unwrap();
    let class = engine.classify(&Body { controller: "source".into(), ..Body::default() }, &no_facts(&engine));
    assert_eq!(
        line(&class),
        "CATEGORY_RESTRICTED_UNSPECIFIED LABEL_RESTRICTED_UNSPECIFIED location third-party unnamed"
    );
}
