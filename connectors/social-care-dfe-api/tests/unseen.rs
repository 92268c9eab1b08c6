//! Data as other systems send them: with nulls, with parts left out, with what nobody expects.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use connector_kit::Collected;
use connector_kit::conformance::History;
use proto::events::event::Kind;
use serde_json::{Value, json};
use social_care_dfe_api::ChildrenSocialCare;
use support::{Told as _, translate};

fn golden() -> Vec<Value> {
    let text = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/children/878_children.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn said(text: impl AsRef<[u8]>) -> Collected {
    translate(&ChildrenSocialCare::ANY, &[("878.json", text)])
}

fn wide(text: &str, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Every field that is not there said to be null, and every list that is not there empty.
fn with_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(with_nulls);
            let lists = ["sdq_assessments", "care_worker_details", "disabilities", "factors", "child_protection_plans"];
            for name in ["worker_notes", "end_reason", "uasc_end_date", "closure_date"].into_iter().chain(lists) {
                fields.entry(name).or_insert(Value::Null);
            }
        }
        Value::Array(items) => {
            items.iter_mut().for_each(with_nulls);
            if items.iter().any(Value::is_object) {
                items.push(Value::Null);
            }
        }
        _ => {}
    }
}

#[test]
fn however_children_stand_in_a_file_the_same_is_said() {
    let mut children = golden();
    // A block without its list.
    children.push(json!({"la_child_id": "2237", "child_details": {"sex": "F", "date_of_birth": "2014-02-01"},
        "health_and_wellbeing": {"purge": false}}));
    let list = Value::Array(children.clone());
    let expected = said(list.to_string());
    assert!(expected.drafts.len() > 20);
    let each: Vec<String> = children.iter().map(Value::to_string).collect();
    let mut nulls = list.clone();
    nulls.as_array_mut().unwrap().iter_mut().for_each(with_nulls);
    for text in [
        serde_json::to_string_pretty(&list).unwrap(),
        json!({"count": 2, "children": list, "sent": "2025-11-22"}).to_string(),
        format!("{{\"la_code\":878,\"Children\":{list}}}"),
        each.join("\n"),
        each.concat(),
        nulls.to_string(),
        format!("\u{feff}{list}"),
    ] {
        let said = said(&text);
        assert_eq!((said.sayings(), said.reasons()), (expected.sayings(), expected.reasons()), "{text:.300}");
        assert_eq!((said.records, said.parts), (expected.records, expected.parts.clone()), "{text:.300}");
    }
    for bytes in [wide(&list.to_string(), true), wide(&list.to_string(), false)] {
        assert_eq!(said(&bytes).sayings(), expected.sayings());
    }
}

#[test]
fn one_that_is_no_json_costs_itself() {
    let [first, second] = [&golden()[0], &golden()[1]].map(Value::to_string);
    let both = said(format!("[{first},{second}]"));
    for broken in [r#"{"la_child_id": "X", }"#, r#"{"la_child_id": X}"#, "5", "[1]", "\"{\""] {
        let said = said(format!("[{first},{broken},{second}]"));
        assert_eq!(said.reasons().len(), both.reasons().len() + 1, "{broken}");
        assert_eq!(said.sayings(), both.sayings(), "{broken}");
        let own = said.rejections.iter().find(|rejection| rejection.raw == broken.as_bytes());
        assert_eq!(own.map(|own| own.place.byte_offset), Some(first.len() as u64 + 2), "{broken}");
    }
}

