//! Who the rows of the two rolls are, and how other tables' rows find them.
//!
//! A pupil is known by the UPN as the school returned it. Where there is none, or a stand-in, a former UPN that passes its
//! check serves; where there is none of that either, or two pupils of the school claim one, surname, forename and birth date;
//! and where even one of those is missing, or two pupils may share them all, the export's own row key, with the date of birth,
//! because the next export gives the same row key to somebody else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connector_kit::dates;
use connector_kit::identifier::{self, Verdict, upn};
use proto::events::Scheme;

use crate::period::{SPANS, Span};
use crate::rows::{Rows, Stood, cells, last_cell, without_last_cell};
use crate::tables::Table;

/// The columns of the two rolls that have a place in the catalogue, as a row holds them.
pub(crate) const COLUMNS: [&str; 22] = [
    "upn",
    "formerupn",
    "uniquelearnernumber",
    "surname",
    "forename",
    "middlenames",
    "preferredsurname",
    "formersurname",
    "dob",
    "sex",
    "ethnicity",
    "language",
    "entrydate",
    "leavingdate",
    "parttime",
    "boarder",
    "enrolstatus",
    "ncyearactual",
    "senprovision",
    "senunitindicator",
    "resourcedprovisionindicator",
    "youngcarer",
];

/// What columns were called in other years, and on the other roll.
pub(crate) const OTHER_NAMES: [(&str, &str); 4] =
    [("sex", "gender"), ("sex", "gendercurrent"), ("ncyearactual", "ncyearleaving"), ("dob", "personbirthdate")];

/// What a row says of its sessions: how many were possible, and how many were missed with leave and without.
pub(crate) fn session_columns(span: Span) -> [&'static str; 3] {
    match span {
        Span::Term => ["termlysessionspossible", "termlysessionsauthorised", "termlysessionsunauthorised"],
        Span::SecondHalf => [
            "summerhalfterm2sessionspossible",
            "summerhalfterm2sessionsauthorised",
            "summerhalfterm2sessionsunauthorised",
        ],
        Span::Year => ["annualsessionspossible", "annualsessionsauthorised", "annualsessionsunauthorised"],
    }
}

/// How many cells stand before those of no place: which roll, [`COLUMNS`], and the [`session_columns`] of each span. The row
/// key stands last, so that no order depends on it.
pub(crate) const CELLS_MAPPED: usize = 1 + COLUMNS.len() + 3 * SPANS.len();

/// A row of one of the two rolls.
#[derive(Clone, Copy)]
pub(crate) struct Spell<'r> {
    pub(crate) row_key: &'r str,
    pub(crate) left: bool,
    pub(crate) upn: &'r str,
    pub(crate) former_upn: &'r str,
    pub(crate) uln: &'r str,
    pub(crate) surname: &'r str,
    pub(crate) forename: &'r str,
    pub(crate) middle_names: &'r str,
    pub(crate) preferred_surname: &'r str,
    pub(crate) former_surname: &'r str,
    pub(crate) birth: &'r str,
    pub(crate) sex: &'r str,
    pub(crate) ethnicity: &'r str,
    pub(crate) language: &'r str,
    pub(crate) entry: &'r str,
    pub(crate) leaving: &'r str,
    pub(crate) part_time: &'r str,
    pub(crate) boarder: &'r str,
    pub(crate) status: &'r str,
    pub(crate) year_group: &'r str,
    pub(crate) sen_provision: &'r str,
    pub(crate) sen_unit: &'r str,
    pub(crate) resourced: &'r str,
    pub(crate) young_carer: &'r str,
    sessions: [&'r str; 3 * SPANS.len()],
}

impl<'r> Spell<'r> {
    pub(crate) fn of(text: &'r str) -> Self {
        let [
            roll,
            upn,
            former_upn,
            uln,
            surname,
            forename,
            middle_names,
            preferred_surname,
            former_surname,
            birth,
            sex,
            ethnicity,
            language,
            entry,
            leaving,
            part_time,
            boarder,
            status,
            year_group,
            sen_provision,
            sen_unit,
            resourced,
            young_carer,
            sessions @ ..,
        ] = cells::<CELLS_MAPPED>(text);
        let row_key = last_cell(text);
        Self {
            row_key,
            left: roll == OFF_ROLL,
            upn,
            former_upn,
            uln,
            surname,
            forename,
            middle_names,
            preferred_surname,
            former_surname,
            birth,
            sex,
            ethnicity,
            language,
            entry,
            leaving,
            part_time,
            boarder,
            status,
            year_group,
            sen_provision,
            sen_unit,
            resourced,
            young_carer,
            sessions,
        }
    }

    /// What the row says under the [`session_columns`] of this span.
    pub(crate) fn sessions(&self, span: Span) -> [&'r str; 3] {
        let [term @ .., a, b, c, d, e, f] = self.sessions;
        match span {
            Span::Term => term,
            Span::SecondHalf => [a, b, c],
            Span::Year => [d, e, f],
        }
    }

