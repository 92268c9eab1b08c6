//! One explanation, three times over: for a program, for somebody at work, and for the child or a parent. All three are made of
//! the rules of which the answer itself could tell, so none says more than the others.

use std::collections::BTreeSet;

use proto::timeline::{ExplainDecisionResponse, ForFamily, ForMachine, ForPractitioner, RuleTold};
use sharing::{Engine, Rule};

use super::Audience;

/// Who reads an explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reader {
    Staff,
    /// The child, or somebody of the family.
    Family,
    Auditor(Audience),
}

/// Puts the forms for this reader into an explanation; none where nothing was given.
pub(super) fn put(answer: &mut ExplainDecisionResponse, engine: &Engine, reader: Reader) {
    if answer.entries == 0 && answer.lines == 0 {
        return;
    }
    if reader != Reader::Staff {
        answer.for_family = Some(for_family(answer, engine));
    }
    if reader == Reader::Family {
        plainly(answer, engine);
        return;
    }
    answer.for_practitioner = Some(for_practitioner(answer));
    answer.for_machine = Some(for_machine(answer, engine, reader));
}

fn rule<'e>(told: &RuleTold, engine: &'e Engine, policy_in_force: bool) -> Option<&'e Rule> {
    engine.rule(&told.id).filter(|_| policy_in_force)
}

fn for_machine(answer: &ExplainDecisionResponse, engine: &Engine, reader: Reader) -> ForMachine {
    let told = || answer.permitted_by.iter().chain(&answer.withheld_by);
    let facts: BTreeSet<&String> = told()
        .filter_map(|told| rule(told, engine, answer.policy_in_force))
        .flat_map(|rule| &rule.facts_told)
        .collect();
    let audited = answer.audited.as_ref().filter(|_| reader == Reader::Auditor(Audience::ServingAuditor));
    ForMachine {
        rules: told().map(|rule| rule.id.clone()).collect(),
        facts: facts.into_iter().cloned().collect(),
        policy_hash: answer.policy_hash.clone(),
        positions: audited.map(|audited| audited.positions.clone()).unwrap_or_default(),
    }
}

fn for_practitioner(answer: &ExplainDecisionResponse) -> ForPractitioner {
    let says = |rules: &[RuleTold]| {
        let says = rules.iter().map(|rule| if rule.says.is_empty() { &rule.id } else { &rule.says });
        says.cloned().collect::<Vec<_>>().join("; and ")
    };
    let (let_in, kept_back) = (says(&answer.permitted_by), says(&answer.withheld_by));
    let mut sentence = match let_in.as_str() {
        "" => "You may see this under the sharing rules".to_owned(),
        let_in => format!("You may see this because of this: {let_in}"),
    };
    let is_part = !answer.withheld_by.is_empty() || !answer.field_groups.is_empty();
    if is_part {
        sentence.push_str(match kept_back.as_str() {
            "" => ". Part of it is kept back",
            _ => ". Part of it is kept back because of this: ",
        });
        sentence.push_str(&kept_back);
    }
    sentence.push('.');
    ForPractitioner { sentence, ask: if is_part { answer.ask.clone() } else { String::new() } }
}

fn for_family(answer: &ExplainDecisionResponse, engine: &Engine) -> ForFamily {
    let plain = |told: &RuleTold| rule(told, engine, answer.policy_in_force).map(|rule| rule.plain.clone());
    let mut sentences = vec![match answer.entries {
        0 => "Somebody was told which services know you, and not what they wrote.".to_owned(),
        1 => "One thing from the record was shown.".to_owned(),
        entries => format!("{entries} things from the record were shown."),
    }];
    sentences.extend(answer.permitted_by.iter().filter_map(plain));
    let is_part = !answer.withheld_by.is_empty() || !answer.field_groups.is_empty();
    if is_part {
        sentences.push("Some of it was left out.".to_owned());
        sentences.extend(answer.withheld_by.iter().filter(|told| told.id.starts_with('R')).filter_map(plain));
    }
    sentences.extend(answer.field_groups.iter().map(|group| {
        let left_out = match group.as_str() {
            "location" => "We left out where people can be found.",
            "third_party" => "We left out what is about other people.",
            _ => "We left out what somebody wrote in their own words.",
        };
        left_out.to_owned()
    }));
    if is_part && !answer.ask.is_empty() {
        sentences.push(format!("If you want to know more, ask here: {}.", answer.ask));
    }
    ForFamily { sentences }
}

