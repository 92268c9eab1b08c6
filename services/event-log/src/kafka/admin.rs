//! What an administrator asks of a cluster: topics, their configuration, and who may do what.
//!
//! One small client over `kafka-protocol`, one connection, one request at a time: librdkafka's Rust interface has no ACLs
//! and alters configurations only as a whole. In KRaft every broker passes what changes the cluster on to the
//! controller, so any broker will do. `docs/decisions/0020-admin-client.md` says why there is not more of it.

mod acl;
pub(in crate::kafka) mod channel;
mod sasl;

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    CreateAclsRequest, CreateTopicsRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeConfigsRequest,
    IncrementalAlterConfigsRequest, MetadataRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::Connection;
use channel::Channel;

pub use acl::{Acl, Operation, Pattern, Permission, Resource};

/// What a broker may take over one change, in milliseconds.
const CHANGE_MS_MAX: i32 = 20_000;
/// A value that was set on the topic itself, and is not a broker's default.
const SET_ON_TOPIC: i8 = 1;
const CONFIG_OF_TOPIC: i8 = 2;
const SET: i8 = 0;

/// Why a cluster could not be asked or changed. Names brokers, topics and principals, never a secret or a record.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A file of the connection.
    #[error("`{file}` {what}")]
    File {
        /// Its path.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The broker did not answer, or not in time.
    #[error("broker {broker} cannot be asked: {because}")]
    Unavailable {
        /// `host:port`.
        broker: String,
        /// What happened.
        because: String,
    },
    /// The broker said no.
    #[error("broker {broker} refuses to {what}: {because}")]
    Refused {
        /// `host:port`.
        broker: String,
        /// What was asked.
        what: String,
        /// What the broker said.
        because: String,
    },
    /// The broker speaks otherwise than this client.
    #[error("broker {broker} is not understood: {what}")]
    NotUnderstood {
        /// `host:port`.
        broker: String,
        /// What was not understood.
        what: String,
    },
}

/// A topic as the cluster has it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FoundTopic {
    /// How many partitions.
    pub partitions: usize,
    /// The fewest replicas that any partition has.
    pub replicas: usize,
    /// Whether every partition has a leader.
    pub led: bool,
    /// By name: the value in force, and whether it was set on the topic itself.
    pub configs: BTreeMap<String, FoundConfig>,
}

/// A topic's configuration value as the cluster has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundConfig {
    /// In force.
    pub value: String,
    /// Set on the topic itself, so that no change of a broker's default alters it.
    pub own: bool,
}

/// A topic to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// How many copies of each.
    pub replicas: i16,
    /// Its configuration.
    pub configs: BTreeMap<String, String>,
}

/// A connection to one broker, as an administrator.
#[derive(Debug)]
pub struct Admin {
    channel: Channel,
}

impl Admin {
    /// Connects to the first broker of the connection that answers, and says who this is.
    ///
    /// # Errors
    /// [`AdminError::File`] for a certificate, key or password that cannot be read; what the last broker said, when none
    /// could be asked; [`AdminError::Refused`] at once, since another broker would say the same.
    pub async fn connect(connection: &Connection) -> Result<Self, AdminError> {
        Ok(Self { channel: Channel::open(connection).await? })
    }

    /// `host:port` of every broker, as they tell clients to reach them.
    ///
    /// # Errors
    /// When the broker cannot be asked.
    pub async fn brokers(&mut self) -> Result<Vec<String>, AdminError> {
        let no_topics = MetadataRequest::default().with_topics(Some(Vec::new())).with_allow_auto_topic_creation(false);
        let brokers = self.channel.ask(no_topics).await?.brokers;
        Ok(brokers.into_iter().map(|broker| format!("{}:{}", &*broker.host, broker.port)).collect())
    }

