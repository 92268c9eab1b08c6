//! Who lives in the authority: households, their children, their homes, and the places that know them.

use jiff::civil::{Date, date};

use crate::Settings;
use crate::calendar::plus;
use crate::check;
use crate::dice::{Dice, Part, spread};
use crate::names::{self, Tradition};
use crate::rates;

/// The authority's three-digit code.
pub(crate) const AUTHORITY: &str = "878";
/// The trust that assigns the local hospital numbers, as its feed names itself.
pub(crate) const TRUST: &str = "RH8";
/// The same trust as an organisation.
pub(crate) const TRUST_ID: &str = "ods-rh8";
/// Children that the invented ranges of numbers suffice for.
pub(crate) const CHILDREN_MAX: u32 = 800_000;

/// A place to live, all of it invented: the postcode area ZQ is not allocated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) number: String,
    pub(crate) street: &'static str,
    pub(crate) town: &'static str,
    pub(crate) postcode: String,
    pub(crate) uprn: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Primary,
    Secondary,
    Special,
}

pub(crate) struct School {
    /// Seven digits, authority and establishment.
    pub(crate) number: String,
    pub(crate) estab: String,
    pub(crate) urn: String,
    pub(crate) name: String,
    pub(crate) phase: Phase,
    /// How the census export names it.
    pub(crate) native_id: String,
}

pub(crate) struct Practice {
    pub(crate) code: String,
    pub(crate) name: String,
}

/// Everything that the children share.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) schools: Vec<School>,
    pub(crate) practices: Vec<Practice>,
    /// 31 March of the latest return of social care.
    pub(crate) year_end: Date,
}

