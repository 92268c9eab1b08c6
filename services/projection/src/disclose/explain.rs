//! An explanation of a decision, from its record alone: nothing is read or decided again, so it can say no more than the
//! answer did.

mod readers;

use event_log::{Offset, Partition, Topic};
use std::collections::BTreeSet;

use proto::disclosure::Disclosure;
use proto::sharing::{Call, DenialReason, Purpose, RefusalToShare};
use proto::timeline::{Audited, ExplainDecisionResponse, RuleTold};
use sharing::{FieldGroup, Rule, RuleBits};

use super::involvement::day;
use super::owed::{recorded, words};
use super::watch::group_bit;
use super::{Discloser, Undisclosed, decision_id, digest};
use crate::replay::past;
use crate::serve::caller::{Caller, Standing};
use readers::Reader;

/// How much of a recorded decision somebody may be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Audience {
    /// Who got its answer.
    Reader,
    /// An auditor of a reading organisation. Its own token issuer says who that is, so they are told who was given what, and
    /// nothing that differs by what the reader was not shown.
    Auditor,
    /// An auditor of the organisation that runs the service.
    ServingAuditor,
}

/// Why an answer was as it was, for its reader or an auditor.
pub struct PermittedExplanation(ExplainDecisionResponse);

impl PermittedExplanation {
    /// The answer.
    pub fn into_answer(self) -> ExplainDecisionResponse {
        self.0
    }
}

impl Discloser {
    /// Explains a recorded decision to somebody who may be told of it: whoever got its answer, or an auditor.
    pub(crate) fn explain(
        &self,
        caller: &Caller,
        of: &Disclosure,
        audience: Audience,
        refusals: Vec<RefusalToShare>,
    ) -> Undisclosed<PermittedExplanation> {
        let audits = audience != Audience::Reader;
        let child = of.subjects.first().and_then(|id| id.first()).copied().unwrap_or_default();
        let decision_id = decision_id::new(&self.children.projector.pseudonyms, child % decision_id::BOOKS);
        let mut answer = self.explanation(of);
        answer.audited = audits.then(|| audited(of, audience));
        answer.refusals = refusals;
        let reader = match (audits, &caller.standing) {
            (true, _) => Reader::Auditor(audience),
            (false, Standing::Staff) => Reader::Staff,
            (false, _) => Reader::Family,
        };
        readers::put(&mut answer, &self.engine, reader);
        let record = Disclosure {
            decision_id: decision_id.to_vec(),
            organisation: caller.organisation.clone(),
            person: caller.person.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            purpose: if audits { Purpose::Audit.into() } else { of.purpose },
            subjects: of.subjects.iter().take(1).cloned().collect(),
            policy_hash: self.engine.policy_hash().to_vec(),
            call: Call::ExplainDecision.into(),
            explained: of.decision_id.clone(),
            answer_digest: digest::sixteen([prost::Message::encode_to_vec(&answer)]).to_vec(),
            ..Disclosure::default()
        };
        answer.explanation_id = decision_id.to_vec();
        Undisclosed::new(record, PermittedExplanation(answer))
    }

    fn explanation(&self, of: &Disclosure) -> ExplainDecisionResponse {
        let policy_in_force = of.policy_hash == self.engine.policy_hash();
        // Nothing given, nothing told: a record may be from when an empty answer still kept rules.
        let gave = of.entries_released > 0 || of.lines_released > 0;
        let told = if gave { (RuleBits::told(of), of.groups_withheld) } else { (RuleBits::default(), 0) };
        let (rules_told, groups_withheld) = told;
        let rules = self.rules_told(rules_told, policy_in_force);
        let (permitted_by, withheld_by) = rules.into_iter().partition(|rule: &RuleTold| rule.id.starts_with('P'));
        let groups = [FieldGroup::Location, FieldGroup::ThirdParty, FieldGroup::Narrative];
        // A record from before obligations stood on it owes what its rules say.
        let of_rules = self.engine.rules_of(rules_told).filter(|_| policy_in_force && of.obligations == 0);
        let owed = recorded(if gave { of.obligations } else { 0 });
        let owed: BTreeSet<_> = owed.chain(of_rules.flat_map(|rule| rule.obligations.iter().copied())).collect();
        let made_at_ms = <[u8; 16]>::try_from(of.decision_id.as_slice()).ok().and_then(decision_id::made_at_ms);
        let mut answer = ExplainDecisionResponse {
            decision_id: of.decision_id.clone(),
            decided_at: made_at_ms.map(|ms| prost_types::Timestamp {
                seconds: ms.div_euclid(1_000),
                nanos: i32::try_from(ms.rem_euclid(1_000) * 1_000_000).unwrap_or_default(),
            }),
            // A record without one is from when there were timelines only.
            call: if of.call == 0 { Call::GetTimeline.into() } else { of.call },
            purpose: of.purpose,
            valid_on: jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(of.valid_day)).ok().map(day),
            entries: of.entries_released,
            lines: of.lines_released,
            denied: of.denied,
            permitted_by,
            withheld_by,
            field_groups: groups
                .into_iter()
                .filter(|group| groups_withheld & group_bit(*group) != 0)
                .map(|group| group.name().to_owned())
                .collect(),
            obligations: words(owed.iter().copied()),
            owed: owed.iter().map(|obligation| (*obligation).into()).collect(),
            ask: self.hub_contact.clone(),
            policy_hash: of.policy_hash.clone(),
            policy_in_force,
            ..ExplainDecisionResponse::default()
        };
        answer.summary = summary(&answer);
        answer
    }

    /// The rules of some bits, quoted where they are still those that decided, and else by letter and number.
    fn rules_told(&self, bits: RuleBits, policy_in_force: bool) -> Vec<RuleTold> {
        if policy_in_force {
            let quote = |rule: &Rule| RuleTold { id: rule.id.clone(), says: rule.say.clone(), law: rule.law.clone() };
            return self.engine.rules_of(bits).map(quote).collect();
        }
        bits.numbers().map(|number| RuleTold { id: number.to_string(), ..RuleTold::default() }).collect()
    }
}

