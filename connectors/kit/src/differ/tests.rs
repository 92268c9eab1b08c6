use std::collections::{BTreeMap, BTreeSet};

use event_log::Pseudonym;
use proptest::prelude::*;
use proto::events::{
    AssessmentStarted, Cause, EnrolmentEnded, EnrolmentStarted, FindingCode, Scheme, Version, event::Kind,
};
use proto::quarantine::Reason;

use super::*;
use crate::body::{Statement, Subjects, entry_id, statement};
use crate::connector::Place;
use crate::{dates, identifier};

const SOURCE: &str = "education-toy";
const SCOPE: &str = "8784001/toy";

fn key() -> PseudonymKey {
    PseudonymKey::from_bytes([7; 32])
}

fn draft(pupil: &str, start: &str, event: impl Into<Event>) -> Draft {
    Draft {
        subject: identifier::subject(Scheme::SchoolPupil, "8784001", pupil),
        controller: "school-8784001".to_owned(),
        scope_key: Some(SCOPE.to_owned()),
        table: "enrolment",
        record_key: format!("{pupil}/{start}"),
        ordinal: 0,
        effective: dates::on(dates::iso(start, "start").value.unwrap()),
        observed_at_us: None,
        version: None,
        findings: Vec::new(),
        third_parties: Vec::new(),
        clears: Vec::new(),
        in_part: false,
        labels: Vec::new(),
        event: event.into(),
        place: Place::default(),
    }
}

fn enrolled(pupil: &str, school: &str) -> Draft {
    draft(pupil, "2024-09-01", EnrolmentStarted { school: Some(school.to_owned()), ..Default::default() })
}

fn submission(day: i64, drafts: Vec<Draft>) -> Submission {
    Submission {
        scope_key: SCOPE.to_owned(),
        as_of_us: day * 86_400_000_000,
        sequence: 0,
        mapping_revision: 1,
        drafts,
        whole: true,
        unread: BTreeSet::new(),
        covered: BTreeSet::new(),
        parts: Vec::new(),
    }
}

fn pupils(count: usize) -> Vec<Draft> {
    (0..count).map(|pupil| enrolled(&format!("P{pupil}"), "a")).collect()
}

/// Diffs one after another, and gives what each published.
fn run(submissions: Vec<Submission>) -> (Vec<Diff>, Vec<Statement>) {
    let (mut baseline, mut diffs, mut all) = (Baseline::default(), Vec::new(), Vec::new());
    for submission in submissions {
        let diff = diff(&key(), SOURCE, baseline, submission, Retractions::default());
        baseline = diff.baseline.clone();
        all.extend(diff.statements.clone());
        diffs.push(diff);
    }
    (diffs, all)
}

fn causes(diff: &Diff) -> Vec<Cause> {
    diff.statements.iter().map(|statement| statement.body.cause()).collect()
}

/// What a reader would see: entry to its event, effective date and findings.
fn folded(statements: &[Statement]) -> BTreeMap<[u8; 16], String> {
    let said = statements.iter().enumerate().map(|(at, statement)| timeline::Said {
        event_id: statement.event_id.0,
        subject: statement.subject.0,
        published_at_us: at as i64,
        body: statement.body.clone(),
    });
    let timeline = timeline::fold(said, None).unwrap();
    let told = |entry: timeline::Entry| {
        (entry.entry_id, format!("{:?} {:?} {:?}", entry.event, entry.effective, entry.findings))
    };
    timeline.entries.into_iter().map(told).collect()
}

#[test]
fn the_same_file_again_adds_nothing() {
    let (diffs, _) = run(vec![submission(1, pupils(3)), submission(1, pupils(3)), submission(2, pupils(3))]);
    assert_eq!(causes(&diffs[0]), [Cause::Started; 3]);
    assert_eq!(diffs[1].statements, []);
    assert_eq!(diffs[1].baseline, diffs[0].baseline);
    assert_eq!(diffs[2].statements, []);
}

