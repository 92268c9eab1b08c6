//! What holds of every return, and of returns one after another: what the log holds of them, folded.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;

use connector_kit::differ::{Baseline, Retractions, Submission, diff};
use event_log::seal::PseudonymKey;
use proptest::prelude::*;
use social_care_ssda903::Ssda903;
use support::{Told as _, translate};

const HEADER: &str = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,F,14/06/2012,WBRI,UN4,0,\n";
const COLUMNS: &str = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n";

/// A log, as far as returns change it: what was published, and each scope's baseline.
#[derive(Default)]
struct House {
    said: Vec<timeline::Said>,
    baselines: BTreeMap<String, Baseline>,
    /// Drafts of the last submission that were published, by cause.
    causes: Vec<&'static str>,
}

impl House {
    fn take<B: AsRef<[u8]>>(&mut self, files: &[(&str, B)]) -> usize {
        let key = PseudonymKey::from_bytes([7; 32]);
        let collected = translate(&Ssda903::ANY, files);
        let before = self.said.len();
        self.causes.clear();
        for scope in collected.scopes {
            let of_scope = collected.drafts.iter().filter(|draft| draft.scope_key.as_ref() == Some(&scope.key));
            let submission = Submission {
                as_of_us: scope.as_of_us.unwrap(),
                sequence: scope.sequence,
                mapping_revision: 1,
                drafts: of_scope.cloned().collect(),
                whole: collected.whole.contains(&scope.key),
                unread: Default::default(),
                covered: Default::default(),
                parts: Vec::new(),
                scope_key: scope.key.clone(),
            };
            let baseline = self.baselines.remove(&scope.key).unwrap_or_default();
            let diff = diff(&key, "social-care-ssda903", baseline, submission, Retractions::Allowed);
            assert!(diff.rejections.is_empty());
            for statement in diff.statements {
                self.causes.push(statement.body.cause().as_str_name());
                self.said.push(timeline::Said {
                    event_id: statement.event_id.0,
                    subject: statement.subject.0,
                    published_at_us: 0,
                    body: statement.body,
                });
            }
            self.baselines.insert(scope.key, diff.baseline);
        }
        self.said.len() - before
    }

    fn timeline(&self) -> Vec<String> {
        let folded = timeline::fold(self.said.clone(), None).unwrap();
        let mut told: Vec<_> =
            folded.entries.iter().map(|e| format!("{:?} {:?} {:?}", e.effective, e.event, e.findings)).collect();
        told.sort();
        told
    }
}

fn returned(year: u16, episodes: &[&str]) -> Vec<(String, String)> {
    let rows: String = episodes.iter().map(|row| format!("{row}\n")).collect();
    vec![
        (format!("878_{year}_header.csv"), HEADER.to_owned()),
        (format!("878_{year}_episodes.csv"), format!("{COLUMNS}{rows}")),
    ]
}

