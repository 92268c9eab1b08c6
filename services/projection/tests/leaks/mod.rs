//! Nothing tells of what is hidden: of any two worlds that differ only in what their reader may not see, every answer is the
//! same, byte for byte. Over pairs of worlds made from the records of an invented authority as its connectors translate them, with
//! facts that people might record of its children, for readers of every organisation and role: `make leaks` is ten thousand of them.
//!
//! What a reader may see is worked out by the rules alone ([`oracle`]), apart from the service that is asked ([`houses`]).
//! That the comparison can fail is shown by leaks that are planted in the service ([`planted`]).

#![allow(unreachable_pub, reason = "as the harness: everything here is of these tests")]

pub(crate) mod authority;
mod houses;
mod oracle;
mod planted;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use houses::{Fault, Heard, Side};
use oracle::Oracle;
use projection::disclose::Watching;
use projection::serve::caller::Standing;
use tokio::task::JoinSet;
use worlds::{Difference, Pair};

use crate::harness::now_us;

/// Pairs of worlds; as many more as a machine is told (`LEAK_WORLDS`).
const WORLDS: usize = 600;
/// Pairs in one pair of services.
const PAIRS_TOGETHER: usize = 2_500;
/// Readers who ask at one time.
const AT_ONCE: usize = 256;

/// All that one reader heard of one world.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Story {
    pub pages: Vec<Heard>,
    pub involvement: Option<Heard>,
    pub family: Option<Heard>,
    pub explanation: Option<Heard>,
    pub frames: Vec<Vec<u8>>,
    /// After more was said: the next page of the walk that was begun before, the whole as it was known before, and as it is.
    pub turned: Vec<Heard>,
    pub back_then: Vec<Heard>,
    pub now: Vec<Heard>,
    pub frames_later: Vec<Vec<u8>>,
}

impl Story {
    /// What was heard otherwise in another world, if anything was.
    pub fn differs_from(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("a page", self.pages == other.pages),
            ("who works with the child", self.involvement == other.involvement),
            ("the family", self.family == other.family),
            ("an explanation", self.explanation == other.explanation),
            ("a frame", self.frames == other.frames),
            ("a page turned later", self.turned == other.turned),
            ("what was known before", self.back_then == other.back_then),
            ("a page later", self.now == other.now),
            ("a frame later", self.frames_later == other.frames_later),
        ];
        parts.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect()
    }
}

/// One reader of one world, between what was said first and what was said later.
struct Reading {
    story: Story,
    token: Vec<u8>,
    watching: Watching,
    named: Vec<Vec<u8>>,
}

fn worlds() -> usize {
    std::env::var("LEAK_WORLDS").ok().and_then(|count| count.parse().ok()).unwrap_or(WORLDS)
}

