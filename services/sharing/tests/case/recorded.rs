//! What a case says, as the events that would have been recorded.

use jiff::ToSpan as _;
use jiff::civil::Date;
use proto::events::{self as e, Body, Event};
use proto::sharing as s;
use sharing::{FactEvent, Sector};

use super::{ASKED_AT_US, Asked, Case, Child, READER};

/// Recorded events, each with whose it is and when it was published.
#[derive(Default)]
pub(crate) struct Log(Vec<([u8; 16], i64, Body)>);

impl Log {
    fn add(&mut self, subject: u8, event: impl Into<Event>) {
        let published = self.0.len() as i64;
        self.add_at(subject, published, event);
    }

    fn add_at(&mut self, subject: u8, published_at_us: i64, event: impl Into<Event>) {
        self.add_of("recorder", subject, published_at_us, event);
    }

    fn add_of(&mut self, controller: &str, subject: u8, published_at_us: i64, event: impl Into<Event>) {
        let body = Body {
            controller: controller.into(),
            entry_id: (self.0.len() as u128).to_be_bytes().to_vec(),
            event: Some(event.into()),
            ..Body::default()
        };
        self.0.push(([subject; 16], published_at_us, body));
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = FactEvent<'_>> {
        self.0.iter().enumerate().map(|(sequence, (subject, published_at_us, body))| FactEvent {
            subject: *subject,
            published_at_us: *published_at_us,
            sequence: sequence as u64,
            body,
        })
    }
}

impl Case {
    /// The child's facts as events.
    pub(crate) fn log(&self) -> Log {
        let mut log = Log::default();
        let on = self.fold.of_three_linked.unwrap_or(0);
        if self.fold.of_three_linked.is_some() {
            (0..3).for_each(|subject| log.add(subject, described(None)));
        }
        self.births(&mut log, on);
        if let Some(competent) = self.child.competent {
            log.add(
                on,
                s::CompetenceAssessed {
                    competent: Some(competent),
                    on: Some(date(self.valid_on())),
                    ..Default::default()
                },
            );
        }
        let Child { s47, cp_plan, cin, looked_after, ehcp, .. } = self.child;
        self.statuses(&mut log, on, [s47, cp_plan, cin, looked_after, ehcp]);
        for (applies, kind) in [
            (self.child.protected_address, s::restriction::Kind::ProtectedAddress),
            (self.facts.detriment, s::restriction::Kind::Detriment),
            (self.facts.pr_restricted, s::restriction::Kind::ParentalResponsibility),
        ] {
            if applies {
                log.add(on, restriction(kind));
            }
        }
        self.involvement(&mut log, on, &self.facts.involvement);
        self.consents(&mut log, on);
        self.grants(&mut log, on);
        for (subject, merged) in self.fold.merge.iter().enumerate() {
            if merged.protected_address {
                log.add(subject as u8 + 10, restriction(s::restriction::Kind::ProtectedAddress));
            }
        }
        log
    }

    /// What the case says of the child asked about, where its own child may be of that one's family.
    pub(crate) fn log_of(&self, asked: &Asked) -> Log {
        let mut log = Log::default();
        log.add(0, described(None));
        self.statuses(&mut log, 0, [asked.s47, asked.cp_plan, asked.cin, false, false]);
        self.involvement(&mut log, 0, &asked.involvement);
        log
    }

    fn births(&self, log: &mut Log, on: u8) {
        if self.fold.no_birth_date {
            return;
        }
        let dob = self.fold.dob.as_ref().map(|dob| dob.parse().unwrap());
        let born =
            dob.unwrap_or_else(|| self.valid_on().saturating_sub(self.child.age.years()).saturating_sub(1.days()));
        log.add(on, described(Some(born)));
        for (index, also) in self.fold.also_born.iter().enumerate() {
            log.add(index as u8 + 20, described(Some(also.parse().unwrap())));
        }
    }

    fn statuses(&self, log: &mut Log, on: u8, open: [bool; 5]) {
        use s::statutory_status_changed::Status;
        let opened = self.fold.s47_opened.as_ref().map(|day| day.parse().unwrap());
        let statuses =
            [Status::Section47, Status::ProtectionPlan, Status::ChildInNeed, Status::LookedAfter, Status::EhcPlan];
        for (open, status) in open.into_iter().zip(statuses) {
            if open {
                let since = opened.unwrap_or_else(|| self.valid_on().saturating_sub(7.days()));
                let mut changed =
                    s::StatutoryStatusChanged { open: Some(true), on: Some(date(since)), ..Default::default() };
                changed.set_status(status);
                log.add(on, changed);
            }
        }
    }

