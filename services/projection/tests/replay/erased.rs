//! A timeline as it stood, and a decision made again, after an erasure: that something was erased, when and under what authority, to who
//! may know; and what can no longer be shown, and why.

use std::time::Duration;

use proto::audit::{ReplayRequest, RerunRequest, RerunVerdict, replay_request};
use proto::sharing as s;
use sharing::{Purpose, RoleGroup};

use crate::harness::sayings::*;
use crate::harness::service::{Papers, reason, serve};
use crate::harness::{HUB, House, holds, now_us, staff};

const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_is_told_what_was_erased_when_and_why_and_what_it_leaves_unknown() {
    let papers = Papers::new();
    let mut house = House::new().await;
    house.record(organisations()).await;
    let signs_in = [(HUB, s::Sector::Oversight), (SCHOOL, s::Sector::Education), (COUNCIL, s::Sector::SocialCare)];
    house.record(signs_in.map(|(id, sector)| papers.of(organisation(id, sector))).to_vec()).await;
    let (council, other) = (council_child("C1"), council_child("C2"));
    house.say(CIN, [described(COUNCIL, &council, &[]), referred(&council), described(COUNCIL, &other, &[])]).await;
    house.catch_up().await;
    let worker = staff(COUNCIL, &[RoleGroup::CaseHolding, RoleGroup::Safeguarding]);
    house.read(&worker, &council, Purpose::ChildInNeed).await;
    let before_us = now_us();
    let serving = serve(&house, papers, LONG).await;
    let (mut one, mut two) = (
        serving.eraser(HUB, "one", &["information_governance"]).await,
        serving.eraser(HUB, "two", &["information_governance"]).await,
    );
    macro_rules! while_it_reads {
        ($asked:expr) => {{
            let mut asked = Box::pin($asked);
            loop {
                tokio::select! {
                    biased;
                    answer = &mut asked => break answer,
                    () = house.settle(&serving) => tokio::task::yield_now().await,
                }
            }
        }};
    }
    let id = while_it_reads!(one.propose(&council, true, 0)).unwrap().erasure_id;
    while_it_reads!(two.confirm(&id)).unwrap();
    while_it_reads!(two.run(&id)).unwrap();
    house.settle(&serving).await;

    let mut auditor = serving.auditor(HUB, "a.invented", &["auditor"]).await;
    let at = |child: &proto::events::Subject, at| ReplayRequest { child: Some(child.clone()), at };
    let now = auditor.replay(at(&council, None)).await.unwrap();
    let [erased] = now.erased.as_slice() else { panic!("{now:?}") };
    assert_eq!((erased.authority_reference.as_str(), &erased.erasure_id), ("CO-2026-17", &id));
    assert!(erased.at.is_some() && now.entries.is_empty());
    assert_eq!(now.events_erased, 2);
    let time = |us: i64| {
        let nanos = i32::try_from(us.rem_euclid(1_000_000) * 1_000).unwrap();
        replay_request::At::Time(prost_types::Timestamp { seconds: us.div_euclid(1_000_000), nanos })
    };
    assert_eq!(
        auditor.replay(at(&council, Some(time(before_us)))).await.unwrap().events_erased,
        2,
        "on the log by then"
    );
    let long_ago = auditor.replay(at(&council, Some(time(1)))).await.unwrap();
    assert_eq!((long_ago.events_erased, long_ago.erased.len()), (0, 1), "before there was anything");
    let unknown = auditor.replay(at(&other, None)).await.unwrap();
    assert_eq!((unknown.erased.len(), unknown.events_erased, unknown.entries.len()), (0, 0, 1));

    let decision_id = house.disclosures().await.into_iter().find(|of| of.organisation == COUNCIL).unwrap().decision_id;
    let rerun = RerunRequest { decision_id, ..RerunRequest::default() };
    let again = auditor.rerun(rerun.clone()).await.unwrap();
    assert_eq!((again.verdict(), again.facts_erased, again.facts), (RerunVerdict::Erased, 2, 2), "{}", again.what);
    assert!(again.what.contains("2 of the 2 events that it was made from are erased"), "{}", again.what);
    assert!(again.what.contains("nobody can be shown again"), "{}", again.what);
    assert_eq!(again.erased, now.erased);
    let mut current = rerun.clone();
    current.rules_current = true;
    assert_eq!(auditor.rerun(current).await.unwrap().verdict(), RerunVerdict::Erased);
    use prost::Message as _;
    assert!(!holds(&again.encode_to_vec(), "C1") && !holds(&now.encode_to_vec(), "C1"));
    // Nobody else is told of it, by this way either.
    let mut elsewhere = serving.auditor(SCHOOL, "n.invented", &["auditor"]).await;
    assert_eq!(reason(&elsewhere.replay(at(&council, None)).await.unwrap_err()), "NO_SUCH_DECISION");
    assert_eq!(reason(&elsewhere.rerun(rerun).await.unwrap_err()), "NO_SUCH_DECISION");
}
