//! What schools recorded of a child over the years: meals, needs, exclusions, attendance, results, and the schools themselves.

use connector_kit::file_name::Authority;
use connector_kit::reading::{self, finding};
use connector_kit::xml::Element;
use connector_kit::{attendance as register, dates, kept};
use proto::events::{
    AttainmentRecorded, AttendanceMarked, AttendanceSummarised, Coded, Date, EnrolmentEnded, EnrolmentStarted, Event,
    ExclusionGiven, Finding, FindingCode, FreeSchoolMealsEnded, FreeSchoolMealsStarted, SenNeedRecorded,
    SenProvisionChanged, SuspensionGiven,
};

use crate::codes;
use crate::part::Part;
use crate::pupil::{Pupil, Said, key_of};

/// How the sending school had the child enrolled.
#[derive(Default)]
pub(crate) struct Enrolled {
    pub(crate) status: Option<Coded>,
    pub(crate) year_group: Option<Coded>,
    pub(crate) findings: Vec<Finding>,
}

/// Elements in an order that the file's does not change.
pub(crate) fn in_order(mut elements: Vec<Element<'_>>) -> Vec<Element<'_>> {
    elements.sort_by_cached_key(|element| says(*element));
    elements
}

/// All that an element says, by the names of what says it, in an order that the file's does not change.
pub(crate) fn says(element: Element<'_>) -> Vec<(&str, &str)> {
    fn collect<'t>(element: Element<'t>, said: &mut Vec<(&'t str, &'t str)>) {
        if !element.has_children() {
            said.push((element.key(), element.text()));
        }
        element.children().for_each(|child| collect(child, said));
    }
    let mut said = Vec::new();
    collect(element, &mut said);
    said.sort_unstable();
    said
}

fn ends_before(start: &Date, end: &Date) -> bool {
    dates::rank(end) < dates::rank(start)
}

pub(crate) fn free_meals(child: &mut Pupil<'_>, pupil: &mut Part<'_>) {
    let Some(mut history) = pupil.one("fsmhistory") else { return };
    let mut of_history = Vec::new();
    let review_on = history.date("fsmreviewdate", &mut of_history);
    for element in in_order(history.each("fsminstance")) {
        let mut instance = Part::of(element);
        let mut findings = of_history.clone();
        let Some(start_on) = instance.date("fsmstartdate", &mut findings) else {
            child.reject(
                element,
                "FSMstartDate",
                "free meals have no start date that can be read: put it right and send the file again",
            );
            continue;
        };
        let country = instance.code("ukcountry", &codes::COUNTRY, child.of.year, &mut findings);
        let started = FreeSchoolMealsStarted { start_on: Some(start_on), country, review_on };
        let mut events: Vec<(Date, Event)> = vec![(start_on, started.into())];
        if let Some(end_on) = instance.date("fsmenddate", &mut findings) {
            if ends_before(&start_on, &end_on) {
                findings.push(finding(FindingCode::DatesOutOfOrder, "FSMendDate"));
            }
            events.push((end_on, FreeSchoolMealsEnded { end_on: Some(end_on) }.into()));
        }
        let key = child.own_key(format!("free-meals/{}", dates::key(&start_on)));
        child.draft(Said { table: "free-meals", key: key.clone(), events, findings, third_parties: Vec::new() });
        child.keep_of(&key, &[], instance.rest());
    }
    child.keep(history.rest());
}

