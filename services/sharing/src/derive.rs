//! Who works with a child, derived from events by the committed table `rules/involvement.toml`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::event::KindNumber;
use serde::Deserialize;

use crate::classify::{RecordClass, TableUnusable};
use crate::days::{day_of_timestamp, first_day, first_day_of_when, last_day, plus_days, plus_weekdays};
use crate::facts::StatusTable;
use crate::facts::age::Births;
use crate::facts::feed::{Believed, Feed};
use crate::facts::versions::{COMMAND, Stated};
use crate::registry::Registry;
use crate::terms::{Condition, Terms, word_of};
use crate::vocabulary::{Involvement, Standing};
use crate::wire::Opened;

/// The table, parsed.
#[derive(Debug)]
pub(crate) struct InvolvementTable {
    grace_days: u32,
    spells: BTreeMap<KindNumber, Vec<Spell>>,
    ends: BTreeMap<KindNumber, End>,
    replaces: BTreeSet<KindNumber>,
}

/// What organisations, and people of them, were named as for a child; and of which feed it hangs, where it hangs of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings(Vec<Named>);

#[derive(Clone, Debug)]
struct Named {
    organisation: String,
    person: Option<String>,
    standing: Standing,
    feed: Option<Feed>,
}

/// How closely organisations work with a child.
#[derive(Clone, Debug, Default)]
pub(crate) struct Involved {
    /// Whatever feeds confirm.
    settled: BTreeMap<String, Involvement>,
    /// As long as its feed confirms it.
    fed: Vec<(String, Involvement, Feed)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    revision: u32,
    grace_days: u32,
    replaces: Vec<String>,
    spell: Vec<Spell>,
    end: Vec<End>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spell {
    kind: String,
    organisation: Option<String>,
    #[serde(default)]
    organisation_required: bool,
    starts_on: Option<String>,
    unless: Option<String>,
    #[serde(default)]
    latest_only: bool,
    /// Of a source that is not live it is no more than former.
    #[serde(default)]
    live: bool,
    #[serde(default)]
    days_before: u32,
    days_max: Option<u32>,
    weekdays_max: Option<u32>,
    until_age: Option<u32>,
    ends_on: Option<String>,
    when: Option<Condition>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    said_by: Vec<String>,
    #[serde(default)]
    of_itself: bool,
    involvement: Gives,
    standing: Option<String>,
    person: Option<String>,
    #[serde(default)]
    ended_by: Vec<String>,
    #[serde(default)]
    ended_as: Vec<String>,
    #[serde(default)]
    former_until: Vec<String>,
    #[serde(default)]
    former_days_max: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    kind: String,
    organisation: Option<String>,
    #[serde(default)]
    organisation_required: bool,
    on: Option<String>,
    when: Option<Condition>,
    #[serde(default)]
    of_former: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Gives {
    /// Nothing by itself: only a standing.
    None,
    Universal,
    Targeted,
    Statutory,
    Lead,
    /// The event states it.
    Stated,
}

/// What one event tells of who works with a child, and the classes that it tells it under: that of the organisation whose
/// work it is, and where another recorded it, that one's too.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub(crate) classes: Vec<RecordClass>,
    kind: KindNumber,
    controller: String,
    believed: Believed,
    organisation: String,
    /// The one person of it who was named, where the table asks for one.
    person: Option<String>,
    /// What the event has in the fields by which an end is told to be of one spell and not of another.
    marks: BTreeMap<&'static str, String>,
    says: Says,
}

#[derive(Clone, Debug)]
enum Says {
    Began {
        row: usize,
        involvement: Involvement,
        starts_on: Date,
        says_when: bool,
        as_of_us: i64,
        last_on: Option<Date>,
    },
    Ended {
        on: Date,
    },
}

/// How an organisation works with a child on one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Works {
    pub(crate) involvement: Involvement,
    /// The first day of the earliest spell that is not over; nothing where none of them says when it began.
    pub(crate) since: Option<Date>,
    /// What it makes whom it tells of.
    pub(crate) standing: Option<Standing>,
}

impl Works {
    const NOTHING: Self = Self { involvement: Involvement::None, since: None, standing: None };
    const FORMER: Self = Self { involvement: Involvement::Former, ..Self::NOTHING };

    /// What is left of it where somebody must confirm it and does not: it goes on with its own records, as if it had ended.
    fn unconfirmed<T>(self, by: Option<&T>) -> Self {
        let former = if self.involvement > Involvement::None { Self::FORMER } else { Self::NOTHING };
        by.map_or(self, |_| former)
    }

