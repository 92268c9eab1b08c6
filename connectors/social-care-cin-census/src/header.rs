//! The header of a return: whose it is, of which year, and when it stood so.

use connector_kit::file_name::{Authority, Hints};
use connector_kit::xml::Element;
use connector_kit::{Scope, dates, reading};
use jiff::civil;
use proto::events::{Date, Finding, FindingCode};
use proto::quarantine::Reason;

use crate::tag::{Tag, Tagged as _};

/// What holds for every child of a return.
#[derive(Debug)]
pub(crate) struct Return {
    /// The three-digit code of the authority.
    pub(crate) lea: String,
    /// The organisation that answers for the records.
    pub(crate) controller: String,
    pub(crate) scope: Scope,
    /// The census year: the one in which its 31 March falls.
    pub(crate) year: u16,
    pub(crate) reference_on: Date,
    /// First and last day of the year that the return tells of.
    pub(crate) period: (civil::Date, civil::Date),
    /// What is odd about the header. It rides on every child: a wrong date there makes every record's dates doubtful.
    pub(crate) findings: Vec<Finding>,
}

/// Why nothing can be made of a return.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("Header/CollectionDetails/Collection is not CIN: give the file to the connector of its own collection")]
    OtherCollection,
    #[error(
        "Header/Source/LEA is missing, and the file's name does not say it (878_cin_2026.xml): without it nobody is known by \
         their LAchildID"
    )]
    AuthorityMissing,
    #[error(
        "Header/Source/LEA is not an authority's three digits, so that it is not known whether the file's name is right: put the \
         code there, or leave it empty where the file's name says it (878_cin_2026.xml), and send the file again"
    )]
    AuthorityUnreadable,
    #[error("Header/Source/LEA names two authorities: send each authority's children in a file of their own")]
    AuthorityAmbiguous,
    #[error(
        "Header/CollectionDetails has neither Year nor ReferenceDate, nor has the file's name: the census year is not known"
    )]
    YearMissing,
}

impl Unusable {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::OtherCollection => Reason::FileUnreadable,
            Self::AuthorityMissing | Self::AuthorityUnreadable | Self::AuthorityAmbiguous => Reason::SubjectMissing,
            Self::YearMissing => Reason::HeaderMissing,
        }
    }

    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::OtherCollection => "Collection",
            Self::AuthorityMissing | Self::AuthorityUnreadable | Self::AuthorityAmbiguous => "LEA",
            Self::YearMissing => "Year",
        }
    }
}

/// Reads the header.
pub(crate) fn read(header: Element<'_>, name: &Hints) -> Result<Return, Unusable> {
    let mut findings = Vec::new();
    let text_of = |outer: Tag, inner: Tag| {
        let parents = header.children().filter(move |element| element.tag() == outer);
        parents.flat_map(|parent| parent.children()).filter(move |element| element.tag() == inner).map(|e| e.text())
    };
    let first = |outer, inner| text_of(outer, inner).find(|text| !text.is_empty()).unwrap_or_default();

    let collection = first(Tag::CollectionDetails, Tag::Collection);
    let is_its_own = ["", "CIN", "CIN Census", "Children in Need", "Children in Need Census"];
    if !is_its_own.iter().any(|own| collection.eq_ignore_ascii_case(own)) {
        return Err(Unusable::OtherCollection);
    }
    let lea = match first(Tag::Source, Tag::Lea) {
        "" => name.authority.ok_or(Unusable::AuthorityMissing)?,
        stated => Authority::parse(stated).ok_or(Unusable::AuthorityUnreadable)?,
    };
    if text_of(Tag::Source, Tag::Lea).any(|other| !other.is_empty() && other != lea.as_str()) {
        return Err(Unusable::AuthorityAmbiguous);
    }

    let stated = dates::written(first(Tag::CollectionDetails, Tag::ReferenceDate), "ReferenceDate").keep(&mut findings);
    let stated = stated.filter(|date| dates::day(date).is_some());
    // `2026`, and `2025-26` of the year that ends with it.
    let year = connector_kit::file_name::hints(&format!("{}.", first(Tag::CollectionDetails, Tag::Year))).year;
    let year = year.or_else(|| stated.as_ref()?.year.try_into().ok()).or(name.year).ok_or(Unusable::YearMissing)?;
    let as_of_us = dates::iso_at(first(Tag::Source, Tag::DateTime), "DateTime").keep(&mut findings);
    let serial = first(Tag::Source, Tag::SerialNo).parse().unwrap_or(0);
    Ok(of_year(lea, year, stated, (as_of_us, serial), findings))
}

/// A return without a header, whose file's name says whose it is and of which year.
pub(crate) fn of_name(name: &Hints) -> Result<Return, Unusable> {
    let lea = name.authority.ok_or(Unusable::AuthorityMissing)?;
    let year = name.year.ok_or(Unusable::YearMissing)?;
    let missing = reading::finding(FindingCode::FieldMissing, Tag::Header.name());
    Ok(of_year(lea, year, None, (name.on.as_ref().and_then(dates::start_of_day_us), 0), vec![missing]))
}

fn of_year(
    lea: Authority,
    year: u16,
    stated: Option<Date>,
    (as_of_us, sequence): (Option<i64>, u64),
    mut findings: Vec<Finding>,
) -> Return {
    let reference_on = stated.unwrap_or(Date { year: year.into(), month: Some(3), day: Some(31), estimated: false });
    if (reference_on.year, reference_on.month, reference_on.day) != (year.into(), Some(3), Some(31)) {
        findings.push(reading::finding_of_rule(FindingCode::FieldsContradict, "ReferenceDate", "cin/100"));
    }
    let last = dates::day(&reference_on).unwrap_or(civil::Date::MAX);
    let period = (civil::Date::new(last.year().saturating_sub(1), 4, 1).unwrap_or(civil::Date::MIN), last);
    let scope = Scope {
        key: format!("{}/cin/{year}", lea.as_str()),
        as_of_us: as_of_us.or_else(|| dates::start_of_day_us(&reference_on)),
        sequence,
    };
    Return { controller: lea.social_care(), lea: lea.as_str().to_owned(), scope, year, reference_on, period, findings }
}
