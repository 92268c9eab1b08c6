//! Statutes, standings, birth and death of a case, as the events that would have been recorded.

use jiff::ToSpan as _;
use jiff::civil::Date;
use proto::events::{self as e, Event};
use proto::sharing as s;
use proto::sharing::statutory_status_changed::Status;

use crate::cases::format::{Child, Line};
use crate::cases::recorded::{Log, READER, date};

impl Line {
    pub(super) fn statuses(&self, log: &mut Log, on: u8, open: &[Status]) {
        let since = self.fold.s47_opened.map_or_else(|| self.valid_on().saturating_sub(7.days()), |day| day.0);
        for status in open {
            let of = self.child.looked_after_by.as_deref().unwrap_or(&self.principal.org);
            if self.fold.statuses_from != "person" {
                self.said_by_a_system(log, on, *status, since, of);
                continue;
            }
            let mut changed =
                s::StatutoryStatusChanged { open: Some(true), on: Some(date(since)), ..Default::default() };
            changed.set_status(*status);
            changed.organisation = Some(of.to_owned()).filter(|of| !of.is_empty());
            log.add(on, changed);
        }
    }

    /// The status as a case system, or a return, has it: the event that opens it.
    fn said_by_a_system(&self, log: &mut Log, on: u8, status: Status, since: Date, of: &str) {
        let day = Some(date(since));
        let coded = |code: &str| Some(e::Coded { code: code.into(), ..Default::default() });
        let period =
            |code: &str| e::LookedAfterPeriodStarted { start_on: day, legal_status: coded(code), ..Default::default() };
        let event: Event = match status {
            Status::Unspecified => return,
            Status::Section47 => e::Section47EnquiryStarted { start_on: day, ..Default::default() }.into(),
            Status::ProtectionPlan => e::ProtectionPlanStarted { start_on: day, ..Default::default() }.into(),
            Status::ChildInNeed => {
                let no_further_action = Some(false);
                e::ReferralReceived { received_on: day, no_further_action, ..Default::default() }.into()
            }
            Status::LookedAfter => period("C2").into(),
            Status::Accommodated => period("V2").into(),
            Status::Remand => period("J1").into(),
            Status::Emergency => period("L2").into(),
            Status::ShortBreak => period("V3").into(),
            Status::EhcPlan => e::EhcPlanIssued { sent_on: day, ..Default::default() }.into(),
            Status::EhcRequest => e::EhcAssessmentRequested { received_on: day, ..Default::default() }.into(),
        };
        let is_ehc = matches!(status, Status::EhcPlan | Status::EhcRequest);
        let source = match (self.fold.statuses_from.as_str(), is_ehc) {
            ("feed", true) => "education-ehc-system",
            ("feed", false) => "social-care-case-system",
            (_, true) => "education-sen2-return",
            _ => "social-care-cin-census",
        };
        let said_on = self.fold.feed_said.map_or(self.valid_on(), |day| day.0);
        // Whose record it is gives nobody involvement but the council of the system.
        let controller = if matches!(status, Status::Section47 | Status::ProtectionPlan | Status::ChildInNeed) {
            "csc_records"
        } else {
            of
        };
        log.say(controller, source, on, noon_us(said_on), event);
    }

    /// What was said of the child's age beyond birth dates.
    pub(super) fn disputes(&self, log: &mut Log, on: u8) {
        let day = Some(date(self.valid_on().saturating_sub(20.days())));
        if let Some(claimed) = &self.fold.age_disputed {
            let (earliest_birth_on, latest_birth_on) = (Some(date(claimed.from.0)), Some(date(claimed.to.0)));
            log.add(on, s::AgeDisputed { earliest_birth_on, latest_birth_on, on: day });
        }
        if let Some(born) = self.fold.age_assessed {
            let on_day = Some(date(self.valid_on().saturating_sub(2.days())));
            let assessed_by = Some("assessor".into());
            log.add(on, s::AgeAssessed { birth_on: Some(date(born.0)), assessed_by, on: on_day });
        }
    }

    /// What makes the reader, or the reader's organisation, what they were named as.
    pub(super) fn named(&self, log: &mut Log, on: u8) {
        let day = Some(date(self.valid_on().saturating_sub(5.days())));
        let organisation = Some(self.principal.org.clone());
        for standing in &self.facts.standings {
            match standing.as_str() {
                "ehc_adviser" => {
                    log.add(
                        on,
                        e::EhcAdviceRequested {
                            adviser: organisation.clone(),
                            requested_on: day,
                            ..Default::default()
                        },
                    );
                }
                "consulted_setting" => {
                    log.add(
                        on,
                        e::EhcSettingConsulted { setting: organisation.clone(), sent_on: day, ..Default::default() },
                    );
                }
                "family_help_lead" => log.add(
                    on,
                    e::WorkerNamed {
                        role: Some(e::Coded { code: "family_help_lead".into(), ..Default::default() }),
                        organisation: organisation.clone(),
                        person: Some(READER.into()),
                        since_on: day,
                        supervised_by: Some("csc_a".into()),
                        ..Default::default()
                    },
                ),
                "child_death_reviewer" => {
                    log.add(on, e::ChildDeathReviewStarted { organisation: organisation.clone(), start_on: day });
                }
                _ => {}
            }
        }
    }

    /// Death, and a birth that is expected.
    pub(super) fn life(&self, log: &mut Log, on: u8) {
        if self.child.deceased {
            log.add(on, e::DeathNotified { died_on: Some(date(self.valid_on().saturating_sub(1.days()))) });
        }
        if self.child.unborn {
            let expected_birth_on = Some(date(self.valid_on().saturating_add(60.days())));
            log.add(on, e::PersonDescribed { expected_birth_on, ..Default::default() });
        }
    }

    /// That the live feeds of the case were read whole on its day.
    pub(super) fn feeds_confirmed(&self, log: &mut Log) {
        let Some(confirmed) = self.fold.feed_confirmed else { return };
        let seconds = noon_us(confirmed.0) / 1_000_000;
        let confirmed_at = Some(prost_types::Timestamp { seconds, nanos: 0 });
        let of = self.child.looked_after_by.as_deref().unwrap_or(&self.principal.org);
        for source in ["social-care-case-system", "education-ehc-system"] {
            for organisation in ["csc_records", of] {
                let (organisation, source) = (Some(organisation.to_owned()), Some(source.to_owned()));
                log.add(0, s::FeedConfirmed { organisation, source, confirmed_at });
            }
        }
    }
}

/// The statutes that a case says apply.
pub(super) fn opened_of(child: &Child) -> Vec<Status> {
    [
        (child.s47, Status::Section47),
        (child.cp_plan, Status::ProtectionPlan),
        (child.cin, Status::ChildInNeed),
        (child.looked_after, Status::LookedAfter),
        (child.accommodated, Status::Accommodated),
        (child.remand, Status::Remand),
        (child.emergency, Status::Emergency),
        (child.short_break, Status::ShortBreak),
        (child.ehcp, Status::EhcPlan),
        (child.ehc_request, Status::EhcRequest),
    ]
    .into_iter()
    .filter_map(|(applies, status)| applies.then_some(status))
    .collect()
}

fn noon_us(day: Date) -> i64 {
    let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok();
    noon.map_or(0, |noon| noon.timestamp().as_microsecond())
}
