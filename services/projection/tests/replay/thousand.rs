//! A thousand recorded disclosures of an invented authority, made again on another machine: another folder, the other kind of store, and
//! nothing but the log and the keys. Every kind of call is among them; what is not made again says why.

use std::collections::{BTreeMap, BTreeSet};

use projection::disclose::{Ask, Followed, Undisclosed, Watching};
use projection::replay::{Verdict, Why, With};
use projection::serve::caller::{Caller, Standing};
use proto::audit::WhoSawRequest;
use proto::events::{self as e, Body, Subject, when};
use proto::sharing::Call;
use proto::timeline::{ExplainDecisionRequest, GetInvolvementRequest, GetTimelineRequest};
use sharing::{Purpose, RoleGroup};

use super::Elsewhere;
use crate::harness::sayings::{day, fact, organisation};
use crate::harness::service::{Papers, serve};
use crate::harness::{HUB, House, Saying, staff};
use crate::leaks::authority::{AUTHORITY, BaseChild, PORTAL};

const ENOUGH: usize = 1_000;

/// What a source said, as the house says it.
fn saying(body: &Body) -> Option<Saying> {
    let on = match body.effective?.when? {
        when::When::On(on) => on,
        when::When::At(at) => {
            let at = jiff::Timestamp::new(at.seconds, 0).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
            day(at.year().into(), at.month() as u32, at.day() as u32)
        }
    };
    Some(Saying {
        subject: body.subject.clone()?,
        controller: body.controller.clone(),
        record_key: format!("{}/{}", body.record_key, body.ordinal),
        version: 1,
        on,
        cause: body.cause(),
        third_parties: body.third_parties.clone(),
        event: body.event.clone()?,
    })
}

/// Who asks about a child: somebody of each organisation that knows them, one who does not, and one of a family.
fn readers(child: &BaseChild) -> Vec<(Caller, Purpose)> {
    let own: BTreeSet<&str> = child.said.iter().map(|body| body.controller.as_str()).collect();
    let every = [RoleGroup::Safeguarding, RoleGroup::CaseHolding, RoleGroup::Clinical, RoleGroup::SchoolPastoral];
    let mut readers: Vec<(Caller, Purpose)> =
        own.iter().map(|organisation| (staff(organisation, &every), Purpose::EarlyHelp)).collect();
    let stranger = AUTHORITY.parties.iter().find(|party| !own.contains(party.as_str())).unwrap();
    readers.push((staff(stranger, &every), Purpose::ChildProtection));
    let standing = Standing::Family { issuer: PORTAL.1.to_owned() };
    readers.push((Caller { standing, ..staff(PORTAL.0, &[]) }, Purpose::SubjectAccess));
    readers
}

async fn recorded<V>(house: &House, undisclosed: Undisclosed<V>) {
    drop(undisclosed.record(&house.recorder).await.unwrap().release());
}

/// Every organisation that has a record of the child works with them, as people recorded.
fn works_with(child: &BaseChild) -> Vec<proto::admin::Fact> {
    let own: BTreeMap<&str, &Subject> =
        child.said.iter().filter_map(|body| Some((body.controller.as_str(), body.subject.as_ref()?))).collect();
    let started = |(organisation, subject): (&str, &Subject)| {
        let started = e::InvolvementStarted {
            organisation: Some(organisation.to_owned()),
            kind: Some(e::involvement::Kind::Targeted.into()),
            start_on: Some(day(2024, 1, 1)),
        };
        fact(subject, started)
    };
    own.into_iter().map(started).collect()
}

