//! Where a value comes from, and how the field's own type reads it.

use prost_reflect::{FieldDescriptor, Kind};
use toml::Spanned;

use super::Checker;
use crate::file::{self, Spec};
use crate::plan::{Convert, Getter};

impl Checker<'_> {
    /// Where the text comes from.
    pub(crate) fn getter(&mut self, key: &str, said: &Spanned<file::Value>) -> Option<Getter> {
        let spec = match said.get_ref() {
            file::Value::Column(name) => {
                let column = self.column(&Spanned::new(said.span(), name.clone()));
                return Some(Getter { column: Some(column), ..Getter::default() });
            }
            file::Value::Spec(spec) => spec,
        };
        if spec.column.is_some() == spec.value.is_some() {
            self.problems.error(
                said.span(),
                key,
                "must have one of `column` and `value` (what stands there for every row)",
            );
            return None;
        }
        for (word, part) in [("before", &spec.before), ("after", &spec.after)] {
            if let Some(part) = part
                && (part.get_ref().is_empty() || spec.column.is_none())
            {
                let what = format!(
                    "has a `{word}` that takes nothing from a column: `{{ column = \"Need\", {word} = \" - \" }}`"
                );
                self.problems.error(part.span(), key, what);
            }
        }
        let text = |said: &Option<Spanned<String>>| said.as_ref().map(|said| said.get_ref().clone());
        Some(Getter {
            column: spec.column.as_ref().map(|column| self.column(column)),
            value: text(&spec.value),
            default: text(&spec.default),
            prefix: text(&spec.prefix).unwrap_or_default(),
            required: spec.required,
            after: text(&spec.after),
            before: text(&spec.before),
        })
    }

    /// How this field's type is read.
    pub(crate) fn convert(
        &mut self,
        key: &str,
        field: &FieldDescriptor,
        said: &Spanned<file::Value>,
    ) -> Option<Convert> {
        let none = Spec::default();
        let spec = match said.get_ref() {
            file::Value::Column(_) => &none,
            file::Value::Spec(spec) => spec,
        };
        let codes = spec.codes.as_ref().and_then(|name| self.list(key, name));
        let dates = self.formats(key, &spec.dates);
        let dates = if dates.is_empty() { self.dates.clone() } else { dates };
        let times = spec.times.as_ref().map_or(1.0, |times| *times.get_ref());
        if !times.is_finite() || times == 0.0 {
            self.problems.error(said.span(), key, "has a `times` that is no number to multiply with");
        }
        let whole = |least, most| Convert::Whole { times, least, most };
        let convert = match field.kind() {
            Kind::String => Convert::Text(codes),
            Kind::Bool => Convert::Flag { yes: lower(&spec.yes), no: lower(&spec.no) },
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => whole(i32::MIN.into(), i32::MAX.into()),
            Kind::Uint32 | Kind::Fixed32 => whole(0, u32::MAX.into()),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => whole(i64::MIN, i64::MAX),
            Kind::Uint64 | Kind::Fixed64 => whole(0, i64::MAX),
            Kind::Double | Kind::Float => Convert::Decimal { times },
            Kind::Enum(words) => {
                let numbers = words.values().map(|word| (plain(word.name(), words.name()), word.number()));
                let numbers: std::collections::BTreeMap<String, i32> =
                    numbers.filter(|(_, number)| *number != 0).collect();
                let used = codes.iter().flat_map(|codes| codes.values.values().chain(&codes.unknown)).cloned();
                let used: Vec<String> = used.chain(spec.value.iter().map(|value| value.get_ref().clone())).collect();
                if let Some(wrong) = used.iter().find(|word| !numbers.contains_key(&word.to_lowercase())) {
                    let there: Vec<&str> = numbers.keys().map(String::as_str).collect();
                    let what =
                        format!("gives `{wrong}`, which the field does not know: it is one of {}", there.join(", "));
                    self.problems.error(said.span(), key, what);
                }
                Convert::Choice { numbers, codes }
            }
            Kind::Message(message) => match message.full_name() {
                "throughline.events.v1.Coded" => {
                    let words = spec.words.as_ref().map(|column| self.column(column));
                    let set = match (&spec.set, &codes) {
                        (Some(set), _) => set.get_ref().clone(),
                        (None, Some(codes)) => codes.set.clone(),
                        (None, None) => format!("{}.{}", self.name, field.name()),
                    };
                    Convert::Coded { codes, set, words }
                }
                "throughline.events.v1.Date" => Convert::Day(dates),
                "throughline.events.v1.When" => Convert::When(dates),
                "google.protobuf.Timestamp" => Convert::Instant(dates),
                _ => {
                    let fields: Vec<String> =
                        message.fields().map(|inner| format!("\"{}.{}\"", field.name(), inner.name())).collect();
                    let what = format!("is made of parts: name one of {}", fields.join(", "));
                    self.problems.error(said.span(), key, what);
                    return None;
                }
            },
            Kind::Bytes => {
                self.problems.error(said.span(), key, "holds bytes, which no column does: take it out");
                return None;
            }
        };
        self.unfit(key, said, spec, &convert);
        Some(convert)
    }

    /// What is said of a value that its field's type has no use for.
    fn unfit(&mut self, key: &str, said: &Spanned<file::Value>, spec: &Spec, convert: &Convert) {
        let is_date = matches!(convert, Convert::Day(_) | Convert::When(_) | Convert::Instant(_));
        let is_number = matches!(convert, Convert::Whole { .. } | Convert::Decimal { .. });
        let is_flag = matches!(convert, Convert::Flag { .. });
        let is_coded = matches!(convert, Convert::Coded { .. });
        let takes_codes = is_coded || matches!(convert, Convert::Text(_) | Convert::Choice { .. });
        let first = |texts: &[Spanned<String>]| texts.first().map(Spanned::span);
        for (word, at, fits) in [
            ("dates", first(&spec.dates), is_date),
            ("times", spec.times.as_ref().map(Spanned::span), is_number),
            ("words", spec.words.as_ref().map(Spanned::span), is_coded),
            ("set", spec.set.as_ref().map(Spanned::span), is_coded),
            ("codes", spec.codes.as_ref().map(Spanned::span), takes_codes),
        ] {
            if let (Some(at), false) = (at, fits) {
                self.problems.error(at, key, format!("has `{word}`, for which this field has no use: take it out"));
            }
        }
        let words = spec.yes.len() + spec.no.len();
        if words > 0 && !is_flag {
            self.problems.error(said.span(), key, "has `yes` or `no`, for which this field has no use: take them out");
        }
        if spec.yes.iter().chain(&spec.no).any(|word| word.trim().len() > 1 && word.contains('*')) {
            let what = "has a `*` in `yes` or `no`, where it stands for nothing but itself: write each word that the column has";
            self.problems.warn(said.span(), key, what);
        }
    }
}

fn lower(words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.trim().to_lowercase()).collect()
}

/// `KIND_PARENT` of `Kind` as `parent`.
pub(crate) fn plain(value: &str, of: &str) -> String {
    let prefix = format!("{}_", of.to_ascii_uppercase());
    value.strip_prefix(&prefix).unwrap_or(value).to_ascii_lowercase()
}
