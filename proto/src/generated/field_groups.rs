// Generated from the options on the .proto fields by tests/generated.rs. Do not edit.

/// Every message that an event can hold, by full name, in order.
pub static MESSAGES: &[MessageInfo] = &[
    MessageInfo {
        name: "throughline.events.v1.Address",
        fields: &[
            FieldInfo { number: 1, name: "lines", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "postcode", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "uprn", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "from", group: Of::Location, message: Some(23) },
            FieldInfo { number: 5, name: "to", group: Of::Location, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdmissionEnded",
        fields: &[
            FieldInfo { number: 1, name: "discharged_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "disposition", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "discharged_to", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdmissionMoved",
        fields: &[
            FieldInfo { number: 1, name: "moved_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "place", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdmissionStarted",
        fields: &[
            FieldInfo { number: 1, name: "admitted_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "patient_class", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "specialty", group: Of::None, message: Some(20) },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AllergyRecorded",
        fields: &[
            FieldInfo { number: 1, name: "kind", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "substance", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "severity", group: Of::None, message: Some(20) },
            FieldInfo { number: 4, name: "reaction", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AlternativeProvisionEnded",
        fields: &[
            FieldInfo { number: 1, name: "leaving_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "setting", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AlternativeProvisionStarted",
        fields: &[
            FieldInfo { number: 1, name: "entry_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "setting_kind", group: Of::None, message: Some(20) },
            FieldInfo { number: 4, name: "reason", group: Of::None, message: Some(20) },
            FieldInfo { number: 5, name: "pattern", group: Of::None, message: Some(20) },
            FieldInfo { number: 6, name: "sessions_per_week", group: Of::None, message: None },
            FieldInfo { number: 7, name: "postcode", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentBooked",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "ends_at", group: Of::None, message: None },
            FieldInfo { number: 3, name: "service", group: Of::None, message: Some(20) },
            FieldInfo { number: 4, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentCancelled",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentMissed",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AssessmentCompleted",
        fields: &[
            FieldInfo { number: 1, name: "authorised_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "start_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AssessmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "internal_review_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttendanceSummarised",
        fields: &[
            FieldInfo { number: 1, name: "school_year", group: Of::None, message: None },
            FieldInfo { number: 2, name: "term", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "sessions_possible", group: Of::None, message: None },
            FieldInfo { number: 4, name: "sessions", group: Of::None, message: Some(79) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttendedEmergency",
        fields: &[
            FieldInfo { number: 1, name: "arrived_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.BirthNotified",
        fields: &[
            FieldInfo { number: 1, name: "born_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "health_visiting", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CaseClosed",
        fields: &[
            FieldInfo { number: 1, name: "closed_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildDeathReviewClosed",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "closed_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildDeathReviewStarted",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "start_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildInNeedPlanEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildInNeedPlanStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Coded",
        fields: &[
            FieldInfo { number: 1, name: "code", group: Of::None, message: None },
            FieldInfo { number: 2, name: "code_set", group: Of::None, message: None },
            FieldInfo { number: 3, name: "text", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ConferenceHeld",
        fields: &[
            FieldInfo { number: 1, name: "held_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ContactReceived",
        fields: &[
            FieldInfo { number: 1, name: "received_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "contact_from", group: Of::ThirdParty, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Date",
        fields: &[
            FieldInfo { number: 1, name: "year", group: Of::None, message: None },
            FieldInfo { number: 2, name: "month", group: Of::None, message: None },
            FieldInfo { number: 3, name: "day", group: Of::None, message: None },
            FieldInfo { number: 4, name: "estimated", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DeathNotified",
        fields: &[
            FieldInfo { number: 1, name: "died_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DecisionProposed",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(81) },
            FieldInfo { number: 2, name: "verdict", group: Of::None, message: None },
            FieldInfo { number: 3, name: "proposed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 5, name: "review", group: Of::None, message: Some(72) },
            FieldInfo { number: 6, name: "expires_at", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DisabilityRecorded",
        fields: &[
            FieldInfo { number: 1, name: "disabilities", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAdviceReceived",
        fields: &[
            FieldInfo { number: 1, name: "adviser_kind", group: Of::None, message: None },
            FieldInfo { number: 2, name: "adviser", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "received_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAdviceRequested",
        fields: &[
            FieldInfo { number: 1, name: "adviser_kind", group: Of::None, message: None },
            FieldInfo { number: 2, name: "adviser", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "requested_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 4, name: "due_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAssessmentDecided",
        fields: &[
            FieldInfo { number: 1, name: "stage", group: Of::None, message: None },
            FieldInfo { number: 2, name: "agreed", group: Of::None, message: None },
            FieldInfo { number: 3, name: "decided_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 4, name: "notified_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 5, name: "reason_plain", group: Of::Narrative, message: None },
            FieldInfo { number: 6, name: "exemption", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAssessmentRequested",
        fields: &[
            FieldInfo { number: 1, name: "received_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "requested_by", group: Of::ThirdParty, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanCeased",
        fields: &[
            FieldInfo { number: 1, name: "ceased_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanDrafted",
        fields: &[
            FieldInfo { number: 1, name: "served_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanIssued",
        fields: &[
            FieldInfo { number: 1, name: "sent_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanTransferred",
        fields: &[
            FieldInfo { number: 1, name: "from_authority", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "to_authority", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "aware_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 4, name: "transferred_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcRequestWithdrawn",
        fields: &[
            FieldInfo { number: 1, name: "withdrawn_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcSettingConsulted",
        fields: &[
            FieldInfo { number: 1, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "sent_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "replied_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 4, name: "reply", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnquiryDecided",
        fields: &[
            FieldInfo { number: 1, name: "outcome", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "to_service", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "reason_plain", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "decided_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnquiryReceived",
        fields: &[
            FieldInfo { number: 1, name: "door", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "received_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "enquiry_from", group: Of::ThirdParty, message: Some(20) },
            FieldInfo { number: 4, name: "concern_first_raised_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 5, name: "chain", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnrolmentEnded",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "leaving_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnrolmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "entry_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "status", group: Of::None, message: Some(20) },
            FieldInfo { number: 4, name: "year_group", group: Of::None, message: Some(20) },
            FieldInfo { number: 5, name: "part_time", group: Of::None, message: None },
            FieldInfo { number: 6, name: "boarder", group: Of::Location, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EntryCorrected",
        fields: &[
            FieldInfo { number: 1, name: "replaced_by_entry_id", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EntryReassigned",
        fields: &[
            FieldInfo { number: 1, name: "from", group: Of::None, message: Some(81) },
            FieldInfo { number: 2, name: "from_key", group: Of::None, message: None },
            FieldInfo { number: 3, name: "to_key", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EntryRetracted",
        fields: &[
            FieldInfo { number: 1, name: "reason", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ExclusionGiven",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "reasons", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "sen_provision", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FactorIdentified",
        fields: &[
            FieldInfo { number: 1, name: "factor", group: Of::ThirdParty, message: Some(20) },
            FieldInfo { number: 2, name: "identified_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FreeSchoolMealsEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FreeSchoolMealsStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "country", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.HelpAssessmentCompleted",
        fields: &[
            FieldInfo { number: 1, name: "form", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "completed_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.HelpAssessmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "form", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "start_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Identifier",
        fields: &[
            FieldInfo { number: 1, name: "subject", group: Of::None, message: Some(81) },
            FieldInfo { number: 2, name: "standing", group: Of::None, message: None },
            FieldInfo { number: 3, name: "usable", group: Of::None, message: None },
            FieldInfo { number: 4, name: "verification", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.IdentifierSuperseded",
        fields: &[
            FieldInfo { number: 1, name: "superseded", group: Of::None, message: Some(81) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(72) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.IdentitySealed",
        fields: &[
            FieldInfo { number: 1, name: "sealed_subjects", group: Of::None, message: None },
            FieldInfo { number: 2, name: "sealed_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "authority", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ImmunisationGiven",
        fields: &[
            FieldInfo { number: 1, name: "given_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "vaccine", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "dose_number", group: Of::None, message: None },
            FieldInfo { number: 4, name: "amount", group: Of::None, message: None },
            FieldInfo { number: 5, name: "lot", group: Of::None, message: None },
            FieldInfo { number: 6, name: "route", group: Of::None, message: Some(20) },
            FieldInfo { number: 7, name: "site", group: Of::None, message: Some(20) },
            FieldInfo { number: 8, name: "information_source", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ImmunisationNotGiven",
        fields: &[
            FieldInfo { number: 1, name: "recorded_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "vaccine", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "reason", group: Of::ThirdParty, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.InvolvementEnded",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "end_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.InvolvementStarted",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "start_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.LegalStatusChanged",
        fields: &[
            FieldInfo { number: 1, name: "changed_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "legal_status", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.LinkingParametersAdopted",
        fields: &[
            FieldInfo { number: 1, name: "version", group: Of::None, message: None },
            FieldInfo { number: 2, name: "parameters", group: Of::Narrative, message: None },
            FieldInfo { number: 3, name: "automatic", group: Of::None, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: None },
            FieldInfo { number: 5, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 6, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 7, name: "links_gained", group: Of::None, message: None },
            FieldInfo { number: 8, name: "links_lost", group: Of::None, message: None },
            FieldInfo { number: 9, name: "for_review", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.LookedAfterPeriodEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.LookedAfterPeriodStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "legal_status", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PairLeftOpen",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(81) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(72) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ParentalResponsibility",
        fields: &[
            FieldInfo { number: 1, name: "held", group: Of::ThirdParty, message: None },
            FieldInfo { number: 2, name: "source", group: Of::ThirdParty, message: Some(20) },
            FieldInfo { number: 3, name: "from", group: Of::ThirdParty, message: Some(23) },
            FieldInfo { number: 4, name: "to", group: Of::ThirdParty, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PersonDescribed",
        fields: &[
            FieldInfo { number: 1, name: "names", group: Of::None, message: Some(64) },
            FieldInfo { number: 2, name: "birth_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "expected_birth_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 4, name: "death_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 5, name: "sex", group: Of::None, message: Some(20) },
            FieldInfo { number: 6, name: "ethnicity", group: Of::None, message: Some(20) },
            FieldInfo { number: 7, name: "first_language", group: Of::None, message: Some(20) },
            FieldInfo { number: 8, name: "addresses", group: Of::Location, message: Some(0) },
            FieldInfo { number: 9, name: "phones", group: Of::Location, message: None },
            FieldInfo { number: 10, name: "identifiers", group: Of::None, message: Some(50) },
            FieldInfo { number: 11, name: "upn_unknown", group: Of::None, message: Some(20) },
            FieldInfo { number: 12, name: "practice", group: Of::Location, message: None },
            FieldInfo { number: 13, name: "multiple_birth", group: Of::ThirdParty, message: None },
            FieldInfo { number: 14, name: "birth_order", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PersonName",
        fields: &[
            FieldInfo { number: 1, name: "family", group: Of::None, message: None },
            FieldInfo { number: 2, name: "given", group: Of::None, message: None },
            FieldInfo { number: 3, name: "middle", group: Of::None, message: None },
            FieldInfo { number: 4, name: "prefix", group: Of::None, message: None },
            FieldInfo { number: 5, name: "suffix", group: Of::None, message: None },
            FieldInfo { number: 6, name: "use", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanReviewed",
        fields: &[
            FieldInfo { number: 1, name: "reviewed_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "initial_category", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "latest_category", group: Of::None, message: Some(20) },
            FieldInfo { number: 4, name: "previous_plans", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralAccepted",
        fields: &[
            FieldInfo { number: 1, name: "service", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "accepted_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralClosed",
        fields: &[
            FieldInfo { number: 1, name: "service", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "closed_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "reason", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralReceived",
        fields: &[
            FieldInfo { number: 1, name: "received_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "referred_by", group: Of::ThirdParty, message: Some(20) },
            FieldInfo { number: 3, name: "primary_need", group: Of::None, message: Some(20) },
            FieldInfo { number: 4, name: "no_further_action", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.RelationshipRecorded",
        fields: &[
            FieldInfo { number: 1, name: "relationship", group: Of::ThirdParty, message: Some(20) },
            FieldInfo { number: 2, name: "name", group: Of::ThirdParty, message: Some(64) },
            FieldInfo { number: 3, name: "address", group: Of::ThirdParty, message: Some(0) },
            FieldInfo { number: 4, name: "phones", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "role", group: Of::ThirdParty, message: Some(20) },
            FieldInfo { number: 6, name: "related", group: Of::ThirdParty, message: Some(81) },
            FieldInfo { number: 7, name: "kind", group: Of::ThirdParty, message: None },
            FieldInfo { number: 8, name: "parental_responsibility", group: Of::ThirdParty, message: Some(62) },
            FieldInfo { number: 9, name: "lives_with_child", group: Of::ThirdParty, message: None },
            FieldInfo { number: 10, name: "since_on", group: Of::ThirdParty, message: Some(23) },
            FieldInfo { number: 11, name: "until_on", group: Of::ThirdParty, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Review",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 2, name: "proposed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "proposed_by_organisation", group: Of::None, message: None },
            FieldInfo { number: 4, name: "proposal", group: Of::None, message: None },
            FieldInfo { number: 5, name: "shown", group: Of::None, message: None },
            FieldInfo { number: 6, name: "why", group: Of::None, message: None },
            FieldInfo { number: 7, name: "parameters", group: Of::None, message: None },
            FieldInfo { number: 8, name: "weight", group: Of::None, message: None },
            FieldInfo { number: 9, name: "probability", group: Of::None, message: None },
            FieldInfo { number: 10, name: "follows", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Section47EnquiryEnded",
        fields: &[
            FieldInfo { number: 1, name: "ended_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "outcome", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Section47EnquiryStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "conference_due_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "conference_not_required", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SenNeedRecorded",
        fields: &[
            FieldInfo { number: 1, name: "need", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "rank", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SenProvisionChanged",
        fields: &[
            FieldInfo { number: 1, name: "provision", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "in_sen_unit", group: Of::None, message: None },
            FieldInfo { number: 3, name: "in_resourced_provision", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ServiceEnded",
        fields: &[
            FieldInfo { number: 1, name: "spell", group: Of::None, message: None },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "ended_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 4, name: "reason", group: Of::None, message: Some(20) },
            FieldInfo { number: 5, name: "service", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ServiceStarted",
        fields: &[
            FieldInfo { number: 1, name: "spell", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(20) },
            FieldInfo { number: 3, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "start_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SessionCount",
        fields: &[
            FieldInfo { number: 1, name: "reason", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "sessions", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SourceRecordKept",
        fields: &[
            FieldInfo { number: 1, name: "record_type", group: Of::Narrative, message: None },
            FieldInfo { number: 2, name: "media_type", group: Of::Narrative, message: None },
            FieldInfo { number: 3, name: "content", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Subject",
        fields: &[
            FieldInfo { number: 1, name: "scheme", group: Of::None, message: None },
            FieldInfo { number: 2, name: "issuer", group: Of::None, message: None },
            FieldInfo { number: 3, name: "value", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SubjectsLinked",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(81) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(72) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SubjectsUnlinked",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(81) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(72) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SuspensionGiven",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "sessions", group: Of::None, message: None },
            FieldInfo { number: 3, name: "category", group: Of::None, message: Some(20) },
            FieldInfo { number: 4, name: "reasons", group: Of::None, message: Some(20) },
            FieldInfo { number: 5, name: "sen_provision", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.TransferFileSent",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "to_school", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "sent_on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.WorkerEnded",
        fields: &[
            FieldInfo { number: 1, name: "role", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "ended_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 5, name: "reason", group: Of::None, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.WorkerNamed",
        fields: &[
            FieldInfo { number: 1, name: "role", group: Of::None, message: Some(20) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "team", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "channels", group: Of::Location, message: None },
            FieldInfo { number: 6, name: "since_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 7, name: "family_told_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 8, name: "plan", group: Of::Narrative, message: None },
            FieldInfo { number: 9, name: "supervised_by", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.YoungCarerIdentified",
        fields: &[
            FieldInfo { number: 1, name: "identified_by", group: Of::ThirdParty, message: Some(20) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AccessGranted",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 4, name: "scope", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(23) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(23) },
            FieldInfo { number: 7, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 8, name: "granted_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 9, name: "purposes", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AccessRevoked",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "revoked_by", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AgeAssessed",
        fields: &[
            FieldInfo { number: 1, name: "birth_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "assessed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AgeDisputed",
        fields: &[
            FieldInfo { number: 1, name: "earliest_birth_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 2, name: "latest_birth_on", group: Of::None, message: Some(23) },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AgreementRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "parties", group: Of::None, message: None },
            FieldInfo { number: 3, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 4, name: "purposes", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(23) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(23) },
            FieldInfo { number: 7, name: "suspended", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.BreakGlassAsserted",
        fields: &[
            FieldInfo { number: 1, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 2, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "asserted_at", group: Of::None, message: None },
            FieldInfo { number: 5, name: "minutes", group: Of::None, message: None },
            FieldInfo { number: 6, name: "purpose", group: Of::None, message: None },
            FieldInfo { number: 7, name: "id", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.BreakGlassReviewed",
        fields: &[
            FieldInfo { number: 1, name: "break_glass", group: Of::None, message: None },
            FieldInfo { number: 2, name: "outcome", group: Of::None, message: None },
            FieldInfo { number: 3, name: "reviewed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 5, name: "words", group: Of::Narrative, message: None },
            FieldInfo { number: 6, name: "reviewed_at", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.CompetenceAssessed",
        fields: &[
            FieldInfo { number: 1, name: "competent", group: Of::None, message: None },
            FieldInfo { number: 2, name: "decision_kind", group: Of::Narrative, message: None },
            FieldInfo { number: 3, name: "assessed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "on", group: Of::None, message: Some(23) },
            FieldInfo { number: 5, name: "decision", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ConsentRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "state", group: Of::None, message: None },
            FieldInfo { number: 4, name: "by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "recipients", group: Of::None, message: None },
            FieldInfo { number: 6, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 7, name: "purposes", group: Of::None, message: None },
            FieldInfo { number: 8, name: "from", group: Of::None, message: Some(23) },
            FieldInfo { number: 9, name: "to", group: Of::None, message: Some(23) },
            FieldInfo { number: 10, name: "evidence", group: Of::Narrative, message: None },
            FieldInfo { number: 11, name: "people", group: Of::ThirdParty, message: Some(102) },
            FieldInfo { number: 12, name: "capacity_basis", group: Of::None, message: None },
            FieldInfo { number: 13, name: "holder", group: Of::ThirdParty, message: None },
            FieldInfo { number: 14, name: "form", group: Of::None, message: None },
            FieldInfo { number: 15, name: "form_version", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.FamilyPersonEnded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "ended_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.FamilyPersonRecognised",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "person", group: Of::ThirdParty, message: Some(102) },
            FieldInfo { number: 3, name: "relation", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "evidence", group: Of::Narrative, message: None },
            FieldInfo { number: 5, name: "recognised_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 6, name: "on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.FeedConfirmed",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 2, name: "source", group: Of::None, message: None },
            FieldInfo { number: 3, name: "confirmed_at", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.LegalProcessRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "recipient", group: Of::None, message: None },
            FieldInfo { number: 4, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(23) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(23) },
            FieldInfo { number: 7, name: "approved_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 8, name: "source", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.NamedPerson",
        fields: &[
            FieldInfo { number: 1, name: "issuer", group: Of::None, message: None },
            FieldInfo { number: 2, name: "person", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.OrganisationRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "name", group: Of::None, message: None },
            FieldInfo { number: 3, name: "sector", group: Of::None, message: None },
            FieldInfo { number: 4, name: "authority", group: Of::None, message: None },
            FieldInfo { number: 5, name: "designated", group: Of::None, message: None },
            FieldInfo { number: 6, name: "contact", group: Of::None, message: None },
            FieldInfo { number: 7, name: "sensitive", group: Of::None, message: None },
            FieldInfo { number: 8, name: "certificate_name", group: Of::None, message: None },
            FieldInfo { number: 9, name: "token_issuer", group: Of::None, message: None },
            FieldInfo { number: 10, name: "token_key_pem", group: Of::None, message: None },
            FieldInfo { number: 11, name: "from", group: Of::None, message: Some(23) },
            FieldInfo { number: 12, name: "to", group: Of::None, message: Some(23) },
            FieldInfo { number: 13, name: "vouches_for_people", group: Of::None, message: None },
            FieldInfo { number: 16, name: "desks", group: Of::None, message: Some(113) },
            FieldInfo { number: 17, name: "step_up", group: Of::None, message: Some(115) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ParentalResponsibilityEnded",
        fields: &[
            FieldInfo { number: 1, name: "person", group: Of::ThirdParty, message: Some(102) },
            FieldInfo { number: 2, name: "ended_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ParentalResponsibilityVerified",
        fields: &[
            FieldInfo { number: 1, name: "person", group: Of::ThirdParty, message: Some(102) },
            FieldInfo { number: 2, name: "evidence", group: Of::Narrative, message: None },
            FieldInfo { number: 3, name: "verified_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.PolicyApprovalWithdrawn",
        fields: &[
            FieldInfo { number: 1, name: "policy_hash", group: Of::None, message: None },
            FieldInfo { number: 2, name: "withdrawn_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.PolicyApproved",
        fields: &[
            FieldInfo { number: 1, name: "policy_hash", group: Of::None, message: None },
            FieldInfo { number: 2, name: "approved_by", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.PolicyKept",
        fields: &[
            FieldInfo { number: 1, name: "policy_hash", group: Of::None, message: None },
            FieldInfo { number: 2, name: "part", group: Of::None, message: None },
            FieldInfo { number: 3, name: "parts", group: Of::None, message: None },
            FieldInfo { number: 4, name: "content", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.RefusalToShareRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 4, name: "asked_by", group: Of::None, message: None },
            FieldInfo { number: 5, name: "purpose", group: Of::None, message: None },
            FieldInfo { number: 6, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 7, name: "why", group: Of::Narrative, message: None },
            FieldInfo { number: 8, name: "would_need", group: Of::Narrative, message: None },
            FieldInfo { number: 9, name: "decided_at", group: Of::None, message: None },
            FieldInfo { number: 10, name: "decision", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.RestrictionLifted",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "lifted_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.RestrictionSet",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.RetentionScheduleRecorded",
        fields: &[
            FieldInfo { number: 1, name: "authority", group: Of::None, message: None },
            FieldInfo { number: 2, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 3, name: "years_from_birth", group: Of::None, message: None },
            FieldInfo { number: 4, name: "years_from_entry", group: Of::None, message: None },
            FieldInfo { number: 5, name: "years_from_death", group: Of::None, message: None },
            FieldInfo { number: 6, name: "from", group: Of::None, message: Some(23) },
            FieldInfo { number: 7, name: "to", group: Of::None, message: Some(23) },
            FieldInfo { number: 8, name: "citation", group: Of::None, message: None },
            FieldInfo { number: 9, name: "approved_by", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ServiceDesk",
        fields: &[
            FieldInfo { number: 1, name: "service", group: Of::None, message: None },
            FieldInfo { number: 2, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 3, name: "contact", group: Of::None, message: None },
            FieldInfo { number: 4, name: "from", group: Of::None, message: Some(23) },
            FieldInfo { number: 5, name: "to", group: Of::None, message: Some(23) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.StatutoryStatusChanged",
        fields: &[
            FieldInfo { number: 1, name: "status", group: Of::None, message: None },
            FieldInfo { number: 2, name: "open", group: Of::None, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(23) },
            FieldInfo { number: 4, name: "organisation", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.StepUp",
        fields: &[
            FieldInfo { number: 1, name: "seconds_max", group: Of::None, message: None },
            FieldInfo { number: 2, name: "acr", group: Of::None, message: None },
        ],
    },
];

/// The kinds of the catalogue: number in `Event`, name, place of the message in `MESSAGES`.
pub static KINDS: &[KindInfo] = &[
    KindInfo { number: 10, name: "SourceRecordKept", message: 80 },
    KindInfo { number: 11, name: "EntryCorrected", message: 41 },
    KindInfo { number: 12, name: "EntryRetracted", message: 43 },
    KindInfo { number: 13, name: "EntryReassigned", message: 42 },
    KindInfo { number: 100, name: "EnrolmentStarted", message: 40 },
    KindInfo { number: 101, name: "EnrolmentEnded", message: 39 },
    KindInfo { number: 102, name: "AttendanceSummarised", message: 12 },
    KindInfo { number: 103, name: "SuspensionGiven", message: 84 },
    KindInfo { number: 104, name: "ExclusionGiven", message: 44 },
    KindInfo { number: 105, name: "SenProvisionChanged", message: 76 },
    KindInfo { number: 106, name: "SenNeedRecorded", message: 75 },
    KindInfo { number: 107, name: "FreeSchoolMealsStarted", message: 47 },
    KindInfo { number: 108, name: "FreeSchoolMealsEnded", message: 46 },
    KindInfo { number: 109, name: "YoungCarerIdentified", message: 88 },
    KindInfo { number: 110, name: "AlternativeProvisionStarted", message: 6 },
    KindInfo { number: 111, name: "AlternativeProvisionEnded", message: 5 },
    KindInfo { number: 112, name: "EhcAssessmentRequested", message: 30 },
    KindInfo { number: 113, name: "EhcAssessmentDecided", message: 29 },
    KindInfo { number: 114, name: "EhcRequestWithdrawn", message: 35 },
    KindInfo { number: 115, name: "EhcAdviceRequested", message: 28 },
    KindInfo { number: 116, name: "EhcAdviceReceived", message: 27 },
    KindInfo { number: 117, name: "EhcPlanDrafted", message: 32 },
    KindInfo { number: 118, name: "EhcSettingConsulted", message: 36 },
    KindInfo { number: 119, name: "EhcPlanIssued", message: 33 },
    KindInfo { number: 120, name: "EhcPlanCeased", message: 31 },
    KindInfo { number: 121, name: "EhcPlanTransferred", message: 34 },
    KindInfo { number: 122, name: "TransferFileSent", message: 85 },
    KindInfo { number: 200, name: "ReferralReceived", message: 70 },
    KindInfo { number: 201, name: "AssessmentStarted", message: 11 },
    KindInfo { number: 202, name: "AssessmentCompleted", message: 10 },
    KindInfo { number: 203, name: "ChildInNeedPlanStarted", message: 19 },
    KindInfo { number: 204, name: "ChildInNeedPlanEnded", message: 18 },
    KindInfo { number: 205, name: "Section47EnquiryStarted", message: 74 },
    KindInfo { number: 206, name: "ConferenceHeld", message: 21 },
    KindInfo { number: 207, name: "ProtectionPlanStarted", message: 67 },
    KindInfo { number: 208, name: "ProtectionPlanReviewed", message: 66 },
    KindInfo { number: 209, name: "ProtectionPlanEnded", message: 65 },
    KindInfo { number: 210, name: "CaseClosed", message: 15 },
    KindInfo { number: 211, name: "FactorIdentified", message: 45 },
    KindInfo { number: 212, name: "DisabilityRecorded", message: 26 },
    KindInfo { number: 213, name: "Section47EnquiryEnded", message: 73 },
    KindInfo { number: 214, name: "ContactReceived", message: 22 },
    KindInfo { number: 215, name: "LookedAfterPeriodStarted", message: 60 },
    KindInfo { number: 216, name: "LegalStatusChanged", message: 57 },
    KindInfo { number: 217, name: "LookedAfterPeriodEnded", message: 59 },
    KindInfo { number: 300, name: "AttendedEmergency", message: 13 },
    KindInfo { number: 301, name: "AdmissionStarted", message: 3 },
    KindInfo { number: 302, name: "AdmissionMoved", message: 2 },
    KindInfo { number: 303, name: "AdmissionEnded", message: 1 },
    KindInfo { number: 304, name: "AppointmentBooked", message: 7 },
    KindInfo { number: 305, name: "AppointmentMissed", message: 9 },
    KindInfo { number: 306, name: "AppointmentCancelled", message: 8 },
    KindInfo { number: 307, name: "ImmunisationGiven", message: 53 },
    KindInfo { number: 308, name: "ImmunisationNotGiven", message: 54 },
    KindInfo { number: 309, name: "AllergyRecorded", message: 4 },
    KindInfo { number: 310, name: "BirthNotified", message: 14 },
    KindInfo { number: 311, name: "DeathNotified", message: 24 },
    KindInfo { number: 312, name: "ReferralAccepted", message: 68 },
    KindInfo { number: 313, name: "ReferralClosed", message: 69 },
    KindInfo { number: 400, name: "InvolvementStarted", message: 56 },
    KindInfo { number: 401, name: "InvolvementEnded", message: 55 },
    KindInfo { number: 402, name: "WorkerNamed", message: 87 },
    KindInfo { number: 403, name: "WorkerEnded", message: 86 },
    KindInfo { number: 404, name: "EnquiryReceived", message: 38 },
    KindInfo { number: 405, name: "EnquiryDecided", message: 37 },
    KindInfo { number: 406, name: "HelpAssessmentStarted", message: 49 },
    KindInfo { number: 407, name: "HelpAssessmentCompleted", message: 48 },
    KindInfo { number: 408, name: "ServiceStarted", message: 78 },
    KindInfo { number: 409, name: "ServiceEnded", message: 77 },
    KindInfo { number: 410, name: "ChildDeathReviewStarted", message: 17 },
    KindInfo { number: 411, name: "ChildDeathReviewClosed", message: 16 },
    KindInfo { number: 500, name: "PersonDescribed", message: 63 },
    KindInfo { number: 501, name: "RelationshipRecorded", message: 71 },
    KindInfo { number: 502, name: "SubjectsLinked", message: 82 },
    KindInfo { number: 503, name: "SubjectsUnlinked", message: 83 },
    KindInfo { number: 504, name: "IdentifierSuperseded", message: 51 },
    KindInfo { number: 505, name: "IdentitySealed", message: 52 },
    KindInfo { number: 510, name: "DecisionProposed", message: 25 },
    KindInfo { number: 511, name: "PairLeftOpen", message: 61 },
    KindInfo { number: 512, name: "LinkingParametersAdopted", message: 58 },
    KindInfo { number: 600, name: "OrganisationRecorded", message: 103 },
    KindInfo { number: 601, name: "PolicyApproved", message: 107 },
    KindInfo { number: 602, name: "ConsentRecorded", message: 97 },
    KindInfo { number: 603, name: "CompetenceAssessed", message: 96 },
    KindInfo { number: 604, name: "AgreementRecorded", message: 93 },
    KindInfo { number: 605, name: "StatutoryStatusChanged", message: 114 },
    KindInfo { number: 606, name: "RestrictionSet", message: 111 },
    KindInfo { number: 607, name: "RestrictionLifted", message: 110 },
    KindInfo { number: 608, name: "AccessGranted", message: 89 },
    KindInfo { number: 609, name: "AccessRevoked", message: 90 },
    KindInfo { number: 610, name: "LegalProcessRecorded", message: 101 },
    KindInfo { number: 611, name: "BreakGlassAsserted", message: 94 },
    KindInfo { number: 612, name: "FamilyPersonRecognised", message: 99 },
    KindInfo { number: 613, name: "FamilyPersonEnded", message: 98 },
    KindInfo { number: 614, name: "ParentalResponsibilityVerified", message: 105 },
    KindInfo { number: 615, name: "ParentalResponsibilityEnded", message: 104 },
    KindInfo { number: 640, name: "BreakGlassReviewed", message: 95 },
    KindInfo { number: 641, name: "RefusalToShareRecorded", message: 109 },
    KindInfo { number: 660, name: "AgeDisputed", message: 92 },
    KindInfo { number: 661, name: "AgeAssessed", message: 91 },
    KindInfo { number: 662, name: "RetentionScheduleRecorded", message: 112 },
    KindInfo { number: 663, name: "FeedConfirmed", message: 100 },
    KindInfo { number: 670, name: "PolicyApprovalWithdrawn", message: 106 },
    KindInfo { number: 671, name: "PolicyKept", message: 108 },
];
