//! Whose return it is, of which year, and when it stood so.

use connector_kit::file_name::Authority;
use connector_kit::reading::finding;
use connector_kit::{Scope, dates};
use jiff::civil::{self, Weekday};
use proto::events::{Date, Finding, FindingCode};
use proto::quarantine::Reason;

/// What holds for every child of a return.
#[derive(Clone, Debug)]
pub(crate) struct Return {
    /// The three-digit code of the authority.
    pub(crate) lea: String,
    /// The organisation that answers for the records.
    pub(crate) controller: String,
    pub(crate) scope: Scope,
    /// The return's year: that of its census day, in January.
    pub(crate) year: u16,
    pub(crate) reference_on: Date,
    /// The day on which it was made, or that it is of.
    pub(crate) made_on: Date,
    /// What is odd about the header. It rides on every child's description.
    pub(crate) findings: Vec<Finding>,
}

/// Why nothing can be made of a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("the return's collection is not SEN2: give the file to the connector of its own collection")]
    OtherCollection,
    #[error("the return does not name its authority (LEA, three digits): without it nobody is known by it")]
    AuthorityMissing,
    #[error("the return has neither Year nor ReferenceDate: of which year it is is not known")]
    YearMissing,
}

impl Unusable {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::OtherCollection => Reason::FileUnreadable,
            Self::AuthorityMissing => Reason::SubjectMissing,
            Self::YearMissing => Reason::HeaderMissing,
        }
    }

    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::OtherCollection => "Collection",
            Self::AuthorityMissing => "LEA",
            Self::YearMissing => "Year",
        }
    }
}

impl Return {
    /// Reads the header by the names of its fields, in lower case.
    pub(crate) fn read<'h>(of: impl Fn(&str) -> &'h str) -> Result<Self, Unusable> {
        let mut findings = Vec::new();
        let collection = of("collection");
        if !collection.is_empty() && !collection.eq_ignore_ascii_case("sen2") {
            return Err(Unusable::OtherCollection);
        }
        // A data frame writes a code with a fraction.
        let lea = Authority::parse(of("lea").trim_end_matches(".0")).ok_or(Unusable::AuthorityMissing)?;
        let stated = dates::written(of("referencedate"), "ReferenceDate").keep(&mut findings);
        let stated = stated.filter(|date| date.day.is_some());
        let year = of("year").trim_end_matches(".0").parse().ok().filter(|year| (2000..=2100).contains(year));
        let year: u16 = year.or_else(|| stated.as_ref()?.year.try_into().ok()).ok_or(Unusable::YearMissing)?;
        let reference_on = stated.unwrap_or_else(|| census_day(year));
        if reference_on.year != i32::from(year) {
            findings.push(finding(FindingCode::FieldsContradict, "ReferenceDate"));
        }
        let made_on = dates::written(of("datetime"), "DateTime").value.unwrap_or(reference_on);
        let made_at_us = dates::written_at(of("datetime"), "DateTime")
            .keep(&mut findings)
            .or_else(|| dates::start_of_day_us(&reference_on));
        let lea = lea.as_str().to_owned();
        Ok(Self {
            controller: format!("la-{lea}-send"),
            scope: Scope {
                key: format!("{lea}/sen2/{year}"),
                as_of_us: made_at_us,
                sequence: of("serialno").trim_end_matches(".0").parse().unwrap_or(0),
            },
            lea,
            year,
            reference_on,
            made_on,
            findings,
        })
    }
}

/// The third Thursday of January. Stands in for a reference date that the return does not say.
fn census_day(year: u16) -> Date {
    let first = civil::Date::new(i16::try_from(year).unwrap_or(i16::MAX), 1, 1);
    let day = first.and_then(|first| first.nth_weekday_of_month(3, Weekday::Thursday));
    let day = day.map_or(15, |day| day.day().unsigned_abs().into());
    Date { year: year.into(), month: Some(1), day: Some(day), estimated: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &'static str)]) -> Result<Return, Unusable> {
        Return::read(|name| fields.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value))
    }

    #[test]
    fn a_header_in_either_form() {
        let xml = read(&[
            ("collection", "SEN2"),
            ("year", "2025"),
            ("referencedate", "2025-01-16"),
            ("lea", "878"),
            ("serialno", "3"),
            ("datetime", "2025-02-20T09:30:00"),
        ])
        .unwrap();
        let csv = read(&[
            ("collection", "SEN2"),
            ("year", "2025.0"),
            ("referencedate", "2025-Jan-16 00:00:00"),
            ("lea", "878.0"),
            ("serialno", "3.0"),
            ("datetime", "2025-Feb-20 09:30:00"),
        ])
        .unwrap();
        assert_eq!((&xml.scope, &xml.reference_on), (&csv.scope, &csv.reference_on));
        assert_eq!((xml.scope.key.as_str(), xml.controller.as_str()), ("878/sen2/2025", "la-878-send"));
        assert!(xml.findings.is_empty() && csv.findings.is_empty());
    }

    #[test]
    fn what_is_missing_is_made_up_for_or_told() {
        let bare = read(&[("lea", "878"), ("year", "2026")]).unwrap();
        assert_eq!(dates::key(&bare.reference_on), "2026-01-15");
        assert_eq!(read(&[("lea", "878")]).unwrap_err(), Unusable::YearMissing);
        assert_eq!(read(&[("lea", "XYZ"), ("year", "2025")]).unwrap_err(), Unusable::AuthorityMissing);
        assert_eq!(read(&[("collection", "CIN")]).unwrap_err(), Unusable::OtherCollection);
    }
}
