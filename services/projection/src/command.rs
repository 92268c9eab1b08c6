//! Commands: facts, links and seals that a person decided, as events under the serving organisation's own name.

mod days;
mod people;

use event_log::authority::{self, Asserters, COMMAND};
use event_log::{EventId, Position, Pseudonym, Topic};
use jsonwebtoken::DecodingKey;
use prost::Message;
use proto::admin::Fact;
use proto::events::event::Kind;
use proto::events::relationship_recorded::Kind as Relation;
use proto::events::{
    Body, Cause, Date, Event, Family, IdentifierSuperseded, IdentitySealed, RecordedBy, Scheme, SealProposed, Subject,
    Version, When, when,
};
use proto::sharing::{OrganisationRecorded, legal_process_recorded};
use proto::subject::normalised;
use sha2::{Digest, Sha256};

use crate::linking::{self, Adopted};
use crate::own_records::{Own, OwnRecords, RecordError};

/// An organisation's id is written into every disclosure, which has a bounded size.
const ORGANISATION_BYTES_MAX: usize = 40;

/// Publishes commands.
pub struct Commands(OwnRecords);

/// A fact that somebody would record by their own hand, made and not yet on the log.
pub(crate) struct Prepared {
    records: Vec<Own>,
    /// The id of its entry: the same for the same fact of the same person.
    pub(crate) entry_id: [u8; 16],
}