/// Everything that is asked of one child by one reader: whole and in part, as of today and of then, and followed.
async fn asked(house: &House, caller: &Caller, purpose: Purpose, child: &Subject) {
    let ask = Ask { valid_on: AUTHORITY.today, today: AUTHORITY.today, ..house.ask(caller, child, purpose) };
    let view = house.view(&Ask { page_size: 2, ..ask.clone() }).await;
    let next = Ask { page_size: 2, known_at_us: Some(view.pinned_at_us()), skip: view.next_skip(), ..ask.clone() };
    house.view(&next).await;
    let then = Ask { valid_on: jiff::civil::date(2025, 11, 3), from_day: Some(17_000), ..ask.clone() };
    house.view(&then).await;
    recorded(house, house.discloser.decide_involvement(&ask).unwrap()).await;
    recorded(house, house.discloser.decide_family(&ask).unwrap()).await;
    recorded(house, house.discloser.decide_facts(&ask).unwrap()).await;
    if let Followed::Changed(changed) = house.discloser.follow(&ask, &Watching::new()).unwrap() {
        recorded(house, *changed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_recorded_disclosures_are_the_same_bytes_on_another_machine() {
    let mut house = House::new().await;
    let papers = Papers::new();
    let mut hub = vec![papers.of(organisation(HUB, proto::sharing::Sector::Oversight))];
    hub.extend(AUTHORITY.facts());
    house.record(hub).await;
    let children: Vec<&BaseChild> = AUTHORITY.children.iter().take(45).collect();
    for child in &children {
        house.record(works_with(child)).await;
        let mut by_source: BTreeMap<&str, Vec<Saying>> = BTreeMap::new();
        for body in &child.said {
            by_source.entry(&body.source).or_default().extend(saying(body));
        }
        for (source, sayings) in by_source {
            house.say(source, sayings).await;
        }
    }
    house.catch_up().await;
    for (at, child) in children.iter().enumerate() {
        for (caller, purpose) in readers(child) {
            asked(&house, &caller, purpose, &child.subjects[at % child.subjects.len()]).await;
        }
    }
    // What comes over the wire besides: an explanation, refusals, and an auditor's question.
    let serving = serve(&house, papers, std::time::Duration::from_secs(3_600)).await;
    house.settle(&serving).await;
    let mut reader = serving.reader(HUB, "r.invented", &["safeguarding"]).await;
    let child = children[0].subjects[0].clone();
    let request = GetTimelineRequest {
        child: Some(child.clone()),
        purpose: Purpose::ChildProtection.into(),
        ..GetTimelineRequest::default()
    };
    let answer = reader.get(&request).await.unwrap();
    let explain = ExplainDecisionRequest { decision_id: answer.decision_id, ..Default::default() };
    reader.explain(&explain).await.unwrap();
    reader.get(&GetTimelineRequest { child: None, ..request }).await.unwrap_err();
    let nothing = GetInvolvementRequest { child: Some(child.clone()), ..Default::default() };
    // Of one caller a second refusal of the same moment would be summed into the next record.
    let mut other = serving.reader(HUB, "o.invented", &["safeguarding"]).await;
    other.involvement(&nothing).await.unwrap_err();
    let mut auditor = serving.auditor(HUB, "a.invented", &["auditor"]).await;
    auditor.who_saw(WhoSawRequest { child: Some(child), ..Default::default() }).await.unwrap();

    let elsewhere = Elsewhere::of(&house).await;
    let mut same: BTreeMap<Call, usize> = BTreeMap::new();
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    let mut gave = 0;
    for recorded in elsewhere.recorded() {
        match elsewhere.verdict(&recorded, &With::recorded()) {
            Verdict::Same => {
                *same.entry(recorded.decision.call()).or_default() += 1;
                gave += usize::from(recorded.decision.entries_released > 0 || recorded.decision.lines_released > 0);
            }
            Verdict::CannotSay(why) => *others.entry(why.says()).or_default() += 1,
            other => panic!("{:?}: {other:?}", recorded.decision),
        }
    }
    let sum: usize = same.values().sum();
    assert!(sum >= ENOUGH && gave > 250, "{sum}, {gave} of them of something: {same:?}");
    let calls = [Call::GetTimeline, Call::GetInvolvement, Call::GetFamily, Call::ListFacts, Call::ExplainDecision];
    assert!(calls.iter().all(|call| same.contains_key(call)), "{same:?}");
    assert_eq!(others.get(Why::RefusedUnread.says()), Some(&2), "{others:?}");
    assert_eq!(others.get(Why::Audit.says()), Some(&1), "{others:?}");
    assert_eq!(others.len(), 2, "{others:?}");
}
