//! Values: the code that stands within them, else what their words say.
//!
//! All that fits is compared, and what is most specific counts: a code before words, all of a value before some of it, a longer
//! phrase before a shorter. Of two that differ and are as specific neither is taken: nobody knows which of them is meant.

mod values;

use connector_kit::dates::stands_for_no_day;
use connector_kit::reading::{Read, finding, is_null};
use proto::events::{Coded, FindingCode};

use crate::lists::spaced;
pub(crate) use values::*;

/// Longest value that is kept of one that nothing is known of.
const VALUE_CHARS_MAX: usize = 64;

/// What a column's values are.
pub(crate) struct Values {
    /// The list that the codes within are of.
    codes: (&'static str, &'static [&'static str]),
    /// Words, and what they stand for, in the list of this name or among the codes.
    words: (&'static str, &'static [(&'static str, &'static str)]),
    /// Meanings of which several in one value are another: white and asian are mixed.
    several: &'static [(&'static [&'static str], &'static str)],
}

/// What a value says.
enum Says {
    Nothing,
    One(&'static str),
    /// Several things, and not which of them is meant.
    Unsure,
}

impl Values {
    /// The one of these, or what they are together.
    fn one_of(&self, found: &[&'static str]) -> Says {
        let [first, rest @ ..] = found else { return Says::Nothing };
        if rest.iter().all(|other| other == first) {
            return Says::One(first);
        }
        let together = self.several.iter().find(|(parts, _)| found.iter().all(|one| parts.contains(one)));
        together.map_or(Says::Unsure, |(_, whole)| Says::One(whole))
    }

    /// What the words say that say most, and how much that is.
    fn worded(&self, text: &str) -> (Says, usize) {
        let worded = spaced(text);
        let fitting = || self.words.1.iter().filter_map(|(words, code)| Some((fit(words, &worded)?, *code)));
        let most = fitting().map(|(much, _)| much).max().unwrap_or_default();
        let found: Vec<&str> = fitting().filter(|(much, _)| *much == most).map(|(_, code)| code).collect();
        (self.one_of(&found), most)
    }

    /// The codes that stand in a text.
    fn codes_in(&self, text: &str) -> Vec<&'static str> {
        // In capitals any word may look like a code of letters: BOTH.
        let is_loud = !text.chars().any(char::is_lowercase);
        let mut found = Vec::new();
        for (at, token) in tokens(text) {
            let has_both =
                token.bytes().any(|byte| byte.is_ascii_digit()) && token.bytes().any(|b| b.is_ascii_alphabetic());
            let is_loud_word = token.len() > 2 && token.bytes().all(|byte| byte.is_ascii_uppercase());
            let behind = text.get(..at).unwrap_or_default();
            let ahead = text.get(at + token.len()..).unwrap_or_default();
            let is_apart =
                is_set_off(behind.trim_end().chars().next_back()) && is_set_off(ahead.trim_start().chars().next());
            if has_both || is_loud_word && (!is_loud || is_apart) {
                found.extend(self.codes.1.iter().find(|code| code.eq_ignore_ascii_case(token)).copied());
            }
        }
        found
    }
}

/// All of a value.
const WHOLE: usize = usize::MAX;

/// How much of a value words are; `None` where they do not stand in it.
fn fit(words: &str, worded: &str) -> Option<usize> {
    if let Some(all) = words.strip_prefix('=') {
        return (worded.trim() == all).then_some(WHOLE);
    }
    if let Some(rest) = words.strip_prefix('~') {
        return worded.contains(&format!(" {rest} ")).then_some(0);
    }
    let stands = match words.strip_suffix('*') {
        Some(stem) => worded.contains(&format!(" {stem}")),
        None => worded.contains(&format!(" {words} ")),
    };
    stands.then(|| words.split(' ').count())
}

/// The runs of letters and digits of a text, and where each begins.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(move |token| {
        let at = text.get(from..)?.find(token)? + from;
        from = at + token.len();
        (!token.is_empty()).then_some((at, token))
    })
}

/// What stands between a code and its words.
const SEPARATORS: [char; 12] = [':', '-', '\u{2013}', '\u{2014}', '=', ')', '(', '.', ',', ';', '[', ']'];

fn is_set_off(beside: Option<char>) -> bool {
    beside.is_none_or(|beside| SEPARATORS.contains(&beside))
}