/// The whole explanation in plain English: a family reads no practitioner's sentence beside their own.
fn plainly(answer: &mut ExplainDecisionResponse, engine: &Engine) {
    let policy_in_force = answer.policy_in_force;
    for told in answer.permitted_by.iter_mut().chain(&mut answer.withheld_by) {
        told.says = rule(told, engine, policy_in_force).map(|rule| rule.plain.clone()).unwrap_or_default();
    }
    answer.summary = answer.for_family.as_ref().map(|family| family.sentences.clone()).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(engine: &Engine) -> ExplainDecisionResponse {
        let told = |id: &str| {
            let rule = engine.rule(id).unwrap();
            RuleTold { id: rule.id.clone(), says: rule.say.clone(), law: rule.law.clone() }
        };
        ExplainDecisionResponse {
            entries: 3,
            permitted_by: vec![told("P01-own-record")],
            withheld_by: vec![told("R02-third-party")],
            field_groups: vec!["third_party".into()],
            ask: "the information hub, invented".into(),
            policy_hash: engine.policy_hash().to_vec(),
            policy_in_force: true,
            ..ExplainDecisionResponse::default()
        }
    }

    #[test]
    fn each_reader_gets_the_form_that_is_theirs() {
        let engine = Engine::load().unwrap();
        let of = |reader| {
            let mut answer = given(&engine);
            put(&mut answer, &engine, reader);
            answer
        };
        let staff = of(Reader::Staff);
        assert!(staff.for_family.is_none());
        let sentence = staff.for_practitioner.unwrap();
        assert!(sentence.sentence.contains("own organisation's record") && sentence.ask.contains("hub"));
        let machine = staff.for_machine.unwrap();
        assert_eq!(machine.rules, ["P01-own-record", "R02-third-party"]);
        assert!(machine.facts.contains(&"resource.thirdParty".to_owned()) && machine.positions.is_empty());
        let family = of(Reader::Family);
        assert!(family.for_practitioner.is_none() && family.for_machine.is_none());
        let sentences = family.for_family.unwrap().sentences;
        assert_eq!(family.summary, sentences);
        assert!(
            sentences.contains(&"This part is about somebody else, so we left it out.".to_owned()),
            "{sentences:?}"
        );
        let auditor = of(Reader::Auditor(Audience::Auditor));
        assert!(auditor.for_family.is_some() && auditor.for_practitioner.is_some() && auditor.for_machine.is_some());
    }

    #[test]
    fn where_nothing_was_given_nobody_gets_any() {
        let engine = Engine::load().unwrap();
        for reader in [Reader::Staff, Reader::Family, Reader::Auditor(Audience::ServingAuditor)] {
            let nothing = ExplainDecisionResponse { entries: 0, ..given(&engine) };
            let mut told = nothing.clone();
            put(&mut told, &engine, reader);
            assert_eq!(told, nothing);
        }
    }

    #[test]
    fn every_rule_is_said_so_that_a_child_of_twelve_reads_it() {
        let engine = Engine::load().unwrap();
        // Words of the trade, which nobody of twelve knows.
        let trade = ["s47", "EHC", "DSL", "Caldicott", "statutory", "disclos", "pursuant", "consent ", "basis", "s17"];
        for rule in engine.rules() {
            let plain = &rule.plain;
            assert!(plain.ends_with('.') && plain.starts_with(char::is_uppercase), "{}: {plain}", rule.id);
            assert!(!trade.iter().any(|word| plain.contains(word)), "{}: {plain}", rule.id);
            let longest =
                plain.split(['.', ':']).map(|sentence| sentence.split_whitespace().count()).max().unwrap_or(0);
            assert!(longest <= 26, "{}: a sentence of {longest} words", rule.id);
        }
    }
}
