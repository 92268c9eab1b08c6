//! What a cluster's topics must be before anything is read or written.

use std::time::{Duration, Instant};

use super::admin::{Admin, AdminError, FoundTopic};
use super::client::Names;
use super::{Connection, Times};
use crate::log::LogError;
use crate::position::{PARTITIONS, Topic};

const AGAIN_AFTER: Duration = Duration::from_millis(250);

impl From<AdminError> for LogError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Unavailable { .. } => Self::Unavailable { because: error.to_string() },
            other => Self::Refused { because: other.to_string() },
        }
    }
}

/// Looks at the topics until the cluster answers, or until `within` has passed.
pub(super) async fn check(
    connection: &Connection,
    topics: &[Topic],
    names: &Names,
    times: Times,
    within: Duration,
) -> Result<(), LogError> {
    let deadline = Instant::now() + within;
    loop {
        let looked = look(connection, topics, names, times);
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match tokio::time::timeout(left, looked).await {
            Ok(Err(LogError::Unavailable { because })) => LogError::Unavailable { because },
            Ok(ended) => return ended,
            Err(_) => LogError::Unavailable { because: format!("{} did not answer", connection.bootstrap) },
        };
        if Instant::now() + AGAIN_AFTER >= deadline {
            return Err(error);
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn look(connection: &Connection, topics: &[Topic], names: &Names, times: Times) -> Result<(), LogError> {
    let wanted: Vec<&str> = topics.iter().map(|topic| names.of(*topic)).collect();
    let found = Admin::connect(connection).await?.topics_with_configs(&wanted).await?;
    let mut problems = Vec::new();
    for topic in topics {
        let name = names.of(*topic);
        match found.get(name) {
            None => problems.push(format!("topic {name} is not there")),
            Some(found) => {
                problems.extend(unfit(*topic, times, found).into_iter().map(|p| format!("topic {name} {p}")))
            }
        }
    }
    // A topic that was made a moment ago may have no leader yet.
    match found.values().any(|topic| !topic.led) {
        _ if !problems.is_empty() => {
            let because = format!("{}: `throughline topics plan` shows what is to be done", problems.join("; "));
            Err(LogError::Refused { because })
        }
        true => Err(LogError::Unavailable { because: "a partition has no leader".to_owned() }),
        false => Ok(()),
    }
}

/// What of a topic would break positions or times.
fn unfit(topic: Topic, times: Times, found: &FoundTopic) -> Vec<String> {
    if found.partitions != usize::from(PARTITIONS) {
        return vec![format!("has {} partitions and not {PARTITIONS}", found.partitions)];
    }
    let policy = if topic == Topic::Keys && times == Times::OfTheBroker { "compact" } else { "delete" };
    let stamped = match times {
        Times::OfTheBroker => "LogAppendTime",
        Times::OfTheRecord => "CreateTime",
    };
    let must = [
        ("cleanup.policy", policy),
        ("retention.ms", "-1"),
        ("retention.bytes", "-1"),
        ("message.timestamp.type", stamped),
    ];
    let value = |name: &str| found.configs.get(name).map_or("unknown", |config| config.value.as_str());
    let is_right = |name: &str, wanted: &str| {
        // Compaction alone keeps to no retention; while records are copied, keys may be of either policy.
        let may_be_either = topic == Topic::Keys && times == Times::OfTheRecord && name == "cleanup.policy";
        value(name) == wanted || may_be_either || (topic == Topic::Keys && name.starts_with("retention."))
    };
    must.into_iter()
        .filter(|(name, wanted)| !is_right(name, wanted))
        .map(|(name, wanted)| format!("has {name}={} where it must be {wanted}", value(name)))
        .collect()
}
