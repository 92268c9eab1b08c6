//! Tables as case systems really export them. Every record is invented.

use mapped::{Mapping, Outcome, Tried};
use proto::events::PersonDescribed;
use proto::events::event::Kind;
use proto::quarantine::Reason;
use rust_xlsxwriter::{Format, Formula, Workbook};

use crate::worked::{checked, tried};

/// A mapping of early help, whose parts a test gives.
fn early_help(source: &str, rest: &str) -> Mapping {
    checked(&format!(
        r#"
name = "social-care-awkward"
about = "An export of an invented case system"
revision = 1
controller = "la-878-early-help"
dates = ["%d/%m/%Y", "%d/%m/%y", "%d-%b-%Y", "%d %B %Y", "%Y%m%d"]
key = ["Case Ref"]
[source]
{source}
[delivery]
kind = "snapshot"
scope = "878/awkward"
{rest}
"#
    ))
    .mapping
}

const SUBJECT: &str = "[subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\ncolumn = \"Child ID\"\n";
const STARTED: &str = "[[event]]\nbecomes = \"EarlyHelpStarted\"\neffective = \"start_on\"\nrequired = true\n[event.fields]\nstart_on = \"Start Date\"\n";

fn outcomes(tried: &Tried) -> Vec<Outcome> {
    tried.rows.iter().map(|row| row.outcome).collect()
}

fn starts(tried: &Tried) -> Vec<(String, String)> {
    let of = |draft: &connector_kit::Draft| match &draft.event.kind {
        Some(Kind::EarlyHelpStarted(started)) => {
            let on = started.start_on.unwrap();
            let day = format!("{}-{:02}-{:02}", on.year, on.month.unwrap_or_default(), on.day.unwrap_or_default());
            Some((draft.subject.value.clone(), day))
        }
        _ => None,
    };
    tried.said.drafts.iter().filter_map(of).collect()
}

fn people(tried: &Tried) -> Vec<&PersonDescribed> {
    let events = tried.said.drafts.iter().map(|draft| draft.event.kind.as_ref());
    events
        .filter_map(|kind| if let Some(Kind::PersonDescribed(person)) = kind { Some(&**person) } else { None })
        .collect()
}

/// A report of many pages as tab-separated UTF-16: a title, a row of groups above the header, two columns of one name, the header
/// again on each page, a total below.
#[test]
fn a_paged_report() {
    let text = "Early Help: open cases\t\t\t\t\r\nRun 12/01/2026 09:14 by reports\r\n\r\n\tChild\t\tEpisode\t\r\n\
                Case Ref\tChild ID\tDate\tStart Date\tDate\r\n\
                E1\t1001\t03/04/2019\t12/01/2026 00:00:00\t\r\n\
                E2\t1002\t12-Nov-2017\t12 January 2026\t13/01/2026\r\n\
                Page 1 of 2\r\n\
                Case Ref\tChild ID\tDate\tStart Date\tDate\r\n\
                E3\t1003\t20180131\t3rd Sept 2025\t\r\n\
                E4\t1004\t31/01/18\t20260112\t\r\n\
                Total cases: 4\t\t\t\t\r\n";
    let bytes: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let rest = format!("{SUBJECT}[person]\nbirth_on = \"Date\"\n{STARTED}");
    let source = "format = \"csv\"\nignore = [\"Date (2)\"]\npass_over = [\"Page *\", \"Total*\"]";
    let report = tried(&early_help(source, &rest), "cases.txt", &bytes);
    assert_eq!(report.of_file, []);
    use Outcome::{PassedOver, Published};
    assert_eq!(outcomes(&report), [Published, Published, PassedOver, PassedOver, Published, Published, PassedOver]);
    let days: Vec<String> = starts(&report).into_iter().map(|(_, day)| day).collect();
    assert_eq!(days, ["2026-01-12", "2026-01-12", "2025-09-03", "2026-01-12"]);
    let born: Vec<i32> = people(&report).iter().map(|person| person.birth_on.unwrap().year).collect();
    assert_eq!(born, [2019, 2017, 2018, 2018]);
    assert_eq!(report.said.whole.len(), 1, "rows that are no records do not make it less than whole");
    // The second column of the name is told of where nobody says what it is.
    let untold =
        tried(&early_help("format = \"csv\"\npass_over = [\"Page *\", \"Total*\"]", &rest), "cases.txt", &bytes);
    let [told] = untold.of_file.as_slice() else { panic!("{:?}", untold.of_file) };
    assert_eq!((told.reason, told.raw.as_slice()), (Reason::ColumnsNotMapped, &b"date (2)"[..]));
}

