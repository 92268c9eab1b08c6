//! The code lists of the file. Sources: the national lists of the common basic data set as files and their public readers have
//! them. Lists that change with every key stage (subjects, components, results) are kept as they come.

use connector_kit::codes::{Code, CodeList};
use proto::events::relationship_recorded::Kind;

const fn a(code: &'static str) -> Code {
    Code::always(code)
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $field:literal [$($code:expr),* $(,)?];)*) => {
        $($(#[$doc])* pub(crate) const $name: CodeList =
            CodeList { name: concat!("ctf.", $field), codes: &[$($code),*] };)*
    };
}

lists! {
    /// `Gender` until 2022, `Sex` from 2023.
    SEX = "sex" [a("M"), a("F"), a("U"), a("N")];
    ENROL_STATUS = "enrolstatus" [a("C"), a("M"), a("S"), a("F"), a("O"), a("G")];
    YEAR_GROUP = "ncyear" [
        a("E1"), a("E2"), a("N1"), a("N2"), a("R"), a("1"), a("2"), a("3"), a("4"), a("5"), a("6"), a("7"), a("8"), a("9"),
        a("10"), a("11"), a("12"), a("13"), a("14"), a("M"), a("X"),
    ];
    /// School Action went with the 2014 code of practice, statements with their last transfer to plans.
    SEN_PROVISION = "senprovision" [
        a("N"), a("K"), a("E"), Code::until("S", 2018), Code::until("A", 2015), Code::until("P", 2015), Code::until("Q", 2015),
    ];
    SEN_NEED = "sentype" [
        a("SPLD"), a("MLD"), a("SLD"), a("PMLD"), a("SEMH"), Code::until("BESD", 2015), a("SLCN"), a("HI"), a("VI"),
        a("MSI"), a("PD"), a("ASD"), a("OTH"), a("NSA"), Code::since("DS", 2024),
    ];
    COUNTRY = "ukcountry" [a("ENG"), a("WLS"), a("SCT"), a("NIR")];
    EXCLUSION = "category" [a("PERM"), a("LNCH"), a("SUSP"), Code::until("FIXD", 2021)];
    STAGE = "stage" [
        a("FSP"), a("EYF"), a("PHO"), a("KS1"), a("KS2"), a("KS3"), a("KS4"), a("KS5"), a("OTH"), a("EYR"), a("RBA"),
    ];
}

/// What a contact's code says the relation is. A code that is not here says nothing that it may be taken to say.
pub(crate) fn relation(code: &str) -> Option<Kind> {
    Some(match code.to_ascii_uppercase().as_str() {
        "MOT" | "FAT" | "PAM" | "PAF" | "PAR" => Kind::Parent,
        "MST" | "FST" | "STM" | "STF" => Kind::StepParent,
        "GPM" | "GPF" | "GPR" => Kind::Grandparent,
        "GUA" | "CAR" | "FOM" | "FOF" | "FOS" => Kind::Carer,
        "SIS" | "BRO" | "SIB" => Kind::Sibling,
        "OTH" | "SWR" | "REL" | "FAM" | "DOC" | "HTC" | "NEI" | "FRI" => Kind::Other,
        _ => return None,
    })
}
