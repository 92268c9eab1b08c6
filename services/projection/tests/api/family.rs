//! A child's family, as each reader may know it: every other child a question of its own, with a record of its own.

use projection::serve::caller::Caller;
use proptest::prelude::*;
use prost::Message;
use proto::events::relationship_recorded::Kind;
use proto::events::{self as e, Subject};
use proto::sharing as s;
use proto::timeline::{FamilyGround, GetFamilyRequest, GetFamilyResponse};
use s::statutory_status_changed::Status;
use sharing::{Purpose, RoleGroup};

use super::harness::sayings::*;
use super::harness::service::{Papers, serve};
use super::harness::{House, holds, staff};
use super::{LONG, taken_back};

const ELSEWHERE: &str = "school-9994001";

/// A child whom the council and the hospital know, and a brother whom a school and the hospital know, by one mother.
struct Family {
    child: Subject,
    in_hospital: Subject,
    brother: Subject,
    brother_in_hospital: Subject,
    mother: Subject,
}

async fn family(house: &mut House) -> Family {
    let family = Family {
        child: council_child("C1"),
        in_hospital: hospital_person("H1"),
        brother: pupil("P2"),
        brother_in_hospital: hospital_person("H2"),
        mother: hospital_person("M1"),
    };
    let Family { child, in_hospital, brother, brother_in_hospital, mother } = &family;
    house.record(organisations()).await;
    house.record(vec![linked(child, in_hospital), linked(brother, brother_in_hospital)]).await;
    house.say(CIN, [described(COUNCIL, child, &[]), referred(child)]).await;
    house.say(CENSUS, [described(SCHOOL, brother, &[]), enrolled(SCHOOL, brother)]).await;
    let sayings = [in_hospital, brother_in_hospital]
        .map(|person| [described(HOSPITAL, person, &[]), emergency(person), related(person, mother, Kind::Parent)]);
    house.say(HL7, sayings.concat()).await;
    house.catch_up().await;
    family
}

async fn in_enquiry(house: &mut House, child: &Subject) {
    house.record(vec![status(child, Status::Section47)]).await;
    house.catch_up().await;
}

async fn asked(house: &House, caller: &Caller, child: &Subject, purpose: Purpose) -> GetFamilyResponse {
    let ask = house.ask(caller, child, purpose);
    let undisclosed = house.discloser.decide_family(&ask).unwrap();
    undisclosed.record(&house.recorder).await.unwrap().release().into_answer()
}

/// An answer without what differs each time.
fn bytes(answer: &GetFamilyResponse) -> Vec<u8> {
    let mut answer = answer.clone();
    answer.decision_id.clear();
    answer.children.iter_mut().for_each(|child| child.decision_id.clear());
    answer.encode_to_vec()
}

fn social_worker() -> Caller {
    staff(COUNCIL, &[RoleGroup::Safeguarding, RoleGroup::CaseHolding])
}

fn safeguarding_lead(school: &str) -> Caller {
    staff(school, &[RoleGroup::Safeguarding])
}

#[tokio::test]
async fn in_an_enquiry_a_social_worker_is_told_that_there_is_a_brother_and_whom_to_call() {
    let mut house = House::new().await;
    let family = family(&mut house).await;
    let before = asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await;
    assert_eq!((before.people.len(), before.children.len()), (1, 0), "the mother of her own child, and nobody else's");
    in_enquiry(&mut house, &family.child).await;
    let answer = asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await;
    let [mother] = <[_; 1]>::try_from(answer.people.clone()).unwrap();
    assert_eq!(mother.kind(), Kind::Parent);
    let recorded = mother.recorded.unwrap();
    assert_eq!((recorded.name, recorded.phones.len(), recorded.related), (None, 0, None), "another person's data");
    assert_eq!(mother.withheld.unwrap().field_groups, ["third_party"]);
    let [brother] = <[_; 1]>::try_from(answer.children).unwrap();
    assert_eq!(brother.grounds().collect::<Vec<_>>(), [FamilyGround::ParentOrCarer]);
    assert_eq!(brother.reference, None, "the council has no record of him, and gets no number");
    let working: Vec<_> =
        brother.involved.iter().map(|one| (one.organisation.as_str(), one.contact.as_str())).collect();
    assert_eq!(working, [(SCHOOL, "office of school-8784001")]);
    assert!(!holds(&bytes(&asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await), "P2"));
}

