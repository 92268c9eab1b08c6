//! The same bytes; or the first thing that differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use projection::disclose::{Ask, Followed, Watching};
use projection::replay::{Recorded, Verdict, Why, With};
use projection::serve::caller::Caller;
use proto::disclosure::Disclosure;
use proto::events::Subject;
use proto::events::relationship_recorded::Kind;
use proto::sharing as s;
use proto::sharing::Call;
use proto::sharing::consent_recorded::State;
use s::statutory_status_changed::Status;
use sharing::{Outcome, Purpose, RoleGroup};

use super::Elsewhere;
use crate::harness::linking::{Person, adopted, parameters, says};
use crate::harness::sayings::*;
use crate::harness::{House, now_us, staff};

/// A child whom a school, the council and the hospital know; a brother by one mother; links and parts of it as time goes by.
struct Lives {
    house: House,
    school: Subject,
    council: Subject,
    hospital: Subject,
    brother: Subject,
    watching: Watching,
}

impl Lives {
    async fn begin() -> Self {
        let mut house = House::new().await;
        house.record(organisations()).await;
        let (school, council, hospital) = (pupil("P1"), council_child("C1"), hospital_person("H1"));
        let (brother, mother) = (hospital_person("H2"), hospital_person("M1"));
        house
            .say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school), attended(&school, 2023)])
            .await;
        house.say(CIN, [described(COUNCIL, &council, &[upn(UPN)]), referred(&council)]).await;
        let people = [&hospital, &brother].map(|person| {
            [described(HOSPITAL, person, &[]), emergency(person), related(person, &mother, Kind::Parent)]
        });
        house.say(HL7, people.concat()).await;
        let brother_at_school = pupil("P2");
        house.say(CENSUS, [described(SCHOOL, &brother_at_school, &[]), enrolled(SCHOOL, &brother_at_school)]).await;
        house.record(vec![linked(&brother_at_school, &brother)]).await;
        house.catch_up().await;
        Self { house, school, council, hospital, brother, watching: Watching::new() }
    }

    fn readers() -> [(Caller, Purpose); 5] {
        [
            (staff(SCHOOL, &[RoleGroup::SchoolPastoral]), Purpose::EducationProvision),
            (staff(SCHOOL, &[RoleGroup::Safeguarding]), Purpose::ChildProtection),
            (staff(COUNCIL, &[RoleGroup::Safeguarding, RoleGroup::CaseHolding]), Purpose::ChildProtection),
            (staff(HOSPITAL, &[RoleGroup::Clinical]), Purpose::DirectCare),
            (staff("school-9994001", &[RoleGroup::SchoolPastoral]), Purpose::EducationProvision),
        ]
    }

    /// Everybody asks everything that can be asked.
    async fn asked(&mut self) {
        self.house.catch_up().await;
        for (caller, purpose) in Self::readers() {
            for child in [&self.school, &self.council, &self.hospital] {
                let ask = self.house.ask(&caller, child, purpose);
                self.pages(&ask).await;
                self.recorded(self.house.discloser.decide_involvement(&ask).unwrap()).await;
            }
            let ask = self.house.ask(&caller, &self.council, purpose);
            self.recorded(self.house.discloser.decide_family(&ask).unwrap()).await;
            let part = Ask {
                from_day: Some(17_000),
                to_day: Some(20_500),
                categories: vec![sharing::Category::Attendance, sharing::Category::Attainment],
                valid_on: jiff::civil::date(2025, 11, 3),
                ..ask
            };
            self.house.answer(&part).await;
        }
        let (caller, purpose) = Self::readers().into_iter().next().unwrap();
        let ask = self.house.ask(&caller, &self.school, purpose);
        if let Followed::Changed(changed) = self.house.discloser.follow(&ask, &self.watching).unwrap() {
            let released = changed.record(&self.house.recorder).await.unwrap().release();
            released.into_frames(&mut self.watching);
        }
    }

    /// A timeline in pages of two, each after the first pinned to what the first saw.
    async fn pages(&self, ask: &Ask) {
        let mut ask = Ask { page_size: 2, ..ask.clone() };
        for _ in 0..3 {
            let view = self.house.view(&ask).await;
            (ask.known_at_us, ask.skip) = (Some(view.pinned_at_us()), view.next_skip());
        }
    }

    async fn recorded<V>(&self, undisclosed: projection::disclose::Undisclosed<V>) {
        drop(undisclosed.record(&self.house.recorder).await.unwrap().release());
    }

    /// All that changes what is shown, one after the other, with everybody asking between.
    async fn pass(&mut self) {
        self.asked().await;
        self.house.record(vec![linked(&self.school, &self.hospital)]).await;
        self.asked().await;
        self.house.record(vec![consent(&self.school, "c1", State::Withdrawn, day(2024, 1, 1))]).await;
        self.house.say(CENSUS, [attended(&self.school, 2024)]).await;
        self.asked().await;
        self.house.record(vec![status(&self.council, Status::Section47)]).await;
        self.asked().await;
        self.house.record(vec![unlinked(&self.school, &self.hospital), agreement(&[SCHOOL, COUNCIL])]).await;
        self.house.say(HL7, [emergency(&self.brother)]).await;
        self.asked().await;
    }
}

