//! Statutory statuses: from live feeds and people only, never from a return, which cannot say when one ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::statutory_status_changed::Status;

use crate::days::{first_day, plus_weekdays};
use crate::facts::versions::Stated;

/// After so many working days without being affirmed a section 47 enquiry no longer counts as open: three times the
/// limit for its conference, and the limit of an assessment.
const SECTION_47_WEEKDAYS_MAX: u32 = 45;

/// The statuses that are open.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Statuses(BTreeSet<i32>);

impl Statuses {
    /// Per status and controller, the last change by the day counts; of an opening and a closing on one day, the closing.
    pub(crate) fn fold(stated: &[Stated], valid_on: Date) -> Self {
        let mut last: BTreeMap<(i32, &str), (Date, bool)> = BTreeMap::new();
        for event in stated {
            let Some(Kind::StatutoryStatusChanged(changed)) = &event.event.kind else {
                continue;
            };
            let on = changed.on.as_ref().and_then(first_day).or(event.published_on);
            let Some(on) = on.filter(|on| *on <= valid_on) else {
                continue;
            };
            let open = changed.open.unwrap_or(false);
            let entry = last.entry((changed.status().into(), &event.controller)).or_insert((on, open));
            if on > entry.0 || (on == entry.0 && !open) {
                *entry = (on, open);
            }
        }
        let still_open = |status: i32, since: Date| {
            status != i32::from(Status::Section47) || valid_on <= plus_weekdays(since, SECTION_47_WEEKDAYS_MAX)
        };
        Self(
            last.into_iter()
                .filter(|((status, _), (since, open))| *open && still_open(*status, *since))
                .map(|((status, _), _)| status)
                .collect(),
        )
    }

    pub(crate) fn open(&self, status: Status) -> bool {
        self.0.contains(&i32::from(status))
    }
}
