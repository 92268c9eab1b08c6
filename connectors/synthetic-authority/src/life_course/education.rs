//! School: where a child is on roll, and what the census counts.

use jiff::civil::{Date, date};

use crate::calendar::{plus, working};
use crate::dice::{Dice, Part};
use crate::population::{Child, Phase, World};

/// A term's census.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) year: i16,
    /// `autumn`, `spring` or `summer`.
    pub(crate) name: &'static str,
    pub(crate) autumn: bool,
    /// The day that the census is of.
    pub(crate) on: Date,
    /// The first day of the term before, of which it counts attendance, exclusions and leavers.
    pub(crate) since: Date,
}

impl Term {
    /// The autumn census before a spring, and that spring's.
    pub(crate) fn pair(spring: i16) -> [Self; 2] {
        let autumn = spring - 1;
        [
            Self { year: autumn, name: "autumn", autumn: true, on: thursday(autumn, 10, 1), since: date(autumn, 4, 1) },
            Self { year: spring, name: "spring", autumn: false, on: thursday(spring, 1, 3), since: date(autumn, 9, 1) },
        ]
    }

    /// The summer census after that spring.
    pub(crate) fn summer(year: i16) -> Self {
        Self { year, name: "summer", autumn: false, on: thursday(year, 5, 3), since: date(year, 1, 1) }
    }
}

/// The nth Thursday of a month.
fn thursday(year: i16, month: i8, nth: i8) -> Date {
    let first = date(year, month, 1);
    first.nth_weekday_of_month(nth, jiff::civil::Weekday::Thursday).unwrap_or(first)
}

#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    pub(crate) school: usize,
    pub(crate) entry: Date,
    pub(crate) leaving: Option<Date>,
}

pub(crate) struct Exclusion {
    pub(crate) on: Date,
    pub(crate) sessions: i32,
    pub(crate) category: &'static str,
    pub(crate) reasons: [&'static str; 3],
}

pub(crate) struct AlternativeProvision {
    pub(crate) entry: Date,
    pub(crate) leaving: Option<Date>,
    pub(crate) setting: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) sessions_a_week: i32,
}

/// A child's schooling around the two terms that the exports are of.
pub(crate) struct Schooling {
    pub(crate) enrolments: Vec<Enrolment>,
    pub(crate) sen: &'static str,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) meals: Vec<(Date, Option<Date>)>,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) elsewhere: Option<AlternativeProvision>,
    pub(crate) young_carer: &'static str,
    pub(crate) after_care: &'static str,
    pub(crate) service: &'static str,
    pub(crate) moved_school: bool,
    pub(crate) left_area: bool,
    /// The share of sessions missed, and of those missed, the share without leave.
    pub(crate) absence: (f64, f64),
}

/// The autumn in which a child starts in reception.
fn reception(birth: Date) -> i16 {
    birth.year() + if birth.month() >= 9 { 5 } else { 4 }
}

/// National curriculum year on a census day: `N2`, `R`, `1` to `13`; none outside school age.
pub(crate) fn curriculum_year(birth: Date, on: Date) -> Option<String> {
    let autumn = if on.month() >= 9 { on.year() } else { on.year() - 1 };
    match autumn - reception(birth) {
        -1 => Some("N2".to_owned()),
        0 => Some("R".to_owned()),
        year @ 1..=13 => Some(year.to_string()),
        _ => None,
    }
}

