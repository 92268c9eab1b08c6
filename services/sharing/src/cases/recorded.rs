//! What a case says, as the events that would have been recorded.

use jiff::ToSpan as _;
use jiff::civil::Date;
use proto::events::{self as e, Body, Event};
use proto::sharing as s;

use crate::cases::format::{Asked, Child, Line, Merged};
use crate::cases::status::opened_of;
use crate::days::end_of_compulsory_school_age;
use crate::facts::FactEvent;
use crate::vocabulary::{Category, Sector, Vocabulary as _};

/// The person who asks, in every case.
pub(super) const READER: &str = "reader";
/// When they ask.
pub(super) const ASKED_AT_US: i64 = 1_800_000_000_000_000;

/// Recorded events, each with whose it is and when it was published.
#[derive(Default)]
pub(crate) struct Log(Vec<([u8; 16], i64, Body)>);

impl Log {
    fn length(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    pub(super) fn add(&mut self, subject: u8, event: impl Into<Event>) {
        let published = self.length();
        self.add_at(subject, published, event);
    }

    fn add_at(&mut self, subject: u8, published_at_us: i64, event: impl Into<Event>) {
        self.add_of("recorder", subject, published_at_us, event);
    }

    fn add_of(&mut self, controller: &str, subject: u8, published_at_us: i64, event: impl Into<Event>) {
        let body = Body {
            controller: controller.into(),
            source: "command".into(),
            entry_id: u128::from(self.length().unsigned_abs()).to_be_bytes().to_vec(),
            event: Some(event.into()),
            ..Body::default()
        };
        self.0.push(([subject; 16], published_at_us, body));
    }

    /// What a connector says, of a source that stood so at this time.
    pub(super) fn say(&mut self, controller: &str, source: &str, subject: u8, as_of_us: i64, event: Event) {
        let published = self.length();
        self.add_of(controller, subject, published, event);
        if let Some((.., body)) = self.0.last_mut() {
            body.source = source.into();
            body.version = Some(e::Version { as_of_us, ..Default::default() });
        }
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = FactEvent<'_>> {
        self.0.iter().enumerate().map(|(sequence, (subject, published_at_us, body))| FactEvent {
            subject: *subject,
            published_at_us: *published_at_us,
            sequence: sequence.try_into().unwrap_or(u64::MAX),
            body,
        })
    }
}

impl Line {
    /// The child's facts as events.
    pub(crate) fn log(&self) -> Log {
        let mut log = Log::default();
        let on = self.fold.of_three_linked.unwrap_or(0);
        if self.fold.of_three_linked.is_some() {
            (0..3).for_each(|subject| log.add(subject, described(None)));
        }
        self.births(&mut log, on);
        if let Some(competent) = self.child.competent {
            self.assessed(&mut log, on, competent);
        }
        self.people(&mut log, on);
        self.statuses(&mut log, on, &opened_of(&self.child));
        self.life(&mut log, on);
        self.disputes(&mut log, on);
        self.named(&mut log, on);
        for (applies, kind) in [
            (self.child.protected_address, s::restriction::Kind::ProtectedAddress),
            (self.child.opt_out, s::restriction::Kind::NationalOptOut),
            (self.facts.pr_restricted, s::restriction::Kind::ParentalResponsibility),
        ] {
            if applies {
                log.add(on, restriction(kind));
            }
        }
        if self.facts.detriment {
            let by = self.facts.detriment_by.as_ref().unwrap_or(&self.resource.source);
            log.add_of(by, on, log.length(), restriction(s::restriction::Kind::Detriment));
        }
        self.involvement(&mut log, on, &self.facts.involvement);
        self.consents(&mut log, on);
        self.grants(&mut log, on);
        for (subject, merged) in (10..).zip(&self.fold.merge) {
            self.merged(&mut log, subject, merged);
        }
        log
    }

    /// What a further linked record of the child says.
    fn merged(&self, log: &mut Log, on: u8, merged: &Merged) {
        if let Some(age) = merged.age {
            log.add(on, described(Some(self.aged(age))));
        }
        if let Some(competent) = merged.competent {
            self.assessed(log, on, competent);
        }
        self.merged_people(log, on, merged);
        let Merged { s47, cp_plan, cin, looked_after, ehcp, .. } = *merged;
        self.statuses(log, on, &opened_of(&Child { s47, cp_plan, cin, looked_after, ehcp, ..Child::default() }));
        for (applies, kind) in [
            (merged.protected_address, s::restriction::Kind::ProtectedAddress),
            (merged.opt_out, s::restriction::Kind::NationalOptOut),
        ] {
            if applies {
                log.add(on, restriction(kind));
            }
        }
    }

