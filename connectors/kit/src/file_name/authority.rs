//! The authorities of England by their code and by their name.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::identifier::upn;

/// A local authority by its three-digit code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Authority([u8; 3]);

impl Authority {
    /// Reads three digits, and no others.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        (digits.iter().all(u8::is_ascii_digit) && digits.first() != Some(&b'0')).then_some(Self(digits))
    }

    /// The one that a cell states: by its code, as data frames write it too (`878.0`), or by its name. `None` where a name is
    /// not one authority's: Dorset had another code until 2019.
    pub fn stated(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::parse(text.strip_suffix(".0").unwrap_or(text)).or_else(|| BY_NAME.get(&plain(text)).copied())
    }

    /// The one that an organisation id of a council names: `la-878`, `la-878-social-care`.
    pub fn of_organisation(id: &str) -> Option<Self> {
        let rest = id.strip_prefix("la-")?;
        Self::parse(rest.split('-').next()?)
    }

    /// Its code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether it is of the department's list, with which unique pupil numbers begin. Any three digits may be a code elsewhere:
    /// in a file's name they may as well be a return (`903`) or a copy (`episodes (101).csv`).
    pub(super) fn is_listed(&self) -> bool {
        self.as_str().parse().is_ok_and(upn::is_authority)
    }

    /// Its children's social care, as the organisation that answers for a record.
    pub fn social_care(&self) -> String {
        format!("la-{}-social-care", self.as_str())
    }
}

static BY_NAME: LazyLock<HashMap<String, Authority>> =
    LazyLock::new(|| NAMES.iter().filter_map(|(code, name)| Some((plain(name), Authority::parse(code)?))).collect());

/// A name without what it is written with in one place and not in another: "Bristol, City of", "Bristol City Council" and
/// "Bristol" are one. What tells two authorities apart stays: "Derby" and "Derbyshire" do not meet.
fn plain(name: &str) -> String {
    const LEFT_OUT: &[&str] =
        &["the", "city", "county", "of", "london", "royal", "metropolitan", "district", "borough", "council", "and"];
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let kept: Vec<&str> = words.clone().filter(|word| !LEFT_OUT.contains(word)).collect();
    // "City of London" is nothing else.
    if kept.is_empty() { words.collect() } else { kept.concat() }
}

