use proptest::prelude::*;

use super::super::{Claim, Description, Resolution, resolve};
use super::*;
use crate::linker::Veto;

const SUBJECTS: u8 = 7;

fn id(n: u8) -> Id {
    [n; 16]
}

fn pair(one: u8, other: u8) -> (Id, Id) {
    (id(one.min(other)), id(one.max(other)))
}

/// Weights above 10 are automatic.
fn probable(pairs: &[(u8, u8, f64)]) -> Evidence {
    let weighed = |weight: f64| Probable { weight, probability: weight / (weight + 1.0), is_automatic: weight > 10.0 };
    let probable = pairs.iter().map(|(one, other, weight)| (pair(*one, *other), weighed(*weight)));
    Evidence { probable: probable.collect(), ..Evidence::default() }
}

fn claim(local: u8, issuer: &str, identifier: u8) -> Claim {
    Claim { local: id(local), issuer: issuer.into(), identifier: id(identifier), rank: 0, exclusive: identifier < 200 }
}

fn together(asked: u8, evidence: &Evidence) -> Vec<u8> {
    resolve(id(asked), evidence).subjects.iter().map(|id| id[0]).collect()
}

fn withheld(asked: u8, evidence: &Evidence) -> Vec<(u8, u8, Withheld)> {
    resolve(id(asked), evidence).withheld.iter().map(|(one, other, why)| (one[0], other[0], *why)).collect()
}

#[test]
fn what_is_probable_enough_is_linked_and_what_is_less_so_is_for_a_person() {
    let evidence = probable(&[(1, 2, 20.0), (2, 3, 5.0)]);
    assert_eq!(together(1, &evidence), [1, 2]);
    assert_eq!(together(3, &evidence), [3]);
    for asked in [1, 2, 3] {
        assert_eq!(withheld(asked, &evidence), [(2, 3, Withheld::Possible)]);
    }
}

#[test]
fn a_claim_comes_before_the_heaviest_weight() {
    let mut evidence = probable(&[(1, 3, 90.0)]);
    evidence.claims.extend([claim(1, "878", 100), claim(2, "8784001", 100), claim(3, "rh8", 101)]);
    assert_eq!(together(1, &evidence), [1, 2, 100]);
    assert_eq!(withheld(3, &evidence), [(1, 3, Withheld::TwoExclusive)]);
}

#[test]
fn a_person_who_says_that_they_are_not_one_child_is_never_overridden() {
    let mut evidence = probable(&[(1, 2, 90.0), (1, 3, 80.0), (2, 3, 80.0)]);
    evidence.unlinked.insert((id(2), id(1)));
    // 3 is probably both of them, and cannot be: it is linked to neither.
    for asked in [1, 2, 3] {
        assert_eq!(together(asked, &evidence), [asked]);
    }
    assert_eq!(
        withheld(3, &evidence),
        [(1, 3, Withheld::Many), (2, 3, Withheld::Many)],
        "whoever asks for 3 is asked which of the two it is"
    );
}

#[test]
fn twins_stay_apart_and_a_record_that_may_be_either_is_linked_to_neither() {
    let mut evidence = probable(&[(1, 2, 15.0), (1, 3, 20.0), (2, 3, 40.0)]);
    evidence.vetoed.insert(pair(1, 2), Veto::Twins);
    assert_eq!(together(3, &evidence), [3]);
    let why = withheld(1, &evidence);
    assert_eq!(why, [(1, 2, Withheld::Vetoed(Veto::Twins)), (1, 3, Withheld::Many)]);
    // It has one twin's name: the veto stands between it and the other.
    evidence.vetoed.insert(pair(1, 3), Veto::Twins);
    assert_eq!(together(3, &evidence), [2, 3]);
    assert_eq!(together(1, &evidence), [1]);
}

/// Who may be either of two is neither, and comes to neither by a third who is one of them.
#[test]
fn no_roundabout_way_leads_to_what_is_contested() {
    let mut evidence = probable(&[(1, 4, 30.0), (1, 3, 20.0), (2, 3, 20.0), (3, 4, 19.0)]);
    evidence.vetoed.insert(pair(1, 2), Veto::Twins);
    assert_eq!(together(3, &evidence), [3]);
    assert_eq!(together(1, &evidence), [1, 4]);
    let many = |one, other| (one, other, Withheld::Many);
    assert_eq!(withheld(3, &evidence), [many(1, 3), many(2, 3), many(3, 4)]);
}

