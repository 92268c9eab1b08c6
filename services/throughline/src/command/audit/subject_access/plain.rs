//! An event in plain words: of every kind there is and will be, from the contract itself.

use anyhow::Context;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Event, When, when};
use serde_json::Value;

use super::codes;

/// One fact of an entry: what it is, and what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Said {
    pub(super) what: String,
    pub(super) says: String,
}

/// Says what events say.
pub(super) struct Plainly {
    pool: DescriptorPool,
    zone: TimeZone,
}

impl Plainly {
    pub(super) fn new() -> anyhow::Result<Self> {
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        Ok(Self { pool: DescriptorPool::decode(proto::DESCRIPTORS)?, zone })
    }

    /// What an event is called, and each thing that it says.
    pub(super) fn event(&self, event: &Event, named: &impl Fn(&str) -> String) -> anyhow::Result<(String, Vec<Said>)> {
        let message = self.pool.get_message_by_name("throughline.events.v1.Event").context("there are no events")?;
        let read = DynamicMessage::decode(message, prost::Message::encode_to_vec(event).as_slice())?;
        let value = serde_json::to_value(&read)?;
        let kind = event.kind_number().map_or("", |kind| kind.name());
        let inner = value.as_object().and_then(|object| object.values().next()).cloned().unwrap_or_default();
        let mut said = Vec::new();
        if let Value::Object(fields) = inner {
            for (field, value) in &fields {
                let says = self.value(field, value, named);
                if !says.is_empty() {
                    said.push(Said { what: label(field), says });
                }
            }
        }
        Ok((title(kind), said))
    }

    fn value(&self, field: &str, value: &Value, named: &impl Fn(&str) -> String) -> String {
        let part = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let list = |key: &str, between: &str| {
            let items = value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(between)
        };
        match value {
            Value::Null => String::new(),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => self.text(field, text, named),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.value(field, item, named)).filter(|item| !item.is_empty());
                items.collect::<Vec<_>>().join("; ")
            }
            Value::Object(fields) if fields.contains_key("codeSet") => {
                codes::word(part("codeSet"), part("code"), part("text"))
            }
            Value::Object(fields) if fields.contains_key("scheme") => {
                format!("{} {}", scheme(part("scheme")), part("value"))
            }
            Value::Object(fields) if fields.contains_key("year") => {
                let number = |key: &str| fields.get(key).and_then(Value::as_i64);
                let about = if fields.get("estimated") == Some(&Value::Bool(true)) { "about " } else { "" };
                format!("{about}{}", day(number("year").unwrap_or_default(), number("month"), number("day")))
            }
            // A name, an address, a number by which somebody is known.
            Value::Object(fields) if fields.contains_key("family") || fields.contains_key("given") => {
                let name = ["title", "given", "middle", "family"].map(part);
                name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }
            Value::Object(fields) if fields.contains_key("postcode") || fields.contains_key("lines") => {
                let (lines, postcode) = (list("lines", ", "), part("postcode"));
                [lines.as_str(), postcode].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
            }
            // How often each of several things was.
            Value::Object(fields) if fields.contains_key("reason") && fields.contains_key("sessions") => {
                let of = |key: &str| fields.get(key).map(|value| self.value(key, value, named)).unwrap_or_default();
                format!("{} {}", of("reason"), of("sessions"))
            }
            Value::Object(fields) if fields.contains_key("subject") => {
                fields.get("subject").map(|subject| self.value("subject", subject, named)).unwrap_or_default()
            }
            Value::Object(fields) => {
                let of = fields.iter().map(|(field, value)| (sentence(field), self.value(field, value, named)));
                let said = of.filter(|(_, says)| !says.is_empty());
                said.map(|(what, says)| format!("{}: {says}", what.to_lowercase())).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// A moment, an organisation, a word of a closed list; or what somebody wrote, as they wrote it.
    fn text(&self, field: &str, text: &str, named: &impl Fn(&str) -> String) -> String {
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return self.moment(at);
        }
        let is_word =
            text.contains('_') && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !is_word {
            let is_kind = field == "kind" && text.bytes().all(|b| b.is_ascii_uppercase());
            return if is_kind { text.to_lowercase() } else { named(text) };
        }
        // The words of a closed list begin with what they are of.
        let (words, of) = (text.to_lowercase().replace('_', " "), sentence(field).to_lowercase());
        words.strip_prefix(&of).map_or(words.as_str(), str::trim).to_owned()
    }