#[test]
fn what_is_of_another_shape_is_told_and_nothing_is_passed_over() {
    let child = |more: Value| {
        let mut child = json!({"la_child_id": "C1", "child_details": {"date_of_birth": "2012-06-14", "sex": "F"}});
        child.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        said(child.to_string())
    };
    let plain = child(json!({}));
    assert_eq!((plain.kinds(), plain.findings().len(), plain.reasons().len()), (vec!["PersonDescribed"], 0, 0));
    // Blocks that are none.
    for more in [
        json!({"social_care_episodes": [5]}),
        json!({"social_care_episodes": "none"}),
        json!({"education_health_care_plans": [["x"]]}),
        json!({"health_and_wellbeing": true}),
        json!({"social_care_episodes": [{"social_care_episode_id": "1", "section_47_assessments": ["x"]}]}),
    ] {
        let said = child(more.clone());
        assert_eq!(said.reasons(), ["REASON_RECORD_MALFORMED"], "{more}");
        assert_eq!(said.kinds(), ["PersonDescribed"], "{more}");
    }
    // Fields that nobody knows are kept, with a birth date or without.
    assert_eq!(child(json!({"voice": {"said": 1}})).kinds(), ["PersonDescribed", "SourceRecordKept"]);
    let unknown = said(
        json!({"la_child_id": "C1", "voice": 1, "social_care_episodes": [
        {"social_care_episode_id": "1", "referral_date": "2024-05-01", "referral_source": "6"}]})
        .to_string(),
    );
    assert_eq!(unknown.kinds(), ["ReferralReceived", "SourceRecordKept"]);
    assert_eq!(said(json!({"la_child_id": "C1", "voice": 1}).to_string()).reasons(), ["REASON_DATE_MISSING"]);
    // Lists as one text, and a text where a list is.
    let listed =
        child(json!({"child_details": {"date_of_birth": "2012-06-14", "disabilities": "MOB, HEAR", "surname": ["A"]}}));
    assert_eq!(listed.of_kind("DisabilityRecorded")[0].1["disabilities"][1]["code"], "MOB");
    assert_eq!(listed.findings(), ["- FIELD_MISSING sex", "- NOT_MAPPED", "- VALUE_MALFORMED surname"]);
    let nested = child(
        json!({"child_details": {"date_of_birth": "2012-06-14", "sex": "F", "disabilities": ["MOB", {"code": "HEAR"}]}}),
    );
    assert_eq!(nested.findings(), ["- NOT_MAPPED", "- VALUE_MALFORMED disabilities"]);
    // Codes that went before the present year are read, and told.
    let placed = |place: &str| {
        let placement =
            json!({"child_looked_after_placement_id": "L1", "start_date": "2024-06-10", "placement_type": place});
        child(json!({"social_care_episodes": [
            {"social_care_episode_id": "1", "child_looked_after_placements": [placement]}]}))
    };
    for (place, found) in [("H5", 1), ("P2", 1), ("K3", 0), ("P1", 0)] {
        assert_eq!(placed(place).findings(), vec!["- CODE_OF_OTHER_YEAR placement_type"; found], "{place}");
    }
    // Another order of a date is read and told.
    let dated = child(json!({"child_details": {"date_of_birth": "14/06/2012", "sex": "F"}}));
    assert_eq!(dated.findings(), ["- VALUE_MALFORMED date_of_birth"]);
    assert_eq!(dated.of_kind("PersonDescribed")[0].1["birthOn"]["year"], 2012);
    // Nobody's birth date is known: what is said of them stands at the first day that is.
    let undated = said(
        json!({"la_child_id": "C1", "child_details": {"sex": "F"}, "social_care_episodes": [
        {"social_care_episode_id": "1", "referral_date": "2024-05-01", "referral_source": "6"}]})
        .to_string(),
    );
    assert_eq!((undated.kinds(), undated.reasons().len()), (vec!["PersonDescribed", "ReferralReceived"], 0));
}

/// The object around the children says whose they are: before the file's name, and never against it.
#[test]
fn the_object_around_the_children_says_whose_they_are() {
    let child = json!({"la_child_id": "1", "child_details": {"sex": "F", "date_of_birth": "2014-02-01"}});
    let of = |name: &str, la_code: &str| {
        let text = format!("{{\"la_code\":{la_code},\"Children\":{child}}}");
        translate(&ChildrenSocialCare::ANY, &[(name, text)])
    };
    let scope = |said: &Collected| said.drafts.first().and_then(|draft| draft.scope_key.clone());
    for (name, la_code) in
        [("children.json", "878"), ("children.json", "\"878\""), ("878.json", "null"), ("878.json", "878")]
    {
        let said = of(name, la_code);
        assert_eq!((said.reasons(), scope(&said).as_deref()), (vec![], Some("878/csc/1")), "{name} {la_code}");
    }
    for (name, la_code) in [("879.json", "878"), ("878.json", "\"Newham\""), ("children.json", "null")] {
        let said = of(name, la_code);
        assert_eq!((said.reasons(), said.drafts.len()), (vec!["REASON_SUBJECT_MISSING"], 0), "{name} {la_code}");
    }
}

#[test]
fn a_list_in_a_text_is_the_list() {
    let factors = |factors: Value| {
        let assessment = json!({"child_and_family_assessment_id": "A1", "start_date": "2022-06-14",
            "authorisation_date": "2022-07-20", "factors": factors});
        let episode = json!({"social_care_episode_id": "E1", "referral_date": "2022-06-14", "referral_source": "1C",
            "child_and_family_assessments": [assessment]});
        said(json!([{"la_child_id": "1", "social_care_episodes": [episode]}]).to_string())
    };
    let expected = factors(json!(["1C", "4A"]));
    for written in [json!("[\"1C\",\"4A\"]"), json!(" [ \"4A\", \"1C\" ]"), json!("1C, 4A")] {
        let said = factors(written.clone());
        assert_eq!((said.sayings(), said.findings()), (expected.sayings(), expected.findings()), "{written}");
    }
}

