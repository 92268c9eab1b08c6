//! Care: periods of being looked after, by the grammar of episodes.

use jiff::civil::Date;

use crate::calendar::{plus, working};
use crate::dice::{Dice, Part};
use crate::life_course::education::number;
use crate::life_course::social_care::Involvement;
use crate::population::{Child, Side, World};

/// A stretch of time in one placement under one legal status.
pub(crate) struct Episode {
    pub(crate) from: Date,
    /// Why it began: S, L, P.
    pub(crate) began: &'static str,
    pub(crate) legal: &'static str,
    pub(crate) place: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) postcode: String,
    pub(crate) urn: String,
    /// Its last day, why it ended, and why the placement did.
    pub(crate) ended: Option<(Date, &'static str, &'static str)>,
}

/// A child's years in care.
pub(crate) struct Care {
    pub(crate) need: &'static str,
    pub(crate) episodes: Vec<Episode>,
    pub(crate) reviews: Vec<Date>,
    /// Away without leave or missing: M or A, from, to.
    pub(crate) missing: Vec<(&'static str, Date, Date)>,
    /// The decision that the child should be adopted, and the match, where there was one.
    pub(crate) adoption: Option<(Date, Date)>,
}

impl Care {
    pub(crate) fn started(&self) -> Option<Date> {
        self.episodes.first().map(|episode| episode.from)
    }

    /// The last day and why, where it is over.
    pub(crate) fn ended(&self) -> Option<(Date, &'static str)> {
        self.episodes.last().and_then(|episode| episode.ended).map(|(on, why, _)| (on, why))
    }

    pub(crate) fn on(&self, day: Date) -> Option<&Episode> {
        self.episodes.iter().rev().find(|episode| episode.from <= day && episode.ended.is_none_or(|(to, ..)| day < to))
    }
}

/// A child's care, of the few who come into it.
pub(crate) fn care(world: &World, child: &Child, involvement: &Involvement) -> Option<Care> {
    let mut dice = Dice::new(world.settings.seed, Part::Care, number(child));
    let dice = &mut dice;
    let adopted = matches!(child.adoption, Some((Side::Before, _)));
    let protected = involvement.referrals.iter().any(|referral| referral.protection.is_some());
    let likely = if child.demo || child.unborn {
        0.0
    } else if adopted {
        1.0
    } else if protected {
        0.25
    } else {
        0.05
    };
    if !dice.chance(likely) {
        return None;
    }
    let referral = involvement.referrals.iter().find(|referral| !referral.no_further_action)?;
    let horizon = world.settings.reference_date;
    let until = if adopted { child.known.1 } else { horizon };
    let mut on = working(plus(referral.on, dice.between(5, 40)).max(plus(child.birth, 3)));
    if plus(on, 30) >= until {
        return None;
    }
    let mut episodes = vec![Episode {
        from: on,
        began: "S",
        legal: if adopted || dice.chance(0.5) { "C1" } else { "V2" },
        place: "U6",
        provider: if dice.chance(0.6) { "PR1" } else { "PR4" },
        postcode: postcode(dice),
        urn: format!("1{:06}", dice.between(0, 999_999)),
        ended: None,
    }];
    let steps = if adopted { 2 } else { dice.between(0, 3) };
    for step in 0..steps {
        on = working(plus(on, if adopted { 40 } else { dice.between(30, 260) }));
        if plus(on, 20) >= until {
            break;
        }
        next(&mut episodes, on, (adopted, step), dice);
    }
    let decided = adopted.then(|| (plus(on, -30), plus(on, -10))).filter(|_| episodes.len() > 2);
    close(&mut episodes, (adopted, until), dice);
    let first = episodes.first()?.from;
    let last = episodes.last().and_then(|episode| episode.ended).map_or(horizon, |(on, ..)| on);
    let mut reviews = Vec::new();
    let mut review = working(plus(first, 19));
    while review < last {
        reviews.push(review);
        review = working(plus(review, if reviews.len() == 1 { 80 } else { 175 }));
    }
    let mut missing = Vec::new();
    if crate::calendar::age(child.birth, first) >= 12 && dice.chance(0.3) {
        let away = plus(first, dice.between(10, 60));
        let back = plus(away, dice.between(1, 4));
        if back < last {
            missing.push((if dice.chance(0.7) { "M" } else { "A" }, away, back));
        }
    }
    let need = if referral.need == "N0" || referral.need == "N9" { "N1" } else { referral.need };
    Some(Care { need, episodes, reviews, missing, adoption: decided })
}

/// A change of legal status or a move, on a day.
fn next(episodes: &mut Vec<Episode>, on: Date, (adopted, step): (bool, i32), dice: &mut Dice) {
    let Some(before) = episodes.last_mut() else { return };
    let is_legal = if adopted { step == 0 } else { before.legal != "C2" && dice.chance(0.4) };
    let (place, provider) = (before.place, before.provider);
    let same = (before.legal, before.postcode.clone(), before.urn.clone());
    before.ended = Some((on, "X1", if is_legal { "" } else { "CARPL" }));
    episodes.push(if is_legal {
        let legal = match (adopted, same.0) {
            (true, _) => "E1",
            (false, "V2") => "C1",
            _ => "C2",
        };
        Episode { from: on, began: "L", legal, place, provider, postcode: same.1, urn: same.2, ended: None }
    } else {
        let (place, provider) = match adopted {
            true => ("A6", "PR1"),
            false => dice.weigh(&[(("U4", "PR1"), 50), (("K2", "PR4"), 25), (("U1", "PR1"), 25)]),
        };
        let urn = format!("2{:06}", dice.between(0, 999_999));
        Episode { from: on, began: "P", legal: same.0, place, provider, postcode: postcode(dice), urn, ended: None }
    });
}

fn close(episodes: &mut [Episode], (adopted, until): (bool, Date), dice: &mut Dice) {
    let Some(last) = episodes.last_mut() else { return };
    if adopted && last.place == "A6" {
        last.ended = Some((until, "E11", ""));
    } else if adopted || dice.chance(0.35) {
        let on = plus(last.from, dice.between(15, 300));
        let on = if adopted { until } else { on };
        if on < until || adopted {
            last.ended = Some((on, dice.weigh(&[("E4A", 60), ("E45", 15), ("E41", 15), ("E8", 10)]), ""));
        }
    }
}

/// Of no area that there is.
fn postcode(dice: &mut Dice) -> String {
    format!("ZZ{} {}{}{}", dice.between(1, 99), dice.between(1, 9), "A", dice.pick(&["B", "D", "E", "F"]))
}
