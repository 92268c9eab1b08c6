//! The school census, as the COLLECT "Blade" CSV export: one file for each table, for two terms.

mod export;
mod tables;

use std::path::Path;

use jiff::civil::{Date, date};

use crate::GenerateError;
use crate::calendar::census_shape;
use crate::check;
use crate::dice::{Dice, Part, spread};
use crate::dirt::{Description, Dirt, Kind, SHARE, System, describe};
use crate::life_course::education::{Enrolment, Schooling, Term, number, schooling};
use crate::population::{Child, School, World};
use crate::truth::{Subject, Truth};
use export::Export;

/// What is done to a pupil's row.
const DIRT: &[(Kind, u32)] = &[
    (("wrong check letter", "upn", Some("CHECK_CHARACTER_WRONG")), 8),
    (("lower case", "upn", None), 6),
    (("spaces", "upn", None), 4),
    (("missing", "upn", Some("FIELD_MISSING")), 6),
    (("placeholder UN3", "upn", Some("IDENTIFIER_PLACEHOLDER")), 3),
    (("NHS number in the ULN's column", "uniquelearnernumber", Some("CHECK_CHARACTER_WRONG")), 4),
    (("booleans as words", "parttime", None), 8),
    (("whole numbers as floats", "termlysessionspossible", None), 8),
    (("missing", "sex", Some("FIELD_MISSING")), 4),
    (("in the future", "dob", Some("DATE_IMPLAUSIBLE")), 3),
    (("unknown code", "language", Some("CODE_UNKNOWN")), 5),
    (("unknown code", "ethnicity", Some("CODE_UNKNOWN")), 4),
    (("row twice", "upn", Some("RECORD_REPEATED")), 5),
];
const MEALS_ENDED: Kind = ("ends before it starts", "fsmenddate", Some("DATES_OUT_OF_ORDER"));
const SCHOOL_ACTION: Kind = ("code of an earlier year", "senprovision", Some("CODE_OF_OTHER_YEAR"));
const LENT_UPN: Kind = ("the other twin stands under it too", "upn", Some("IDENTIFIER_SHARED"));
const SHARED_UPN: Kind = ("the other twin's UPN", "upn", Some("IDENTIFIER_SHARED"));

/// The exports of some terms.
pub(crate) struct Census {
    exports: Vec<Export>,
    pub(crate) rows: u64,
    pub(crate) pupils: u64,
}

/// A pupil's columns that dirt can touch.
struct Pupil {
    upn: String,
    former: String,
    uln: String,
    birth: String,
    sex: &'static str,
    language: &'static str,
    ethnicity: &'static str,
    sen: &'static str,
    booleans: [&'static str; 2],
    possible: String,
}

impl Census {
    pub(crate) fn create(folder: &Path, world: &World) -> Result<Self, GenerateError> {
        Self::of(folder, &Term::pair(world.year_end.year()), world)
    }

    /// The summer's export, after those of autumn and spring.
    pub(crate) fn summer(folder: &Path, world: &World) -> Result<Self, GenerateError> {
        Self::of(folder, &[Term::summer(world.year_end.year())], world)
    }

    fn of(folder: &Path, terms: &[Term], world: &World) -> Result<Self, GenerateError> {
        let exports = terms.iter().map(|term| Export::create(folder, *term)).collect::<Result<_, _>>()?;
        let mut census = Self { exports, rows: 0, pupils: 0 };
        for export in &mut census.exports {
            for (at, school) in world.schools.iter().enumerate() {
                census.rows += export.school(school, at)?;
            }
        }
        Ok(census)
    }

