//! What every command that records a fact has in common: about whom, as whom, what for, and what comes back.

use std::process::ExitCode;

use jiff::civil::Date;
use proto::events::{Event, Subject};
use proto::sharing::record_fact_response::Outcome;
use proto::sharing::{RecordFactRequest, RecordFactResponse};
use sha2::{Digest, Sha256};

use crate::command::asking::{AboutChild, AskingAs, as_json_of, refused};
use crate::command::block_on;
use crate::output;

/// Of a child, what for, and by whom.
#[derive(clap::Args, Debug)]
pub(super) struct OfChild {
    #[command(flatten)]
    pub(super) about: AboutChild,
    #[command(flatten)]
    pub(super) saying: Saying,
}

/// By whom, and how it is answered.
#[derive(clap::Args, Debug)]
pub(crate) struct Saying {
    #[command(flatten)]
    pub(super) asking: AskingAs,
    /// Where the evidence is kept: a form's number, a letter's date. At most 500 characters.
    #[arg(long, default_value = "")]
    evidence: String,
    /// Ask whether it may be recorded, and record nothing. That you asked is on record.
    #[arg(long)]
    dry_run: bool,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

impl OfChild {
    /// Records it of the child.
    pub(super) fn record(&self, event: impl Into<Event>) -> anyhow::Result<ExitCode> {
        let (child, purpose) = (self.about.child()?, self.about.purpose()?);
        self.saying.record(child, purpose, event.into())
    }

    /// Records it of the child, with the subjects that it seals.
    pub(super) fn record_sealing(&self, event: Event, sealed: Vec<Subject>) -> anyhow::Result<ExitCode> {
        let (child, purpose) = (self.about.child()?, self.about.purpose()?);
        self.saying.record_with(child, purpose, event, sealed)
    }

    /// Whether it is said where the evidence is kept.
    pub(super) fn has_evidence(&self) -> bool {
        !self.saying.evidence.trim().is_empty()
    }

    /// The entries that these references name, of those that this person may see of the child.
    pub(super) fn entries(&self, references: &[String]) -> anyhow::Result<Vec<Vec<u8>>> {
        if references.is_empty() {
            return Ok(Vec::new());
        }
        let own = super::rectify::own(&self.saying.asking, &self.about.child()?)?;
        references.iter().map(|reference| Ok(super::rectify::named(&own, reference)?.entry_id.clone())).collect()
    }

    /// The id that was given, or one made of what is said, so that the same is the same.
    pub(super) fn id(&self, given: Option<&String>, kind: &str, event: impl Into<Event>) -> anyhow::Result<String> {
        if let Some(id) = given {
            return Ok(id.clone());
        }
        let mut said = Sha256::new();
        said.update(prost::Message::encode_to_vec(&self.about.child()?));
        said.update(prost::Message::encode_to_vec(&event.into()));
        let digest = hex::encode(said.finalize());
        Ok(format!("{kind}-{}", digest.get(..12).unwrap_or(&digest)))
    }
}

impl Saying {
    pub(crate) fn record(
        &self,
        about: Subject,
        purpose: proto::sharing::Purpose,
        event: Event,
    ) -> anyhow::Result<ExitCode> {
        self.record_with(about, purpose, event, Vec::new())
    }

