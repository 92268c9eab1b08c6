//! A cell to a field's value, with what is odd about it.

use connector_kit::csv_source::Row;
use connector_kit::dates as kit;
use connector_kit::reading::{Read, boolean, finding};
use prost::Message;
use prost_reflect::{FieldDescriptor, Kind};
use proto::events::{Finding, FindingCode, When};

use crate::dates;
use crate::plan::{Codes, Convert, Event, Field, Getter, KeyPart, Placed};
use crate::rows::{cell, is_error};

/// Longest code that is kept, and longest text.
const CODE_CHARS_MAX: usize = 64;
const TEXT_CHARS_MAX: usize = 16_384;

/// Most values of one cell.
const SPLIT_MAX: usize = 64;

/// Longest part of a record key.
const KEY_PART_CHARS_MAX: usize = 120;

impl Getter {
    /// The text for this row; `None` when there is none.
    pub(crate) fn text<'r>(&'r self, row: &Row<'r>) -> Option<&'r str> {
        let written = self.column.as_deref().and_then(|column| cell(row, column)).and_then(|cell| self.part(cell));
        written.or(self.value.as_deref()).or(self.default.as_deref())
    }

    /// The part of a cell that is meant: of `1 - Autism` the code, of `Last, First` the one name or the other.
    fn part<'c>(&self, cell: &'c str) -> Option<&'c str> {
        let behind = match &self.after {
            Some(after) => cell.split_once(after.as_str())?.1,
            None => cell,
        };
        let part = match &self.before {
            Some(before) => behind.split_once(before.as_str()).map_or(behind, |(part, _)| part),
            None => behind,
        };
        Some(part.trim()).filter(|part| !part.is_empty())
    }

    /// The whole cell, where only a part of it is meant.
    fn whole<'r>(&self, row: &Row<'r>) -> Option<&'r str> {
        let is_part = self.before.is_some() || self.after.is_some();
        self.column.as_deref().filter(|_| is_part).and_then(|column| cell(row, column))
    }

    /// Whether the spreadsheet could not work the cell out.
    pub(crate) fn is_error(&self, row: &Row<'_>) -> bool {
        self.column.as_deref().and_then(|column| row.get(column)).is_some_and(is_error)
    }

    /// The same with what stands before it.
    pub(crate) fn prefixed(&self, row: &Row<'_>) -> Option<String> {
        self.text(row).map(|text| format!("{}{text}", self.prefix))
    }

    /// What findings call it.
    pub(crate) fn shown(&self) -> &str {
        self.column.as_deref().unwrap_or("")
    }
}

impl KeyPart {
    /// The part as it stands in the record's key.
    pub(crate) fn text(&self, row: &Row<'_>) -> Option<String> {
        let text = self.getter.text(row)?;
        // What stands for a cell that is not filled need be no date.
        if !self.dates.is_empty() && self.getter.default.as_deref() != Some(text) {
            return dates::key(text, &self.dates, self.with_time);
        }
        Some(text.chars().filter(|c| !c.is_control()).take(KEY_PART_CHARS_MAX).collect())
    }
}

impl Codes {
    /// The code that stands for a word; a word of no line keeps its own, or takes the one for unknown words.
    pub(crate) fn read(&self, text: &str, field: &str) -> Read<String> {
        match (self.values.get(&text.to_lowercase()), &self.unknown) {
            (Some(code), _) => Read::of(code.clone()),
            (None, Some(unknown)) => Read::odd(unknown.clone(), FindingCode::CodeUnknown, field),
            (None, None) => Read::odd(text.chars().take(CODE_CHARS_MAX).collect(), FindingCode::CodeUnknown, field),
        }
    }
}

/// An event of a row before it is a draft.
#[derive(Default)]
pub(crate) struct Made {
    /// The kind's message, as it stands on the wire.
    pub(crate) message: Vec<u8>,
    /// `None` where nothing places it in time.
    pub(crate) effective: Option<When>,
    /// The cell that should have placed it was filled and could not be read.
    pub(crate) undated: bool,
    pub(crate) findings: Vec<Finding>,
    /// Fields that the mapping names and this row leaves empty.
    pub(crate) clears: Vec<u32>,
}

