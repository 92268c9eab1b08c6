//! The code lists of the collection. Sources: the COLLECT Blade schemas of the three terms, and the national lists of
//! attendance codes (in force from 19 August 2024) and of ethnic groups.
//!
//! A year is the calendar year of the census, except for attendance codes, whose year is the school year that they are of.

use connector_kit::codes::{Code, CodeList, ETHNIC_GROUPS};

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $field:literal [$($code:expr),* $(,)?];)*) => {
        $($(#[$doc])* pub(crate) const $name: CodeList =
            CodeList { name: concat!("school-census.", $field), codes: &[$($code),*] };)*
    };
}

const fn a(code: &'static str) -> Code {
    Code::always(code)
}

const fn since(code: &'static str, year: u16) -> Code {
    Code::since(code, year)
}

const fn until(code: &'static str, year: u16) -> Code {
    Code::until(code, year)
}

lists! {
    /// U was in the list that `sex` replaced in 2023.
    SEX = "sex" [a("M"), a("F"), until("U", 2022)];
    ENROL_STATUS = "enrolstatus" [a("C"), a("M"), a("S"), a("F"), a("O")];
    BOARDER = "boarder" [a("B"), a("6"), a("7"), a("N")];
    YEAR_GROUP = "ncyear" [
        a("E1"), a("E2"), a("N1"), a("N2"), a("R"), a("1"), a("2"), a("3"), a("4"), a("5"), a("6"), a("7"), a("8"), a("9"),
        a("10"), a("11"), a("12"), a("13"), a("14"), a("M"), a("X"),
    ];
    /// School Action went with the 2014 code of practice, statements with their last transfer to plans.
    SEN_PROVISION = "senprovision" [a("N"), a("K"), a("E"), until("S", 2018), until("A", 2015), until("P", 2015)];
    /// SEMH took the place of BESD in the 2014 code of practice.
    SEN_NEED = "sentype" [
        a("SPLD"), a("MLD"), a("SLD"), a("PMLD"), a("SEMH"), until("BESD", 2014), a("SLCN"), a("HI"), a("VI"), a("MSI"),
        a("PD"), a("ASD"), a("OTH"), a("NSA"), since("DS", 2025),
    ];
    YOUNG_CARER = "youngcarer" [since("P", 2023), since("S", 2023), since("N", 2023)];
    COUNTRY = "ukcountry" [a("ENG"), a("WLS"), a("SCT"), a("NIR")];
    /// FIXD became SUSP; census of spring 2021 still carries the older returns.
    EXCLUSION = "category" [a("PERM"), a("LNCH"), since("SUSP", 2020), until("FIXD", 2021)];
    /// OT went with the list of 2020/21; the reasons after DB came with it.
    EXCLUSION_REASON = "reason" [
        a("PP"), a("PA"), a("VP"), a("VA"), a("BU"), a("RA"), a("SM"), a("DA"), a("DM"), a("TH"), a("DB"),
        since("OW", 2020), since("LG", 2020), since("DS", 2020), since("MT", 2020), since("PH", 2020), until("OT", 2021),
    ];
    PREMIUM_BASIS = "eyppbf" [a("RE"), a("RO"), a("RB"), a("RU")];
    PROVISION_REASON = "apreason" [
        a("ASP"), a("EHC"), a("MHN"), a("NEW"), a("OTH"), a("PEX"), a("PHN"), a("RHE"),
    ];
    AP_SETTING = "apsettingtype" [a("NFE"), a("OOT"), a("OTH"), a("WBP")];
    AP_REASON = "placementreason" [a("BHS"), a("SUS"), a("EXR"), a("MHN"), a("OTH"), a("PHN")];
    AP_PATTERN = "apattendancepattern" [a("FT"), a("PT")];
    /// By school year. H and J are allowed a while longer at one region's request.
    ATTENDANCE = "attendancereason" [
        a("/"), a("\\"), a("B"), a("C"), since("C1", 2024), since("C2", 2024), a("D"), a("E"), a("G"), a("I"),
        since("J1", 2024), since("K", 2024), a("L"), a("M"), a("N"), a("O"), a("P"), since("Q", 2024), a("R"), a("S"),
        a("T"), a("U"), a("V"), a("W"), a("X"), until("Y", 2023), since("Y1", 2024), since("Y2", 2024), since("Y3", 2024),
        since("Y4", 2024), since("Y5", 2024), since("Y6", 2024), since("Y7", 2024), a("Z"), a("#"), until("F", 2023),
        until("H", 2024), until("J", 2024),
    ];
}

pub(crate) const ETHNICITY: CodeList = CodeList { name: "school-census.ethnicity", codes: &ETHNIC_GROUPS };