#[test]
fn what_is_stated_in_part_leaves_the_rest_as_it_was() {
    let on = |day: &str| dates::iso(day, "").value;
    let enrolled = |school: Option<&str>, until: &str| {
        let school = school.map(str::to_owned);
        draft("P0", "2024-09-01", EnrolmentStarted { school, entry_on: on(until), ..Default::default() })
    };
    let part = Draft { in_part: true, ..enrolled(None, "2024-09-03") };
    let (diffs, all) = run(vec![
        submission(1, vec![enrolled(Some("a"), "2024-09-02")]),
        submission(2, vec![part.clone()]),
        submission(3, vec![part]),
    ]);
    assert_eq!((diffs[1].statements.len(), diffs[2].statements.len()), (1, 0));
    assert_eq!(diffs[1].statements[0].body.clears, [0; 0]);
    let whole = run(vec![submission(1, vec![enrolled(Some("a"), "2024-09-03")])]).1;
    assert_eq!(folded(&all), folded(&whole));
    // Stated whole again, it is what it says and no more.
    let (_, all) = run(vec![
        submission(1, vec![enrolled(Some("a"), "2024-09-02")]),
        submission(2, vec![Draft { in_part: true, ..enrolled(None, "2024-09-03") }]),
        submission(3, vec![enrolled(None, "2024-09-03")]),
    ]);
    assert_eq!(folded(&all), folded(&run(vec![submission(1, vec![enrolled(None, "2024-09-03")])]).1));
}

#[test]
fn changed_ended_and_retracted() {
    let mut second = vec![enrolled("P0", "b"), enrolled("P1", "a")];
    second.push(Draft { ordinal: 1, ..draft("P1", "2024-09-01", EnrolmentEnded::default()) });
    let (diffs, all) = run(vec![submission(1, pupils(3)), submission(2, second)]);
    assert_eq!(causes(&diffs[1]), [Cause::Changed, Cause::Ended, Cause::Retracted]);
    let retracted = &diffs[1].statements[2];
    assert_eq!((retracted.body.subject.as_ref(), retracted.body.record_key.as_str()), (None, ""));
    assert_eq!(retracted.subject, key().of(&enrolled("P2", "a").subject));
    assert_eq!(folded(&all).len(), 3);
}

#[test]
fn a_field_that_a_record_no_longer_holds_is_cleared() {
    let full = EnrolmentStarted { school: Some("a".into()), part_time: Some(true), ..Default::default() };
    let bare = EnrolmentStarted { school: Some("a".into()), ..Default::default() };
    let (_, all) = run(vec![
        submission(1, vec![draft("P0", "2024-09-01", full)]),
        submission(2, vec![draft("P0", "2024-09-01", bare.clone())]),
    ]);
    assert_eq!(all[1].body.clears, [2, 3, 4, 5, 6]);
    assert!(folded(&all).values().all(|entry| entry.contains("part_time: None")));
}

#[test]
fn a_start_date_put_right_is_a_correction() {
    let first = vec![draft("P0", "2024-09-01", EnrolmentStarted::default()), enrolled("P1", "a")];
    let second = vec![draft("P0", "2024-09-02", EnrolmentStarted::default()), enrolled("P1", "a")];
    let (diffs, all) = run(vec![submission(1, first), submission(2, second)]);
    assert_eq!(causes(&diffs[1]), [Cause::Corrected, Cause::Corrected]);
    let [new, old] = diffs[1].statements.as_slice() else { panic!("{diffs:?}") };
    let Some(Kind::EntryCorrected(corrected)) = old.body.event.as_ref().and_then(|e| e.kind.as_ref()) else { panic!() };
    assert_eq!(corrected.replaced_by_entry_id.as_ref(), Some(&new.body.entry_id));
    assert_eq!(old.body.entry_id, diffs[0].statements[0].body.entry_id);
    assert_eq!(folded(&all).len(), 2);
}

#[test]
fn two_gone_or_two_new_are_no_correction() {
    let starts =
        |days: &[&str]| days.iter().map(|day| draft("P0", day, EnrolmentStarted::default())).collect::<Vec<_>>();
    let (diffs, _) = run(vec![
        submission(1, starts(&["2024-09-01"])),
        submission(2, starts(&["2024-09-02", "2024-09-03"])),
        submission(3, starts(&["2024-09-04"])),
    ]);
    assert_eq!(causes(&diffs[1]), [Cause::Started, Cause::Started, Cause::Retracted]);
    assert_eq!(causes(&diffs[2]), [Cause::Started, Cause::Retracted, Cause::Retracted]);
    let another_kind = vec![draft("P0", "2024-09-05", AssessmentStarted::default())];
    let (diffs, _) = run(vec![submission(1, starts(&["2024-09-01"])), submission(2, another_kind)]);
    assert_eq!(causes(&diffs[1]), [Cause::Started, Cause::Retracted]);
}