    /// Writes a child's rows of each term, and tells the truth of them.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        twin: Option<&Child>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<Schooling, GenerateError> {
        let schooling = schooling(world, child, &Term::pair(world.year_end.year()));
        let mut dice = Dice::new(world.settings.seed, Part::Education, number(child) | 1 << 40);
        let mut disagreements = Vec::new();
        let told = describe(world, child, System::Education, &mut dice, &mut disagreements);
        // The summer's export says of a child what the others said.
        if self.exports.len() > 1 {
            truth.disagreements.extend(disagreements);
        }
        let mut seen = false;
        for export in &mut self.exports {
            let term = export.term;
            for enrolment in &schooling.enrolments {
                let on_roll = enrolment.entry <= term.on && enrolment.leaving.is_none_or(|left| left > term.on);
                let left = enrolment.leaving.filter(|left| *left >= term.since && *left <= term.on);
                if !on_roll && left.is_none() || term.on > child.known.1 && left.is_none() {
                    continue;
                }
                let mut row = Row { world, child, twin, told: &told, schooling: &schooling, enrolment, truth, dirt };
                self.rows += if on_roll {
                    export.on_roll(&mut row, &mut dice)?
                } else {
                    export.off_roll(&mut row, left, &mut dice)?
                };
                self.pupils += 1;
                seen = true;
            }
        }
        if seen {
            truth.subjects.insert(Subject::upn(child));
            if schooling.moved_school {
                truth.notes.insert("moved_school");
            }
            if schooling.left_area {
                truth.notes.insert("left_area");
            }
        }
        Ok(schooling)
    }

    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        self.exports.into_iter().try_for_each(Export::finish)
    }
}

fn in_the_future(term: Term) -> Date {
    date(term.year + 9, 3, 1)
}

/// One pupil at one school, and where to write down what was made of it.
struct Row<'a, 't> {
    world: &'a World,
    child: &'a Child,
    twin: Option<&'a Child>,
    told: &'a Description,
    schooling: &'a Schooling,
    enrolment: &'a Enrolment,
    truth: &'a mut Truth<'t>,
    dirt: &'a mut Vec<Dirt>,
}

impl Row<'_, '_> {
    fn school(&self) -> Result<&School, GenerateError> {
        self.world.schools.get(self.enrolment.school).ok_or(GenerateError::SchoolUnknown)
    }

