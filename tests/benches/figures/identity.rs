//! Linking: one new record against everybody who is described, all of them at once, and the estimate before.
//!
//! Invented children: names as skewed as names are, brothers and sisters at one address, twins, a hostel, first-of-January
//! birth dates; each described once by one source, and by others with what goes wrong.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use identity::linker::{Edge, Guards, Parameters, Population, Record, Sample, Thresholds, children, estimate};
use identity::{Everybody, Member};
use strsim::jaro_winkler;

use crate::report::{Bar, Figure, percentile};

/// How many children there are to look through when the run is asked for its ten thousand, and in proportion otherwise: a
/// school, a council, a region.
const SIZES: [(&str, u32); 3] =
    [("identity-small", 10_000), ("identity-middle", 164_000), ("identity-large", 1_000_000)];
/// So many children make a million records in the batch.
const BATCH: u32 = 420_000;
const PER: u32 = 10_000;

const GIVEN_NAMES: usize = 2_500;
const SURNAMES: usize = 40_000;
const STREETS: usize = 4_000;

const ASKED: usize = 5_000;
const REVIEW: f64 = 0.85;
const BATCH_THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// One new record against so many children.
pub(crate) fn one_record(part: &str, children: u32) -> anyhow::Result<Vec<Figure>> {
    let (_, size) = SIZES.iter().find(|(name, _)| *name == part).context("no such size")?;
    let count = in_proportion(*size, children);
    let mut people = People::new();
    let families: Vec<Child> = people.children(count);
    let parameters = estimated(&mut people, &families)?;
    let mut population = Population::new(Arc::new(parameters));
    let mut puts = Vec::with_capacity(families.len());
    for (key, child) in (0_u32..).zip(&families) {
        let record = people.described(child);
        let begun = Instant::now();
        population.put(pseudonym(key), &record)?;
        puts.push(begun.elapsed());
    }
    let shared: HashMap<u64, u32> = families.iter().map(Child::key).zip(0..).collect();
    let (mut found, mut floor, mut compared) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ASKED.min(families.len()) {
        let child = families.get(people.below(families.len())).context("no children")?;
        let record = people.described_otherwise(child);
        let begun = Instant::now();
        let likely = black_box(population.find(&record, None, REVIEW));
        found.push(begun.elapsed());
        compared += likely.compared;
        let begun = Instant::now();
        bare(child, &families, &shared, likely.compared);
        floor.push(begun.elapsed());
    }
    [&mut puts, &mut found, &mut floor].into_iter().for_each(|times| times.sort_unstable());
    let name = |what: &str| format!("{what}, {count} children");
    let floor_name = "its look-ups, a Jaro-Winkler each";
    let at = |times: &[Duration], part| percentile(times, part).as_secs_f64() * 1e6;
    Ok(vec![
        Figure::micros(name("a new record found, p50"), percentile(&found, 0.5)).floor(floor_name, at(&floor, 0.5)),
        Figure::micros(name("a new record found, p99"), percentile(&found, 0.99))
            .floor(floor_name, at(&floor, 0.99))
            .bar(Bar::AtMost(5_000.0)),
        Figure::micros(name("a new record put, p99"), percentile(&puts, 0.99)),
        Figure::new(name("records compared with it"), compared as f64 / found.len() as f64, "records"),
        Figure::new(name("memory of the index"), population.bytes() as f64 / f64::from(count), "B/child"),
    ])
}

fn in_proportion(size: u32, children: u32) -> u32 {
    u32::try_from(u64::from(size) * u64::from(children) / u64::from(PER)).unwrap_or(u32::MAX)
}