/// A name and a birth date are shared by two in a million: whoever is linked already has to bear out that they are one.
#[test]
fn what_is_not_certain_is_borne_out_by_all_who_are_linked() {
    let described = |evidence: &mut Evidence| {
        let said = Description { birth_day: None, given_names: BTreeSet::new() };
        evidence.descriptions.extend([1, 2, 3].map(|n| (id(n), vec![said.clone()])));
    };
    let mut evidence = probable(&[(1, 2, 5_000.0), (2, 3, 20.0)]);
    described(&mut evidence);
    assert_eq!(together(1, &evidence), [1, 2]);
    assert_eq!(withheld(3, &evidence), [(2, 3, Withheld::Possible)]);
    let mut evidence = probable(&[(1, 2, 5_000.0), (2, 3, 20.0), (1, 3, 6.0)]);
    described(&mut evidence);
    assert_eq!(together(1, &evidence), [1, 2, 3]);
    let mut evidence = probable(&[(1, 2, 5_000.0), (2, 3, 5_000.0)]);
    described(&mut evidence);
    assert_eq!(together(1, &evidence), [1, 2, 3]);
}

/// Who is as probably one as another, and not both, is linked to neither, whichever of the two has the smaller number.
#[test]
fn of_two_equal_weights_the_first_does_not_win() {
    let described = |evidence: &mut Evidence| {
        let said = Description { birth_day: None, given_names: BTreeSet::new() };
        evidence.descriptions.extend([1, 2, 3].map(|n| (id(n), vec![said.clone()])));
    };
    let mut evidence = probable(&[(1, 2, 20.0), (2, 3, 20.0)]);
    described(&mut evidence);
    for asked in [1, 2, 3] {
        assert_eq!(together(asked, &evidence), [asked]);
    }
    assert_eq!(withheld(2, &evidence), [(1, 2, Withheld::Many), (2, 3, Withheld::Many)]);
    // What is lighter decides nothing that the heavier left open.
    let mut evidence = probable(&[(1, 2, 20.0), (2, 3, 20.0), (1, 4, 19.0), (2, 4, 19.0)]);
    described(&mut evidence);
    assert_eq!(together(2, &evidence), [2]);
    // All three are one child.
    let mut evidence = probable(&[(1, 2, 20.0), (2, 3, 20.0), (1, 3, 6.0)]);
    described(&mut evidence);
    assert_eq!(together(1, &evidence), [1, 2, 3]);
}

#[test]
fn two_numbers_of_one_issuer_are_not_linked_by_weight_unless_the_issuer_replaced_one() {
    let mut evidence = probable(&[(1, 2, 50.0), (2, 3, 20.0)]);
    evidence.vetoed.insert(pair(1, 2), Veto::OneIssuer);
    assert_eq!(together(1, &evidence), [1]);
    assert_eq!(together(3, &evidence), [2, 3]);
    assert_eq!(withheld(1, &evidence), [(1, 2, Withheld::Vetoed(Veto::OneIssuer))]);
    evidence.superseded.insert((id(1), id(2)));
    assert_eq!(together(1, &evidence), [1, 2, 3]);
}

#[test]
fn nothing_tells_of_what_lies_across_a_seal() {
    let mut evidence = probable(&[(1, 2, 50.0), (2, 3, 40.0), (3, 4, 5.0)]);
    evidence.sealed.push(BTreeSet::from([id(1), id(2)]));
    assert_eq!(resolve(id(3), &evidence), {
        let mut without = probable(&[(3, 4, 5.0)]);
        without.sealed = evidence.sealed.clone();
        resolve(id(3), &without)
    });
    assert_eq!(together(1, &evidence), [1, 2]);
    assert_eq!(withheld(2, &evidence), []);
}

