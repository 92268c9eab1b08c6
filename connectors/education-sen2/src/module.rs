//! The modules of the return, and a record of one with all that stands under it.

use connector_kit::{dates, repeats};

use crate::cells::{Cells, Name};

/// A module: a table of the export, an element of the message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Module {
    /// The authority's own details.
    Sen2,
    Person,
    Requests,
    Assessment,
    NamedPlan,
    PlanDetail,
    ActivePlans,
    PlacementDetail,
    SenNeed,
}

pub(crate) const MODULES: [Module; 9] = [
    Module::Sen2,
    Module::Person,
    Module::Requests,
    Module::Assessment,
    Module::NamedPlan,
    Module::PlanDetail,
    Module::ActivePlans,
    Module::PlacementDetail,
    Module::SenNeed,
];

impl Module {
    /// As file and column names have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sen2 => "sen2",
            Self::Person => "person",
            Self::Requests => "requests",
            Self::Assessment => "assessment",
            Self::NamedPlan => "namedplan",
            Self::PlanDetail => "plandetail",
            Self::ActivePlans => "activeplans",
            Self::PlacementDetail => "placementdetail",
            Self::SenNeed => "senneed",
        }
    }

    pub(crate) fn parent(self) -> Option<Self> {
        match self {
            Self::Sen2 => None,
            Self::Person => Some(Self::Sen2),
            Self::Requests => Some(Self::Person),
            Self::Assessment | Self::ActivePlans => Some(Self::Requests),
            Self::NamedPlan => Some(Self::Assessment),
            Self::PlanDetail => Some(Self::NamedPlan),
            Self::PlacementDetail | Self::SenNeed => Some(Self::ActivePlans),
        }
    }

    /// Whether others stand under it.
    pub(crate) fn is_parent(self) -> bool {
        MODULES.iter().any(|module| module.parent() == Some(self))
    }

    /// The columns that have a place in the catalogue, or say whose the return is.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        const SETTING: [&str; 4] = ["urn", "ukprn", "sensetting", "sensettingother"];
        match self {
            Self::Sen2 => &[],
            Self::Person => &[
                "surname",
                "forename",
                "personbirthdate",
                "sex",
                "gendercurrent",
                "ethnicity",
                "postcode",
                "upn",
                "uniquelearnernumber",
                "upnunknown",
            ],
            Self::Requests => &[
                "receiveddate",
                "requestsource",
                "rquestsource",
                "rya",
                "requestoutcomedate",
                "requestoutcome",
                "requestmediation",
                "requesttribunal",
                "exported",
            ],
            Self::Assessment => &[
                "assessmentoutcome",
                "assessmentoutcomedate",
                "assessmentmediation",
                "assessmenttribunal",
                "othermediation",
                "othertribunal",
                "week20",
            ],
            Self::NamedPlan => &["startdate", "planres", "planwbp", "pb", "oa", "dp", "ceasedate", "ceasereason"],
            Self::PlanDetail => &[
                SETTING[0],
                SETTING[1],
                SETTING[2],
                SETTING[3],
                "placementrank",
                "senunitindicator",
                "resourcedprovisionindicator",
            ],
            Self::ActivePlans => &["transferla", "reviewmeeting", "reviewoutcome", "lastreview"],
            Self::PlacementDetail => &[
                SETTING[0],
                SETTING[1],
                SETTING[2],
                SETTING[3],
                "res",
                "wbp",
                "placementrank",
                "entrydate",
                "leavingdate",
                "attendancepattern",
                "senunitindicator",
                "resourcedprovisionindicator",
            ],
            Self::SenNeed => &["sentype", "sentyperank"],
        }
    }

    /// The name as this module's list of columns has it.
    fn known(self, name: &str) -> Option<&'static str> {
        self.columns().iter().copied().find(|known| *known == name)
    }

    /// The module that an element, or the end of a file's name, names; singular or plural.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let singular = |name: &'static str| name.strip_suffix('s').unwrap_or(name);
        let name = name.strip_suffix(['s', 'S']).unwrap_or(name);
        MODULES.into_iter().find(|module| singular(module.name()).eq_ignore_ascii_case(name))
    }

    /// What a file's name says: the export that it is of, and the module.
    pub(crate) fn of_file(name: &str) -> (String, Option<Self>) {
        let lower = name.to_ascii_lowercase();
        let stem = lower.rsplit_once('.').map_or(lower.as_str(), |(stem, _)| stem).trim();
        // `Named Plan` is how a sheet of the guidance is called.
        let words: Vec<&str> = stem.split(['_', ' ']).collect();
        let of_last = |count: usize| {
            let (before, last) = words.split_at_checked(words.len().checked_sub(count)?)?;
            let before = stem.get(..before.iter().map(|word| word.len() + 1).sum::<usize>().saturating_sub(1))?;
            Some((before.to_owned(), Some(Self::named(&last.concat())?)))
        };
        of_last(2).or_else(|| of_last(1)).unwrap_or_else(|| (stem.to_owned(), None))
    }

    /// The column that numbers its rows. Numbers are given anew in every export.
    pub(crate) fn own_id(self) -> String {
        format!("{}tableid", self.name())
    }

    /// The module whose own order column stands in this header: the one column that no other has.
    pub(crate) fn of_header(has: impl Fn(&str) -> bool) -> Option<Self> {
        MODULES.into_iter().find(|module| has(&format!("{}orderseqcolumn", module.name())))
    }
}

