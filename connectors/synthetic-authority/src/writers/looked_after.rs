//! The return on children looked after (SSDA903), as CSV: a file a table and year.

use std::path::Path;

use jiff::civil::{Date, date};

use super::Output;
use crate::GenerateError;
use crate::calendar::{age, plus};
use crate::check;
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, Kind, System, describe};
use crate::life_course::care::{Care, Episode};
use crate::life_course::education::number;
use crate::population::{AUTHORITY, Child, World};
use crate::truth::{Subject, Truth};

const TABLES: [(&str, &str); 8] = [
    ("header", "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB"),
    ("episodes", "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"),
    ("reviews", "CHILD,DOB,REVIEW,REVIEW_CODE"),
    (
        "oc2",
        "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT,\
         SUBSTANCE_MISUSE,INTERVENTION_RECEIVED,INTERVENTION_OFFERED",
    ),
    ("missing", "CHILD,DOB,MISSING,MIS_START,MIS_END"),
    ("ad1", "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR"),
    ("placed_for_adoption", "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED"),
    ("previous_permanence", "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM"),
];

const DIRT: &[(Kind, u32)] = &[
    (("wrong check letter", "UPN", Some("CHECK_CHARACTER_WRONG")), 6),
    (("code of another year's list", "SEX", Some("CODE_OF_OTHER_YEAR")), 6),
    (("unknown code", "PLACE", Some("CODE_UNKNOWN")), 5),
    (("left open", "DEC", Some("FIELD_MISSING")), 5),
    (("review twice", "REVIEW", Some("RECORD_REPEATED")), 4),
];
const SHARE: f64 = 0.06;

/// One return of one year.
struct Return {
    year: i16,
    files: Vec<(String, Output)>,
}

/// All returns.
pub(crate) struct LookedAfterReturns {
    returns: Vec<Return>,
    pub(crate) children: u64,
}

impl LookedAfterReturns {
    pub(crate) fn create(folder: &Path, world: &World) -> Result<Self, GenerateError> {
        let mut years = world.settings.census_years.clone();
        years.sort_unstable();
        years.dedup();
        let mut returns = Vec::new();
        for year in years {
            let mut files = Vec::new();
            for (table, header) in TABLES {
                let name = format!("{AUTHORITY}_{year}_{table}.csv");
                let mut output = Output::create(&folder.join(&name))?;
                output.put(format!("{header}\n").as_bytes())?;
                files.push((format!("social-care-ssda903/{name}"), output));
            }
            returns.push(Return { year, files });
        }
        Ok(Self { returns, children: 0 })
    }

