//! Two services side by side, each with the children of one world of every pair.

use std::sync::Arc;
use std::time::Duration;

use event_log::Topic;
use event_log::authority;
use projection::child::Careless;
use projection::disclose::{Ask, Discloser, Followed, Watching};
use projection::registry::Registries;
use projection::serve::limits::Limits;
use projection::serve::page::{PageTokens, TOKEN_BYTES};
use projection::serve::stream::Watches;
use projection::serve::timelines::TimelineService;
use prost::Message;
use proto::events::Body;
use proto::timeline::{
    AsOf, ExplainDecisionRequest, ExplainDecisionResponse, GetFamilyRequest, GetInvolvementRequest, GetTimelineRequest,
    GetTimelineResponse, Period,
};
use sharing::{DecisionCache, Engine};
use tokio::sync::watch;
use tonic::{Code, Status};

use super::authority::AUTHORITY;
use super::worlds::{Asking, Told};
use crate::harness::{House, now_us, sayings};

/// Pages that a reader turns.
const PAGES_MAX: usize = 4;
const RECORDS_AN_APPEND: usize = 4_000;

/// One of the two services.
pub struct Side {
    house: House,
    pub service: Arc<TimelineService>,
    progress: watch::Sender<projection::consume::Progress>,
}

/// What of an answer is told to anybody: its bytes without what is random, or the refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Answer { bytes: Vec<u8>, length: usize },
    Refused { code: Code, message: String, details: Vec<u8>, reason: String },
}

/// What is wrong with a service.
#[derive(Clone)]
pub enum Fault {
    None,
    /// It does something with what is hidden.
    Code(Careless),
    /// It runs other rules than the oracle.
    Rules(Arc<Engine>),
}

impl Side {
    pub async fn new(fault: &Fault) -> Self {
        let mut house = House::new().await;
        let right = Arc::clone(&house.discloser);
        let (children, engine) = match fault {
            Fault::None => (right.children.clone(), Arc::clone(&right.engine)),
            Fault::Code(careless) => {
                (right.children.clone().with_a_leak(Arc::clone(careless)), Arc::clone(&right.engine))
            }
            Fault::Rules(engine) => (right.children.clone(), Arc::clone(engine)),
        };
        house.discloser = Arc::new(Discloser {
            children,
            engine,
            cache: DecisionCache::new(100_000),
            registries: Registries::new(house.store.clone(), house.projector.clone()),
            hub_contact: right.hub_contact.clone(),
        });
        house.record(AUTHORITY.facts()).await;
        for person in ["approver-1", "approver-2"] {
            let hash = house.discloser.engine.policy_hash();
            house.commands.approve_policy(hash, person, now_us(), sayings::day(2025, 10, 1)).await.unwrap();
        }
        house.catch_up().await;
        let (progress, told) = watch::channel(*house.progress.borrow());
        let service = TimelineService {
            discloser: Arc::clone(&house.discloser),
            recorder: Arc::clone(&house.recorder),
            pseudonyms: Arc::clone(&house.pseudonyms),
            progress: told,
            facts_lag_max: Duration::from_secs(3_600),
            limits: Limits::new(u32::MAX),
            tokens: Arc::default(),
            pages: PageTokens::new(&house.pseudonyms),
            watches: Watches::new(),
            noticed: None,
        };
        Self { house, service: Arc::new(service), progress }
    }

    /// All of this is said, and read.
    pub async fn tell(&mut self, told: impl Iterator<Item = &Told>) {
        let (mut keys, mut records, mut facts) = (Vec::new(), Vec::new(), Vec::new());
        for told in told {
            for body in &told.bodies {
                let (key, record) = self.sealed(body);
                keys.extend(key);
                records.push(record);
            }
            facts.extend(told.facts.iter().cloned());
        }
        for of in [keys, records] {
            for part in of.chunks(RECORDS_AN_APPEND) {
                self.house.log.append(part.to_vec()).await.unwrap();
            }
        }
        for part in facts.chunks(RECORDS_AN_APPEND) {
            self.house.record(part.to_vec()).await;
        }
        self.house.catch_up().await;
        assert!(self.house.refusals.refused.lock().unwrap().is_empty(), "everything said is taken");
        self.progress.send_replace(*self.house.progress.borrow());
    }