#[test]
fn half_a_file_retracts_nothing() {
    let half = Submission { whole: false, ..submission(2, pupils(2)) };
    let (diffs, _) = run(vec![submission(1, pupils(4)), half, submission(3, pupils(3))]);
    assert_eq!(diffs[1].statements, []);
    assert_eq!(causes(&diffs[2]), [Cause::Retracted]);
}

#[test]
fn an_unreadable_record_counts_as_present() {
    let unread = BTreeSet::from([key().of(&enrolled("P3", "a").subject)]);
    let (diffs, _) = run(vec![submission(1, pupils(4)), Submission { unread, ..submission(2, pupils(2)) }]);
    assert_eq!(causes(&diffs[1]), [Cause::Retracted]);
    assert_eq!(diffs[1].statements[0].subject, key().of(&enrolled("P2", "a").subject));
}

#[test]
fn too_many_retractions_wait_for_a_person_and_the_rest_goes_on() {
    let mut short = pupils(10);
    short[0] = enrolled("P0", "b");
    short.push(enrolled("new", "a"));
    let (diffs, _) = run(vec![submission(1, pupils(20)), submission(2, short.clone())]);
    assert_eq!(diffs[1].held, Some(HeldBack { retractions: 10, standing: 20 }));
    assert_eq!(causes(&diffs[1]), [Cause::Changed, Cause::Started]);
    // Again: still held, and nothing twice.
    let again = diff(&key(), SOURCE, diffs[1].baseline.clone(), submission(2, short.clone()), Retractions::default());
    assert_eq!((again.statements.len(), again.held.map(|h| h.retractions)), (0, Some(10)));
    let let_through = diff(&key(), SOURCE, again.baseline, submission(2, short.clone()), Retractions::Allowed);
    assert_eq!((causes(&let_through), let_through.held), (vec![Cause::Retracted; 10], None));
    let once_more = diff(&key(), SOURCE, let_through.baseline, submission(2, short), Retractions::Allowed);
    assert_eq!(once_more.statements, []);
}

#[test]
fn a_few_retractions_go_through_in_a_small_scope() {
    let (diffs, _) = run(vec![submission(1, pupils(8)), submission(2, pupils(3))]);
    assert_eq!((diffs[1].held, diffs[1].statements.len()), (None, 5));
}

#[test]
fn a_record_twice_in_one_file() {
    let drafts = vec![enrolled("P0", "a"), enrolled("P0", "a"), enrolled("P1", "a"), enrolled("P1", "b")];
    let (diffs, _) = run(vec![submission(1, drafts)]);
    assert_eq!(diffs[0].statements.len(), 2);
    assert_eq!(diffs[0].statements[0].body.findings[0].code(), FindingCode::RecordRepeated);
    assert_eq!(diffs[0].rejections.len(), 1);
    assert_eq!(diffs[0].rejections[0].reason, Reason::KeyShared);
}

#[test]
fn a_return_put_right_under_its_old_date_is_a_later_version() {
    let (diffs, all) =
        run(vec![submission(1, pupils(2)), submission(1, vec![enrolled("P0", "b"), enrolled("P1", "a")])]);
    assert_eq!(causes(&diffs[1]), [Cause::Changed]);
    assert!(
        diffs[1].statements[0].body.version.unwrap().sequence > diffs[0].statements[0].body.version.unwrap().sequence
    );
    assert!(folded(&all).values().any(|entry| entry.contains("\"b\"")));
}

#[test]
fn a_new_mapping_says_again_only_what_it_changes() {
    let mut revised = vec![enrolled("P0", "a"), enrolled("P1", "renamed")];
    revised[0].findings.clear();
    let redrive = Submission { mapping_revision: 2, ..submission(1, revised) };
    let (diffs, _) = run(vec![submission(1, pupils(2)), redrive]);
    assert_eq!(causes(&diffs[1]), [Cause::Changed]);
}

#[test]
fn a_baseline_reads_back_and_damage_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let baselines = Baselines::open(dir.path(), key()).unwrap();
    assert!(baselines.none().unwrap());
    let (diffs, _) = run(vec![submission(1, pupils(3)), submission(2, pupils(2))]);
    baselines.store(SCOPE, &diffs[1].baseline).unwrap();
    assert!(!baselines.none().unwrap());
    assert_eq!(baselines.load(SCOPE).unwrap(), diffs[1].baseline);
    assert!(baselines.load("another").unwrap().is_empty());

    let path = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let good = std::fs::read(&path).unwrap();
    let text = String::from_utf8_lossy(&good).into_owned();
    assert!(!text.contains("P0") && !text.contains("2024"), "a baseline holds no names");
    for at in [0, 15, 16, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(baselines.load(SCOPE), Err(BaselineError::Damaged(_))), "byte {at}");
    }
    std::fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert!(matches!(baselines.load(SCOPE), Err(BaselineError::Damaged(_))));
}

