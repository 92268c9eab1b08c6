//! `throughline sharing approve`, `withdraw` and `approvals`

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use anyhow::Context;
use proto::sharing::{
    ApprovePolicyRequest, GetPoliciesRequest, GetPoliciesResponse, PolicyStanding, WithdrawApprovalRequest,
};
use sharing::Engine;

use crate::command::asking::{AskingAs, refused};
use crate::command::block_on;
use crate::output::{self, Usage};

/// Approve the set of rules that this program carries, as one of the two people who must
///
/// For information governance at the organisation that runs the service. It shows the hash of the set, and every rule in which it
/// differs from the set that is in force; with --yes it does not ask. A service whose set is not approved refuses every reader, and
/// says POLICY_NOT_APPROVED: so approve the next version with its own program before it is rolled out. Several sets may be approved
/// at once.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline sharing approve --as approver-1\n  throughline sharing approve --as approver-2 --yes"
)]
pub(crate) struct Approve {
    #[command(flatten)]
    asking: AskingAs,
    /// Approve without being asked: for scripts, after the difference was read.
    #[arg(long)]
    yes: bool,
}

/// Take the approval of a set of rules back: a service that runs it refuses readers from now on
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline sharing withdraw 3f91c0de --because \"R05 lets a closed enquiry through\" --as approver-1"
)]
pub(crate) struct Withdraw {
    /// The hash of the set, or its beginning.
    policy: String,
    /// Why: it stands on the log.
    #[arg(long, value_name = "REASON")]
    because: String,
    #[command(flatten)]
    asking: AskingAs,
}

/// List the sets of rules that were run or approved, by whom, and which are in force
#[derive(clap::Args, Debug)]
pub(crate) struct Approvals {
    #[command(flatten)]
    asking: AskingAs,
    /// One JSON object a set.
    #[arg(long)]
    json: bool,
}