pub(crate) fn schooling(world: &World, child: &Child, terms: &[Term; 2]) -> Schooling {
    let mut dice = Dice::new(world.settings.seed, Part::Education, number(child));
    let dice = &mut dice;
    let [autumn, spring] = *terms;
    let sen = if child.demo { "K" } else { dice.weigh(&[("N", 815), ("K", 135), ("E", 50)]) };
    let special = sen == "E" && dice.chance(0.3);
    let mut schooling = Schooling {
        enrolments: enrolments(world, child, special, dice),
        sen,
        needs: needs(sen, dice),
        meals: meals(child, spring.on, dice),
        exclusions: Vec::new(),
        elsewhere: None,
        young_carer: dice.weigh(&[("N", 985), ("P", 8), ("S", 7)]),
        after_care: if child.is_after_adoption() { "A" } else { dice.weigh(&[("N", 990), ("G", 5), ("R", 5)]) },
        service: dice.weigh(&[("N", 960), ("Y", 15), ("U", 15), ("R", 10)]),
        moved_school: false,
        left_area: false,
        absence: (if dice.chance(0.18) { 0.2 } else { 0.05 } * f64::from(dice.between(20, 160)) / 100.0, 0.3),
    };
    if !child.demo && schooling.enrolments.last().is_some_and(|last| last.leaving.is_none_or(|on| on > spring.on)) {
        move_about(world, child, &mut schooling, (autumn, spring), dice);
    }
    let secondary = crate::calendar::age(child.birth, spring.on) >= 11;
    if !child.demo && dice.chance(if secondary { 0.06 } else { 0.008 }) {
        schooling.exclusions = exclusions(child, &schooling.enrolments, (autumn, spring), dice);
    }
    if secondary && dice.chance(0.006) {
        schooling.elsewhere = Some(AlternativeProvision {
            entry: working(plus(autumn.since, dice.between(20, 80))),
            leaving: None,
            setting: dice.pick(&["NFE", "OOT", "OTH", "WBP"]),
            reason: dice.pick(&["BHS", "SUS", "EXR", "MHN", "OTH", "PHN"]),
            sessions_a_week: dice.between(2, 10),
        });
    }
    schooling
}

/// The number by which a child's own draws are made; an adopted child's second identity has its own.
pub(crate) fn number(child: &Child) -> u64 {
    u64::from(child.index) << 1 | u64::from(child.is_after_adoption())
}

fn enrolments(world: &World, child: &Child, special: bool, dice: &mut Dice) -> Vec<Enrolment> {
    let start = reception(child.birth);
    let home = u64::from(child.household) | u64::from(child.adoption.is_some()) << 40;
    let (primary, secondary) =
        if special { (Phase::Special, Phase::Special) } else { (Phase::Primary, Phase::Secondary) };
    let nursery = dice.chance(0.6);
    let first = world.school(primary, home);
    let next = world.school(secondary, home ^ 1 << 32);
    let stays_on = dice.chance(0.4);
    let left = |year| Some(date(year, 7, 19));
    let mut all = Vec::new();
    let entry = date(if nursery { start - 1 } else { start }, 9, 4);
    if first == next {
        let end = if stays_on { start + 14 } else { start + 12 };
        all.push(Enrolment { school: first, entry, leaving: left(end) });
    } else {
        all.push(Enrolment { school: first, entry, leaving: left(start + 7) });
        let end = if stays_on { start + 14 } else { start + 12 };
        all.push(Enrolment { school: next, entry: date(start + 7, 9, 4), leaving: left(end) });
    }
    // Only what an identity lived through, and what has begun by the reference date.
    let (from, until) = child.known;
    all.retain(|one| {
        one.entry <= world.settings.reference_date && one.leaving.is_none_or(|on| on >= from) && one.entry <= until
    });
    for one in &mut all {
        one.entry = one.entry.max(from);
        one.leaving = match one.leaving {
            Some(on) if on > until => Some(until),
            Some(on) if on >= world.settings.reference_date => None,
            other => other,
        };
    }
    all
}

/// Some change school between the two censuses, some in the summer before them, and some leave the area.
fn move_about(world: &World, child: &Child, schooling: &mut Schooling, terms: (Term, Term), dice: &mut Dice) {
    let (autumn, spring) = terms;
    let away = dice.chance(0.012);
    let between = dice.chance(0.03);
    let summer = dice.chance(0.015);
    let on =
        if away || between { plus(autumn.on, dice.between(8, 85)) } else { plus(autumn.since, dice.between(10, 100)) };
    let Some(last) = schooling.enrolments.last_mut() else { return };
    if !(away || between || summer) || last.entry >= plus(on, -30) || on >= spring.on {
        return;
    }
    let on = working(on);
    let until = last.leaving.replace(on);
    let phase = world.schools.get(last.school).map_or(Phase::Primary, |school| school.phase);
    let mut school = world.school(phase, u64::from(child.index) | 1 << 33);
    if school == last.school {
        school = world
            .schools
            .iter()
            .position(|other| other.phase == phase && other.estab != estab(world, school))
            .unwrap_or(school);
    }
    if away || school == last.school {
        schooling.left_area = true;
    } else {
        schooling.moved_school = true;
        schooling.enrolments.push(Enrolment { school, entry: working(plus(on, dice.between(1, 5))), leaving: until });
    }
}

