//! One term's export: the rows of each table, under surrogate ids issued anew.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use jiff::civil::Date;

use super::tables::{AUTUMN, SPRING, SUMMER, Table};
use super::{MEALS_ENDED, Row};
use crate::GenerateError;
use crate::calendar::{age, census_shape, plus};
use crate::dice::{Dice, spread};
use crate::dirt::{Description, address_on};
use crate::life_course::education::{Schooling, Term, curriculum_year, sessions};
use crate::population::{AUTHORITY, Child, Phase, School};

type Csv = csv::Writer<BufWriter<File>>;

/// The export of one term, one open file for each table.
pub(super) struct Export {
    pub(super) term: Term,
    files: Vec<(Table, Csv)>,
    /// Rows written so far: what the surrogate ids are made from, and so re-issued in each export.
    issued: u64,
}

impl Export {
    pub(super) fn create(folder: &Path, term: Term) -> Result<Self, GenerateError> {
        let mut files = Vec::new();
        let tables = match term.name {
            "autumn" => AUTUMN,
            "spring" => SPRING,
            _ => SUMMER,
        };
        for table in tables {
            let path = folder.join(format!("{}_{}_{}.csv", term.year, term.name, table.name));
            let file = File::create(&path).map_err(|source| GenerateError::Io { path, source })?;
            let mut csv = csv::Writer::from_writer(BufWriter::with_capacity(1 << 16, file));
            csv.write_record(table.columns)?;
            files.push((*table, csv));
        }
        Ok(Self { term, files, issued: 0 })
    }

    fn file_name(&self, table: &str) -> String {
        format!("education-school-census/{}_{}_{table}.csv", self.term.year, self.term.name)
    }

    /// A new surrogate id, which no other export gives to the same row.
    fn key(&mut self) -> String {
        self.issued += 1;
        let term = self.number();
        // The counter keeps it unique, the bits before it make it look like what it is: opaque.
        format!("{:06X}{:08X}", spread(self.issued ^ term << 40) & 0xFF_FFFF, self.issued)
    }

    /// Writes a row of a table by column name; the columns not named stay empty.
    fn put(&mut self, table: &str, values: &[(&str, &str)]) -> Result<u64, GenerateError> {
        let Some((table, file)) = self.files.iter_mut().find(|(known, _)| known.name == table) else { return Ok(0) };
        for column in table.columns {
            let value = values.iter().find(|(name, _)| name == column).map_or("", |(_, value)| *value);
            file.write_field(value)?;
        }
        file.write_record(None::<&[u8]>)?;
        Ok(1)
    }

    pub(super) fn school(&mut self, school: &School, at: usize) -> Result<u64, GenerateError> {
        let (census, key, source) = (self.census_key(at), self.key(), self.key());
        let made = census_shape(plus(self.term.on, 30));
        let year = self.term.year.to_string();
        let first =
            [("schoolcensustableid", census.as_str()), ("NativeId", school.native_id.as_str()), ("sourceid", &source)];
        let mut census_row = first.to_vec();
        census_row.extend([
            ("schoolcensusorderseqcolumn", "1"),
            (
                "term",
                match self.term.name {
                    "autumn" => "AUT",
                    "spring" => "SPR",
                    _ => "SUM",
                },
            ),
            ("collection", "SC"),
            ("name", "School Census"),
            ("year", &year),
            ("sourcelevel", "S"),
            ("estab", &school.estab),
            ("softwarecode", "Invented MIS"),
            ("release", "1.0"),
            ("serialno", "1"),
            ("xversion", "1.0"),
            ("datetime", &made),
            ("lea", AUTHORITY),
            ("urn", &school.urn),
        ]);
        let on = census_shape(self.term.on);
        census_row.push(("referencedate", &on));
        let (phase, low, high, kind) = match school.phase {
            Phase::Primary => ("PS", "N2", "6", "01"),
            Phase::Secondary => ("SS", "7", "13", "06"),
            Phase::Special => ("SP", "R", "13", "12"),
        };
        let mut school_row = first.to_vec();
        school_row.extend([
            ("schooltableid", key.as_str()),
            ("schoolorderseqcolumn", "1"),
            ("schoolname", &school.name),
            ("phase", phase),
            ("type", kind),
            ("lowestncyeargroup", low),
            ("highestncyeargroup", high),
            ("intake", if phase == "SP" { "SPEC" } else { "COMP" }),
            ("governance", "CO"),
            ("accommodation", "D"),
            ("childmothers", "0"),
            ("childcareplaces", "0"),
        ]);
        Ok(self.put("schoolcensus", &census_row)? + self.put("school", &school_row)?)
    }

