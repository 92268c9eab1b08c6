//! Who the children of a file are, told once each.

use std::collections::BTreeMap;

use connector_kit::Draft;
use prost::Message as _;

use super::rank;

/// One description a child and version: of the rows that describe a child, the one of the latest event.
#[derive(Default)]
pub(super) struct People(BTreeMap<Described, Draft>);

type Described = (Vec<u8>, String, Option<(i64, u64)>);

impl People {
    pub(super) fn describe(&mut self, draft: Draft) {
        let version = draft.version.map(|version| (version.as_of_us, version.sequence));
        let key = (draft.subject.encode_to_vec(), draft.controller.clone(), version);
        let order = |draft: &Draft| (rank(&draft.effective), draft.event.encode_to_vec());
        match self.0.get(&key) {
            Some(held) if order(held) >= order(&draft) => {}
            _ => {
                self.0.insert(key, draft);
            }
        }
    }

    pub(super) fn drafts(self) -> impl Iterator<Item = Draft> {
        self.0.into_values()
    }
}
