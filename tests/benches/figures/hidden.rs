//! What a reader can tell by the clock: how soon a withdrawal is enforced, and whether how much is hidden from them shows in
//! how long an answer takes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use connector_kit::publish::Publisher;
use connector_kit::{Draft, Place};
use event_log::EventLog;
use event_log::authority::COMMAND;
use jiff::civil::Date as Day;
use projection::child::Children;
use projection::command::Commands;
use projection::consume::Consumer;
use projection::disclose::{Ask, Discloser, Followed, Recorder, Watching};
use projection::own_records::OwnRecords;
use projection::registry::Registries;
use projection::serve::caller::{Caller, Standing};
use projection::serve::limits::Limits;
use projection::serve::page::PageTokens;
use projection::serve::stream::Watches;
use projection::serve::timelines::TimelineService;
use projection::store::{Engine, Store};
use proto::admin::Fact;
use proto::events::{self as e, Event, Scheme, Subject, Version, When, when};
use proto::sharing as s;
use proto::timeline::GetTimelineRequest;
use sharing::DecisionCache;
use tokio_util::sync::CancellationToken;

use crate::house::{self, HUB, House};
use crate::people::TODAY;
use crate::report::{Bar, Figure, percentile};
use crate::stores;

/// The day on which readers ask.
const ON: Day = jiff::civil::date(2025, 10, 1);
const SCHOOL: &str = "school-8784001";
const HOSPITAL: &str = "ods-rh8";
const SHOWN: u32 = 60;
const ROUNDS: usize = 1_500;
const WARM_UP: usize = 30;
/// However few rounds that gives.
const TIME_MAX: Duration = Duration::from_secs(25);
const WITHDRAWALS: u32 = 20;
const READERS: usize = 4;

/// A service with its consumer running, and a way to say things to it.
struct There {
    service: Arc<TimelineService>,
    commands: Commands,
    stop: CancellationToken,
}

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let log =
            event_log::embedded::EmbeddedLog::open(&house.at("hidden-log"), event_log::embedded::Options::default())?;
        let there = there(&house, Arc::new(log)).await?;
        let mut figures = timing(&there).await?;
        figures.extend(withdrawal(&there).await?);
        there.stop.cancel();
        Ok(figures)
    })
}

/// How soon a withdrawal is enforced by a service that follows this log.
pub(crate) async fn withdrawal_on(house: &House, log: Arc<dyn EventLog>) -> anyhow::Result<Vec<Figure>> {
    let there = there(house, log).await?;
    let figures = withdrawal(&there).await?;
    there.stop.cancel();
    Ok(figures)
}

fn child(name: &str) -> Subject {
    Subject { scheme: Scheme::SchoolPupil.into(), issuer: "8784001".into(), value: name.into() }
}

fn patient(name: &str) -> Subject {
    Subject { scheme: Scheme::ProviderPerson.into(), issuer: "ods-rh8/RH8".into(), value: name.into() }
}

/// Who is asked about: with how many hidden entries, and whether anything is shown.
const CHILDREN: [(&str, u32, bool); 6] = [
    ("NONE", 0, true),
    ("NONEAGAIN", 0, true),
    ("TEN", 10, true),
    ("THOUSAND", 1_000, true),
    ("HIDDEN", 1_000, false),
    ("CONSENTED", 0, true),
];

async fn there(house: &House, log: Arc<dyn EventLog>) -> anyhow::Result<There> {
    let store = Store::open(&house.at("hidden-store"), &stores::options(Engine::Fjall))?.store;
    let projector = house.projector();
    let (mut consumer, progress) =
        Consumer::new(Arc::clone(&log), store.clone(), projector.clone(), Arc::new(stores::NoRefusals))?;
    let own = async |source| {
        let (pseudonyms, wrapping) = (Arc::clone(&house.pseudonyms), Arc::clone(&house.wrapping));
        OwnRecords::open(Arc::clone(&log), pseudonyms, wrapping, HUB, source).await
    };
    let engine = Arc::new(sharing::Engine::load()?);
    let before = Commands::new(own(COMMAND).await?);
    before.record(facts(), 1_760_000_000_000_001, TODAY).await?;
    for approver in ["approver-1", "approver-2"] {
        before.approve_policy(engine.policy_hash(), approver, 1_760_000_000_000_001, TODAY).await?;
    }
    let [school, _, hospital] = house::connectors();
    for (connector, drafts) in [(school, at_school()), (hospital, at_hospital())] {
        let wrapping = Arc::clone(&house.wrapping);
        let opening =
            Publisher::open(Arc::clone(&log), House::key(), wrapping, house::credentials(), connector.descriptor());
        opening.await?.publish_feed(drafts, 1_760_000_000_000_000).await?;
    }
    let stop = CancellationToken::new();
    consumer.catch_up(&stop).await?;
    let following = stop.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        anyhow::Ok(runtime.block_on(consumer.run(following))?)
    });
    let commands = own(COMMAND).await?.acknowledged_once_read(store.clone(), progress.clone());
    let service = TimelineService {
        discloser: Arc::new(Discloser {
            children: Children::new(store.clone(), projector.clone()),
            engine,
            cache: DecisionCache::new(100_000),
            registries: Registries::new(store, projector),
            hub_contact: "The information hub".to_owned(),
        }),
        recorder: Arc::new(Recorder::new(own(Recorder::SOURCE).await?)),
        pseudonyms: Arc::clone(&house.pseudonyms),
        progress,
        facts_lag_max: Duration::from_secs(30),
        limits: Limits::new(u32::MAX),
        tokens: Arc::default(),
        pages: PageTokens::new(&house.pseudonyms),
        watches: Watches::new(),
        noticed: None,
    };
    Ok(There { service: Arc::new(service), commands: Commands::new(commands), stop })
}