/// The first pair's number, so that a long run can be shared out (`LEAK_FROM`).
fn first_number() -> usize {
    std::env::var("LEAK_FROM").ok().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What is seldom asked for is asked of some pairs.
fn asks(number: usize, every: usize) -> bool {
    number.is_multiple_of(every)
}

async fn first(side: Arc<Side>, pair: Arc<Pair>) -> Reading {
    let asking = &pair.asking;
    let (pages, token, decision_id) = side.pages(asking, None).await;
    let involvement = Some(side.involvement(asking).await);
    let family = Some(side.family(asking).await);
    let mut explanation = None;
    if asks(pair.number, 20) {
        explanation = Some(side.explanation(asking, decision_id).await);
    }
    let (mut watching, mut named) = (Watching::new(), Vec::new());
    let frames = side.frames(asking, &mut watching, &mut named).await;
    let story = Story { pages, involvement, family, explanation, frames, ..Story::default() };
    Reading { story, token, watching, named }
}

async fn later(side: Arc<Side>, pair: Arc<Pair>, mut reading: Reading, before_us: i64) -> Story {
    let asking = &pair.asking;
    let story = &mut reading.story;
    if asks(pair.number, 2) {
        let mut turned = asking.request(None);
        turned.page_token = std::mem::take(&mut reading.token);
        story.turned.push(side.timeline(&turned, asking).await.0);
        story.back_then = side.pages(asking, Some(before_us)).await.0;
    }
    story.now = side.pages(asking, None).await.0;
    story.frames_later = side.frames(asking, &mut reading.watching, &mut reading.named).await;
    reading.story
}

/// The stories of every pair, in both worlds, as services with this fault tell them.
async fn stories(pairs: &[Arc<Pair>], fault: &Fault) -> Vec<[Story; 2]> {
    let mut sides = Vec::new();
    for at in [0, 1] {
        let (pairs, fault) = (pairs.to_vec(), fault.clone());
        sides.push(tokio::spawn(async move {
            let mut side = Side::new(&fault).await;
            side.tell(pairs.iter().map(|pair| &pair.worlds[at])).await;
            side
        }));
    }
    let mut told = Vec::new();
    for side in sides {
        told.push(Arc::new(side.await.unwrap()));
    }
    let mut firsts: Vec<Vec<Reading>> = Vec::new();
    for side in &told {
        let asked = pairs.iter().map(|pair| first(Arc::clone(side), Arc::clone(pair)));
        firsts.push(at_once(asked).await);
    }
    let before_us = now_us();
    let mut sides = Vec::new();
    for (at, side) in told.into_iter().enumerate() {
        let pairs = pairs.to_vec();
        sides.push(tokio::spawn(async move {
            let mut side = Arc::into_inner(side).unwrap();
            side.tell(pairs.iter().map(|pair| &pair.later[at])).await;
            Arc::new(side)
        }));
    }
    let mut seconds: Vec<Vec<Story>> = Vec::new();
    for (side, readings) in sides.into_iter().zip(firsts) {
        let side = side.await.unwrap();
        let asked = pairs.iter().zip(readings);
        let asked = asked.map(|(pair, reading)| later(Arc::clone(&side), Arc::clone(pair), reading, before_us));
        seconds.push(at_once(asked).await);
    }
    let mut seconds = seconds.into_iter();
    let (one, other) = (seconds.next().unwrap(), seconds.next().unwrap());
    one.into_iter().zip(other).map(<[Story; 2]>::from).collect()
}

/// Some of them at one time; what they gave, in their order.
async fn at_once<T: Send + 'static>(asked: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let (mut running, mut given) = (JoinSet::new(), Vec::new());
    let mut asked = asked.enumerate();
    loop {
        while running.len() < AT_ONCE
            && let Some((at, one)) = asked.next()
        {
            running.spawn(async move { (at, one.await) });
        }
        match running.join_next().await {
            Some(done) => given.push(done.unwrap()),
            None => break,
        }
    }
    given.sort_by_key(|(at, _)| *at);
    given.into_iter().map(|(_, given)| given).collect()
}

