//! Who works with a child, derived from events by the committed table `rules/involvement.toml`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::event::KindNumber;
use serde::Deserialize;

use crate::classify::{RecordClass, TableUnusable};
use crate::days::{day_of_timestamp, first_day, first_day_of_when, last_day, plus_days};
use crate::facts::versions::Stated;
use crate::vocabulary::Involvement;
use crate::wire::Opened;

/// The table, parsed.
#[derive(Debug)]
pub(crate) struct InvolvementTable {
    grace_days: u32,
    spells: BTreeMap<KindNumber, Spell>,
    ends: BTreeMap<KindNumber, End>,
    replaces: BTreeSet<KindNumber>,
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
    #[serde(default)]
    days_before: u32,
    days_max: Option<u32>,
    involvement: Gives,
    #[serde(default)]
    ended_by: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    kind: String,
    organisation: Option<String>,
    #[serde(default)]
    organisation_required: bool,
    on: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Gives {
    Universal,
    Targeted,
    Statutory,
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
    organisation: String,
    says: Says,
}

#[derive(Clone, Debug)]
enum Says {
    Began { involvement: Involvement, starts_on: Date, says_when: bool, as_of_us: i64 },
    Ended { on: Date },
}

/// How an organisation works with a child on one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Works {
    pub(crate) involvement: Involvement,
    /// The first day of the earliest spell that is not over; nothing where none of them says when it began.
    pub(crate) since: Option<Date>,
}

impl Works {
    /// The closer of the two, since the earlier.
    pub(crate) fn with(self, other: Self) -> Self {
        let since = [self.since, other.since].into_iter().flatten().min();
        Self { involvement: self.involvement.max(other.involvement), since }
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
}

impl InvolvementTable {
    pub(crate) fn parse(text: &str) -> Result<Self, TableUnusable> {
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
        let mut ends = BTreeMap::new();
        for row in table.end {
            ends.insert(known(&row.kind, &[&row.organisation, &row.on])?, row);
        }
        let mut spells = BTreeMap::new();
        for row in table.spell {
            let number = known(&row.kind, &[&row.organisation, &row.starts_on, &row.unless])?;
            if let Some(missing) = row.ended_by.iter().find(|kind| !ends.values().any(|end| end.kind == **kind)) {
                return Err(unusable(format!("nothing says on what day {missing} ends a spell")));
            }
            spells.insert(number, row);
        }
        let replaces = table.replaces.iter().map(|kind| known(kind, &[])).collect::<Result<_, _>>()?;
        Ok(Self { grace_days: table.grace_days, spells, ends, replaces })
    }

    /// Whether events of this kind tell of involvement, or take the place of one that does.
    pub(crate) fn reads(&self, kind: KindNumber) -> bool {
        self.spells.contains_key(&kind) || self.ends.contains_key(&kind) || self.replaces.contains(&kind)
    }

    /// What the events tell, without their classes.
    pub(crate) fn tellings(&self, stated: &[Stated]) -> Vec<(usize, Telling)> {
        let mut found = Vec::new();
        for (index, event) in stated.iter().enumerate() {
            let (Some(opened), Some(kind)) = (Opened::of(&event.event), event.event.kind_number()) else {
                continue;
            };
            let began = self.spells.get(&kind).and_then(|row| began(row, event, &opened));
            let ended = self.ends.get(&kind).and_then(|row| ended(row, event, &opened));
            for (organisation, says) in began.into_iter().chain(ended) {
                let controller = event.controller.clone();
                found.push((index, Telling { classes: Vec::new(), kind, controller, organisation, says }));
            }
        }
        found
    }

    /// Whether a person recorded it of the organisation, so that it is nobody else's record.
    pub(crate) fn is_recorded_of_the_organisation(&self, kind: KindNumber) -> bool {
        let stated = |row: &Spell| matches!(row.involvement, Gives::Stated);
        let ends_stated = |end: &End| self.spells.values().any(|row| stated(row) && row.ended_by.contains(&end.kind));
        self.spells.get(&kind).is_some_and(stated) || self.ends.get(&kind).is_some_and(ends_stated)
    }

    /// The closest involvement of each organisation on this day, from what these tell.
    pub(crate) fn derive<'t>(
        &'t self,
        tellings: impl IntoIterator<Item = &'t Telling>,
        valid_on: Date,
    ) -> BTreeMap<String, Works> {
        let mut found: BTreeMap<String, Works> = BTreeMap::new();
        for (telling, works) in self.each(tellings, valid_on) {
            found.entry(telling.organisation.clone()).and_modify(|known| *known = known.with(works)).or_insert(works);
        }
        found
    }

