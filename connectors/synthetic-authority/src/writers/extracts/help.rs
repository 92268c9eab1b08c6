//! Early help and what stands around it: episodes, steps, visits, teams, young carers, and who looked up a protected child.

use jiff::civil::Date;

use super::table::Format;
use super::{Days, Fault, Row, Source, Telling, no_day, odd};
use crate::calendar::{plus, working};
use crate::dirt::System;
use crate::life_course::health::{Happening, events};

pub(super) const ACCESS_NOTICES: Source = Source {
    connector: "social-care-cpis-access-notices",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: true,
    file: |on| format!("cpis_access_notices_{on}.csv"),
    preamble: None,
    columns: &["Notice", "Sent", "Child ID", "NHS number", "Accessed", "Site", "Setting", "Plan", "Accessed by"],
    whom: ("Child ID", "LA_CHILD_ID", "878"),
    key: "Notice",
    version: Some("Sent"),
    describes: &[],
    rows: notices,
    faults: &[
        odd("a code of no list", "Setting", "AIR", "CODE_UNKNOWN"),
        no_day("Accessed", "ProtectionInformationAccessed"),
    ],
};

/// A notice for each time that the child came to an emergency department while a plan or care was on.
fn notices(telling: &Telling<'_>) -> Vec<Row> {
    let Some(involvement) = telling.known.involvement else { return Vec::new() };
    let on_plan = |on: Date| {
        let plans = involvement.referrals.iter().filter_map(|one| one.protection.as_ref());
        plans.into_iter().any(|plan| plan.start <= on && on < plan.end)
    };
    let in_care = |on: Date| telling.known.care.is_some_and(|care| care.on(on).is_some());
    let mut rows = Vec::new();
    for event in events(telling.known.world, telling.child) {
        let (at, on) = (event.at, event.at.date());
        let plan = if on_plan(on) { "CPPI" } else { "LACI" };
        let seen = matches!(event.what, Happening::Emergency { .. });
        if !seen || plus(on, 1) > telling.as_of || !(on_plan(on) || in_care(on)) {
            continue;
        }
        let sent = format!("{}T08:15:00", plus(on, 1));
        let row = telling.row().text(format!("N{}-{on}-{:02}", telling.number(), at.hour())).text(sent);
        let row = row.text(&telling.child.la_id).text(&telling.child.nhs).text(format!(
            "{on}T{:02}:{:02}:00",
            at.hour(),
            at.minute()
        ));
        let row = row.text("Invented General Hospital ED").text("ED").text(plan).text("R8000");
        rows.push(row.becomes("ProtectionInformationAccessed"));
    }
    rows
}

pub(super) const EPISODES: Source = Source {
    connector: "social-care-early-help-episodes",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::IsoMidnight,
    changes: false,
    file: |on| format!("ssd_early_help_episodes_{on}.csv"),
    preamble: None,
    columns: &[
        "earl_episode_id",
        "earl_person_id",
        "earl_episode_start_date",
        "earl_episode_end_date",
        "earl_episode_reason",
        "earl_episode_end_reason",
        "earl_episode_organisation",
        "earl_episode_worker_id",
    ],
    whom: ("earl_person_id", "LA_CHILD_ID", "878"),
    key: "earl_episode_id",
    version: None,
    describes: &[],
    rows: episodes,
    faults: &[no_day("earl_episode_start_date", "EarlyHelpStarted"), no_day("earl_episode_end_date", "EarlyHelpEnded")],
};

fn episodes(telling: &Telling<'_>) -> Vec<Row> {
    let Some(help) = &telling.services.early_help else { return Vec::new() };
    let Some((start, _)) = help.assessed.filter(|(start, _)| *start <= telling.as_of) else { return Vec::new() };
    let closed = help.closed.filter(|(on, _)| *on <= telling.as_of);
    let row = telling.row().text(format!("EH{}", telling.number())).text(&telling.child.la_id);
    let row = row.day(telling.corrected(start), "EarlyHelpStarted").day(closed.map(|(on, _)| on), "EarlyHelpEnded");
    let row = row.text("Family in acute stress").text(closed.map_or("", |(_, reason)| reason));
    vec![row.text("Invented Family Hub North").text("W7")]
}

pub(super) const MODULE: Source = Source {
    connector: "social-care-early-help-module",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: false,
    file: |on| format!("early_help_{on}.csv"),
    preamble: None,
    columns: &[
        "Child ID",
        "UPN",
        "Episode",
        "Step ID",
        "Step",
        "Date",
        "Detail",
        "From",
        "Reason",
        "Next date",
        "Worker",
    ],
    whom: ("Child ID", "LA_CHILD_ID", "878"),
    key: "Step ID",
    version: None,
    describes: &["UPN"],
    rows: steps,
    faults: &[
        odd("wrong check letter", "UPN", "", "CHECK_CHARACTER_WRONG"),
        no_day("Date", "EnquiryReceived"),
        no_day("Date", "PlanAgreed"),
    ],
};

