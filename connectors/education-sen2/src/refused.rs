//! A record that is not taken: it is given to quarantine, and with it all that stands under it, each by itself.

use connector_kit::{Place, Rejection};
use proto::quarantine::Reason;

use crate::module::Node;

/// Why a record is not taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Why<'w> {
    pub(crate) reason: Reason,
    pub(crate) field: &'w str,
    pub(crate) message: &'w str,
}

pub(crate) const UNDER_REFUSED: Why<'_> = Why {
    reason: Reason::ParentMissing,
    field: "",
    message: "what this record stands under was refused, and nobody can say of it alone whose it is, or of when: put that \
              right, and send the return again",
};

/// The record alone. Whose it is the caller knows.
pub(crate) fn one(node: &Node, files: &[String], why: Why<'_>) -> Rejection {
    Rejection {
        reason: why.reason,
        message: why.message.to_owned(),
        place: place(node, files, why.field),
        controller: None,
        raw: node.as_row(),
        scope_key: None,
        subject: None,
        digest: None,
    }
}

/// The record, and each that stands under it.
pub(crate) fn each(node: &Node, files: &[String], why: Why<'_>, reject: &mut impl FnMut(Rejection)) {
    reject(one(node, files, why));
    for under in &node.under {
        each(under, files, UNDER_REFUSED, reject);
    }
}

pub(crate) fn place(node: &Node, files: &[String], field: &str) -> Place {
    Place {
        file: files.get(node.spot.file).cloned().unwrap_or_default(),
        line: node.spot.line,
        record: node.spot.record,
        byte_offset: node.spot.offset,
        field: field.to_owned(),
    }
}
