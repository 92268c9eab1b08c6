//! What the tables under a pupil say of the child.

use connector_kit::codes as kit_codes;
use connector_kit::dates;
use connector_kit::reading::{self, finding, finding_of_rule};
use proto::events::{
    AlternativeProvisionEnded, AlternativeProvisionReasonRecorded, AlternativeProvisionStarted, Coded, Date,
    ExclusionGiven, Finding, FindingCode, FreeSchoolMealsEnded, FreeSchoolMealsStarted, InCareReported,
    SenNeedRecorded, SuspensionGiven,
};
use proto::quarantine::Reason;

use crate::codes;
use crate::period::Period;
use crate::rows::cells;
use crate::rules;
use crate::say::{Said, in_order, key_part, plausible};
use crate::source::Row;
use crate::tables::Holds;

/// What a row's translation may need of its child and school.
pub(crate) struct About {
    pub(crate) period: Period,
    pub(crate) birth: Option<Date>,
    pub(crate) reference_on: Date,
    pub(crate) latest_on: Option<Date>,
}

const EXCLUSION: [&str; 9] =
    ["startdate", "category", "sessions", "reason1", "reason2", "reason3", "senprovision", "incare", "careauthority"];
const FREE_MEALS: [&str; 3] = ["fsmstartdate", "fsmenddate", "ukcountry"];
const SEN_NEED: [&str; 2] = ["sentype", "sentyperank"];
const PROVISION: [&str; 12] = [
    "entrydate",
    "leavingdate",
    "urn",
    "ukprn",
    "apsettingtype",
    "placementreason",
    "apattendancepattern",
    "apsessionsperweek",
    "applacementpostcode",
    "companynumber",
    "senprovisionentry",
    "senprovisionleaving",
];
const PROVISION_REASON: [&str; 3] = ["apreason", "prevurn", "senprovisionentry"];
pub(crate) const SESSIONS: [&str; 2] = ["attendancereason", "sessions"];

/// What columns are called elsewhere: one reason until there were three, sessions by what they were counted for, and where a
/// setting is as where anything is.
const OTHER_NAMES: [(&str, &str); 3] =
    [("reason1", "reason"), ("sessions", "absencesessions"), ("applacementpostcode", "postcode")];

/// What else a column of a table of this kind is called.
pub(crate) fn other_name(holds: Holds, column: &str) -> Option<&'static str> {
    let (_, other) = OTHER_NAMES.into_iter().find(|(of, _)| *of == column)?;
    columns(holds).contains(&column).then_some(other)
}

/// The cell of a column, under whichever of its names it is filled: its own before the other.
pub(crate) fn cell<'r>(holds: Holds, row: Row<'r>, column: &str) -> Option<&'r str> {
    row.get(column).or_else(|| row.get(other_name(holds, column)?))
}

/// Whether what this row has under that name is read in place of a cell that is blank.
pub(crate) fn stands_in(holds: Holds, row: Row<'_>, name: &str) -> bool {
    columns(holds).iter().any(|of| other_name(holds, of) == Some(name) && row.get(of).is_none())
}

/// The columns that have a place in the catalogue, in the order in which rows are held.
pub(crate) fn columns(holds: Holds) -> &'static [&'static str] {
    match holds {
        Holds::Exclusions => &EXCLUSION,
        Holds::FreeMeals => &FREE_MEALS,
        Holds::SenNeeds => &SEN_NEED,
        Holds::ArrangedProvision => &PROVISION,
        Holds::ProvisionReason => &PROVISION_REASON,
        Holds::Sessions(_) => &SESSIONS,
        Holds::Addresses => &crate::pupils::ADDRESS_COLUMNS,
        Holds::Census | Holds::Pupils | Holds::Kept | Holds::NotOfAChild => &[],
    }
}

/// Why a row cannot be translated: the column, and what to say of it.
pub(crate) fn unfit(holds: Holds, row: Row<'_>) -> Option<(Reason, &'static str, &'static str)> {
    const DATED: &str = "the date that places the record is missing or cannot be read: put it right in the return";
    const BLANK: &str = "the record says nothing without this field: fill it in the return";
    const COUNT: &str = "the number of sessions cannot be read: put it right in the return";
    let dated = |column| row.read(column, dates::written).value.is_some();
    let undated = |column| (!dated(column)).then_some((Reason::DateMissing, column, DATED));
    let blank = |column| cell(holds, row, column).is_none().then_some((Reason::RecordMalformed, column, BLANK));
    match holds {
        Holds::Exclusions => undated("startdate"),
        Holds::FreeMeals => undated("fsmstartdate"),
        Holds::ArrangedProvision => undated("entrydate"),
        Holds::SenNeeds => blank("sentype"),
        Holds::ProvisionReason => blank("apreason"),
        Holds::Sessions(_) => blank("attendancereason").or_else(|| {
            let count = reading::integer(cell(holds, row, "sessions").unwrap_or_default(), "sessions");
            let unread = count.finding.is_some() || count.value.is_some_and(|count| u32::try_from(count).is_err());
            unread.then_some((Reason::RecordMalformed, "sessions", COUNT))
        }),
        _ => None,
    }
}