/// The explanation in sentences, for somebody who reads no field names.
fn summary(answer: &ExplainDecisionResponse) -> Vec<String> {
    let mut said = Vec::new();
    if answer.denied() != DenialReason::Unspecified {
        said.push("The request was refused as a whole, and nothing was given.".to_owned());
        return said;
    }
    if matches!(answer.call(), Call::RecordFact | Call::EndFact) {
        said.push("You recorded a fact, or asked whether you may: nothing of the child was given.".to_owned());
        said.extend(answer.permitted_by.iter().map(|rule| sentence("You may because", rule)));
        return said;
    }
    if answer.entries == 0 && answer.lines == 0 {
        said.push("There was nothing that you may be shown for this purpose.".to_owned());
        return said;
    }
    let what = match answer.call() {
        Call::GetInvolvement => format!("You were told of {} who work with the child", answer.lines),
        Call::ListFacts => format!("You were given {} facts on record", answer.entries),
        Call::GetFamily => format!("You were told {} things of a child's family", answer.lines),
        _ => format!(
            "You were given {} entries, and told of {} services by name or through the hub",
            answer.entries, answer.lines
        ),
    };
    said.push(format!("{what}."));
    for rule in &answer.permitted_by {
        said.push(sentence("You were let in because", rule));
    }
    for rule in &answer.withheld_by {
        said.push(sentence("Something was left out because", rule));
    }
    for group in &answer.field_groups {
        said.push(match group.as_str() {
            "location" => "Left out: where somebody can be found.".to_owned(),
            "third_party" => "Left out: what tells of somebody other than the child.".to_owned(),
            _ => "Left out: what somebody wrote in their own words.".to_owned(),
        });
    }
    for owed in &answer.obligations {
        said.push(match owed.as_str() {
            "justify" => "You owe a written reason.".to_owned(),
            "notify-caldicott-guardian" => "Your Caldicott Guardian or safeguarding lead must be told.".to_owned(),
            "review-72h" => "It must be reviewed within 72 hours.".to_owned(),
            other => format!("You owe: {other}."),
        });
    }
    if !answer.withheld_by.is_empty() || !answer.field_groups.is_empty() {
        said.push(format!("About what is left out ask whom the entry names; where it names nobody: {}.", answer.ask));
    }
    if !answer.policy_in_force {
        said.push("The rules have changed since: they are named here and not quoted.".to_owned());
    }
    said
}

fn sentence(head: &str, rule: &RuleTold) -> String {
    match rule.says.as_str() {
        "" => format!("{head} of rule {}.", rule.id),
        says => format!("{head}: {says} ({}).", rule.id),
    }
}

fn audited(of: &Disclosure, audience: Audience) -> Audited {
    let released = Audited {
        organisation: of.organisation.clone(),
        person: of.person.clone(),
        roles: of.roles.clone(),
        classes_full: of.classes_full,
        classes_redacted: of.classes_redacted,
        classes_existence: of.classes_existence,
        answer_digest: of.answer_digest.clone(),
        request_digest: of.request_digest.clone(),
        ..Audited::default()
    };
    if audience != Audience::ServingAuditor {
        return released;
    }
    Audited {
        classes_hidden: of.classes_hidden,
        positions: positions(of),
        outcomes_digest: of.outcomes_digest.clone(),
        ..released
    }
}

/// How far was read of each partition, as `positions` has it.
fn positions(of: &Disclosure) -> Vec<u64> {
    let Some(read_to) = of.basis.as_ref().and_then(|basis| past::unpack(&basis.read_to)) else {
        return of.positions.clone();
    };
    let packed = |((topic, partition), next): ((Topic, Partition), Offset)| {
        u64::from(topic as u8) << 56 | u64::from(partition.number()) << 48 | next
    };
    read_to.into_iter().map(packed).collect()
}
