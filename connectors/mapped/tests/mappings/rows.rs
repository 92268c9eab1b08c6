//! What becomes of rows: conversions, findings, what is rejected alone, what order and repetition do.

use connector_kit::conformance::History;
use connector_kit::{Collected, Connector as _};
use mapped::{Mapping, Outcome};
use proptest::prelude::*;
use proto::events::{FindingCode, event::Kind};
use proto::quarantine::Reason;

use crate::worked::{WORKED, checked, mapping, sample, text, tried};

const HEADER: &str = "Patient ID,NHS Number,Surname,Forename,DOB,Gender,Postcode,Referral ID,Service,Referred by,Priority,Date referred,\
                      Date added to list,Status,Date of outcome,Outcome,First treatment,Discharged\n";
const FILE: &str = "therapy_waits_20260131.csv";

fn therapy(rows: &str) -> mapped::Tried {
    tried(&mapping("health-therapy-waits"), FILE, format!("{HEADER}{rows}").as_bytes())
}

#[test]
fn a_bad_row_is_rejected_alone_with_its_reason_and_place() {
    let tried = therapy(
        "C1,,,,,,,R1,SLT,School,Routine,01/09/2025,,Waiting,,,,\n\
         C2,,,,,,,R2,SLT,School,Routine,yesterday,,Waiting,,,,\n\
         ,,,,,,,R3,SLT,School,Routine,01/09/2025,,Waiting,,,,\n\
         C4,,,,,,,,SLT,School,Routine,01/09/2025,,Waiting,,,,\n\
         C5,,,,,,,R5,SLT,School,Routine,02/09/2025,,Waiting,,,,,too,many\n\
         C6,,,,,,,R6,SLT,School,Routine,03/09/2025,,Waiting,,,,\n",
    );
    let outcomes: Vec<(u64, Outcome)> = tried.rows.iter().map(|row| (row.line, row.outcome)).collect();
    use Outcome::{Published, Quarantined};
    assert_eq!(
        outcomes,
        [(2, Published), (3, Quarantined), (4, Quarantined), (5, Quarantined), (6, Quarantined), (7, Published)]
    );
    let reasons: Vec<(&str, &str)> = tried
        .rows
        .iter()
        .flat_map(|row| &row.rejected)
        .map(|(reason, field, _)| (reason.as_str(), field.as_str()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("DATE_MISSING", "date referred"),
            ("SUBJECT_MISSING", "patient id"),
            ("RECORD_MALFORMED", "referral id"),
            ("RECORD_MALFORMED", "")
        ]
    );
}

#[test]
fn a_row_that_ends_early_is_told_as_what_it_may_be() {
    let parted = therapy("C1,,,,,,,R1,SLT,School,Routine,01/09/2025\nC2,,,,,,,R2,SLT,School,Routine,02/09/2025\n");
    for row in &parted.rows {
        let (reason, _, message) = &row.rejected[0];
        assert_eq!(reason.as_str(), "RECORD_MALFORMED");
        assert!(message.contains("ends early, with 12 cells of the header's 18: look for a line end"), "{message}");
    }
    assert!(parted.said.drafts.is_empty() && parted.said.whole.is_empty());
}

#[test]
fn what_would_be_refused_later_is_tried_as_refused() {
    let row = |key: &str, priority: &str, on: &str| format!("C1,,,,,,,{key},SLT,School,{priority},{on},,Waiting,,,,\n");
    let shared = therapy(&[row("R1", "Routine", "01/09/2025"), row("R1", "Urgent", "01/09/2025")].concat());
    assert_eq!(shared.rows.iter().map(|row| row.outcome).collect::<Vec<_>>(), [Outcome::Quarantined; 2]);
    assert!(shared.rows[0].rejected.iter().all(|(reason, ..)| reason == "KEY_SHARED"));
    let again = therapy(&[row("R1", "Routine", "01/09/2025"), row("R1", "Routine", "01/09/2025")].concat());
    assert_eq!(again.rows.iter().map(|row| row.outcome).collect::<Vec<_>>(), [Outcome::Published; 2]);
}