    /// Whether both rows are surely of one child: twins share all but a forename.
    fn is_of_same_child(&self, other: &Self) -> bool {
        let born = |spell: &Self| dates::written(spell.birth, "").value;
        !self.forename.is_empty()
            && self.forename.to_lowercase() == other.forename.to_lowercase()
            && born(self).is_some_and(|birth| Some(birth) == born(other))
    }

    /// What no two rows of one roll say differently of one child. What is blank contradicts nothing.
    fn constants(self) -> impl Iterator<Item = (usize, &'r str)> {
        let constants = [self.sex, self.uln, self.former_upn, self.middle_names];
        constants.into_iter().enumerate().filter(|(_, stated)| !stated.is_empty())
    }

    /// The number to know the pupil by within the school.
    fn number(&self) -> Option<String> {
        let stated = upn::check(self.upn);
        // What looks like one of our row keys is none of the school's numbers.
        if !stated.normalised.is_empty()
            && stated.verdict != Verdict::Placeholder
            && !stated.normalised.starts_with("ROW")
        {
            return Some(stated.normalised);
        }
        let former = upn::check(self.former_upn);
        (former.verdict == Verdict::Valid).then_some(former.normalised)
    }

    /// As the school's transfer files and registers know a pupil without a number.
    fn by_name(&self) -> Option<String> {
        let birth = dates::written(self.birth, "").value?;
        let (surname, forename) = (self.surname.to_uppercase(), self.forename.to_uppercase());
        let value = format!("{surname}/{forename}/{}", dates::key(&birth));
        // By a surname and a birth date alone, twins would be one child.
        let named = !surname.is_empty() && !forename.is_empty();
        named.then(|| identifier::subject(Scheme::SchoolPupil, "", &value).value)
    }

    fn by_row_key(&self) -> String {
        let birth = dates::written(self.birth, "").value.map(|birth| dates::key(&birth)).unwrap_or_default();
        let roll = if self.left { "LEAVER-" } else { "" };
        let value = format!("ROW-{roll}{}-{birth}", self.row_key);
        identifier::subject(Scheme::SchoolPupil, "", &value).value
    }
}

const OFF_ROLL: &str = "off";

/// The first cell of a row of this table.
pub(crate) fn which_roll(table: &Table) -> &'static str {
    if table.is_off_roll() { OFF_ROLL } else { "on" }
}

/// A child of one school.
pub(crate) struct Person {
    pub(crate) school: u32,
    /// The value of the subject.
    pub(crate) known_by: String,
    /// Two pupils of the school claim this one's number.
    pub(crate) number_shared: bool,
    /// Two pupils of the school may have this one's name and birth date.
    pub(crate) name_shared: bool,
    /// Rows that say the same were left out.
    pub(crate) repeated: bool,
    /// Places in the rows: the current enrolment first, then the latest.
    pub(crate) spells: Vec<usize>,
}

/// What more than one pupil of a school claims.
#[derive(Clone, Copy, Default)]
struct Shared {
    number: bool,
    name: bool,
}

/// Everybody of the submission.
pub(crate) struct Roll {
    rows: Rows,
    pub(crate) persons: Vec<Person>,
    /// By roll: row keys to schools and persons.
    join: [HashMap<String, Vec<(u32, u32)>>; 2],
}

/// Why a row finds nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotFound {
    /// No pupil of the roll has this row key.
    Nobody,
    /// One has, in a school that the row does not name.
    OfOtherSchool,
    /// Two have.
    Ambiguous,
}

impl Roll {
    /// Tells who is who. The rows' owners are their schools.
    pub(crate) fn of(mut rows: Rows) -> Self {
        rows.sort();
        let mut roll = Self { rows, persons: Vec::new(), join: Default::default() };
        let (mut numbered, mut named) = (Vec::new(), Vec::new());
        for at in 0..roll.rows.len() {
            let Some(school) = roll.held(at).map(|(row, _)| row.owner) else { continue };
            let spell = roll.spell(at);
            match (spell.number(), spell.by_name()) {
                (Some(number), _) => numbered.push((school, number, at)),
                (None, Some(name)) => named.push((school, name, None, at)),
                (None, None) => roll.admit(school, None, Shared::default(), vec![at]),
            }
        }
        numbered.sort();
        let mut kept_apart = 0usize;
        for claim in numbered.chunk_by(|a, b| (a.0, &a.1) == (b.0, &b.1)) {
            let Some((school, number, _)) = claim.first() else { continue };
            let children = roll.children(claim.iter().map(|(_, _, at)| *at));
            if children.len() == 1 {
                children.into_iter().for_each(|child| {
                    roll.admit(*school, Some(number.clone()), Shared::default(), child);
                });
                continue;
            }
            for child in children {
                kept_apart += 1;
                for at in child {
                    match roll.spell(at).by_name() {
                        Some(name) => named.push((*school, name, Some(kept_apart), at)),
                        None => roll.admit(*school, None, Shared { number: true, name: false }, vec![at]),
                    }
                }
            }
        }
        named.sort();
        for claim in named.chunk_by(|a, b| (a.0, &a.1) == (b.0, &b.1)) {
            let Some((school, name, ..)) = claim.first() else { continue };
            if roll.may_be_several(claim) {
                for (_, _, child, at) in claim {
                    roll.admit(*school, None, Shared { number: child.is_some(), name: true }, vec![*at]);
                }
                continue;
            }
            let shared = Shared { number: claim.iter().any(|(_, _, child, _)| child.is_some()), name: false };
            roll.admit(*school, Some(name.clone()), shared, claim.iter().map(|(.., at)| *at).collect());
        }
        roll.tell_apart();
        roll.index();
        roll
    }

