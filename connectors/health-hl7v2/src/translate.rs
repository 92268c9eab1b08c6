//! One message to drafts and rejections.

mod merge;

use connector_kit::{Output, Rejection};
use proto::events::{EntryRetracted, FindingCode, Subject};
use proto::quarantine::Reason;

use crate::er7::{Fields, Message, ParseError, Segment};
use crate::header::Header;
use crate::reading::Reading;
use crate::relation::Related;
use crate::saying::{Saying, Standing};
use crate::subject::{self, Person};
use crate::time::Time;
use crate::visit::Taken;
use crate::{allergy, appointment, document, immunisation, observation, person, problem, referral, relation, visit};

/// What a message is to this connector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mapping {
    /// It describes a person and no more.
    Person,
    /// It takes back what described a person.
    PersonDeleted,
    Visit,
    Appointment,
    Referral,
    Immunisations,
    Results,
    Problems,
    Document,
    /// PID and MRG: one number took another's place.
    Superseded,
    /// PID, MRG and PV1: a visit is another's, or two visits are one.
    VisitMoved,
    /// Two PIDs are one person's, or are not.
    Paired(bool),
    /// PID and MRG: a number is another person's.
    NumbersMoved,
    /// PID and MRG: an account is another person's.
    AccountMoved,
    /// PID and MRG: two numbers of another system are one.
    OutsideMerged,
    /// It describes a person, and says what has no place here: of accounts, alternate numbers, plans for a visit, orders.
    DescribedAndKept,
    /// About nobody in particular.
    NotOfAPerson,
}

impl Mapping {
    fn of(header: &Header) -> Self {
        match (header.message_type.as_str(), header.trigger.as_str()) {
            ("ADT", "A28" | "A31" | "A60") => Self::Person,
            ("ADT", "A29") => Self::PersonDeleted,
            (
                "ADT",
                "A01" | "A02" | "A03" | "A04" | "A05" | "A06" | "A07" | "A08" | "A11" | "A12" | "A13" | "A14" | "A17"
                | "A23" | "A27" | "A38",
            ) => Self::Visit,
            ("ADT", "A40" | "A18" | "A30" | "A34" | "A36" | "A47") => Self::Superseded,
            ("ADT", "A42" | "A45" | "A50") => Self::VisitMoved,
            ("ADT", "A24") => Self::Paired(true),
            ("ADT", "A37") => Self::Paired(false),
            (
                "ADT",
                "A09" | "A10" | "A15" | "A16" | "A21" | "A22" | "A25" | "A26" | "A32" | "A33" | "A35" | "A41" | "A46"
                | "A48" | "A49" | "A51" | "A52" | "A53" | "A54" | "A55" | "A61" | "A62",
            ) => Self::DescribedAndKept,
            ("ADT", "A43") => Self::NumbersMoved,
            ("ADT", "A44") => Self::AccountMoved,
            ("ADT", "A39") => Self::OutsideMerged,
            ("SIU", "S12" | "S13" | "S14" | "S15" | "S16" | "S17" | "S18" | "S19" | "S20" | "S21" | "S22" | "S26") => {
                Self::Appointment
            }
            // Before version 2.3 a type that had one trigger did not name it.
            ("VXU", "V04" | "") => Self::Immunisations,
            ("ORU", "" | "R01" | "R03" | "R30" | "R31" | "R32") => Self::Results,
            // Of the others of OUL some arrange their groups otherwise.
            ("OUL", "R22") => Self::Results,
            ("REF", "I12" | "I13" | "I14") => Self::Referral,
            ("PPR", "PC1" | "PC2" | "PC3") => Self::Problems,
            ("MDM", "T01" | "T02" | "T03" | "T04" | "T05" | "T06" | "T07" | "T08" | "T09" | "T10" | "T11") => {
                Self::Document
            }
            (
                "ADT" | "SIU" | "VXU" | "ORU" | "OUL" | "ORM" | "OML" | "OMG" | "OMP" | "MDM" | "PPR" | "PGL" | "PPP"
                | "DFT" | "BAR" | "RDE" | "RDS" | "RAS" | "RGV" | "REF" | "RRI" | "CRM" | "CSU",
                _,
            ) => Self::DescribedAndKept,
            _ => Self::NotOfAPerson,
        }
    }

