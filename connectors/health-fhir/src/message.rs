//! What the header of a message says: which event, whether it is new, and who sent it.

use crate::tree::Element;

/// What is done with what a message says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    New,
    Update,
    Delete,
}

/// What the event of a message makes of its resources, beside what each says by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Says {
    /// Each resource by its kind.
    Resources,
    Birth,
    Death,
    /// Observations are of how the baby is fed.
    Feeding,
    /// Procedures and observations are screens.
    Screening,
    /// Each resource by its kind; the encounter is what led to a referral or a booking, and may be none that anybody came to.
    Referral,
    /// Each resource by its kind, and all that is told was told of by a mental health service.
    MentalHealth,
    /// What only its own organisation is shown until somebody has looked at it: family history, the household, legal
    /// information, comments.
    Kept,
}

/// Events by code: those of the Digital Child Health messages (CH, and the flat codes of the later list), of the national
/// demographics service, of documents in their envelope (ITK), and of bookings and referrals.
const EVENTS: &[(&str, &str, &str, Says)] = &[
    ("CH001", "additional-demographics-1", "additional demographics", Says::Resources),
    ("CH002", "admission-details-1", "admission", Says::Resources),
    ("CH003", "allergies-and-adverse-reactions-1", "allergies", Says::Resources),
    ("CH004", "assessment-scales-1", "assessment scales", Says::Resources),
    ("CH005", "birth-details-1", "birth details", Says::Resources),
    ("CH006", "blood-spot-sample-taken-1", "blood spot sample taken", Says::Screening),
    ("CH007", "clinical-risk-factors-1", "clinical risk factors", Says::Resources),
    ("CH008", "problem-list-1", "problem list", Says::Resources),
    ("CH009", "discharge-details-1", "discharge", Says::Resources),
    ("CH010", "early-years-progress-1", "early years progress", Says::Resources),
    ("CH011", "emergency-care-attendance-1", "emergency attendance", Says::Resources),
    ("CH012", "examination-findings-1", "examination findings", Says::Resources),
    ("CH013", "family-history-1", "family history", Says::Kept),
    ("CH014", "feeding-status-1", "feeding status", Says::Feeding),
    ("CH015", "vaccinations-1", "vaccinations", Says::Resources),
    ("CH016", "individual-requirements-1", "individual requirements", Says::Resources),
    ("CH017", "information-and-advice-given-1", "information and advice given", Says::Resources),
    ("CH018", "observations-1", "observations", Says::Resources),
    ("CH019", "medication-statement-1", "medication statement", Says::Resources),
    ("CH020", "developmental-skills-1", "developmental skills", Says::Resources),
    ("CH021", "newborn-hearing-1", "newborn hearing", Says::Screening),
    ("CH022", "parent-guardian-or-personal-comment-1", "comment", Says::Kept),
    ("CH023", "personal-contacts-1", "personal contacts", Says::Resources),
    ("CH024", "nipe-outcome-1", "newborn and infant physical examination", Says::Screening),
    ("CH025", "plan-and-requested-actions-1", "plan and requested actions", Says::Resources),
    ("CH026", "professional-summary-1", "professional summary", Says::Resources),
    ("CH027", "professional-contacts-1", "professional contacts", Says::Resources),
    ("CH028", "referral-1", "referral", Says::Resources),
    ("CH029", "safety-alerts-1", "safety alerts", Says::Kept),
    ("CH030", "social-context-household-1", "social context of the household", Says::Kept),
    ("CH031", "social-context-1", "social context", Says::Kept),
    ("CH032", "educational-history-1", "educational history", Says::Kept),
    ("CH033", "legal-information-1", "legal information", Says::Kept),
    ("CH034", "blood-spot-card-received-1", "blood spot card received", Says::Screening),
    ("CH035", "blood-spot-test-outcome-1", "blood spot outcome", Says::Screening),
    ("CH036", "medication-administration-1", "medication administered", Says::Resources),
    ("CH037", "investigation-results-1", "investigation results", Says::Resources),
    ("FM001", "national-population-failsafe-alert-1", "failsafe alert", Says::Kept),
    ("FM002", "national-population-failsafe-alert-nullify-1", "failsafe alert nullified", Says::Kept),
    ("PDS001", "pds-change-of-gp-1", "change of practice", Says::Resources),
    ("PDS002", "pds-change-of-address-1", "change of address", Says::Resources),
    ("PDS003", "pds-birth-notification-1", "birth notification", Says::Birth),
    ("PDS004", "pds-death-notification-1", "death notification", Says::Death),
    ("PDS005", "pds-record-change-1", "change of record", Says::Resources),
    ("ITK003D", "", "discharge", Says::Resources),
    ("ITK004D", "", "mental health discharge", Says::MentalHealth),
    ("ITK005D", "", "emergency care discharge", Says::Resources),
    ("ITK006D", "", "outpatient letter", Says::Resources),
    ("ITK007C", "", "document to a practice", Says::Resources),
    ("ITK009D", "", "digital medicine immunisation document", Says::Resources),
    ("ITK010D", "", "digital medicine emergency supply document", Says::Resources),
    ("ITK012M", "", "national pathology", Says::Resources),
    ("ITK013D", "", "digital medicine minor illness referral consultation", Says::Resources),
    ("ITK014M", "", "update of a record", Says::Resources),
    ("booking-request", "", "booking", Says::Referral),
    ("booking-response", "", "answer to a booking", Says::Referral),
    ("servicerequest-request", "", "referral", Says::Referral),
    ("servicerequest-response", "", "answer to a referral", Says::Referral),
];