fn files(of: &[(String, String)]) -> Vec<(&str, &str)> {
    of.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

const OPEN: &str = "1,03/05/2023,S,C2,N1,U6,PR1,,,,ZZ1 1AA,ZZ2 2BB,1234567";
const MOVED: &str = "1,03/05/2023,S,C2,N1,U6,PR1,20/09/2024,X1,CARPL,ZZ1 1AA,ZZ2 2BB,1234567";
const AFTER: &str = "1,20/09/2024,P,C2,N1,K2,PR4,,,,ZZ1 1AA,ZZ3 3CC,SC999999";

#[test]
fn a_return_sent_again_adds_nothing() {
    let mut house = House::default();
    let first = returned(2025, &[MOVED, AFTER]);
    assert!(house.take(&files(&first)) > 0);
    assert_eq!(house.take(&files(&first)), 0);
    let mut turned = first.clone();
    turned.reverse();
    assert_eq!(house.take(&files(&turned)), 0);
}

#[test]
fn overlapping_years_in_either_order_are_one_timeline() {
    let (earlier, later) = (returned(2024, &[OPEN]), returned(2025, &[MOVED, AFTER]));
    let (mut forward, mut backward) = (House::default(), House::default());
    forward.take(&files(&earlier));
    forward.take(&files(&later));
    backward.take(&files(&later));
    backward.take(&files(&earlier));
    assert_eq!(forward.timeline(), backward.timeline());
    // One period, and the first placement has its end from the later year.
    let told = forward.timeline().join("\n");
    assert_eq!(told.matches("LookedAfterPeriodStarted(").count(), 1, "{told}");
    assert_eq!(told.matches("PlacementChanged(").count(), 2, "{told}");
    assert_eq!(told.matches("CARPL").count(), 1, "{told}");
}

#[test]
fn a_date_put_right_is_a_correction() {
    let mut house = House::default();
    house.take(&files(&returned(2025, &[MOVED, AFTER])));
    let before = house.timeline().len();
    let right = |row: &str| row.replace("20/09/2024", "27/09/2024");
    house.take(&files(&returned(2025, &[&right(MOVED), &right(AFTER)])));
    assert_eq!(house.timeline().len(), before);
    assert!(
        house.causes.iter().all(|cause| ["CAUSE_CORRECTED", "CAUSE_CHANGED"].contains(cause)),
        "{:?}",
        house.causes
    );
    assert!(house.causes.contains(&"CAUSE_CORRECTED"));
}

#[test]
fn repairs_take_the_place_of_what_was_said() {
    let mut house = House::default();
    house.take(&files(&returned(2024, &[OPEN])));
    assert!(!house.timeline().join("").contains("LookedAfterPeriodEnded"));
    // The next year's return has the header of the child and no episode: nothing ended the period.
    let mut both = returned(2024, &[OPEN]);
    both.extend(returned(2025, &["2,01/05/2024,S,V2,N1,U6,PR1,,,,,ZZ2 2BB,1234567"]));
    house.take(&files(&both));
    let told = house.timeline().join("\n");
    assert!(told.contains("E99") && told.contains("ssda903-repair/2"), "{told}");
    assert_eq!(told.matches("PlacementChanged(").count(), 2, "{told}");
}

fn found(rows: &[&str]) -> Vec<String> {
    let findings = translate(&Ssda903::ANY, &files(&returned(2025, rows))).findings();
    findings.into_iter().filter(|finding| finding.contains("repair")).collect()
}

#[test]
fn each_published_repair() {
    let ended = "1,03/05/2023,S,C2,N1,U6,PR1,20/08/2024,X1,CARPL,,ZZ2 2BB,1234567";
    let beyond = "1,03/05/2023,S,C2,N1,U6,PR1,20/12/2024,E4A,,,ZZ2 2BB,1234567";
    let again = "1,20/09/2024,S,C2,N1,K2,PR4,,,,,ZZ3 3CC,SC999999";
    assert_eq!(found(&[MOVED, AFTER]), [""; 0]);
    assert_eq!(found(&[OPEN, AFTER]), ["ssda903-repair/1 FIELD_MISSING DEC"]);
    assert_eq!(found(&[OPEN, again]), ["ssda903-repair/1A FIELD_MISSING DEC"]);
    assert_eq!(found(&[beyond, AFTER]), ["ssda903-repair/4 DATES_OUT_OF_ORDER DEC"]);
    assert_eq!(found(&[ended, AFTER]), ["ssda903-repair/5 FIELDS_CONTRADICT DEC"]);
    let said = translate(&Ssda903::ANY, &files(&returned(2025, &[OPEN, again])));
    let ends = said.of_kind("LookedAfterPeriodEnded");
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].1["reason"]["code"], "E99");
    assert_eq!(ends[0].1["endOn"]["day"], 19);
    // A blank REC ends no care that goes on that very day; it does where the next begins another period, or comes later.
    let blank = MOVED.replace(",X1,CARPL,", ",,,");
    let ends =
        |rows: &[&str]| translate(&Ssda903::ANY, &files(&returned(2025, rows))).of_kind("LookedAfterPeriodEnded").len();
    assert_eq!(found(&[&blank, AFTER]), ["ssda903-repair/6 FIELD_MISSING REC"]);
    assert_eq!(ends(&[&blank, AFTER]), 0);
    let [starts, later] = [AFTER.replacen(",P,", ",S,", 1), AFTER.replacen("20/09/2024", "21/09/2024", 1)];
    for other in [&starts, &later] {
        assert_eq!((found(&[&blank, other]), ends(&[&blank, other])), (vec![], 1), "{other}");
    }
    let placed = &translate(&Ssda903::ANY, &files(&returned(2025, &[OPEN, AFTER]))).of_kind("PlacementChanged")[0].1;
    assert_eq!(placed["endReason"]["code"], "LIIAF");
}

