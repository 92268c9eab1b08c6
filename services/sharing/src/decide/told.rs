//! Who may be told of which fact: whoever may see the class of record that it came from, and nobody else.

use crate::decide::Decision;
use crate::vocabulary::{Category, Outcome};

/// Where a fact that the rules read came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// From the reader, or from what everybody may know, or it is the class itself that the reader is told of.
    Reader,
    /// From what is recorded of the sharing of a class: told with its content.
    Content,
    /// From records of this category: told to whoever sees the content of one.
    Records(Category),
    /// From what no reader is told of: that somebody's whereabouts are protected, another child's affairs.
    Nobody,
}

/// Every attribute that the schema of the rules has. One that is not here is told to nobody.
const FACTS: &[(&str, From)] = &[
    ("principal.active", From::Reader),
    ("principal.kind", From::Reader),
    ("principal.org", From::Reader),
    ("principal.org.designated", From::Reader),
    ("principal.org.sector", From::Reader),
    ("principal.roles", From::Reader),
    ("principal.trained", From::Reader),
    ("resource.category", From::Reader),
    ("resource.labels", From::Reader),
    ("resource.location", From::Reader),
    ("resource.retentionExpired", From::Reader),
    ("resource.source", From::Reader),
    ("resource.source.designated", From::Reader),
    ("resource.source.sector", From::Reader),
    ("resource.thirdParty", From::Reader),
    ("resource.child.competent", From::Records(Category::Identity)),
    ("resource.child.cin", From::Records(Category::SocialCareCase)),
    ("resource.child.cpPlan", From::Records(Category::ChildProtection)),
    ("resource.child.deceased", From::Records(Category::Identity)),
    ("resource.child.ehcp", From::Records(Category::Ehcp)),
    ("resource.child.ehcRequestOpen", From::Records(Category::Ehcp)),
    ("resource.child.lacksCapacityForEducation", From::Records(Category::Identity)),
    ("resource.child.lacksCompetence", From::Records(Category::Identity)),
    ("resource.child.maybe25", From::Records(Category::Identity)),
    ("resource.child.maybeAdult", From::Records(Category::Identity)),
    ("resource.child.maybePastCompulsorySchoolAge", From::Records(Category::Identity)),
    ("resource.child.optedOut", From::Nobody),
    ("resource.child.protectedAddress", From::Nobody),
    ("resource.child.s47Open", From::Records(Category::ChildProtection)),
    // A birth that is expected is known from the mother's own records.
    ("resource.child.unborn", From::Nobody),
    ("context.addressCleared", From::Reader),
    ("context.askedCin", From::Nobody),
    ("context.askedCpPlan", From::Nobody),
    ("context.askedInvolvement", From::Nobody),
    ("context.askedS47Open", From::Nobody),
    ("context.breakGlass", From::Reader),
    ("context.brokersPackage", From::Reader),
    ("context.consent", From::Content),
    ("context.contestedFact", From::Nobody),
    ("context.detriment", From::Content),
    ("context.dsa", From::Reader),
    ("context.dutyToShareInForce", From::Reader),
    ("context.endsFact", From::Reader),
    ("context.fact", From::Reader),
    ("context.grants", From::Reader),
    ("context.involvement", From::Reader),
    ("context.looksAfter", From::Records(Category::LookedAfter)),
    ("context.opensForSelf", From::Reader),
    ("context.ownAct", From::Reader),
    ("context.partOfPair", From::Reader),
    ("context.prRestricted", From::Nobody),
    ("context.processes", From::Reader),
    ("context.purpose", From::Reader),
    ("context.runsService", From::Reader),
    ("context.standings", From::Reader),
    ("context.steppedUp", From::Reader),
    ("context.thirdPartyInvolved", From::Reader),
];

impl Decision {
    /// Whether the reader may be told of a fact, of a class of which they get this much.
    pub(super) fn may_be_told(&self, fact: &str, outcome: Outcome) -> bool {
        let from = FACTS.iter().find(|(name, _)| *name == fact).map_or(From::Nobody, |(_, from)| *from);
        match from {
            From::Reader => true,
            From::Content => outcome >= Outcome::Redacted,
            From::Records(category) => {
                let mut classes = self.classes.iter();
                classes.any(|(class, of)| class.category == category && of.ruling.outcome >= Outcome::Redacted)
            }
            From::Nobody => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cedar_policy::SchemaFragment;
    use serde_json::Value;

    use super::FACTS;

    const SCHEMA: &str = include_str!("../../rules/share.cedarschema");

    fn attributes(of: &Value) -> Vec<String> {
        let declared = of.get("attributes").or_else(|| of.get("shape")?.get("attributes"));
        declared.and_then(Value::as_object).unwrap().keys().cloned().collect()
    }

    #[test]
    fn of_every_fact_it_is_said_who_may_be_told() {
        let (fragment, _) = SchemaFragment::from_cedarschema_str(SCHEMA).unwrap();
        let schema = fragment.to_json_value().unwrap();
        let share = &schema["Share"];
        let entity = |name: &str| attributes(&share["entityTypes"][name]);
        let mut expected: BTreeSet<String> = BTreeSet::from(["principal.roles".to_owned()]);
        let mut all = |under: &str, names: Vec<String>| {
            expected.extend(names.into_iter().map(|name| format!("{under}.{name}")));
        };
        all("principal", entity("Staff"));
        all("principal", entity("Person"));
        all("principal.org", entity("Org"));
        all("resource", entity("RecordClass"));
        all("resource.source", entity("Org"));
        all("resource.child", entity("Child"));
        all("context", attributes(&share["commonTypes"]["Facts"]));
        // Nothing compares the child itself.
        expected.remove("resource.child");
        let said: BTreeSet<String> = FACTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(said, expected, "in `FACTS` of src/decide/told.rs, and in the schema");
    }
}
