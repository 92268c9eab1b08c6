//! Who works with a child, as each reader may know it.

use projection::serve::caller::Caller;
use prost::Message;
use proto::events::{self as e, Subject, involvement::Kind};
use proto::sharing as s;
use proto::timeline::{GetInvolvementResponse, Involved};
use sharing::{Purpose, RoleGroup};

use super::harness::sayings::*;
use super::harness::{HUB_CONTACT, House, holds, staff};
use super::{clinic, known_child};

async fn asked(house: &House, caller: &Caller, child: &Subject, purpose: Purpose) -> GetInvolvementResponse {
    let ask = house.ask(caller, child, purpose);
    let undisclosed = house.discloser.decide_involvement(&ask).unwrap();
    undisclosed.record(&house.recorder).await.unwrap().release().into_answer()
}

fn seen(answer: &GetInvolvementResponse) -> Vec<(&str, Kind)> {
    answer.involved.iter().map(|one| (one.organisation.as_str(), one.capacity())).collect()
}

async fn house() -> (House, Subject, Subject, Subject) {
    let mut house = House::new().await;
    house.record(organisations()).await;
    let (school, council, hospital) = known_child(&mut house).await;
    (house, school, council, hospital)
}

#[tokio::test]
async fn who_works_with_a_child_is_told_by_how_much_each_reader_may_know() {
    let (house, school, ..) = house().await;
    let social_worker = staff(COUNCIL, &[RoleGroup::CaseHolding]);
    let answer = asked(&house, &social_worker, &school, Purpose::ChildInNeed).await;
    assert_eq!(
        seen(&answer),
        [(COUNCIL, Kind::Statutory), (HOSPITAL, Kind::Targeted), (SCHOOL, Kind::Universal)],
        "the closest first"
    );
    let Involved { name, contact, sector, since, .. } = answer.involved.last().unwrap();
    assert_eq!((name.as_str(), contact.as_str()), ("school-8784001, invented", "office of school-8784001"));
    assert_eq!((*sector, *since), (s::Sector::Education.into(), Some(day(2020, 9, 1))));
    // A class teacher is told whom to ask, and in what capacity only of her own school.
    let teacher = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    let answer = asked(&house, &teacher, &school, Purpose::EducationProvision).await;
    let expected = [(SCHOOL, Kind::Universal), (COUNCIL, Kind::Unspecified), (HOSPITAL, Kind::Unspecified)];
    assert_eq!(seen(&answer), expected);
    assert!(answer.involved.iter().skip(1).all(|one| one.since.is_none() && !one.contact.is_empty()));
    for stranger in [staff("school-9994001", &[RoleGroup::Safeguarding]), staff(SCHOOL, &[RoleGroup::SchoolAdmin])] {
        let answer = asked(&house, &stranger, &school, Purpose::EducationProvision).await;
        let own_only = answer.involved.iter().all(|one| one.organisation == stranger.organisation);
        assert!(own_only, "{:?}", seen(&answer));
    }
}

#[tokio::test]
async fn whom_to_ask_is_the_desk_for_what_they_work_in() {
    let (mut house, school, ..) = house().await;
    let desk = |service: &str, category: s::Category| s::ServiceDesk {
        service: Some(service.into()),
        categories: vec![category.into()],
        contact: Some(format!("the desk of {service}")),
        ..Default::default()
    };
    let mut hospital = organisation(HOSPITAL, s::Sector::Health);
    let kind = hospital.event.as_mut().and_then(|event| event.kind.as_mut());
    let Some(e::event::Kind::OrganisationRecorded(recorded)) = kind else { panic!() };
    recorded.desks = vec![desk("therapy", s::Category::Therapy), desk("wards", s::Category::Hospital)];
    house.record(vec![hospital]).await;
    house.catch_up().await;
    let answer = asked(&house, &staff(COUNCIL, &[RoleGroup::CaseHolding]), &school, Purpose::ChildInNeed).await;
    let contact = |of: &str| answer.involved.iter().find(|one| one.organisation == of).map(|one| one.contact.as_str());
    assert_eq!(contact(HOSPITAL), Some("the desk of wards"));
    assert_eq!(contact(SCHOOL), Some("office of school-8784001"), "it has no desks");
}

#[tokio::test]
async fn it_is_on_record_before_it_is_given_and_names_no_record() {
    let (house, school, ..) = house().await;
    let caller = staff(COUNCIL, &[RoleGroup::CaseHolding]);
    let ask = house.ask(&caller, &school, Purpose::ChildInNeed);
    let undisclosed = house.discloser.decide_involvement(&ask).unwrap();
    assert_eq!(house.disclosures().await, [], "deciding releases nothing and records nothing");
    let answer = undisclosed.record(&house.recorder).await.unwrap().release().into_answer();
    let [disclosure] = <[_; 1]>::try_from(house.disclosures().await).unwrap();
    assert_eq!(disclosure.decision_id, answer.decision_id);
    assert_eq!((disclosure.call(), disclosure.entries_released), (s::Call::GetInvolvement, 0));
    assert_eq!(disclosure.lines_released as usize, answer.involved.len());
}

