//! Facts that have no command of their own, by the name of their kind.

use std::process::ExitCode;

use anyhow::anyhow;
use prost_reflect::DescriptorPool;

use super::saying::OfChild;
use crate::output::Usage;

/// Record what has no command of its own, by the name of its kind
///
/// What was asked, decided and sent in an EHC assessment (EhcAssessmentRequested, EhcAssessmentDecided, EhcAdviceRequested,
/// EhcSettingConsulted, EhcPlanIssued, EhcPlanCeased ...), by the SEND team; that a child began or ceased to be looked after, or an enquiry
/// ended (LookedAfterPeriodStarted, LegalStatusChanged, LookedAfterPeriodEnded, Section47EnquiryEnded), by social care; who leads
/// (WorkerNamed). And the sealing of an identity on adoption, by two of the adoption team: one records SealProposed, another
/// IdentitySealed, both with every subject and identifier of the identity in --sealed.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline facts event LA_CHILD_ID:878:12345 EhcPlanIssued --field sent_on=2026-11-20 --purpose send_assessment --as la-878-send\n  \
    throughline facts event LA_CHILD_ID:878:12345 LookedAfterPeriodStarted --field start_on=2026-11-20 --field legal_status=V2 --purpose looked_after --as la-878-social-care\n  \
    throughline facts event LA_CHILD_ID:878:12345 SealProposed --sealed LA_CHILD_ID:878:12345,UPN:dfe:B801200005001 --purpose adoption_support --as la-878-adoption"
)]
pub(crate) struct OfKind {
    #[command(flatten)]
    of: OfChild,
    /// The kind, as proto/throughline names it.
    kind: String,
    /// What it says, each as NAME=VALUE: a day as 2026-11-20, a code as it is, true or false.
    #[arg(long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// Of a seal: every subject and identifier of the identity, each as SCHEME:ISSUER:VALUE.
    #[arg(long, value_delimiter = ',', value_name = "SUBJECT")]
    sealed: Vec<String>,
}

pub(super) fn record(said: &OfKind) -> anyhow::Result<ExitCode> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let usage = |what: String| Usage(what);
    let mut fields = serde_json::Map::new();
    for field in &said.fields {
        let (name, value) = field.split_once('=').ok_or_else(|| usage("--field takes NAME=VALUE".to_owned()))?;
        let value = value_of(&pool, &said.kind, name, value).map_err(|error| usage(error.to_string()))?;
        fields.insert(name.to_owned(), value);
    }
    let event = super::event(&pool, &said.kind, fields.into()).map_err(|error| usage(error.to_string()))?;
    let sealed = said.sealed.iter().map(|subject| super::child_of(subject)).collect::<anyhow::Result<_>>()?;
    said.of.record_sealing(event, sealed)
}

/// A value as the contract writes it: a day of a date, a code of what is coded, else what was given.
fn value_of(pool: &DescriptorPool, kind: &str, name: &str, value: &str) -> anyhow::Result<serde_json::Value> {
    let packages = ["throughline.events.v1", "throughline.sharing.v1"];
    let message = packages.iter().find_map(|package| pool.get_message_by_name(&format!("{package}.{kind}")));
    let message =
        message.ok_or_else(|| anyhow!("there is no kind of event called `{}`", crate::output::plain(kind)))?;
    let field = message.get_field_by_name(name);
    let field = field.ok_or_else(|| anyhow!("a `{}` has no field `{}`", message.name(), crate::output::plain(name)))?;
    Ok(match field.kind() {
        prost_reflect::Kind::Message(part) if part.name() == "Date" => {
            let day = super::saying::day(value).map_err(|what| anyhow!("`{name}` {what}"))?;
            serde_json::json!({ "year": day.year(), "month": day.month(), "day": day.day() })
        }
        prost_reflect::Kind::Message(part) if part.name() == "Coded" => serde_json::json!({ "code": value }),
        prost_reflect::Kind::Bool => {
            serde_json::json!(value.parse::<bool>().map_err(|_| anyhow!("`{name}` is true or false"))?)
        }
        _ => serde_json::json!(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_written_as_a_person_would() {
        let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
        let value = |kind: &str, name: &str, text: &str| value_of(&pool, kind, name, text).map_err(|e| e.to_string());
        let day = serde_json::json!({ "year": 2026, "month": 11, "day": 20 });
        assert_eq!(value("EhcPlanIssued", "sent_on", "2026-11-20"), Ok(day));
        assert_eq!(value("LookedAfterPeriodStarted", "legal_status", "V2"), Ok(serde_json::json!({ "code": "V2" })));
        assert_eq!(value("EhcAssessmentDecided", "agreed", "false"), Ok(serde_json::json!(false)));
        for (kind, name, text, told) in [
            ("EhcPlanIssued", "sent_on", "SECRET", "must be a day"),
            ("EhcPlanIssued", "sent", "SECRET", "has no field `sent`"),
            ("EhcAssessmentDecided", "agreed", "SECRET", "true or false"),
            ("NoSuchKind", "agreed", "SECRET", "no kind of event"),
        ] {
            let problem = value(kind, name, text).unwrap_err();
            assert!(problem.contains(told) && !problem.contains("SECRET"), "{problem}");
        }
    }
}