/// Names in one column, codes with their words, flags in the system's own words, semicolons, and what the spreadsheet could not
/// work out.
#[test]
fn cells_that_hold_two_things() {
    let rest = format!(
        r#"{SUBJECT}[person]
family = {{ column = "Name", before = "," }}
given = {{ column = "Name", after = "," }}
[codes.need]
values = {{ "1" = "autism", "10" = "speech" }}
[[event]]
becomes = "ReferralReceived"
effective = "received_on"
[event.fields]
received_on = "Start Date"
no_further_action = {{ column = "Seen", yes = ["seen"], no = ["not seen"] }}
[[event]]
becomes = "EarlyHelpStarted"
effective = "start_on"
[event.fields]
start_on = "Start Date"
reason = {{ column = "Need", before = " - ", codes = "need", set = "need" }}
"#
    );
    let table = "Case Ref;Child ID ;Name;Need;Seen;Start\nDate\n";
    let table = table.replace("Start\nDate", "\"Start\nDate\"")
        + "E1;1001;Eastwood, Ada;1 - Autism;Seen;12/01/2026\n\
           E2;1002;Quill;10 - Speech - delay;not seen;12/01/2026\n\
           E3;1003;#N/A;#REF!;Y;12/01/2026\n\
           E4;#N/A;Vole, Ben;1 - Autism;N;12/01/2026\n\
           E5;1005;Vole, Cai;1 - Autism;N;#VALUE!\n";
    let read = tried(&early_help("format = \"csv\"", &rest), "cases.csv", table.as_bytes());
    use Outcome::{Published, PublishedWithFindings, Quarantined};
    assert_eq!(outcomes(&read), [Published, Published, PublishedWithFindings, Quarantined, Quarantined]);
    let names: Vec<(Option<&str>, Option<&str>)> = people(&read)
        .iter()
        .flat_map(|person| &person.names)
        .map(|name| (name.family.as_deref(), name.given.as_deref()))
        .collect();
    assert_eq!(names, [(Some("Eastwood"), Some("Ada")), (Some("Quill"), None)]);
    let reasons: Vec<(&str, Option<&str>)> = read
        .said
        .drafts
        .iter()
        .filter_map(|draft| match &draft.event.kind {
            Some(Kind::EarlyHelpStarted(started)) => started.reason.as_ref(),
            _ => None,
        })
        .map(|reason| (reason.code.as_str(), reason.text.as_deref()))
        .collect();
    assert_eq!(reasons, [("autism", Some("1 - Autism")), ("speech", Some("10 - Speech - delay"))]);
    let odd = &read.rows[2].findings;
    for column in ["name", "need"] {
        assert!(odd.contains(&("VALUE_MALFORMED".to_owned(), column.to_owned())), "{column}: {odd:?}");
    }
    let why: Vec<&str> = read.rows.iter().flat_map(|row| &row.rejected).map(|(reason, ..)| reason.as_str()).collect();
    assert_eq!(why, ["SUBJECT_MISSING", "DATE_MISSING", "DATE_MISSING"]);
}