/// A fact that cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// What is wrong with one of them; none was recorded.
    #[error("fact {at}: {what}; nothing was recorded")]
    Fact {
        /// Which, counted from 1.
        at: usize,
        /// What is wrong: names fields, never values.
        what: &'static str,
    },
    /// The log's.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Commands {
    /// Publishes through these, which are of the source [`COMMAND`].
    pub fn new(records: OwnRecords) -> Self {
        Self(records)
    }

    /// Records the facts; returns how many events they became, once all are durable. The same fact again is a later version
    /// of the same event, and changes nothing.
    ///
    /// # Errors
    /// [`CommandError::Fact`] names the first that is wrong, and then nothing is recorded.
    pub async fn record(&self, facts: Vec<Fact>, now_us: i64, today: Date) -> Result<u64, CommandError> {
        let mut records = Vec::new();
        for (at, fact) in (1..).zip(facts) {
            is_not_of_a_review(&fact).map_err(|what| CommandError::Fact { at, what })?;
            is_not_of_its_owner(&fact).map_err(|what| CommandError::Fact { at, what })?;
            let made = self.events(fact, None, now_us, today).map_err(|what| CommandError::Fact { at, what })?;
            records.extend(made.records);
        }
        let recorded = records.len() as u64;
        self.0.write(records).await?;
        Ok(recorded)
    }

    /// Records that somebody approved a set of rules: what the service of policies does once it knows who asks.
    ///
    /// # Errors
    /// [`CommandError`]: it may or may not be on the log.
    pub async fn approve_policy(
        &self,
        policy_hash: &[u8; 32],
        person: &str,
        now_us: i64,
        today: Date,
    ) -> Result<(), CommandError> {
        let (policy_hash, approved_by) = (Some(policy_hash.to_vec()), Some(person.to_owned()));
        let approved = Kind::PolicyApproved(proto::sharing::PolicyApproved { policy_hash, approved_by });
        self.decided(self.own_subject(), approved, now_us, today).await.map(drop)
    }

    /// Records a part of a set of rules, as it is run.
    ///
    /// # Errors
    /// [`CommandError`]: it may or may not be on the log.
    pub async fn keep_policy(
        &self,
        part: proto::sharing::PolicyKept,
        now_us: i64,
        today: Date,
    ) -> Result<(), CommandError> {
        self.decided(self.own_subject(), Kind::PolicyKept(part), now_us, today).await.map(drop)
    }

    /// The organisation in whose name commands are recorded.
    pub(crate) fn own_subject(&self) -> Subject {
        let (scheme, issuer) = (Scheme::Organisation.into(), "throughline".to_owned());
        Subject { scheme, issuer, value: self.0.organisation.clone() }
    }

    /// Records what somebody decided in review about two subjects; returns its event and its place once it is durable.
    ///
    /// # Errors
    /// [`CommandError`]: it may or may not be on the log.
    pub(crate) async fn decided(
        &self,
        subject: Subject,
        kind: Kind,
        now_us: i64,
        today: Date,
    ) -> Result<(EventId, Position), CommandError> {
        let fact = Fact { subject: Some(subject), event: Some(Event { kind: Some(kind) }), ..Fact::default() };
        let said = |what| CommandError::Fact { at: 1, what };
        let records = self.events(fact, None, now_us, today).map_err(said)?.records;
        let event_id = records.first().map(|own| own.event_id).ok_or_else(|| said("it became no event"))?;
        let appended = self.0.write(records).await?;
        let position = appended.positions.first().copied().ok_or_else(|| said("it has no place on the log"))?;
        Ok((event_id, position))
    }

    /// Makes what somebody would record by their own hand, and records nothing.
    ///
    /// # Errors
    /// What is wrong with it: names fields, never values.
    pub(crate) fn prepare(
        &self,
        fact: Fact,
        by: &RecordedBy,
        now_us: i64,
        today: Date,
    ) -> Result<Prepared, &'static str> {
        is_not_of_a_review(&fact)?;
        self.events(fact, Some(by), now_us, today)
    }

    /// Records it; returns once it is durable.
    ///
    /// # Errors
    /// [`RecordError`]: it may or may not be on the log.
    pub(crate) async fn put(&self, prepared: Prepared) -> Result<(), RecordError> {
        self.0.write(prepared.records).await.map(drop)
    }

    fn events(&self, fact: Fact, by: Option<&RecordedBy>, now_us: i64, today: Date) -> Result<Prepared, &'static str> {
        let subject = fact.subject.ok_or("`subject` is missing")?;
        let subject = normalised(&subject).ok_or("`subject` must have a scheme, its issuer and a value")?;
        let kind = with_other_normalised(fact.event.and_then(|event| event.kind).ok_or("`event` says nothing")?)?;
        let topic = match authority::asserters(&kind) {
            Asserters::Command(topic) | Asserters::AnySectorOr(topic) | Asserters::SectorOr(_, topic) => topic,
            Asserters::Sector(_) | Asserters::AnySector => {
                return Err("this kind comes from a source, not from a command");
            }
        };
        check(&kind, &subject)?;
        days::are_days(&kind)?;
        let effective = fact.effective_on.unwrap_or(today);
        if timeline::day_number(&effective).is_none() {
            return Err("`effective_on` is no day");
        }
        let (kind, subjects) = self.with_sealed(kind, &fact.sealed, subject)?;
        let family = authority::family_of(&kind, topic).ok_or("this kind has no family on its topic")?;
        let event = Event { kind: Some(kind) };
        let made =
            subjects.into_iter().map(|subject| self.event(subject, &event, by, (topic, family), effective, now_us));
        let (records, entry_ids): (Vec<Own>, Vec<[u8; 16]>) = made.unzip();
        Ok(Prepared { records, entry_id: entry_ids.first().copied().unwrap_or_default() })
    }

    /// What is sealed, or proposed to be, by pseudonym; and of whom it is published: a seal, of each that it seals.
    fn with_sealed(
        &self,
        kind: Kind,
        sealed: &[Subject],
        subject: Subject,
    ) -> Result<(Kind, Vec<Subject>), &'static str> {
        if !matches!(kind, Kind::IdentitySealed(_) | Kind::SealProposed(_)) {
            return Ok((kind, vec![subject]));
        }
        let sealed: Option<Vec<Subject>> = sealed.iter().map(normalised).collect();
        let sealed = sealed.ok_or("each of `sealed` must have a scheme, its issuer and a value")?;
        if sealed.is_empty() {
            return Err("`sealed` must list every subject and identifier of the identity");
        }
        let sealed_subjects = sealed.iter().map(|subject| self.0.pseudonyms.of(subject).0.to_vec()).collect();
        Ok(match kind {
            Kind::SealProposed(said) => (Kind::SealProposed(SealProposed { sealed_subjects, ..said }), vec![subject]),
            Kind::IdentitySealed(said) => (Kind::IdentitySealed(IdentitySealed { sealed_subjects, ..said }), sealed),
            other => (other, vec![subject]),
        })
    }

    fn event(
        &self,
        subject: Subject,
        event: &Event,
        by: Option<&RecordedBy>,
        (topic, family): (Topic, Family),
        on: Date,
        now_us: i64,
    ) -> (Own, [u8; 16]) {
        let pseudonym: Pseudonym = self.0.pseudonyms.of(&subject);
        let name = event.kind_number().map_or("", |kind| kind.name());
        let record_key = format!("{name}/{}", hex::encode(what_is_said(&subject, event, by, on)));
        let third_parties: Vec<Vec<u8>> = match &event.kind {
            Some(Kind::RelationshipRecorded(recorded)) => {
                recorded.related.iter().map(|person| self.0.pseudonyms.of(person).0.to_vec()).collect()
            }
            _ => Vec::new(),
        };
        let version = Version { as_of_us: now_us, sequence: 0, mapping_revision: 1 };
        let organisation = &self.0.organisation;
        let entry_id = self.0.pseudonyms.entry_id(organisation, COMMAND, &record_key, 0).0;
        let body = Body {
            subject: Some(subject),
            controller: organisation.clone(),
            source: COMMAND.to_owned(),
            entry_id: entry_id.to_vec(),
            recorded_by: by.cloned(),
            ordinal: 0,
            version: Some(version),
            effective: Some(When { when: Some(when::When::On(on)) }),
            observed_at: Some(prost_types::Timestamp { seconds: now_us.div_euclid(1_000_000), nanos: 0 }),
            cause: Cause::Commanded.into(),
            third_parties,
            event: Some(event.clone()),
            ..Body::default()
        };
        let event_id = self.0.pseudonyms.event_id(organisation, COMMAND, &record_key, &version, 0);
        let body = Body { record_key, ..body };
        (Own { topic, subject: pseudonym, event_id, family, plaintext: body.encode_to_vec() }, entry_id)
    }
}

