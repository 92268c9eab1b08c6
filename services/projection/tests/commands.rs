//! Facts that people record: all of them or none, and the same again changes nothing. Invariant 13.

use crate::harness;

use event_log::{Partition, Topic};
use harness::sayings::*;
use harness::{House, TODAY, now_us, staff};
use projection::command::CommandError;
use proto::admin::Fact;
use proto::events::{self as e, Event, Scheme, Subject};
use proto::sharing as s;
use sharing::{Purpose, RoleGroup};

async fn commands_on_the_log(house: &House) -> usize {
    house.records(&[Topic::Identity, Topic::Sharing]).await.len()
}

async fn refusal(house: &House, facts: Vec<Fact>) -> String {
    let today = day(TODAY.year().into(), 1, 15);
    let error = house.commands.record(facts, now_us(), today).await.unwrap_err();
    assert!(matches!(error, CommandError::Fact { .. }));
    error.to_string()
}

#[tokio::test]
async fn a_fact_that_means_nothing_is_refused_by_the_name_of_its_field() {
    let house = House::new().await;
    let child = council_child("C1");
    let of = |event: Event| fact(&child, event);
    let recorded = |subject_value: &str, organisation: s::OrganisationRecorded| {
        fact(&subject(Scheme::Organisation, "throughline", subject_value), organisation)
    };
    let organisation_id =
        |id: &str| of(s::OrganisationRecorded { id: Some(id.into()), sector: Some(1), ..Default::default() }.into());
    let good = s::OrganisationRecorded { id: Some("school-1".into()), sector: Some(1), ..Default::default() };
    let key = |pem: &str| s::OrganisationRecorded { token_key_pem: Some(pem.into()), ..good.clone() };
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let private = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    let given = s::ConsentRecorded { id: Some("c1".into()), kind: Some(1), state: Some(1), ..Default::default() };
    let never = Some(day(2025, 2, 30));
    let status =
        s::StatutoryStatusChanged { status: Some(1), open: Some(true), on: Some(day(2025, 12, 1)), organisation: None };
    let parent = Some(s::NamedPerson { issuer: Some("https://id.invalid".into()), person: Some("p".into()) });
    let recognised = s::FamilyPersonRecognised {
        id: Some("p1".into()),
        person: parent.clone(),
        relation: Some(2),
        evidence: Some("seen".into()),
        recognised_by: Some("somebody".into()),
        ..Default::default()
    };
    let verified = s::ParentalResponsibilityVerified {
        person: parent.clone(),
        evidence: Some("seen".into()),
        verified_by: Some("somebody".into()),
        ..Default::default()
    };
    let assessed = s::CompetenceAssessed { competent: Some(true), decision: Some(1), ..Default::default() };
    let no_value = Subject { value: String::new(), ..child.clone() };
    let cases: Vec<(Fact, &str)> = vec![
        (Fact { subject: None, ..of(s::ConsentRecorded::default().into()) }, "subject"),
        (fact(&no_value, s::ConsentRecorded::default()), "subject"),
        (Fact { event: None, ..of(s::ConsentRecorded::default().into()) }, "event"),
        (of(Event { kind: None }), "event"),
        (organisation_id(""), "id"),
        (organisation_id("Not An Id"), "id"),
        (organisation_id(&"a".repeat(41)), "id"),
        (recorded("school-1", s::OrganisationRecorded { sector: None, ..good.clone() }), "sector"),
        (recorded("school-2", good.clone()), "subject"),
        (of(good.clone().into()), "subject"),
        (recorded("school-1", key("no key")), "tokenKeyPem"),
        (recorded("school-1", key(&p384.public_key_pem())), "tokenKeyPem"),
        (recorded("school-1", key(&private)), "tokenKeyPem"),
        (recorded("school-1", s::OrganisationRecorded { from: never, ..good.clone() }), "from"),
        (of(s::ConsentRecorded { id: None, ..given.clone() }.into()), "id"),
        (of(s::ConsentRecorded { kind: None, ..given.clone() }.into()), "kind"),
        (of(s::ConsentRecorded { state: Some(0), ..given.clone() }.into()), "state"),
        (of(s::ConsentRecorded { to: never, ..given.clone() }.into()), "to"),
        (Fact { effective_on: never, ..of(given.clone().into()) }, "effective_on"),
        (of(s::StatutoryStatusChanged { status: None, ..status.clone() }.into()), "status"),
        (of(s::StatutoryStatusChanged { on: None, ..status.clone() }.into()), "on"),
        (of(s::StatutoryStatusChanged { on: never, ..status }.into()), "on"),
        (of(s::RestrictionLifted { id: Some("r1".into()), on: never, ..Default::default() }.into()), "on"),
        (linked(&child, &child), "other"),
        (unlinked(&upn("X878299925001"), &upn(" x878299925001 ")), "other"),
        (of(e::IdentitySealed { sealed_on: never, ..Default::default() }.into()), "sealedOn"),
        (
            of(s::AgreementRecorded { id: Some("a1".into()), parties: vec!["one".into()], ..Default::default() }
                .into()),
            "parties",
        ),
        (of(s::RestrictionSet { id: Some("r1".into()), ..Default::default() }.into()), "kind"),
        (of(s::AccessGranted { person: Some("somebody".into()), ..Default::default() }.into()), "to"),
        (
            of(s::AccessGranted { person: Some("somebody".into()), to: Some(day(2027, 1, 1)), ..Default::default() }
                .into()),
            "purposes",
        ),
        (
            recorded("school-1", s::OrganisationRecorded { vouches_for_people: Some(true), ..good.clone() }),
            "tokenIssuer",
        ),
        (of(s::CompetenceAssessed { competent: Some(true), ..Default::default() }.into()), "decision"),
        (of(s::CompetenceAssessed { assessed_by: None, ..assessed }.into()), "assessedBy"),
        (of(s::FamilyPersonRecognised { person: None, ..recognised.clone() }.into()), "person"),
        (of(s::FamilyPersonRecognised { relation: None, ..recognised.clone() }.into()), "relation"),
        (of(s::FamilyPersonRecognised { evidence: Some(" ".into()), ..recognised.clone() }.into()), "evidence"),
        (of(s::FamilyPersonRecognised { on: never, ..recognised }.into()), "on"),
        (of(s::FamilyPersonEnded::default().into()), "endedBy"),
        (of(s::ParentalResponsibilityVerified { evidence: None, ..verified.clone() }.into()), "evidence"),
        (of(s::ParentalResponsibilityVerified { verified_by: None, ..verified }.into()), "verifiedBy"),
        (of(s::ParentalResponsibilityEnded { person: parent, ..Default::default() }.into()), "endedBy"),
        (of(s::LegalProcessRecorded { recipient: Some(COUNCIL.into()), ..Default::default() }.into()), "to"),
        (of(e::IdentitySealed::default().into()), "sealed"),
    ];
    for (bad, field) in cases {
        let message = refusal(&house, vec![bad]).await;
        assert!(message.contains(&format!("`{field}`")), "{field}: {message}");
        assert!(!message.contains("Not An Id") && !message.contains("C1"), "{message}");
    }
    assert_eq!(commands_on_the_log(&house).await, 0);
}

