//! A community trust's services: CAMHS, care contacts, therapy waits, and the council's portage beside them.

use jiff::civil::Date;

use super::table::Format;
use super::{Days, Row, Source, Telling, no_day, odd};
use crate::calendar::{plus, working};
use crate::dirt::System;
use crate::life_course::services::Referral;

pub(super) const CAMHS: Source = Source {
    connector: "health-camhs-mhsds",
    system: System::Health,
    format: Format::Text(b'|'),
    days: Days::Iso,
    changes: false,
    file: |on| format!("mhsds_referrals_{on}.csv"),
    preamble: None,
    columns: &[
        "OrgIDProv",
        "LocalPatientId",
        "NHSNumber",
        "PersonBirthDate",
        "Gender",
        "EthnicCategory",
        "Postcode",
        "GMPCodeReg",
        "ServiceRequestId",
        "ReferralRequestReceivedDate",
        "SourceOfReferralMH",
        "ClinRespPriorityType",
        "PrimReasonReferralMH",
        "ReferralAcceptedDate",
        "ReferralRejectionDate",
        "ServDischDate",
        "ReferClosReason",
    ],
    whom: ("LocalPatientId", "PROVIDER_PERSON", "ods-rx9/mhsds-local-patient-id"),
    key: "ServiceRequestId",
    version: None,
    describes: &["PersonBirthDate"],
    rows: camhs,
    faults: &[
        odd("wrong check digit", "NHSNumber", "", "CHECK_CHARACTER_WRONG"),
        odd("a code of no list", "SourceOfReferralMH", "Q9", "CODE_UNKNOWN"),
        no_day("ReferralRequestReceivedDate", "ReferralMade"),
    ],
};

fn camhs(telling: &Telling<'_>) -> Vec<Row> {
    let Some(one) = telling.services.camhs.as_ref().filter(|one| one.on <= telling.as_of) else { return Vec::new() };
    let (child, told) = (telling.child, &telling.told);
    let practice = telling.known.world.practices.get(child.practice).map_or("", |practice| practice.code.as_str());
    let source = ["A1", "B2", "C1"].get(telling.figure(7, 3) as usize).copied().unwrap_or("A1");
    let row = telling.row().text("RX9").text(local(telling)).text(telling.held(&child.nhs)).due(told.birth);
    let row =
        row.text(if told.girl { "2" } else { "1" }).text(child.ethnicity.1).text(telling.postcode()).text(practice);
    let row = row.text(format!("SR{}", telling.number())).day(telling.corrected(one.on), "ReferralMade").text(source);
    let row = row.text("3").text("X").day(one.rejected.is_none().then(|| plus(one.on, 9)), "ReferralAccepted");
    let row = row.day(one.rejected, "ReferralRejected");
    let ended = one.ended.or(one.rejected).filter(|on| *on <= telling.as_of);
    let closed = if one.rejected.is_some() { "" } else { "ReferralClosed" };
    let reason = match (ended, one.rejected) {
        (None, _) => "",
        (_, Some(_)) => "09",
        (_, None) => "03",
    };
    vec![row.day(ended, closed).text(reason)]
}

/// The trust's own number of a child.
fn local(telling: &Telling<'_>) -> String {
    format!("L{}", 70_000 + telling.number())
}

pub(super) const CONTACTS: Source = Source {
    connector: "health-community-csds",
    system: System::Health,
    format: Format::Text(b'|'),
    days: Days::Iso,
    changes: true,
    file: |on| format!("csds_contacts_{on}.csv"),
    preamble: None,
    columns: &[
        "LocalPatientId",
        "NHSNumber",
        "CareContactId",
        "CareContactDate",
        "AttendedOrDidNotAttend",
        "TeamType",
        "ConsultMediumUsed",
        "ActivityLocType",
        "RecordLastUpdated",
    ],
    whom: ("LocalPatientId", "PROVIDER_PERSON", "ods-rx9/csds-local-patient-id"),
    key: "CareContactId",
    version: Some("RecordLastUpdated"),
    describes: &["NHSNumber"],
    rows: contacts,
    faults: &[
        odd("wrong check digit", "NHSNumber", "", "CHECK_CHARACTER_WRONG"),
        odd("a code of no list", "TeamType", "77", "CODE_UNKNOWN"),
        no_day("CareContactDate", "AppointmentKept"),
    ],
};

/// The visits of a course of therapy; some were missed, some called off, and of one nobody wrote down what became of it.
fn contacts(telling: &Telling<'_>) -> Vec<Row> {
    let Some(Referral { seen: Some(first), ended, service, .. }) = &telling.services.therapy else { return Vec::new() };
    let team = if *service == "SLT" { "15" } else { "18" };
    let visits = (0..6_u64).map(|at| (at, working(plus(*first, at as i32 * 21))));
    let over = |on: Date| ended.is_none_or(|end| on <= end) && on <= telling.as_of;
    let rows = visits.filter(|(_, on)| over(*on) && working(plus(*on, 1)) <= telling.as_of).map(|(at, on)| {
        let (attended, event) = match telling.figure(10 + at, 12) {
            0 => ("3", "AppointmentMissed"),
            1 => ("7", "AppointmentMissed"),
            2 => ("4", "AppointmentCancelled"),
            3 => ("6", "AppointmentKept"),
            _ => ("5", "AppointmentKept"),
        };
        let row = telling.row().text(local(telling)).text(telling.held(&telling.child.nhs));
        let row = row.text(format!("CC{}-{at}", telling.number())).day(on, event).text(attended).text(team);
        row.text("01").text("L04").day(working(plus(on, 1)), "")
    });
    rows.collect()
}

