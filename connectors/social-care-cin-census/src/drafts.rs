//! What a child of the return becomes: events.
//!
//! Statutory status and other access flags are never made of a return. It is given once a year and has no end date for a
//! section 47 enquiry: a flag taken from it would stay set long after the enquiry was over, and would lift restrictions that
//! should hold. Those come from live feeds only; what is said here is for the timeline.

use std::collections::HashMap;

use connector_kit::xml::Element;
use connector_kit::{Draft, Output, Place, Rejection, dates};
use proto::events::{
    AssessmentCompleted, AssessmentStarted, CareProceedingsIssued, CaseClosed, ChildInNeedPlanEnded,
    ChildInNeedPlanStarted, ConferenceHeld, Date, DisabilityRecorded, Event, FactorIdentified, Finding, FindingCode,
    PersonDescribed, PreProceedingsEnded, PreProceedingsStarted, ProtectionPlanEnded, ProtectionPlanReviewed,
    ProtectionPlanStarted, ReferralReceived, Section47EnquiryStarted, SourceRecordKept, Subject,
};
use proto::quarantine::Reason;

use crate::child::referral::{Assessment, CinPlan, PreProceedings, ProtectionPlan, Referral, Section47};
use crate::child::{Child, Dated, Part, Undated};
use crate::header::Return;
use crate::tag::Tagged as _;

/// Says what becomes of one child.
pub(crate) struct Drafter<'a> {
    pub(crate) of: &'a Return,
    pub(crate) file: &'a str,
    /// Which child of the file.
    pub(crate) record: u64,
    /// Bytes of the file before that child.
    pub(crate) offset: u64,
    pub(crate) subject: &'a Subject,
    pub(crate) out: &'a mut dyn Output,
}

/// One of a record's events.
struct Said<'t> {
    element: Element<'t>,
    table: &'static str,
    ordinal: u32,
    effective: Date,
}

