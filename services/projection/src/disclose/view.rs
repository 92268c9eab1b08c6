//! What a reader may have: made from a decision's permits, and from nothing else.

mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use jiff::civil::Date as Day;
use prost::{DecodeError, Message};
use proto::events::Date;
use proto::sharing::Call;
use proto::timeline::{
    Entry as Shown, Erased, ExistenceLine, GetTimelineResponse, Rectified, UnconfirmedStatus, Withheld,
};
use sharing::{Decision, FieldGroup, Outcome, Permit, RecordClass, Registry, Told, Unconfirmed};
use timeline::{Entry, sort_key_us};

use super::basis::category_bits;
use super::owed::{Owed, words};
use super::{Account, Ask, Weighed, digest};
use crate::child::{Careless, OnDay};
pub(crate) use kept::KeptViews;

const DAY_US: i64 = 86_400_000_000;
/// Said where the reason itself would tell what is withheld.
const UNSAID: &str = "part of this is withheld under the sharing rules";

/// The permitted part of a child's timeline, for one request.
pub struct PermittedView {
    rendered: Arc<Rendered>,
    decision_id: [u8; 16],
    /// What it was made from was published by then, microseconds since 1970.
    pinned_at_us: i64,
}

/// A view but for what differs each time: the id of the decision, and the token of the next page.
pub(crate) struct Rendered {
    /// The answer's other fields, as they go out.
    encoded: Bytes,
    digest: [u8; 16],
    entries: usize,
    lines: usize,
    /// Where the next page starts.
    next_skip: usize,
    told: Told,
    owed: Owed,
    categories: u64,
}

/// An answer as it goes out: the fields of a [`GetTimelineResponse`], most of them shared with whoever is shown the same.
#[derive(Debug)]
pub struct Answer {
    shared: Bytes,
    own: Vec<u8>,
}

impl Answer {
    /// Its bytes, one part after the other.
    pub fn parts(&self) -> [&[u8]; 2] {
        [&self.shared, &self.own]
    }

    /// The message that it is.
    ///
    /// # Errors
    /// None that there could be: it was encoded here.
    pub fn message(&self) -> Result<GetTimelineResponse, DecodeError> {
        GetTimelineResponse::decode(self.shared.clone().chain(self.own.as_slice()))
    }
}

impl PermittedView {
    /// Private to the disclosure: see the module above.
    pub(super) fn new(
        ask: &Ask,
        weighed: &Weighed,
        hub_contact: &str,
        careless: Option<&Careless>,
        erased: Vec<Erased>,
    ) -> Self {
        let Weighed { decision_id, decision, registry, on_day, newest_us, .. } = weighed;
        let is_told_of_erasure = !erased.is_empty();
        let make = || Rendered::of(ask, decision, registry, hub_contact, on_day, careless, erased);
        // Whoever may know of an erasure is few: what they are shown is not kept for whoever is shown the same otherwise.
        let rendered = match is_told_of_erasure {
            true => Arc::new(make()),
            false => on_day.views.view(ask, decision, registry, hub_contact, make),
        };
        // The clock may be behind what the log took: a later page is pinned to all that this one saw.
        let pinned_at_us = ask.known_at_us.unwrap_or(ask.asked_at_us.max(*newest_us));
        Self { rendered, decision_id: *decision_id, pinned_at_us }
    }

    /// How many entries.
    pub fn entries(&self) -> usize {
        self.rendered.entries
    }

    /// How many existence lines.
    pub fn lines(&self) -> usize {
        self.rendered.lines
    }

    /// What later pages are pinned to: see [`super::Ask::known_at_us`].
    pub fn pinned_at_us(&self) -> i64 {
        self.pinned_at_us
    }

    /// Where the next page starts.
    pub fn next_skip(&self) -> usize {
        self.rendered.next_skip
    }

    /// What it owes, and what it rests on.
    pub(super) fn owed(&self) -> &Owed {
        &self.rendered.owed
    }

    /// What its record says of it.
    pub(super) fn account(&self) -> Account {
        Account {
            call: Call::GetTimeline,
            entries: self.entries(),
            lines: self.lines(),
            answer_digest: self.rendered.digest,
            told: self.rendered.told.clone(),
            categories: self.rendered.categories,
            pinned_at_us: self.pinned_at_us,
        }
    }

    /// The answer, with the token of its next page.
    pub fn into_answer(self, next_page_token: Vec<u8>) -> Answer {
        let decision_id = self.decision_id.to_vec();
        let own = GetTimelineResponse { next_page_token, decision_id, ..GetTimelineResponse::default() };
        Answer { shared: self.rendered.encoded.clone(), own: own.encode_to_vec() }
    }
}

