//! The service itself, over TLS on the loopback, and a reader with a certificate and a token.

use super::House;
pub use super::clients::{Approver, Auditor, FactsWriter, Guard, Planner, Reader, Reviewer};
use async_trait::async_trait;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use projection::audit::Thresholds;
use projection::consume::Progress;
use projection::identities::Permitting;
use projection::notices::Noticed;
use projection::replay::{Replayer, RulesKept};
use projection::serve::admin::{AdminService, Operations, OperationsError};
use projection::serve::audits::AuditService;
use projection::serve::caller::AUDIENCE;
use projection::serve::erasures::ErasureService;
use projection::serve::facts::FactsService;
use projection::serve::identities::IdentityService;
use projection::serve::limits::Limits;
use projection::serve::listen::{self, Answering, Tls};
use projection::serve::page::PageTokens;
use projection::serve::policies::PolicyService;
use projection::serve::safeguards::SafeguardService;
use projection::serve::stream::Watches;
use projection::serve::timelines::{REASON_HEADER, TimelineService};
use proto::admin::{Fact, SourceStatus};
use proto::audit::audits_client::AuditsClient;
use proto::events::event::Kind;
use proto::identity::identities_client::IdentitiesClient;
use proto::planning::planning_client::PlanningClient;
use proto::quarantine::{Handled, Item};
use proto::sharing::facts_client::FactsClient;
use proto::sharing::policies_client::PoliciesClient;
use proto::sharing::safeguards_client::SafeguardsClient;
use proto::timeline::timelines_client::TimelinesClient;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PKCS_ED25519};
use runtime::health::Health;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

/// A certificate authority, and the key of everybody's tokens.
pub struct Papers {
    ca: String,
    issuer: Issuer<'static, KeyPair>,
    tokens: KeyPair,
}

/// A service that is listening until this is dropped.
pub struct Serving {
    address: SocketAddr,
    /// Of whoever calls.
    pub papers: Arc<Papers>,
    /// How far the consumer is, as the service is told.
    pub progress: watch::Sender<Progress>,
    /// What a reviewer of identity may be shown is decided by this.
    pub permitting: Permitting,
    /// The operator's service, called as its socket would call it.
    pub operator: AdminService,
    _stop: DropGuard,
}

/// A process without connectors.
struct NoConnectors;

#[async_trait]
impl Operations for NoConnectors {
    fn sources(&self) -> Vec<SourceStatus> {
        Vec::new()
    }

    fn not_accepting(&self) -> Option<String> {
        None
    }

    async fn quarantine_waiting(&self) -> Option<u64> {
        Some(0)
    }

    async fn quarantined(&self, _: bool) -> Result<Vec<(Item, Option<Handled>)>, OperationsError> {
        Ok(Vec::new())
    }

    fn tries_max(&self) -> u32 {
        3
    }

    async fn quarantine_item(&self, _: [u8; 16]) -> Result<Option<Item>, OperationsError> {
        Ok(None)
    }
}

impl Papers {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&key).unwrap().pem();
        let tokens = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        Self { ca, issuer: Issuer::new(params, key), tokens }
    }

    /// The organisation's record, with the key that its tokens are signed by.
    pub fn of(&self, mut organisation: Fact) -> Fact {
        if let Some(Kind::OrganisationRecorded(organisation)) =
            organisation.event.as_mut().and_then(|e| e.kind.as_mut())
        {
            organisation.token_issuer = Some(token_issuer(organisation.id()));
            organisation.token_key_pem = Some(self.tokens.public_key_pem());
        }
        organisation
    }

    fn certificate(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn token(&self, organisation: &str, person: &str, roles: &[&str]) -> String {
        self.token_of("staff", organisation, person, roles)
    }

    fn token_of(&self, standing: &str, organisation: &str, person: &str, roles: &[&str]) -> String {
        let claims = serde_json::json!({
            "iss": token_issuer(organisation), "aud": AUDIENCE, "sub": person, "exp": 4_000_000_000_u64,
            "standing": standing, "roles": roles, "active": true, "trained": true,
        });
        let key = EncodingKey::from_ed_pem(self.tokens.serialize_pem().as_bytes()).unwrap();
        encode(&Header::new(Algorithm::EdDSA), &claims, &key).unwrap()
    }
}

fn token_issuer(organisation: &str) -> String {
    format!("https://id.{organisation}.invalid")
}

/// Serves what the house holds. Facts may be this old at most.
pub async fn serve(house: &House, papers: impl Into<Arc<Papers>>, facts_lag_max: Duration) -> Serving {
    serve_with(house, papers, facts_lag_max, Watches::new()).await
}

/// Serves what the house holds, with streams at a pace for tests.
pub async fn serve_with(
    house: &House,
    papers: impl Into<Arc<Papers>>,
    facts_lag_max: Duration,
    watches: Watches,
) -> Serving {
    serve_auditing(house, papers, facts_lag_max, watches, |audits| audits).await
}

