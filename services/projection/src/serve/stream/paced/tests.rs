//! The moments at which frames leave, on a clock that stands still until somebody waits for it.

use super::*;
use proptest::prelude::*;
use proto::timeline::{Services, WatchedEntry};

/// A view of which this becomes known, each so long after the stream's start.
#[derive(Clone, Debug, Default)]
struct Script {
    /// What the reader is shown.
    shown: Vec<Duration>,
    /// What is hidden from them.
    hidden: Vec<Duration>,
    /// Something is closed to them.
    narrowed: Option<Duration>,
    /// How long it takes to decide.
    takes: Duration,
}

struct Scripted {
    script: Script,
    started_at: Instant,
    decided_at: Option<Instant>,
}

impl Scripted {
    fn new_at(&self, after: &Duration, until: Instant) -> bool {
        let at = self.started_at + *after;
        at <= until && self.decided_at.is_none_or(|decided| at > decided)
    }
}

impl Follow for Scripted {
    fn is_fresh(&self) -> bool {
        true
    }

    fn may_have_changed(&self) -> bool {
        let Script { shown, hidden, narrowed, .. } = &self.script;
        let mut all = shown.iter().chain(hidden).chain(narrowed);
        self.decided_at.is_none() || all.any(|after| self.new_at(after, Instant::now()))
    }

    async fn follow(mut self) -> (Self, Looked) {
        let at = Instant::now();
        tokio::time::sleep(self.script.takes).await;
        let narrowed = self.script.narrowed.is_some_and(|after| self.new_at(&after, at));
        let shown: Vec<_> = self.script.shown.iter().enumerate().filter(|(_, after)| self.new_at(after, at)).collect();
        let looked = match (narrowed, shown.is_empty() && self.decided_at.is_some()) {
            (true, _) => Looked::Narrowed,
            (_, true) => Looked::Same,
            _ => Looked::Changed(vec![frame(&shown.iter().map(|(n, _)| *n as u8).collect::<Vec<_>>(), &[])]),
        };
        self.decided_at = Some(at);
        (self, looked)
    }
}

fn frame(entries: &[u8], withdrawn: &[u8]) -> WatchTimelineResponse {
    WatchTimelineResponse {
        entries: entries.iter().map(|id| WatchedEntry { id: vec![*id], entry: None }).collect(),
        withdrawn: withdrawn.iter().map(|id| vec![*id]).collect(),
        decision_id: vec![1; 16],
        ..WatchTimelineResponse::default()
    }
}

fn stream(script: Script) -> Paced<Scripted> {
    let started_at = Instant::now();
    let view = Scripted { script, started_at, decided_at: None };
    Paced::new(view, Pace::default(), started_at, None, CancellationToken::new())
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(test)
}

type Frames = Vec<(Duration, WatchTimelineResponse)>;

/// Every frame until the end, with when it left.
async fn all(mut stream: Paced<Scripted>) -> Frames {
    let mut frames = Vec::new();
    while let Some(frame) = stream.next().await {
        frames.push((stream.started_at.elapsed(), frame.unwrap()));
    }
    assert_eq!(stream.started_at.elapsed(), Pace::default().lasts, "and the end is that of every stream");
    frames
}

fn moments(frames: &Frames) -> Vec<Duration> {
    frames.iter().map(|(at, _)| *at).collect()
}

fn telling(frames: &Frames) -> Vec<(u64, Vec<u8>)> {
    let telling = frames.iter().filter(|(_, frame)| !frame.decision_id.is_empty());
    telling.map(|(at, frame)| (at.as_secs(), frame.entries.iter().map(|entry| entry.id[0]).collect())).collect()
}