/// All records at once, and the estimate before.
pub(crate) fn batch(children: u32) -> anyhow::Result<Vec<Figure>> {
    let mut people = People::new();
    let families: Vec<Child> = people.children(in_proportion(BATCH, children));
    let (mut records, mut of_child) = (Vec::new(), Vec::new());
    for (at, child) in families.iter().enumerate() {
        records.push(people.described(child));
        let others = people.others();
        records.extend((0..others).map(|_| people.described_otherwise(child)));
        of_child.resize(records.len(), at);
    }
    let begun = Instant::now();
    let parameters = Arc::new(estimate(children::schema(), &records)?);
    let estimating = begun.elapsed();
    let begun = Instant::now();
    let mut population = Population::new(Arc::clone(&parameters));
    for (key, record) in records.iter().enumerate() {
        population.put(key, record)?;
    }
    let built = begun.elapsed();
    let begun = Instant::now();
    let edges = edges(&population);
    let linked = begun.elapsed();
    let begun = Instant::now();
    let member = |(place, record): (usize, &Record)| Member::of(children::schema(), record.clone(), place);
    let members = records.iter().enumerate().map(member).collect();
    let everybody = Everybody::new(Arc::clone(&parameters), Guards::default(), members, edges);
    let concluded = everybody.concluded(Thresholds::default());
    let joined = begun.elapsed();
    let (mut right, mut wrong) = (0_u64, 0_u64);
    for set in concluded.children {
        let set: Vec<usize> = set.into_iter().collect();
        for (at, one) in set.iter().enumerate() {
            let same =
                set.iter().skip(at + 1).filter(|other| of_child.get(**other) == of_child.get(*one)).count() as u64;
            right += same;
            wrong += (set.len() - at - 1) as u64 - same;
        }
    }
    let mut by_child: BTreeMap<usize, u64> = BTreeMap::new();
    of_child.iter().for_each(|child| *by_child.entry(*child).or_default() += 1);
    let pairs: u64 = by_child.values().map(|count| count * (count - 1) / 2).sum();
    let name = |what: &str| format!("{what}, {} records", records.len());
    let count = records.len() as u64;
    Ok(vec![
        Figure::new(name("parameters estimated"), estimating.as_secs_f64(), "s"),
        Figure::new("parameters as bytes", parameters.to_bytes().len() as f64, "B"),
        Figure::rate(name("put, one core"), count, built, "/s"),
        Figure::new(name("every pair found and weighed, two cores"), linked.as_secs_f64(), "s"),
        Figure::rate(name("the same"), count, linked, "/s"),
        Figure::new(name("decided, one core"), joined.as_secs_f64(), "s"),
        Figure::new(name("pairs of one child linked"), 100.0 * right as f64 / pairs.max(1) as f64, "%"),
        Figure::new(name("pairs of two children linked"), wrong as f64, "pairs"),
    ])
}

/// Every pair, each thread a part of them.
fn edges(population: &Population<usize>) -> Vec<Edge<usize>> {
    std::thread::scope(|scope| {
        let part = |part| scope.spawn(move || population.edges_of_part(REVIEW, part, BATCH_THREADS));
        let threads: Vec<_> = (0..BATCH_THREADS.get()).map(part).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    })
}

/// From all that is said of them, of which an estimate takes what it needs.
fn estimated(people: &mut People, families: &[Child]) -> anyhow::Result<Parameters> {
    let mut sample = Sample::new(children::schema());
    for (at, child) in (0_u32..).zip(families) {
        sample.put(&[at.to_be_bytes(), [0; 4]].concat(), people.described(child));
        for other in 0..people.others() {
            sample.put(&[at.to_be_bytes(), [1 + u8::try_from(other)?; 4]].concat(), people.described_otherwise(child));
        }
    }
    Ok(sample.estimate()?)
}

/// What no linker does without: a look-up for each key, and one comparison of names for each record found.
fn bare(child: &Child, families: &[Child], shared: &HashMap<u64, u32>, compared: usize) {
    const KEYS: u64 = 8;
    for key in 0..KEYS {
        black_box(shared.get(&(child.key() ^ key)));
    }
    let begin = usize::try_from(child.key()).unwrap_or_default() % families.len();
    for other in families.iter().cycle().skip(begin).take(compared) {
        black_box(jaro_winkler(&child.surname, &other.surname));
    }
}

fn pseudonym(key: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(key.to_be_bytes()).for_each(|(to, from)| *to = from);
    bytes
}

/// An invented child, as they are.
struct Child {
    given: String,
    middle: Option<String>,
    surname: String,
    born: (u32, u32, u32),
    boy: bool,
    postcode: String,
    house: String,
    nhs_number: String,
    upn: Option<String>,
}

impl Child {
    fn key(&self) -> u64 {
        self.nhs_number.parse().unwrap_or_default()
    }
}