/// A message's header.
pub(crate) struct Header {
    pub(crate) action: Action,
    pub(crate) says: Says,
    /// "CH015 vaccinations": for what is kept, and for what is taken back.
    pub(crate) name: String,
    /// The event is none that is known.
    pub(crate) unknown: bool,
    /// The action is none that is known.
    pub(crate) action_unknown: bool,
    pub(crate) timestamp: Option<String>,
    /// What makes the message one of a kind.
    pub(crate) id: Option<String>,
}

impl Header {
    pub(crate) fn read(header: &Element) -> Self {
        let event = header.text("event/code").or_else(|| header.text("eventCoding/code"));
        let event = event.or_else(|| header.text("eventUri")).unwrap_or_default();
        let code = event.rsplit(['/', '#']).next().unwrap_or_default();
        let known = EVENTS.iter().find(|(own, flat, ..)| *own == code || *flat == code).filter(|_| !code.is_empty());
        let stated = header.extension("MessageEventType").and_then(|extension| {
            let (_, value) = extension.choice("value")?;
            value.own_text().or_else(|| value.text("coding/code")).or_else(|| value.text("code"))
        });
        // Codes of HL7's own lists of reasons say why it was sent (A01, admit, moved), and not what is to be done with it.
        let of_hl7 =
            stated.is_none() && header.text("reason/coding/system").is_some_and(|system| system.contains("hl7.org/"));
        let stated = stated.or_else(|| header.text("reason/coding/code"));
        let (action, action_unknown) = match stated {
            None | Some("new") => (Action::New, false),
            Some("update") => (Action::Update, false),
            Some("delete") => (Action::Delete, false),
            Some(_) => (Action::Update, !of_hl7),
        };
        let name = known.map(|(own, _, words, _)| format!("{own} {words}"));
        Self {
            action,
            says: known.map_or(Says::Kept, |(.., says)| *says),
            name: name.unwrap_or_else(|| "a message of an unknown event".to_owned()),
            unknown: known.is_none(),
            action_unknown,
            timestamp: header.text("timestamp").map(str::to_owned),
            id: header.text("id").map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_list_is_known_once() {
        let numbered: Vec<&str> = EVENTS.iter().map(|(code, ..)| *code).filter(|code| code.starts_with("CH")).collect();
        let expected: Vec<String> = (1..=37).map(|number| format!("CH{number:03}")).collect();
        assert_eq!(numbered, expected);
    }
}