/// Who a child is, where each row says a part of it.
#[test]
fn what_one_row_leaves_blank_of_a_child_another_says() {
    let rest = format!(
        "{SUBJECT}[[identifier]]\nscheme = \"nhs_number\"\ncolumn = \"NHS\"\n[person]\ngiven = \"Name\"\nbirth_on = \"Born\"\n{STARTED}"
    );
    let of = |rows: &str| {
        let table = format!("Case Ref,Child ID,NHS,Name,Born,Start Date\n{rows}");
        let read = tried(&early_help("format = \"csv\"", &rest), "cases.csv", table.as_bytes());
        let [person] = people(&read)[..] else { panic!("one child is described once") };
        let draft = read.said.drafts.iter().find(|draft| draft.record_key.ends_with("/person")).unwrap();
        let odd: Vec<String> = draft.findings.iter().map(|finding| finding.field.clone()).collect();
        let links: Vec<bool> = person.identifiers.iter().map(|number| number.usable).collect();
        (person.names[0].given.clone().unwrap(), person.birth_on.map(|on| on.year), links, odd)
    };
    let rows = ["E1,1001,9990000018,,,01/02/2025\n", "E2,1001,,Ada,,01/03/2025\n", "E3,1001,,,03/04/2019,01/01/2025\n"];
    let whole = ("Ada".to_owned(), Some(2019), vec![true], vec![]);
    assert_eq!(of(&rows.concat()), whole);
    let turned: Vec<&str> = rows.into_iter().rev().collect();
    assert_eq!(of(&turned.concat()), whole);
    // The latest row's is said; that another says otherwise is told, and its number links nobody.
    let born = "E1,1001,9990000018,Ada,03/04/2018,01/02/2025\nE2,1001,,Ada,03/04/2019,01/03/2025\n";
    assert_eq!(of(born), ("Ada".to_owned(), Some(2019), vec![false], vec!["birth_on".to_owned()]));
    let two = "E1,1001,9990000018,Ada,,01/02/2025\nE2,1001,9990000026,Ada,,01/03/2025\n";
    assert_eq!(of(two), ("Ada".to_owned(), None, vec![false, false], vec!["nhs_number".to_owned()]));
}

#[test]
fn of_whom_more_is_said_than_is_held_it_is_told() {
    let mapping = early_help("format = \"csv\"", &format!("{SUBJECT}[person]\ngiven = \"Name\"\n{STARTED}"));
    let long = "x".repeat(100_000);
    let rows: String = (0..100).map(|row| format!("E{row},1001,{row}{long},01/02/2025\n")).collect();
    let read = tried(&mapping, "cases.csv", format!("Case Ref,Child ID,Name,Start Date\n{rows}").as_bytes());
    let told: Vec<_> = read.said.rejections.iter().map(|one| (one.reason, one.subject.clone())).collect();
    assert_eq!(told, [(Reason::RecordTooLarge, Some(read.said.drafts[0].subject.clone()))]);
    assert_eq!(read.said.rejections[0].scope_key.as_deref(), Some("878/awkward"));
}

/// What a database's grid writes where there is nothing.
#[test]
fn null_is_no_value_unless_the_mapping_says_so() {
    let rest = |more: &str| format!("{SUBJECT}[person]\nfamily = \"Name\"\n{STARTED}reason = \"Need\"\n{more}");
    let table = "Case Ref,Child ID,Name,Need,Start Date\nE1,1001,Vole,NULL,12/01/2026\nE2,1002,NULL,Null,12/01/2026\n\
                 E3,1003,Vole,x,NULL\nE4,NULL,Vole,x,12/01/2026\n";
    let reasons = |read: &Tried| -> Vec<String> {
        let started = read.said.drafts.iter().filter_map(|draft| match &draft.event.kind {
            Some(Kind::EarlyHelpStarted(started)) => {
                Some(started.reason.clone().map_or(String::new(), |reason| reason.code))
            }
            _ => None,
        });
        started.collect()
    };
    let read = tried(&early_help("format = \"csv\"", &rest("")), "cases.csv", table.as_bytes());
    assert_eq!((reasons(&read), people(&read).len()), (vec![String::new(), "Null".to_owned()], 1));
    let why: Vec<&str> = read.rows.iter().flat_map(|row| &row.rejected).map(|(.., why)| why.as_str()).collect();
    assert!(why[0].contains("is missing: fill it") && why[1].contains("no number of the child"), "{why:?}");
    let as_text = early_help("format = \"csv\"\nblanks = []", &rest(""));
    let read = tried(&as_text, "cases.csv", table.as_bytes());
    assert_eq!(reasons(&read)[0], "NULL");
}

