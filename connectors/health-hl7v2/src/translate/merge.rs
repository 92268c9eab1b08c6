//! Messages about the numbers themselves: one took another's place, a visit stood under the wrong person, two numbers are one
//! person's or are not.
//!
//! | triggers | become |
//! |---|---|
//! | A40, A18, A30, A34, A36, A47: MRG-1 became PID-3 | the number that went is superseded by the one that stands |
//! | A45: visit MRG-5 of person MRG-1 is PV1-19 of PID-3; A42, A50: visit MRG-5 is PV1-19 | the visit's entries are reassigned |
//! | A24: both PIDs are one person | the first claims the second |
//! | A37: they are not | that claim, and any replacement of the one by the other, is taken back |
//! | A35, A41, A48, A49, A51: accounts and alternate numbers, by which nothing is known here | the person is described, the message kept |
//! | A39, A43, A44, A46: numbers of persons and accounts that this connector knows nobody by | quarantine: a person must look |
//!
//! What names no usable number goes to quarantine as well: a merge that was not followed leaves two records of one child, or
//! one of two.

use connector_kit::Output;
use proto::events::identifier::Standing;
use proto::events::{EntryReassigned, EntryRetracted, Identifier, IdentifierSuperseded, PersonDescribed, Subject};
use proto::quarantine::Reason;

use super::{About, Mapping, Rejecting, SUBJECT_MISSING, describe, keep_rest};
use crate::er7::Segment;
use crate::reading::Reading;
use crate::saying::Saying;
use crate::subject::{self, Person};
use crate::visit::Taken;

const NOT_SUPERSEDED: &str = "MRG-1 holds no number of the sender's that could give way to PID-3's: nothing was merged; compare both \
     numbers at the source, and have the merge sent again";
const NOT_MOVED: &str = "MRG-1 and MRG-5, or PID-3 and PV1-19, do not name two visits of the sender's numbers: nothing was moved; \
     have the message sent again";
const NOT_A_PAIR: &str =
    "two PID segments that name two persons by numbers of one issuer are needed: nothing was linked or unlinked";
pub(super) const NOT_FOLLOWED: &str = "the message merges, moves or changes numbers of persons or accounts that this connector knows nobody by: find out which \
     of the sender's numbers for a person are concerned, and have those merged";

/// One PID and what belongs to it, up to the next.
struct Group<'m> {
    pid: Segment<'m>,
    segments: Vec<Segment<'m>>,
}

impl<'m> Group<'m> {
    fn first(&self, name: &str) -> Option<Segment<'m>> {
        self.segments.iter().find(|segment| segment.name() == name).copied()
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

    /// Numbers that took others' places, and visits that are another's: each PID with what follows it.
    pub(super) fn merged(&self, mapping: Mapping, reading: Reading, rejecting: &Rejecting<'_>, out: &mut dyn Output) {
        let mut common = Some(reading);
        for group in self.groups() {
            let mut reading = common.take().unwrap_or_default();
            let Some(person) = Person::read(&group.pid.fields(), self.header, &mut reading) else {
                rejecting.reject(out, Reason::SubjectMissing, "PID-3", SUBJECT_MISSING);
                continue;
            };
            let mut saying = self.described(&person, &group, reading);
            if mapping == Mapping::VisitMoved {
                if !self.reassign(&mut saying, &group) {
                    rejecting.reject(out, Reason::RecordMalformed, "MRG", NOT_MOVED);
                }
            } else if !self.supersede(&mut saying, &group) {
                rejecting.reject(out, Reason::RecordMalformed, "MRG-1", NOT_SUPERSEDED);
            }
            keep_rest(&mut saying, mapping, Taken::Wholly);
            saying.into_drafts().into_iter().for_each(|draft| out.draft(draft));
        }
    }

    fn described(&self, person: &Person, group: &Group<'m>, reading: Reading) -> Saying<'m, '_> {
        let mut saying = self.saying(person.subject.clone());
        let pd1 = group.first("PD1").map_or(self.message.no_fields(), |segment| segment.fields());
        describe(&mut saying, person, &group.pid, &pd1, reading);
        saying
    }

    fn supersede(&self, saying: &mut Saying<'m, '_>, group: &Group<'m>) -> bool {
        let mut reading = Reading::default();
        let merged = group.first("MRG");
        let fields = merged.map_or(self.message.no_fields(), |segment| segment.fields());
        let went = subject::superseded(&fields, self.header, &mut reading);
        let Some(went) = went.filter(|went| subject::may_be_superseded(went, &saying.subject)) else { return false };
        let key = supersedes(&went);
        let event = IdentifierSuperseded { superseded: Some(went), ..Default::default() };
        saying.say_of(merged, "identifier", &key, saying.happened(), reading, None, event.into());
        true
    }

    /// Says of each visit where it belongs. False where one could not be told.
    fn reassign(&self, saying: &mut Saying<'m, '_>, group: &Group<'m>) -> bool {
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
        all
    }

    /// Two numbers are one person's, or are not.
    pub(super) fn paired(&self, linked: bool, reading: Reading, rejecting: &Rejecting<'_>, out: &mut dyn Output) {
        let mut common = Some(reading);
        let groups = self.groups();
        let mut said: Vec<Saying<'m, '_>> = Vec::new();
        for group in &groups {
            let mut reading = common.take().unwrap_or_default();
            if let Some(person) = Person::read(&group.pid.fields(), self.header, &mut reading) {
                said.push(self.described(&person, group, reading));
            }
        }
        let [one, other] = said.as_mut_slice() else {
            return rejecting.reject(out, Reason::SubjectMissing, "PID-3", NOT_A_PAIR);
        };
        let (ours, theirs) = (one.subject.clone(), other.subject.clone());
        if !subject::may_be_superseded(&theirs, &ours) || !subject::may_be_superseded(&ours, &theirs) {
            rejecting.reject(out, Reason::RecordMalformed, "PID-3", NOT_A_PAIR);
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
            for (saying, other) in [(one, &theirs), (other, &ours)] {
                for key in [links(other), supersedes(other)] {
                    let event = EntryRetracted { reason: Some(saying.header.name()) };
                    saying.say("PID", "identifier", &key, saying.happened(), Reading::default(), event);
                }
            }
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
