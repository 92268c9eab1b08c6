//! Houses: a number or a name, and the street.

use super::words;

/// The last word of most streets, and how it is cut short.
const STREETS: [(&str, &str); 41] = [
    ("road", "rd"),
    ("street", "st"),
    ("avenue", "ave"),
    ("avenue", "av"),
    ("close", "cl"),
    ("crescent", "cres"),
    ("drive", "dr"),
    ("lane", "ln"),
    ("court", "ct"),
    ("place", "pl"),
    ("gardens", "gdns"),
    ("garden", "gdn"),
    ("terrace", "terr"),
    ("terrace", "ter"),
    ("grove", "gr"),
    ("grove", "grv"),
    ("square", "sq"),
    ("park", "pk"),
    ("mews", "mws"),
    ("walk", "wlk"),
    ("way", "wy"),
    ("rise", "rse"),
    ("row", "rw"),
    ("hill", "hl"),
    ("view", "vw"),
    ("green", "grn"),
    ("parade", "pde"),
    ("boulevard", "blvd"),
    ("broadway", "bdwy"),
    ("wharf", "whf"),
    ("circus", "circ"),
    ("cottages", "cotts"),
    ("buildings", "bldgs"),
    ("mount", "mt"),
    ("vale", "vl"),
    ("yard", "yd"),
    ("quay", "qy"),
    ("esplanade", "esp"),
    ("heights", "hts"),
    ("embankment", "emb"),
    ("meadow", "mdw"),
];

/// Before the number that the national register of properties gives a house: it is that house's or it is not.
pub(in crate::linker) const REGISTERED: &str = "uprn ";

/// Number and street of an address that is given in lines, commas between: what stands after (the locality, the town, the
/// county) some sources leave out, and the postcode says.
pub(super) fn house(text: &str) -> Option<String> {
    let mut kept: Vec<String> = Vec::new();
    let parts: Vec<String> = text.split(',').map(words).filter(|part| !part.is_empty()).collect();
    for part in &parts {
        let mut named = false;
        for word in part.split(' ') {
            let whole = spelt_out(word, named);
            let street = named && STREETS.iter().any(|(street, _)| *street == whole);
            named = !word.starts_with(|c: char| c.is_ascii_digit());
            kept.push(whole.to_owned());
            if street {
                return Some(kept.join(" "));
            }
        }
    }
    // No street by its last word: the first part that is no mere number, and what stands before it.
    let till = parts.iter().position(|part| part.contains(|c: char| c.is_ascii_alphabetic()) && part.len() > 3);
    let till = till.map_or(parts.len(), |at| at + 1);
    Some(parts.into_iter().take(till).collect::<Vec<_>>().join(" "))
}

/// `St` after a name is a street, before one a saint.
fn spelt_out(word: &str, named: bool) -> &str {
    STREETS.iter().find(|(_, short)| named && *short == word).map_or(word, |(street, _)| street)
}