    /// The closer of the two, since the earlier.
    pub(crate) fn with(self, other: Self) -> Self {
        let since = [self.since, other.since].into_iter().flatten().min();
        Self { involvement: self.involvement.max(other.involvement), since, standing: None }
    }
}

/// A spell of work that began.
struct Begun<'t> {
    row: &'t Spell,
    telling: &'t Telling,
    involvement: Involvement,
    starts_on: Date,
    says_when: bool,
    as_of_us: i64,
    last_on: Option<Date>,
}

impl Standings {
    /// The organisations, and people of them, that anything was named as.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|named| (named.organisation.as_str(), named.person.as_deref()))
    }

    pub(crate) fn of(&self, organisation: &str, person: &str, (registry, on): (&Registry, Date)) -> BTreeSet<Standing> {
        let is_mine = |named: &&Named| {
            named.organisation == organisation && named.person.as_deref().is_none_or(|named| named == person)
        };
        let stands = |named: &&Named| named.feed.as_ref().is_none_or(|feed| feed.is_confirmed(registry, on));
        self.0.iter().filter(is_mine).filter(stands).map(|named| named.standing).collect()
    }
}

impl Involved {
    pub(crate) fn of(&self, organisation: &str, registry: &Registry, on: Date) -> Involvement {
        let settled = self.settled.get(organisation).copied().unwrap_or(Involvement::None);
        let fed = self.fed.iter().filter(|(of, _, feed)| of == organisation && feed.is_confirmed(registry, on));
        fed.map(|(_, involvement, _)| *involvement).fold(settled, Involvement::max)
    }
}

impl InvolvementTable {
    pub(crate) fn parse(text: &str, terms: &Terms) -> Result<Self, TableUnusable> {
        let unusable = |problem: String| TableUnusable { table: "involvement", problem };
        let table: Table = toml::from_str(text).map_err(|error| unusable(error.message().to_owned()))?;
        let known = |kind: &str, fields: &[&Option<String>]| -> Result<KindNumber, TableUnusable> {
            let number = KindNumber::named(kind).ok_or_else(|| unusable(format!("there is no kind {kind}")))?;
            let message = number.info().and_then(|info| info.message());
            for name in fields.iter().copied().flatten() {
                if !message.is_some_and(|m| m.fields.iter().any(|field| field.name == *name)) {
                    return Err(unusable(format!("{kind} has no field {name}")));
                }
            }
            Ok(number)
        };
        let condition = |kind: &str, when: &Option<Condition>| -> Result<(), TableUnusable> {
            let message = KindNumber::named(kind).and_then(KindNumber::info).and_then(|info| info.message());
            let problem = when.as_ref().and_then(|when| when.problem(message, terms));
            problem.map_or(Ok(()), |problem| Err(unusable(format!("{kind}: {problem}"))))
        };
        let mut ends = BTreeMap::new();
        for row in table.end {
            condition(&row.kind, &row.when)?;
            ends.insert(known(&row.kind, &[&row.organisation, &row.on])?, row);
        }
        let mut spells: BTreeMap<KindNumber, Vec<Spell>> = BTreeMap::new();
        for row in table.spell {
            condition(&row.kind, &row.when)?;
            let number =
                known(&row.kind, &[&row.organisation, &row.starts_on, &row.unless, &row.ends_on, &row.person])?;
            for name in row.requires.iter().chain(&row.ended_as) {
                known(&row.kind, &[&Some(name.clone())])?;
            }
            let mut ended_by = row.ended_by.iter().chain(&row.former_until);
            if let Some(missing) = ended_by.find(|kind| !ends.values().any(|end| end.kind == **kind)) {
                return Err(unusable(format!("nothing says on what day {missing} ends a spell")));
            }
            if row.standing.as_deref().is_some_and(|word| Standing::named(word).is_none()) {
                return Err(unusable(format!("{} gives a standing that there is not", row.kind)));
            }
            spells.entry(number).or_default().push(row);
        }
        let replaces = table.replaces.iter().map(|kind| known(kind, &[])).collect::<Result<_, _>>()?;
        Ok(Self { grace_days: table.grace_days, spells, ends, replaces })
    }

    /// Whether events of this kind tell of involvement, or take the place of one that does.
    pub(crate) fn reads(&self, kind: KindNumber) -> bool {
        self.spells.contains_key(&kind) || self.ends.contains_key(&kind) || self.replaces.contains(&kind)
    }