/// A key that is dated says how the date is written.
#[test]
fn a_part_of_a_key_that_cannot_be_read_is_told_from_one_that_is_missing() {
    let dated = "key = [\"Case Ref\", { column = \"Start Date\", dates = [\"%d/%m/%Y\"] }]\n";
    let mapping = early_help(
        "format = \"csv\"",
        &format!("{SUBJECT}{}", STARTED.replace("required", &format!("{dated}required"))),
    );
    let table = "Case Ref,Child ID,Start Date\nE1,1001,12-Jan-2026\n,1002,12/01/2026\n";
    let read = tried(&mapping, "cases.csv", table.as_bytes());
    let why: Vec<&str> = read.rows.iter().flat_map(|row| &row.rejected).map(|(.., why)| why.as_str()).collect();
    assert!(why[0].contains("not written as its `dates` say") && why[1].contains("may not be blank"), "{why:?}");
}

/// A row of a family: a column set for each child, or the children's numbers in one cell.
#[test]
fn several_children_in_a_row() {
    let rest = format!(
        "[subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\ncolumn = \"Child {{n}} ID\"\nrepeat = 3\n\
         [person]\ngiven = \"Child {{n}} Name\"\npostcode = \"Postcode\"\n{STARTED}"
    );
    let mapping = early_help("format = \"csv\"", &rest);
    let table = "Case Ref,Child 1 ID,Child 1 Name,Child 2 ID,Child 2 Name,Child 3 ID,Child 3 Name,Postcode,Start Date\n\
                 F1,1001,Ada,1002,Ben,,,ZZ99 3WZ,12/01/2026\n\
                 F2,,,,,1003,Cai,ZZ99 3WZ,13/01/2026\n\
                 F3,,,,,,,ZZ99 3WZ,13/01/2026\n\
                 F4,1004,Dot,1005,Eve,,,ZZ99 3WZ,soon\n";
    let read = tried(&mapping, "families.csv", table.as_bytes());
    assert_eq!(read.of_file, []);
    let started = starts(&read);
    let started: Vec<(&str, &str)> = started.iter().map(|(child, day)| (child.as_str(), day.as_str())).collect();
    assert_eq!(started, [("1001", "2026-01-12"), ("1002", "2026-01-12"), ("1003", "2026-01-13")]);
    let names: Vec<&str> = people(&read).iter().map(|person| person.names[0].given.as_deref().unwrap()).collect();
    assert_eq!(names, ["Ada", "Ben", "Cai"], "each by their own name");
    assert_eq!(read.rows[2].rejected[0].0, "SUBJECT_MISSING");
    assert_eq!(read.rows[3].rejected.len(), 2, "of each child of the row");

    let split = format!("{}split = \";\"\n{STARTED}", SUBJECT);
    let table = "Case Ref,Child ID,Start Date\nF1,1001; 1002 ;1003,12/01/2026\n";
    let read = tried(&early_help("format = \"csv\"", &split), "families.csv", table.as_bytes());
    let children: Vec<String> = starts(&read).into_iter().map(|(child, _)| child).collect();
    assert_eq!(children, ["1001", "1002", "1003"]);
    // Where they are national numbers each child is said to have its own, and nobody the cell.
    let national = split.replace("la_child_id\"\nissuer = \"878", "nhs_number");
    let numbers = "Case Ref,Child ID,Start Date\nF1,9434765919;4010232137,12/01/2026\n";
    let read = tried(&early_help("format = \"csv\"", &national), "families.csv", numbers.as_bytes());
    let claimed = |person: &PersonDescribed| -> Vec<String> {
        let of = |claim: &proto::events::Identifier| claim.subject.clone().unwrap().value;
        person.identifiers.iter().map(of).collect()
    };
    let mut claims: Vec<Vec<String>> = people(&read).into_iter().map(claimed).collect();
    claims.sort();
    assert_eq!(claims, [["4010232137"], ["9434765919"]]);
    // A row that becomes nothing is not kept under each of them: what it says of one is not another's.
    let optional = split.replace("required = true\n", "when = [{ column = \"Case Ref\", is = [\"none\"] }]\n");
    let read = tried(&early_help("format = \"csv\"", &optional), "families.csv", table.as_bytes());
    assert_eq!((outcomes(&read), read.said.drafts.len()), (vec![Outcome::Quarantined], 0));
}

