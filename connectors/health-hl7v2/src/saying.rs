//! One message being translated: its drafts, and what they have in common.

use connector_kit::reading::finding;
use connector_kit::{Draft, Place};
use proto::events::{Date, Event, FindingCode, SourceRecordKept, Subject};

use crate::er7::{Fields, Message, Segment};
use crate::header::{Content, Header, fnv_1a};
use crate::protection::Protection;
use crate::reading::Reading;
use crate::time::Time;

/// The media type of a message or of some of its segments.
const MEDIA_TYPE: &str = "x-application/hl7-v2+er7";

/// Where the message stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'n> {
    pub(crate) file: &'n str,
    pub(crate) line: u64,
    pub(crate) record: u64,
    pub(crate) byte_offset: u64,
}

impl Standing<'_> {
    /// Of the message as a whole, or of a field of it.
    pub(crate) fn place(&self, field: &str) -> Place {
        Place {
            file: self.file.to_owned(),
            line: self.line,
            record: self.record,
            byte_offset: self.byte_offset,
            field: field.to_owned(),
        }
    }

    fn of_segment(&self, segment: &Segment<'_>) -> Place {
        let mut place = self.place(segment.name());
        place.line += segment.lines_before() as u64;
        place.byte_offset += segment.byte_offset() as u64;
        place
    }
}

/// Longest record key; a field that holds a page does not make a longer one.
const RECORD_KEY_BYTES_MAX: usize = 512;

fn bounded(key: String) -> String {
    if key.len() <= RECORD_KEY_BYTES_MAX {
        return key;
    }
    let start: String = key.chars().take(RECORD_KEY_BYTES_MAX / 8).collect();
    format!("{start}/{:016x}", fnv_1a(key.as_bytes()))
}

/// What one message says of one subject.
pub(crate) struct Saying<'m, 'h> {
    pub(crate) message: &'h Message<'m>,
    pub(crate) header: &'h Header,
    pub(crate) standing: Standing<'h>,
    pub(crate) controller: &'h str,
    pub(crate) subject: Subject,
    pub(crate) recorded: Time,
    /// PID-7.
    pub(crate) birth_on: Option<Date>,
    /// What is odd about what is kept.
    pub(crate) of_kept: Reading,
    protection: Protection,
    drafts: Vec<Draft>,
    /// Where segments begin that are kept although others of their name are taken.
    kept: Vec<usize>,
}

impl<'m, 'h> Saying<'m, 'h> {
    pub(crate) fn new(
        message: &'h Message<'m>,
        header: &'h Header,
        standing: Standing<'h>,
        controller: &'h str,
        subject: Subject,
        recorded: Time,
    ) -> Self {
        let drafts = Vec::with_capacity(4);
        let of_kept = Reading::default();
        Self {
            message,
            header,
            standing,
            controller,
            subject,
            recorded,
            birth_on: None,
            of_kept,
            protection: Protection::of(message),
            drafts,
            kept: Vec::new(),
        }
    }