impl Rendered {
    fn of(
        ask: &Ask,
        decision: &Decision,
        registry: &Registry,
        hub_contact: &str,
        on_day: &OnDay,
        careless: Option<&Careless>,
        erased: Vec<Erased>,
    ) -> Self {
        let classes = || on_day.classes.keys();
        let existence = if ask.skip == 0 {
            existence_lines(decision, registry, hub_contact, classes(), on_day.valid_on)
        } else {
            Vec::new()
        };
        let shows = |class: &&RecordClass| decision.outcome(class) >= Outcome::Redacted;
        let of = |class| Some((class, OfClass::of(class, decision, registry, hub_contact, on_day.valid_on)?));
        let of_classes: Vec<(&RecordClass, OfClass<'_>)> = classes().filter(shows).filter_map(of).collect();
        let mut shown = on_day
            .entries_of(of_classes.iter().map(|(class, of)| (*class, of)))
            .filter(|(class, entry, _)| within(ask, class, entry))
            .filter_map(|(class, entry, of)| Some((class, of.show(entry)?)))
            .skip(ask.skip);
        let (mut told, entries): (BTreeSet<&RecordClass>, Vec<Shown>) = shown.by_ref().take(ask.page_size).unzip();
        let more = shown.next().is_some();
        let shows_something = !entries.is_empty() || !existence.is_empty();
        if !existence.is_empty() {
            told.extend(classes().filter(|class| decision.outcome(class) == Outcome::Existence));
        }
        let owed = owed(decision, &told, &on_day.classified, shows_something);
        let mut answer = GetTimelineResponse {
            entries,
            existence,
            more,
            erased,
            obligations: words(decision.obligations().filter(|_| shows_something)),
            owed: owed.on_answer(),
            unconfirmed: decision.unconfirmed().filter(|_| shows_something).map(unconfirmed).collect(),
            // Of a child of whom nothing is shown, the offer itself would say that there is one.
            break_glass_would_help: shows_something && decision.offers_break_glass(),
            ..GetTimelineResponse::default()
        };
        if let Some(careless) = careless {
            let hidden = on_day.classified.iter().filter(|(class, _)| decision.outcome(class) < Outcome::Existence);
            careless(ask.child, &mut answer, &hidden.map(|(_, entry)| entry).collect::<Vec<_>>());
        }
        let encoded = answer.encode_to_vec();
        Self {
            digest: digest::sixteen([&encoded]),
            encoded: encoded.into(),
            entries: answer.entries.len(),
            lines: answer.existence.len(),
            next_skip: ask.skip + answer.entries.len(),
            categories: category_bits(told.iter().map(|class| class.category)),
            told: decision.told(told),
            owed,
        }
    }
}

/// What an answer that shows these classes owes and rests on.
pub(super) fn owed(
    decision: &Decision,
    shown: &BTreeSet<&RecordClass>,
    classified: &[(RecordClass, Entry)],
    shows_something: bool,
) -> Owed {
    let opened = decision.opened_by_glass(shown.iter().copied());
    let of = |(class, entry): &(RecordClass, Entry)| {
        let is_opened = opened.as_ref().is_some_and(|(_, classes)| classes.contains(class));
        is_opened.then(|| (class.source_org.clone(), entry.subject))
    };
    let subjects: BTreeSet<_> =
        if opened.is_some() { classified.iter().filter_map(of).collect() } else { BTreeSet::new() };
    let obligations = decision.obligations().filter(|_| shows_something);
    let owed = Owed::of(obligations, decision.rests_on(shown.iter().copied()), opened);
    owed.with_subjects(subjects.iter().map(|(organisation, subject)| (organisation.as_str(), *subject)))
}

pub(super) fn within(ask: &Ask, class: &RecordClass, entry: &Entry) -> bool {
    let day = sort_key_us(&entry.effective).map(|at| at.div_euclid(DAY_US));
    let in_period =
        day.is_some_and(|day| ask.from_day.is_none_or(|from| day >= from) && ask.to_day.is_none_or(|to| day <= to));
    in_period && (ask.categories.is_empty() || ask.categories.contains(&class.category))
}

/// What entries of one class have in common in an answer.
pub(super) struct OfClass<'d> {
    permit: Permit<'d>,
    hides_place: bool,
    /// They may ask that an entry be put right, or put it right.
    may_cite: bool,
    withheld: Option<Withheld>,
}

