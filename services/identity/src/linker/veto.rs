//! What no weight overcomes.

use super::compare::{Agreement, compare, is_known, two_of_one_issuer};
use super::normalise::checks;
use super::parameters::Parameters;
use super::schema::{Check, Kind, Record};

/// Why two records are not linked, however alike they are, unless a person says so; a seal binds a person too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Veto {
    /// One of them is of a sealed identity, and the other is not.
    Sealed,
    /// Each has an NHS number that checks, and none of the one's is the other's.
    TwoIdentifiers,
    /// One issuer knows them by two numbers of its own: a council, a trust, or the department, which gives a pupil one number.
    OneIssuer,
    /// One birth date, one surname or one address, and two given names: twins, until somebody knows better.
    Twins,
    /// Neither the birth date nor the given name agrees: two children of one household.
    Siblings,
}

/// Which guards stand. All, unless what is linked cannot need one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guards {
    /// [`Veto::TwoIdentifiers`] and [`Veto::OneIssuer`].
    pub identifiers: bool,
    /// [`Veto::Twins`] and [`Veto::Siblings`]. Of people who are no children of one household a name that differs is more
    /// often a mistake.
    pub twins: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self { identifiers: true, twins: true }
    }
}

/// Whether two records are kept apart. `sealed`: a seal stands between the two, which the records themselves do not say.
///
/// Twins share everything but their names, so only an identifier of both tells that two such records are one child. A name
/// that is nearly the other is a slip of the key when nobody else has it, and a twin's when both are names that people have, or
/// when the sexes differ. A diminutive is a name of the same child.
pub fn veto(parameters: &Parameters, guards: Guards, sealed: bool, one: &Record, other: &Record) -> Option<Veto> {
    if sealed {
        return Some(Veto::Sealed);
    }
    let schema = parameters.schema();
    let agreements = compare(schema, one, other);
    let fields = || schema.fields().iter().zip(&agreements).enumerate();
    let (mut shared, mut two_pupil_numbers) = (false, false);
    for (at, (field, agreement)) in fields() {
        let (ours, theirs) = (one.values(at), other.values(at));
        match field.kind {
            Kind::Local if guards.identifiers && two_numbers_of_one_issuer(ours, theirs) => {
                return Some(Veto::OneIssuer);
            }
            Kind::Identifier(check) => {
                let differ = agreement.is_some_and(|agreement| agreement != Agreement::Exact);
                if guards.identifiers && check == Check::NhsNumber && differ && both_check(check, ours, theirs) {
                    return Some(Veto::TwoIdentifiers);
                }
                two_pupil_numbers |= check == Check::Upn && differ && both_check(check, ours, theirs);
                let shares = *agreement == Some(Agreement::Exact);
                shared |=
                    shares && (check == Check::None || ours.iter().any(|v| theirs.contains(v) && checks(check, v)));
            }
            _ => {}
        }
    }
    // A child may come by a second, which a person can tell and a weight cannot: it would be a chain through a record that
    // has lost its numbers that joins two children of one name and birth date.
    if guards.identifiers && two_pupil_numbers && !shared {
        return Some(Veto::OneIssuer);
    }
    if shared || !guards.twins {
        return None;
    }
    let of = |kind: fn(Kind) -> bool| fields().filter(move |(_, (f, _))| kind(f.kind)).filter_map(|(_, (_, a))| *a);
    let born = |found: fn(Agreement) -> bool| of(|kind| kind == Kind::BirthDate).any(found);
    let other_sex = of(|kind| kind == Kind::Sex).any(|agreement| agreement == Agreement::Different);
    let two_given_names = fields().any(|(at, (field, agreement))| match (field.kind, agreement) {
        (Kind::GivenName, Some(Agreement::Different)) => true,
        (Kind::GivenName, Some(Agreement::Close | Agreement::Near)) => {
            let a_name = |name: &String| name.contains(' ') || is_known(name) || parameters.is_common(at, name);
            other_sex || (one.values(at).iter().all(a_name) && other.values(at).iter().all(a_name))
        }
        // Alex and Alexandra.
        (Kind::GivenName, Some(Agreement::Variant)) => other_sex,
        _ => false,
    });
    if two_given_names && born(|agreement| agreement == Agreement::Different) {
        return Some(Veto::Siblings);
    }
    // A twin's date may have a slip of the key too, and one of the two may have moved first.
    let same_birth = born(|agreement| agreement <= Agreement::Close);
    let same_surname = of(|kind| kind == Kind::Surname).any(|agreement| agreement <= Agreement::Close);
    let same_home = of(|kind| matches!(kind, Kind::Postcode | Kind::Address | Kind::House))
        .any(|agreement| agreement <= Agreement::Variant);
    // Brothers are called Muhammad, and each by another name.
    let two_names =
        two_given_names || of(|kind| kind == Kind::MiddleName).any(|agreement| agreement == Agreement::Different);
    (two_names && same_birth && (same_surname || same_home)).then_some(Veto::Twins)
}

fn both_check(check: Check, ours: &[String], theirs: &[String]) -> bool {
    let all_check = |values: &[String]| !values.is_empty() && values.iter().all(|value| checks(check, value));
    all_check(ours) && all_check(theirs)
}

fn two_numbers_of_one_issuer(ours: &[String], theirs: &[String]) -> bool {
    let shared = ours.iter().any(|value| theirs.contains(value));
    !shared && ours.iter().any(|a| theirs.iter().any(|b| two_of_one_issuer(a, b)))
}