    fn sealed(&mut self, body: &Body) -> (Option<event_log::Record>, event_log::Record) {
        let topic = authority::sector_of(&body.source).and_then(authority::sector_topic).unwrap_or(Topic::Education);
        let pseudonyms = Arc::clone(&self.house.pseudonyms);
        let subject = pseudonyms.of(body.subject.as_ref().unwrap());
        let (key_id, key) = self.house.keys(&body.source).for_subject(subject, &body.controller).unwrap();
        let version = body.version.unwrap();
        let event_id = pseudonyms.event_id(&body.controller, &body.source, &body.record_key, &version, body.ordinal);
        let event = body.event.as_ref().unwrap();
        (key, self.house.seal(&body.source, topic, subject, key_id, event_id, &body.encode_to_vec(), event))
    }

    pub async fn timeline(&self, request: &GetTimelineRequest, asking: &Asking) -> (Heard, GetTimelineResponse) {
        let answer = self.service.timeline_for(&asking.reader, request.clone(), at()).await;
        match answer {
            Ok(answer) => {
                let answer = answer.into_inner().message().unwrap();
                let length = answer.encoded_len();
                assert_eq!((answer.decision_id.len(), answer.next_page_token.len()), (16, TOKEN_BYTES));
                let (decision_id, next_page_token) = (Vec::new(), Vec::new());
                let told = GetTimelineResponse { decision_id, next_page_token, ..answer.clone() };
                (Heard::Answer { bytes: told.encode_to_vec(), length }, answer)
            }
            Err(status) => (Heard::refused(&status), GetTimelineResponse::default()),
        }
    }

    /// As many pages as the reader turns, and the token of the last.
    pub async fn pages(&self, asking: &Asking, known_at_us: Option<i64>) -> (Vec<Heard>, Vec<u8>, Vec<u8>) {
        let (mut heard, mut first, mut request) = (Vec::new(), Vec::new(), asking.request(known_at_us));
        loop {
            let (page, answer) = self.timeline(&request, asking).await;
            heard.push(page);
            if first.is_empty() {
                first = answer.decision_id;
            }
            let token = answer.next_page_token;
            if heard.len() == PAGES_MAX || !answer.more {
                return (heard, token, first);
            }
            request.page_token = token;
        }
    }

    pub async fn involvement(&self, asking: &Asking) -> Heard {
        let request = GetInvolvementRequest { child: Some(asking.child.clone()), purpose: asking.purpose.into() };
        match self.service.involvement_for(&asking.reader, request, at()).await {
            Ok(answer) => {
                let mut answer = answer.into_inner();
                let length = answer.encoded_len();
                assert_eq!(std::mem::take(&mut answer.decision_id).len(), 16);
                Heard::Answer { bytes: answer.encode_to_vec(), length }
            }
            Err(status) => Heard::refused(&status),
        }
    }

    pub async fn family(&self, asking: &Asking) -> Heard {
        let request = GetFamilyRequest { child: Some(asking.child.clone()), purpose: asking.purpose.into() };
        match self.service.family_for(&asking.reader, request, at()).await {
            Ok(answer) => {
                let mut answer = answer.into_inner();
                let length = answer.encoded_len();
                assert_eq!(std::mem::take(&mut answer.decision_id).len(), 16);
                for child in &mut answer.children {
                    assert_eq!(std::mem::take(&mut child.decision_id).len(), 16);
                }
                Heard::Answer { bytes: answer.encode_to_vec(), length }
            }
            Err(status) => Heard::refused(&status),
        }
    }