#[test]
fn findings_ride_on_the_event_and_reject_nothing() {
    let tried = therapy("C1,9990000108,,,30/02/2018,Robot,,R1,Music,School,,01/09/2025,,Waiting,,,,\n");
    let row = &tried.rows[0];
    assert_eq!(row.outcome, Outcome::PublishedWithFindings);
    for (code, field) in [
        ("CODE_UNKNOWN", "service"),
        ("CHECK_CHARACTER_WRONG", "nhs number"),
        ("DATE_UNREADABLE", "dob"),
        ("CODE_UNKNOWN", "gender"),
    ] {
        assert!(row.findings.contains(&(code.to_owned(), field.to_owned())), "{code} {field}: {:?}", row.findings);
    }
    let Some(Kind::ReferralMade(made)) = &tried.said.drafts[0].event.kind else { panic!("a referral") };
    assert_eq!(made.service.as_ref().unwrap().code, "Music", "an unknown code is kept as it came");
}

#[test]
fn what_fits_no_event_is_kept_as_it_came() {
    let kept = tried(&mapping("social-care-early-help-module"), "early_help.csv", &sample("early_help.csv"));
    let row = kept.rows.last().unwrap();
    assert_eq!((row.outcome, row.events.as_slice()), (Outcome::KeptAsItCame, &["SourceRecordKept"][..]));
    let of_row = kept.said.drafts.iter().find(|draft| draft.place.line == row.line).unwrap();
    let Some(Kind::SourceRecordKept(record)) = &of_row.event.kind else { panic!("kept") };
    assert!(record.content.as_deref().is_some_and(|content| content.contains("Telephone note")));
    // What nothing places in time cannot be on a timeline: a person looks.
    let undated = b"Child ID,Step ID,Step,Date\nC1,S1,Telephone note,\n";
    let undated = tried(&mapping("social-care-early-help-module"), "e.csv", undated);
    assert_eq!(undated.rows[0].outcome, Outcome::Quarantined);
}

#[test]
fn numbers_have_units() {
    let budgets = tried(&mapping("social-care-personal-budgets"), "b.csv", &sample("personal_budgets.csv"));
    let amounts: Vec<(Option<i64>, Option<i64>)> = budgets
        .said
        .drafts
        .iter()
        .filter_map(|draft| match &draft.event.kind {
            Some(Kind::PersonalBudgetSet(set)) => Some((set.indicative_pence, set.agreed_pence)),
            _ => None,
        })
        .collect();
    // A third of a penny is no amount: a finding, and no guess.
    assert_eq!(amounts, [(Some(420_050), Some(400_010)), (Some(100_000), Some(95_000)), (None, None)]);
    let breaks = tried(
        &mapping("social-care-short-breaks"),
        "short_breaks_2026-02-01.csv",
        &sample("short_breaks_2026-02-01.csv"),
    );
    let hours = breaks.said.drafts.iter().find_map(|draft| match &draft.event.kind {
        Some(Kind::ShortBreakProvided(given)) => given.hours,
        _ => None,
    });
    assert_eq!(hours, Some(2.5));
    let setting = breaks.said.drafts.iter().find_map(|draft| match &draft.event.kind {
        Some(Kind::ShortBreakProvided(given)) => given.setting.clone(),
        _ => None,
    });
    assert_eq!(setting.as_deref(), Some("Café House (invented)"), "in the encoding that the mapping states");
}

#[test]
fn columns_that_the_mapping_does_not_name_are_told_once() {
    let extra = format!(
        "{},Risk flag,Alias\nC1,,,,,,,R1,SLT,School,Routine,01/09/2025,,Waiting,,,,,yes,Kit\n",
        HEADER.trim_end()
    );
    let tried = tried(&mapping("health-therapy-waits"), FILE, extra.as_bytes());
    let [told] = tried.of_file.as_slice() else { panic!("{:?}", tried.of_file) };
    assert_eq!(told.reason, Reason::ColumnsNotMapped);
    assert!(told.message.contains("2 columns"), "{}", told.message);
    assert_eq!(
        told.raw, b"alias\nrisk flag",
        "a header that was spoilt may hold values: its names are sealed with the item"
    );
    assert_eq!(tried.rows[0].outcome, Outcome::Published);
    // And what is gone from the file is still taken back: the rows were read whole.
    assert!(told.scope_key.as_deref().is_some_and(|key| key != "ods-rx9/therapy-waits"));
    assert_eq!(tried.said.whole.len(), 1);
}