/// What a held row says; `None` for the kinds that are said otherwise.
pub(crate) fn said(holds: Holds, text: &str, about: &About) -> Option<Said> {
    match holds {
        Holds::Exclusions => exclusion(text, about),
        Holds::FreeMeals => free_meals(text, about),
        Holds::SenNeeds => Some(sen_need(text, about)),
        Holds::ArrangedProvision => provision(text, about),
        Holds::ProvisionReason => Some(provision_reason(text, about)),
        _ => None,
    }
}

fn exclusion(text: &str, about: &About) -> Option<Said> {
    let [start, category, sessions, reason1, reason2, reason3, sen_provision, in_care, authority] = cells(text);
    let year = about.period.year;
    let mut findings = Vec::new();
    let start = dates::written(start, "startdate").keep(&mut findings)?;
    plausible(&start, "startdate", about.birth.as_ref(), about.latest_on.as_ref(), &mut findings);
    let category = codes::EXCLUSION.keep(category, year, "category", &mut findings);
    if category.is_none() {
        findings.push(finding(FindingCode::FieldMissing, "category"));
    }
    let reasons: Vec<Coded> = [("reason1", reason1), ("reason2", reason2), ("reason3", reason3)]
        .into_iter()
        .filter_map(|(field, text)| codes::EXCLUSION_REASON.keep(text, year, field, &mut findings))
        .collect();
    let sen_provision = codes::SEN_PROVISION.keep(sen_provision, year, "senprovision", &mut findings);
    let kind = category.as_ref().map_or("-", |category| category.code.as_str());
    let key = format!("exclusion/{}/{}", dates::key(&start), key_part(kind));
    let event = if kind == "PERM" {
        ExclusionGiven { start_on: Some(start), reasons, sen_provision }.into()
    } else {
        let sessions = count(sessions, "sessions", &mut findings);
        SuspensionGiven { start_on: Some(start), sessions, category, reasons, sen_provision }.into()
    };
    // As the child was when it was given.
    let in_care = in_care_reported(in_care, authority, start, &mut findings).map(|reported| (start, reported.into()));
    Some(Said { table: "exclusion", key, events: std::iter::once((start, event)).chain(in_care).collect(), findings })
}

/// Cells of mapped columns that nothing of the row says: they are kept.
pub(crate) fn unsaid(holds: Holds, text: &str) -> Option<(&'static str, &str)> {
    let [.., in_care, _] = cells::<{ EXCLUSION.len() }>(text);
    (holds == Holds::Exclusions && !is_told(in_care)).then_some((IN_CARE, in_care))
}

/// The column of whether the child was looked after.
pub(crate) const IN_CARE: &str = "incare";

/// Whether what stands there is yes or no, or nothing.
pub(crate) fn is_told(in_care: &str) -> bool {
    reading::boolean(in_care, IN_CARE).finding.is_none()
}

/// Whether a school knew the child as looked after, where it says so.
pub(crate) fn in_care_reported(
    in_care: &str,
    authority: &str,
    on: Date,
    findings: &mut Vec<Finding>,
) -> Option<InCareReported> {
    let in_care = reading::boolean(in_care, IN_CARE).keep(findings);
    // A data frame writes a number with a fraction.
    let care_authority = kit_codes::unlisted(authority.strip_suffix(".0").unwrap_or(authority), "dfe.la");
    let says = in_care.is_some() || care_authority.is_some();
    says.then_some(InCareReported { in_care, care_authority, reported_on: Some(on) })
}

fn free_meals(text: &str, about: &About) -> Option<Said> {
    let [start, end, country] = cells(text);
    let mut findings = Vec::new();
    let start = dates::written(start, "fsmstartdate").keep(&mut findings)?;
    match dates::rank(&start) > dates::rank(&about.reference_on) {
        true => findings.push(finding_of_rule(FindingCode::DateImplausible, "fsmstartdate", rules::FREE_MEALS_START)),
        false => plausible(&start, "fsmstartdate", about.birth.as_ref(), about.latest_on.as_ref(), &mut findings),
    }
    let country = codes::COUNTRY.keep(country, about.period.year, "ukcountry", &mut findings);
    let mut events = vec![(start, FreeSchoolMealsStarted { start_on: Some(start), country, review_on: None }.into())];
    // Eligibility may be known to end on a day to come.
    if let Some(end) = dates::written(end, "fsmenddate").keep(&mut findings) {
        in_order(&start, &end, "fsmenddate", &mut findings);
        events.push((end, FreeSchoolMealsEnded { end_on: Some(end) }.into()));
    }
    Some(Said { table: "free-meals", key: format!("free-meals/{}", dates::key(&start)), events, findings })
}

