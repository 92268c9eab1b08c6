//! What a child has of the services around school, social care and hospital: early help, therapies, the services of disabled
//! children, and what other departments and the police know.
//!
//! All of it follows from the same life: who is disabled has short breaks, who is in early help has a lead, the police notify where
//! an assessment found violence at home. The two identities of an adopted child have none of it, so that it cannot join them.

use jiff::civil::Date;

use crate::calendar::{age, plus, working};
use crate::dice::{Dice, Part, spread};
use crate::dirt::{System, describe};
use crate::life_course::education::{Schooling, Term, number};
use crate::life_course::social_care::Involvement;
use crate::population::{Child, World};

/// From a day, to a day where it is over.
pub(crate) type Span = (Date, Option<Date>);

/// An early help episode: the steps of it, its lead and team, and the support that came of it.
pub(crate) struct EarlyHelp {
    pub(crate) contact: Date,
    pub(crate) decided: Date,
    pub(crate) outcome: &'static str,
    /// Start and end of the assessment, the plan, and its closure with the reason: of an outcome of early help alone.
    pub(crate) assessed: Option<Span>,
    pub(crate) plan: Option<Date>,
    pub(crate) closed: Option<(Date, &'static str)>,
    pub(crate) level: &'static str,
    /// A commissioned programme's visits begin with the plan.
    pub(crate) family_support: bool,
}

/// A referral to a service, and what became of it.
pub(crate) struct Referral {
    pub(crate) service: &'static str,
    pub(crate) on: Date,
    pub(crate) rejected: Option<Date>,
    /// The list that it waited on, and the first treatment.
    pub(crate) listed: Date,
    pub(crate) seen: Option<Date>,
    pub(crate) ended: Option<Date>,
}

/// An education, health and care assessment in the council's own system.
pub(crate) struct Ehc {
    pub(crate) requested: Date,
    pub(crate) decided: Option<Date>,
    pub(crate) agreed: bool,
    pub(crate) withdrawn: Option<Date>,
    pub(crate) issued: Option<Date>,
}

pub(crate) struct Housing {
    pub(crate) duty: &'static str,
    pub(crate) decided: Date,
    pub(crate) ended: Option<Date>,
    pub(crate) accommodation: Option<(&'static str, Span)>,
}

/// All of it; most children have none.
#[derive(Default)]
pub(crate) struct Services {
    pub(crate) early_help: Option<EarlyHelp>,
    pub(crate) therapy: Option<Referral>,
    pub(crate) camhs: Option<Referral>,
    pub(crate) portage: Option<Referral>,
    pub(crate) ehc: Option<Ehc>,
    /// Nights or sittings, each a booking.
    pub(crate) short_breaks: Vec<(Date, bool)>,
    pub(crate) equipment: Option<(Date, Date, &'static str, Option<Date>)>,
    pub(crate) budget: Option<(Date, i32)>,
    pub(crate) participation: Vec<(&'static str, Span)>,
    pub(crate) offence: Option<(&'static str, Span)>,
    pub(crate) housing: Option<Housing>,
    pub(crate) police: Option<(Date, &'static str)>,
    pub(crate) carer: Option<(Date, bool)>,
}

/// The services of a child, by what is true of them elsewhere.
pub(crate) fn services(world: &World, child: &Child, schooling: &Schooling, care: Option<&Involvement>) -> Services {
    let today = world.settings.reference_date;
    if child.adoption.is_some() || child.birth >= plus(today, -60) {
        return Services::default();
    }
    let dice = &mut Dice::new(world.settings.seed, Part::Services, number(child));
    // What befalls a whole family is drawn once for it.
    let family = &mut Dice::new(world.settings.seed, Part::Services, u64::from(child.household) | 1 << 41);
    let years = age(child.birth, today);
    let disabled = schooling.sen == "E" || care.is_some_and(|care| care.disabilities != ["NONE"]);
    let recent = |low: i32, high: i32, dice: &mut Dice| {
        working(plus(today, -dice.between(low, high)).max(plus(child.birth, 30)))
    };
    let mut all = Services { early_help: early_help(child, care, today, family), ..Services::default() };
    if child.demo || schooling.needs.contains(&"SLCN") || dice.chance(if years < 6 { 0.08 } else { 0.02 }) {
        let on = recent(60, 420, dice);
        all.therapy = Some(referral(
            if child.demo { "SLT" } else { dice.weigh(&[("SLT", 6), ("OT", 3), ("Physio", 1)]) },
            on,
            dice,
        ));
    }
    if child.demo || years >= 8 && dice.chance(if schooling.needs.contains(&"SEMH") { 0.4 } else { 0.04 }) {
        let on = if child.demo { plus(today, -120) } else { recent(30, 500, dice) };
        all.camhs = Some(referral("CAMHS", on, dice));
    }
    if years < 5 && (disabled && dice.chance(0.6) || dice.chance(0.03)) {
        let on = recent(80, 500, dice);
        all.portage = Some(referral("portage", on, dice));
    }
    all.ehc = ehc(world, child, schooling, dice);
    if disabled {
        if dice.chance(0.5) {
            let first = recent(20, 90, dice);
            let overnight = dice.chance(0.5);
            all.short_breaks = (0..dice.between(1, 5)).map(|at| (plus(first, at * 14), overnight)).collect();
        }
        if dice.chance(0.4) {
            let asked = recent(30, 300, dice);
            let decided = working(plus(asked, 13));
            let outcome = dice.weigh(&[("Agreed", 6), ("Part agreed", 1), ("Refused", 2), ("Deferred", 1)]);
            all.equipment =
                Some((asked, decided, outcome, outcome.contains("greed").then(|| working(plus(decided, 30)))));
        }
        if dice.chance(0.4) {
            all.budget = Some((recent(10, 500, dice), dice.between(20, 180) * 100));
        }
    }
    if (16..=18).contains(&years) {
        all.participation = participation(today, dice);
    }
    if years >= 12 && dice.chance(if child.known_to_care { 0.12 } else { 0.015 }) {
        let on = recent(10, 400, dice);
        let disposal = dice.pick(&["YC", "YCC", "RO", "YRO", "CR"]);
        all.offence = Some((disposal, (on, (disposal != "YC").then(|| plus(on, 182)))));
    }
    all.housing = housing(child, today, family);
    let violence = care.is_some_and(|care| {
        care.referrals
            .iter()
            .filter_map(|one| one.assessment.as_ref())
            .any(|one| one.factors.iter().any(|factor| factor.starts_with('3')))
    });
    if child.demo || family.chance(if violence { 0.7 } else { 0.006 }) {
        let on = plus(today, -family.between(8, 300)).max(plus(child.birth, 1));
        all.police = Some((on, family.weigh(&[("S", 6), ("M", 3), ("H", 1)])));
    }
    if years >= 5 && (schooling.young_carer != "N" || dice.chance(0.01)) {
        all.carer = Some((recent(60, 400, dice), dice.chance(0.7)));
    }
    all
}

fn early_help(child: &Child, care: Option<&Involvement>, today: Date, dice: &mut Dice) -> Option<EarlyHelp> {
    let stepped_up = care.and_then(|care| care.referrals.first()).map(|first| first.on);
    let comes = dice.chance(if stepped_up.is_some() { 0.5 } else { 0.05 }) || child.demo;
    let contact = match stepped_up {
        Some(on) => plus(on, -dice.between(120, 200)),
        None => plus(today, -dice.between(40, 500)),
    };
    let contact = working(contact);
    if !comes || contact <= child.birth {
        return None;
    }
    let decided = working(plus(contact, dice.between(1, 4)));
    let outcome =
        if stepped_up.is_some() { "Early help" } else { dice.weigh(&[("Early help", 7), ("Advice", 2), ("NFA", 1)]) };
    let helped = outcome == "Early help";
    let start = working(plus(decided, 5));
    let plan = working(plus(start, dice.between(25, 40)));
    let closed = match stepped_up {
        Some(on) => Some((on, "Stepped up to social care")),
        None => dice.chance(0.6).then(|| (working(plus(plan, dice.between(60, 150))), "Outcomes met")),
    };
    Some(EarlyHelp {
        contact,
        decided,
        outcome,
        assessed: helped.then(|| (start, Some(plus(plan, -1)))),
        plan: helped.then_some(plan),
        closed: closed.filter(|_| helped),
        level: dice.pick(&["2", "3", "4"]),
        family_support: helped && (child.demo || dice.chance(0.6)),
    })
}

fn referral(service: &'static str, on: Date, dice: &mut Dice) -> Referral {
    let rejected = dice.chance(0.12).then(|| working(plus(on, dice.between(5, 12))));
    let listed = working(plus(on, 2));
    let seen = (rejected.is_none() && dice.chance(0.65)).then(|| working(plus(on, dice.between(30, 140))));
    let ended = seen.filter(|_| dice.chance(0.5)).map(|on| working(plus(on, dice.between(30, 120))));
    Referral { service, on, rejected, listed, seen, ended }
}

/// The days of the request and the plan of a child who has one, as the return of the spring also tells them.
pub(crate) struct PlanDays {
    pub(crate) received: Date,
    pub(crate) decided: Date,
    pub(crate) late: bool,
    pub(crate) issued: Date,
}

/// Draws the days of a plan from a stream that stands where the SEN2 return begins.
pub(crate) fn plan_days(child: &Child, spring: Term, dice: &mut Dice) -> PlanDays {
    let received = working(plus(spring.on, -dice.between(240, 900)).max(plus(child.birth, 700)).max(child.known.0));
    let decided = working(plus(received, dice.between(20, 42)));
    // Most plans are in time; of the others some have an exception.
    let late = dice.chance(0.35);
    let issued = working(plus(received, if late { dice.between(150, 220) } else { dice.between(100, 139) }));
    PlanDays { received, decided, late, issued }
}

fn ehc(world: &World, child: &Child, schooling: &Schooling, dice: &mut Dice) -> Option<Ehc> {
    let [_, spring] = Term::pair(world.year_end.year());
    let today = world.settings.reference_date;
    if schooling.sen == "E" && spring.on <= child.known.1 && child.birth < plus(spring.on, -1000) {
        // The stream of the return, so that the two tell of one plan.
        let mut same = Dice::new(world.settings.seed, Part::Education, number(child) | 1 << 42);
        describe(world, child, System::Education, &mut same, &mut Vec::new());
        let days = plan_days(child, spring, &mut same);
        return (days.issued < spring.on).then_some(Ehc {
            requested: days.received,
            decided: Some(days.decided),
            agreed: true,
            withdrawn: None,
            issued: Some(days.issued),
        });
    }
    if schooling.sen != "K" || !dice.chance(0.12) {
        return None;
    }
    let requested = working(plus(today, -dice.between(10, 200)));
    let withdrawn = dice.chance(0.1).then(|| working(plus(requested, 20)));
    let decided = Some(working(plus(requested, dice.between(25, 42)))).filter(|_| withdrawn.is_none());
    let agreed = dice.chance(0.7);
    let issued = decided.filter(|_| agreed).map(|_| working(plus(requested, dice.between(110, 139))));
    Some(Ehc { requested, decided, agreed, withdrawn, issued })
}

fn participation(today: Date, dice: &mut Dice) -> Vec<(&'static str, Span)> {
    let september = jiff::civil::date(if today.month() >= 9 { today.year() } else { today.year() - 1 }, 9, 5);
    let first = dice.weigh(&[("210", 70), ("310", 15), ("330", 10), ("610", 5)]);
    if first == "210" && dice.chance(0.15) {
        let left = plus(september, dice.between(10, 40));
        return vec![(first, (september, Some(left))), ("610", (plus(left, 1), None))];
    }
    vec![(first, (september, None))]
}

fn housing(child: &Child, today: Date, dice: &mut Dice) -> Option<Housing> {
    if child.demo || !dice.chance(0.03) {
        return None;
    }
    let decided = working(plus(today, -dice.between(20, 400)));
    let duty = dice.pick(&["Prevention", "Relief", "Main"]);
    let ended = dice.chance(0.4).then(|| plus(decided, dice.between(30, 120)));
    let placed = (duty != "Prevention").then(|| (dice.pick(&["B&B", "Hostel", "PSL"]), (decided, ended)));
    (decided > child.birth).then_some(Housing { duty, decided, ended, accommodation: placed })
}

/// A figure between 0 and `below`, the same for the same child and purpose.
pub(crate) fn figure(child: &Child, purpose: u64, below: u64) -> u64 {
    spread(number(child) ^ purpose << 40) % below.max(1)
}
