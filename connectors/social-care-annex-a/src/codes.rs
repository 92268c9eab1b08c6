//! Values: the code that stands within them, else what their words say.

use connector_kit::reading::{Read, finding};
use proto::events::{Coded, FindingCode};

use crate::lists::spaced;

/// Longest value that is kept of one that nothing is known of.
const VALUE_CHARS_MAX: usize = 64;

/// What a column's values are.
pub(crate) struct Values {
    /// The list that the codes within are of.
    codes: (&'static str, &'static [&'static str]),
    /// Words, and the code that they stand for, of the list of this name. The first that fits.
    words: (&'static str, &'static [(&'static str, &'static str)]),
}

macro_rules! values {
    ($($name:ident = $set:literal [$($code:literal),* $(,)?] / $own:literal [$($words:literal => $meaning:literal),* $(,)?];)*) => {
        $(pub(crate) const $name: Values = Values {
            codes: ($set, &[$($code),*]),
            words: (concat!("annex-a.", $own), &[$(($words, $meaning)),*]),
        };)*
    };
}

values! {
    GENDER = "cin.sex" ["M", "F", "U"] / "gender" [
        "female" => "F", "male" => "M", "girl" => "F", "boy" => "M", "neither" => "U", "not stated" => "U",
        "not recorded" => "U", "not known" => "U", "unknown" => "U", "indeterminate" => "U", "unborn" => "U", "=1" => "M", "1 male" => "M",
        "=2" => "F", "2 female" => "F", "=0" => "U", "=9" => "U",
    ];
    ETHNICITY = "cin.ethnicity" [
        "WBRI", "WIRI", "WIRT", "WOTH", "WROM", "MWBC", "MWBA", "MWAS", "MOTH", "AIND", "APKN", "ABAN", "AOTH", "BCRB",
        "BAFR", "BOTH", "CHNE", "OOTH", "REFU", "NOBT",
    ] / "ethnicity" [
        "mixed" => "mixed", "asian" => "asian", "black" => "black", "white" => "white", "other ethnic" => "other",
        "not stated" => "not_stated", "unknown" => "not_stated",
    ];
    SOURCE = "cin.referral_source" [
        "1A", "1B", "1C", "1D", "2A", "2B", "3A", "3B", "3C", "3D", "3E", "3F", "5A", "5B", "5C", "5D", "10", "4", "6", "7",
        "8", "9",
    ] / "contact_source" [
        "individual" => "individual", "family" => "individual", "school" => "schools", "education" => "education",
        "health" => "health", "hospital" => "health", "=gp" => "health", "nurse" => "health", "midwi" => "health", "hous" => "housing", "la services" => "la_services", "local authority" => "la_services",
        "police" => "police", "legal" => "legal", "anonymous" => "anonymous", "unknown" => "unknown", "other" => "other",
    ];
    YES_NO = "annex-a.yes_no" [] / "yes_no" [
        "yes" => "yes", "=y" => "yes", "true" => "yes", "=1" => "yes", "no" => "no", "=n" => "no", "false" => "no",
        "=0" => "no", "unknown" => "unknown", "not recorded" => "unknown",
    ];
    NEED = "cin.primary_need" ["N0", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9"] / "primary_need" [
        "abuse" => "N1", "childs disability" => "N2", "child s disability" => "N2", "parent" => "N3", "acute stress" => "N4",
        "dysfunction" => "N5", "unacceptable" => "N6", "income" => "N7", "absent" => "N8", "not cin" => "N9",
        "other than" => "N9", "not stated" => "N0",
    ];
    CLOSURE = "cin.closure_reason" ["RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7", "RC8", "RC9"] / "closure_reason" [
        "adopted" => "RC1", "died" => "RC2", "residence" => "RC3", "arrangements order" => "RC3", "guardianship" => "RC4",
        "adult" => "RC6", "another la" => "RC5", "transfer" => "RC5", "after assessment" => "RC8", "no longer" => "RC7",
        "other" => "RC7", "not stated" => "not_stated",
    ];
    ABUSE = "cin.abuse_category" ["NEG", "PHY", "SAB", "EMO", "MUL"] / "abuse_category" [
        "neglect" => "NEG", "physical" => "PHY", "sexual" => "SAB", "emotional" => "EMO", "multiple" => "MUL",
    ];
    LEGAL = "ssda903.ls" ["C1", "C2", "D1", "E1", "V2", "V3", "V4", "L1", "L2", "L3", "J1", "J2", "J3"] / "legal_status" [
        "interim care" => "C1", "full care" => "C2", "freed" => "D1", "freeing" => "D1", "placement order" => "E1",
        "s20" => "V2", "section 20" => "V2", "remand" => "J1", "pace" => "J2",
        "police protection" => "L1", "emergency protection" => "L2", "=epo" => "L2", "child assessment" => "L3", "child protection" => "protection",
        "youth justice" => "youth_justice",
    ];
    PERMANENCE = "annex-a.permanence" [] / "permanence" [
        "return" => "return", "adopt" => "adoption", "sgo" => "guardianship", "guardianship" => "guardianship",
        "supported living" => "supported_living", "residential" => "residential", "foster" => "fostering", "other" => "other",
    ];
    PLACE = "ssda903.place" [
        "A3", "A4", "A5", "A6", "H5", "K1", "K2", "K3", "P1", "P2", "P3", "R1", "R2", "R3", "R5", "S1", "T0", "T1", "T2",
        "T3", "T4", "U1", "U2", "U3", "U4", "U5", "U6", "Z1",
    ] / "placement_type" [
        "placed for adoption" => "A", "adopt" => "A", "foster" => "foster", "with parent" => "parents", "supported accommodation" => "K3", "semi independent" => "H5",
        "independent" => "independent", "employment" => "employment", "secure" => "secure", "childrens home" => "childrens_home",
        "care home" => "care_home", "residential accommodation" => "residential", "nhs" => "health", "family centre" => "family_centre",
        "mother and baby" => "family_centre", "offender" => "youth_custody", "school" => "school", "temporary" => "temporary",
        "other" => "other",
    ];
    PROVIDER = "ssda903.place_provider" ["PR0", "PR1", "PR2", "PR3", "PR4", "PR5"] / "placement_provider" [
        "own" => "own", "private" => "private", "voluntary" => "voluntary", "third sector" => "voluntary", "other" => "other",
    ];
    WITHIN = "annex-a.placement_location" [] / "placement_location" [
        "=in" => "in", "in borough" => "in", "inside" => "in", "within" => "in", "=out" => "out", "out of" => "out", "outside" => "out",
    ];
    CEASED = "ssda903.rec" [
        "E11", "E12", "E13", "E14", "E15", "E16", "E17", "E2", "E3", "E4A", "E4B", "E41", "E45", "E46", "E47", "E48", "E5", "E6",
        "E7", "E8", "E9",
    ] / "ceased_reason" [
        "adopted" => "adopted", "died" => "died", "another la" => "another_la", "returned home" => "home",
        "no parental" => "other_person", "residence order" => "arrangements_order", "arrangements order" => "arrangements_order", "guardianship" => "guardianship",
        "independent" => "independent", "residential care" => "adult_residential", "custody" => "custody", "remand" => "remand_ended",
        "age assessment" => "age_assessed", "abroad" => "abroad", "any other" => "other", "other" => "other",
    ];
    ELIGIBILITY = "annex-a.eligibility" [] / "eligibility" [
        "former relevant" => "former_relevant", "relevant" => "relevant", "qualifying" => "qualifying", "eligible" => "eligible",
        "other" => "other",
    ];
    IN_TOUCH = "ssda903.in_touch" ["YES", "NO", "DIED", "REFU", "NREQ", "RHOM"] / "in_touch" [
        "not in touch" => "NO", "in touch" => "YES", "yes" => "YES", "=no" => "NO", "died" => "DIED", "refus" => "REFU",
        "no longer required" => "NREQ", "returned home" => "RHOM", "not recorded" => "not_recorded", "exclude" => "exclude",
    ];
    ACCOMMODATION = "ssda903.accom" [
        "B", "C", "D", "E", "G", "H", "K", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    ] / "accommodation" [
        "parents" => "B", "community home" => "C", "semi independent" => "D", "supported lodgings" => "E", "abroad" => "G",
        "deported" => "H", "ordinary lodgings" => "K", "not known" => "R", "homeless" => "S", "no fixed" => "S", "foyer" => "T",
        "independent" => "U", "breakfast" => "W", "b b" => "W", "emergency" => "V", "custody" => "X", "foster" => "Z", "other" => "Y",
    ];
    SUITABILITY = "annex-a.suitability" [] / "suitability" [
        "not suitable" => "unsuitable", "unsuitable" => "unsuitable", "suitable" => "suitable", "not in touch" => "not_known",
        "not recorded" => "not_known", "exclude" => "exclude",
    ];
    ACTIVITY = "ssda903.activ" ["F1", "P1", "F2", "P2", "F3", "P3", "F4", "P4", "F5", "P5", "G4", "G5", "G6"] / "activity" [
        "not in touch" => "0",
    ];
    REVERSED = "ssda903.reason_placed_ceased" ["RD1", "RD2", "RD3", "RD4"] / "reversed_reason" [
        "needs changed" => "RD1", "did not make" => "RD2", "cannot be found" => "RD3", "other" => "RD4",
    ];
}

/// What stands between a code and its words.
const SEPARATORS: [char; 10] = [':', '-', '\u{2013}', '\u{2014}', '=', ')', '(', '.', ',', ';'];

/// Reads a value: a code that stands by itself or is set off from what follows, else what the words say. Letters of the list's own order (`f) `) are left out; of an unknown value the text is kept.
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
    let end = bare.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(bare.len());
    let (first, rest) = bare.split_at(end);
    let is_set_off = rest.trim_start().chars().next().is_none_or(|next| SEPARATORS.contains(&next));
    // Words may begin as a code does: `B&B` is not B, nor `No longer required` NO.
    let is_no_word = first.bytes().any(|byte| byte.is_ascii_digit())
        || first.len() > 2 && first.bytes().all(|byte| byte.is_ascii_uppercase());
    // `B1`: a kind of accommodation, and whether it suits, in one.
    let letter =
        first.strip_suffix(['1', '2']).filter(|letter| letter.len() == 1 && letter.chars().all(char::is_alphabetic));
    let is_code = |code: &&&str| {
        code.eq_ignore_ascii_case(first) || letter.is_some_and(|letter| code.eq_ignore_ascii_case(letter))
    };
    let code = codes.iter().find(is_code);
    let worded = spaced(bare);
    let (own, meanings) = values.words;
    let says = |words: &str| match words.strip_prefix('=') {
        Some(all) => worded.trim() == all,
        None => worded.contains(&format!(" {words}")),
    };
    let meaning = || meanings.iter().find(|(words, _)| says(words)).map(|(_, code)| *code);
    let coded = |code: &str, set: &str| Coded {
        code: code.to_owned(),
        code_set: set.to_owned(),
        text: (bare != code).then(|| bare.chars().take(VALUE_CHARS_MAX).collect()),
    };
    let sure = code.filter(|_| is_set_off || is_no_word);
    match (sure, meaning(), code.filter(|code| code.len() > 1)) {
        (Some(code), _, _) | (None, None, Some(code)) => Read::of(coded(code, set)),
        (None, Some(code), _) if codes.contains(&code) => Read::of(coded(code, set)),
        (None, Some(code), _) => Read::of(coded(code, own)),
        (None, None, None) => {
            let kept: String = bare.chars().take(VALUE_CHARS_MAX).collect();
            Read {
                value: Some(Coded { code: kept, code_set: own.to_owned(), text: None }),
                finding: Some(finding(FindingCode::CodeUnknown, field)),
            }
        }
    }
}

/// What spreadsheets write where there is nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    let text = text.trim();
    ["", "-", ".", "..", "#n/a", "n/a", "na", "null", "none", "nan", "pd.na", "<blank>", "znotrecorded", "zzcodeerror"]
        .iter()
        .any(|blank| text.eq_ignore_ascii_case(blank))
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
        ] {
            let read = read(values, text, "field");
            let coded = read.value.unwrap();
            assert_eq!((coded.code.as_str(), coded.code_set.as_str(), read.finding), (code, set, None), "{text}");
        }
        let flat = read(&ACCOMMODATION, "U and I flats", "accommodation");
        assert_eq!(flat.finding.unwrap().code(), FindingCode::CodeUnknown, "a letter that begins a name is no code");
        let odd = read(&NEED, "PSRMEM - Support with memory", "need");
        assert_eq!(odd.finding.unwrap().code(), FindingCode::CodeUnknown);
        assert_eq!(odd.value.unwrap().code, "PSRMEM - Support with memory");
        assert_eq!(read(&NEED, " ", "need"), Read::blank());
    }
}
