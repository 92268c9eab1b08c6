//! The rights of whoever a record is about: to have it, to have it put right, to have it left alone, and not to have it kept for ever.

mod access;
mod due;
mod right;

use std::time::Duration;

use proto::admin::Fact;
use proto::events::{self as e, Subject};
use proto::sharing::family_person_recognised::Relation;
use proto::sharing::{self as s, NamedPerson, Purpose};
use proto::timeline::{Entry, GetTimelineRequest};

use crate::harness::sayings::*;
use crate::harness::service::{Papers, Reader, Serving, serve};
use crate::harness::{HUB, House};

pub(crate) const LONG: Duration = Duration::from_secs(3_600);
pub(crate) const PORTAL: &str = "la-878-families";
pub(crate) const PARENT: &str = "family-0001";
const INFORMATION_GOVERNANCE: &[&str] = &["information_governance"];

/// A child whom a school and a hospital know, and a portal that vouches for a parent.
pub(crate) struct There {
    pub(crate) house: House,
    pub(crate) serving: Serving,
    pub(crate) child: Subject,
}

impl There {
    /// `more` is said of the child besides.
    pub(crate) async fn with(more: impl FnOnce(&Subject) -> Vec<crate::harness::Saying>) -> Self {
        let mut house = House::new().await;
        let papers = Papers::new();
        let mut portal = organisation(PORTAL, s::Sector::SocialCare);
        if let Some(e::event::Kind::OrganisationRecorded(said)) = portal.event.as_mut().and_then(|e| e.kind.as_mut()) {
            (said.vouches_for_people, said.designated) = (Some(true), Some(false));
        }
        let everybody = organisations().into_iter().chain([portal, organisation(HUB, s::Sector::Oversight)]);
        house.record(everybody.map(|fact| papers.of(fact)).collect()).await;
        let child = pupil("P1");
        let own = [described(SCHOOL, &child, &[upn(UPN)]), enrolled(SCHOOL, &child), attended(&child, 2024)];
        house.say(CENSUS, own).await;
        let more: Vec<_> = more(&child);
        house.say(CENSUS, more).await;
        house.record(vec![recognised(&child), verified(&child), cannot_decide(&child)]).await;
        house.catch_up().await;
        let serving = serve(&house, papers, LONG).await;
        let mut there = Self { house, serving, child };
        there.settle().await;
        there
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_| Vec::new()).await
    }

    pub(crate) async fn settle(&mut self) {
        self.house.settle(&self.serving).await;
    }

    pub(crate) async fn record(&mut self, facts: Vec<Fact>) {
        self.house.record(facts).await;
        self.settle().await;
    }

    pub(crate) async fn entries(&self, reader: &mut Reader, purpose: Purpose) -> Vec<Entry> {
        let request =
            GetTimelineRequest { child: Some(self.child.clone()), purpose: purpose.into(), ..Default::default() };
        reader.get(&request).await.unwrap().entries
    }

    pub(crate) async fn parent(&self) -> Reader {
        self.serving.family(PORTAL, PARENT).await
    }
}

pub(crate) fn named(person: &str) -> Option<NamedPerson> {
    Some(NamedPerson { issuer: Some(format!("https://id.{PORTAL}.invalid")), person: Some(person.into()) })
}

fn recognised(child: &Subject) -> Fact {
    let mut recognised = s::FamilyPersonRecognised {
        id: Some("parent".into()),
        person: named(PARENT),
        evidence: Some("an invented passport".into()),
        recognised_by: Some("an invented clerk".into()),
        on: Some(day(2025, 1, 5)),
        ..Default::default()
    };
    recognised.set_relation(Relation::Parent);
    fact(child, recognised)
}

fn verified(child: &Subject) -> Fact {
    let verified = s::ParentalResponsibilityVerified {
        person: named(PARENT),
        evidence: Some("an invented birth certificate".into()),
        verified_by: Some("another invented clerk".into()),
        on: Some(day(2025, 1, 5)),
    };
    fact(child, verified)
}

fn cannot_decide(child: &Subject) -> Fact {
    let mut assessed = s::CompetenceAssessed {
        competent: Some(false),
        assessed_by: Some("an invented nurse".into()),
        on: Some(day(2025, 1, 5)),
        ..Default::default()
    };
    assessed.set_decision(s::DecisionKind::Information);
    fact(child, assessed)
}