    /// The fields of the first segment of this name; none where there is no such segment.
    pub(crate) fn fields(&self, name: &str) -> Fields<'m> {
        self.message.segments().find(|s| s.name() == name).map_or_else(|| self.message.no_fields(), |s| s.fields())
    }

    /// Every segment of this name.
    pub(crate) fn all(&self, name: &'h str) -> impl Iterator<Item = Segment<'m>> + use<'m, 'h> {
        self.message.segments().filter(move |segment| segment.name() == name)
    }

    /// When what the message tells of happened.
    pub(crate) fn happened(&self) -> Time {
        self.header.happened().unwrap_or(self.recorded)
    }

    /// Says an event that rests on the first segment of this name.
    pub(crate) fn say(
        &mut self,
        segment: &str,
        table: &'static str,
        key: &str,
        effective: Time,
        reading: Reading,
        event: impl Into<Event>,
    ) {
        let segment = self.message.segments().find(|s| s.name() == segment);
        self.say_of(segment, table, key, effective, reading, None, event.into());
    }

    /// Says an event that rests on this segment, and tells of this other person.
    #[expect(clippy::too_many_arguments, reason = "the parts of a draft, each of its own type")]
    pub(crate) fn say_of(
        &mut self,
        segment: Option<Segment<'m>>,
        table: &'static str,
        key: &str,
        effective: Time,
        mut reading: Reading,
        third_party: Option<Subject>,
        event: Event,
    ) {
        if let Some(segment) = segment.filter(Segment::is_broken) {
            reading.flag(FindingCode::TextOdd, segment.name());
        }
        reading.clears.sort_unstable();
        reading.clears.dedup();
        // Numbers are the sender's own per person, so the person is part of every key.
        let mut record_key = bounded(format!("{}/{}/{key}", self.subject.issuer, self.subject.value));
        let again = format!("{record_key}/again-");
        let is_state_of_it = |draft: &Draft| draft.record_key == record_key || draft.record_key.starts_with(&again);
        let mut repeats = 0;
        for said in self.drafts.iter_mut().filter(|draft| is_state_of_it(draft)) {
            if said.event == event && said.clears == reading.clears {
                said.findings.push(finding(FindingCode::RecordRepeated, table));
                return;
            }
            repeats += 1;
        }
        if repeats > 0 {
            reading.flag(FindingCode::RecordRepeated, table);
            record_key = format!("{again}{repeats}");
        }
        self.drafts.push(Draft {
            subject: self.subject.clone(),
            controller: self.controller.to_owned(),
            scope_key: None,
            table,
            record_key,
            ordinal: 0,
            effective: effective.when(),
            observed_at_us: Some(self.recorded.as_us()),
            version: Some(self.header.version(self.recorded)),
            findings: reading.findings,
            third_parties: third_party.into_iter().collect(),
            clears: reading.clears,
            in_part: false,
            labels: self.protection.labels(table),
            event,
            place: segment.map_or_else(|| self.standing.place(""), |segment| self.standing.of_segment(&segment)),
        });
    }

    /// Keeps the whole message, because nothing of the catalogue, or not all of it, says what it says.
    pub(crate) fn keep_message(&mut self, mut reading: Reading) {
        reading.findings.append(&mut self.of_kept.findings);
        reading.flag(FindingCode::NotMapped, "MSH-9");
        let event = SourceRecordKept {
            record_type: Some(self.header.name()),
            media_type: Some(MEDIA_TYPE.to_owned()),
            content: Some(self.message.text()),
        };
        let key = format!("message/{}/{}", self.header.message_key(), self.header.content().key());
        let header = self.message.segments().next();
        self.say_of(header, "message", &key, self.happened(), reading, None, event.into());
    }

    /// Keeps this segment, of which nothing could be made, with those that have no place.
    pub(crate) fn keep(&mut self, segment: &Segment<'m>) {
        self.kept.push(segment.byte_offset());
    }

    /// Keeps the segments that nothing was made of, in one record under the message's header, without which they mean
    /// nothing.
    pub(crate) fn keep_segments(&mut self, is_taken: impl Fn(&Segment<'m>) -> bool) {
        let goes = |segment: &Segment<'m>| self.kept.contains(&segment.byte_offset()) || !is_taken(segment);
        let kept: Vec<Segment<'m>> = self.message.segments().skip(1).filter(goes).collect();
        let Some(first) = kept.first().copied() else { return };
        let mut reading = std::mem::take(&mut self.of_kept);
        let mut names: Vec<&str> = kept.iter().map(Segment::name).collect();
        names.sort_unstable();
        names.dedup();
        for name in &names {
            reading.flag(FindingCode::NotMapped, name);
        }
        let header = self.message.segments().next();
        let lines: Vec<String> = header.iter().chain(&kept).map(Segment::text).collect();
        let event = SourceRecordKept {
            record_type: Some(format!("{} {}", self.header.name(), names.join(" "))),
            media_type: Some(MEDIA_TYPE.to_owned()),
            content: Some(lines.join("\r")),
        };
        let content = Content::of(kept.iter().flat_map(|segment| segment.bytes()));
        let key = format!("message/{}/segments/{}", self.header.message_key(), content.key());
        self.say_of(Some(first), "message", &key, self.happened(), reading, None, event.into());
    }

    /// What the message says, in order.
    pub(crate) fn into_drafts(self) -> Vec<Draft> {
        self.drafts
    }
}
