//! Health: births, immunisations, emergencies, admissions and appointments, as one hospital's feed would see them.

use jiff::Span;
use jiff::civil::{Date, DateTime};

use crate::calendar::{age, days_between, plus, working};
use crate::dice::{Dice, Part};
use crate::life_course::education::number;
use crate::population::{Child, World};

/// A vaccine: the feed's own code and words.
pub(crate) type Vaccine = (&'static str, &'static str);

/// The vaccines of one visit, each with the number of its dose.
pub(crate) type Doses = &'static [(Vaccine, u32)];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Kept,
    NotBrought,
    Cancelled,
    Moved,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Happening {
    /// The feed says who somebody is, for the first time or again.
    PersonAdded,
    PersonUpdated,
    Born {
        discharged: DateTime,
    },
    Vaccinated {
        vaccines: Doses,
        refused: bool,
    },
    Emergency {
        reason: &'static str,
        discharged: DateTime,
        discharge_cancelled: bool,
    },
    Admitted {
        service: &'static str,
        ward: &'static str,
        moved: Option<DateTime>,
        discharged: Option<DateTime>,
        reason: &'static str,
        cancelled: bool,
    },
    Appointment {
        service: &'static str,
        starts: DateTime,
        outcome: Outcome,
    },
    /// Seen under a number made in a hurry, which was later put right; the putting right may come first.
    SeenUnderOldNumber {
        number: String,
        put_right: DateTime,
    },
}

pub(crate) struct Event {
    pub(crate) at: DateTime,
    pub(crate) what: Happening,
}

const EIGHT_WEEKS: Doses = &[(("6IN1", "Six in one"), 1), (("ROTA", "Rotavirus"), 1), (("MENB", "Meningitis B"), 1)];
const TWELVE_WEEKS: Doses = &[(("6IN1", "Six in one"), 2), (("ROTA", "Rotavirus"), 2), (("PCV", "Pneumococcal"), 1)];
const SIXTEEN_WEEKS: Doses = &[(("6IN1", "Six in one"), 3), (("MENB", "Meningitis B"), 2)];
const ONE_YEAR: Doses = &[
    (("HIBMENC", "Hib and meningitis C"), 1),
    (("PCV", "Pneumococcal"), 2),
    (("MMR", "Measles, mumps and rubella"), 1),
    (("MENB", "Meningitis B"), 3),
];
const PRE_SCHOOL: Doses =
    &[(("4IN1", "Four in one pre-school booster"), 1), (("MMR", "Measles, mumps and rubella"), 2)];
const HPV: Doses = &[(("HPV", "Human papillomavirus"), 1)];
const TEENAGE: Doses = &[(("3IN1", "Three in one teenage booster"), 1), (("MENACWY", "Meningitis ACWY"), 1)];
const FLU: Doses = &[(("LAIV", "Influenza, nasal"), 1)];

/// (vaccines, the age at which they are due in days, the spread of days after).
const SCHEDULE: &[(Doses, i32, i32)] = &[
    (EIGHT_WEEKS, 56, 12),
    (TWELVE_WEEKS, 84, 14),
    (SIXTEEN_WEEKS, 112, 18),
    (ONE_YEAR, 366, 40),
    (PRE_SCHOOL, 1220, 90),
    (HPV, 4600, 200),
    (TEENAGE, 5100, 200),
];

const REASONS: &[&str] = &[
    "Fall from height",
    "Head injury",
    "Wheeze",
    "Fever",
    "Limb injury",
    "Abdominal pain",
    "Rash",
    "Ingestion",
    "Laceration",
    "Vomiting",
];

/// Days for which the feed has run by the reference date.
pub(crate) const FEED_DAYS: i32 = 1095;

