//! What a child, or who asks for them, may have: the entries, where these came from, and to whom they were given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use prost::Message as _;
use proto::audit::{CameFrom, Seen, SubjectAccessRequest, SubjectAccessResponse};
use proto::disclosure::Disclosure;
use proto::sharing::{Call, Category, DenialReason, NamedPerson, Purpose};
use proto::timeline::{Entry, GetTimelineRequest};
use sharing::{Act, Registry};

use super::{AuditService, Moment, malformed, unread};
use crate::audit::{Days, Scope, linked, timestamp};
use crate::disclose::digest::sixteen;
use crate::disclose::seen::{Made, is_content};
use crate::disclose::{Ask, Undisclosed, day_number, decision_id};
use crate::replay::{Recorded, ReplayError, Verdict, With};
use crate::serve::caller::{Caller, Standing};
use crate::serve::refusal::Refusal;
use crate::serve::request;

impl AuditService {
    pub(super) async fn access(
        &self,
        caller: Option<Caller>,
        asked: SubjectAccessRequest,
        at: Moment,
    ) -> Result<SubjectAccessResponse, Refusal> {
        let at_the_socket = "what a record says is not given here: ask with --as, for whoever asked for it";
        let caller = caller.ok_or_else(|| Refusal::new(DenialReason::NotForThisRole, at_the_socket))?;
        self.admit_reader(&caller)?;
        let reader = self.reader(&caller, asked.prepared_for.as_ref(), at.1)?;
        let request =
            GetTimelineRequest { child: asked.child, purpose: Purpose::SubjectAccess.into(), ..Default::default() };
        let asked = request::read(request, at.0, at.1)?;
        let digest = sixteen([asked.child.encode_to_vec()]);
        let ask = self.desk.ask_now(&reader, &asked, digest, at);
        let child = ask.child;
        // Decided, on record and released as any timeline is: nothing below adds to it.
        let view = self.desk.release_timeline(ask.clone()).await?;
        let timeline = view.into_answer(Vec::new()).message().map_err(|error| unread(&error))?;
        let mut entries = timeline.entries;
        entries.iter_mut().for_each(without_a_word_of_the_rest);
        let (ever, now) = self
            .reading(move |desk| {
                let around = desk.discloser.children.around(child, None)?;
                let now = desk.discloser.children.read_kept(child, None)?;
                let mut ever: BTreeSet<[u8; 16]> = around.said.keys().map(|subject| subject.0).collect();
                ever.insert(child.0);
                Ok((ever, now.resolution.subjects.clone()))
            })
            .await?;
        // Not this very one: it says that it is given.
        let about = |of: &Disclosure| of.decision_id != timeline.decision_id && linked(of, child.0, &now).is_some();
        let decisions = self.every_decision(&Scope::Everybodys, &ever, Days::default(), about).await?;
        let seen = self.seen(ask, decisions).await?;
        let registry = self.desk.registry()?;
        let own = registry.organisation(self.desk.recorder.organisation());
        let for_the_child = self
            .reading({
                let (reader, today) = (reader.clone(), at.1);
                move |desk| {
                    let Standing::Family { issuer } = &reader.standing else { return Ok(false) };
                    let child = desk.discloser.children.read_kept(child, None)?;
                    Ok(desk.discloser.on_day(&child, today).facts.is_subject(issuer, &reader.person))
                }
            })
            .await?;
        let answer = SubjectAccessResponse {
            prepared_at: Some(timestamp(at.0)),
            child: Some(asked.child),
            for_the_child,
            came_from: came_from(&entries, &registry),
            entries,
            seen,
            service: own.map(|own| own.name().to_owned()).unwrap_or_default(),
            ask: self.desk.discloser.hub_contact.clone(),
            decision_id: timeline.decision_id,
            audit_id: Vec::new(),
        };
        let audit_id = self.given_to(&caller, child, &answer, at.1).await?;
        Ok(SubjectAccessResponse { audit_id, ..answer })
    }

    /// To whom something was given, of what these decisions gave.
    async fn seen(&self, ask: Ask, decisions: Vec<(i64, Disclosure)>) -> Result<Vec<Seen>, Refusal> {
        let replayer = Arc::clone(&self.replayer);
        let read = tokio::task::spawn_blocking({
            let replayer = Arc::clone(&replayer);
            move || {
                let recorded = Recorded::all(&decisions).into_iter().zip(decisions);
                let given = recorded.filter(|(_, (_, of))| is_content(of));
                let made = given.map(|(recorded, (at_us, of))| {
                    let rerun = replayer.rerun(&recorded, &With::recorded())?;
                    let known = !matches!(rerun.verdict, Verdict::CannotSay(_));
                    Ok(Made { at_us, of, classes: known.then_some(rerun.classes) })
                });
                made.collect::<Result<Vec<Made>, ReplayError>>()
            }
        });
        let made = read.await.map_err(|_| Refusal::not_recorded())?.map_err(|error| unread(&error))?;
        self.reading(move |desk| desk.discloser.decide_seen(&ask, &made, replayer.rules())).await
    }