fn facts() -> Vec<Fact> {
    let fact =
        |subject: Subject, event: Event| Fact { subject: Some(subject), event: Some(event), ..Default::default() };
    let of = |id: &str| Subject { scheme: Scheme::Organisation.into(), issuer: "throughline".into(), value: id.into() };
    let organisation = |id: &str, sector: s::Sector| {
        let recorded = s::OrganisationRecorded {
            id: Some(id.into()),
            name: Some(format!("{id}, invented")),
            sector: Some(sector.into()),
            designated: Some(true),
            contact: Some("a desk, invented".into()),
            from: Some(TODAY),
            ..Default::default()
        };
        fact(of(id), s::OrganisationRecorded { from: Some(e::Date { year: 2014, ..TODAY }), ..recorded }.into())
    };
    let agreement = s::AgreementRecorded {
        id: Some("figures".into()),
        parties: vec![SCHOOL.into(), HOSPITAL.into()],
        from: Some(e::Date { year: 2020, ..TODAY }),
        to: Some(e::Date { year: 2099, ..TODAY }),
        ..Default::default()
    };
    let mut facts = vec![
        organisation(SCHOOL, s::Sector::Education),
        organisation(HOSPITAL, s::Sector::Health),
        fact(of("agreement/figures"), agreement.into()),
    ];
    facts.extend(CHILDREN.iter().filter(|(.., shown)| *shown).map(|(name, ..)| {
        fact(child(name), e::SubjectsLinked { other: Some(patient(name)), ..Default::default() }.into())
    }));
    facts
}

fn draft(controller: &str, subject: &Subject, n: u32, event: Event) -> Draft {
    let on = e::Date {
        year: 2021 + i32::try_from(n % 4).unwrap_or_default(),
        month: Some(n % 12 + 1),
        day: Some(n % 28 + 1),
        estimated: false,
    };
    Draft {
        subject: subject.clone(),
        controller: controller.to_owned(),
        scope_key: None,
        table: "figures",
        record_key: format!("{}/{n}", subject.value),
        ordinal: 0,
        effective: When { when: Some(when::When::On(on)) },
        observed_at_us: None,
        version: Some(Version { as_of_us: 1_750_000_000_000_000, sequence: 0, mapping_revision: 1 }),
        findings: Vec::new(),
        third_parties: Vec::new(),
        clears: Vec::new(),
        in_part: false,
        labels: Vec::new(),
        event,
        place: Place::default(),
    }
}

fn at_school() -> Vec<Draft> {
    let entry_on = Some(e::Date { year: 2020, month: Some(9), day: Some(1), estimated: false });
    let of = |name: &str| {
        let subject = child(name);
        let enrolled = e::EnrolmentStarted { school: Some(SCHOOL.into()), entry_on, ..Default::default() };
        let attended = |n| e::AttendanceSummarised {
            school_year: Some(2021 + n % 4),
            sessions_possible: Some(120),
            ..Default::default()
        };
        let birth_on = Some(e::Date { year: 2014, month: Some(3), day: Some(4), estimated: false });
        let described = e::PersonDescribed { birth_on, ..Default::default() };
        let described = draft(SCHOOL, &subject, SHOWN, described.into());
        let rest = (1..SHOWN).map(|n| draft(SCHOOL, &subject, n, attended(n).into()));
        [draft(SCHOOL, &subject, 0, enrolled.into()), described].into_iter().chain(rest).collect::<Vec<_>>()
    };
    CHILDREN.iter().filter(|(.., shown)| *shown).flat_map(|(name, ..)| of(name)).collect()
}

