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

/// Other names of columns: those of the XML, and of older exports.
const ALIASES: &[(&str, &str)] =
    &[("childid", "child"), ("child_id", "child"), ("pl", "place"), ("place_prov", "place_provider")];

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

    /// The table that has this header; it also names its child.
    pub(crate) fn of_header(has: impl Fn(&str) -> bool) -> Option<Self> {
        let named = |column: &str| has(column) || aliases(column).any(&has);
        if !named("child") {
            return None;
        }
        let fits = |about: &&About| about.signature.iter().all(|column| named(column));
        TABLES.iter().find(fits).map(|about| about.table)
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

    pub(crate) fn place_of(self, column: &str) -> Option<usize> {
        self.columns().iter().position(|known| *known == column)
    }

    /// Whether a column is of the table, under any of its names, or of the return.
    pub(crate) fn knows(self, column: &str) -> bool {
        self.place_of(canonical(column)).is_some() || OF_THE_RETURN.contains(&column) || column.is_empty()
    }
}

/// The name by which a column is known here.
pub(crate) fn canonical(column: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == column).map_or(column, |(_, name)| name)
}

/// Other names of a column.
pub(crate) fn aliases(column: &str) -> impl Iterator<Item = &'static str> {
    ALIASES.iter().filter(move |(_, name)| *name == column).map(|(alias, _)| *alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_known_by_its_own_columns_and_no_other() {
        for about in TABLES {
            assert_eq!(Table::of_header(|column| about.columns.contains(&column)), Some(about.table), "{}", about.name);
            assert_eq!(about.table.name(), about.name);
        }
        assert_eq!(Table::of_header(|column| ["childid", "decom", "pl"].contains(&column)), Some(Table::Episodes));
        assert_eq!(Table::of_header(|column| column == "decom"), None);
        assert_eq!(Table::of_header(|column| ["child", "dob"].contains(&column)), None);
    }
}
