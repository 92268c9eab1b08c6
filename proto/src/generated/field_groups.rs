// Generated from the options on the .proto fields by tests/generated.rs. Do not edit.

/// Every message that an event can hold, by full name, in order.
pub static MESSAGES: &[MessageInfo] = &[
    MessageInfo {
        name: "throughline.events.v1.Address",
        fields: &[
            FieldInfo { number: 1, name: "lines", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "postcode", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "uprn", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "from", group: Of::Location, message: Some(19) },
            FieldInfo { number: 5, name: "to", group: Of::Location, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdmissionEnded",
        fields: &[
            FieldInfo { number: 1, name: "discharged_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "disposition", group: Of::None, message: Some(17) },
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
            FieldInfo { number: 2, name: "patient_class", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "specialty", group: Of::None, message: Some(17) },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AllergyRecorded",
        fields: &[
            FieldInfo { number: 1, name: "kind", group: Of::None, message: Some(17) },
            FieldInfo { number: 2, name: "substance", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "severity", group: Of::None, message: Some(17) },
            FieldInfo { number: 4, name: "reaction", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AlternativeProvisionEnded",
        fields: &[
            FieldInfo { number: 1, name: "leaving_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "setting", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AlternativeProvisionStarted",
        fields: &[
            FieldInfo { number: 1, name: "entry_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "setting_kind", group: Of::None, message: Some(17) },
            FieldInfo { number: 4, name: "reason", group: Of::None, message: Some(17) },
            FieldInfo { number: 5, name: "pattern", group: Of::None, message: Some(17) },
            FieldInfo { number: 6, name: "sessions_per_week", group: Of::None, message: None },
            FieldInfo { number: 7, name: "postcode", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentBooked",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "ends_at", group: Of::None, message: None },
            FieldInfo { number: 3, name: "service", group: Of::None, message: Some(17) },
            FieldInfo { number: 4, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentCancelled",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentMissed",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AssessmentCompleted",
        fields: &[
            FieldInfo { number: 1, name: "authorised_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "start_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AssessmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "internal_review_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttendanceSummarised",
        fields: &[
            FieldInfo { number: 1, name: "school_year", group: Of::None, message: None },
            FieldInfo { number: 2, name: "term", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "sessions_possible", group: Of::None, message: None },
            FieldInfo { number: 4, name: "sessions", group: Of::None, message: Some(52) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttendedEmergency",
        fields: &[
            FieldInfo { number: 1, name: "arrived_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CaseClosed",
        fields: &[
            FieldInfo { number: 1, name: "closed_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildInNeedPlanEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildInNeedPlanStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(19) },
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
            FieldInfo { number: 1, name: "held_on", group: Of::None, message: Some(19) },
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
        name: "throughline.events.v1.DecisionProposed",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(54) },
            FieldInfo { number: 2, name: "verdict", group: Of::None, message: None },
            FieldInfo { number: 3, name: "proposed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 5, name: "review", group: Of::None, message: Some(48) },
            FieldInfo { number: 6, name: "expires_at", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DisabilityRecorded",
        fields: &[
            FieldInfo { number: 1, name: "disabilities", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnrolmentEnded",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "leaving_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnrolmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "entry_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 3, name: "status", group: Of::None, message: Some(17) },
            FieldInfo { number: 4, name: "year_group", group: Of::None, message: Some(17) },
            FieldInfo { number: 5, name: "part_time", group: Of::None, message: None },
            FieldInfo { number: 6, name: "boarder", group: Of::Location, message: Some(17) },
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
            FieldInfo { number: 1, name: "from", group: Of::None, message: Some(54) },
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
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "reasons", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "sen_provision", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FactorIdentified",
        fields: &[
            FieldInfo { number: 1, name: "factor", group: Of::ThirdParty, message: Some(17) },
            FieldInfo { number: 2, name: "identified_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FreeSchoolMealsEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FreeSchoolMealsStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "country", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Identifier",
        fields: &[
            FieldInfo { number: 1, name: "subject", group: Of::None, message: Some(54) },
            FieldInfo { number: 2, name: "standing", group: Of::None, message: None },
            FieldInfo { number: 3, name: "usable", group: Of::None, message: None },
            FieldInfo { number: 4, name: "verification", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.IdentifierSuperseded",
        fields: &[
            FieldInfo { number: 1, name: "superseded", group: Of::None, message: Some(54) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(48) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.IdentitySealed",
        fields: &[
            FieldInfo { number: 1, name: "sealed_subjects", group: Of::None, message: None },
            FieldInfo { number: 2, name: "sealed_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 3, name: "authority", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ImmunisationGiven",
        fields: &[
            FieldInfo { number: 1, name: "given_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "vaccine", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "dose_number", group: Of::None, message: None },
            FieldInfo { number: 4, name: "amount", group: Of::None, message: None },
            FieldInfo { number: 5, name: "lot", group: Of::None, message: None },
            FieldInfo { number: 6, name: "route", group: Of::None, message: Some(17) },
            FieldInfo { number: 7, name: "site", group: Of::None, message: Some(17) },
            FieldInfo { number: 8, name: "information_source", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ImmunisationNotGiven",
        fields: &[
            FieldInfo { number: 1, name: "recorded_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "vaccine", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "reason", group: Of::ThirdParty, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.InvolvementEnded",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "end_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.InvolvementStarted",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "start_on", group: Of::None, message: Some(19) },
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
        name: "throughline.events.v1.PairLeftOpen",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(54) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(48) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ParentalResponsibility",
        fields: &[
            FieldInfo { number: 1, name: "held", group: Of::ThirdParty, message: None },
            FieldInfo { number: 2, name: "source", group: Of::ThirdParty, message: Some(17) },
            FieldInfo { number: 3, name: "from", group: Of::ThirdParty, message: Some(19) },
            FieldInfo { number: 4, name: "to", group: Of::ThirdParty, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PersonDescribed",
        fields: &[
            FieldInfo { number: 1, name: "names", group: Of::None, message: Some(42) },
            FieldInfo { number: 2, name: "birth_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 3, name: "expected_birth_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 4, name: "death_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 5, name: "sex", group: Of::None, message: Some(17) },
            FieldInfo { number: 6, name: "ethnicity", group: Of::None, message: Some(17) },
            FieldInfo { number: 7, name: "first_language", group: Of::None, message: Some(17) },
            FieldInfo { number: 8, name: "addresses", group: Of::Location, message: Some(0) },
            FieldInfo { number: 9, name: "phones", group: Of::Location, message: None },
            FieldInfo { number: 10, name: "identifiers", group: Of::None, message: Some(31) },
            FieldInfo { number: 11, name: "upn_unknown", group: Of::None, message: Some(17) },
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
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanReviewed",
        fields: &[
            FieldInfo { number: 1, name: "reviewed_on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "initial_category", group: Of::None, message: Some(17) },
            FieldInfo { number: 3, name: "latest_category", group: Of::None, message: Some(17) },
            FieldInfo { number: 4, name: "previous_plans", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralReceived",
        fields: &[
            FieldInfo { number: 1, name: "received_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "referred_by", group: Of::ThirdParty, message: Some(17) },
            FieldInfo { number: 3, name: "primary_need", group: Of::None, message: Some(17) },
            FieldInfo { number: 4, name: "no_further_action", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.RelationshipRecorded",
        fields: &[
            FieldInfo { number: 1, name: "relationship", group: Of::ThirdParty, message: Some(17) },
            FieldInfo { number: 2, name: "name", group: Of::ThirdParty, message: Some(42) },
            FieldInfo { number: 3, name: "address", group: Of::ThirdParty, message: Some(0) },
            FieldInfo { number: 4, name: "phones", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "role", group: Of::ThirdParty, message: Some(17) },
            FieldInfo { number: 6, name: "related", group: Of::ThirdParty, message: Some(54) },
            FieldInfo { number: 7, name: "kind", group: Of::ThirdParty, message: None },
            FieldInfo { number: 8, name: "parental_responsibility", group: Of::ThirdParty, message: Some(40) },
            FieldInfo { number: 9, name: "lives_with_child", group: Of::ThirdParty, message: None },
            FieldInfo { number: 10, name: "since_on", group: Of::ThirdParty, message: Some(19) },
            FieldInfo { number: 11, name: "until_on", group: Of::ThirdParty, message: Some(19) },
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
        name: "throughline.events.v1.Section47EnquiryStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "conference_due_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 3, name: "conference_not_required", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SenNeedRecorded",
        fields: &[
            FieldInfo { number: 1, name: "need", group: Of::None, message: Some(17) },
            FieldInfo { number: 2, name: "rank", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SenProvisionChanged",
        fields: &[
            FieldInfo { number: 1, name: "provision", group: Of::None, message: Some(17) },
            FieldInfo { number: 2, name: "in_sen_unit", group: Of::None, message: None },
            FieldInfo { number: 3, name: "in_resourced_provision", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SessionCount",
        fields: &[
            FieldInfo { number: 1, name: "reason", group: Of::None, message: Some(17) },
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
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(54) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(48) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SubjectsUnlinked",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(54) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(48) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SuspensionGiven",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(19) },
            FieldInfo { number: 2, name: "sessions", group: Of::None, message: None },
            FieldInfo { number: 3, name: "category", group: Of::None, message: Some(17) },
            FieldInfo { number: 4, name: "reasons", group: Of::None, message: Some(17) },
            FieldInfo { number: 5, name: "sen_provision", group: Of::None, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.YoungCarerIdentified",
        fields: &[
            FieldInfo { number: 1, name: "identified_by", group: Of::ThirdParty, message: Some(17) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AccessGranted",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 4, name: "scope", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(19) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(19) },
            FieldInfo { number: 7, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 8, name: "granted_by", group: Of::ThirdParty, message: None },
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
        name: "throughline.sharing.v1.AgreementRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "parties", group: Of::None, message: None },
            FieldInfo { number: 3, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 4, name: "purposes", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(19) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(19) },
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
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.CompetenceAssessed",
        fields: &[
            FieldInfo { number: 1, name: "competent", group: Of::None, message: None },
            FieldInfo { number: 2, name: "decision_kind", group: Of::Narrative, message: None },
            FieldInfo { number: 3, name: "assessed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "on", group: Of::None, message: Some(19) },
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
            FieldInfo { number: 8, name: "from", group: Of::None, message: Some(19) },
            FieldInfo { number: 9, name: "to", group: Of::None, message: Some(19) },
            FieldInfo { number: 10, name: "evidence", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.LegalProcessRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "recipient", group: Of::None, message: None },
            FieldInfo { number: 4, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(19) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(19) },
            FieldInfo { number: 7, name: "approved_by", group: Of::ThirdParty, message: None },
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
            FieldInfo { number: 11, name: "from", group: Of::None, message: Some(19) },
            FieldInfo { number: 12, name: "to", group: Of::None, message: Some(19) },
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
        name: "throughline.sharing.v1.RestrictionLifted",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "lifted_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.RestrictionSet",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(19) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.StatutoryStatusChanged",
        fields: &[
            FieldInfo { number: 1, name: "status", group: Of::None, message: None },
            FieldInfo { number: 2, name: "open", group: Of::None, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(19) },
        ],
    },
];

/// The kinds of the catalogue: number in `Event`, name, place of the message in `MESSAGES`.
pub static KINDS: &[KindInfo] = &[
    KindInfo { number: 10, name: "SourceRecordKept", message: 53 },
    KindInfo { number: 11, name: "EntryCorrected", message: 24 },
    KindInfo { number: 12, name: "EntryRetracted", message: 26 },
    KindInfo { number: 13, name: "EntryReassigned", message: 25 },
    KindInfo { number: 100, name: "EnrolmentStarted", message: 23 },
    KindInfo { number: 101, name: "EnrolmentEnded", message: 22 },
    KindInfo { number: 102, name: "AttendanceSummarised", message: 12 },
    KindInfo { number: 103, name: "SuspensionGiven", message: 57 },
    KindInfo { number: 104, name: "ExclusionGiven", message: 27 },
    KindInfo { number: 105, name: "SenProvisionChanged", message: 51 },
    KindInfo { number: 106, name: "SenNeedRecorded", message: 50 },
    KindInfo { number: 107, name: "FreeSchoolMealsStarted", message: 30 },
    KindInfo { number: 108, name: "FreeSchoolMealsEnded", message: 29 },
    KindInfo { number: 109, name: "YoungCarerIdentified", message: 58 },
    KindInfo { number: 110, name: "AlternativeProvisionStarted", message: 6 },
    KindInfo { number: 111, name: "AlternativeProvisionEnded", message: 5 },
    KindInfo { number: 200, name: "ReferralReceived", message: 46 },
    KindInfo { number: 201, name: "AssessmentStarted", message: 11 },
    KindInfo { number: 202, name: "AssessmentCompleted", message: 10 },
    KindInfo { number: 203, name: "ChildInNeedPlanStarted", message: 16 },
    KindInfo { number: 204, name: "ChildInNeedPlanEnded", message: 15 },
    KindInfo { number: 205, name: "Section47EnquiryStarted", message: 49 },
    KindInfo { number: 206, name: "ConferenceHeld", message: 18 },
    KindInfo { number: 207, name: "ProtectionPlanStarted", message: 45 },
    KindInfo { number: 208, name: "ProtectionPlanReviewed", message: 44 },
    KindInfo { number: 209, name: "ProtectionPlanEnded", message: 43 },
    KindInfo { number: 210, name: "CaseClosed", message: 14 },
    KindInfo { number: 211, name: "FactorIdentified", message: 28 },
    KindInfo { number: 212, name: "DisabilityRecorded", message: 21 },
    KindInfo { number: 300, name: "AttendedEmergency", message: 13 },
    KindInfo { number: 301, name: "AdmissionStarted", message: 3 },
    KindInfo { number: 302, name: "AdmissionMoved", message: 2 },
    KindInfo { number: 303, name: "AdmissionEnded", message: 1 },
    KindInfo { number: 304, name: "AppointmentBooked", message: 7 },
    KindInfo { number: 305, name: "AppointmentMissed", message: 9 },
    KindInfo { number: 306, name: "AppointmentCancelled", message: 8 },
    KindInfo { number: 307, name: "ImmunisationGiven", message: 34 },
    KindInfo { number: 308, name: "ImmunisationNotGiven", message: 35 },
    KindInfo { number: 309, name: "AllergyRecorded", message: 4 },
    KindInfo { number: 400, name: "InvolvementStarted", message: 37 },
    KindInfo { number: 401, name: "InvolvementEnded", message: 36 },
    KindInfo { number: 500, name: "PersonDescribed", message: 41 },
    KindInfo { number: 501, name: "RelationshipRecorded", message: 47 },
    KindInfo { number: 502, name: "SubjectsLinked", message: 55 },
    KindInfo { number: 503, name: "SubjectsUnlinked", message: 56 },
    KindInfo { number: 504, name: "IdentifierSuperseded", message: 32 },
    KindInfo { number: 505, name: "IdentitySealed", message: 33 },
    KindInfo { number: 510, name: "DecisionProposed", message: 20 },
    KindInfo { number: 511, name: "PairLeftOpen", message: 39 },
    KindInfo { number: 512, name: "LinkingParametersAdopted", message: 38 },
    KindInfo { number: 600, name: "OrganisationRecorded", message: 66 },
    KindInfo { number: 601, name: "PolicyApproved", message: 67 },
    KindInfo { number: 602, name: "ConsentRecorded", message: 64 },
    KindInfo { number: 603, name: "CompetenceAssessed", message: 63 },
    KindInfo { number: 604, name: "AgreementRecorded", message: 61 },
    KindInfo { number: 605, name: "StatutoryStatusChanged", message: 70 },
    KindInfo { number: 606, name: "RestrictionSet", message: 69 },
    KindInfo { number: 607, name: "RestrictionLifted", message: 68 },
    KindInfo { number: 608, name: "AccessGranted", message: 59 },
    KindInfo { number: 609, name: "AccessRevoked", message: 60 },
    KindInfo { number: 610, name: "LegalProcessRecorded", message: 65 },
    KindInfo { number: 611, name: "BreakGlassAsserted", message: 62 },
];
