use super::*;
use crate::kafka::admin::FoundConfig;

fn wanted() -> Wanted {
    Wanted::shipped().unwrap()
}

/// A cluster that is what the shipped file says.
fn made() -> Found {
    let wanted = wanted();
    let own = |(name, value): (&String, &String)| (name.clone(), FoundConfig { value: value.clone(), own: true });
    let topic = |(topic, configs): (&Topic, &BTreeMap<String, String>)| {
        let configs = configs.iter().map(own).collect();
        (*topic, FoundTopic { partitions: 16, replicas: 3, led: true, configs })
    };
    Found { topics: wanted.topics.iter().map(topic).collect(), acls: Some(wanted.acls()) }
}

fn acl(principal: &str, resource: Resource, name: &str, pattern: Pattern) -> Acl {
    Acl {
        principal: principal.to_owned(),
        resource,
        name: name.to_owned(),
        pattern,
        operation: Operation::READ,
        permission: Permission::ALLOW,
        host: "*".to_owned(),
    }
}

/// What is to be done about a cluster that differs in one setting of one topic.
fn with_config(topic: Topic, name: &str, value: &str) -> Vec<(Kind, String)> {
    let mut found = made();
    let configs = &mut found.topics.get_mut(&topic).unwrap().configs;
    configs.insert(name.to_owned(), FoundConfig { value: value.to_owned(), own: true });
    plan(&wanted(), &found).steps.into_iter().map(|step| (step.kind, step.what)).collect()
}

#[test]
fn a_cluster_that_is_as_wanted_needs_nothing() {
    let plan = plan(&wanted(), &made());
    assert_eq!(plan.steps, []);
    assert!(plan.is_nothing() && !plan.open_to_all);
}

#[test]
fn an_empty_cluster_gets_every_topic_and_every_acl_and_nothing_else() {
    let plan = plan(&wanted(), &Found { topics: BTreeMap::new(), acls: Some(BTreeSet::new()) });
    assert_eq!(plan.said(Kind::CreateTopic).len(), 9);
    assert_eq!(plan.new_acls.len(), wanted().acls().len());
    assert!(plan.steps.iter().all(|step| matches!(step.kind, Kind::CreateTopic | Kind::AddAcl)));
    assert_eq!(plan.new_topics.iter().map(|topic| topic.partitions).collect::<BTreeSet<_>>(), BTreeSet::from([16]));
}

#[test]
fn a_cluster_without_an_authorizer_is_said_to_be_open() {
    let plan = plan(&wanted(), &Found { acls: None, ..made() });
    assert!(plan.open_to_all && plan.is_nothing());
}

#[test]
fn what_breaks_the_positions_is_refused_and_named() {
    for partitions in [1, 15, 17, 32] {
        let mut found = made();
        found.topics.get_mut(&Topic::Sharing).unwrap().partitions = partitions;
        let plan = plan(&wanted(), &found);
        assert!(plan.is_refused());
        let expected = format!("throughline.sharing.v1 has {partitions} partitions and not 16");
        assert!(plan.said(Kind::Refused)[0].starts_with(&expected), "{:?}", plan.steps);
    }
    for (topic, name, value, is_refused) in [
        (Topic::Health, "retention.ms", "604800000", true),
        (Topic::Health, "retention.bytes", "1073741824", true),
        (Topic::Health, "cleanup.policy", "compact", true),
        (Topic::Health, "cleanup.policy", "compact,delete", true),
        (Topic::Keys, "cleanup.policy", "delete", false),
        (Topic::Keys, "retention.ms", "604800000", false),
        (Topic::Health, "message.timestamp.type", "CreateTime", false),
        (Topic::Health, "min.insync.replicas", "1", false),
    ] {
        let steps = with_config(topic, name, value);
        let refused = steps.iter().filter(|(kind, _)| *kind == Kind::Refused).count();
        assert_eq!(refused > 0, is_refused, "{topic} {name}={value}: {steps:?}");
        assert!(steps.iter().any(|(_, what)| what.contains(&format!("{name}="))), "{steps:?}");
    }
}