fn sen_need(text: &str, about: &About) -> Said {
    let [need, rank] = cells(text);
    let mut findings = Vec::new();
    let need = codes::SEN_NEED.keep(need, about.period.year, "sentype", &mut findings);
    let rank = count(rank, "sentyperank", &mut findings);
    let key = need.as_ref().map_or("", |need| need.code.as_str());
    let key = format!("sen-need/{}/{}", about.period, key_part(key));
    let event = SenNeedRecorded { need, rank, since_on: None, until_on: None };
    Said { table: "sen-need", key, events: vec![(about.reference_on, event.into())], findings }
}

fn provision(text: &str, about: &About) -> Option<Said> {
    let [
        entry,
        leaving,
        urn,
        ukprn,
        setting_kind,
        reason,
        pattern,
        sessions,
        postcode,
        company,
        sen_at_entry,
        sen_at_leaving,
    ] = cells(text);
    let year = about.period.year;
    let mut findings = Vec::new();
    let entry = dates::written(entry, "entrydate").keep(&mut findings)?;
    plausible(&entry, "entrydate", about.birth.as_ref(), about.latest_on.as_ref(), &mut findings);
    let setting = setting(urn, ukprn);
    let started = AlternativeProvisionStarted {
        entry_on: Some(entry),
        setting: setting.clone(),
        setting_kind: codes::AP_SETTING.keep(setting_kind, year, "apsettingtype", &mut findings),
        reason: codes::AP_REASON.keep(reason, year, "placementreason", &mut findings),
        pattern: codes::AP_PATTERN.keep(pattern, year, "apattendancepattern", &mut findings),
        sessions_per_week: count(sessions, "apsessionsperweek", &mut findings),
        postcode: (!postcode.is_empty()).then(|| postcode.to_owned()),
        company_number: (!company.is_empty()).then(|| company.to_owned()),
        sen_provision: codes::SEN_PROVISION.keep(sen_at_entry, year, "senprovisionentry", &mut findings),
    };
    let mut events = vec![(entry, started.into())];
    if let Some(leaving) = dates::written(leaving, "leavingdate").keep(&mut findings) {
        in_order(&entry, &leaving, "leavingdate", &mut findings);
        let sen_after = codes::SEN_PROVISION.keep(sen_at_leaving, year, "senprovisionleaving", &mut findings);
        events.push((
            leaving,
            AlternativeProvisionEnded { leaving_on: Some(leaving), setting, sen_provision: sen_after }.into(),
        ));
    }
    let key = format!("arranged-provision/{}", dates::key(&entry));
    Some(Said { table: "arranged-provision", key, events, findings })
}

/// Why a child is at a school for alternative provision: the return states it as at its own day.
fn provision_reason(text: &str, about: &About) -> Said {
    let [reason, previous, sen_provision] = cells(text);
    let year = about.period.year;
    let mut findings = Vec::new();
    let reason = codes::PROVISION_REASON.keep(reason, year, "apreason", &mut findings);
    let key = reason.as_ref().map_or("", |reason| reason.code.as_str());
    let key = format!("provision-reason/{}/{}", about.period, key_part(key));
    let event = AlternativeProvisionReasonRecorded {
        previous_school: setting(previous, ""),
        reason,
        sen_provision: codes::SEN_PROVISION.keep(sen_provision, year, "senprovisionentry", &mut findings),
    };
    Said { table: "provision-reason", key, events: vec![(about.reference_on, event.into())], findings }
}

/// The setting's own number: the school's where it has one, else the provider's.
fn setting(urn: &str, ukprn: &str) -> Option<String> {
    let number = if urn.is_empty() { ukprn } else { urn };
    // A data frame writes a number with a fraction.
    let number = number.strip_suffix(".0").unwrap_or(number);
    (!number.is_empty()).then(|| number.to_owned())
}

/// A count; one that cannot be read or is negative is a finding.
pub(crate) fn count(text: &str, field: &str, findings: &mut Vec<Finding>) -> Option<u32> {
    let number = reading::integer(text, field).keep(findings)?;
    let count = u32::try_from(number).ok();
    if count.is_none() {
        findings.push(finding(FindingCode::ValueMalformed, field));
    }
    count
}