/// Draws that are the same each time, and the names and places that they draw from.
struct People {
    state: u64,
    given: [Vec<String>; 2],
    surnames: Vec<String>,
    next: u64,
}

impl People {
    fn new() -> Self {
        let mut people = Self { state: 7, given: [Vec::new(), Vec::new()], surnames: Vec::new(), next: 0 };
        people.given = [people.words(GIVEN_NAMES, 2), people.words(GIVEN_NAMES, 3)];
        people.surnames = people.words(SURNAMES, 3);
        people
    }

    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.draw()).unwrap_or_default() % bound.max(1)
    }

    /// How many sources beside the first describe a child.
    fn others(&mut self) -> usize {
        usize::from(self.in_a_hundred(80)) + usize::from(self.in_a_hundred(58))
    }

    fn in_a_hundred(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// The first are drawn far oftener than the last, as names are.
    fn skewed(&mut self, bound: usize) -> usize {
        let even = self.below(1 << 20) as f64 / f64::from(1 << 20);
        ((bound as f64).powf(even) - 1.0) as usize
    }

    fn words(&mut self, count: usize, syllables: usize) -> Vec<String> {
        const SYLLABLES: [&str; 32] = [
            "ba", "con", "dar", "el", "fi", "gar", "han", "is", "jo", "kel", "lin", "mor", "nes", "ol", "per", "ros",
            "sten", "tam", "wil", "yar", "brid", "chan", "der", "ash", "ton", "ley", "wick", "far", "mil", "stan",
            "ford", "hurst",
        ];
        let mut word = || (0..syllables).filter_map(|_| self.one_of(&SYLLABLES)).collect::<String>();
        (0..count).map(|_| word()).collect()
    }

    fn one_of(&mut self, texts: &[&'static str]) -> Option<&'static str> {
        texts.get(self.below(texts.len())).copied()
    }

    fn children(&mut self, count: u32) -> Vec<Child> {
        let mut children: Vec<Child> = Vec::new();
        // About fifteen homes share a postcode.
        let postcodes = usize::try_from(count).unwrap_or_default() / 25 + 1;
        while children.len() < usize::try_from(count).unwrap_or_default() {
            let surname = self.surname();
            let hostel = self.in_a_hundred(1) && self.in_a_hundred(20);
            let postcode = if hostel { "EX1 1AA".to_owned() } else { postcode(self.below(postcodes)) };
            let house = if hostel { "1 Castle Street".to_owned() } else { self.house() };
            let mut born = self.born();
            let brothers_and_sisters = 1 + self.skewed(4);
            let eldest = children.len();
            while children.len() < eldest + brothers_and_sisters {
                if !self.in_a_hundred(3) {
                    born = self.born();
                }
                let child = self.child(&surname, born, &postcode, &house);
                // Parents give each another name.
                if children.iter().skip(eldest).all(|other| other.given != child.given) {
                    children.push(child);
                }
            }
        }
        children.truncate(usize::try_from(count).unwrap_or_default());
        children
    }

    fn child(&mut self, surname: &str, born: (u32, u32, u32), postcode: &str, house: &str) -> Child {
        let boy = self.in_a_hundred(51);
        self.next += 1;
        Child {
            given: self.given(boy),
            middle: self.in_a_hundred(60).then(|| self.given(boy)),
            surname: surname.to_owned(),
            born,
            boy,
            postcode: postcode.to_owned(),
            house: house.to_owned(),
            nhs_number: nhs_number(self.next),
            upn: (born.0 < 2021).then(|| upn(self.next)),
        }
    }

    fn given(&mut self, boy: bool) -> String {
        let at = self.skewed(GIVEN_NAMES);
        let [girls, boys] = &self.given;
        if boy { boys } else { girls }.get(at).cloned().unwrap_or_default()
    }

    fn surname(&mut self) -> String {
        let at = self.skewed(SURNAMES);
        self.surnames.get(at).cloned().unwrap_or_default()
    }

    fn born(&mut self) -> (u32, u32, u32) {
        let mut part = |from: usize, count: usize| u32::try_from(from + self.below(count)).unwrap_or_default();
        let (year, month, day) = (part(2007, 18), part(1, 12), part(1, 28));
        if self.below(300) == 0 { (year, 1, 1) } else { (year, month, day) }
    }

    fn house(&mut self) -> String {
        let street = self.one_of(&["Road", "Street", "Close", "Lane"]).unwrap_or_default();
        let (number, at) = (1 + self.below(120), self.skewed(STREETS));
        let name = self.surnames.get(at).map_or("High", String::as_str);
        format!("{number} {name} {street}")
    }

    /// As the first source has them: without mistakes, and with every number.
    fn described(&mut self, child: &Child) -> Record {
        let (year, month, day) = child.born;
        let born = format!("{year}-{month:02}-{day:02}");
        let upn = child.upn.as_deref().unwrap_or_default();
        let middle = child.middle.as_deref().unwrap_or_default();
        let sex = if child.boy { "M" } else { "F" };
        let nhs_number = if self.in_a_hundred(92) { child.nhs_number.as_str() } else { "" };
        children::schema().record(
            [&child.given, middle, &child.surname, &born, sex, &child.postcode, &child.house, nhs_number, upn, ""]
                .map(|text: &str| [text]),
        )
    }

    /// As another has them: a slip of the key in one of three, moved in one of eight, numbers in one of two.
    fn described_otherwise(&mut self, child: &Child) -> Record {
        let (year, month, day) = child.born;
        let (mut given, mut surname) = (child.given.clone(), child.surname.clone());
        let mut born = format!("{year}-{month:02}-{day:02}");
        let (mut postcode_of, mut house) = (child.postcode.clone(), child.house.clone());
        match self.below(24) {
            0..3 => given = self.misspelt(&given),
            3..5 => surname = self.misspelt(&surname),
            5 => surname = self.surname(),
            6 => born = format!("{year}-{day:02}-{month:02}"),
            7 => born = format!("{year}-{month:02}-15"),
            8 => std::mem::swap(&mut given, &mut surname),
            9..12 => (postcode_of, house) = (postcode(self.below(30_000)), self.house()),
            12 => (postcode_of, house) = (String::new(), String::new()),
            _ => {}
        }
        let middle = child.middle.as_deref().filter(|_| self.in_a_hundred(40)).unwrap_or_default();
        let sex = if child.boy { "1" } else { "2" };
        let nhs_number = if self.in_a_hundred(50) { child.nhs_number.as_str() } else { "" };
        let upn = child.upn.as_deref().filter(|_| self.in_a_hundred(50)).unwrap_or_default();
        children::schema().record(
            [&given, middle, &surname, &born, sex, &postcode_of, &house, nhs_number, upn, ""].map(|text: &str| [text]),
        )
    }

    fn misspelt(&mut self, word: &str) -> String {
        let mut chars: Vec<char> = word.chars().collect();
        let at = self.below(chars.len().saturating_sub(1));
        chars.swap(at, at + 1);
        chars.into_iter().collect()
    }
}

/// Districts with about as many postcodes each as they have.
fn postcode(number: usize) -> String {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 20).unwrap_or_default());
    let (unit, sector, district) = (number % 400, number / 400 % 10, number / 4_000);
    format!(
        "{}{}{} {sector}{}{}",
        letter(district / 90),
        letter(district / 9),
        1 + district % 9,
        letter(unit / 20),
        letter(unit)
    )
}

/// In the range that is kept for tests. Numbers for which there is no check digit are stepped over.
fn nhs_number(number: u64) -> String {
    let mut nine = 900_000_000 + number;
    loop {
        let digits = nine.to_string();
        let sum: u32 =
            digits.chars().filter_map(|c| c.to_digit(10)).zip((2..=10).rev()).map(|(d, weight)| d * weight).sum();
        match (11 - sum % 11) % 11 {
            10 => nine += 40_000_000,
            check => return format!("{digits}{check}"),
        }
    }
}

/// Of an authority that there is none of.
fn upn(number: u64) -> String {
    const LETTERS: &str = "ABCDEFGHJKLMNPQRTUVWXYZ";
    let digits = format!("{:012}", 1_000_000_000 + number);
    let sum: usize = digits.bytes().zip(2..).map(|(digit, place)| usize::from(digit - b'0') * place).sum();
    let check = LETTERS.chars().nth(sum % LETTERS.len()).unwrap_or_default();
    format!("{check}{digits}")
}
