//! `throughline explain`

use std::process::ExitCode;

use proto::sharing::Purpose;
use proto::timeline::{ExplainDecisionRequest, ExplainDecisionResponse};

use crate::command::asking::{AskingAs, as_json, refused, spelt};
use crate::command::block_on;
use crate::output::{self, Usage};

/// Ask the running service why an answer was as it was
///
/// From the record of the decision: the rules that let you in and those by which something was left out, what you owe, and
/// whom to ask. It says no more than the answer itself showed, and only to whoever got that answer: anybody else's decision
/// and one that there is not are refused in the same words. With --audit an auditor reads how any decision of their own
/// organisation was made, and nothing of the child.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline explain 019aab2c7d1e7f00b1c2d3e4f5061728 --as school-8784001\n\n\
    The id stands at the end of what `throughline timeline` and `throughline involvement` print.")]
pub(crate) struct Arguments {
    /// The decision, 32 hexadecimal digits.
    decision: String,
    #[command(flatten)]
    asking: AskingAs,
    /// As an auditor of the organisation.
    #[arg(long)]
    audit: bool,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let decision_id = hex::decode(arguments.decision.replace('-', "")).ok().filter(|id| id.len() == 16);
    let decision_id = decision_id.ok_or_else(|| Usage("a decision's id is 32 hexadecimal digits".to_owned()))?;
    let purpose = if arguments.audit { Purpose::Audit } else { Purpose::Unspecified };
    let request = ExplainDecisionRequest { decision_id, purpose: purpose.into() };
    block_on(async {
        let mut client = arguments.asking.client().await?;
        let answer = client.explain_decision(request).await.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json("ExplainDecisionResponse", &answer)?)?;
        } else {
            print(&answer)?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn print(answer: &ExplainDecisionResponse) -> anyhow::Result<()> {
    for sentence in &answer.summary {
        output::line(&output::plain(sentence))?;
    }
    let rules = answer.permitted_by.iter().map(|rule| ("let in", rule));
    let rules: Vec<_> = rules.chain(answer.withheld_by.iter().map(|rule| ("left out", rule))).collect();
    if !rules.is_empty() {
        let mut table = output::table(&["rule", "did", "because", "rests on"]);
        for (did, rule) in rules {
            output::add_row(&mut table, [rule.id.clone(), did.to_owned(), rule.says.clone(), rule.law.clone()]);
        }
        output::print(&table)?;
    }
    if let Some(said) = &answer.for_practitioner {
        output::line(&output::plain(&format!("in one sentence: {}", said.sentence)))?;
        if !said.ask.is_empty() {
            output::line(&output::plain(&format!("for the rest ask: {}", said.ask)))?;
        }
    }
    // To the family itself the sentences above are these.
    if let Some(said) = answer.for_family.as_ref().filter(|_| answer.audited.is_some()) {
        output::line(&output::plain(&format!("for the child or a parent: {}", said.sentences.join(" "))))?;
    }
    if let Some(said) = answer.for_machine.as_ref().filter(|said| !said.facts.is_empty()) {
        output::line(&output::plain(&format!("facts: {}", said.facts.join(" "))))?;
    }
    if let Some(audited) = &answer.audited {
        let classes = [
            ("full", audited.classes_full),
            ("redacted", audited.classes_redacted),
            ("existence", audited.classes_existence),
            ("hidden", audited.classes_hidden),
        ];
        let classes = classes.map(|(outcome, count)| format!("{outcome}={count}")).join(" ");
        let who = format!("{} at {}", audited.person, audited.organisation);
        output::line(&output::plain(&format!("audited: {who} classes: {classes}")))?;
    }
    output::line(&format!(
        "explained: {} of {} for {} policy={} explanation={}",
        hex::encode(&answer.decision_id),
        spelt(answer.call().as_str_name(), "CALL_"),
        spelt(answer.purpose().as_str_name(), "PURPOSE_"),
        hex::encode(answer.policy_hash.get(..8).unwrap_or_default()),
        hex::encode(&answer.explanation_id),
    ))
}
