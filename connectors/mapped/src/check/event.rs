//! What a row becomes, held to the catalogue.

use std::ops::Range;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use proto::event::KindNumber;
use toml::Spanned;

use super::{Checker, kept};
use crate::file;
use crate::plan::{Convert, Event, Field, KeyPart, Placed};
use crate::sector;

impl Checker<'_> {
    pub(super) fn event(&mut self, said: &file::Event, at: Range<usize>, key: &[KeyPart]) -> Option<Event> {
        let becomes = said.becomes.get_ref();
        let path = format!("event.{}", said.name.as_ref().map_or(becomes, |name| name.get_ref()));
        let kind = self.kind(said)?;
        let message = sector::message(kind)?;
        let name = said.name.as_ref().map_or_else(|| dashed(becomes), |name| name.get_ref().clone());
        if name.is_empty() || name.len() > 64 || name.contains('/') {
            self.problems.error(at.clone(), &format!("{path}.name"), "must be 1 to 64 characters without a slash");
        }
        let mut fields = Vec::new();
        for (field_name, value) in &said.fields {
            let field_key = format!("{path}.fields.{field_name}");
            let Some(path) = self.path(&message, field_name, value, &field_key) else { continue };
            let Some(getter) = self.getter(&field_key, value) else { continue };
            let Some(last) = path.last() else { continue };
            let split = match value.get_ref() {
                file::Value::Spec(spec) => spec.split.as_ref().map(|split| split.get_ref().clone()),
                file::Value::Column(_) => None,
            };
            if split.is_some() && !last.is_list() || split.as_deref() == Some("") {
                self.problems.error(value.span(), &field_key, "has a `split`, and the field holds one value only");
            }
            let Some(convert) = self.convert(&field_key, last, value) else { continue };
            fields.push(Field { name: field_name.clone(), path, getter, convert, split });
        }
        let effective = self.placed(&said.effective, &fields, &format!("{path}.effective"));
        let own_key = said.key.as_ref().map(|own| self.key(&format!("{path}.key"), own));
        let when = self.conditions(&format!("{path}.when"), &said.when);
        let third_parties = said.third_party.iter().map(|party| {
            let party = party.get_ref();
            (party.issuer.trim().to_owned(), self.column(&party.column))
        });
        let third_parties: Vec<(String, String)> = third_parties.collect();
        if third_parties.iter().any(|(issuer, _)| issuer.is_empty()) {
            self.problems.error(
                at,
                &format!("{path}.third_party"),
                "needs the `issuer` of the number: `ods-rh8/persons`",
            );
        }
        Some(Event {
            name: kept(name),
            kind,
            key: own_key.unwrap_or_else(|| key.to_vec()),
            when,
            fields,
            effective: effective?,
            required: said.required,
            third_parties,
        })
    }

    /// What places the event in time: one of its dates, by name, or a column.
    fn placed(&mut self, said: &Spanned<file::Value>, fields: &[Field], key: &str) -> Option<Placed> {
        let dated = |field: &Field| matches!(field.convert, Convert::Day(_) | Convert::When(_) | Convert::Instant(_));
        let name = match said.get_ref() {
            file::Value::Column(name) => name,
            file::Value::Spec(spec) => {
                let own = self.formats(key, &spec.dates);
                let formats = if own.is_empty() { self.dates.clone() } else { own };
                return self.getter(key, said).map(|getter| Placed::Column(getter, formats));
            }
        };
        let found = fields.iter().position(|field| field.name == *name && dated(field));
        if found.is_none() {
            let dates: Vec<&str> =
                fields.iter().filter(|field| dated(field)).map(|field| field.name.as_str()).collect();
            let there = if dates.is_empty() { "there is none".to_owned() } else { dates.join(" or ") };
            let what = format!(
                "must name the date among `fields` that places the event in time ({there}), or a column: {{ column = \"...\" }}"
            );
            self.problems.error(said.span(), key, what);
        }
        found.map(Placed::Field)
    }

    fn kind(&mut self, said: &file::Event) -> Option<KindNumber> {
        let (becomes, at) = (said.becomes.get_ref(), said.becomes.span());
        let found = KindNumber::named(becomes);
        if let Some(kind) = found
            && sector::may_say(&self.name, kind)
        {
            return Some(kind);
        }
        let sayable = sector::sayable(&self.name);
        let what = match found {
            Some(kind) if kind.name() == "PersonDescribed" => {
                "is made of [person] and of each [[identifier]]: take the event out".to_owned()
            }
            Some(_) => {
                let sector = self.name.split_once('-').map_or("", |(sector, _)| sector);
                format!(
                    "may not be said by a source of this sector ({sector}): `throughline mapping kinds --name {}` lists what may",
                    self.name
                )
            }
            None => {
                let alike = |name: &&&str| (strsim::jaro_winkler(name, becomes) * 1_000.0).round();
                let near = sayable.iter().max_by(|one, other| alike(one).total_cmp(&alike(other)));
                let near = near.map_or(String::new(), |near| format!(": is it `{near}`?"));
                format!("is no kind of event{near} `throughline mapping kinds` lists them")
            }
        };
        self.problems.error(at, "event.becomes", what);
        None
    }

    /// The field of this dotted name.
    fn path(
        &mut self,
        message: &MessageDescriptor,
        name: &str,
        value: &Spanned<file::Value>,
        key: &str,
    ) -> Option<Vec<FieldDescriptor>> {
        let (mut path, mut within) = (Vec::<FieldDescriptor>::new(), Some(message.clone()));
        for part in name.split('.') {
            let inner = within.as_ref();
            let Some(field) = inner.and_then(|inner| inner.get_field_by_name(part)) else {
                let there: Vec<String> = inner
                    .map(|inner| inner.fields().map(|field| field.name().to_owned()).collect())
                    .unwrap_or_default();
                let what = format!("is no field of {}: it has {}", message.name(), there.join(", "));
                self.problems.error(value.span(), key, what);
                return None;
            };
            if path.last().is_some_and(FieldDescriptor::is_list) {
                self.problems.error(value.span(), key, "is a part of a list, which a row cannot fill: take it out");
                return None;
            }
            within = match field.kind() {
                Kind::Message(inner) => Some(inner),
                _ => None,
            };
            path.push(field);
        }
        Some(path)
    }
}

/// `WaitingListJoined` as `waiting-list-joined`.
fn dashed(name: &str) -> String {
    let mut dashed = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !dashed.is_empty() {
            dashed.push('-');
        }
        dashed.push(character.to_ascii_lowercase());
    }
    dashed
}