#[tokio::test]
async fn each_child_of_an_answer_has_a_decision_on_record() {
    let mut house = House::new().await;
    let family = family(&mut house).await;
    in_enquiry(&mut house, &family.child).await;
    let ask = house.ask(&social_worker(), &family.child, Purpose::ChildProtection);
    let undisclosed = house.discloser.decide_family(&ask).unwrap();
    assert_eq!(house.disclosures().await, [], "deciding releases nothing and records nothing");
    let answer = undisclosed.record(&house.recorder).await.unwrap().release().into_answer();
    let records = house.disclosures().await;
    assert_eq!(records.len(), 2);
    let of = |id: &[u8]| records.iter().find(|record| record.decision_id == id).unwrap();
    let (whole, part) = (of(&answer.decision_id), of(&answer.children[0].decision_id));
    assert_eq!((whole.call(), part.call()), (s::Call::GetFamily, s::Call::GetFamily));
    assert_eq!((whole.lines_released, &whole.part_of, &part.part_of), (2, &vec![], &answer.decision_id));
    assert_eq!(whole.subjects[0], house.pseudonyms.of(&family.child).0);
    let brother = [&family.brother, &family.brother_in_hospital].map(|subject| house.pseudonyms.of(subject).0.to_vec());
    assert!(part.subjects.iter().all(|subject| brother.contains(subject)), "his own record, under his own subjects");
    assert!(records.iter().all(|record| record.encoded_len() <= 512));
}

#[tokio::test]
async fn a_school_is_told_of_its_own_pupils_and_of_nobody_elses() {
    let mut house = House::new().await;
    let family = family(&mut house).await;
    let sister = pupil("P3");
    house.record(vec![linked(&sister, &hospital_person("H3"))]).await;
    house.say(CENSUS, [described(SCHOOL, &sister, &[]), enrolled(SCHOOL, &sister)]).await;
    house.catch_up().await;
    let lead = safeguarding_lead(SCHOOL);
    let before = asked(&house, &lead, &family.brother, Purpose::EarlyHelp).await;
    assert_eq!(before.children, [], "the child of social care is no pupil, and the sister has no record of a mother");
    let sayings = [
        described(HOSPITAL, &hospital_person("H3"), &[]),
        related(&hospital_person("H3"), &family.brother_in_hospital, Kind::HalfSibling),
    ];
    house.say(HL7, sayings).await;
    house.catch_up().await;
    for (asked_of, other) in [(&family.brother, &sister), (&sister, &family.brother)] {
        let answer = asked(&house, &lead, asked_of, Purpose::EarlyHelp).await;
        let [only] = <[_; 1]>::try_from(answer.children).unwrap();
        assert_eq!(only.reference.as_ref(), Some(other), "by the number that the school itself has");
        assert_eq!(only.grounds().collect::<Vec<_>>(), [FamilyGround::Sibling]);
    }
    let teacher = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    assert_eq!(asked(&house, &teacher, &sister, Purpose::EarlyHelp).await.children, []);
    let stranger = asked(&house, &safeguarding_lead(ELSEWHERE), &sister, Purpose::EarlyHelp).await;
    assert_eq!(bytes(&stranger), Vec::<u8>::new(), "as of a child who is not known");
}