#[test]
fn who_is_forgotten_is_forgotten_beside_what_a_process_that_died_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let baselines = Baselines::open(dir.path(), key()).unwrap();
    let (diffs, _) = run(vec![submission(1, pupils(3))]);
    // Of many scopes, since a folder lists its files in an order of its own.
    for scope in 0..16 {
        baselines.store(&format!("scope {scope}"), &diffs[0].baseline).unwrap();
    }
    let stored: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    stored.iter().for_each(|path| std::fs::write(path.with_extension("new"), "half of it").unwrap());
    let gone = std::collections::HashSet::from([key().of(&pupils(1)[0].subject)]);
    assert_eq!(baselines.forget(&gone).unwrap(), 16);
    assert!(!baselines.hold(&gone).unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 16);
}

#[test]
fn what_was_not_taken_of_a_thing_is_no_word_that_it_is_gone() {
    let of = enrolled("P1", "a").subject;
    let told = |is_taken: bool| {
        let mut survey = Survey::new(&key(), SOURCE, crate::runs::Runs::in_memory);
        survey.scope(crate::connector::Scope { key: SCOPE.to_owned(), as_of_us: Some(1), sequence: 0 });
        survey.part(SCOPE, &of, "P1/plan/7", true).unwrap();
        if !is_taken {
            let refused = crate::connector::Rejection {
                reason: Reason::ControllerNotYours,
                message: "not yours".to_owned(),
                place: Place::default(),
                controller: None,
                raw: Vec::new(),
                scope_key: Some(SCOPE.to_owned()),
                subject: Some(of.clone()),
                digest: None,
            };
            survey.not_taken(&refused).unwrap();
        }
        let surveyed = survey.end().unwrap();
        let told = surveyed.children(0).next().unwrap().unwrap();
        (told.parts.len(), told.unread)
    };
    assert_eq!([told(true), told(false)], [(1, false), (0, true)]);
}

#[test]
fn baselines_of_an_earlier_form_and_half_of_those_made_anew_are_made_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let baselines = Baselines::open(dir.path(), key()).unwrap();
    let (diffs, _) = run(vec![submission(1, pupils(3))]);
    let all = BTreeMap::from([(SCOPE.to_owned(), diffs[0].baseline.clone())]);
    std::fs::write(dir.path().join("00.baseline"), "as it stood once").unwrap();
    assert!(baselines.none().unwrap());
    // A process that died while it made them.
    baselines.store(SCOPE, &all[SCOPE]).unwrap();
    std::fs::write(dir.path().join("all.unfinished"), "").unwrap();
    assert!(baselines.none().unwrap());
    baselines.store("another", &all[SCOPE]).unwrap();
    baselines.replace_all(&all).unwrap();
    assert!(!baselines.none().unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(baselines.load(SCOPE).unwrap(), all[SCOPE]);
}

#[test]
fn a_damaged_baseline_is_told_when_somebody_is_forgotten_and_not_taken_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let baselines = Baselines::open(dir.path(), key()).unwrap();
    let (diffs, _) = run(vec![submission(1, pupils(3))]);
    baselines.store("good", &diffs[0].baseline).unwrap();
    let good = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    std::fs::write(dir.path().join("00").with_extension("scope"), "damaged").unwrap();
    let gone = std::collections::HashSet::from([key().of(&pupils(1)[0].subject)]);
    assert!(matches!(baselines.forget(&gone), Err(BaselineError::Damaged(_))));
    assert!(baselines.load("good").unwrap().entries_standing() == 2 && good.exists());
}

/// What one submission says: of each of some entries nothing, or one of a few contents; and how well it was read.
#[derive(Clone, Debug)]
struct Told {
    contents: Vec<Option<u8>>,
    whole: bool,
    unread: Vec<bool>,
    covered: Vec<bool>,
}

const ENTRIES: usize = 4;

fn told() -> impl Strategy<Value = Told> {
    let contents = proptest::collection::vec(proptest::option::weighted(0.7, 0..3u8), ENTRIES);
    let unread = proptest::collection::vec(prop::bool::weighted(0.15), ENTRIES);
    let covered = proptest::collection::vec(prop::bool::weighted(0.3), ENTRIES);
    (contents, prop::bool::weighted(0.7), unread, covered).prop_map(|(contents, whole, unread, covered)| Told {
        contents,
        whole,
        unread,
        covered,
    })
}

