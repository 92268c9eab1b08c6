//! Services of disabled children, and what housing, the police and youth justice have.

use super::table::Format;
use super::{Days, Row, Source, Telling, no_day, no_key, odd};
use crate::calendar::plus;
use crate::dirt::System;

pub(super) const EQUIPMENT: Source = Source {
    connector: "social-care-equipment-panel",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Named,
    changes: false,
    file: |on| format!("equipment_panel_{on}.csv"),
    preamble: None,
    columns: &[
        "Child",
        "NHS",
        "Request",
        "Requested",
        "Panel date",
        "Decision",
        "Reason",
        "Item",
        "Delivered",
        "Where",
        "Review due",
        "Returned",
        "Cost",
        "Chair",
    ],
    whom: ("Child", "LA_CHILD_ID", "878"),
    key: "Request",
    version: None,
    describes: &["NHS"],
    rows: equipment,
    faults: &[
        odd("wrong check digit", "NHS", "", "CHECK_CHARACTER_WRONG"),
        odd("a word of no list", "Where", "Q", "CODE_UNKNOWN"),
        no_day("Panel date", "PanelDecided"),
    ],
};

fn equipment(telling: &Telling<'_>) -> Vec<Row> {
    let Some((asked, decided, outcome, delivered)) = telling.services.equipment else { return Vec::new() };
    if decided > telling.as_of {
        return Vec::new();
    }
    let arrived = delivered.filter(|on| *on <= telling.as_of);
    let row = telling.row().text(&telling.child.la_id).text(telling.held(&telling.child.nhs));
    let row =
        row.text(format!("E-{}", telling.number())).day(asked, "").day(telling.corrected(decided), "PanelDecided");
    let row = row.text(outcome).text("By need (invented).").text("Standing frame").day(delivered, "EquipmentProvided");
    let row = row.text(if arrived.is_some() { "B" } else { "" }).due(arrived.map(|on| plus(on, 182)));
    vec![row.gaps(1).text("900").text("X")]
}

pub(super) const BUDGETS: Source = Source {
    connector: "social-care-personal-budgets",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: false,
    file: |on| format!("personal_budgets_{on}.csv"),
    preamble: None,
    columns: &[
        "Person",
        "UPN",
        "Element",
        "How paid",
        "Indicative",
        "Agreed",
        "Start",
        "End",
        "Review",
        "RAS version",
        "RAS points",
    ],
    whom: ("Person", "LA_CHILD_ID", "878"),
    key: "Element",
    version: None,
    describes: &["UPN"],
    rows: budgets,
    faults: &[
        odd("wrong check letter", "UPN", "", "CHECK_CHARACTER_WRONG"),
        odd("a word of no list", "How paid", "Voucher", "CODE_UNKNOWN"),
        odd("an amount in words", "Indicative", "as before", "VALUE_MALFORMED"),
        no_key("Start", "PersonalBudgetSet"),
    ],
};

fn budgets(telling: &Telling<'_>) -> Vec<Row> {
    let Some((from, pounds)) = telling.services.budget.filter(|(on, _)| *on <= telling.as_of) else {
        return Vec::new();
    };
    let upn =
        if telling.known.schooling.enrolments.is_empty() { String::new() } else { telling.held(&telling.child.upn) };
    let row = telling.row().text(&telling.child.la_id).text(upn).text("Social care").text("DP");
    let row = row.text(format!("£{},{:03}.50", pounds / 1000, pounds % 1000)).text(pounds.to_string());
    // Keyed by its start, so that the start is never put right.
    vec![row.day(from, "PersonalBudgetSet").gaps(1).due(plus(from, 365)).text("RAS 7").text("112")]
}

pub(super) const SHORT_BREAKS: Source = Source {
    connector: "social-care-short-breaks",
    system: System::SocialCare,
    format: Format::Windows(b';'),
    days: Days::Slashed,
    changes: true,
    file: |on| format!("short_breaks_{on}.csv"),
    preamble: None,
    columns: &["Child ID", "Booking", "Type", "From", "To", "Minutes", "Nights", "Setting", "Legal basis", "Invoice"],
    whom: ("Child ID", "LA_CHILD_ID", "878"),
    key: "Booking",
    version: None,
    describes: &[],
    rows: short_breaks,
    faults: &[
        odd("a word of no list", "Type", "Horse riding", "CODE_UNKNOWN"),
        odd("a code of no list", "Legal basis", "S99", "CODE_UNKNOWN"),
        no_day("From", "ShortBreakProvided"),
    ],
};

fn short_breaks(telling: &Telling<'_>) -> Vec<Row> {
    let breaks = telling.services.short_breaks.iter().zip(1..);
    let rows = breaks.filter(|((on, _), _)| plus(*on, 1) <= telling.as_of).map(|((on, overnight), at)| {
        let number: u32 = at;
        let row = telling.row().text(&telling.child.la_id).text(format!("B-{}-{number}", telling.number()));
        let row = row
            .text(if *overnight { "Overnight" } else { "Sitting" })
            .day(telling.corrected(*on), "ShortBreakProvided");
        let row = match overnight {
            true => row.day(plus(*on, 1), "").gaps(1).text("1").text("Café House (invented)"),
            false => row.gaps(1).text("150").gaps(2),
        };
        row.text("S17").text(format!("INV{number}"))
    });
    rows.collect()
}

