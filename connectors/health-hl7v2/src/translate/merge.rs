//! Messages about the numbers themselves: one took another's place, a visit stood under the wrong person, two numbers are one
//! person's or are not.
//!
//! | triggers | become |
//! |---|---|
//! | A40, A18, A30, A34, A36, A47: MRG-1 became PID-3 | the number that went is superseded by the one of its issuer that stands |
//! | A45: visit MRG-5 of person MRG-1 is PV1-19 of PID-3; A42, A50: visit MRG-5 is PV1-19 | the visit's entries are reassigned |
//! | A24: both PIDs are one person | the first claims the second |
//! | A37: they are not | that claim, and any replacement of the one by the other, is taken back |
//! | A43: a number of MRG-1 that is in PID-3 too, beside others of MRG-1, is PID-3's person's | what made it one with those others is taken back, and PID-3 claims it |
//! | A44: an account of MRG-1 is PID-3's, with visits MRG-5 | as A45 |
//! | A35, A41, A46, A48, A49, A51: accounts and other systems' numbers, by which nothing is known here | the person is described, the message kept |
//! | A39: two numbers of another system are one | with MRG-1 as A40, else quarantine |
//!
//! What does not say whose records go where is for a person: a move between two people that was guessed shows the one's records
//! to the other's readers. What names no usable number goes to quarantine as well: a merge that was not followed leaves two
//! records of one child, or one of two.

use connector_kit::Output;
use proto::events::identifier::Standing;
use proto::events::{EntryReassigned, EntryRetracted, Identifier, IdentifierSuperseded, PersonDescribed, Subject};
use proto::quarantine::Reason;

use super::{About, Mapping, Rejecting, describe, keep_rest, relate_mother};
use crate::er7::{Message, Segment};
use crate::reading::Reading;
use crate::saying::Saying;
use crate::subject::{self, Number, Person};
use crate::visit::Taken;

const NOT_SUPERSEDED: &str = "MRG-1 holds no number of the sender's whose place just one of PID-3's, of the same issuer and kind, could take: \
     nothing was merged; compare the numbers at the source, and have the merge sent again";
const NOT_MOVED: &str = "MRG-1 and MRG-5, or PID-3 and PV1-19, do not name two visits of the sender's numbers: nothing was moved; \
     have the message sent again";
const NOT_A_PAIR: &str =
    "two PID segments that name two persons by numbers of one issuer are needed: nothing was linked or unlinked";
const MOTHER_AND_CHILD: &str = "the message says that two numbers are one person's, and by PID-21 that the one is the mother of the other: they were not \
     made one; ask the sender which of them is right";
const NUMBERS_UNDECIDED: &str = "no number of MRG-1 is in PID-3 as well, so the message does not say whether the two numbers are one person's, or which of \
     the records of the one are the other's: nothing was moved; ask the sender, and have an A40 or A45 sent";
const NOBODY_LEFT: &str = "every number of MRG-1 is in PID-3 as well, so the message does not say from whose numbers it moves, and what made it one \
     with those cannot be taken back: nothing was moved; ask the sender, and have it sent with the other person's number in MRG-1";
const ACCOUNT_UNDECIDED: &str = "the message does not say which visits the account has (MRG-5, PV1-19): nothing was moved; have an A45 sent for each";
const OUTSIDE_UNDECIDED: &str = "two numbers of another system are one person's, and MRG-1 and PID-3 do not name the two of the sender's own that \
     this concerns: nothing was merged; have an A40 sent for those";

/// The field of a description that holds a person's numbers.
const IDENTIFIERS: u32 = 10;

/// The sender's own numbers of MRG-1: those that are PID-3's person's now, and those that are not.
#[derive(Default)]
struct Parted {
    moved: Vec<Subject>,
    stayed: Vec<Subject>,
}

impl Parted {
    fn moves(&self) -> bool {
        !self.moved.is_empty() && !self.stayed.is_empty()
    }