#[test]
fn keys_that_could_have_been_deleted_are_refused() {
    let mut found = made();
    let configs = &mut found.topics.get_mut(&Topic::Keys).unwrap().configs;
    configs.insert("cleanup.policy".to_owned(), FoundConfig { value: "compact,delete".to_owned(), own: true });
    configs.insert("retention.ms".to_owned(), FoundConfig { value: "604800000".to_owned(), own: false });
    assert!(plan(&wanted(), &found).is_refused());
}

#[test]
fn a_value_that_is_only_the_brokers_default_is_set() {
    let mut found = made();
    found.topics.get_mut(&Topic::Keys).unwrap().configs.get_mut("retention.bytes").unwrap().own = false;
    let plan = plan(&wanted(), &found);
    assert_eq!(
        plan.said(Kind::SetConfig),
        ["throughline.keys.v1 retention.bytes=-1 (now that by the broker's default only)"]
    );
    assert_eq!(plan.new_configs["throughline.keys.v1"].len(), 1);
}

#[test]
fn fewer_copies_are_shown_and_left() {
    let mut found = made();
    found.topics.get_mut(&Topic::Keys).unwrap().replicas = 1;
    let plan = plan(&wanted(), &found);
    assert_eq!(plan.said(Kind::NotChanged).len(), 1);
    assert!(!plan.is_nothing() && plan.new_configs.is_empty());
}

#[test]
fn acls_on_ours_or_of_ours_are_surplus_and_wider_ones_are_only_shown() {
    let cases = [
        (acl("User:somebody", Resource::TOPIC, "throughline.keys.v1", Pattern::LITERAL), Some(Kind::SurplusAcl)),
        (acl("User:somebody", Resource::TOPIC, "throughline.ke", Pattern::PREFIXED), Some(Kind::SurplusAcl)),
        (
            acl("User:somebody", Resource::GROUP, "throughline.lease.health-hl7v2", Pattern::LITERAL),
            Some(Kind::SurplusAcl),
        ),
        (acl("User:throughline-serve", Resource::TOPIC, "payroll", Pattern::LITERAL), Some(Kind::SurplusAcl)),
        (acl("User:throughline-serve", Resource::CLUSTER, "kafka-cluster", Pattern::LITERAL), Some(Kind::SurplusAcl)),
        (acl("User:monitor", Resource::TOPIC, "*", Pattern::LITERAL), Some(Kind::WiderAcl)),
        (acl("User:monitor", Resource::TOPIC, "through", Pattern::PREFIXED), Some(Kind::WiderAcl)),
        (acl("User:monitor", Resource::TOPIC, "throughput", Pattern::PREFIXED), None),
        (acl("User:payroll", Resource::TOPIC, "payroll", Pattern::LITERAL), None),
        (acl("User:payroll", Resource::CLUSTER, "kafka-cluster", Pattern::LITERAL), None),
    ];
    for (acl, expected) in cases {
        let mut found = made();
        found.acls.as_mut().unwrap().insert(acl.clone());
        let plan = plan(&wanted(), &found);
        assert_eq!(plan.steps.iter().map(|step| step.kind).collect::<Vec<_>>(), Vec::from_iter(expected), "{acl}");
        assert_eq!(plan.surplus_acls.len(), usize::from(expected == Some(Kind::SurplusAcl)), "{acl}");
    }
}

#[test]
fn an_acl_that_is_missing_is_added_and_said_by_principal_and_thing() {
    let mut found = made();
    let removed = |acl: &Acl| acl.principal == "User:throughline-serve" && acl.name == "throughline.keys.v1";
    found.acls.as_mut().unwrap().retain(|acl| !removed(acl));
    let plan = plan(&wanted(), &found);
    let expected = "topic throughline.keys.v1 User:throughline-serve allow read, write, describe_configs";
    assert_eq!(plan.said(Kind::AddAcl), [expected]);
    assert!(plan.new_acls.iter().all(removed) && plan.new_acls.len() == 3);
}

#[test]
fn an_installation_with_a_prefix_has_names_and_acls_of_its_own() {
    let wanted = wanted().with_prefix("second.");
    let first = made();
    let plan = plan(&wanted, &Found { topics: BTreeMap::new(), acls: first.acls });
    assert!(plan.new_topics.iter().all(|topic| topic.name.starts_with("second.throughline.")));
    let on_names = |acl: &&Acl| acl.resource != Resource::CLUSTER;
    assert!(plan.new_acls.iter().filter(on_names).all(|acl| acl.name.starts_with("second.throughline.")));
}
