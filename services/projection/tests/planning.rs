//! Numbers of children for whoever plans services, and who can see the records of one child.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, date};
use projection::serve::limits::Limits;
use projection::serve::page::PageTokens;
use projection::serve::planning::PlanningService;
use projection::serve::stream::Watches;
use projection::serve::timelines::TimelineService;
use proto::admin::Fact;
use proto::audit::{Reach, WhoCanSeeRequest};
use proto::events::address::Use;
use proto::events::{self as e, Subject};
use proto::planning::{CountChildrenResponse, Counted, Part};
use proto::sharing::{self as s, Call};
use sharing::{Outcome, RoleGroup};

use crate::harness::sayings::*;
use crate::harness::service::{Papers, Serving, reason, serve};
use crate::harness::{HUB, House, Saying, staff};

const LONG: Duration = Duration::from_secs(3_600);
/// A day of the month after which nothing more was published.
const LATER: Date = date(2099, 2, 17);

/// A child of the school, born so many years before [`LATER`] in a hospital of area ZZ3, who lived in ZZ4 and lives in an area.
fn at_school(number: u32, age: i32, area: &str) -> Vec<Saying> {
    let child = pupil(&format!("P{number}"));
    let in_area = |area: &str, stands_as: Use| e::Address {
        postcode: Some(format!("{area} 1AA")),
        r#use: Some(stands_as.into()),
        ..Default::default()
    };
    let addresses = vec![in_area("ZZ3", Use::Birth), in_area("ZZ4", Use::Former), in_area(area, Use::Home)];
    let person = e::PersonDescribed { birth_on: Some(day(2099 - age, 1, 5)), addresses, ..Default::default() };
    vec![saying(SCHOOL, &child, "person", day(2098, 9, 1), person), attended(&child, 2098)]
}

/// What nobody is told of.
fn at_the_clinic(child: &Subject) -> Saying {
    let event = e::AdmissionStarted { specialty: coded("360"), ..Default::default() };
    saying(HOSPITAL, child, "clinic", day(2098, 11, 2), event)
}

struct There {
    house: House,
    serving: Serving,
    planning: PlanningService,
}

impl There {
    /// Sixteen children of one age in one area and eight of another in another, and what else is said and recorded.
    async fn with(more: Vec<Saying>, facts: Vec<Fact>) -> Self {
        let mut house = House::new().await;
        let papers = Papers::new();
        let everybody = organisations().into_iter().chain([organisation(HUB, s::Sector::Oversight)]);
        house.record(everybody.map(|fact| papers.of(fact)).collect()).await;
        let children = (0..24).flat_map(|number| {
            let (age, area) = if number < 16 { (8, "ZZ1") } else { (12, "ZZ2") };
            at_school(number, age, area)
        });
        house.say(CENSUS, children).await;
        house.say(HL7, more).await;
        house.record(facts).await;
        house.catch_up().await;
        let serving = serve(&house, papers, LONG).await;
        house.settle(&serving).await;
        let timelines = TimelineService {
            discloser: Arc::clone(&house.discloser),
            recorder: Arc::clone(&house.recorder),
            pseudonyms: Arc::clone(&house.pseudonyms),
            progress: serving.progress.subscribe(),
            facts_lag_max: LONG,
            limits: Limits::new(10_000),
            tokens: Arc::default(),
            pages: PageTokens::new(&house.pseudonyms),
            watches: Watches::new(),
            noticed: None,
        };
        Self { planning: PlanningService::beside(&timelines), house, serving }
    }

    async fn numbers(&self, organisation: &str, roles: &[RoleGroup]) -> Result<CountChildrenResponse, String> {
        let answer = self.planning.numbers_for(&staff(organisation, roles), (0, LATER)).await;
        answer.map(tonic::Response::into_inner).map_err(|status| reason(&status))
    }

    async fn told(&self) -> CountChildrenResponse {
        let told = self.numbers(COUNCIL, &[RoleGroup::Commissioning]).await.unwrap();
        CountChildrenResponse { decision_id: Vec::new(), ..told }
    }
}

