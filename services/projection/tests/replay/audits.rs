//! Who saw what, over TLS: decided, recorded, and metadata alone.

use std::time::Duration;

use projection::serve::stream::Watches;
use prost::Message as _;
use proto::audit::{Linked, ReplayRequest, RerunRequest, RerunVerdict, UnusualRequest, WhatDidRequest, WhoSawRequest};
use proto::events::Subject;
use proto::sharing as s;
use proto::sharing::Call;
use sharing::{Purpose, RoleGroup};

use crate::harness::sayings::*;
use crate::harness::service::{Auditor, Papers, Serving, reason, serve, serve_auditing};
use crate::harness::{HUB, House, holds, staff};

const LONG: Duration = Duration::from_secs(3_600);

/// A school's child whom a council knows too, asked about by both; and another child.
async fn asked() -> (House, Serving, Subject, Subject) {
    let papers = Papers::new();
    let mut house = House::new().await;
    let facts = organisations().into_iter().chain([organisation(HUB, s::Sector::Oversight)]);
    let facts: Vec<_> = facts.map(|fact| papers.of(fact)).collect();
    house.record(facts).await;
    let (school, council, other) = (pupil("P1"), council_child("C1"), pupil("P2"));
    house
        .say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school), attended(&school, 2024)])
        .await;
    house.say(CENSUS, [described(SCHOOL, &other, &[]), enrolled(SCHOOL, &other)]).await;
    house.say(CIN, [described(COUNCIL, &council, &[upn(UPN)]), referred(&council)]).await;
    house.catch_up().await;
    let (teacher, worker) = (staff(SCHOOL, &[RoleGroup::SchoolPastoral]), staff(COUNCIL, &[RoleGroup::CaseHolding]));
    house.read(&teacher, &school, Purpose::EducationProvision).await;
    house.read(&teacher, &other, Purpose::EducationProvision).await;
    house.read(&worker, &council, Purpose::ChildInNeed).await;
    let serving = serve(&house, papers, LONG).await;
    house.settle(&serving).await;
    (house, serving, school, council)
}

fn who_saw(child: &Subject) -> WhoSawRequest {
    WhoSawRequest { child: Some(child.clone()), ..WhoSawRequest::default() }
}

