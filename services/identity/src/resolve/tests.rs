use proptest::prelude::*;

use super::*;

fn id(n: u8) -> Id {
    [n; 16]
}

/// Subjects are 1.., identifiers 100...
fn claim(local: u8, issuer: &str, identifier: u8) -> Claim {
    let rank = if identifier >= 200 { 1 } else { 0 };
    Claim { local: id(local), issuer: issuer.into(), identifier: id(identifier), rank, exclusive: rank == 0 }
}

fn evidence(claims: &[Claim]) -> Evidence {
    Evidence { claims: claims.iter().cloned().collect(), ..Default::default() }
}

fn together(asked: u8, evidence: &Evidence) -> Vec<u8> {
    resolve(id(asked), evidence).subjects.iter().map(|id| id[0]).collect()
}

fn born(day: i64, name: &str) -> Vec<Description> {
    vec![Description { birth_day: Some(day), given_names: BTreeSet::from([name.to_owned()]) }]
}

#[test]
fn a_shared_identifier_links_across_issuers() {
    let evidence = evidence(&[claim(1, "878", 200), claim(2, "8784001", 200), claim(3, "rh8", 201)]);
    assert_eq!(together(1, &evidence), [1, 2, 200]);
    assert_eq!(together(200, &evidence), [1, 2, 200]);
    assert_eq!(together(3, &evidence), [3, 201]);
    assert_eq!(together(9, &evidence), [9]);
}

#[test]
fn an_identifier_claimed_by_two_subjects_of_one_issuer_links_neither() {
    let evidence = evidence(&[claim(1, "878", 200), claim(2, "878", 200), claim(3, "rh8", 200)]);
    assert_eq!(together(1, &evidence), [1]);
    assert_eq!(together(2, &evidence), [2]);
    assert_eq!(together(3, &evidence), [3, 200]);
    assert!(resolve(id(1), &evidence).withheld.contains(&(id(1), id(200), Withheld::SharedWithinIssuer)));
}

#[test]
fn a_number_that_its_issuer_replaced_is_no_second_child() {
    let mut evidence = evidence(&[claim(1, "rh8", 100), claim(2, "rh8", 100), claim(3, "878", 100)]);
    evidence.superseded.insert((id(1), id(2)));
    assert_eq!(together(3, &evidence), [1, 2, 3, 100]);
}

#[test]
fn a_number_of_two_whom_a_person_linked_is_that_childs_and_no_third_ones_of_the_issuer() {
    let mut evidence = evidence(&[claim(1, "878", 200), claim(2, "878", 200), claim(3, "rh8", 200)]);
    evidence.linked.insert((id(1), id(2)));
    assert_eq!(together(200, &evidence), [1, 2, 3, 200]);
    evidence.claims.insert(claim(4, "878", 200));
    assert_eq!((together(4, &evidence), together(1, &evidence)), (vec![4], vec![1, 2]));
    evidence.linked.clear();
    assert_eq!(together(1, &evidence), [1], "taken back, it is as it was");
}

#[test]
fn two_different_nhs_numbers_are_two_children_whatever_else_they_share() {
    let evidence = evidence(&[claim(1, "rh8", 100), claim(2, "rx1", 101), claim(1, "rh8", 200), claim(2, "rx1", 200)]);
    assert_eq!(together(1, &evidence), [1, 100]);
    assert_eq!(together(2, &evidence), [2, 101]);
}

#[test]
fn a_third_record_without_a_number_does_not_bridge_two_numbers() {
    let evidence = evidence(&[
        claim(1, "rh8", 100),
        claim(1, "rh8", 200),
        claim(2, "rx1", 101),
        claim(2, "rx1", 201),
        claim(3, "878", 200),
        claim(3, "878", 201),
    ]);
    let (one, two) = (together(1, &evidence), together(2, &evidence));
    assert!(!one.contains(&2) && !two.contains(&1), "{one:?} {two:?}");
}

