//! What a case says of people: who the reader is to the child, who may decide what, and what was said to sharing.

use jiff::ToSpan as _;
use jiff::civil::Date;
use proto::sharing as s;
use proto::sharing::DecisionKind;
use proto::sharing::family_person_recognised::Relation;

use crate::cases::format::{ConsentLine, Line, PersonLine};
use crate::cases::recorded::{Log, READER, date, described};
use crate::vocabulary::{Category, Purpose};

/// The organisation that vouches for people who are not staff, in every case, and the issuer of their tokens.
pub(super) const FAMILY_ORGANISATION: &str = "families_a";
pub(super) const FAMILY_ISSUER: &str = "https://families-a.invalid";

impl Line {
    /// The organisation by which somebody of the family asks.
    pub(super) fn family_organisation(&self) -> s::OrganisationRecorded {
        let mut organisation = s::OrganisationRecorded {
            id: Some(FAMILY_ORGANISATION.into()),
            token_issuer: Some(FAMILY_ISSUER.into()),
            vouches_for_people: Some(true),
            ..Default::default()
        };
        organisation.set_sector(s::Sector::SocialCare);
        organisation
    }

    /// Assessed, in every matter that there is to decide.
    pub(super) fn assessed(&self, log: &mut Log, on: u8, competent: bool) {
        for decision in
            [DecisionKind::Information, DecisionKind::Treatment, DecisionKind::Service, DecisionKind::Education]
        {
            log.add(on, assessment(competent, decision, "assessor", self.valid_on()));
        }
    }

    /// What was recorded of the reader, if they are not staff; act by act where the case says so.
    pub(super) fn people(&self, log: &mut Log, on: u8) {
        for line in &self.fold.competence_log {
            let decision = DecisionKind::from_str_name(&format!("DECISION_KIND_{}", line.decision.to_uppercase()));
            let decision = decision.unwrap_or(DecisionKind::Unspecified);
            log.add(on.saturating_add(line.subject), assessment(line.competent, decision, &line.assessed_by, line.t.0));
        }
        for line in &self.fold.people_log {
            self.person_line(log, on.saturating_add(line.subject), line);
        }
        if self.is_staff() || !self.fold.people_log.is_empty() {
            return;
        }
        let (relation, responsible) = match self.principal.person.as_deref().unwrap_or(&self.principal.kind) {
            "subject" => (Relation::Subject, false),
            "parent_pr" => (Relation::Parent, true),
            "parent_no_pr" => (Relation::Parent, false),
            "carer" => (Relation::Carer, false),
            _ => return,
        };
        let since = self.valid_on().saturating_sub(60.days());
        log.add(on, recognised(relation, "seen", since, "recorder"));
        if relation == Relation::Subject {
            log.add(on, recognised(relation, "seen", since, "another recorder"));
        }
        if responsible {
            log.add(on, verified("seen", since, "another recorder"));
        }
    }

    fn person_line(&self, log: &mut Log, on: u8, line: &PersonLine) {
        let evidence = if line.evidence { "seen" } else { "" };
        // Unless the case says by whom: a parent's responsibility is verified by another than who recognised them.
        let by = match (line.by.as_str(), line.says.as_str()) {
            ("", "responsible") => "another recorder",
            ("", _) => "recorder",
            (by, _) => by,
        };
        match line.says.as_str() {
            "parent" => log.add(on, recognised(Relation::Parent, evidence, line.t.0, by)),
            "carer" => log.add(on, recognised(Relation::Carer, evidence, line.t.0, by)),
            "young_person" => log.add(on, recognised(Relation::Subject, evidence, line.t.0, by)),
            "responsible" => log.add(on, verified(evidence, line.t.0, by)),
            "not_responsible" => log.add(
                on,
                s::ParentalResponsibilityEnded {
                    person: Some(reader()),
                    on: Some(date(line.t.0)),
                    ..Default::default()
                },
            ),
            _ => log.add(
                on,
                s::FamilyPersonEnded { id: Some("recognised".into()), on: Some(date(line.t.0)), ..Default::default() },
            ),
        }
    }