/// Of a cell that holds more than is read nothing is left out unseen.
#[test]
fn more_in_a_cell_than_is_read() {
    let split = format!("{}split = \";\"\n{STARTED}", SUBJECT);
    let mapping = early_help("format = \"csv\"", &split);
    let children = |count: usize| (1..=count).map(|child| format!("{child}")).collect::<Vec<_>>().join(";");
    let table = format!(
        "Case Ref,Child ID,Start Date\nF1,{},12/01/2026\nF2,{},12/01/2026\nF3,1001,12/01/2026\n",
        children(64),
        children(65)
    );
    let read = tried(&mapping, "families.csv", table.as_bytes());
    use Outcome::{Published, Quarantined};
    assert_eq!(outcomes(&read), [Published, Quarantined, Published]);
    assert_eq!(starts(&read).len(), 65, "of whom the row is not read, nothing of it is");
    assert_eq!(read.rows[1].rejected[0].0, "RECORD_TOO_LARGE");
    assert_eq!(read.rows[1].rejected[0].1, "child id");

    let meeting = "[[event]]\nbecomes = \"TeamMeetingHeld\"\neffective = \"held_on\"\n[event.fields]\nheld_on = \"Start Date\"\n\
                   summary = \"Summary\"\nattendees = { column = \"Present\", split = \";\", set = \"worker.role\" }\n";
    let mapping = early_help("format = \"csv\"", &format!("{SUBJECT}{meeting}"));
    for (letters, present, is_told) in [(16_384, 64, false), (16_385, 64, true), (16_384, 65, true)] {
        let table = format!(
            "Case Ref,Child ID,Start Date,Summary,Present\nF1,1,12/01/2026,{},{}\n",
            "x".repeat(letters),
            children(present)
        );
        let read = tried(&mapping, "cases.csv", table.as_bytes());
        let told = read.rows[0].findings.iter().any(|(code, _)| code == "VALUE_MALFORMED");
        assert_eq!((read.rows[0].rejected.len(), told), (0, is_told), "{letters} letters, {present} present");
    }
}

