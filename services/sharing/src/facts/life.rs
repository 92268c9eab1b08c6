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
                    deaths.extend(person.death_on.as_ref().and_then(first_day));
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
