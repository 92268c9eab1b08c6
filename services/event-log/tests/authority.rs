#![cfg(test)]
//! Who may say what: the table as data, and a producer that says what is not its own.

use std::sync::Arc;

use event_log::authority::{self, NotYours};
use event_log::envelope::{self, CheckedBody, EnvelopeError, Opened, Plain};
use event_log::seal::{self, DataKeys, Header, KeyOf, Keyring, PseudonymKey, WrappingKeys};
use event_log::{EventId, KeyId, Position, Pseudonym, StoredRecord, Topic};
use proptest::prelude::*;
use prost::Message;
use proto::event::KindNumber;
use proto::events::{self as e, Body, Cause, Date, Event, Family, Scheme, Subject, Version, When, event::Kind, when};
use proto::fields::KINDS;

const EDUCATION: &str = "education-school-census";
const SOCIAL_CARE: &str = "social-care-cin-census";
const HEALTH: &str = "health-hl7v2";
const SECTORS: [(&str, Topic); 3] =
    [(EDUCATION, Topic::Education), (SOCIAL_CARE, Topic::SocialCare), (HEALTH, Topic::Health)];

/// The field that is named, and how it is spoilt.
type Change = (&'static str, fn(&mut Body));

type Spoil = Box<dyn Fn(&mut Body)>;

/// An event of this kind that states nothing: protobuf lets it be made from the kind's number alone.
fn empty_event(kind: KindNumber) -> Event {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(kind.0, prost::encoding::WireType::LengthDelimited, &mut bytes);
    bytes.push(0);
    Event::decode(bytes.as_slice()).unwrap()
}

/// Kind, and who may say it: E, S, H for the connectors of a sector on its topic, i and s for commands on the identity and
/// the sharing topic. Written out, so that a change to the code that opens a door has to be made here too.
const TABLE: &str = "
    SourceRecordKept ESH            EntryCorrected ESHs             EntryRetracted ESHs
    EntryReassigned ESH             EntryRectified s                RectificationWithdrawn s
    RetentionDecided s
    EnrolmentStarted E              EnrolmentEnded E                AttendanceSummarised E
    SuspensionGiven E               ExclusionGiven E                SenProvisionChanged E
    SenNeedRecorded E               FreeSchoolMealsStarted E        FreeSchoolMealsEnded E
    YoungCarerIdentified ESH        AlternativeProvisionStarted E   AlternativeProvisionEnded E
    ReferralReceived S              AssessmentStarted S             AssessmentCompleted S
    ChildInNeedPlanStarted S        ChildInNeedPlanEnded S          Section47EnquiryStarted S
    ConferenceHeld S                ProtectionPlanStarted S         ProtectionPlanReviewed S
    ProtectionPlanEnded S           CaseClosed S                    FactorIdentified S
    DisabilityRecorded S
    AttendedEmergency H             AdmissionStarted H              AdmissionMoved H
    AdmissionEnded H                AppointmentBooked H             AppointmentMissed H
    AppointmentCancelled H          ImmunisationGiven H             ImmunisationNotGiven H
    AllergyRecorded H
    EhcAssessmentRequested Es       EhcAssessmentDecided Es         EhcRequestWithdrawn Es
    EhcAdviceRequested Es           EhcAdviceReceived Es            EhcPlanDrafted Es
    EhcSettingConsulted Es          EhcPlanIssued Es                EhcPlanCeased Es
    EhcPlanTransferred Es           TransferFileSent Es
    Section47EnquiryEnded Ss        ContactReceived Ss              LookedAfterPeriodStarted Ss
    LegalStatusChanged Ss           LookedAfterPeriodEnded Ss
    BirthNotified Hs                DeathNotified Hs                ReferralAccepted Hs
    ReferralClosed Hs
    InvolvementStarted s            InvolvementEnded s
    WorkerNamed ESHs                WorkerEnded ESHs                EnquiryReceived ESHs
    EnquiryDecided ESHs             HelpAssessmentStarted ESHs      HelpAssessmentCompleted ESHs
    ServiceStarted ESHs             ServiceEnded ESHs               FeedConfirmed ESHs
    ChildDeathReviewStarted s       ChildDeathReviewClosed s
    AttendanceMarked E              AttainmentRecorded E            EhcPlanReviewed E
    EhcPlanMaintained E             EhcSettingNamed E               EhcPlacementStarted E
    EhcPlacementEnded E             ElectiveHomeEducationStarted E  ElectiveHomeEducationEnded E
    InCareReported E                MissingFromEducationReported E  EarlyYearsPlaceRecorded E
    AlternativeProvisionReasonRecorded E
    ParticipationRecorded E
    HousingDutyRecorded S           TemporaryAccommodationStarted S TemporaryAccommodationEnded S
    DomesticAbuseNotified S         YouthJusticeOutcomeRecorded S
    PlacementChanged S              CareReviewed S                  MissingEpisodeStarted S
    MissingEpisodeEnded S           CareLeaverContacted S           AdoptionDecided S
    AdoptionDecisionReversed S      AdoptionMatched S               AdoptionPlaced S
    AdoptionOrderMade S             PreProceedingsStarted S         PreProceedingsEnded S
    LookedAfterHealthRecorded S     StrengthsDifficultiesScored S   SubstanceMisuseIdentified S
    ConvictionRecorded S            UnaccompaniedChildRecorded S    ParenthoodRecorded S
    PreviousPermanenceRecorded S    DeprivationOfLibertyOrdered S   SocialWorkerAllocated S
    StrategyDiscussionHeld S        StatutoryVisitMade S            CaseOpened S
    PathwayPlanReviewed S           PermanencePlanRecorded S        EarlyHelpStarted S
    EarlyHelpEnded S                CareProceedingsIssued S
    ReferralMade H                  ReferralRejected H              AppointmentKept H
    TherapyStarted H                TherapyEnded H
    ObservationRecorded H           ResultReported H                ScreeningReported H
    DiagnosisRecorded H             DocumentRecorded H              HealthReviewCompleted H
    FeedingStatusRecorded H
    ProtectionInformationAccessed S
    ServiceReferred ESH             ServiceOffered ESH              ServiceAttended ESH
    WaitingListJoined ESH           WaitingListLeft ESH             PanelDecided ESH
    EquipmentProvided ESH           ShortBreakProvided ESH          PersonalBudgetSet ESH
    TeamMeetingHeld ESH             PlanAgreed ESH                  PlanReviewed ESH
    PlanClosed ESH                  NeedLevelAssessed ESH           CarerAssessmentOffered ESH
    CarerAssessmentCompleted ESH    GoalSet ESH                     GoalReviewed ESH
    AgeDisputed s                   AgeAssessed s                   RetentionScheduleRecorded s
    PersonDescribed ESH             RelationshipRecorded ESHs       IdentifierSuperseded ESHi
    SubjectsLinked i                SubjectsUnlinked i              IdentitySealed i
    DecisionProposed i              PairLeftOpen i                  LinkingParametersAdopted i
    SealProposed i
    OrganisationRecorded s          PolicyApproved s                ConsentRecorded s
    PolicyApprovalWithdrawn s       PolicyKept s
    ErasureProposed s               ErasureConfirmed s              ErasureCancelled s
    ErasureBegun s                  ErasureCertified s              ErasureReadmitted s
    CompetenceAssessed s            AgreementRecorded s             StatutoryStatusChanged s
    RestrictionSet s                RestrictionLifted s             AccessGranted s
    AccessRevoked s                 LegalProcessRecorded s          BreakGlassAsserted s
    BreakGlassReviewed s            RefusalToShareRecorded s
    FamilyPersonRecognised s        FamilyPersonEnded s
    ParentalResponsibilityVerified s ParentalResponsibilityEnded s
";

#[test]
fn every_kind_is_in_the_table_and_the_code_says_the_same() {
    let words: Vec<&str> = TABLE.split_whitespace().collect();
    let mut seen = 0;
    for [name, who] in words.as_chunks::<2>().0 {
        let kind = KindNumber::named(name).unwrap_or_else(|| panic!("{name} is no kind"));
        let event = empty_event(kind).kind.unwrap();
        seen += 1;
        for topic in Topic::ALL {
            for (source, letter) in [(EDUCATION, 'E'), (SOCIAL_CARE, 'S'), (HEALTH, 'H')] {
                let own = SECTORS.contains(&(source, topic));
                let may = authority::check_kind(topic, source, &event).is_ok();
                assert_eq!(may, own && who.contains(letter), "{name} by {source} on {topic}");
            }
            let letter = match topic {
                Topic::Identity => 'i',
                Topic::Sharing => 's',
                _ => '-',
            };
            let may = authority::check_kind(topic, authority::COMMAND, &event).is_ok();
            assert_eq!(may, who.contains(letter), "{name} by command on {topic}");
            for stranger in ["", "cin-census", "Education-school-census", "commands", "command ", "identity-feed"] {
                assert!(authority::check_kind(topic, stranger, &event).is_err(), "{name} by {stranger:?} on {topic}");
            }
        }
    }
    assert_eq!(seen, KINDS.len(), "a kind of the catalogue is not in the table above");
}

/// By what it says, and not by its kind alone: the table above is of events that say nothing.
#[test]
fn a_health_source_may_narrow_who_is_shown_and_may_open_nothing() {
    use proto::sharing::consent_recorded::State;
    use proto::sharing::restriction::Kind as Restriction;
    use proto::sharing::{ConsentRecorded, RestrictionLifted, RestrictionSet};
    let may = |event: Event| {
        let kind = event.kind.unwrap();
        assert!(authority::check_kind(Topic::Sharing, authority::COMMAND, &kind).is_ok(), "a person may: {kind:?}");
        SECTORS.map(|(source, topic)| authority::check_kind(topic, source, &kind).is_ok())
    };
    let [nobody, health] = [[false, false, false], [false, false, true]];
    for (state, expected) in
        [(State::Unspecified, nobody), (State::Given, nobody), (State::Refused, health), (State::Withdrawn, health)]
    {
        let consent = ConsentRecorded { state: Some(state.into()), ..ConsentRecorded::default() };
        assert_eq!(may(consent.into()), expected, "{state:?}");
    }
    for kind in (0..=7).map(|number| Restriction::try_from(number).unwrap()) {
        let expected = if kind == Restriction::NationalOptOut { health } else { nobody };
        let set = RestrictionSet { kind: Some(kind.into()), ..RestrictionSet::default() };
        assert_eq!(may(set.into()), expected, "{kind:?}");
    }
    assert_eq!(may(RestrictionLifted::default().into()), nobody);
}

#[test]
fn a_kinds_family_is_its_part_of_the_catalogue() {
    let family =
        |name: &str, topic| authority::family_of(&empty_event(KindNumber::named(name).unwrap()).kind.unwrap(), topic);
    assert_eq!(family("EnrolmentStarted", Topic::Education), Some(Family::Education));
    assert_eq!(family("CaseClosed", Topic::SocialCare), Some(Family::SocialCare));
    assert_eq!(family("AdmissionMoved", Topic::Health), Some(Family::Health));
    assert_eq!(family("InvolvementStarted", Topic::Health), Some(Family::SharedWorking));
    assert_eq!(family("PersonDescribed", Topic::Education), Some(Family::Identity));
    assert_eq!(family("ConsentRecorded", Topic::Sharing), Some(Family::Sharing));
    for (_, topic) in SECTORS {
        assert_eq!(family("EntryRetracted", topic), authority::topic_family(topic));
        assert_eq!(authority::sector_topic(authority::topic_family(topic).unwrap()), Some(topic));
    }
    assert_eq!(family("EntryRetracted", Topic::Sharing), Some(Family::Sharing));
    assert_eq!(family("EntryRetracted", Topic::Quarantine), None);
}

// What follows stands on a body that is good in every respect.

fn pseudonyms() -> PseudonymKey {
    PseudonymKey::from_bytes([7; 32])
}

fn child() -> Subject {
    Subject { scheme: Scheme::LaChildId as i32, issuer: "878".into(), value: "INVENTED1".into() }
}

fn referral() -> Event {
    e::ReferralReceived::default().into()
}

fn good(source: &str, event: Event) -> Body {
    let on = Date { year: 2024, month: Some(2), day: Some(29), estimated: false };
    let (controller, record_key) = ("la-878-social-care", "INVENTED1/2024-02-29");
    Body {
        subject: Some(child()),
        controller: controller.into(),
        source: source.into(),
        entry_id: pseudonyms().entry_id(controller, source, record_key, 0).0.to_vec(),
        record_key: record_key.into(),
        version: Some(Version { as_of_us: 1_743_379_200_000_000, sequence: 1, mapping_revision: 1 }),
        effective: Some(When { when: Some(when::When::On(on)) }),
        cause: Cause::Started as i32,
        event: Some(event),
        ..Body::default()
    }
}

/// The id that a good producer gives the body.
fn event_id(body: &Body) -> EventId {
    let version = body.version.unwrap_or_default();
    pseudonyms().event_id(&body.controller, &body.source, &body.record_key, &version, body.ordinal)
}

fn header(family: Family, event_id: EventId) -> Header {
    Header { event_id, subject: pseudonyms().of(&child()), family, key_id: KeyId([2; 16]) }
}

fn check(body: &Body) -> Result<CheckedBody, EnvelopeError> {
    let key_of = Arc::new(KeyOf { controller: "la-878-social-care".into(), source: SOCIAL_CARE.into() });
    CheckedBody::check(
        &header(Family::SocialCare, event_id(body)),
        &Plain { bytes: body.encode_to_vec(), key_of },
        &pseudonyms(),
    )
}

#[test]
fn a_good_body_is_taken_whole() {
    let body = Body { third_parties: vec![vec![3; 16]], ..good(SOCIAL_CARE, referral()) };
    let checked = check(&body).unwrap();
    assert_eq!(checked.body, body);
    assert_eq!(checked.kind.name(), "ReferralReceived");
    assert_eq!(checked.third_parties, [Pseudonym([3; 16])]);
    assert_eq!(authority::check(Topic::SocialCare, &checked), Ok(()));
    let gone = Body { event: Some(e::EntryRetracted::default().into()), ..body.clone() };
    check(&Body { subject: None, record_key: String::new(), ..gone }).unwrap();
    let nameless = Body { subject: None, record_key: String::new(), ..body };
    assert!(matches!(check(&nameless), Err(EnvelopeError::BodyMalformed { field: "record_key" })));
}

#[test]
fn a_malformed_field_is_named() {
    let on = |year, month, day| Some(When { when: Some(when::When::On(Date { year, month, day, estimated: false })) });
    let at = |seconds| {
        let mut at = Body::default().observed_at.unwrap_or_default();
        at.seconds = seconds;
        Some(When { when: Some(when::When::At(at)) })
    };
    let cases: Vec<(&str, Spoil)> = vec![
        ("controller", Box::new(|b| b.controller.clear())),
        ("source", Box::new(|b| b.source = "s".repeat(129))),
        ("entry_id", Box::new(|b| b.entry_id.truncate(15))),
        ("record_key", Box::new(|b| b.record_key = "k".repeat(1_025))),
        ("version", Box::new(|b| b.version = None)),
        ("version", Box::new(|b| b.version.as_mut().unwrap().as_of_us = i64::MAX)),
        ("effective", Box::new(|b| b.effective = None)),
        ("effective", Box::new(|b| b.effective = Some(When { when: None }))),
        ("effective", Box::new(move |b| b.effective = on(2023, Some(2), Some(29)))),
        ("effective", Box::new(move |b| b.effective = on(1900, Some(2), Some(29)))),
        ("effective", Box::new(move |b| b.effective = on(2023, Some(13), None))),
        ("effective", Box::new(move |b| b.effective = on(2023, Some(0), Some(1)))),
        ("effective", Box::new(move |b| b.effective = on(2023, Some(4), Some(31)))),
        ("effective", Box::new(move |b| b.effective = on(2023, Some(4), Some(0)))),
        ("effective", Box::new(move |b| b.effective = on(2023, None, Some(1)))),
        ("effective", Box::new(move |b| b.effective = on(1899, None, None))),
        ("effective", Box::new(move |b| b.effective = on(2201, None, None))),
        ("effective", Box::new(move |b| b.effective = at(-2_208_988_801))),
        ("effective", Box::new(move |b| b.effective = at(7_289_654_400))),
        ("cause", Box::new(|b| b.cause = 0)),
        ("cause", Box::new(|b| b.cause = 99)),
        ("clears", Box::new(|b| b.clears = vec![0])),
        ("third_parties", Box::new(|b| b.third_parties = vec![vec![1; 17]])),
        ("subject", Box::new(|b| b.subject.as_mut().unwrap().value.clear())),
        ("event", Box::new(|b| b.event = None)),
        ("event", Box::new(|b| b.event = Some(Event { kind: None }))),
    ];
    for (n, (expected, change)) in cases.iter().enumerate() {
        let mut body = good(SOCIAL_CARE, referral());
        change(&mut body);
        match check(&body) {
            Err(EnvelopeError::BodyMalformed { field }) => assert_eq!(field, *expected, "case {n}"),
            other => panic!("case {n}, {expected}: {other:?}"),
        }
    }
    for (year, month, day) in
        [(2024, None, None), (2024, Some(2), None), (2000, Some(2), Some(29)), (1900, Some(1), Some(1))]
    {
        check(&Body { effective: on(year, month, day), ..good(SOCIAL_CARE, referral()) }).unwrap();
    }
    check(&Body { effective: at(7_289_654_399), ..good(SOCIAL_CARE, referral()) }).unwrap();
}

#[test]
fn a_body_that_says_otherwise_than_its_key_is_refused() {
    let changes: [Change; 5] = [
        ("controller", |b| b.controller = "la-879-social-care".into()),
        ("source", |b| b.source = "social-care-other".into()),
        ("source", |b| b.source = "command".into()),
        ("subject", |b| b.subject.as_mut().unwrap().value = "INVENTED2".into()),
        // Another record's entry: what a producer would send to overwrite what is not its own.
        ("entry_id", |b| b.entry_id[0] ^= 1),
    ];
    for (expected, change) in changes {
        let mut body = good(SOCIAL_CARE, referral());
        change(&mut body);
        match check(&body) {
            Err(EnvelopeError::BodyContradicts { field }) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn a_kind_of_a_newer_build_is_told_from_damage() {
    let mut bytes = Body { event: None, ..good(SOCIAL_CARE, referral()) }.encode_to_vec();
    // Field 14, a message of three bytes: field 9001, an empty message.
    bytes.extend_from_slice(&[0x72, 4, 0xca, 0xb2, 0x04, 0]);
    let key_of = Arc::new(KeyOf { controller: "la-878-social-care".into(), source: SOCIAL_CARE.into() });
    let plain = Plain { bytes, key_of };
    match CheckedBody::check(&header(Family::SocialCare, EventId([1; 16])), &plain, &pseudonyms()) {
        Err(EnvelopeError::KindUnknown(kind)) => assert_eq!(kind.0, 9001),
        other => panic!("{other:?}"),
    }
}

/// A connector with good keys of its own that seals what is not its to say, the whole way from sealing to the check.
#[test]
fn a_hostile_producer_gets_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let wrapping = Arc::new(WrappingKeys::open(dir.path()).unwrap());
    let keyring = Keyring::new(Arc::clone(&wrapping));
    let mut keys = DataKeys::new(EDUCATION, wrapping);
    let controller = "la-878-social-care";
    let subject = pseudonyms().of(&child());
    let (key_id, record) = keys.for_subject(subject, controller).unwrap();
    let record = record.unwrap();
    let position = Position { topic: record.topic, partition: record.partition, offset: 0 };
    let stored = StoredRecord { position, published_at_us: 0, key: record.key, value: record.value };
    keyring.absorb(&seal::decode_key_record(&stored).unwrap()).unwrap();
    let say = |topic: Topic, family: Family, body: &Body| -> Result<Result<(), NotYours>, EnvelopeError> {
        let bytes = keys.seal(key_id, event_id(body), subject, family, &body.encode_to_vec()).unwrap();
        let sealed = envelope::decode(bytes)?;
        let Opened::Plain(plain) = sealed.open(&keyring)? else { panic!("not open") };
        Ok(authority::check(topic, &CheckedBody::check(&sealed.header, &plain, &pseudonyms())?))
    };
    let own = || Event::from(e::EnrolmentStarted::default());
    assert_eq!(say(Topic::Education, Family::Education, &good(EDUCATION, own())).unwrap(), Ok(()));
    let grant = || Event::from(proto::sharing::AccessGranted::default());
    let link = || Event::from(e::SubjectsLinked::default());
    let attempts = [
        ("a grant, on its own topic", Topic::Education, Family::Sharing, good(EDUCATION, grant())),
        ("a grant, where grants go", Topic::Sharing, Family::Sharing, good(EDUCATION, grant())),
        ("a link", Topic::Identity, Family::Identity, good(EDUCATION, link())),
        ("a section 47 enquiry", Topic::Education, Family::SocialCare, {
            good(EDUCATION, e::Section47EnquiryStarted::default().into())
        }),
        ("its own, on another's topic", Topic::SocialCare, Family::Education, good(EDUCATION, own())),
        ("its own, under another family", Topic::Education, Family::Health, good(EDUCATION, own())),
        ("its own, where no events go", Topic::Keys, Family::Education, good(EDUCATION, own())),
    ];
    for (what, topic, family, body) in attempts {
        assert!(say(topic, family, &body).unwrap().is_err(), "{what}");
    }
    for pretending in ["command", SOCIAL_CARE] {
        let refused = say(Topic::Sharing, Family::Sharing, &good(pretending, grant()));
        assert!(matches!(refused, Err(EnvelopeError::BodyContradicts { field: "source" })), "{pretending}");
    }
}

#[test]
fn errors_name_fields_and_never_values() {
    let mut body = good(SOCIAL_CARE, referral());
    body.subject.as_mut().unwrap().value = "CANARY".into();
    body.record_key = "CANARY".into();
    let error = check(&body).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("CANARY"));
    let kind = Kind::AccessGranted(proto::sharing::AccessGranted::default());
    let error = authority::check_kind(Topic::Health, "CANARY", &kind).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("CANARY"));
}

proptest! {
    #[test]
    fn no_bytes_of_a_body_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let key_of = Arc::new(KeyOf { controller: "c".into(), source: "s".into() });
        let _either = CheckedBody::check(&header(Family::Health, EventId([1; 16])), &Plain { bytes, key_of }, &pseudonyms());
    }
}