prop_compose! {
    fn any_evidence()(
        weighed in proptest::collection::vec((1..=SUBJECTS, 1..=SUBJECTS, 0u32..40), 0..16),
        claims in proptest::collection::vec((1..=SUBJECTS, 0u8..3, prop_oneof![Just(100u8), Just(101), Just(200)]), 0..5),
        vetoed in proptest::collection::vec((1..=SUBJECTS, 1..=SUBJECTS), 0..4),
        unlinked in proptest::collection::vec((1..=SUBJECTS, 1..=SUBJECTS), 0..3),
        linked in proptest::collection::vec((1..=SUBJECTS, 1..=SUBJECTS), 0..2),
        sealed in proptest::collection::vec(proptest::collection::btree_set(1..=SUBJECTS, 1..4), 0..2),
    ) -> Evidence {
        let apart = |pairs: &[(u8, u8)]| -> BTreeSet<(Id, Id)> {
            pairs.iter().filter(|(one, other)| one != other).map(|(one, other)| (id(*one), id(*other))).collect()
        };
        let weighed: Vec<(u8, u8, f64)> =
            weighed.into_iter().filter(|(a, b, _)| a != b).map(|(a, b, w)| (a, b, f64::from(w))).collect();
        let mut evidence = probable(&weighed);
        let issuer = |n: u8| format!("issuer {n}");
        evidence.claims = claims.iter().map(|(local, n, identifier)| claim(*local, &issuer(*n), *identifier)).collect();
        evidence.vetoed = apart(&vetoed).into_iter().map(|(a, b)| ((a.min(b), a.max(b)), Veto::Twins)).collect();
        evidence.unlinked = apart(&unlinked);
        evidence.linked = apart(&linked).difference(&evidence.unlinked).copied().collect();
        evidence.sealed = sealed.into_iter().map(|ids| ids.into_iter().map(id).collect()).collect();
        evidence
    }
}

fn all(evidence: &Evidence) -> Vec<Resolution> {
    (1..=SUBJECTS).map(|asked| resolve(id(asked), evidence)).collect()
}

/// The same, of subjects who have other numbers.
fn renamed(evidence: &Evidence, as_what: impl Fn(Id) -> Id) -> Evidence {
    let ordered = |(a, b): (Id, Id)| (as_what(a).min(as_what(b)), as_what(a).max(as_what(b)));
    let both = |pairs: &BTreeSet<(Id, Id)>| pairs.iter().map(|(a, b)| (as_what(*a), as_what(*b))).collect();
    Evidence {
        claims: evidence.claims.iter().map(|c| Claim { local: as_what(c.local), ..c.clone() }).collect(),
        descriptions: evidence.descriptions.iter().map(|(a, said)| (as_what(*a), said.clone())).collect(),
        linked: both(&evidence.linked),
        unlinked: both(&evidence.unlinked),
        superseded: both(&evidence.superseded),
        sealed: evidence.sealed.iter().map(|ids| ids.iter().map(|a| as_what(*a)).collect()).collect(),
        probable: evidence.probable.iter().map(|(pair, p)| (ordered(*pair), *p)).collect(),
        vetoed: evidence.vetoed.iter().map(|(pair, veto)| (ordered(*pair), *veto)).collect(),
    }
}