/// What a sender makes who sends only what changed of each block, with its id: nothing that stands goes by it.
#[test]
fn a_block_of_which_only_what_changed_is_sent_takes_nothing_back() {
    let whole = json!([{"la_child_id": "D1",
        "child_details": {"first_name": "Invented", "surname": "Delta", "date_of_birth": "2012-06-14", "sex": "M",
            "disabilities": ["AUT"]},
        "education_health_care_plans": [{"education_health_care_plan_id": "H1", "request_received_date": "2023-01-10"}],
        "social_care_episodes": [{"social_care_episode_id": "E1", "referral_date": "2025-06-14", "referral_source": "1C",
            "care_worker_details": [{"worker_id": "W1", "start_date": "2025-06-14"}, {"worker_id": "W2", "start_date": "2025-06-20"}],
            "section_47_assessments": [{"section_47_assessment_id": "S1", "start_date": "2025-06-16", "icpc_required_flag": true}],
            "child_protection_plans": [{"child_protection_plan_id": "P1", "start_date": "2025-07-01"}],
            "child_looked_after_placements": [{"child_looked_after_placement_id": "L1", "start_date": "2025-08-01",
                "start_reason": "S", "placement_type": "U6"}],
            "adoption": {"initial_decision_date": "2025-09-01"},
            "care_leavers": {"contact_date": "2025-10-01", "activity": "F2"}}]}]);
    let changed = json!([{"la_child_id": "D1", "child_details": {"date_of_birth": "2012-06-14"},
        "education_health_care_plans": [{"education_health_care_plan_id": "H1", "plan_start_date": "2026-01-03"}],
        "social_care_episodes": [{"social_care_episode_id": "E1", "purge": false, "closure_date": "2026-01-20", "closure_reason": "RC1",
            "care_worker_details": [{"worker_id": "W1", "end_date": "2026-01-02"}, {"worker_id": "W2"}],
            "section_47_assessments": [{"section_47_assessment_id": "S1", "end_date": "2026-01-04", "icpc_required_flag": false}],
            "child_protection_plans": [{"child_protection_plan_id": "P1", "end_date": "2026-01-10", "purge": false}],
            "child_looked_after_placements": [{"child_looked_after_placement_id": "L1", "end_date": "2026-01-12",
                "end_reason": "E4A", "change_reason": "OTHER"}],
            "adoption": {"matched_date": "2026-01-05"},
            "care_leavers": {"activity": "P5"}}]}]);
    let mut history = History::default();
    let submit = |history: &mut History, name: &str, text: &Value| {
        history.submit(&ChildrenSocialCare::ANY, &[(name, text.to_string().as_bytes())])
    };
    submit(&mut history, "878_2026-01-22.json", &whole);
    let before = history.stands();
    let added = submit(&mut history, "878_2026-01-23.json", &changed);
    let is_retracted = |body: &proto::events::Body| {
        matches!(body.event.as_ref().and_then(|event| event.kind.as_ref()), Some(Kind::EntryRetracted(_)))
    };
    assert_eq!(added.iter().filter(|statement| is_retracted(&statement.body)).count(), 0);
    let after = history.stands();
    assert!(before.keys().all(|entry| after.contains_key(entry)));
    let told = translate(&ChildrenSocialCare::ANY, &[("878_2026-01-23.json", changed.to_string())]);
    // Of a contact without its day nothing can be placed.
    assert_eq!(told.reasons(), ["REASON_DATE_MISSING"]);
    assert!(told.rejections[0].message.contains("send the block whole"), "{}", told.rejections[0].message);
    for kind in
        ["CaseClosed", "Section47EnquiryEnded", "ProtectionPlanEnded", "LookedAfterPeriodEnded", "AdoptionMatched"]
    {
        assert_eq!(told.of_kind(kind).len(), 1, "{kind}");
    }
    for kind in
        ["SocialWorkerAllocated", "ProtectionPlanStarted", "PlacementChanged", "AdoptionDecided", "ReferralReceived"]
    {
        assert_eq!(told.of_kind(kind).len(), 0, "{kind}");
    }
    // What no event has a place for then is kept.
    let kept: String = told.of_kind("SourceRecordKept").iter().map(|(_, kept)| kept["content"].to_string()).collect();
    for cell in ["W1", "2026-01-02", "change_reason", "icpc_required_flag", "plan_start_date"] {
        assert!(kept.contains(cell), "{cell} of {kept}");
    }
    // Sent whole, what was kept of the changes beside it goes, and a purge takes all.
    submit(&mut history, "878_2026-01-24.json", &whole);
    assert_eq!(history.stands().len(), before.len());
    submit(&mut history, "878_2026-01-25.json", &json!([{"la_child_id": "D1", "purge": true}]));
    assert_eq!(history.stands().values().filter(|body| body.scope == "878/csc/D1").count(), 0);
}

