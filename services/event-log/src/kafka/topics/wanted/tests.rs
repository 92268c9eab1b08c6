use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

const SHIPPED: &str = include_str!("../../../../../../deploy/kafka/topics.toml");

fn problems(text: &str) -> Vec<String> {
    Wanted::read(text).unwrap_err().0
}

/// The shipped file, with one piece of it said otherwise.
fn changed(from: &str, to: &str) -> String {
    assert!(SHIPPED.contains(from), "{from}");
    SHIPPED.replacen(from, to, 1)
}

#[test]
fn the_shipped_file_says_nine_topics_four_roles_and_the_connectors() {
    let wanted = Wanted::shipped().unwrap();
    assert_eq!(wanted.replication, 3);
    assert_eq!(wanted.topics.len(), 9);
    let names = |are_sources: bool| {
        let names = wanted.roles.iter().map(|role| role.name.as_str());
        names.filter(|name| sector_of(name).is_some() == are_sources).collect::<Vec<_>>()
    };
    assert_eq!(names(false), ["admin", "auditor", "log-copy", "serve"]);
    let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
    let folders = fs::read_dir(connectors).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let folders: Vec<String> = folders.collect();
    let of_no_connector: Vec<_> = names(true).into_iter().filter(|name| !folders.iter().any(|at| at == name)).collect();
    assert!(of_no_connector.is_empty() && names(true).len() >= 10, "{of_no_connector:?} of {:?}", names(true));
    assert_eq!(wanted.topics[&Topic::Keys]["cleanup.policy"], "compact");
    assert_eq!(wanted.topics[&Topic::Health]["cleanup.policy"], "delete");
}

#[test]
fn nobody_is_given_what_would_take_records_away_or_reach_beyond_the_log() {
    for acl in Wanted::shipped().unwrap().acls() {
        let takes_away = [Operation::ALL, Operation::DELETE, Operation::CLUSTER_ACTION].contains(&acl.operation);
        let alters_topic = acl.resource == Resource::TOPIC && acl.operation == Operation::ALTER;
        assert!(!takes_away && !alters_topic, "{acl}");
        assert!(acl.pattern == Pattern::LITERAL && acl.name != "*" && acl.principal != "User:*", "{acl}");
    }
}

