//! The commonest codes of what schools, councils and hospitals record, in words. A code that is not here stands as it is, and the
//! document says whom to ask what it means: it is never guessed.

/// What a code says: the source's own words where it sent them.
pub(super) fn word(code_set: &str, code: &str, text: &str) -> String {
    if !text.is_empty() {
        return text.to_owned();
    }
    let list = code_set.split(['.', '/']).nth(1).unwrap_or_default();
    known(list, code).map_or_else(|| format!("code {code}"), str::to_owned)
}

fn known(list: &str, code: &str) -> Option<&'static str> {
    Some(match (list, code) {
        ("sex", "F") => "female",
        ("sex", "M") => "male",
        ("term", "AUT") => "autumn",
        ("term", "SPR") => "spring",
        ("term", "SUM") => "summer",
        ("language", "ENG") => "English",
        ("ukcountry", "ENG") => "England",
        ("enrolstatus", "C") => "on roll here only",
        ("enrolstatus", "M") => "on roll here and elsewhere, mainly here",
        ("enrolstatus", "S") => "on roll here and elsewhere, mainly elsewhere",
        ("boarder", "N") => "not a boarder",
        ("boarder", "B") => "boarder",
        ("senprovision", "K") => "SEN support",
        ("senprovision", "E") => "education, health and care plan",
        ("senprovision", "N") => "no special educational provision",
        ("sentype", "ASD") => "autistic spectrum disorder",
        ("sentype", "SLCN") => "speech, language and communication needs",
        ("sentype", "SEMH") => "social, emotional and mental health",
        ("sentype", "MLD") => "moderate learning difficulty",
        ("sentype", "SLD") => "severe learning difficulty",
        ("sentype", "PMLD") => "profound and multiple learning difficulty",
        ("sentype", "SPLD") => "specific learning difficulty",
        ("sentype", "HI") => "hearing impairment",
        ("sentype", "VI") => "vision impairment",
        ("sentype", "MSI") => "multi-sensory impairment",
        ("sentype", "PD") => "physical disability",
        ("sentype", "NSA") => "SEN support, not yet assessed",
        ("attendancereason", "/") => "present in the morning",
        ("attendancereason", "\\") => "present in the afternoon",
        ("attendancereason", "L") => "late, before the register closed",
        ("attendancereason", "U") => "late, after the register closed",
        ("attendancereason", "I") => "ill",
        ("attendancereason", "M") => "medical or dental appointment",
        ("attendancereason", "O") => "absent without permission",
        ("attendancereason", "N") => "no reason given yet",
        ("attendancereason", "B") => "educated off site",
        ("attendancereason", "E") => "suspended or excluded",
        ("disability", "NONE") => "none",
        ("ethnicity", "WBRI") => "White British",
        ("patient_class", "I") => "stayed in hospital",
        ("patient_class", "O") => "did not stay in hospital",
        ("patient_class", "E") => "emergency",
        _ => return None,
    })
}
