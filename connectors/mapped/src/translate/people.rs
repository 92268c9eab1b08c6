//! Who the children of a file are, told once each.

use std::collections::BTreeMap;

use connector_kit::{Draft, Place};
use prost::Message as _;
use proto::events::Body;

use super::rank;

/// What the drafts of descriptions are of.
pub(super) const TABLE: &str = "person";

/// One description a child and version: of the rows that describe a child, the one of the latest event.
#[derive(Default)]
pub(super) struct People(BTreeMap<Described, Packed>);

type Described = (Vec<u8>, String, Option<(i64, u64)>);

/// A draft in a few of its bytes: of a whole council there are a hundred thousand.
struct Packed {
    body: Box<[u8]>,
    place: Box<[u8]>,
}

/// Descriptions of a feed that are held to learn whether a later row of the same child and time says more.
pub(super) const PEOPLE_MAX: usize = 10_000;

impl People {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn describe(&mut self, draft: Draft) {
        let version = draft.version.map(|version| (version.as_of_us, version.sequence));
        let key = (draft.subject.encode_to_vec(), draft.controller.clone(), version);
        let order = |draft: &Draft| (rank(&draft.effective), draft.event.encode_to_vec());
        match self.0.get(&key).and_then(Packed::draft) {
            Some(held) if order(&held) >= order(&draft) => {}
            _ => {
                self.0.insert(key, Packed::of(draft));
            }
        }
    }

    pub(super) fn drafts(self) -> impl Iterator<Item = Draft> {
        self.0.into_values().filter_map(|packed| packed.draft())
    }
}

impl Packed {
    fn of(draft: Draft) -> Self {
        let place = draft.place.encode_to_vec().into();
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
        Self { body: body.encode_to_vec().into(), place }
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
