//! A draft that may not be said, as a rejection.

use event_log::seal::PseudonymKey;
use prost::Message as _;
use proto::quarantine::{Place, Reason};

use crate::connector::{Draft, Rejection};
use crate::differ::digest_of;

/// The rejection of a draft. Another may have stood at its place of another file of the same name, and a draft has no raw record:
/// what it says tells the two apart.
pub(crate) fn refused(key: &PseudonymKey, draft: Draft, reason: Reason, message: &str) -> Rejection {
    let entry = key.entry_id(&draft.controller, "", &draft.record_key, draft.ordinal);
    let version = draft.version.map(|version| version.encode_to_vec()).unwrap_or_default();
    let said = [&key.of(&draft.subject).0[..], &entry.0, &digest_of(key, &draft, &[]), &version];
    Rejection {
        reason,
        message: message.to_owned(),
        digest: Some(key.digest("refused-draft", &said.concat())),
        place: draft.place,
        controller: Some(draft.controller),
        raw: Vec::new(),
        scope_key: draft.scope_key,
        subject: Some(draft.subject),
    }
}

/// Adds one. Of the events of one record, refused for one reason, the first tells enough, and stands for them all.
pub(crate) fn add(key: &PseudonymKey, rejections: &mut Vec<Rejection>, rejection: Rejection) {
    match rejections.last_mut().filter(|last| says_the_same(last, &rejection)) {
        Some(last) => {
            let both: Vec<u8> = [last.digest, rejection.digest].into_iter().flatten().flatten().collect();
            last.digest = Some(key.digest("refused-drafts", &both));
        }
        None => rejections.push(rejection),
    }
}

fn says_the_same(one: &Rejection, other: &Rejection) -> bool {
    let of = |rejection: &Rejection| (rejection.reason, rejection.subject.clone(), rejection.scope_key.clone());
    is_one_record(&one.place, &other.place) && of(one) == of(other) && one.message == other.message
}

fn is_one_record(one: &Place, other: &Place) -> bool {
    let at = |place: &Place| match (place.record, place.line, place.byte_offset) {
        (0, 0, 0) => None,
        (0, line, byte) => Some((0, line, byte)),
        (record, ..) => Some((record, 0, 0)),
    };
    at(one).is_some() && at(one) == at(other) && one.file == other.file
}