    /// What the events tell, without their classes.
    pub(crate) fn tellings(
        &self,
        stated: &[Stated],
        (terms, sources): (&Terms, &StatusTable),
        births: &Births,
    ) -> Vec<(usize, Telling)> {
        let mut found = Vec::new();
        for (index, event) in stated.iter().enumerate() {
            let (Some(opened), Some(kind)) = (Opened::of(&event.event), event.event.kind_number()) else {
                continue;
            };
            let rows = self.spells.get(&kind).into_iter().flatten().enumerate();
            let began = rows.filter_map(|(at, row)| began((at, row), event, &opened, terms, births));
            let ended = self.ends.get(&kind).and_then(|row| ended(row, event, &opened, terms));
            for (organisation, person, says) in began.chain(ended) {
                let controller = event.acting.clone();
                let marks = self.marks(&opened);
                let (classes, believed) = (Vec::new(), sources.believed(event));
                found.push((index, Telling { classes, kind, controller, believed, organisation, person, marks, says }));
            }
        }
        found
    }

    /// What the event has in every field that tells spells apart.
    fn marks(&self, opened: &Opened) -> BTreeMap<&'static str, String> {
        let named = self.spells.values().flatten().flat_map(|row| &row.ended_as);
        let fields = opened.info().map(|info| info.fields).unwrap_or_default();
        let own = named.filter_map(|name| fields.iter().find(|field| field.name == *name));
        own.filter_map(|field| Some((field.name, word_of(opened, field.name)?.to_ascii_lowercase()))).collect()
    }

    /// Whether a person recorded it of the organisation, so that it is nobody else's record.
    pub(crate) fn is_recorded_of_the_organisation(&self, kind: KindNumber) -> bool {
        let stated = |row: &Spell| matches!(row.involvement, Gives::Stated);
        let mut rows = self.spells.values().flatten();
        let ends_stated = |end: &End| rows.any(|row| stated(row) && row.ended_by.contains(&end.kind));
        self.spells.get(&kind).into_iter().flatten().any(stated) || self.ends.get(&kind).is_some_and(ends_stated)
    }

    /// How closely each organisation works with the child on this day, and what each, and people of it, were named as.
    pub(crate) fn derive<'t>(
        &'t self,
        tellings: impl IntoIterator<Item = &'t Telling>,
        valid_on: Date,
    ) -> (Involved, Standings) {
        let (mut involved, mut standings) = (Involved::default(), Standings::default());
        for (telling, works, feed) in self.each(tellings, valid_on) {
            let (organisation, person) = (telling.organisation.clone(), telling.person.clone());
            if let Some(standing) = works.standing {
                let organisation = organisation.clone();
                standings.0.push(Named { organisation, person, standing, feed: feed.cloned() });
            }
            let unconfirmed = works.unconfirmed(feed).involvement;
            if let Some(feed) = feed.filter(|_| works.involvement > unconfirmed) {
                involved.fed.push((organisation.clone(), works.involvement, feed.clone()));
            }
            if unconfirmed > Involvement::None {
                let known = involved.settled.entry(organisation).or_insert(unconfirmed);
                *known = unconfirmed.max(*known);
            }
        }
        (involved, standings)
    }

    /// As [`Self::each`], as far as feeds confirm it.
    pub(crate) fn confirmed<'t>(
        &'t self,
        tellings: impl IntoIterator<Item = &'t Telling>,
        valid_on: Date,
        registry: &Registry,
    ) -> impl Iterator<Item = (&'t Telling, Works)> {
        self.each(tellings, valid_on).into_iter().map(move |(telling, works, feed)| {
            let feed = feed.filter(|feed| !feed.is_confirmed(registry, valid_on));
            (telling, works.unconfirmed(feed))
        })
    }

    /// What each of these amounts to on this day, where it is not nothing; and the feed that must confirm it, where one must.
    fn each<'t>(
        &'t self,
        tellings: impl IntoIterator<Item = &'t Telling>,
        valid_on: Date,
    ) -> Vec<(&'t Telling, Works, Option<&'t Feed>)> {
        let mut begun = Vec::new();
        let mut ended = Vec::new();
        for telling in tellings {
            match telling.says {
                Says::Began { row, involvement, starts_on, says_when, as_of_us, last_on } => {
                    let row = self.spells.get(&telling.kind).and_then(|rows| rows.get(row));
                    begun.extend(row.map(|row| Begun {
                        row,
                        telling,
                        involvement,
                        starts_on,
                        says_when,
                        as_of_us,
                        last_on,
                    }));
                }
                Says::Ended { on } => ended.extend(self.ends.get(&telling.kind).map(|row| (row, telling, on))),
            }
        }
        let mut found = Vec::new();
        for spell in &begun {
            let newer = |other: &Begun<'_>| other.row.kind == spell.row.kind && other.as_of_us > spell.as_of_us;
            if !(spell.row.latest_only && begun.iter().any(newer)) {
                let works = self.on(spell, &ended, valid_on);
                found.extend(works.map(|works| match (&spell.telling.believed, spell.row.live) {
                    (Believed::Never, true) => (spell.telling, works.unconfirmed(Some(&())), None),
                    (Believed::While(feed), true) => (spell.telling, works, Some(feed)),
                    _ => (spell.telling, works, None),
                }));
            }
        }
        // An end whose start was never seen: the organisation worked with the child until then.
        // One that ended a spell with a time of its own after it says no more than that.
        let is_of_its_own = |row: &End, telling: &Telling, on: Date| {
            let of = |spell: &&Begun<'_>| !spell.row.former_until.is_empty() && spell.row.ended_by.contains(&row.kind);
            begun.iter().filter(of).any(|spell| on >= spell.starts_on && spell.is_ended_by(telling))
        };
        for (row, telling, on) in &ended {
            if !row.of_former && !is_of_its_own(row, telling, *on) {
                found.extend(self.in_grace(*on, valid_on).map(|works| (*telling, works, None)));
            }
        }
        found
    }

    /// What a spell amounts to on this day.
    fn on(&self, spell: &Begun<'_>, ended: &[(&End, &Telling, Date)], valid_on: Date) -> Option<Works> {
        let row = spell.row;
        let first = plus_days(spell.starts_on, -i64::from(row.days_before));
        let ended_on = |by: &[String]| {
            let of_it = ended.iter().filter(|(end, telling, on)| {
                by.contains(&end.kind) && *on >= spell.starts_on && spell.is_ended_by(telling)
            });
            of_it.map(|(.., on)| *on).min()
        };
        let runs_out_on = row.days_max.map(|days| plus_days(spell.starts_on, i64::from(days)));
        let works_out_on = row.weekdays_max.map(|days| plus_weekdays(spell.starts_on, days));
        let last = [ended_on(&row.ended_by), runs_out_on, works_out_on, spell.last_on].into_iter().flatten().min();
        if valid_on < first {
            return None;
        }
        match last {
            Some(last) if valid_on > last && row.former_until.is_empty() => {
                self.in_grace(last, valid_on).filter(|_| spell.involvement > Involvement::None)
            }
            Some(last) if valid_on > last => {
                let until = ended_on(&row.former_until).unwrap_or(Date::MAX).max(last);
                let until = until.min(plus_days(last, i64::from(row.former_days_max)));
                (valid_on <= until).then_some(Works::FORMER)
            }
            _ => {
                // Work that begins with an appointment still to come has no first day yet.
                let since = Some(spell.starts_on).filter(|on| spell.says_when && *on <= valid_on);
                let standing = row.standing.as_deref().and_then(Standing::named);
                Some(Works { involvement: spell.involvement, since, standing })
            }
        }
    }

    fn in_grace(&self, last: Date, valid_on: Date) -> Option<Works> {
        let in_grace = valid_on > last && valid_on <= plus_days(last, i64::from(self.grace_days));
        in_grace.then_some(Works::FORMER)
    }
}

