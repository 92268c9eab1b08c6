//! `throughline sharing prove`

use std::process::ExitCode;
use std::time::Instant;

use sharing::prove::prove_those;

use super::rules::Rules;
use crate::output::{self, DIFFERS, Usage};

/// Prove what the rules have whatever the facts are: that no involvement is no data, that a break-glass opens no gate
///
/// The properties are written in rules/properties.cedar, a sentence each. Each is tried in every way that the facts could be
/// which a rule could tell apart; an attribute that a change adds is covered by itself. Where one does not hold, a situation in
/// which it does not is printed as a line of a file of cases, and the exit code is 4.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline sharing prove\n  throughline sharing prove --only I4 --rules my-rules/"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    rules: Rules,
    /// Only properties whose id begins so: I4.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// One JSON object a property.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let engine = arguments.rules.load()?;
    let began = Instant::now();
    let asked = |id: &str| arguments.only.is_empty() || arguments.only.iter().any(|of| id.starts_with(of.as_str()));
    let proofs = prove_those(&engine, asked)?;
    if proofs.is_empty() {
        return Err(Usage("no property has such an id".to_owned()).into());
    }
    let failed = proofs.iter().filter(|proof| proof.counterexample.is_some()).count();
    let mut table = output::table(&["property", "", "ways", "it says"]);
    for proof in &proofs {
        let proved = if proof.counterexample.is_none() { "proved" } else { "DOES NOT HOLD" };
        if arguments.json {
            let line = serde_json::json!({
                "id": proof.id, "says": proof.says, "ways": proof.ways, "proved": proof.counterexample.is_none(),
                "counterexample": proof.counterexample,
            });
            output::line(&line.to_string())?;
        } else {
            table.add_row([proof.id.clone(), proved.to_owned(), proof.ways.to_string(), proof.says.clone()]);
        }
    }
    if !arguments.json {
        output::print(&table)?;
        for proof in &proofs {
            if let Some(case) = &proof.counterexample {
                output::line(&format!("{} does not hold here:\n{case}", proof.id))?;
            }
        }
        let took = began.elapsed().as_secs_f64();
        output::line(&format!("sharing: {} proved, {failed} not, in {took:.1} s", proofs.len() - failed))?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) })
}