#[tokio::test]
async fn whose_record_it_is_reads_it_whole() {
    let mut house = House::new().await;
    let family = family(&mut house).await;
    let clinician = staff(HOSPITAL, &[RoleGroup::Clinical]);
    house.say(HL7, [booked(&family.in_hospital), booked(&family.brother_in_hospital)]).await;
    house.catch_up().await;
    let answer = asked(&house, &clinician, &family.in_hospital, Purpose::DirectCare).await;
    let mother = &answer.people[0];
    let recorded = mother.recorded.as_ref().unwrap();
    assert_eq!((recorded.related.as_ref(), recorded.phones.len()), (Some(&family.mother), 1));
    assert_eq!((mother.organisation.as_str(), &mother.withheld), (HOSPITAL, &None));
    assert_eq!(answer.children[0].reference, Some(family.brother_in_hospital.clone()));
}

/// An appointment around the day on which readers ask: the hospital works with its patient.
fn booked(person: &Subject) -> super::harness::Saying {
    super::clinic(person, "eye", "130")
}

#[tokio::test]
async fn what_a_source_takes_back_ties_nobody() {
    let mut house = House::new().await;
    let family = family(&mut house).await;
    in_enquiry(&mut house, &family.child).await;
    let of_brother = related(&family.brother_in_hospital, &family.mother, Kind::Parent);
    house.say(HL7, [taken_back(of_brother)]).await;
    house.catch_up().await;
    assert_eq!(asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await.children, []);
}

#[tokio::test]
async fn one_home_is_told_and_not_of_a_child_whose_address_is_protected() {
    let mut house = House::new().await;
    let family = family(&mut house).await;
    in_enquiry(&mut house, &family.child).await;
    let other = hospital_person("H9");
    let at_home = |person: &Subject| living_at(described(HOSPITAL, person, &[]), "12 Alder Rise");
    let first = super::harness::Saying { version: 2, ..at_home(&family.in_hospital) };
    house.say(HL7, [first, at_home(&other)]).await;
    house.catch_up().await;
    let grounds = |answer: &GetFamilyResponse| {
        let mut grounds: Vec<Vec<FamilyGround>> = answer.children.iter().map(|c| c.grounds().collect()).collect();
        grounds.sort();
        grounds
    };
    let answer = asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await;
    assert_eq!(grounds(&answer), [vec![FamilyGround::ParentOrCarer], vec![FamilyGround::Address]]);
    for protected in [&family.in_hospital, &other] {
        house.record(vec![restriction(protected, "hidden", s::restriction::Kind::ProtectedAddress)]).await;
        house.catch_up().await;
        let answer = asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await;
        assert_eq!(grounds(&answer), [vec![FamilyGround::ParentOrCarer]], "a mother is no place");
        let lift = s::RestrictionLifted {
            id: Some("hidden".into()),
            on: Some(day(2026, 1, 1)),
            lifted_by: Some("an invented manager".into()),
        };
        house.record(vec![fact(protected, lift)]).await;
        house.catch_up().await;
    }
    let answer = asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await;
    assert_eq!(answer.children.len(), 2);
}

#[tokio::test]
async fn those_born_in_one_hospital_or_who_left_one_address_at_some_time_are_of_no_home() {
    use e::address::Use;
    let mut house = House::new().await;
    let family = family(&mut house).await;
    in_enquiry(&mut house, &family.child).await;
    let other = hospital_person("H9");
    let uses = [
        (Use::Home, true),
        (Use::Birth, false),
        (Use::Temporary, true),
        (Use::Other, false),
        (Use::Former, false),
        (Use::Correspondence, false),
    ];
    for (version, (stands_as, is_told)) in (2..).zip(uses) {
        let there = |person: &Subject| {
            let mut said = living_at(described(HOSPITAL, person, &[]), "12 Alder Rise");
            if let Some(e::event::Kind::PersonDescribed(person)) = &mut said.event.kind {
                person.addresses[0].set_use(stands_as);
            }
            super::harness::Saying { version, ..said }
        };
        house.say(HL7, [there(&family.in_hospital), there(&other)]).await;
        house.catch_up().await;
        let answer = asked(&house, &social_worker(), &family.child, Purpose::ChildProtection).await;
        let at_home = answer.children.iter().any(|child| child.grounds().any(|ground| ground == FamilyGround::Address));
        assert_eq!(at_home, is_told, "{stands_as:?}");
    }
}