/// Reads a value: the code with which it begins, a code that stands in it, else what the words say. Letters of the list's own
/// order (`f) `) are left out; of a value that is not known, or says several things, the text is kept.
pub(crate) fn read(values: &Values, text: &str, field: &str) -> Read<Coded> {
    let text = text.trim();
    if text.is_empty() {
        return Read::blank();
    }
    let bare = match text.split_once(')') {
        Some((letter, rest)) if letter.len() <= 2 && letter.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            rest.trim()
        }
        _ => text,
    };
    let (set, codes) = values.codes;
    let (first, is_sure) = first_of(bare);
    // `B1`: a kind of accommodation, and whether it suits, in one.
    let letter =
        first.strip_suffix(['1', '2']).filter(|letter| letter.len() == 1 && letter.chars().all(char::is_alphabetic));
    let is_code = |code: &&&str| {
        code.eq_ignore_ascii_case(first) || letter.is_some_and(|letter| code.eq_ignore_ascii_case(letter))
    };
    let begins = codes.iter().find(is_code).copied();
    let stand_in = values.codes_in(bare);
    let (words, much) = values.worded(bare);
    let says = match (values.one_of(&stand_in), begins.filter(|_| is_sure)) {
        // Several codes that are one together, before the one that is written first.
        (Says::One(together), Some(_)) if !values.several.is_empty() => Says::One(together),
        (_, Some(code)) => Says::One(code),
        _ if much == WHOLE => words,
        (Says::Nothing, None) => match (words, begins.filter(|code| code.len() > 1)) {
            (Says::Nothing, Some(code)) => Says::One(code),
            (words, _) => words,
        },
        (codes, None) => codes,
    };
    let kept = || bare.chars().take(VALUE_CHARS_MAX).collect::<String>();
    let own = values.words.0;
    match says {
        Says::One(code) => {
            let code_set = if codes.contains(&code) { set } else { own };
            let text = (bare != code).then(kept);
            Read::of(Coded { code: code.to_owned(), code_set: code_set.to_owned(), text })
        }
        Says::Nothing | Says::Unsure => Read {
            value: Some(Coded { code: kept(), code_set: own.to_owned(), text: None }),
            finding: Some(finding(FindingCode::CodeUnknown, field)),
        },
    }
}

/// The first word, and whether it is a code if it looks like one: words may begin as a code does. `B&B` is not B, nor `No longer
/// required` NO.
fn first_of(text: &str) -> (&str, bool) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    let is_loud = !text.chars().any(char::is_lowercase);
    let is_no_word = first.bytes().any(|byte| byte.is_ascii_digit())
        || !is_loud && first.len() > 2 && first.bytes().all(|byte| byte.is_ascii_uppercase());
    (first, is_no_word || is_set_off(rest.trim_start().chars().next()))
}

