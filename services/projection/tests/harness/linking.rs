//! Descriptions to link by, and parameters that were not estimated from anybody. All invented.

use identity::linker::Parameters;
use projection::linking;
use prost::Message as _;
use proto::admin::Fact;
use proto::events::{self as e, Date, Subject};
use proto::linking as l;

use super::Saying;
use super::sayings::{coded, described, fact};

/// A person as a source describes them.
#[derive(Clone)]
pub struct Person {
    pub given: &'static str,
    pub family: &'static str,
    pub born: Date,
    pub sex: &'static str,
    pub postcode: &'static str,
}

/// What `controller` says of `local`, in this state of its record.
pub fn says(controller: &str, local: &Subject, person: &Person, identifiers: &[Subject], version: u64) -> Saying {
    let mut saying = Saying { version, ..described(controller, local, identifiers) };
    if let Some(e::event::Kind::PersonDescribed(told)) = &mut saying.event.kind {
        let name = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        told.names =
            vec![e::PersonName { given: name(person.given), family: name(person.family), ..Default::default() }];
        told.birth_on = Some(person.born);
        told.sex = coded(person.sex);
        told.addresses = vec![e::Address { postcode: name(person.postcode), ..Default::default() }];
    }
    saying
}

/// Five shares: exact, variant, close, near, different.
type Shares = [f64; 5];

/// With a name, a surname and a birth date that agree two records are one child's; a surname that does not makes it a person's
/// to decide.
pub fn parameters(surname_different: f64) -> Vec<u8> {
    parameters_with(surname_different, 50)
}

/// Of which a value that more records share than so many finds nobody.
pub fn parameters_with(surname_different: f64, block_records_max: u32) -> Vec<u8> {
    use l::{Kind, Part};
    let one: Shares = [0.8, 0.08, 0.05, 0.03, 0.04];
    let two: Shares = [0.001, 0.002, 0.002, 0.005, 0.99];
    let surname: Shares = [0.8, 0.08, 0.05, 0.03, surname_different];
    let home: Shares = [0.6, 0.05, 0.03, 0.02, 0.3];
    let field = |name: &str, kind: Kind, of_one: Shares, share_of_others: f64| l::Field {
        name: name.to_owned(),
        kind: kind.into(),
        of_one: of_one.into(),
        of_two: two.into(),
        said: 1_000,
        shares: Vec::new(),
        share_of_others,
    };
    let fields = vec![
        field("given_name", Kind::GivenName, one, 0.001),
        field("middle_names", Kind::MiddleName, one, 0.001),
        field("surname", Kind::Surname, surname, 0.001),
        field("birth_date", Kind::BirthDate, one, 0.0003),
        field("sex", Kind::Sex, [0.96, 0.01, 0.01, 0.01, 0.01], 0.5),
        field("postcode", Kind::Postcode, home, 0.01),
        field("house", Kind::House, home, 0.01),
        field("nhs_number", Kind::NhsNumber, one, 0.000_001),
        field("upn", Kind::Upn, one, 0.000_001),
        field("uln", Kind::Uln, one, 0.000_001),
        field("local_id", Kind::Local, one, 0.000_001),
    ];
    let rule = |keys: &[(u32, Part)]| l::Rule {
        keys: keys.iter().map(|(field, part)| l::Key { field: *field, part: (*part).into() }).collect(),
    };
    let rules = vec![
        rule(&[(3, Part::Whole), (0, Part::Whole)]),
        rule(&[(3, Part::Whole), (2, Part::Whole)]),
        rule(&[(5, Part::Whole), (3, Part::YearAndMonth)]),
    ];
    l::Parameters { format: 1, fields, prior: 0.000_1, rules, records: 1_000, block_records_max }.encode_to_vec()
}

/// That these are adopted.
pub fn adopted(parameters: Vec<u8>) -> Fact {
    let version = Parameters::from_bytes(&parameters).unwrap().version();
    let adopted = e::LinkingParametersAdopted {
        version: Some(version.to_vec()),
        parameters: Some(parameters),
        automatic: Some(0.95),
        review: Some(0.85),
        decided_by: Some("somebody.invented".into()),
        ..Default::default()
    };
    fact(&linking::subject(), adopted)
}
