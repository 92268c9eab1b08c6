//! What of a submission is refused as a whole, and what the operator is told of it.

use std::collections::HashMap;
use std::path::Path;

use event_log::seal::PseudonymKey;
use proto::quarantine::{Place, Reason};

use super::files::start_of;
use super::{ALLOWED, IntakeError};
use crate::connector::{Rejection, Scope};
use crate::differ::HeldBack;
use crate::quarantine::RAW_BYTES_MAX;
use crate::run::{name_of, unreadable};

pub(super) const CONNECTOR_FAILED: &str = "the connector failed on this file: report it";

pub(super) fn connector_failed(path: &Path) -> Result<Rejection, IntakeError> {
    let message = CONNECTOR_FAILED.to_owned();
    Ok(Rejection { message, raw: start_of(path, RAW_BYTES_MAX)?, ..unreadable(&name_of(path)) })
}

pub(super) const UNCLAIMED: &str = "no table or format of this connector has this name: put it where it belongs";

pub(super) fn unclaimed(path: &Path) -> Result<Rejection, IntakeError> {
    let message = UNCLAIMED.to_owned();
    Ok(Rejection { message, raw: start_of(path, RAW_BYTES_MAX)?, ..unreadable(&name_of(path)) })
}

/// Of a file whose rows come to many times what it is.
pub(super) fn too_much(path: &Path) -> Rejection {
    let message = "the rows of the submission come to many times the size of its files, as no real one's do: nothing of it was taken; \
                   look at what repeats in it, and send it again, each list or table by itself";
    Rejection { reason: Reason::RecordTooLarge, message: message.to_owned(), ..unreadable(&name_of(path)) }
}

pub(super) fn retractions_held(held: HeldBack, file: &str, scope_key: &str) -> Rejection {
    let HeldBack { retractions, standing } = held;
    let message = format!(
        "{retractions} of {standing} entries of {scope_key} are not in this submission; they stand until a person has \
         looked: put the file into incoming/{ALLOWED} to retract them"
    );
    Rejection {
        reason: Reason::RetractionsHeld,
        // Another file of the same name, held for other retractions, is another item.
        raw: message.clone().into_bytes(),
        message,
        place: Place { file: file.to_owned(), field: scope_key.to_owned(), ..Place::default() },
        controller: None,
        scope_key: Some(scope_key.to_owned()),
        subject: None,
        digest: None,
    }
}

/// Another file of the same name, refused for the same reason, is another item: of a file that was refused whole the connector
/// gives no raw record that would say so.
/// `known`: the files that were asked for before, each by its beginning.
pub(super) fn tell_apart(
    key: &PseudonymKey,
    dir: &Path,
    known: &mut HashMap<String, Option<[u8; 16]>>,
    rejection: &mut Rejection,
) {
    let place = &rejection.place;
    let names_a_file = Path::new(&place.file).file_name().is_some_and(|name| name == place.file.as_str());
    if place.record > 0 || !rejection.raw.is_empty() || !names_a_file {
        return;
    }
    let begins = known.entry(place.file.clone()).or_insert_with(|| {
        let path = dir.join(&place.file);
        // What cannot be read says nothing: one such file is as another.
        let (start, length) = (start_of(&path, RAW_BYTES_MAX).ok()?, path.metadata().ok()?.len());
        Some(key.digest("file", &[&length.to_be_bytes()[..], &start].concat()))
    });
    let Some(begins) = begins else { return };
    rejection.digest = Some(key.digest("refused-file", &[&begins[..], rejection.message.as_bytes()].concat()));
}

/// What a scope of the future held would stand over every submission until that day.
pub(super) fn of_the_future(scope: &Scope, file: &str) -> Rejection {
    Rejection {
        reason: Reason::RecordMalformed,
        message:
            "the file's own date lies in the future: nothing of it was taken; put the date in its header or its name \
                  right, and send it again"
                .to_owned(),
        place: Place { file: file.to_owned(), field: scope.key.clone(), ..Place::default() },
        controller: None,
        // Another file of the same name with another date is another item.
        raw: format!("{} at {} microseconds since 1970", scope.key, scope.as_of_us.unwrap_or_default()).into_bytes(),
        scope_key: Some(scope.key.clone()),
        subject: None,
        digest: None,
    }
}

/// What a connector says of a scope that it does not open can be compared with nothing.
pub(super) fn never_opened(scope_key: &str, file: &str) -> Rejection {
    Rejection {
        reason: Reason::FileUnreadable,
        message: "the connector said entries of a scope that it never opened: nothing of it was taken; report it"
            .to_owned(),
        place: Place { file: file.to_owned(), field: scope_key.to_owned(), ..Place::default() },
        controller: None,
        raw: scope_key.as_bytes().to_vec(),
        scope_key: Some(scope_key.to_owned()),
        subject: None,
        digest: None,
    }
}