    fn moment(&self, at: jiff::Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%-d %B %Y, %H:%M").to_string()
    }

    /// When something happened.
    pub(super) fn when(&self, when: &When) -> String {
        match &when.when {
            Some(when::When::On(date)) => {
                let about = if date.estimated { "about " } else { "" };
                let part = |part: Option<u32>| part.map(i64::from);
                format!("{about}{}", day(date.year.into(), part(date.month), part(date.day)))
            }
            Some(when::When::At(at)) => {
                jiff::Timestamp::new(at.seconds, 0).map(|at| self.moment(at)).unwrap_or_default()
            }
            None => String::new(),
        }
    }

    /// The day of a moment, in England.
    pub(super) fn day(&self, at: &prost_types::Timestamp) -> Option<Date> {
        Some(self.zone.to_datetime(jiff::Timestamp::new(at.seconds, 0).ok()?).date())
    }
}

/// What an event is called, where its own name would not tell a family.
fn title(kind: &str) -> String {
    match kind {
        "PersonDescribed" => "Personal details".to_owned(),
        "RelationshipRecorded" => "Somebody in the family, or around the child".to_owned(),
        "SourceRecordKept" => "A record as it came".to_owned(),
        "FactorIdentified" => "Something found in an assessment".to_owned(),
        other => sentence(other),
    }
}

/// What a field is called, where its own name would not tell a family.
fn label(field: &str) -> String {
    match field {
        "birthOn" => "Born".to_owned(),
        "expectedBirthOn" => "Expected to be born".to_owned(),
        "names" => "Name".to_owned(),
        "identifiers" => "Known by".to_owned(),
        "startOn" => "From".to_owned(),
        "endOn" => "To".to_owned(),
        "entryOn" => "Joined on".to_owned(),
        "sessionsPossible" => "Half days in all".to_owned(),
        "sessions" => "Half days".to_owned(),
        "lot" => "Batch".to_owned(),
        other => sentence(other),
    }
}

/// A day as a family writes it.
pub(super) fn written(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

fn day(year: i64, month: Option<i64>, day: Option<i64>) -> String {
    let of = |month: i64, day: i64| Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok();
    match (month, day) {
        (Some(month), Some(day)) => of(month, day).map(written).unwrap_or_default(),
        (Some(month), None) => of(month, 1).map(|day| day.strftime("%B %Y").to_string()).unwrap_or_default(),
        _ => year.to_string(),
    }
}

/// `AppointmentMissed` and `startsAt` as people write them.
pub(super) fn sentence(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut previous = ' ';
    for character in name.chars() {
        let starts = character.is_uppercase() || character.is_ascii_digit() && !previous.is_ascii_digit();
        if starts && !words.is_empty() {
            words.push(' ');
        }
        words.extend(if words.is_empty() { character.to_uppercase().next() } else { character.to_lowercase().next() });
        previous = character;
    }
    let abbreviated = ["Ehc", "Sen", "Nhs", "Upn", "Uln", "Gp", "Ehcp"];
    let whole = words.split(' ').map(|word| {
        let is_one = abbreviated.iter().any(|short| short.eq_ignore_ascii_case(word));
        if is_one { word.to_uppercase() } else { word.to_owned() }
    });
    whole.collect::<Vec<_>>().join(" ")
}

fn scheme(scheme: &str) -> String {
    match scheme.trim_start_matches("SCHEME_") {
        "NHS_NUMBER" => "NHS number".to_owned(),
        "UPN" => "pupil number (UPN)".to_owned(),
        "ULN" => "learner number (ULN)".to_owned(),
        other => other.to_lowercase().replace('_', " "),
    }
}
