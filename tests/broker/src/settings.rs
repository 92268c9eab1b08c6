//! A node's properties.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::certificates::Papers;
use crate::people::{People, SUPER_USER, TOKEN_AUDIENCE, TOKEN_ISSUER};
use crate::{Kind, Plan};

/// Clients', brokers' and controllers'.
pub(crate) const PORTS_A_NODE: usize = 3;

/// Where ports are looked for: outside the range from which the system gives them out, and below those of the tests' own
/// processes, so that a node that is down for a while finds its own still free.
const PORTS: std::ops::Range<u16> = 10_000..20_000;

/// What was given to a node of this process before: one that is still starting listens on nothing yet.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

pub(crate) fn free_ports(count: usize) -> Result<Vec<u16>> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut held = Vec::new();
    for _ in 0..10_000 {
        if held.len() == count {
            break;
        }
        let port = rand::random_range(PORTS);
        if given.contains(&port) {
            continue;
        }
        // Held until all are found, so that none is found twice.
        held.extend(TcpListener::bind(("127.0.0.1", port)).ok().map(|listener| (port, listener)));
    }
    given.extend(held.iter().map(|(port, _)| *port));
    (held.len() == count).then(|| held.iter().map(|(port, _)| *port).collect()).context("no free ports")
}

/// Where clients begin.
pub(crate) fn bootstrap(ports: &[u16]) -> String {
    let first = ports.chunks(PORTS_A_NODE).filter_map(|own| own.first());
    first.map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
}

/// The properties of the node at that place, with its own ports among all.
pub(crate) fn of(
    plan: &Plan,
    place: usize,
    own: &[u16],
    all: &[u16],
    papers: &Papers,
    people: &People,
) -> Result<String> {
    let &[client, broker, controller] = own else { anyhow::bail!("{PORTS_A_NODE} ports a node") };
    let protocol = match plan.kind {
        Kind::Plaintext => "PLAINTEXT",
        Kind::Tls => "SSL",
        Kind::SaslSsl => "SASL_SSL",
    };
    let voters: Vec<String> = all
        .chunks(PORTS_A_NODE)
        .enumerate()
        .filter_map(|(place, ports)| Some(format!("{}@127.0.0.1:{}", place + 1, ports.get(2)?)))
        .collect();
    let mut text = format!(
        "node.id={}
listeners=CLIENT://127.0.0.1:{client},BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{client},BROKER://127.0.0.1:{broker}
listener.security.protocol.map=CLIENT:{protocol},BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
controller.quorum.voters={}
",
        place + 1,
        voters.join(",")
    );
    if plan.nodes >= 3 {
        text += "default.replication.factor=3\nmin.insync.replicas=2\noffsets.topic.replication.factor=3\n";
        text += "transaction.state.log.replication.factor=3\ntransaction.state.log.min.isr=2\n";
    }
    if plan.kind != Kind::Plaintext {
        write!(
            text,
            "listener.name.client.ssl.keystore.type=PEM
listener.name.client.ssl.keystore.location={}
listener.name.client.ssl.truststore.type=PEM
listener.name.client.ssl.truststore.location={}
listener.name.client.ssl.client.auth={}
",
            papers.keystore().display(),
            papers.ca().display(),
            if plan.kind == Kind::Tls { "required" } else { "none" },
        )?;
    }
    if plan.kind == Kind::SaslSsl {
        sasl(&mut text, people)?;
    }
    for (key, value) in &plan.settings {
        writeln!(text, "{key}={value}")?;
    }
    Ok(text)
}

fn sasl(text: &mut String, people: &People) -> Result<()> {
    // Nodes talk among themselves in clear, on ports of their own: there they are nobody, and nobody may all. Clients come in
    // by the other port, where everybody is somebody.
    Ok(write!(
        text,
        "sasl.enabled.mechanisms=SCRAM-SHA-512,OAUTHBEARER
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.client.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.client.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.client.oauthbearer.sasl.oauthbearer.jwks.endpoint.url=file://{}
listener.name.client.oauthbearer.sasl.oauthbearer.expected.audience={TOKEN_AUDIENCE}
listener.name.client.oauthbearer.sasl.oauthbearer.expected.issuer={TOKEN_ISSUER}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{SUPER_USER};User:ANONYMOUS
allow.everyone.if.no.acl.found=false
",
        people.token_keys().display()
    )?)
}
