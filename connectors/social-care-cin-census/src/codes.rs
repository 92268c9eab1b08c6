//! The code lists of the census, with the census years in which each code is in use.
//!
//! Source: the schema of 2026 and the published record rules; a year given here is the census year, that of its 31 March.

use connector_kit::codes::{Code, CodeList};

const fn of(code: &'static str) -> Code {
    Code::always(code)
}

/// `Sex`, and `GenderCurrent` as it was called before 2025: 0 not known, 1 male, 2 female, 9 indeterminate.
pub(crate) const SEX: CodeList = CodeList {
    name: "cin.sex",
    codes: &[
        Code::since("M", 2025),
        Code::since("F", 2025),
        Code::since("U", 2025),
        Code::until("0", 2024),
        Code::until("1", 2024),
        Code::until("2", 2024),
        Code::until("9", 2024),
    ],
};

pub(crate) const ETHNICITY: CodeList = CodeList {
    name: "cin.ethnicity",
    codes: &[
        of("WBRI"),
        of("WIRI"),
        of("WIRT"),
        of("WOTH"),
        of("WROM"),
        of("MWBC"),
        of("MWBA"),
        of("MWAS"),
        of("MOTH"),
        of("AIND"),
        of("APKN"),
        of("ABAN"),
        of("AOTH"),
        of("BCRB"),
        of("BAFR"),
        of("BOTH"),
        of("CHNE"),
        of("OOTH"),
        of("REFU"),
        of("NOBT"),
    ],
};

pub(crate) const DISABILITY: CodeList = CodeList {
    name: "cin.disability",
    codes: &[
        of("NONE"),
        of("MOB"),
        of("HAND"),
        of("PC"),
        of("INC"),
        of("COMM"),
        of("LD"),
        of("HEAR"),
        of("VIS"),
        of("BEH"),
        of("CON"),
        of("AUT"),
        of("DDA"),
    ],
};

/// Why there is no UPN.
pub(crate) const UPN_UNKNOWN: CodeList = CodeList {
    name: "cin.upn_unknown",
    codes: &[of("UN1"), of("UN2"), of("UN3"), of("UN4"), of("UN5"), of("UN6"), of("UN7")],
};

pub(crate) const REFERRAL_SOURCE: CodeList = CodeList {
    name: "cin.referral_source",
    codes: &[
        of("1A"),
        of("1B"),
        of("1C"),
        of("1D"),
        of("2A"),
        of("2B"),
        of("3A"),
        of("3B"),
        of("3C"),
        of("3D"),
        of("3E"),
        of("3F"),
        of("4"),
        of("5A"),
        of("5B"),
        of("5C"),
        Code::since("5D", 2023),
        of("6"),
        of("7"),
        of("8"),
        of("9"),
        of("10"),
    ],
};

pub(crate) const PRIMARY_NEED: CodeList = CodeList {
    name: "cin.primary_need",
    codes: &[of("N0"), of("N1"), of("N2"), of("N3"), of("N4"), of("N5"), of("N6"), of("N7"), of("N8"), of("N9")],
};

pub(crate) const CLOSURE_REASON: CodeList = CodeList {
    name: "cin.closure_reason",
    codes: &[
        of("RC1"),
        of("RC2"),
        of("RC3"),
        of("RC4"),
        of("RC5"),
        of("RC6"),
        of("RC7"),
        of("RC8"),
        Code::since("RC9", 2023),
    ],
};

pub(crate) const ABUSE_CATEGORY: CodeList =
    CodeList { name: "cin.abuse_category", codes: &[of("NEG"), of("PHY"), of("SAB"), of("EMO"), of("MUL")] };

/// The number names the factor; A is the child (7A on: alone), B a parent or carer, C another person of the household. 8B to
/// 8F are kinds of private fostering; 18 and 19 were split into B, child on child, and C, adult on child.
pub(crate) const FACTOR: CodeList = CodeList {
    name: "cin.assessment_factor",
    codes: &[
        of("1A"),
        of("1B"),
        of("1C"),
        of("2A"),
        of("2B"),
        of("2C"),
        of("3A"),
        of("3B"),
        of("3C"),
        of("4A"),
        of("4B"),
        of("4C"),
        of("5A"),
        of("5B"),
        of("5C"),
        of("6A"),
        of("6B"),
        of("6C"),
        of("7A"),
        of("8B"),
        of("8C"),
        of("8D"),
        of("8E"),
        of("8F"),
        of("9A"),
        of("10A"),
        of("11A"),
        of("12A"),
        of("13A"),
        of("14A"),
        of("15A"),
        of("16A"),
        of("17A"),
        Code::until("18A", 2020),
        Code::since("18B", 2021),
        Code::since("18C", 2021),
        Code::until("19A", 2020),
        Code::since("19B", 2021),
        Code::since("19C", 2021),
        of("20"),
        of("21"),
        of("22A"),
        of("23A"),
        Code::since("24A", 2022),
    ],
};