fn by_call(recorded: &[Recorded]) -> BTreeMap<i32, usize> {
    let mut counts = BTreeMap::new();
    recorded.iter().for_each(|of| *counts.entry(of.decision.call).or_default() += 1);
    counts
}

/// The decisions that are not the same, and what of them differs.
fn not_same(elsewhere: &Elsewhere) -> Vec<(Call, Verdict)> {
    let verdicts =
        elsewhere.recorded().into_iter().map(|of| (of.decision.call(), elsewhere.verdict(&of, &With::recorded())));
    verdicts.filter(|(_, verdict)| *verdict != Verdict::Same).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_decision_comes_out_the_same_bytes_on_another_machine() {
    let mut lives = Lives::begin().await;
    lives.pass().await;
    let elsewhere = Elsewhere::of(&lives.house).await;
    let recorded = elsewhere.recorded();
    let counts = by_call(&recorded);
    for (call, least) in
        [(Call::GetTimeline, 250), (Call::GetInvolvement, 75), (Call::GetFamily, 25), (Call::WatchTimeline, 3)]
    {
        assert!(counts.get(&i32::from(call)).is_some_and(|count| *count >= least), "{call:?}: {counts:?}");
    }
    assert!(recorded.iter().any(|of| !of.decision.part_of.is_empty()), "a part of an answer about a family");
    let gave = |of: &&Recorded| of.decision.entries_released > 0;
    assert!(recorded.iter().filter(gave).count() > 100, "most of them of something");
    assert_eq!(not_same(&elsewhere), []);
}

/// What is only probable is judged when it is read, by pairs that the linker found: it is recorded which these were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_over_a_probable_link_is_made_again_after_the_link_is_gone() {
    let mut house = House::new().await;
    house.record(organisations()).await;
    house.record(vec![adopted(parameters(0.04))]).await;
    let person = Person { given: "Invented", family: "Testcase", born: day(2014, 3, 4), sex: "F", postcode: "ZQ1 2AB" };
    let (school, council) = (pupil("P1"), council_child("C1"));
    house.say(CENSUS, [says(SCHOOL, &school, &person, &[], 1), enrolled(SCHOOL, &school)]).await;
    house.say(CIN, [says(COUNCIL, &council, &person, &[], 1), referred(&council)]).await;
    house.catch_up().await;
    let caller = staff(COUNCIL, &[RoleGroup::Safeguarding, RoleGroup::CaseHolding]);
    house.read(&caller, &council, Purpose::ChildProtection).await;
    house.link();
    assert_eq!(house.child(&council, None).resolution.subjects.len(), 2, "the linker links them");
    house.read(&caller, &council, Purpose::ChildProtection).await;
    // Another name, and they are not alike.
    let other = Person { given: "Somebody", family: "Otherwise", born: day(2012, 1, 9), ..person };
    house.say(CENSUS, [says(SCHOOL, &school, &other, &[], 2)]).await;
    house.catch_up().await;
    house.link();
    assert_eq!(house.child(&council, None).resolution.subjects.len(), 1);
    house.read(&caller, &council, Purpose::ChildProtection).await;
    let elsewhere = Elsewhere::of(&house).await;
    let probable = |of: &&Recorded| of.decision.basis.as_ref().is_some_and(|basis| !basis.probable.is_empty());
    assert_eq!(elsewhere.recorded().iter().filter(probable).count(), 1);
    assert_eq!(not_same(&elsewhere), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_first_is_named() {
    let mut lives = Lives::begin().await;
    lives.asked().await;
    let of = |elsewhere: &Elsewhere| {
        let shows = |of: &Recorded| of.decision.call() == Call::GetTimeline && of.decision.entries_released > 0;
        elsewhere.recorded().into_iter().find(shows).unwrap()
    };
    let moved = Elsewhere::with(&lives.house, "another hub").await;
    let differs = |verdict: Verdict| match verdict {
        Verdict::Differs(difference) => difference.what,
        other => panic!("{other:?}"),
    };
    let recorded = of(&moved);
    assert!(differs(moved.verdict(&recorded, &With::recorded())).contains("hub_contact"));
    // The other store lies where this one is made.
    drop(moved);
    let here = Elsewhere::of(&lives.house).await;
    type Change = fn(&mut Disclosure);
    let changes: [(Change, &str); 6] = [
        (|of| of.basis.as_mut().unwrap().facts_digest = vec![1; 8], "the facts that were read"),
        (|of| of.basis.as_mut().unwrap().registry_digest = vec![1; 8], "the organisations and agreements"),
        (|of| of.subjects_digest = vec![1; 16], "who was held to be the child"),
        (|of| of.classes_full += 1, "the classes of record by outcome"),
        (|of| of.entries_released += 1, "how much was given"),
        (|of| of.answer_digest = vec![1; 16], "the answer"),
    ];
    for (change, what) in changes {
        let mut forged = recorded.clone();
        change(&mut forged.decision);
        assert_eq!(differs(here.verdict(&forged, &With::recorded())), what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_made_again_says_why() {
    let mut lives = Lives::begin().await;
    lives.asked().await;
    let refused = Disclosure { denied: s::DenialReason::RateLimited.into(), ..Disclosure::default() };
    let look = Disclosure { operator_command: "disclosures".into(), ..Disclosure::default() };
    let elsewhere = Elsewhere::of(&lives.house).await;
    let asked = elsewhere.recorded().into_iter().find(|of| of.decision.call() == Call::GetTimeline).unwrap();
    let old = Disclosure { basis: None, ..asked.decision.clone() };
    let lost = Disclosure { policy_hash: vec![9; 32], ..asked.decision.clone() };
    let followed = elsewhere.recorded().into_iter().find(|of| of.decision.call() == Call::WatchTimeline).unwrap();
    let mut without_before = followed.decision;
    without_before.basis.as_mut().unwrap().after = vec![3; 16];
    let mut ahead = asked.decision.clone();
    ahead.basis.as_mut().unwrap().read_to = vec![1 << 4, 0xff, 0xff, 0x7f];
    let review = Disclosure { call: Call::ListItems.into(), ..Disclosure::default() };
    for (decision, why) in [
        (refused, Why::RefusedUnread),
        (look, Why::OperatorsLook),
        (old, Why::RecordTooOld),
        (lost, Why::RulesLost),
        (without_before, Why::RecordLost),
        (ahead, Why::StoreBehind),
        (review, Why::Review),
    ] {
        let recorded = Recorded { decision, rests_on: None };
        assert_eq!(elsewhere.verdict(&recorded, &With::recorded()), Verdict::CannotSay(why));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_they_have_seen_with_what_is_known_now_or_with_an_agreement_that_is_a_draft() {
    let mut house = House::new().await;
    house.record(organisations()).await;
    let (school, council) = (pupil("P1"), council_child("C1"));
    house.say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school)]).await;
    house.say(CIN, [described(COUNCIL, &council, &[upn(UPN)]), referred(&council)]).await;
    house.catch_up().await;
    let caller = staff(SCHOOL, &[RoleGroup::Safeguarding]);
    house.read(&caller, &school, Purpose::ChildProtection).await;
    house.record(vec![status(&council, Status::Section47)]).await;
    house.catch_up().await;
    let elsewhere = Elsewhere::of(&house).await;
    let recorded = elsewhere.recorded().remove(0);
    let content = |with: &With| {
        let rerun = elsewhere.replayer.rerun(&recorded, with).unwrap();
        rerun
            .classes
            .iter()
            .filter(|decided| decided.class.source_org == COUNCIL && decided.outcome >= Outcome::Redacted)
            .inspect(|decided| assert!(!decided.rules.is_empty(), "something permits it: {decided:?}"))
            .count()
    };
    let (then, now) = (content(&With::recorded()), content(&With::facts_now()));
    assert!(now > then, "an enquiry that was recorded later opens the council's record: {then} then, {now} now");
    assert_eq!(elsewhere.verdict(&recorded, &With::recorded()), Verdict::Same);
    assert!(matches!(elsewhere.verdict(&recorded, &With::facts_now()), Verdict::Differs(_)));
    assert_eq!(elsewhere.verdict(&recorded, &With::rules_current()), Verdict::Same, "the rules are the same");
    // The agreement as it would be without the council.
    let draft = agreement(&[SCHOOL, HOSPITAL]);
    let draft = proto::events::Body { event: draft.event, ..Default::default() };
    let with = With { drafts: vec![draft], ..With::recorded() };
    let rerun = elsewhere.replayer.rerun(&recorded, &with).unwrap();
    assert_ne!(rerun.record.unwrap().outcomes_digest, recorded.decision.outcomes_digest, "the draft was read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_erasure_it_says_so_and_whether_the_erased_records_are_those() {
    let mut lives = Lives::begin().await;
    lives.asked().await;
    let asked_at = now_us();
    lives.house.destroy(&lives.council).await;
    lives.house.catch_up().await;
    let elsewhere = Elsewhere::of(&lives.house).await;
    let one = |of: &Recorded| {
        let Disclosure { call, valid_day, basis, .. } = &of.decision;
        let (asked, basis) = (*call == i32::from(Call::GetTimeline), basis.as_ref().unwrap());
        asked && basis.known_at_us == 0 && *valid_day == basis.asked_day
    };
    let council = lives.house.pseudonyms.of(&lives.council).0.to_vec();
    let recorded =
        elsewhere.recorded().into_iter().find(|of| one(of) && of.decision.subjects.contains(&council)).unwrap();
    assert!(recorded.decision.basis.as_ref().unwrap().asked_at_us < asked_at);
    let log = lives.house.log.as_ref();
    let rerun = async |recorded: &Recorded, with: With| {
        let rerun = elsewhere.replayer.rerun(recorded, &with).unwrap();
        elsewhere.replayer.settle(recorded, rerun, log).await.unwrap()
    };
    let settled = async |recorded: &Recorded| rerun(recorded, With::recorded()).await.verdict;
    let again = rerun(&recorded, With::recorded()).await;
    assert_eq!(again.verdict, Verdict::Erased { digest_matches: Some(true) });
    assert_eq!(again.gone.of, recorded.decision.basis.as_ref().unwrap().facts);
    assert!(again.gone.events > 0 && again.gone.events <= again.gone.of as usize);
    let today = rerun(&recorded, With::rules_current()).await;
    assert_eq!(today.verdict, Verdict::Erased { digest_matches: Some(true) }, "by other rules no less");
    let mut forged = recorded.clone();
    forged.decision.basis.as_mut().unwrap().facts_digest = vec![1; 8];
    assert_eq!(settled(&forged).await, Verdict::Erased { digest_matches: Some(false) });
}

/// By the rules of its time, though another set runs now: the log keeps them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_of_an_old_set_of_rules_is_made_again_by_that_set() {
    let mut house = House::new().await;
    let set = house.discloser.engine.rule_set().clone();
    let paragraphs = set.rules.split("\n\n").filter(|rule| !rule.contains("@id(\"P01-own-record\")"));
    let set = s::RuleSet { rules: paragraphs.collect::<Vec<_>>().join("\n\n"), ..set };
    let old = Arc::new(sharing::Engine::from_stored(set).unwrap());
    assert_ne!(old.policy_hash(), house.discloser.engine.policy_hash());
    house.discloser = Arc::new(projection::disclose::Discloser {
        children: house.discloser.children.clone(),
        engine: Arc::clone(&old),
        cache: sharing::DecisionCache::new(1_000),
        registries: projection::registry::Registries::new(house.store.clone(), house.projector.clone()),
        hub_contact: crate::harness::HUB_CONTACT.to_owned(),
    });
    house.record(organisations()).await;
    let school = pupil("P1");
    house.say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school)]).await;
    house.catch_up().await;
    let caller = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    house.read(&caller, &school, Purpose::EducationProvision).await;
    let lost = Elsewhere::of(&house).await;
    assert_eq!(lost.verdict(&lost.recorded()[0], &With::recorded()), Verdict::CannotSay(Why::RulesLost));
    drop(lost);
    for part in sharing::policies::parts(old.policy_hash(), old.rule_set(), 20_000) {
        house.commands.keep_policy(part, now_us(), day(2026, 1, 15)).await.unwrap();
    }
    house.catch_up().await;
    let elsewhere = Elsewhere::of(&house).await;
    let recorded = &elsewhere.recorded()[0];
    assert_eq!(elsewhere.verdict(recorded, &With::recorded()), Verdict::Same);
    assert!(matches!(elsewhere.verdict(recorded, &With::rules_current()), Verdict::Differs(_)), "by those of today");
}