pub(crate) fn approve(arguments: &Approve) -> anyhow::Result<ExitCode> {
    let engine = Engine::load().context("the sharing rules of this program do not load")?;
    let hash = hex::encode(engine.policy_hash());
    let answer = block_on(async {
        let mut client = arguments.asking.policies().await?;
        let known = client.get_policies(GetPoliciesRequest {}).await.map_err(|status| refused(&status))?.into_inner();
        output::line(&format!("set of rules {hash}, with {} rules", engine.rules().count()))?;
        for line in difference(&engine, &known)? {
            output::line(&line)?;
        }
        if !arguments.yes && !confirmed(&hash)? {
            return Ok(None);
        }
        let request = ApprovePolicyRequest { policy_hash: engine.policy_hash().to_vec() };
        let answer = client.approve_policy(request).await.map_err(|status| refused(&status))?;
        anyhow::Ok(Some(answer.into_inner()))
    })?;
    match answer {
        Some(answer) => {
            output::line(&format!(
                "rules: ok approved {} by={} needed={}",
                short(&hash),
                answer.approvals,
                answer.needed
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Usage("not approved".to_owned()).into()),
    }
}

pub(crate) fn withdraw(arguments: &Withdraw) -> anyhow::Result<ExitCode> {
    let hash = block_on(async {
        let mut client = arguments.asking.policies().await?;
        let known = client.get_policies(GetPoliciesRequest {}).await.map_err(|status| refused(&status))?.into_inner();
        let begins = |policy: &&PolicyStanding| hex::encode(&policy.policy_hash).starts_with(&arguments.policy);
        let found: Vec<_> = known.policies.iter().filter(begins).collect();
        let [policy] = found.as_slice() else {
            return Err(Usage(format!(
                "{} sets of rules have a hash that begins so: `sharing approvals` lists them",
                found.len()
            ))
            .into());
        };
        let policy_hash = policy.policy_hash.clone();
        let request = WithdrawApprovalRequest { policy_hash: policy_hash.clone(), reason: arguments.because.clone() };
        client.withdraw_approval(request).await.map_err(|status| refused(&status))?;
        anyhow::Ok(hex::encode(policy_hash))
    })?;
    output::line(&format!("rules: ok withdrawn {}", short(&hash)))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn approvals(arguments: &Approvals) -> anyhow::Result<ExitCode> {
    let known = block_on(async {
        let mut client = arguments.asking.policies().await?;
        let known = client.get_policies(GetPoliciesRequest {}).await.map_err(|status| refused(&status))?;
        anyhow::Ok(known.into_inner())
    })?;
    let mut table = output::table(&["set of rules", "", "approved by", "rules"]);
    for policy in &known.policies {
        let hash = hex::encode(&policy.policy_hash);
        let by: Vec<&str> = policy.approved_by.iter().map(|by| by.person.as_str()).collect();
        let runs = policy.policy_hash == known.running;
        if arguments.json {
            let line = serde_json::json!({
                "policy_hash": hash, "running": runs, "in_force": policy.in_force, "approved_by": by,
                "kept": policy.set.is_some(),
            });
            output::line(&line.to_string())?;
            continue;
        }
        let standing = match (runs, policy.in_force) {
            (true, true) => "runs, in force",
            (true, false) => "runs, NOT APPROVED: readers are refused",
            (false, true) => "approved",
            (false, false) => "not approved",
        };
        let rules = policy.set.as_ref().map(|set| set.rules.matches("@id(").count().to_string());
        table.add_row([short(&hash), standing, &by.join(", "), &rules.unwrap_or_else(|| "never run".to_owned())]);
    }
    if !arguments.json {
        output::print(&table)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// In what this program's set differs from the one in force, a line or two a rule.
fn difference(ours: &Engine, known: &GetPoliciesResponse) -> anyhow::Result<Vec<String>> {
    let in_force = |policy: &&PolicyStanding| policy.in_force && policy.set.is_some();
    let running = known.policies.iter().filter(in_force).find(|policy| policy.policy_hash == known.running);
    let Some(policy) = running.or_else(|| known.policies.iter().rev().find(in_force)) else {
        return Ok(vec!["no set is in force to compare it with: read services/sharing/rules".to_owned()]);
    };
    let hash = hex::encode(&policy.policy_hash);
    if policy.policy_hash == ours.policy_hash() {
        return Ok(vec![format!("it is the set in force ({})", short(&hash))]);
    }
    let set = policy.set.clone().unwrap_or_default();
    let mut lines = vec![format!("against {}, which is in force:", short(&hash))];
    let tables = |set: &proto::sharing::RuleSet, name: &str| {
        set.tables.iter().find(|table| table.name == name).map(|table| table.text.clone())
    };
    for table in &ours.rule_set().tables {
        if tables(&set, &table.name).as_ref() != Some(&table.text) {
            lines.push(format!("~ the table {}", table.name));
        }
    }
    if set.schema != ours.rule_set().schema {
        lines.push("~ the schema: what the rules can read".to_owned());
    }
    let theirs = rules_of(&set.rules);
    let rules = rules_of(&ours.rule_set().rules);
    for (id, text) in &rules {
        match theirs.iter().find(|(other, _)| other == id) {
            None => lines.push(format!("+ {text}")),
            Some((_, before)) if before != text => lines.push(format!("- {before}\n+ {text}")),
            Some(_) => {}
        }
    }
    lines.extend(
        theirs
            .iter()
            .filter(|(id, _)| !rules.iter().any(|(other, _)| other == id))
            .map(|(_, text)| format!("- {text}")),
    );
    Ok(lines)
}

/// Each rule of a text, by its id, as it is written.
fn rules_of(text: &str) -> Vec<(String, String)> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let rules = code.join("\n");
    let each = rules.split("@id(\"").skip(1).filter_map(|rule| {
        let (id, rest) = rule.split_once('"')?;
        Some((id.to_owned(), format!("@id(\"{id}\"{}", rest.trim_end())))
    });
    each.collect()
}

/// Asks, where there is somebody to ask.
fn confirmed(hash: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Usage("there is nobody to ask: read the difference, and give --yes".to_owned()).into());
    }
    output::note(&format!("Type {} to approve it:", short(hash)));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == short(hash))
}

/// The beginning of a hash, which people read out to each other.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_from_the_set_in_force_is_told_rule_by_rule() {
        let ours = Engine::load().unwrap();
        let mut set = ours.rule_set().clone();
        set.rules =
            set.rules.replace("no purpose of use was stated", "nothing was stated").replace("@id(\"G02-", "@id(\"G60-");
        let in_force =
            PolicyStanding { policy_hash: vec![1; 32], in_force: true, set: Some(set), ..PolicyStanding::default() };
        let known = GetPoliciesResponse { running: vec![1; 32], policies: vec![in_force] };
        let told = difference(&ours, &known).unwrap();
        let marks: Vec<_> = told.iter().map(|line| line.get(..10).unwrap_or_default()).collect();
        assert_eq!(marks, ["against 01", "- @id(\"G01", "+ @id(\"G02", "- @id(\"G60"]);
        assert!(told[1].contains("nothing was stated") && told[1].contains("\n+ @id(\"G01"), "{}", told[1]);
        let known = GetPoliciesResponse::default();
        assert!(difference(&ours, &known).unwrap()[0].starts_with("no set is in force"));
    }
}
