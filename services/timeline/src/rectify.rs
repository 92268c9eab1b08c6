//! What a person put right of what a source says (UK GDPR article 16): worked out when entries are read, so that to take it back
//! puts everything where it was.
//!
//! A rectification is as if the entry's source had said it last. A source that goes on saying what was wrong says nothing new; where it
//! says something else of a field than it did when that was put right, its newer word stands.

use std::collections::BTreeMap;

use prost::Message as _;
use proto::events::event::Kind;
use proto::events::{Body, EntryRectified, EntryRetracted, Event, When, when};
use proto::wire;

use crate::fold::{EntryKey, FoldError, Said, rank, stand};

/// That a person put an entry right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rectified {
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// The source has since said something else of some of it.
    pub superseded: bool,
}

/// A rectification that stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Rectification {
    /// The place among what is said of the last event that put the entry right.
    pub at: usize,
    /// What it comes to: a further version of the entry, after all others.
    pub says: Said,
    /// What a reader of the entry is told.
    pub mark: Rectified,
}

/// One who put an entry right, and with what.
struct Step<'s> {
    at: usize,
    by: &'s Said,
    said: &'s EntryRectified,
}

/// What the rectifications that stand among all that is said come to, entry by entry.
///
/// # Errors
/// [`FoldError`] on an event that was not checked before.
pub fn rectifications(said: &[Said]) -> Result<Vec<Rectification>, FoldError> {
    let mut steps: BTreeMap<EntryKey, Vec<Step<'_>>> = BTreeMap::new();
    for (at, by) in said.iter().enumerate() {
        let Some(Kind::EntryRectified(rectified)) = kind(by) else { continue };
        if let Some(key) = entry_of(by, rectified).filter(|_| !is_withdrawn(by, rectified, said)) {
            steps.entry(key).or_default().push(Step { at, by, said: rectified });
        }
    }
    let mut found = Vec::new();
    for (key, mut steps) in steps {
        steps.sort_by_key(|step| rank(step.by).ok());
        let versions: Vec<&Said> = said.iter().filter(|said| EntryKey::of(said).is_ok_and(|of| of == key)).collect();
        found.extend(come_to(&key, &steps, &versions)?);
    }
    Ok(found)
}

fn kind(said: &Said) -> Option<&Kind> {
    said.body.event.as_ref()?.kind.as_ref()
}

/// Who recorded it answers for the entry: nobody puts another organisation's record right.
fn recorder(said: &Said) -> Option<&str> {
    said.body.recorded_by.as_ref().map(|by| by.organisation.as_str())
}

fn entry_of(by: &Said, said: &EntryRectified) -> Option<EntryKey> {
    Some(EntryKey {
        subject: by.subject,
        controller: recorder(by)?.to_owned(),
        source: said.source().to_owned(),
        entry_id: said.entry_id().try_into().ok()?,
    })
}

fn is_withdrawn(by: &Said, rectified: &EntryRectified, said: &[Said]) -> bool {
    said.iter().any(|other| {
        let ends = matches!(kind(other), Some(Kind::RectificationWithdrawn(ends)) if ends.id() == rectified.id());
        ends && (other.subject, recorder(other)) == (by.subject, recorder(by)) && rank(other).ok() > rank(by).ok()
    })
}

/// One further version for all who put an entry right; nothing where there is no such entry, or its source has taken it back.
fn come_to(key: &EntryKey, steps: &[Step<'_>], versions: &[&Said]) -> Result<Option<Rectification>, FoldError> {
    let standing = |until_us: i64| {
        let known = versions.iter().filter(|said| rank(said).is_ok_and(|(as_of_us, ..)| as_of_us <= until_us));
        stand(key.clone(), known.map(|said| (*said).clone()).collect())
    };
    let (Some(last), Some(now)) = (steps.last(), standing(i64::MAX)?) else { return Ok(None) };
    let mut mark = Rectified { at_us: last.by.published_at_us, superseded: false };
    let (mut stands, mut clears, mut effective) = (BTreeMap::new(), Vec::new(), now.effective);
    let number = now.kind().ok_or(FoldError::Incomplete("kind"))?.0;
    let now_fields = fields(number, &now.event)?;
    let mut removed = false;
    for step in steps {
        removed |= step.said.removed();
        let (as_of_us, ..) = rank(step.by)?;
        let then = standing(as_of_us)?;
        let then_fields = then.as_ref().map_or_else(|| Ok(BTreeMap::new()), |then| fields(number, &then.event))?;
        let put_right = Event::decode(step.said.stands()).map_err(|_| FoldError::NotAnEvent)?;
        let put_right = fields(number, &put_right)?;
        let emptied = step.said.clears.iter().map(|cleared| (*cleared, Vec::new()));
        for (field, value) in put_right.into_iter().chain(emptied) {
            if then_fields.get(&field) == now_fields.get(&field) {
                stands.insert(field, value);
            } else {
                mark.superseded = true;
            }
        }
        if let Some(on) = step.said.happened_on {
            let unchanged = then.is_some_and(|then| then.effective == now.effective);
            mark.superseded |= !unchanged;
            effective = if unchanged { When { when: Some(when::When::On(on)) } } else { effective };
        }
    }
    stands.retain(|field, value| {
        let keeps = !value.is_empty();
        clears.extend((!keeps).then_some(*field));
        keeps
    });
    let event = if removed { EntryRetracted::default().into() } else { event(number, &stands)? };
    let body = Body {
        controller: key.controller.clone(),
        source: key.source.clone(),
        entry_id: key.entry_id.to_vec(),
        subject: versions.iter().find_map(|said| said.body.subject.clone()),
        version: versions
            .iter()
            .filter_map(|said| said.body.version)
            .chain(last.by.body.version)
            .max_by_key(|version| (version.as_of_us, version.sequence)),
        effective: Some(effective),
        findings: now.findings,
        event: Some(event),
        clears,
        ..Body::default()
    };
    let version = body.version.map(|version| proto::events::Version { sequence: u64::MAX, ..version });
    let says = Said { body: Body { version, ..body }, ..last.by.clone() };
    Ok(Some(Rectification { at: last.at, says, mark }))
}

/// The fields of an event's own message, each as it is written.
fn fields(number: u32, event: &Event) -> Result<BTreeMap<u32, Vec<u8>>, FoldError> {
    let bytes = event.encode_to_vec();
    let mut found: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for message in wire::fields(&bytes)?.iter().filter(|field| field.number == number) {
        for field in wire::fields(message.content)? {
            found.entry(field.number).or_default().extend_from_slice(field.whole);
        }
    }
    Ok(found)
}

fn event(number: u32, fields: &BTreeMap<u32, Vec<u8>>) -> Result<Event, FoldError> {
    let message: Vec<u8> = fields.values().flatten().copied().collect();
    let mut bytes = Vec::with_capacity(message.len() + 8);
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut bytes);
    prost::encoding::encode_varint(message.len() as u64, &mut bytes);
    bytes.extend_from_slice(&message);
    Event::decode(bytes.as_slice()).map_err(|_| FoldError::NotAnEvent)
}

#[cfg(test)]
mod tests;
