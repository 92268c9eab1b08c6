use super::*;
use crate::linker::children;

/// Parameters of the children's schema under which every field weighs alike: 4 where it is the same, -2 where it differs.
fn parameters() -> Parameters {
    let of_one = [0.5, 0.1, 0.1, 0.1, 0.13];
    let field = |_| FieldParameters {
        of_one,
        of_two: [0.01, 0.02, 0.02, 0.05, 0.95],
        said: 1_000,
        counts: [("olivia".to_owned(), 100)].into(),
        share_of_others: 0.01,
    };
    let schema = children::schema().clone();
    let fields = schema.fields().iter().map(field).collect();
    Parameters { schema, fields, prior: 0.001, rules: Vec::new(), records: 1_000, block_records_max: 500 }
}

fn weights(one: [&str; 4], other: [&str; 4]) -> [f64; 4] {
    let record = |[given, surname, postcode, house]: [&str; 4]| {
        children::schema().record([[given], [""], [surname], [""], [""], [postcode], [house]])
    };
    let (parameters, one, other) = (parameters(), record(one), record(other));
    let comparison = parameters.weigh(&one, &other);
    let again = parameters.weigh(&other, &one);
    assert_eq!(comparison, again);
    let of = |at: usize| comparison.fields[at].map_or(f64::NAN, |field| (field.weight * 10.0).round() / 10.0);
    let sum: f64 = comparison.fields.iter().flatten().map(|field| field.weight).sum();
    assert_eq!(comparison.weight.to_bits(), sum.to_bits());
    [of(0), of(2), of(5), of(6)]
}

#[test]
fn a_home_weighs_once() {
    let one = ["zephyra", "hart", "EX1 1AA", "14 High Street"];
    // The same home, a move, a neighbour, and a house whose postcode nobody gave.
    assert_eq!(weights(one, one), [3.9, 3.9, 3.9, 0.0]);
    assert_eq!(weights(one, ["zephyra", "hart", "PL4 8QB", "2 Low Road"])[2..], [-2.0, 0.0]);
    assert_eq!(weights(one, ["zephyra", "hart", "EX1 1AA", "2 Low Road"])[2..], [3.9, -2.0]);
    assert_eq!(weights(one, ["zephyra", "hart", "", "14 High Street"])[3], 3.9);
}

#[test]
fn a_rare_value_weighs_more_than_a_frequent_one() {
    let [frequent, ..] = weights(["olivia", "hart", "", ""], ["olivia", "hart", "", ""]);
    let [rare, ..] = weights(["zephyra", "hart", "", ""], ["zephyra", "hart", "", ""]);
    assert_eq!((frequent, rare), (1.6, 3.9));
    let [shorter, ..] = weights(["olivia", "hart", "", ""], ["liv", "hart", "", ""]);
    assert_eq!(shorter, 1.6);
}

/// A slip of the key is rare, and in a frequent name it is seen as often as in all who have it: it weighs no more than they do.
#[test]
fn what_is_nearly_frequent_weighs_no_more_than_what_is() {
    let mut parameters = parameters();
    parameters.fields[0].of_two[2] = 0.001;
    let weight = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|given| children::schema().record([[given]]));
        assert_eq!(parameters.weigh(&one, &other), parameters.weigh(&other, &one));
        parameters.weigh(&one, &other).fields[0].unwrap()
    };
    let (frequent, rare) = (weight("olivia", "olivai"), weight("zephyra", "zephyar"));
    assert_eq!((frequent.agreement, rare.agreement), (Agreement::Close, Agreement::Close));
    assert_eq!(((frequent.weight * 10.0).round(), (rare.weight * 10.0).round()), (23.0, 46.0));
}

#[test]
fn probabilities_are_the_same_to_the_last_bit_everywhere() {
    let parameters = parameters();
    let told: Vec<f64> =
        [-40.0, 0.0, 6.906_754_778_648_554, 10.0, 40.0].map(|weight| parameters.probability(weight)).into();
    assert_eq!(told, [0.0, 0.001_000_000_000_203_726_8, 0.5, 0.956_613_255_561_933_3, 1.0]);
}