    fn involvement(&self, log: &mut Log, on: u8, involvement: &str) {
        use e::involvement::Kind;
        let kind = match involvement {
            "none" => return,
            "universal" | "former" => Kind::Universal,
            "targeted" => Kind::Targeted,
            "statutory" => Kind::Statutory,
            "lead" => Kind::Lead,
            other => panic!("no involvement {other}"),
        };
        let organisation = Some(self.principal.org.clone());
        let mut started = e::InvolvementStarted {
            organisation: organisation.clone(),
            start_on: Some(date(self.valid_on().saturating_sub(100.days()))),
            ..Default::default()
        };
        started.set_kind(kind);
        log.add(on, started);
        if involvement == "former" {
            let end_on = Some(date(self.valid_on().saturating_sub(10.days())));
            log.add(on, e::InvolvementEnded { organisation, end_on, ..Default::default() });
        }
    }

    /// An event of the source by which it works with the child today: of the case's category and labels, as near as there is
    /// a kind that begins work.
    pub(crate) fn at_work(&self, log: &mut Log) {
        let start_on = Some(date(self.valid_on().saturating_sub(20.days())));
        let at = start_on.map(|on| {
            let day = Date::new(on.year as i16, on.month.unwrap() as i8, on.day.unwrap() as i8).unwrap();
            let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
            prost_types::Timestamp { seconds: noon.as_second(), nanos: 0 }
        });
        let clinic = |code: &str| e::AppointmentBooked {
            starts_at: at,
            service: Some(e::Coded { code: code.into(), ..Default::default() }),
            ..Default::default()
        };
        let event: Event = match (self.resource.category.as_str(), self.resource.labels.first().map(String::as_str)) {
            (_, Some("sexual_health")) => clinic("360").into(),
            (_, Some("mental_health")) => clinic("711").into(),
            ("hospital", None) => clinic("420").into(),
            ("attendance", None) => e::EnrolmentStarted {
                school: Some(self.resource.source.clone()),
                entry_on: start_on,
                ..Default::default()
            }
            .into(),
            ("social_care_case", None) => e::ReferralReceived { received_on: start_on, ..Default::default() }.into(),
            ("child_protection", None) => e::ProtectionPlanStarted { start_on, ..Default::default() }.into(),
            _ => {
                let mut started = e::InvolvementStarted {
                    organisation: Some(self.resource.source.clone()),
                    start_on,
                    ..Default::default()
                };
                started.set_kind(e::involvement::Kind::Targeted);
                started.into()
            }
        };
        log.add_of(&self.resource.source, 0, log.0.len() as i64, event);
    }

    fn consents(&self, log: &mut Log, on: u8) {
        let before = self.valid_on().saturating_sub(30.days());
        for line in &self.fold.consent_log {
            let mut consent = self.consent(&line.state, &line.by, line.t.parse().unwrap());
            consent.id = Some(line.id.clone());
            consent.to = line.expires.as_ref().map(|day| date(day.parse().unwrap()));
            log.add_at(on + line.subject, line.offset, consent);
        }
        for (subject, state) in self.fold.merge_consent.iter().enumerate() {
            log.add(subject as u8, self.consent(state, "parent_pr", before));
        }
        let dated = !self.fold.consent_log.is_empty() || !self.fold.merge_consent.is_empty();
        if !dated && self.facts.consent != "none" {
            let by = if self.child.competent == Some(true) { "young_person" } else { "parent_pr" };
            log.add(on, self.consent(&self.facts.consent, by, before));
        }
    }

    fn consent(&self, state: &str, by: &str, from: Date) -> s::ConsentRecorded {
        use s::consent_recorded::{GivenBy, Kind, State};
        let recipient = if self.principal.kind == "staff" { &self.principal.org } else { READER };
        let mut consent =
            s::ConsentRecorded { recipients: vec![recipient.to_owned()], from: Some(date(from)), ..Default::default() };
        consent.set_kind(Kind::Share);
        consent.set_state(match state {
            "given" => State::Given,
            "refused" => State::Refused,
            "withdrawn" => State::Withdrawn,
            other => panic!("no consent {other}"),
        });
        consent.set_by(match by {
            "young_person" => GivenBy::Subject,
            "parent_pr" => GivenBy::Parent,
            other => panic!("nobody is {other}"),
        });
        consent
    }