    /// Leaves out what would make the person of PID one with whoever still has the numbers that were not moved.
    fn claim_nothing_undecided(&self, person: &mut Person) {
        if self.moved.contains(&person.subject) {
            person.identifiers.clear();
        }
        let undecided = |claim: &Identifier| claim.subject.as_ref().is_some_and(|number| self.moved.contains(number));
        person.identifiers.retain(|claim| !undecided(claim));
    }
}

/// Why something was not followed.
struct Unfollowed {
    reason: Reason,
    field: &'static str,
    why: &'static str,
}

/// How far one MRG was followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Followed {
    Not,
    InPart,
    Wholly,
}

/// One PID and what belongs to it, up to the next.
struct Group<'m> {
    pid: Segment<'m>,
    segments: Vec<Segment<'m>>,
}

impl<'m> Group<'m> {
    fn first(&self, name: &str) -> Option<Segment<'m>> {
        self.segments.iter().find(|segment| segment.name() == name).copied()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = Segment<'m>> {
        self.segments.iter().filter(move |segment| segment.name() == name).copied()
    }

    /// Each MRG with the PV1 that follows it.
    fn moves(&self) -> Vec<(Segment<'m>, Option<Segment<'m>>)> {
        let mut moves: Vec<(Segment<'m>, Option<Segment<'m>>)> = Vec::new();
        for segment in &self.segments {
            match (segment.name(), moves.last_mut()) {
                ("MRG", _) => moves.push((*segment, None)),
                ("PV1", Some((_, place))) if place.is_none() => *place = Some(*segment),
                _ => {}
            }
        }
        moves
    }
}