fn steps(telling: &Telling<'_>) -> Vec<Row> {
    let Some(help) = &telling.services.early_help else { return Vec::new() };
    let (start, done) = help.assessed.map_or((None, None), |(start, done)| (Some(start), done));
    let review = help.plan.map(|on| plus(on, 90));
    let all: [(&str, Option<Date>, &str, &str); 7] = [
        ("Contact", Some(telling.corrected(help.contact)), "School", "EnquiryReceived"),
        ("Decision", Some(help.decided), help.outcome, "EnquiryDecided"),
        ("Assessment started", start, "EHA", "HelpAssessmentStarted"),
        ("Assessment completed", done, "EHA", "HelpAssessmentCompleted"),
        ("Level", done, help.level, "NeedLevelAssessed"),
        ("Plan", help.plan, "", "PlanAgreed"),
        ("Closure", help.closed.map(|(on, _)| on), help.closed.map_or("", |(_, reason)| reason), "PlanClosed"),
    ];
    // A school that has no number of the child leaves it out.
    let upn =
        if telling.known.schooling.enrolments.is_empty() { String::new() } else { telling.held(&telling.child.upn) };
    let mut rows = Vec::new();
    for (at, (step, on, detail, event)) in (1..).zip(all) {
        let Some(on) = on.filter(|on| *on <= telling.as_of) else { continue };
        let number: u32 = at;
        let row = telling.row().text(&telling.child.la_id).text(&upn).text(format!("EP{}", telling.number()));
        let row = row.text(format!("EP{}-{number}", telling.number())).text(step).day(on, event).text(detail);
        let row = row.text(if step == "Contact" { "Teacher" } else { "" });
        let row = row.text(if step == "Decision" { "The family asked for help (invented)." } else { "" });
        rows.push(row.due(review.filter(|_| step == "Plan")).text("w"));
    }
    rows
}

pub(super) const FAMILY_SUPPORT: Source = Source {
    connector: "social-care-family-support",
    system: System::SocialCare,
    format: Format::Text(b'\t'),
    days: Days::Slashed,
    changes: false,
    file: |on| format!("family_support_{on}.csv"),
    preamble: None,
    columns: &[
        "Child case",
        "Row",
        "Episode",
        "What",
        "Date",
        "Result",
        "Goal",
        "Domain",
        "Score",
        "Target",
        "Whose view",
    ],
    whom: ("Child case", "PROVIDER_PERSON", "org-family-first-878/case"),
    key: "Row",
    version: None,
    describes: &[],
    rows: visits,
    faults: &[
        Fault { of: "ServiceAttended", ..odd("a word of no list", "Result", "Nobody in", "CODE_UNKNOWN") },
        no_day("Date", "ServiceAttended"),
    ],
};

fn visits(telling: &Telling<'_>) -> Vec<Row> {
    let Some(help) = telling.services.early_help.as_ref().filter(|help| help.family_support) else { return Vec::new() };
    let Some(start) = help.plan.filter(|on| *on <= telling.as_of) else { return Vec::new() };
    let end = help.closed.map(|(on, _)| on);
    let mut rows = Vec::new();
    let (case, episode) = (format!("FS{}", telling.number()), format!("E{}", telling.number()));
    let number = |rows: &Vec<Row>| format!("{episode}-{}", rows.len() + 1);
    let row = |rows: &Vec<Row>, what: &str| telling.row().text(&case).text(number(rows)).text(&episode).text(what);
    rows.push(row(&rows, "Start").day(telling.corrected(start), "ServiceStarted").gaps(6));
    let goal = format!("G{}", telling.number());
    let set = plus(start, 7);
    if set <= telling.as_of && end.is_none_or(|end| set < end) {
        let goal = row(&rows, "Goal").day(set, "GoalSet").gaps(1).text(&goal).text("Routines").text("3").text("7");
        rows.push(goal.gaps(1));
    }
    for at in 0..5_i32 {
        let on = working(plus(start, 14 + at * 14));
        if on > telling.as_of || end.is_some_and(|end| on >= end) {
            break;
        }
        let result = if telling.figure(20 + at as u64, 5) == 0 { "DNA" } else { "Seen" };
        rows.push(row(&rows, "Visit").day(on, "ServiceAttended").text(result).gaps(5));
    }
    if let Some(end) = end.filter(|end| *end <= telling.as_of) {
        let met = row(&rows, "Goal review").day(end, "GoalReviewed").text("Met").text(&goal).text("Routines").text("7");
        rows.push(met.gaps(1).text("Child"));
        rows.push(row(&rows, "End").day(end, "ServiceEnded").text("Finished").gaps(5));
    }
    rows
}