/// Fills the event's fields.
pub(crate) fn make(event: &Event, row: &Row<'_>) -> Made {
    let (mut made, mut filled) = (Made::default(), Vec::with_capacity(event.fields.len()));
    if let Placed::Column(getter, formats) = &event.effective {
        let text = getter.text(row);
        made.effective = text.and_then(|text| dates::when(text, formats, "").value);
        made.undated = (text.is_some() || getter.is_error(row)) && made.effective.is_none();
    }
    for (at, field) in event.fields.iter().enumerate() {
        let text = field.getter.text(row);
        let is_error = (text.is_none() || field.getter.default.is_some()) && field.getter.is_error(row);
        if is_error {
            made.findings.push(finding(FindingCode::ValueMalformed, field.getter.shown()));
        } else if text.is_none() && field.getter.required {
            made.findings.push(finding(FindingCode::FieldMissing, field.getter.shown()));
        }
        let before = made.message.len();
        if let Some(text) = text {
            field.write(text, row, &mut made.message, &mut made.findings);
        }
        if matches!(event.effective, Placed::Field(placed) if placed == at) {
            made.effective = text.and_then(|text| field.convert.when(text));
            made.undated = (text.is_some() || is_error) && made.effective.is_none();
        }
        let Some(first) = field.path.first() else { continue };
        let numbers = if made.message.len() == before { &mut made.clears } else { &mut filled };
        numbers.push(first.number());
    }
    made.clears.retain(|number| !filled.contains(number));
    made.clears.sort_unstable();
    made.clears.dedup();
    made
}

impl Field {
    fn write(&self, text: &str, row: &Row<'_>, message: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        let whole = self.getter.whole(row);
        let mut one = |text: &str| {
            let prefixed = format!("{}{text}", self.getter.prefix);
            let text = if self.getter.prefix.is_empty() { text } else { prefixed.as_str() };
            let Some(last) = self.path.last() else { return };
            if let Some(value) = self.convert.value(text, last, row, whole, self.getter.shown()).keep(findings) {
                put(message, &self.path, &value);
            }
        };
        match &self.split {
            None => one(text),
            Some(split) => {
                let mut parts = text.split(split.as_str()).map(str::trim).filter(|part| !part.is_empty());
                parts.by_ref().take(SPLIT_MAX).for_each(one);
                if parts.next().is_some() {
                    findings.push(finding(FindingCode::ValueMalformed, self.getter.shown()));
                }
            }
        }
    }
}

/// A field's value as it stands on the wire.
enum Value {
    Varint(u64),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    Bytes(Vec<u8>),
}

impl Value {
    fn of(said: &impl Message) -> Self {
        Self::Bytes(said.encode_to_vec())
    }
}

impl Convert {
    /// The point in time that a date's text is.
    fn when(&self, text: &str) -> Option<When> {
        match self {
            Self::Day(formats) => dates::day(text, formats, "").value.map(kit::on),
            Self::When(formats) => dates::when(text, formats, "").value,
            Self::Instant(formats) => dates::instant_us(text, formats, "").value.map(kit::when_at),
            _ => None,
        }
    }

    fn value(
        &self,
        text: &str,
        field: &FieldDescriptor,
        row: &Row<'_>,
        whole: Option<&str>,
        shown: &str,
    ) -> Read<Value> {
        match self {
            Self::Text(None) => match text.char_indices().nth(TEXT_CHARS_MAX).and_then(|(at, _)| text.get(..at)) {
                None => Read::of(Value::Bytes(text.as_bytes().to_vec())),
                Some(cut) => Read::odd(Value::Bytes(cut.as_bytes().to_vec()), FindingCode::ValueMalformed, shown),
            },
            Self::Text(Some(codes)) => codes.read(text, shown).map(|code| Value::Bytes(code.into_bytes())),
            Self::Flag { yes, no } => flag(text, yes, no, shown).map(|flag| Value::Varint(flag.into())),
            Self::Whole { times, least, most } => {
                whole_number(text, *times, *least, *most, shown).map(|whole| on_wire(whole, &field.kind()))
            }
            Self::Decimal { times } => match number(text).map(|number| number * times) {
                Some(number) => Read::of(match field.kind() {
                    #[expect(clippy::cast_possible_truncation, reason = "the field is no wider")]
                    Kind::Float => Value::Fixed32((number as f32).to_le_bytes()),
                    _ => Value::Fixed64(number.to_le_bytes()),
                }),
                None => Read::unreadable(FindingCode::ValueMalformed, shown),
            },
            Self::Day(formats) => dates::day(text, formats, shown).map(|day| Value::of(&day)),
            Self::When(formats) => dates::when(text, formats, shown).map(|when| Value::of(&when)),
            Self::Instant(formats) => {
                dates::instant_us(text, formats, shown).map(|at_us| Value::of(&kit::timestamp(at_us)))
            }
            Self::Coded { codes, set, words } => {
                let words = words.as_deref().and_then(|column| cell(row, column)).or(whole);
                coded(text, codes.as_deref(), set, words, shown).map(|coded| Value::of(&coded))
            }
            Self::Choice { numbers, codes } => {
                let read = codes.as_ref().map_or_else(|| Read::of(text.to_owned()), |codes| codes.read(text, shown));
                match read.value.as_ref().and_then(|word| numbers.get(&word.to_lowercase())) {
                    Some(number) => {
                        Read { value: u64::try_from(*number).ok().map(Value::Varint), finding: read.finding }
                    }
                    None => Read::unreadable(FindingCode::CodeUnknown, shown),
                }
            }
        }
    }
}