#[test]
fn birth_date_and_name_that_both_differ_are_two_children() {
    let mut apart = evidence(&[claim(1, "878", 200), claim(2, "8784001", 200)]);
    apart.descriptions.insert(id(1), born(15_000, "amara"));
    apart.descriptions.insert(id(2), born(16_000, "tomos"));
    assert_eq!(together(1, &apart), [1]);
    apart.descriptions.insert(id(2), born(16_000, "amy"));
    assert_eq!(together(1, &apart), [1, 2, 200], "a mistyped date alone does not keep them apart");
    apart.descriptions.insert(id(2), born(15_000, "tomos"));
    assert_eq!(together(1, &apart), [1, 2, 200], "another name alone does not keep them apart");
}

#[test]
fn nothing_crosses_a_sealed_identity() {
    let mut evidence = evidence(&[claim(1, "878", 100), claim(2, "rh8", 100), claim(3, "8784001", 100)]);
    evidence.sealed.push(BTreeSet::from([id(1), id(2), id(100)]));
    assert_eq!(together(1, &evidence), [1, 2, 100]);
    assert_eq!(together(3, &evidence), [3]);
    evidence.linked.insert((id(2), id(3)));
    assert_eq!(together(3, &evidence), [3], "not even a person's decision");
}

#[test]
fn a_person_can_link_and_unlink() {
    let mut evidence = evidence(&[claim(1, "878", 200), claim(2, "8784001", 201)]);
    evidence.linked.insert((id(1), id(2)));
    assert_eq!(together(1, &evidence), [1, 2, 200, 201]);
    evidence.linked.clear();
    evidence.unlinked.insert((id(1), id(2)));
    assert_eq!(together(1, &evidence), [1, 200]);
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let claims = proptest::collection::btree_set(
        (1u8..8, 0u8..3, prop_oneof![100u8..103, 200u8..204]).prop_map(|(local, issuer, identifier)| {
            claim(local, &format!("issuer-{}", (local + issuer) % 4), identifier)
        }),
        0..14,
    );
    let pair = (1u8..8, 1u8..8).prop_map(|(a, b)| (id(a), id(b)));
    (claims, proptest::collection::btree_set(pair.clone(), 0..3), proptest::collection::btree_set(1u8..8, 0..3))
        .prop_map(|(claims, unlinked, sealed)| Evidence {
            claims,
            unlinked: unlinked.into_iter().filter(|(a, b)| a != b).collect(),
            sealed: vec![sealed.into_iter().map(id).collect()],
            ..Default::default()
        })
}

proptest! {
    #[test]
    fn being_one_child_is_mutual(evidence in any_evidence()) {
        for asked in 1u8..8 {
            let resolution = resolve(id(asked), &evidence);
            for other in &resolution.subjects {
                prop_assert_eq!(&resolve(*other, &evidence).subjects, &resolution.subjects);
            }
        }
    }

    /// Invariant 8: unlinking restores exactly what each would be had the claim never joined them.
    #[test]
    fn unlinked_pairs_and_sealed_edges_are_never_together(evidence in any_evidence()) {
        for asked in 1u8..8 {
            let subjects = resolve(id(asked), &evidence).subjects;
            for (one, other) in &evidence.unlinked {
                prop_assert!(!(subjects.contains(one) && subjects.contains(other)));
            }
            for sealed in &evidence.sealed {
                let inside = subjects.iter().filter(|id| sealed.contains(*id)).count();
                prop_assert!(inside == 0 || inside == subjects.len());
            }
        }
    }

    /// A link that a person made and took back leaves no trace.
    #[test]
    fn a_link_taken_back_leaves_everything_as_it_was(evidence in any_evidence(), one in 1u8..8, other in 1u8..8) {
        prop_assume!(one != other);
        let mut linked = evidence.clone();
        linked.linked.insert((id(one), id(other)));
        let _while_linked = resolve(id(one), &linked);
        linked.linked.remove(&(id(one), id(other)));
        for asked in 1u8..8 {
            prop_assert_eq!(resolve(id(asked), &linked), resolve(id(asked), &evidence));
        }
    }
}
