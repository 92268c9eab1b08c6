//! A cell to a field's value, with what is odd about it.

use connector_kit::csv_source::Row;
use connector_kit::dates as kit;
use connector_kit::reading::{Read, boolean, finding};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use proto::events::{Finding, FindingCode, When};

use crate::dates;
use crate::plan::{Codes, Convert, Event, Field, Getter, KeyPart, Placed};

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
        let written = self.column.as_deref().and_then(|column| row.get(column));
        written.or(self.value.as_deref()).or(self.default.as_deref())
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
        if !self.dates.is_empty() {
            let day = dates::day(text, &self.dates, self.getter.shown()).value?;
            return Some(kit::key(&day));
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
pub(crate) struct Made {
    pub(crate) message: DynamicMessage,
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
    let mut message = DynamicMessage::new(event.message.clone());
    let mut made = Made {
        message: DynamicMessage::new(event.message.clone()),
        effective: None,
        undated: false,
        findings: Vec::new(),
        clears: Vec::new(),
    };
    if let Placed::Column(getter, formats) = &event.effective {
        let text = getter.text(row);
        made.effective = text.and_then(|text| dates::when(text, formats, "").value);
        made.undated = text.is_some() && made.effective.is_none();
    }
    for (at, field) in event.fields.iter().enumerate() {
        let text = field.getter.text(row);
        if text.is_none() && field.getter.required {
            made.findings.push(finding(FindingCode::FieldMissing, field.getter.shown()));
        }
        let values = text.map(|text| field.values(text, row, &mut made.findings)).unwrap_or_default();
        if matches!(event.effective, Placed::Field(placed) if placed == at) {
            made.effective = text.and_then(|text| field.convert.when(text));
            made.undated = text.is_some() && made.effective.is_none();
        }
        if let (true, Some(first)) = (values.is_empty(), field.path.first()) {
            made.clears.push(first.number());
        }
        for value in values {
            put(&mut message, &field.path, value);
        }
    }
    let filled: Vec<u32> = message.fields().map(|(field, _)| field.number()).collect();
    made.clears.retain(|number| !filled.contains(number));
    made.clears.sort_unstable();
    made.clears.dedup();
    made.message = message;
    made
}

impl Field {
    fn values(&self, text: &str, row: &Row<'_>, findings: &mut Vec<Finding>) -> Vec<Value> {
        let Some(last) = self.path.last() else { return Vec::new() };
        let prefixed = |text: &str| {
            if self.getter.prefix.is_empty() { text.to_owned() } else { format!("{}{text}", self.getter.prefix) }
        };
        let mut read = |text: &str| self.convert.value(&prefixed(text), last, row, self.getter.shown()).keep(findings);
        match &self.split {
            None => read(text).into_iter().collect(),
            Some(split) => {
                let parts = text.split(split.as_str()).map(str::trim).filter(|part| !part.is_empty());
                parts.take(SPLIT_MAX).filter_map(&mut read).collect()
            }
        }
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

    fn value(&self, text: &str, field: &FieldDescriptor, row: &Row<'_>, shown: &str) -> Read<Value> {
        match self {
            Self::Text(None) => Read::of(Value::String(text.chars().take(TEXT_CHARS_MAX).collect())),
            Self::Text(Some(codes)) => codes.read(text, shown).map(Value::String),
            Self::Flag { yes, no } => flag(text, yes, no, shown).map(Value::Bool),
            Self::Whole { times, least, most } => whole(text, *times, *least, *most, shown, &field.kind()),
            Self::Decimal { times } => match number(text) {
                Some(number) => Read::of(match field.kind() {
                    #[expect(clippy::cast_possible_truncation, reason = "the field is no wider")]
                    Kind::Float => Value::F32((number * times) as f32),
                    _ => Value::F64(number * times),
                }),
                None => Read::unreadable(FindingCode::ValueMalformed, shown),
            },
            Self::Day(formats) => dates::day(text, formats, shown).map(|day| of_message(field, &day)),
            Self::When(formats) => dates::when(text, formats, shown).map(|when| of_message(field, &when)),
            Self::Instant(formats) => {
                dates::instant_us(text, formats, shown).map(|at_us| of_message(field, &kit::timestamp(at_us)))
            }
            Self::Coded { codes, set, words } => {
                coded(text, codes.as_deref(), set, words.as_deref().and_then(|column| row.get(column)), shown)
                    .map(|coded| of_message(field, &coded))
            }
            Self::Choice { numbers, codes } => {
                let read = codes.as_ref().map_or_else(|| Read::of(text.to_owned()), |codes| codes.read(text, shown));
                match read.value.as_ref().and_then(|word| numbers.get(&word.to_lowercase())) {
                    Some(number) => Read { value: Some(Value::EnumNumber(*number)), finding: read.finding },
                    None => Read::unreadable(FindingCode::CodeUnknown, shown),
                }
            }
        }
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

fn whole(text: &str, times: f64, least: i64, most: i64, shown: &str, kind: &Kind) -> Read<Value> {
    let malformed = || Read::unreadable(FindingCode::ValueMalformed, shown);
    let Some(number) = number(text).map(|number| number * times) else { return malformed() };
    // Tenths and hundredths are not exact in binary: 10.10 times 100 is a whole number all the same.
    let rounded = number.round();
    if (number - rounded).abs() > 1e-6 * number.abs().max(1.0) || rounded.abs() > 9_007_199_254_740_992.0 {
        return malformed();
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within what is exact")]
    let whole = rounded as i64;
    if !(least..=most).contains(&whole) {
        return malformed();
    }
    let value = match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => i32::try_from(whole).ok().map(Value::I32),
        Kind::Uint32 | Kind::Fixed32 => u32::try_from(whole).ok().map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => u64::try_from(whole).ok().map(Value::U64),
        _ => Some(Value::I64(whole)),
    };
    value.map_or_else(malformed, Read::of)
}

/// One of the contract's own messages as the field's value.
fn of_message(field: &FieldDescriptor, said: &impl prost::Message) -> Value {
    let Kind::Message(descriptor) = field.kind() else { return Value::Bool(false) };
    Value::Message(dynamic(&descriptor, said))
}

fn dynamic(descriptor: &MessageDescriptor, said: &impl prost::Message) -> DynamicMessage {
    DynamicMessage::decode(descriptor.clone(), said.encode_to_vec().as_slice())
        .unwrap_or_else(|_| DynamicMessage::new(descriptor.clone()))
}

fn put(message: &mut DynamicMessage, path: &[FieldDescriptor], value: Value) {
    match path {
        [] => {}
        [last] if last.is_list() => {
            if let Value::List(list) = message.get_field_mut(last) {
                list.push(value);
            }
        }
        [last] => {
            let _set = message.try_set_field(last, value);
        }
        [first, rest @ ..] => {
            if let Value::Message(inner) = message.get_field_mut(first) {
                put(inner, rest, value);
            }
        }
    }
}