    fn census_key(&self, school: usize) -> String {
        let summer = u64::from(self.term.name == "summer") << 21;
        let term = self.term.year as u64 ^ u64::from(self.term.autumn) << 20 ^ summer;
        format!("{:08X}{school:04X}", spread(term) & 0xFFFF_FFFF)
    }

    /// Apart for each term.
    fn number(&self) -> u64 {
        self.term.year as u64 * 2 + u64::from(self.term.autumn) + (u64::from(self.term.name == "summer") << 16)
    }

    pub(super) fn on_roll(&mut self, row: &mut Row<'_, '_>, dice: &mut Dice) -> Result<u64, GenerateError> {
        let (key, source) = (self.key(), self.key());
        let (pupil, dirt) = row.pupil(self.term, &key, &self.file_name("pupilonroll"), dice)?;
        let native = row.school()?.native_id.clone();
        let (child, schooling, term) = (row.child, row.schooling, self.term);
        let census = self.census_key(row.enrolment.school);
        let year = curriculum_year(child.birth, term.on).unwrap_or_else(|| "X".to_owned());
        let entry = census_shape(row.enrolment.entry);
        let [no, yes] = pupil.booleans;
        let early = year == "N2";
        let values = [
            ("pupilonrolltableid", key.as_str()),
            ("NativeId", &native),
            ("dob", &pupil.birth),
            ("surname", row.told.surname_on(term.on)),
            ("forename", &row.told.given),
            ("middlenames", child.middle.as_deref().unwrap_or_default()),
            ("preferredsurname", row.told.preferred_surname.as_deref().unwrap_or(row.told.surname_on(term.on))),
            ("formersurname", row.told.former_surname.as_deref().unwrap_or_default()),
            ("upn", &pupil.upn),
            ("formerupn", &pupil.former),
            ("uniquelearnernumber", &pupil.uln),
            ("sex", pupil.sex),
            ("entrydate", &entry),
            ("pupilonrollorderseqcolumn", "1"),
            ("sourceid", &source),
            ("schoolcensustableid", &census),
            ("hoursatsetting", if early { "15.0" } else { "" }),
            ("fundedhours", if early { "15.0" } else { "" }),
            ("schoollunchtaken", if schooling.meals.is_empty() { no } else { yes }),
            ("parttime", if early { yes } else { no }),
            ("topupfunding", if pupil.sen == "E" { yes } else { no }),
            ("termlysessionspossible", &pupil.possible),
            ("senunitindicator", no),
            ("resourcedprovisionindicator", no),
            ("dafindicator", no),
            ("ethnicity", pupil.ethnicity),
            ("servicechild", schooling.service),
            ("language", pupil.language),
            ("enrolstatus", "C"),
            ("boarder", "N"),
            ("plaa", schooling.after_care),
            ("senprovision", pupil.sen),
            ("ncyearactual", &year),
            ("youngcarer", schooling.young_carer),
        ];
        let mut rows = self.put("pupilonroll", &values)?;
        if dirt.is_some_and(|kind| kind.0 == "row twice") {
            rows += self.put("pupilonroll", &values)?;
        }
        let parent = ("pupilonrolltableid", key.as_str());
        rows += self.address(child, (parent, &native), row.told)?;
        if !early {
            rows +=
                self.attendance("termlysessiondetailsonroll", (parent, &native), schooling, &pupil.possible, dice)?;
        }
        rows += self.exclusions("termlyexclusionsonroll", (parent, &native), row, pupil.sen)?;
        for (rank, need) in schooling.needs.iter().enumerate() {
            let (id, from, rank) = (self.key(), self.key(), (rank + 1).to_string());
            rows += self.put(
                "senneeds",
                &[
                    parent,
                    ("NativeId", &native),
                    ("senneedstableid", &id),
                    ("senneedsorderseqcolumn", &rank),
                    ("sourceid", &from),
                    ("sentyperank", &rank),
                    ("sentype", need),
                ],
            )?;
        }
        rows += self.meals((parent, &native), schooling, dirt == Some(MEALS_ENDED))?;
        rows += self.half_term((parent, &native), child, schooling)?;
        rows += self.placed((parent, &native), row)?;
        if let Some(elsewhere) =
            schooling.elsewhere.as_ref().filter(|one| one.entry > row.enrolment.entry && one.entry <= term.on)
        {
            let (id, from) = (self.key(), self.key());
            let (entry, leaving) =
                (census_shape(elsewhere.entry), elsewhere.leaving.map(census_shape).unwrap_or_default());
            let weekly = elsewhere.sessions_a_week.to_string();
            rows += self.put(
                "schoolarrangedapdetailonroll",
                &[
                    parent,
                    ("NativeId", &native),
                    ("schoolarrangedapdetailonrolltableid", &id),
                    ("schoolarrangedapdetailonrollorderseqcolumn", "1"),
                    ("sourceid", &from),
                    ("entrydate", &entry),
                    ("leavingdate", &leaving),
                    ("apsessionsperweek", &weekly),
                    ("apsettingtype", elsewhere.setting),
                    ("placementreason", elsewhere.reason),
                    ("senprovisionentry", schooling.sen),
                    ("apattendancepattern", if elsewhere.sessions_a_week >= 10 { "FT" } else { "PT" }),
                ],
            )?;
        }
        Ok(rows)
    }

