//! Two worlds that differ only in what is hidden from a reader: whatever is said in them and in whatever order, the reader
//! gets the same bytes, of who works with the child and of every frame of a stream.

use std::collections::BTreeMap;

use projection::disclose::{Followed, Watching};
use proptest::prelude::*;
use prost::Message;
use proto::events::{self as e, Subject};
use proto::timeline::WatchTimelineResponse;
use sharing::{Purpose, RoleGroup};

use super::harness::sayings::*;
use super::harness::{House, Saying, staff};
use super::{clinic, known_child, taken_back};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The school says something new.
    Attendance(u8),
    /// The school takes it back.
    TakenBack(u8),
    /// The council begins a case that a teacher may know of, and no more.
    Referral(u8),
    /// What the teacher may not know of at all.
    Hidden(Hidden, u8),
}

#[derive(Clone, Copy, Debug)]
enum Hidden {
    /// A clinic that is withheld even in its existence.
    SexualHealth,
    /// A record that nobody has classified.
    Unclassified,
    /// A school outside every agreement, at which the child is enrolled, and which they have left.
    Elsewhere,
    LeftElsewhere,
    /// That school describes the child newly, with a practice.
    DescribedElsewhere,
}

const ELSEWHERE: &str = "school-9994001";

fn step() -> impl Strategy<Value = Step> {
    let hidden = prop_oneof![
        Just(Hidden::SexualHealth),
        Just(Hidden::Unclassified),
        Just(Hidden::Elsewhere),
        Just(Hidden::LeftElsewhere),
        Just(Hidden::DescribedElsewhere),
    ];
    prop_oneof![
        (0..4u8).prop_map(Step::Attendance),
        (0..4u8).prop_map(Step::TakenBack),
        (0..2u8).prop_map(Step::Referral),
        (hidden, 0..3u8).prop_map(|(hidden, n)| Step::Hidden(hidden, n)),
    ]
}

struct World {
    house: House,
    children: (Subject, Subject, Subject),
    elsewhere: Subject,
    watching: Watching,
    /// Opaque ids in the order in which they first came.
    named: BTreeMap<Vec<u8>, usize>,
    shows_hidden: bool,
}

impl World {
    async fn new(shows_hidden: bool) -> Self {
        let mut house = House::new().await;
        house.record(organisations()).await;
        let children = known_child(&mut house).await;
        let elsewhere = subject(e::Scheme::SchoolPupil, "9994001", "E1");
        house.record(vec![linked(&children.0, &elsewhere)]).await;
        house.catch_up().await;
        Self { house, children, elsewhere, watching: Watching::new(), named: BTreeMap::new(), shows_hidden }
    }

    async fn take(&mut self, step: Step) {
        let (school, council, hospital) = &self.children;
        match step {
            Step::Attendance(n) => drop(self.house.say(CENSUS, [attendance(school, n)]).await),
            Step::TakenBack(n) => drop(self.house.say(CENSUS, [taken_back(attendance(school, n))]).await),
            Step::Referral(n) => {
                let on = day(2025, 11, 1 + u32::from(n));
                let event = e::ReferralReceived { received_on: Some(on), ..Default::default() };
                let referral = saying(COUNCIL, council, &format!("referral/{n}"), on, event);
                self.house.say(CIN, [referral]).await;
            }
            Step::Hidden(..) if !self.shows_hidden => {}
            Step::Hidden(Hidden::SexualHealth, n) => {
                self.house.say(HL7, [clinic(hospital, &format!("gum/{n}"), "360")]).await;
            }
            Step::Hidden(Hidden::Unclassified, n) => {
                let kept = e::SourceRecordKept { content: Some("invented".into()), ..Default::default() };
                self.house.say(CIN, [saying(COUNCIL, council, &format!("kept/{n}"), day(2024, 2, 1), kept)]).await;
            }
            Step::Hidden(Hidden::Elsewhere, _) => {
                self.house.say(CENSUS, [enrolled(ELSEWHERE, &self.elsewhere)]).await;
            }
            Step::Hidden(Hidden::LeftElsewhere, n) => {
                let on = Some(day(2026, 1, 1 + u32::from(n)));
                let left = e::EnrolmentEnded { school: Some(ELSEWHERE.into()), leaving_on: on, ..Default::default() };
                self.house.say(CENSUS, [saying(ELSEWHERE, &self.elsewhere, "left", day(2026, 1, 1), left)]).await;
            }
            Step::Hidden(Hidden::DescribedElsewhere, n) => {
                let mut person = described(ELSEWHERE, &self.elsewhere, &[]);
                if let Some(e::event::Kind::PersonDescribed(person)) = &mut person.event.kind {
                    person.practice = Some(COUNCIL.into());
                }
                self.house.say(CENSUS, [Saying { version: 2 + u64::from(n), ..person }]).await;
            }
        }
        self.house.catch_up().await;
    }