/// A number on a record that is somebody else's: whatever the relation, and whoever has it, nobody is linked by it.
#[derive(Clone, Copy, Debug)]
struct Named {
    of: usize,
    person: usize,
    kind: i32,
}

fn named() -> impl Strategy<Value = Named> {
    (0..4usize, 0..8usize, 0..9i32).prop_map(|(of, person, kind)| Named { of, person, kind })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_number_of_somebody_around_a_child_links_nobody(named in prop::collection::vec(named(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut house = House::new().await;
            let people: Vec<Subject> = (0..4).map(|n| hospital_person(&format!("H{n}"))).collect();
            let numbers: Vec<Subject> = (0..4).map(|n| nhs(&format!("999000000{n}"))).collect();
            let sayings = people.iter().zip(&numbers).map(|(person, number)| described(HOSPITAL, person, std::slice::from_ref(number)));
            house.say(HL7, sayings.collect::<Vec<_>>()).await;
            house.catch_up().await;
            let everybody: Vec<&Subject> = people.iter().chain(&numbers).collect();
            let before: Vec<_> = everybody.iter().map(|who| house.child(who, None).resolution).collect();
            for Named { of, person, kind } in named {
                let kind = Kind::try_from(kind).unwrap();
                house.say(HL7, [related(&people[of], everybody[person], kind)]).await;
            }
            house.catch_up().await;
            let after: Vec<_> = everybody.iter().map(|who| house.child(who, None).resolution).collect();
            prop_assert_eq!(before, after);
            let (rebuilt, _) = house.rebuilt(projection::store::Engine::Fjall).await;
            prop_assert_eq!(rebuilt.state_hash().unwrap(), house.store.state_hash().unwrap());
            Ok(())
        })?;
    }
}

/// What a world says of a sister in it whom the school may not know: in the other world there is no sister at all.
#[derive(Clone, Copy, Debug)]
enum Hidden {
    Mother,
    Sister,
    NamedByHer,
    Home,
    Clinic,
    Elsewhere,
    BreakGlass,
}

fn hidden() -> impl Strategy<Value = Hidden> {
    use Hidden::{BreakGlass, Clinic, Elsewhere, Home, Mother, NamedByHer, Sister};
    prop_oneof![
        Just(Mother),
        Just(Sister),
        Just(NamedByHer),
        Just(Home),
        Just(Clinic),
        Just(Elsewhere),
        Just(BreakGlass)
    ]
}

