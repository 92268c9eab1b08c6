//! Who the pupils of a file are, told once each at its end: what one row leaves blank another says.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use connector_kit::gather::Gathering;
use connector_kit::{Output, Place, codes, described, identifier};
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{Date, Finding, PersonDescribed, PersonName, Scheme};

use super::speaker::Speaker;
use super::{any_date, began};
use crate::fields::Field;
use crate::rows::Row;

/// So many descriptions are remembered, of more pupils than any authority has: behind more, one that comes again is gathered again.
const KNOWN_MAX: usize = 900_000;

/// What a row says of who its pupil is.
const SAYS: [Field; 8] = [
    Field::Upn,
    Field::Uln,
    Field::Surname,
    Field::Forename,
    Field::PreferredSurname,
    Field::PreferredForename,
    Field::Birth,
    Field::Sex,
];

/// Descriptions of a file's pupils: each once, known again by what it hashes to, in a few bytes.
pub(super) struct Pupils {
    known: HashSet<u64>,
    gathering: Gathering<Described>,
    /// The disk failed: nothing more is said.
    broke: Option<io::Error>,
}

/// What a row says of a pupil.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Described {
    #[prost(message, required, tag = "1")]
    pub(super) person: PersonDescribed,
    #[prost(message, repeated, tag = "2")]
    pub(super) findings: Vec<Finding>,
    #[prost(message, required, tag = "3")]
    pub(super) place: Place,
    /// Where it is placed when it has no birth date.
    #[prost(message, required, tag = "4")]
    pub(super) began: Date,
}

impl Pupils {
    pub(super) fn new(out: &dyn Output) -> Self {
        Self { known: HashSet::new(), gathering: Gathering::for_output(out), broke: None }
    }

    /// Takes what a row says of its pupil.
    pub(super) fn take(&mut self, school: &str, pupil: &str, row: &Row) {
        let mut hasher = DefaultHasher::new();
        (school, pupil, SAYS.map(|field| row.get(field))).hash(&mut hasher);
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        if self.broke.is_none() && self.known.insert(hasher.finish()) {
            self.broke = self.gathering.push(0, &format!("{school}/{pupil}"), &Described::by(row)).err();
        }
    }

    /// Tells of everybody: the first row of a pupil counts, and what it leaves blank the others say.
    pub(super) fn tell(self, speaker: &mut Speaker<'_>) -> io::Result<()> {
        if let Some(error) = self.broke {
            return Err(error);
        }
        let gathered = self.gathering.gathered()?;
        let mut owners = gathered.owners(0);
        while let Some(mut of) = owners.next_owner()? {
            of.rows.sort_by_key(|row| (row.place.line, row.place.record));
            let Some(first) = of.rows.first() else { continue };
            if let Some((school, pupil)) = of.owner.split_once('/').filter(|_| of.left_out > 0) {
                speaker.too_many(school, pupil, first.place.clone());
            }
            let (place, began) = (first.place.clone(), first.began);
            let mut findings: Vec<Finding> =
                of.rows.iter_mut().flat_map(|row| std::mem::take(&mut row.findings)).collect();
            let (person, odd) = described::together(of.rows.into_iter().map(|row| row.person));
            findings.extend(odd);
            findings.sort_by(|a, b| (a.code, &a.field).cmp(&(b.code, &b.field)));
            findings.dedup();
            if let Some((school, pupil)) = of.owner.split_once('/') {
                speaker.pupil(school, pupil, Described { person, findings, place, began });
            }
        }
        Ok(())
    }
}

impl Described {
    fn by(row: &Row) -> Self {
        let mut findings = Vec::new();
        let text = |field| Some(row.get(field).to_owned()).filter(|text| !text.is_empty());
        let name = |[family, given]: [Field; 2], r#use: Use| {
            let name =
                PersonName { family: text(family), given: text(given), r#use: r#use.into(), ..PersonName::default() };
            Some(name).filter(|name| name.family.is_some() || name.given.is_some())
        };
        let usual = name([Field::Surname, Field::Forename], Use::Usual);
        // What says nothing else than the legal name does is no other name.
        let preferred = name([Field::PreferredSurname, Field::PreferredForename], Use::Preferred).filter(|preferred| {
            let says_more = |own: &Option<String>, of: Option<&String>| own.is_some() && own.as_ref() != of;
            let usual = usual.as_ref();
            says_more(&preferred.family, usual.and_then(|name| name.family.as_ref()))
                || says_more(&preferred.given, usual.and_then(|name| name.given.as_ref()))
        });
        let birth_on = any_date(row.get(Field::Birth), "dob").keep(&mut findings);
        let mut identifiers = Vec::new();
        for (scheme, field, name) in [(Scheme::Upn, Field::Upn, "upn"), (Scheme::Uln, Field::Uln, "uln")] {
            let (claim, found) = identifier::claim(scheme, row.get(field), Standing::Current, name);
            identifiers.extend(claim);
            findings.extend(found);
        }
        let person = PersonDescribed {
            names: usual.into_iter().chain(preferred).collect(),
            birth_on,
            sex: codes::unlisted(row.get(Field::Sex), "attendance.sex"),
            identifiers,
            ..PersonDescribed::default()
        };
        Self { person, findings, place: row.place.clone(), began: began(row) }
    }
}