    /// The topics of these names that the cluster has, without their configuration.
    ///
    /// # Errors
    /// [`AdminError::Refused`] names a topic that this principal may not see.
    pub async fn topics(&mut self, names: &[&str]) -> Result<BTreeMap<String, FoundTopic>, AdminError> {
        let asked =
            names.iter().map(|name| MetadataRequestTopic::default().with_name(Some(topic_name(name)))).collect();
        let request = MetadataRequest::default().with_topics(Some(asked)).with_allow_auto_topic_creation(false);
        let mut found = BTreeMap::new();
        for topic in self.channel.ask(request).await?.topics {
            let name = topic.name.map(|name| name.to_string()).unwrap_or_default();
            if topic.error_code == ResponseError::UnknownTopicOrPartition.code() {
                continue;
            }
            // A topic that has just been made may have no leader yet: it is there all the same.
            if topic.error_code != ResponseError::LeaderNotAvailable.code() {
                self.said(&format!("describe topic {name}"), topic.error_code, None)?;
            }
            let replicas = topic.partitions.iter().map(|partition| partition.replica_nodes.len()).min().unwrap_or(0);
            let led = topic.partitions.iter().all(|partition| partition.leader_id.0 >= 0);
            let partitions = topic.partitions.len();
            found.insert(name, FoundTopic { partitions, replicas, led, configs: BTreeMap::new() });
        }
        Ok(found)
    }

    /// As [`Self::topics`], with their configuration.
    ///
    /// # Errors
    /// As [`Self::topics`].
    pub async fn topics_with_configs(&mut self, names: &[&str]) -> Result<BTreeMap<String, FoundTopic>, AdminError> {
        let mut found = self.topics(names).await?;
        let asked = found.keys().map(|name| {
            DescribeConfigsResource::default()
                .with_resource_type(CONFIG_OF_TOPIC)
                .with_resource_name(text(name))
                .with_configuration_keys(None)
        });
        let request = DescribeConfigsRequest::default().with_resources(asked.collect());
        if request.resources.is_empty() {
            return Ok(found);
        }
        for topic in self.channel.ask(request).await?.results {
            let what = format!("describe the configuration of topic {}", &*topic.resource_name);
            self.said(&what, topic.error_code, topic.error_message)?;
            let Some(found) = found.get_mut(&*topic.resource_name) else { continue };
            for config in topic.configs {
                let value = config.value.map(|value| value.to_string()).unwrap_or_default();
                let own = config.config_source == SET_ON_TOPIC;
                found.configs.insert(config.name.to_string(), FoundConfig { value, own });
            }
        }
        Ok(found)
    }

    /// Makes topics. One that is there already is left as it is.
    ///
    /// # Errors
    /// [`AdminError::Refused`] names the topic and says why.
    pub async fn create_topics(&mut self, topics: &[NewTopic]) -> Result<(), AdminError> {
        let new = topics.iter().map(|topic| {
            let configs = topic.configs.iter().map(|(name, value)| {
                CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
            });
            CreatableTopic::default()
                .with_name(topic_name(&topic.name))
                .with_num_partitions(topic.partitions)
                .with_replication_factor(topic.replicas)
                .with_configs(configs.collect())
        });
        let request = CreateTopicsRequest::default().with_topics(new.collect()).with_timeout_ms(CHANGE_MS_MAX);
        if request.topics.is_empty() {
            return Ok(());
        }
        for topic in self.channel.ask(request).await?.topics {
            if topic.error_code != ResponseError::TopicAlreadyExists.code() {
                let what = format!("create topic {}", topic.name.as_str());
                self.said(&what, topic.error_code, topic.error_message)?;
            }
        }
        Ok(())
    }

    /// Sets these values of a topic's configuration, and leaves its others alone.
    ///
    /// # Errors
    /// [`AdminError::Refused`] names the topic and says why.
    pub async fn alter_configs(&mut self, topic: &str, configs: &BTreeMap<String, String>) -> Result<(), AdminError> {
        let configs = configs.iter().map(|(name, value)| {
            AlterableConfig::default().with_name(text(name)).with_config_operation(SET).with_value(Some(text(value)))
        });
        let resource = AlterConfigsResource::default()
            .with_resource_type(CONFIG_OF_TOPIC)
            .with_resource_name(text(topic))
            .with_configs(configs.collect());
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        for altered in self.channel.ask(request).await?.responses {
            self.said(&format!("configure topic {topic}"), altered.error_code, altered.error_message)?;
        }
        Ok(())
    }

