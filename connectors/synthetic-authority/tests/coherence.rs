//! Every date in the order that life and the returns' own rules demand, except where `dirt.jsonl` says.
#![cfg(test)]

#[path = "authority/read.rs"]
#[expect(dead_code, reason = "shared with the other test, which uses the rest")]
mod read;

use std::collections::{HashMap, HashSet};

use jiff::civil::{Date, Weekday};
use read::{Authority, Node, authority};
use synthetic_authority::Settings;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn days(node: &Node, name: &str) -> Vec<Date> {
    node.children.iter().filter(|child| child.name == name).map(|child| day(&child.value)).collect()
}

fn one(node: &Node, name: &str) -> Option<Date> {
    days(node, name).first().copied()
}

fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Weekdays after the first up to the second: at least the working days.
fn weekdays(from: Date, to: Date) -> usize {
    from.series(jiff::Span::new().days(1))
        .skip(1)
        .take_while(|day| *day <= to)
        .filter(|day| is_working_day(*day))
        .count()
}

#[test]
fn social_care_keeps_the_rules_of_its_census() {
    keeps_the_rules(authority());
    for seed in [1, 2, 3] {
        keeps_the_rules(&Authority::generate(&Settings { children: 2000, seed, density: 0.1, ..Settings::default() }));
    }
}

fn keeps_the_rules(authority: &Authority) {
    let dirty = authority.dirty_keys();
    let mut enquiries = 0;
    for (file, year) in [("CIN_878_2024_001.xml", 2024), ("CIN_878_2025_001.xml", 2025), ("CIN_878_2025_002.xml", 2025)]
    {
        let (start, end) = (jiff::civil::date(year - 1, 4, 1), jiff::civil::date(year, 3, 31));
        let mut ids = HashSet::new();
        for child in authority.cin(file) {
            let id = child.text("LAchildID").unwrap();
            if dirty.contains(&(file.to_owned(), id.clone())) {
                continue;
            }
            assert!(ids.insert(id));
            let birth = child
                .text("PersonBirthDate")
                .or_else(|| child.text("ExpectedPersonBirthDate"))
                .map(|text| day(&text))
                .unwrap();
            let unborn = child.text("ExpectedPersonBirthDate").is_some();
            assert_eq!(unborn, birth > end);
            assert_eq!(child.text("Sex").is_some(), year >= 2025);
            assert_eq!(child.text("GenderCurrent").is_some(), year < 2025);
            assert!(
                !unborn
                    || ["U", "0"]
                        .contains(&child.text("Sex").or_else(|| child.text("GenderCurrent")).unwrap().as_str())
            );
            let episodes = child.nodes("CINdetails");
            assert!(!episodes.is_empty());
            for pair in episodes.windows(2) {
                let nfa = pair[0].text("ReferralNFA").unwrap() == "1";
                assert!(nfa || one(pair[0], "CINclosureDate").unwrap() < one(pair[1], "CINreferralDate").unwrap());
            }
            for episode in episodes {
                enquiries += episode.nodes("Section47").len();
                episode_in_order(episode, birth, (start, end));
            }
        }
    }
    assert!(enquiries > 3);
}

