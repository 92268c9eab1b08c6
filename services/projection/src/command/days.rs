//! That the days of a fact are days.

use proto::events::Date;
use proto::events::event::Kind;

/// Every day that a fact names is in the calendar: the rules would read another as never, or as always.
pub(super) fn are_days(kind: &Kind) -> Result<(), &'static str> {
    const FROM: &str = "`from` is no day";
    const TO: &str = "`to` is no day";
    const ON: &str = "`on` is no day";
    let named: [(&Option<Date>, &'static str); 2] = match kind {
        Kind::OrganisationRecorded(said) => [(&said.from, FROM), (&said.to, TO)],
        Kind::AgreementRecorded(said) => [(&said.from, FROM), (&said.to, TO)],
        Kind::ConsentRecorded(said) => [(&said.from, FROM), (&said.to, TO)],
        Kind::AccessGranted(said) => [(&said.from, FROM), (&said.to, TO)],
        Kind::LegalProcessRecorded(said) => [(&said.from, FROM), (&said.to, TO)],
        Kind::RestrictionSet(said) => [(&said.from, FROM), (&None, TO)],
        Kind::RestrictionLifted(said) => [(&said.on, ON), (&None, TO)],
        Kind::StatutoryStatusChanged(said) => [(&said.on, ON), (&None, TO)],
        Kind::RetentionScheduleRecorded(said) => [(&said.from, FROM), (&said.to, TO)],
        Kind::AgeDisputed(said) => [
            (&said.earliest_birth_on, "`earliestBirthOn` is no day"),
            (&said.latest_birth_on, "`latestBirthOn` is no day"),
        ],
        Kind::AgeAssessed(said) => [(&said.birth_on, "`birthOn` is no day"), (&said.on, ON)],
        Kind::EntryRectified(said) => [(&said.happened_on, "`happenedOn` is no day"), (&None, TO)],
        Kind::RectificationWithdrawn(said) => [(&said.on, ON), (&None, TO)],
        Kind::RetentionDecided(said) => [(&said.until, "`until` is no day"), (&None, TO)],
        Kind::CompetenceAssessed(said) => [(&said.on, ON), (&None, TO)],
        Kind::FamilyPersonRecognised(said) => [(&said.on, ON), (&None, TO)],
        Kind::FamilyPersonEnded(said) => [(&said.on, ON), (&None, TO)],
        Kind::ParentalResponsibilityVerified(said) => [(&said.on, ON), (&None, TO)],
        Kind::ParentalResponsibilityEnded(said) => [(&said.on, ON), (&None, TO)],
        Kind::IdentitySealed(said) => [(&said.sealed_on, "`sealedOn` is no day"), (&None, TO)],
        Kind::InvolvementStarted(said) => [(&said.start_on, "`startOn` is no day"), (&None, TO)],
        Kind::RelationshipRecorded(said) => {
            [(&said.since_on, "`sinceOn` is no day"), (&said.until_on, "`untilOn` is no day")]
        }
        Kind::InvolvementEnded(said) => [(&said.end_on, "`endOn` is no day"), (&None, TO)],
        Kind::WorkerNamed(said) => {
            [(&said.since_on, "`sinceOn` is no day"), (&said.family_told_on, "`familyToldOn` is no day")]
        }
        Kind::WorkerEnded(said) => [(&said.ended_on, "`endedOn` is no day"), (&None, TO)],
        Kind::EhcAssessmentRequested(said) => [(&said.received_on, "`receivedOn` is no day"), (&None, TO)],
        Kind::EhcAssessmentDecided(said) => {
            [(&said.decided_on, "`decidedOn` is no day"), (&said.notified_on, "`notifiedOn` is no day")]
        }
        Kind::EhcRequestWithdrawn(said) => [(&said.withdrawn_on, "`withdrawnOn` is no day"), (&None, TO)],
        Kind::EhcAdviceRequested(said) => {
            [(&said.requested_on, "`requestedOn` is no day"), (&said.due_on, "`dueOn` is no day")]
        }
        Kind::EhcAdviceReceived(said) => [(&said.received_on, "`receivedOn` is no day"), (&None, TO)],
        Kind::EhcSettingConsulted(said) => {
            [(&said.sent_on, "`sentOn` is no day"), (&said.replied_on, "`repliedOn` is no day")]
        }
        Kind::EhcPlanDrafted(said) => [(&said.served_on, "`servedOn` is no day"), (&None, TO)],
        Kind::EhcPlanIssued(said) => [(&said.sent_on, "`sentOn` is no day"), (&None, TO)],
        Kind::EhcPlanCeased(said) => [(&said.ceased_on, "`ceasedOn` is no day"), (&None, TO)],
        Kind::EhcPlanTransferred(said) => {
            [(&said.aware_on, "`awareOn` is no day"), (&said.transferred_on, "`transferredOn` is no day")]
        }
        Kind::Section47EnquiryEnded(said) => [(&said.ended_on, "`endedOn` is no day"), (&None, TO)],
        Kind::LookedAfterPeriodStarted(said) => [(&said.start_on, "`startOn` is no day"), (&None, TO)],
        Kind::LookedAfterPeriodEnded(said) => [(&said.end_on, "`endOn` is no day"), (&None, TO)],
        Kind::LegalStatusChanged(said) => [(&said.changed_on, "`changedOn` is no day"), (&None, TO)],
        _ => return Ok(()),
    };
    match named.iter().find(|(date, _)| date.as_ref().is_some_and(|date| timeline::day_number(date).is_none())) {
        Some((_, what)) => Err(what),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::events as e;

    #[test]
    fn a_day_that_is_none_is_named_by_its_field() {
        let never = Some(Date { year: 2026, month: Some(2), day: Some(30), estimated: false });
        let kinds: [(Kind, &str); 5] = [
            (
                Kind::EhcPlanIssued(Box::new(e::EhcPlanIssued { sent_on: never, ..Default::default() })),
                "`sentOn` is no day",
            ),
            (
                Kind::EhcAdviceRequested(e::EhcAdviceRequested { due_on: never, ..Default::default() }),
                "`dueOn` is no day",
            ),
            (
                Kind::EhcSettingConsulted(e::EhcSettingConsulted { replied_on: never, ..Default::default() }),
                "`repliedOn` is no day",
            ),
            (
                Kind::LegalStatusChanged(e::LegalStatusChanged { changed_on: never, ..Default::default() }),
                "`changedOn` is no day",
            ),
            (Kind::WorkerNamed(e::WorkerNamed { since_on: never, ..Default::default() }.into()), "`sinceOn` is no day"),
        ];
        for (kind, says) in kinds {
            assert_eq!(are_days(&kind), Err(says));
        }
        assert_eq!(are_days(&Kind::EhcPlanIssued(Box::default())), Ok(()));
    }
}