/// An open row of an earlier year that a later year tells otherwise ends nothing that the later year tells of.
#[test]
fn an_open_row_that_a_later_year_replaced_ends_no_care() {
    let died = "1,03/05/2023,S,C2,N1,U6,PR1,20/09/2024,E2,,ZZ1 1AA,ZZ2 2BB,1234567";
    let open = "1,10/06/2023,P,C2,N1,K2,PR4,,,,ZZ1 1AA,ZZ3 3CC,SC999999";
    let begun_later = "1,13/05/2023,S,C2,N1,U6,PR1,20/09/2024,E2,,ZZ1 1AA,ZZ2 2BB,1234567";
    for (earlier, later, rule) in [(open, died, "3A"), (OPEN, begun_later, "3")] {
        let mut both = returned(2024, &[earlier]);
        both.extend(returned(2025, &[later]));
        let said = translate(&Ssda903::ANY, &files(&both));
        let ends = said.of_kind("LookedAfterPeriodEnded");
        assert_eq!(ends.len(), 1, "{rule}");
        assert_eq!((&ends[0].1["endOn"]["year"], &ends[0].1["endOn"]["month"]), (&2024.into(), &9.into()), "{rule}");
        assert_eq!(said.of_kind("PlacementChanged").len(), 1, "{rule}");
        let repairs: Vec<String> = said.findings().into_iter().filter(|found| found.contains("repair")).collect();
        assert_eq!(repairs, [format!("ssda903-repair/{rule} FIELDS_CONTRADICT DECOM")]);
        let kept = said.of_kind("SourceRecordKept");
        assert_eq!(kept.len(), 1, "the row is not lost: {kept:?}");
    }
    // Not where what replaces it may be a row that could not be read.
    let unread = died.replacen("03/05/2023", "soon", 1);
    let mut both = returned(2024, &[open]);
    both.extend(returned(2025, &[died, &unread]));
    assert_eq!(translate(&Ssda903::ANY, &files(&both)).of_kind("PlacementChanged").len(), 2);
    // What it said by itself is taken back when the later year comes beside it.
    let mut house = House::default();
    house.take(&files(&returned(2024, &[open])));
    let mut both = returned(2024, &[open]);
    both.extend(returned(2025, &[died]));
    house.take(&files(&both));
    assert_eq!(house.timeline().join("\n").matches("PlacementChanged(").count(), 1);
    // An earlier year's closed row shortens nothing of a later year's either.
    let closed = "1,10/06/2023,P,C2,N1,K2,PR4,20/07/2023,X1,CARPL,ZZ1 1AA,ZZ3 3CC,SC999999";
    let mut both = returned(2024, &[closed]);
    both.extend(returned(2025, &[died]));
    let ends = translate(&Ssda903::ANY, &files(&both)).of_kind("LookedAfterPeriodEnded");
    assert_eq!((ends.len(), &ends[0].1["endOn"]["year"]), (1, &2024.into()));
}

#[test]
fn whose_and_of_which_year_without_names() {
    let rows = format!("{COLUMNS}{MOVED}\n{AFTER}\n");
    let said = translate(&Ssda903::ANY, &[("x.csv", HEADER), ("y.csv", &rows)]);
    assert_eq!(said.reasons(), ["REASON_SUBJECT_MISSING"; 2]);
    let of_878 = Ssda903 { authority: connector_kit::file_name::Authority::parse("878") };
    let keys = |said: connector_kit::Collected| said.scopes.into_iter().map(|scope| scope.key).collect::<Vec<_>>();
    assert_eq!(
        keys(translate(&of_878, &[("x.csv", HEADER), ("y.csv", &rows)])),
        ["878/ssda903/2025/header", "878/ssda903/2025/episodes"]
    );
    let with = |column: &str, cell: &str| {
        rows.replace("CHILD,", &format!("{column},CHILD,")).replace("\n1,", &format!("\n{cell},1,"))
    };
    assert_eq!(keys(translate(&of_878, &[("y.csv", with("YEAR", "2024"))])), ["878/ssda903/2024/episodes"]);
    assert_eq!(keys(translate(&Ssda903::ANY, &[("y.csv", with("LA", "301"))])), ["301/ssda903/2025/episodes"]);
    assert_eq!(
        keys(translate(
            &of_878,
            &[("episodes.csv", rows.clone()), ("episodes_last.csv", format!("{COLUMNS}{OPEN}\n"))]
        )),
        ["878/ssda903/2024/episodes", "878/ssda903/2025/episodes"]
    );
    // Of no date at all nothing can be concluded.
    assert_eq!(translate(&of_878, &[("x.csv", HEADER)]).reasons(), ["REASON_HEADER_MISSING"]);
}