    fn record_with(
        &self,
        about: Subject,
        purpose: proto::sharing::Purpose,
        event: Event,
        sealed: Vec<Subject>,
    ) -> anyhow::Result<ExitCode> {
        let request = RecordFactRequest {
            about: Some(about),
            purpose: purpose.into(),
            fact: Some(event),
            effective_on: None,
            evidence: self.evidence.clone(),
            sealed,
            dry_run: self.dry_run,
        };
        block_on(async {
            let mut client = self.asking.facts().await?;
            let answer = client.record(request).await.map_err(|status| refused(&status))?.into_inner();
            print(&answer, self.json)?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

pub(super) fn print(answer: &RecordFactResponse, json: bool) -> anyhow::Result<()> {
    if json {
        return output::line(&as_json_of("throughline.sharing.v1.RecordFactResponse", answer)?);
    }
    let done = match answer.outcome() {
        Outcome::Recorded => "recorded",
        Outcome::StoodAlready => "on record already, by you",
        Outcome::WouldBeRecorded => "may be recorded; nothing was",
        Outcome::Unspecified => "",
    };
    let short = |id: &[u8]| hex::encode(id.get(..4).unwrap_or(id));
    output::line(&format!("{done} fact={} decision={}", short(&answer.fact), hex::encode(&answer.decision_id)))
}

/// A day as a person writes it.
pub(crate) fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "must be a day of the calendar, as 2026-11-22".to_owned())
}

/// A day as the contract has it.
pub(super) fn date(day: Option<Date>) -> Option<proto::events::Date> {
    day.map(output::date)
}

/// Every word of a closed list of the contract, as the command line spells it.
pub(super) fn words(name: fn(i32) -> Option<&'static str>, prefix: &str) -> Vec<String> {
    let names = (1..100).filter_map(name);
    names.map(|name| name.strip_prefix(prefix).unwrap_or(name).to_lowercase()).collect()
}

/// The number of a word that [`words`] gave.
pub(super) fn number(name: fn(i32) -> Option<&'static str>, prefix: &str, word: &str) -> i32 {
    let wanted = format!("{prefix}{}", word.to_uppercase());
    (1..100).find(|number| name(*number) == Some(wanted.as_str())).unwrap_or_default()
}

/// A closed list of the contract as a type of argument: its words are what is accepted, and what an error lists.
macro_rules! word {
    ($($(#[$doc:meta])* $name:ident: $enum:path, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name(pub(crate) i32);

        impl $name {
            fn name(number: i32) -> Option<&'static str> {
                <$enum>::try_from(number).ok().map(|member| member.as_str_name())
            }
        }

        impl clap::builder::ValueParserFactory for $name {
            type Parser = clap::builder::MapValueParser<clap::builder::PossibleValuesParser, fn(String) -> Self>;

            fn value_parser() -> Self::Parser {
                use clap::builder::TypedValueParser as _;
                static WORDS: std::sync::LazyLock<Vec<String>> =
                    std::sync::LazyLock::new(|| $crate::command::facts::saying::words($name::name, $prefix));
                let read: fn(String) -> Self =
                    |word| Self($crate::command::facts::saying::number(Self::name, $prefix, &word));
                clap::builder::PossibleValuesParser::new(WORDS.iter().map(String::as_str)).map(read)
            }
        }
    )*};
}

word! {
    /// A category of record.
    CategoryWord: proto::sharing::Category, "CATEGORY_";
    /// A purpose of use.
    PurposeWord: proto::sharing::Purpose, "PURPOSE_";
    /// What is consented to.
    ConsentKindWord: proto::sharing::consent_recorded::Kind, "KIND_";
    /// What was said to it.
    ConsentStateWord: proto::sharing::consent_recorded::State, "STATE_";
    /// Who said it.
    GivenByWord: proto::sharing::consent_recorded::GivenBy, "GIVEN_BY_";
    /// By what right.
    CapacityWord: proto::sharing::consent_recorded::CapacityBasis, "CAPACITY_BASIS_";
    /// What there is to decide.
    DecisionWord: proto::sharing::DecisionKind, "DECISION_KIND_";
    /// A statutory status.
    StatusWord: proto::sharing::statutory_status_changed::Status, "STATUS_";
    /// A restriction.
    RestrictionWord: proto::sharing::restriction::Kind, "";
    /// Why the use of a record is restricted.
    GroundWord: proto::sharing::restriction::Ground, "GROUND_";
    /// What a grant opens.
    ScopeWord: proto::sharing::access_granted::Scope, "SCOPE_";
    /// A legal process.
    ProcessWord: proto::sharing::legal_process_recorded::Kind, "KIND_";
    /// How closely an organisation works with a child.
    InvolvementWord: proto::events::involvement::Kind, "";
    /// What somebody is to the child as family.
    KinWord: proto::events::relationship_recorded::Kind, "KIND_";
    /// Whether somebody has parental responsibility.
    HeldWord: proto::events::parental_responsibility::Held, "HELD_";
    /// Whom somebody is to the child.
    RelationWord: proto::sharing::family_person_recognised::Relation, "RELATION_";
}

/// The numbers of some words.
macro_rules! numbers {
    ($list:expr) => {
        $list.iter().map(|word| word.0).collect::<Vec<i32>>()
    };
}
pub(super) use numbers;