/// What spreadsheets write where there is nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    let text = text.trim();
    let written = ["", "-", ".", "..", "n/a", "na", "<blank>", "znotrecorded", "zzcodeerror"];
    is_null(text) || stands_for_no_day(text) || written.iter().any(|blank| text.eq_ignore_ascii_case(blank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_many_spellings() {
        for (values, text, code, set) in [
            (&GENDER, "a) Male", "M", "cin.sex"),
            (&GENDER, "Female", "F", "cin.sex"),
            (&GENDER, "1 - Male", "M", "cin.sex"),
            (&GENDER, "1", "M", "cin.sex"),
            (&GENDER, "a) Male / d) Neither ", "M", "cin.sex"),
            (&ETHNICITY, "k) APKN", "APKN", "cin.ethnicity"),
            (&ETHNICITY, "c) Asian or Asian British", "asian", "annex-a.ethnicity"),
            (&SOURCE, "q) 6: Police", "6", "cin.referral_source"),
            (&SOURCE, "b) 1B: Individual", "1B", "cin.referral_source"),
            (&SOURCE, "d) Health Services", "health", "annex-a.contact_source"),
            (&YES_NO, "a) Yes", "yes", "annex-a.yes_no"),
            (&YES_NO, "No", "no", "annex-a.yes_no"),
            (&NEED, "N1 - Abuse or Neglect", "N1", "cin.primary_need"),
            (&LEGAL, "E1: Placement order", "E1", "ssda903.ls"),
            (&LEGAL, "b) Full care orders", "C2", "ssda903.ls"),
            (&PLACE, "f) U6: Foster placement - not FFA", "U6", "ssda903.place"),
            (&PROVIDER, "e) PR4 - Private provision", "PR4", "ssda903.place_provider"),
            (&CEASED, "k) E47: Special Guardianship Orders - relative/friend", "E47", "ssda903.rec"),
            (&ACCOMMODATION, "Y: Other accommodation", "Y", "ssda903.accom"),
            (&ACCOMMODATION, "o) With Former Foster Carer", "Z", "ssda903.accom"),
            (&ABUSE, "Physical abuse", "PHY", "cin.abuse_category"),
            (&ACCOMMODATION, "B1", "B", "ssda903.accom"),
            (&SOURCE, "1A: Family member", "1A", "cin.referral_source"),
            (&SOURCE, "GP", "health", "annex-a.contact_source"),
            (&LEGAL, "Police protection", "L1", "ssda903.ls"),
            (&PLACE, "H5: Semi-independent", "H5", "ssda903.place"),
            (&PLACE, "Supported accommodation", "K3", "ssda903.place"),
            (&PLACE, "U6 Foster placement", "U6", "ssda903.place"),
            (&ACCOMMODATION, "B&B", "W", "ssda903.accom"),
            (&ACCOMMODATION, "b & b (emergency)", "W", "ssda903.accom"),
            (&ACCOMMODATION, "B - with parents", "B", "ssda903.accom"),
            (&ACCOMMODATION, "S no fixed abode", "S", "ssda903.accom"),
            (&IN_TOUCH, "No longer required", "NREQ", "ssda903.in_touch"),
            (&IN_TOUCH, "NO LONGER REQUIRED", "NREQ", "ssda903.in_touch"),
            (&IN_TOUCH, "No: moved away", "NO", "ssda903.in_touch"),
            (&IN_TOUCH, "No contact", "NO", "ssda903.in_touch"),
            (&ETHNICITY, "WBRI White British", "WBRI", "cin.ethnicity"),
            (&ETHNICITY, "Both parents are white", "white", "annex-a.ethnicity"),
            (&NEED, "h) Absent parenting", "N8", "cin.primary_need"),
            (&NEED, "CIN - N8 Absent parenting", "N8", "cin.primary_need"),
            (&NEED, "Neglect [N1]", "N1", "cin.primary_need"),
            (&NEED, "Family in acute stress: Death of parent or carer", "N4", "cin.primary_need"),
            (&NEED, "Family in Acute Stress - Single Parent", "N4", "cin.primary_need"),
            (&NEED, "Parental illness or disability: Children whose parents abuse alcohol", "N3", "cin.primary_need"),
            (&NEED, "Parental Alcohol/Drug abuse", "N3", "cin.primary_need"),
            (&NEED, "c) Parents illness or disability", "N3", "cin.primary_need"),
            (&NEED, "N1t - Abuse/Neglect - Trafficked", "N1", "cin.primary_need"),
            (&NFA, "No further action", "yes", "annex-a.yes_no"),
            (&NFA, "NFA", "yes", "annex-a.yes_no"),
            (&NFA, "Further action", "no", "annex-a.yes_no"),
            (&NFA, "FA", "no", "annex-a.yes_no"),
            (&NFA, "b. No", "no", "annex-a.yes_no"),
            (&YES_NO, "Not recorded", "unknown", "annex-a.yes_no"),
            (&YES_NO, "Not Yet Assessed", "unknown", "annex-a.yes_no"),
            (&YES_NO, "NOBT - Information not yet obtained", "unknown", "annex-a.yes_no"),
            (&YES_NO, "Not applicable", "unknown", "annex-a.yes_no"),
            (&YES_NO, "No Disability", "no", "annex-a.yes_no"),
            (&YES_NO, "Not Disabled", "no", "annex-a.yes_no"),
            (&YES_NO, "Yes - Autism", "yes", "annex-a.yes_no"),
            (&ETHNICITY, "White and Black Caribbean", "mixed", "annex-a.ethnicity"),
            (&ETHNICITY, "B1 - White and Black Caribbean", "mixed", "annex-a.ethnicity"),
            (&ETHNICITY, "M - White and Asian", "mixed", "annex-a.ethnicity"),
            (&ETHNICITY, "BLACK CARIBBEAN & WHITE", "mixed", "annex-a.ethnicity"),
            (&ETHNICITY, "Dual + White & Indian", "mixed", "annex-a.ethnicity"),
            (&ETHNICITY, "Any Other Dual Heritage Background", "mixed", "annex-a.ethnicity"),
            (&ETHNICITY, "WHITE AND BLACK CARIBBEAN [MWBC]", "MWBC", "cin.ethnicity"),
            (&ETHNICITY, "White - British [WBRI]", "WBRI", "cin.ethnicity"),
            (&ETHNICITY, "BOTH PARENTS ARE WHITE", "white", "annex-a.ethnicity"),
            (&ETHNICITY, "Chinese", "CHNE", "cin.ethnicity"),
            (&ETHNICITY, "Traveller of Irish Heritage", "WIRT", "cin.ethnicity"),
            (&ETHNICITY, "Refused", "REFU", "cin.ethnicity"),
            (&ETHNICITY, "Prefer Not To Say", "not_stated", "annex-a.ethnicity"),
            (&SOURCE, "(CS) Health Services - School Nurse", "health", "annex-a.contact_source"),
            (&SOURCE, "Health - Health Visitor/School Nurse", "health", "annex-a.contact_source"),
            (&SOURCE, "Family Nurse Partnership", "health", "annex-a.contact_source"),
            (
                &SOURCE,
                "LA Services - Other internal (department other than social care in LA eg youth offending (excluding housing)",
                "la_services",
                "annex-a.contact_source",
            ),
            (&SOURCE, "LA Services - Other Internal (NOT HSC or Housing)", "la_services", "annex-a.contact_source"),
            (&SOURCE, "Family Recovery Project/Troubled Families", "la_services", "annex-a.contact_source"),
            (&SOURCE, "Targeted Family Support", "la_services", "annex-a.contact_source"),
            (&SOURCE, "Education - not school", "education", "annex-a.contact_source"),
            (&SOURCE, "Family Court", "legal", "annex-a.contact_source"),
            (
                &SOURCE,
                "60) Individual - Family Member / Relative / Foster Carer",
                "individual",
                "annex-a.contact_source",
            ),
            (&SOURCE, "Friend/Neighbour", "individual", "annex-a.contact_source"),
            (&SOURCE, "Self Referral", "individual", "annex-a.contact_source"),
            (&SOURCE, "CAMHS", "health", "annex-a.contact_source"),
            (&SOURCE, "Health - Other", "health", "annex-a.contact_source"),
            (&SOURCE, "Youth Offending", "la_services", "annex-a.contact_source"),
            (&SOURCE, "i) Other", "other", "annex-a.contact_source"),
            (&ABUSE, "Multiple (Neglect, Physical abuse)", "MUL", "cin.abuse_category"),
            (&ABUSE, "Neglect and Emotional abuse", "MUL", "cin.abuse_category"),
            (&ABUSE, "NEG, PHY", "MUL", "cin.abuse_category"),
            (&ABUSE, "e) Multiple", "MUL", "cin.abuse_category"),
            (&CLOSURE, "Case closed after assessment, referred to early help", "RC9", "cin.closure_reason"),
            (&CLOSURE, "h) Child not in need after assessment", "RC8", "cin.closure_reason"),
            (&CLOSURE, "g) 'Other' incl. Child no longer in need", "RC7", "cin.closure_reason"),
            (&CLOSURE, "f) Transfer to Adult Social Services", "RC6", "cin.closure_reason"),
            (
                &PLACE,
                "Foster placement with other foster carer(s) who is/are also an approved adopter(s)",
                "foster",
                "annex-a.placement_type",
            ),
            (&PLACE, "Fostering for adoption placement", "foster", "annex-a.placement_type"),
            (
                &PLACE,
                "Placed for adoption with placement order with current foster carer",
                "A",
                "annex-a.placement_type",
            ),
            (
                &PLACE,
                "All residential schools, except where dual-registered as a school and children's home",
                "school",
                "annex-a.placement_type",
            ),
            (&PLACE, "Temporary accommodation whilst normal foster carer(s) is/are on holiday", "T3", "ssda903.place"),
            (&PLACE, "g) Secure Children\u{2019}s Homes", "secure", "annex-a.placement_type"),
            (
                &PLACE,
                "Semi-independent living accommodation not subject to children's homes regulations",
                "H5",
                "ssda903.place",
            ),
            (&LEGAL, "Placement order with Interim Care Order", "E1", "ssda903.ls"),
            (&LEGAL, "Placed on C2", "C2", "ssda903.ls"),
            (
                &CEASED,
                "Age assessment determined child is aged 18 or over and E5, E6 and E7 do not apply",
                "age_assessed",
                "annex-a.ceased_reason",
            ),
        ] {
            let read = read(values, text, "field");
            let coded = read.value.unwrap();
            assert_eq!((coded.code.as_str(), coded.code_set.as_str(), read.finding), (code, set, None), "{text}");
        }
        // What says two things is told, and is neither.
        for (values, text) in [
            (&YES_NO, "Yes - not assessed"),
            (&ETHNICITY, "White (not yet obtained)"),
            (&NEED, "Drug abuse"),
            (&NEED, "CIN: N1 or N3"),
            (&LEGAL, "Interim Care Order, earlier Full Care Order"),
        ] {
            let read = read(values, text, "field");
            assert_eq!(read.finding.unwrap().code(), FindingCode::CodeUnknown, "{text}");
            assert_eq!(read.value.unwrap().code, text);
        }
        let flat = read(&ACCOMMODATION, "U and I flats", "accommodation");
        assert_eq!(flat.finding.unwrap().code(), FindingCode::CodeUnknown, "a letter that begins a name is no code");
        let odd = read(&NEED, "PSRMEM - Support with memory", "need");
        assert_eq!(odd.finding.unwrap().code(), FindingCode::CodeUnknown);
        assert_eq!(odd.value.unwrap().code, "PSRMEM - Support with memory");
        assert_eq!(read(&NEED, " ", "need"), Read::blank());
    }
}