    /// Whom it is for: whoever asks for themself; or, where the rules let the caller prepare it, somebody of the family by name.
    fn reader(&self, caller: &Caller, prepared_for: Option<&NamedPerson>, today: Date) -> Result<Caller, Refusal> {
        let named = match (&caller.standing, prepared_for) {
            (Standing::Family { .. }, None) => return Ok(caller.clone()),
            (Standing::Family { .. }, Some(_)) => return Err(malformed("prepared_for", "is for staff: leave it out")),
            (Standing::Staff, None) => return Err(malformed("prepared_for", "must say who asked for it")),
            (Standing::Staff, Some(named)) => named,
        };
        let registry = self.desk.registry()?;
        let mut request = sharing::Request::new(caller.principal(), Purpose::SubjectAccess, today);
        request.runs_service = caller.organisation == self.desk.recorder.organisation();
        let (engine, own) = (&self.desk.discloser.engine, &caller.organisation);
        if !sharing::may(engine, &request, registry.as_ref(), Act::PrepareAccess, own) {
            let role =
                "this is for information governance of the organisation that runs the service, or the family itself";
            return Err(Refusal::new(DenialReason::NotForThisRole, role));
        }
        let issuer = named.issuer();
        let vouches = |id: &&str| registry.vouches_for_people(id, issuer, today);
        let organisation = registry.organisations().map(|organisation| organisation.id()).find(vouches);
        let nobody = || malformed("prepared_for", "names an issuer that vouches for nobody of a family");
        Ok(Caller {
            organisation: organisation.ok_or_else(nobody)?.to_owned(),
            person: named.person().to_owned(),
            standing: Standing::Family { issuer: issuer.to_owned() },
            roles: BTreeSet::new(),
            active: true,
            trained: true,
        })
    }

    /// Puts on record who was given it, and gives the id of the record: beside that of the timeline, which names whom it is for.
    async fn given_to(
        &self,
        caller: &Caller,
        child: event_log::Pseudonym,
        answer: &SubjectAccessResponse,
        today: Date,
    ) -> Result<Vec<u8>, Refusal> {
        let book = child.0.first().copied().unwrap_or_default() % decision_id::BOOKS;
        let id = decision_id::new(&self.desk.pseudonyms, book).to_vec();
        let record = Disclosure {
            decision_id: id.clone(),
            organisation: caller.organisation.clone(),
            person: caller.person.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            purpose: Purpose::SubjectAccess.into(),
            subjects: vec![child.0.to_vec()],
            policy_hash: self.desk.discloser.engine.policy_hash().to_vec(),
            valid_day: day_number(today),
            call: Call::SubjectAccess.into(),
            entries_released: u32::try_from(answer.entries.len()).unwrap_or(u32::MAX),
            lines_released: u32::try_from(answer.seen.len()).unwrap_or(u32::MAX),
            answer_digest: sixteen([answer.encode_to_vec()]).to_vec(),
            explained: answer.decision_id.clone(),
            ..Disclosure::default()
        };
        self.desk.record(Undisclosed::new(record, ())).await?;
        Ok(id)
    }
}

/// An entry as it would be had there never been more of it: that something is withheld is said once, in general words, of every answer.
fn without_a_word_of_the_rest(entry: &mut Entry) {
    entry.withheld = None;
    entry.outcome = 0;
    // Absent wherever something is withheld.
    entry.known_as_at = None;
    entry.findings = Vec::new();
}

fn came_from(entries: &[Entry], registry: &Registry) -> Vec<CameFrom> {
    let mut found: BTreeMap<&str, (BTreeSet<Category>, u32)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.organisation.is_empty()) {
        let (categories, count) = found.entry(&entry.organisation).or_default();
        categories.insert(entry.category());
        *count += 1;
    }
    let of = |(organisation, (categories, entries)): (&str, (BTreeSet<Category>, u32))| {
        let recorded = registry.organisation(organisation);
        CameFrom {
            organisation: organisation.to_owned(),
            name: recorded.map(|of| of.name().to_owned()).unwrap_or_default(),
            contact: recorded.map(|of| of.contact().to_owned()).unwrap_or_default(),
            categories: categories.into_iter().map(Into::into).collect(),
            entries,
        }
    };
    found.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::timeline::Withheld;

    #[test]
    fn what_was_cut_and_what_was_never_there_look_the_same() {
        let whole = Entry { organisation: "school-8784001".into(), entry_id: vec![1; 16], ..Entry::default() };
        let mut cut = Entry {
            outcome: sharing::Outcome::Redacted.into(),
            withheld: Some(Withheld { ask: "the hub".into(), ..Withheld::default() }),
            ..whole.clone()
        };
        let mut uncut = Entry {
            outcome: sharing::Outcome::Full.into(),
            known_as_at: Some(timestamp(7)),
            findings: vec![Default::default()],
            ..whole
        };
        without_a_word_of_the_rest(&mut cut);
        without_a_word_of_the_rest(&mut uncut);
        assert_eq!(cut, uncut);
    }
}