/// Over what makes two facts one entry. Two people who say the same are two entries: neither takes the other's place. Of how two people
/// are related an organisation has one entry, which stands as it was last said.
fn what_is_said(subject: &Subject, event: &Event, by: Option<&RecordedBy>, on: Date) -> [u8; 32] {
    let mut said = Sha256::new();
    said.update(subject.encode_to_vec());
    if let Some(Kind::RelationshipRecorded(recorded)) = &event.kind {
        said.update(recorded.related.as_ref().map(Message::encode_to_vec).unwrap_or_default());
        said.update(by.map_or("", |by| by.organisation.as_str()).as_bytes());
        return said.finalize().into();
    }
    said.update(on.encode_to_vec());
    said.update(event.encode_to_vec());
    if let Some(by) = by {
        said.update(by.encode_to_vec());
    }
    said.finalize().into()
}

/// The other side of a decision or a relation, in the spelling that its pseudonym is made from.
fn with_other_normalised(mut kind: Kind) -> Result<Kind, &'static str> {
    let other = match &mut kind {
        Kind::SubjectsLinked(decided) => &mut decided.other,
        Kind::SubjectsUnlinked(decided) => &mut decided.other,
        Kind::DecisionProposed(proposed) => &mut proposed.other,
        Kind::PairLeftOpen(left) => &mut left.other,
        Kind::IdentifierSuperseded(replaced) => &mut replaced.superseded,
        Kind::RelationshipRecorded(recorded) => &mut recorded.related,
        _ => return Ok(kind),
    };
    let spelt =
        other.as_ref().and_then(normalised).ok_or("the other subject must have a scheme, its issuer and a value")?;
    *other = Some(spelt);
    Ok(kind)
}

/// What reviewers decide is theirs to say, under their own names: nobody records it for them.
fn is_not_of_a_review(fact: &Fact) -> Result<(), &'static str> {
    const OF_A_REVIEW: &str = "what is decided in review is recorded by `throughline identity`, by whoever decides it";
    let told = |review: bool| if review { Err(OF_A_REVIEW) } else { Ok(()) };
    match fact.event.as_ref().and_then(|event| event.kind.as_ref()) {
        Some(Kind::SubjectsLinked(decided)) => told(decided.review.is_some()),
        Some(Kind::SubjectsUnlinked(decided)) => told(decided.review.is_some()),
        Some(Kind::IdentifierSuperseded(decided)) => told(decided.review.is_some()),
        Some(Kind::DecisionProposed(_) | Kind::PairLeftOpen(_)) => Err(OF_A_REVIEW),
        Some(
            Kind::ErasureProposed(_)
            | Kind::ErasureConfirmed(_)
            | Kind::ErasureCancelled(_)
            | Kind::ErasureBegun(_)
            | Kind::ErasureCertified(_)
            | Kind::ErasureReadmitted(_),
        ) => Err("an erasure is proposed and confirmed by `throughline erasure`, by whoever decides it"),
        Some(Kind::PolicyApproved(_) | Kind::PolicyApprovalWithdrawn(_) | Kind::PolicyKept(_)) => {
            Err("a set of rules is approved by `throughline sharing approve`, by whoever approves it")
        }
        _ => Ok(()),
    }
}

