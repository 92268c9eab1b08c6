//! What is said of one resource: its drafts, and what they have in common.

use connector_kit::{Draft, Output, Rejection};
use proto::events::{EntryRetracted, Event, FindingCode, SourceRecordKept, Subject, Version, When};
use proto::quarantine::Reason;
use proto::sharing::Label;

use crate::MAPPING_REVISION;
use crate::about::encounter_of;
use crate::bundle::{Bundle, Entry};
use crate::document::Format;
use crate::message::Action;
use crate::reading::Reading;
use crate::time::Time;
use crate::tree::Element;
use crate::{referral, visit};

/// Longest record key.
const KEY_BYTES_MAX: usize = 512;

/// One resource being said.
pub(crate) struct Saying<'b, 'o> {
    pub(crate) bundle: &'b Bundle,
    pub(crate) entry: &'b Entry,
    pub(crate) format: Format,
    pub(crate) subject: Subject,
    pub(crate) controller: String,
    /// What is odd about the resource as a whole: it goes on every event of it.
    pub(crate) around: Reading,
    /// When the source stood so; `None` where nothing tells.
    pub(crate) stood: Option<Time>,
    pub(crate) sequence: u64,
    /// The key of the resource, without the subject.
    pub(crate) key: String,
    /// The resource is kept whole, or is not to be.
    pub(crate) kept: bool,
    /// Whoever it is about does not take part in it.
    pub(crate) declined: bool,
    /// It is said of others too, and as it came tells of all of them.
    pub(crate) is_of_several: bool,
    /// What its source says of who may know of it.
    pub(crate) labels: Vec<Label>,
    pub(crate) out: &'o mut dyn Output,
}

/// Where an event stands among those of its resource.
#[derive(Clone, Copy, Default)]
pub(crate) struct Part<'p> {
    /// A thing within the resource that has a key of its own: "discharge".
    pub(crate) of: &'p str,
    pub(crate) ordinal: u32,
}

const OF_SEVERAL: &str = "it holds what has no place here, and is not kept with one of its patients, since it tells of the others: send it for each of \
     them by itself, or record by hand what is missing";
const KEPT: Part<'static> = Part { of: "kept", ordinal: 0 };

impl Saying<'_, '_> {
    /// The action of the message that it stands in; of no message, as new.
    pub(crate) fn action(&self) -> Action {
        self.bundle.header.as_ref().map_or(Action::New, |header| header.action)
    }

    /// When the encounter began that the resource is of: when what it tells was seen or done, where it says no time of its own.
    pub(crate) fn seen(&self) -> Option<Time> {
        Time::parse(encounter_of(self.bundle, &self.entry.resource)?.text("period/start")?)
    }

    /// Says an event that happened then; without a time of its own, when the source stood so.
    pub(crate) fn say(&mut self, table: &'static str, at: Option<Time>, reading: Reading, event: impl Into<Event>) {
        self.say_part(table, Part::default(), at, reading, None, event.into());
    }

    pub(crate) fn say_part(
        &mut self,
        table: &'static str,
        part: Part<'_>,
        at: Option<Time>,
        mut reading: Reading,
        third_party: Option<Subject>,
        event: Event,
    ) {
        let Some(effective) = at.or_else(|| self.seen()).or(self.stood) else {
            let why = "the resource says neither when it happened nor when it stood so: send `meta.lastUpdated`";
            return self.reject(Reason::DateMissing, "meta.lastUpdated", why);
        };
        for found in &self.around.findings {
            reading.flag(found.code(), &found.field);
        }
        let taken_back = self.action() == Action::Delete;
        let event = if taken_back { self.retraction() } else { event };
        let stood = self.stood.unwrap_or(effective);
        if self.stood.is_none() {
            reading.flag(FindingCode::FieldMissing, "meta.lastUpdated");
        }
        let separator = if part.of.is_empty() { "" } else { "/" };
        let record_key =
            bounded(format!("{}/{}/{}{separator}{}", self.subject.issuer, self.subject.value, self.key, part.of));
        self.out.draft(Draft {
            subject: self.subject.clone(),
            controller: self.controller.clone(),
            scope_key: None,
            table,
            record_key,
            ordinal: part.ordinal,
            effective: effective.when,
            observed_at_us: Some(stood.as_us()),
            version: Some(Version {
                as_of_us: stood.as_us(),
                sequence: self.sequence,
                mapping_revision: MAPPING_REVISION,
            }),
            findings: reading.findings,
            third_parties: third_party.into_iter().collect(),
            clears: Vec::new(),
            in_part: false,
            labels: self.labels.clone(),
            event,
            place: self.entry.place.clone(),
        });
    }

