//! Review of identity over TLS: what waits, a pair side by side, decisions by one and by two, what was released under a link.

mod again;
mod decide;
mod releases;
mod severance;
mod shown;
mod statistics;

use std::sync::Arc;
use std::time::Duration;

use crate::harness;
use harness::House;
use harness::sayings::*;
use harness::service::{Papers, Reviewer, Serving, serve};
use proto::events::{self as e, Subject, Verdict};
use proto::identity::{
    DecideRequest, DecideResponse, ListItemsRequest, Pair, QueueItem, ShowItemRequest, ShowItemResponse,
    decide_request, show_item_request,
};
use proto::sharing as s;

const HUB: &str = harness::HUB;
const LONG: Duration = Duration::from_secs(3_600);
const REVIEWER: &[&str] = &["identity_reviewer"];

/// A house, its service, and two who review for the organisation that runs it.
struct Review {
    house: House,
    serving: Serving,
    papers: Arc<Papers>,
    one: Reviewer,
    two: Reviewer,
}

impl Review {
    async fn new() -> Self {
        let mut house = House::new().await;
        let papers = Arc::new(Papers::new());
        let everybody = [organisation(HUB, s::Sector::Oversight)].into_iter().chain(organisations());
        house.record(everybody.map(|fact| papers.of(fact)).collect()).await;
        house.catch_up().await;
        let serving = serve(&house, Arc::clone(&papers), LONG).await;
        let one = serving.reviewer(HUB, "reviewer.one", REVIEWER).await;
        let two = serving.reviewer(HUB, "reviewer.two", REVIEWER).await;
        house.settle(&serving).await;
        Self { house, serving, papers, one, two }
    }

    async fn settle(&mut self) {
        self.house.settle(&self.serving).await;
    }

    /// What waits, as the first reviewer has it.
    async fn waiting(&mut self) -> Vec<QueueItem> {
        self.settle().await;
        let answer = self.one.list(ListItemsRequest::default()).await.unwrap();
        assert!(answer.complete);
        answer.items
    }

    /// The pair, as the first reviewer sees it.
    async fn seen(&mut self, one: &Subject, other: &Subject) -> Result<ShowItemResponse, tonic::Status> {
        self.settle().await;
        self.one.show(about(one, other)).await
    }

    /// Decides, while the consumer reads on.
    async fn decide(&mut self, by: &Reviewer, request: DecideRequest) -> Result<DecideResponse, tonic::Status> {
        self.settle().await;
        let mut by = by.clone();
        let deciding = tokio::spawn(async move { by.decide(request).await });
        while !deciding.is_finished() {
            self.settle().await;
            tokio::task::yield_now().await;
        }
        deciding.await.unwrap()
    }
}

fn about(one: &Subject, other: &Subject) -> ShowItemRequest {
    let pair = Pair { one: Some(one.clone()), other: Some(other.clone()) };
    ShowItemRequest { about: Some(show_item_request::About::Pair(pair)) }
}

fn deciding(one: &Subject, other: &Subject, verdict: Verdict, seen: &ShowItemResponse) -> DecideRequest {
    let pair = Pair { one: Some(one.clone()), other: Some(other.clone()) };
    DecideRequest {
        about: Some(decide_request::About::Pair(pair)),
        verdict: verdict.into(),
        seen: seen.seen.clone(),
        reason: "an invented reason".into(),
        from_all: false,
    }
}

/// A person of this name and birth date, with what else a source has of them.
fn person(controller: &str, local: &Subject, given: &str, born: e::Date, identifiers: &[Subject]) -> harness::Saying {
    let mut said = described(controller, local, identifiers);
    if let Some(e::event::Kind::PersonDescribed(person)) = &mut said.event.kind {
        person.birth_on = Some(born);
        person.names =
            vec![e::PersonName { given: Some(given.into()), family: Some("Invented".into()), ..Default::default() }];
        person.addresses = vec![e::Address {
            lines: vec![format!("1 {given} Street")],
            postcode: Some("ZZ9 9ZZ".into()),
            ..Default::default()
        }];
        person.sex = Some(e::Coded { code: "F".into(), code_set: "invented".into(), text: None });
    }
    said
}
