//! What may be said, and what may not: screened before anything is sealed.

use std::borrow::Borrow;
use std::collections::HashMap;

use event_log::authority::{NotYours, check_kind};
use event_log::seal::PLAINTEXT_BYTES_MAX;
use prost::Message as _;
use proto::events::{Date, When, when};
use proto::quarantine::Reason;

use super::Publisher;
use crate::connector::{Draft, Rejection};
use crate::refused::{self, refused};

/// Bounds of a body, as the log's reader holds them.
const RECORD_KEY_BYTES_MAX: usize = 1_024;
const NAME_BYTES_MAX: usize = 128;
const LIST_LENGTH_MAX: usize = 4_096;

impl Publisher {
    /// Parts what may be said from what may not: another organisation's, another sector's, what no reader would take, or
    /// what would stand over all that follows it, because its version is of the future. `now_us`: microseconds since 1970.
    pub fn screen<D: Borrow<Draft> + Into<Draft>>(&self, drafts: Vec<D>, now_us: i64) -> (Vec<D>, Vec<Rejection>) {
        let mut sealable = HashMap::new();
        let mut found: HashMap<usize, (Reason, String)> = HashMap::new();
        for (at, draft) in drafts.iter().enumerate() {
            found.extend(self.refused(draft.borrow(), now_us, &mut sealable).map(|why| (at, why)));
        }
        // Most often there is nothing to part.
        if found.is_empty() {
            return (drafts, Vec::new());
        }
        let (mut good, mut rejections) = (Vec::with_capacity(drafts.len()), Vec::<Rejection>::new());
        for (at, draft) in drafts.into_iter().enumerate() {
            match found.remove(&at) {
                None => good.push(draft),
                Some((reason, message)) => {
                    let rejection = refused(&self.pseudonyms, draft.into(), reason, &message);
                    refused::add(&self.pseudonyms, &mut rejections, rejection);
                }
            }
        }
        (good, rejections)
    }

    /// `sealable`: of which organisations it is known already whether anything can be sealed for them.
    fn refused(&self, draft: &Draft, now_us: i64, sealable: &mut HashMap<String, bool>) -> Option<(Reason, String)> {
        if self.keys.erased().next().is_some() && self.keys.is_erased(self.pseudonyms.of(&draft.subject)) {
            return Some((Reason::SubjectErased, SUBJECT_ERASED.to_owned()));
        }
        if !self.credentials.name(&draft.controller) {
            let message = "the record's organisation is not named in this connector's credentials: send it through the \
                           connector of that organisation, or add it to `controllers`";
            return Some((Reason::ControllerNotYours, message.to_owned()));
        }
        let can_seal = sealable.get(&draft.controller).copied().unwrap_or_else(|| {
            let can_seal = self.keys.can_seal_for(&draft.controller);
            sealable.insert(draft.controller.clone(), can_seal);
            can_seal
        });
        // A name that can be no folder's is told below, by its field.
        if is_organisation_id(&draft.controller) && !can_seal {
            let message = "no wrapping key of the record's organisation is on this host: bring it here, or make its first one with \
                           `throughline keys make`, and send the record again";
            return Some((Reason::ControllerKeyMissing, message.to_owned()));
        }
        let said = match &draft.event.kind {
            None => Err(NotYours::Empty),
            Some(kind) => check_kind(self.topic, self.descriptor.name, kind),
        };
        if let Err(not_yours) = said {
            return Some((Reason::NotYoursToSay, not_yours.to_string()));
        }
        if let Some(unfit) = not_for_the_log(draft) {
            return Some(unfit);
        }
        // Of no scope and without a version of its own, it takes the time at which the source knew.
        let observed_at_us = draft.observed_at_us.filter(|_| draft.scope_key.is_none());
        let as_of_us = draft.version.map(|version| version.as_of_us).or(observed_at_us);
        if as_of_us.is_some_and(|as_of_us| is_of_the_future(as_of_us, now_us)) {
            let message = "the message's own time lies in the future, and would stand over all that follows it: put the \
                           sender's clock right, and send it again";
            return Some((Reason::RecordMalformed, message.to_owned()));
        }
        None
    }
}

/// Why no reader of the log would take a record, whoever says it.
pub fn not_for_the_log(draft: &Draft) -> Option<(Reason, String)> {
    if content_bytes(draft) > PLAINTEXT_BYTES_MAX {
        return Some((Reason::RecordTooLarge, "the record is larger than the log takes".to_owned()));
    }
    let field = unfit(draft)?;
    Some((Reason::RecordMalformed, format!("the record's {field} is missing or beyond what the log takes")))
}

pub(super) const SUBJECT_ERASED: &str = "whom the record is about was erased: nothing of it is kept. A person who lets them in again does so with \
                              `throughline erasure readmit`; then send the record again";

/// Whether a source says that it stood so later than any clock may be wrong. A version of the future is the last word on
/// its entry until that time comes.
pub(crate) fn is_of_the_future(as_of_us: i64, now_us: i64) -> bool {
    const DAY_US: i64 = 86_400_000_000;
    as_of_us > now_us.saturating_add(DAY_US)
}

/// The size of the draft's body, rounded up.
fn content_bytes(draft: &Draft) -> usize {
    let findings: usize = draft.findings.iter().map(|finding| finding.encoded_len() + 8).sum();
    draft.event.encoded_len() + findings + draft.third_parties.len() * 18 + draft.clears.len() * 5 + 8 * 1024
}

/// Lower-case letters, digits and hyphens: it names a folder of keys.
pub(crate) fn is_organisation_id(controller: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=64).contains(&controller.len()) && controller.bytes().all(allowed)
}

/// The field that no reader of the log would take.
fn unfit(draft: &Draft) -> Option<&'static str> {
    let parties_and_findings = draft.third_parties.len().max(draft.findings.len()).max(draft.clears.len());
    [
        ("subject", draft.subject.value.is_empty() || draft.subject.value.len() > RECORD_KEY_BYTES_MAX),
        ("subject's issuer", draft.subject.issuer.is_empty() || draft.subject.issuer.len() > NAME_BYTES_MAX),
        ("record key", draft.record_key.is_empty() || draft.record_key.len() > RECORD_KEY_BYTES_MAX),
        ("effective date", !possible(&draft.effective)),
        ("list of findings or other people", parties_and_findings > LIST_LENGTH_MAX),
        ("controller", !is_organisation_id(&draft.controller)),
    ]
    .into_iter()
    .find_map(|(field, wrong)| wrong.then_some(field))
}

fn possible(when: &When) -> bool {
    match &when.when {
        Some(when::When::On(Date { year, .. })) => (1900..=2200).contains(year),
        Some(when::When::At(at)) => (-2_208_988_800..7_289_654_400).contains(&at.seconds),
        None => false,
    }
}