/// Visits to a clinic of which the school may not know that there were any; and of one child, to another.
fn at_hospital() -> Vec<Draft> {
    let clinic = |name: &str, n: u32, specialty: &str| {
        let starts_at = Some(prost_types::Timestamp { seconds: 1_600_000_000 + i64::from(n) * 86_400, nanos: 0 });
        let service = Some(e::Coded { code: specialty.into(), code_set: "figures".into(), text: None });
        draft(HOSPITAL, &patient(name), n, e::AppointmentBooked { starts_at, service, ..Default::default() }.into())
    };
    let hidden = CHILDREN.iter().flat_map(|(name, hidden, _)| (0..*hidden).map(|n| clinic(name, n, "360")));
    hidden.chain((0..20).map(|n| clinic("CONSENTED", n, "130"))).collect()
}

impl There {
    fn reader(person: &str) -> Caller {
        Caller {
            organisation: SCHOOL.to_owned(),
            person: person.to_owned(),
            standing: Standing::Staff,
            roles: [sharing::RoleGroup::SchoolPastoral].into(),
            active: true,
            trained: true,
        }
    }
}

/// How many entries of the hospital's one answer carries.
async fn asked(service: &TimelineService, reader: &Caller, child: Subject) -> anyhow::Result<usize> {
    let request = GetTimelineRequest {
        child: Some(child),
        purpose: s::Purpose::EducationProvision.into(),
        page_size: 500,
        ..Default::default()
    };
    let answer = service.timeline_for(reader, request, (now_us(), ON)).await?.into_inner().message()?;
    Ok(answer.entries.iter().filter(|entry| entry.organisation == HOSPITAL).count())
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// What a stream of the whole of a child's present record asks.
fn ask(service: &TimelineService, reader: &Caller, child: &Subject) -> Ask {
    Ask {
        caller: reader.clone(),
        child: service.pseudonyms.of(child),
        purpose: s::Purpose::EducationProvision,
        from_day: None,
        to_day: None,
        categories: Vec::new(),
        known_at_us: None,
        valid_on: ON,
        today: ON,
        skip: 0,
        page_size: usize::MAX,
        request_digest: [9; 16],
        asked_at_us: now_us(),
        registry_generation: service.progress.borrow().registry_generation,
    }
}

/// How well one answer's time tells a child from another: 0.5 not at all, 1 or 0 each time.
fn told_apart(one: &[Duration], other: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> =
        one.iter().map(|took| (*took, false)).chain(other.iter().map(|took| (*took, true))).collect();
    all.sort_unstable();
    let ranks: f64 = (1_u32..).zip(&all).filter(|(_, (_, is_other))| *is_other).map(|(rank, _)| f64::from(rank)).sum();
    let (one, other) = (one.len() as f64, other.len() as f64);
    (ranks - other * (other + 1.0) / 2.0) / (one * other)
}

async fn timing(there: &There) -> anyhow::Result<Vec<Figure>> {
    let reader = There::reader("invented.reader");
    let children: Vec<Subject> =
        CHILDREN.iter().take(5).map(|(name, ..)| *name).chain(["UNKNOWN", "UNKNOWNAGAIN"]).map(child).collect();
    let mut took: Vec<Vec<Duration>> = vec![Vec::with_capacity(ROUNDS); children.len()];
    let begun_all = Instant::now();
    for round in (0..ROUNDS + WARM_UP).take_while(|_| begun_all.elapsed() < TIME_MAX) {
        // In another order each time, so that none is always after the same one.
        for at in 0..children.len() {
            let at = (at * (round % (children.len() - 1) + 1) + round) % children.len();
            let (Some(child), Some(took)) = (children.get(at), took.get_mut(at)) else { continue };
            let begun = Instant::now();
            asked(&there.service, &reader, child.clone()).await?;
            if round >= WARM_UP {
                took.push(begun.elapsed());
            }
        }
    }
    let [none, again, ten, thousand, hidden, unknown, unknown_again] =
        <[Vec<Duration>; 7]>::try_from(took).ok().context("seven")?;
    let median = |took: &[Duration]| {
        let mut sorted = took.to_vec();
        sorted.sort_unstable();
        percentile(&sorted, 0.5).as_secs_f64() * 1e6
    };
    let mut figures = Vec::new();
    for (name, one, other, same) in [
        ("10 entries hidden", &none, &ten, &again),
        ("1,000 entries hidden", &none, &thousand, &again),
        ("a child of whom all is hidden from one who is not known", &unknown, &hidden, &unknown_again),
    ] {
        let (apart, noise) = ((median(other) - median(one)).abs(), (median(same) - median(one)).abs());
        let of = if std::ptr::eq(one, &none) { &again } else { &unknown_again };
        figures.push(Figure::new(format!("{name}: medians apart"), apart, "us").floor("a world and itself", noise));
        let (told, itself) = (told_apart(one, other), told_apart(one, of));
        figures.push(
            Figure::new(format!("{name}: told by one answer, 0.5 is not"), 0.5 + (told - 0.5).abs(), "")
                .floor("a world and itself", 0.5 + (itself - 0.5).abs())
                .bar(Bar::AtMost(0.55)),
        );
    }
    Ok(figures)
}

async fn withdrawal(there: &There) -> anyhow::Result<Vec<Figure>> {
    let consented = child("CONSENTED");
    let consent = |state: s::consent_recorded::State, n: u32| {
        let recorded = s::ConsentRecorded {
            id: Some(format!("figures/{n}")),
            kind: Some(s::consent_recorded::Kind::Share.into()),
            state: Some(state.into()),
            by: Some(s::consent_recorded::GivenBy::Parent.into()),
            capacity_basis: Some(s::consent_recorded::CapacityBasis::ParentalResponsibility.into()),
            from: Some(e::Date { year: 2024, ..TODAY }),
            ..Default::default()
        };
        vec![Fact { subject: Some(patient("CONSENTED")), event: Some(recorded.into()), ..Default::default() }]
    };
    let (mut acknowledged, mut denied, mut stream_ended, mut carried) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // As whoever withdraws sees it: from the moment at which they say so.
    let (mut enforced, mut silenced) = (Vec::new(), Vec::new());
    for n in 0..WITHDRAWALS {
        there.commands.record(consent(s::consent_recorded::State::Given, n), now_us(), TODAY).await?;
        let reader = There::reader("invented.reader");
        ensure!(
            asked(&there.service, &reader, consented.clone()).await? > 0,
            "a consent that is acknowledged is in force"
        );
        let discloser = &there.service.discloser;
        let (mut watching, ask) = (Watching::new(), ask(&there.service, &reader, &consented));
        if let Followed::Changed(undisclosed) = discloser.follow(&ask, &watching)? {
            undisclosed.record(&there.service.recorder).await?.release().into_frames(&mut watching);
        }
        let withdrawn = Arc::new(AtomicBool::new(false));
        let asking = (0..READERS).map(|who| {
            let (service, withdrawn, consented) =
                (Arc::clone(&there.service), Arc::clone(&withdrawn), consented.clone());
            tokio::spawn(async move {
                let reader = There::reader(&format!("invented.reader.{who}"));
                let (mut last_carried, mut first_denied) = (None, None);
                while first_denied.is_none() || !withdrawn.load(Ordering::SeqCst) {
                    let carries = asked(&service, &reader, consented.clone()).await? > 0;
                    let now = Instant::now();
                    if carries {
                        last_carried = Some(now);
                    } else {
                        first_denied = first_denied.or(Some(now));
                    }
                }
                anyhow::Ok((last_carried, first_denied))
            })
        });
        let asking: Vec<_> = asking.collect();
        let said = Instant::now();
        there.commands.record(consent(s::consent_recorded::State::Withdrawn, n), now_us(), TODAY).await?;
        let acknowledged_at = Instant::now();
        withdrawn.store(true, Ordering::SeqCst);
        acknowledged.push(acknowledged_at - said);
        // What a stream asks at the moment at which a frame leaves.
        let mut given = true;
        while given {
            let generation = there.service.progress.borrow().registry_generation;
            given = !discloser.may_have_changed(&watching, generation, (now_us(), ON));
        }
        stream_ended.push(acknowledged_at.elapsed());
        silenced.push(said.elapsed());
        for asked in asking {
            let (last_carried, first_denied) = asked.await??;
            carried.extend(last_carried.map(|at: Instant| at.saturating_duration_since(acknowledged_at)));
            denied.extend(first_denied.map(|at| at.saturating_duration_since(acknowledged_at)));
            enforced.extend(first_denied.map(|at| at.saturating_duration_since(said)));
        }
    }
    for took in [&mut acknowledged, &mut denied, &mut stream_ended, &mut carried, &mut enforced, &mut silenced] {
        took.sort_unstable();
    }
    let worst = |took: &[Duration]| percentile(took, 1.0);
    Ok(vec![
        Figure::micros("a withdrawal, said to acknowledged, p50", percentile(&acknowledged, 0.5)),
        Figure::micros("said to the first denied read, p50", percentile(&enforced, 0.5)),
        Figure::micros("said to the first denied read, worst", worst(&enforced)).bar(Bar::AtMost(100_000.0)),
        Figure::micros("said to a stream that gives no more, worst", worst(&silenced)).bar(Bar::AtMost(100_000.0)),
        Figure::micros("acknowledged to the first denied read, worst", worst(&denied)).bar(Bar::AtMost(100_000.0)),
        Figure::micros("acknowledged to the last frame that could carry it, worst", worst(&stream_ended))
            .bar(Bar::AtMost(100_000.0)),
        Figure::micros("acknowledged to the last answer that carried it, worst", worst(&carried))
            .bar(Bar::AtMost(100_000.0)),
    ])
}