impl Begun<'_> {
    /// Whether this end is of this spell: of its organisation, and of the same of whatever tells its spells apart. Only who
    /// said that it began, or the organisation itself, can say that it ended.
    fn is_ended_by(&self, end: &Telling) -> bool {
        let began = self.telling;
        end.organisation == began.organisation
            && (end.controller == began.controller || end.controller == began.organisation)
            && self.row.ended_as.iter().all(|name| {
                end.marks.get(name.as_str()).is_none_or(|mark| began.marks.get(name.as_str()) == Some(mark))
            })
    }
}

fn began(
    (at, row): (usize, &Spell),
    event: &Stated,
    opened: &Opened,
    terms: &Terms,
    births: &Births,
) -> Option<(String, Option<String>, Says)> {
    let starts_on = day(row.starts_on.as_deref(), event, opened, last_day)?;
    let stated = |name: &String| opened.text(name).is_some_and(|text| !text.trim().is_empty());
    let is_so = row.when.as_ref().is_none_or(|when| when.holds(opened, terms, starts_on));
    let flagged = row.unless.as_deref().is_some_and(|flag| opened.flag(flag));
    if flagged || !is_so || !row.requires.iter().all(stated) || !row.believes(&event.source) {
        return None;
    }
    let involvement = match row.involvement {
        Gives::None => Involvement::None,
        Gives::Universal => Involvement::Universal,
        Gives::Targeted => Involvement::Targeted,
        Gives::Statutory => Involvement::Statutory,
        Gives::Lead => Involvement::Lead,
        Gives::Stated => stated_involvement(event)?,
    };
    let says_when = row.starts_on.as_deref().is_some_and(|name| opened.field(name).is_some());
    let organisation = organisation(row.organisation.as_deref(), row.organisation_required, event, opened)?;
    if row.of_itself && event.source != COMMAND && organisation != event.controller {
        return None;
    }
    let person = match row.person.as_deref() {
        Some(field) => Some(opened.text(field).filter(|person| !person.trim().is_empty())?),
        None => None,
    };
    let ends_on = row.ends_on.as_deref().and_then(|name| opened.message::<proto::events::Date>(name));
    // Of a child whose age is not known it is not known that they are of that age.
    let grown_on = row.until_age.map(|age| births.last_day_surely_under(age.into()).unwrap_or(Date::MIN));
    let last_on = [ends_on.as_ref().and_then(first_day), grown_on].into_iter().flatten().min();
    let as_of_us = event.as_of_us;
    Some((organisation, person, Says::Began { row: at, involvement, starts_on, says_when, as_of_us, last_on }))
}

