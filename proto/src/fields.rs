//! What the `.proto` options say of each field: which group it belongs to, and so which rule can take it out.

use crate::events::group::Of;

/// A message that can be part of an event.
#[derive(Debug)]
pub struct MessageInfo {
    /// Full protobuf name.
    pub name: &'static str,
    /// In order of number.
    pub fields: &'static [FieldInfo],
}

/// A field of such a message.
#[derive(Debug)]
pub struct FieldInfo {
    /// Its number on the wire.
    pub number: u32,
    /// Its protobuf name.
    pub name: &'static str,
    /// The group that its option states.
    pub group: Of,
    /// Its message's place in [`MESSAGES`], where it holds one of ours.
    pub message: Option<usize>,
}

/// A kind of the catalogue.
#[derive(Debug)]
pub struct KindInfo {
    /// Its number in `Event`.
    pub number: u32,
    /// Its message's short name.
    pub name: &'static str,
    /// Its message's place in [`MESSAGES`].
    pub message: usize,
}

impl KindInfo {
    /// The fields of the kind's message.
    pub fn message(&self) -> Option<&'static MessageInfo> {
        MESSAGES.get(self.message)
    }
}

impl FieldInfo {
    /// The message that the field holds, where it is one of ours.
    pub fn message(&self) -> Option<&'static MessageInfo> {
        self.message.and_then(|at| MESSAGES.get(at))
    }

    /// The group that redaction goes by: a field that says none counts as narrative, the strictest.
    pub fn redaction_group(&self) -> Of {
        match self.group {
            Of::Unspecified => Of::Narrative,
            stated => stated,
        }
    }
}

impl MessageInfo {
    /// The field of this number. `None` for one that this build does not know: redact it.
    pub fn field(&self, number: u32) -> Option<&'static FieldInfo> {
        self.fields.binary_search_by_key(&number, |f| f.number).ok().and_then(|at| self.fields.get(at))
    }
}

include!("generated/field_groups.rs");
