//! What every command that asks the service as a reader has in common: whom it asks as, of whom, and what for.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use projection::serve::timelines::REASON_HEADER;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::Subject;
use proto::sharing::Purpose;
use tonic_types::StatusExt as _;

use crate::command::facts;
use crate::output::{Refused, Usage};
use crate::reader::{Approver, Client, Eraser, FactsRecorder, Reader, Reviewer, Safeguarding};

/// Whom to ask as.
#[derive(clap::Args, Debug)]
pub(super) struct AskingAs {
    /// Whom to ask as: a reader's file, or the name of one in --readers.
    #[arg(long = "as", value_name = "READER")]
    reader: String,
    /// Where named readers are.
    #[arg(long, default_value = "throughline-dev/readers")]
    readers: PathBuf,
}

impl AskingAs {
    /// Of this name, or this file.
    pub(super) fn named(reader: &str, readers: &std::path::Path) -> Self {
        Self { reader: reader.to_owned(), readers: readers.to_owned() }
    }

    pub(super) async fn erasures(&self) -> anyhow::Result<Eraser> {
        self.reader()?.connect_to_erase().await
    }

    pub(super) fn reader(&self) -> anyhow::Result<Reader> {
        let named = self.readers.join(format!("{}.toml", self.reader));
        let file = if named.exists() { named } else { PathBuf::from(&self.reader) };
        Reader::load(&file)
    }

    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        self.reader()?.connect().await
    }

    pub(super) async fn facts(&self) -> anyhow::Result<FactsRecorder> {
        self.reader()?.connect_to_record().await
    }

    pub(super) async fn safeguards(&self) -> anyhow::Result<Safeguarding> {
        self.reader()?.connect_to_safeguards().await
    }

    pub(super) async fn policies(&self) -> anyhow::Result<Approver> {
        self.reader()?.connect_to_approve().await
    }

    pub(super) async fn reviewer(&self) -> anyhow::Result<Reviewer> {
        self.reader()?.connect_to_review().await
    }
}

/// Of whom, and what for.
#[derive(clap::Args, Debug)]
pub(super) struct AboutChild {
    /// The child, as SCHEME:ISSUER:VALUE, by any reference that you already hold: UPN:dfe:B801200005001,
    /// NHS_NUMBER:nhs:9990000018, LA_CHILD_ID:878:12345.
    child: String,
    /// What for: direct_care, education_provision, send_assessment, early_help, child_in_need, child_protection,
    /// looked_after, subject_access, crime_prevention, court_proceedings, adoption_support,
    /// family_participation.
    #[arg(long)]
    purpose: String,
}

/// A child, as SCHEME:ISSUER:VALUE.
pub(super) fn child_of(text: &str) -> anyhow::Result<Subject> {
    AboutChild { child: text.to_owned(), purpose: String::new() }.child()
}

impl AboutChild {
    pub(super) fn child(&self) -> anyhow::Result<Subject> {
        let mut parts = self.child.splitn(3, ':');
        let (Some(scheme), Some(issuer), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            bail!(Usage("the child must be given as SCHEME:ISSUER:VALUE, such as UPN:dfe:B801200005001".to_owned()));
        };
        Ok(facts::reference(scheme, issuer, value).map_err(|error| Usage(error.to_string()))?)
    }

    pub(super) fn purpose(&self) -> anyhow::Result<Purpose> {
        let purpose = Purpose::from_str_name(&format!("PURPOSE_{}", self.purpose.to_uppercase()))
            .filter(|purpose| *purpose != Purpose::Unspecified);
        Ok(purpose.ok_or_else(|| Usage("there is no such purpose: `--help` lists them".to_owned()))?)
    }
}

/// A refusal in words: what the service said, under which reason it can be looked up, and whether asking again helps.
pub(super) fn refused(status: &tonic::Status) -> anyhow::Error {
    let details = status.get_error_details();
    let header = status.metadata().get(REASON_HEADER).and_then(|value| value.to_str().ok());
    let reason = details.error_info().map(|info| info.reason.as_str()).or(header);
    let reason = reason.map(|reason| format!(" ({reason}, see docs/OPERATING.md)")).unwrap_or_default();
    let again = details.retry_info().and_then(|retry| retry.retry_delay);
    let again =
        again.map(|after: Duration| format!("; worth asking again in {} s", after.as_secs())).unwrap_or_default();
    Refused(format!("the service refused: {}{reason}{again}", status.message())).into()
}

/// A message of the contract as one line of protobuf JSON.
pub(super) fn as_json(name: &str, message: &impl prost::Message) -> anyhow::Result<String> {
    as_json_of(&format!("throughline.timeline.v1.{name}"), message)
}

/// A message of the contract, by its full name, as one line of protobuf JSON.
pub(super) fn as_json_of(name: &str, message: &impl prost::Message) -> anyhow::Result<String> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let descriptor = pool.get_message_by_name(name).with_context(|| format!("the contract has no `{name}`"))?;
    let read = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    Ok(serde_json::to_string(&read)?)
}

/// A name of the contract as the command line spells it: `early_help`.
pub(super) fn spelt(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}