pub(super) const TEAM: Source = Source {
    connector: "social-care-team-around-child",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: false,
    file: |on| format!("team_around_child_{on}.csv"),
    preamble: None,
    columns: &[
        "Child ID",
        "Log no",
        "Entry",
        "Date",
        "Organisation",
        "Team",
        "Contact",
        "Family told",
        "Present",
        "Apologies",
        "Next date",
        "Result",
    ],
    whom: ("Child ID", "LA_CHILD_ID", "878"),
    key: "Log no",
    version: None,
    describes: &[],
    rows: team,
    faults: &[
        odd("a word of no list", "Organisation", "The school", "CODE_UNKNOWN"),
        no_day("Date", "TeamMeetingHeld"),
    ],
};

fn team(telling: &Telling<'_>) -> Vec<Row> {
    let Some(help) = &telling.services.early_help else { return Vec::new() };
    let Some(plan) = help.plan else { return Vec::new() };
    let closed = help.closed.map(|(on, _)| on);
    let log = |at: u32| telling.row().text(&telling.child.la_id).text(format!("L{}-{at}", telling.number()));
    let mut rows = Vec::new();
    let past = |on: Date| on <= telling.as_of;
    if past(plan) {
        let row =
            log(1).text("Lead named").day(telling.corrected(plan), "WorkerNamed").text("Early help").text("North");
        rows.push(row.text("01632 960001; north@help.example").day(plan, "").gaps(4));
    }
    let met = working(plus(plan, 14));
    if past(met) && closed.is_none_or(|end| met < end) {
        let row = log(2).text("Team meeting").day(met, "TeamMeetingHeld").gaps(4);
        rows.push(row.text("SENCO; Health visitor; Parent").text("School nurse").due(plus(met, 42)).gaps(1));
    }
    let reviewed = working(plus(plan, 56));
    if past(reviewed) && closed.is_none_or(|end| reviewed < end) {
        let row = log(3).text("Review").day(reviewed, "PlanReviewed").gaps(6).due(plus(reviewed, 56));
        rows.push(row.text("Continue"));
    }
    if let Some(end) = closed.filter(|end| past(*end)) {
        let row = log(4).text("Lead ended").day(end, "WorkerEnded").text("Early help").gaps(6);
        rows.push(row.text("Closed"));
    }
    rows
}

pub(super) const YOUNG_CARERS: Source = Source {
    connector: "social-care-young-carers",
    system: System::SocialCare,
    format: Format::Text(b','),
    days: Days::Slashed,
    changes: false,
    file: |on| format!("young_carers_{on}.csv"),
    preamble: None,
    columns: &[
        "Young carer no",
        "UPN",
        "Surname",
        "First name",
        "DOB",
        "Ref",
        "Identified",
        "Identified by",
        "Assessment offered",
        "Accepted",
        "Assessed",
        "Outcome",
        "Support from",
        "Support to",
        "Key worker",
    ],
    whom: ("Young carer no", "PROVIDER_PERSON", "org-young-carers-878/ref"),
    key: "Ref",
    version: None,
    describes: &["Surname"],
    rows: carers,
    faults: &[
        odd("wrong check letter", "UPN", "", "CHECK_CHARACTER_WRONG"),
        odd("a word of no list", "Accepted", "Later", "CODE_UNKNOWN"),
        no_day("Identified", "YoungCarerIdentified"),
    ],
};

fn carers(telling: &Telling<'_>) -> Vec<Row> {
    let Some((identified, accepted)) = telling.services.carer.filter(|(on, _)| *on <= telling.as_of) else {
        return Vec::new();
    };
    let offered = working(plus(identified, 7));
    let answer = match (offered <= telling.as_of, accepted) {
        (false, _) => "",
        (_, true) => "Y",
        (_, false) => "N",
    };
    let assessed = accepted.then(|| working(plus(offered, 21)));
    let support = assessed.map(|on| working(plus(on, 7)));
    let outcome = if assessed.is_some_and(|on| on <= telling.as_of) { "Plan" } else { "" };
    let row = telling.row().text(format!("YC{}", telling.number())).text(telling.held(&telling.child.upn));
    let row = row.text(telling.surname()).text(&telling.told.given).due(telling.told.birth);
    let row = row.text(format!("A{}", telling.number())).day(telling.corrected(identified), "YoungCarerIdentified");
    let row = row.text("School").day(offered, "CarerAssessmentOffered").text(answer);
    let row = row.day(assessed, "CarerAssessmentCompleted").text(outcome).day(support, "ServiceStarted");
    vec![row.day(support.map(|on| plus(on, 120)), "ServiceEnded").text("k")]
}