impl Drafter<'_> {
    /// Says all that the return says of the child.
    pub(crate) fn child(&mut self, child: Child<'_>) {
        let key = self.subject.value.clone();
        let reference_on = self.of.reference_on;
        // A description holds from birth. What the return dates by nothing else it states as at its reference date.
        let born = child.birth_on.or(child.expected_birth_on).map_or(reference_on, |on| on.date);
        self.say(
            &key,
            Said { element: child.element, table: "child", ordinal: 0, effective: born },
            child.notes.findings,
            PersonDescribed {
                birth_on: date(child.birth_on),
                expected_birth_on: date(child.expected_birth_on),
                death_on: date(child.death_on),
                sex: child.sex,
                ethnicity: child.ethnicity,
                identifiers: child.identifiers,
                upn_unknown: child.upn_unknown,
                ..PersonDescribed::default()
            },
        );
        if let Some(element) = child.disabilities_element.filter(|_| !child.disabilities.is_empty()) {
            self.say(
                &format!("{key}/disabilities"),
                Said { element, table: "disability", ordinal: 0, effective: reference_on },
                child.disability_findings,
                DisabilityRecorded { disabilities: child.disabilities },
            );
        }
        self.keep(&key, child.notes.kept, reference_on);
        let mut numbers = Numbers::default();
        for referral in child.referrals {
            // Its number is always part of a referral's key: two in one day are common enough.
            let key = format!("{key}/{}/{}", dates::key(&referral.on.date), numbers.next(&referral));
            self.referral(&key, referral);
        }
        for part in child.undated {
            self.cannot_place(part);
        }
    }

    fn referral(&mut self, key: &str, referral: Referral<'_>) {
        let (element, on) = (referral.element, referral.on.date);
        let said = |ordinal, effective| Said { element, table: "referral", ordinal, effective };
        self.say(
            key,
            said(0, on),
            referral.notes.findings,
            ReferralReceived {
                received_on: Some(on),
                referred_by: referral.source,
                primary_need: referral.primary_need,
                no_further_action: referral.no_further_action,
            },
        );
        if let Some(held_on) = date(referral.conference_on) {
            self.say(key, said(1, held_on), Vec::new(), ConferenceHeld { held_on: Some(held_on), plan_made: None });
        }
        if let Some(closed_on) = date(referral.closed_on) {
            let closed = CaseClosed { closed_on: Some(closed_on), reason: referral.closure_reason };
            self.say(key, said(2, closed_on), Vec::new(), closed);
        }
        self.keep(key, referral.notes.kept, on);
        let mut numbers = Numbers::default();
        for assessment in referral.assessments {
            let key = numbers.key(key, "assessment", &assessment);
            self.assessment(&key, assessment);
        }
        let mut numbers = Numbers::default();
        for plan in referral.plans {
            let key = numbers.key(key, "cin-plan", &plan);
            self.cin_plan(&key, plan);
        }
        let mut numbers = Numbers::default();
        for enquiry in referral.enquiries {
            let key = numbers.key(key, "section-47", &enquiry);
            self.section_47(&key, enquiry);
        }
        let mut numbers = Numbers::default();
        for plan in referral.protection_plans {
            let key = numbers.key(key, "protection-plan", &plan);
            self.protection_plan(&key, plan);
        }
        let mut numbers = Numbers::default();
        for pre_proceedings in referral.pre_proceedings {
            let key = numbers.key(key, "pre-proceedings", &pre_proceedings);
            self.pre_proceedings(&key, pre_proceedings);
        }
    }

    fn pre_proceedings(&mut self, key: &str, stated: PreProceedings<'_>) {
        let (element, start_on) = (stated.element, stated.start_on.date);
        let said = |ordinal, effective| Said { element, table: "pre-proceedings", ordinal, effective };
        let started = PreProceedingsStarted {
            start_on: Some(start_on),
            letter_sent_on: date(stated.letter_sent_on),
            family_meeting_offered: stated.family_meeting_offered,
            family_meeting_held: stated.family_meeting_held,
            first_meeting_on: date(stated.first_meeting_on),
            review_meetings: stated.review_meetings,
            proceedings_letter_on: date(stated.proceedings_letter_on),
        };
        self.say(key, said(0, start_on), stated.notes.findings, started);
        if let Some(on) = date(stated.decided_on) {
            let ended = PreProceedingsEnded { decided_on: Some(on), outcome: stated.outcome };
            self.say(key, said(1, on), Vec::new(), ended);
        }
        if let Some(on) = date(stated.applied_on) {
            self.say(key, said(2, on), Vec::new(), CareProceedingsIssued { applied_on: Some(on) });
        }
        self.keep(key, stated.notes.kept, start_on);
    }

    fn assessment(&mut self, key: &str, assessment: Assessment<'_>) {
        let (element, start_on) = (assessment.element, assessment.start_on.date);
        let authorised_on = date(assessment.authorised_on);
        let said = |ordinal, effective| Said { element, table: "assessment", ordinal, effective };
        self.say(
            key,
            said(0, start_on),
            assessment.notes.findings,
            AssessmentStarted {
                start_on: Some(start_on),
                internal_review_on: date(assessment.internal_review_on),
                child_seen: None,
            },
        );
        if let Some(on) = authorised_on {
            let completed =
                AssessmentCompleted { authorised_on: Some(on), start_on: Some(start_on), support_required: None };
            self.say(key, said(1, on), Vec::new(), completed);
        }
        let identified_on = authorised_on.unwrap_or(start_on);
        let mut factors = assessment.factors;
        factors.sort_by(|a, b| a.factor.code.cmp(&b.factor.code));
        factors.dedup_by(|later, earlier| later.factor.code == earlier.factor.code);
        for factor in factors {
            let key = format!("{key}/factor/{}", factor.factor.code);
            self.say(
                &key,
                Said { element: factor.element, table: "factor", ordinal: 0, effective: identified_on },
                factor.notes.findings,
                FactorIdentified { factor: Some(factor.factor), identified_on: Some(identified_on) },
            );
        }
        self.keep(key, assessment.notes.kept, start_on);
    }

    fn cin_plan(&mut self, key: &str, plan: CinPlan<'_>) {
        let (element, start_on) = (plan.element, plan.start_on.date);
        let said = |ordinal, effective| Said { element, table: "cin-plan", ordinal, effective };
        let started = ChildInNeedPlanStarted { start_on: Some(start_on) };
        self.say(key, said(0, start_on), plan.notes.findings, started);
        if let Some(end_on) = date(plan.end_on) {
            self.say(key, said(1, end_on), Vec::new(), ChildInNeedPlanEnded { end_on: Some(end_on) });
        }
        self.keep(key, plan.notes.kept, start_on);
    }

    fn section_47(&mut self, key: &str, enquiry: Section47<'_>) {
        let (element, start_on) = (enquiry.element, enquiry.start_on.date);
        let said = |ordinal, effective| Said { element, table: "section-47", ordinal, effective };
        self.say(
            key,
            said(0, start_on),
            enquiry.notes.findings,
            Section47EnquiryStarted {
                start_on: Some(start_on),
                conference_due_on: date(enquiry.conference_due_on),
                conference_not_required: enquiry.conference_not_required,
            },
        );
        if let Some(held_on) = date(enquiry.conference_on) {
            self.say(key, said(1, held_on), Vec::new(), ConferenceHeld { held_on: Some(held_on), plan_made: None });
        }
        self.keep(key, enquiry.notes.kept, start_on);
    }

    fn protection_plan(&mut self, key: &str, plan: ProtectionPlan<'_>) {
        let (element, start_on) = (plan.element, plan.start_on.date);
        let said = |ordinal, effective| Said { element, table: "protection-plan", ordinal, effective };
        self.say(
            key,
            said(0, start_on),
            plan.notes.findings,
            ProtectionPlanStarted {
                start_on: Some(start_on),
                initial_category: plan.initial_category,
                latest_category: plan.latest_category,
                previous_plans: plan.previous_plans,
            },
        );
        if let Some(end_on) = date(plan.end_on) {
            self.say(key, said(1, end_on), Vec::new(), ProtectionPlanEnded { end_on: Some(end_on) });
        }
        let mut numbers = Numbers::default();
        for review in plan.reviews {
            let key = numbers.key(key, "review", &review);
            let said = Said { element: review.element, table: "review", ordinal: 0, effective: review.on.date };
            self.say(&key, said, review.notes.findings, ProtectionPlanReviewed { reviewed_on: Some(review.on.date) });
        }
        self.keep(key, plan.notes.kept, start_on);
    }

    /// Keeps the elements that have no place in the catalogue, as they came.
    fn keep(&mut self, key: &str, mut elements: Vec<Element<'_>>, effective: Date) {
        if elements.len() > 1 {
            elements.sort_by_cached_key(|element| element.canonical());
        }
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        for element in elements {
            let name = element.known_as();
            let number = numbers.entry(name).and_modify(|number| *number += 1).or_insert(1);
            self.say(
                &format!("{key}/kept/{name}/{number}"),
                Said { element, table: "kept", ordinal: 0, effective },
                vec![connector_kit::reading::finding(FindingCode::NotMapped, name)],
                SourceRecordKept {
                    record_type: Some(name.to_owned()),
                    media_type: Some("application/xml".to_owned()),
                    content: Some(element.raw().to_owned()),
                },
            );
        }
    }

    fn say(&mut self, key: &str, said: Said<'_>, findings: Vec<Finding>, event: impl Into<Event>) {
        self.out.draft(Draft {
            subject: self.subject.clone(),
            controller: self.of.controller.clone(),
            scope_key: Some(self.of.scope.key.clone()),
            table: said.table,
            record_key: key.to_owned(),
            ordinal: said.ordinal,
            effective: dates::on(said.effective),
            observed_at_us: None,
            version: None,
            findings,
            third_parties: Vec::new(),
            clears: Vec::new(),
            in_part: false,
            labels: Vec::new(),
            event: event.into(),
            // The line is the element's own; the offset is the child's, which is read or lost as one.
            place: Place { byte_offset: self.offset, ..self.place(said.element, "") },
        });
    }

    fn cannot_place(&mut self, part: Undated<'_>) {
        let (name, field) = (part.element.known_as(), part.field.name());
        let message = match part.rule {
            Some(rule) => format!(
                "{name} has no {field} that can be read ({rule}), and cannot be placed: put the date right and send the return \
                 again; the rest of the child was taken"
            ),
            None => format!(
                "{field} cannot be read: the rest of the child was taken, and nothing that stands of the child in this return is \
                 taken back; put the date right and send the return again"
            ),
        };
        self.out.reject(Rejection {
            reason: Reason::DateMissing,
            message,
            place: self.place(part.element, field),
            controller: Some(self.of.controller.clone()),
            raw: part.element.raw().as_bytes().to_vec(),
            scope_key: Some(self.of.scope.key.clone()),
            subject: Some(self.subject.clone()),
            digest: None,
        });
    }

    fn place(&self, element: Element<'_>, field: &str) -> Place {
        Place {
            file: self.file.to_owned(),
            line: element.line(),
            record: self.record,
            byte_offset: element.offset(),
            field: field.to_owned(),
        }
    }
}

/// Numbers the parts of one date, from 1. They come in order.
#[derive(Default)]
struct Numbers {
    last: Option<Date>,
    number: u32,
}

impl Numbers {
    fn next<'t>(&mut self, part: &impl Part<'t>) -> u32 {
        let on = part.on();
        self.number = if self.last == Some(on) { self.number + 1 } else { 1 };
        self.last = Some(on);
        self.number
    }

    /// The part's key under its parent's: its number is part of it from the second of one date on.
    fn key<'t>(&mut self, parent: &str, kind: &str, part: &impl Part<'t>) -> String {
        let on = dates::key(&part.on());
        match self.next(part) {
            1 => format!("{parent}/{kind}/{on}"),
            number => format!("{parent}/{kind}/{on}/{number}"),
        }
    }
}

fn date(on: Option<Dated>) -> Option<Date> {
    on.map(|on| on.date)
}
