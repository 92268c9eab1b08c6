//! One submission: whose it is and of when, then subject by subject.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use connector_kit::file_name::{Authority, hints};
use connector_kit::gather::Owned;
use connector_kit::{Output, Place, Rejection, Scope, SourceFile, dates, identifier};
use proto::events::{Date, Scheme, Subject};
use proto::quarantine::Reason;

use crate::children;
use crate::rows::{Lists, Row, Rows, Section, Sheet, Whose, of_owner};
use crate::say::{At, Of, Voice, place};
use crate::sheets::{self, File, NONE_OF_THESE};

/// What a child's own description is a scope of.
pub(crate) const PERSON: &str = "person";

/// Translates the files of a submission.
///
/// # Errors
/// When the disk does not hold its rows.
pub(crate) fn translate(given: Option<Authority>, files: Vec<SourceFile<'_>>, out: &mut dyn Output) -> io::Result<()> {
    let named_on = files.iter().find_map(|file| hints(&file.name).on.as_ref().and_then(dates::day));
    let whose = Whose { named: files.iter().find_map(|file| hints(&file.name).authority), given };
    let mut rows = Rows::new(whose, named_on.is_some(), out);
    let mut files = sheets::read(files, &mut rows, out)?;
    let mut lists = rows.gathered()?;
    // A list without a row that says whose it is, is of whoever the submission is of.
    for sheet in lists.sheets.iter_mut().filter(|sheet| sheet.authorities.is_empty()) {
        match whose.own() {
            Some(own) => sheet.authorities.extend([own]),
            None => lists.of_no_authority.extend([sheet.file]),
        }
    }
    for at in &lists.of_no_authority {
        files.get_mut(*at).into_iter().for_each(|file| file.rejected.file(None, unplaced(&file.name)));
    }
    let rejected: Vec<_> = files.iter_mut().flat_map(|file| file.rejected.take()).collect();
    let authorities: BTreeSet<Authority> = lists.sheets.iter().flat_map(|sheet| &sheet.authorities).copied().collect();
    let Some(stood_on) = named_on.or(lists.latest) else {
        // Lists without a single date tell of nothing that could be placed.
        refuse_all(&lists, &files, out)?;
        rejected.into_iter().for_each(|(_, rejection)| out.reject(rejection));
        return Ok(());
    };
    let as_of_on = dates::date_on(stood_on);
    let period = format!("{:04}-{:02}", stood_on.year(), stood_on.month());
    let of = |authority| Of { authority, period: period.clone(), as_of_on, files: &files };
    for authority in &authorities {
        open_scopes(&of(*authority), &lists.sheets, out);
    }
    let mut nobody = lists.rows.each(Section::Nobody as u32);
    while let Some((owner, row)) = nobody.next_row()? {
        let Some((authority, _)) = of_owner(&owner) else { continue };
        lists.at(&row).into_iter().for_each(|at| out.reject(of_nobody(&of(authority), at)));
    }
    for section in [Section::Child, Section::Adopter] {
        let mut owners = lists.rows.owners(section as u32);
        while let Some(owned) = owners.next_owner()? {
            let Some((authority, id)) = of_owner(&owned.owner) else { continue };
            of_subject(&of(authority), (section, id), &owned, &lists, out);
        }
    }
    for authority in &authorities {
        finish(&of(*authority), &lists.sheets, &rejected, out);
    }
    let own = whose.own().map(of);
    for (list, mut rejection) in rejected {
        if let Some(own) = &own {
            place_rejection(own, list, &lists.sheets, &mut rejection);
        }
        out.reject(rejection);
    }
    Ok(())
}

/// Says one subject's rows.
fn of_subject(of: &Of<'_>, (section, id): (Section, &str), owned: &Owned<Row>, lists: &Lists, out: &mut dyn Output) {
    let authority = of.authority.as_str();
    let subject = match section {
        Section::Adopter => identifier::subject(Scheme::ThirdParty, &format!("{authority}/annex-a-adopter"), id),
        Section::Child | Section::Nobody => identifier::subject(Scheme::LaChildId, authority, id),
    };
    let mut rows: Vec<At<'_>> = owned.rows.iter().filter_map(|row| lists.at(row)).collect();
    // In order of what they say, so that the order of a list means nothing; what stands twice counts once.
    rows.sort_by(|a, b| order(a).cmp(&order(b)));
    if owned.left_out > 0
        && let Some(at) = rows.last()
    {
        out.reject(too_many(of, *at, subject.clone()));
    }
    let mut voice = Voice { of, subject, out: &mut *out, used: BTreeMap::new() };
    children::say(&mut voice, &rows, section == Section::Adopter);
}

