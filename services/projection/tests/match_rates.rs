//! How many records of each source are linked: counted as they stand, and never so small that a count is about a child.

use crate::harness;

use harness::House;
use harness::sayings::*;
use projection::child::Children;
use projection::match_rates::match_rates;
use proto::events as e;

#[tokio::test]
async fn records_are_counted_by_what_they_are_linked_with() {
    let mut house = House::new().await;
    // Forty pupils; twenty of them known to social care by their number, of whom ten are on a plan; twelve children of the
    // hospital, of whom a person linked ten; and three more with social care whom nobody else knows.
    for n in 0..40 {
        house.say(CENSUS, [described(SCHOOL, &pupil(&format!("P{n}")), &[upn(&format!("U{n}"))])]).await;
    }
    for n in 0..23 {
        let council = council_child(&format!("C{n}"));
        let claims = if n < 20 { vec![upn(&format!("U{n}"))] } else { vec![] };
        house.say(CIN, [described(COUNCIL, &council, &claims)]).await;
        if n < 10 {
            let started = e::ProtectionPlanStarted { start_on: Some(day(2024, 1, 1)), ..Default::default() };
            house.say(CIN, [saying(COUNCIL, &council, "plan", day(2024, 1, 1), started)]).await;
        }
    }
    for n in 0..12 {
        let hospital = hospital_person(&format!("H{n}"));
        house.say(HL7, [described(HOSPITAL, &hospital, &[nhs(&format!("N{n}"))])]).await;
    }
    let links = (0..10).map(|n| linked(&council_child(&format!("C{n}")), &nhs(&format!("N{n}"))));
    house.record(links.collect()).await;
    // Two pupils of one school with one number: it links neither, and a person looks.
    for n in [50, 51] {
        house.say(CENSUS, [described(SCHOOL, &pupil(&format!("P{n}")), &[upn("SHARED")])]).await;
    }
    house.catch_up().await;
    let children = Children::new(house.store.clone(), house.projector.clone());
    let told = match_rates(&children).unwrap();
    let source = |name: &str| told.sources.iter().find(|source| source.source == name).unwrap();
    let census = source(CENSUS);
    assert_eq!((census.records, census.linked, census.nhs_number_stated), (Some(40), Some(20), Some(0)));
    assert_eq!((census.nhs_number_known, census.for_review, census.alone), (Some(10), None, Some(20)));
    let council = source(CIN);
    assert_eq!((council.records, council.linked, council.alone), (Some(25), Some(20), None));
    let hospital = source(HL7);
    assert_eq!((hospital.records, hospital.nhs_number_stated, hospital.linked), (Some(10), Some(10), Some(10)));
    assert_eq!(hospital.alone, None, "two are too few to tell of");
    let pairs: Vec<_> =
        told.sectors.iter().map(|pair| (pair.one.as_str(), pair.other.as_str(), pair.in_both)).collect();
    assert_eq!(
        pairs,
        [
            ("education", "health", Some(10)),
            ("education", "social-care", Some(20)),
            ("health", "social-care", Some(10))
        ]
    );
    assert_eq!((told.protected, told.protected_with_nhs_number), (Some(10), Some(10)));
}
