//! Whether the child is born, and whether the child lives.

use jiff::civil::Date;
use proto::events::event::Kind;

use crate::days::first_day;
use crate::facts::versions::Stated;

/// What any record of any linked subject says of birth and death.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Life {
    /// The earliest day on which some record has the child dead.
    pub(crate) died_on: Option<Date>,
    /// Some record expects a birth, and none tells of one by this day.
    pub(crate) unborn: bool,
}

impl Life {
    pub(crate) fn fold(stated: &[Stated], valid_on: Date) -> Self {
        let (mut deaths, mut births, mut expected) = (Vec::new(), Vec::new(), false);
        for event in stated {
            match &event.event.kind {
                Some(Kind::PersonDescribed(person)) => {
                    let undated = event.published_on.filter(|_| person.has_died());
                    deaths.extend(person.death_on.as_ref().and_then(first_day).or(undated));
                    births.extend(person.birth_on.as_ref().and_then(first_day));
                    expected |= person.expected_birth_on.is_some();
                }
                Some(Kind::BirthNotified(born)) => births.extend(born.born_on.as_ref().and_then(first_day)),
                Some(Kind::DeathNotified(died)) => {
                    deaths.extend(died.died_on.as_ref().and_then(first_day).or(event.published_on));
                }
                _ => {}
            }
        }
        Self {
            died_on: deaths.into_iter().filter(|on| *on <= valid_on).min(),
            unborn: expected && !births.iter().any(|on| *on <= valid_on),
        }
    }

    pub(crate) fn deceased(&self) -> bool {
        self.died_on.is_some()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proto::events::{DeathNotified, Event, PersonDescribed};

    use super::*;

    fn died_on(event: impl Into<Event>) -> Option<Date> {
        let stated = Stated {
            subject: [0; 16],
            controller: String::new(),
            acting: String::new(),
            source: String::new(),
            position: (0, 0),
            published_on: Some(date(2026, 5, 2)),
            as_of_us: 0,
            effective: None,
            event: event.into(),
            labels: Vec::new(),
        };
        Life::fold(&[stated], date(2026, 6, 1)).died_on
    }

    #[test]
    fn a_death_without_a_date_counts_from_when_it_was_told() {
        let person = PersonDescribed::default;
        let on = |day| Some(proto::events::Date { year: 2026, month: Some(4), day: Some(day), estimated: false });
        let told = Some(date(2026, 5, 2));
        assert_eq!(died_on(PersonDescribed { has_died: Some(true), ..person() }), told);
        assert_eq!(died_on(DeathNotified { died_on: None }), told);
        let dated = PersonDescribed { has_died: Some(true), death_on: on(30), ..person() };
        assert_eq!(died_on(dated), Some(date(2026, 4, 30)));
        assert_eq!(died_on(PersonDescribed { has_died: Some(false), ..person() }), None);
    }
}