pub(super) const THERAPY: Source = Source {
    connector: "health-therapy-waits",
    system: System::Health,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: false,
    file: |on| on.strftime("therapy_waits_%Y%m%d.csv").to_string(),
    preamble: Some("Report: therapy waits (every record here is invented)"),
    columns: &[
        "Patient ID",
        "NHS Number",
        "Surname",
        "Forename",
        "DOB",
        "Gender",
        "Postcode",
        "Referral ID",
        "Service",
        "Referred by",
        "Priority",
        "Date referred",
        "Date added to list",
        "Status",
        "Date of outcome",
        "Outcome",
        "First treatment",
        "Discharged",
        "Clinician",
    ],
    whom: ("Patient ID", "PROVIDER_PERSON", "ods-rx9/community"),
    key: "Referral ID",
    version: None,
    describes: &["Surname"],
    rows: therapy,
    faults: &[
        odd("wrong check digit", "NHS Number", "", "CHECK_CHARACTER_WRONG"),
        odd("a word of no list", "Service", "Hydrotherapy", "CODE_UNKNOWN"),
        no_day("Date referred", "ReferralMade"),
    ],
};

fn therapy(telling: &Telling<'_>) -> Vec<Row> {
    let Some(one) = telling.services.therapy.as_ref().filter(|one| one.on <= telling.as_of) else { return Vec::new() };
    let (child, told) = (telling.child, &telling.told);
    let past = |on: Option<Date>| on.filter(|on| *on <= telling.as_of);
    let (status, outcome) = match (past(one.rejected), past(one.seen)) {
        (Some(_), _) => ("Rejected", ""),
        (_, Some(_)) => ("Seen", "Seen"),
        _ => ("Waiting", ""),
    };
    let row = telling.row().text(format!("C{}", 10_000 + telling.number())).text(telling.held(&child.nhs));
    let row =
        row.text(telling.surname()).text(&told.given).due(told.birth).text(if told.girl { "Female" } else { "Male" });
    let row = row.text(telling.postcode()).text(format!("R-{}", telling.number())).text(one.service).text("School");
    let row = row.text("Routine").day(telling.corrected(one.on), "ReferralMade");
    let row = row.day(Some(one.listed).filter(|_| one.rejected.is_none()), "WaitingListJoined").text(status);
    let event = if status == "Rejected" { "ReferralRejected" } else { "WaitingListLeft" };
    let row = row.day(one.rejected.or(one.seen), event).text(outcome).day(one.seen, "TherapyStarted");
    vec![row.day(one.ended, "TherapyEnded").gaps(1)]
}

pub(super) const PORTAGE: Source = Source {
    connector: "social-care-portage",
    system: System::SocialCare,
    format: Format::Workbook("Register"),
    days: Days::Iso,
    changes: false,
    file: |on| format!("portage_{on}.xlsx"),
    preamble: None,
    columns: &[
        "Child no",
        "NHS no",
        "Surname",
        "First name",
        "Date of birth",
        "Spell no",
        "Referred",
        "Referred by",
        "Offered",
        "Accepted",
        "First visit",
        "Ended",
        "Reason ended",
        "Home visitor",
    ],
    whom: ("Child no", "PROVIDER_PERSON", "la-878-early-years/portage"),
    key: "Spell no",
    version: None,
    describes: &["Surname"],
    rows: portage,
    faults: &[
        odd("wrong check digit", "NHS no", "", "CHECK_CHARACTER_WRONG"),
        odd("a word of no list", "Accepted", "Perhaps", "CODE_UNKNOWN"),
        no_day("Referred", "ServiceReferred"),
    ],
};

fn portage(telling: &Telling<'_>) -> Vec<Row> {
    let Some(one) = telling.services.portage.as_ref().filter(|one| one.on <= telling.as_of) else { return Vec::new() };
    let (child, told) = (telling.child, &telling.told);
    let offered = plus(one.on, 14);
    let answer = if offered > telling.as_of {
        ""
    } else if one.rejected.is_some() {
        "No"
    } else {
        "Yes"
    };
    let row = telling.row().text(format!("P{}", 300 + telling.number())).text(telling.held(&child.nhs));
    let row = row.text(telling.surname()).text(&told.given).due(told.birth).text(format!("S{}", telling.number()));
    let row = row.day(telling.corrected(one.on), "ServiceReferred").text("Health visitor");
    let row = row.day(offered, "ServiceOffered").text(answer).day(one.seen, "ServiceStarted");
    let reason = if one.ended.is_some_and(|on| on <= telling.as_of) { "Goals met" } else { "" };
    vec![row.day(one.ended, "ServiceEnded").text(reason).gaps(1)]
}
