//! One generated authority, held against its own truth: formats parse, dates are in order, numbers check, and what is
//! wrong is what `dirt.jsonl` says.
#![cfg(test)]

#[path = "authority/read.rs"]
mod read;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proptest::prelude::*;
use read::{Authority, authority};
use synthetic_authority::{GenerateError, Settings, generate, write_bad_files};

#[test]
fn same_seed_same_bytes() {
    let one = Authority::generate(&Settings { children: 150, seed: 9, ..Settings::default() });
    let two = Authority::generate(&Settings { children: 150, seed: 9, ..Settings::default() });
    let other = Authority::generate(&Settings { children: 150, seed: 10, ..Settings::default() });
    let bytes = |authority: &Authority| -> BTreeMap<String, Vec<u8>> {
        authority.files().into_iter().map(|name| (name.clone(), authority.bytes(&name))).collect()
    };
    assert_eq!(bytes(&one), bytes(&two));
    assert_eq!(one.summary, two.summary);
    assert_ne!(bytes(&one), bytes(&other));
    assert!(one.files().iter().all(|name| !name.contains("spill")));
}

#[test]
fn a_child_does_not_depend_on_how_many_follow() {
    let few = Authority::generate(&Settings { children: 60, seed: 4, ..Settings::default() });
    let more = Authority::generate(&Settings { children: 150, seed: 4, ..Settings::default() });
    let lives = |authority: &Authority| -> Vec<_> {
        authority
            .lines("truth.jsonl")
            .into_iter()
            .take(50)
            .map(|line| (line["birthOn"].clone(), line["given"].clone(), line["postcode"].clone()))
            .collect()
    };
    assert_eq!(lives(&few), lives(&more));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No seed, size or date makes the generator fail, and what it says it made is there.
    #[test]
    fn any_settings_in_range_generate(seed: u64, children in 1_u32..60, years in 0_i16..4, days in 0_i32..700, density in 0.0..3.0) {
        let reference_date = jiff::civil::date(2025, 10, 1).saturating_add(jiff::Span::new().days(days));
        let census_years = (2025 - years..=2025).collect();
        let settings = Settings { children, seed, reference_date, census_years, density, everything: seed % 2 == 0 };
        let authority = Authority::generate(&settings);
        prop_assert_eq!(authority.lines("truth.jsonl").len() as u64, authority.summary.identities);
        prop_assert_eq!(authority.lines("facts.jsonl").len() as u64, authority.summary.facts);
        prop_assert_eq!(authority.lines("dirt.jsonl").len() as u64, authority.summary.dirtied);
        prop_assert_eq!(authority.pupils().len() as u64 - authority.repeats(), authority.summary.census_pupils);
        let controls: HashSet<_> = authority.messages().iter().map(read::Message::control).collect();
        prop_assert_eq!(controls.len() as u64, authority.summary.hl7_messages);
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = |settings: Settings| generate(&settings, folder.path(), &mut |_, _| {});
    assert!(matches!(run(Settings { children: 0, ..Settings::default() }), Err(GenerateError::ChildrenOutOfRange)));
    assert!(matches!(
        run(Settings { children: 900_000, ..Settings::default() }),
        Err(GenerateError::ChildrenOutOfRange)
    ));
    assert!(matches!(run(Settings { census_years: vec![], ..Settings::default() }), Err(GenerateError::CensusYears)));
    assert!(matches!(run(Settings { density: f64::NAN, ..Settings::default() }), Err(GenerateError::Density)));
    run(Settings { children: 3, ..Settings::default() }).unwrap();
    assert!(matches!(run(Settings { children: 3, ..Settings::default() }), Err(GenerateError::OutNotEmpty(_))));
}

#[test]
fn truth_covers_every_subject_that_any_system_uses() {
    let authority = authority();
    let known = authority.subjects();
    let mut seen: BTreeSet<(String, String, String)> = BTreeSet::new();
    for child in authority.cin_children() {
        seen.insert(("LA_CHILD_ID".into(), "878".into(), child.text("LAchildID").unwrap()));
    }
    for message in authority.messages() {
        for id in message.local_numbers() {
            seen.insert(("PROVIDER_PERSON".into(), "ods-rh8/RH8".into(), id));
        }
    }
    let dirty = authority.dirty_keys();
    for (file, row) in authority.pupils() {
        if row["upn"].is_empty() || dirty.contains(&(file.clone(), authority.row_key(&row))) {
            continue;
        }
        seen.insert(("UPN".into(), "dfe".into(), row["upn"].clone()));
        seen.insert(("SCHOOL_PUPIL".into(), authority.school_number(&file, &row["NativeId"]), row["upn"].clone()));
    }
    for subject in &seen {
        assert!(known.contains_key(subject), "no truth for {subject:?}");
    }
    assert!(seen.len() > 3000);
    for line in authority.lines("dirt.jsonl") {
        let subject = read::subject(&line["record"]);
        assert_eq!(
            known.get(&subject).map(Vec::as_slice),
            Some([line["truth"].as_str().unwrap().to_owned()].as_slice()),
            "{line}"
        );
    }
}

#[test]
fn no_subject_is_of_two_children() {
    let authority = authority();
    for (subject, whose) in authority.subjects() {
        assert_eq!(whose.len(), 1, "{subject:?}");
    }
}

#[test]
fn numbers_check_except_where_the_dirt_says() {
    let authority = authority();
    let dirty = authority.dirty_keys();
    let mut wrong = 0;
    for (file, row) in authority.pupils() {
        let fine = read::upn_checks(&row["upn"])
            && (row["uniquelearnernumber"].is_empty() || read::uln_checks(&row["uniquelearnernumber"]));
        let excused = dirty.contains(&(file, authority.row_key(&row)));
        assert!(fine || excused, "{row:?}");
        wrong += usize::from(!fine);
    }
    assert!(wrong > 0);
    let dirty_messages = authority.dirty_messages();
    for message in authority.messages() {
        let Some(number) = message.nhs_number() else { continue };
        assert!(
            read::nhs_checks(&number) && number.starts_with("999") || dirty_messages.contains(&message.control()),
            "{number}"
        );
    }
    for (file, child) in authority
        .cin_files()
        .into_iter()
        .flat_map(|file| authority.cin(&file).into_iter().map(move |child| (file.clone(), child)))
    {
        let id = child.text("LAchildID").unwrap();
        assert!(id.len() <= 20 && id.chars().all(|letter| letter.is_ascii_alphanumeric()));
        if let Some(upn) = child.text("UPN") {
            assert!(read::upn_checks(&upn) || dirty.contains(&(file.clone(), id)), "{upn}");
        }
    }
}

#[test]
fn between_two_and_five_in_a_hundred_records_are_dirty() {
    let authority = authority();
    let of = |folder: &str| {
        authority.lines("dirt.jsonl").iter().filter(|line| line["file"].as_str().unwrap().starts_with(folder)).count()
            as f64
    };
    let shares = [
        of("education") / authority.summary.census_pupils as f64,
        of("health") / authority.summary.hl7_messages as f64,
        of("social") / authority.summary.cin_children as f64,
    ];
    for share in &shares[..2] {
        assert!((0.02..=0.05).contains(share), "{shares:?}");
    }
    // A few hundred records: the share strays further.
    assert!((0.01..=0.06).contains(&shares[2]), "{shares:?}");
    assert_eq!(authority.summary.dirtied as usize, authority.lines("dirt.jsonl").len());
}

#[test]
fn twins_share_surname_birth_and_home() {
    let authority = authority();
    let lines = authority.lines("truth.jsonl");
    let by_id: HashMap<_, _> = lines.iter().map(|line| (line["truth"].as_str().unwrap(), line)).collect();
    let twins: Vec<_> = lines.iter().filter(|line| line.get("twinOf").is_some()).collect();
    assert!(twins.len() >= 4);
    for twin in twins {
        let other = by_id[twin["twinOf"].as_str().unwrap()];
        for field in ["surname", "birthOn", "postcode", "household"] {
            assert_eq!(twin[field], other[field]);
        }
        assert_eq!(other["twinOf"], twin["truth"]);
    }
}

#[test]
fn namesakes_share_name_and_birth_date_and_no_home() {
    let lines = authority().lines("truth.jsonl");
    let namesakes: Vec<_> =
        lines.iter().filter(|line| line["notes"].as_array().unwrap().contains(&"namesake".into())).collect();
    assert!(namesakes.len() >= 4 && namesakes.len().is_multiple_of(2));
    for pair in namesakes.chunks(2) {
        for field in ["given", "surname", "birthOn", "sex"] {
            assert_eq!(pair[0][field], pair[1][field]);
        }
        for field in ["postcode", "household", "truth"] {
            assert_ne!(pair[0][field], pair[1][field]);
        }
    }
}

#[test]
fn systems_disagree_about_a_child_as_often_as_the_rates_say() {
    let lines = authority().lines("truth.jsonl");
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for one in lines.iter().flat_map(|line| line["disagreements"].as_array().unwrap().clone()) {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        *found.entry((text("system"), text("what"))).or_default() += 1;
    }
    // Shares of the children that a system has, within what chance allows of some five thousand.
    for (what, low, high) in [
        ("a slip of the key", 0.02, 0.04),
        ("names in each other's place", 0.0005, 0.007),
        ("the other sex", 0.0003, 0.006),
        ("previous address", 0.02, 0.05),
        ("a slip in the postcode", 0.003, 0.01),
        ("former surname", 0.001, 0.01),
    ] {
        for system in ["education", "health"] {
            let share =
                found.get(&(system.to_owned(), what.to_owned())).copied().unwrap_or(0) as f64 / lines.len() as f64;
            assert!((low..high).contains(&share), "{system}: {what}: {share}");
        }
    }
    assert!(found.keys().all(|(system, what)| system != "social_care" || !what.contains("address")));
}

#[test]
fn adoption_leaves_nothing_in_common() {
    let authority = authority();
    let lines = authority.lines("truth.jsonl");
    let split: Vec<_> = lines.iter().filter(|line| line.get("privateLink").is_some()).collect();
    assert!(split.len() >= 4);
    let sealed: Vec<_> =
        authority.lines("facts.jsonl").into_iter().filter(|line| line["kind"] == "IdentitySealed").collect();
    for line in &split {
        let other = split.iter().find(|other| other["truth"] == line["privateLink"]).unwrap();
        assert_ne!(line["postcode"], other["postcode"]);
        let subjects = |line: &serde_json::Value| -> HashSet<String> {
            line["subjects"].as_array().unwrap().iter().map(ToString::to_string).collect()
        };
        assert!(!subjects(line).is_empty() && subjects(line).is_disjoint(&subjects(other)));
        if line["notes"].as_array().unwrap().contains(&"adopted_before".into()) {
            assert!(sealed.iter().any(|fact| fact["sealed"] == line["subjects"]));
        }
    }
    assert_eq!(sealed.len() * 2, split.len());
}

#[test]
fn the_population_has_what_the_tests_of_other_parts_need() {
    let authority = authority();
    let lines = authority.lines("truth.jsonl");
    let count =
        |note: &str| lines.iter().filter(|line| line["notes"].as_array().unwrap().contains(&note.into())).count();
    for note in [
        "twin",
        "unborn",
        "adopted_before",
        "adopted_after",
        "moved_school",
        "left_area",
        "superseded_number",
        "late_message",
        "discharge_cancelled",
        "corrected_in_resubmission",
        "late_in_resubmission",
        "section_47_open",
        "consent_given",
        "consent_refused",
        "consent_withdrawn",
        "protected_address",
        "court_restriction",
        "renamed_by_marriage",
        "renamed_by_deed",
        "known_by_other_surname",
        "known_by_middle_name",
        "birth_assessed",
        "moved_home",
        "namesake",
        "shares_home",
        "temporary_upn",
        "unknown_to_hospital",
        "no_nhs_number_at_hospital",
        "nhs_number_of_sibling_at_hospital",
    ] {
        assert!(count(note) > 0, "{note}");
    }
    let known = lines
        .iter()
        .filter(|line| line["subjects"].as_array().unwrap().iter().any(|subject| subject["scheme"] == "LA_CHILD_ID"))
        .count();
    let share = known as f64 / lines.len() as f64;
    assert!((0.025..0.07).contains(&share), "{share}");
    let per_child = authority.summary.hl7_messages as f64 / authority.summary.children as f64;
    assert!((7.0..16.0).contains(&per_child), "{per_child}");
    assert!(
        lines.iter().filter(|line| !line["disagreements"].as_array().unwrap().is_empty()).count() > lines.len() / 20
    );
}

#[test]
fn every_dirtied_record_shows_its_dirt() {
    let authority = authority();
    let mut rows: HashMap<(String, String), read::Row> = HashMap::new();
    for (file, row) in authority.pupils() {
        rows.insert((file, authority.row_key(&row)), row);
    }
    let mut copies: HashMap<String, usize> = HashMap::new();
    let mut messages = HashMap::new();
    for message in authority.messages() {
        *copies.entry(message.control()).or_default() += 1;
        messages.insert(message.control(), message);
    }
    let mut kinds = BTreeSet::new();
    for line in authority.lines("dirt.jsonl") {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let (file, key, what, field) = (text("file"), text("key"), text("what"), text("field"));
        kinds.insert((what.clone(), field.clone()));
        if file.starts_with("education") {
            let row = &rows[&(file.clone(), key)];
            let value = row[if field == "fsmenddate" { "upn" } else { field.as_str() }].as_str();
            let shown = match what.as_str() {
                "wrong check letter" => value.len() == 13 && !read::upn_checks(value),
                "lower case" => value != value.to_uppercase() && read::upn_checks(&value.to_uppercase()),
                "spaces" => value.contains(' '),
                "missing" => value.is_empty(),
                "placeholder UN3" => value == "UN3",
                "the other twin's UPN" | "the other twin stands under it too" => {
                    let same = |(other, row): &(&(String, String), &read::Row)| other.0 == file && row["upn"] == value;
                    rows.iter().filter(same).count() == 2
                }
                "NHS number in the ULN's column" => read::nhs_checks(value),
                "booleans as words" => value == "True" || value == "False",
                "whole numbers as floats" => value.ends_with(".0"),
                "in the future" => value > "2030",
                "unknown code" => value == "ZZQ" || value == "XXXX",
                "code of an earlier year" => value == "S",
                // Held where the census' own order is held.
                "ends before it starts" | "row twice" => true,
                other => panic!("no check for {other}"),
            };
            assert!(shown, "{what} {field}: {value:?}");
        } else if file.starts_with("health") {
            let message = &messages[&key];
            let number = message.nhs_number().unwrap_or_default();
            let shown = match (what.as_str(), field.as_str()) {
                ("spaces", _) => number.contains(' '),
                ("wrong check digit", _) => !read::nhs_checks(&number),
                ("placeholder 9999999999", _) => number == "9999999999",
                ("ULN in the NHS number's place", _) => read::uln_checks(&number),
                ("no NHS number", _) => number.is_empty(),
                ("missing", _) => message.field("PID", 7).is_none(),
                ("unknown code", _) => message.field("PID", 8) == Some("Q"),
                ("in the future", _) => message.field("PID", 7).unwrap() > "2030",
                ("message twice", _) => copies[&key] == 2,
                other => panic!("no check for {other:?}"),
            };
            assert!(shown, "{what} {field}: {number}");
        }
    }
    assert!(kinds.len() > 25, "{kinds:?}");
}

#[test]
fn facts_are_messages_of_the_contract() {
    let pool = prost_reflect::DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let mut kinds = HashSet::new();
    for line in authority().lines("facts.jsonl") {
        let kind = line["kind"].as_str().unwrap();
        let of_events = matches!(kind, "IdentitySealed" | "SubjectsLinked" | "InvolvementStarted");
        let package = if of_events { "events" } else { "sharing" };
        let message = pool.get_message_by_name(&format!("throughline.{package}.v1.{kind}")).unwrap();
        let fields = prost_reflect::DynamicMessage::deserialize(message, &line["fields"]);
        assert!(fields.is_ok(), "{kind}: {:?}", fields.err());
        kinds.insert(kind.to_owned());
    }
    assert_eq!(kinds.len(), 8, "{kinds:?}");
}

#[test]
fn the_demonstration_child_is_known_everywhere() {
    let authority = authority();
    let demo: serde_json::Value = serde_json::from_slice(&authority.bytes("demo.json")).unwrap();
    let schemes: HashSet<_> =
        demo["references"].as_array().unwrap().iter().map(|one| one["scheme"].as_str().unwrap().to_owned()).collect();
    for scheme in ["UPN", "SCHOOL_PUPIL", "NHS_NUMBER", "PROVIDER_PERSON", "LA_CHILD_ID"] {
        assert!(schemes.contains(scheme), "{scheme}");
    }
    let organisations: HashSet<_> = authority
        .lines("facts.jsonl")
        .iter()
        .filter(|line| line["kind"] == "OrganisationRecorded")
        .map(|line| line["fields"]["id"].as_str().unwrap().to_owned())
        .collect();
    for (name, id) in demo["organisations"].as_object().unwrap() {
        assert!(organisations.contains(id.as_str().unwrap()), "{name}");
    }
    let id = demo["references"].as_array().unwrap().iter().find(|one| one["scheme"] == "LA_CHILD_ID").unwrap()["value"]
        .as_str()
        .unwrap()
        .to_owned();
    let child = authority
        .cin("CIN_878_2025_001.xml")
        .into_iter()
        .find(|child| child.text("LAchildID") == Some(id.clone()))
        .unwrap();
    assert!(child.all("AssessmentFactors").contains(&"3B".to_owned()));
    assert_eq!(child.all("S47ActualStartDate").len(), 1);
    assert!(child.text("CINclosureDate").is_none());
}

#[test]
fn bad_files_are_the_same_each_time_and_explained() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_bad_files(one.path()).unwrap();
    write_bad_files(two.path()).unwrap();
    let readme = std::fs::read_to_string(one.path().join("README.txt")).unwrap();
    let names = read::walk(one.path());
    assert!(names.len() > 15);
    for name in names {
        assert_eq!(std::fs::read(one.path().join(&name)).unwrap(), std::fs::read(two.path().join(&name)).unwrap());
        assert!(name == "README.txt" || readme.contains(&name), "{name}");
    }
    let bytes = std::fs::read(one.path().join("health-hl7v2/stops-mid-frame.hl7")).unwrap();
    assert_eq!(bytes.iter().filter(|byte| **byte == 0x0B).count(), 2);
    assert_eq!(bytes.iter().filter(|byte| **byte == 0x1C).count(), 1);
}