/// Pairs from this number on, as many as asked for.
fn pairs(from: &mut usize, count: usize, oracle: &Oracle) -> Vec<Arc<Pair>> {
    let mut made = Vec::new();
    while made.len() < count {
        made.extend(Pair::of(*from, oracle).map(Arc::new));
        *from += 1;
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_of_what_is_hidden() {
    let (oracle, mut from, mut left) = (Oracle::new(), first_number(), worlds());
    let (mut compared, mut leaks, mut met) = (0, Vec::new(), Met::default());
    while left > 0 {
        let pairs = pairs(&mut from, left.min(PAIRS_TOGETHER), &oracle);
        left -= pairs.len();
        for (pair, [one, other]) in pairs.iter().zip(stories(&pairs, &Fault::None).await) {
            let differs = one.differs_from(&other);
            if !differs.is_empty() {
                println!("leak: pair {} ({:?}) tells in {differs:?}", pair.number, pair.difference);
            }
            leaks.extend(differs.first().map(|what| (*what, pair.number, pair.difference, pair.asking.clone())));
            compared += 1;
            met.count(pair, &one);
        }
    }
    let kinds: BTreeMap<&str, usize> = leaks.iter().fold(BTreeMap::new(), |mut kinds, (what, ..)| {
        *kinds.entry(what).or_default() += 1;
        kinds
    });
    println!("leaks: {} of {compared} pairs of worlds, to number {from}; {met:?}", leaks.len());
    assert!(leaks.is_empty(), "{kinds:?}; the first: {:#?}", leaks.first());
    assert_eq!(compared, worlds());
    met.assert_all(compared);
}

/// Pairs share a service. Were one subject named in several of them, these would be one neighbourhood: more than can be one child, of
/// which the service rightly shows nothing, in the one world and not in the other as it comes.
#[test]
fn no_two_pairs_of_worlds_name_one_subject() {
    let mut named = 0;
    for body in authority::AUTHORITY.children.iter().flat_map(|child| &child.said) {
        let renamed = format!("{:?}", worlds::renamed(body, "W0"));
        for subject in renamed.split("Subject { ").skip(1) {
            let value = subject.split("value: \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            assert!(value.ends_with("W0"), "a subject has the same value in every pair, in {:?}", kind_of(body));
            named += 1;
        }
    }
    assert!(named > authority::AUTHORITY.children.len());
}

fn kind_of(body: &proto::events::Body) -> Option<&'static str> {
    Some(body.event.as_ref().and_then(proto::events::Event::kind_number)?.name())
}

/// The service itself is made careless: every leak is told of by a pair of worlds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leak_in_the_service_is_noticed() {
    let (oracle, mut from) = (Oracle::new(), 0);
    let mut made = Vec::new();
    while made.len() < planted::worlds() {
        // More of it is hidden in one world than in the other, from somebody who is shown something.
        let tells = |pair: &Arc<Pair>| pair.shows && pair.hidden[0].min(1) != pair.hidden[1].min(1);
        made.extend(pairs(&mut from, 1, &oracle).into_iter().filter(tells));
    }
    let stories_of = stories(&made, &Fault::Code(planted::careless(&made))).await;
    let differ = |[one, other]: &[Story; 2]| one.differs_from(other).contains(&"a page");
    let noticed: BTreeSet<&str> =
        stories_of.iter().enumerate().filter(|(_, pair)| differ(pair)).map(|(at, _)| planted::name(at)).collect();
    assert_eq!(noticed, planted::names().collect());
    let told = stories(&made, &Fault::Rules(planted::careless_rules())).await;
    let noticed: BTreeSet<&str> = told.iter().flat_map(|[one, other]| one.differs_from(other)).collect();
    assert!(planted::NOTICED_IN.iter().all(|part| noticed.contains(part)), "{noticed:?}");
}

/// That the worlds are not all of one sort.
#[derive(Default, Debug)]
struct Met {
    differences: BTreeMap<String, usize>,
    with_entries: usize,
    with_existence: usize,
    with_nothing: usize,
    with_more_pages: usize,
    with_involvement: usize,
    with_family: usize,
    with_break_glass: usize,
    with_later_frames: usize,
    shown_to_family: usize,
}

impl Met {
    fn count(&mut self, pair: &Pair, story: &Story) {
        *self.differences.entry(format!("{:?}", pair.difference)).or_default() += 1;
        let answer = match story.pages.first() {
            Some(Heard::Answer { bytes, .. }) => planted::timeline(bytes),
            _ => return,
        };
        let says = |heard: &Option<Heard>| matches!(heard, Some(Heard::Answer { bytes, .. }) if !bytes.is_empty());
        self.with_entries += usize::from(!answer.entries.is_empty());
        self.with_existence += usize::from(!answer.existence.is_empty());
        self.with_nothing += usize::from(answer.entries.is_empty() && answer.existence.is_empty());
        self.with_more_pages += usize::from(answer.more);
        self.with_break_glass += usize::from(answer.break_glass_would_help);
        self.with_involvement += usize::from(says(&story.involvement));
        self.with_family += usize::from(says(&story.family));
        self.with_later_frames += usize::from(!story.frames_later.is_empty());
        let is_staff = pair.asking.reader.standing == Standing::Staff;
        self.shown_to_family += usize::from(!is_staff && !answer.entries.is_empty());
    }

    fn assert_all(&self, of: usize) {
        let least = of / 1_000;
        for difference in [Difference::Without, Difference::More, Difference::Otherwise, Difference::Unknown] {
            assert!(self.differences.get(&format!("{difference:?}")).is_some_and(|met| *met >= least), "{self:?}");
        }
        let met = [self.with_entries, self.with_existence, self.with_nothing, self.with_more_pages];
        let more = [self.with_involvement, self.with_family, self.with_break_glass, self.with_later_frames];
        assert!(met.iter().chain(&more).all(|met| *met >= least) && self.shown_to_family > 0, "{self:?}");
        assert!(self.with_nothing * 2 < of, "worlds of which their reader is shown nothing prove little: {self:?}");
    }
}