    /// Whether rows of one school, name and birth date are of more than one child: what they claim of a shared number keeps
    /// them apart, or two of them contradict each other.
    fn may_be_several(&self, claim: &[(u32, String, Option<usize>, usize)]) -> bool {
        let children: BTreeSet<usize> = claim.iter().filter_map(|(_, _, child, _)| *child).collect();
        let mut known: BTreeMap<(bool, usize), String> = BTreeMap::new();
        let mut contradict = claim.iter().flat_map(|(.., at)| {
            let spell = self.spell(*at);
            spell.constants().map(move |(of, stated)| ((spell.left, of), stated.to_uppercase()))
        });
        children.len() > 1
            || contradict.any(|(of, stated)| *known.entry(of).or_insert_with(|| stated.clone()) != stated)
    }

    /// Rows that claim one number, by child.
    fn children(&self, rows: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
        let mut children: Vec<Vec<usize>> = Vec::new();
        for at in rows {
            let same = |child: &&mut Vec<usize>| {
                child.iter().any(|known| self.spell(*known).is_of_same_child(&self.spell(at)))
            };
            match children.iter_mut().find(same) {
                Some(child) => child.push(at),
                None => children.push(vec![at]),
            }
        }
        children
    }

    pub(crate) fn spell(&self, at: usize) -> Spell<'_> {
        Spell::of(self.held(at).map_or("", |(_, text)| text))
    }

    pub(crate) fn held(&self, at: usize) -> Option<(&Stood, &str)> {
        self.rows.get(at)
    }

    pub(crate) fn person(&self, at: u32) -> Option<&Person> {
        self.persons.get(at as usize)
    }

    /// The child whose row on a roll has this key, in this school where the asking row names one.
    pub(crate) fn find(&self, left: bool, row_key: &str, school: Option<u32>) -> Result<u32, NotFound> {
        let [on, off] = &self.join;
        let known = (if left { off } else { on }).get(row_key).ok_or(NotFound::Nobody)?;
        let mut found = None;
        for (of_school, person) in known {
            if school.is_some_and(|school| school != *of_school) {
                continue;
            }
            if found.is_some_and(|found| found != *person) {
                return Err(NotFound::Ambiguous);
            }
            found = Some(*person);
        }
        found.ok_or(NotFound::OfOtherSchool)
    }

    /// `known_by` is a number or a name, where there is one.
    fn admit(&mut self, school: u32, known_by: Option<String>, shared: Shared, mut spells: Vec<usize>) {
        let order = |at: &usize| {
            let spell = self.spell(*at);
            let date = |text| dates::written(text, "").value.map(|date| connector_kit::dates::rank(&date));
            (spell.left, std::cmp::Reverse(date(spell.entry)), std::cmp::Reverse(date(spell.leaving)))
        };
        // The rows are in order of content already, and this sort keeps it where it decides nothing.
        spells.sort_by_key(order);
        let known_by =
            known_by.unwrap_or_else(|| spells.first().map(|at| self.spell(*at).by_row_key()).unwrap_or_default());
        let Shared { number: number_shared, name: name_shared } = shared;
        self.persons.push(Person { school, known_by, number_shared, name_shared, repeated: false, spells });
    }

    /// Row keys that a damaged export gave twice do not make two children one.
    fn tell_apart(&mut self) {
        self.persons.sort_by(|a, b| (a.school, &a.known_by, &a.spells).cmp(&(b.school, &b.known_by, &b.spells)));
        let mut before: Option<(u32, String)> = None;
        let mut count = 1;
        for person in &mut self.persons {
            let this = (person.school, person.known_by.clone());
            count = if before.as_ref() == Some(&this) { count + 1 } else { 1 };
            if count > 1 {
                person.known_by = format!("{}+{count}", person.known_by);
            }
            before = Some(this);
        }
    }

    fn index(&mut self) {
        let mut persons = std::mem::take(&mut self.persons);
        for (person, number) in persons.iter_mut().zip(0u32..) {
            for at in &person.spells {
                let spell = self.spell(*at);
                let (left, row_key) = (spell.left, spell.row_key.to_owned());
                let [on, off] = &mut self.join;
                let known = (if left { off } else { on }).entry(row_key).or_default();
                if !known.contains(&(person.school, number)) {
                    known.push((person.school, number));
                }
            }
            let mut said: Vec<&str> = Vec::new();
            let spells = person.spells.iter().copied().filter(|at| {
                let text = without_last_cell(self.held(*at).map_or("", |(_, text)| text));
                let new = !said.contains(&text);
                said.push(text);
                new
            });
            let spells: Vec<usize> = spells.collect();
            person.repeated = spells.len() < person.spells.len();
            person.spells = spells;
        }
        self.persons = persons;
    }
}