fn estab(world: &World, school: usize) -> &str {
    world.schools.get(school).map_or("", |school| school.estab.as_str())
}

fn needs(sen: &str, dice: &mut Dice) -> Vec<&'static str> {
    const NEEDS: &[(&str, u32)] = &[
        ("SPLD", 15),
        ("MLD", 18),
        ("SLD", 3),
        ("PMLD", 1),
        ("SEMH", 25),
        ("SLCN", 28),
        ("HI", 2),
        ("VI", 1),
        ("MSI", 1),
        ("PD", 4),
        ("ASD", 20),
        ("DS", 1),
        ("OTH", 5),
    ];
    if sen == "N" {
        return Vec::new();
    }
    let first = dice.weigh(NEEDS);
    let second = dice.weigh(NEEDS);
    if second != first && dice.chance(0.3) { vec![first, second] } else { vec![first] }
}

fn meals(child: &Child, on: Date, dice: &mut Dice) -> Vec<(Date, Option<Date>)> {
    if !dice.chance(if child.known_to_care { 0.55 } else { 0.23 }) {
        return Vec::new();
    }
    let start = plus(on, -dice.between(120, 1500)).max(plus(child.birth, 1100)).max(child.known.0);
    if start >= plus(on, -60) {
        return Vec::new();
    }
    vec![(start, dice.chance(0.12).then(|| plus(start, dice.between(30, 59))))]
}

fn exclusions(child: &Child, enrolments: &[Enrolment], terms: (Term, Term), dice: &mut Dice) -> Vec<Exclusion> {
    const REASONS: &[&str] =
        &["PP", "PA", "VP", "VA", "OW", "BU", "RA", "LG", "DS", "SM", "DA", "DM", "TH", "DB", "DB", "DB", "MT"];
    let mut found = Vec::new();
    for _ in 0..1 + dice.times(0.6) {
        let term = if dice.chance(0.5) { terms.0 } else { terms.1 };
        let on = working(plus(term.since, dice.between(14, 90)));
        let enrolled = enrolments.iter().any(|one| one.entry < on && one.leaving.is_none_or(|left| left > on));
        if on >= term.on || !enrolled || on < child.known.0 {
            continue;
        }
        let permanent = dice.chance(0.015);
        let second = if dice.chance(0.25) { dice.pick(REASONS) } else { "" };
        let first = dice.pick(REASONS);
        found.push(Exclusion {
            on,
            sessions: if permanent { 0 } else { dice.between(1, 10) },
            category: if permanent { "PERM" } else { dice.weigh(&[("SUSP", 96), ("LNCH", 4)]) },
            reasons: [first, if second == first { "" } else { second }, ""],
        });
    }
    found.sort_by_key(|one| one.on);
    found.dedup_by_key(|one| one.on);
    found
}

/// How a term's sessions were spent: (attendance code, sessions), the sum of which is all that were possible.
pub(crate) fn sessions(schooling: &Schooling, possible: i32, dice: &mut Dice) -> Vec<(&'static str, i32)> {
    let missed = ((f64::from(possible) * schooling.absence.0) as i32).min(possible);
    let without_leave = (f64::from(missed) * schooling.absence.1) as i32;
    let late = dice.between(0, 4).min(possible - missed);
    let morning = (possible - missed - late) / 2;
    let afternoon = possible - missed - late - morning;
    let medical = dice.between(0, 4).min(missed - without_leave);
    let other = dice.pick(&["O", "U", "G", "N"]);
    let parts = [
        ("/", morning),
        ("\\", afternoon),
        ("L", late),
        ("I", missed - without_leave - medical),
        ("M", medical),
        (other, without_leave),
    ];
    parts.into_iter().filter(|(_, count)| *count > 0).collect()
}
