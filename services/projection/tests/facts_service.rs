//! The service of facts, over TLS: who may record what of whom, what is on record of it, and what it tells nobody. All invented.

mod relation;

use std::sync::Arc;
use std::time::Duration;

use proto::events::event::Kind;
use proto::events::{self as e, Event, Subject};
use proto::sharing as s;
use proto::sharing::record_fact_response::Outcome;
use proto::sharing::{EndFactRequest, FactOnRecord, ListFactsRequest, RecordFactRequest};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::harness;
use harness::House;
use harness::faults::{FaultyLog, NO_END};
use harness::sayings::*;
use harness::service::{FactsWriter, Papers, Serving, reason, serve};
use projection::own_records::OwnRecords;
use projection::store::Engine;

const HUB: &str = harness::HUB;
const LONG: Duration = Duration::from_secs(3_600);
const PASTORAL: &[&str] = &["school_pastoral"];
const SOCIAL_WORKER: &[&str] = &["case_holding", "safeguarding"];

struct Office {
    house: House,
    serving: Serving,
    child: Subject,
}

impl Office {
    /// A school's pupil whom the council knows too, and everybody's papers.
    async fn new() -> Self {
        Self::on(House::new().await).await
    }

    /// One whose facts are acknowledged once they are read, as in a process that runs.
    async fn acknowledging() -> Self {
        let mut office = Self::new().await;
        let house = &mut office.house;
        let (log, pseudonyms, wrapping) =
            (Arc::clone(&house.log), Arc::clone(&house.pseudonyms), Arc::clone(&house.wrapping));
        let own = OwnRecords::open(log, pseudonyms, wrapping, HUB, event_log::authority::COMMAND).await.unwrap();
        let own = own.acknowledged_once_read(house.store.clone(), house.progress.clone());
        house.commands = Arc::new(projection::command::Commands::new(own));
        office.serving = serve(&office.house, Arc::clone(&office.serving.papers), LONG).await;
        office
    }

    async fn on(mut house: House) -> Self {
        let papers = Papers::new();
        let everybody = [organisation(HUB, s::Sector::Oversight)].into_iter().chain(organisations());
        house.record(everybody.map(|fact| papers.of(fact)).collect()).await;
        let (child, council) = (pupil("P1"), council_child("C1"));
        let works = |organisation: &str, kind: e::involvement::Kind| e::InvolvementStarted {
            organisation: Some(organisation.into()),
            kind: Some(kind.into()),
            start_on: Some(day(2025, 1, 1)),
        };
        let statutory = fact(&council, works(COUNCIL, e::involvement::Kind::Statutory));
        let universal = fact(&child, works(SCHOOL, e::involvement::Kind::Universal));
        house.record(vec![linked(&child, &council), statutory, universal]).await;
        house.say(CENSUS, [described(SCHOOL, &child, &[])]).await;
        house.catch_up().await;
        let serving = serve(&house, papers, LONG).await;
        Self { house, serving, child }
    }

    async fn catch_up(&mut self) {
        self.house.catch_up().await;
        self.serving.progress.send_replace(*self.house.progress.borrow());
    }

    async fn teacher(&self) -> FactsWriter {
        self.serving.writer(SCHOOL, "t.invented", PASTORAL).await
    }

    async fn social_worker(&self, name: &str) -> FactsWriter {
        self.serving.writer(COUNCIL, name, SOCIAL_WORKER).await
    }

    async fn list(&self, writer: &mut FactsWriter, purpose: s::Purpose) -> Vec<FactOnRecord> {
        let request = ListFactsRequest { child: Some(self.child.clone()), purpose: purpose.into() };
        writer.list(request).await.unwrap().facts
    }

    /// Events of people on the topic of facts.
    async fn events(&self) -> usize {
        self.house.records(&[event_log::Topic::Sharing]).await.len()
    }
}

fn consent_given(id: &str) -> s::ConsentRecorded {
    use s::consent_recorded::{GivenBy, Kind, State};
    s::ConsentRecorded {
        id: Some(id.into()),
        kind: Some(Kind::Share.into()),
        state: Some(State::Given.into()),
        by: Some(GivenBy::Parent.into()),
        recipients: vec![COUNCIL.into()],
        categories: vec![s::Category::Attendance.into()],
        from: Some(day(2026, 1, 2)),
        ..Default::default()
    }
}