    pub async fn explanation(&self, asking: &Asking, decision_id: Vec<u8>) -> Heard {
        let request = ExplainDecisionRequest { decision_id, purpose: 0 };
        match self.service.explanation_for(&asking.reader, &request, at()).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                let nothing = Vec::new();
                let told = ExplainDecisionResponse {
                    decision_id: nothing.clone(),
                    explanation_id: nothing,
                    decided_at: None,
                    ..answer
                };
                Heard::Answer { length: told.encoded_len(), bytes: told.encode_to_vec() }
            }
            Err(status) => Heard::refused(&status),
        }
    }

    /// The frames of a stream since they were last asked for.
    pub async fn frames(&self, asking: &Asking, watching: &mut Watching, named: &mut Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let desk = &self.house;
        let ask = self.ask(asking);
        match desk.discloser.follow(&ask, watching).unwrap() {
            Followed::Same(unseen) => {
                watching.remember(unseen);
                Vec::new()
            }
            Followed::Narrowed => vec![b"narrowed".to_vec()],
            Followed::Changed(undisclosed) => {
                let changes = undisclosed.record(&desk.recorder).await.unwrap().release();
                let frames = changes.into_frames(watching);
                frames.into_iter().map(|frame| canonical(frame, named)).collect()
            }
        }
    }

    fn ask(&self, asking: &Asking) -> Ask {
        let today = AUTHORITY.today;
        let (now_us, _) = at();
        let day = |day: jiff::civil::Date| i64::from(projection::disclose::day_number(day));
        Ask {
            caller: asking.reader.clone(),
            child: self.house.pseudonyms.of(&asking.child),
            purpose: asking.purpose,
            from_day: asking.days.map(|(from, _)| day(from)),
            to_day: asking.days.map(|(_, to)| day(to)),
            categories: asking.categories.clone(),
            known_at_us: None,
            valid_on: today,
            today,
            skip: 0,
            page_size: usize::MAX,
            request_digest: [9; 16],
            asked_at_us: now_us,
            registry_generation: self.house.progress.borrow().registry_generation,
        }
    }
}

fn at() -> (i64, jiff::civil::Date) {
    (now_us(), AUTHORITY.today)
}

/// Without what is random: the ids of a stream by the order in which they first came.
fn canonical(mut frame: proto::timeline::WatchTimelineResponse, named: &mut Vec<Vec<u8>>) -> Vec<u8> {
    assert_eq!(std::mem::take(&mut frame.decision_id).len(), 16);
    let mut number = |id: &[u8]| {
        assert_eq!(id.len(), 16);
        let at = named.iter().position(|known| known == id).unwrap_or_else(|| {
            named.push(id.to_vec());
            named.len() - 1
        });
        u32::try_from(at).unwrap().to_be_bytes().to_vec()
    };
    for entry in &mut frame.entries {
        entry.id = number(&entry.id);
    }
    frame.withdrawn = frame.withdrawn.iter().map(|id| number(id)).collect();
    frame.withdrawn.sort();
    frame.encode_to_vec()
}

impl Heard {
    fn refused(status: &Status) -> Self {
        Self::Refused {
            code: status.code(),
            message: status.message().to_owned(),
            details: status.details().to_vec(),
            reason: crate::harness::service::reason(status),
        }
    }
}

impl Asking {
    pub fn request(&self, known_at_us: Option<i64>) -> GetTimelineRequest {
        let date = |day: jiff::civil::Date| {
            Some(crate::harness::sayings::day(day.year().into(), day.month() as u32, day.day() as u32))
        };
        let known_at = known_at_us.map(|us| prost_types::Timestamp {
            seconds: us.div_euclid(1_000_000),
            nanos: i32::try_from(us.rem_euclid(1_000_000) * 1_000).unwrap(),
        });
        let as_of = AsOf { known_at, valid_on: self.valid_on.and_then(date) };
        GetTimelineRequest {
            child: Some(self.child.clone()),
            purpose: self.purpose.into(),
            period: self.days.map(|(from, to)| Period { from: date(from), to: date(to) }),
            categories: self.categories.iter().map(|category| (*category).into()).collect(),
            as_of: Some(as_of),
            page_size: self.page_size,
            page_token: Vec::new(),
        }
    }
}