/// What of a child's needs stands in a history, and what some makers of files put beside it.
pub(crate) fn sen(child: &mut Pupil<'_>, pupil: &mut Part<'_>) {
    let mut history = pupil.one("senhistory");
    let mut each = |key| {
        let within = history.as_mut().map(|history| history.each(key)).unwrap_or_default();
        within.into_iter().chain(pupil.each(key)).collect::<Vec<_>>()
    };
    let (statuses, plain): (Vec<_>, Vec<_>) = each("sen").into_iter().partition(Element::has_children);
    let lists = each("senneeds");
    let rest = history.map(|history| history.rest()).unwrap_or_default();
    for element in in_order(statuses) {
        let mut sen = Part::of(element);
        let mut findings = Vec::new();
        let start_on = sen.date("startdate", &mut findings);
        let on = start_on.unwrap_or(child.of.made_on);
        // By the list of its own time: what a child had years ago is no mistake of the file's.
        let year = register::school_year(&on);
        let provision = sen.code("senprovision", &codes::SEN_PROVISION, year, &mut findings);
        let key = match start_on {
            Some(on) => format!("sen/{}", dates::key(&on)),
            None => "sen".to_owned(),
        };
        let changed = SenProvisionChanged { provision, ..SenProvisionChanged::default() };
        let key = child.own_key(key);
        child.draft(Said::one("sen", key.clone(), on, changed).found(findings));
        child.keep_on(&key, on, &[], sen.rest());
    }
    let needs = lists.iter().flat_map(|list| list.each("senneed")).collect();
    for element in in_order(needs) {
        let mut need = Part::of(element);
        let mut findings = Vec::new();
        let rank = need.count("sentyperank", &mut findings);
        let since_on = need.date("needstartdate", &mut findings);
        let on = since_on.unwrap_or(child.of.made_on);
        let kind = need.code("sentype", &codes::SEN_NEED, register::school_year(&on), &mut findings);
        let key = child.own_key(format!("sen-need/{}", key_of(&kind)));
        let until_on = need.date("needenddate", &mut findings);
        if since_on.zip(until_on).is_some_and(|(since, until)| ends_before(&since, &until)) {
            findings.push(finding(FindingCode::DatesOutOfOrder, "NeedEndDate"));
        }
        let recorded = SenNeedRecorded { need: kind, rank, since_on, until_on };
        child.draft(Said::one("sen-need", key.clone(), on, recorded).found(findings));
        child.keep_on(&key, on, &[], need.rest());
    }
    child.keep(plain.into_iter().chain(rest).collect());
}

/// Exclusions, which some makers of files put in.
pub(crate) fn exclusions(child: &mut Pupil<'_>, pupil: &mut Part<'_>) {
    let Some(mut list) = pupil.one("exclusions") else { return };
    for element in in_order(list.each("exclusion")) {
        let mut exclusion = Part::of(element);
        let mut findings = Vec::new();
        let Some(start_on) = exclusion.date("startdate", &mut findings) else {
            child.reject(
                element,
                "StartDate",
                "an exclusion has no start date that can be read: put it right and send the file again",
            );
            continue;
        };
        let year = register::school_year(&start_on);
        let category = exclusion.code("category", &codes::EXCLUSION, year, &mut findings);
        let reasons: Vec<Coded> = ["reason", "reason1", "reason2", "reason3"]
            .into_iter()
            .filter_map(|field| exclusion.unlisted(field, &format!("ctf.exclusionreason/{year}")))
            .collect();
        let sessions = exclusion.count("sessions", &mut findings);
        let is_permanent = category.as_ref().is_some_and(|category| category.code == "PERM");
        let key = child.own_key(format!("exclusion/{}/{}", dates::key(&start_on), key_of(&category)));
        let event: Event = match is_permanent {
            true => ExclusionGiven { start_on: Some(start_on), reasons, sen_provision: None }.into(),
            false => {
                SuspensionGiven { start_on: Some(start_on), sessions, category, reasons, sen_provision: None }.into()
            }
        };
        child.draft(Said::one("exclusion", key.clone(), start_on, event).found(findings));
        child.keep_of(&key, &[], exclusion.rest());
    }
    child.keep(list.rest());
}

/// A school by authority and establishment: its organisation id. What stands there of a school that has no numbers is left.
fn school(part: &mut Part<'_>) -> Option<String> {
    let (lea, estab) = (part.element.text_of("lea"), part.element.text_of("estab"));
    let is_school = estab.len() == 4 && estab.bytes().all(|byte| byte.is_ascii_digit());
    let school = Authority::parse(lea).filter(|_| is_school).map(|lea| format!("school-{}{estab}", lea.as_str()));
    let stands_for_none = lea.eq_ignore_ascii_case("XXX") && estab.eq_ignore_ascii_case("XXXX");
    if school.is_some() || stands_for_none {
        part.text("lea");
        part.text("estab");
    }
    if school.is_some() {
        // What a school was called follows from its numbers.
        part.text("schoolname");
    }
    school
}