/// Everything the feed says of a child, in the order in which it happened.
pub(crate) fn events(world: &World, child: &Child) -> Vec<Event> {
    let mut dice = Dice::new(world.settings.seed, Part::Health, number(child));
    let dice = &mut dice;
    let today = world.settings.reference_date;
    let opened = plus(today, -FEED_DAYS);
    let from = opened.max(child.known.0).max(child.birth);
    let until = plus(today, -1).min(child.known.1);
    if from > until {
        return Vec::new();
    }
    let mut events = Vec::new();
    if child.birth >= opened && !child.is_after_adoption() {
        let born = at(child.birth, dice);
        events.push(Event { at: born, what: Happening::Born { discharged: hours_after(born, dice.between(8, 70)) } });
    } else {
        events.push(Event {
            at: at(if from == opened { plus(from, dice.between(0, 20)) } else { from }, dice),
            what: Happening::PersonAdded,
        });
    }
    let begun = plus(from, 3);
    vaccinations(child, (begun, until), dice, &mut events);
    let years = f64::from(days_between(begun, until).max(0)) / 365.0 * world.settings.density;
    let small = if age(child.birth, today) < 5 { 1.7 } else { 1.0 };
    let care = if child.known_to_care { 1.6 } else { 1.0 };
    let (emergencies, admissions, appointments) = if child.demo {
        (2, 1, 0)
    } else {
        (dice.times(0.36 * small * care * years), dice.times(0.05 * small * years), dice.times(0.42 * care * years))
    };
    for _ in 0..emergencies {
        let arrived = between(begun, until, dice);
        let discharged = hours_after(arrived, dice.between(1, 6));
        let what =
            Happening::Emergency { reason: dice.pick(REASONS), discharged, discharge_cancelled: dice.chance(0.02) };
        events.push(Event { at: arrived, what });
    }
    for _ in 0..admissions {
        events.push(admission(between(begun, until, dice), dice));
    }
    for _ in 0..appointments {
        events.extend(appointment(child, between(begun, until, dice), dice));
    }
    if child.demo {
        for (service, days, outcome) in
            [("711", 60, Outcome::Kept), ("711", 25, Outcome::NotBrought), ("420", 40, Outcome::Kept)]
        {
            let starts = working(plus(today, -days)).at(10, 30, 0, 0);
            let booked = plus(today, -days - 30).at(15, 5, 0, 0);
            events.push(Event { at: booked, what: Happening::Appointment { service, starts, outcome } });
        }
    }
    for _ in 0..dice.times(0.25 * years) {
        events.push(Event { at: between(begun, until, dice), what: Happening::PersonUpdated });
    }
    if let Some((_, on)) = &child.moved
        && *on > begun
        && *on <= until
    {
        events.push(Event { at: at(plus(*on, dice.between(0, 20)).min(until), dice), what: Happening::PersonUpdated });
    }
    if !child.demo && dice.chance(0.012) {
        let seen = between(begun, until, dice);
        let number = format!("{}", 9_000_000 + child.index);
        // One in four is put right in the feed before the visit that it concerns gets there.
        let put_right = hours_after(seen, if dice.chance(0.25) { -1 } else { dice.between(20, 400) });
        events.push(Event { at: seen, what: Happening::SeenUnderOldNumber { number, put_right } });
    }
    events.retain(|event| event.at.date() <= until);
    events.sort_by_key(|event| event.at);
    events
}

fn vaccinations(child: &Child, window: (Date, Date), dice: &mut Dice, events: &mut Vec<Event>) {
    let (from, until) = window;
    let refuses = dice.chance(0.03);
    let mut give = |vaccines, on: Date, uptake: f64, dice: &mut Dice| {
        if on >= from && on <= until && dice.chance(uptake) {
            let refused = refuses || dice.chance(0.01);
            events.push(Event { at: at(working(on), dice), what: Happening::Vaccinated { vaccines, refused } });
        }
    };
    for (vaccines, due, late) in SCHEDULE {
        let on = plus(child.birth, due + dice.between(0, *late));
        give(*vaccines, on, 0.92, dice);
    }
    for year in from.year()..=until.year() {
        let day = plus(jiff::civil::date(year, 10, 6), dice.between(0, 60));
        if (2..=15).contains(&age(child.birth, day)) {
            give(FLU, day, 0.55, dice);
        }
    }
}

fn admission(admitted: DateTime, dice: &mut Dice) -> Event {
    let service = dice.weigh(&[("420", 60), ("110", 15), ("100", 10), ("120", 15)]);
    let stay = dice.between(10, 120);
    let moved = dice.chance(0.3).then(|| hours_after(admitted, stay / 3));
    let cancelled = dice.chance(0.02);
    let discharged = (!cancelled).then(|| hours_after(admitted, stay));
    let ward = dice.pick(&["WREN", "OTTER", "HEDGEHOG"]);
    let what = Happening::Admitted {
        service,
        ward,
        moved: moved.filter(|_| !cancelled),
        discharged,
        reason: dice.pick(REASONS),
        cancelled,
    };
    Event { at: admitted, what }
}

fn appointment(child: &Child, booked: DateTime, dice: &mut Dice) -> Option<Event> {
    // NHS main specialty and treatment function codes.
    const SERVICES: &[(&str, u32)] = &[
        ("420", 34),
        ("290", 16),
        ("120", 12),
        ("130", 10),
        ("110", 9),
        ("330", 6),
        ("711", 7),
        ("840", 6),
        ("650", 6),
        ("652", 8),
        ("360", 1),
    ];
    let service = dice.weigh(SERVICES);
    let teenager = age(child.birth, booked.date()) >= 13;
    let service = if service == "360" && !teenager { "420" } else { service };
    let starts = working(plus(booked.date(), dice.between(7, 70))).at(
        dice.between(9, 16) as i8,
        dice.pick(&[0, 15, 30, 45]),
        0,
        0,
    );
    let outcome = dice.weigh(&[(0, 74), (1, 10), (2, 8), (3, 8)]);
    let outcome = match outcome {
        1 => Outcome::NotBrought,
        2 => Outcome::Cancelled,
        3 => Outcome::Moved,
        _ => Outcome::Kept,
    };
    Some(Event { at: booked, what: Happening::Appointment { service, starts, outcome } })
}

fn at(day: Date, dice: &mut Dice) -> DateTime {
    day.at(dice.between(8, 20) as i8, dice.between(0, 59) as i8, dice.between(0, 59) as i8, 0)
}

fn between(from: Date, until: Date, dice: &mut Dice) -> DateTime {
    let day = plus(from, dice.between(0, days_between(from, until).max(0)));
    at(day, dice)
}

/// So many hours later, or earlier.
pub(crate) fn hours_after(at: DateTime, hours: i32) -> DateTime {
    at.saturating_add(Span::new().hours(hours))
}