/// Which side of an adoption an identity stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// A child as they truly are, under one identity.
#[derive(Clone)]
pub(crate) struct Child {
    pub(crate) index: u32,
    pub(crate) truth: String,
    pub(crate) household: u32,
    pub(crate) birth: Date,
    pub(crate) girl: bool,
    pub(crate) given: String,
    pub(crate) middle: Option<String>,
    pub(crate) surname: String,
    /// The surname before, the day it changed, and what changed it.
    pub(crate) renamed: Option<(String, Date, &'static str)>,
    /// A surname that they go by and that is not their legal one.
    pub(crate) other_surname: Option<String>,
    /// They go by their middle name.
    pub(crate) by_middle_name: bool,
    /// Nobody knows when they were born.
    pub(crate) birth_assessed: bool,
    /// Another child has their name and birth date.
    pub(crate) namesake: bool,
    /// Another family of their surname lives where they live.
    pub(crate) shares_home: bool,
    /// The ethnicity codes of education and social care, and of the NHS.
    pub(crate) ethnicity: (&'static str, &'static str),
    pub(crate) language: &'static str,
    /// Which of the twins, and the other's truth id.
    pub(crate) twin: Option<(u8, String)>,
    pub(crate) nhs: String,
    /// The hospital has seen them.
    pub(crate) known_to_hospital: bool,
    /// The NHS number that the hospital has of them: their own, none, or a brother's or sister's.
    pub(crate) nhs_at_hospital: Option<String>,
    pub(crate) upn: String,
    /// The pupil number that social care has of them.
    pub(crate) upn_at_council: String,
    pub(crate) former_upn: Option<String>,
    pub(crate) uln: String,
    pub(crate) la_id: String,
    pub(crate) mrn: String,
    pub(crate) home: Address,
    /// Where they lived before, and the day of the move.
    pub(crate) moved: Option<(Address, Date)>,
    pub(crate) practice: usize,
    pub(crate) parent: (String, String),
    pub(crate) parent_mrn: String,
    pub(crate) phone: String,
    /// The first and last day on which anybody knows them under this identity.
    pub(crate) known: (Date, Date),
    pub(crate) adoption: Option<(Side, String)>,
    pub(crate) known_to_care: bool,
    pub(crate) enquiry: bool,
    /// Social care knew of them before they were born.
    pub(crate) unborn: bool,
    /// The child of the demonstration.
    pub(crate) demo: bool,
}

const STREETS: &[&str] = &[
    "Alder Rise",
    "Anvil Street",
    "Barnacre Way",
    "Beech Hollow",
    "Bellfounder Lane",
    "Bramble Close",
    "Candlemaker Row",
    "Copper Beech Drive",
    "Cordwainer Street",
    "Dovecote Lane",
    "Ferryman Quay",
    "Foxglove Avenue",
    "Gannet Terrace",
    "Harebell Road",
    "Heron Bank",
    "Kestrel Mews",
    "Lacemaker Yard",
    "Lapwing Green",
    "Limekiln Hill",
    "Marigold Crescent",
    "Millrace Road",
    "Nightjar Walk",
    "Old Ropewalk",
    "Orchard Bottom",
    "Peppercorn Place",
    "Plover Street",
    "Quarryman Road",
    "Saltpan Lane",
    "Sandpiper Court",
    "Shepherd's Cross",
    "Spindle Street",
    "Teasel Gardens",
    "Thatcher's Field",
    "Thistledown Road",
    "Weaver's Row",
    "Windlass Street",
];
const TOWNS: &[&str] =
    &["Larkmere", "Osney Ford", "Great Tarrow", "Wexcombe", "Stannick", "Merrowdale", "Hollinsea", "Little Tarrow"];
const LETTERS: &[&str] =
    &["A", "B", "D", "E", "F", "G", "H", "J", "L", "N", "P", "Q", "R", "S", "T", "U", "W", "X", "Y", "Z"];

/// (DfE code, NHS code, language, tradition of names), with how common it is here.
type Background = (&'static str, &'static str, &'static str, Tradition);
const BACKGROUNDS: &[(Background, u32)] = &[
    (("WBRI", "A", "ENG", Tradition::English), 620),
    (("WBRI", "A", "CYM", Tradition::Welsh), 45),
    (("WIRI", "B", "ENG", Tradition::Irish), 30),
    (("WIRT", "C", "ENG", Tradition::Irish), 4),
    (("WROM", "C", "ENG", Tradition::English), 4),
    (("WOTH", "C", "POL", Tradition::Polish), 60),
    (("MWBC", "D", "ENG", Tradition::English), 18),
    (("MWBA", "E", "ENG", Tradition::African), 12),
    (("MWAS", "F", "ENG", Tradition::SouthAsian), 16),
    (("MOTH", "G", "ENG", Tradition::English), 16),
    (("AIND", "H", "PNJ", Tradition::SouthAsian), 35),
    (("APKN", "J", "URD", Tradition::SouthAsian), 45),
    (("ABAN", "K", "BNG", Tradition::SouthAsian), 18),
    (("AOTH", "L", "ENG", Tradition::SouthAsian), 10),
    (("BCRB", "M", "ENG", Tradition::English), 10),
    (("BAFR", "N", "ENG", Tradition::African), 40),
    (("BOTH", "P", "ENG", Tradition::African), 5),
    (("CHNE", "R", "ENG", Tradition::English), 4),
    (("OOTH", "S", "ENG", Tradition::English), 6),
    (("REFU", "Z", "ENG", Tradition::English), 4),
    (("NOBT", "99", "ENG", Tradition::English), 4),
];

/// How a household of that many was adopted from, if it was: the adoption's number, from nought.
fn adoption_of(household: u32) -> Option<u32> {
    match household {
        5 => Some(0),
        11 => Some(1),
        other if other % 4000 == 17 => Some(2 + other / 4000),
        _ => None,
    }
}

impl Child {
    /// They are the second of an adopted child's two identities: one child is not counted twice.
    pub(crate) fn is_after_adoption(&self) -> bool {
        matches!(self.adoption, Some((Side::After, _)))
    }
}

impl World {
    pub(crate) fn new(settings: &Settings) -> Self {
        let count = (settings.children / 330).clamp(6, 900);
        let schools = (0..count)
            .map(|at| {
                let (phase, kind) = match at % 6 {
                    4 => (Phase::Secondary, "High School"),
                    5 if at % 12 == 5 => (Phase::Special, "Special School"),
                    _ => (Phase::Primary, "Primary School"),
                };
                let estab = format!("{}", 9001 + at);
                let street =
                    STREETS.get((spread(u64::from(at)) % STREETS.len() as u64) as usize).unwrap_or(&"Alder Rise");
                let town = TOWNS.get(at as usize % TOWNS.len()).unwrap_or(&"Larkmere");
                let name = format!("{town} {street} {kind} ({estab}, invented)");
                let urn = format!("{}", 990_001 + at);
                School {
                    number: format!("{AUTHORITY}{estab}"),
                    estab,
                    urn,
                    name,
                    phase,
                    native_id: format!("SCH{}", at + 1),
                }
            })
            .collect();
        let practices = (0..(settings.children / 1800).clamp(3, 90))
            .map(|at| {
                let town = TOWNS.get(at as usize % TOWNS.len()).unwrap_or(&"Larkmere");
                Practice {
                    code: format!("Z99{:03}", at + 1),
                    name: format!("{town} Surgery {} (invented)", at / 8 + 1),
                }
            })
            .collect();
        let year_end = date(settings.census_years.iter().copied().max().unwrap_or(2025), 3, 31);
        Self { settings: settings.clone(), schools, practices, year_end }
    }

    /// A school of a phase, the same for the same number.
    pub(crate) fn school(&self, phase: Phase, number: u64) -> usize {
        let of_phase = self.schools.iter().filter(|school| school.phase == phase).count().max(1);
        let nth = (spread(number) % of_phase as u64) as usize;
        let found = self.schools.iter().enumerate().filter(|(_, school)| school.phase == phase).nth(nth);
        found.map_or(0, |(at, _)| at)
    }

    /// The children of one household, of whom the first has the index given: at most `room` of them, and once more each
    /// child whose identity an adoption split.
    pub(crate) fn household(&self, household: u32, first: u32, room: u32) -> Vec<Child> {
        let mut dice = Dice::new(self.settings.seed, Part::Household, u64::from(household));
        let adoption = adoption_of(household);
        let demo = household == 0;
        let background = if demo { ("WBRI", "A", "ENG", Tradition::English) } else { dice.weigh(BACKGROUNDS) };
        let namesake = namesake_of(household);
        let background = namesake.map_or(background, |(background, ..)| background);
        let mut family = Family::new(self, background, demo, &mut dice);
        let mut apart = Dice::new(self.settings.seed, Part::Identity, u64::from(household));
        if !demo && adoption.is_none() && namesake.is_none() && apart.chance(rates::HOME_SHARED) {
            family.move_in_with(self, household);
        }
        if let Some((.., surname)) = namesake {
            family.surname = surname.to_owned();
        }
        let size = if demo { 2 } else { dice.weigh(&[(1, 40), (2, 42), (3, 14), (4, 4)]) };
        let twins = !demo && adoption.is_none() && size > 1 && dice.chance(0.03) && namesake.is_none();
        family.known_to_care = demo || adoption.is_some() || dice.chance(0.045);
        family.enquiry = demo || family.known_to_care && dice.chance(0.15);
        let expecting =
            !demo && !twins && namesake.is_none() && family.known_to_care && adoption.is_none() && dice.chance(0.12);

        let reference = self.settings.reference_date;
        let mut birth = match (demo, adoption) {
            (true, _) => plus(reference, -3400),
            (_, Some(_)) => plus(reference, -dice.between(1000, 1900)),
            _ => plus(reference, -dice.between(20, 18 * 365)),
        };
        if namesake.is_some() {
            // The same draw for both households of the pair.
            birth = plus(reference, -2000 - (spread(u64::from(household / 2)) % 3500) as i32);
        }
        let mut members = Vec::new();
        for at in 0..size.min(room) {
            let mut child = family.child(household, first + at, birth, &mut dice);
            if twins && at < 2 {
                child.twin = Some((at as u8 + 1, truth_id(first + 1 - at)));
            }
            if expecting && at == 0 {
                child.unborn = true;
                child.birth = plus(self.year_end, dice.between(8, 240));
                child.known.0 = child.birth;
            }
            child.demo = demo && at == 0;
            if let Some((_, given, _)) = namesake.filter(|_| at == 0) {
                child.given = given.to_owned();
                child.girl = false;
                child.namesake = true;
            }
            // Parents do not give a name twice.
            for _ in 0..8 {
                if demo || members.iter().all(|other: &Child| other.given != child.given) {
                    break;
                }
                child.given = names::given(background.3, child.girl, &mut apart).to_owned();
            }
            members.push(child);
            if !(twins && at == 0) {
                let gap = dice.between(420, 1400);
                let gap = if !demo && apart.chance(rates::SIBLINGS_CLOSE) { apart.between(290, 420) } else { gap };
                birth = plus(birth, gap * if expecting && at == 0 { 0 } else { -1 });
            }
        }
        // A twin alone is no twin: the population ended between the two.
        if members.len() == 1
            && let Some(only) = members.first_mut()
        {
            only.twin = None;
        }
        if let Some(number) = adoption
            && let Some(split) = members.pop()
        {
            members.extend(adopted(self, split, number, &mut dice));
        } else if !demo {
            self.befall(&mut members, background.3, &mut apart);
        }
        members
    }

    /// What made each child of a household harder to recognise: changes of name, other names, numbers that are missing or
    /// somebody else's.
    fn befall(&self, members: &mut [Child], tradition: Tradition, dice: &mut Dice) {
        let today = self.settings.reference_date;
        let marriage = dice.chance(rates::RENAMED_BY_MARRIAGE).then(|| {
            let new = names::surname(tradition, dice);
            (new, dice.chance(rates::RENAMED_TO_DOUBLE), plus(today, -dice.between(30, 1500)))
        });
        let numbers: Vec<(String, String)> =
            members.iter().map(|child| (child.nhs.clone(), child.upn.clone())).collect();
        let count = members.len();
        for (at, child) in members.iter_mut().enumerate() {
            let sibling = numbers.get((at + 1) % count.max(1)).filter(|_| count > 1);
            let (deed, other_surname) =
                (dice.chance(rates::RENAMED_BY_DEED), dice.chance(rates::KNOWN_BY_OTHER_SURNAME));
            let name = names::surname(tradition, dice);
            if let Some((new, double, on)) = marriage.as_ref().filter(|(_, _, on)| *on > child.birth && !child.namesake)
            {
                let whole = if *double && !child.surname.contains('-') {
                    format!("{}-{}", child.surname, new.split('-').next().unwrap_or(new))
                } else {
                    new.clone()
                };
                let former = std::mem::replace(&mut child.surname, whole);
                child.renamed = Some((former, *on, "renamed_by_marriage"));
            } else if deed && child.twin.is_none() && !child.namesake {
                let on = plus(today, -dice.between(30, 1500));
                if on > child.birth {
                    let former = std::mem::replace(&mut child.surname, name.clone());
                    child.renamed = Some((former, on, "renamed_by_deed"));
                }
            }
            if other_surname {
                child.other_surname = Some(name).filter(|name| *name != child.surname);
            }
            child.by_middle_name = child.middle.is_some() && dice.chance(rates::KNOWN_BY_MIDDLE_NAME);
            child.birth_assessed = !child.unborn && child.twin.is_none() && dice.chance(rates::BIRTH_ASSESSED);
            child.known_to_hospital = !dice.chance(rates::UNKNOWN_TO_HOSPITAL);
            if dice.chance(rates::NHS_NUMBER_UNTRACED) {
                child.nhs_at_hospital = None;
            } else if let Some((nhs, _)) = sibling.filter(|_| dice.chance(rates::NHS_NUMBER_OF_SIBLING)) {
                child.nhs_at_hospital = Some(nhs.clone());
            }
            if let Some((_, upn)) = sibling.filter(|_| dice.chance(rates::UPN_OF_SIBLING) && child.twin.is_none()) {
                child.upn_at_council = upn.clone();
            }
        }
    }
}

/// Who of a household has the name and birth date of a child of the household next to it, in number and not in place.
fn namesake_of(household: u32) -> Option<(Background, &'static str, &'static str)> {
    let place = household % rates::NAMESAKES_EVERY;
    let south_asian = ("APKN", "J", "URD", Tradition::SouthAsian);
    let english = ("WBRI", "A", "ENG", Tradition::English);
    match (place / 2, household / rates::NAMESAKES_EVERY % 3) {
        (20, 0 | 1) => Some((south_asian, "Mohammed", "Ali")),
        (20, _) => Some((english, "Jack", "Smith")),
        _ => None,
    }
}

pub(crate) fn truth_id(index: u32) -> String {
    format!("T{:07}", index + 1)
}

fn address(dice: &mut Dice) -> Address {
    let letters = (dice.pick(LETTERS), dice.pick(LETTERS));
    Address {
        number: dice.between(1, 180).to_string(),
        street: dice.pick(STREETS),
        town: dice.pick(TOWNS),
        postcode: format!("ZQ{} {}{}{}", dice.between(1, 28), dice.between(1, 9), letters.0, letters.1),
        uprn: format!("9999{:08}", dice.between(1, 99_999_999)),
    }
}

/// What brothers and sisters have in common.
struct Family {
    shares_home: bool,
    background: Background,
    surname: String,
    home: Address,
    moved: Option<(Address, Date)>,
    practice: usize,
    parent: (String, String),
    phone: String,
    known_to_care: bool,
    enquiry: bool,
}

impl Family {
    fn new(world: &World, background: Background, demo: bool, dice: &mut Dice) -> Self {
        let (surname, other) = (names::surname(background.3, dice), names::surname(background.3, dice));
        let previous = address(dice);
        let reference = world.settings.reference_date;
        let moved = (!demo && dice.chance(rates::MOVED)).then(|| (previous, plus(reference, -dice.between(30, 1000))));
        let parent =
            (names::given(background.3, true, dice).to_owned(), if dice.chance(0.6) { surname.clone() } else { other });
        Self {
            shares_home: false,
            background,
            home: address(dice),
            moved,
            practice: dice.between(0, world.practices.len().saturating_sub(1) as i32) as usize,
            parent,
            phone: format!("07700900{:03}", dice.between(0, 999)),
            surname,
            known_to_care: false,
            enquiry: false,
        }
    }

    /// Takes the surname and the home of the household before, relatives of whom it is.
    fn move_in_with(&mut self, world: &World, household: u32) {
        let before = household.saturating_sub(1);
        if before == 0 || adoption_of(before).is_some() || namesake_of(before).is_some() {
            return;
        }
        let mut dice = Dice::new(world.settings.seed, Part::Household, u64::from(before));
        let background = dice.weigh(BACKGROUNDS);
        let relatives = Self::new(world, background, false, &mut dice);
        self.background = background;
        (self.surname, self.home, self.moved) = (relatives.surname, relatives.home, relatives.moved);
        self.shares_home = true;
    }

    fn child(&self, household: u32, index: u32, birth: Date, dice: &mut Dice) -> Child {
        let (dfe, nhs_ethnicity, language, tradition) = self.background;
        let girl = dice.chance(0.49);
        let pseudo = ["001", "002", "003", "004", "005"];
        let authority = if dice.chance(0.06) { dice.pick(&pseudo) } else { AUTHORITY };
        let entry = birth.year() + if birth.month() >= 9 { 5 } else { 4 };
        let moved = self.moved.clone().filter(|(_, on)| *on > birth);
        let given = names::given(tradition, girl, dice).to_owned();
        let middle = dice.chance(0.7).then(|| names::given(tradition, girl, dice).to_owned());
        let upn = check::upn(authority, index, entry, dice.chance(0.02));
        let nhs = check::nhs_number(index);
        Child {
            index,
            truth: truth_id(index),
            household,
            birth,
            girl,
            given,
            middle,
            surname: self.surname.clone(),
            renamed: None,
            other_surname: None,
            by_middle_name: false,
            birth_assessed: false,
            namesake: false,
            shares_home: self.shares_home,
            ethnicity: (dfe, nhs_ethnicity),
            language,
            twin: None,
            known_to_hospital: true,
            nhs_at_hospital: Some(nhs.clone()),
            nhs,
            upn_at_council: upn.clone(),
            upn,
            former_upn: dice.chance(rates::UPN_TEMPORARY_FIRST).then(|| check::upn("001", index, entry, true)),
            uln: check::uln(index),
            la_id: format!("C{:07}", 2_000_000 + index),
            mrn: format!("{}", 4_000_000 + index),
            home: self.home.clone(),
            moved,
            practice: self.practice,
            parent: self.parent.clone(),
            parent_mrn: format!("M{:07}", household),
            phone: self.phone.clone(),
            known: (birth, Date::MAX),
            adoption: None,
            known_to_care: self.known_to_care,
            enquiry: self.enquiry && (household == 0 || dice.chance(0.85)),
            unborn: false,
            demo: false,
        }
    }
}

/// The two identities of a child who was adopted: no number, surname or address of the one is of the other.
fn adopted(world: &World, before: Child, number: u32, dice: &mut Dice) -> [Child; 2] {
    let mut before = before;
    let on = plus(world.year_end, -dice.between(40, 300));
    let entry = before.birth.year() + if before.birth.month() >= 9 { 5 } else { 4 };
    let slot = 899_999 - number;
    let tradition = Tradition::English;
    let surname = names::surname(tradition, dice);
    let after_truth = format!("{}A", before.truth);
    let after = Child {
        truth: after_truth.clone(),
        middle: Some(names::given(tradition, before.girl, dice).to_owned()),
        parent: (names::given(tradition, true, dice).to_owned(), surname.clone()),
        surname,
        twin: None,
        nhs_at_hospital: Some(check::nhs_number(slot)),
        nhs: check::nhs_number(slot),
        upn_at_council: check::upn(AUTHORITY, slot, entry, false),
        upn: check::upn(AUTHORITY, slot, entry, false),
        former_upn: None,
        uln: check::uln(slot),
        la_id: format!("D{:07}", 2_000_000 + number),
        mrn: format!("{}", 6_000_000 + number),
        home: address(dice),
        moved: None,
        practice: (before.practice + 1) % world.practices.len().max(1),
        parent_mrn: format!("N{number:07}"),
        phone: format!("07700900{:03}", dice.between(0, 999)),
        known: (on, Date::MAX),
        adoption: Some((Side::After, before.truth.clone())),
        known_to_care: false,
        enquiry: false,
        unborn: false,
        demo: false,
        ..before.clone()
    };
    before.known.1 = plus(on, -1);
    before.twin = None;
    before.unborn = false;
    before.former_upn = None;
    before.adoption = Some((Side::Before, after_truth));
    [before, after]
}
