//! The tables of the export: what each is about, how its rows find their child, and what they become.

use crate::period::{Span, Term};

/// A table of the export.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Table {
    /// As file names and column names have it.
    pub(crate) name: &'static str,
    /// What its rows are together with those of the other roll's table of the kind: the last part of their scope.
    pub(crate) group: &'static str,
    pub(crate) parent: Parent,
    pub(crate) holds: Holds,
}

/// Which table a row belongs under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Parent {
    /// A school's return: not about one child.
    Return,
    /// A row of `pupilonroll`.
    OnRoll,
    /// A row of `pupilnolongeronroll`.
    OffRoll,
    /// A row of another table that is itself about a child.
    Row(&'static str),
}

/// What rows become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Holds {
    /// Who returned, and when.
    Census,
    Pupils,
    Addresses,
    Sessions(Span),
    Exclusions,
    FreeMeals,
    SenNeeds,
    ArrangedProvision,
    /// Why a child is at a school for alternative provision.
    ProvisionReason,
    /// About a child, and without a place in the catalogue.
    Kept,
    /// About the school.
    NotOfAChild,
}

const fn table(name: &'static str, group: &'static str, parent: Parent, holds: Holds) -> Table {
    Table { name, group, parent, holds }
}

/// Every table of the three terms' exports, each after those that it joins to.
pub(crate) const TABLES: &[Table] = &[
    table("schoolcensus", "schoolcensus", Parent::Return, Holds::Census),
    table("pupilonroll", "pupils", Parent::Return, Holds::Pupils),
    table("pupilnolongeronroll", "pupils", Parent::Return, Holds::Pupils),
    table("addresses", "addresses", Parent::OnRoll, Holds::Addresses),
    table("addressesonroll", "addresses", Parent::OnRoll, Holds::Addresses),
    table("addressesoffroll", "addresses", Parent::OffRoll, Holds::Addresses),
    table("termlysessiondetailsonroll", "sessions", Parent::OnRoll, Holds::Sessions(Span::Term)),
    table("termlysessiondetailsoffroll", "sessions", Parent::OffRoll, Holds::Sessions(Span::Term)),
    table(
        "summerhalfterm2sessiondetailsonroll",
        "half-term-sessions",
        Parent::OnRoll,
        Holds::Sessions(Span::SecondHalf),
    ),
    table(
        "summerhalfterm2sessiondetailsoffroll",
        "half-term-sessions",
        Parent::OffRoll,
        Holds::Sessions(Span::SecondHalf),
    ),
    table("annualsessiondetailsonroll", "annual-sessions", Parent::OnRoll, Holds::Sessions(Span::Year)),
    table("annualsessiondetailsoffroll", "annual-sessions", Parent::OffRoll, Holds::Sessions(Span::Year)),
    table("termlyexclusionsonroll", "exclusions", Parent::OnRoll, Holds::Exclusions),
    table("termlyexclusionsoffroll", "exclusions", Parent::OffRoll, Holds::Exclusions),
    table("fsmperiod", "free-meals", Parent::OnRoll, Holds::FreeMeals),
    table("fsmperiodsonroll", "free-meals", Parent::OnRoll, Holds::FreeMeals),
    table("senneeds", "sen-needs", Parent::OnRoll, Holds::SenNeeds),
    table("schoolarrangedapdetailonroll", "arranged-provision", Parent::OnRoll, Holds::ArrangedProvision),
    table("schoolarrangedapdetailoffroll", "arranged-provision", Parent::OffRoll, Holds::ArrangedProvision),
    table("approvisiondetailonroll", "approvisiondetail", Parent::OnRoll, Holds::ProvisionReason),
    table("approvisiondetailoffroll", "approvisiondetail", Parent::OffRoll, Holds::ProvisionReason),
    table("fundingbasisitems", "fundingbasisitems", Parent::OnRoll, Holds::Kept),
    table("learnerfamonroll", "learnerfam", Parent::OnRoll, Holds::Kept),
    table("learnerfamoffroll", "learnerfam", Parent::OffRoll, Holds::Kept),
    table("learnersupportonroll", "learnersupport", Parent::OnRoll, Holds::Kept),
    table("learnersupportoffroll", "learnersupport", Parent::OffRoll, Holds::Kept),
    table("programmeaimsonroll", "programmeaims", Parent::OnRoll, Holds::Kept),
    table("programmeaimsoffroll", "programmeaims", Parent::OffRoll, Holds::Kept),
    table("learningaimsonroll", "learningaims", Parent::Row("programmeaimsonroll"), Holds::Kept),
    table("learningaimsoffroll", "learningaims", Parent::Row("programmeaimsoffroll"), Holds::Kept),
    table("workplaceentityonroll", "workplaceentity", Parent::Row("learningaimsonroll"), Holds::Kept),
    table("workplaceentityoffroll", "workplaceentity", Parent::Row("learningaimsoffroll"), Holds::Kept),
    table("school", "school", Parent::Return, Holds::NotOfAChild),
    table("childcare", "childcare", Parent::Return, Holds::NotOfAChild),
    table("classes", "classes", Parent::Return, Holds::NotOfAChild),
    table("provisions", "provisions", Parent::Return, Holds::NotOfAChild),
];

