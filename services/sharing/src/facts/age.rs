//! How old the child may be.

use jiff::civil::Date;
use proto::events::event::Kind;

use crate::days::{birthday, end_of_compulsory_school_age, first_day, last_day, plus_days};
use crate::facts::versions::Stated;

/// The span of the recorded birth dates: the earliest and the latest day on which the child may have been born.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Births(Option<(Date, Date)>);

impl Births {
    pub(crate) fn fold(stated: &[Stated], valid_on: Date) -> Self {
        let recorded = stated
            .iter()
            .filter_map(|event| match &event.event.kind {
                Some(Kind::PersonDescribed(person)) => person.birth_on.or(person.expected_birth_on),
                Some(Kind::BirthNotified(born)) => born.born_on,
                _ => None,
            })
            .filter_map(|date| Some((first_day(&date)?, last_day(&date)?)))
            .reduce(both);
        match Dispute::last(stated, valid_on) {
            None => Self(recorded),
            Some(Dispute::Settled(span)) => Self(Some(span)),
            // Of a claim that says nothing of when, nothing is known.
            Some(Dispute::Open(claimed)) => {
                Self(claimed.map(|claimed| recorded.map_or(claimed, |span| both(span, claimed))))
            }
        }
    }

    /// Some recorded birth date puts the child at this age or over, or none is recorded.
    pub(crate) fn maybe_aged(&self, age: i64, on: Date) -> bool {
        self.0.is_none_or(|(earliest, _)| on >= birthday(earliest, age))
    }

    /// Every recorded birth date does.
    pub(crate) fn surely_aged(&self, age: i64, on: Date) -> bool {
        self.0.is_some_and(|(_, latest)| on >= birthday(latest, age))
    }

    /// The last day on which every recorded birth date puts the child under this age.
    pub(crate) fn last_day_surely_under(&self, age: i64) -> Option<Date> {
        self.0.map(|(earliest, _)| plus_days(birthday(earliest, age), -1))
    }

    /// Some recorded birth date puts the child past compulsory school age, or none is recorded.
    pub(crate) fn maybe_past_compulsory_school_age(&self, on: Date) -> bool {
        self.0.is_none_or(|(earliest, _)| on > end_of_compulsory_school_age(earliest))
    }
}

/// The earliest and the latest of two spans.
fn both(one: (Date, Date), other: (Date, Date)) -> (Date, Date) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// What was last said of an age that is not simply recorded.
enum Dispute {
    /// With the span that is claimed, where one is.
    Open(Option<(Date, Date)>),
    /// Assessed by somebody named.
    Settled((Date, Date)),
}

impl Dispute {
    /// On one day a dispute comes after an assessment, and stands.
    fn last(stated: &[Stated], valid_on: Date) -> Option<Self> {
        let said = stated.iter().filter_map(|event| {
            let on = |date: &Option<proto::events::Date>| date.as_ref().and_then(first_day).or(event.published_on);
            match &event.event.kind {
                Some(Kind::AgeDisputed(disputed)) => {
                    let claimed =
                        || Some((first_day(&disputed.earliest_birth_on?)?, last_day(&disputed.latest_birth_on?)?));
                    Some((on(&disputed.on)?, true, event.position, Self::Open(claimed())))
                }
                Some(Kind::AgeAssessed(assessed)) if !assessed.assessed_by().is_empty() => {
                    let born = assessed.birth_on.as_ref()?;
                    let span = (first_day(born)?, last_day(born)?);
                    Some((on(&assessed.on)?, false, event.position, Self::Settled(span)))
                }
                _ => None,
            }
        });
        let by_then = said.filter(|(on, ..)| *on <= valid_on);
        by_then.max_by_key(|(on, disputes, position, _)| (*on, *disputes, *position)).map(|(.., dispute)| dispute)
    }
}