    fn retraction(&self) -> Event {
        let reason = self.bundle.header.as_ref().map(|header| format!("{}, deleted", header.name));
        EntryRetracted { reason }.into()
    }

    /// Takes an entry of the resource back.
    pub(crate) fn retract(&mut self, table: &'static str, part: Part<'_>, at: Option<Time>, reason: &str) {
        let event = EntryRetracted { reason: Some(reason.to_owned()) };
        self.say_part(table, part, at, Reading::default(), None, event.into());
    }

    /// Takes back what was kept of the resource, and keeps nothing of it.
    pub(crate) fn keep_no_more(&mut self, at: Option<Time>, reason: &str) {
        if !std::mem::replace(&mut self.kept, true) {
            self.retract("kept", KEPT, at, reason);
        }
    }

    /// Keeps the resource as it came; of one that says that it is wrong, nothing.
    pub(crate) fn keep(&mut self, at: Option<Time>, why: &str) {
        if is_in_error(&self.entry.resource) {
            return self.keep_no_more(at, IN_ERROR);
        }
        if std::mem::replace(&mut self.kept, true) {
            return;
        }
        if self.is_of_several {
            return self.reject(Reason::RecordMalformed, why, OF_SEVERAL);
        }
        let mut reading = Reading::default();
        reading.flag(FindingCode::NotMapped, why);
        let kind = self.entry.resource.kind();
        let record_type = match &self.bundle.header {
            Some(header) => format!("{kind} of {}", header.name),
            None => kind.to_owned(),
        };
        let event = SourceRecordKept {
            record_type: Some(record_type),
            media_type: Some(self.format.media_type().to_owned()),
            content: Some(String::from_utf8_lossy(&self.entry.raw).into_owned()),
        };
        self.say_part("kept", KEPT, at, reading, None, event.into());
    }

    /// Takes back whatever may have been said of the resource, but what was kept of it.
    pub(crate) fn retract_all(&mut self, at: Option<Time>, reason: &str) {
        let resource = &self.entry.resource;
        self.retract("deleted", Part::default(), at, reason);
        match resource.kind() {
            "Encounter" => self.retract("deleted", visit::DISCHARGE, at, reason),
            "ServiceRequest" | "ReferralRequest" => self.retract("deleted", referral::CLOSED, at, reason),
            _ => {}
        }
        for (_, ordinal) in resource.all("component").zip(1..) {
            self.retract("deleted", Part { of: "", ordinal }, at, reason);
        }
    }

    /// Keeps a resource of which something changes the meaning, and nobody here knows how: what it said when it was plain is not said any
    /// more.
    pub(crate) fn keep_modified(&mut self, at: Option<Time>) {
        self.retract_all(at, MODIFIED);
        self.keep(at, MODIFIED);
    }

    /// Keeps the resource as it came, and takes back what was said of it when it stood otherwise.
    pub(crate) fn keep_instead(&mut self, table: &'static str, at: Option<Time>, field: &str, reason: &str) {
        self.retract(table, Part::default(), at, reason);
        self.keep(at, field);
    }

    pub(crate) fn reject(&mut self, reason: Reason, field: &str, message: &str) {
        let mut place = self.entry.place.clone();
        place.field = field.to_owned();
        self.out.reject(Rejection {
            reason,
            message: message.to_owned(),
            place,
            controller: Some(self.controller.clone()),
            raw: self.entry.raw.clone(),
            scope_key: None,
            subject: Some(self.subject.clone()),
            digest: None,
        });
    }

    pub(crate) fn when(time: Option<Time>) -> Option<When> {
        time.map(|time| time.when)
    }
}

pub(crate) const MODIFIED: &str = "modifierExtension";
pub(crate) const IN_ERROR: &str = "entered-in-error";

/// Whether a resource says of itself that it never was so.
pub(crate) fn is_in_error(resource: &Element) -> bool {
    resource.text("status") == Some(IN_ERROR) || is_verified_as(resource, IN_ERROR)
}

/// Whether somebody looked into what a resource says, and it is not so.
pub(crate) fn is_refuted(resource: &Element) -> bool {
    is_verified_as(resource, "refuted")
}

/// Whether any code of how far it was verified is this one.
fn is_verified_as(resource: &Element, code: &str) -> bool {
    let says = |held: &Element| {
        held.own_text() == Some(code) || held.all("coding").any(|coding| coding.text("code") == Some(code))
    };
    resource.all("verificationStatus").any(says)
}

fn bounded(key: String) -> String {
    if key.len() <= KEY_BYTES_MAX {
        return key;
    }
    let start: String = key.chars().take(KEY_BYTES_MAX / 8).collect();
    format!("{start}/{:016x}", fnv_1a(key.as_bytes()))
}

/// FNV-1a, 64 bits: tells contents apart, and is nobody's secret.
pub(crate) fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