impl Table {
    /// The table of this name, in lower case.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The table whose own order column stands in this header: the one column that no other table has.
    pub(crate) fn of_header(has: impl Fn(&str) -> bool) -> Option<&'static Self> {
        TABLES.iter().find(|table| has(&format!("{}orderseqcolumn", table.name)))
    }

    /// Whether its rows are about children.
    pub(crate) fn holds_of_child(&self) -> bool {
        self.parent != Parent::Return || self.holds == Holds::Pupils
    }

    /// Its place in [`TABLES`], which is also the order to read in.
    pub(crate) fn rank(&self) -> usize {
        TABLES.iter().position(|table| table.name == self.name).unwrap_or(TABLES.len())
    }

    /// The column that numbers its rows. Numbers are given anew in every export.
    pub(crate) fn own_id(&self) -> String {
        format!("{}tableid", self.name)
    }

    /// The table that its rows join to.
    pub(crate) fn parent_table(&self) -> Option<&'static Self> {
        match self.parent {
            Parent::Return => None,
            Parent::OnRoll => Self::named("pupilonroll"),
            Parent::OffRoll => Self::named("pupilnolongeronroll"),
            Parent::Row(name) => Self::named(name),
        }
    }

    /// The column by which its rows join, where they are about a child.
    pub(crate) fn parent_id(&self) -> Option<String> {
        self.parent_table().map(Self::own_id)
    }

    /// Whether its rows are of children who have left.
    pub(crate) fn is_off_roll(&self) -> bool {
        self.name == "pupilnolongeronroll" || self.parent == Parent::OffRoll || self.name.ends_with("offroll")
    }

    /// The columns without which its rows say nothing: each of these, or of each list one.
    pub(crate) fn required(&self) -> Vec<Vec<String>> {
        let named: &[&[&str]] = match self.holds {
            Holds::Census => &[&["lea"], &["estab"]],
            Holds::Pupils => &[&["upn", "surname", "forename"]],
            Holds::Addresses => &[&["postcode", "addressline1", "street", "uniquepropertyreferencenumber"]],
            Holds::Sessions(_) => &[&["attendancereason"], &["sessions", "absencesessions"]],
            Holds::Exclusions => &[&["startdate"]],
            Holds::FreeMeals => &[&["fsmstartdate"]],
            Holds::SenNeeds => &[&["sentype"]],
            Holds::ArrangedProvision => &[&["entrydate"]],
            Holds::ProvisionReason => &[&["apreason"]],
            Holds::Kept | Holds::NotOfAChild => &[],
        };
        let own = (self.holds == Holds::Pupils).then(|| self.own_id());
        let named = named.iter().map(|any| any.iter().map(|&name| name.to_owned()).collect());
        own.into_iter().chain(self.parent_id()).map(|name| vec![name]).chain(named).collect()
    }

    /// The tables of this group in a term's export: all of them have to be read for the group to be whole.
    pub(crate) fn of_group(group: &str, term: Term) -> impl Iterator<Item = &'static Self> {
        TABLES.iter().filter(move |table| table.group == group && table.is_of(term))
    }

    /// Whether a term's export has it, where its name differs from term to term.
    fn is_of(&self, term: Term) -> bool {
        match self.name {
            "addressesonroll" | "addressesoffroll" | "fsmperiodsonroll" => term == Term::Autumn,
            "addresses" | "fsmperiod" => term != Term::Autumn,
            _ => true,
        }
    }
}

/// Columns that hold the export together and say nothing of the child.
pub(crate) fn is_plumbing(column: &str) -> bool {
    column == "nativeid" || column == "sourceid" || column.ends_with("tableid") || column.ends_with("orderseqcolumn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_comes_after_the_one_it_joins_to() {
        for table in TABLES {
            assert!(table.parent_table().is_none_or(|parent| parent.rank() < table.rank()), "{}", table.name);
            assert_eq!(Table::named(table.name), Some(table));
        }
    }

    #[test]
    fn a_header_tells_its_table() {
        for table in TABLES {
            let header = [table.own_id(), "nativeid".to_owned(), format!("{}orderseqcolumn", table.name)];
            assert_eq!(Table::of_header(|column| header.iter().any(|c| c == column)), Some(table));
        }
        assert_eq!(Table::of_header(|column| column == "pupilonrolltableid"), None);
    }

    #[test]
    fn a_group_is_the_tables_that_the_terms_export_has() {
        let names = |group, term| Table::of_group(group, term).map(|table| table.name).collect::<Vec<_>>();
        assert_eq!(names("addresses", Term::Autumn), ["addressesonroll", "addressesoffroll"]);
        assert_eq!(names("addresses", Term::Spring), ["addresses"]);
        assert_eq!(names("free-meals", Term::Summer), ["fsmperiod"]);
        assert_eq!(names("free-meals", Term::Autumn), ["fsmperiodsonroll"]);
        assert_eq!(names("pupils", Term::Spring), ["pupilonroll", "pupilnolongeronroll"]);
    }

    #[test]
    fn plumbing_is_told_from_what_is_said_of_the_child() {
        for column in ["nativeid", "sourceid", "pupilonrolltableid", "fsmperiodorderseqcolumn"] {
            assert!(is_plumbing(column), "{column}");
        }
        assert!(!is_plumbing("postcode"));
    }
}
