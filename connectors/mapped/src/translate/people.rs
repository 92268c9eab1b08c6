//! Who the children of a file are, told once each.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use connector_kit::gather::Gathering;
use connector_kit::{Draft, Output, Place, Rejection, described};
use prost::Message as _;
use proto::events::event::Kind;
use proto::events::{Body, Finding};
use proto::quarantine::Reason;

use super::rank;

/// What the drafts of descriptions are of.
pub(super) const TABLE: &str = "person";

/// Descriptions that are held to learn whether a later row of the same child and time says something else: of a feed no more are
/// waited for, and those of a snapshot go to the disk.
pub(super) const PEOPLE_MAX: usize = 10_000;

/// One description a child and version: of the rows that describe a child, the one of the latest event, with its blanks filled from
/// the others.
pub(super) struct People {
    /// Each that says something else, by what it says, of the latest row that says so.
    held: BTreeMap<(Described, Vec<u8>), Packed>,
    gathering: Gathering<Packed>,
}

type Described = (Vec<u8>, String, Option<(i64, u64)>);

/// A draft in a few of its bytes: of a whole council there are a hundred thousand.
#[derive(Clone, PartialEq, prost::Message)]
struct Packed {
    #[prost(bytes = "vec", tag = "1")]
    body: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    place: Vec<u8>,
}

impl People {
    /// Nobody yet.
    pub(super) fn new(out: &dyn Output) -> Self {
        Self { held: BTreeMap::new(), gathering: Gathering::for_output(out) }
    }

    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= PEOPLE_MAX
    }

    pub(super) fn describe(&mut self, draft: Draft) {
        let version = draft.version.map(|version| (version.as_of_us, version.sequence));
        let key = (draft.subject.encode_to_vec(), draft.controller.clone(), version);
        let says = draft.findings.iter().fold(draft.event.encode_to_vec(), |mut says, finding| {
            says.extend(finding.encode_to_vec());
            says
        });
        let at = (key, says);
        let is_later = |held: Draft| rank(&held.effective) < rank(&draft.effective);
        if self.held.get(&at).and_then(Packed::draft).is_none_or(is_later) {
            self.held.insert(at, Packed::of(draft));
        }
    }

    /// Tells of those that are held: no row that follows says more of them.
    pub(super) fn tell(&mut self, out: &mut dyn Output) {
        let mut of_one: Vec<Packed> = Vec::new();
        let mut held = std::mem::take(&mut self.held).into_iter().peekable();
        while let Some(((whose, _), packed)) = held.next() {
            of_one.push(packed);
            if held.peek().is_none_or(|((next, _), _)| *next != whose) {
                one_of(std::mem::take(&mut of_one)).into_iter().for_each(|draft| out.draft(draft));
            }
        }
    }

    /// Puts aside those that are held: rows that follow may say more of them.
    pub(super) fn put_aside(&mut self) -> io::Result<()> {
        for (((subject, controller, version), _), packed) in std::mem::take(&mut self.held) {
            // A character a byte: as many owners as there are keys, in the same order.
            let subject: String = subject.into_iter().map(char::from).collect();
            self.gathering.push(0, &format!("{subject}/{controller}/{version:?}"), &packed)?;
        }
        Ok(())
    }

    /// Tells of everybody.
    pub(super) fn end(mut self, out: &mut dyn Output) -> io::Result<()> {
        self.put_aside()?;
        let gathered = self.gathering.gathered()?;
        let mut owners = gathered.owners(0);
        while let Some(of) = owners.next_owner()? {
            let told = one_of(of.rows);
            if let Some(draft) = told.as_ref().filter(|_| of.left_out > 0) {
                out.reject(too_many(draft));
            }
            told.into_iter().for_each(|draft| out.draft(draft));
        }
        Ok(())
    }
}

/// A child of whom more was said than is held.
fn too_many(of: &Draft) -> Rejection {
    let message = "the file says more of who one child is than is said of any: some of it was not read, and nothing that stands of \
                   the child is taken back; look at what it says of this child's name and numbers, and send it again";
    Rejection {
        controller: Some(of.controller.clone()),
        scope_key: of.scope_key.clone(),
        subject: Some(of.subject.clone()),
        ..Rejection::of(Reason::RecordTooLarge, message, of.place.clone(), &[])
    }
}

/// One description out of those of a child.
fn one_of(packed: Vec<Packed>) -> Option<Draft> {
    let mut drafts: Vec<Draft> = packed.iter().filter_map(Packed::draft).collect();
    drafts.sort_by_cached_key(|draft| Reverse(order(draft)));
    let person = |draft: &Draft| match &draft.event.kind {
        Some(Kind::PersonDescribed(person)) => Some((**person).clone()),
        _ => None,
    };
    let (described, odd) = described::together(drafts.iter().filter_map(person));
    let mut findings: Vec<Finding> = drafts.iter().flat_map(|draft| draft.findings.clone()).chain(odd).collect();
    findings.sort_by(|a, b| (&a.field, a.code).cmp(&(&b.field, b.code)));
    findings.dedup();
    let latest = drafts.into_iter().next()?;
    Some(Draft { findings, event: described.into(), ..latest })
}

/// Of two descriptions of one child the later in this order counts.
fn order(draft: &Draft) -> ((i64, i32), Vec<u8>) {
    (rank(&draft.effective), draft.event.encode_to_vec())
}

impl Packed {
    fn of(draft: Draft) -> Self {
        let place = draft.place.encode_to_vec();
        let body = Body {
            subject: Some(draft.subject),
            controller: draft.controller,
            scope: draft.scope_key.unwrap_or_default(),
            record_key: draft.record_key,
            effective: Some(draft.effective),
            version: draft.version,
            findings: draft.findings,
            event: Some(draft.event),
            ..Body::default()
        };
        Self { body: body.encode_to_vec(), place }
    }

    fn draft(&self) -> Option<Draft> {
        let (body, place) = (Body::decode(&*self.body).ok()?, Place::decode(&*self.place).ok()?);
        let (subject, effective, event) = (body.subject?, body.effective?, body.event?);
        Some(Draft {
            scope_key: (!body.scope.is_empty()).then_some(body.scope),
            version: body.version,
            findings: body.findings,
            ..Draft::of(subject, &body.controller, TABLE, body.record_key, effective, event, place)
        })
    }
}
