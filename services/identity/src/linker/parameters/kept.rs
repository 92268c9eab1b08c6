//! Parameters as bytes: the same bytes for the same parameters, and none that mean nothing.

use std::collections::BTreeMap;

use prost::Message as _;
use proto::linking;
use sha2::{Digest, Sha256};

use super::super::block::{BLOCK_RECORDS_MAX, Part, RULES_MAX, Rule, Space};
use super::super::schema::{Check, Field, Kind, Schema, SchemaError};
use super::{FieldParameters, Parameters};

/// How the bytes are read.
const FORMAT: u32 = 1;
/// No parameters are larger: an event must hold them.
const BYTES_MAX: usize = 512 << 10;

/// Why bytes are no parameters.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParametersError {
    /// They do not decode.
    #[error("linking parameters do not decode")]
    Malformed,
    /// Written by a later program.
    #[error("linking parameters are of format {0}, and this program reads format {FORMAT}")]
    Format(u32),
    /// They decode, and are not written as this program writes them: somebody else's bytes, whose version would not be theirs.
    #[error("linking parameters are not written in the one way that they are")]
    NotCanonical,
    /// Something in them means nothing.
    #[error("linking parameters: `{0}` is not sound")]
    Unsound(&'static str),
    /// Their fields make no schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl Parameters {
    /// The version that every link made with these parameters names: the first 16 bytes of SHA-256 over [`Self::to_bytes`].
    pub fn version(&self) -> [u8; 16] {
        let digest = Sha256::new().chain_update(b"throughline.linking.parameters\0").chain_update(self.to_bytes());
        let mut version = [0; 16];
        version.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        version
    }

    /// A `throughline.linking.v1.Parameters`. Values that many records say stand in it: seal it as they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        let fields = self.schema.fields().iter().zip(&self.fields);
        let fields = fields.map(|(field, parameters)| linking::Field {
            name: field.name.clone(),
            kind: kind(field.kind).into(),
            of_one: parameters.of_one.into(),
            of_two: parameters.of_two.into(),
            said: parameters.said,
            shares: parameters
                .counts
                .iter()
                .map(|(value, records)| linking::Share { value: value.clone(), records: *records })
                .collect(),
            share_of_others: parameters.share_of_others,
        });
        let key = |(field, of, _): &(usize, Part, Space)| linking::Key {
            field: u32::try_from(*field).unwrap_or(u32::MAX),
            part: part(*of).into(),
        };
        let rules = self.rules.iter().map(|rule| linking::Rule { keys: rule.0.iter().map(key).collect() });
        let kept = linking::Parameters {
            format: FORMAT,
            fields: fields.collect(),
            prior: self.prior,
            rules: rules.collect(),
            records: self.records,
            block_records_max: u32::try_from(self.block_records_max).unwrap_or(u32::MAX),
        };
        kept.encode_to_vec()
    }

    /// The parameters of these bytes.
    ///
    /// # Errors
    /// [`ParametersError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParametersError> {
        if bytes.len() > BYTES_MAX {
            return Err(ParametersError::Unsound("size"));
        }
        let kept = linking::Parameters::decode(bytes).map_err(|_| ParametersError::Malformed)?;
        if kept.format != FORMAT {
            return Err(ParametersError::Format(kept.format));
        }
        let kinds = kept.fields.iter().map(|field| {
            let kind = kind_of(field.kind()).ok_or(ParametersError::Unsound("kind"))?;
            Ok(Field { name: field.name.clone(), kind })
        });
        let schema = Schema::new(kinds.collect::<Result<_, ParametersError>>()?)?;
        if !(kept.prior > 0.0 && kept.prior < 1.0) {
            return Err(ParametersError::Unsound("prior"));
        }
        if kept.rules.len() > RULES_MAX {
            return Err(ParametersError::Unsound("rules"));
        }
        let rules = kept.rules.iter().map(|rule| rule_of(rule, &schema)).collect::<Option<_>>();
        let rules = rules.ok_or(ParametersError::Unsound("rules"))?;
        let fields = kept.fields.iter().map(field_of).collect::<Result<_, _>>()?;
        let block_records_max =
            usize::try_from(kept.block_records_max).ok().filter(|max| (2..=BLOCK_RECORDS_MAX).contains(max));
        let block_records_max = block_records_max.ok_or(ParametersError::Unsound("block_records_max"))?;
        let parameters = Self { schema, fields, prior: kept.prior, rules, records: kept.records, block_records_max };
        if parameters.to_bytes() == bytes { Ok(parameters) } else { Err(ParametersError::NotCanonical) }
    }
}