    /// Segments of which something was made, or which hold nothing of a person.
    fn takes(self, name: &str) -> bool {
        match name {
            "MSH" | "EVN" | "SFT" | "UAC" | "PID" | "PD1" => true,
            "PV1" => matches!(self, Self::Visit | Self::Appointment | Self::VisitMoved | Self::AccountMoved),
            "PV2" => self == Self::Visit,
            "SCH" | "RGS" | "AIS" | "AIL" | "TQ1" => self == Self::Appointment,
            "RXA" | "RXR" => self == Self::Immunisations,
            "ORC" => matches!(self, Self::Immunisations | Self::Results),
            "OBR" | "SPM" => self == Self::Results,
            "OBX" | "NTE" => self.observes(),
            "DG1" => matches!(self, Self::Visit | Self::Person),
            "PRB" => self == Self::Problems,
            "TXA" => self == Self::Document,
            "RF1" => self == Self::Referral,
            "MRG" => self.is_of_numbers(),
            _ => false,
        }
    }
}

impl Mapping {
    /// Whether what stands in OBX is of the child.
    fn observes(self) -> bool {
        matches!(self, Self::Person | Self::Visit | Self::Results | Self::Problems)
    }

    /// Whether it says of the numbers themselves, each PID with its MRG, whose they are.
    fn is_of_numbers(self) -> bool {
        matches!(
            self,
            Self::Superseded | Self::VisitMoved | Self::NumbersMoved | Self::AccountMoved | Self::OutsideMerged
        )
    }

    /// Whether who is around the child and what the child is allergic to are said. A message about numbers says neither.
    fn tells_of_the_child(self) -> bool {
        !self.is_of_numbers() && !matches!(self, Self::Paired(_))
    }

    /// Whether each PID and what follows it is a message about one person.
    fn stands_in_groups(self, header: &Header) -> bool {
        matches!(self, Self::Results | Self::Appointment) || self == Self::Visit && header.trigger == "A17"
    }
}

/// A message under way: how to reject it.
struct Rejecting<'r> {
    raw: &'r [u8],
    standing: Standing<'r>,
    controller: Option<String>,
}

impl Rejecting<'_> {
    fn reject(&self, out: &mut dyn Output, reason: Reason, field: &str, message: &str) {
        out.reject(Rejection {
            reason,
            message: message.to_owned(),
            place: self.standing.place(field),
            controller: self.controller.clone(),
            raw: self.raw.to_vec(),
            scope_key: None,
            subject: None,
            digest: None,
        });
    }
}

/// Says what one message says.
pub(crate) fn message(raw: &[u8], organisation: Option<&str>, standing: Standing<'_>, out: &mut dyn Output) {
    let mut rejecting = Rejecting { raw, standing, controller: None };
    let message = match Message::parse(raw) {
        Ok(message) => message,
        Err(error) => {
            let (reason, field) = match error {
                ParseError::Delimiters(_) => (Reason::RecordMalformed, "MSH"),
                ParseError::TooManySegments => (Reason::RecordTooLarge, ""),
            };
            return rejecting.reject(out, reason, field, &error.to_string());
        }
    };
    let mut reading = Reading::default();
    let event = message.segments().find(|s| s.name() == "EVN").map(|s| s.fields());
    let header = Header::read(&message, event.as_ref(), organisation, &mut reading);
    rejecting.controller = header.controller();
    let Some(controller) = rejecting.controller.clone() else {
        let why = "MSH-4 and MSH-3 are empty: the message does not say who sent it, and `controllers` names more than one organisation \
                   or none (of `throughline translate`: --organisation)";
        return rejecting.reject(out, Reason::RecordMalformed, "MSH-4", why);
    };
    if header.message_type.is_empty() {
        let why = "MSH-9 is empty: the message does not say what it is";
        return rejecting.reject(out, Reason::RecordMalformed, "MSH-9", why);
    }
    let mapping = Mapping::of(&header);
    if mapping == Mapping::NotOfAPerson {
        let why = "MSH-9 names a type of message that this connector does not take";
        return rejecting.reject(out, Reason::MessageTypeUnsupported, "MSH-9", why);
    }
    let Some(recorded) = header.recorded else {
        let why = "neither EVN-2 nor MSH-7 holds a time that can be read";
        return rejecting.reject(out, Reason::DateMissing, "MSH-7", why);
    };
    let about = About { message: &message, header: &header, standing, controller: &controller, recorded };
    let people: Vec<Segment<'_>> = message.segments().filter(|s| s.name() == "PID").collect();
    match (mapping, people.as_slice()) {
        (_, []) => rejecting.reject(out, Reason::SubjectMissing, "PID", "the message has no PID segment"),
        (mapping, _) if mapping.is_of_numbers() => about.merged(mapping, reading, &rejecting, out),
        (Mapping::Paired(linked), _) => about.paired(linked, reading, &rejecting, out),
        (_, [pid]) => about.one(mapping, pid, reading, &rejecting, out),
        (Mapping::DescribedAndKept, [first, others @ ..]) if about.are_one_person(first, others) => {
            about.one(mapping, first, reading, &rejecting, out);
        }
        _ if mapping.stands_in_groups(&header) => about.each(mapping, &people, reading, &rejecting, out),
        _ => {
            let why = "the message has more than one PID segment and is about more than one person: it is not taken";
            rejecting.reject(out, Reason::MessageTypeUnsupported, "PID", why);
        }
    }
}

