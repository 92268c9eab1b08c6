//! The organisations and the agreements between them, folded from what was recorded of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::events::{Body, When};
use proto::sharing::{AgreementRecorded, FeedConfirmed, OrganisationRecorded, RetentionScheduleRecorded, ServiceDesk};

use crate::classify::RecordClass;
use crate::days::{day_of, first_day, last_day, last_day_of_when, microseconds};
use crate::erasures::Erasures;
use crate::facts::versions::COMMAND;
use crate::facts::{ChildFacts, FactEvent};
use crate::policies::Policies;
use crate::vocabulary::{Category, Purpose};

/// Every organisation and agreement that was recorded.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    organisations: BTreeMap<String, OrganisationRecorded>,
    agreements: BTreeMap<String, AgreementRecorded>,
    /// By party, those that are not suspended.
    agreements_of: BTreeMap<String, Vec<String>>,
    /// In the order in which they were recorded.
    retention: Vec<RetentionScheduleRecorded>,
    /// By controller and source, until when a live feed was read whole, microseconds since 1970.
    feeds_confirmed_us: BTreeMap<(String, String), i64>,
    policies: Policies,
    erasures: Erasures,
}

impl Registry {
    /// Folds the events of organisations, in any order; of two records with one id the one published later stands. Other
    /// kinds are passed over, and so is what was published after `known_at_us`.
    pub fn fold<'a>(events: impl IntoIterator<Item = FactEvent<'a>>, known_at_us: Option<i64>) -> Self {
        let mut ordered: Vec<_> = events
            .into_iter()
            .filter(|event| known_at_us.is_none_or(|known_at| event.published_at_us <= known_at))
            .collect();
        ordered.sort_by_key(|event| (event.published_at_us, event.sequence));
        let mut registry = Self::default();
        for event in ordered {
            match event.body.event.as_ref().and_then(|event| event.kind.as_ref()) {
                Some(Kind::OrganisationRecorded(organisation)) if !organisation.id().is_empty() => {
                    registry.organisations.insert(organisation.id().to_owned(), (**organisation).clone());
                }
                Some(Kind::AgreementRecorded(agreement)) if !agreement.id().is_empty() => {
                    registry.agreements.insert(agreement.id().to_owned(), agreement.clone());
                }
                Some(Kind::RetentionScheduleRecorded(schedule)) if !schedule.approved_by().is_empty() => {
                    registry.retention.push(schedule.clone());
                }
                Some(Kind::FeedConfirmed(confirmed)) => registry.confirm(confirmed, event.body),
                _ => {
                    registry.policies.fold(&event);
                    registry.erasures.fold(&event);
                }
            }
        }
        for (id, agreement) in registry.agreements.iter().filter(|(_, agreement)| !agreement.suspended()) {
            for party in &agreement.parties {
                registry.agreements_of.entry(party.clone()).or_default().push(id.clone());
            }
        }
        registry
    }

    /// A connector speaks of its own feed and no other; a person, of the one they name.
    fn confirm(&mut self, confirmed: &FeedConfirmed, said: &Body) {
        let Some(at) = confirmed.confirmed_at.as_ref().and_then(microseconds) else { return };
        let feed = if said.source == COMMAND {
            (confirmed.organisation().to_owned(), confirmed.source().to_owned())
        } else {
            (said.controller.clone(), said.source.clone())
        };
        let latest = self.feeds_confirmed_us.entry(feed).or_insert(at);
        *latest = at.max(*latest);
    }

    /// The last day on which a live feed was known to be read whole.
    pub(crate) fn feed_confirmed_on(&self, controller: &str, source: &str) -> Option<Date> {
        self.feeds_confirmed_us.get(&(controller.to_owned(), source.to_owned())).copied().and_then(day_of)
    }

    /// Whether records of this class, of something that happened then, are past the schedule of their authority on the day at
    /// which the facts are judged. Where there is no schedule, or an age is not known, they are kept.
    pub fn past_retention(&self, class: &RecordClass, happened: &When, facts: &ChildFacts) -> bool {
        self.due_by(class, happened, facts).is_some() && !facts.keeps(class)
    }

    /// The schedule that records of this class are past, whether or not they are kept all the same.
    pub fn due_by(
        &self,
        class: &RecordClass,
        happened: &When,
        facts: &ChildFacts,
    ) -> Option<&RetentionScheduleRecorded> {
        let on = facts.valid_on();
        let authority = self.organisation(&class.source_org).map(OrganisationRecorded::authority).unwrap_or_default();
        let mut schedules = self.retention.iter().rev();
        let schedule = schedules.find(|schedule| {
            !authority.is_empty()
                && schedule.authority() == authority
                && schedule.categories.contains(&class.category.into())
                && schedule.from.is_none_or(|from| last_day(&from).is_some_and(|from| from <= on))
                && schedule.to.is_none_or(|to| first_day(&to).is_some_and(|to| on <= to))
        });
        schedule.filter(|schedule| facts.past_retention(schedule, last_day_of_when(happened)))
    }

    /// What was erased, or is to be.
    pub fn erasures(&self) -> &Erasures {
        &self.erasures
    }

    /// Sets of rules: which are approved, and what they were.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The organisation of this id, in force or not.
    pub fn organisation(&self, id: &str) -> Option<&OrganisationRecorded> {
        self.organisations.get(id)
    }

    /// The organisation of this id, if it is one on this day.
    pub fn organisation_on(&self, id: &str, day: Date) -> Option<&OrganisationRecorded> {
        self.organisation(id).filter(|organisation| in_force(organisation, day))
    }

    /// The organisation whose client certificate carries this name, if it is one on this day. `None` when two claim it.
    pub fn organisation_by_certificate(&self, name: &str, day: Date) -> Option<&OrganisationRecorded> {
        let mut named = self
            .organisations
            .values()
            .filter(|organisation| is_one_name(organisation.certificate_name(), name))
            .filter(|organisation| in_force(organisation, day));
        named.next().filter(|_| named.next().is_none())
    }

    /// Whether this organisation's issuer of tokens is this one, and names people who are not staff. Nobody's where two claim it: a
    /// person is known by their issuer's word alone, and two organisations would name each other's people.
    pub fn vouches_for_people(&self, organisation: &str, issuer: &str, day: Date) -> bool {
        let vouches = self
            .organisation_on(organisation, day)
            .is_some_and(|it| it.vouches_for_people() && it.token_issuer() == issuer && !issuer.is_empty());
        let mut others = self.organisations.values().filter(|other| other.id() != organisation && in_force(other, day));
        vouches && !others.any(|other| is_one_name(other.token_issuer(), issuer))
    }

    /// By which of its names this organisation would be taken for another that is one on some of the same days: the field's name, as it
    /// is written. Somebody who takes over from one that has ended may have its names.
    pub fn known_by_another(&self, said: &OrganisationRecorded) -> Option<&'static str> {
        let others = || self.organisations.values().filter(|other| other.id() != said.id() && overlap(other, said));
        let certificate = others().any(|other| is_one_name(other.certificate_name(), said.certificate_name()));
        let issuer = || others().any(|other| is_one_name(other.token_issuer(), said.token_issuer()));
        certificate.then_some("certificateName").or_else(|| issuer().then_some("tokenIssuer"))
    }

    /// As it will be once these are recorded too.
    pub fn with<'o>(&self, recorded: impl IntoIterator<Item = &'o OrganisationRecorded>) -> Self {
        let mut registry = self.clone();
        registry.organisations.extend(recorded.into_iter().map(|said| (said.id().to_owned(), said.clone())));
        registry
    }

    /// Whom to ask at an organisation about what is of this category, on this day. `None` where it is no organisation on that day:
    /// a desk that has closed answers nobody.
    pub fn desk(&self, id: &str, category: Category, day: Date) -> Option<Desk<'_>> {
        let organisation = self.organisation_on(id, day)?;
        let covers = |desk: &&ServiceDesk| {
            (desk.categories.is_empty() || desk.categories.contains(&category.into()))
                && desk.from.is_none_or(|from| last_day(&from).is_some_and(|from| from <= day))
                && desk.to.is_none_or(|to| first_day(&to).is_some_and(|to| day <= to))
        };
        let desk = organisation.desks.iter().find(covers);
        let own = Desk { service: "", contact: organisation.contact() };
        Some(desk.map_or(own, |desk| Desk { service: desk.service(), contact: desk.contact() }))
    }

    /// Whom to ask at an organisation about what is of all of these categories: the one desk for them, where it is one, and else its
    /// own. `None` where it is no organisation on that day.
    pub fn desk_for(&self, id: &str, categories: &BTreeSet<Category>, day: Date) -> Option<Desk<'_>> {
        let own = Desk { service: "", contact: self.organisation_on(id, day)?.contact() };
        let mut desks = categories.iter().filter_map(|category| self.desk(id, *category, day));
        let first = desks.next().unwrap_or(own);
        Some(if desks.all(|desk| desk == first) { first } else { own })
    }

    /// Every organisation, in order of id.
    pub fn organisations(&self) -> impl Iterator<Item = &OrganisationRecorded> {
        self.organisations.values()
    }

    /// Whether an agreement in force on this day covers sharing from one organisation to another.
    pub fn agreement_covers(
        &self,
        source: &str,
        recipient: &str,
        category: Category,
        purpose: Purpose,
        day: Date,
    ) -> bool {
        let lists = |list: &[i32], wanted: i32| list.is_empty() || list.contains(&wanted);
        let of = |party: &str| self.agreements_of.get(party).map(Vec::as_slice).unwrap_or_default();
        // A council has an agreement with each of a thousand schools, and a school has a few.
        let (fewer, other) =
            if of(source).len() <= of(recipient).len() { (of(source), recipient) } else { (of(recipient), source) };
        fewer.iter().filter_map(|id| self.agreements.get(id)).any(|agreement| {
            agreement.parties.iter().any(|id| id == other)
                && lists(&agreement.categories, category.into())
                && lists(&agreement.purposes, purpose.into())
                // An agreement that does not say from when to when is not in force.
                && agreement.from.as_ref().and_then(last_day).is_some_and(|from| from <= day)
                && agreement.to.as_ref().and_then(first_day).is_some_and(|to| day <= to)
        })
    }
}

/// Whom to ask about one service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Desk<'r> {
    /// What people call the service; empty where the organisation has no desks of its own for it.
    pub service: &'r str,
    /// A desk and a number.
    pub contact: &'r str,
}

fn in_force(organisation: &OrganisationRecorded, day: Date) -> bool {
    organisation.from.is_none_or(|from| last_day(&from).is_some_and(|from| from <= day))
        && organisation.to.is_none_or(|to| first_day(&to).is_some_and(|to| day <= to))
}

/// Names of hosts are the same in capitals, and nobody is known by none.
fn is_one_name(one: &str, other: &str) -> bool {
    !one.trim().is_empty() && one.trim().eq_ignore_ascii_case(other.trim())
}

/// Whether there may be a day on which both are organisations.
fn overlap(one: &OrganisationRecorded, other: &OrganisationRecorded) -> bool {
    let ended = |it: &OrganisationRecorded, before: &OrganisationRecorded| {
        let last = it.to.as_ref().and_then(last_day);
        last.zip(before.from.as_ref().and_then(first_day)).is_some_and(|(last, first)| last < first)
    };
    !ended(one, other) && !ended(other, one)
}