fn order<'s>(at: &At<'s>) -> (u8, &'s [String], u32, u64) {
    (at.sheet.columns.list.number, &at.row.cells, at.row.sheet, at.row.record)
}

/// Each list is whole that was read whole everywhere; what describes children, when all of them were.
fn finish(of: &Of<'_>, sheets: &[Sheet], rejected: &[(Option<u8>, Rejection)], out: &mut dyn Output) {
    let lost = |number: u8| rejected.iter().any(|(list, _)| list.is_none_or(|list| list == number));
    let own = sheets.iter().filter(|sheet| sheet.authorities.contains(&of.authority));
    let names: BTreeSet<&str> = own.map(|sheet| sheet.columns.list.name).collect();
    for name in names {
        let mut of_list = sheets.iter().filter(|sheet| sheet.columns.list.name == name);
        if of_list.all(|sheet| sheet.whole && !lost(sheet.columns.list.number)) {
            out.whole(&of.scope_key(name));
        }
    }
    if rejected.is_empty() && sheets.iter().all(|sheet| sheet.whole) {
        out.whole(&of.scope_key(PERSON));
    }
}

/// What could not be read is of whoever the submission is of.
fn place_rejection(of: &Of<'_>, list: Option<u8>, sheets: &[Sheet], rejection: &mut Rejection) {
    rejection.controller = Some(of.authority.social_care());
    let name = list.and_then(|number| sheets.iter().find(|sheet| sheet.columns.list.number == number));
    rejection.scope_key = match list {
        // It takes nothing from the lists that were read; only who the children are is not known of all of them.
        Some(NONE_OF_THESE) => Some(of.scope_key(PERSON)),
        _ => name.map(|sheet| of.scope_key(sheet.columns.list.name)),
    };
}

fn open_scopes(of: &Of<'_>, sheets: &[Sheet], out: &mut dyn Output) {
    let own = sheets.iter().filter(|sheet| sheet.authorities.contains(&of.authority));
    let names: BTreeSet<&str> = own.map(|sheet| sheet.columns.list.name).chain([PERSON]).collect();
    for name in names {
        let as_of_us = dates::start_of_day_us(&of.as_of_on);
        out.scope(Scope { key: of.scope_key(name), as_of_us, sequence: 0 });
    }
}

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

fn too_many(of: &Of<'_>, at: At<'_>, subject: Subject) -> Rejection {
    Rejection {
        reason: Reason::RecordTooLarge,
        message: "one id has more rows than any child: some were not read, and nothing that stands of it is taken back; look at \
                  what the lists say of this id, and send them again"
            .to_owned(),
        place: place(of.files, at, "id"),
        controller: Some(of.authority.social_care()),
        raw: at.row.raw.clone(),
        scope_key: None,
        subject: Some(subject),
        digest: None,
    }
}

fn refuse_all(lists: &Lists, files: &[File], out: &mut dyn Output) -> io::Result<()> {
    for section in Section::ALL {
        let mut rows = lists.rows.each(section as u32);
        while let Some((owner, row)) = rows.next_row()? {
            let (Some(at), Some((authority, _))) = (lists.at(&row), of_owner(&owner)) else { continue };
            out.reject(Rejection {
                reason: Reason::DateMissing,
                message:
                    "no list of the submission has a date: put the day on which they stood so into the file's name"
                        .to_owned(),
                place: place(files, at, ""),
                controller: Some(authority.social_care()),
                raw: at.row.raw.clone(),
                scope_key: None,
                subject: None::<Subject>,
                digest: None,
            });
        }
    }
    Ok(())
}

/// The day on which something is told that has no day of its own.
pub(crate) fn told_on(of: &Of<'_>) -> Date {
    of.as_of_on
}
