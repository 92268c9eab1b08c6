//! What a stream gives of a view, and when it gives nothing more.

use projection::disclose::{Ask, Followed, Watching};
use proto::events::Subject;
use proto::sharing as s;
use proto::timeline::WatchTimelineResponse;
use sharing::{Purpose, RoleGroup};

use super::harness::sayings::*;
use super::harness::{House, Saying, staff};
use super::{known_child, taken_back, withdrawn};

struct Follower {
    house: House,
    watching: Watching,
    school: Subject,
    hospital: Subject,
}

/// What a look at the view gave.
#[derive(Debug, PartialEq)]
enum Gave {
    Nothing,
    Narrowed,
    Frames(Vec<WatchTimelineResponse>),
}

impl Follower {
    async fn new() -> Self {
        let mut house = House::new().await;
        house.record(organisations()).await;
        let (school, _, hospital) = known_child(&mut house).await;
        Self { house, watching: Watching::new(), school, hospital }
    }

    fn ask(&self) -> Ask {
        self.house.ask(&staff(SCHOOL, &[RoleGroup::SchoolPastoral]), &self.school, Purpose::EarlyHelp)
    }

    async fn look(&mut self) -> Gave {
        self.house.catch_up().await;
        match self.house.discloser.follow(&self.ask(), &self.watching).unwrap() {
            Followed::Same(unseen) => {
                self.watching.remember(unseen);
                Gave::Nothing
            }
            Followed::Narrowed => Gave::Narrowed,
            Followed::Changed(undisclosed) => {
                let released = undisclosed.record(&self.house.recorder).await.unwrap().release();
                Gave::Frames(released.into_frames(&mut self.watching))
            }
        }
    }

    async fn frame(&mut self) -> WatchTimelineResponse {
        match self.look().await {
            Gave::Frames(frames) if frames.len() == 1 => frames.into_iter().next().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn may_have_changed(&self) -> bool {
        let ask = self.ask();
        self.house.discloser.may_have_changed(
            &self.watching,
            ask.registry_generation,
            (super::harness::now_us(), ask.today),
        )
    }
}

#[tokio::test]
async fn the_present_view_is_that_of_a_timeline_and_then_come_changes() {
    let mut follower = Follower::new().await;
    assert!(follower.may_have_changed(), "nothing was given yet");
    let first = follower.frame().await;
    let timeline = follower.house.answer(&follower.ask()).await;
    let entries: Vec<_> = first.entries.iter().map(|entry| entry.entry.clone().unwrap()).collect();
    assert_eq!(entries, timeline.entries);
    assert_eq!(first.services.unwrap().existence, timeline.existence);
    assert_eq!(follower.look().await, Gave::Nothing);
    assert!(!follower.may_have_changed(), "asked without reading anything");

    let school = follower.school.clone();
    follower.house.say(CENSUS, [attended(&school, 2025)]).await;
    let appeared = follower.frame().await;
    let [new] = appeared.entries.as_slice() else { panic!("{appeared:?}") };
    assert!(!first.entries.iter().any(|entry| entry.id == new.id));
    assert!(appeared.services.is_none() && appeared.withdrawn.is_empty());

    let mut changed = attended(&school, 2025);
    if let Some(proto::events::event::Kind::AttendanceSummarised(summary)) = &mut changed.event.kind {
        summary.sessions_possible = Some(99);
    }
    follower.house.say(CENSUS, [Saying { version: 2, ..changed }]).await;
    let as_it_now_stands = follower.frame().await;
    assert_eq!(as_it_now_stands.entries[0].id, new.id, "a changed entry keeps its name");
    assert_ne!(as_it_now_stands.entries[0].entry, new.entry);

    follower.house.say(CENSUS, [taken_back(attended(&school, 2025))]).await;
    let gone = follower.frame().await;
    assert_eq!((gone.entries.len(), gone.withdrawn), (0, vec![new.id.clone()]));
    let records = follower.house.disclosures().await;
    let batches: Vec<_> = records.iter().filter(|record| record.call() == s::Call::WatchTimeline).collect();
    assert_eq!(batches.len(), 4, "each batch is on record, and nothing else is");
    assert_eq!(batches.iter().map(|batch| batch.entries_released).max(), Some(first.entries.len() as u32));
}

#[tokio::test]
async fn names_of_entries_are_of_one_stream_alone() {
    let mut follower = Follower::new().await;
    let one = follower.frame().await;
    follower.watching = Watching::new();
    let other = follower.frame().await;
    assert_eq!(one.entries.len(), other.entries.len());
    for (one, other) in one.entries.iter().zip(&other.entries) {
        assert_eq!(one.entry, other.entry);
        assert_ne!(one.id, other.id);
    }
}

#[tokio::test]
async fn a_view_that_is_narrowed_gives_nothing_more() {
    let given = || consent(&hospital_person("H1"), "c1", s::consent_recorded::State::Given, day(2024, 1, 1));
    let narrowing: [(&str, proto::admin::Fact); 4] = [
        ("a consent is withdrawn", withdrawn(&hospital_person("H1"))),
        ("whereabouts are protected", restriction(&pupil("P1"), "r1", s::restriction::Kind::ProtectedAddress)),
        ("a court restricts it", restriction(&pupil("P1"), "r1", s::restriction::Kind::Court)),
        ("it was somebody else's", unlinked(&council_child("C1"), &hospital_person("H1"))),
    ];
    for (what, fact) in narrowing {
        let mut follower = Follower::new().await;
        follower.house.record(vec![given()]).await;
        let first = follower.frame().await;
        let hospital = first.entries.iter().filter_map(|entry| entry.entry.as_ref());
        assert!(hospital.filter(|entry| entry.organisation == HOSPITAL).count() > 0);
        let recorded = follower.house.disclosures().await.len();
        follower.house.record(vec![fact]).await;
        assert_eq!(follower.look().await, Gave::Narrowed, "{what}");
        assert_eq!(follower.house.disclosures().await.len(), recorded, "{what}: nothing was given");
    }
}

#[tokio::test]
async fn a_view_that_is_widened_is_given() {
    let mut follower = Follower::new().await;
    let first = follower.frame().await;
    let hospital = follower.hospital.clone();
    let given = consent(&hospital, "c1", s::consent_recorded::State::Given, day(2024, 1, 1));
    follower.house.record(vec![given]).await;
    let wider = follower.frame().await;
    let known: Vec<_> = first.entries.iter().map(|entry| &entry.id).collect();
    assert!(wider.entries.iter().any(|entry| !known.contains(&&entry.id)));
    assert_eq!(wider.services.unwrap().existence, [], "what was a line is entries now");
}
