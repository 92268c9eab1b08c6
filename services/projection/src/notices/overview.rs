//! Reviews that are overdue, and who broke the glass more often than is usual: facts for a person, who decides what they mean.

use std::collections::BTreeMap;

use super::Broken;

/// A breaking of the glass is reviewed within 72 hours.
pub(crate) const REVIEW_WITHIN_US: i64 = 72 * HOUR_US;
const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// From how many times on, in a day or in seven, it is pointed out that somebody breaks the glass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Often {
    /// By one person, in a day.
    pub person_in_a_day: u32,
    /// By one person, in seven days.
    pub person_in_a_week: u32,
    /// By one organisation, in a day.
    pub organisation_in_a_day: u32,
    /// By one organisation, in seven days.
    pub organisation_in_a_week: u32,
}

impl Default for Often {
    fn default() -> Self {
        Self { person_in_a_day: 3, person_in_a_week: 6, organisation_in_a_day: 10, organisation_in_a_week: 30 }
    }
}

/// Somebody, or an organisation where the person is empty, and how often they broke the glass.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Alarm {
    pub(crate) organisation: String,
    pub(crate) person: String,
    pub(crate) in_a_day: u32,
    pub(crate) in_a_week: u32,
}

/// Nobody has reviewed it, and the time for that is over.
pub(crate) fn overdue(broken: &Broken, now_us: i64) -> bool {
    broken.review.is_none() && now_us >= broken.at_us.saturating_add(REVIEW_WITHIN_US)
}

/// Whoever broke the glass so often before a moment, microseconds since 1970.
pub(crate) fn alarms<'b>(broken: impl Iterator<Item = &'b Broken>, now_us: i64, often: &Often) -> Vec<Alarm> {
    let mut counts: BTreeMap<(&str, &str), (u32, u32)> = BTreeMap::new();
    for broken in broken {
        let ago_us = now_us.saturating_sub(broken.at_us);
        let (day, week) = (u32::from(ago_us < DAY_US), u32::from(ago_us < 7 * DAY_US));
        for person in [broken.said.person(), ""] {
            let count = counts.entry((broken.said.organisation(), person)).or_default();
            *count = (count.0 + day, count.1 + week);
        }
    }
    let alarm = |((organisation, person), (in_a_day, in_a_week)): ((&str, &str), (u32, u32))| {
        let (day, week) = match person {
            "" => (often.organisation_in_a_day, often.organisation_in_a_week),
            _ => (often.person_in_a_day, often.person_in_a_week),
        };
        (in_a_day >= day || in_a_week >= week).then(|| Alarm {
            organisation: organisation.to_owned(),
            person: person.to_owned(),
            in_a_day,
            in_a_week,
        })
    };
    counts.into_iter().filter_map(alarm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::sharing::{BreakGlassAsserted, BreakGlassReviewed};

    const NOW: i64 = 100 * DAY_US;

    fn broken(person: &str, ago_us: i64) -> Broken {
        Broken {
            id: [1; 16],
            child: None,
            subject: [2; 16],
            said: BreakGlassAsserted {
                person: Some(person.into()),
                organisation: Some("ods-rh8".into()),
                ..Default::default()
            },
            at_us: NOW - ago_us,
            review: None,
            answers: Default::default(),
            opened: Default::default(),
        }
    }

    #[test]
    fn a_review_is_overdue_from_the_seventy_second_hour_on_and_not_once_it_is_held() {
        let mut late = broken("a", REVIEW_WITHIN_US);
        assert!(overdue(&late, NOW) && !overdue(&late, NOW - 1));
        late.review = Some(BreakGlassReviewed::default());
        assert!(!overdue(&late, NOW));
    }

    #[test]
    fn a_person_is_pointed_out_before_their_organisation_and_both_by_what_they_did_lately() {
        let told = |broken: &[Broken]| alarms(broken.iter(), NOW, &Often::default());
        let of = |person: &str, times: usize, ago_us: i64| vec![broken(person, ago_us); times];
        assert_eq!(told(&of("a", 2, HOUR_US)), []);
        let [alarm] = told(&of("a", 3, HOUR_US)).try_into().unwrap();
        assert_eq!((alarm.person.as_str(), alarm.in_a_day, alarm.in_a_week), ("a", 3, 3));
        assert_eq!(told(&of("a", 5, 3 * DAY_US)), [], "yesterday's count no more for a day");
        assert_eq!(told(&of("a", 6, 3 * DAY_US)).len(), 1);
        assert_eq!(told(&of("a", 100, 8 * DAY_US)), []);
        let many: Vec<Broken> = (0..10).map(|n| broken(&n.to_string(), HOUR_US)).collect();
        let [alarm] = told(&many).try_into().unwrap();
        assert_eq!((alarm.person.as_str(), alarm.in_a_day), ("", 10), "ten people once each");
    }
}
