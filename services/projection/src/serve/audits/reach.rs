//! Who can see what of a child's records: by the rules, and by what is on record of the child.

use proto::audit::{WhoCanSeeRequest, WhoCanSeeResponse};
use proto::sharing::DenialReason;

use super::{AuditService, Moment};
use crate::serve::caller::Caller;
use crate::serve::refusal::Refusal;

impl AuditService {
    pub(super) async fn can_see(
        &self,
        caller: Option<Caller>,
        asked: WhoCanSeeRequest,
        (_, today): Moment,
    ) -> Result<WhoCanSeeResponse, Refusal> {
        let _auditor = self.admit_serving(caller, today)?;
        let _child = self.child(asked.child)?;
        Err(Refusal::new(DenialReason::NotForThisRole, "nobody is told yet"))
    }
}
