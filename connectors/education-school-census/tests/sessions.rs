//! Sessions, as older years and other schools count them. Every record is invented.
#![cfg(test)]

mod support;

use connector_kit::Collected;
use education_school_census::SchoolCensus;
use proto::events::AttendanceSummarised;
use proto::events::event::Kind;
use proto::quarantine::Reason;
use support::{Export, table, translate};

const ROLL: &str = "pupilonrolltableid,NativeId,upn,surname,forename,dob,entrydate,termlysessionspossible";
const PUPIL: &str = "p1,N1,P878400120001,Inventedson,Amara,2013-Jul-05,2021-Sep-01,139";

fn summaries(said: &Collected) -> Vec<&AttendanceSummarised> {
    let of = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(Kind::AttendanceSummarised(summary)) => Some(summary),
        _ => None,
    });
    of.collect()
}

fn counts(summary: &AttendanceSummarised) -> Vec<(&str, u32)> {
    summary.sessions.iter().map(|of| (of.reason.as_ref().map_or("", |reason| &reason.code), of.sessions)).collect()
}

fn kept(said: &Collected) -> Vec<&str> {
    let of = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(Kind::SourceRecordKept(kept)) => Some(kept.content()),
        _ => None,
    });
    of.collect()
}

/// A message of one pupil with these elements in it.
fn message(term: &str, year: &str, inside: &str) -> Collected {
    let text = format!(
        "<Message><Header><Collection>SC</Collection><Term>{term}</Term><Year>{year}</Year><LEA>878</LEA>\
         <Estab>4001</Estab></Header><Pupils><PupilsOnRoll><PupilOnRoll><UPN>P878400120001</UPN>\
         <Surname>Inventedson</Surname><Forename>Amara</Forename><DOB>2004-07-05</DOB><EntryDate>2009-09-01</EntryDate>\
         {inside}</PupilOnRoll></PupilsOnRoll></Pupils></Message>"
    );
    Collected::of(&SchoolCensus, &[("a.xml", text.as_bytes())])
}

#[test]
fn absences_are_counted_under_the_name_of_older_years() {
    let sessions = "<TermlyAttendance><SessionsPossible>139</SessionsPossible><SessionDetails><SessionDetail>\
                    <AttendanceReason>I</AttendanceReason><AbsenceSessions>17</AbsenceSessions></SessionDetail>\
                    </SessionDetails></TermlyAttendance>";
    let header = "pupilonrolltableid,NativeId,attendancereason,absencesessions";
    let export = Export::from([
        table("pupilonroll", ROLL, &[PUPIL]),
        table("termlysessiondetailsonroll", header, &["p1,N1,I,17", "p1,N1,M,3"]),
    ]);
    let (message, export) = (message("SPR", "2013", sessions), translate(&export));
    assert_eq!((&message.rejections, &export.rejections), (&vec![], &vec![]));
    assert_eq!(summaries(&message).into_iter().map(counts).collect::<Vec<_>>(), [vec![("I", 17)]]);
    assert_eq!(summaries(&export).into_iter().map(counts).collect::<Vec<_>>(), [vec![("I", 17), ("M", 3)]]);
    assert!(kept(&message).is_empty() && kept(&export).is_empty());
}

#[test]
fn what_else_stands_in_a_row_of_sessions_is_kept() {
    let header = "pupilonrolltableid,NativeId,attendancereason,sessions,absencesessions,newcolumn";
    let said = translate(&Export::from([
        table("pupilonroll", ROLL, &[PUPIL]),
        table("termlysessiondetailsonroll", header, &["p1,N1,I,4,,", "p1,N1,M,2,3,new", "p1,N1,C,,5,"]),
    ]));
    // Under the other name a cell is read where its own is blank, and then not kept as well.
    assert_eq!(summaries(&said).into_iter().map(counts).collect::<Vec<_>>(), [vec![("C", 5), ("I", 4), ("M", 2)]]);
    assert_eq!(kept(&said), ["attendancereason,absencesessions,newcolumn\nM,3,new\n"]);
}

#[test]
fn a_school_year_is_told_beside_the_term_and_not_as_one() {
    let detail = |count: u32| {
        format!(
            "<SessionDetails><SessionDetail><AttendanceReason>I</AttendanceReason><Sessions>{count}</Sessions>\
             </SessionDetail></SessionDetails>"
        )
    };
    let sessions = format!(
        "<Attendance><TermlyAttendance><SessionsPossible>139</SessionsPossible>{}</TermlyAttendance><AnnualAttendance>\
         <SessionsPossible>380</SessionsPossible>{}</AnnualAttendance></Attendance>",
        detail(17),
        detail(40)
    );
    for (term, year, code) in [("AUT", "2012", "SUM"), ("SPR", "2013", "AUT"), ("SUM", "2013", "SPR")] {
        let said = message(term, year, &sessions);
        let told: Vec<_> = summaries(&said)
            .into_iter()
            .map(|of| (of.term.as_ref().map(|term| term.code.as_str()), of.sessions_possible, counts(of)))
            .collect();
        assert_eq!(told, [(Some(code), Some(139), vec![("I", 17)]), (None, Some(380), vec![("I", 40)])], "{term}");
        let [_, annual] = summaries(&said)[..] else { panic!("{term}") };
        assert_eq!(annual.school_year, Some(2011), "{term}");
        let draft = said.drafts.iter().find(|draft| draft.table == "annual-attendance").unwrap();
        assert_eq!(
            (draft.findings.len(), draft.record_key.as_str()),
            (0, "8784001/P878400120001/annual-attendance/2011")
        );
    }
}