/// Columns that hold the export together and say nothing of the child.
pub(crate) fn is_plumbing(column: &str) -> bool {
    column.is_empty()
        || column == "nativeid"
        || column == "sourceid"
        || column.ends_with("tableid")
        || column.ends_with("orderseqcolumn")
}

/// Where a record stood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Spot {
    /// Its number among the submission's files.
    pub(crate) file: usize,
    pub(crate) line: u64,
    pub(crate) record: u64,
    pub(crate) offset: u64,
}

/// A record with all that stands under it, as it is held outside memory.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Stored {
    /// By its place in [`MODULES`].
    #[prost(uint32, tag = "1")]
    module: u32,
    #[prost(uint64, tag = "2")]
    file: u64,
    #[prost(uint64, tag = "3")]
    line: u64,
    #[prost(uint64, tag = "4")]
    record: u64,
    #[prost(uint64, tag = "5")]
    offset: u64,
    #[prost(bool, tag = "6")]
    odd: bool,
    /// Of each cell its place in the module's columns, from one; zero for one of another name.
    #[prost(uint32, repeated, tag = "7")]
    columns: Vec<u32>,
    /// The other names, in order.
    #[prost(string, repeated, tag = "8")]
    others: Vec<String>,
    /// Where each value ends.
    #[prost(uint32, repeated, tag = "9")]
    ends: Vec<u32>,
    #[prost(string, tag = "10")]
    values: String,
    #[prost(message, repeated, tag = "11")]
    under: Vec<Stored>,
}

impl Stored {
    /// Takes a record to stand under it.
    pub(crate) fn stand(&mut self, under: Self) {
        self.under.push(under);
    }

    /// The record again.
    pub(crate) fn node(self) -> Node {
        let module = MODULES.get(self.module as usize).copied().unwrap_or(Module::Sen2);
        let known = module.columns();
        let mut others = self.others.into_iter();
        let names = self.columns.into_iter().map(|column| {
            let column = column.checked_sub(1).and_then(|at| known.get(at as usize));
            column.map_or_else(|| Name::Other(others.next().unwrap_or_default().into()), |name| Name::Known(name))
        });
        let cells = Cells::of_parts(names.zip(self.ends).collect(), self.values);
        let file = usize::try_from(self.file).unwrap_or(usize::MAX);
        let spot = Spot { file, line: self.line, record: self.record, offset: self.offset };
        Node { module, cells, under: self.under.into_iter().map(Self::node).collect(), spot, odd: self.odd }
    }
}

/// A record of a module.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Node {
    pub(crate) module: Module,
    cells: Cells,
    pub(crate) under: Vec<Node>,
    pub(crate) spot: Spot,
    /// Bytes that are not of the file's encoding stood in it, or text where none belongs.
    pub(crate) odd: bool,
}

impl Node {
    pub(crate) fn new(module: Module, spot: Spot, odd: bool) -> Self {
        Self { module, cells: Cells::default(), under: Vec::new(), spot, odd }
    }

    /// The same record without what it says and what stands under it.
    pub(crate) fn bare(&self) -> Self {
        Self::new(self.module, self.spot, self.odd)
    }