proptest! {
    #[test]
    fn being_one_child_is_mutual(evidence in any_evidence()) {
        for resolution in all(&evidence) {
            for other in &resolution.subjects {
                prop_assert_eq!(&resolve(*other, &evidence).subjects, &resolution.subjects);
            }
        }
    }

    /// Which subject has which number, and so which is looked at first, does not matter: of equal weights neither.
    #[test]
    fn clusters_do_not_depend_on_order(evidence in any_evidence(), shift in 1..SUBJECTS) {
        let mut evidence = evidence;
        evidence.claims.clear();
        evidence.linked.clear();
        let as_what = |of: Id| if of[0] <= SUBJECTS { id((of[0] - 1 + shift) % SUBJECTS + 1) } else { of };
        let other = renamed(&evidence, as_what);
        for asked in 1..=SUBJECTS {
            let expected: BTreeSet<Id> = resolve(id(asked), &evidence).subjects.into_iter().map(as_what).collect();
            prop_assert_eq!(resolve(as_what(id(asked)), &other).subjects, expected);
        }
    }

    #[test]
    fn no_weight_joins_what_a_person_a_seal_a_veto_or_an_issuer_keeps_apart(evidence in any_evidence()) {
        let mut exact = evidence.clone();
        exact.probable.clear();
        for asked in 1..=SUBJECTS {
            let with = resolve(id(asked), &evidence).subjects;
            let without = resolve(id(asked), &exact).subjects;
            prop_assert!(with.is_superset(&without), "what is known stands");
            for (one, other) in &evidence.unlinked {
                let joined = with.contains(one) && with.contains(other);
                prop_assert!(!joined || resolve(*one, &exact).subjects.contains(other));
            }
            for sealed in &evidence.sealed {
                let inside = with.iter().filter(|id| sealed.contains(*id)).count();
                prop_assert!(inside == 0 || inside == with.len());
            }
            for (one, other) in evidence.vetoed.keys() {
                let joined = with.contains(one) && with.contains(other);
                prop_assert!(!joined || resolve(*one, &exact).subjects.contains(other));
            }
        }
    }

    /// A person links two and takes it back: both are as they were. A person unlinks two that were probable: both are as
    /// they would be had nothing been probable between them, and however heavy it becomes, nothing joins them again.
    #[test]
    fn undoing_restores_exactly_and_nothing_links_again(evidence in any_evidence(), one in 1..=SUBJECTS, other in 1..=SUBJECTS) {
        prop_assume!(one != other);
        let before = all(&evidence);
        let mut changed = evidence.clone();
        if !evidence.unlinked.contains(&pair(one, other)) && !evidence.linked.contains(&pair(one, other)) {
            changed.linked.insert(pair(one, other));
            let _while_linked = all(&changed);
            changed.linked.remove(&pair(one, other));
            prop_assert_eq!(all(&changed), before);
        }
        changed.linked.retain(|(a, b)| (*a.min(b), *a.max(b)) != pair(one, other));
        changed.unlinked.insert(pair(one, other));
        let apart = all(&changed);
        prop_assert!(!resolve(id(one), &changed).subjects.contains(&id(other)));
        let mut heavier = changed.clone();
        heavier.probable.insert(pair(one, other), Probable { weight: 900.0, probability: 1.0, is_automatic: true });
        let subjects = |resolved: Vec<Resolution>| resolved.into_iter().map(|r| r.subjects).collect::<Vec<_>>();
        prop_assert_eq!(subjects(all(&heavier)), subjects(apart));
    }

    /// What is withheld is never between two of one child, and what is probable and not linked is always withheld but for
    /// what a seal hides.
    #[test]
    fn nothing_probable_is_dropped_in_silence(evidence in any_evidence()) {
        for asked in 1..=SUBJECTS {
            let Resolution { subjects, withheld } = resolve(id(asked), &evidence);
            for (one, other) in evidence.probable.keys().filter(|(a, b)| subjects.contains(a) != subjects.contains(b)) {
                let crosses = evidence.sealed.iter().any(|sealed| {
                    let all: BTreeSet<Id> = resolve(*one, &evidence).subjects.union(&resolve(*other, &evidence).subjects).copied().collect();
                    all.iter().any(|id| sealed.contains(id)) && !all.is_subset(sealed)
                });
                prop_assert_eq!(withheld.iter().any(|(a, b, why)| (a, b) == (one, other) && *why != Withheld::Sealed), !crosses);
            }
        }
    }
}

#[test]
fn descriptions_that_contradict_keep_the_heaviest_apart() {
    let born = |day: i64, name: &str| {
        vec![Description { birth_day: Some(day), given_names: BTreeSet::from([name.to_owned()]) }]
    };
    let mut evidence = probable(&[(1, 2, 50.0)]);
    evidence.descriptions.extend([(id(1), born(15_000, "amara")), (id(2), born(16_000, "tomos"))]);
    assert_eq!(withheld(1, &evidence), [(1, 2, Withheld::DescriptionsContradict)]);
    assert_eq!(together(1, &evidence), [1]);
}
