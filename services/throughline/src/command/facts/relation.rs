//! `throughline facts relation`

use std::process::ExitCode;

use jiff::civil::Date;
use proto::events::{ParentalResponsibility, PersonName, RelationshipRecorded};

use super::child_of;
use super::saying::{HeldWord, KinWord, OfChild, date, day};

/// Record that somebody is a child's parent, step-parent, carer, brother or sister; `throughline facts end` ends it
///
/// Whom no feed names, or whom two feeds know by two numbers: `throughline family` then shows the children of one parent, and brothers and
/// sisters, together to whoever may know of each. It links nobody, and gives the person no right: that they hold parental responsibility
/// for this service is `throughline facts responsibility`. An organisation has one word on each two people, which stands as it was last
/// said. Say in --evidence what was seen.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline facts relation LA_CHILD_ID:878:12345 LA_CHILD_ID:878:P-77 --is parent --responsibility yes --source \"birth certificate\" --evidence \"seen 2026-11-02, copy in case file\" --purpose child_in_need --as la-878-social-care\n  \
    throughline facts relation LA_CHILD_ID:878:12345 UPN:dfe:B801200005001 --is half_sibling --evidence \"told by the mother, visit of 2026-11-02\" --purpose child_protection --as la-878-social-care"
)]
pub(crate) struct Relation {
    #[command(flatten)]
    of: OfChild,
    /// Who: a reference by which the same person is named in the records of other children, as SCHEME:ISSUER:VALUE.
    related: String,
    /// What they are to the child.
    #[arg(long)]
    is: KinWord,
    /// Their given name and family name.
    #[arg(long, num_args = 2, value_names = ["GIVEN", "FAMILY"])]
    name: Vec<String>,
    /// Whether they have parental responsibility, as you have it.
    #[arg(long, requires = "source")]
    responsibility: Option<HeldWord>,
    /// By what that is known: an order, a certificate.
    #[arg(long, requires = "responsibility")]
    source: Option<String>,
    /// They live with the child.
    #[arg(long)]
    lives_with_child: bool,
    /// Since which day. Left out: not known, or always.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// The last day, inclusive.
    #[arg(long, value_parser = day)]
    until: Option<Date>,
}

pub(super) fn relation(said: &Relation) -> anyhow::Result<ExitCode> {
    let name = match said.name.as_slice() {
        [given, family] => {
            Some(PersonName { given: Some(given.clone()), family: Some(family.clone()), ..PersonName::default() })
        }
        _ => None,
    };
    let responsibility = said.responsibility.as_ref().map(|held| ParentalResponsibility {
        held: held.0,
        source: said.source.clone().map(|text| proto::events::Coded { text: Some(text), ..Default::default() }),
        ..ParentalResponsibility::default()
    });
    said.of.record(RelationshipRecorded {
        related: Some(child_of(&said.related)?),
        kind: Some(said.is.0),
        name,
        parental_responsibility: responsibility,
        lives_with_child: said.lives_with_child.then_some(true),
        since_on: date(said.from),
        until_on: date(said.until),
        ..RelationshipRecorded::default()
    })
}