fn request(child: &Subject, purpose: s::Purpose, event: impl Into<Event>) -> RecordFactRequest {
    RecordFactRequest {
        about: Some(child.clone()),
        purpose: purpose.into(),
        fact: Some(event.into()),
        effective_on: Some(day(2026, 1, 2)),
        evidence: "form 1207, invented".into(),
        ..Default::default()
    }
}

fn protected(id: &str) -> s::RestrictionSet {
    s::RestrictionSet {
        id: Some(id.into()),
        kind: Some(s::restriction::Kind::ProtectedAddress.into()),
        from: Some(day(2026, 1, 2)),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_teacher_records_a_consent_that_says_by_whom_and_for_which_organisation() {
    let mut office = Office::new().await;
    let mut teacher = office.teacher().await;
    let wanted = request(&office.child, s::Purpose::EducationProvision, consent_given("c1"));
    let dry = teacher.record(RecordFactRequest { dry_run: true, ..wanted.clone() }).await.unwrap();
    let before = office.events().await;
    let recorded = teacher.record(wanted.clone()).await.unwrap();
    assert_eq!((dry.outcome(), recorded.outcome()), (Outcome::WouldBeRecorded, Outcome::Recorded));
    assert_eq!((dry.fact, office.events().await), (recorded.fact.clone(), before + 1), "a dry run records nothing");
    office.catch_up().await;
    let again = teacher.record(wanted).await.unwrap();
    assert_eq!((again.outcome(), &again.fact), (Outcome::StoodAlready, &recorded.fact));
    assert_eq!(office.events().await, before + 1, "the same fact again adds nothing");

    let [listed] = <[_; 1]>::try_from(
        office
            .list(&mut teacher, s::Purpose::EducationProvision)
            .await
            .into_iter()
            .filter(|fact| fact.id == recorded.fact)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    assert_eq!((listed.organisation.as_str(), listed.recorded_by.as_str()), (SCHOOL, "t.invented"));
    assert_eq!(
        (listed.evidence.as_str(), listed.outcome(), listed.ended),
        ("form 1207, invented", s::Outcome::Full, false)
    );
    assert_eq!(listed.fact.unwrap().kind, Some(Kind::ConsentRecorded(consent_given("c1").into())));

    let decisions = office.house.disclosures().await;
    let of = |id: &[u8]| decisions.iter().find(|decision| decision.decision_id == id).unwrap();
    for decision in [of(&dry.decision_id), of(&recorded.decision_id), of(&again.decision_id)] {
        assert_eq!((decision.call(), decision.person.as_str()), (s::Call::RecordFact, "t.invented"));
        assert_eq!((&decision.answer_digest, decision.permits_told), (&recorded.fact, 1 << 44), "by P45");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_same_fact_recorded_many_times_at_once_one_is_recorded() {
    let mut office = Office::acknowledging().await;
    let before = office.events().await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let mut teacher = office.teacher().await;
        let wanted = request(&office.child, s::Purpose::EducationProvision, consent_given("c1"));
        asked.spawn(async move { teacher.record(wanted).await.unwrap().outcome() });
    }
    let all = tokio::spawn(asked.join_all());
    while !all.is_finished() {
        office.catch_up().await;
        tokio::task::yield_now().await;
    }
    let mut outcomes = all.await.unwrap();
    outcomes.sort();
    let mut expected = vec![Outcome::StoodAlready; 5];
    expected.push(Outcome::Recorded);
    expected.sort();
    assert_eq!(outcomes, expected, "each is judged by what the one before recorded");
    assert_eq!(office.events().await, before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_ends_the_consent_and_binds() {
    let mut office = Office::new().await;
    let mut teacher = office.teacher().await;
    let purpose = s::Purpose::EducationProvision;
    let given = teacher.record(request(&office.child, purpose, consent_given("c1"))).await.unwrap();
    office.catch_up().await;
    let end = EndFactRequest {
        about: Some(office.child.clone()),
        purpose: purpose.into(),
        fact: given.fact[..4].to_vec(),
        on: Some(day(2026, 1, 3)),
        reason: "the mother rang".into(),
        dry_run: false,
    };
    let ended = teacher.end(end.clone()).await.unwrap();
    office.catch_up().await;
    let listed = office.list(&mut teacher, purpose).await;
    let of = |id: &[u8]| listed.iter().find(|fact| fact.id == id).unwrap();
    assert!(of(&given.fact).ended && !of(&ended.fact).ended);
    let Some(Kind::ConsentRecorded(withdrawn)) = of(&ended.fact).fact.clone().unwrap().kind else { panic!() };
    assert_eq!((withdrawn.id(), withdrawn.state()), ("c1", s::consent_recorded::State::Withdrawn));
    assert_eq!((withdrawn.recipients, withdrawn.from), (vec![COUNCIL.to_owned()], Some(day(2026, 1, 3))));
    let twice = teacher.end(end).await.unwrap_err();
    assert_eq!((twice.code(), reason(&twice).as_str()), (Code::NotFound, "NO_SUCH_FACT"));
    // Given anew after it was withdrawn, it is a new word and not the old one again.
    let anew = teacher.record(request(&office.child, purpose, consent_given("c1"))).await.unwrap();
    assert_eq!(anew.outcome(), Outcome::Recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_without_standing_records_anything_and_unknown_and_hidden_look_the_same() {
    let office = Office::new().await;
    let mut stranger = office.serving.writer("school-9994001", "s.invented", PASTORAL).await;
    let mut clerk = office.serving.writer(SCHOOL, "c.invented", &["school_admin"]).await;
    let before = office.events().await;
    let purpose = s::Purpose::EducationProvision;
    let known = stranger.record(request(&office.child, purpose, consent_given("c1"))).await.unwrap_err();
    let unknown = stranger.record(request(&pupil("NOBODY"), purpose, consent_given("c1"))).await.unwrap_err();
    assert_eq!((known.code(), reason(&known).as_str()), (Code::PermissionDenied, "NOT_YOURS_TO_RECORD"));
    assert_eq!(undated(known), undated(unknown), "another child of another school");
    let listed = |child: Subject| ListFactsRequest { child: Some(child), purpose: purpose.into() };
    let (mut of_known, mut of_unknown) = (
        stranger.list(listed(office.child.clone())).await.unwrap(),
        stranger.list(listed(pupil("NOBODY"))).await.unwrap(),
    );
    of_known.decision_id.clear();
    of_unknown.decision_id.clear();
    assert_eq!(of_known, of_unknown);
    let end = |child: &Subject| EndFactRequest {
        about: Some(child.clone()),
        purpose: purpose.into(),
        fact: vec![1; 4],
        reason: "because".into(),
        ..Default::default()
    };
    let of_known = stranger.end(end(&office.child)).await.unwrap_err();
    let of_unknown = stranger.end(end(&pupil("NOBODY"))).await.unwrap_err();
    assert_eq!(reason(&of_known), "NO_SUCH_FACT");
    assert_eq!(undated(of_known), undated(of_unknown));
    let refused = clerk.record(request(&office.child, purpose, consent_given("c1"))).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_YOURS_TO_RECORD");
    assert_eq!(office.events().await, before, "nothing was recorded");
    let refusals = office.house.disclosures().await;
    let denied = refusals.iter().find(|decision| decision.person == "c.invented").unwrap();
    assert_eq!((denied.call(), denied.denied()), (s::Call::RecordFact, s::DenialReason::NotYoursToRecord));
    assert_eq!((denied.purpose(), denied.subjects.len()), (purpose, 1), "with what it was about");
}

/// The whole of a refusal, but for the second in which the transport sent it.
fn undated(mut refusal: Status) -> String {
    refusal.metadata_mut().remove("date");
    format!("{refusal:?}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connectors_credential_records_nothing() {
    let office = Office::new().await;
    let before = office.events().await;
    let mut program = office.serving.without_a_token(SCHOOL).await;
    let wanted = request(&office.child, s::Purpose::EducationProvision, consent_given("c1"));
    let refused = program.record(wanted).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "TOKEN_REFUSED"));
    assert_eq!(office.events().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_that_is_wrong_is_named_and_its_value_is_not() {
    let office = Office::new().await;
    let mut teacher = office.teacher().await;
    let good = request(&office.child, s::Purpose::EducationProvision, consent_given("c1"));
    let long = "PLANTED".repeat(100);
    let lifted = s::RestrictionLifted { id: Some("r".into()), lifted_by: Some("PLANTED".into()), ..Default::default() };
    let elsewhere = s::StatutoryStatusChanged { organisation: Some("PLANTED".into()), ..Default::default() };
    let no_day = e::Date { year: 2026, month: Some(2), day: Some(31), estimated: false };
    let attended = e::AttendanceSummarised::default();
    let org = subject(e::Scheme::Organisation, "throughline", SCHOOL);
    let cases = [
        ("about", RecordFactRequest { about: None, ..good.clone() }),
        (
            "about",
            RecordFactRequest { about: Some(Subject { value: long.clone(), ..office.child.clone() }), ..good.clone() },
        ),
        ("about", RecordFactRequest { about: Some(org), ..good.clone() }),
        ("purpose", RecordFactRequest { purpose: 0, ..good.clone() }),
        ("fact", RecordFactRequest { fact: None, ..good.clone() }),
        ("fact", RecordFactRequest { fact: Some(attended.into()), ..good.clone() }),
        ("fact", RecordFactRequest { fact: Some(s::ConsentRecorded::default().into()), ..good.clone() }),
        ("fact", RecordFactRequest { effective_on: Some(no_day), ..good.clone() }),
        ("evidence", RecordFactRequest { evidence: long, ..good.clone() }),
        ("evidence", RecordFactRequest { evidence: "PLANTED\u{1b}[2J".into(), ..good.clone() }),
        ("fact.organisation", RecordFactRequest { fact: Some(elsewhere.into()), ..good.clone() }),
        ("fact.lifted_by", RecordFactRequest { fact: Some(lifted.into()), ..good.clone() }),
    ];
    let before = office.events().await;
    for (field, wrong) in cases {
        let refused = teacher.record(wrong).await.unwrap_err();
        let details = refused.get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, field, "{refused:?}");
        assert!(refused.code() == Code::InvalidArgument && !format!("{refused:?}").contains("PLANTED"));
    }
    assert_eq!(office.events().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contested_protection_is_lifted_by_somebody_else() {
    let mut office = Office::new().await;
    let (mut one, mut two) = (office.social_worker("one").await, office.social_worker("two").await);
    let purpose = s::Purpose::ChildProtection;
    let lifted = || s::RestrictionLifted { id: Some("pa".into()), on: Some(day(2026, 1, 4)), ..Default::default() };
    let none = one.record(request(&office.child, purpose, lifted())).await.unwrap_err();
    assert_eq!(reason(&none), "NO_SUCH_FACT", "there is nothing yet that it would lift");
    one.record(request(&office.child, purpose, protected("pa"))).await.unwrap();
    office.catch_up().await;
    let alone =
        one.record(RecordFactRequest { dry_run: true, ..request(&office.child, purpose, lifted()) }).await.unwrap();
    assert_eq!(alone.outcome(), Outcome::WouldBeRecorded, "nobody contests it");
    let set_too = s::RestrictionSet { from: Some(day(2026, 1, 3)), ..protected("pa") };
    two.record(request(&office.child, purpose, set_too)).await.unwrap();
    office.catch_up().await;
    let own = two.record(request(&office.child, purpose, lifted())).await.unwrap_err();
    assert_eq!((own.code(), reason(&own).as_str()), (Code::FailedPrecondition, "SECOND_PERSON_NEEDED"));
    assert_eq!(one.record(request(&office.child, purpose, lifted())).await.unwrap().outcome(), Outcome::Recorded);
    office.catch_up().await;
    let listed = office.list(&mut one, purpose).await;
    let lifting = listed.iter().find_map(|fact| match &fact.fact.as_ref()?.kind {
        Some(Kind::RestrictionLifted(lifted)) => Some((lifted.lifted_by().to_owned(), fact.recorded_by.clone())),
        _ => None,
    });
    assert_eq!(lifting, Some(("one".to_owned(), "one".to_owned())), "by name");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_opens_a_door_for_themself() {
    let office = Office::new().await;
    let mut worker = office.social_worker("one").await;
    let purpose = s::Purpose::ChildProtection;
    let grant = |person: &str| s::AccessGranted {
        id: Some("g1".into()),
        person: Some(person.into()),
        organisation: Some(COUNCIL.into()),
        scope: Some(s::access_granted::Scope::Address.into()),
        to: Some(day(2026, 6, 1)),
        purposes: vec![purpose.into()],
        ..Default::default()
    };
    let own = worker.record(request(&office.child, purpose, grant("one"))).await.unwrap_err();
    assert_eq!(reason(&own), "SECOND_PERSON_NEEDED");
    assert_eq!(
        worker.record(request(&office.child, purpose, grant("two"))).await.unwrap().outcome(),
        Outcome::Recorded
    );
    let works = |organisation: &str| e::InvolvementStarted {
        organisation: Some(organisation.into()),
        kind: Some(e::involvement::Kind::Lead.into()),
        start_on: Some(day(2026, 1, 1)),
    };
    let own = worker.record(request(&office.child, purpose, works(COUNCIL))).await.unwrap_err();
    assert_eq!(reason(&own), "SECOND_PERSON_NEEDED");
    assert!(worker.record(request(&office.child, purpose, works(HOSPITAL))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_opens_to_whoever_records_it_neither_everything_nor_what_was_refused() {
    let mut office = Office::new().await;
    let mut teacher = office.teacher().await;
    let purpose = s::Purpose::EducationProvision;
    let wanted = |given: s::ConsentRecorded| request(&office.child.clone(), purpose, given);
    let everything = s::ConsentRecorded { recipients: vec![], categories: vec![], ..consent_given("c1") };
    let of = |category: s::Category| vec![category.into()];
    let to_all = s::ConsentRecorded { recipients: vec![], ..consent_given("c1") };
    let to_school = s::ConsentRecorded { recipients: vec![SCHOOL.into()], ..consent_given("c1") };
    let unseen = RecordFactRequest { evidence: "  ".into(), ..wanted(consent_given("c1")) };
    let malformed = [wanted(everything), unseen];
    for request in malformed {
        let refused = teacher.record(request).await.unwrap_err();
        assert_eq!(reason(&refused), "REQUEST_MALFORMED", "{refused:?}");
    }
    for given in [&to_all, &to_school] {
        let health = s::ConsentRecorded { categories: of(s::Category::SexualHealth), ..given.clone() };
        let refused = teacher.record(wanted(health)).await.unwrap_err();
        assert_eq!(reason(&refused), "SECOND_PERSON_NEEDED");
        let dry = teacher.record(RecordFactRequest { dry_run: true, ..wanted(given.clone()) }).await.unwrap();
        assert_eq!(dry.outcome(), Outcome::WouldBeRecorded, "most of practice: a school keeps what it was given");
    }
    let refusal = s::ConsentRecorded { state: Some(s::consent_recorded::State::Refused.into()), ..to_school.clone() };
    teacher.record(wanted(s::ConsentRecorded { id: Some("no".into()), ..refusal })).await.unwrap();
    office.catch_up().await;
    let anew = |given: &s::ConsentRecorded| s::ConsentRecorded { from: Some(day(2026, 1, 6)), ..given.clone() };
    for given in [&to_all, &to_school] {
        let refused = teacher.record(request(&office.child, purpose, anew(given))).await.unwrap_err();
        assert_eq!(reason(&refused), "SECOND_PERSON_NEEDED", "a refusal is not answered by whom it keeps out");
    }
    let mut worker = office.social_worker("one").await;
    let by_another = request(&office.child, s::Purpose::ChildProtection, anew(&to_school));
    assert_eq!(worker.record(by_another).await.unwrap().outcome(), Outcome::Recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_register_is_the_services_own() {
    let office = Office::new().await;
    let agreement = agreement(&[SCHOOL, COUNCIL]);
    let wanted = RecordFactRequest {
        about: agreement.subject,
        purpose: s::Purpose::SystemAdmin.into(),
        fact: agreement.event,
        ..Default::default()
    };
    let mut schools = office.serving.writer(SCHOOL, "a.invented", &["sysadmin"]).await;
    let mut services = office.serving.writer(HUB, "a.invented", &["sysadmin"]).await;
    assert_eq!(reason(&schools.record(wanted.clone()).await.unwrap_err()), "NOT_YOURS_TO_RECORD");
    assert_eq!(services.record(wanted).await.unwrap().outcome(), Outcome::Recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_is_shown_to_whoever_may_see_what_it_is_about_and_to_nobody_else() {
    let mut office = Office::new().await;
    let mut worker = office.social_worker("one").await;
    let purpose = s::Purpose::ChildProtection;
    let status = s::StatutoryStatusChanged {
        status: Some(s::statutory_status_changed::Status::Section47.into()),
        open: Some(true),
        on: Some(day(2026, 1, 10)),
        organisation: Some(COUNCIL.into()),
    };
    let recorded = worker.record(request(&office.child, purpose, status)).await.unwrap();
    office.catch_up().await;
    assert!(office.list(&mut worker, purpose).await.iter().any(|fact| fact.id == recorded.fact));
    let mut teacher = office.teacher().await;
    let seen = office.list(&mut teacher, s::Purpose::EducationProvision).await;
    assert!(seen.iter().all(|fact| fact.id != recorded.fact), "a section 47 enquiry is no teacher's to see: {seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_put_on_record_is_not_done() {
    let mut tap = None;
    let house = House::on(Engine::Fjall, |log| {
        let faulty = FaultyLog::new(log);
        tap = Some(Arc::clone(&faulty.disclosures_left));
        Arc::new(faulty)
    });
    let office = Office::on(house.await).await;
    let tap = tap.unwrap();
    let mut teacher = office.teacher().await;
    let before = office.events().await;
    tap.store(0, std::sync::atomic::Ordering::SeqCst);
    let wanted = request(&office.child, s::Purpose::EducationProvision, consent_given("c1"));
    let full = teacher.record(wanted.clone()).await.unwrap_err();
    assert_eq!((full.code(), reason(&full).as_str()), (Code::Unavailable, "NOT_RECORDED"));
    assert_eq!(office.events().await, before, "no fact without its decision");
    tap.store(NO_END, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(teacher.record(wanted).await.unwrap().outcome(), Outcome::Recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_organisation_is_known_by_is_not_changed_by_one_administrator() {
    let office = Office::new().await;
    let mut services = office.serving.writer(HUB, "a.invented", &["sysadmin"]).await;
    let recorded = Papers::new().of(organisation(SCHOOL, s::Sector::Education));
    let Some(Kind::OrganisationRecorded(said)) = recorded.event.and_then(|event| event.kind) else { panic!() };
    let said = *said;
    let before = office.events().await;
    for changed in [
        said.clone(),
        s::OrganisationRecorded { certificate_name: Some("other.invalid".into()), token_key_pem: None, ..said.clone() },
        s::OrganisationRecorded { id: Some("new".into()), token_key_pem: None, ..said.clone() },
    ] {
        let wanted = RecordFactRequest {
            about: Some(subject(e::Scheme::Organisation, "throughline", changed.id())),
            purpose: s::Purpose::SystemAdmin.into(),
            fact: Some(changed.into()),
            ..Default::default()
        };
        let refused = services.record(wanted).await.unwrap_err();
        assert_eq!(reason(&refused), "REQUEST_MALFORMED", "{refused:?}");
        assert!(
            refused.get_error_details().bad_request().unwrap().field_violations[0].description.contains("operator")
        );
    }
    assert_eq!(office.events().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seal_is_of_one_child_alone_and_all_of_it_is_on_record() {
    let mut office = Office::new().await;
    let works = e::InvolvementStarted {
        organisation: Some(COUNCIL.into()),
        kind: Some(e::involvement::Kind::Statutory.into()),
        start_on: Some(day(2025, 1, 1)),
    };
    let other = pupil("P2");
    office.house.record(vec![fact(&other, works)]).await;
    office.catch_up().await;
    let mut first = office.serving.writer(COUNCIL, "a.invented", &["adoption_team"]).await;
    let mut second = office.serving.writer(COUNCIL, "b.invented", &["adoption_team"]).await;
    let own = council_child("C1");
    let child = office.child.clone();
    let of = |sealed: &[Subject], event: Event| RecordFactRequest {
        sealed: sealed.to_vec(),
        ..request(&child, s::Purpose::AdoptionSupport, event)
    };
    let (seal, propose) = (|| Event::from(e::IdentitySealed::default()), || Event::from(e::SealProposed::default()));
    let both = [child.clone(), own.clone()];
    for sealed in [&[child.clone(), other.clone()], &[own.clone(), other.clone()]] {
        for event in [seal(), propose()] {
            assert_eq!(reason(&first.record(of(sealed, event)).await.unwrap_err()), "NOT_YOURS_TO_RECORD");
        }
    }
    // Nobody proposed it; then whoever did seals it; then a colleague seals something else.
    assert_eq!(reason(&second.record(of(&both, seal())).await.unwrap_err()), "SECOND_PERSON_NEEDED");
    assert_eq!(first.record(of(&both, propose())).await.unwrap().outcome(), Outcome::Recorded);
    office.catch_up().await;
    assert_eq!(reason(&first.record(of(&both, seal())).await.unwrap_err()), "SECOND_PERSON_NEEDED");
    assert_eq!(reason(&second.record(of(&both[..1], seal())).await.unwrap_err()), "SECOND_PERSON_NEEDED");
    let recorded = second.record(of(&both, seal())).await.unwrap();
    assert_eq!(recorded.outcome(), Outcome::Recorded);
    let decisions = office.house.disclosures().await;
    let decision = decisions.iter().find(|one| one.decision_id == recorded.decision_id).unwrap();
    assert_eq!(decision.subjects.len(), 2, "both");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_that_is_left_out_is_the_callers_own() {
    let office = Office::new().await;
    let mut worker = office.social_worker("one").await;
    let named = |organisation: &str| e::WorkerNamed {
        organisation: Some(organisation.into()),
        person: Some("one".into()),
        ..Default::default()
    };
    for own in ["", COUNCIL] {
        let refused = worker.record(request(&office.child, s::Purpose::ChildProtection, named(own))).await.unwrap_err();
        assert_eq!(reason(&refused), "SECOND_PERSON_NEEDED");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_is_recorded_of_whom_the_fact_was_and_of_every_kind_that_it_ends() {
    let mut office = Office::new().await;
    let (mut one, mut two) = (office.social_worker("one").await, office.social_worker("two").await);
    let purpose = s::Purpose::ChildProtection;
    let other_record = council_child("C1");
    let set = one.record(request(&other_record, purpose, protected("pa"))).await.unwrap();
    office.catch_up().await;
    let lifted = s::RestrictionLifted { id: Some("pa".into()), on: Some(day(2026, 1, 4)), ..Default::default() };
    let elsewhere = two.record(request(&office.child, purpose, lifted.clone())).await.unwrap_err();
    assert_eq!(reason(&elsewhere), "NO_SUCH_FACT", "of the other record it ends nothing");
    let end = EndFactRequest {
        about: Some(office.child.clone()),
        purpose: purpose.into(),
        fact: set.fact.clone(),
        on: Some(day(2026, 1, 4)),
        reason: "moved, invented".into(),
        dry_run: false,
    };
    // The same id set as another kind, by which somebody might end the first.
    let mut doctor = office.serving.writer(COUNCIL, "d.invented", &["clinical"]).await;
    let opted = s::RestrictionSet { kind: Some(s::restriction::Kind::NationalOptOut.into()), ..protected("pa") };
    doctor.record(request(&other_record, purpose, opted)).await.unwrap();
    office.catch_up().await;
    let refused = doctor.record(request(&other_record, purpose, lifted)).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_YOURS_TO_RECORD", "what it ends of another kind is not theirs");
    two.end(end).await.unwrap();
    office.catch_up().await;
    let records = office.house.records(&[event_log::Topic::Sharing]).await;
    assert!(!records.is_empty());
    let listed = office.list(&mut two, purpose).await;
    assert!(listed.iter().find(|fact| fact.id == set.fact).unwrap().ended);
}