impl<'m> About<'m, '_> {
    fn groups(&self) -> Vec<Group<'m>> {
        let mut groups: Vec<Group<'m>> = Vec::new();
        for segment in self.message.segments() {
            match (segment.name(), groups.last_mut()) {
                ("PID", _) => groups.push(Group { pid: segment, segments: Vec::new() }),
                (_, Some(group)) => group.segments.push(segment),
                (_, None) => {}
            }
        }
        groups
    }

    /// The message as far as it is about the person of each group: what stands under another is another's, and is not kept here.
    fn parts(&self, groups: &[Group<'m>]) -> Vec<Message<'m>> {
        let named = self.named(&groups.iter().map(|group| group.pid).collect::<Vec<_>>());
        named.iter().map(|one| self.part(&named, one, |_| false)).collect()
    }

    /// Numbers that took others' places, and visits that are another's: each PID with what follows it.
    pub(super) fn merged(&self, mapping: Mapping, reading: Reading, rejecting: &Rejecting<'_>, out: &mut dyn Output) {
        let mut common = Some(reading);
        let groups = self.groups();
        let parts = self.parts(&groups);
        for (group, part) in groups.iter().zip(&parts) {
            let mut reading = common.take().unwrap_or_default();
            let Some(mut person) = Person::read(&group.pid.fields(), self.header, &mut reading) else {
                let why = subject::why_nobody(&group.pid.fields(), self.header);
                rejecting.reject(out, Reason::SubjectMissing, "PID-3", why);
                continue;
            };
            let before = match mapping {
                Mapping::Superseded | Mapping::OutsideMerged => self.numbers_before(group),
                _ => Vec::new(),
            };
            let mother = self.mother(&person.numbers(), &group.pid, &mut reading);
            // Her number does not give way to her child's. Which of the two was meant, the message does not say.
            let is_of_a_mother = mother.as_ref().is_some_and(|(mother, _)| before.contains(&mother.person));
            let parted = (mapping == Mapping::NumbersMoved).then(|| self.parted(group, &mut reading));
            match &parted {
                Some(parted) if !parted.moves() => parted.claim_nothing_undecided(&mut person),
                Some(_) if person.identifiers.is_empty() => reading.clears.push(IDENTIFIERS),
                _ => {}
            }
            let about = About { message: part, ..*self };
            let mut saying = about.described(&person, group, reading);
            relate_mother(&mut saying, &group.pid, mother.filter(|_| !is_of_a_mother));
            let followed = match mapping {
                _ if is_of_a_mother => {
                    Err(Unfollowed { reason: Reason::RecordMalformed, field: "PID-21", why: MOTHER_AND_CHILD })
                }
                Mapping::VisitMoved => self.reassign(&mut saying, group),
                Mapping::NumbersMoved => self.part_numbers(&mut saying, group, &parted.unwrap_or_default(), out),
                Mapping::AccountMoved => self.account_moved(&mut saying, group),
                Mapping::OutsideMerged => self.supersede(&mut saying, group, out).map_err(|_| Unfollowed {
                    reason: Reason::MoveUndecided,
                    field: "MRG-4",
                    why: OUTSIDE_UNDECIDED,
                }),
                _ => self.supersede(&mut saying, group, out),
            };
            if let Err(Unfollowed { reason, field, why }) = &followed {
                rejecting.reject(out, *reason, field, why);
            }
            keep_rest(&mut saying, mapping, followed.unwrap_or(Taken::Wholly));
            saying.into_drafts().into_iter().for_each(|draft| out.draft(draft));
        }
    }

    fn described(&self, person: &Person, group: &Group<'m>, reading: Reading) -> Saying<'m, '_> {
        let mut saying = self.saying(person.subject.clone());
        let pd1 = group.first("PD1").map_or(self.message.no_fields(), |segment| segment.fields());
        describe(&mut saying, person, &group.pid, &pd1, reading);
        saying
    }

    fn supersede(
        &self,
        saying: &mut Saying<'m, '_>,
        group: &Group<'m>,
        out: &mut dyn Output,
    ) -> Result<Taken, Unfollowed> {
        let now = self.numbers_now(group);
        let mut all = true;
        // Each MRG is a merge of its own, and one that was not followed is for a person.
        let mut each = group.first("MRG").is_some();
        for merged in group.all("MRG") {
            let followed = self.supersede_by(saying, &merged, &now, out);
            all &= followed == Followed::Wholly;
            each &= followed != Followed::Not;
        }
        if !each {
            return Err(Unfollowed { reason: Reason::RecordMalformed, field: "MRG-1", why: NOT_SUPERSEDED });
        }
        // What another issuer numbered, of which the person has no number or several, gives way to nothing here.
        Ok(if all { Taken::Wholly } else { Taken::InPart })
    }

    /// Says what gave way by one MRG.
    fn supersede_by(
        &self,
        saying: &mut Saying<'m, '_>,
        merged: &Segment<'m>,
        now: &[Number],
        out: &mut dyn Output,
    ) -> Followed {
        let mut reading = Reading::default();
        let mut is_followed = false;
        let mut all = true;
        for prior in subject::numbers(merged.fields().field(1), "MRG-1", self.header, &mut reading) {
            if prior.who == saying.subject || now.iter().any(|number| number.who == prior.who) {
                continue;
            }
            let key = supersedes(&prior.who);
            let event = IdentifierSuperseded { superseded: Some(prior.who.clone()), ..Default::default() };
            if subject::may_be_superseded(&prior.who, &saying.subject) {
                saying.say_of(
                    Some(*merged),
                    "identifier",
                    &key,
                    saying.happened(),
                    reading.clone(),
                    None,
                    event.into(),
                );
            } else if let Some(stands) = prior.became(now) {
                // Of another hospital: what took its place is that hospital's own number.
                let mut theirs = self.saying(stands.clone());
                theirs.say_of(
                    Some(*merged),
                    "identifier",
                    &key,
                    saying.happened(),
                    reading.clone(),
                    None,
                    event.into(),
                );
                theirs.into_drafts().into_iter().for_each(|draft| out.draft(draft));
            } else {
                all = false;
                continue;
            }
            is_followed = true;
        }
        match (is_followed, all) {
            (false, _) => Followed::Not,
            (true, false) => Followed::InPart,
            (true, true) => Followed::Wholly,
        }
    }

    /// What numbers of the sender's the person of PID-3 has.
    fn numbers_now(&self, group: &Group<'m>) -> Vec<Number> {
        subject::numbers(group.pid.fields().field(3), "PID-3", self.header, &mut Reading::default())
    }

    /// By what numbers the message says that the same person was known.
    fn numbers_before(&self, group: &Group<'m>) -> Vec<Subject> {
        let of_one = |merged: Segment<'m>| {
            let mut reading = Reading::default();
            let prior = merged.fields().field(1);
            let national = subject::of_somebody_else(prior, "MRG-1", self.header, &mut reading);
            let own = subject::numbers(prior, "MRG-1", self.header, &mut reading);
            own.into_iter().map(|number| number.who).chain(national)
        };
        group.all("MRG").flat_map(of_one).collect()
    }

    fn parted(&self, group: &Group<'m>, reading: &mut Reading) -> Parted {
        let prior = group
            .all("MRG")
            .flat_map(|merged| subject::numbers(merged.fields().field(1), "MRG-1", self.header, reading));
        let now = self.numbers_now(group);
        let (moved, stayed) =
            prior.map(|number| number.who).partition(|prior| now.iter().any(|number| number.who == *prior));
        Parted { moved, stayed }
    }

    /// Numbers that stand in MRG-1 and in PID-3 are of the one person of PID-3, and not of the other of MRG-1. Of that one
    /// nothing else is said here, so all that made them one is taken back, until the sender describes them again.
    fn part_numbers(
        &self,
        saying: &mut Saying<'m, '_>,
        group: &Group<'m>,
        parted: &Parted,
        out: &mut dyn Output,
    ) -> Result<Taken, Unfollowed> {
        let Parted { moved, stayed } = parted;
        if moved.is_empty() {
            return Err(Unfollowed { reason: Reason::MoveUndecided, field: "MRG-1", why: NUMBERS_UNDECIDED });
        }
        if stayed.is_empty() {
            return Err(Unfollowed { reason: Reason::MoveUndecided, field: "MRG-1", why: NOBODY_LEFT });
        }
        let both = moved.iter().map(|one| (one, stayed)).chain(stayed.iter().map(|one| (one, moved)));
        for (one, others) in both {
            if *one == saying.subject {
                self.unlink(saying, others);
                continue;
            }
            let mut theirs = self.saying(one.clone());
            self.unlink(&mut theirs, others);
            let reading = Reading { clears: vec![IDENTIFIERS], ..Reading::default() };
            let event = PersonDescribed::default().into();
            theirs.say_of(group.first("MRG"), "person", "person", saying.recorded, reading, None, event);
            theirs.into_drafts().into_iter().for_each(|draft| out.draft(draft));
        }
        Ok(Taken::Wholly)
    }

    /// What made these one with it is taken back.
    fn unlink(&self, saying: &mut Saying<'m, '_>, others: &[Subject]) {
        for key in others.iter().flat_map(|other| [links(other), supersedes(other)]) {
            let event = EntryRetracted { reason: Some(saying.header.name()) };
            saying.say("PID", "identifier", &key, saying.happened(), Reading::default(), event);
        }
    }

    /// The visits of an account, where the message names them: nothing is known here by an account.
    fn account_moved(&self, saying: &mut Saying<'m, '_>, group: &Group<'m>) -> Result<Taken, Unfollowed> {
        let is_anothers = |merged: Segment<'m>| {
            let from = subject::superseded(&merged.fields(), self.header, &mut Reading::default());
            from.is_some_and(|from| from != saying.subject)
        };
        if !group.all("MRG").any(is_anothers) {
            // The account has another number, and nobody's records change hands.
            return Ok(Taken::InPart);
        }
        if group.moves().iter().all(|(merged, _)| merged.fields().field(5).is_empty()) {
            return Err(Unfollowed { reason: Reason::MoveUndecided, field: "MRG-5", why: ACCOUNT_UNDECIDED });
        }
        self.reassign(saying, group)
    }

    /// Says of each visit where it belongs.
    fn reassign(&self, saying: &mut Saying<'m, '_>, group: &Group<'m>) -> Result<Taken, Unfollowed> {
        let moves = group.moves();
        let mut all = !moves.is_empty();
        for (merged, place) in moves {
            let mut reading = Reading::default();
            let fields = merged.fields();
            let stated = subject::superseded(&fields, self.header, &mut reading);
            let from = stated.unwrap_or_else(|| saying.subject.clone());
            let prior = reading.text(fields.field(5).first().component(1), "MRG-5");
            let visit = place.and_then(|place| reading.text(place.fields().field(19).first().component(1), "PV1-19"));
            let ends = prior.clone().or(visit.clone()).zip(visit.or(prior));
            let Some((prior, visit)) = ends else {
                all = false;
                continue;
            };
            let same_person = from == saying.subject;
            if same_person && prior == visit || !same_person && !subject::may_be_superseded(&from, &saying.subject) {
                all = false;
                continue;
            }
            let key_of = |subject: &Subject, visit: &str| format!("{}/{}/visit/{visit}", subject.issuer, subject.value);
            let event = EntryReassigned {
                from_key: Some(key_of(&from, &prior)),
                to_key: Some(key_of(&saying.subject, &visit)),
                from: Some(from.clone()),
            };
            // A visit stands in one place: where it is moved to again takes the place of this.
            let key = format!("reassigned/{}/{}/visit/{prior}", from.issuer, from.value);
            saying.say_of(Some(merged), "visit", &key, saying.happened(), reading, None, event.into());
        }
        let unfollowed = Unfollowed { reason: Reason::RecordMalformed, field: "MRG", why: NOT_MOVED };
        if all { Ok(Taken::Wholly) } else { Err(unfollowed) }
    }

    /// Two numbers are one person's, or are not.
    pub(super) fn paired(&self, linked: bool, reading: Reading, rejecting: &Rejecting<'_>, out: &mut dyn Output) {
        let mut common = Some(reading);
        let groups = self.groups();
        let parts = self.parts(&groups);
        let abouts: Vec<About<'m, '_>> = parts.iter().map(|part| About { message: part, ..*self }).collect();
        let mut said: Vec<Saying<'m, '_>> = Vec::new();
        let (mut numbers, mut mothers): (Vec<Subject>, Vec<Subject>) = (Vec::new(), Vec::new());
        for (group, about) in groups.iter().zip(&abouts) {
            let mut reading = common.take().unwrap_or_default();
            if let Some(person) = Person::read(&group.pid.fields(), self.header, &mut reading) {
                let mother = self.mother(&person.numbers(), &group.pid, &mut reading);
                mothers.extend(mother.iter().map(|(mother, _)| mother.person.clone()));
                numbers.extend(person.numbers().into_iter().cloned());
                let mut saying = about.described(&person, group, reading);
                relate_mother(&mut saying, &group.pid, mother);
                said.push(saying);
            }
        }
        let [one, other] = said.as_mut_slice() else {
            return rejecting.reject(out, Reason::SubjectMissing, "PID-3", NOT_A_PAIR);
        };
        let (ours, theirs) = (one.subject.clone(), other.subject.clone());
        if !subject::may_be_superseded(&theirs, &ours) || !subject::may_be_superseded(&ours, &theirs) {
            rejecting.reject(out, Reason::RecordMalformed, "PID-3", NOT_A_PAIR);
        } else if linked && mothers.iter().any(|mother| numbers.contains(mother)) {
            rejecting.reject(out, Reason::RecordMalformed, "PID-21", MOTHER_AND_CHILD);
        } else if linked {
            let claim = Identifier {
                subject: Some(theirs.clone()),
                standing: Standing::Current.into(),
                usable: true,
                verification: None,
            };
            let event = PersonDescribed { identifiers: vec![claim], ..PersonDescribed::default() };
            one.say("PID", "identifier", &links(&theirs), one.happened(), Reading::default(), event);
        } else {
            self.unlink(one, &[theirs]);
            self.unlink(other, &[ours]);
        }
        for mut saying in said {
            keep_rest(&mut saying, Mapping::Paired(linked), Taken::Wholly);
            saying.into_drafts().into_iter().for_each(|draft| out.draft(draft));
        }
    }
}

fn supersedes(went: &Subject) -> String {
    format!("supersedes/{}/{}", went.issuer, went.value)
}

fn links(other: &Subject) -> String {
    format!("links/{}/{}", other.issuer, other.value)
}