/// A workbook as a person keeps it: a title, merged cells, a hidden sheet, an empty one, one for each year, a formula, an error.
#[test]
fn a_workbook_as_a_person_keeps_it() {
    let mut book = Workbook::new();
    let notes = book.add_worksheet().set_name("Notes").unwrap();
    notes.write(0, 0, "Ask the team before you change anything").unwrap();
    let _empty = book.add_worksheet().set_name("Empty").unwrap();
    let old = book.add_worksheet().set_name("Deleted").unwrap();
    old.set_hidden(true);
    for (column, name) in ["Case Ref", "Child ID", "Start Date"].into_iter().enumerate() {
        old.write(0, column as u16, name).unwrap();
        old.write(1, column as u16, ["E9", "1009", "01/01/2020"][column]).unwrap();
    }
    for (year, first) in [("2024", 1), ("2025", 4)] {
        let sheet = book.add_worksheet().set_name(year).unwrap();
        sheet.merge_range(0, 0, 0, 2, "Open cases", &Format::new()).unwrap();
        for (column, name) in ["Child ID", "Case Ref", "Start Date"].into_iter().enumerate() {
            sheet.write(2, column as u16, name).unwrap();
        }
        sheet.merge_range(3, 0, 4, 0, &format!("100{first}"), &Format::new()).unwrap();
        for row in 0..2u32 {
            sheet.write(3 + row, 1, format!("E{}", first + row)).unwrap();
            sheet.write(3 + row, 2, format!("0{}/03/{year}", 1 + row)).unwrap();
        }
        sheet.write_formula(5, 0, Formula::new("=1000+9").set_result("1009")).unwrap();
        sheet.write(5, 1, format!("E{}", first + 2)).unwrap();
        sheet.write_formula(5, 2, Formula::new("=NA()").set_result("#N/A")).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let rest = format!("{SUBJECT}{STARTED}");
    let all = early_help("format = \"xlsx\"\nsheet = \"20*\"\nfill_down = [\"Child ID\"]", &rest);
    let read = tried(&all, "Cases.XLSM", &bytes);
    assert_eq!(read.of_file, []);
    use Outcome::{Published, Quarantined};
    assert_eq!(outcomes(&read), [Published, Published, Quarantined, Published, Published, Quarantined]);
    let started = starts(&read);
    let started: Vec<(&str, &str)> = started.iter().map(|(child, day)| (child.as_str(), day.as_str())).collect();
    assert_eq!(
        started,
        [("1001", "2024-03-01"), ("1001", "2024-03-02"), ("1004", "2025-03-01"), ("1004", "2025-03-02")]
    );
    assert_eq!(read.rows[2].rejected[0].0, "DATE_MISSING", "an error is no date, and no row without one");
    // Without a name it is the first that is not hidden, and that there are others is told.
    let first = tried(&early_help("format = \"xlsx\"\nfill_down = [\"Child ID\"]", &rest), "cases.xlsx", &bytes);
    assert_eq!(starts(&first).len(), 2);
    let [told] = first.of_file.as_slice() else { panic!("{:?}", first.of_file) };
    assert!(told.message.contains("1 further sheets"), "{}", told.message);
    let hidden = tried(&early_help("format = \"xlsx\"\nsheet = \"deleted\"", &rest), "cases.xlsx", &bytes);
    assert_eq!(
        starts(&hidden),
        [("1009".to_owned(), "2020-01-01".to_owned())],
        "a hidden one is read when it is named"
    );
}

/// A blank cell means the one above it, and where what stood above cannot be read nobody knows what it means.
#[test]
fn no_row_is_filled_from_before_a_broken_one() {
    let rest = format!("{SUBJECT}{STARTED}").replace("[event.fields]\n", "[event.fields]\nreason = \"Why\"\n");
    let mapping = early_help("format = \"csv\"\nfill_down = [\"Child ID\", \"Why\"]", &rest);
    let table = "Case Ref,Child ID,Why,Start Date\n\
                 E1,1001,housing,12/01/2026\n\
                 E2,1002,debt, in arrears,12/01/2026\n\
                 E3,,,12/01/2026\n\
                 E4,1004,,12/01/2026\n\
                 E5,,school,12/01/2026\n\
                 E6,,,12/01/2026\n";
    let read = tried(&mapping, "cases.csv", table.as_bytes());
    use Outcome::{Published, Quarantined};
    assert_eq!(outcomes(&read), [Published, Quarantined, Quarantined, Quarantined, Published, Published]);
    let children: Vec<String> = starts(&read).into_iter().map(|(child, _)| child).collect();
    assert_eq!(children, ["1001", "1004", "1004"], "nothing of another child's is given to the one before");
    let why: Vec<&str> = read.rows.iter().flat_map(|row| &row.rejected).map(|(reason, ..)| reason.as_str()).collect();
    assert_eq!(why, ["RECORD_MALFORMED"; 3]);
    assert_eq!(read.said.whole.len(), 0);
}

/// A pattern of two digits of a year reads no year of four, whose first two they would be.
#[test]
fn a_short_year_is_not_the_beginning_of_a_long_one() {
    let text = |delivery: &str| {
        format!(
            "name = \"social-care-awkward\"\nabout = \"x\"\nrevision = 1\ncontroller = \"la-878-early-help\"\n\
             dates = [\"%d/%m/%y\"]\nkey = [\"Case Ref\"]\n[source]\nformat = \"csv\"\n[delivery]\nkind = \"snapshot\"\n\
             scope = \"878/awkward\"\n{delivery}{SUBJECT}{STARTED}"
        )
    };
    let mapping = checked(&text("")).mapping;
    let table = "Case Ref,Child ID,Start Date\n\
                 E1,1001,01/02/19\n\
                 E2,1002,01/02/19 10:30\n\
                 E3,1003,01/02/19T10:30:00\n\
                 E4,1004,01/02/2019 10:30\n\
                 E5,1005,01/02/2019 00:00:00\n\
                 E6,1006,01/02/2019T00:00\n";
    let read = tried(&mapping, "cases.csv", table.as_bytes());
    let days: Vec<String> = starts(&read).into_iter().map(|(_, day)| day).collect();
    assert_eq!(days, ["2019-02-01"; 3]);
    let why: Vec<&str> = read.rows.iter().flat_map(|row| &row.rejected).map(|(reason, ..)| reason.as_str()).collect();
    assert_eq!(why, ["DATE_MISSING"; 3]);
    let dated = checked(&text("as_of = { file_name = \"cases_%d%m%y\" }\n")).mapping;
    for (name, is_read) in [("cases_010219.csv", true), ("cases_010219_2.csv", true), ("cases_01022019.csv", false)] {
        let read = tried(&dated, name, table.as_bytes());
        assert_eq!(!read.refused(), is_read, "{name}");
    }
}

/// What an older system writes each night: no header, and columns at fixed places; or no header and a bar between them.
#[test]
fn a_table_without_a_header() {
    let rest = format!("{SUBJECT}[person]\nfamily = \"Name\"\n{STARTED}");
    let fixed = "format = \"csv\"\ncolumns = [\"Case Ref\", \"Child ID\", \"Name\", \"Start Date\"]\nwidths = [4, 6, 12, 8]\n\
                 pass_over = [\"TRLR*\"]\nencoding = \"windows-1252\"";
    let lines = b"E1    1001Zo\xeb \"Q\"     20260112\r\nE2    1002Vole, Ben   20260113\r\nE3    1003Quill\r\n\
                  E4    1004Eastwood    20260114  and more\r\n\r\nTRLR00000004\r\n";
    let read = tried(&early_help(fixed, &rest), "nightly.txt", lines);
    assert_eq!(read.of_file, []);
    use Outcome::{PassedOver, Published, Quarantined};
    assert_eq!(outcomes(&read), [Published, Published, Quarantined, Quarantined, PassedOver]);
    assert_eq!(read.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 2, 3, 4, 6]);
    let families: Vec<Option<&str>> = people(&read).iter().map(|person| person.names[0].family.as_deref()).collect();
    assert_eq!(families, [Some("Zoë \"Q\""), Some("Vole, Ben")], "letters are counted, and not bytes");
    // A file that breaks off inside its last line is less than whole.
    let cut = tried(
        &early_help(fixed, &rest),
        "nightly.txt",
        b"E1    1001Eastwood    20260112\r\nE2    1002Vole        2026",
    );
    assert_eq!((cut.said.whole.len(), starts(&cut).len()), (0, 1));
    let bars = fixed.replace("widths = [4, 6, 12, 8]", "delimiter = \"|\"");
    let read = tried(&early_help(&bars, &rest), "nightly.txt", b"E1|1001|Eastwood|20260112\nTRLR|1\n");
    assert_eq!((read.of_file.len(), starts(&read).len(), read.said.whole.len()), (0, 1, 1));
}

