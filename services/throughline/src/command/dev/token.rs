//! `throughline dev token`

use std::path::PathBuf;

use anyhow::Context;

use super::authority::{self, Person};
use super::init::write_reader;
use crate::output;
use crate::reader::Reader;

/// Issue a token for another person, or for other roles, of an organisation that `dev init` set up.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The folder that `dev init` wrote.
    #[arg(long, default_value = "throughline-dev")]
    out: PathBuf,
    /// The organisation's id.
    #[arg(long, value_parser = file_name)]
    organisation: String,
    /// The person, as the organisation names them.
    #[arg(long, default_value = "invented.reader")]
    person: String,
    /// Their roles, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = ROLES)]
    roles: Vec<String>,
    /// Whether they work for the organisation, or are a parent, a carer or a young person. Of whom, is what is recorded of them
    /// (`FamilyPersonRecognised`, `ParentalResponsibilityVerified`), and only an organisation that vouches for people may say it.
    #[arg(long, default_value = "staff", value_parser = ["staff", "family"])]
    standing: String,
    /// The reader's name, for `throughline timeline --as`.
    #[arg(long, value_parser = file_name)]
    name: String,
    /// How many hours it holds.
    #[arg(long, default_value_t = 12, value_parser = authority::hours())]
    hours: u64,
}

/// The roles that the service knows.
const ROLES: [&str; 12] = [
    "safeguarding",
    "case_holding",
    "clinical",
    "school_pastoral",
    "school_admin",
    "send_team",
    "adoption_team",
    "auditor",
    "identity_reviewer",
    "commissioning",
    "brokerage",
    "information_governance",
];

/// A name that a file beside the others can have.
fn file_name(name: &str) -> Result<String, &'static str> {
    if name.is_empty() || name.starts_with('.') || name.contains('/') {
        return Err("a name is not empty, does not begin with a full stop and has no `/`");
    }
    Ok(name.to_owned())
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let organisation = &arguments.organisation;
    let key = arguments.out.join("organisations").join(organisation).join("token-issuer.key");
    let private = std::fs::read_to_string(&key)
        .with_context(|| format!("`{}` cannot be read: did `dev init` set up this organisation?", key.display()))?;
    let first = Reader::load(&arguments.out.join("readers").join(format!("{organisation}.toml")))?;
    let roles: Vec<&str> = arguments.roles.iter().map(String::as_str).collect();
    let person = Person {
        issuer: &authority::token_issuer(organisation),
        name: &arguments.person,
        standing: &arguments.standing,
        roles: &roles,
        hours: arguments.hours,
    };
    let token = authority::token(&private, &person)?;
    write_reader(&arguments.out, &arguments.name, organisation, &token, &first.service)?;
    output::line(&format!("token: ok, ask as `{}`", arguments.name))
}
