//! The tables of the export and their columns. Source: the COLLECT Blade CSV exports of 2025.

mod autumn;
mod spring;
mod summer;

pub(super) use autumn::AUTUMN;
pub(super) use spring::SPRING;
pub(super) use summer::SUMMER;

/// A table: the name that ends its file's, and its columns in order.
#[derive(Clone, Copy)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

// What is the same in more terms than one.

const SUSPENSIONS_ON_ROLL: Table = Table {
    name: "termlyexclusionsonroll",
    columns: &[
        "termlyexclusionsonrolltableid",
        "NativeId",
        "termlyexclusionsonrollorderseqcolumn",
        "sourceid",
        "pupilonrolltableid",
        "startdate",
        "sessions",
        "category",
        "senprovision",
        "reason1",
        "reason2",
        "reason3",
    ],
};

const SUSPENSIONS_OFF_ROLL: Table = Table {
    name: "termlyexclusionsoffroll",
    columns: &[
        "termlyexclusionsoffrolltableid",
        "NativeId",
        "termlyexclusionsoffrollorderseqcolumn",
        "sourceid",
        "pupilnolongeronrolltableid",
        "startdate",
        "sessions",
        "category",
        "senprovision",
        "reason1",
        "reason2",
        "reason3",
    ],
};

const SESSIONS_ON_ROLL: Table = Table {
    name: "termlysessiondetailsonroll",
    columns: &[
        "termlysessiondetailsonrolltableid",
        "NativeId",
        "termlysessiondetailsonrollorderseqcolumn",
        "sourceid",
        "pupilonrolltableid",
        "attendancereason",
        "sessions",
    ],
};

const SESSIONS_OFF_ROLL: Table = Table {
    name: "termlysessiondetailsoffroll",
    columns: &[
        "termlysessiondetailsoffrolltableid",
        "NativeId",
        "termlysessiondetailsoffrollorderseqcolumn",
        "sourceid",
        "pupilnolongeronrolltableid",
        "attendancereason",
        "sessions",
    ],
};

const SCHOOL_ARRANGED_PROVISION: Table = Table {
    name: "schoolarrangedapdetailonroll",
    columns: &[
        "schoolarrangedapdetailonrolltableid",
        "NativeId",
        "schoolarrangedapdetailonrollorderseqcolumn",
        "sourceid",
        "pupilonrolltableid",
        "urn",
        "ukprn",
        "entrydate",
        "leavingdate",
        "apsessionsperweek",
        "apsettingtype",
        "placementreason",
        "senprovisionentry",
        "senprovisionleaving",
        "apattendancepattern",
        "applacementpostcode",
        "companynumber",
    ],
};

const FREE_MEALS: Table = Table {
    name: "fsmperiod",
    columns: &[
        "fsmperiodtableid",
        "NativeId",
        "fsmperiodorderseqcolumn",
        "sourceid",
        "pupilonrolltableid",
        "fsmstartdate",
        "fsmenddate",
        "ukcountry",
    ],
};

const ADDRESSES: Table = Table {
    name: "addresses",
    columns: &[
        "addressestableid",
        "NativeId",
        "addressesorderseqcolumn",
        "sourceid",
        "pupilonrolltableid",
        "postcode",
        "saon",
        "paon",
        "street",
        "locality",
        "town",
        "administrativearea",
        "posttown",
        "addressline1",
        "addressline2",
        "addressline3",
        "addressline4",
        "addressline5",
        "uniquepropertyreferencenumber",
    ],
};