    /// Everything that the reader gets now: a stream's frames, with ids by the order in which they came, and who works with
    /// the child.
    async fn bytes(&mut self) -> (Vec<Vec<u8>>, Vec<u8>) {
        let caller = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
        let ask = self.house.ask(&caller, &self.children.0, Purpose::EducationProvision);
        let mut frames = Vec::new();
        match self.house.discloser.follow(&ask, &self.watching).unwrap() {
            Followed::Same(unseen) => self.watching.remember(unseen),
            Followed::Narrowed => frames.push(b"narrowed".to_vec()),
            Followed::Changed(undisclosed) => {
                let changes = undisclosed.record(&self.house.recorder).await.unwrap().release();
                let given = changes.into_frames(&mut self.watching);
                frames.extend(given.into_iter().map(|frame| self.canonical(frame)));
            }
        }
        let undisclosed = self.house.discloser.decide_involvement(&ask).unwrap();
        let mut answer = undisclosed.record(&self.house.recorder).await.unwrap().release().into_answer();
        answer.decision_id.clear();
        (frames, answer.encode_to_vec())
    }

    fn canonical(&mut self, mut frame: WatchTimelineResponse) -> Vec<u8> {
        assert_eq!(frame.decision_id.len(), 16);
        frame.decision_id.clear();
        let mut number = |id: &[u8]| {
            assert_eq!(id.len(), 16);
            let next = self.named.len();
            vec![*self.named.entry(id.to_vec()).or_insert(next) as u8]
        };
        for entry in &mut frame.entries {
            entry.id = number(&entry.id);
        }
        // In no order that says anything: theirs is that of ids, which are random.
        frame.withdrawn = frame.withdrawn.iter().map(|id| number(id)).collect();
        frame.withdrawn.sort();
        frame.encode_to_vec()
    }
}

fn attendance(school: &Subject, n: u8) -> Saying {
    attended(school, 2021 + i32::from(n))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_hidden_changes_no_byte(steps in prop::collection::vec(step(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut one, mut other) = (World::new(true).await, World::new(false).await);
            prop_assert_eq!(one.bytes().await, other.bytes().await);
            for step in &steps {
                one.take(*step).await;
                other.take(*step).await;
                let (seen, expected) = (one.bytes().await, other.bytes().await);
                if matches!(step, Step::Hidden(..)) {
                    prop_assert_eq!(seen.0.len(), 0, "{:?} gave a frame", step);
                }
                prop_assert_eq!(seen, expected, "{:?}", step);
            }
            let decisions = [one.house.disclosures().await.len(), other.house.disclosures().await.len()];
            prop_assert_eq!(decisions[0], decisions[1], "what is hidden leaves no record that counts");
            Ok(())
        })?;
    }
}

#[test]
fn the_worlds_do_show_what_is_not_hidden() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(true).await;
        let first = world.bytes().await;
        world.take(Step::Attendance(0)).await;
        let second = world.bytes().await;
        assert!(!first.0.is_empty() && !second.0.is_empty() && first.0 != second.0);
        assert_eq!(first.1, second.1);
    });
}