#[tokio::test]
async fn both_kinds_of_key_that_sign_tokens_are_taken() {
    let house = House::new().await;
    for algorithm in [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P256_SHA256] {
        let recorded = s::OrganisationRecorded {
            id: Some(SCHOOL.into()),
            sector: Some(1),
            token_key_pem: Some(rcgen::KeyPair::generate_for(algorithm).unwrap().public_key_pem()),
            ..Default::default()
        };
        let recorded = fact(&subject(Scheme::Organisation, "throughline", SCHOOL), recorded);
        house.commands.record(vec![recorded], now_us(), day(TODAY.year().into(), 1, 15)).await.unwrap();
    }
    assert_eq!(commands_on_the_log(&house).await, 2);
}

#[tokio::test]
async fn what_sources_say_is_no_command() {
    let house = House::new().await;
    let pupil = pupil("P1");
    for event in [
        e::AttendanceSummarised::default().into(),
        e::Section47EnquiryStarted::default().into(),
        e::AttendedEmergency::default().into(),
        Event::from(e::PersonDescribed::default()),
    ] {
        assert!(refusal(&house, vec![fact(&pupil, event)]).await.contains("comes from a source"));
    }
}

#[tokio::test]
async fn one_bad_fact_and_none_is_recorded() {
    let mut house = House::new().await;
    let mut facts = organisations();
    facts.push(organisation("Not An Id", s::Sector::Health));
    facts.push(linked(&pupil("P1"), &council_child("C1")));
    let message = refusal(&house, facts).await;
    assert!(message.starts_with("fact 7:") && message.ends_with("nothing was recorded"), "{message}");
    house.catch_up().await;
    assert_eq!(commands_on_the_log(&house).await, 0);
    assert_eq!(house.records(&[Topic::Keys]).await.len(), 0, "not even a key");
}

