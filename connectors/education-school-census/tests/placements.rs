//! Where a child lives, and where a school has placed a child: never the one for the other. Every record is invented.
#![cfg(test)]

mod support;

use connector_kit::Collected;
use education_school_census::SchoolCensus;
use proto::events::event::Kind;
use proto::quarantine::Reason;
use support::{Export, table, translate};

/// A message of one pupil with these elements in it.
fn message(inside: &str) -> Collected {
    let text = format!(
        "<Message><Header><Collection>SC</Collection><Term>SUM</Term><Year>2026</Year><LEA>878</LEA><Estab>4001</Estab>\
         </Header><Pupils><PupilsOnRoll><PupilOnRoll><UPN>P878400120001</UPN><Surname>Inventedson</Surname>\
         <Forename>Amara</Forename><DOB>2013-07-05</DOB>{inside}<PupilStatus><EntryDate>2021-09-01</EntryDate></PupilStatus>\
         </PupilOnRoll></PupilsOnRoll></Pupils></Message>"
    );
    Collected::of(&SchoolCensus, &[("a.xml", text.as_bytes())])
}

fn kinds(said: &Collected) -> impl Iterator<Item = &Kind> {
    said.drafts.iter().filter_map(|draft| draft.event.kind.as_ref())
}

/// The postcodes that are said to be the child's, those of placements, and what is kept.
fn told(said: &Collected) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut homes, mut settings, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for kind in kinds(said) {
        match kind {
            Kind::PersonDescribed(person) => homes.extend(person.addresses.iter().filter_map(|of| of.postcode.clone())),
            Kind::AlternativeProvisionStarted(started) => settings.extend(started.postcode.clone()),
            Kind::SourceRecordKept(record) => kept.push(record.content().to_owned()),
            _ => {}
        }
    }
    (homes, settings, kept)
}

fn strings(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn where_a_placement_is_is_no_home() {
    let entry = "<EntryDate>2026-01-10</EntryDate>";
    for (inside, kept) in [
        (format!("<URN>900009</URN><PostCode>ZZ9 9ZZ</PostCode>{entry}"), vec![]),
        (format!("<UKPRN>10000001</UKPRN>{entry}<PostCode>ZZ9 9ZZ</PostCode>"), vec![]),
        (format!("<PostCode>ZZ9 9ZZ</PostCode>{entry}"), vec![]),
        (format!("<CompanyNumber>01234567</CompanyNumber><PostCode>ZZ9 9ZZ</PostCode>{entry}"), vec![]),
        (format!("<APPlacementPostcode>ZZ9 9ZZ</APPlacementPostcode>{entry}"), vec![]),
        (
            format!("<URN>900009</URN>{entry}<Address><Town>Nowhere</Town><PostCode>ZZ9 9ZZ</PostCode></Address>"),
            vec!["town\nNowhere\n"],
        ),
        (format!("<URN>900009</URN><PostCode>ZZ9 9ZZ</PostCode>{entry}<APRoute>x</APRoute>"), vec!["aproute\nx\n"]),
    ] {
        let home = "<HomeInformation><Address><PostCode>ZZ1 1ZZ</PostCode></Address></HomeInformation>";
        let said = message(&format!("<SchoolArrangedAP><Placement>{inside}</Placement></SchoolArrangedAP>{home}"));
        assert_eq!(told(&said), (strings(&["ZZ1 1ZZ"]), strings(&["ZZ9 9ZZ"]), strings(&kept)), "{inside}");
        assert_eq!(said.rejections, [], "{inside}");
        let entries: Vec<_> = said.drafts.iter().filter(|draft| draft.table == "enrolment").collect();
        assert_eq!(entries.len(), 1, "{inside}");
        assert!(entries[0].record_key.ends_with("enrolment/2021-09-01"), "{inside}");
    }
    let undated = message("<Placement><URN>900009</URN><PostCode>ZZ9 9ZZ</PostCode></Placement>");
    assert_eq!(told(&undated), (vec![], vec![], vec![]));
    assert_eq!(undated.rejections.iter().map(|refused| refused.reason).collect::<Vec<_>>(), [Reason::DateMissing]);
}

#[test]
fn a_pupil_whose_address_stands_among_their_names_keeps_both() {
    let said = message("<Basics><PostCode>ZZ1 1ZZ</PostCode><MiddleNames>Jo</MiddleNames></Basics>");
    assert_eq!(told(&said), (vec![], vec![], strings(&["postcode\nZZ1 1ZZ\n"])));
    let middle = kinds(&said).find_map(|kind| match kind {
        Kind::PersonDescribed(person) => person.names.first()?.middle.clone(),
        _ => None,
    });
    assert_eq!(middle.as_deref(), Some("Jo"));
}

#[test]
fn what_else_stands_in_an_address_is_kept() {
    let said = message("<Address><PostCode>ZZ1 1ZZ</PostCode><Easting>1</Easting></Address>");
    assert_eq!(told(&said), (strings(&["ZZ1 1ZZ"]), vec![], strings(&["easting\n1\n"])));
    let export = Export::from([
        table(
            "pupilonroll",
            "pupilonrolltableid,NativeId,upn,surname,forename,dob,entrydate",
            &["p1,N1,P878400120001,Inventedson,Amara,2013-Jul-05,2021-Sep-01"],
        ),
        table("addresses", "pupilonrolltableid,NativeId,postcode,county", &["p1,N1,ZZ1 1ZZ,", "p1,N1,ZZ1 2ZZ,Devon"]),
    ]);
    let said = translate(&export);
    assert_eq!(told(&said), (strings(&["ZZ1 1ZZ", "ZZ1 2ZZ"]), vec![], strings(&["county\nDevon\n"])));
}