/// A whole number as fields of this type are written.
fn on_wire(whole: i64, kind: &Kind) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "held to the type's bounds, and the wire is two's complement"
    )]
    match kind {
        Kind::Sint32 | Kind::Sint64 => Value::Varint(((whole << 1) ^ (whole >> 63)) as u64),
        Kind::Fixed32 | Kind::Sfixed32 => Value::Fixed32((whole as i32).to_le_bytes()),
        Kind::Fixed64 | Kind::Sfixed64 => Value::Fixed64(whole.to_le_bytes()),
        _ => Value::Varint(whole as u64),
    }
}

/// A code with the source's own words beside it where they differ.
pub(crate) fn coded(
    text: &str,
    codes: Option<&Codes>,
    set: &str,
    words: Option<&str>,
    shown: &str,
) -> Read<proto::events::Coded> {
    let cut = |text: &str| text.chars().take(CODE_CHARS_MAX).collect::<String>();
    let read = codes.map_or_else(|| Read::of(cut(text)), |codes| codes.read(text, shown));
    read.map(|code| {
        let own = words.map(str::to_owned).or_else(|| (code != text).then(|| text.to_owned()));
        proto::events::Coded { code, code_set: set.to_owned(), text: own.map(|own| own.chars().take(512).collect()) }
    })
}

fn flag(text: &str, yes: &[String], no: &[String], shown: &str) -> Read<bool> {
    let word = text.trim().to_lowercase();
    if yes.contains(&word) {
        return Read::of(true);
    }
    if no.contains(&word) {
        return Read::of(false);
    }
    boolean(text, shown)
}

/// `£1,250.50` as 1250.5: exports are written for people.
fn number(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| !matches!(c, '£' | ',' | ' ' | '\u{a0}')).collect();
    let shaped = plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    if shaped { plain.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

fn whole_number(text: &str, times: f64, least: i64, most: i64, shown: &str) -> Read<i64> {
    let malformed = || Read::unreadable(FindingCode::ValueMalformed, shown);
    let Some(number) = number(text).map(|number| number * times) else { return malformed() };
    // Tenths and hundredths are not exact in binary: 10.10 times 100 is a whole number all the same.
    let rounded = number.round();
    if (number - rounded).abs() > 1e-6 * number.abs().max(1.0) || rounded.abs() > 9_007_199_254_740_992.0 {
        return malformed();
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within what is exact")]
    let whole = rounded as i64;
    if (least..=most).contains(&whole) { Read::of(whole) } else { malformed() }
}

/// Puts a value behind what is there. A message that is met twice is merged by whoever reads it, and a list grows.
fn put(message: &mut Vec<u8>, path: &[FieldDescriptor], value: &Value) {
    use prost::encoding::{WireType, encode_key, encode_varint};
    let [field, rest @ ..] = path else { return };
    let mut inner = Vec::new();
    let value = if rest.is_empty() {
        value
    } else {
        put(&mut inner, rest, value);
        &Value::Bytes(inner)
    };
    match value {
        Value::Varint(number) => {
            encode_key(field.number(), WireType::Varint, message);
            encode_varint(*number, message);
        }
        Value::Fixed32(bytes) => {
            encode_key(field.number(), WireType::ThirtyTwoBit, message);
            message.extend_from_slice(bytes);
        }
        Value::Fixed64(bytes) => {
            encode_key(field.number(), WireType::SixtyFourBit, message);
            message.extend_from_slice(bytes);
        }
        Value::Bytes(bytes) => {
            encode_key(field.number(), WireType::LengthDelimited, message);
            encode_varint(bytes.len() as u64, message);
            message.extend_from_slice(bytes);
        }
    }
}