    /// The pupil's columns, dirtied or not, and whether the row is to stand twice.
    fn pupil(
        &mut self,
        term: Term,
        key: &str,
        file: &str,
        dice: &mut Dice,
    ) -> Result<(Pupil, Option<Kind>), GenerateError> {
        let child = self.child;
        let teenager = crate::calendar::age(child.birth, term.on) >= 14;
        let possible = dice.between(112, 138);
        // Until the spring, some stand under the temporary number that they began with.
        let temporary = child.former_upn.as_ref().filter(|_| term.autumn);
        let own = temporary.unwrap_or(&child.upn).clone();
        let former = child.former_upn.clone().filter(|_| !term.autumn).unwrap_or_default();
        if let Some(temporary) = temporary {
            self.truth.subjects.insert(Subject::new("UPN", "dfe", temporary));
            self.truth.notes.insert("temporary_upn");
        }
        let mut pupil = Pupil {
            former,
            upn: own.clone(),
            uln: if teenager { child.uln.clone() } else { String::new() },
            birth: census_shape(self.told.birth),
            sex: if self.told.girl { "F" } else { "M" },
            language: child.language,
            ethnicity: child.ethnicity.0,
            sen: self.schooling.sen,
            booleans: ["0", "1"],
            possible: possible.to_string(),
        };
        if teenager {
            self.truth.subjects.insert(Subject::uln(child));
        }
        let chosen = self.choose(term, teenager, dice);
        if let Some(kind) = chosen {
            match (kind.0, kind.1) {
                ("wrong check letter", _) => pupil.upn = check::upn_with_wrong_letter(&own),
                ("lower case", _) => pupil.upn = own.to_lowercase(),
                ("spaces", _) => {
                    pupil.upn = format!(" {} {}", own.get(..4).unwrap_or_default(), own.get(4..).unwrap_or_default())
                }
                ("missing", "upn") => pupil.upn.clear(),
                ("placeholder UN3", _) => pupil.upn = "UN3".to_owned(),
                ("the other twin's UPN", _) => {
                    pupil.upn = self.twin.map_or_else(String::new, |twin| {
                        twin.former_upn.as_ref().filter(|_| term.autumn).unwrap_or(&twin.upn).clone()
                    })
                }
                ("NHS number in the ULN's column", _) => pupil.uln = child.nhs.clone(),
                ("booleans as words", _) => pupil.booleans = ["False", "True"],
                ("whole numbers as floats", _) => pupil.possible = format!("{possible}.0"),
                ("missing", "sex") => pupil.sex = "",
                ("in the future", _) => pupil.birth = census_shape(in_the_future(term)),
                ("unknown code", "language") => pupil.language = "ZZQ",
                ("unknown code", "ethnicity") => pupil.ethnicity = "XXXX",
                ("code of an earlier year", _) => pupil.sen = "S",
                _ => {}
            }
        }
        let school = self.school()?.number.clone();
        // A row without a number of its own is known by the former one, and else by name and birth date.
        let shared = chosen.is_some_and(|kind| kind == SHARED_UPN || kind == LENT_UPN);
        let none = pupil.upn.is_empty() || pupil.upn.starts_with("UN");
        let birth = if chosen.is_some_and(|kind| kind.1 == "dob") { in_the_future(term) } else { self.told.birth };
        let number = if shared || none && pupil.former.is_empty() {
            let (surname, given) = (self.told.surname_on(term.on), &self.told.given);
            format!("{surname}/{given}/{}", crate::calendar::hl7_day(birth))
        } else if none {
            pupil.former.clone()
        } else {
            pupil.upn.clone()
        };
        let record = Subject::new("SCHOOL_PUPIL", &school, &number);
        self.truth.subjects.insert(record.clone());
        if let Some((what, field, finding)) = chosen {
            let (key, truth) = (key.to_owned(), child.truth.clone());
            self.dirt.push(Dirt { file: file.to_owned(), record, key, truth, field, what, finding, reason: None });
        }
        Ok((pupil, chosen))
    }

    fn choose(&self, term: Term, teenager: bool, dice: &mut Dice) -> Option<Kind> {
        let dirty = dice.chance(SHARE) && !self.child.demo;
        if let Some(kind) = self.shared(term) {
            return Some(kind);
        }
        if !dirty {
            return None;
        }
        let kind = dice.weigh(DIRT);
        let (meals, school_action) = (dice.chance(0.2), dice.chance(0.4));
        let on_roll = self.on_roll(term);
        if on_roll && meals && self.schooling.meals.iter().any(|(start, _)| *start <= term.on) {
            Some(MEALS_ENDED)
        } else if on_roll && school_action && self.schooling.sen == "E" {
            Some(SCHOOL_ACTION)
        } else if kind.1 == "uniquelearnernumber" && !teenager || kind.1 == "ethnicity" && term.name != "spring" {
            Some(("lower case", "upn", None))
        } else {
            Some(kind)
        }
    }

    fn on_roll(&self, term: Term) -> bool {
        self.enrolment.entry <= term.on && self.enrolment.leaving.is_none_or(|left| left > term.on)
    }

    /// Twins are rare: one pair in nine is given one number by the school that both are at, in the autumn.
    fn shared(&self, term: Term) -> Option<Kind> {
        let (twin, (order, _)) = (self.twin?, self.child.twin.as_ref()?);
        let pair = spread(u64::from(self.child.index.min(twin.index)));
        if !term.autumn || !pair.is_multiple_of(9) || !self.on_roll(term) {
            return None;
        }
        let terms = Term::pair(self.world.year_end.year());
        let others = schooling(self.world, twin, &terms).enrolments;
        let together = others.iter().any(|other| {
            other.school == self.enrolment.school
                && other.entry <= term.on
                && other.leaving.is_none_or(|left| left > term.on)
        });
        together.then_some(if *order == 2 { SHARED_UPN } else { LENT_UPN })
    }
}