#[tokio::test]
async fn a_sensitive_service_is_a_line_of_the_hub_and_a_hidden_one_is_no_line() {
    let (mut house, school, _, hospital) = house().await;
    let caller = staff(COUNCIL, &[RoleGroup::CaseHolding]);
    let before = asked(&house, &caller, &school, Purpose::EarlyHelp).await;
    house.say(HL7, [clinic(&hospital, "gum", "360")]).await;
    house.catch_up().await;
    let bytes = |answer: &GetInvolvementResponse| {
        GetInvolvementResponse { decision_id: Vec::new(), ..answer.clone() }.encode_to_vec()
    };
    let after = asked(&house, &caller, &school, Purpose::EarlyHelp).await;
    assert_eq!(bytes(&before), bytes(&after), "a sexual health clinic leaves no trace");
    house.say(HL7, [clinic(&hospital, "camhs", "711")]).await;
    house.catch_up().await;
    let with_camhs = asked(&house, &caller, &school, Purpose::EarlyHelp).await;
    // The hospital is named for its eye clinic, and says nothing of another.
    assert_eq!(bytes(&before), bytes(&with_camhs));
    let mut sensitive = organisation(HOSPITAL, s::Sector::Health);
    if let Some(e::event::Kind::OrganisationRecorded(organisation)) = &mut sensitive.event.as_mut().unwrap().kind {
        organisation.sensitive = Some(true);
    }
    house.record(vec![sensitive]).await;
    house.catch_up().await;
    let brokered = asked(&house, &caller, &school, Purpose::EarlyHelp).await;
    let last = brokered.involved.last().unwrap();
    assert_eq!(*last, Involved { contact: HUB_CONTACT.into(), ..Involved::default() });
    assert!(!holds(&bytes(&brokered), HOSPITAL));
}

#[tokio::test]
async fn where_a_child_lives_is_not_told_by_who_works_with_them() {
    let (mut house, school, ..) = house().await;
    house.record(vec![restriction(&school, "r1", s::restriction::Kind::ProtectedAddress)]).await;
    house.catch_up().await;
    let caller = staff(COUNCIL, &[RoleGroup::CaseHolding, RoleGroup::Safeguarding]);
    let answer = asked(&house, &caller, &school, Purpose::ChildInNeed).await;
    assert_eq!(seen(&answer), [(COUNCIL, Kind::Statutory), ("", Kind::Unspecified)]);
    let bytes = answer.encode_to_vec();
    assert!(!holds(&bytes, SCHOOL) && !holds(&bytes, HOSPITAL));
}

#[tokio::test]
async fn what_is_over_and_what_a_person_recorded() {
    let (mut house, school, council, _) = house().await;
    let mut lead = e::InvolvementStarted {
        organisation: Some("school-9994001".into()),
        start_on: Some(day(2025, 12, 1)),
        ..Default::default()
    };
    lead.set_kind(Kind::Lead);
    house.record(vec![agreement(&[SCHOOL, COUNCIL, HOSPITAL, "school-9994001"]), fact(&council, lead)]).await;
    house
        .say(
            CENSUS,
            [saying(
                SCHOOL,
                &school,
                "left",
                day(2026, 1, 5),
                e::EnrolmentEnded {
                    school: Some(SCHOOL.into()),
                    leaving_on: Some(day(2026, 1, 5)),
                    ..Default::default()
                },
            )],
        )
        .await;
    house.catch_up().await;
    let caller = staff(COUNCIL, &[RoleGroup::CaseHolding]);
    let answer = asked(&house, &caller, &school, Purpose::EarlyHelp).await;
    let expected = [("school-9994001", Kind::Lead), (COUNCIL, Kind::Statutory), (HOSPITAL, Kind::Targeted)];
    assert_eq!(seen(&answer), expected, "whoever leads is first, and a school that was left is not there");
    assert_eq!(answer.involved[0].since, Some(day(2025, 12, 1)));
}

#[tokio::test]
async fn an_unknown_child_and_a_hidden_child_give_the_same_bytes() {
    let (mut house, ..) = house().await;
    let hidden = council_child("HIDDEN");
    house.say(CIN, [described(COUNCIL, &hidden, &[]), referred(&hidden)]).await;
    house.catch_up().await;
    let purposes = (1..15).filter_map(|number| Purpose::try_from(number).ok());
    for purpose in purposes {
        for role in (1..11).filter_map(|number| RoleGroup::try_from(number).ok()) {
            let caller = staff(SCHOOL, &[role]);
            let mut answers = Vec::new();
            for child in [&pupil("NOBODY"), &hidden] {
                let mut answer = asked(&house, &caller, child, purpose).await;
                assert_eq!(std::mem::take(&mut answer.decision_id).len(), 16);
                answers.push(answer.encode_to_vec());
            }
            assert_eq!(answers[0], answers[1], "{role:?} {purpose:?}");
            assert!(answers[0].is_empty());
        }
    }
}

#[tokio::test]
async fn what_is_over_leaves_no_rule_on_the_record_of_an_answer_without_a_line() {
    let (mut house, school, ..) = house().await;
    let left = pupil("LEFT");
    let ended =
        e::EnrolmentEnded { school: Some(SCHOOL.into()), leaving_on: Some(day(2026, 1, 5)), ..Default::default() };
    house.say(CENSUS, [enrolled(SCHOOL, &left), saying(SCHOOL, &left, "left", day(2026, 1, 5), ended)]).await;
    house.catch_up().await;
    let teacher = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    let timeline = house.answer(&house.ask(&teacher, &left, Purpose::EducationProvision)).await;
    assert!(!timeline.entries.is_empty(), "the school may see what it recorded, for some weeks yet");
    let mut kept = Vec::new();
    for child in [&left, &pupil("NOBODY"), &school] {
        let answer = asked(&house, &teacher, child, Purpose::EducationProvision).await;
        let records = house.disclosures().await;
        let record = records.iter().find(|record| record.decision_id == answer.decision_id).unwrap();
        kept.push((answer.involved.len(), sharing::RuleBits::told(record).is_empty(), record.groups_withheld));
    }
    assert_eq!(kept[0], (0, true, 0));
    assert_eq!(kept[1], kept[0]);
    assert!(kept[2].0 > 0 && !kept[2].1);
}