    fn grants(&self, log: &mut Log, on: u8) {
        use s::access_granted::Scope;
        use s::legal_process_recorded::Kind;
        let today = Some(date(self.valid_on()));
        let organisation = Some(self.principal.org.clone());
        let scopes = self.facts.grants.iter().map(|grant| match grant.as_str() {
            "pre_adoption" => Scope::PreAdoption,
            other => panic!("no grant {other}"),
        });
        for scope in scopes.chain(self.facts.address_cleared.then_some(Scope::Address)) {
            let mut granted = s::AccessGranted {
                id: Some(format!("{scope:?}")),
                person: Some(READER.into()),
                organisation: organisation.clone(),
                from: today,
                to: today,
                granted_by: Some("manager".into()),
                ..Default::default()
            };
            granted.set_scope(scope);
            log.add(on, granted);
        }
        if self.facts.process != "none" {
            let mut process = s::LegalProcessRecorded {
                recipient: organisation.clone(),
                from: today,
                to: today,
                approved_by: Some("controller".into()),
                ..Default::default()
            };
            process.set_kind(match self.facts.process.as_str() {
                "crime_request_approved" => Kind::CrimeRequestApproved,
                "court_order_served" => Kind::CourtOrderServed,
                "transfer_in" => Kind::TransferIn,
                other => panic!("no process {other}"),
            });
            log.add(on, process);
        }
        if self.facts.break_glass {
            log.add(
                on,
                s::BreakGlassAsserted {
                    person: Some(READER.into()),
                    organisation,
                    reason: Some("a reason".into()),
                    asserted_at: Some(prost_types::Timestamp { seconds: ASKED_AT_US / 1_000_000 - 60, nanos: 0 }),
                    minutes: Some(30),
                },
            );
        }
    }

    /// The organisations of the cases, and the agreement between all of them where the case has one.
    pub(crate) fn organisations(&self) -> Log {
        let mut log = Log::default();
        let mut ids = Vec::new();
        for (sector, designated, members) in ORGANISATIONS {
            for id in *members {
                let mut organisation = s::OrganisationRecorded {
                    id: Some((*id).into()),
                    designated: Some(*designated),
                    ..Default::default()
                };
                organisation.set_sector(*sector);
                log.add(0, organisation);
                ids.push((*id).to_owned());
            }
        }
        let span = self.fold.dsa.as_ref();
        let day = |text: &str| Some(date(text.parse().unwrap()));
        if self.facts.dsa {
            log.add(
                0,
                s::AgreementRecorded {
                    id: Some("agreement".into()),
                    parties: ids,
                    from: day(span.map_or("2020-01-01", |span| &span.from)),
                    to: day(span.map_or("2030-12-31", |span| &span.to)),
                    ..Default::default()
                },
            );
        }
        log
    }
}

const ORGANISATIONS: &[(Sector, bool, &[&str])] = &[
    (Sector::Education, true, &["school_a", "school_b", "college_a", "la_send_a", "virtual_school_a", "school_c"]),
    (Sector::SocialCare, true, &["csc_a", "adoption_a", "csc_b"]),
    (Sector::Health, true, &["gp_a", "camhs_a", "shc_a", "hospital_a", "paeds_a", "drug_service_a"]),
    (Sector::Police, true, &["police_a"]),
    (Sector::Court, true, &["cafcass_a"]),
    (Sector::Court, false, &["court_a"]),
    (Sector::Oversight, false, &["audit_a"]),
    (Sector::SocialCare, false, &["charity_a", "it_a"]),
];

fn described(born: Option<Date>) -> e::PersonDescribed {
    e::PersonDescribed { birth_on: born.map(date), ..Default::default() }
}

fn restriction(kind: s::restriction::Kind) -> s::RestrictionSet {
    let mut set = s::RestrictionSet { id: Some(format!("{kind:?}")), ..Default::default() };
    set.set_kind(kind);
    set
}

fn date(day: Date) -> e::Date {
    e::Date { year: day.year().into(), month: Some(day.month() as u32), day: Some(day.day() as u32), estimated: false }
}