/// What whoever answers for a record decides of it is theirs to say, and the operator's never.
fn is_not_of_its_owner(fact: &Fact) -> Result<(), &'static str> {
    match fact.event.as_ref().and_then(|event| event.kind.as_ref()) {
        Some(Kind::EntryRectified(_) | Kind::RectificationWithdrawn(_)) => {
            Err("a record is put right by whoever answers for it: `throughline facts rectify`")
        }
        Some(Kind::RetentionDecided(_)) => {
            Err("what is kept is decided by whoever answers for it: `throughline retention keep`")
        }
        _ => Ok(()),
    }
}

/// What a fact must say to mean anything.
fn check(kind: &Kind, subject: &Subject) -> Result<(), &'static str> {
    match kind {
        Kind::OrganisationRecorded(organisation) => check_organisation(organisation, subject),
        Kind::AgreementRecorded(agreement) if agreement.id().is_empty() || agreement.parties.len() < 2 => {
            Err("an agreement has an `id` and at least two `parties`")
        }
        Kind::ConsentRecorded(consent)
            if consent.id().is_empty()
                || consent.state.unwrap_or(0) == 0
                || consent.kind.unwrap_or(0) == 0 && consent.form().is_empty() =>
        {
            Err("a consent has an `id`, a `state`, and a `kind` or a `form` that says its kind")
        }
        Kind::AgeAssessed(assessed) if assessed.assessed_by().is_empty() || assessed.birth_on.is_none() => {
            Err("an assessment of age names `assessedBy` and the `birthOn` that it found")
        }
        Kind::RetentionScheduleRecorded(schedule)
            if schedule.authority().is_empty()
                || schedule.categories.is_empty()
                || schedule.approved_by().is_empty() =>
        {
            Err("a schedule of retention names its `authority`, `categories` and `approvedBy`")
        }
        Kind::LegalProcessRecorded(process)
            if process.kind() == legal_process_recorded::Kind::TransferIn && process.source().is_empty() =>
        {
            Err("a transfer names its `source`, the organisation whose records pass")
        }
        Kind::StatutoryStatusChanged(changed) if changed.status.unwrap_or(0) == 0 || changed.on.is_none() => {
            Err("a statutory status has a `status` and a day, `on`")
        }
        Kind::RestrictionSet(set) if set.id().is_empty() || set.kind.unwrap_or(0) == 0 => {
            Err("a restriction has an `id` and a `kind`")
        }
        Kind::RestrictionSet(set)
            if set.kind() == proto::sharing::restriction::Kind::Processing && set.ground.unwrap_or(0) == 0 =>
        {
            Err("a restriction of processing has its `ground`")
        }
        Kind::EntryRectified(said)
            if said.id().is_empty() || said.entry_id().len() != 16 || said.reason().is_empty() =>
        {
            Err("a rectification has an `id` and the `entryId`, and says why in `reason`")
        }
        Kind::EntryRectified(said)
            if said.stands().is_empty() && said.clears.is_empty() && said.happened_on.is_none() && !said.removed() =>
        {
            Err("a rectification says what `stands`, or what it `clears`, or `happenedOn`, or `removed`")
        }
        Kind::RetentionDecided(said)
            if said.outcome() == proto::sharing::retention_decided::Outcome::Kept && said.until.is_none() =>
        {
            Err("what is kept past its schedule is kept `until` a day, and then proposed again")
        }
        Kind::RetentionDecided(said)
            if said.id().is_empty()
                || said.categories.is_empty()
                || said.outcome.unwrap_or(0) == 0
                || said.reason().is_empty() =>
        {
            Err("a decision about retention has an `id`, `categories`, an `outcome` and a `reason`")
        }
        Kind::AccessGranted(grant) if grant.to.is_none() || grant.person().is_empty() => {
            Err("a grant names its `person` and its last day, `to`")
        }
        Kind::AccessGranted(grant) if grant.purposes.is_empty() => {
            Err("a grant says in `purposes` what it may be used for: without one it opens nothing")
        }
        Kind::CompetenceAssessed(_)
        | Kind::FamilyPersonRecognised(_)
        | Kind::FamilyPersonEnded(_)
        | Kind::ParentalResponsibilityVerified(_)
        | Kind::ParentalResponsibilityEnded(_) => people::check(kind),
        Kind::RelationshipRecorded(recorded) if recorded.related.as_ref() == Some(subject) => {
            Err("`related` is the child itself: a relation is of two people")
        }
        Kind::RelationshipRecorded(recorded) if recorded.kind() == Relation::Unspecified => {
            Err("a relation says what it is, `kind`")
        }
        Kind::LegalProcessRecorded(process) if process.to.is_none() || process.recipient().is_empty() => {
            Err("a legal process names its `recipient` and its last day, `to`")
        }
        Kind::SubjectsLinked(decided) if decided.other.as_ref() == Some(subject) => {
            Err("`other` is the `subject` itself: a link is of two")
        }
        Kind::SubjectsUnlinked(decided) if decided.other.as_ref() == Some(subject) => {
            Err("`other` is the `subject` itself: a decision is about two")
        }
        Kind::IdentifierSuperseded(replaced) => check_superseded(replaced, subject),
        Kind::LinkingParametersAdopted(_) if *subject != linking::subject() => {
            Err("the `subject` of an adoption is `linking-parameters` of `throughline`")
        }
        Kind::LinkingParametersAdopted(adopted) if adopted.decided_by().is_empty() => {
            Err("an adoption says by whom it was decided, `decidedBy`")
        }
        Kind::LinkingParametersAdopted(adopted) if Adopted::read(adopted, EventId([0; 16]), 0).is_none() => {
            Err("an adoption has `parameters` of its `version`, and 0.5 <= `review` <= `automatic` < 1")
        }
        _ => Ok(()),
    }
}

