//! From which days statute is in force (`rules/statutes.toml`).

use jiff::civil::Date;
use serde::Deserialize;

use crate::classify::TableUnusable;
use crate::terms::day;

/// The duty of Children Act 2004 s16LA to share.
pub(crate) const DUTY_TO_SHARE: &str = "CA2004-s16LA";

/// The statutes that rules rest on.
#[derive(Debug)]
pub(crate) struct Statutes(Vec<Statute>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    revision: u32,
    statute: Vec<Statute>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what it says, where it stands and how the day is known are for who approves the rules")]
struct Statute {
    id: String,
    says: String,
    citation: String,
    #[serde(default, deserialize_with = "day")]
    in_force_on: Option<Date>,
    mark: String,
}

impl Statutes {
    pub(crate) fn parse(text: &str) -> Result<Self, TableUnusable> {
        let unusable = |problem: String| TableUnusable { table: "statutes", problem };
        let table: Table = toml::from_str(text).map_err(|error| unusable(error.message().to_owned()))?;
        match table.statute.iter().any(|statute| statute.id == DUTY_TO_SHARE) {
            true => Ok(Self(table.statute)),
            false => Err(unusable(format!("it does not have {DUTY_TO_SHARE}"))),
        }
    }

    /// Whether it is in force on this day; one without a day is not.
    pub(crate) fn in_force(&self, id: &str, on: Date) -> bool {
        self.0.iter().any(|statute| statute.id == id && statute.in_force_on.is_some_and(|from| from <= on))
    }
}
