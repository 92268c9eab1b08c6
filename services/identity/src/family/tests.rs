//! Invented families.

use proptest::prelude::*;

use super::*;

const TODAY: i64 = 20_000;

fn id(n: u8) -> Id {
    [n; 16]
}

fn record(subject: u8, says: Says) -> Record {
    Record { subject: id(subject), entry: id(subject), source: "ods-rh8".into(), days: Days::default(), says }
}

fn member(subject: u8, says: impl IntoIterator<Item = Says>) -> Member {
    Member {
        subjects: [id(subject)].into(),
        records: says.into_iter().map(|says| record(subject, says)).collect(),
        sealed: vec![],
    }
}

fn grounds(asked: &Member, other: &Member) -> Vec<Ground> {
    let ties = ties(asked, std::slice::from_ref(other), TODAY).remove(0);
    ties.iter().map(|tie| tie.ground).collect()
}

#[test]
fn who_is_of_one_family_or_home_and_who_is_not() {
    use Ground::{Address, ParentOrCarer, Sibling};
    use Says::{CarerIs, LivesAt, ParentIs, SiblingIs};
    let mother = id(100);
    type Case = (&'static str, Vec<Says>, Vec<Says>, Vec<Ground>);
    let cases: [Case; 9] = [
        ("nothing in common", vec![ParentIs(mother)], vec![ParentIs(id(101))], vec![]),
        ("one mother", vec![ParentIs(mother)], vec![ParentIs(mother)], vec![ParentOrCarer]),
        ("her child, and one in her care", vec![ParentIs(mother)], vec![CarerIs(mother)], vec![ParentOrCarer]),
        ("a brother, on one record", vec![SiblingIs(id(2))], vec![], vec![Sibling]),
        ("a brother, on the other's record", vec![], vec![SiblingIs(id(1))], vec![Sibling]),
        ("one brother of two families", vec![SiblingIs(id(9))], vec![SiblingIs(id(9))], vec![]),
        ("one home", vec![LivesAt(id(50))], vec![LivesAt(id(50))], vec![Address]),
        ("a person is no address", vec![LivesAt(mother)], vec![ParentIs(mother)], vec![]),
        (
            "all of it",
            vec![LivesAt(id(50)), ParentIs(mother), SiblingIs(id(2))],
            vec![ParentIs(mother), LivesAt(id(50))],
            vec![Sibling, ParentOrCarer, Address],
        ),
    ];
    for (title, one, two, expected) in cases {
        let (one, two) = (member(1, one), member(2, two));
        assert_eq!(grounds(&one, &two), expected, "{title}");
        assert_eq!(grounds(&two, &one), expected, "{title}, asked of the other");
    }
}

#[test]
fn a_tie_names_the_records_that_it_rests_on() {
    let (one, two) = (member(1, [Says::ParentIs(id(100))]), member(2, [Says::CarerIs(id(100))]));
    let tie = ties(&one, std::slice::from_ref(&two), TODAY).remove(0).remove(0);
    assert_eq!(tie.evidence, [record(1, Says::ParentIs(id(100))), record(2, Says::CarerIs(id(100)))].into());
    let (one, two) = (member(1, [Says::SiblingIs(id(2))]), member(2, [Says::SiblingIs(id(1))]));
    let both = ties(&one, std::slice::from_ref(&two), TODAY).remove(0).remove(0);
    assert_eq!(both.evidence.len(), 2, "said by both sides");
}

#[test]
fn care_and_a_home_end_and_a_parent_does_not() {
    let over = Days { first: Some(TODAY - 900), last: Some(TODAY - 1) };
    let ended = |says| Member { records: [Record { days: over, ..record(1, says) }].into(), ..member(1, []) };
    for (says, expected) in [
        (Says::CarerIs(id(100)), vec![]),
        (Says::LivesAt(id(100)), vec![]),
        (Says::ParentIs(id(100)), vec![Ground::ParentOrCarer]),
    ] {
        assert_eq!(grounds(&ended(says), &member(2, [says])), expected, "{says:?}");
    }
    let begins = Days { first: Some(TODAY + 1), last: None };
    let later =
        Member { records: [Record { days: begins, ..record(1, Says::LivesAt(id(5))) }].into(), ..member(1, []) };
    assert_eq!(grounds(&later, &member(2, [Says::LivesAt(id(5))])), []);
}

#[test]
fn a_hostel_is_no_household_and_an_institution_no_parent() {
    for (says, max) in
        [(Says::LivesAt(id(50)), CHILDREN_AT_ONE_ADDRESS_MAX), (Says::CarerIs(id(50)), CHILDREN_OF_ONE_PERSON_MAX)]
    {
        let others = |count: usize| (0..count).map(|n| member(2 + n as u8, [says])).collect::<Vec<_>>();
        let asked = member(1, [says]);
        assert!(ties(&asked, &others(max - 1), TODAY).iter().all(|ties| ties.len() == 1), "{says:?}");
        assert!(ties(&asked, &others(max), TODAY).iter().all(Vec::is_empty), "{says:?}");
    }
    let many: Vec<Member> = (0..40).map(|n| member(2 + n, [Says::SiblingIs(id(1))])).collect();
    assert!(ties(&member(1, []), &many, TODAY).iter().all(|ties| ties.len() == 1), "each says so by name");
}

#[test]
fn nothing_is_tied_across_a_seal_and_within_one_everything_is() {
    let says = [Says::ParentIs(id(100)), Says::LivesAt(id(50))];
    let sealed = BTreeSet::from([id(1), id(3)]);
    let with_seal = |member: Member| Member { sealed: vec![sealed.clone()], ..member };
    let (inside, outside, also_inside) = (with_seal(member(1, says)), member(2, says), with_seal(member(3, says)));
    assert_eq!(grounds(&inside, &outside), []);
    assert_eq!(grounds(&outside, &inside), []);
    assert_eq!(grounds(&inside, &also_inside), [Ground::ParentOrCarer, Ground::Address]);
}

#[test]
fn one_child_under_two_numbers_has_no_tie_to_itself() {
    let one = Member { subjects: [id(1), id(2)].into(), ..member(1, [Says::SiblingIs(id(2))]) };
    assert_eq!(grounds(&one, &member(2, [Says::SiblingIs(id(1))])), []);
}

#[test]
fn spellings_of_one_address_meet_and_those_of_two_do_not() {
    let lines = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let meet = |one: (&str, &str, &str), two: (&str, &str, &str)| {
        let of = |(text, postcode, uprn): (&str, &str, &str)| spellings(&lines(text), Some(postcode), Some(uprn));
        of(one).iter().any(|spelt| of(two).contains(spelt))
    };
    let home = ("12 Alder Rise, Larkmere", "ZQ1 2AB", "");
    for (same, other) in [
        (true, ("12 ALDER RISE", "zq12ab", "")),
        (true, ("12, Alder-Rise, Larkmere", "ZQ1 2AB", "")),
        (false, ("12 Alder Rise", "ZQ1 2AD", "")),
        (false, ("14 Alder Rise", "ZQ1 2AB", "")),
        (false, ("Flat 1, 12 Alder Rise", "ZQ1 2AB", "")),
        (false, ("12 Alder Rise, Larkmere", "", "")),
    ] {
        assert_eq!(meet(home, other), same, "{other:?}");
    }
    assert!(meet(("1 A", "", "100012345"), ("nothing alike", "ZQ9 9ZZ", "100012345")));
    assert_eq!(spellings(&lines("No fixed abode"), Some("ZZ99 3VZ"), Some("0")), Vec::<String>::new());
}

fn says() -> impl Strategy<Value = Says> {
    (0..4u8, 0..6u8).prop_map(|(kind, n)| match kind {
        0 => Says::ParentIs(id(100 + n)),
        1 => Says::CarerIs(id(100 + n)),
        2 => Says::SiblingIs(id(n)),
        _ => Says::LivesAt(id(50 + n)),
    })
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    prop::collection::vec(prop::collection::vec(says(), 0..5), 2..6)
        .prop_map(|all| all.into_iter().enumerate().map(|(n, says)| member(n as u8, says)).collect())
}

proptest! {
    /// Who asks of whom does not matter, nor in what order the others come.
    #[test]
    fn ties_are_the_same_from_both_sides_and_in_any_order(members in members()) {
        let (asked, others) = members.split_first().unwrap();
        let found = ties(asked, others, TODAY);
        for (other, ties_found) in others.iter().zip(&found) {
            prop_assert_eq!(&grounds(other, asked), &ties_found.iter().map(|tie| tie.ground).collect::<Vec<_>>());
        }
        let backward: Vec<Member> = others.iter().rev().cloned().collect();
        let mut reversed = ties(asked, &backward, TODAY);
        reversed.reverse();
        prop_assert_eq!(found, reversed);
    }

    /// Within the bounds, a child who is not there changes nothing of what ties the others.
    #[test]
    fn a_child_who_is_left_out_is_missed_by_nobody(members in members()) {
        let (asked, others) = members.split_first().unwrap();
        let whole = ties(asked, others, TODAY);
        for out in 0..others.len() {
            let mut without = others.to_vec();
            without.remove(out);
            let mut expected = whole.clone();
            expected.remove(out);
            prop_assert_eq!(ties(asked, &without, TODAY), expected);
        }
    }
}