#[test]
fn a_header_may_stand_below_a_title_and_has_any_order_and_case() {
    let sorted = "report of today\n\nREFERRAL ID,patient id,Date Referred,Service\nR1,C1,01/09/2025,SLT\n";
    let tried = tried(&mapping("health-therapy-waits"), FILE, sorted.as_bytes());
    assert_eq!(tried.rows[0].outcome, Outcome::Published);
    assert_eq!(tried.rows[0].line, 4);
}

#[test]
fn a_file_whose_name_does_not_say_its_day_is_refused_whole() {
    let refused = tried(&mapping("health-therapy-waits"), "waits.csv", HEADER.as_bytes());
    assert!(refused.refused());
    assert_eq!(refused.of_file[0].reason, Reason::FileUnreadable);
}

#[test]
fn changes_clear_what_the_row_leaves_empty() {
    let contacts = tried(&mapping("health-community-csds"), "c.csv", &sample("csds_contacts.csv"));
    let draft = &contacts.said.drafts[0];
    assert!(draft.version.is_some());
    assert_eq!(draft.clears, Vec::<u32>::new());
    let bare = b"LocalPatientId|NHSNumber|CareContactId|CareContactDate|AttendedOrDidNotAttend|TeamType|ConsultMediumUsed|ActivityLocType|RecordLastUpdated\n\
                 L1||CC1|2025-09-20|5||||2025-09-22\n";
    let now = tried(&mapping("health-community-csds"), "c.csv", bare);
    assert_eq!(now.said.drafts[0].clears, [2, 3, 4], "service, medium and place are gone");
    let as_of_us = |draft: &connector_kit::Draft| draft.version.unwrap().as_of_us;
    assert!(as_of_us(&now.said.drafts[0]) > as_of_us(draft));
}

#[test]
fn a_resubmission_adds_nothing_and_a_changed_row_is_one_change() {
    let mapping = mapping("health-therapy-waits");
    let bytes = sample(FILE);
    let mut history = History::default();
    assert!(!history.submit(&mapping, &[(FILE, &bytes)]).is_empty());
    assert_eq!(history.submit(&mapping, &[(FILE, &bytes)]).len(), 0);
    let later = String::from_utf8(bytes).unwrap().replace("R-5001,SLT,School,Routine", "R-5001,SLT,School,Urgent");
    let changed = history.submit(&mapping, &[("therapy_waits_20260207.csv", later.as_bytes())]);
    // The referral and the wait carry the priority.
    assert_eq!(changed.len(), 2);
}

#[test]
fn the_order_of_rows_does_not_matter() {
    for (name, sample_name) in WORKED.into_iter().filter(|(_, sample_name)| sample_name.ends_with("csv")) {
        // Of changes that take their order from the file, the order of rows is what they say.
        let mapping = mapping(name);
        let by_rows =
            mapping.descriptor().delivery == connector_kit::Delivery::Feed && !text(name).contains("as_of = { column");
        let bytes = sample(sample_name);
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let from = if name == "health-therapy-waits" { 2 } else { 1 };
        let reversed: Vec<u8> =
            lines[..from].iter().chain(lines[from..].iter().rev()).copied().flatten().copied().collect();
        if by_rows {
            continue;
        }
        let of = |bytes: &[u8]| {
            let Collected { drafts, .. } = Collected::of(&mapping, &[(sample_name, bytes)]);
            let mut said: Vec<String> = drafts
                .iter()
                .map(|draft| {
                    format!("{} {:?} {:?} {:?}", draft.record_key, draft.effective, draft.event, draft.version)
                })
                .collect();
            said.sort();
            said
        };
        assert_eq!(of(&bytes), of(&reversed), "{name}");
    }
}

