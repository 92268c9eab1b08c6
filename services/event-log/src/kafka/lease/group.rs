//! A member of a lease's group, in Kafka's own protocol for groups.
//!
//! The coordinator makes one member the leader of each generation, tells it who there is and what each says, and gives each
//! what the leader says it gets. Here a member says who it is and whether it holds the lease; the leader gives it to whoever
//! holds it, else to the first, and tells everyone who that is.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError as Code;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    FindCoordinatorRequest, GroupId, HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Standing;
use crate::kafka::Connection;
use crate::kafka::admin::AdminError;
use crate::kafka::admin::channel::Channel;

const PROTOCOL_TYPE: &str = "throughline";
const PROTOCOL: &str = "lease-1";
const COORDINATES_GROUPS: i8 = 0;
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const LEFT_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct Member {
    connection: Connection,
    group: String,
    session: Duration,
    tell: watch::Sender<Standing>,
    /// As the coordinator knows it; empty until it does.
    id: StrBytes,
    generation: i32,
    holds: bool,
}

/// Why this member is not one for now.
enum Out {
    /// Begin again by joining, as who it is.
    Rejoin,
    /// The coordinator knows it no more: begin again as a new member.
    Forgotten,
    /// Another broker coordinates, or this one is not reached.
    Elsewhere(String),
    /// It may not.
    Refused(String),
}