impl<'d> OfClass<'d> {
    pub(super) fn of(
        class: &RecordClass,
        decision: &'d Decision,
        registry: &Registry,
        hub_contact: &str,
        on: Day,
    ) -> Option<Self> {
        let permit = decision.permit(class)?;
        let hides_place = permit.withholds(FieldGroup::Location) || !decision.may_name_source(class);
        let withheld = decision.explanation(class).map(|why| Withheld {
            field_groups: why.withheld.iter().map(|group| group.name().to_owned()).collect(),
            reasons: if why.reasons.is_empty() { vec![UNSAID.to_owned()] } else { why.reasons },
            rules: why.rules,
            ask: if hides_place { hub_contact.to_owned() } else { desk(registry, class, on, hub_contact).1 },
        });
        Some(Self { permit, hides_place, may_cite: decision.may_cite(class), withheld })
    }

    /// The groups of fields taken out.
    pub(super) fn withheld_groups(&self) -> &BTreeSet<FieldGroup> {
        self.permit.withheld()
    }

    /// An entry as the permit for its class leaves it.
    pub(super) fn show(&self, entry: &Entry) -> Option<Shown> {
        let event = self.permit.apply(&entry.event)?;
        // A finding names a field of the source: with fields withheld it could say that one of them is there.
        let findings = if self.withheld.is_some() { Vec::new() } else { entry.findings.clone() };
        Some(Shown {
            effective: Some(entry.effective),
            organisation: if self.hides_place { String::new() } else { entry.controller.clone() },
            category: self.permit.class().category.into(),
            outcome: self.permit.outcome().into(),
            event: Some(event),
            findings,
            // A later state of which only a withheld field differs would show in when it was stated.
            known_as_at: self.withheld.is_none().then(|| timestamp(entry.known_as_at_us)),
            withheld: self.withheld.clone(),
            entry_id: if self.may_cite { entry.entry_id.to_vec() } else { Vec::new() },
            rectified: entry.rectified.map(rectified),
            processing_restricted: self.permit.class().is_contested(),
        })
    }
}

/// One line for each service of which the reader may know that it is involved, and no more: never one an entry. All sensitive services
/// together are one line, of no kind and through the hub.
pub(super) fn existence_lines<'c>(
    decision: &Decision,
    registry: &Registry,
    hub_contact: &str,
    classes: impl IntoIterator<Item = &'c RecordClass>,
    on: Day,
) -> Vec<ExistenceLine> {
    let mut services: BTreeMap<(&str, String), ExistenceLine> = BTreeMap::new();
    let mut sensitive = false;
    for class in classes.into_iter().filter(|class| decision.outcome(class) == Outcome::Existence) {
        let organisation = registry.organisation(&class.source_org);
        let brokered = class.is_confidential() || !decision.may_name_source(class);
        if brokered || organisation.is_none_or(|organisation| organisation.sensitive()) {
            sensitive = true;
            continue;
        }
        let (service, ask) = desk(registry, class, on, hub_contact);
        let line = services.entry((&class.source_org, service.clone())).or_insert_with(|| ExistenceLine {
            organisation: class.source_org.clone(),
            ask,
            reasons: Vec::new(),
            service,
        });
        line.reasons.extend(decision.explanation(class).map(|why| why.reasons).unwrap_or_default());
    }
    let mut lines: Vec<ExistenceLine> = services.into_values().collect();
    for line in &mut lines {
        line.reasons.sort();
        line.reasons.dedup();
    }
    if sensitive {
        lines.push(ExistenceLine { ask: hub_contact.to_owned(), ..ExistenceLine::default() });
    }
    lines
}

fn rectified(rectified: timeline::Rectified) -> Rectified {
    let on = crate::audit::england(rectified.at_us).map(|at| super::involvement::day(at.date()));
    Rectified { on, superseded: rectified.superseded }
}

fn unconfirmed(unconfirmed: Unconfirmed) -> UnconfirmedStatus {
    let day = unconfirmed.confirmed_on;
    let (month, day_of_month) = (u32::from(day.month().unsigned_abs()), u32::from(day.day().unsigned_abs()));
    let confirmed_on = Date { year: day.year().into(), month: Some(month), day: Some(day_of_month), ..Date::default() };
    UnconfirmedStatus { status: unconfirmed.status.into(), confirmed_on: Some(confirmed_on) }
}

/// What people call the service that a class comes from, and whom to ask there on a day: the hub, where it has closed.
fn desk(registry: &Registry, class: &RecordClass, on: Day, hub_contact: &str) -> (String, String) {
    let desk = registry.desk(&class.source_org, class.category, on);
    desk.map_or((String::new(), hub_contact.to_owned()), |desk| (desk.service.to_owned(), desk.contact.to_owned()))
}

fn timestamp(us: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(us.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    prost_types::Timestamp { seconds: us.div_euclid(1_000_000), nanos }
}