fn parts(of: &[Part]) -> Vec<(&str, u32)> {
    of.iter().map(|part| (part.of.as_str(), part.children)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_plans_is_given_numbers_that_are_on_record_and_nobody_else_is() {
    let there = There::with(Vec::new(), Vec::new()).await;
    let answer = there.numbers(COUNCIL, &[RoleGroup::Commissioning]).await.unwrap();
    assert_eq!(answer.as_at, Some(day(2099, 2, 1)));
    let [all, attendance] = answer.counted.as_slice() else { panic!("{answer:#?}") };
    assert_eq!((all.category, attendance.category()), (None, s::Category::Attendance));
    for of in [all, attendance] {
        assert_eq!(of.children, Some(25));
        assert_eq!(parts(&of.by_age), [("5-9", 15), ("10-14", 10)]);
        assert_eq!((parts(&of.by_area), parts(&of.by_service)), (vec![("ZZ1", 15), ("ZZ2", 10)], vec![(SCHOOL, 25)]));
    }
    let record = there.house.disclosures().await.into_iter().find(|record| record.decision_id == answer.decision_id);
    let record = record.expect("on record");
    assert_eq!(
        (record.call(), record.organisation.as_str(), record.lines_released),
        (Call::CountChildren, COUNCIL, 12)
    );
    assert!(record.subjects.is_empty(), "of no child");
    for (organisation, role) in [
        (COUNCIL, RoleGroup::CaseHolding),
        (COUNCIL, RoleGroup::Sysadmin),
        (SCHOOL, RoleGroup::SchoolPastoral),
        (HUB, RoleGroup::Auditor),
    ] {
        assert_eq!(there.numbers(organisation, &[role]).await.unwrap_err(), "NOT_FOR_THIS_ROLE", "{role:?}");
    }
    // Nobody agreed that the other school may count them.
    let elsewhere = there.numbers("school-9994001", &[RoleGroup::Commissioning]).await.unwrap();
    assert_eq!(elsewhere.counted, [Counted::default()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_the_same_all_month_and_over_the_wire() {
    let mut there = There::with(Vec::new(), Vec::new()).await;
    let told = there.told().await;
    // Said today, and so known before the month of the question: another month's numbers have it.
    there.house.say(CENSUS, at_school(99, 8, "ZZ1")).await;
    there.house.settle(&there.serving).await;
    assert_eq!(there.told().await, told);
    // Over the wire it is this month, when nothing was known yet at its beginning.
    let mut planner = there.serving.planner(COUNCIL, "p.lanner", &["commissioning"]).await;
    let answer = planner.count_children().await.unwrap();
    assert_eq!((answer.counted.as_slice(), answer.fewest, answer.rounded_to), (&[Counted::default()][..], 8, 5));
    let mut teacher = there.serving.planner(SCHOOL, "t.invented", &["school_pastoral"]).await;
    assert_eq!(reason(&teacher.count_children().await.unwrap_err()), "NOT_FOR_THIS_ROLE");
}

/// The numbers of two worlds that differ in what may not be counted are the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_changes_no_number() {
    let told = There::with(Vec::new(), Vec::new()).await.told().await;
    let nobody_else_knows = hospital_person("H1");
    let hidden = vec![
        at_the_clinic(&pupil("P3")),
        at_the_clinic(&pupil("P20")),
        at_the_clinic(&nobody_else_knows),
        described(HOSPITAL, &nobody_else_knows, &[]),
    ];
    let sealed = hospital_person("H2");
    let more: Vec<Saying> = (0..9)
        .map(|year| {
            saying(HOSPITAL, &sealed, &format!("visit/{year}"), day(2098, 5, 2), e::AttendedEmergency::default())
        })
        .collect();
    let seal = e::IdentitySealed { sealed_on: Some(day(2090, 1, 1)), ..Default::default() };
    let sealing = Fact { sealed: vec![sealed.clone()], ..fact(&sealed, seal) };
    let there = There::with(hidden.into_iter().chain(more).collect(), vec![sealing]).await;
    assert_eq!(there.told().await, told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_who_must_not_be_known_of_is_not_counted_and_the_number_that_is_left_is_not_told() {
    let child = pupil("P20");
    let died = e::PersonDescribed { death_on: Some(day(2098, 12, 1)), ..Default::default() };
    let restricted =
        [s::restriction::Kind::ProtectedAddress, s::restriction::Kind::Court, s::restriction::Kind::SeriousHarm];
    let mut worlds: Vec<(Vec<Saying>, Vec<Fact>)> =
        restricted.into_iter().map(|kind| (Vec::new(), vec![restriction(&child, "one", kind)])).collect();
    worlds.push((vec![saying(HOSPITAL, &child, "death", day(2098, 12, 1), died)], Vec::new()));
    worlds.push((Vec::new(), vec![consent(&child, "no", s::consent_recorded::State::Refused, day(2025, 1, 1))]));
    for (said, facts) in worlds {
        let told = There::with(said, facts.clone()).await.told().await;
        for of in &told.counted {
            assert_eq!((of.children, parts(&of.by_age), parts(&of.by_area)), (Some(25), vec![], vec![]), "{facts:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_can_see_a_childs_records_is_told_to_whoever_checks_the_rules_and_is_on_record() {
    let child = pupil("P1");
    let mut there = There::with(vec![at_the_clinic(&child)], Vec::new()).await;
    there.house.say(CENSUS, [enrolled(SCHOOL, &child)]).await;
    there.house.settle(&there.serving).await;
    let request = || WhoCanSeeRequest { child: Some(child.clone()), categories: Vec::new() };
    let mut auditor = there.serving.auditor(HUB, "a.uditor", &["auditor"]).await;
    let answer = auditor.who_can_see(request()).await.unwrap();
    let attendance = answer.classes.iter().find(|class| class.category() == s::Category::Attendance).unwrap();
    assert_eq!(attendance.organisation, SCHOOL);
    let pastoral = |reach: &&Reach| reach.roles().any(|role| role == RoleGroup::SchoolPastoral);
    let teacher = attendance.reaches.iter().find(pastoral).unwrap();
    assert_eq!(
        (teacher.organisation.as_str(), teacher.involvement.as_str(), teacher.outcome()),
        (SCHOOL, "universal", Outcome::Full)
    );
    assert_eq!(teacher.rules, ["P01-own-record"]);
    assert!(
        attendance.reaches.iter().all(|reach| reach.organisation == SCHOOL),
        "nobody else works with the child: {attendance:#?}"
    );
    let record =
        there.house.disclosures().await.into_iter().find(|record| record.decision_id == answer.audit_id).unwrap();
    assert_eq!(
        (record.call(), record.subjects.len(), record.entries_released as usize),
        (Call::WhoCanSee, 1, answer.classes.len())
    );
    let mut lead = there.serving.auditor(HUB, "i.lead", &["information_governance"]).await;
    let only = WhoCanSeeRequest { categories: vec![s::Category::Attendance.into()], ..request() };
    assert_eq!(lead.who_can_see(only).await.unwrap().classes, std::slice::from_ref(attendance));
    // Whoever may not ask learns nothing of whether there is such a child.
    for (organisation, role) in [(SCHOOL, "information_governance"), (COUNCIL, "auditor"), (HUB, "sysadmin")] {
        let mut other = there.serving.auditor(organisation, "o.ther", &[role]).await;
        for asked in [request(), WhoCanSeeRequest { child: Some(pupil("nobody")), categories: Vec::new() }] {
            assert_eq!(
                reason(&other.who_can_see(asked).await.unwrap_err()),
                "NOT_FOR_THIS_ROLE",
                "{organisation} {role}"
            );
        }
    }
    let sealed = e::IdentitySealed { sealed_on: Some(day(2025, 1, 1)), ..Default::default() };
    let sealing = Fact { sealed: vec![child.clone()], ..fact(&child, sealed) };
    there.house.record(vec![sealing]).await;
    there.house.settle(&there.serving).await;
    assert!(auditor.who_can_see(request()).await.unwrap().classes.is_empty(), "of what is sealed nobody is told");
}