impl Hidden {
    async fn take(self, house: &mut House, family: &Family) {
        let sister = hospital_person("H7");
        let at = |person: &Subject| living_at(described(HOSPITAL, person, &[]), "12 Alder Rise");
        match self {
            Self::Mother => drop(house.say(HL7, [related(&sister, &family.mother, Kind::Parent)]).await),
            // Her number stands on the record in both worlds: who she is does not.
            Self::Sister | Self::BreakGlass => drop(house.say(HL7, [described(HOSPITAL, &sister, &[])]).await),
            Self::NamedByHer => {
                drop(house.say(HL7, [related(&sister, &family.brother_in_hospital, Kind::Sibling)]).await);
            }
            Self::Home => drop(house.say(HL7, [at(&sister)]).await),
            Self::Clinic => drop(house.say(HL7, [super::clinic(&sister, "gum", "360")]).await),
            Self::Elsewhere => {
                let there = subject(e::Scheme::SchoolPupil, "9994001", "E7");
                house.record(vec![linked(&there, &sister)]).await;
                house.say(CENSUS, [enrolled(ELSEWHERE, &there)]).await;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_child_of_whom_the_reader_may_not_know_changes_no_byte(steps in prop::collection::vec(hidden(), 1..7)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut answers: Vec<Vec<Vec<u8>>> = Vec::new();
            for shows_hidden in [true, false] {
                let mut house = House::new().await;
                let family = family(&mut house).await;
                let brother = &family.brother_in_hospital;
                let of_both = [
                    super::harness::Saying { version: 2, ..living_at(described(HOSPITAL, brother, &[]), "12 Alder Rise") },
                    related(brother, &hospital_person("H7"), Kind::Sibling),
                ];
                house.say(HL7, of_both).await;
                for step in &steps {
                    if matches!(step, Hidden::BreakGlass) {
                        let asserted = s::BreakGlassAsserted {
                            person: Some(safeguarding_lead(SCHOOL).person),
                            organisation: Some(SCHOOL.into()),
                            reason: Some("invented".into()),
                            asserted_at: Some(prost_types::Timestamp {
                                seconds: super::harness::now_us() / 1_000_000 - 60,
                                nanos: 0,
                            }),
                            minutes: Some(30),
                            id: Some(vec![0x9a; 16]),
                            purpose: Some(s::Purpose::ChildProtection.into()),
                        };
                        house.record(vec![fact(&family.brother, asserted)]).await;
                    }
                    if shows_hidden {
                        step.take(&mut house, &family).await;
                    }
                }
                house.catch_up().await;
                let readers = [
                    (safeguarding_lead(SCHOOL), Purpose::EarlyHelp),
                    (safeguarding_lead(SCHOOL), Purpose::ChildProtection),
                    (staff(SCHOOL, &[RoleGroup::SchoolPastoral]), Purpose::EducationProvision),
                    (safeguarding_lead(ELSEWHERE), Purpose::EarlyHelp),
                ];
                let mut given = Vec::new();
                for (reader, purpose) in readers {
                    given.push(bytes(&asked(&house, &reader, &family.brother, purpose).await));
                }
                given.push(vec![house.disclosures().await.len() as u8]);
                answers.push(given);
            }
            prop_assert_eq!(&answers[0], &answers[1]);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn over_grpc_it_is_asked_like_any_other_question() {
    let mut house = House::new().await;
    let family = family(&mut house).await;
    let papers = Papers::new();
    house.record(organisations().into_iter().map(|organisation| papers.of(organisation)).collect()).await;
    // On the day on which the test runs: an enquiry of the invented day is over by then, and a plan is not.
    house.record(vec![status(&family.child, Status::ProtectionPlan)]).await;
    house.catch_up().await;
    let serving = serve(&house, papers, LONG).await;
    let mut reader = serving.reader(COUNCIL, "invented.worker", &["safeguarding", "case_holding"]).await;
    let request = GetFamilyRequest { child: Some(family.child.clone()), purpose: Purpose::ChildProtection.into() };
    let answer = reader.family(&request).await.unwrap();
    assert_eq!((answer.people.len(), answer.children.len()), (1, 1));
    let explain = |decision_id: &Vec<u8>| proto::timeline::ExplainDecisionRequest {
        decision_id: decision_id.clone(),
        ..Default::default()
    };
    // The keys of the records just made.
    super::catch_up(&mut house, &serving).await;
    for (id, lines) in [(&answer.decision_id, 2), (&answer.children[0].decision_id, 2)] {
        let told = reader.explain(&explain(id)).await.unwrap();
        assert_eq!((told.call(), told.lines), (s::Call::GetFamily, lines));
        assert!(told.summary.first().is_some_and(|first| first.contains("family")), "{:?}", told.summary);
    }
    let nobody = GetFamilyRequest { child: Some(council_child("NOBODY")), ..request.clone() };
    assert_eq!(bytes(&reader.family(&nobody).await.unwrap()), Vec::<u8>::new());
    let unsaid = GetFamilyRequest { purpose: 0, ..request };
    assert_eq!(reader.family(&unsaid).await.unwrap_err().code(), tonic::Code::InvalidArgument);
}