pub(crate) fn attendance(child: &mut Pupil<'_>, pupil: &mut Part<'_>) {
    let Some(mut list) = pupil.one("attendance") else { return };
    for element in in_order(list.each("yeardata")) {
        let mut year = Part::of(element);
        let mut findings = Vec::new();
        // A year that names no school is the sender's. One of a school that cannot be told is of another.
        let names_one = ["lea", "estab", "schoolname"].iter().any(|field| !element.text_of(field).is_empty());
        let sender = (child.of.from_school && !names_one).then(|| child.of.controller.clone());
        let school = school(&mut year).or(sender);
        let stated = year.count("year", &mut findings);
        // A run of marks for each term, where there is more than one.
        let mut runs: Vec<Part<'_>> = std::iter::from_fn(|| year.one("attendsessions")).collect();
        let is_apart = !runs.is_empty();
        if !is_apart {
            runs.push(Part::of(element));
        }
        let mut starts: Vec<Option<Date>> = Vec::with_capacity(runs.len());
        starts.extend(runs.iter_mut().map(|run| run.date("attendancestartdate", &mut findings)));
        let from = starts.iter().flatten().min_by_key(|from| dates::rank(from));
        let school_year = from.map(|from| u32::from(register::school_year(from))).or(stated);
        let summary = AttendanceSummarised {
            school_year,
            school: school.clone(),
            sessions_possible: year.count("sessionspossible", &mut findings),
            attended: year.count("sessionsattended", &mut findings),
            absences_authorised: year.count("sessionsauthorised", &mut findings),
            absences_unauthorised: year.count("sessionsunauthorised", &mut findings),
            ..AttendanceSummarised::default()
        };
        let told = [summary.attended, summary.absences_authorised, summary.absences_unauthorised];
        let told: u64 = told.into_iter().flatten().map(u64::from).sum();
        if summary.sessions_possible.is_some_and(|possible| told > possible.into()) {
            findings.push(finding(FindingCode::FieldsContradict, "SessionsPossible"));
        }
        let place = school.as_deref().unwrap_or("-").to_owned();
        let marks: Vec<Option<Vec<Said>>> = runs
            .iter_mut()
            .zip(&starts)
            .map(|(run, from)| {
                run.text("attendancemarks");
                marks(child, from.as_ref(), run.spaced_text("attendancemarks"), school.as_deref(), &mut findings)
            })
            .collect();
        let key = child.own_key(format!("attendance/{}/{place}", school_year.unwrap_or_default()));
        let on = end_of(school_year, child.of.made_on);
        child.draft(Said::one("attendance", key.clone(), on, summary).found(findings));
        for (marks, run) in marks.into_iter().zip(runs) {
            match marks {
                Some(marks) => {
                    marks.into_iter().for_each(|said| child.draft(said));
                    if is_apart {
                        child.keep_of(&key, &[], run.rest());
                    } else {
                        year.text("attendancestartdate");
                        year.text("attendancemarks");
                    }
                }
                // Of what day each mark is nobody knows: they are kept, and else nothing of them was asked for.
                None if is_apart => child.keep_of(&key, &[], vec![run.element]),
                None => {}
            }
        }
        child.keep_of(&key, &[], year.rest());
    }
    child.keep(list.rest());
}

/// The last day of a school year, or the day that the file was made where that is earlier.
fn end_of(school_year: Option<u32>, made_on: Date) -> Date {
    let year = school_year.and_then(|year| i32::try_from(year).ok()).filter(|year| (1990..=2100).contains(year));
    let end = year.and_then(|year| dates::date(year + 1, Some(7), Some(31)));
    end.filter(|end| !ends_before(end, &made_on)).unwrap_or(made_on)
}

/// The marks of a register, an event a day. `None` where it is not known of which days they are: a run that begins with no day of a
/// week's first five may be of another week than the next, and of some a space may mean two things.
fn marks(
    child: &mut Pupil<'_>,
    from: Option<&Date>,
    marks: &str,
    school: Option<&str>,
    findings: &mut Vec<Finding>,
) -> Option<Vec<Said>> {
    const FIELD: &str = "AttendanceMarks";
    if marks.is_empty() {
        return Some(Vec::new());
    }
    let Some(days) = from.and_then(|from| register::days(marks, from)) else {
        let is_day = from.is_some_and(|from| register::days("", from).is_some());
        findings.push(register::malformed(if is_day { FIELD } else { "AttendanceStartDate" }));
        return None;
    };
    if register::ends_at_noon(marks) {
        findings.push(register::malformed(FIELD));
    }
    let mut said = Vec::with_capacity(days.len());
    for day in days {
        let mut of_day = Vec::new();
        let marked = AttendanceMarked {
            school: school.map(str::to_owned),
            on: Some(day.on),
            morning: register::mark(day.morning, &day.on, FIELD, &mut of_day),
            afternoon: register::mark(day.afternoon, &day.on, FIELD, &mut of_day),
            ..AttendanceMarked::default()
        };
        let key = child.own_key(format!("marks/{}/{}", school.unwrap_or("-"), dates::key(&day.on)));
        said.push(Said::one("marks", key, day.on, marked).found(of_day));
    }
    Some(said)
}

