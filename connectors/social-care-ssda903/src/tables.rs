//! The files of the return, and how each is known.

/// A file of the return.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Table {
    Header,
    Episodes,
    Reviews,
    Uasc,
    Oc2,
    Oc3,
    Ad1,
    Placed,
    PreviousPermanence,
    Missing,
    Workers,
    Liberty,
}

struct About {
    table: Table,
    /// As it stands in a scope.
    name: &'static str,
    /// Without these columns it is not this table.
    signature: &'static [&'static str],
    columns: &'static [&'static str],
}

const TABLES: &[About; 12] = &[
    About {
        table: Table::Header,
        name: "header",
        signature: &["ethnic"],
        columns: &["child", "sex", "dob", "ethnic", "upn", "mother", "mc_dob"],
    },
    About {
        table: Table::Episodes,
        name: "episodes",
        signature: &["decom"],
        columns: &[
            "child",
            "decom",
            "rne",
            "ls",
            "cin",
            "place",
            "place_provider",
            "dec",
            "rec",
            "reason_place_change",
            "home_post",
            "pl_post",
            "urn",
        ],
    },
    About {
        table: Table::Reviews,
        name: "reviews",
        signature: &["review"],
        columns: &["child", "dob", "review", "review_code"],
    },
    About { table: Table::Uasc, name: "uasc", signature: &["duc"], columns: &["child", "sex", "dob", "duc"] },
    About {
        table: Table::Oc2,
        name: "oc2",
        signature: &["convicted"],
        columns: &[
            "child",
            "dob",
            "sdq_score",
            "sdq_reason",
            "convicted",
            "health_check",
            "immunisations",
            "teeth_check",
            "health_assessment",
            "substance_misuse",
            "intervention_received",
            "intervention_offered",
        ],
    },
    About {
        table: Table::Oc3,
        name: "oc3",
        signature: &["in_touch"],
        columns: &["child", "dob", "in_touch", "activ", "accom"],
    },
    About {
        table: Table::Ad1,
        name: "ad1",
        signature: &["date_int"],
        columns: &["child", "dob", "date_int", "date_match", "foster_care", "nb_adoptr", "sex_adoptr", "ls_adoptr"],
    },
    About {
        table: Table::Placed,
        name: "placed-for-adoption",
        signature: &["date_placed"],
        columns: &["child", "dob", "date_placed", "date_placed_ceased", "reason_placed_ceased"],
    },
    About {
        table: Table::PreviousPermanence,
        name: "previous-permanence",
        signature: &["prev_perm"],
        columns: &["child", "dob", "prev_perm", "la_perm", "date_perm"],
    },
    About {
        table: Table::Missing,
        name: "missing",
        signature: &["mis_start"],
        columns: &["child", "dob", "missing", "mis_start", "mis_end"],
    },
    About {
        table: Table::Workers,
        name: "social-workers",
        signature: &["sw_decom"],
        columns: &["child", "dob", "sw_id", "sw_decom", "sw_dec", "sw_reason"],
    },
    About {
        table: Table::Liberty,
        name: "deprivation-of-liberty",
        signature: &["dolo_start"],
        columns: &["child", "dob", "dolo_start", "dolo_end"],
    },
];

/// Other names of columns: those of the XML, of older exports, and the words of the guidance.
const ALIASES: &[(&str, &str)] = &[
    ("childid", "child"),
    ("child_id", "child"),
    ("child_la_code", "child"),
    ("la_child_id", "child"),
    ("lachildid", "child"),
    ("child_unique_id", "child"),
    ("gender", "sex"),
    ("date_of_birth", "dob"),
    ("birth_date", "dob"),
    ("ethnicity", "ethnic"),
    ("ethnic_origin", "ethnic"),
    ("unique_pupil_number", "upn"),
    ("mother_s_child_dob", "mc_dob"),
    ("mcdob", "mc_dob"),
    ("dob_of_child", "mc_dob"),
    ("date_episode_commenced", "decom"),
    ("date_episode_began", "decom"),
    ("episode_start_date", "decom"),
    ("reason_for_new_episode", "rne"),
    ("legal_status", "ls"),
    ("category_of_need", "cin"),
    ("primary_need", "cin"),
    ("pl", "place"),
    ("placement", "place"),
    ("placement_type", "place"),
    ("place_prov", "place_provider"),
    ("pl_provider", "place_provider"),
    ("placement_provider", "place_provider"),
    ("date_episode_ceased", "dec"),
    ("episode_end_date", "dec"),
    ("reason_episode_ceased", "rec"),
    ("reason_for_placement_change", "reason_place_change"),
    ("reason_placement_change", "reason_place_change"),
    ("reason_pl_change", "reason_place_change"),
    ("home_postcode", "home_post"),
    ("pl_postcode", "pl_post"),
    ("placement_postcode", "pl_post"),
    ("ofsted_urn", "urn"),
    ("review_date", "review"),
    ("date_of_review", "review"),
    ("participation", "review_code"),
    ("participation_code", "review_code"),
    ("date_uasc_status_ceased", "duc"),
    ("immunisation", "immunisations"),
    ("dental_check", "teeth_check"),
    ("health_surveillance", "health_check"),
    ("activity", "activ"),
    ("accommodation", "accom"),
    ("accomm", "accom"),
    ("nb_adopter", "nb_adoptr"),
    ("sex_adopter", "sex_adoptr"),
    ("ls_adopter", "ls_adoptr"),
    ("date_placed_for_adoption", "date_placed"),
    ("previous_permanence", "prev_perm"),
    ("missing_start", "mis_start"),
    ("missing_end", "mis_end"),
    ("missing_type", "missing"),
    ("social_worker_id", "sw_id"),
    ("sw_start", "sw_decom"),
    ("sw_end", "sw_dec"),
];