fn episode_in_order(episode: &Node, birth: Date, year: (Date, Date)) {
    let (start, end) = year;
    let referred = one(episode, "CINreferralDate").unwrap();
    assert!(referred <= end && referred >= birth.saturating_sub(jiff::Span::new().days(280)));
    let closed = one(episode, "CINclosureDate");
    assert_eq!(closed.is_some(), episode.text("ReasonForClosure").is_some());
    assert!(closed.is_none_or(|closed| closed >= referred && closed >= start && closed <= end));
    let latest = closed.unwrap_or(end);
    if episode.text("ReferralNFA").unwrap() == "1" {
        assert!(episode.nodes("Assessments").is_empty() && episode.nodes("Section47").is_empty() && closed.is_none());
    }
    for assessment in episode.nodes("Assessments") {
        let (from, to) =
            (one(assessment, "AssessmentActualStartDate").unwrap(), one(assessment, "AssessmentAuthorisationDate"));
        assert!(from >= referred && from <= latest && (to.is_some() || closed.is_none()));
        assert_eq!(to.is_some(), !assessment.nodes("AssessmentFactors").is_empty());
        if let Some(to) = to {
            // Bank holidays within the limit are fewer than eight.
            assert!(to >= from && to >= start && to <= latest && weekdays(from, to) <= 45 + 8);
        }
        let factors = assessment.all("AssessmentFactors");
        assert_eq!(factors.iter().collect::<HashSet<_>>().len(), factors.len());
        assert!(!factors.contains(&"21".to_owned()) || factors.len() == 1);
    }
    let mut conference = None;
    for enquiry in episode.nodes("Section47") {
        let (from, held) = (one(enquiry, "S47ActualStartDate").unwrap(), one(enquiry, "DateOfInitialCPC"));
        assert!(from >= referred && from <= latest && !episode.nodes("Assessments").is_empty() || from < start);
        assert!(is_working_day(one(enquiry, "InitialCPCtarget").unwrap()));
        if let Some(held) = held {
            assert!(
                held >= from
                    && held >= start
                    && held <= latest
                    && is_working_day(held)
                    && weekdays(from, held) <= 15 + 5
            );
            assert_eq!(enquiry.text("ICPCnotRequired").unwrap(), "0");
        } else {
            assert!(closed.is_none() || enquiry.text("ICPCnotRequired").unwrap() == "1");
        }
        conference = held;
    }
    let mut protected = Vec::new();
    for plan in episode.nodes("ChildProtectionPlans") {
        let (from, to) = (one(plan, "CPPstartDate").unwrap(), one(plan, "CPPendDate"));
        assert!(from >= referred && from <= latest && to.is_none_or(|to| to > from && to >= start && to <= latest));
        assert!(conference.is_none_or(|held| held == from));
        for review in plan.all("CPPreviewDate").iter().map(|text| day(text)) {
            assert!(review > from && to.is_none_or(|to| review <= to) && review <= end);
        }
        protected.push((from, to.unwrap_or(Date::MAX)));
    }
    for plan in episode.nodes("CINPlanDates") {
        let (from, to) = (one(plan, "CINPlanStartDate").unwrap(), one(plan, "CINPlanEndDate"));
        assert!(from >= referred && from <= latest && to.is_none_or(|to| to >= from && to >= start && to <= latest));
        assert!(protected.iter().all(|(cp_from, cp_to)| to.unwrap_or(Date::MAX) < *cp_from || from > *cp_to));
    }
}

#[test]
fn resubmission_corrects_adds_and_withdraws() {
    let authority = authority();
    let content = |file: &str| -> HashMap<String, String> {
        authority.cin(file).into_iter().map(|child| (child.text("LAchildID").unwrap(), format!("{child:?}"))).collect()
    };
    let (first, second) = (content("CIN_878_2025_001.xml"), content("CIN_878_2025_002.xml"));
    let changed = first.iter().filter(|(id, text)| second.get(*id).is_some_and(|other| other != *text)).count();
    let added = second.keys().filter(|id| !first.contains_key(*id)).count();
    let gone = first.keys().filter(|id| !second.contains_key(*id)).count();
    assert!(changed > 0 && added > 0, "{changed} {added} {gone}");
    assert!(gone * 50 <= first.len(), "more gone than a resubmission may retract: {gone} of {}", first.len());
}

fn census_day(text: &str) -> Date {
    jiff::civil::DateTime::strptime("%Y-%b-%d %H:%M:%S", text).unwrap().date()
}

