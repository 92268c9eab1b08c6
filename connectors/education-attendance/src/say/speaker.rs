//! How marks, pupils and what stands around them are said.

use std::collections::BTreeSet;

use connector_kit::attendance;
use connector_kit::reading::{self, finding};
use connector_kit::{Draft, Output, Place, Rejection, dates, identifier, kept};
use proto::events::{AttendanceMarked, Date, Event, Finding, FindingCode, Scheme, Subject};
use proto::quarantine::Reason;

use super::pupils::Described;
use super::{Key, Mark, Session, beside, date_of, scope_key};
use crate::around::Around;
use crate::rows::Row;

/// Where drafts go.
pub(crate) struct Speaker<'o> {
    /// The scopes of what was said.
    pub(super) opened: BTreeSet<String>,
    pub(crate) out: &'o mut dyn Output,
}

/// What is said, of whom.
struct Said<'s> {
    school: &'s str,
    subject: Subject,
    scope: String,
    table: &'static str,
    key: String,
    on: Date,
    changed_at_us: Option<i64>,
    place: &'s Place,
}

impl Speaker<'_> {
    /// Who the pupil is, as far as the feed says.
    pub(super) fn pupil(&mut self, school: &str, pupil: &str, described: Described) {
        let Described { person, findings, place, began } = described;
        let subject = identifier::subject(Scheme::SchoolPupil, school, pupil);
        let scope = self.open(format!("{school}/attendance/pupils"));
        let said = Said {
            school,
            on: person.birth_on.unwrap_or(began),
            key: format!("{}/pupil", subject.value),
            subject,
            scope,
            table: "pupil",
            changed_at_us: None,
            place: &place,
        };
        self.draft(said, person.into(), findings);
    }

    /// A pupil of whom more was said than is held.
    pub(super) fn too_many(&mut self, school: &str, pupil: &str, place: Place) {
        let message = "the file says more of who one pupil is than is said of any: some of it was not read; look at what it says of \
                       this pupil's name and numbers, and send it again";
        let scope_key = Some(self.open(format!("{school}/attendance/pupils")));
        self.out.reject(Rejection {
            controller: Some(format!("school-{school}")),
            scope_key,
            subject: Some(identifier::subject(Scheme::SchoolPupil, school, pupil)),
            ..Rejection::of(Reason::RecordTooLarge, message, place, &[])
        });
    }

    /// Says what the first of a session's marks says; of the others, what it does not say too.
    pub(super) fn mark(&mut self, key: &Key, marks: Vec<Mark<'_>>) {
        let (school, on, session, pupil) = key;
        let on = date_of(*on);
        let beside = beside::of_all(&marks, *session, &on);
        let repeated = marks.iter().skip(1).any(|other| marks.first().is_some_and(|mark| mark.code == other.code));
        let Some(Mark { row, code, changed_at_us, mut findings, .. }) = marks.into_iter().next() else { return };
        let scope = self.open(scope_key(school, &on, *session));
        let subject = identifier::subject(Scheme::SchoolPupil, school, pupil);
        self.out.whole_of(&scope, &subject);
        if repeated {
            findings.push(finding(FindingCode::RecordRepeated, "code"));
        }
        let coded = attendance::mark(code, &on, "code", &mut findings);
        let record_key = format!("{pupil}/{}/{}", dates::key(&on), session.word());
        let said = |table, key| Said {
            school,
            subject: subject.clone(),
            scope: scope.clone(),
            table,
            key,
            on,
            changed_at_us,
            place: &row.place,
        };
        if let Some(coded) = coded {
            let minutes = reading::integer(beside.minutes, "minutes_late").keep(&mut findings);
            let minutes = minutes.and_then(|minutes| u32::try_from(minutes).ok()).filter(|minutes| *minutes > 0);
            let comment = Some(beside.comment.to_owned()).filter(|comment| !comment.is_empty());
            let mut marked = AttendanceMarked {
                school: Some(format!("school-{school}")),
                on: Some(on),
                comment,
                ..AttendanceMarked::default()
            };
            match session {
                Session::Morning => (marked.morning, marked.morning_minutes_late) = (Some(coded), minutes),
                Session::Afternoon => (marked.afternoon, marked.afternoon_minutes_late) = (Some(coded), minutes),
            }
            self.draft(said("mark", record_key.clone()), marked.into(), findings);
        }
        if let Some(kept) = kept::columns("mark", beside.left) {
            let findings = vec![finding(FindingCode::NotMapped, "mark")];
            self.draft(said("kept", format!("{record_key}/kept")), kept.into(), findings);
        }
    }

    /// What an object around a pupil's records says that has no place.
    pub(super) fn around(&mut self, around: Around) {
        let Around { school, subject, key, on, kept, place } = around;
        let scope = self.open(format!("{school}/attendance/pupils"));
        let said =
            Said { school: &school, subject, scope, table: "around", key, on, changed_at_us: None, place: &place };
        self.draft(said, kept.into(), vec![finding(FindingCode::NotMapped, "around")]);
    }

    /// Two marks of one session cannot both be right.
    pub(super) fn contradicted(&mut self, key: &Key, row: &Row) {
        let (school, on, session, pupil) = key;
        let scope = self.open(scope_key(school, &date_of(*on), *session));
        self.out.reject(Rejection {
            reason: Reason::RecordMalformed,
            message:
                "two records of the file have different marks for one session, and neither says when it was changed: \
                      send the one that is right"
                    .to_owned(),
            place: Place { field: "code".to_owned(), ..row.place.clone() },
            controller: Some(format!("school-{school}")),
            raw: row.raw.clone(),
            scope_key: Some(scope),
            subject: Some(identifier::subject(Scheme::SchoolPupil, school, pupil)),
            digest: None,
        });
    }

    pub(super) fn open(&mut self, key: String) -> String {
        if !self.opened.contains(&key) {
            self.opened.insert(key.clone());
        }
        key
    }

    fn draft(&mut self, said: Said<'_>, event: Event, findings: Vec<Finding>) {
        let Said { school, subject, scope, table, key, on, changed_at_us, place } = said;
        let (controller, record_key) = (format!("school-{school}"), format!("{school}/{key}"));
        self.out.draft(Draft {
            scope_key: Some(scope),
            observed_at_us: changed_at_us,
            findings,
            ..Draft::of(subject, &controller, table, record_key, dates::on(on), event, place.clone())
        });
    }
}
