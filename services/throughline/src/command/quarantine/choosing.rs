//! Which items.

use proto::admin::QuarantineSelection;
use proto::quarantine::Reason;

use super::id_of;
use crate::output::Usage;

/// Which items: all that is said must hold.
#[derive(clap::Args, Debug, Default)]
pub(super) struct Choosing {
    /// Items by their ids.
    ids: Vec<String>,
    /// Of this reason, such as DATE_MISSING.
    #[arg(long)]
    reason: Option<String>,
    /// Of this connector.
    #[arg(long)]
    pub(super) source: Option<String>,
    /// Of this field of the source; `-` of items that name none.
    #[arg(long, allow_hyphen_values = true)]
    field: Option<String>,
    /// Of this submission, as `throughline submission list` numbers them.
    #[arg(long)]
    submission: Option<i64>,
}

impl Choosing {
    /// As the process is asked.
    pub(super) fn selection(&self) -> anyhow::Result<QuarantineSelection> {
        let reason = match &self.reason {
            None => Reason::Unspecified,
            Some(name) => Reason::all().find(|reason| reason.name() == name.to_ascii_uppercase()).ok_or_else(|| {
                let names: Vec<&str> = Reason::all().map(Reason::name).collect();
                Usage(format!("--reason must be one of {}", names.join(", ")))
            })?,
        };
        Ok(QuarantineSelection {
            ids: self.ids.iter().map(|id| id_of(id)).collect::<anyhow::Result<_>>()?,
            reason: reason.into(),
            source: self.source.clone().unwrap_or_default(),
            field: self.field.clone().unwrap_or_default(),
            submission: self.submission.unwrap_or_default(),
        })
    }

    /// Nothing was said: everything would be meant.
    pub(super) fn is_everything(&self) -> bool {
        let said = self.reason.is_some() || self.source.is_some() || self.field.is_some() || self.submission.is_some();
        self.ids.is_empty() && !said
    }
}
