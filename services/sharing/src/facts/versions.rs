//! What the sources say now: the versions of each entry folded to one state.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::events::{Body, Event, When, event::Kind};

use crate::days::day_of;
use crate::facts::{AsOf, FactEvent};
use crate::wire::{Opened, fields};

/// The source of what a person recorded.
pub(crate) const COMMAND: &str = "command";

/// One event as it stands at a point in the log.
#[derive(Clone, Debug)]
pub(crate) struct Stated {
    pub(crate) subject: [u8; 16],
    pub(crate) controller: String,
    /// The organisation that said it: of what a person recorded, theirs; else the controller.
    pub(crate) acting: String,
    /// The connector, or "command".
    pub(crate) source: String,
    /// Published at, then the order among events of one moment.
    pub(crate) position: (i64, u64),
    pub(crate) published_on: Option<Date>,
    /// When its source stood so.
    pub(crate) as_of_us: i64,
    pub(crate) effective: Option<When>,
    pub(crate) event: Event,
    /// What its source put on it that makes it more private.
    pub(crate) labels: Vec<i32>,
}

/// Kinds that people record one at a time: each is an act of its own, and none replaces another by its version.
pub(crate) fn is_act(kind: &Kind) -> bool {
    // Named workers, enquiries and services come from feeds too, which correct and take back what they said.
    !matches!(kind.number().0, ..400 | 402..=409 | 412..=499 | 500 | 501)
}

/// The acts, and the newest state of every entry that has not been taken back, in order of position.
pub(crate) fn stand<'a>(events: impl IntoIterator<Item = FactEvent<'a>>, as_of: &AsOf) -> Vec<Stated> {
    let mut found = Vec::new();
    // Nobody but the organisation and source that said an entry can say anything more of it.
    type Entry<'a> = ([u8; 16], &'a str, &'a str, &'a [u8]);
    let mut entries: BTreeMap<Entry<'a>, Vec<FactEvent<'a>>> = BTreeMap::new();
    let mut acts_seen = BTreeSet::new();
    for event in events {
        if as_of.known_at_us.is_some_and(|known_at| event.published_at_us > known_at) {
            continue;
        }
        let Some(kind) = event.body.event.as_ref().and_then(|e| e.kind.as_ref()) else {
            continue;
        };
        if is_act(kind) {
            if acts_seen.insert((event.subject, event.published_at_us, event.sequence)) {
                found.extend(stated(&event, event.body.event.clone()));
            }
        } else {
            let body = event.body;
            let entry = (event.subject, body.controller.as_str(), body.source.as_str(), body.entry_id.as_slice());
            entries.entry(entry).or_default().push(event);
        }
    }
    for versions in entries.into_values() {
        found.extend(newest(versions));
    }
    found.sort_by_key(|stated| stated.position);
    found
}

fn stated(event: &FactEvent<'_>, says: Option<Event>) -> Option<Stated> {
    Some(Stated {
        subject: event.subject,
        controller: event.body.controller.clone(),
        acting: acting(event.body),
        source: event.body.source.clone(),
        position: (event.published_at_us, event.sequence),
        published_on: day_of(event.published_at_us),
        as_of_us: event.body.version.as_ref().map_or(0, |version| version.as_of_us),
        effective: event.body.effective,
        event: says?,
        labels: event.body.labels.clone(),
    })
}

/// Who said it. What a connector writes of a person who recorded something is nobody's word.
fn acting(body: &Body) -> String {
    let recorder = body.recorded_by.as_ref().filter(|_| body.source == COMMAND).map(|by| &by.organisation);
    recorder.filter(|id| !id.is_empty()).unwrap_or(&body.controller).clone()
}

/// Per field the highest version that asserts or clears it; nothing once the entry is taken back.
fn newest(mut versions: Vec<FactEvent<'_>>) -> Option<Stated> {
    versions.sort_by_key(|event| {
        let version = event.body.version.unwrap_or_default();
        (version.as_of_us, version.sequence, version.mapping_revision, event.published_at_us, event.sequence)
    });
    let newest = versions.pop()?;
    let newest_event = newest.body.event.as_ref()?;
    if matches!(newest_event.kind, Some(Kind::EntryRetracted(_) | Kind::EntryCorrected(_))) {
        return None;
    }
    let opened = Opened::of(newest_event)?;
    let mut message = opened.message.clone();
    let mut settled: BTreeSet<u32> = fields(&message).ok()?.iter().map(|field| field.number).collect();
    settled.extend(&newest.body.clears);
    for older in versions.iter().rev() {
        let Some(older_opened) = older.body.event.as_ref().and_then(Opened::of) else {
            break;
        };
        // Another kind, a retraction among them, starts the entry afresh.
        if older_opened.kind.number != opened.kind.number {
            break;
        }
        let older_fields = fields(&older_opened.message).ok()?;
        for field in older_fields.iter().filter(|field| !settled.contains(&field.number)) {
            message.extend_from_slice(field.raw);
        }
        settled.extend(older_fields.iter().map(|field| field.number));
        settled.extend(&older.body.clears);
    }
    stated(&newest, Opened::close(opened.kind, &message))
}