#[test]
fn a_value_without_the_day_of_its_event_is_kept() {
    let placement = json!({"child_looked_after_placement_id": "L1", "start_date": "2025-08-01", "start_reason": "P",
        "placement_type": "Z11", "end_reason": "E4A"});
    let said = said(
        json!([{"la_child_id": "D1", "social_care_episodes": [{"social_care_episode_id": "E1",
        "referral_date": "2025-06-14", "closure_reason": "RC1", "child_looked_after_placements": [placement]}]}])
        .to_string(),
    );
    assert_eq!(
        said.findings().iter().filter(|found| found.contains("FIELD_MISSING")).count(),
        2,
        "{:?}",
        said.findings()
    );
    assert!(!said.findings().iter().any(|found| found.contains("CODE")), "{:?}", said.findings());
    let kept: String = said.of_kind("SourceRecordKept").iter().map(|(_, kept)| kept["content"].to_string()).collect();
    for cell in ["closure_reason", "RC1", "start_reason", "end_reason", "E4A"] {
        assert!(kept.contains(cell), "{cell} of {kept}");
    }
}

/// Of a description of which only what changed is sent, what is not sent stands.
#[test]
fn a_description_of_which_only_what_changed_is_sent_keeps_the_rest() {
    let of = |details: Value| said(json!([{"la_child_id": "D1", "child_details": details}]).to_string());
    let described = |said: &Collected| {
        let draft = said.drafts.iter().find(|draft| draft.table == "child_details" && draft.ordinal == 0);
        draft.filter(|draft| !draft.record_key.contains("changed")).map(|draft| draft.in_part)
    };
    let kept = |said: &Collected| {
        let kept = said.drafts.iter().filter(|draft| draft.record_key.contains("/changed/"));
        kept.map(|draft| draft.record_key.clone()).collect::<std::collections::BTreeSet<_>>()
    };
    let whole = of(json!({"first_name": "Invented", "surname": "Delta", "date_of_birth": "2012-06-14", "sex": "M",
        "unique_pupil_number": "E878900021000", "uasc_flag": true}));
    assert_eq!((described(&whole), kept(&whole).len()), (Some(false), 0));
    // What can be said is said of its own fields alone, and the finding tells that the block is not whole.
    let moved = of(json!({"date_of_birth": "2012-06-14", "postcode": "ZZ1 1AA"}));
    assert_eq!((described(&moved), kept(&moved).len()), (Some(true), 0));
    assert_eq!(moved.findings(), ["- FIELD_MISSING sex"]);
    let renamed = of(json!({"date_of_birth": "2012-06-14", "first_name": "New", "surname": "Delta"}));
    assert_eq!((described(&renamed), kept(&renamed).len()), (Some(true), 0));
    // A surname alone would take the first name's place, an old number that of the present; and no is an end of what stands.
    let parts =
        of(json!({"date_of_birth": "2012-06-14", "surname": "New", "former_unique_pupil_number": "E878900021000",
        "uasc_flag": false, "disabilities": []}));
    let expected = ["disabilities", "former_unique_pupil_number", "surname", "uasc_flag"];
    assert_eq!(kept(&parts), expected.map(|field| format!("D1/details/changed/{field}")).into());
    assert_eq!(parts.of_kind("PersonDescribed")[0].1["names"], Value::Null);
    // Of which nothing else is sent, the description is not said anew.
    let alone = said(
        json!([{"la_child_id": "D1", "child_details": {"surname": "New"}, "social_care_episodes": [
        {"social_care_episode_id": "1", "referral_date": "2024-05-01", "referral_source": "6"}]}])
        .to_string(),
    );
    assert_eq!(alone.kinds(), ["SourceRecordKept", "ReferralReceived"]);
    // A date that cannot be read leaves what it said before.
    let unread = of(json!({"date_of_birth": "2012-06-14", "sex": "M", "uasc_end_date": "soon"}));
    assert_eq!(described(&unread), Some(true));
}

/// What a database writes where there is no day is no end.
#[test]
fn a_day_that_stands_for_none_is_none() {
    let of = |end: Value| {
        let plan = json!({"child_protection_plan_id": "P1", "start_date": "2025-07-01", "end_date": end});
        said(
            json!([{"la_child_id": "D1", "social_care_episodes": [{"social_care_episode_id": "E1",
            "referral_date": "2025-06-14", "child_protection_plans": [plan]}]}])
            .to_string(),
        )
    };
    let open = of(Value::Null);
    for day in ["9999-12-31", "2099-12-31T00:00:00", "1900-01-01"] {
        let said = of(json!(day));
        assert_eq!((said.sayings(), said.reasons(), said.parts), (open.sayings(), vec![], open.parts.clone()), "{day}");
    }
}