#[test]
fn columns_come_in_any_order_and_encoding() {
    let plain = returned(2025, &[MOVED, AFTER]);
    let turn = |text: &str| {
        text.lines().map(|line| line.split(',').rev().collect::<Vec<_>>().join(",") + "\r\n").collect::<String>()
    };
    let turned: Vec<_> = plain.iter().map(|(name, text)| (name.clone(), turn(text))).collect();
    let wide: Vec<(&str, Vec<u8>)> = plain
        .iter()
        .map(|(name, text)| {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            (name.as_str(), units.flat_map(u16::to_le_bytes).collect())
        })
        .collect();
    let expected = translate(&Ssda903::ANY, &files(&plain)).sayings();
    assert_eq!(translate(&Ssda903::ANY, &files(&turned)).sayings(), expected);
    assert_eq!(translate(&Ssda903::ANY, &wide).sayings(), expected);
}

fn any_row() -> impl Strategy<Value = String> {
    let day =
        || prop::sample::select(vec!["03/05/2024", "20/09/2024", "21/09/2024", "05/01/2025", "", "soon", "03/05/2024"]);
    let began = prop::sample::select(vec!["S", "L", "P", "T", "B", "U", "", "?"]);
    let legal = prop::sample::select(vec!["C2", "V2", "V3", "E1", ""]);
    let place = prop::sample::select(vec!["U6", "K2", "T1", "A5", "H5", ""]);
    let ceased = prop::sample::select(vec!["X1", "E4A", "E11", "", "E99"]);
    (1u8..4, day(), began, legal, place, day(), ceased).prop_map(|(child, from, began, legal, place, to, ceased)| {
        format!("{child},{from},{began},{legal},N1,{place},PR1,{to},{ceased},,,ZZ2 2BB,")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_rows_changes_nothing(
        (rows, shuffled) in prop::collection::vec(any_row(), 0..8).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let of = |rows: &[String]| {
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            translate(&Ssda903::ANY, &files(&returned(2025, &rows)))
        };
        let (as_is, turned) = (of(&rows), of(&shuffled));
        prop_assert_eq!(as_is.sayings(), turned.sayings());
        prop_assert_eq!(as_is.rejections.len(), turned.rejections.len());
        // Every row is told of or rejected, and keys tell drafts apart.
        let mut keys: Vec<_> =
            as_is.drafts.iter().map(|draft| (&draft.scope_key, &draft.subject.value, &draft.record_key, draft.ordinal)).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), count);
    }

    #[test]
    fn two_years_in_either_order_are_one_timeline(
        earlier in prop::collection::vec(any_row(), 0..5),
        later in prop::collection::vec(any_row(), 0..5),
    ) {
        let of = |year, rows: &[String]| {
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            returned(year, &rows)
        };
        let (earlier, later) = (of(2024, &earlier), of(2025, &later));
        let (mut forward, mut backward) = (House::default(), House::default());
        forward.take(&files(&earlier));
        forward.take(&files(&later));
        backward.take(&files(&later));
        backward.take(&files(&earlier));
        prop_assert_eq!(forward.timeline(), backward.timeline());
        prop_assert_eq!(forward.take(&files(&later)), 0);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), xml in any::<bool>()) {
        let bytes = if xml { [b"<EXPSSDA903><CHILD>".to_vec(), bytes].concat() } else { [b"CHILD,DECOM\n".to_vec(), bytes].concat() };
        let said = translate(&Ssda903::ANY, &[("878_2025.csv", &bytes)]);
        prop_assert!(!xml || said.whole.is_empty());
    }
}
