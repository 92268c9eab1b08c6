//! The code lists of the return, with the collection years in which each code is in use. A year is that of its 31 March.
//!
//! Sources: the published rules of 2024/25, and the data items of the standard safeguarding dataset.

use connector_kit::codes::{Code, CodeList};

const fn a(code: &'static str) -> Code {
    Code::always(code)
}

const fn since(code: &'static str, year: u16) -> Code {
    Code::since(code, year)
}

const fn until(code: &'static str, year: u16) -> Code {
    Code::until(code, year)
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $field:literal [$($code:expr),* $(,)?];)*) => {
        $($(#[$doc])* pub(crate) const $name: CodeList =
            CodeList { name: concat!("ssda903.", $field), codes: &[$($code),*] };)*
    };
}

lists! {
    SEX = "sex" [until("1", 2024), until("2", 2024), since("M", 2025), since("F", 2025), since("U", 2025)];
    ETHNIC = "ethnic" [
        a("WBRI"), a("WIRI"), a("WIRT"), a("WOTH"), a("WROM"), a("MWBC"), a("MWBA"), a("MWAS"), a("MOTH"), a("AIND"),
        a("APKN"), a("ABAN"), a("AOTH"), a("BCRB"), a("BAFR"), a("BOTH"), a("CHNE"), a("OOTH"), a("REFU"), a("NOBT"),
    ];
    UPN_UNKNOWN = "upn_unknown" [a("UN1"), a("UN2"), a("UN3"), a("UN4"), a("UN5")];
    /// Why an episode began: S started, L legal status, P placement and carer, T placement, B and U both.
    RNE = "rne" [a("S"), a("L"), a("P"), a("T"), a("B"), a("U")];
    LEGAL_STATUS = "ls" [
        a("C1"), a("C2"), a("D1"), a("E1"), a("V2"), a("V3"), a("V4"), a("L1"), a("L2"), a("L3"), a("J1"), a("J2"), a("J3"),
    ];
    NEED = "cin" [a("N1"), a("N2"), a("N3"), a("N4"), a("N5"), a("N6"), a("N7"), a("N8")];
    PLACE = "place" [
        a("A3"), a("A4"), a("A5"), a("A6"), until("H5", 2024), a("K1"), a("K2"), since("K3", 2025), a("P1"), until("P2", 2024),
        a("P3"), a("R1"), a("R2"), a("R3"), a("R5"), a("S1"), a("T0"), a("T1"), a("T2"), a("T3"), a("T4"), a("U1"), a("U2"),
        a("U3"), a("U4"), a("U5"), a("U6"), a("Z1"), since("Z11", 2026), since("Z12", 2026), since("Z13", 2026),
        since("Z14", 2026), until("Q1", 2015), until("Q2", 2015), until("M1", 2015), until("M2", 2015), until("M3", 2015),
    ];
    PROVIDER = "place_provider" [a("PR0"), a("PR1"), a("PR2"), a("PR3"), a("PR4"), a("PR5")];
    REC = "rec" [
        a("X1"), a("E11"), a("E12"), a("E2"), a("E3"), a("E4A"), a("E4B"), a("E13"), a("E41"), a("E45"), a("E46"), a("E47"),
        a("E48"), until("E43", 2018), until("E44", 2018), a("E5"), a("E6"), a("E7"), a("E9"), a("E14"), a("E15"), a("E16"),
        a("E17"), a("E8"),
    ];
    CHANGE_REASON = "reason_place_change" [
        a("CARPL"), a("CLOSE"), a("ALLEG"), a("STAND"), a("CUSTOD"), a("APPRR"), a("CREQB"), a("CREQO"), a("CHILD"),
        a("LAREQ"), a("PLACE"), a("OTHER"),
    ];
    REVIEW = "review_code" [a("PN0"), a("PN1"), a("PN2"), a("PN3"), a("PN4"), a("PN5"), a("PN6"), a("PN7")];
    MISSING = "missing" [a("M"), a("A")];
    SDQ_REASON = "sdq_reason" [a("SDQ1"), a("SDQ2"), a("SDQ3"), a("SDQ4"), a("SDQ5")];
    IN_TOUCH = "in_touch" [a("YES"), a("NO"), a("DIED"), a("REFU"), a("NREQ"), a("RHOM")];
    ACTIVITY = "activ" [
        a("F1"), a("P1"), a("F2"), a("P2"), until("F3", 2021), until("P3", 2021), a("F4"), a("P4"), a("F5"), a("P5"), a("G4"),
        a("G5"), a("G6"), a("0"),
    ];
    /// A letter, with 1 for suitable and 2 for not.
    ACCOMMODATION = "accom" [
        a("B1"), a("B2"), a("C1"), a("C2"), a("D1"), a("D2"), a("E1"), a("E2"), a("G1"), a("G2"), a("H1"), a("H2"), a("K1"),
        a("K2"), a("R1"), a("R2"), a("S1"), a("S2"), a("T1"), a("T2"), a("U1"), a("U2"), a("V1"), a("V2"), a("W1"), a("W2"),
        a("X1"), a("X2"), a("Y1"), a("Y2"), a("Z1"), a("Z2"), a("0"),
    ];
    ADOPTERS_SEX = "sex_adoptr" [a("M1"), a("F1"), a("MM"), a("FF"), a("MF")];
    ADOPTERS_STATUS = "ls_adoptr" [a("L0"), a("L11"), a("L12"), a("L2"), a("L3"), a("L4")];
    REVERSED = "reason_placed_ceased" [a("RD1"), a("RD2"), a("RD3"), a("RD4")];
    PERMANENCE = "prev_perm" [a("P1"), a("P2"), a("P3"), a("P4"), a("Z1")];
    WORKER_REASON = "sw_reason" [
        a("MANAGE"), a("FCONTA"), a("LEFTRL"), a("ORGRST"), a("TSPROC"), a("ABSENC"), a("CHCHAN"), a("PCCHAN"), a("SWDIED"),
        a("OTHERS"),
    ];
}