#[test]
fn what_a_roll_says_of_sessions_is_kept_of_whom_no_summary_is_given() {
    let header = format!("{ROLL},termlysessionsauthorised,termlysessionsunauthorised");
    let other = "p2,N1,D878400120002,Feigned,Hal,2013-Apr-02,2021-Sep-01,139,0,0";
    // Of a pupil who came back there are two rows.
    let again = "p3,N1,D878400120002,Feigned,Hal,2013-Apr-02,2020-Sep-01,12,,";
    let left =
        "pupilnolongeronrolltableid,NativeId,upn,surname,forename,dob,entrydate,leavingdate,termlysessionspossible";
    let gone = "q1,N1,D878400120002,Feigned,Hal,2013-Apr-02,2019-Sep-01,2020-Jul-10,90";
    let details =
        table("termlysessiondetailsonroll", "pupilonrolltableid,NativeId,attendancereason,sessions", &["p1,N1,I,4"]);
    let said = translate(&Export::from([
        table("pupilonroll", &header, &[&format!("{PUPIL},8,2"), other, again]),
        table("pupilnolongeronroll", left, &[gone]),
        details,
    ]));
    // No table of leavers: that the second pupil has no row does not say that there was no absence.
    let told = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(Kind::SourceRecordKept(kept)) => Some((draft.record_key.clone(), kept.content().to_owned())),
        _ => None,
    });
    let of = |key: &str, content: &str| (format!("N1/D878400120002/{key}"), content.to_owned());
    let columns = "termlysessionspossible,termlysessionsauthorised,termlysessionsunauthorised";
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            of("pupilnolongeronroll/2025-spring", "termlysessionspossible\n90\n"),
            of("sessions/2025-spring/kept", &format!("{columns}\n139,0,0\n")),
            of("sessions/2025-spring/kept/2", "termlysessionspossible\n12\n"),
        ]
    );
    assert_eq!(summaries(&said).into_iter().map(counts).collect::<Vec<_>>(), [vec![("I", 4)]]);
}

#[test]
fn absences_with_leave_and_without_are_told_where_they_are_counted_so() {
    let totals = |of: &AttendanceSummarised| (of.sessions_possible, of.absences_authorised, of.absences_unauthorised);
    let sessions = "<AnnualAttendance><SessionsPossible>380</SessionsPossible><SessionsAuthorised>11</SessionsAuthorised>\
                    <SessionsUnauthorised>3</SessionsUnauthorised></AnnualAttendance>";
    let said = message("AUT", "2012", sessions);
    assert_eq!(summaries(&said).into_iter().map(totals).collect::<Vec<_>>(), [(Some(380), Some(11), Some(3))]);
    assert!(kept(&said).is_empty());
    let header = format!("{ROLL},termlysessionsauthorised,termlysessionsunauthorised");
    let mut export = Export::from([
        table("pupilonroll", &header, &[&format!("{PUPIL},8,2")]),
        table("termlysessiondetailsonroll", "pupilonrolltableid,NativeId,attendancereason,sessions", &["p1,N1,I,4"]),
    ]);
    let said = translate(&export);
    assert_eq!(summaries(&said).into_iter().map(totals).collect::<Vec<_>>(), [(Some(139), Some(8), Some(2))]);
    assert!(kept(&said).is_empty());
    // Without the sessions by code there is no summary, and nothing of it is lost.
    export.remove("2025_spring_termlysessiondetailsonroll.csv");
    let said = translate(&export);
    assert!(summaries(&said).is_empty());
    let columns = "termlysessionsauthorised,termlysessionspossible,termlysessionsunauthorised";
    assert_eq!(kept(&said), [format!("{columns}\n8,139,2\n")]);
}

#[test]
fn sessions_by_code_of_a_child_without_a_summary_are_kept() {
    let header = "pupilonrolltableid,NativeId,attendancereason,sessions";
    // Of one of the child's rows nobody knows what it says: with the others alone the sum would be wrong.
    let rows = ["p1,N1,I,4", "p1,N1,M,2,,,x"];
    let said = translate(&Export::from([
        table("pupilonroll", ROLL, &[PUPIL]),
        table("termlysessiondetailsonroll", header, &rows),
    ]));
    assert_eq!((summaries(&said).len(), said.rejections.len()), (0, 1));
    assert_eq!(kept(&said), ["attendancereason,sessions\nI,4\n", "termlysessionspossible\n139\n"]);
}

/// A snapshot empties what it does not hold: a row that is half of one would take back what stands.
#[test]
fn a_row_without_its_last_cells_may_be_half_of_one_and_is_refused() {
    let roll = format!("{ROLL},senprovision");
    let said = translate(&Export::from([table("pupilonroll", &roll, &[PUPIL])]));
    assert_eq!(said.rejections.iter().map(|one| one.reason).collect::<Vec<_>>(), [Reason::RecordMalformed]);
    assert_eq!(said.drafts.len(), 0);
}
