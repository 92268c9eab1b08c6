//! Social care: referrals and what follows from them, in the order and within the limits that the law sets.

use jiff::civil::Date;

use crate::calendar::{age, plus, plus_working, working};
use crate::dice::{Dice, Part};
use crate::life_course::education::number;
use crate::population::{Child, Side, World};

pub(crate) struct Assessment {
    pub(crate) start: Date,
    /// At most 45 working days after the start.
    pub(crate) authorised: Date,
    pub(crate) factors: Vec<&'static str>,
}

pub(crate) struct Enquiry {
    pub(crate) start: Date,
    /// 15 working days after the start.
    pub(crate) target: Date,
    /// None where no conference was required.
    pub(crate) conference: Option<Date>,
    /// Still open when the last return was made.
    pub(crate) open: bool,
}

pub(crate) struct Protection {
    pub(crate) start: Date,
    pub(crate) end: Date,
    pub(crate) initial: &'static str,
    pub(crate) latest: &'static str,
    pub(crate) previous: i32,
    pub(crate) reviews: Vec<Date>,
}

/// One referral and the episode that it opened.
pub(crate) struct Referral {
    pub(crate) on: Date,
    pub(crate) source: &'static str,
    pub(crate) need: &'static str,
    pub(crate) no_further_action: bool,
    pub(crate) assessment: Option<Assessment>,
    pub(crate) enquiry: Option<Enquiry>,
    pub(crate) plan: Option<(Date, Date)>,
    pub(crate) protection: Option<Protection>,
    /// When it closed, and why; none while it is open.
    pub(crate) closed: Option<(Date, &'static str)>,
}

pub(crate) struct Involvement {
    pub(crate) referrals: Vec<Referral>,
    pub(crate) disabilities: Vec<&'static str>,
    /// What a live case system says of section 47 today: since when one has been open.
    pub(crate) enquiry_open_since: Option<Date>,
}

const FACTORS: &[&str] = &[
    "1B", "2A", "2B", "3A", "3B", "3B", "3C", "4A", "4B", "4B", "4C", "5A", "6A", "7A", "10A", "11A", "13A", "14A",
    "15A", "16A", "16A", "17A", "17A", "18B", "18C", "19B", "19C", "20", "24A",
];
const SOURCES: &[(&str, u32)] = &[
    ("1A", 8),
    ("1B", 2),
    ("1C", 2),
    ("1D", 3),
    ("2A", 20),
    ("2B", 3),
    ("3A", 6),
    ("3B", 4),
    ("3C", 2),
    ("3E", 5),
    ("3F", 5),
    ("4", 3),
    ("5A", 1),
    ("5B", 8),
    ("5C", 3),
    ("5D", 4),
    ("6", 28),
    ("7", 2),
    ("8", 5),
    ("9", 3),
    ("10", 1),
];
const NEEDS: &[(&str, u32)] =
    &[("N1", 55), ("N2", 9), ("N3", 4), ("N4", 9), ("N5", 14), ("N6", 4), ("N7", 1), ("N8", 3), ("N9", 1)];

/// A child's years with social care; none for most children.
pub(crate) fn involvement(world: &World, child: &Child) -> Option<Involvement> {
    if !child.known_to_care {
        return None;
    }
    let mut dice = Dice::new(world.settings.seed, Part::SocialCare, number(child));
    let dice = &mut dice;
    let year_end = world.year_end;
    let earliest = if child.unborn { plus(child.birth, -110) } else { plus(child.birth, 10) };
    let mut on = plus(year_end, -dice.between(12, 930));
    if child.unborn {
        on = earliest.min(plus(year_end, -3));
    } else if child.adoption.is_some() {
        on = plus(child.birth, dice.between(15, 60));
    } else if child.demo {
        on = plus(year_end, -25);
    }
    let mut on = working(on.max(if child.unborn { on } else { earliest }));
    let mut referrals = Vec::new();
    while on <= plus(year_end, -2) && referrals.len() < 3 {
        let enquiry = child.enquiry && referrals.iter().all(|one: &Referral| one.enquiry.is_none());
        let referral = episode(child, on, (enquiry, referrals.is_empty()), year_end, dice);
        let next = match (referral.no_further_action, referral.closed) {
            (true, _) => Some(plus(on, dice.between(40, 300))),
            (false, closed) => closed.map(|(closed, _)| plus(closed, dice.between(30, 300))),
        };
        referrals.push(referral);
        match next {
            Some(next) if dice.chance(0.35) && child.adoption.is_none() => on = working(next),
            _ => break,
        }
    }
    if referrals.is_empty() {
        return None;
    }
    let under_review = child.adoption.is_none() && !child.unborn;
    let open_now = child.demo || under_review && child.enquiry && dice.chance(0.3);
    let since = plus(world.settings.reference_date, if child.demo { -9 } else { -dice.between(2, 40) });
    Some(Involvement {
        referrals,
        disabilities: disabilities(dice),
        enquiry_open_since: open_now.then(|| working(since).max(child.birth)),
    })
}

fn disabilities(dice: &mut Dice) -> Vec<&'static str> {
    const CODES: &[&str] = &["MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS", "BEH", "CON", "AUT", "DDA"];
    if !dice.chance(0.13) {
        return vec!["NONE"];
    }
    let mut codes = vec![dice.pick(CODES)];
    if dice.chance(0.5) {
        codes.push(dice.pick(CODES));
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn episode(child: &Child, on: Date, of: (bool, bool), year_end: Date, dice: &mut Dice) -> Referral {
    let (with_enquiry, first) = of;
    let adopted = child.adoption.as_ref().is_some_and(|(side, _)| *side == Side::Before);
    let mut referral = Referral {
        on,
        source: if child.demo { "2A" } else { dice.weigh(SOURCES) },
        need: if child.demo { "N1" } else { dice.weigh(NEEDS) },
        no_further_action: !with_enquiry && !child.unborn && !adopted && dice.chance(0.2),
        assessment: None,
        enquiry: None,
        plan: None,
        protection: None,
        closed: None,
    };
    if referral.source.starts_with('2') && age(child.birth, on) < 4 {
        // No school knows a child so young; their health visitor does.
        referral.source = "3B";
    }
    if referral.no_further_action {
        referral.need = if dice.chance(0.5) { "N0" } else { referral.need };
        return referral;
    }
    let start = plus_working(on, dice.between(0, 3));
    let authorised = plus_working(start, if child.demo { 8 } else { dice.between(10, 45) });
    referral.assessment = Some(Assessment { start, authorised, factors: factors(child, dice) });
    if with_enquiry {
        let from = if child.demo { authorised } else { start };
        enquire(child, &mut referral, (from, year_end), dice);
    }
    let settled =
        referral.enquiry.as_ref().and_then(|enquiry| enquiry.conference).unwrap_or(authorised).max(authorised);
    if let Some(protection) = &referral.protection {
        let stepped_down = plus(protection.end, 1);
        referral.plan = Some((stepped_down, plus(stepped_down, dice.between(60, 180))));
    } else if with_enquiry || child.unborn || adopted || dice.chance(0.45) {
        let from = plus_working(settled, dice.between(1, 5));
        referral.plan = Some((from, plus(from, dice.between(60, 420))));
    }
    let last = referral.plan.map_or(settled, |(_, end)| end);
    let closed = plus_working(last, dice.between(1, 10));
    referral.closed = match referral.plan {
        None => Some((closed, dice.weigh(&[("RC8", 70), ("RC9", 30)]))),
        Some(_) => Some((closed, dice.weigh(&[("RC7", 80), ("RC5", 8), ("RC3", 5), ("RC4", 4), ("RC6", 3)]))),
    };
    if adopted {
        // The adoption ends whatever is open.
        let end = child.known.1;
        referral.protection = None;
        referral.enquiry = None;
        referral.plan = referral.plan.map(|(from, _)| (from, end)).filter(|(from, end)| from < end);
        referral.closed = Some((end, "RC1"));
    }
    if child.demo || !adopted && first && dice.chance(0.06) {
        // Still open: nothing after what has begun.
        referral.closed = None;
        if let Some(protection) = &mut referral.protection {
            protection.end = Date::MAX;
            referral.plan = None;
        } else if let Some((from, _)) = referral.plan {
            referral.plan = Some((from, Date::MAX));
        }
    }
    referral
}

fn factors(child: &Child, dice: &mut Dice) -> Vec<&'static str> {
    if child.demo {
        return vec!["3B", "4B", "17A"];
    }
    if dice.chance(0.1) {
        return vec!["21"];
    }
    let mut factors: Vec<_> = (0..dice.between(1, 5)).map(|_| dice.pick(FACTORS)).collect();
    factors.sort_unstable();
    factors.dedup();
    factors
}

fn enquire(child: &Child, referral: &mut Referral, at: (Date, Date), dice: &mut Dice) {
    let (assessed, year_end) = at;
    let start = if child.demo { assessed } else { plus_working(assessed, dice.between(0, 15)) };
    let open = child.demo;
    let held = open || child.unborn || dice.chance(0.6);
    let conference = held.then(|| plus_working(start, if child.demo { 15 } else { dice.between(8, 15) }));
    referral.enquiry = Some(Enquiry { start, target: plus_working(start, 15), conference, open });
    let Some(conference) = conference.filter(|_| child.demo || dice.chance(0.85)) else { return };
    let end = plus(conference, dice.between(95, 640));
    let mut reviews = Vec::new();
    let mut review = working(plus(conference, dice.between(75, 88)));
    while review < end && review <= plus(year_end, 400) {
        reviews.push(review);
        review = working(plus(review, dice.between(150, 180)));
    }
    let initial = dice.weigh(&[("NEG", 48), ("EMO", 36), ("PHY", 9), ("SAB", 5), ("MUL", 2)]);
    let latest = if dice.chance(0.1) { "EMO" } else { initial };
    let previous = dice.weigh(&[(0, 75), (1, 20), (2, 5)]);
    referral.protection = Some(Protection { start: conference, end, initial, latest, previous, reviews });
}
