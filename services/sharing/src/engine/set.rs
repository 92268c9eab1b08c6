//! A set of rules with all that it is decided by: what the hash names, and what the log keeps.

use std::collections::BTreeMap;

use proto::sharing::{RuleSet, RuleTable};

use crate::classify::CLASSIFIER_REVISION;
use crate::engine::hash::EVALUATION_REVISION;

const SCHEMA: &str = include_str!("../../rules/share.cedarschema");
const RULES: &str = include_str!("../../rules/share.cedar");

/// Every table that decisions read. A new one needs its line here, which puts it into the hash and on the log.
const TABLES: [(&str, &str); 7] = [
    ("consent_forms.toml", include_str!("../../rules/consent_forms.toml")),
    ("counts.toml", include_str!("../../rules/counts.toml")),
    ("involvement.toml", include_str!("../../rules/involvement.toml")),
    ("specialties.toml", include_str!("../../rules/specialties.toml")),
    ("statuses.toml", include_str!("../../rules/statuses.toml")),
    ("statutes.toml", include_str!("../../rules/statutes.toml")),
    ("terms.toml", include_str!("../../rules/terms.toml")),
];

/// The set that this build carries.
pub(crate) fn of_this_build() -> RuleSet {
    with_rules(SCHEMA, RULES)
}

/// The set that this build carries, with another schema and other rules.
pub(crate) fn with_rules(schema: &str, rules: &str) -> RuleSet {
    let mut tables: Vec<RuleTable> =
        TABLES.map(|(name, text)| RuleTable { name: name.to_owned(), text: text.to_owned() }).into();
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    RuleSet {
        evaluation_revision: EVALUATION_REVISION,
        classifier_revision: CLASSIFIER_REVISION,
        engine_version: cedar_policy::get_sdk_version().to_string(),
        language_version: cedar_policy::get_lang_version().to_string(),
        schema: schema.to_owned(),
        rules: rules.to_owned(),
        tables,
    }
}

/// The tables of a set, by name. One that a set of before its time lacks is as it is in this build.
pub(crate) struct Tables<'s>(BTreeMap<&'s str, &'s str>);

impl<'s> Tables<'s> {
    pub(crate) fn of(set: &'s RuleSet) -> Self {
        let mut tables = BTreeMap::from(TABLES);
        tables.extend(set.tables.iter().map(|table| (table.name.as_str(), table.text.as_str())));
        Self(tables)
    }

    /// The text of a table; nothing of one that no set has.
    pub(crate) fn text(&self, name: &str) -> &'s str {
        self.0.get(name).copied().unwrap_or_default()
    }
}
