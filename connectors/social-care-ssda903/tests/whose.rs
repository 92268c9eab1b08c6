//! Whose a row is: a child of one council is never given to another.
#![cfg(test)]

mod support;

use connector_kit::Collected;
use connector_kit::file_name::Authority;
use social_care_ssda903::Ssda903;
use support::{Told as _, translate};

const COLUMNS: &str =
    "LA,CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN";

fn of(connector: Ssda903, name: &str, la: &str) -> Collected {
    let text = format!("{COLUMNS}\n{la},1,03/05/2024,S,C2,N1,U6,PR1,,,,ZZ1 1AA,ZZ2 2BB,1234567\n");
    translate(&connector, &[(name, text)])
}

fn scope(said: &Collected) -> Option<String> {
    said.drafts.first().and_then(|draft| draft.scope_key.clone())
}

#[test]
fn a_filled_la_that_is_no_code_or_not_the_names_gives_its_row_to_nobody() {
    for (name, la, authority) in [
        ("878_2025_episodes.csv", "", "878"),
        ("878_2025_episodes.csv", "878", "878"),
        ("2025_episodes.csv", "316.0", "316"),
        ("2025_episodes.csv", "316", "316"),
        ("2025_episodes.csv", "Newham", "316"),
        ("316_2025_episodes.csv", "London Borough of Newham", "316"),
    ] {
        let said = of(Ssda903::ANY, name, la);
        let expected = format!("{authority}/ssda903/2025/episodes");
        assert_eq!((said.reasons(), scope(&said)), (vec![], Some(expected)), "{name} {la}");
    }
    for (name, la) in
        [("878_2025_episodes.csv", "Newham"), ("878_2025_episodes.csv", "316"), ("2025_episodes.csv", "E09000025")]
    {
        let said = of(Ssda903::ANY, name, la);
        assert_eq!((said.reasons(), said.drafts.len()), (vec!["REASON_SUBJECT_MISSING"], 0), "{name} {la}");
        let rejection = &said.rejections[0];
        assert_eq!((rejection.place.field.as_str(), rejection.place.line), ("LA", 2));
        assert!(!rejection.raw.is_empty() && said.whole.is_empty(), "{name} {la}: nothing is taken back");
    }
}

#[test]
fn a_number_in_a_name_that_is_no_authority_says_nothing_of_whose_it_is() {
    let configured = Ssda903 { authority: Authority::parse("878") };
    for name in ["903_episodes_2025.csv", "episodes_2025 (101).csv", "903_878_2025_episodes.csv"] {
        let said = of(configured, name, "");
        assert_eq!(scope(&said).as_deref(), Some("878/ssda903/2025/episodes"), "{name}");
    }
    for (name, reason) in
        [("903_episodes_2025.csv", vec!["REASON_SUBJECT_MISSING"]), ("903_878_2025_episodes.csv", vec![])]
    {
        assert_eq!(of(Ssda903::ANY, name, "").reasons(), reason, "{name}");
    }
}