/// Codes and names of the authorities of England, those of the last ten years among them. Source: the department's list of local
/// authorities, as its statistics name them, and the authorities made in 2019, 2021 and 2023.
const NAMES: &[(&str, &str)] = &[
    ("201", "City of London"),
    ("202", "Camden"),
    ("203", "Greenwich"),
    ("204", "Hackney"),
    ("205", "Hammersmith and Fulham"),
    ("206", "Islington"),
    ("207", "Kensington and Chelsea"),
    ("208", "Lambeth"),
    ("209", "Lewisham"),
    ("210", "Southwark"),
    ("211", "Tower Hamlets"),
    ("212", "Wandsworth"),
    ("213", "Westminster"),
    ("301", "Barking and Dagenham"),
    ("302", "Barnet"),
    ("303", "Bexley"),
    ("304", "Brent"),
    ("305", "Bromley"),
    ("306", "Croydon"),
    ("307", "Ealing"),
    ("308", "Enfield"),
    ("309", "Haringey"),
    ("310", "Harrow"),
    ("311", "Havering"),
    ("312", "Hillingdon"),
    ("313", "Hounslow"),
    ("314", "Kingston upon Thames"),
    ("315", "Merton"),
    ("316", "Newham"),
    ("317", "Redbridge"),
    ("318", "Richmond upon Thames"),
    ("319", "Sutton"),
    ("320", "Waltham Forest"),
    ("330", "Birmingham"),
    ("331", "Coventry"),
    ("332", "Dudley"),
    ("333", "Sandwell"),
    ("334", "Solihull"),
    ("335", "Walsall"),
    ("336", "Wolverhampton"),
    ("340", "Knowsley"),
    ("341", "Liverpool"),
    ("342", "St Helens"),
    ("343", "Sefton"),
    ("344", "Wirral"),
    ("350", "Bolton"),
    ("351", "Bury"),
    ("352", "Manchester"),
    ("353", "Oldham"),
    ("354", "Rochdale"),
    ("355", "Salford"),
    ("356", "Stockport"),
    ("357", "Tameside"),
    ("358", "Trafford"),
    ("359", "Wigan"),
    ("370", "Barnsley"),
    ("371", "Doncaster"),
    ("372", "Rotherham"),
    ("373", "Sheffield"),
    ("380", "Bradford"),
    ("381", "Calderdale"),
    ("382", "Kirklees"),
    ("383", "Leeds"),
    ("384", "Wakefield"),
    ("390", "Gateshead"),
    ("391", "Newcastle upon Tyne"),
    ("392", "North Tyneside"),
    ("393", "South Tyneside"),
    ("394", "Sunderland"),
    ("420", "Isles of Scilly"),
    ("800", "Bath and North East Somerset"),
    ("801", "Bristol"),
    ("802", "North Somerset"),
    ("803", "South Gloucestershire"),
    ("805", "Hartlepool"),
    ("806", "Middlesbrough"),
    ("807", "Redcar and Cleveland"),
    ("808", "Stockton-on-Tees"),
    ("810", "Kingston upon Hull"),
    ("811", "East Riding of Yorkshire"),
    ("812", "North East Lincolnshire"),
    ("813", "North Lincolnshire"),
    ("815", "North Yorkshire"),
    ("816", "York"),
    ("821", "Luton"),
    ("822", "Bedford"),
    ("823", "Central Bedfordshire"),
    ("825", "Buckinghamshire"),
    ("826", "Milton Keynes"),
    ("830", "Derbyshire"),
    ("831", "Derby"),
    ("836", "Poole"),
    ("837", "Bournemouth"),
    ("839", "Bournemouth, Christchurch and Poole"),
    ("840", "Durham"),
    ("841", "Darlington"),
    ("845", "East Sussex"),
    ("846", "Brighton and Hove"),
    ("850", "Hampshire"),
    ("851", "Portsmouth"),
    ("852", "Southampton"),
    ("855", "Leicestershire"),
    ("856", "Leicester"),
    ("857", "Rutland"),
    ("860", "Staffordshire"),
    ("861", "Stoke-on-Trent"),
    ("865", "Wiltshire"),
    ("866", "Swindon"),
    ("867", "Bracknell Forest"),
    ("868", "Windsor and Maidenhead"),
    ("869", "West Berkshire"),
    ("870", "Reading"),
    ("871", "Slough"),
    ("872", "Wokingham"),
    ("873", "Cambridgeshire"),
    ("874", "Peterborough"),
    ("876", "Halton"),
    ("877", "Warrington"),
    ("878", "Devon"),
    ("879", "Plymouth"),
    ("880", "Torbay"),
    ("881", "Essex"),
    ("882", "Southend-on-Sea"),
    ("883", "Thurrock"),
    ("884", "Herefordshire"),
    ("885", "Worcestershire"),
    ("886", "Kent"),
    ("887", "Medway"),
    ("888", "Lancashire"),
    ("889", "Blackburn with Darwen"),
    ("890", "Blackpool"),
    ("891", "Nottinghamshire"),
    ("892", "Nottingham"),
    ("893", "Shropshire"),
    ("894", "Telford and Wrekin"),
    ("895", "Cheshire East"),
    ("896", "Cheshire West and Chester"),
    ("908", "Cornwall"),
    ("909", "Cumbria"),
    ("916", "Gloucestershire"),
    ("919", "Hertfordshire"),
    ("921", "Isle of Wight"),
    ("925", "Lincolnshire"),
    ("926", "Norfolk"),
    ("928", "Northamptonshire"),
    ("929", "Northumberland"),
    ("931", "Oxfordshire"),
    ("933", "Somerset"),
    ("935", "Suffolk"),
    ("936", "Surrey"),
    ("937", "Warwickshire"),
    ("938", "West Sussex"),
    ("940", "North Northamptonshire"),
    ("941", "West Northamptonshire"),
    ("942", "Cumberland"),
    ("943", "Westmorland and Furness"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(text: &str) -> Option<String> {
        Authority::stated(text).map(|authority| authority.as_str().to_owned())
    }

    #[test]
    fn every_name_and_every_code_of_the_list_is_one_authoritys() {
        for (code, name) in NAMES {
            assert_eq!(stated(name).as_deref(), Some(*code), "{name}");
            assert_eq!(stated(code).as_deref(), Some(*code));
            assert!(Authority::parse(code).unwrap().is_listed(), "{code}");
            let twice = NAMES.iter().filter(|(other, called)| other == code || plain(called) == plain(name)).count();
            assert_eq!(twice, 1, "{code} {name}");
        }
    }

    #[test]
    fn a_name_is_known_however_it_is_put_and_what_is_none_is_nobodys() {
        for (text, code) in [
            ("London Borough of Newham", Some("316")),
            ("BARKING & DAGENHAM", Some("301")),
            ("Royal Borough of Kensington and Chelsea", Some("207")),
            ("Kingston upon Hull, City of", Some("810")),
            ("Bristol, City of", Some("801")),
            ("Herefordshire, County of", Some("884")),
            ("County Durham", Some("840")),
            ("Devon County Council", Some("878")),
            ("City of York Council", Some("816")),
            ("St. Helens", Some("342")),
            ("Southend on Sea", Some("882")),
            ("City of London", Some("201")),
            ("Corporation of the City of London", None),
            ("Derby City Council", Some("831")),
            (" 316.0 ", Some("316")),
            ("Dorset", None),
            ("Yorkshire", None),
            ("London", None),
            ("Kingston", None),
            ("E09000025", None),
            ("Council", None),
            ("", None),
        ] {
            assert_eq!(stated(text).as_deref(), code, "{text}");
        }
    }
}