/// Files that are called workbooks.
#[test]
fn what_is_called_a_workbook() {
    let rest = format!("{SUBJECT}{STARTED}");
    let mapping = early_help("format = \"xlsx\"", &rest);
    let text = b"Case Ref\tChild ID\tStart Date\r\nE1\t1001\t12/01/2026\r\n";
    assert_eq!(starts(&tried(&mapping, "report.xls", text)).len(), 1, "text under the name of one is read");
    let old = [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 600]].concat();
    let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let locked = [old.as_slice(), &locked].concat();
    for (bytes, says) in [
        (&old[..], "before 2007"),
        (&locked, "password"),
        (b"<html><table><tr><td>Case Ref</td></tr></table></html>", "web page"),
        (b"PK\x03\x04 and nothing of the kind", "no workbook"),
    ] {
        let read = tried(&mapping, "report.xls", bytes);
        let [told] = read.of_file.as_slice() else { panic!("{:?}", read.of_file) };
        assert_eq!(told.reason, Reason::FileUnreadable);
        assert!(told.message.contains(says), "{says}: {}", told.message);
    }
}

/// What is said when the columns are not there teaches what to change.
#[test]
fn a_header_that_is_not_what_the_mapping_says() {
    let mapping = early_help("format = \"csv\"", &format!("{SUBJECT}{STARTED}"));
    let told = |table: &str| {
        let read = tried(&mapping, "cases.csv", table.as_bytes());
        let [told] = read.of_file.as_slice() else { panic!("{:?}", read.of_file) };
        assert_eq!(told.reason, Reason::HeaderMissing);
        (told.message.clone(), read.refused(), read.said.drafts.len())
    };
    let (message, refused, _) = told("Cases\nCase Ref,ChildID,Start Date\nE1,1001,12/01/2026\n");
    assert!(
        refused && message.contains("row 2") && message.contains("`Child ID` (it has `childid`: is it that?)"),
        "{message}"
    );
    let (message, refused, _) = told("Zebedee,Quill\n1,2\n");
    assert!(refused && message.contains("`Case Ref`") && message.contains("source.header_row"), "{message}");
    assert!(!message.to_lowercase().contains("zebedee"), "what may be a value is not said: {message}");
    // A row that has no column as the mapping writes it may be a child's own: its cells are not said.
    let (message, refused, _) = told("Case Reg,Chilld ID,12/01/2026\n1,2,3\n");
    assert!(refused && message.contains("source.header_row") && !message.contains("reg"), "{message}");
    // A column that only makes a part of an event: its rows are read, and one item says so.
    let optional = STARTED.replace("required = true\n", "").replace("start_on = ", "reason = \"Why\"\nstart_on = ");
    let mapping = early_help("format = \"csv\"", &format!("{SUBJECT}{optional}"));
    let table = b"Case Ref,Child ID,Start Date\nE1,1001,12/01/2026\n";
    let read = tried(&mapping, "cases.csv", table);
    let [told] = read.of_file.as_slice() else { panic!("{:?}", read.of_file) };
    assert!(told.reason == Reason::HeaderMissing && told.message.contains("no column `Why`"), "{}", told.message);
    assert_eq!((starts(&read).len(), read.said.whole.len(), read.refused()), (1, 1, false));
    let silent = early_help("format = \"csv\"\nmay_lack = [\"Why\"]", &format!("{SUBJECT}{optional}"));
    assert_eq!(tried(&silent, "cases.csv", table).of_file, []);
    // And what stands under no name.
    let read =
        tried(&silent, "cases.csv", b"Case Ref,Child ID,Start Date,\nE1,1001,12/01/2026,note\nE2,1002,12/01/2026,\n");
    let [told] = read.of_file.as_slice() else { panic!("{:?}", read.of_file) };
    assert!(told.reason == Reason::ColumnsNotMapped && told.message.starts_with("1 rows"), "{}", told.message);
}