/// Columns that say whose and of which year a row is, or repeat what another table says.
const OF_THE_RETURN: &[&str] = &["la", "lea", "year", "collection_year"];

impl Table {
    pub(crate) const ALL: [Self; 12] = [
        Self::Header,
        Self::Episodes,
        Self::Reviews,
        Self::Uasc,
        Self::Oc2,
        Self::Oc3,
        Self::Ad1,
        Self::Placed,
        Self::PreviousPermanence,
        Self::Missing,
        Self::Workers,
        Self::Liberty,
    ];

    /// The table that has this header, which also names its child: of those whose own column it has, the one with most of its
    /// columns. Regions put columns of one table into another.
    pub(crate) fn of_header<N: AsRef<str>>(names: &[N]) -> Option<Self> {
        let has = |column: &&&str| names.iter().any(|name| canonical(name.as_ref()) == **column);
        if !has(&&"child") {
            return None;
        }
        let fitting = TABLES.iter().filter(|about| about.signature.iter().all(|column| has(&column)));
        // Of two with as many the first.
        let best = fitting.rev().max_by_key(|about| about.columns.iter().filter(has).count());
        best.map(|about| about.table)
    }

    fn about(self) -> &'static About {
        // Every table is in the list, which a test holds.
        let [header, ..] = TABLES;
        TABLES.iter().find(|about| about.table == self).unwrap_or(header)
    }

    pub(crate) fn name(self) -> &'static str {
        self.about().name
    }

    pub(crate) fn columns(self) -> &'static [&'static str] {
        self.about().columns
    }

    /// Whether this column of its holds a day: its own, or that of a birth.
    pub(crate) fn is_day(self, column: &str) -> bool {
        column == "dob"
            || self.about().signature.contains(&column)
                && !matches!(column, "ethnic" | "convicted" | "in_touch" | "prev_perm")
    }

    pub(crate) fn place_of(self, column: &str) -> Option<usize> {
        self.columns().iter().position(|known| *known == column)
    }
}

/// A column's name as it is looked for: lower case, its words apart by `_`.
pub(crate) fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

/// The name by which a column is known here.
pub(crate) fn canonical(column: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == column).map_or(column, |(_, name)| name)
}

/// Whether a column says whose and of which year a row is.
pub(crate) fn is_of_the_return(column: &str) -> bool {
    OF_THE_RETURN.contains(&column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_known_by_its_own_columns_and_no_other() {
        for about in TABLES {
            assert_eq!(Table::of_header(about.columns), Some(about.table), "{}", about.name);
            assert_eq!(about.table.name(), about.name);
            assert!(about.columns.iter().all(|column| canonical(column) == *column), "{}", about.name);
        }
        assert_eq!(Table::of_header(&["childid", "decom", "pl"]), Some(Table::Episodes));
        assert_eq!(Table::of_header(&["decom"]), None);
        assert_eq!(Table::of_header(&["child", "dob"]), None);
        let regional = ["child", "ethnic", "dob", "decom", "rne", "ls", "cin", "place", "dec", "rec"];
        assert_eq!(Table::of_header(&regional), Some(Table::Episodes));
    }

    #[test]
    fn names_are_plain() {
        for (name, expected) in [
            ("REASON_PLACE_CHANGE", "reason_place_change"),
            (" Date of  Birth ", "date_of_birth"),
            ("PL-Post", "pl_post"),
        ] {
            assert_eq!(plain(name), expected);
        }
    }
}
