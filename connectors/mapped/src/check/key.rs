//! What tells one record of a child from another.

use toml::Spanned;

use super::Checker;
use crate::dates::Format;
use crate::file;
use crate::plan::{Convert, Event, Getter, KeyPart, Person, Placed};

impl Checker<'_> {
    pub(super) fn key(&mut self, name: &str, parts: &Spanned<Vec<Spanned<file::Value>>>) -> Vec<KeyPart> {
        if parts.get_ref().is_empty() {
            let what = "is empty: name the columns that tell one record of a child from another and stay as they are when the rest \
                        changes: the case number, or a start date";
            self.problems.error(parts.span(), name, what);
        }
        let parts = parts.get_ref().iter().filter_map(|part| {
            let getter = self.getter(name, part)?;
            let dates = match part.get_ref() {
                file::Value::Spec(spec) => self.formats(name, &spec.dates),
                file::Value::Column(_) => Vec::new(),
            };
            Some(KeyPart { getter, dates, with_time: false })
        });
        parts.collect()
    }
}

/// A part of a key that is also said as a date is that date, as its field reads it: a day that one export writes `01/09/2025` and
/// the next `2025-09-01` is one record's, and not two records. A time of the day stays with it: two visits of one day are two.
pub(super) fn take_dates(key: &mut [KeyPart], events: &mut [Event], person: Option<&Person>) {
    let mut dated: Vec<(Getter, Vec<Format>)> = events.iter().flat_map(dates_of).collect();
    dated.extend(person.and_then(|person| person.birth_on.clone()));
    let parts = key.iter_mut().chain(events.iter_mut().flat_map(|event| &mut event.key));
    for part in parts.filter(|part| part.dates.is_empty() && part.getter.column.is_some()) {
        let said = |getter: &Getter| (getter.column.clone(), getter.before.clone(), getter.after.clone());
        if let Some((_, formats)) = dated.iter().find(|(getter, _)| said(getter) == said(&part.getter)) {
            part.dates.clone_from(formats);
            part.with_time = true;
        }
    }
}

fn dates_of(event: &Event) -> Vec<(Getter, Vec<Format>)> {
    let of_fields = event.fields.iter().filter_map(|field| match &field.convert {
        Convert::Day(formats) | Convert::When(formats) | Convert::Instant(formats) => {
            Some((field.getter.clone(), formats.clone()))
        }
        _ => None,
    });
    let placed = match &event.effective {
        Placed::Column(getter, formats) => Some((getter.clone(), formats.clone())),
        Placed::Field(_) => None,
    };
    of_fields.chain(placed).collect()
}