impl From<AdminError> for Out {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Unavailable { .. } => Self::Elsewhere(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl Member {
    pub(super) fn new(connection: Connection, group: String, session: Duration, tell: watch::Sender<Standing>) -> Self {
        Self { connection, group, session, tell, id: StrBytes::default(), generation: -1, holds: false }
    }

    /// Belongs to the group until told to stop, and then leaves it.
    pub(super) async fn attend(mut self, stop: CancellationToken) {
        let stopped = stop.clone();
        let _ = stopped.run_until_cancelled(self.belong()).await;
        // From here on nothing is appended, so that whoever gets it next finds nobody at it.
        self.tell(None, None);
        if !self.id.is_empty() {
            let _ = tokio::time::timeout(LEFT_WITHIN, self.leave()).await;
        }
    }

    async fn belong(&mut self) {
        let mut channel = None;
        loop {
            match self.turn(&mut channel).await {
                Ok(()) | Err(Out::Rejoin) => {}
                Err(Out::Forgotten) => {
                    self.id = StrBytes::default();
                    self.lose();
                }
                Err(Out::Elsewhere(why)) => {
                    tracing::debug!(group = self.group, "the coordinator of a lease is not reached: {why}");
                    channel = None;
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                Err(Out::Refused(because)) => {
                    tracing::error!(group = self.group, "a lease is refused: {because}");
                    channel = None;
                    self.lose();
                    self.tell.send_modify(|standing| standing.refused = Some(because));
                    tokio::time::sleep(self.session).await;
                }
            }
        }
    }

    /// Joins, and is heard from until something changes.
    async fn turn(&mut self, channel: &mut Option<Channel>) -> Result<(), Out> {
        let channel = match channel {
            Some(channel) => channel,
            none => none.insert(self.coordinator().await?),
        };
        // Who was a member before the connection broke still is one, until the coordinator says otherwise.
        if self.generation < 0 || self.id.is_empty() {
            self.join(channel).await?;
        }
        loop {
            if let Err(out) = self.heartbeat(channel).await {
                if !matches!(out, Out::Elsewhere(_)) {
                    self.generation = -1;
                }
                return Err(out);
            }
            tokio::time::sleep(self.session / 5).await;
        }
    }

    async fn coordinator(&self) -> Result<Channel, Out> {
        let request = FindCoordinatorRequest::default()
            .with_key_type(COORDINATES_GROUPS)
            .with_coordinator_keys(vec![text(&self.group)]);
        let found = async {
            let answer = Channel::open(&self.connection).await?.ask(request).await?;
            let Some(found) = answer.coordinators.into_iter().next() else {
                return Err(Out::Elsewhere("no coordinator was named".to_owned()));
            };
            said(found.error_code, &self.group)?;
            let bootstrap = format!("{}:{}", &*found.host, found.port);
            Ok(Channel::open(&Connection { bootstrap, ..self.connection.clone() }).await?)
        };
        within(self.session, found).await
    }

    async fn join(&mut self, channel: &mut Channel) -> Result<(), Out> {
        let session = i32::try_from(self.session.as_millis()).unwrap_or(i32::MAX);
        let protocol = JoinGroupRequestProtocol::default()
            .with_name(StrBytes::from_static_str(PROTOCOL))
            .with_metadata(words(self.is_held(), &self.connection.client_id));
        let request = JoinGroupRequest::default()
            .with_group_id(self.group_id())
            .with_session_timeout_ms(session)
            // Longer than a session: a holder that does not join again is put out by its silence and never sooner, so that
            // it has stopped by its own clock before another is given the lease.
            .with_rebalance_timeout_ms(session.saturating_mul(2))
            .with_member_id(self.id.clone())
            .with_protocol_type(StrBytes::from_static_str(PROTOCOL_TYPE))
            .with_protocols(vec![protocol]);
        let joined = channel.ask(request).await?;
        if Code::try_from_code(joined.error_code) == Some(Code::MemberIdRequired) {
            self.id = joined.member_id;
            return Err(Out::Rejoin);
        }
        said(joined.error_code, &self.group)?;
        self.id = joined.member_id.clone();
        self.generation = joined.generation_id;
        let leads = joined.leader == joined.member_id;
        let assignments = if leads { assign(&joined.members) } else { Vec::new() };
        let request = SyncGroupRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(self.id.clone())
            .with_protocol_type(Some(StrBytes::from_static_str(PROTOCOL_TYPE)))
            .with_protocol_name(Some(StrBytes::from_static_str(PROTOCOL)))
            .with_assignments(assignments);
        let asked = Instant::now();
        let synced = channel.ask(request).await.map_err(Out::from).and_then(|synced| {
            said(synced.error_code, &self.group)?;
            Ok(synced)
        });
        let synced = match synced {
            Ok(synced) => synced,
            Err(out) => {
                // Without what it gets it is no member of this generation.
                self.generation = -1;
                return Err(out);
            }
        };
        let (holds, holder) = read(&synced.assignment);
        if holds && !self.holds {
            tracing::info!(group = self.group, "this process holds the lease");
        } else if !holds {
            tracing::info!(group = self.group, holder, "another process holds the lease: waiting");
        }
        self.holds = holds;
        self.tell(holds.then(|| asked + self.session), Some(holder));
        Ok(())
    }

    async fn heartbeat(&mut self, channel: &mut Channel) -> Result<(), Out> {
        let request = HeartbeatRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(self.id.clone());
        let asked = Instant::now();
        let answer = within(self.session / 2, async { Ok(channel.ask(request).await?) }).await?;
        said(answer.error_code, &self.group)?;
        if self.holds {
            self.tell.send_if_modified(|standing| {
                // Nobody needs to be told that it still is held.
                let had_lapsed = !standing.is_held();
                standing.until = Some(asked + self.session);
                had_lapsed
            });
        }
        Ok(())
    }

    async fn leave(&self) -> Result<(), Out> {
        let member = MemberIdentity::default().with_member_id(self.id.clone());
        let request = LeaveGroupRequest::default().with_group_id(self.group_id()).with_members(vec![member]);
        self.coordinator().await?.ask(request).await?;
        Ok(())
    }

    fn is_held(&self) -> bool {
        self.holds && self.tell.borrow().is_held()
    }

    fn lose(&mut self) {
        self.generation = -1;
        if std::mem::take(&mut self.holds) {
            tracing::warn!(group = self.group, "this process lost the lease");
        }
        self.tell(None, None);
    }

    fn tell(&self, until: Option<Instant>, holder: Option<String>) {
        self.tell.send_replace(Standing { until, holder, refused: None });
    }

    fn group_id(&self) -> GroupId {
        GroupId(text(&self.group))
    }
}

/// What a member says of itself, and what it is given: whether it holds the lease, and a name.
fn words(holds: bool, name: &str) -> Bytes {
    let mut words = vec![u8::from(holds)];
    words.extend_from_slice(name.as_bytes());
    words.into()
}

fn read(words: &[u8]) -> (bool, String) {
    match words.split_first() {
        Some((holds, name)) => (*holds == 1, String::from_utf8_lossy(name).into_owned()),
        None => (false, String::new()),
    }
}

/// Whoever holds it keeps it; else the first gets it, in the coordinator's order.
fn assign(members: &[JoinGroupResponseMember]) -> Vec<SyncGroupRequestAssignment> {
    let holder = members.iter().find(|member| read(&member.metadata).0).or(members.first());
    let Some(holder) = holder else { return Vec::new() };
    let (_, name) = read(&holder.metadata);
    let given = |member: &JoinGroupResponseMember| {
        SyncGroupRequestAssignment::default()
            .with_member_id(member.member_id.clone())
            .with_assignment(words(member.member_id == holder.member_id, &name))
    };
    members.iter().map(given).collect()
}

fn said(code: i16, group: &str) -> Result<(), Out> {
    let Some(code) = Code::try_from_code(code) else { return Ok(()) };
    Err(match code {
        Code::RebalanceInProgress => Out::Rejoin,
        // The others went on without it: who knows to whom the lease was given.
        Code::UnknownMemberId | Code::IllegalGeneration | Code::FencedInstanceId => Out::Forgotten,
        Code::GroupAuthorizationFailed
        | Code::InconsistentGroupProtocol
        | Code::InvalidGroupId
        | Code::InvalidSessionTimeout
        | Code::GroupMaxSizeReached => Out::Refused(format!("the lease, group {group}, is not to be had: {code}")),
        other => Out::Elsewhere(other.to_string()),
    })
}

async fn within<T>(at_most: Duration, asked: impl Future<Output = Result<T, Out>>) -> Result<T, Out> {
    let late = || Err(Out::Elsewhere(format!("nothing came within {} s", at_most.as_secs())));
    tokio::time::timeout(at_most, asked).await.unwrap_or_else(|_| late())
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &'static str, holds: bool) -> JoinGroupResponseMember {
        JoinGroupResponseMember::default()
            .with_member_id(StrBytes::from_static_str(id))
            .with_metadata(words(holds, &format!("process {id}")))
    }

    fn assigned(members: &[JoinGroupResponseMember]) -> Vec<(String, bool, String)> {
        assign(members)
            .into_iter()
            .map(|given| {
                let (holds, name) = read(&given.assignment);
                (given.member_id.to_string(), holds, name)
            })
            .collect()
    }

    #[test]
    fn whoever_holds_it_keeps_it_and_everyone_is_told_who_that_is() {
        let of = |id: &str, holds, holder: &str| (id.to_owned(), holds, format!("process {holder}"));
        let kept = [member("a", false), member("b", true), member("c", false)];
        assert_eq!(assigned(&kept), [of("a", false, "b"), of("b", true, "b"), of("c", false, "b")]);
        let free = [member("a", false), member("b", false)];
        assert_eq!(assigned(&free), [of("a", true, "a"), of("b", false, "a")]);
        // Never two, whatever they say.
        let both = [member("a", true), member("b", true)];
        assert_eq!(assigned(&both).into_iter().filter(|(_, holds, _)| *holds).count(), 1);
        assert!(assigned(&[]).is_empty());
    }

    #[test]
    fn words_that_nobody_of_ours_says_give_nothing() {
        assert_eq!(read(&[]), (false, String::new()));
        assert!(!read(&[2, b'a']).0);
        assert_eq!(read(&words(true, "a")), (true, "a".to_owned()));
    }
}
