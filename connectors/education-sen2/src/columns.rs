//! What the columns of a table are called: as the message calls its elements, or in the words of the template in which an authority
//! without a system of its own enters its return.

use std::collections::BTreeMap;

use crate::module::{Module, is_plumbing};

/// What the header record says, by the names of its elements.
const OF_RETURN: [&str; 12] = [
    "collection",
    "year",
    "referencedate",
    "sourcelevel",
    "lea",
    "softwarecode",
    "release",
    "serialno",
    "datetime",
    "dmo",
    "dco",
    "dsco",
];

/// The template's words, in one and without what stands in brackets, and the element that they are of.
const WORDS: &[(&str, &str)] = &[
    ("recordtype", "sourceid"),
    ("la", "nativeid"),
    ("collectionname", "collection"),
    ("lanumber", "lea"),
    ("serialnumber", "serialno"),
    ("designatedmedicalofficer", "dmo"),
    ("designatedclinicalofficer", "dco"),
    ("designatedsocialcareofficer", "dsco"),
    ("personid", "persontableid"),
    ("requestsrecordid", "requeststableid"),
    ("dateofbirth", "personbirthdate"),
    ("gender", "gendercurrent"),
    ("upnuniquepupilnumber", "upn"),
    ("ulnyoungpersonsuniquelearnernumber", "uniquelearnernumber"),
    ("ulnyoungpersonuniquelearnernumber", "uniquelearnernumber"),
    ("upnandulnunavailablereason", "upnunknown"),
    ("daterequestwasreceived", "receiveddate"),
    ("sourceofrequestforanehcneedsassessment", "requestsource"),
    ("initialrequestwhilstinrya", "rya"),
    ("exportedchildoryoungpersonmovesoutoflabeforeassessmentiscompleted", "exported"),
    ("assessmentoutcomedecisiontoissueehcplan", "assessmentoutcome"),
    ("twentyweektimelimitexceptionsapply", "week20"),
    ("20weektimelimitexceptionsapply", "week20"),
    ("ehcplanstartdate", "startdate"),
    ("personalbudgettakenup", "pb"),
    ("personalbudgetorganisedarrangements", "oa"),
    ("personalbudgetdirectpayments", "dp"),
    ("dateehcplanceased", "ceasedate"),
    ("reasonehcplanceased", "ceasereason"),
    ("urnuniquereferencenumber", "urn"),
    ("ukprnukproviderreferencenumber", "ukprn"),
    ("sensettingestablishmenttype", "sensetting"),
    ("ehcplantransferredinfromanotherladuringcalendaryear", "transferla"),
    ("annualreviewmeetingdate", "reviewmeeting"),
    ("annualreviewdecision", "reviewoutcome"),
    ("ehcplanreviewdecisionsdate", "lastreview"),
    ("annualreviewdecisiondate", "lastreview"),
    ("placementstartdate", "entrydate"),
    ("placementleavingdate", "leavingdate"),
    ("sentypeofneed", "sentype"),
    ("sentypeofneedrank", "sentyperank"),
];

/// Columns by what they are.
pub(crate) struct Columns(BTreeMap<String, String>);

impl Columns {
    /// Of a table of this module whose header has these columns.
    pub(crate) fn of<'c>(module: Module, header: impl Iterator<Item = &'c str>) -> Self {
        let header: Vec<&str> = header.collect();
        let mut columns: BTreeMap<String, String> =
            header.iter().filter(|own| is_element(module, own)).map(|own| ((*own).into(), (*own).into())).collect();
        for own in header {
            let element = element(module, own).filter(|element| !columns.contains_key(element));
            columns.insert(element.unwrap_or_else(|| own.to_owned()), own.to_owned());
        }
        Self(columns)
    }

    pub(crate) fn has(&self, element: &str) -> bool {
        self.0.contains_key(element)
    }

    /// What the header calls this one.
    pub(crate) fn own(&self, element: &str) -> Option<&str> {
        self.0.get(element).map(String::as_str)
    }

    /// What each is, with what the header calls it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(element, own)| (element.as_str(), own.as_str()))
    }

    /// How many of a header's cells are columns of this module.
    pub(crate) fn known(module: Module, header: &[String]) -> usize {
        header.iter().filter(|cell| element(module, cell).is_some()).count()
    }
}

fn is_element(module: Module, name: &str) -> bool {
    module.columns().contains(&name)
        || module == Module::Sen2 && OF_RETURN.contains(&name)
        || !name.is_empty() && is_plumbing(name)
}

fn element(module: Module, column: &str) -> Option<String> {
    let (words, _) = column.split_once('(').unwrap_or((column, ""));
    let words: String = words.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let of_plan = module == Module::NamedPlan;
    let element = match words.as_str() {
        "la" if module == Module::Sen2 => "lea",
        "residentialsettings" if of_plan => "planres",
        "residentialsettings" => "res",
        "workbasedlearningactivity" if of_plan => "planwbp",
        "workbasedlearningactivity" => "wbp",
        words => WORDS.iter().find(|(known, _)| *known == words).map_or(words, |(_, element)| element),
    };
    // The plan's own, in the return of 2023.
    let is_known = is_element(module, element) || module == Module::ActivePlans && matches!(element, "res" | "wbp");
    is_known.then(|| element.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_template_are_elements() {
        for (module, words, expected) in [
            (Module::Person, "person id (this must be a unique id for each person record)", "persontableid"),
            (Module::Person, "date of birth (ccyy-mm-dd)", "personbirthdate"),
            (Module::Person, "upn and uln unavailable – reason", "upnunknown"),
            (Module::NamedPlan, "residential settings", "planres"),
            (Module::PlacementDetail, "residential settings", "res"),
            (Module::ActivePlans, "work based learning activity", "wbp"),
            (Module::PlacementDetail, "placement rank (1=primary, 2=secondary)", "placementrank"),
            (Module::SenNeed, "sen type of need rank (1=primary, 2=secondary)", "sentyperank"),
            (Module::Sen2, "date & time (ccyy-mm-ddthh:mm:ss)", "datetime"),
            (Module::Requests, "received date", "receiveddate"),
        ] {
            assert_eq!(element(module, words).as_deref(), Some(expected), "{words}");
        }
        assert_eq!(element(Module::Requests, "surname"), None);
        // The element itself goes before words for it.
        let columns = Columns::of(Module::Person, ["date of birth", "personbirthdate", "team"].into_iter());
        assert_eq!(columns.own("personbirthdate"), Some("personbirthdate"));
        assert!(columns.has("date of birth") && columns.has("team"));
    }
}