    /// What the case says of the child asked about, where its own child may be of that one's family.
    pub(crate) fn log_of(&self, asked: &Asked) -> Log {
        let mut log = Log::default();
        log.add(0, described(None));
        let Asked { s47, cp_plan, cin, .. } = *asked;
        self.statuses(&mut log, 0, &opened_of(&Child { s47, cp_plan, cin, ..Child::default() }));
        self.involvement(&mut log, 0, &asked.involvement);
        log
    }

    fn births(&self, log: &mut Log, on: u8) {
        if self.fold.no_birth_date || self.child.unborn {
            return;
        }
        let born = self.fold.dob.map_or_else(|| self.of_school_age(self.aged(self.child.age)), |dob| dob.0);
        log.add(on, described(Some(born)));
        for (subject, also) in (20..).zip(&self.fold.also_born) {
            log.add(subject, described(Some(also.0)));
        }
    }

    /// Born so that this age was reached yesterday.
    fn aged(&self, age: i64) -> Date {
        let years = jiff::Span::new().try_years(age).unwrap_or_default();
        self.valid_on().saturating_sub(years).saturating_sub(1.days())
    }

    /// The latest day of the year before this one, of somebody of the same age, by which the child is past compulsory
    /// school age or not, as the case says; this day where none is.
    fn of_school_age(&self, born: Date) -> Date {
        let Some(past) = self.child.past_csa else { return born };
        let mut days = (0..365_i64).map(|earlier| born.saturating_sub(earlier.days()));
        days.find(|day| (self.valid_on() > end_of_compulsory_school_age(*day)) == past).unwrap_or(born)
    }