#[tokio::test]
async fn the_same_facts_again_change_no_timeline_and_nobodys_involvement() {
    let mut house = House::new().await;
    let (school, council) = (pupil("P1"), council_child("C1"));
    house.say(CENSUS, [described(SCHOOL, &school, &[]), attended(&school, 2024)]).await;
    house.say(CIN, [described(COUNCIL, &council, &[]), referred(&council)]).await;
    let mut involved = e::InvolvementStarted {
        organisation: Some(SCHOOL.into()),
        start_on: Some(day(2024, 9, 1)),
        ..Default::default()
    };
    involved.set_kind(e::involvement::Kind::Universal);
    let facts = || {
        let mut facts = organisations();
        facts.push(linked(&school, &council));
        facts.push(fact(&school, involved.clone()));
        facts
    };
    let caller = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    let mut answers = Vec::new();
    for _ in 0..3 {
        house.record(facts()).await;
        house.catch_up().await;
        let answer = house.read(&caller, &school, Purpose::EducationProvision).await;
        let entries: Vec<_> = answer.entries.iter().map(|entry| (entry.event.clone(), entry.effective)).collect();
        answers.push((entries, answer.existence));
    }
    assert!(!answers[0].0.is_empty(), "the school is involved, and reads its own");
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
    assert_eq!(house.discloser.registries.current(u64::MAX).unwrap().organisations().count(), 4);
    let ended =
        e::InvolvementEnded { organisation: Some(SCHOOL.into()), end_on: Some(day(2025, 1, 1)), ..Default::default() };
    house.record(vec![fact(&school, ended)]).await;
    house.catch_up().await;
    let after = house.read(&caller, &school, Purpose::EducationProvision).await;
    assert_eq!((after.entries.len(), after.existence.len()), (0, 0), "who works with the child no more reads no more");
}

#[tokio::test]
async fn a_seal_is_said_of_every_subject_and_names_them_all() {
    let mut house = House::new().await;
    let sealed = vec![pupil("P1"), council_child("C1"), upn(UPN)];
    let seal = Fact {
        sealed: sealed.clone(),
        ..fact(&sealed[0], e::IdentitySealed { sealed_on: Some(day(2025, 5, 1)), ..Default::default() })
    };
    house.record(vec![seal]).await;
    house.catch_up().await;
    let mut ids: Vec<Vec<u8>> = sealed.iter().map(|subject| house.pseudonyms.of(subject).0.to_vec()).collect();
    ids.sort();
    for subject in &sealed {
        let child = house.child(subject, None);
        let [(position, said)] = child.said.as_slice() else { panic!("{} said of one subject", child.said.len()) };
        assert_eq!((position.topic, position.partition), (Topic::Identity, house.pseudonyms.of(subject).partition()));
        let Some(e::event::Kind::IdentitySealed(seal)) = &said.body.event.as_ref().unwrap().kind else {
            panic!("no seal")
        };
        let mut named = seal.sealed_subjects.clone();
        named.sort();
        assert_eq!(named, ids);
    }
    let ends = Partition::all().map(|partition| house.log.end(Topic::Identity, partition));
    let mut total = 0;
    for end in ends {
        total += end.await.unwrap();
    }
    assert_eq!(total, 3);
}