#[test]
fn what_another_mapping_would_change_is_told() {
    let old = text("health-therapy-waits");
    let new = old
        .replace("\"Soon\" = \"soon\"", "\"Soon\" = \"urgent\"")
        .replace("[[event]]\nbecomes = \"TherapyEnded\"", "[[event]]\nname = \"ended\"\nbecomes = \"TherapyEnded\"");
    let (old, new) = (checked(&old).mapping, checked(&new).mapping);
    let bytes = sample(FILE);
    let (before, now) = (tried(&old, FILE, &bytes), tried(&new, FILE, &bytes));
    let told: Vec<String> = mapped::changes(&before, &now)
        .iter()
        .map(|change| format!("{} {} {}", change.line, change.kind, change.what))
        .collect();
    assert_eq!(
        told,
        [
            "4 TherapyEnded is said no more",
            "4 TherapyEnded is new",
            "6 ReferralMade priority",
            "6 WaitingListJoined priority",
            "7 WaitingListJoined priority",
        ]
    );
    assert_eq!(mapped::changes(&before, &before), []);
}

#[test]
fn a_kind_that_the_catalogue_gains_needs_no_code_here() {
    // Every kind that a source may say at all can be mapped: each is found by reflection alone.
    for (sector, name) in [("education", "education-x"), ("social-care", "social-care-x"), ("health", "health-x")] {
        let kinds = mapped::kinds_for(name);
        assert!(kinds.len() > 20, "{sector}: {kinds:?}");
        for kind in &kinds {
            let message = proto::event::KindNumber::named(kind).unwrap().info().unwrap().message().unwrap();
            let date = message.fields.iter().find(|field| field.name.ends_with("_on"));
            let Some(date) = date else { continue };
            let text = format!(
                "name = \"{name}\"\nabout = \"x\"\nrevision = 1\ncontroller = \"x\"\nkey = [\"k\"]\n[source]\nformat = \"csv\"\n[delivery]\n\
                 kind = \"snapshot\"\n[subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\ncolumn = \"c\"\n[[event]]\nbecomes = \"{kind}\"\n\
                 effective = \"{0}\"\n[event.fields]\n{0} = \"d\"\n",
                date.name
            );
            let mapping = Mapping::parse(&text).unwrap_or_else(|unusable| panic!("{kind}: {unusable}")).mapping;
            let tried = tried(&mapping, "x.csv", b"c,k,d\n1,2,2026-01-31\n");
            assert_eq!(tried.rows[0].events, [*kind]);
        }
    }
}

proptest! {
    #[test]
    fn any_cells_give_an_outcome_for_every_row(
        which in 0..WORKED.len(),
        rows in proptest::collection::vec(proptest::collection::vec("[ -~£é]{0,14}", 24), 1..6),
    ) {
        let (name, sample_name) = WORKED[which];
        if sample_name.ends_with("csv") {
            let bytes = sample(sample_name);
            let from = if name == "health-therapy-waits" { 2 } else { 1 };
            let header: Vec<u8> = bytes.split_inclusive(|byte| *byte == b'\n').take(from).flatten().copied().collect();
            let last = header[..header.len() - 1].rsplit(|byte| *byte == b'\n').next().unwrap();
            let delimiter = [b'|', b';', b'\t', b','].into_iter().find(|byte| last.contains(byte)).unwrap();
            let width = last.iter().filter(|byte| **byte == delimiter).count() + 1;
            let mut table = header.clone();
            for row in &rows {
                let cells: Vec<String> = row.iter().take(width).map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
                table.extend_from_slice(cells.join(&char::from(delimiter).to_string()).as_bytes());
                table.push(b'\n');
            }
            let blank = rows.iter().filter(|row| row.iter().take(width).all(|cell| cell.trim().is_empty())).count();
            let tried = tried(&mapping(name), sample_name, &table);
            prop_assert_eq!(tried.rows.len(), rows.len() - blank);
            for draft in &tried.said.drafts {
                let odd = draft.findings.iter().all(|finding| FindingCode::try_from(finding.code).is_ok());
                prop_assert!(odd && draft.record_key.len() <= 1024);
            }
        }
    }
}