pub(crate) fn results(child: &mut Pupil<'_>, pupil: &mut Part<'_>) {
    let Some(mut list) = pupil.one("stageassessments") else { return };
    for stage_element in in_order(list.each("keystage")) {
        let mut stage = Part::of(stage_element);
        let mut of_stage = Vec::new();
        let kind = stage.code("stage", &codes::STAGE, child.of.year, &mut of_stage);
        for element in in_order(stage.each("stageassessment")) {
            let mut assessment = Part::of(element);
            let mut findings = of_stage.clone();
            let year = assessment.count("year", &mut findings);
            let result_on = assessment.date("resultdate", &mut findings);
            let recorded = AttainmentRecorded {
                stage: kind.clone(),
                locale: assessment.code("locale", &codes::COUNTRY, child.of.year, &mut findings),
                year,
                subject: assessment.unlisted("subject", "ctf.subject"),
                method: assessment.unlisted("method", "ctf.method"),
                component: assessment.unlisted("component", "ctf.component"),
                status: assessment.unlisted("resultstatus", "ctf.resultstatus"),
                qualifier: assessment.unlisted("resultqualifier", "ctf.resultqualifier"),
                result: assessment.unlisted("result", "ctf.result"),
                result_on,
            };
            let parts = [&recorded.stage, &recorded.subject, &recorded.method, &recorded.component, &recorded.status];
            let named: Vec<String> = parts.into_iter().chain([&recorded.qualifier]).map(key_of).collect();
            let key = format!("result/{}/{}", year.unwrap_or_default(), named.join("/"));
            let key = child.own_key(key);
            let of_year = year.and_then(|year| year.checked_sub(1));
            let on = result_on.unwrap_or_else(|| end_of(of_year, child.of.made_on));
            child.draft(Said::one("result", key.clone(), on, recorded).found(findings));
            child.keep_of(&key, &[], assessment.rest());
        }
        child.keep(stage.rest());
    }
    child.keep(list.rest());
}

/// Says the schools of a child's history, and gives the last day on the sending school's roll.
pub(crate) fn schools(child: &mut Pupil<'_>, pupil: &mut Part<'_>, enrolled: Enrolled) -> Option<Date> {
    let mut list = pupil.one("schoolhistory");
    let mut own = Some(enrolled);
    let mut left_on = None;
    for element in in_order(list.as_mut().map(|list| list.each("school")).unwrap_or_default()) {
        let mut at = Part::of(element);
        let mut findings = Vec::new();
        let school = school(&mut at);
        let (entry_on, leaving_on) = (at.date("entrydate", &mut findings), at.date("leavingdate", &mut findings));
        let is_last = at.read("lastschool", &mut findings, reading::boolean) == Some(true);
        let Some(from) = entry_on.or(leaving_on) else {
            child.reject(
                element,
                "EntryDate",
                "a school of the history has no date that can be read: put it right and send the file again",
            );
            continue;
        };
        let is_sender = child.of.from_school && school.as_ref() == Some(&child.of.controller);
        let here = if is_sender || is_last && child.of.from_school { own.take() } else { None }.unwrap_or_default();
        findings.extend(here.findings);
        if entry_on.is_none() {
            findings.push(finding(FindingCode::FieldMissing, "EntryDate"));
        }
        let started = EnrolmentStarted {
            school: school.clone(),
            entry_on,
            status: here.status,
            year_group: here.year_group,
            ..EnrolmentStarted::default()
        };
        let mut events: Vec<(Date, Event)> = vec![(from, started.into())];
        let reason = at.unlisted("leavingreason", "ctf.leavingreason");
        if let Some(on) = leaving_on {
            if ends_before(&from, &on) {
                findings.push(finding(FindingCode::DatesOutOfOrder, "LeavingDate"));
            }
            events.push((on, EnrolmentEnded { school: school.clone(), leaving_on, reason }.into()));
            left_on = if is_sender { Some(on) } else { left_on };
        }
        let key = format!("school/{}/{}", school.as_deref().unwrap_or("-"), dates::key(&from));
        let key = child.own_key(key);
        child.draft(Said { table: "school", key: key.clone(), events, findings, third_parties: Vec::new() });
        child.keep_of(&key, &[], at.rest());
    }
    if let Some(list) = list {
        child.keep(list.rest());
    }
    // No spell of the history is the sender's: without a day on which it began, it is no enrolment.
    if let Some(own) = own {
        let code = |coded: Option<Coded>| coded.map(|coded| coded.code).unwrap_or_default();
        let cells = [("EnrolStatus", code(own.status)), ("NCyearActual", code(own.year_group))];
        let kept = kept::columns("BasicDetails", cells.iter().map(|(name, cell)| (*name, cell.as_str())));
        let mut findings = own.findings;
        findings.push(finding(FindingCode::NotMapped, "BasicDetails"));
        if let Some(kept) = kept {
            child.draft(Said::one("kept", "kept/enrolled".to_owned(), child.of.made_on, kept).found(findings));
        }
    }
    left_on
}
