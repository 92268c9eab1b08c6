//! Sessions, as older years and other schools count them. Every record is invented.
#![cfg(test)]

mod support;

use connector_kit::Collected;
use education_school_census::SchoolCensus;
use proto::events::AttendanceSummarised;
use proto::events::event::Kind;
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
        table("termlysessiondetailsonroll", header, &["p1,N1,I,4,,", "p1,N1,M,2,3,new"]),
    ]));
    assert_eq!(summaries(&said).into_iter().map(counts).collect::<Vec<_>>(), [vec![("I", 4), ("M", 2)]]);
    assert_eq!(kept(&said), ["attendancereason,absencesessions,newcolumn\nM,3,new\n"]);
}
