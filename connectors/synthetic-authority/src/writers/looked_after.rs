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
use crate::life_course::services::figure;
use crate::population::{AUTHORITY, Child, World};
use crate::truth::{Subject, Truth};

const TABLES: [(&str, &str); 12] = [
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
    ("uasc", "CHILD,SEX,DOB,DUC"),
    ("oc3", "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM"),
    ("social_worker", "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON"),
    ("liberty", "CHILD,DOB,DOLO_START,DOLO_END"),
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
    /// The return as one message, in place of the files.
    message: Option<(String, Output)>,
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
            returns.push(Return { year, files, message: None });
        }
        Ok(Self { returns, children: 0 })
    }

    /// The return of the year before those, as XML.
    pub(crate) fn as_message(folder: &Path, world: &World) -> Result<Self, GenerateError> {
        let first = world.settings.census_years.iter().copied().min().unwrap_or(world.year_end.year());
        let year = first - 1;
        let name = format!("{AUTHORITY}_{year}_ssda903.xml");
        let mut output = Output::create(&folder.join(&name))?;
        output.put(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Every record in this file is invented. -->\n<EXPSSDA903>\n")?;
        let message = Some((format!("social-care-ssda903/{name}"), output));
        Ok(Self { returns: vec![Return { year, files: Vec::new(), message }], children: 0 })
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
            let left = leaver(child, care, (start, end));
            if episodes.is_empty() && !left {
                continue;
            }
            self.children += 1;
            truth.subjects.insert(Subject::council(child));
            truth.notes.insert("looked_after");
            // A small return has something wrong with it too.
            let kind = (dice.chance(SHARE) || self.children == 2).then(|| dice.weigh(DIRT));
            // What cannot be done to a child is not done: a number that is wrong where there is none, an end left out of what goes on.
            let ends = episodes.iter().all(|episode| episode.ended.is_some_and(|(to, ..)| to <= end));
            let kind = kind.filter(|kind| match kind.1 {
                "UPN" => has_upn(child, one.year),
                "DEC" => ends,
                _ => true,
            });
            let asked = Asked { year: one.year, start, end, kind };
            let rows = match left {
                true => after_care(child, told.birth, told.girl),
                false => rows(child, told.birth, told.girl, care, &episodes, &asked, &mut dice),
            };
            if rows.iter().any(|(table, _)| *table == "header") && has_upn(child, one.year) {
                truth.subjects.insert(Subject::upn(child));
            }
            let done = kind.filter(|kind| rows.iter().any(|(table, _)| *table == table_of(kind.1)));
            let of = done.map(|(_, field, _)| table_of(field));
            if let Some((_, message)) = &mut one.message {
                message.put(element(&rows).as_bytes())?;
            }
            for (table, row) in rows {
                let Some((_, file)) = one.files.iter_mut().find(|(name, _)| name.ends_with(&format!("_{table}.csv")))
                else {
                    continue;
                };
                file.put(format!("{}\n", row.join(",")).as_bytes())?;
            }
            if let (Some((what, field, finding)), Some(table)) = (done, of) {
                let file = one
                    .files
                    .iter()
                    .find(|(name, _)| name.ends_with(&format!("_{table}.csv")))
                    .or(one.message.as_ref());
                dirt.push(Dirt {
                    file: file.map(|(name, _)| name.clone()).unwrap_or_default(),
                    record: Subject::council(child),
                    key: child.la_id.clone(),
                    truth: child.truth.clone(),
                    field,
                    what,
                    finding,
                    reason: None,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        for one in self.returns {
            one.files.into_iter().try_for_each(|(_, file)| file.finish())?;
            if let Some((_, mut message)) = one.message {
                message.put(b"</EXPSSDA903>\n")?;
                message.finish()?;
            }
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
    rows.extend(around(child, girl, born.clone(), care, asked));
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

/// Who works with a child, and what stands in few records: asylum, and liberty taken away.
fn around(child: &Child, girl: bool, born: String, care: &Care, asked: &Asked) -> Rows {
    let mut rows = Rows::new();
    let id = child.la_id.clone();
    if figure(child, 40, 10) == 0 && age(child.birth, asked.end) >= 10 {
        let of_age = date(child.birth.year() + 18, child.birth.month(), 1);
        rows.push(("uasc", vec![id.clone(), if girl { "F" } else { "M" }.to_owned(), born.clone(), day(of_age)]));
    }
    let Some(begun) = care.started().filter(|on| *on <= asked.end && asked.year >= 2024) else { return rows };
    let changed = plus(begun, 90);
    let worker = |number: u64| format!("SW{:06}", 100_000 + figure(child, 41, 800) + number);
    let first_ends = if changed <= asked.end { day(changed) } else { String::new() };
    let first = [id.clone(), born.clone(), worker(0), day(begun), first_ends, "FCONTA".to_owned()];
    rows.push(("social_worker", first.to_vec()));
    if changed <= asked.end {
        let next = [id.clone(), born.clone(), worker(1), day(changed), String::new(), "MANAGE".to_owned()];
        rows.push(("social_worker", next.to_vec()));
    }
    if figure(child, 42, 8) == 0 && (asked.start..=asked.end).contains(&plus(begun, 60)) {
        rows.push(("liberty", vec![id, born, day(plus(begun, 30)), day(plus(begun, 60))]));
    }
    rows
}

/// Whether a return has somebody as a care leaver: 17 or over, and out of care before the year began.
fn leaver(child: &Child, care: &Care, (start, end): (Date, Date)) -> bool {
    let over = care.ended().is_some_and(|(on, _)| on < start && age(child.birth, on) >= 15);
    over && (17..=21).contains(&age(child.birth, end))
}

fn after_care(child: &Child, birth: Date, girl: bool) -> Rows {
    let (id, born) = (child.la_id.clone(), day(birth));
    let sex = if girl { "F" } else { "M" };
    let header = [&id, sex, &born, child.ethnicity.0, &child.upn_at_council, "", ""].map(str::to_owned).to_vec();
    let left = [&id, &born, "YES", "F2", "U1"].map(|cell: &str| cell.to_owned()).to_vec();
    vec![("header", header), ("oc3", left)]
}

/// A child of the message: the header with the parts of a child in it, and the episodes after it.
fn element(rows: &Rows) -> String {
    let mut text = String::from("<CHILD><HEADER>");
    let mut episodes = String::new();
    for (table, row) in rows {
        let columns = TABLES.iter().find(|(name, _)| name == table).map_or("", |(_, columns)| columns);
        // What names the child stands once, in the header.
        let repeated = |column: &str| *table != "header" && matches!(column, "CHILD" | "DOB" | "SEX");
        let fields = columns.split(',').map(str::trim).zip(row).filter(|(column, _)| !repeated(column));
        let fields: String = fields
            .map(|(column, value)| {
                let name = match column {
                    "CHILD" => "CHILDID",
                    "PLACE" => "PL",
                    other => other,
                };
                format!("<{name}>{value}</{name}>")
            })
            .collect();
        match *table {
            "header" => text.push_str(&fields),
            "episodes" => episodes.push_str(&format!("<EPISODE>{fields}</EPISODE>")),
            other => {
                let part = format!("A{}", other.to_uppercase());
                text.push_str(&format!("<{part}>{fields}</{part}>"));
            }
        }
    }
    format!("{text}</HEADER>{episodes}</CHILD>\n")
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