#[test]
fn only_its_own_sector_is_written_by_a_connector_and_none_by_the_service() {
    let wanted = Wanted::shipped().unwrap();
    let sectors = [Topic::Education, Topic::SocialCare, Topic::Health];
    for role in &wanted.roles {
        let written =
            |topic: &Topic| role.rights.contains(&(Resource::TOPIC, topic.name().to_owned(), Operation::WRITE));
        let expected = match (sector_of(&role.name), role.name.as_str()) {
            (Some(sector), _) => sector_topic(sector).into_iter().collect(),
            (None, "log-copy") => sectors.to_vec(),
            (None, _) => vec![],
        };
        assert_eq!(sectors.into_iter().filter(written).collect::<Vec<_>>(), expected, "{}", role.name);
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let text = r#"
        partitions = 12
        replication = 0
        speed = 3

        [config]
        "retention.ms" = 604800000
        "retention.bytes" = -1
        "message.timestamp.type" = "LogAppendTime"
        "unclean.leader.election.enable" = false
        "cleanup.policy" = "delete"
        "max.message.bytes" = 1_000_000
        "min.insync.replicas" = []

        [topics."throughline.education.v1"]
        [topics."throughline.school.v1"]

        [roles.school]
        principals = ["User:*", "school"]
        read = ["throughline.school.v1"]
        delete = ["every topic"]
        groups = ["school"]
        cluster = ["alter", "create"]

        [sources]
        education-toy = ["toy"]
        libraries = ["User:libraries"]
        health-toy = "User:toy"
    "#;
    assert_eq!(
        problems(text),
        [
            "`partitions` must be 16: another number breaks every position",
            "`replication` must be a whole number of copies, 1 or more",
            "`config.\"min.insync.replicas\"` must be a text, a number, true or false",
            "`topics.\"throughline.social-care.v1\"` is missing",
            "`topics.\"throughline.health.v1\"` is missing",
            "`topics.\"throughline.identity.v1\"` is missing",
            "`topics.\"throughline.sharing.v1\"` is missing",
            "`topics.\"throughline.disclosure.v1\"` is missing",
            "`topics.\"throughline.quarantine.v1\"` is missing",
            "`topics.\"throughline.keys.v1\"` is missing",
            "`topics.\"throughline.reference.v1\"` is missing",
            "`topics.throughline.school.v1` is no topic of the log",
            "`roles.school.principals` must each be `User:` and a name, and never everybody",
            "`roles.school.read` names `throughline.school.v1`: no topic of the log, or twice",
            "`roles.school.groups` must each begin with `throughline.`",
            "`roles.school.cluster` may hold `describe` and `alter`",
            "`roles.school.delete` is not known here (known: cluster, groups, principals, read, write, create, describe, \
             describe_configs, alter_configs)",
            "`sources.education-toy` must each be `User:` and a name, and never everybody",
            "`sources.health-toy` must be a list of texts",
            "`sources.libraries` must begin with its sector: education-, social-care- or health-",
            "`speed` is not known here (known: config, partitions, replication, roles, sources, topics)",
            "`topics.\"throughline.keys.v1\".\"cleanup.policy\"` must be `compact`, so that a destroyed key's bytes go and no \
             key is lost",
            "`config.\"compression.type\"` must be `uncompressed`, or a small batch could unpack to more than readers hold",
            "`config.\"max.message.bytes\"` must be 1002048 or more: the largest record and what is around it",
            "`config.\"retention.ms\"` must be `-1`, or records would be deleted by age",
            "`config.\"min.insync.replicas\"` must be a whole number from 1 to 0, the copies that there are",
        ]
    );
}

#[test]
fn a_principal_has_one_role() {
    let text = changed("principals = [\"User:throughline-auditor\"]", "principals = [\"User:throughline-serve\"]");
    let expected = "`serve` names `User:throughline-serve`, which has the role `auditor`: a principal has one";
    assert_eq!(problems(&text), [expected]);
    let text = changed("[\"User:throughline-health-fhir\"]", "[\"User:throughline-serve\"]");
    let expected = "`serve` names `User:throughline-serve`, which has the role `health-fhir`: a principal has one";
    assert_eq!(problems(&text), [expected]);
}

#[test]
fn what_would_break_the_positions_is_refused_of_any_topic() {
    for (key, value) in [
        ("cleanup.policy", "\"compact,delete\""),
        ("retention.ms", "86400000"),
        ("retention.bytes", "1"),
        ("message.timestamp.type", "\"CreateTime\""),
        ("unclean.leader.election.enable", "true"),
        ("compression.type", "\"lz4\""),
        ("max.message.bytes", "1000"),
    ] {
        for topic in [Topic::Health, Topic::Disclosure, Topic::Reference] {
            let section = format!("[topics.\"{topic}\"]");
            let found = problems(&changed(&section, &format!("{section}\n\"{key}\" = {value}")));
            let at = format!("`topics.\"{topic}\".\"{key}\"`");
            assert!(found.len() == 1 && found[0].starts_with(&at), "{found:?}");
        }
    }
}

#[test]
fn a_trial_on_one_node_has_one_copy_and_more_cannot_acknowledge_than_there_are() {
    let one = Wanted::shipped().unwrap().with_copies(Some(1), Some(1)).unwrap();
    assert_eq!((one.replication, one.topics[&Topic::Keys]["min.insync.replicas"].as_str()), (1, "1"));
    let refused = Wanted::shipped().unwrap().with_copies(Some(1), None).unwrap_err();
    assert_eq!(
        refused.0,
        ["`config.\"min.insync.replicas\"` must be a whole number from 1 to 1, the copies that there are"]
    );
}

proptest! {
    #[test]
    fn whatever_stands_in_the_file_is_read_or_refused(text in "\\PC*") {
        let _read_or_refused = Wanted::read(&text);
    }

    #[test]
    fn no_line_can_be_left_out_and_the_positions_be_lost(at in 0..SHIPPED.lines().count()) {
        let text: Vec<&str> = SHIPPED.lines().enumerate().filter(|(n, _)| *n != at).map(|(_, line)| line).collect();
        if let Ok(wanted) = Wanted::read(&text.join("\n")) {
            for configs in wanted.topics.values() {
                prop_assert_eq!(configs["retention.ms"].as_str(), "-1");
                prop_assert_eq!(configs["retention.bytes"].as_str(), "-1");
                prop_assert_eq!(configs["message.timestamp.type"].as_str(), "LogAppendTime");
            }
        }
    }
}
