//! The children in need census, as XML: the returns of two years, and the latest again with corrections.

use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::{Date, date};

use super::Output;
use crate::GenerateError;
use crate::calendar::{age, plus, working};
use crate::check;
use crate::dice::{Dice, Part};
use crate::dirt::{Description, Dirt, Kind, System, describe};
use crate::life_course::education::number;
use crate::life_course::social_care::{Involvement, Referral};
use crate::outcomes::Outcome;
use crate::population::{AUTHORITY, Child, World};
use crate::truth::{Subject, Truth};

const DIRT: &[(Kind, u32)] = &[
    (("wrong check letter", "UPN", Some("CHECK_CHARACTER_WRONG")), 8),
    (("lower case", "UPN", None), 5),
    (("UPN beside the reason that there is none", "UPNunknown", Some("FIELDS_CONTRADICT")), 5),
    (("UN3 where a UPN is known", "UPNunknown", Some("IDENTIFIER_PLACEHOLDER")), 3),
    (("text between elements", "UPN", Some("TEXT_ODD")), 6),
    (("booleans as words", "ReferralNFA", None), 8),
    (("code of another year's list", "Sex", Some("CODE_OF_OTHER_YEAR")), 6),
    (("missing", "Ethnicity", Some("FIELD_MISSING")), 4),
    (("unknown code", "ReferralSource", Some("CODE_UNKNOWN")), 5),
    (("missing", "ReferralSource", Some("FIELD_MISSING")), 4),
    (("empty group", "FactorsIdentifiedAtAssessment", None), 4),
    (("code of an earlier year", "AssessmentFactors", Some("CODE_OF_OTHER_YEAR")), 5),
    (("in the future", "AssessmentActualStartDate", Some("DATE_IMPLAUSIBLE")), 4),
    (("child twice", "LAchildID", Some("RECORD_REPEATED")), 4),
];

/// The share of children dirtied in a first submission: some dirt cannot be done to some, and a second puts some right.
const SHARE: f64 = 0.05;

/// One return of one year.
struct Return {
    output: Output,
    name: String,
    year: i16,
    /// The second submission of its year: late records are in, and some mistakes are put right.
    again: bool,
    outcome: Outcome,
}

/// What each element tells, by the guide to the census: the date that each of these is, is an event of its own.
const TOLD: [(&str, &str); 17] = [
    ("ChildIdentifiers", "PersonDescribed"),
    ("Disabilities", "DisabilityRecorded"),
    ("CINreferralDate", "ReferralReceived"),
    ("CINclosureDate", "CaseClosed"),
    ("AssessmentActualStartDate", "AssessmentStarted"),
    ("AssessmentAuthorisationDate", "AssessmentCompleted"),
    ("AssessmentFactors", "FactorIdentified"),
    ("CINPlanStartDate", "ChildInNeedPlanStarted"),
    ("CINPlanEndDate", "ChildInNeedPlanEnded"),
    ("S47ActualStartDate", "Section47EnquiryStarted"),
    ("DateOfInitialCPC", "ConferenceHeld"),
    ("CPPstartDate", "ProtectionPlanStarted"),
    ("CPPendDate", "ProtectionPlanEnded"),
    ("CPPreviewDate", "ProtectionPlanReviewed"),
    ("PPStartDate", "PreProceedingsStarted"),
    ("StepDecisionDate", "PreProceedingsEnded"),
    ("CourtAppDate", "CareProceedingsIssued"),
];

/// All returns.
pub(crate) struct Returns {
    returns: Vec<Return>,
    pub(crate) children: u64,
    text: String,
}

impl Returns {
    pub(crate) fn create(folder: &Path, world: &World) -> Result<Self, GenerateError> {
        let mut years = world.settings.census_years.clone();
        years.sort_unstable();
        years.dedup();
        let last = years.last().copied();
        let mut returns = Vec::new();
        for year in years {
            for again in [false, true] {
                if again && Some(year) != last {
                    continue;
                }
                let serial = if again { 2 } else { 1 };
                let name = format!("CIN_{AUTHORITY}_{year}_{serial:03}.xml");
                let mut output = Output::create(&folder.join(&name))?;
                output.put(header(year, again).as_bytes())?;
                let outcome = Outcome::of("social-care-cin-census", serial, vec![name.clone()]);
                returns.push(Return { output, name: format!("social-care-cin-census/{name}"), year, again, outcome });
            }
        }
        Ok(Self { returns, children: 0, text: String::new() })
    }