fn ended(row: &End, event: &Stated, opened: &Opened, terms: &Terms) -> Option<(String, Option<String>, Says)> {
    let on = day(row.on.as_deref(), event, opened, first_day)?;
    if !row.when.as_ref().is_none_or(|when| when.holds(opened, terms, on)) {
        return None;
    }
    let organisation = organisation(row.organisation.as_deref(), row.organisation_required, event, opened)?;
    Some((organisation, None, Says::Ended { on }))
}

impl Spell {
    /// Whether this source is believed in it: a person always, and the connectors of the sectors that are named, or of any.
    fn believes(&self, source: &str) -> bool {
        let of_sector =
            |sector: &String| source.strip_prefix(sector.as_str()).is_some_and(|rest| rest.starts_with('-'));
        source == COMMAND || self.said_by.is_empty() || self.said_by.iter().any(of_sector)
    }
}

impl Telling {
    /// Whose work it tells of.
    pub(crate) fn organisation(&self) -> &str {
        &self.organisation
    }

    pub(crate) fn kind(&self) -> KindNumber {
        self.kind
    }

    /// Under these classes.
    pub(crate) fn of(self, classes: Vec<RecordClass>) -> Self {
        Self { classes, ..self }
    }
}

fn stated_involvement(event: &Stated) -> Option<Involvement> {
    use proto::events::{event::Kind, involvement::Kind as Level};
    let Some(Kind::InvolvementStarted(started)) = &event.event.kind else {
        return None;
    };
    match started.kind() {
        Level::Unspecified => None,
        Level::Universal => Some(Involvement::Universal),
        Level::Targeted => Some(Involvement::Targeted),
        Level::Statutory => Some(Involvement::Statutory),
        Level::Lead => Some(Involvement::Lead),
    }
}

fn organisation(field: Option<&str>, required: bool, event: &Stated, opened: &Opened) -> Option<String> {
    let stated = field.and_then(|name| opened.text(name)).filter(|id| !id.is_empty());
    match stated {
        Some(id) => Some(id),
        None if required => None,
        None => Some(event.acting.clone()).filter(|id| !id.is_empty()),
    }
}

/// The day that a field states, to the side given where its date is partial; else the day the event happened, else the
/// day it was published.
fn day(
    field: Option<&str>,
    event: &Stated,
    opened: &Opened,
    side: fn(&proto::events::Date) -> Option<Date>,
) -> Option<Date> {
    let name = field.unwrap_or_default();
    let stated = if name.ends_with("_at") {
        opened.message::<prost_types::Timestamp>(name).as_ref().and_then(day_of_timestamp)
    } else {
        opened.message::<proto::events::Date>(name).as_ref().and_then(side)
    };
    stated.or_else(|| event.effective.as_ref().and_then(first_day_of_when)).or(event.published_on)
}
