//! What a cluster's topics must be and who may do what to them, and the steps from what it has to that.
//!
//! [`Wanted`] is read from a file (`deploy/kafka/topics.toml`); [`Plan`] is the difference, computed without I/O; [`find`]
//! and [`apply`] are the two ends of it on a cluster. Nothing here deletes a topic, lowers a retention or changes a number of
//! partitions, and what already breaks the positions is refused.

mod plan;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::admin::{Acl, Admin, AdminError, FoundTopic};
use crate::position::Topic;

pub use plan::{Kind, Plan, Step, plan};
pub use wanted::{Role, TopicsFileError, Wanted};

/// How long a cluster may take to show what it was told.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What a cluster has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// Its topics of ours.
    pub topics: BTreeMap<Topic, FoundTopic>,
    /// Every ACL that it keeps; `None` when it has no authorizer, and whoever reaches it may do everything.
    pub acls: Option<BTreeSet<Acl>>,
}

/// Why a plan was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Something that the cluster has breaks the positions.
    #[error("nothing was changed, because the log would not hold: {}", .0.said(Kind::Refused).join("; "))]
    Refused(Box<Plan>),
    /// The cluster could not be asked or changed. What was done before stands, and it can be applied again.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The cluster does not show what it was told.
    #[error("the cluster took every change, and {} s later does not show: {}", SHOWN_WITHIN.as_secs(), .0.join("; "))]
    NotShown(Vec<String>),
}

/// What the cluster has now.
///
/// # Errors
/// When it cannot be asked, or this principal may not see it.
pub async fn find(admin: &mut Admin, wanted: &Wanted) -> Result<Found, AdminError> {
    Ok(Found { topics: find_topics(admin, &wanted.prefix).await?, acls: admin.acls().await? })
}

/// The topics alone, for whoever may not see the ACLs.
pub(super) async fn find_topics(admin: &mut Admin, prefix: &str) -> Result<BTreeMap<Topic, FoundTopic>, AdminError> {
    let names = Topic::ALL.map(|topic| format!("{prefix}{topic}"));
    let mut named = admin.topics_with_configs(&names.each_ref().map(String::as_str)).await?;
    Ok(Topic::ALL.into_iter().zip(names).filter_map(|(topic, name)| Some((topic, named.remove(&name)?))).collect())
}

/// What keeps a log from being on these topics, a line each.
pub(super) fn broken_or_missing(found: &BTreeMap<Topic, FoundTopic>) -> Vec<String> {
    let of = |topic: Topic| match found.get(&topic) {
        None => vec![format!("{topic} is not there")],
        Some(found) => plan::broken(topic, found).into_iter().map(|broken| format!("{topic} {broken}")).collect(),
    };
    Topic::ALL.into_iter().flat_map(of).collect()
}

/// Makes the cluster what is wanted, and returns what was to be done once the cluster shows it. ACLs beyond what is wanted
/// are taken away only if `remove_acls`.
///
/// # Errors
/// [`ApplyError::Refused`] before anything is changed, naming each topic that breaks the positions.
pub async fn apply(admin: &mut Admin, wanted: &Wanted, remove_acls: bool) -> Result<Plan, ApplyError> {
    let to_do = plan(wanted, &find(admin, wanted).await?);
    if to_do.is_refused() {
        return Err(ApplyError::Refused(Box::new(to_do)));
    }
    admin.create_topics(&to_do.new_topics).await?;
    for (topic, configs) in &to_do.new_configs {
        admin.alter_configs(topic, configs).await?;
    }
    admin.create_acls(&to_do.new_acls).await?;
    if remove_acls {
        admin.delete_acls(&to_do.surplus_acls).await?;
    }
    let is_open = |step: &Step| match step.kind {
        Kind::CreateTopic | Kind::SetConfig | Kind::AddAcl => true,
        Kind::SurplusAcl => remove_acls,
        Kind::Refused | Kind::NotChanged | Kind::WiderAcl => false,
    };
    let until = Instant::now() + SHOWN_WITHIN;
    loop {
        let found = find(admin, wanted).await?;
        let left = plan(wanted, &found);
        let open: Vec<String> = left.steps.iter().filter(|step| is_open(step)).map(Step::to_string).collect();
        if open.is_empty() && found.topics.values().all(|topic| topic.led) {
            return Ok(to_do);
        }
        if Instant::now() >= until {
            return Err(ApplyError::NotShown(open));
        }
        sleep(LOOK_AGAIN_AFTER).await;
    }
}