/// Serves what the house holds, auditors as `change` leaves it.
pub async fn serve_auditing(
    house: &House,
    papers: impl Into<Arc<Papers>>,
    facts_lag_max: Duration,
    watches: Watches,
    change: impl FnOnce(AuditService) -> AuditService,
) -> Serving {
    let papers = papers.into();
    let (progress, told) = watch::channel(*house.progress.borrow());
    let noticed = Arc::new(Noticed::new(Arc::clone(&house.log), house.projector.clone()));
    let service = TimelineService {
        discloser: Arc::clone(&house.discloser),
        recorder: Arc::clone(&house.recorder),
        pseudonyms: Arc::clone(&house.pseudonyms),
        progress: told,
        facts_lag_max,
        limits: Limits::new(10_000),
        tokens: Arc::default(),
        pages: PageTokens::new(&house.pseudonyms),
        watches,
        noticed: Some(Arc::clone(&noticed)),
    };
    let (queue, commands) = (Arc::clone(&house.queue), Arc::clone(&house.commands));
    let facts = FactsService::beside(&service, Arc::clone(&commands), Limits::new(10_000));
    let identities = IdentityService::beside(&service, queue, commands, Limits::new(10_000));
    let permitting = identities.permitting();
    let discloser = &house.discloser;
    let (engine, hub_contact) = (Arc::clone(&discloser.engine), discloser.hub_contact.clone());
    let rules = Arc::new(RulesKept::new(Arc::clone(&engine), house.store.clone(), house.projector.clone()));
    let replayer = Replayer::new(house.store.clone(), house.projector.clone(), engine, hub_contact, rules);
    let limits = Limits::new(10_000);
    let log = Arc::clone(&house.log);
    let audits = change(AuditService::beside(&service, log, Arc::new(replayer), limits, Thresholds::default()));
    let commands = Arc::clone(&house.commands);
    let safeguards = SafeguardService::beside(&service, noticed, commands, Limits::new(10_000));
    let policies = PolicyService::beside(&service, Arc::clone(&house.commands), Limits::new(10_000));
    let erasures = ErasureService::beside(
        &service,
        Arc::clone(&house.commands),
        Arc::new(super::erasing::eraser(house)),
        Limits::new(10_000),
        0,
    );
    let operator = AdminService {
        log: Arc::clone(&house.log),
        keyring: Arc::clone(&house.projector.keyring),
        recorder: Arc::clone(&house.recorder),
        commands: Arc::clone(&house.commands),
        children: house.discloser.children.clone(),
        noticed: None,
        rules: policies.standing(),
        progress: service.progress.clone(),
        operations: Arc::new(NoConnectors),
        process: "test".to_owned(),
        health: Health::default(),
    };
    let service = Answering {
        timelines: service,
        identities: Some(identities),
        facts: Some(facts),
        audits: Some(audits),
        safeguards: Some(safeguards),
        policies: Some(Arc::new(policies)),
        erasures: Some(erasures),
    };
    let file = |name: &str, text: &str| {
        let path = house.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (certificate, key) = papers.certificate("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let (certificate, key) = (file("server.pem", &certificate), file("server.key", &key));
    let tls = Tls { certificate, key, client_ca: file("ca.pem", &papers.ca) };
    let listener = listen::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = listen::Options { concurrent_max: 16, drain: Duration::ZERO };
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move { listen::serve_readers(listener, tls, service, options, stopped).await });
    Serving { address, papers, progress, permitting, operator, _stop: stop.drop_guard() }
}

/// The reason that a refusal states.
pub fn reason(status: &tonic::Status) -> String {
    status.metadata().get(REASON_HEADER).map(|reason| reason.to_str().unwrap().to_owned()).unwrap_or_default()
}

impl Serving {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn reader(&self, organisation: &str, person: &str, roles: &[&str]) -> Reader {
        self.connected(organisation, person, roles, |endpoint| endpoint).await
    }

    /// Somebody whose connection holds no more than it must until it is read from.
    pub async fn slow_reader(&self, organisation: &str, person: &str, roles: &[&str]) -> Reader {
        const LEAST: u32 = 65_535;
        let least = |endpoint: Endpoint| {
            endpoint
                .initial_stream_window_size(LEAST)
                .initial_connection_window_size(LEAST)
                .http2_adaptive_window(false)
        };
        self.connected(organisation, person, roles, least).await
    }

    /// What load balancers are told, from now on: whether to ask here.
    pub async fn health(&self, organisation: &str) -> tonic::Streaming<tonic_health::pb::HealthCheckResponse> {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        let asked = tonic_health::pb::HealthCheckRequest::default();
        tonic_health::pb::health_client::HealthClient::new(channel).watch(asked).await.unwrap().into_inner()
    }

    /// Somebody who reviews identity, or would.
    pub async fn reviewer(&self, organisation: &str, person: &str, roles: &[&str]) -> Reviewer {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        Reviewer { client: IdentitiesClient::new(channel), token: self.papers.token(organisation, person, roles) }
    }

    /// Somebody who approves sets of rules, or would.
    pub async fn approver(&self, organisation: &str, person: &str, roles: &[&str]) -> Approver {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        Approver { client: PoliciesClient::new(channel), token: self.papers.token(organisation, person, roles) }
    }

    /// Somebody who has records erased.
    pub async fn eraser(&self, organisation: &str, person: &str, roles: &[&str]) -> super::erasing::Erasing {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        super::erasing::Erasing::new(channel, self.papers.token(organisation, person, roles))
    }

    /// Somebody who breaks the glass, reviews it, refuses to share or is told of it.
    pub async fn guard(&self, organisation: &str, person: &str, roles: &[&str]) -> Guard {
        self.guard_signed_in(organisation, person, roles, None, None).await
    }

    /// The same, with a token that says when they signed in, and how.
    pub async fn guard_signed_in(
        &self,
        organisation: &str,
        person: &str,
        roles: &[&str],
        auth_time: Option<i64>,
        acr: Option<&str>,
    ) -> Guard {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        let mut claims = serde_json::json!({
            "iss": token_issuer(organisation), "aud": AUDIENCE, "sub": person, "exp": 4_000_000_000_u64,
            "roles": roles, "active": true, "trained": true,
        });
        auth_time.into_iter().for_each(|at| claims["auth_time"] = at.into());
        acr.into_iter().for_each(|acr| claims["acr"] = acr.into());
        let key = EncodingKey::from_ed_pem(self.papers.tokens.serialize_pem().as_bytes()).unwrap();
        let token = encode(&Header::new(Algorithm::EdDSA), &claims, &key).unwrap();
        Guard { client: SafeguardsClient::new(channel), token }
    }

    /// Somebody who plans services, or would.
    pub async fn planner(&self, organisation: &str, person: &str, roles: &[&str]) -> Planner {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        Planner { client: PlanningClient::new(channel), token: self.papers.token(organisation, person, roles) }
    }

    /// Somebody who audits, or would.
    pub async fn auditor(&self, organisation: &str, person: &str, roles: &[&str]) -> Auditor {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        Auditor { client: AuditsClient::new(channel), token: self.papers.token(organisation, person, roles) }
    }

    /// Somebody who is not staff, who asks for what they may have of the record.
    pub async fn family_auditor(&self, organisation: &str, person: &str) -> Auditor {
        let token = self.papers.token_of("family", organisation, person, &[]);
        Auditor { client: AuditsClient::new(self.endpoint(organisation).connect().await.unwrap()), token }
    }

    /// Somebody who is not staff, by an organisation that vouches for them.
    pub async fn family(&self, organisation: &str, person: &str) -> Reader {
        let token = self.papers.token_of("family", organisation, person, &[]);
        Reader { client: TimelinesClient::new(self.endpoint(organisation).connect().await.unwrap()), token }
    }

    /// Somebody who records facts, or would.
    pub async fn writer(&self, organisation: &str, person: &str, roles: &[&str]) -> FactsWriter {
        let token = Some(self.papers.token(organisation, person, roles));
        FactsWriter { token, ..self.without_a_token(organisation).await }
    }

    /// Somebody who is not staff, by an organisation that vouches for them, at every other service: of facts, of emergencies, of
    /// auditors, of rules, of identity.
    pub async fn family_elsewhere(
        &self,
        organisation: &str,
        person: &str,
    ) -> (FactsWriter, Guard, Auditor, Approver, Reviewer) {
        let token = self.papers.token_of("family", organisation, person, &[]);
        let channel = self.endpoint(organisation).connect().await.unwrap();
        let to = || (channel.clone(), token.clone());
        let writer = FactsWriter { client: FactsClient::new(to().0), token: Some(to().1) };
        let guard = Guard { client: SafeguardsClient::new(to().0), token: to().1 };
        let auditor = Auditor { client: AuditsClient::new(to().0), token: to().1 };
        let approver = Approver { client: PoliciesClient::new(to().0), token: to().1 };
        (writer, guard, auditor, approver, Reviewer { client: IdentitiesClient::new(channel), token })
    }

    /// A program of an organisation: its certificate, and nobody's token.
    pub async fn without_a_token(&self, organisation: &str) -> FactsWriter {
        let channel = self.endpoint(organisation).connect().await.unwrap();
        FactsWriter { client: FactsClient::new(channel), token: None }
    }

    async fn connected(
        &self,
        organisation: &str,
        person: &str,
        roles: &[&str],
        with: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Reader {
        let token = self.papers.token(organisation, person, roles);
        Reader { client: TimelinesClient::new(with(self.endpoint(organisation)).connect().await.unwrap()), token }
    }

    fn endpoint(&self, organisation: &str) -> Endpoint {
        let (certificate, key) =
            self.papers.certificate(&format!("{organisation}.invalid"), ExtendedKeyUsagePurpose::ClientAuth);
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(&self.papers.ca))
            .identity(Identity::from_pem(certificate, key));
        Endpoint::from_shared(format!("https://{}", self.address)).unwrap().tls_config(tls).unwrap()
    }
}