    pub(super) fn involvement(&self, log: &mut Log, on: u8, involvement: &str) {
        use e::involvement::Kind;
        let kind = match involvement {
            "none" => return,
            "universal" | "former" => Kind::Universal,
            "targeted" => Kind::Targeted,
            "statutory" => Kind::Statutory,
            "lead" => Kind::Lead,
            _ => return,
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
        let day = self.valid_on().saturating_sub(20.days());
        let start_on = Some(date(day));
        let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok();
        let at = noon.map(|noon| prost_types::Timestamp { seconds: noon.timestamp().as_second(), nanos: 0 });
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
        log.add_of(&self.resource.source, 0, log.length(), event);
    }

    fn consents(&self, log: &mut Log, on: u8) {
        let before = self.valid_on().saturating_sub(30.days());
        for line in &self.fold.consent_log {
            log.add_at(on.saturating_add(line.subject), line.offset, self.act(line));
        }
        for (subject, state) in (0..).zip(&self.fold.merge_consent) {
            log.add(subject, self.consent(state, "parent_pr", before));
        }
        let dated = !self.fold.consent_log.is_empty() || !self.fold.merge_consent.is_empty();
        if !dated && self.facts.consent != "none" {
            let by = if self.child.competent == Some(true) { "young_person" } else { "parent_pr" };
            let mut consent = self.consent(&self.facts.consent, by, before);
            // What a case says was agreed to was agreed to for its own kind of record, by name.
            consent.categories = Category::members().into_iter().map(i32::from).collect();
            if self.facts.consent == "lapsed" {
                consent.to = Some(date(self.valid_on().saturating_sub(1.days())));
            }
            log.add(on, consent);
        }
    }

    pub(super) fn consent(&self, state: &str, by: &str, from: Date) -> s::ConsentRecorded {
        use s::consent_recorded::{GivenBy, Kind, State};
        let mut consent = s::ConsentRecorded { from: Some(date(from)), ..Default::default() };
        self.named_in_consent(&mut consent);
        consent.set_kind(Kind::Share);
        consent.set_state(match state {
            "given" | "lapsed" => State::Given,
            "withdrawn" => State::Withdrawn,
            _ => State::Refused,
        });
        consent.set_by(if by == "young_person" { GivenBy::Subject } else { GivenBy::Parent });
        consent
    }

    fn grants(&self, log: &mut Log, on: u8) {
        use s::access_granted::Scope;
        use s::legal_process_recorded::Kind;
        let today = Some(date(self.valid_on()));
        let organisation = Some(self.principal.org.clone());
        let sealed = self.facts.grants.iter().any(|grant| grant == "pre_adoption").then_some(Scope::PreAdoption);
        let cleared = self.facts.address_cleared.then_some(Scope::Address);
        let arranges = self.facts.arranges_package.then_some(Scope::Package);
        let purposes = self.facts.grant_purposes.clone().unwrap_or_else(|| vec![self.facts.purpose.clone()]);
        let purpose = |word: &String| s::Purpose::from_str_name(&format!("PURPOSE_{}", word.to_uppercase()));
        for scope in sealed.into_iter().chain(cleared).chain(arranges) {
            let mut granted = s::AccessGranted {
                id: Some(format!("{scope:?}")),
                person: Some(READER.into()),
                organisation: organisation.clone(),
                from: today,
                to: today,
                granted_by: Some("manager".into()),
                purposes: purposes.iter().filter_map(purpose).map(i32::from).collect(),
                ..Default::default()
            };
            granted.set_scope(scope);
            log.add(on, granted);
        }
        let process = match self.facts.process.as_str() {
            "crime_request_approved" => Some(Kind::CrimeRequestApproved),
            "court_order_served" => Some(Kind::CourtOrderServed),
            "transfer_in" => Some(Kind::TransferIn),
            _ => None,
        };
        if let Some(kind) = process {
            let mut process = s::LegalProcessRecorded {
                recipient: organisation.clone(),
                from: today,
                to: today,
                approved_by: Some("controller".into()),
                source: Some(self.facts.process_of.as_ref().unwrap_or(&self.resource.source).clone()),
                ..Default::default()
            };
            process.set_kind(kind);
            log.add(on, process);
        }
        let purpose = s::Purpose::from_str_name(&format!("PURPOSE_{}", self.facts.purpose.to_uppercase()));
        if let Some(purpose) = purpose.filter(|_| self.facts.break_glass) {
            log.add(
                on,
                s::BreakGlassAsserted {
                    person: Some(READER.into()),
                    organisation,
                    reason: Some("a reason".into()),
                    asserted_at: Some(prost_types::Timestamp { seconds: ASKED_AT_US / 1_000_000 - 60, nanos: 0 }),
                    minutes: Some(30),
                    purpose: Some(purpose.into()),
                    id: Some(vec![0x9a; 16]),
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
        log.add(0, self.family_organisation());
        let span = self.fold.dsa.as_ref();
        let span = span.cloned().unwrap_or_default();
        if self.facts.dsa {
            log.add(
                0,
                s::AgreementRecorded {
                    id: Some("agreement".into()),
                    parties: ids,
                    from: Some(date(span.from.0)),
                    to: Some(date(span.to.0)),
                    ..Default::default()
                },
            );
        }
        self.feeds_confirmed(&mut log);
        log
    }
}

/// The organisations of the cases: their sector, whether they are designated agencies, and their ids.
pub(super) const ORGANISATIONS: &[(Sector, bool, &[&str])] = &[
    (Sector::Education, true, &["school_a", "school_b", "college_a", "la_send_a", "virtual_school_a", "school_c"]),
    (Sector::SocialCare, true, &["csc_a", "adoption_a", "csc_b"]),
    (Sector::Health, true, &["gp_a", "camhs_a", "shc_a", "hospital_a", "paeds_a", "drug_service_a"]),
    (Sector::Police, true, &["police_a"]),
    (Sector::Court, true, &["cafcass_a"]),
    (Sector::Court, false, &["court_a"]),
    (Sector::Oversight, false, &["audit_a"]),
    (Sector::SocialCare, false, &["charity_a", "it_a"]),
];

pub(super) fn described(born: Option<Date>) -> e::PersonDescribed {
    e::PersonDescribed { birth_on: born.map(date), ..Default::default() }
}

fn restriction(kind: s::restriction::Kind) -> s::RestrictionSet {
    let mut set = s::RestrictionSet { id: Some(format!("{kind:?}")), ..Default::default() };
    set.set_kind(kind);
    set
}

pub(super) fn date(day: Date) -> e::Date {
    e::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    }
}
