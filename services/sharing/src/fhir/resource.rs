//! The parts of the resources that are read. Every element is optional, so that what is wrong can be named; an element that is
//! not here is refused. Parts of parts are kept as they came, and read in their turn, each under its own path.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Bundle {
    pub(super) resource_type: Option<String>,
    #[serde(rename = "id")]
    _id: Option<Value>,
    #[serde(rename = "meta")]
    _meta: Option<Value>,
    #[serde(rename = "identifier")]
    _identifier: Option<Value>,
    #[serde(rename = "timestamp")]
    _timestamp: Option<Value>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(rename = "total")]
    _total: Option<Value>,
    pub(super) link: Vec<Link>,
    pub(super) entry: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Link {
    pub(super) relation: String,
    #[serde(rename = "url")]
    _url: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) full_url: Option<String>,
    pub(super) resource: Option<Value>,
    #[serde(rename = "search")]
    _search: Option<Value>,
}

/// Of a patient or a related person only who they are is read, and the rest passed over: they are not what is imported.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Someone {
    pub(super) id: Option<String>,
    pub(super) identifier: Vec<Identifier>,
    pub(super) relationship: Vec<CodeableConcept>,
    pub(super) patient: Option<Reference>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Consent {
    #[serde(rename = "resourceType")]
    _resource_type: Option<String>,
    pub(super) id: Option<String>,
    pub(super) meta: Option<Meta>,
    #[serde(rename = "language")]
    _language: Option<String>,
    pub(super) text: Option<Text>,
    pub(super) contained: Vec<Value>,
    pub(super) extension: Vec<Value>,
    pub(super) identifier: Vec<Identifier>,
    pub(super) status: Option<String>,
    pub(super) scope: Option<CodeableConcept>,
    pub(super) category: Vec<CodeableConcept>,
    pub(super) patient: Option<Reference>,
    pub(super) date_time: Option<String>,
    pub(super) performer: Vec<Reference>,
    pub(super) organization: Vec<Reference>,
    pub(super) source_attachment: Option<Attachment>,
    pub(super) source_reference: Option<Reference>,
    pub(super) policy: Vec<Policy>,
    pub(super) policy_rule: Option<CodeableConcept>,
    pub(super) verification: Vec<Verification>,
    pub(super) provision: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) profile: Vec<String>,
    #[serde(rename = "versionId")]
    _version_id: Option<String>,
    #[serde(rename = "lastUpdated")]
    _last_updated: Option<String>,
    #[serde(rename = "source")]
    _source: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Text {
    pub(super) status: String,
    #[serde(rename = "div")]
    _div: String,
}

#[derive(Deserialize, Default, Clone, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Identifier {
    pub(super) system: Option<String>,
    pub(super) value: Option<String>,
    #[serde(rename = "use")]
    pub(super) usage: Option<String>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CodeableConcept {
    pub(super) coding: Vec<Coding>,
    #[serde(rename = "text")]
    _text: Option<String>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Coding {
    pub(super) system: Option<String>,
    #[serde(rename = "version")]
    _version: Option<String>,
    pub(super) code: Option<String>,
    #[serde(rename = "display")]
    _display: Option<String>,
    #[serde(rename = "userSelected")]
    _user_selected: Option<bool>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Reference {
    pub(super) reference: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) identifier: Option<Identifier>,
    pub(super) display: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Attachment {
    pub(super) url: Option<String>,
    pub(super) title: Option<String>,
    #[serde(rename = "contentType")]
    _content_type: Option<String>,
    #[serde(rename = "creation")]
    _creation: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Policy {
    #[serde(rename = "authority")]
    _authority: Option<String>,
    pub(super) uri: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Verification {
    pub(super) verified: Option<bool>,
    #[serde(rename = "verifiedWith")]
    _verified_with: Option<Value>,
    #[serde(rename = "verificationDate")]
    _verification_date: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Provision {
    #[serde(rename = "id")]
    _id: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) period: Option<Period>,
    pub(super) actor: Vec<Actor>,
    pub(super) action: Vec<CodeableConcept>,
    pub(super) security_label: Vec<Coding>,
    pub(super) purpose: Vec<Coding>,
    pub(super) class: Vec<Coding>,
    pub(super) code: Vec<CodeableConcept>,
    pub(super) data_period: Option<Value>,
    pub(super) data: Vec<Value>,
    pub(super) provision: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Period {
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Actor {
    pub(super) role: Option<CodeableConcept>,
    pub(super) reference: Option<Reference>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Extension {
    pub(super) url: Option<String>,
    pub(super) value_code: Option<String>,
    pub(super) value_string: Option<String>,
}
