//! The code lists of the data. They are those of the children in need census and of SSDA903, of the present year.

use connector_kit::codes::{Code, CodeList};

macro_rules! lists {
    ($($name:ident = $field:literal [$($code:literal),* $(,)?] $(until $year:literal [$($gone:literal),*])?;)*) => {
        $(pub(crate) const $name: CodeList = CodeList {
            name: concat!("csc.", $field),
            codes: &[$(Code::always($code),)* $($(Code::until($gone, $year)),*)?],
        };)*
    };
}

lists! {
    SEX = "sex" ["M", "F", "U"];
    ETHNICITY = "ethnicity" [
        "WBRI", "WIRI", "WIRT", "WOTH", "WROM", "MWBC", "MWBA", "MWAS", "MOTH", "AIND", "APKN", "ABAN", "AOTH", "BCRB",
        "BAFR", "BOTH", "CHNE", "OOTH", "REFU", "NOBT",
    ];
    DISABILITY = "disability" [
        "NONE", "MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS", "BEH", "CON", "AUT", "DDA",
    ];
    UPN_UNKNOWN = "upn_unknown" ["UN1", "UN2", "UN3", "UN4", "UN5", "UN6", "UN7", "UN8", "UN9", "UN10"];
    REFERRAL_SOURCE = "referral_source" [
        "1A", "1B", "1C", "1D", "2A", "2B", "3A", "3B", "3C", "3D", "3E", "3F", "4", "5A", "5B", "5C", "5D", "6", "7", "8",
        "9", "10",
    ];
    CLOSURE = "closure_reason" ["RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7", "RC8", "RC9"];
    FACTOR = "factor" [
        "1A", "1B", "1C", "2A", "2B", "2C", "3A", "3B", "3C", "4A", "4B", "4C", "5A", "5B", "5C", "6A", "6B", "6C", "7A", "8B",
        "8C", "8D", "8E", "8F", "9A", "10A", "11A", "12A", "13A", "14A", "15A", "16A", "17A", "18B", "18C", "19B", "19C", "20",
        "21", "22A", "23A", "24A",
    ];
    START_REASON = "start_reason" ["S", "L", "P", "T", "B", "U"];
    PLACE = "placement_type" [
        "A3", "A4", "A5", "A6", "K1", "K2", "K3", "P1", "P3", "R1", "R2", "R3", "R5", "S1", "T0", "T1", "T2", "T3", "T4", "U1",
        "U2", "U3", "U4", "U5", "U6", "Z1", "Z11", "Z12", "Z13", "Z14",
    ] until 2024 ["H5", "P2"];
    END_REASON = "end_reason" [
        "X1", "E11", "E12", "E2", "E3", "E4A", "E4B", "E13", "E41", "E45", "E46", "E47", "E48", "E5", "E6", "E7", "E9", "E14",
        "E15", "E16", "E17", "E8",
    ] until 2018 ["E43", "E44"];
    CHANGE_REASON = "change_reason" [
        "CARPL", "CLOSE", "ALLEG", "STAND", "CUSTOD", "APPRR", "CREQB", "CREQO", "CHILD", "LAREQ", "PLACE", "OTHER",
    ];
    ACTIVITY = "activity" ["F1", "P1", "F2", "P2", "F4", "P4", "F5", "P5", "G4", "G5", "G6", "0"];
    ACCOMMODATION = "accommodation" [
        "B", "C", "D", "E", "G", "H", "K", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "0",
    ];
}