#[test]
fn school_census_rows_join_and_are_in_order() {
    let authority = authority();
    let dirty = authority.dirty_keys();
    let mut seen_leavers = 0;
    let mut keys = HashSet::new();
    for (term, on, since) in Authority::TERMS {
        let (on, since) = (day(on), day(since));
        let schools: HashSet<_> = authority
            .table(&format!("{term}_schoolcensus.csv"))
            .into_iter()
            .map(|row| row["schoolcensustableid"].clone())
            .collect();
        let mut pupils: HashMap<String, (Date, Option<Date>, bool)> = HashMap::new();
        for table in ["pupilonroll", "pupilnolongeronroll"] {
            let name = format!("{term}_{table}.csv");
            for row in authority.table(&name) {
                let key = authority.row_key(&row);
                let dirt = dirty.contains(&(format!("education-school-census/{name}"), key.clone()));
                assert!(schools.contains(&row["schoolcensustableid"]));
                let (birth, entry) = (census_day(&row["dob"]), census_day(&row["entrydate"]));
                let left = row.get("leavingdate").map(|text| census_day(text));
                assert!(dirt || entry > birth && entry <= on, "{row:?}");
                assert!(left.is_none_or(|left| left >= entry && left >= since && left <= on));
                seen_leavers += usize::from(left.is_some());
                let twice = pupils.insert(key.clone(), (entry, left, dirt)).is_some();
                assert!(!twice || dirt);
                assert!(keys.insert(key) || dirt, "surrogate ids are issued anew by each export");
            }
        }
        let parent = |row: &read::Row| {
            pupils[row.get("pupilonrolltableid").or_else(|| row.get("pupilnolongeronrolltableid")).unwrap()]
        };
        for table in ["termlyexclusionsonroll", "termlyexclusionsoffroll"] {
            for row in authority.table(&format!("{term}_{table}.csv")) {
                let (entry, left, _) = parent(&row);
                let at = census_day(&row["startdate"]);
                assert!(
                    at >= entry && at >= since && at <= on && left.is_none_or(|left| at <= left) && is_working_day(at)
                );
            }
        }
        let meals = if term.contains("autumn") { "fsmperiodsonroll" } else { "fsmperiod" };
        for row in authority.table(&format!("{term}_{meals}.csv")) {
            let (_, _, dirt) = parent(&row);
            let end = &row["fsmenddate"];
            assert!(end.is_empty() || dirt || census_day(end) >= census_day(&row["fsmstartdate"]));
        }
        let addresses = if term.contains("autumn") { "addressesonroll" } else { "addresses" };
        for row in authority.table(&format!("{term}_{addresses}.csv")) {
            parent(&row);
            assert!(row["postcode"].starts_with("ZQ"));
        }
        let mut sums: HashMap<String, i32> = HashMap::new();
        for row in authority.table(&format!("{term}_termlysessiondetailsonroll.csv")) {
            parent(&row);
            *sums.entry(row["pupilonrolltableid"].clone()).or_default() += row["sessions"].parse::<i32>().unwrap();
        }
        for row in authority.table(&format!("{term}_pupilonroll.csv")) {
            let possible = row["termlysessionspossible"].trim_end_matches(".0").parse::<i32>().unwrap();
            assert!(sums.get(&authority.row_key(&row)).is_none_or(|sum| *sum == possible));
        }
    }
    assert!(seen_leavers > 50);
}

#[test]
fn the_feed_is_in_the_order_of_time_and_of_life() {
    let authority = authority();
    let (mut last, mut controls, mut triggers) =
        (String::new(), HashMap::<String, usize>::new(), HashMap::<String, usize>::new());
    let dirty = authority.dirty_messages();
    let mut merges_first = 0;
    let (mut merged, mut orders, mut put_rights) = (HashSet::new(), HashSet::new(), HashSet::new());
    for name in authority.months() {
        for message in authority.month(&name) {
            let at = message.field("MSH", 7).unwrap().to_owned();
            assert!(at >= last && name.contains(&format!("{}-{}", &at[..4], &at[4..6])), "{name} {at}");
            last = at.clone();
            assert!(at.as_str() < "20251001");
            *controls.entry(message.control()).or_default() += 1;
            *triggers.entry(message.field("MSH", 9).unwrap().to_owned()).or_default() += 1;
            if let Some(old) = message.field("MRG", 1) {
                merged.insert(old.split('^').next().unwrap().to_owned());
            } else if message.local_numbers().iter().any(|number| merged.contains(number)) {
                merges_first += 1;
            }
            if let (Some(occurred), Some(recorded)) = (message.field("EVN", 6), message.field("EVN", 2)) {
                assert!(occurred <= recorded && recorded == at);
            }
            if let (Some(order), Some(status)) = (message.field("OBR", 3), message.field("OBX", 11)) {
                // What is put right was reported before.
                assert!(orders.insert(order.to_owned()) || status != "F" || dirty.contains(&message.control()));
                if status != "F" {
                    put_rights.insert(status.to_owned());
                }
            }
            let birth = message.field("PID", 7).unwrap_or_default();
            assert!(birth <= &at[..8] || dirty.contains(&message.control()));
            if let (Some(from), Some(to)) = (message.field("PV1", 44), message.field("PV1", 45)) {
                assert!(from < to && to <= at.as_str());
            }
        }
    }
    assert!(controls.iter().all(|(control, count)| *count == 1 || dirty.contains(control)));
    for trigger in [
        "ADT^A01", "ADT^A02", "ADT^A03", "ADT^A04", "ADT^A08", "ADT^A11", "ADT^A13", "ADT^A28", "ADT^A31", "ADT^A40",
        "SIU^S12", "SIU^S13", "SIU^S14", "SIU^S15", "SIU^S26", "VXU^V04", "ORU^R01", "PPR^PC1", "MDM^T02", "MDM^T11",
    ] {
        assert!(triggers.contains_key(trigger), "{trigger}");
    }
    for put_right in ["C", "W"] {
        assert!(put_rights.contains(put_right), "a result that is put right: {put_right}");
    }
    assert!(merges_first > 0, "a merge that arrives before the visit it concerns");
}