    /// Writes what each return says of a child, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        involvement: &Involvement,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let mut dice = Dice::new(world.settings.seed, Part::SocialCare, number(child) | 1 << 40);
        let mut disagreements = Vec::new();
        let told = describe(world, child, System::SocialCare, &mut dice, &mut disagreements);
        // The return holds neither names nor addresses.
        disagreements.retain(|one| matches!(one.field, "birth" | "sex"));
        truth.disagreements.extend(disagreements);
        if child.upn_at_council != child.upn {
            truth.notes.insert("upn_of_sibling_at_council");
        }
        // What is only in the first submission or only in the second, and what the second puts right.
        let (late, withdrawn) = (!child.demo && dice.chance(0.012), !child.demo && dice.chance(0.004));
        // In a small return one child fewer would be a share that nobody lets through.
        let withdrawn = withdrawn && world.settings.children >= 5000;
        let corrected = !child.demo && dice.chance(0.03);
        let mut last_dirt = None;
        for one in &mut self.returns {
            let referrals: Vec<_> =
                involvement.referrals.iter().filter(|referral| in_year(referral, one.year)).collect();
            let latest = one.year == world.year_end.year();
            if referrals.is_empty() || latest && (one.again && withdrawn || !one.again && late) {
                continue;
            }
            let kind = if one.again && !dice.chance(0.3) {
                last_dirt
            } else {
                (!one.again && !child.demo && dice.chance(SHARE)).then(|| dice.weigh(DIRT))
            };
            last_dirt = kind;
            let asked = Asked { year: one.year, kind, corrected: one.again && corrected };
            self.text.clear();
            let done = render(&mut self.text, child, &told, involvement, &referrals, &asked);
            if one.again && corrected {
                truth.notes.insert("corrected_in_resubmission");
            }
            if let Some((what, field, finding)) = kind.filter(|_| done) {
                let record = Subject::council(child);
                let (file, key, truth) = (one.name.clone(), child.la_id.clone(), child.truth.clone());
                dirt.push(Dirt { file, record, key, truth, field, what, finding, reason: None });
                if what == "child twice" {
                    // Said once, however often it stands there.
                    one.output.put(self.text.as_bytes())?;
                    one.outcome.record();
                }
            }
            one.output.put(self.text.as_bytes())?;
            one.outcome.record();
            one.outcome.elements(&self.text, &TOLD);
            truth.subjects.insert(Subject::council(child));
            if has_upn(child, one.year) {
                truth.subjects.insert(Subject::upn(child));
            }
            self.children += 1;
        }
        for (told, note) in
            [(late, "late_in_resubmission"), (withdrawn, "withdrawn_in_resubmission"), (child.unborn, "unborn")]
        {
            if told {
                truth.notes.insert(note);
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Vec<Outcome>, GenerateError> {
        let mut outcomes = Vec::new();
        for mut one in self.returns {
            one.output.put(b"  </Children>\n</Message>\n")?;
            one.output.finish()?;
            outcomes.push(one.outcome);
        }
        Ok(outcomes)
    }
}

/// The first and last day of a return's year.
fn bounds(year: i16) -> (Date, Date) {
    (date(year - 1, 4, 1), date(year, 3, 31))
}

fn header(year: i16, again: bool) -> String {
    let (serial, made) =
        if again { ("002", format!("{year}-07-18T16:40:00")) } else { ("001", format!("{year}-06-03T09:15:00")) };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Every record in this file is invented. -->\n<Message>\n  <Header>\n    \
         <CollectionDetails><Collection>CIN</Collection><Year>{year}</Year><ReferenceDate>{year}-03-31</ReferenceDate></CollectionDetails>\n    \
         <Source><SourceLevel>L</SourceLevel><LEA>{AUTHORITY}</LEA><SoftwareCode>Invented Case System</SoftwareCode>\
         <Release>1.0</Release><SerialNo>{serial}</SerialNo><DateTime>{made}</DateTime></Source>\n    \
         <Content><CBDSLevels><CBDSLevel>Child</CBDSLevel></CBDSLevels></Content>\n  </Header>\n  <Children>\n"
    )
}

fn in_year(referral: &Referral, year: i16) -> bool {
    let (start, end) = bounds(year);
    let open = if referral.no_further_action {
        referral.on >= start
    } else {
        referral.closed.is_none_or(|(closed, _)| closed >= start)
    };
    referral.on <= end && open
}

fn has_upn(child: &Child, year: i16) -> bool {
    age(child.birth, date(year - 1, 8, 31)) >= 4
}

/// How a child is to be told in one return.
struct Asked {
    year: i16,
    kind: Option<Kind>,
    corrected: bool,
}

impl Asked {
    fn is(&self, what: &str, field: &str) -> bool {
        self.kind.is_some_and(|kind| kind.0 == what && kind.1 == field)
    }
}

fn element(text: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = write!(text, "<{name}>{value}</{name}>");
}

fn day(text: &mut String, name: &str, value: Date) {
    let _ = write!(text, "<{name}>{value}</{name}>");
}

/// Writes a child, and says whether the dirt asked for could be done.
fn render(
    text: &mut String,
    child: &Child,
    told: &Description,
    involvement: &Involvement,
    referrals: &[&Referral],
    asked: &Asked,
) -> bool {
    let (_, end) = bounds(asked.year);
    let unborn = child.birth > end;
    let mut done = asked.kind.is_some_and(|kind| {
        !matches!(kind.1, "UPN" | "FactorsIdentifiedAtAssessment" | "AssessmentFactors" | "AssessmentActualStartDate")
    });
    text.push_str("    <Child>\n      <ChildIdentifiers>");
    element(text, "LAchildID", &child.la_id);
    let unstated = asked.is("UN3 where a UPN is known", "UPNunknown");
    if unstated && has_upn(child, asked.year) {
        element(text, "UPNunknown", "UN3");
    } else if has_upn(child, asked.year) {
        let upn = if asked.is("wrong check letter", "UPN") {
            check::upn_with_wrong_letter(&child.upn_at_council)
        } else if asked.is("lower case", "UPN") {
            child.upn_at_council.to_lowercase()
        } else {
            child.upn_at_council.clone()
        };
        done |= asked.kind.is_some_and(|kind| kind.1 == "UPN");
        element(text, "UPN", &upn);
        if let Some(former) = &child.former_upn {
            element(text, "FormerUPN", former);
        }
        if asked.is("UPN beside the reason that there is none", "UPNunknown") {
            element(text, "UPNunknown", "UN4");
        }
    } else {
        element(text, "UPNunknown", "UN1");
        done &= asked.kind.is_some_and(|kind| kind.1 != "UPNunknown");
        done |= asked.is("text between elements", "UPN");
    }
    if asked.is("text between elements", "UPN") {
        text.push_str("PersonBirthDate");
    }
    day(
        text,
        if unborn { "ExpectedPersonBirthDate" } else { "PersonBirthDate" },
        if unborn { child.birth } else { told.birth },
    );
    let other_list = asked.is("code of another year's list", "Sex");
    let words = (asked.year >= 2025) != other_list;
    let sex = match (words, unborn, told.girl) {
        (true, true, _) => "U",
        (true, _, true) => "F",
        (true, _, false) => "M",
        (false, true, _) => "0",
        (false, _, true) => "2",
        (false, _, false) => "1",
    };
    element(text, if asked.year >= 2025 { "Sex" } else { "GenderCurrent" }, sex);
    text.push_str("</ChildIdentifiers>\n      <ChildCharacteristics>");
    if !asked.is("missing", "Ethnicity") {
        element(text, "Ethnicity", if unborn { "NOBT" } else { child.ethnicity.0 });
    }
    if !unborn && !referrals.iter().all(|referral| referral.no_further_action) {
        text.push_str("<Disabilities>");
        for code in &involvement.disabilities {
            element(text, "Disability", code);
        }
        text.push_str("</Disabilities>");
    }
    text.push_str("</ChildCharacteristics>\n");
    for (at, referral) in referrals.iter().enumerate() {
        done |= details(text, referral, at + 1 == referrals.len(), asked);
    }
    text.push_str("    </Child>\n");
    done
}

/// One referral, as far as it had come by the end of the year. Says whether dirt was done to it.
fn details(text: &mut String, referral: &Referral, last: bool, asked: &Asked) -> bool {
    let (start, end) = bounds(asked.year);
    let words = asked.is("booleans as words", "ReferralNFA");
    let yes_no = |yes: bool| match (words, yes) {
        (true, true) => "true",
        (true, false) => "false",
        (false, true) => "1",
        (false, false) => "0",
    };
    text.push_str("      <CINdetails>");
    day(text, "CINreferralDate", referral.on);
    if asked.is("unknown code", "ReferralSource") {
        element(text, "ReferralSource", "7Z");
    } else if !asked.is("missing", "ReferralSource") {
        // A correction: the referral came from somebody else than was first written down.
        let corrected = asked.corrected && last;
        element(
            text,
            "ReferralSource",
            if corrected && referral.source == "6" {
                "2A"
            } else if corrected {
                "6"
            } else {
                referral.source
            },
        );
    }
    element(text, "PrimaryNeedCode", referral.need);
    if let Some((closed, reason)) = referral.closed.filter(|(closed, _)| *closed <= end) {
        day(text, "CINclosureDate", closed);
        element(text, "ReasonForClosure", reason);
    }
    let done = assessment(text, referral, (start, end), last, asked);
    if let Some((from, to)) = referral.plan.filter(|(from, to)| *from <= end && *to >= start) {
        text.push_str("<CINPlanDates>");
        day(text, "CINPlanStartDate", from);
        if to <= end {
            day(text, "CINPlanEndDate", to);
        }
        text.push_str("</CINPlanDates>");
    }
    if let Some(enquiry) = &referral.enquiry {
        let told = match enquiry.conference {
            Some(held) => held >= start,
            None => enquiry.start >= start,
        };
        if told && enquiry.start <= end {
            text.push_str("<Section47>");
            day(text, "S47ActualStartDate", enquiry.start);
            day(text, "InitialCPCtarget", enquiry.target);
            if let Some(held) = enquiry.conference.filter(|held| *held <= end) {
                day(text, "DateOfInitialCPC", held);
            }
            element(text, "ICPCnotRequired", yes_no(enquiry.conference.is_none() && !enquiry.open));
            text.push_str("</Section47>");
        }
    }
    element(text, "ReferralNFA", yes_no(referral.no_further_action));
    protection(text, referral, (start, end));
    text.push_str("</CINdetails>\n");
    done
}

fn assessment(text: &mut String, referral: &Referral, year: (Date, Date), last: bool, asked: &Asked) -> bool {
    let (start, end) = year;
    let Some(one) = referral.assessment.as_ref().filter(|one| one.start <= end && one.authorised >= start) else {
        return false;
    };
    let mut done = false;
    text.push_str("<Assessments>");
    if asked.is("in the future", "AssessmentActualStartDate") {
        day(text, "AssessmentActualStartDate", plus(end, 800));
        done = true;
    } else {
        day(text, "AssessmentActualStartDate", one.start);
    }
    let review = working(plus(one.start, 14));
    if review <= one.authorised && review <= end {
        day(text, "AssessmentInternalReviewDate", review);
    }
    if one.authorised <= end {
        // A correction: it was signed off on the working day before, where that is no earlier than its review.
        let earlier = (1..6).map(|back| plus(one.authorised, -back)).find(|day| crate::calendar::is_working_day(*day));
        let authorised =
            earlier.filter(|day| asked.corrected && last && *day >= review && *day >= start).unwrap_or(one.authorised);
        day(text, "AssessmentAuthorisationDate", authorised);
        if asked.is("empty group", "FactorsIdentifiedAtAssessment") {
            text.push_str("<FactorsIdentifiedAtAssessment/>");
            done = true;
        } else {
            text.push_str("<FactorsIdentifiedAtAssessment>");
            for factor in &one.factors {
                element(text, "AssessmentFactors", factor);
            }
            if asked.is("code of an earlier year", "AssessmentFactors") {
                element(text, "AssessmentFactors", "18A");
                done = true;
            }
            text.push_str("</FactorsIdentifiedAtAssessment>");
        }
    }
    text.push_str("</Assessments>");
    done
}

fn protection(text: &mut String, referral: &Referral, year: (Date, Date)) {
    let (start, end) = year;
    let Some(plan) = referral.protection.as_ref().filter(|plan| plan.start <= end && plan.end >= start) else { return };
    text.push_str("<ChildProtectionPlans>");
    day(text, "CPPstartDate", plan.start);
    if plan.end <= end {
        day(text, "CPPendDate", plan.end);
    }
    element(text, "InitialCategoryOfAbuse", plan.initial);
    element(text, "LatestCategoryOfAbuse", plan.latest);
    let _ = write!(text, "<NumberOfPreviousCPP>{}</NumberOfPreviousCPP>", plan.previous);
    let mut reviews =
        plan.reviews.iter().filter(|review| **review >= start && **review <= end && **review < plan.end).peekable();
    if reviews.peek().is_some() {
        text.push_str("<Reviews>");
        for review in reviews {
            day(text, "CPPreviewDate", *review);
        }
        text.push_str("</Reviews>");
    }
    text.push_str("</ChildProtectionPlans>");
    pre_proceedings(text, plan.start, plan.previous, (start, end));
}

/// Of the censuses of 2026 and after: what came before a court was asked, for a child who was on a plan before.
fn pre_proceedings(text: &mut String, plan: Date, previous: i32, (start, end): (Date, Date)) {
    let begun = working(plus(plan, 21));
    if end.year() < 2026 || previous == 0 && plan.day() % 3 != 0 || begun > end || begun < start {
        return;
    }
    let (met, decided) = (working(plus(begun, 10)), working(plus(begun, 60)));
    text.push_str("<PreProceedingsandFGDM>");
    day(text, "PPStartDate", begun);
    element(text, "FGDMMeetingOffer", "1");
    element(text, "FGDMMeetingFac", "1");
    day(text, "LBPSentDate", begun);
    if met <= end {
        day(text, "InitialPPMeetingDate", met);
    }
    element(text, "ReviewMeetingsCount", if decided <= end { "1" } else { "0" });
    if decided <= end {
        day(text, "StepDecisionDate", decided);
        element(text, "PPOutcome", "B");
    }
    text.push_str("</PreProceedingsandFGDM>");
}