    /// What a further linked record of the child says besides its flags.
    pub(super) fn merged_people(&self, log: &mut Log, on: u8, merged: &crate::cases::format::Merged) {
        if let Some(born) = merged.dob {
            log.add(on, described(Some(born.0)));
        }
        self.involvement(log, on, &merged.involvement);
        if merged.consent != "none" {
            let before = self.valid_on().saturating_sub(30.days());
            log.add(on, self.consent(&merged.consent, "parent_pr", before));
        }
    }

    /// One act of consent, as the case says it.
    pub(super) fn act(&self, line: &ConsentLine) -> s::ConsentRecorded {
        use s::consent_recorded::{CapacityBasis, Kind};
        let mut consent = self.consent(&line.state, &line.by, line.t.0);
        consent.id = Some(line.id.clone());
        consent.to = line.expires.map(|day| date(day.0));
        let basis = CapacityBasis::from_str_name(&format!("CAPACITY_BASIS_{}", line.basis.to_uppercase()));
        consent.set_capacity_basis(basis.unwrap_or_default());
        if line.by == "appointed" {
            consent.by = None;
            consent.set_capacity_basis(CapacityBasis::Appointed);
        }
        consent.holder = Some(line.holder.clone()).filter(|holder| !holder.is_empty());
        consent
            .set_kind(Kind::from_str_name(&format!("KIND_{}", line.kind.to_uppercase())).unwrap_or(Kind::Unspecified));
        let category = |word: &String| Category::from_str_name(&format!("CATEGORY_{}", word.to_uppercase()));
        let purpose = |word: &String| Purpose::from_str_name(&format!("PURPOSE_{}", word.to_uppercase()));
        consent.categories = line.categories.iter().filter_map(category).map(i32::from).collect();
        consent.purposes = line.purposes.iter().filter_map(purpose).map(i32::from).collect();
        if line.recipients != ["reader"] {
            consent.people.clear();
            consent.recipients = line.recipients.iter().filter(|id| *id != "any").cloned().collect();
        }
        if !line.form.is_empty() {
            consent.form = Some(line.form.clone());
            consent.form_version = Some(line.form_version.clone());
        }
        consent
    }

    /// Whom a consent of the case names: the reader.
    pub(super) fn named_in_consent(&self, consent: &mut s::ConsentRecorded) {
        if self.is_staff() {
            consent.recipients.push(self.principal.org.clone());
        } else {
            consent.people.push(reader());
        }
    }
}

/// The reader, as the issuer of their tokens names them.
fn reader() -> s::NamedPerson {
    s::NamedPerson { issuer: Some(FAMILY_ISSUER.into()), person: Some(READER.into()) }
}

fn recognised(relation: Relation, evidence: &str, on: Date, by: &str) -> s::FamilyPersonRecognised {
    let mut recognised = s::FamilyPersonRecognised {
        id: Some("recognised".into()),
        person: Some(reader()),
        evidence: Some(evidence.into()),
        recognised_by: Some(by.into()),
        on: Some(date(on)),
        ..Default::default()
    };
    recognised.set_relation(relation);
    recognised
}

fn verified(evidence: &str, on: Date, by: &str) -> s::ParentalResponsibilityVerified {
    s::ParentalResponsibilityVerified {
        person: Some(reader()),
        evidence: Some(evidence.into()),
        verified_by: Some(by.into()),
        on: Some(date(on)),
    }
}

fn assessment(competent: bool, decision: DecisionKind, by: &str, on: Date) -> s::CompetenceAssessed {
    let mut assessed = s::CompetenceAssessed {
        competent: Some(competent),
        assessed_by: Some(by.into()),
        on: Some(date(on)),
        ..Default::default()
    };
    assessed.set_decision(decision);
    assessed
}