impl Told {
    fn submission(&self, day: i64) -> Submission {
        let drafts = self.contents.iter().enumerate().filter_map(|(entry, content)| {
            // Two entries for each pupil, so that corrections come about.
            let start = format!("2024-09-0{}", entry % 2 + 1);
            let event = EnrolmentStarted {
                school: content.filter(|c| *c != 2).map(|c| format!("school-{c}")),
                part_time: content.filter(|c| *c == 2).map(|_| true),
                ..Default::default()
            };
            content.map(|_| draft(&format!("P{}", entry / 2), &start, event))
        });
        let subjects = |which: &[bool]| {
            let which = which.iter().enumerate().filter(|(_, is)| **is);
            which.map(|(entry, _)| key().of(&enrolled(&format!("P{}", entry / 2), "a").subject)).collect()
        };
        Submission {
            whole: self.whole,
            unread: subjects(&self.unread),
            covered: subjects(&self.covered),
            parts: Vec::new(),
            ..submission(day, drafts.collect())
        }
    }
}

/// The state that any order must end in: for each entry the last submission that says anything of it.
fn expected(told: &[Told]) -> BTreeMap<[u8; 16], String> {
    let statements = told.iter().enumerate().fold(BTreeMap::new(), |mut state, (day, told)| {
        let submission = told.submission(day as i64 + 1);
        let present: Vec<_> = submission.drafts.iter().map(|draft| entry_id(&key(), SOURCE, draft)).collect();
        let tells = |subject: &Pseudonym| told.whole || submission.covered.contains(subject);
        state.retain(|id, (subject, _)| present.contains(id) || submission.unread.contains(subject) || !tells(subject));
        for (draft, id) in submission.drafts.into_iter().zip(present) {
            let version = Version { as_of_us: day as i64, ..Default::default() };
            let subject = key().of(&draft.subject);
            state.insert(id, (subject, statement(&mut Subjects::new(&key()), SOURCE, draft, version, Cause::Started)));
        }
        state
    });
    folded(&statements.into_values().map(|(_, statement)| statement).collect::<Vec<_>>())
}