    pub(super) fn off_roll(
        &mut self,
        row: &mut Row<'_, '_>,
        left: Option<Date>,
        dice: &mut Dice,
    ) -> Result<u64, GenerateError> {
        let (key, source) = (self.key(), self.key());
        let (pupil, dirt) = row.pupil(self.term, &key, &self.file_name("pupilnolongeronroll"), dice)?;
        let native = row.school()?.native_id.clone();
        let (child, schooling) = (row.child, row.schooling);
        let [no, _] = pupil.booleans;
        let census = self.census_key(row.enrolment.school);
        let (entry, leaving) = (census_shape(row.enrolment.entry), left.map(census_shape).unwrap_or_default());
        let values = [
            ("pupilnolongeronrolltableid", key.as_str()),
            ("NativeId", &native),
            ("dob", &pupil.birth),
            ("surname", row.told.surname_on(self.term.on)),
            ("forename", &row.told.given),
            ("middlenames", child.middle.as_deref().unwrap_or_default()),
            ("formersurname", row.told.former_surname.as_deref().unwrap_or_default()),
            ("upn", &pupil.upn),
            ("formerupn", &pupil.former),
            ("uniquelearnernumber", &pupil.uln),
            ("sex", pupil.sex),
            ("entrydate", &entry),
            ("leavingdate", &leaving),
            ("pupilnolongeronrollorderseqcolumn", "1"),
            ("sourceid", &source),
            ("schoolcensustableid", &census),
            ("parttime", no),
            ("termlysessionspossible", &pupil.possible),
            ("ethnicity", pupil.ethnicity),
            ("boarder", "N"),
            ("language", pupil.language),
        ];
        let mut rows = self.put("pupilnolongeronroll", &values)?;
        if dirt.is_some_and(|kind| kind.0 == "row twice") {
            rows += self.put("pupilnolongeronroll", &values)?;
        }
        let parent = ("pupilnolongeronrolltableid", key.as_str());
        rows += self.attendance("termlysessiondetailsoffroll", (parent, &native), schooling, &pupil.possible, dice)?;
        rows += self.exclusions("termlyexclusionsoffroll", (parent, &native), row, schooling.sen)?;
        Ok(rows)
    }

    fn address(&mut self, child: &Child, of: ((&str, &str), &str), told: &Description) -> Result<u64, GenerateError> {
        let (id, from) = (self.key(), self.key());
        let home = address_on(child, self.term.on, told.stale_address);
        let table = if self.term.autumn { "addressesonroll" } else { "addresses" };
        let (own, order) = (format!("{table}tableid"), format!("{table}orderseqcolumn"));
        self.put(
            table,
            &[
                of.0,
                ("NativeId", of.1),
                (own.as_str(), &id),
                (order.as_str(), "1"),
                ("sourceid", &from),
                ("postcode", told.postcode_of(home, child)),
                ("paon", &home.number),
                ("street", home.street),
                ("town", home.town),
                ("posttown", home.town),
                ("administrativearea", "Invented County"),
                ("uniquepropertyreferencenumber", &home.uprn),
            ],
        )
    }

    fn attendance(
        &mut self,
        table: &str,
        of: ((&str, &str), &str),
        schooling: &Schooling,
        possible: &str,
        dice: &mut Dice,
    ) -> Result<u64, GenerateError> {
        let possible = possible.trim_end_matches(".0").parse().unwrap_or(0);
        let (own, order) = (format!("{table}tableid"), format!("{table}orderseqcolumn"));
        let mut rows = 0;
        for (at, (code, count)) in sessions(schooling, possible, dice).into_iter().enumerate() {
            let (id, from, at, count) = (self.key(), self.key(), (at + 1).to_string(), count.to_string());
            rows += self.put(
                table,
                &[
                    of.0,
                    ("NativeId", of.1),
                    (own.as_str(), &id),
                    (order.as_str(), &at),
                    ("sourceid", &from),
                    ("sessions", &count),
                    ("attendancereason", code),
                ],
            )?;
        }
        Ok(rows)
    }

