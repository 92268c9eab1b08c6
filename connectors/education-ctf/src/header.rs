//! Who sent a file, to whom, when, and how much of a child it holds.

use connector_kit::file_name::Authority;
use connector_kit::reading::finding;
use connector_kit::xml::Element;
use connector_kit::{Scope, attendance, dates};
use proto::events::{Date, Finding, FindingCode};
use proto::quarantine::Reason;

use crate::part::Part;

/// What holds for every child of a file.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// Who knows the child by it: authority and establishment, "8784001"; of an authority's own file "878LLLL".
    pub(crate) issuer: String,
    /// No school sent it: the department's own service has it for the pupils of the school that asked, who know them.
    pub(crate) received: bool,
    /// The organisation that answers for the records.
    pub(crate) controller: String,
    pub(crate) scope: Scope,
    /// That it was sent, which no later file unsays.
    pub(crate) sent: Scope,
    pub(crate) made_on: Date,
    /// First calendar year of the school year in which it was made.
    pub(crate) year: u16,
    /// It holds all of each child.
    pub(crate) full: bool,
    pub(crate) to: Destination,
    /// It is a school's own file: an authority's, or a department's results, are not.
    pub(crate) from_school: bool,
    pub(crate) findings: Vec<Finding>,
}

/// Where a file was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Destination {
    /// A school, by its organisation id.
    School(String),
    /// Nobody: where the child went is not known (XXXXXXX).
    Unknown,
    /// An authority, or out of the maintained sector.
    Elsewhere,
}

/// Why nothing can be made of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error(
        "SourceSchool names no authority (LEA, three digits) and establishment, nor does it say XXX and XXXX with a DestSchool that is \
         a school: without them nobody is known by it; put in the numbers of the school whose pupils they are, and send it again"
    )]
    SourceMissing,
    #[error("DateTime is missing or cannot be read: which of two files is the later one is not known")]
    DateMissing,
}

impl Unusable {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::SourceMissing => Reason::SubjectMissing,
            Self::DateMissing => Reason::HeaderMissing,
        }
    }

    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::SourceMissing => "SourceSchool",
            Self::DateMissing => "DateTime",
        }
    }
}

impl Transfer {
    /// Reads the header; `name` is the file's, whose last part is a serial number.
    pub(crate) fn read(header: Element<'_>, name: &str) -> Result<Self, Unusable> {
        let mut findings = Vec::new();
        let mut header = Part::of(header);
        let mut source = header.one("sourceschool").ok_or(Unusable::SourceMissing)?;
        let mut destination = header.one("destschool");
        let received = is_unknown(&mut source);
        let whose = destination.as_mut().filter(|_| received).unwrap_or(&mut source);
        let lea = Authority::parse(whose.text("lea")).ok_or(Unusable::SourceMissing)?;
        let estab = whose.text("estab").to_ascii_uppercase();
        let from_school = is_school(&estab) && !received;
        if !is_school(&estab) && (received || estab != "LLLL") {
            return Err(Unusable::SourceMissing);
        }
        let made = header.text("datetime");
        let made_at_us = dates::iso_at(made, "DateTime").value;
        let made_on = dates::written(made, "DateTime").keep(&mut findings).filter(|day| day.day.is_some());
        let made_on = made_on.ok_or(Unusable::DateMissing)?;
        let made_at_us = made_at_us.or_else(|| dates::start_of_day_us(&made_on)).ok_or(Unusable::DateMissing)?;
        let to = destination.map_or(Destination::Elsewhere, |mut destination| {
            destination_of(destination.text("lea"), &destination.text("estab").to_ascii_uppercase())
        });
        let full = is_full(header.text("documentqualifier"), &mut findings);
        let issuer = format!("{}{estab}", lea.as_str());
        let scope =
            |rest: &str| Scope { key: format!("{issuer}/{rest}"), as_of_us: Some(made_at_us), sequence: serial(name) };
        Ok(Self {
            controller: match from_school || received {
                true => format!("school-{issuer}"),
                false => format!("la-{}-education", lea.as_str()),
            },
            scope: scope(if received { "ctf-received" } else { "ctf" }),
            sent: scope("ctf-sent"),
            issuer,
            made_on,
            year: attendance::school_year(&made_on),
            full,
            to,
            from_school,
            received,
            findings,
        })
    }
}

/// Whether a file says that it holds all of each child. Of one that does not say so, what is absent says nothing.
fn is_full(qualifier: &str, findings: &mut Vec<Finding>) -> bool {
    match qualifier.to_ascii_lowercase().as_str() {
        "full" => return true,
        "partial" => {}
        "" => findings.push(finding(FindingCode::FieldMissing, "DocumentQualifier")),
        _ => findings.push(finding(FindingCode::CodeUnknown, "DocumentQualifier")),
    }
    false
}

fn is_school(estab: &str) -> bool {
    estab.len() == 4 && estab.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it stands for no school: `XXX` and `XXXX`.
fn is_unknown(school: &mut Part<'_>) -> bool {
    school.text("lea").eq_ignore_ascii_case("XXX") && school.text("estab").eq_ignore_ascii_case("XXXX")
}

fn destination_of(lea: &str, estab: &str) -> Destination {
    match Authority::parse(lea) {
        Some(lea) if is_school(estab) => Destination::School(format!("school-{}{estab}", lea.as_str())),
        None if lea.eq_ignore_ascii_case("XXX") => Destination::Unknown,
        _ => Destination::Elsewhere,
    }
}

/// The number behind the last `_` of `8784001_CTF_8784002_003.xml`.
fn serial(name: &str) -> u64 {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('_').and_then(|(_, serial)| serial.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_and_serials() {
        assert_eq!(destination_of("878", "4002"), Destination::School("school-8784002".to_owned()));
        assert_eq!(destination_of("XXX", "XXXX"), Destination::Unknown);
        assert_eq!(destination_of("MMM", "MMMM"), Destination::Elsewhere);
        assert_eq!(destination_of("820", "LLLL"), Destination::Elsewhere);
        assert_eq!((serial("8784001_CTF_8784002_003.xml"), serial("ctf.xml")), (3, 0));
    }
}