    /// Every ACL that the cluster keeps; `None` when it has no authorizer.
    ///
    /// # Errors
    /// [`AdminError::Refused`] when this principal may not see them.
    pub async fn acls(&mut self) -> Result<Option<BTreeSet<Acl>>, AdminError> {
        const ANY: i8 = 1;
        let request = DescribeAclsRequest::default()
            .with_resource_type_filter(ANY)
            .with_resource_name_filter(None)
            .with_pattern_type_filter(ANY)
            .with_principal_filter(None)
            .with_host_filter(None)
            .with_operation(ANY)
            .with_permission_type(ANY);
        let answer = self.channel.ask(request).await?;
        if answer.error_code == ResponseError::SecurityDisabled.code() {
            return Ok(None);
        }
        self.said("describe ACLs", answer.error_code, answer.error_message)?;
        let mut found = BTreeSet::new();
        for resource in answer.resources {
            for one in resource.acls {
                found.insert(Acl {
                    principal: one.principal.to_string(),
                    resource: Resource(resource.resource_type),
                    name: resource.resource_name.to_string(),
                    pattern: Pattern(resource.pattern_type),
                    operation: Operation(one.operation),
                    permission: Permission(one.permission_type),
                    host: one.host.to_string(),
                });
            }
        }
        Ok(Some(found))
    }

    /// Adds ACLs. One that is there already is left as it is.
    ///
    /// # Errors
    /// [`AdminError::Refused`] names the ACL.
    pub async fn create_acls(&mut self, acls: &[Acl]) -> Result<(), AdminError> {
        let creations = acls.iter().map(|one| {
            AclCreation::default()
                .with_resource_type(one.resource.0)
                .with_resource_name(text(&one.name))
                .with_resource_pattern_type(one.pattern.0)
                .with_principal(text(&one.principal))
                .with_host(text(&one.host))
                .with_operation(one.operation.0)
                .with_permission_type(one.permission.0)
        });
        let request = CreateAclsRequest::default().with_creations(creations.collect());
        if request.creations.is_empty() {
            return Ok(());
        }
        for (acl, said) in acls.iter().zip(self.channel.ask(request).await?.results) {
            self.said(&format!("add the ACL `{acl}`"), said.error_code, said.error_message)?;
        }
        Ok(())
    }

    /// Takes away exactly these ACLs.
    ///
    /// # Errors
    /// [`AdminError::Refused`] names the ACL.
    pub async fn delete_acls(&mut self, acls: &[Acl]) -> Result<(), AdminError> {
        let filters = acls.iter().map(|one| {
            DeleteAclsFilter::default()
                .with_resource_type_filter(one.resource.0)
                .with_resource_name_filter(Some(text(&one.name)))
                .with_pattern_type_filter(one.pattern.0)
                .with_principal_filter(Some(text(&one.principal)))
                .with_host_filter(Some(text(&one.host)))
                .with_operation(one.operation.0)
                .with_permission_type(one.permission.0)
        });
        let request = DeleteAclsRequest::default().with_filters(filters.collect());
        if request.filters.is_empty() {
            return Ok(());
        }
        for (acl, said) in acls.iter().zip(self.channel.ask(request).await?.filter_results) {
            let what = format!("remove the ACL `{acl}`");
            self.said(&what, said.error_code, said.error_message)?;
            for removed in said.matching_acls {
                self.said(&what, removed.error_code, removed.error_message)?;
            }
        }
        Ok(())
    }

    fn said(&self, what: &str, code: i16, message: Option<StrBytes>) -> Result<(), AdminError> {
        self.channel.said(what, code, message)
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}