    /// What each of these amounts to on this day, where it is not nothing.
    pub(crate) fn each<'t>(
        &'t self,
        tellings: impl IntoIterator<Item = &'t Telling>,
        valid_on: Date,
    ) -> Vec<(&'t Telling, Works)> {
        let mut begun = Vec::new();
        let mut ended = Vec::new();
        for telling in tellings {
            match telling.says {
                Says::Began { involvement, starts_on, says_when, as_of_us } => {
                    let row = self.spells.get(&telling.kind);
                    begun.extend(row.map(|row| Begun { row, telling, involvement, starts_on, says_when, as_of_us }));
                }
                Says::Ended { on } => ended.extend(self.ends.get(&telling.kind).map(|row| (row, telling, on))),
            }
        }
        let mut found = Vec::new();
        for spell in &begun {
            let newer = |other: &Begun<'_>| other.row.kind == spell.row.kind && other.as_of_us > spell.as_of_us;
            if !(spell.row.latest_only && begun.iter().any(newer)) {
                found.extend(self.on(spell, &ended, valid_on).map(|works| (spell.telling, works)));
            }
        }
        // An end whose start was never seen: the organisation worked with the child until then.
        for (_, telling, on) in &ended {
            found.extend(self.after(*on, valid_on).map(|works| (*telling, works)));
        }
        found
    }

    /// What a spell amounts to on this day.
    fn on(&self, spell: &Begun<'_>, ended: &[(&End, &Telling, Date)], valid_on: Date) -> Option<Works> {
        let first = plus_days(spell.starts_on, -i64::from(spell.row.days_before));
        let ended_on = ended
            .iter()
            .filter(|(_, end, _)| end.organisation == spell.telling.organisation)
            // Only who said that it began, or the organisation itself, can say that it ended.
            .filter(|(_, end, _)| {
                end.controller == spell.telling.controller || end.controller == spell.telling.organisation
            })
            .filter(|(row, _, on)| spell.row.ended_by.contains(&row.kind) && *on >= spell.starts_on)
            .map(|(.., on)| *on)
            .min();
        let runs_out_on = spell.row.days_max.map(|days| plus_days(spell.starts_on, i64::from(days)));
        let last = [ended_on, runs_out_on].into_iter().flatten().min();
        if valid_on < first {
            return None;
        }
        match last {
            Some(last) if valid_on > last => self.after(last, valid_on),
            _ => {
                // Work that begins with an appointment still to come has no first day yet.
                let since = Some(spell.starts_on).filter(|on| spell.says_when && *on <= valid_on);
                Some(Works { involvement: spell.involvement, since })
            }
        }
    }

    fn after(&self, last: Date, valid_on: Date) -> Option<Works> {
        let in_grace = valid_on > last && valid_on <= plus_days(last, i64::from(self.grace_days));
        in_grace.then_some(Works { involvement: Involvement::Former, since: None })
    }
}

fn began(row: &Spell, event: &Stated, opened: &Opened) -> Option<(String, Says)> {
    if row.unless.as_deref().is_some_and(|flag| opened.flag(flag)) {
        return None;
    }
    let involvement = match row.involvement {
        Gives::Universal => Involvement::Universal,
        Gives::Targeted => Involvement::Targeted,
        Gives::Statutory => Involvement::Statutory,
        Gives::Stated => stated_involvement(event)?,
    };
    let says_when = row.starts_on.as_deref().is_some_and(|name| opened.field(name).is_some());
    let starts_on = day(row.starts_on.as_deref(), event, opened, last_day)?;
    let organisation = organisation(row.organisation.as_deref(), row.organisation_required, event, opened)?;
    Some((organisation, Says::Began { involvement, starts_on, says_when, as_of_us: event.as_of_us }))
}

fn ended(row: &End, event: &Stated, opened: &Opened) -> Option<(String, Says)> {
    let on = day(row.on.as_deref(), event, opened, first_day)?;
    let organisation = organisation(row.organisation.as_deref(), row.organisation_required, event, opened)?;
    Some((organisation, Says::Ended { on }))
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
        None => Some(event.controller.clone()).filter(|id| !id.is_empty()),
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
