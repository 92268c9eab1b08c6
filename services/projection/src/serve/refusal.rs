//! Why a reader is refused: a status with details that a program can act on. It names a reason and a field, and never a value.

use std::time::Duration;

use proto::sharing::DenialReason;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::request::Malformed;
use super::timelines::REASON_HEADER;

/// The domain of the reasons, in the details of a status.
pub const DOMAIN: &str = "throughline";

/// A refusal: the reason, and a message that names no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub(super) reason: DenialReason,
    message: String,
    /// The field that is wrong, and what to mend.
    field: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub(super) fn new(reason: DenialReason, message: &'static str) -> Self {
        Self { reason, message: message.to_owned(), field: None }
    }

    pub(super) fn not_recorded() -> Self {
        Self::new(DenialReason::NotRecorded, "the decision could not be made and recorded: ask again")
    }

    /// The reason as it leaves the process: `FACTS_STALE`.
    pub(super) fn name(&self) -> &'static str {
        self.reason.as_str_name().trim_start_matches("DENIAL_REASON_")
    }

    pub(super) fn status(self) -> Status {
        let (code, retry_after) = behaviour(self.reason);
        let name = self.name();
        let mut details = ErrorDetails::with_error_info(name, DOMAIN, []);
        if let Some((field, problem)) = self.field {
            details.add_bad_request_violation(field, problem);
        }
        if retry_after.is_some() {
            details.set_retry_info(retry_after);
        }
        let mut header = MetadataMap::new();
        if let Ok(value) = name.parse() {
            header.insert(REASON_HEADER, value);
        }
        Status::with_error_details_and_metadata(code, self.message, details, header)
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        let Malformed { reason, field, problem } = malformed;
        Self { reason, message: malformed.message(), field: Some((field, problem)) }
    }
}

/// The code of each reason, and after how long it is worth asking again, where it is.
fn behaviour(reason: DenialReason) -> (Code, Option<Duration>) {
    match reason {
        DenialReason::UnknownOrganisation | DenialReason::TokenRefused => (Code::Unauthenticated, None),
        DenialReason::FactsStale => (Code::Unavailable, Some(Duration::from_secs(2))),
        DenialReason::NotRecorded => (Code::Unavailable, Some(Duration::from_secs(1))),
        DenialReason::RateLimited => (Code::ResourceExhausted, Some(Duration::from_secs(1))),
        DenialReason::TooManyStreams => (Code::ResourceExhausted, Some(Duration::from_secs(60))),
        DenialReason::StreamEnded => (Code::Unavailable, Some(Duration::from_secs(1))),
        DenialReason::NoSuchDecision | DenialReason::NoSuchItem | DenialReason::NoSuchFact => (Code::NotFound, None),
        // To look again is right, and to ask the same again is not.
        DenialReason::ItemChanged => (Code::Aborted, None),
        DenialReason::SecondPersonNeeded | DenialReason::NothingToDecide => (Code::FailedPrecondition, None),
        DenialReason::StepUpNeeded => (Code::Unauthenticated, None),
        DenialReason::MayNotBreakGlass | DenialReason::NotForThisRole => (Code::PermissionDenied, None),
        DenialReason::NoSuchBreakGlass => (Code::NotFound, None),
        DenialReason::ReviewedAlready => (Code::FailedPrecondition, None),
        DenialReason::AggregatesOnly | DenialReason::NotYoursToRecord => (Code::PermissionDenied, None),
        DenialReason::PolicyNotApproved => (Code::FailedPrecondition, None),
        DenialReason::NotYoursToApprove => (Code::PermissionDenied, None),
        DenialReason::NoSuchErasure => (Code::NotFound, None),
        DenialReason::NotYoursToErase => (Code::PermissionDenied, None),
        DenialReason::ErasureNotReady => (Code::FailedPrecondition, None),
        DenialReason::PurposeMissing
        | DenialReason::RequestMalformed
        | DenialReason::PageTokenRefused
        | DenialReason::Unspecified => (Code::InvalidArgument, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_said_in_the_header_and_in_the_details() {
        // Numbers are taken by the tens.
        let reasons = (1..1_000).filter_map(|number| DenialReason::try_from(number).ok());
        let mut seen = 0;
        for reason in reasons {
            let refusal = Refusal::new(reason, "in words");
            let name = refusal.name();
            let status = refusal.status();
            assert_eq!(status.metadata().get(REASON_HEADER).unwrap(), name);
            let details = status.get_error_details();
            let info = details.error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (name, DOMAIN));
            let retriable = matches!(status.code(), Code::Unavailable | Code::ResourceExhausted);
            assert_eq!(details.retry_info().is_some(), retriable, "{name}");
            seen += 1;
        }
        assert!(seen >= 20);
    }

    #[test]
    fn a_field_is_named_and_its_value_is_not() {
        let malformed = Malformed {
            reason: DenialReason::RequestMalformed,
            field: "period.to",
            problem: "is before `period.from`",
        };
        let status = Refusal::from(malformed).status();
        assert_eq!(status.message(), "`period.to` is before `period.from`");
        let details = status.get_error_details();
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(
            (violations[0].field.as_str(), violations[0].description.as_str()),
            ("period.to", "is before `period.from`")
        );
    }
}