/// A message that can be said.
struct About<'m, 'h> {
    message: &'h Message<'m>,
    header: &'h Header,
    standing: Standing<'h>,
    controller: &'h str,
    recorded: Time,
}

/// A PID of a message, and by whose number.
type Named<'m> = (Segment<'m>, Option<Subject>);

impl<'m> About<'m, '_> {
    fn saying(&self, subject: Subject) -> Saying<'m, '_> {
        Saying::new(self.message, self.header, self.standing, self.controller, subject, self.recorded)
    }

    fn subject(&self, pid: &Segment<'_>) -> Option<Subject> {
        Person::read(&pid.fields(), self.header, &mut Reading::default()).map(|person| person.subject)
    }

    fn are_one_person(&self, first: &Segment<'_>, others: &[Segment<'_>]) -> bool {
        let first = self.subject(first);
        first.is_some() && others.iter().all(|other| self.subject(other) == first)
    }

    /// A message about several, each with what stands under them and what stands over all.
    fn each(
        &self,
        mapping: Mapping,
        people: &[Segment<'m>],
        reading: Reading,
        rejecting: &Rejecting<'_>,
        out: &mut dyn Output,
    ) {
        let mut common = Some(reading);
        let mut said: Vec<Option<Subject>> = Vec::new();
        let named = self.named(people);
        for one in &named {
            let (pid, subject) = one;
            if said.contains(subject) && subject.is_some() {
                continue;
            }
            said.push(subject.clone());
            let message = self.part(&named, one, |segment| {
                mapping == Mapping::Appointment && matches!(segment.name(), "RGS" | "AIS" | "AIG" | "AIL" | "AIP")
            });
            let about = About { message: &message, ..*self };
            about.one(mapping, pid, common.take().unwrap_or_default(), rejecting, out);
        }
    }

    fn named(&self, people: &[Segment<'m>]) -> Vec<Named<'m>> {
        people.iter().map(|pid| (*pid, self.subject(pid))).collect()
    }

    /// The message as far as it is about one of several: what stands before the first, what is of all, and what stands under
    /// the PIDs that name the same person.
    fn part(
        &self,
        people: &[Named<'m>],
        (pid, subject): &Named<'m>,
        is_of_all: impl Fn(&Segment<'m>) -> bool,
    ) -> Message<'m> {
        self.message.only(|segment| {
            let over = people.iter().rfind(|(over, _)| over.byte_offset() <= segment.byte_offset());
            is_of_all(segment)
                || over.is_none_or(|(over, theirs)| match subject {
                    Some(_) => theirs == subject,
                    None => over.byte_offset() == pid.byte_offset(),
                })
        })
    }

    /// The mother of PID-21. Feeds repeat the child's own number there: nobody is their own mother.
    fn mother(&self, own: &[&Subject], pid: &Segment<'m>, reading: &mut Reading) -> Option<(Related, Reading)> {
        let mut of_her = Reading::default();
        let mother = relation::mother(&pid.fields(), self.header, &mut of_her)?;
        if own.contains(&&mother.person) {
            reading.flag(FindingCode::FieldsContradict, "PID-21");
            return None;
        }
        Some((mother, of_her))
    }

    /// A message about one person.
    fn one(
        &self,
        mapping: Mapping,
        pid: &Segment<'m>,
        mut reading: Reading,
        rejecting: &Rejecting<'_>,
        out: &mut dyn Output,
    ) {
        let Some(person) = Person::read(&pid.fields(), self.header, &mut reading) else {
            let why = subject::why_nobody(&pid.fields(), self.header);
            return rejecting.reject(out, Reason::SubjectMissing, "PID-3", why);
        };
        let mut saying = self.saying(person.subject.clone());
        if mapping == Mapping::PersonDeleted {
            let event = EntryRetracted { reason: Some(self.header.name()) };
            saying.say_of(Some(*pid), "person", "person", saying.recorded, reading, None, event.into());
            keep_rest(&mut saying, mapping, Taken::InPart);
        } else {
            let pd1 = saying.fields("PD1");
            let mother = self.mother(&person.numbers(), pid, &mut reading);
            describe(&mut saying, &person, pid, &pd1, reading);
            relate(&mut saying, pid, &person, mother);
            allergy::say(&mut saying);
            if mapping.observes() {
                observation::say(&mut saying, mapping == Mapping::Results);
                problem::say_diagnoses(&mut saying);
            }
            let taken = match mapping {
                Mapping::Problems => {
                    problem::say_problems(&mut saying, &self.header.trigger);
                    Taken::Wholly
                }
                Mapping::Document => document::say(&mut saying, &self.header.trigger),
                Mapping::Visit => visit::say(&mut saying, &self.header.trigger),
                Mapping::Appointment => appointment::say(&mut saying, &self.header.trigger),
                Mapping::Referral => referral::say(&mut saying, &self.header.trigger),
                Mapping::Immunisations => immunisation::say(&mut saying),
                Mapping::DescribedAndKept => Taken::InPart,
                _ => Taken::Wholly,
            };
            keep_rest(&mut saying, mapping, taken);
        }
        saying.into_drafts().into_iter().for_each(|draft| out.draft(draft));
    }
}

fn describe<'m>(
    saying: &mut Saying<'m, '_>,
    person: &Person,
    pid: &Segment<'m>,
    pd1: &Fields<'_>,
    mut reading: Reading,
) {
    let event = person::described(person, &pid.fields(), pd1, saying.header.recorded, &mut reading);
    saying.birth_on = event.birth_on;
    saying.say_of(Some(*pid), "person", "person", saying.recorded, reading, None, event.into());
}

fn relate<'m>(saying: &mut Saying<'m, '_>, pid: &Segment<'m>, person: &Person, mother: Option<(Related, Reading)>) {
    let kin: Vec<Segment<'_>> = saying.all("NK1").collect();
    let mut named: Vec<Subject> = Vec::new();
    for segment in kin {
        let mut reading = Reading::default();
        if let Some(related) = relation::related(&segment.fields(), saying.header, &person.numbers(), &mut reading) {
            let key = format!("relationship/{}", related.key);
            let (at, event) = (saying.recorded, related.relationship.into());
            named.push(related.person.clone());
            saying.say_of(Some(segment), "relationship", &key, at, reading, Some(related.person), event);
        }
    }
    relate_mother(saying, pid, mother.filter(|(mother, _)| !named.contains(&mother.person)));
}

fn relate_mother<'m>(saying: &mut Saying<'m, '_>, pid: &Segment<'m>, mother: Option<(Related, Reading)>) {
    let Some((mother, reading)) = mother else { return };
    let key = format!("relationship/{}", mother.key);
    let (at, event) = (saying.recorded, mother.relationship.into());
    saying.say_of(Some(*pid), "relationship", &key, at, reading, Some(mother.person), event);
}

/// Keeps what nothing was made of: the whole message, or the segments that have no place.
fn keep_rest(saying: &mut Saying<'_, '_>, mapping: Mapping, taken: Taken) {
    let header = saying.header;
    match taken {
        Taken::InPart => saying.keep_message(Reading::default()),
        Taken::Wholly => saying.keep_segments(|segment| match segment.name() {
            "AL1" | "IAM" => mapping.tells_of_the_child() && allergy::names_a_substance(segment),
            "NK1" => mapping.tells_of_the_child() && relation::names_somebody(segment, header),
            "PV1" | "PV2" => mapping.takes(segment.name()) || visit::is_of_none(segment),
            name => mapping.takes(name),
        }),
    }
}