/// The keys are held to what they can mean.
#[test]
fn keys_that_say_nothing_are_told() {
    let problems = |rest: &str| {
        let text = format!(
            "name = \"social-care-awkward\"\nabout = \"x\"\nrevision = 1\ncontroller = \"la-878-early-help\"\nkey = [\"Case Ref\"]\n\
             [delivery]\nkind = \"snapshot\"\n[source]\nformat = \"csv\"\n{rest}{STARTED}"
        );
        Mapping::parse(&text).map(|_| String::new()).unwrap_or_else(|unusable| unusable.to_string())
    };
    assert_eq!(problems(SUBJECT), "");
    for (rest, says) in [
        (format!("{SUBJECT}repeat = 3\n"), "write `{n}`"),
        (format!("{SUBJECT}repeat = 1000\n").replace("Child ID", "Child {n} ID"), "2 to 20"),
        (
            format!("{SUBJECT}repeat = 2\n[[identifier]]\nscheme = \"upn\"\ncolumn = \"UPN\"\n")
                .replace("Child ID", "Child {n} ID"),
            "`identifier.column` would be said of every child",
        ),
        (
            format!(
                "{SUBJECT}repeat = 2\n[person]\nfamily = \"Family {{n}}\"\ngiven = \"Name\"\nphones = [\"Phone\"]\n"
            )
            .replace("Child ID", "Child {n} ID"),
            "`person.given` would be said of every child",
        ),
        (
            format!("{SUBJECT}repeat = 2\n[person]\nbirth_on = {{ column = \"Born\" }}\n")
                .replace("Child ID", "Child {n} ID"),
            "`person.birth_on` would be said of every child",
        ),
        (format!("{SUBJECT}split = \";\"\n[person]\ngiven = \"Name\"\n"), "nothing says whose the name"),
        (
            format!("{SUBJECT}[[identifier]]\nscheme = \"upn\"\ncolumn = \"UPN\"\nsplit = \";\"\n"),
            "of the subject alone",
        ),
        (format!("{SUBJECT}[person]\ngiven = {{ column = \"Name\", before = \"\" }}\n"), "takes nothing"),
        (format!("widths = [4]\n{SUBJECT}"), "0 columns, 1 widths"),
        (format!("columns = [\"Case Ref\", \"case ref\"]\n{SUBJECT}"), "twice"),
    ] {
        let told = problems(&rest);
        assert!(told.contains(says), "{says}: {told}");
    }
}