fn folded_in(order: &[usize], told: &[Told]) -> (BTreeMap<[u8; 16], String>, Vec<Statement>) {
    let (mut baseline, mut all) = (Baseline::default(), Vec::new());
    for at in order {
        let submission = told[*at].submission(*at as i64 + 1);
        let diff = diff(&key(), SOURCE, baseline, submission, Retractions::Allowed);
        baseline = diff.baseline;
        all.extend(diff.statements);
    }
    (folded(&all), all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_order_of_submissions_ends_the_same(
        (told, order) in proptest::collection::vec(told(), 1..6).prop_flat_map(|told| {
            let order = Just((0..told.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(told), order)
        })
    ) {
        let (state, all) = folded_in(&order, &told);
        prop_assert_eq!(&state, &expected(&told));
        // No id comes twice, so that no id comes with other bytes.
        let ids: BTreeSet<_> = all.iter().map(|statement| statement.event_id).collect();
        prop_assert_eq!(ids.len(), all.len());
    }

    #[test]
    fn submissions_beyond_those_remembered_end_the_same_in_order(
        told in proptest::collection::vec(told(), SUBMISSIONS_MAX..SUBMISSIONS_MAX * 2)
    ) {
        let order: Vec<_> = (0..told.len()).collect();
        prop_assert_eq!(folded_in(&order, &told).0, expected(&told));
    }

    #[test]
    fn a_very_late_submission_never_has_the_last_word(
        told in proptest::collection::vec(told(), SUBMISSIONS_MAX + 2..SUBMISSIONS_MAX + 6), late in 0..3usize
    ) {
        let mut order: Vec<_> = (0..told.len()).filter(|at| *at != late).collect();
        order.push(late);
        let (state, _) = folded_in(&order, &told);
        let full = expected(&told);
        let without = expected(&told.iter().enumerate().filter(|(at, _)| *at != late).map(|(_, t)| t.clone()).collect::<Vec<_>>());
        for (entry, stands) in &without {
            prop_assert_eq!(state.get(entry), Some(stands));
        }
        prop_assert!(state.keys().all(|entry| full.contains_key(entry) || without.contains_key(entry)));
    }

    #[test]
    fn every_submission_twice_adds_nothing(told in proptest::collection::vec(told(), 1..5)) {
        let mut baseline = Baseline::default();
        for (at, told) in told.iter().enumerate() {
            let submission = told.submission(at as i64 + 1);
            let first = diff(&key(), SOURCE, baseline, submission.clone(), Retractions::Allowed);
            let second = diff(&key(), SOURCE, first.baseline.clone(), submission, Retractions::Allowed);
            prop_assert_eq!(second.statements, vec![]);
            prop_assert_eq!(&second.baseline, &first.baseline);
            baseline = second.baseline;
        }
    }
}

#[test]
fn a_file_of_one_child_takes_back_what_it_no_longer_says_of_that_child_and_of_no_other() {
    let two = |pupil: &str| {
        let second = EnrolmentStarted { school: Some("b".to_owned()), ..Default::default() };
        vec![enrolled(pupil, "a"), draft(pupil, "2025-09-01", second)]
    };
    let of_one = |day, drafts: Vec<Draft>| {
        let covered = drafts.iter().map(|draft| key().of(&draft.subject)).collect();
        Submission { whole: false, covered, ..submission(day, drafts) }
    };
    let less = two("P1").into_iter().take(1).collect();
    let (diffs, _) = run(vec![of_one(1, two("P1")), of_one(2, two("P2")), of_one(3, less)]);
    let causes: Vec<Vec<i32>> =
        diffs.iter().map(|diff| diff.statements.iter().map(|statement| statement.body.cause).collect()).collect();
    let (started, retracted) = (i32::from(Cause::Started), i32::from(Cause::Retracted));
    assert_eq!(causes, [vec![started, started], vec![started, started], vec![retracted]]);
}

#[test]
fn what_a_source_says_is_gone_goes_with_all_its_parts_and_nobody_has_to_look() {
    let pupil = |value: &str, key: &str| Draft { record_key: key.to_owned(), ..enrolled(value, "a") };
    let all = || vec![pupil("P1", "P1/plan/7"), pupil("P1", "P1/plan/7/visit/1"), pupil("P1", "P1/plan/77")];
    let of = key().of(&enrolled("P1", "a").subject);
    let named = |told| vec![(of, "P1".to_owned(), false), (of, "P1/plan/7".to_owned(), told)];
    let some = |day, drafts, parts| Submission { whole: false, parts, ..submission(day, drafts) };
    let strict = Retractions::AtMost { share: 0.0, at_least: 0 };
    let key = key();
    let first = diff(&key, SOURCE, Baseline::default(), some(1, all(), named(true)), strict);
    assert_eq!(first.statements.len(), 3);
    let of_nothing = diff(&key, SOURCE, first.baseline.clone(), some(2, Vec::new(), named(false)), strict);
    assert!(of_nothing.statements.is_empty());
    // Told again without one of its parts, then without itself.
    let without_visit = some(3, vec![pupil("P1", "P1/plan/7")], named(true));
    let second = diff(&key, SOURCE, of_nothing.baseline, without_visit, strict);
    assert_eq!((second.statements.len(), second.held), (1, None));
    let third = diff(&key, SOURCE, second.baseline, some(4, Vec::new(), vec![(of, "P1".to_owned(), true)]), strict);
    assert_eq!((third.statements.len(), third.held), (2, None));
    assert_eq!(third.baseline.entries_standing(), 0);
}

#[test]
fn an_entry_that_two_children_would_share_is_nobodys_and_takes_nothing_back() {
    let shared = Draft { subject: enrolled("P9", "a").subject, ..enrolled("P0", "b") };
    let both = vec![enrolled("P0", "a"), shared, enrolled("P1", "a")];
    let (diffs, _) = run(vec![submission(1, pupils(3)), submission(2, both)]);
    assert_eq!(causes(&diffs[1]), [Cause::Retracted], "of P2, of whom everything was read");
    assert_eq!(
        diffs[1].rejections.iter().map(|rejection| rejection.reason).collect::<Vec<_>>(),
        [Reason::KeyShared; 2]
    );
}

#[test]
fn what_makes_a_record_more_private_later_is_published() {
    let labelled = Draft { labels: vec![proto::sharing::Label::DomesticAbuse], ..enrolled("P0", "a") };
    let (diffs, _) = run(vec![submission(1, pupils(1)), submission(2, vec![labelled])]);
    assert_eq!(causes(&diffs[1]), [Cause::Changed]);
    assert_eq!(diffs[1].statements[0].body.labels.len(), 1);
}