    /// The second half of the summer term, which the autumn census has of those of fifteen and over.
    fn half_term(
        &mut self,
        of: ((&str, &str), &str),
        child: &Child,
        schooling: &Schooling,
    ) -> Result<u64, GenerateError> {
        if !self.term.autumn || age(child.birth, self.term.on) < 15 {
            return Ok(0);
        }
        let missed = if schooling.absence.0 > 0.1 { "6" } else { "2" };
        let mut rows = 0;
        for (at, code, count) in [("1", "/", "28"), ("2", "\\", "27"), ("3", "I", missed)] {
            let (id, from) = (self.key(), self.key());
            rows += self.put(
                "summerhalfterm2sessiondetailsonroll",
                &[
                    of.0,
                    ("NativeId", of.1),
                    ("summerhalfterm2sessiondetailsonrolltableid", &id),
                    ("summerhalfterm2sessiondetailsonrollorderseqcolumn", at),
                    ("sourceid", &from),
                    ("attendancereason", code),
                    ("sessions", count),
                ],
            )?;
        }
        Ok(rows)
    }

    /// Why a child is at a special school, which the summer census has of those who came for alternative provision.
    fn placed(&mut self, of: ((&str, &str), &str), row: &Row<'_, '_>) -> Result<u64, GenerateError> {
        let special = row.school()?.phase == Phase::Special && row.schooling.absence.0 > 0.05;
        if self.term.name != "summer" || !special {
            return Ok(0);
        }
        let (id, from) = (self.key(), self.key());
        self.put(
            "approvisiondetailonroll",
            &[
                of.0,
                ("NativeId", of.1),
                ("approvisiondetailonrolltableid", &id),
                ("approvisiondetailonrollorderseqcolumn", "1"),
                ("sourceid", &from),
                ("prevurn", "990001"),
                ("apreason", "EHC"),
                ("senprovisionentry", row.schooling.sen),
            ],
        )
    }

    fn exclusions(
        &mut self,
        table: &str,
        of: ((&str, &str), &str),
        row: &Row<'_, '_>,
        sen: &str,
    ) -> Result<u64, GenerateError> {
        let (own, order) = (format!("{table}tableid"), format!("{table}orderseqcolumn"));
        let (term, enrolment) = (self.term, row.enrolment);
        let of_term = row.schooling.exclusions.iter().filter(|one| {
            one.on >= term.since
                && one.on < term.on
                && one.on >= enrolment.entry
                && enrolment.leaving.is_none_or(|left| one.on <= left)
        });
        let mut rows = 0;
        for (at, one) in of_term.enumerate() {
            let (id, from, at, on, count) =
                (self.key(), self.key(), (at + 1).to_string(), census_shape(one.on), one.sessions.to_string());
            let [first, second, third] = one.reasons;
            rows += self.put(
                table,
                &[
                    of.0,
                    ("NativeId", of.1),
                    (own.as_str(), &id),
                    (order.as_str(), &at),
                    ("sourceid", &from),
                    ("startdate", &on),
                    ("sessions", if one.category == "PERM" { "" } else { &count }),
                    ("reason1", first),
                    ("reason2", second),
                    ("reason3", third),
                    ("category", one.category),
                    ("senprovision", sen),
                ],
            )?;
        }
        Ok(rows)
    }

    fn meals(
        &mut self,
        of: ((&str, &str), &str),
        schooling: &Schooling,
        ended_early: bool,
    ) -> Result<u64, GenerateError> {
        let on = self.term.on;
        let table = if self.term.autumn { "fsmperiodsonroll" } else { "fsmperiod" };
        let (own, order) = (format!("{table}tableid"), format!("{table}orderseqcolumn"));
        let mut rows = 0;
        for (at, (start, end)) in schooling.meals.iter().filter(|(start, _)| *start <= on).enumerate() {
            let end = if ended_early { Some(plus(*start, -3)) } else { end.filter(|end| *end <= on) };
            let (id, from, at) = (self.key(), self.key(), (at + 1).to_string());
            let (start, end) = (census_shape(*start), end.map(census_shape).unwrap_or_default());
            rows += self.put(
                table,
                &[
                    of.0,
                    ("NativeId", of.1),
                    (own.as_str(), &id),
                    (order.as_str(), &at),
                    ("sourceid", &from),
                    ("fsmstartdate", &start),
                    ("fsmenddate", &end),
                    ("ukcountry", "ENG"),
                ],
            )?;
        }
        Ok(rows)
    }

    pub(super) fn finish(self) -> Result<(), GenerateError> {
        for (_, mut file) in self.files {
            file.flush().map_err(|source| GenerateError::Csv(source.into()))?;
        }
        Ok(())
    }
}