    /// Takes in a cell; another of its name stands beside it under a name of its own.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        let Some(name) = repeats::own_name(self.cells(), name, value) else { return };
        let name = self.module.known(&name).map_or_else(|| Name::Other(name.into()), Name::Known);
        self.cells.push(name, value);
    }

    /// Takes out the cell of this name; "" where there is none.
    pub(crate) fn take(&mut self, name: &str) -> String {
        self.cells.take(name)
    }

    /// Takes room for so many cells of so many bytes.
    pub(crate) fn reserve(&mut self, cells: usize, bytes: usize) {
        self.cells.reserve(cells, bytes);
    }

    /// As it is held outside memory.
    pub(crate) fn stored(&self) -> Stored {
        let (names, values) = self.cells.parts();
        let columns = self.module.columns();
        let column_of = |name: &Name| match name {
            Name::Known(known) => columns.iter().zip(1..).find(|(column, _)| *column == known).map_or(0, |(_, at)| at),
            Name::Other(_) => 0,
        };
        let other = |(name, _): &(Name, u32)| (column_of(name) == 0).then(|| name.as_str().to_owned());
        let Spot { file, line, record, offset } = self.spot;
        Stored {
            module: self.module as u32,
            file: file as u64,
            line,
            record,
            offset,
            odd: self.odd,
            columns: names.iter().map(|(name, _)| column_of(name)).collect(),
            others: names.iter().filter_map(other).collect(),
            ends: names.iter().map(|(_, end)| *end).collect(),
            values: values.to_owned(),
            under: self.under.iter().map(Self::stored).collect(),
        }
    }

    /// Names in lower case, and values that are not blank.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cells.iter()
    }

    /// The cell of this name, given in lower case; "" where it is blank or not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.cells.get(name)
    }

    /// The first of these that is not blank, with its name.
    pub(crate) fn first<'n>(&self, names: &[&'n str]) -> (&'n str, &str) {
        let filled = names.iter().map(|name| (*name, self.get(name))).find(|(_, value)| !value.is_empty());
        filled.unwrap_or_else(|| (names.first().copied().unwrap_or_default(), ""))
    }

    /// The records of this module that stand right under it.
    pub(crate) fn each(&self, module: Module) -> impl Iterator<Item = &Node> {
        self.under.iter().filter(move |node| node.module == module)
    }

    /// What of it has no place in the catalogue.
    pub(crate) fn unmapped(&self) -> impl Iterator<Item = (&str, &str)> {
        let mapped = self.module.columns();
        self.cells().filter(move |(name, _)| !mapped.contains(name))
    }

    /// What it says, whatever the order of the file and however it writes a day: for putting in order what the return gives no number.
    pub(crate) fn content(&self) -> String {
        let said =
            |value: &str| dates::written(value, "").value.map_or_else(|| value.to_owned(), |day| dates::key(&day));
        let mut cells: Vec<_> = self.cells().map(|(name, value)| format!("{name}\u{1}{}\u{2}", said(value))).collect();
        cells.sort_unstable();
        let mut under: Vec<_> =
            self.under.iter().map(|node| format!("{}\u{3}{}\u{4}", node.module.name(), node.content())).collect();
        under.sort_unstable();
        cells.concat() + &under.concat()
    }

    /// Takes out, wherever they stand under it, the records of a module that has no place there.
    pub(crate) fn take_misplaced(&mut self) -> Vec<Self> {
        let module = self.module;
        let mut misplaced: Vec<Self> = self.under.extract_if(.., |node| node.module.parent() != Some(module)).collect();
        misplaced.extend(self.under.iter_mut().flat_map(Self::take_misplaced));
        misplaced
    }

    /// Puts what stands under it in order of content, so that the order of the file does not number it.
    pub(crate) fn in_order(&mut self) {
        for node in &mut self.under {
            node.in_order();
        }
        self.under.sort_by_key(|node| node.module);
        for of_module in self.under.chunk_by_mut(|a, b| a.module == b.module).filter(|of| of.len() > 1) {
            of_module.sort_by_cached_key(Self::content);
        }
    }

    /// As a table of one row, for a person to look at.
    pub(crate) fn as_row(&self) -> Vec<u8> {
        let kept = connector_kit::kept::columns(self.module.name(), self.cells());
        kept.and_then(|kept| kept.content).unwrap_or_default().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_the_export_and_the_module() {
        for (name, export, module) in [
            ("Blade-Export_16-01-2025_person.csv", "blade-export_16-01-2025", Some(Module::Person)),
            ("Blade-Export_16-01-2025_ActivePlans.CSV", "blade-export_16-01-2025", Some(Module::ActivePlans)),
            ("requests.csv", "", Some(Module::Requests)),
            ("sen2 2025 senneed.csv", "sen2 2025", Some(Module::SenNeed)),
            ("Named Plan.csv", "", Some(Module::NamedPlan)),
            ("2024 Plan Detail.csv", "2024", Some(Module::PlanDetail)),
            ("sen2_active_plans.csv", "sen2", Some(Module::ActivePlans)),
            ("Placement Detail.csv", "", Some(Module::PlacementDetail)),
            ("SEN Need.csv", "", Some(Module::SenNeed)),
            ("sen2_person.csv", "sen2", Some(Module::Person)),
            ("sen2.csv", "", Some(Module::Sen2)),
            ("anything.csv", "anything", None),
        ] {
            assert_eq!(Module::of_file(name), (export.to_owned(), module), "{name}");
        }
    }

    #[test]
    fn a_record_is_the_same_after_it_was_held() {
        let spot = Spot { file: 2, line: 7, record: 3, offset: 911 };
        let mut person = Node::new(Module::Person, spot, true);
        for (name, value) in [("own", "é"), ("upn", "B801200005001"), ("surname", "Invented"), ("team", "x, y")] {
            person.push(name, value);
        }
        let mut request = Node::new(Module::Requests, Spot { line: 9, ..spot }, false);
        request.push("receiveddate", "2025-01-02");
        person.under.push(request);
        assert_eq!(person.stored().node(), person);
    }

    #[test]
    fn elements_name_modules_in_either_number() {
        assert_eq!(Module::named("SENneeds"), Some(Module::SenNeed));
        assert_eq!(Module::named("Request"), Some(Module::Requests));
        assert_eq!(Module::named("ActivePlan"), Some(Module::ActivePlans));
        assert_eq!(Module::named("ReceivedDate"), None);
    }
}