async fn auditor(serving: &Serving, organisation: &str) -> Auditor {
    serving.auditor(organisation, "a.invented", &["auditor"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_saw_a_child_is_told_by_any_number_of_the_child_and_asking_is_on_record_too() {
    let (mut house, serving, school, council) = asked().await;
    let mut auditor = auditor(&serving, HUB).await;
    let told = auditor.who_saw(who_saw(&school)).await.unwrap();
    let by: Vec<_> = told.accesses.iter().map(|access| (access.organisation.as_str(), access.linked())).collect();
    assert_eq!(by, [(SCHOOL, Linked::NowAndThen), (COUNCIL, Linked::NowAndThen)]);
    let teacher = &told.accesses[0];
    assert!(teacher.entries >= 3 && teacher.rules.iter().any(|rule| rule.starts_with('P')));
    assert!(teacher.categories().any(|category| category == s::Category::Attendance));
    assert_eq!((teacher.purpose(), teacher.call()), (s::Purpose::EducationProvision, Call::GetTimeline));
    house.settle(&serving).await;
    let again = auditor.who_saw(who_saw(&council)).await.unwrap();
    assert_eq!(again.accesses.len(), 3, "the same child by another number, and the auditor's own question");
    let own = &again.accesses[2];
    assert_eq!((own.person.as_str(), own.call(), &own.decision_id), ("a.invented", Call::WhoSaw, &told.audit_id));
    // Parted, each is asked about as it was then.
    house.record(vec![unlinked(&school, &council)]).await;
    house.settle(&serving).await;
    let parted = auditor.who_saw(who_saw(&school)).await.unwrap();
    let of_council: Vec<_> = parted.accesses.iter().filter(|access| access.organisation == COUNCIL).collect();
    assert_eq!(of_council.iter().map(|access| access.linked()).collect::<Vec<_>>(), [Linked::Then]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_of_another_organisation_is_told_of_its_own_people_alone() {
    let (_house, serving, school, _) = asked().await;
    let mut auditor = auditor(&serving, SCHOOL).await;
    let told = auditor.who_saw(who_saw(&school)).await.unwrap();
    assert!(!told.accesses.is_empty() && told.accesses.iter().all(|access| access.organisation == SCHOOL));
    assert!(told.accesses.iter().all(|access| access.classes_hidden == 0), "nothing of what was not shown");
    assert!(told.accesses.iter().all(|access| access.linked() == Linked::Unspecified) && told.looked_at == 0);
    let elsewhere = WhatDidRequest { organisation: COUNCIL.into(), ..Default::default() };
    assert_eq!(auditor.what_did(elsewhere).await.unwrap().accesses, []);
    let rerun = RerunRequest { decision_id: told.accesses[0].decision_id.clone(), ..Default::default() };
    assert_eq!(reason(&auditor.rerun(rerun).await.unwrap_err()), "NO_SUCH_DECISION");
    let replay = ReplayRequest { child: Some(school), at: None };
    assert_eq!(reason(&auditor.replay(replay).await.unwrap_err()), "NO_SUCH_DECISION");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_an_auditor_is_told_anything_and_the_refusal_is_on_record() {
    let (house, serving, school, _) = asked().await;
    for roles in [&["safeguarding", "case_holding"][..], &["sysadmin"], &[]] {
        let mut other = serving.auditor(HUB, "n.invented", roles).await;
        assert_eq!(reason(&other.who_saw(who_saw(&school)).await.unwrap_err()), "NO_SUCH_DECISION", "{roles:?}");
    }
    let refused = house.disclosures().await;
    let refused = refused.iter().filter(|record| record.person == "n.invented" && record.denied != 0);
    assert!(refused.count() >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_did_a_decision_again_a_timeline_as_it_stood_and_no_content_in_any() {
    let (mut house, serving, school, _) = asked().await;
    let mut auditor = auditor(&serving, HUB).await;
    let person = format!("somebody.at.{SCHOOL}");
    let asked = WhatDidRequest { organisation: SCHOOL.into(), person, ..Default::default() };
    let did = auditor.what_did(asked.clone()).await.unwrap();
    assert_eq!(did.accesses.len(), 2);
    let today = jiff::Zoned::now().date();
    let date = day(today.year().into(), today.month() as u32, today.day() as u32);
    let last_year = WhatDidRequest { to: Some(proto::events::Date { year: date.year - 1, ..date }), ..asked };
    assert_eq!(auditor.what_did(last_year).await.unwrap().accesses, []);
    let decision_id = did.accesses[0].decision_id.clone();
    let rerun = auditor.rerun(RerunRequest { decision_id: decision_id.clone(), ..Default::default() }).await.unwrap();
    assert_eq!(rerun.verdict(), RerunVerdict::Same, "{} was {} is {}", rerun.what, rerun.was, rerun.is);
    house.say(CENSUS, [attended(&school, 2025)]).await;
    house.settle(&serving).await;
    let at = |at| ReplayRequest { child: Some(school.clone()), at };
    let now = auditor.replay(at(None)).await.unwrap();
    let then = proto::audit::replay_request::At::DecisionId(decision_id.clone());
    let then = auditor.replay(at(Some(then))).await.unwrap();
    assert_eq!(now.entries.len(), then.entries.len() + 1);
    assert!(now.entries.iter().any(|entry| entry.kind == "AttendanceSummarised"));
    let facts_now = RerunRequest { decision_id, facts_now: true, rules_current: false };
    let facts_now = auditor.rerun(facts_now).await.unwrap();
    assert_eq!((facts_now.verdict(), facts_now.entries), (RerunVerdict::Differs, rerun.entries + 1));
    let unusual = auditor.unusual(UnusualRequest::default()).await.unwrap();
    for bytes in [did.encode_to_vec(), rerun.encode_to_vec(), now.encode_to_vec(), unusual.encode_to_vec()] {
        for content in [UPN, "Invented", "invented ward"] {
            assert!(!holds(&bytes, content), "{content}");
        }
    }
    let calls: Vec<Call> = house.disclosures().await.iter().map(|record| record.call()).collect();
    for call in [Call::WhatDid, Call::Rerun, Call::Replay, Call::Unusual] {
        assert!(calls.contains(&call), "{call:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_of_another_organisation_cannot_tell_that_two_numbers_are_one_child() {
    let (house, serving, school, council) = asked().await;
    let mut auditor = auditor(&serving, SCHOOL).await;
    let other = pupil("P2");
    for child in [&school, &council, &other] {
        auditor.who_saw(who_saw(child)).await.unwrap();
    }
    for (child, own) in [(&school, 2), (&council, 1), (&other, 2)] {
        let told = auditor.who_saw(who_saw(child)).await.unwrap();
        let of = house.pseudonyms.of(child).0;
        assert!(told.accesses.iter().all(|access| access.asked_by == of), "what was asked by another number");
        assert_eq!((told.accesses.len(), told.looked_at), (own, 0));
        assert!(told.accesses.iter().all(|access| access.linked() == Linked::Unspecified));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_decisions_than_an_answer_gives_are_told_and_days_narrow_it() {
    let (house, before, ..) = asked().await;
    let keyring = &house.projector.keyring;
    let all = projection::replay::decisions(house.log.as_ref(), keyring, &house.pseudonyms, HUB, None, |_| {}).await;
    assert!(all.unwrap().0.len() >= 3);
    let papers = std::sync::Arc::clone(&before.papers);
    let serving = serve_auditing(&house, papers, LONG, Watches::new(), |audits| audits.at_most(1)).await;
    let mut auditor = auditor(&serving, HUB).await;
    let of_school = WhatDidRequest { organisation: SCHOOL.into(), ..Default::default() };
    let first = auditor.what_did(of_school.clone()).await.unwrap();
    assert_eq!((first.accesses.len(), first.more), (1, true));
    let mut all = first.accesses;
    let mut next = first.next;
    loop {
        let rest = auditor.what_did(WhatDidRequest { after: next, ..of_school.clone() }).await.unwrap();
        all.extend(rest.accesses);
        next = rest.next;
        if !rest.more {
            break;
        }
    }
    let whole =
        serve_auditing(&house, std::sync::Arc::clone(&before.papers), LONG, Watches::new(), |audits| audits).await;
    let whole = self::auditor(&whole, HUB).await.what_did(of_school.clone()).await.unwrap();
    assert_eq!((all, whole.more, whole.next.len()), (whole.accesses, false, 0), "page after page is the whole");
    let not_ours = WhatDidRequest { after: vec![1; 7], ..of_school };
    assert_eq!(reason(&auditor.what_did(not_ours).await.unwrap_err()), "REQUEST_MALFORMED");
    assert_eq!(reason(&auditor.unusual(UnusualRequest::default()).await.unwrap_err()), "REQUEST_MALFORMED");
    let today = jiff::Zoned::now().date();
    let next_year = day(i32::from(today.year()) + 1, 1, 1);
    let none = auditor.unusual(UnusualRequest { from: Some(next_year), ..Default::default() }).await.unwrap();
    assert_eq!((none.unusual.len(), none.looked_at), (0, 0), "what is before the first day is not read");
}
