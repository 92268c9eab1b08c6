// Generated from the options on the .proto fields by tests/generated.rs. Do not edit.

/// Every message that an event can hold, by full name, in order.
pub static MESSAGES: &[MessageInfo] = &[
    MessageInfo {
        name: "throughline.events.v1.Address",
        fields: &[
            FieldInfo { number: 1, name: "lines", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "postcode", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "uprn", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "from", group: Of::Location, message: Some(39) },
            FieldInfo { number: 5, name: "to", group: Of::Location, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdmissionEnded",
        fields: &[
            FieldInfo { number: 1, name: "discharged_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "disposition", group: Of::None, message: Some(35) },
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
            FieldInfo { number: 2, name: "patient_class", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "specialty", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdoptionDecided",
        fields: &[
            FieldInfo { number: 1, name: "decided_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdoptionDecisionReversed",
        fields: &[
            FieldInfo { number: 1, name: "reversed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "decided_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdoptionMatched",
        fields: &[
            FieldInfo { number: 1, name: "matched_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "decided_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "by_foster_carers", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "adopters", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "adopters_sex", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 6, name: "adopters_status", group: Of::ThirdParty, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdoptionOrderMade",
        fields: &[
            FieldInfo { number: 1, name: "made_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AdoptionPlaced",
        fields: &[
            FieldInfo { number: 1, name: "placed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "fostering_for_adoption", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AllergyRecorded",
        fields: &[
            FieldInfo { number: 1, name: "kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "substance", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "severity", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "reaction", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AlternativeProvisionEnded",
        fields: &[
            FieldInfo { number: 1, name: "leaving_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "sen_provision", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AlternativeProvisionReasonRecorded",
        fields: &[
            FieldInfo { number: 1, name: "previous_school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "sen_provision", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AlternativeProvisionStarted",
        fields: &[
            FieldInfo { number: 1, name: "entry_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "setting_kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "pattern", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "sessions_per_week", group: Of::None, message: None },
            FieldInfo { number: 7, name: "postcode", group: Of::Location, message: None },
            FieldInfo { number: 8, name: "company_number", group: Of::Location, message: None },
            FieldInfo { number: 9, name: "sen_provision", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentBooked",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "ends_at", group: Of::None, message: None },
            FieldInfo { number: 3, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentCancelled",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentKept",
        fields: &[
            FieldInfo { number: 1, name: "at", group: Of::None, message: Some(168) },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "medium", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "place", group: Of::Location, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AppointmentMissed",
        fields: &[
            FieldInfo { number: 1, name: "starts_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AssessmentCompleted",
        fields: &[
            FieldInfo { number: 1, name: "authorised_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "support_required", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AssessmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "internal_review_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "child_seen", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttainmentRecorded",
        fields: &[
            FieldInfo { number: 1, name: "stage", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "locale", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "year", group: Of::None, message: None },
            FieldInfo { number: 4, name: "subject", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "method", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "component", group: Of::None, message: Some(35) },
            FieldInfo { number: 7, name: "status", group: Of::None, message: Some(35) },
            FieldInfo { number: 8, name: "qualifier", group: Of::None, message: Some(35) },
            FieldInfo { number: 9, name: "result", group: Of::None, message: Some(35) },
            FieldInfo { number: 10, name: "result_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttendanceMarked",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "morning", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "afternoon", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "morning_minutes_late", group: Of::None, message: None },
            FieldInfo { number: 6, name: "afternoon_minutes_late", group: Of::None, message: None },
            FieldInfo { number: 7, name: "comment", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttendanceSummarised",
        fields: &[
            FieldInfo { number: 1, name: "school_year", group: Of::None, message: None },
            FieldInfo { number: 2, name: "term", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "sessions_possible", group: Of::None, message: None },
            FieldInfo { number: 4, name: "sessions", group: Of::None, message: Some(147) },
            FieldInfo { number: 5, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 6, name: "attended", group: Of::None, message: None },
            FieldInfo { number: 7, name: "absences_authorised", group: Of::None, message: None },
            FieldInfo { number: 8, name: "absences_unauthorised", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.AttendedEmergency",
        fields: &[
            FieldInfo { number: 1, name: "arrived_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: Some(35) },
            FieldInfo { number: 4, name: "left_at", group: Of::None, message: None },
            FieldInfo { number: 5, name: "disposition", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.BirthNotified",
        fields: &[
            FieldInfo { number: 1, name: "born_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "health_visiting", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CareLeaverContacted",
        fields: &[
            FieldInfo { number: 1, name: "contacted_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "in_touch", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "activity", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "accommodation", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "suitability", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "eligibility", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CareProceedingsIssued",
        fields: &[
            FieldInfo { number: 1, name: "applied_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CareReviewed",
        fields: &[
            FieldInfo { number: 1, name: "reviewed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "participation", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CarerAssessmentCompleted",
        fields: &[
            FieldInfo { number: 1, name: "carer_kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "completed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "outcome", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CarerAssessmentOffered",
        fields: &[
            FieldInfo { number: 1, name: "carer_kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "offered_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "answer", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CaseClosed",
        fields: &[
            FieldInfo { number: 1, name: "closed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.CaseOpened",
        fields: &[
            FieldInfo { number: 1, name: "opened_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "primary_need", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildDeathReviewClosed",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "closed_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildDeathReviewStarted",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "start_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildInNeedPlanEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ChildInNeedPlanStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 1, name: "held_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "plan_made", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ContactReceived",
        fields: &[
            FieldInfo { number: 1, name: "received_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "contact_from", group: Of::ThirdParty, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ConvictionRecorded",
        fields: &[
            FieldInfo { number: 1, name: "year_end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "convicted", group: Of::None, message: None },
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
            FieldInfo { number: 1, name: "died_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DecisionProposed",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(154) },
            FieldInfo { number: 2, name: "verdict", group: Of::None, message: None },
            FieldInfo { number: 3, name: "proposed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 5, name: "review", group: Of::None, message: Some(134) },
            FieldInfo { number: 6, name: "expires_at", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DeprivationOfLibertyOrdered",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "until_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DiagnosisRecorded",
        fields: &[
            FieldInfo { number: 1, name: "condition", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "recorded_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 3, name: "onset_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 4, name: "ended_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 5, name: "clinical_status", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "certainty", group: Of::None, message: Some(35) },
            FieldInfo { number: 7, name: "role", group: Of::None, message: Some(35) },
            FieldInfo { number: 8, name: "confidentiality", group: Of::None, message: Some(35) },
            FieldInfo { number: 9, name: "note", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DisabilityRecorded",
        fields: &[
            FieldInfo { number: 1, name: "disabilities", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DocumentRecorded",
        fields: &[
            FieldInfo { number: 1, name: "document", group: Of::None, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "title", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "written_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 5, name: "author_organisation", group: Of::Location, message: None },
            FieldInfo { number: 6, name: "status", group: Of::None, message: Some(35) },
            FieldInfo { number: 7, name: "availability", group: Of::None, message: Some(35) },
            FieldInfo { number: 8, name: "parent", group: Of::None, message: None },
            FieldInfo { number: 9, name: "relation", group: Of::None, message: Some(35) },
            FieldInfo { number: 10, name: "confidentiality", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.DomesticAbuseNotified",
        fields: &[
            FieldInfo { number: 1, name: "incident_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 2, name: "received_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "child_present", group: Of::None, message: None },
            FieldInfo { number: 4, name: "risk", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 5, name: "account", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EarlyHelpEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EarlyHelpStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "provider", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EarlyYearsPlaceRecorded",
        fields: &[
            FieldInfo { number: 1, name: "funded_hours", group: Of::None, message: None },
            FieldInfo { number: 2, name: "extended_hours", group: Of::None, message: None },
            FieldInfo { number: 3, name: "hours_at_setting", group: Of::None, message: None },
            FieldInfo { number: 4, name: "pupil_premium", group: Of::None, message: None },
            FieldInfo { number: 5, name: "pupil_premium_basis", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 6, name: "disability_access_fund", group: Of::None, message: None },
            FieldInfo { number: 7, name: "eligibility_code", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAdviceReceived",
        fields: &[
            FieldInfo { number: 1, name: "adviser_kind", group: Of::None, message: None },
            FieldInfo { number: 2, name: "adviser", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "received_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAdviceRequested",
        fields: &[
            FieldInfo { number: 1, name: "adviser_kind", group: Of::None, message: None },
            FieldInfo { number: 2, name: "adviser", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "requested_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "due_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAssessmentDecided",
        fields: &[
            FieldInfo { number: 1, name: "stage", group: Of::None, message: None },
            FieldInfo { number: 2, name: "agreed", group: Of::None, message: None },
            FieldInfo { number: 3, name: "decided_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "notified_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "reason_plain", group: Of::Narrative, message: None },
            FieldInfo { number: 6, name: "exemption", group: Of::None, message: Some(35) },
            FieldInfo { number: 7, name: "mediation_held", group: Of::None, message: None },
            FieldInfo { number: 8, name: "appealed", group: Of::None, message: None },
            FieldInfo { number: 9, name: "other_mediation_held", group: Of::None, message: None },
            FieldInfo { number: 10, name: "other_appealed", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcAssessmentRequested",
        fields: &[
            FieldInfo { number: 1, name: "received_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "requested_by", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 3, name: "in_youth_accommodation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "moved_away", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlacementEnded",
        fields: &[
            FieldInfo { number: 1, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "leaving_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlacementStarted",
        fields: &[
            FieldInfo { number: 1, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "setting_kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "setting_words", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "entry_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "rank", group: Of::None, message: None },
            FieldInfo { number: 6, name: "residential", group: Of::Location, message: None },
            FieldInfo { number: 7, name: "work_based", group: Of::None, message: None },
            FieldInfo { number: 8, name: "pattern", group: Of::None, message: Some(35) },
            FieldInfo { number: 9, name: "in_sen_unit", group: Of::None, message: None },
            FieldInfo { number: 10, name: "in_resourced_provision", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanCeased",
        fields: &[
            FieldInfo { number: 1, name: "ceased_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanDrafted",
        fields: &[
            FieldInfo { number: 1, name: "served_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanIssued",
        fields: &[
            FieldInfo { number: 1, name: "sent_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "residential", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "work_based", group: Of::None, message: None },
            FieldInfo { number: 4, name: "personal_budget", group: Of::None, message: None },
            FieldInfo { number: 5, name: "arranged_by_authority", group: Of::None, message: None },
            FieldInfo { number: 6, name: "direct_payments", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanMaintained",
        fields: &[
            FieldInfo { number: 1, name: "on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "transferred_from", group: Of::Location, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanReviewed",
        fields: &[
            FieldInfo { number: 1, name: "meeting_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "outcome", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "concluded_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcPlanTransferred",
        fields: &[
            FieldInfo { number: 1, name: "from_authority", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "to_authority", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "aware_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "transferred_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcRequestWithdrawn",
        fields: &[
            FieldInfo { number: 1, name: "withdrawn_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "stage", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcSettingConsulted",
        fields: &[
            FieldInfo { number: 1, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "sent_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "replied_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "reply", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EhcSettingNamed",
        fields: &[
            FieldInfo { number: 1, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "setting_kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "setting_words", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "rank", group: Of::None, message: None },
            FieldInfo { number: 5, name: "in_sen_unit", group: Of::None, message: None },
            FieldInfo { number: 6, name: "in_resourced_provision", group: Of::None, message: None },
            FieldInfo { number: 7, name: "named_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ElectiveHomeEducationEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ElectiveHomeEducationStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnquiryDecided",
        fields: &[
            FieldInfo { number: 1, name: "outcome", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "to_service", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "reason_plain", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "decided_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnquiryReceived",
        fields: &[
            FieldInfo { number: 1, name: "door", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "received_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "enquiry_from", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 4, name: "concern_first_raised_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "chain", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnrolmentEnded",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "leaving_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EnrolmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "entry_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "status", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "year_group", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "part_time", group: Of::None, message: None },
            FieldInfo { number: 6, name: "boarder", group: Of::Location, message: Some(35) },
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
            FieldInfo { number: 1, name: "from", group: Of::None, message: Some(154) },
            FieldInfo { number: 2, name: "from_key", group: Of::None, message: None },
            FieldInfo { number: 3, name: "to_key", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EntryRectified",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "entry_id", group: Of::None, message: None },
            FieldInfo { number: 3, name: "source", group: Of::None, message: None },
            FieldInfo { number: 4, name: "stands", group: Of::Location, message: None },
            FieldInfo { number: 5, name: "clears", group: Of::None, message: None },
            FieldInfo { number: 6, name: "removed", group: Of::None, message: None },
            FieldInfo { number: 7, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 8, name: "happened_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EntryRetracted",
        fields: &[
            FieldInfo { number: 1, name: "reason", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.EquipmentProvided",
        fields: &[
            FieldInfo { number: 1, name: "item", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "provided_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "setting", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "review_due_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "returned_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ExclusionGiven",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reasons", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "sen_provision", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FactorIdentified",
        fields: &[
            FieldInfo { number: 1, name: "factor", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 2, name: "identified_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FeedingStatusRecorded",
        fields: &[
            FieldInfo { number: 1, name: "recorded_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 2, name: "status", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "age_weeks", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FreeSchoolMealsEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.FreeSchoolMealsStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "country", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "review_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.GoalReviewed",
        fields: &[
            FieldInfo { number: 1, name: "goal", group: Of::None, message: None },
            FieldInfo { number: 2, name: "domain", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "reviewed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "value", group: Of::Narrative, message: None },
            FieldInfo { number: 5, name: "whose_view", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "met", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.GoalSet",
        fields: &[
            FieldInfo { number: 1, name: "goal", group: Of::None, message: None },
            FieldInfo { number: 2, name: "domain", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "set_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "measure", group: Of::None, message: None },
            FieldInfo { number: 5, name: "baseline", group: Of::Narrative, message: None },
            FieldInfo { number: 6, name: "target", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.HealthReviewCompleted",
        fields: &[
            FieldInfo { number: 1, name: "review", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "reviewed_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 3, name: "place", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "scores", group: Of::None, message: Some(135) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.HelpAssessmentCompleted",
        fields: &[
            FieldInfo { number: 1, name: "form", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "completed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "organisation_name", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.HelpAssessmentStarted",
        fields: &[
            FieldInfo { number: 1, name: "form", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "organisation_name", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.HousingDutyRecorded",
        fields: &[
            FieldInfo { number: 1, name: "duty", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "decided_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "ended_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "end_reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Identifier",
        fields: &[
            FieldInfo { number: 1, name: "subject", group: Of::None, message: Some(154) },
            FieldInfo { number: 2, name: "standing", group: Of::None, message: None },
            FieldInfo { number: 3, name: "usable", group: Of::None, message: None },
            FieldInfo { number: 4, name: "verification", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.IdentifierSuperseded",
        fields: &[
            FieldInfo { number: 1, name: "superseded", group: Of::None, message: Some(154) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(134) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.IdentitySealed",
        fields: &[
            FieldInfo { number: 1, name: "sealed_subjects", group: Of::None, message: None },
            FieldInfo { number: 2, name: "sealed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "authority", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ImmunisationGiven",
        fields: &[
            FieldInfo { number: 1, name: "given_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "vaccine", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "dose_number", group: Of::None, message: None },
            FieldInfo { number: 4, name: "amount", group: Of::None, message: None },
            FieldInfo { number: 5, name: "lot", group: Of::None, message: None },
            FieldInfo { number: 6, name: "route", group: Of::None, message: Some(35) },
            FieldInfo { number: 7, name: "site", group: Of::None, message: Some(35) },
            FieldInfo { number: 8, name: "information_source", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ImmunisationNotGiven",
        fields: &[
            FieldInfo { number: 1, name: "recorded_at", group: Of::None, message: None },
            FieldInfo { number: 2, name: "vaccine", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "reason", group: Of::ThirdParty, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.InCareReported",
        fields: &[
            FieldInfo { number: 1, name: "in_care", group: Of::None, message: None },
            FieldInfo { number: 2, name: "care_authority", group: Of::Location, message: Some(35) },
            FieldInfo { number: 3, name: "reported_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.InvolvementEnded",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "end_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.InvolvementStarted",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "start_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.LegalStatusChanged",
        fields: &[
            FieldInfo { number: 1, name: "changed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "legal_status", group: Of::None, message: Some(35) },
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
        name: "throughline.events.v1.LookedAfterHealthRecorded",
        fields: &[
            FieldInfo { number: 1, name: "year_end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "development_checked", group: Of::None, message: None },
            FieldInfo { number: 3, name: "immunisations_up_to_date", group: Of::None, message: None },
            FieldInfo { number: 4, name: "teeth_checked", group: Of::None, message: None },
            FieldInfo { number: 5, name: "health_assessed", group: Of::None, message: None },
            FieldInfo { number: 6, name: "health_assessed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 7, name: "teeth_checked_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.LookedAfterPeriodEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.LookedAfterPeriodStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "legal_status", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "primary_need", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.MissingEpisodeEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "absence", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.MissingEpisodeStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "absence", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.MissingFromEducationReported",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "reported_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "last_on_roll_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.NeedLevelAssessed",
        fields: &[
            FieldInfo { number: 1, name: "level", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "assessed_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ObservationRecorded",
        fields: &[
            FieldInfo { number: 1, name: "observed_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 2, name: "observation", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "value", group: Of::None, message: None },
            FieldInfo { number: 4, name: "unit", group: Of::None, message: None },
            FieldInfo { number: 5, name: "coded_value", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "text", group: Of::Narrative, message: None },
            FieldInfo { number: 7, name: "reference_range", group: Of::None, message: None },
            FieldInfo { number: 8, name: "interpretation", group: Of::None, message: Some(35) },
            FieldInfo { number: 9, name: "status", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PairLeftOpen",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(154) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(134) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PanelDecided",
        fields: &[
            FieldInfo { number: 1, name: "panel", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "requested_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "decided_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "outcome", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "reason_plain", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ParentalResponsibility",
        fields: &[
            FieldInfo { number: 1, name: "held", group: Of::ThirdParty, message: None },
            FieldInfo { number: 2, name: "source", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 3, name: "from", group: Of::ThirdParty, message: Some(39) },
            FieldInfo { number: 4, name: "to", group: Of::ThirdParty, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ParenthoodRecorded",
        fields: &[
            FieldInfo { number: 1, name: "first_child_born_on", group: Of::ThirdParty, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ParticipationRecorded",
        fields: &[
            FieldInfo { number: 1, name: "activity", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "from_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "to_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "verified_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "establishment", group: Of::Location, message: None },
            FieldInfo { number: 6, name: "participating", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PathwayPlanReviewed",
        fields: &[
            FieldInfo { number: 1, name: "reviewed_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PermanencePlanRecorded",
        fields: &[
            FieldInfo { number: 1, name: "plan", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PersonDescribed",
        fields: &[
            FieldInfo { number: 1, name: "names", group: Of::None, message: Some(113) },
            FieldInfo { number: 2, name: "birth_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "expected_birth_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "death_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "sex", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "ethnicity", group: Of::None, message: Some(35) },
            FieldInfo { number: 7, name: "first_language", group: Of::None, message: Some(35) },
            FieldInfo { number: 8, name: "addresses", group: Of::Location, message: Some(0) },
            FieldInfo { number: 9, name: "phones", group: Of::Location, message: None },
            FieldInfo { number: 10, name: "identifiers", group: Of::None, message: Some(87) },
            FieldInfo { number: 11, name: "upn_unknown", group: Of::None, message: Some(35) },
            FieldInfo { number: 12, name: "practice", group: Of::Location, message: None },
            FieldInfo { number: 13, name: "multiple_birth", group: Of::ThirdParty, message: None },
            FieldInfo { number: 14, name: "birth_order", group: Of::ThirdParty, message: None },
            FieldInfo { number: 15, name: "emails", group: Of::Location, message: None },
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
        name: "throughline.events.v1.PersonalBudgetSet",
        fields: &[
            FieldInfo { number: 1, name: "element", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "form", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "indicative_pence", group: Of::None, message: None },
            FieldInfo { number: 4, name: "agreed_pence", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "to_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 7, name: "review_due_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 8, name: "allocation_version", group: Of::None, message: None },
            FieldInfo { number: 9, name: "allocation_points", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PlacementChanged",
        fields: &[
            FieldInfo { number: 1, name: "placed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "placement_type", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "provider", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "postcode", group: Of::Location, message: None },
            FieldInfo { number: 5, name: "home_postcode", group: Of::Location, message: None },
            FieldInfo { number: 6, name: "urn", group: Of::Location, message: None },
            FieldInfo { number: 7, name: "until_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 8, name: "end_reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 9, name: "within_area", group: Of::Location, message: Some(35) },
            FieldInfo { number: 10, name: "host_authority", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PlanAgreed",
        fields: &[
            FieldInfo { number: 1, name: "plan", group: Of::None, message: None },
            FieldInfo { number: 2, name: "agreed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "review_due_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PlanClosed",
        fields: &[
            FieldInfo { number: 1, name: "plan", group: Of::None, message: None },
            FieldInfo { number: 2, name: "closed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PlanReviewed",
        fields: &[
            FieldInfo { number: 1, name: "plan", group: Of::None, message: None },
            FieldInfo { number: 2, name: "reviewed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "review_due_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "outcome", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PreProceedingsEnded",
        fields: &[
            FieldInfo { number: 1, name: "decided_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "outcome", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PreProceedingsStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "letter_sent_on", group: Of::ThirdParty, message: Some(39) },
            FieldInfo { number: 3, name: "family_meeting_offered", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "family_meeting_held", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "first_meeting_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "review_meetings", group: Of::None, message: None },
            FieldInfo { number: 7, name: "proceedings_letter_on", group: Of::ThirdParty, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.PreviousPermanenceRecorded",
        fields: &[
            FieldInfo { number: 1, name: "option", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "arranged_by", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "order_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionInformationAccessed",
        fields: &[
            FieldInfo { number: 1, name: "notice", group: Of::None, message: None },
            FieldInfo { number: 2, name: "accessed_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 3, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "care_setting", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "plan", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanReviewed",
        fields: &[
            FieldInfo { number: 1, name: "reviewed_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ProtectionPlanStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "initial_category", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "latest_category", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "previous_plans", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.RectificationWithdrawn",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "withdrawn_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralAccepted",
        fields: &[
            FieldInfo { number: 1, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "accepted_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralClosed",
        fields: &[
            FieldInfo { number: 1, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "closed_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralMade",
        fields: &[
            FieldInfo { number: 1, name: "referral", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "referred_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "referred_by", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: Some(35) },
            FieldInfo { number: 6, name: "priority", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralReceived",
        fields: &[
            FieldInfo { number: 1, name: "received_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "referred_by", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 3, name: "primary_need", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "no_further_action", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ReferralRejected",
        fields: &[
            FieldInfo { number: 1, name: "referral", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "rejected_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "reason", group: Of::Narrative, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.RelationshipRecorded",
        fields: &[
            FieldInfo { number: 1, name: "relationship", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 2, name: "name", group: Of::ThirdParty, message: Some(113) },
            FieldInfo { number: 3, name: "address", group: Of::ThirdParty, message: Some(0) },
            FieldInfo { number: 4, name: "phones", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "role", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 6, name: "related", group: Of::ThirdParty, message: Some(154) },
            FieldInfo { number: 7, name: "kind", group: Of::ThirdParty, message: None },
            FieldInfo { number: 8, name: "parental_responsibility", group: Of::ThirdParty, message: Some(107) },
            FieldInfo { number: 9, name: "lives_with_child", group: Of::ThirdParty, message: None },
            FieldInfo { number: 10, name: "since_on", group: Of::ThirdParty, message: Some(39) },
            FieldInfo { number: 11, name: "until_on", group: Of::ThirdParty, message: Some(39) },
            FieldInfo { number: 12, name: "emails", group: Of::ThirdParty, message: None },
            FieldInfo { number: 13, name: "contact_order", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ResultReported",
        fields: &[
            FieldInfo { number: 1, name: "taken_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 2, name: "test", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "value", group: Of::None, message: None },
            FieldInfo { number: 4, name: "unit", group: Of::None, message: None },
            FieldInfo { number: 5, name: "coded_value", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "text", group: Of::Narrative, message: None },
            FieldInfo { number: 7, name: "reference_range", group: Of::None, message: None },
            FieldInfo { number: 8, name: "interpretation", group: Of::None, message: Some(35) },
            FieldInfo { number: 9, name: "status", group: Of::None, message: Some(35) },
            FieldInfo { number: 10, name: "panel", group: Of::None, message: Some(35) },
            FieldInfo { number: 11, name: "specimen", group: Of::None, message: Some(35) },
            FieldInfo { number: 12, name: "reported_at", group: Of::None, message: Some(168) },
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
        name: "throughline.events.v1.ReviewScore",
        fields: &[
            FieldInfo { number: 1, name: "domain", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "score", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ScreeningReported",
        fields: &[
            FieldInfo { number: 1, name: "screened_at", group: Of::None, message: Some(168) },
            FieldInfo { number: 2, name: "screen", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "outcome", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "site", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "status", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "note", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SealProposed",
        fields: &[
            FieldInfo { number: 1, name: "sealed_subjects", group: Of::None, message: None },
            FieldInfo { number: 2, name: "authority", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Section47EnquiryEnded",
        fields: &[
            FieldInfo { number: 1, name: "ended_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "outcome", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.Section47EnquiryStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "conference_due_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "conference_not_required", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SenNeedRecorded",
        fields: &[
            FieldInfo { number: 1, name: "need", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "rank", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SenProvisionChanged",
        fields: &[
            FieldInfo { number: 1, name: "provision", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "in_sen_unit", group: Of::None, message: None },
            FieldInfo { number: 3, name: "in_resourced_provision", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ServiceAttended",
        fields: &[
            FieldInfo { number: 1, name: "spell", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "attended_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "attendance", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ServiceEnded",
        fields: &[
            FieldInfo { number: 1, name: "spell", group: Of::None, message: None },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "ended_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "service", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ServiceOffered",
        fields: &[
            FieldInfo { number: 1, name: "spell", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "offered_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "answer", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ServiceReferred",
        fields: &[
            FieldInfo { number: 1, name: "spell", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "referred_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "referred_by", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 6, name: "reason", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ServiceStarted",
        fields: &[
            FieldInfo { number: 1, name: "spell", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "start_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SessionCount",
        fields: &[
            FieldInfo { number: 1, name: "reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "sessions", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.ShortBreakProvided",
        fields: &[
            FieldInfo { number: 1, name: "break_kind", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "from_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "to_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "hours", group: Of::None, message: None },
            FieldInfo { number: 5, name: "nights", group: Of::None, message: None },
            FieldInfo { number: 6, name: "setting", group: Of::Location, message: None },
            FieldInfo { number: 7, name: "legal_basis", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SocialWorkerAllocated",
        fields: &[
            FieldInfo { number: 1, name: "worker", group: Of::ThirdParty, message: None },
            FieldInfo { number: 2, name: "team", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "from_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "until_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "change_reason", group: Of::None, message: Some(35) },
            FieldInfo { number: 6, name: "role", group: Of::None, message: Some(35) },
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
        name: "throughline.events.v1.StatutoryVisitMade",
        fields: &[
            FieldInfo { number: 1, name: "made_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "visit", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "seen_alone", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.StrategyDiscussionHeld",
        fields: &[
            FieldInfo { number: 1, name: "held_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.StrengthsDifficultiesScored",
        fields: &[
            FieldInfo { number: 1, name: "scored_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "year_end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "score", group: Of::None, message: None },
            FieldInfo { number: 4, name: "not_scored_reason", group: Of::None, message: Some(35) },
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
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(154) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(134) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SubjectsUnlinked",
        fields: &[
            FieldInfo { number: 1, name: "other", group: Of::None, message: Some(154) },
            FieldInfo { number: 2, name: "decided_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "review", group: Of::None, message: Some(134) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SubstanceMisuseIdentified",
        fields: &[
            FieldInfo { number: 1, name: "year_end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "identified", group: Of::None, message: None },
            FieldInfo { number: 3, name: "intervention_received", group: Of::None, message: None },
            FieldInfo { number: 4, name: "intervention_offered", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.SuspensionGiven",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "sessions", group: Of::None, message: None },
            FieldInfo { number: 3, name: "category", group: Of::None, message: Some(35) },
            FieldInfo { number: 4, name: "reasons", group: Of::None, message: Some(35) },
            FieldInfo { number: 5, name: "sen_provision", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.TeamMeetingHeld",
        fields: &[
            FieldInfo { number: 1, name: "held_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "plan", group: Of::None, message: None },
            FieldInfo { number: 3, name: "attendees", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 4, name: "apologies", group: Of::ThirdParty, message: Some(35) },
            FieldInfo { number: 5, name: "next_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "summary", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.TemporaryAccommodationEnded",
        fields: &[
            FieldInfo { number: 1, name: "end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.TemporaryAccommodationStarted",
        fields: &[
            FieldInfo { number: 1, name: "start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "accommodation", group: Of::Location, message: Some(35) },
            FieldInfo { number: 3, name: "out_of_area", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.TherapyEnded",
        fields: &[
            FieldInfo { number: 1, name: "course", group: Of::None, message: None },
            FieldInfo { number: 2, name: "therapy", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "end_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.TherapyStarted",
        fields: &[
            FieldInfo { number: 1, name: "course", group: Of::None, message: None },
            FieldInfo { number: 2, name: "therapy", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "start_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.TransferFileSent",
        fields: &[
            FieldInfo { number: 1, name: "school", group: Of::Location, message: None },
            FieldInfo { number: 2, name: "to_school", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "sent_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.UnaccompaniedChildRecorded",
        fields: &[
            FieldInfo { number: 1, name: "ceased_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.WaitingListJoined",
        fields: &[
            FieldInfo { number: 1, name: "wait", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "clock_start_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "joined_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "priority", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.WaitingListLeft",
        fields: &[
            FieldInfo { number: 1, name: "wait", group: Of::None, message: None },
            FieldInfo { number: 2, name: "service", group: Of::None, message: Some(35) },
            FieldInfo { number: 3, name: "left_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "outcome", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.When",
        fields: &[
            FieldInfo { number: 1, name: "on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "at", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.WorkerEnded",
        fields: &[
            FieldInfo { number: 1, name: "role", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "ended_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "reason", group: Of::None, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.WorkerNamed",
        fields: &[
            FieldInfo { number: 1, name: "role", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "organisation", group: Of::Location, message: None },
            FieldInfo { number: 3, name: "team", group: Of::Location, message: None },
            FieldInfo { number: 4, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 5, name: "channels", group: Of::Location, message: None },
            FieldInfo { number: 6, name: "since_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 7, name: "family_told_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 8, name: "plan", group: Of::Narrative, message: None },
            FieldInfo { number: 9, name: "supervised_by", group: Of::Location, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.YoungCarerIdentified",
        fields: &[
            FieldInfo { number: 1, name: "identified_by", group: Of::ThirdParty, message: Some(35) },
        ],
    },
    MessageInfo {
        name: "throughline.events.v1.YouthJusticeOutcomeRecorded",
        fields: &[
            FieldInfo { number: 1, name: "disposal", group: Of::None, message: Some(35) },
            FieldInfo { number: 2, name: "first_time_entrant", group: Of::None, message: None },
            FieldInfo { number: 3, name: "from_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 4, name: "to_on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AccessGranted",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 4, name: "scope", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 1, name: "birth_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "assessed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AgeDisputed",
        fields: &[
            FieldInfo { number: 1, name: "earliest_birth_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 2, name: "latest_birth_on", group: Of::None, message: Some(39) },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.AgreementRecorded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "parties", group: Of::None, message: None },
            FieldInfo { number: 3, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 4, name: "purposes", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 4, name: "on", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 8, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 9, name: "to", group: Of::None, message: Some(39) },
            FieldInfo { number: 10, name: "evidence", group: Of::Narrative, message: None },
            FieldInfo { number: 11, name: "people", group: Of::ThirdParty, message: Some(192) },
            FieldInfo { number: 12, name: "capacity_basis", group: Of::None, message: None },
            FieldInfo { number: 13, name: "holder", group: Of::ThirdParty, message: None },
            FieldInfo { number: 14, name: "form", group: Of::None, message: None },
            FieldInfo { number: 15, name: "form_version", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ErasureBegun",
        fields: &[
            FieldInfo { number: 1, name: "erasure_id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "keys", group: Of::None, message: None },
            FieldInfo { number: 3, name: "wrapping", group: Of::None, message: Some(207) },
            FieldInfo { number: 4, name: "quarantine_items", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ErasureCancelled",
        fields: &[
            FieldInfo { number: 1, name: "erasure_id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "cancelled_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ErasureCertified",
        fields: &[
            FieldInfo { number: 1, name: "erasure_id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "certificate", group: Of::None, message: None },
            FieldInfo { number: 3, name: "copies", group: Of::Narrative, message: None },
            FieldInfo { number: 4, name: "files_removed", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ErasureConfirmed",
        fields: &[
            FieldInfo { number: 1, name: "erasure_id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "confirmed_by", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ErasureProposed",
        fields: &[
            FieldInfo { number: 1, name: "erasure_id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "subjects", group: Of::None, message: None },
            FieldInfo { number: 3, name: "authority", group: Of::None, message: None },
            FieldInfo { number: 4, name: "authority_reference", group: Of::None, message: None },
            FieldInfo { number: 5, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 6, name: "proposed_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 7, name: "cooling_off_ends_at", group: Of::None, message: None },
            FieldInfo { number: 8, name: "organisations", group: Of::None, message: None },
            FieldInfo { number: 9, name: "linked", group: Of::None, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ErasureReadmitted",
        fields: &[
            FieldInfo { number: 1, name: "erasure_id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "readmitted_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "reason", group: Of::Narrative, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.FamilyPersonEnded",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "ended_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.FamilyPersonRecognised",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "person", group: Of::ThirdParty, message: Some(192) },
            FieldInfo { number: 3, name: "relation", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "evidence", group: Of::Narrative, message: None },
            FieldInfo { number: 5, name: "recognised_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 6, name: "on", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "to", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 11, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 12, name: "to", group: Of::None, message: Some(39) },
            FieldInfo { number: 13, name: "vouches_for_people", group: Of::None, message: None },
            FieldInfo { number: 16, name: "desks", group: Of::None, message: Some(204) },
            FieldInfo { number: 17, name: "step_up", group: Of::None, message: Some(206) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ParentalResponsibilityEnded",
        fields: &[
            FieldInfo { number: 1, name: "person", group: Of::ThirdParty, message: Some(192) },
            FieldInfo { number: 2, name: "ended_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.ParentalResponsibilityVerified",
        fields: &[
            FieldInfo { number: 1, name: "person", group: Of::ThirdParty, message: Some(192) },
            FieldInfo { number: 2, name: "evidence", group: Of::Narrative, message: None },
            FieldInfo { number: 3, name: "verified_by", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "on", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.RestrictionSet",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "kind", group: Of::None, message: None },
            FieldInfo { number: 3, name: "person", group: Of::ThirdParty, message: None },
            FieldInfo { number: 4, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 5, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 6, name: "entry_ids", group: Of::None, message: None },
            FieldInfo { number: 7, name: "ground", group: Of::None, message: None },
            FieldInfo { number: 8, name: "adult", group: Of::ThirdParty, message: Some(192) },
            FieldInfo { number: 9, name: "set_by", group: Of::ThirdParty, message: None },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.RetentionDecided",
        fields: &[
            FieldInfo { number: 1, name: "id", group: Of::None, message: None },
            FieldInfo { number: 2, name: "categories", group: Of::None, message: None },
            FieldInfo { number: 3, name: "outcome", group: Of::None, message: None },
            FieldInfo { number: 4, name: "reason", group: Of::Narrative, message: None },
            FieldInfo { number: 5, name: "citation", group: Of::None, message: None },
            FieldInfo { number: 6, name: "until", group: Of::None, message: Some(39) },
            FieldInfo { number: 7, name: "decided_by", group: Of::ThirdParty, message: None },
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
            FieldInfo { number: 6, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 7, name: "to", group: Of::None, message: Some(39) },
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
            FieldInfo { number: 4, name: "from", group: Of::None, message: Some(39) },
            FieldInfo { number: 5, name: "to", group: Of::None, message: Some(39) },
        ],
    },
    MessageInfo {
        name: "throughline.sharing.v1.StatutoryStatusChanged",
        fields: &[
            FieldInfo { number: 1, name: "status", group: Of::None, message: None },
            FieldInfo { number: 2, name: "open", group: Of::None, message: None },
            FieldInfo { number: 3, name: "on", group: Of::None, message: Some(39) },
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
    MessageInfo {
        name: "throughline.sharing.v1.WrappingEpochs",
        fields: &[
            FieldInfo { number: 1, name: "organisation", group: Of::None, message: None },
            FieldInfo { number: 2, name: "vault", group: Of::None, message: None },
            FieldInfo { number: 3, name: "last", group: Of::None, message: None },
        ],
    },
];

/// The kinds of the catalogue: number in `Event`, name, place of the message in `MESSAGES`.
pub static KINDS: &[KindInfo] = &[
    KindInfo { number: 10, name: "SourceRecordKept", message: 150 },
    KindInfo { number: 11, name: "EntryCorrected", message: 71 },
    KindInfo { number: 12, name: "EntryRetracted", message: 74 },
    KindInfo { number: 13, name: "EntryReassigned", message: 72 },
    KindInfo { number: 14, name: "EntryRectified", message: 73 },
    KindInfo { number: 15, name: "RectificationWithdrawn", message: 126 },
    KindInfo { number: 100, name: "EnrolmentStarted", message: 70 },
    KindInfo { number: 101, name: "EnrolmentEnded", message: 69 },
    KindInfo { number: 102, name: "AttendanceSummarised", message: 21 },
    KindInfo { number: 103, name: "SuspensionGiven", message: 158 },
    KindInfo { number: 104, name: "ExclusionGiven", message: 76 },
    KindInfo { number: 105, name: "SenProvisionChanged", message: 141 },
    KindInfo { number: 106, name: "SenNeedRecorded", message: 140 },
    KindInfo { number: 107, name: "FreeSchoolMealsStarted", message: 80 },
    KindInfo { number: 108, name: "FreeSchoolMealsEnded", message: 79 },
    KindInfo { number: 109, name: "YoungCarerIdentified", message: 171 },
    KindInfo { number: 110, name: "AlternativeProvisionStarted", message: 12 },
    KindInfo { number: 111, name: "AlternativeProvisionEnded", message: 10 },
    KindInfo { number: 112, name: "EhcAssessmentRequested", message: 53 },
    KindInfo { number: 113, name: "EhcAssessmentDecided", message: 52 },
    KindInfo { number: 114, name: "EhcRequestWithdrawn", message: 62 },
    KindInfo { number: 115, name: "EhcAdviceRequested", message: 51 },
    KindInfo { number: 116, name: "EhcAdviceReceived", message: 50 },
    KindInfo { number: 117, name: "EhcPlanDrafted", message: 57 },
    KindInfo { number: 118, name: "EhcSettingConsulted", message: 63 },
    KindInfo { number: 119, name: "EhcPlanIssued", message: 58 },
    KindInfo { number: 120, name: "EhcPlanCeased", message: 56 },
    KindInfo { number: 121, name: "EhcPlanTransferred", message: 61 },
    KindInfo { number: 122, name: "TransferFileSent", message: 164 },
    KindInfo { number: 123, name: "AttendanceMarked", message: 20 },
    KindInfo { number: 124, name: "AttainmentRecorded", message: 19 },
    KindInfo { number: 125, name: "EhcPlanReviewed", message: 60 },
    KindInfo { number: 126, name: "EhcPlanMaintained", message: 59 },
    KindInfo { number: 127, name: "EhcSettingNamed", message: 64 },
    KindInfo { number: 128, name: "EhcPlacementStarted", message: 55 },
    KindInfo { number: 129, name: "EhcPlacementEnded", message: 54 },
    KindInfo { number: 130, name: "ElectiveHomeEducationStarted", message: 66 },
    KindInfo { number: 131, name: "ElectiveHomeEducationEnded", message: 65 },
    KindInfo { number: 132, name: "InCareReported", message: 92 },
    KindInfo { number: 133, name: "MissingFromEducationReported", message: 102 },
    KindInfo { number: 134, name: "AlternativeProvisionReasonRecorded", message: 11 },
    KindInfo { number: 135, name: "EarlyYearsPlaceRecorded", message: 49 },
    KindInfo { number: 180, name: "ParticipationRecorded", message: 109 },
    KindInfo { number: 200, name: "ReferralReceived", message: 130 },
    KindInfo { number: 201, name: "AssessmentStarted", message: 18 },
    KindInfo { number: 202, name: "AssessmentCompleted", message: 17 },
    KindInfo { number: 203, name: "ChildInNeedPlanStarted", message: 34 },
    KindInfo { number: 204, name: "ChildInNeedPlanEnded", message: 33 },
    KindInfo { number: 205, name: "Section47EnquiryStarted", message: 139 },
    KindInfo { number: 206, name: "ConferenceHeld", message: 36 },
    KindInfo { number: 207, name: "ProtectionPlanStarted", message: 125 },
    KindInfo { number: 208, name: "ProtectionPlanReviewed", message: 124 },
    KindInfo { number: 209, name: "ProtectionPlanEnded", message: 123 },
    KindInfo { number: 210, name: "CaseClosed", message: 29 },
    KindInfo { number: 211, name: "FactorIdentified", message: 77 },
    KindInfo { number: 212, name: "DisabilityRecorded", message: 44 },
    KindInfo { number: 213, name: "Section47EnquiryEnded", message: 138 },
    KindInfo { number: 214, name: "ContactReceived", message: 37 },
    KindInfo { number: 215, name: "LookedAfterPeriodStarted", message: 99 },
    KindInfo { number: 216, name: "LegalStatusChanged", message: 95 },
    KindInfo { number: 217, name: "LookedAfterPeriodEnded", message: 98 },
    KindInfo { number: 218, name: "PlacementChanged", message: 115 },
    KindInfo { number: 219, name: "CareReviewed", message: 26 },
    KindInfo { number: 220, name: "MissingEpisodeStarted", message: 101 },
    KindInfo { number: 221, name: "MissingEpisodeEnded", message: 100 },
    KindInfo { number: 222, name: "CareLeaverContacted", message: 24 },
    KindInfo { number: 223, name: "AdoptionDecided", message: 4 },
    KindInfo { number: 224, name: "AdoptionDecisionReversed", message: 5 },
    KindInfo { number: 225, name: "AdoptionMatched", message: 6 },
    KindInfo { number: 226, name: "AdoptionPlaced", message: 8 },
    KindInfo { number: 227, name: "AdoptionOrderMade", message: 7 },
    KindInfo { number: 228, name: "PreProceedingsStarted", message: 120 },
    KindInfo { number: 229, name: "PreProceedingsEnded", message: 119 },
    KindInfo { number: 230, name: "LookedAfterHealthRecorded", message: 97 },
    KindInfo { number: 231, name: "StrengthsDifficultiesScored", message: 153 },
    KindInfo { number: 232, name: "SubstanceMisuseIdentified", message: 157 },
    KindInfo { number: 233, name: "ConvictionRecorded", message: 38 },
    KindInfo { number: 234, name: "UnaccompaniedChildRecorded", message: 165 },
    KindInfo { number: 235, name: "ParenthoodRecorded", message: 108 },
    KindInfo { number: 236, name: "PreviousPermanenceRecorded", message: 121 },
    KindInfo { number: 237, name: "DeprivationOfLibertyOrdered", message: 42 },
    KindInfo { number: 238, name: "SocialWorkerAllocated", message: 149 },
    KindInfo { number: 239, name: "StrategyDiscussionHeld", message: 152 },
    KindInfo { number: 240, name: "StatutoryVisitMade", message: 151 },
    KindInfo { number: 241, name: "CaseOpened", message: 30 },
    KindInfo { number: 242, name: "PathwayPlanReviewed", message: 110 },
    KindInfo { number: 243, name: "PermanencePlanRecorded", message: 111 },
    KindInfo { number: 244, name: "EarlyHelpStarted", message: 48 },
    KindInfo { number: 245, name: "EarlyHelpEnded", message: 47 },
    KindInfo { number: 246, name: "CareProceedingsIssued", message: 25 },
    KindInfo { number: 247, name: "ProtectionInformationAccessed", message: 122 },
    KindInfo { number: 280, name: "HousingDutyRecorded", message: 86 },
    KindInfo { number: 281, name: "TemporaryAccommodationStarted", message: 161 },
    KindInfo { number: 282, name: "TemporaryAccommodationEnded", message: 160 },
    KindInfo { number: 283, name: "DomesticAbuseNotified", message: 46 },
    KindInfo { number: 284, name: "YouthJusticeOutcomeRecorded", message: 172 },
    KindInfo { number: 300, name: "AttendedEmergency", message: 22 },
    KindInfo { number: 301, name: "AdmissionStarted", message: 3 },
    KindInfo { number: 302, name: "AdmissionMoved", message: 2 },
    KindInfo { number: 303, name: "AdmissionEnded", message: 1 },
    KindInfo { number: 304, name: "AppointmentBooked", message: 13 },
    KindInfo { number: 305, name: "AppointmentMissed", message: 16 },
    KindInfo { number: 306, name: "AppointmentCancelled", message: 14 },
    KindInfo { number: 307, name: "ImmunisationGiven", message: 90 },
    KindInfo { number: 308, name: "ImmunisationNotGiven", message: 91 },
    KindInfo { number: 309, name: "AllergyRecorded", message: 9 },
    KindInfo { number: 310, name: "BirthNotified", message: 23 },
    KindInfo { number: 311, name: "DeathNotified", message: 40 },
    KindInfo { number: 312, name: "ReferralAccepted", message: 127 },
    KindInfo { number: 313, name: "ReferralClosed", message: 128 },
    KindInfo { number: 314, name: "ObservationRecorded", message: 104 },
    KindInfo { number: 315, name: "ResultReported", message: 133 },
    KindInfo { number: 316, name: "ScreeningReported", message: 136 },
    KindInfo { number: 317, name: "DiagnosisRecorded", message: 43 },
    KindInfo { number: 318, name: "DocumentRecorded", message: 45 },
    KindInfo { number: 319, name: "HealthReviewCompleted", message: 83 },
    KindInfo { number: 320, name: "FeedingStatusRecorded", message: 78 },
    KindInfo { number: 380, name: "ReferralMade", message: 129 },
    KindInfo { number: 381, name: "ReferralRejected", message: 131 },
    KindInfo { number: 382, name: "AppointmentKept", message: 15 },
    KindInfo { number: 383, name: "TherapyStarted", message: 163 },
    KindInfo { number: 384, name: "TherapyEnded", message: 162 },
    KindInfo { number: 400, name: "InvolvementStarted", message: 94 },
    KindInfo { number: 401, name: "InvolvementEnded", message: 93 },
    KindInfo { number: 402, name: "WorkerNamed", message: 170 },
    KindInfo { number: 403, name: "WorkerEnded", message: 169 },
    KindInfo { number: 404, name: "EnquiryReceived", message: 68 },
    KindInfo { number: 405, name: "EnquiryDecided", message: 67 },
    KindInfo { number: 406, name: "HelpAssessmentStarted", message: 85 },
    KindInfo { number: 407, name: "HelpAssessmentCompleted", message: 84 },
    KindInfo { number: 408, name: "ServiceStarted", message: 146 },
    KindInfo { number: 409, name: "ServiceEnded", message: 143 },
    KindInfo { number: 410, name: "ChildDeathReviewStarted", message: 32 },
    KindInfo { number: 411, name: "ChildDeathReviewClosed", message: 31 },
    KindInfo { number: 412, name: "ServiceReferred", message: 145 },
    KindInfo { number: 413, name: "ServiceOffered", message: 144 },
    KindInfo { number: 414, name: "ServiceAttended", message: 142 },
    KindInfo { number: 415, name: "WaitingListJoined", message: 166 },
    KindInfo { number: 416, name: "WaitingListLeft", message: 167 },
    KindInfo { number: 417, name: "PanelDecided", message: 106 },
    KindInfo { number: 418, name: "EquipmentProvided", message: 75 },
    KindInfo { number: 419, name: "ShortBreakProvided", message: 148 },
    KindInfo { number: 420, name: "PersonalBudgetSet", message: 114 },
    KindInfo { number: 421, name: "TeamMeetingHeld", message: 159 },
    KindInfo { number: 422, name: "PlanAgreed", message: 116 },
    KindInfo { number: 423, name: "PlanReviewed", message: 118 },
    KindInfo { number: 424, name: "PlanClosed", message: 117 },
    KindInfo { number: 425, name: "NeedLevelAssessed", message: 103 },
    KindInfo { number: 426, name: "CarerAssessmentOffered", message: 28 },
    KindInfo { number: 427, name: "CarerAssessmentCompleted", message: 27 },
    KindInfo { number: 428, name: "GoalSet", message: 82 },
    KindInfo { number: 429, name: "GoalReviewed", message: 81 },
    KindInfo { number: 500, name: "PersonDescribed", message: 112 },
    KindInfo { number: 501, name: "RelationshipRecorded", message: 132 },
    KindInfo { number: 502, name: "SubjectsLinked", message: 155 },
    KindInfo { number: 503, name: "SubjectsUnlinked", message: 156 },
    KindInfo { number: 504, name: "IdentifierSuperseded", message: 88 },
    KindInfo { number: 505, name: "IdentitySealed", message: 89 },
    KindInfo { number: 510, name: "DecisionProposed", message: 41 },
    KindInfo { number: 511, name: "PairLeftOpen", message: 105 },
    KindInfo { number: 512, name: "LinkingParametersAdopted", message: 96 },
    KindInfo { number: 513, name: "SealProposed", message: 137 },
    KindInfo { number: 600, name: "OrganisationRecorded", message: 193 },
    KindInfo { number: 601, name: "PolicyApproved", message: 197 },
    KindInfo { number: 602, name: "ConsentRecorded", message: 181 },
    KindInfo { number: 603, name: "CompetenceAssessed", message: 180 },
    KindInfo { number: 604, name: "AgreementRecorded", message: 177 },
    KindInfo { number: 605, name: "StatutoryStatusChanged", message: 205 },
    KindInfo { number: 606, name: "RestrictionSet", message: 201 },
    KindInfo { number: 607, name: "RestrictionLifted", message: 200 },
    KindInfo { number: 608, name: "AccessGranted", message: 173 },
    KindInfo { number: 609, name: "AccessRevoked", message: 174 },
    KindInfo { number: 610, name: "LegalProcessRecorded", message: 191 },
    KindInfo { number: 611, name: "BreakGlassAsserted", message: 178 },
    KindInfo { number: 612, name: "FamilyPersonRecognised", message: 189 },
    KindInfo { number: 613, name: "FamilyPersonEnded", message: 188 },
    KindInfo { number: 614, name: "ParentalResponsibilityVerified", message: 195 },
    KindInfo { number: 615, name: "ParentalResponsibilityEnded", message: 194 },
    KindInfo { number: 640, name: "BreakGlassReviewed", message: 179 },
    KindInfo { number: 641, name: "RefusalToShareRecorded", message: 199 },
    KindInfo { number: 660, name: "AgeDisputed", message: 176 },
    KindInfo { number: 661, name: "AgeAssessed", message: 175 },
    KindInfo { number: 662, name: "RetentionScheduleRecorded", message: 203 },
    KindInfo { number: 663, name: "FeedConfirmed", message: 190 },
    KindInfo { number: 664, name: "RetentionDecided", message: 202 },
    KindInfo { number: 670, name: "PolicyApprovalWithdrawn", message: 196 },
    KindInfo { number: 671, name: "PolicyKept", message: 198 },
    KindInfo { number: 680, name: "ErasureProposed", message: 186 },
    KindInfo { number: 681, name: "ErasureConfirmed", message: 185 },
    KindInfo { number: 682, name: "ErasureCancelled", message: 183 },
    KindInfo { number: 683, name: "ErasureBegun", message: 182 },
    KindInfo { number: 684, name: "ErasureCertified", message: 184 },
    KindInfo { number: 685, name: "ErasureReadmitted", message: 187 },
];