pub(super) const HOUSING: Source = Source {
    connector: "social-care-housing-duties",
    system: System::SocialCare,
    format: Format::Workbook("Duties"),
    days: Days::Iso,
    changes: false,
    file: |on| format!("housing_{on}.xlsx"),
    preamble: None,
    columns: &[
        "Person ref",
        "Last name",
        "First name",
        "Born",
        "Case",
        "Row type",
        "Kind",
        "From",
        "To",
        "End reason",
        "Out of area",
    ],
    whom: ("Person ref", "PROVIDER_PERSON", "la-878-housing/person"),
    key: "Case",
    version: None,
    describes: &["Last name"],
    rows: housing,
    faults: &[
        odd("a word of no list", "Kind", "Caravan", "CODE_UNKNOWN"),
        no_day("From", "HousingDutyRecorded"),
        no_day("From", "TemporaryAccommodationStarted"),
    ],
};

fn housing(telling: &Telling<'_>) -> Vec<Row> {
    let Some(one) = telling.services.housing.as_ref().filter(|one| one.decided <= telling.as_of) else {
        return Vec::new();
    };
    let ended = one.ended.is_some_and(|on| on <= telling.as_of);
    let row = |kind: &str, what: &str| {
        let row =
            telling.row().text(format!("H{}", telling.number())).text(telling.surname()).text(&telling.told.given);
        row.due(telling.told.birth).text(format!("{}", 9_000 + telling.child.household)).text(what).text(kind)
    };
    let reason = if ended { "Moved on" } else { "" };
    let decided = telling.corrected(one.decided);
    let mut rows =
        vec![row(one.duty, "Duty").day(decided, "HousingDutyRecorded").day(one.ended, "").text(reason).gaps(1)];
    if let Some((kind, (from, to))) = one.accommodation {
        let row = row(kind, "TA").day(from, "TemporaryAccommodationStarted").day(to, "TemporaryAccommodationEnded");
        rows.push(row.text(reason).text("N"));
    }
    rows
}

pub(super) const POLICE: Source = Source {
    connector: "social-care-police-notifications",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: true,
    file: |on| format!("police_notifications_{on}.csv"),
    preamble: None,
    columns: &[
        "Child ref",
        "Child surname",
        "Child forename",
        "Child DOB",
        "Address",
        "Postcode",
        "Incident",
        "Incident time",
        "Sent",
        "Present",
        "DASH",
        "Summary",
        "Victim ref",
        "Officer",
        "Suspect",
    ],
    whom: ("Child ref", "PROVIDER_PERSON", "la-878-social-care/police-person"),
    key: "Incident",
    version: Some("Sent"),
    describes: &["Child surname"],
    rows: police,
    faults: &[odd("a code of no list", "DASH", "?", "CODE_UNKNOWN"), no_day("Incident time", "DomesticAbuseNotified")],
};

fn police(telling: &Telling<'_>) -> Vec<Row> {
    let Some((on, risk)) = telling.services.police else { return Vec::new() };
    let sent = plus(on, 1);
    if sent > telling.as_of {
        return Vec::new();
    }
    let (child, told) = (telling.child, &telling.told);
    let slashed = |on: jiff::civil::Date, time: &str| format!("{} {time}", on.strftime("%d/%m/%Y"));
    let present = if telling.figure(8, 3) == 0 { "not present" } else { "heard" };
    let row = telling.row().text(format!("PN{}", telling.number())).text(telling.surname()).text(&told.given);
    let row = row
        .due(told.birth)
        .text(format!("{} {}", telling.home().number, telling.home().street))
        .text(telling.postcode());
    let row = row.text(format!("I-{}", child.household)).text(slashed(on, "22:40")).text(slashed(sent, "07:00"));
    let row = row.text(present).text(risk).text("An invented account.").text(format!("PV{}", child.household));
    vec![row.text("x").text("x").becomes("DomesticAbuseNotified")]
}

pub(super) const YOUTH_JUSTICE: Source = Source {
    connector: "social-care-youth-justice",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: false,
    file: |on| format!("youth_justice_{on}.csv"),
    preamble: None,
    columns: &[
        "YOIS ID",
        "Surname",
        "Forename",
        "DOB",
        "Outcome ID",
        "Disposal",
        "FTE",
        "From",
        "To",
        "Offence",
        "Court",
    ],
    whom: ("YOIS ID", "PROVIDER_PERSON", "la-878-youth-justice/case"),
    key: "Outcome ID",
    version: None,
    describes: &["Surname"],
    rows: youth_justice,
    faults: &[
        odd("a code of no list", "Disposal", "XX", "CODE_UNKNOWN"),
        no_day("From", "YouthJusticeOutcomeRecorded"),
    ],
};

fn youth_justice(telling: &Telling<'_>) -> Vec<Row> {
    let Some((disposal, (from, to))) = telling.services.offence.filter(|(_, (on, _))| *on <= telling.as_of) else {
        return Vec::new();
    };
    let row = telling.row().text(format!("Y{}", telling.number())).text(telling.surname()).text(&telling.told.given);
    let row = row.due(telling.told.birth).text(format!("O{}", telling.number())).text(disposal).text("Y");
    let row = row.day(telling.corrected(from), "YouthJusticeOutcomeRecorded").due(to);
    vec![row.text("invented").text("invented")]
}