fn every_second() -> Vec<Duration> {
    (0..300).map(|second| ms(second * 1_000 + 50)).collect()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_moment_tells_of_what_is_hidden_or_of_how_long_it_took(
        shown in prop::collection::vec(0..299_000_u64, 0..6),
        hidden in prop::collection::vec((0..299_u64, 0..60_u64), 1..60),
        takes in prop_oneof![0..5_u64, 0..3_000_u64],
    ) {
        // Close to the moments of frames, where it could show.
        let hidden: Vec<_> = hidden.into_iter().map(|(second, after)| ms(second * 1_000 + after)).collect();
        let script = Script { shown: shown.into_iter().map(ms).collect(), takes: ms(takes), ..Script::default() };
        let without = paused(async { all(stream(script.clone())).await });
        let with = paused(async { all(stream(Script { hidden, ..script })).await });
        prop_assert_eq!(moments(&without), every_second());
        prop_assert_eq!(moments(&with), every_second());
    }
}

#[test]
fn what_is_hidden_while_a_frame_is_held_keeps_nothing_back() {
    let script = Script { shown: vec![ms(2_500), ms(5_500)], takes: ms(2), ..Script::default() };
    let without = paused(async { all(stream(script.clone())).await });
    for after in 0..43 {
        let hidden = (0..299).map(|second| ms(second * 1_000 + after)).collect();
        let with = paused(async { all(stream(Script { hidden, ..script.clone() })).await });
        assert_eq!(with, without, "{after} ms after each moment");
    }
    assert_eq!(telling(&without), [(0, vec![]), (3, vec![0]), (6, vec![1])]);
}

#[test]
fn what_takes_longer_than_a_frame_is_held_comes_with_a_later_one() {
    let script = Script { shown: vec![ms(4_500)], takes: ms(2_200), ..Script::default() };
    let frames = paused(async { all(stream(script)).await });
    assert_eq!(moments(&frames), every_second());
    // The present view, decided on from the start; and what became known after it.
    assert_eq!(telling(&frames), [(3, vec![]), (8, vec![0])]);
}

#[test]
fn after_it_is_narrowed_nothing_is_given_whenever_that_was() {
    for at in (2_900..3_200).step_by(5).map(ms) {
        let shown = vec![ms(2_500), ms(3_010), ms(9_000)];
        let script = Script { shown, narrowed: Some(at), takes: ms(20), ..Script::default() };
        let frames = paused(async { all(stream(script)).await });
        assert_eq!(moments(&frames), every_second());
        let given_after = frames.iter().filter(|(left, frame)| *left >= at && !frame.decision_id.is_empty());
        assert_eq!(given_after.count(), 0, "narrowed at {at:?}");
    }
}

#[test]
fn a_frame_that_is_taken_late_leaves_at_the_next_moment() {
    for hidden in [vec![], vec![ms(3_300)]] {
        let left = paused(async {
            let mut stream = stream(Script { hidden, takes: ms(20), ..Script::default() });
            stream.next().await.unwrap().unwrap();
            sleep_until(stream.started_at + ms(3_400)).await;
            stream.next().await.unwrap().unwrap();
            stream.started_at.elapsed()
        });
        assert_eq!(left, ms(4_050));
    }
}

#[test]
fn what_a_source_takes_back_is_not_given_from_what_waits() {
    paused(async {
        let mut stream = stream(Script::default());
        let view = || Scripted { script: Script::default(), started_at: Instant::now(), decided_at: None };
        let services = |frame| WatchTimelineResponse { services: Some(Services::default()), ..frame };
        stream.take(view(), Looked::Changed(vec![services(frame(&[1, 2], &[])), frame(&[3, 4], &[])]));
        stream.take(view(), Looked::Changed(vec![services(frame(&[4], &[1, 3]))]));
        let waiting: Vec<_> = stream.waiting.iter().cloned().collect();
        let last_of_the_view = WatchTimelineResponse { complete: true, ..frame(&[], &[]) };
        assert_eq!(waiting, [frame(&[2], &[]), last_of_the_view, services(frame(&[4], &[1, 3]))]);
    });
}
