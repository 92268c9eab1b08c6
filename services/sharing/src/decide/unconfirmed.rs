//! Statuses that a live source has not confirmed for too long: they read as closed, and whoever may see what they are of is told.

use jiff::civil::Date;
use proto::sharing::statutory_status_changed::Status;

use crate::decide::Decision;
use crate::vocabulary::Outcome;

/// A status that is not known to be open, nor to be closed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unconfirmed {
    /// Which.
    pub status: Status,
    /// The last day on which its source confirmed it.
    pub confirmed_on: Date,
}

impl Decision {
    /// What the reader is told of: of a status of whose records they see content.
    pub fn unconfirmed(&self) -> impl Iterator<Item = Unconfirmed> {
        self.unconfirmed.iter().copied().filter(|unconfirmed| self.may_be_told(fact(unconfirmed.status), Outcome::Hide))
    }
}

/// The fact of the rules that the status is.
fn fact(status: Status) -> &'static str {
    match status {
        Status::Unspecified => "",
        Status::Section47 => "resource.child.s47Open",
        Status::ProtectionPlan => "resource.child.cpPlan",
        Status::ChildInNeed => "resource.child.cin",
        Status::LookedAfter | Status::Accommodated | Status::Remand | Status::Emergency | Status::ShortBreak => {
            "context.looksAfter"
        }
        Status::EhcPlan => "resource.child.ehcp",
        Status::EhcRequest => "resource.child.ehcRequestOpen",
    }
}
