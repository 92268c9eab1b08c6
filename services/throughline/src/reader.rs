//! A reader's own side: certificate, token, and a channel to the service.

use std::path::{Path, PathBuf};

use anyhow::Context;
use proto::audit::audits_client::AuditsClient;
use proto::identity::identities_client::IdentitiesClient;
use proto::planning::planning_client::PlanningClient;
use proto::sharing::erasures_client::ErasuresClient;
use proto::sharing::facts_client::FactsClient;
use proto::sharing::policies_client::PoliciesClient;
use proto::sharing::safeguards_client::SafeguardsClient;
use proto::timeline::timelines_client::TimelinesClient;
use serde::{Deserialize, Serialize};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

const ANSWER_BYTES_MAX: usize = 16 << 20;

/// One reader's settings, a TOML file. Paths are taken from its own folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reader {
    /// "https://127.0.0.1:7443"
    pub(crate) service: String,
    /// The authority that signed the service's certificate, PEM.
    pub(crate) service_ca: PathBuf,
    /// The organisation's client certificate, PEM.
    pub(crate) certificate: PathBuf,
    /// Its private key, PEM.
    pub(crate) key: PathBuf,
    /// A file that holds the person's token.
    pub(crate) token: PathBuf,
}

/// A client that shows the reader's token with every call.
pub(crate) type Client = TimelinesClient<InterceptedService<Channel, ShowToken>>;

/// The same of somebody who records facts.
pub(crate) type FactsRecorder = FactsClient<InterceptedService<Channel, ShowToken>>;

/// The same of somebody who approves sets of rules.
pub(crate) type Approver = PoliciesClient<InterceptedService<Channel, ShowToken>>;

/// The same of a reviewer of identity.
pub(crate) type Reviewer = IdentitiesClient<InterceptedService<Channel, ShowToken>>;

/// The same of an auditor.
pub(crate) type Auditor = AuditsClient<InterceptedService<Channel, ShowToken>>;

/// An answer to an auditor may be of every decision of a month.
const AUDIT_BYTES_MAX: usize = 256 << 20;

/// The operator at the socket, as an auditor: there is no token to show.
pub(crate) fn operator(channel: Channel) -> Auditor {
    AuditsClient::with_interceptor(channel, ShowToken(None)).max_decoding_message_size(AUDIT_BYTES_MAX)
}

/// The same of whoever plans services.
pub(crate) type Planner = PlanningClient<InterceptedService<Channel, ShowToken>>;

/// The same of whoever has records erased.
pub(crate) type Eraser = ErasuresClient<InterceptedService<Channel, ShowToken>>;

/// The operator at the socket, who runs what others decided: there is no token to show.
pub(crate) fn operator_of_erasures(channel: Channel) -> Eraser {
    ErasuresClient::with_interceptor(channel, ShowToken(None))
}

/// The same of whoever breaks the glass, reviews it, refuses to share or is told of it.
pub(crate) type Safeguarding = SafeguardsClient<InterceptedService<Channel, ShowToken>>;

/// Adds the token to a call.
#[derive(Clone)]
pub(crate) struct ShowToken(Option<MetadataValue<tonic::metadata::Ascii>>);

impl Interceptor for ShowToken {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

impl Reader {
    /// Reads a reader's file.
    pub(crate) fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("there is no reader `{}`; `throughline dev init` writes some", file.display()))?;
        let mut reader: Self =
            toml::from_str(&text).with_context(|| format!("`{}` is no reader's file", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for path in [&mut reader.service_ca, &mut reader.certificate, &mut reader.key, &mut reader.token] {
            *path = folder.join(&path);
        }
        Ok(reader)
    }

    /// Connects, as this reader.
    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        let (channel, token) = self.channel().await?;
        Ok(TimelinesClient::with_interceptor(channel, token).max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    /// Connects, to record facts and to read what is on record.
    pub(crate) async fn connect_to_record(&self) -> anyhow::Result<FactsRecorder> {
        let (channel, token) = self.channel().await?;
        Ok(FactsClient::with_interceptor(channel, token).max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    /// Connects, as somebody who breaks the glass, reviews it, refuses to share or is told of it.
    pub(crate) async fn connect_to_safeguards(&self) -> anyhow::Result<Safeguarding> {
        let (channel, token) = self.channel().await?;
        Ok(SafeguardsClient::with_interceptor(channel, token).max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    /// Connects, as somebody who approves sets of rules.
    pub(crate) async fn connect_to_approve(&self) -> anyhow::Result<Approver> {
        let (channel, token) = self.channel().await?;
        Ok(PoliciesClient::with_interceptor(channel, token).max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    /// Connects, as somebody who plans services.
    pub(crate) async fn connect_to_plan(&self) -> anyhow::Result<Planner> {
        let (channel, token) = self.channel().await?;
        Ok(PlanningClient::with_interceptor(channel, token).max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    /// Connects, as somebody who has records erased.
    pub(crate) async fn connect_to_erase(&self) -> anyhow::Result<Eraser> {
        let (channel, token) = self.channel().await?;
        Ok(ErasuresClient::with_interceptor(channel, token))
    }

    /// Connects, as this reviewer of identity.
    pub(crate) async fn connect_to_review(&self) -> anyhow::Result<Reviewer> {
        let (channel, token) = self.channel().await?;
        Ok(IdentitiesClient::with_interceptor(channel, token).max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    /// Connects, as this auditor.
    pub(crate) async fn connect_to_audit(&self) -> anyhow::Result<Auditor> {
        let (channel, token) = self.channel().await?;
        Ok(AuditsClient::with_interceptor(channel, token).max_decoding_message_size(AUDIT_BYTES_MAX))
    }

    async fn channel(&self) -> anyhow::Result<(Channel, ShowToken)> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("the reader's `{}` cannot be read", path.display()))
        };
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(read(&self.service_ca)?))
            .identity(Identity::from_pem(read(&self.certificate)?, read(&self.key)?));
        let channel = Endpoint::from_shared(self.service.clone())?
            .tls_config(tls)?
            .connect()
            .await
            .with_context(|| format!("the service at {} does not answer this reader", self.service))?;
        let token = format!("Bearer {}", read(&self.token)?.trim());
        let token = token.parse().context("the reader's token is not one line of plain characters")?;
        Ok((channel, ShowToken(Some(token))))
    }
}