    /// Writes what each return says of a child, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        care: &Care,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let mut dice = Dice::new(world.settings.seed, Part::Care, number(child) | 1 << 40);
        // As the council's other return tells of them.
        let mut same = Dice::new(world.settings.seed, Part::SocialCare, number(child) | 1 << 40);
        let told = describe(world, child, System::SocialCare, &mut same, &mut Vec::new());
        for one in &mut self.returns {
            let (start, end) = (date(one.year - 1, 4, 1), date(one.year, 3, 31));
            let in_year = |episode: &&Episode| episode.from <= end && episode.ended.is_none_or(|(to, ..)| to >= start);
            let episodes: Vec<_> = care.episodes.iter().filter(in_year).collect();
            if episodes.is_empty() {
                continue;
            }
            self.children += 1;
            truth.subjects.insert(Subject::council(child));
            truth.notes.insert("looked_after");
            let kind = dice.chance(SHARE).then(|| dice.weigh(DIRT));
            let asked = Asked { year: one.year, start, end, kind };
            let rows = rows(child, told.birth, told.girl, care, &episodes, &asked, &mut dice);
            if rows.iter().any(|(table, _)| *table == "header") && has_upn(child, one.year) {
                truth.subjects.insert(Subject::upn(child));
            }
            let done = kind.filter(|kind| rows.iter().any(|(table, _)| *table == table_of(kind.1)));
            for (table, row) in rows {
                let Some((_, file)) = one.files.iter_mut().find(|(name, _)| name.ends_with(&format!("_{table}.csv")))
                else {
                    continue;
                };
                file.put(format!("{}\n", row.join(",")).as_bytes())?;
            }
            if let Some((what, field, finding)) = done {
                let table = table_of(field);
                let file = one.files.iter().find(|(name, _)| name.ends_with(&format!("_{table}.csv")));
                dirt.push(Dirt {
                    file: file.map(|(name, _)| name.clone()).unwrap_or_default(),
                    record: Subject::council(child),
                    key: child.la_id.clone(),
                    truth: child.truth.clone(),
                    field,
                    what,
                    finding,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        for (_, file) in self.returns.into_iter().flat_map(|one| one.files) {
            file.finish()?;
        }
        Ok(())
    }
}

fn table_of(field: &str) -> &'static str {
    match field {
        "UPN" | "SEX" => "header",
        "REVIEW" => "reviews",
        _ => "episodes",
    }
}

fn has_upn(child: &Child, year: i16) -> bool {
    age(child.birth, date(year - 1, 8, 31)) >= 4
}

/// How a child is to be told in one return.
struct Asked {
    year: i16,
    start: Date,
    end: Date,
    kind: Option<Kind>,
}

impl Asked {
    fn is(&self, field: &str) -> bool {
        self.kind.is_some_and(|kind| kind.1 == field)
    }
}

fn day(on: Date) -> String {
    format!("{:02}/{:02}/{:04}", on.day(), on.month(), on.year())
}

type Rows = Vec<(&'static str, Vec<String>)>;

fn rows(
    child: &Child,
    birth: Date,
    girl: bool,
    care: &Care,
    episodes: &[&Episode],
    asked: &Asked,
    dice: &mut Dice,
) -> Rows {
    let id = child.la_id.clone();
    let born = day(birth);
    let mut rows: Rows = Vec::new();
    let upn = match has_upn(child, asked.year) {
        false => "UN1".to_owned(),
        true if asked.is("UPN") => check::upn_with_wrong_letter(&child.upn_at_council),
        true => child.upn_at_council.clone(),
    };
    let words = (asked.year >= 2025) != asked.is("SEX");
    let sex = match (words, girl) {
        (true, true) => "F",
        (true, false) => "M",
        (false, true) => "2",
        (false, false) => "1",
    };
    rows.push((
        "header",
        vec![id.clone(), sex.into(), born.clone(), child.ethnicity.0.into(), upn, String::new(), String::new()],
    ));
    let dirty = dice.between(0, episodes.len() as i32 - 1) as usize;
    for (at, episode) in episodes.iter().enumerate() {
        let ended = episode.ended.filter(|(to, ..)| *to <= asked.end);
        let left_open = asked.is("DEC") && at == dirty && ended.is_some();
        let (to, why, reason) = match ended.filter(|_| !left_open) {
            Some((to, why, reason)) => (day(to), why, reason),
            None => (String::new(), "", ""),
        };
        let place = if asked.is("PLACE") && at == dirty { "Q9" } else { episode.place };
        rows.push((
            "episodes",
            vec![
                id.clone(),
                day(episode.from),
                episode.began.into(),
                episode.legal.into(),
                care.need.into(),
                place.into(),
                episode.provider.into(),
                to,
                why.into(),
                reason.into(),
                child.home.postcode.clone(),
                episode.postcode.clone(),
                episode.urn.clone(),
            ],
        ));
    }
    let within = |on: &Date| (asked.start..=asked.end).contains(on);
    let mut reviews: Vec<_> = care.reviews.iter().filter(|on| within(on)).collect();
    if asked.is("REVIEW")
        && let Some(first) = reviews.first().copied()
    {
        reviews.push(first);
    }
    for on in reviews {
        let code = if age(birth, *on) < 4 { "PN0" } else { "PN1" };
        rows.push(("reviews", vec![id.clone(), born.clone(), day(*on), code.into()]));
    }
    for (kind, from, to) in care.missing.iter().filter(|(_, from, to)| within(from) && within(to)) {
        rows.push(("missing", vec![id.clone(), born.clone(), (*kind).into(), day(*from), day(*to)]));
    }
    let all_year = care.started().is_some_and(|from| from < plus(asked.start, 1)) && care.on(asked.end).is_some();
    if all_year {
        rows.push(("oc2", yearly(&id, &born, birth, asked, dice)));
    }
    if episodes.iter().any(|episode| episode.began == "S" && within(&episode.from)) {
        rows.push(("previous_permanence", vec![id.clone(), born.clone(), "Z1".into(), String::new(), String::new()]));
    }
    if let Some((decided, matched)) = care.adoption {
        if within(&decided) {
            rows.push((
                "placed_for_adoption",
                vec![id.clone(), born.clone(), day(decided), String::new(), String::new()],
            ));
        }
        if care.ended().is_some_and(|(on, why)| within(&on) && why == "E11") {
            rows.push((
                "ad1",
                vec![id, born, day(decided), day(matched), "0".into(), "2".into(), "MF".into(), "L11".into()],
            ));
        }
    }
    rows
}

/// Health and behaviour of who was looked after all year.
fn yearly(id: &str, born: &str, birth: Date, asked: &Asked, dice: &mut Dice) -> Vec<String> {
    let (at_start, at_end) = (age(birth, asked.start), age(birth, asked.end));
    let flag = |yes: bool| if yes { "1".to_owned() } else { "0".to_owned() };
    let scored = at_end >= 4 && at_start < 17;
    vec![
        id.to_owned(),
        born.to_owned(),
        if scored { dice.between(0, 30).to_string() } else { String::new() },
        String::new(),
        if at_end >= 10 { flag(dice.chance(0.03)) } else { String::new() },
        if at_end < 5 { flag(dice.chance(0.9)) } else { String::new() },
        flag(dice.chance(0.88)),
        flag(dice.chance(0.8)),
        flag(dice.chance(0.92)),
        flag(false),
        String::new(),
        String::new(),
    ]
}
