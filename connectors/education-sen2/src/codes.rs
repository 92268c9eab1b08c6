//! The code lists of the return. Sources: the guides to the SEN2 return of 2023 to 2025, and what its published reader knows.

use connector_kit::codes::{Code, CodeList, ETHNIC_GROUPS};

const fn a(code: &'static str) -> Code {
    Code::always(code)
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $field:literal [$($code:expr),* $(,)?];)*) => {
        $($(#[$doc])* pub(crate) const $name: CodeList =
            CodeList { name: concat!("sen2.", $field), codes: &[$($code),*] };)*
    };
}

lists! {
    /// The numbers were of `GenderCurrent`, which `Sex` replaced: in the return of 2024 both are met.
    SEX = "sex" [
        Code::since("M", 2024), Code::since("F", 2024), Code::since("U", 2024), Code::until("0", 2024),
        Code::until("1", 2024), Code::until("2", 2024), Code::until("9", 2024),
    ];
    UPN_UNKNOWN = "upnunknown" [a("UN1"), a("UN2"), a("UN3"), a("UN4"), a("UN5"), a("UN6"), a("UN7"), a("UN8"), a("UN9"), a("UN10")];
    /// Proceeds, does not, awaited, withdrawn, from before the collection began.
    OUTCOME = "outcome" [a("Y"), a("N"), a("A"), a("W"), a("H")];
    /// Who asked, from the version of 2024.
    REQUEST_SOURCE = "requestsource" [a("1"), a("2"), a("3"), a("4"), a("5"), a("6"), a("7"), a("8"), a("9")];
    CEASE_REASON = "ceasereason" [a("1"), a("2"), a("3"), a("4"), a("5"), a("6"), a("7"), a("8"), a("9")];
    SETTING = "sensetting" [a("OLA"), a("OPA"), a("EHE"), a("EYP"), a("OTH"), a("NEET"), a("NIEC"), a("NIEO")];
    /// Amend, cease, maintain: from 2024.
    REVIEW_OUTCOME = "reviewoutcome" [Code::since("A", 2024), Code::since("C", 2024), Code::since("M", 2024)];
    /// For how many weeks of the year: A the fewer, B the more. Where the one ends has changed, so the year says what they mean.
    RESIDENTIAL = "residential" [a("A"), a("B")];
    /// Of the letters of these two no published list was at hand: each is kept, and told as unknown.
    WORK_BASED = "workbased" [];
    DIRECT_PAYMENTS = "directpayments" [];
    PATTERN = "attendancepattern" [a("F"), a("P"), a("FT"), a("PT")];
    NEED = "sentype" [
        a("SPLD"), a("MLD"), a("SLD"), a("PMLD"), a("SEMH"), a("SLCN"), a("HI"), a("VI"), a("MSI"), a("PD"), a("ASD"),
        a("OTH"), Code::since("DS", 2025),
    ];
}

pub(crate) const ETHNICITY: CodeList = CodeList { name: "sen2.ethnicity", codes: &ETHNIC_GROUPS };