fn field_of(kept: &linking::Field) -> Result<FieldParameters, ParametersError> {
    let shares = |kept: &[f64]| kept.try_into().ok().filter(|shares: &[f64; _]| shares.iter().all(|s| is_share(*s)));
    let counts: BTreeMap<String, u64> = kept.shares.iter().map(|share| (share.value.clone(), share.records)).collect();
    if counts.values().any(|records| *records == 0 || *records > kept.said) {
        return Err(ParametersError::Unsound("shares"));
    }
    if !is_share(kept.share_of_others) {
        return Err(ParametersError::Unsound("share_of_others"));
    }
    Ok(FieldParameters {
        of_one: shares(&kept.of_one).ok_or(ParametersError::Unsound("of_one"))?,
        of_two: shares(&kept.of_two).ok_or(ParametersError::Unsound("of_two"))?,
        said: kept.said,
        counts,
        share_of_others: kept.share_of_others,
    })
}

/// Nothing is impossible, nothing certain beyond 1.
fn is_share(share: f64) -> bool {
    share > 0.0 && share <= 1.0
}

fn rule_of(kept: &linking::Rule, schema: &Schema) -> Option<Rule> {
    let keys = kept.keys.iter().map(|key| Some((usize::try_from(key.field).ok()?, part_of(key.part())?)));
    let keys: Vec<(usize, Part)> = keys.collect::<Option<_>>()?;
    Rule::of(schema, &keys).filter(|_| (1..=RULE_KEYS_MAX).contains(&keys.len()))
}

const RULE_KEYS_MAX: usize = 4;

fn kind(kind: Kind) -> linking::Kind {
    match kind {
        Kind::GivenName => linking::Kind::GivenName,
        Kind::MiddleName => linking::Kind::MiddleName,
        Kind::Surname => linking::Kind::Surname,
        Kind::BirthDate => linking::Kind::BirthDate,
        Kind::Sex => linking::Kind::Sex,
        Kind::Postcode => linking::Kind::Postcode,
        Kind::Address => linking::Kind::Address,
        Kind::House => linking::Kind::House,
        Kind::Number => linking::Kind::Number,
        Kind::Code => linking::Kind::Code,
        Kind::Identifier(Check::None) => linking::Kind::Identifier,
        Kind::Identifier(Check::NhsNumber) => linking::Kind::NhsNumber,
        Kind::Identifier(Check::Upn) => linking::Kind::Upn,
        Kind::Identifier(Check::Uln) => linking::Kind::Uln,
        Kind::Local => linking::Kind::Local,
    }
}

fn kind_of(kept: linking::Kind) -> Option<Kind> {
    Some(match kept {
        linking::Kind::Unspecified => return None,
        linking::Kind::GivenName => Kind::GivenName,
        linking::Kind::MiddleName => Kind::MiddleName,
        linking::Kind::Surname => Kind::Surname,
        linking::Kind::BirthDate => Kind::BirthDate,
        linking::Kind::Sex => Kind::Sex,
        linking::Kind::Postcode => Kind::Postcode,
        linking::Kind::Address => Kind::Address,
        linking::Kind::House => Kind::House,
        linking::Kind::Number => Kind::Number,
        linking::Kind::Code => Kind::Code,
        linking::Kind::Identifier => Kind::Identifier(Check::None),
        linking::Kind::NhsNumber => Kind::Identifier(Check::NhsNumber),
        linking::Kind::Upn => Kind::Identifier(Check::Upn),
        linking::Kind::Uln => Kind::Identifier(Check::Uln),
        linking::Kind::Local => Kind::Local,
    })
}

fn part(part: Part) -> linking::Part {
    match part {
        Part::Whole => linking::Part::Whole,
        Part::Beginning => linking::Part::Beginning,
        Part::DayAndMonth => linking::Part::DayAndMonth,
        Part::YearAndMonth => linking::Part::YearAndMonth,
        Part::Sound => linking::Part::Sound,
    }
}

fn part_of(kept: linking::Part) -> Option<Part> {
    match kept {
        linking::Part::Unspecified => None,
        linking::Part::Whole => Some(Part::Whole),
        linking::Part::Beginning => Some(Part::Beginning),
        linking::Part::DayAndMonth => Some(Part::DayAndMonth),
        linking::Part::YearAndMonth => Some(Part::YearAndMonth),
        linking::Part::Sound => Some(Part::Sound),
    }
}

#[cfg(test)]
mod tests;
