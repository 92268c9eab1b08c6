//! Relations that a person records.

use super::*;

/// A social worker who has seen a certificate makes two children of it brothers; ended, they are none, and whoever saw nothing says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_is_recorded_on_evidence_makes_a_family_and_ends() {
    use e::relationship_recorded::Kind as Relation;
    let mut office = Office::new().await;
    let brother = council_child("C2");
    let works = e::InvolvementStarted {
        organisation: Some(COUNCIL.into()),
        kind: Some(e::involvement::Kind::Statutory.into()),
        start_on: Some(day(2025, 1, 1)),
    };
    office.house.record(vec![fact(&brother, works)]).await;
    office.house.say(CIN, [described(COUNCIL, &brother, &[])]).await;
    office.catch_up().await;
    let relation = e::RelationshipRecorded {
        related: Some(brother.clone()),
        kind: Some(Relation::Sibling.into()),
        ..Default::default()
    };
    let wanted = request(&office.child, s::Purpose::ChildInNeed, relation.clone());
    let mut worker = office.social_worker("w.invented").await;
    let bare = worker.record(RecordFactRequest { evidence: String::new(), ..wanted.clone() }).await.unwrap_err();
    assert_eq!(bare.code(), Code::InvalidArgument, "{bare:?}");
    let own = e::RelationshipRecorded { related: Some(office.child.clone()), ..relation.clone() };
    assert!(
        worker.record(request(&office.child, s::Purpose::ChildInNeed, own)).await.is_err(),
        "nobody is their own brother"
    );
    let mut teacher = office.teacher().await;
    assert!(teacher.record(request(&office.child, s::Purpose::EducationProvision, relation)).await.is_err());
    let tied = |office: &Office| {
        let children = projection::child::Children::new(office.house.store.clone(), office.house.projector.clone());
        let child = children.read(office.house.pseudonyms.of(&office.child), None).unwrap();
        child.entries.iter().any(|entry| match &entry.event.kind {
            Some(Kind::RelationshipRecorded(recorded)) => {
                recorded.kind() == Relation::Sibling && entry.third_parties == [office.house.pseudonyms.of(&brother).0]
            }
            _ => false,
        })
    };
    assert!(!tied(&office));
    let recorded = worker.record(wanted.clone()).await.unwrap();
    assert_eq!(recorded.outcome(), Outcome::Recorded);
    office.catch_up().await;
    assert!(tied(&office), "by the brother's own number, and nobody unnamed");
    assert_eq!(worker.record(wanted).await.unwrap().outcome(), Outcome::StoodAlready);
    let ended = EndFactRequest {
        about: Some(office.child.clone()),
        purpose: s::Purpose::ChildInNeed.into(),
        fact: recorded.fact.clone(),
        reason: "another family, as it turned out".into(),
        on: Some(day(2026, 2, 3)),
        dry_run: false,
    };
    assert_eq!(worker.end(ended).await.unwrap().outcome(), Outcome::Recorded);
    office.catch_up().await;
    assert!(!tied(&office), "one entry of the two, which stands as it was last said");
}
