//! One submission: whose it is and of when, then subject by subject.

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::file_name::Authority;
use connector_kit::{Output, Place, Rejection, Scope, SourceFile, dates, identifier};
use jiff::ToSpan as _;
use jiff::civil;
use proto::events::{Date, Scheme};
use proto::quarantine::Reason;

use crate::children;
use crate::say::{At, Of, Voice, date, place};
use crate::sheets::{self, File, NONE_OF_THESE, Sheet};

/// The list of people who are no children.
const ADOPTERS: u8 = 11;
/// What a child's own description is a scope of.
pub(crate) const PERSON: &str = "person";

/// Translates the files of a submission.
pub(crate) fn translate(given: Option<Authority>, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
    let (mut files, sheets) = sheets::read(files, out);
    let Some(authority) = files.iter().find_map(|file| file.hints.authority).or(given) else {
        for file in files {
            let refused = unplaced(&file.name);
            file.rejected.into_iter().for_each(|(_, rejection)| out.reject(rejection));
            out.reject(refused);
        }
        return;
    };
    let stood_on =
        files.iter().find_map(|file| file.hints.on.as_ref().and_then(dates::day)).or_else(|| latest(&sheets));
    let rejected: Vec<_> = files.iter_mut().flat_map(|file| std::mem::take(&mut file.rejected)).collect();
    let Some(stood_on) = stood_on else {
        // Lists without a single date tell of nothing that could be placed.
        refuse_all(&sheets, &files, authority, out);
        rejected.into_iter().for_each(|(_, rejection)| out.reject(rejection));
        return;
    };
    let as_of_on = dates::date_on(stood_on);
    let of =
        Of { authority, period: format!("{:04}-{:02}", stood_on.year(), stood_on.month()), as_of_on, files: &files };
    open_scopes(&of, &sheets, out);
    let mut by_subject: BTreeMap<(bool, String), Vec<At<'_>>> = BTreeMap::new();
    for sheet in &sheets {
        for row in &sheet.rows {
            let at = At { sheet, row };
            let id = proto::subject::normalise_value(at.get("id"));
            if id.is_empty() {
                out.reject(of_nobody(&of, at));
            } else {
                by_subject.entry((sheet.columns.list.number == ADOPTERS, id)).or_default().push(at);
            }
        }
    }
    for ((is_adopter, id), mut rows) in by_subject {
        // In order of what they say, so that the order of a list means nothing; what stands twice counts once.
        rows.sort_by(|a, b| {
            (a.sheet.columns.list.number, &a.row.cells).cmp(&(b.sheet.columns.list.number, &b.row.cells))
        });
        let subject = match is_adopter {
            true => identifier::subject(Scheme::ThirdParty, &format!("{}/annex-a-adopter", authority.as_str()), &id),
            false => identifier::subject(Scheme::LaChildId, authority.as_str(), &id),
        };
        let mut voice = Voice { of: &of, subject, out: &mut *out, used: BTreeMap::new() };
        children::say(&mut voice, &rows, is_adopter);
    }
    finish(&of, &sheets, rejected, out);
}

/// Each list is whole that was read whole everywhere; what describes children, when all of them were.
fn finish(of: &Of<'_>, sheets: &[Sheet], rejected: Vec<(Option<u8>, Rejection)>, out: &mut dyn Output) {
    let lost = |number: u8| rejected.iter().any(|(list, _)| list.is_none_or(|list| list == number));
    let names: BTreeSet<&str> = sheets.iter().map(|sheet| sheet.columns.list.name).collect();
    for name in names {
        let mut of_list = sheets.iter().filter(|sheet| sheet.columns.list.name == name);
        if of_list.all(|sheet| sheet.whole && !lost(sheet.columns.list.number)) {
            out.whole(&of.scope_key(name));
        }
    }
    if rejected.is_empty() && sheets.iter().all(|sheet| sheet.whole) {
        out.whole(&of.scope_key(PERSON));
    }
    for (list, mut rejection) in rejected {
        rejection.controller = Some(of.authority.social_care());
        let name = list.and_then(|number| sheets.iter().find(|sheet| sheet.columns.list.number == number));
        rejection.scope_key = match list {
            // It takes nothing from the lists that were read; only who the children are is not known of all of them.
            Some(NONE_OF_THESE) => Some(of.scope_key(PERSON)),
            _ => name.map(|sheet| of.scope_key(sheet.columns.list.name)),
        };
        out.reject(rejection);
    }
}

fn open_scopes(of: &Of<'_>, sheets: &[Sheet], out: &mut dyn Output) {
    let names: BTreeSet<&str> = sheets.iter().map(|sheet| sheet.columns.list.name).chain([PERSON]).collect();
    for name in names {
        let as_of_us = dates::start_of_day_us(&of.as_of_on);
        out.scope(Scope { key: of.scope_key(name), as_of_us, sequence: 0 });
    }
}

/// The latest date of any list but for those of a year and more after nearly all of them: those are slips of a key.
fn latest(sheets: &[Sheet]) -> Option<civil::Date> {
    let mut all: Vec<civil::Date> = Vec::new();
    for sheet in sheets {
        for row in &sheet.rows {
            let at = At { sheet, row };
            let dated = DATED.iter().filter_map(|name| date(at.get(name), "").value.as_ref().and_then(dates::day));
            all.extend(dated);
        }
    }
    all.sort();
    let nearly_all = *all.get(all.len().saturating_sub(1) * 95 / 100)?;
    let limit = nearly_all.saturating_add(1.year());
    all.into_iter().rfind(|on| *on <= limit)
}

/// Columns of what has happened when a list is made.
const DATED: &[&str] = &[
    "contact_on",
    "start_on",
    "done_on",
    "referral_on",
    "authorised_on",
    "discussed_on",
    "opened_on",
    "seen_on",
    "closed_on",
    "visit_on",
    "review_on",
    "end_on",
    "started_on",
    "legal_from",
    "placed_on",
    "health_on",
    "decided_on",
    "matched_on",
];

fn unplaced(name: &str) -> Rejection {
    Rejection {
        reason: Reason::SubjectMissing,
        message: "nothing says whose lists these are: put the authority's three digits into the file's name \
                  (878_annex_a_2025-03-04.xlsx), or name its social care alone in the connector's controllers"
            .to_owned(),
        place: Place { file: name.to_owned(), ..Place::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
        digest: None,
    }
}

fn of_nobody(of: &Of<'_>, at: At<'_>) -> Rejection {
    Rejection {
        reason: Reason::SubjectMissing,
        message: "a row has no id: give it the child's and send the list again".to_owned(),
        place: place(of.files, at, "id"),
        controller: Some(of.authority.social_care()),
        raw: at.row.raw.clone(),
        scope_key: Some(of.scope_key(at.sheet.columns.list.name)),
        subject: None,
        digest: None,
    }
}

fn refuse_all(sheets: &[Sheet], files: &[File], authority: Authority, out: &mut dyn Output) {
    for at in sheets.iter().flat_map(|sheet| sheet.rows.iter().map(move |row| At { sheet, row })) {
        out.reject(Rejection {
            reason: Reason::DateMissing,
            message: "no list of the submission has a date: put the day on which they stood so into the file's name"
                .to_owned(),
            place: place(files, at, ""),
            controller: Some(authority.social_care()),
            raw: at.row.raw.clone(),
            scope_key: None,
            subject: None::<proto::events::Subject>,
            digest: None,
        });
    }
}

/// The day on which something is told that has no day of its own.
pub(crate) fn told_on(of: &Of<'_>) -> Date {
    of.as_of_on
}