/// A number takes the place of another of its own issuer.
fn check_superseded(replaced: &IdentifierSuperseded, stands: &Subject) -> Result<(), &'static str> {
    let gone = replaced.superseded.as_ref().ok_or("`superseded` is missing")?;
    if (gone.scheme, &gone.issuer) != (stands.scheme, &stands.issuer) {
        return Err("`superseded` must be of the `subject`'s own scheme and issuer");
    }
    if gone.value == stands.value {
        return Err("`superseded` is the `subject` itself");
    }
    match replaced.decided_by() {
        "" => Err("`decidedBy` is missing: a person says so, and not the source"),
        _ => Ok(()),
    }
}

fn check_organisation(organisation: &OrganisationRecorded, subject: &Subject) -> Result<(), &'static str> {
    let id = organisation.id();
    let well_formed = !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !well_formed || id.len() > ORGANISATION_BYTES_MAX {
        return Err("`id` must be at most 40 lower-case letters, digits and hyphens");
    }
    if subject.scheme() != Scheme::Organisation || subject.value != id {
        return Err("the `subject` must be the organisation itself, its value the `id`");
    }
    if organisation.sector() == proto::sharing::Sector::Unspecified {
        return Err("`sector` is missing");
    }
    if organisation.vouches_for_people() && organisation.token_issuer().is_empty() {
        return Err("`vouchesForPeople` is of an organisation with a `tokenIssuer`");
    }
    match organisation.token_key_pem() {
        "" => Ok(()),
        pem if verifies_tokens(pem.as_bytes()) => Ok(()),
        _ => Err("`tokenKeyPem` is no Ed25519 or ECDSA P-256 public key"),
    }
}

/// Tokens are signed with one of the two.
fn verifies_tokens(pem: &[u8]) -> bool {
    /// An uncompressed point of P-256: one byte of form, two coordinates of 32. Other curves' points are longer.
    const POINT_BYTES: usize = 65;
    let point = DecodingKey::from_ec_pem(pem);
    let of_p256 = |key: &DecodingKey| key.try_get_as_bytes().is_ok_and(|point| point.len() == POINT_BYTES);
    DecodingKey::from_ed_pem(pem).is_ok() || point.as_ref().is_ok_and(of_p256)
}
