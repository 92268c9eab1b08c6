//! What the rules are asked: every attribute that they can read, and nothing else. It holds no id of a child, a person or
//! an organisation, so two questions that are equal have one answer, whoever asks about whomever.

use std::collections::BTreeSet;

use crate::decide::Recording;
use crate::request::FamilyOf;
use crate::vocabulary::{
    Category, ConsentState, Involvement, Label, LooksAfter, PersonKind, Process, Purpose, RoleGroup, Sector, Standing,
    Vocabulary,
};

/// The attributes of one request about one class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Question {
    pub(crate) reader: Reader,
    pub(crate) source: Organisation,
    pub(crate) child: Child,
    pub(crate) class: Class,
    pub(crate) context: Context,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    Staff {
        organisation: Organisation,
        /// The reader's organisation is the record's source.
        own_record: bool,
        roles: BTreeSet<RoleGroup>,
        active: bool,
        trained: bool,
    },
    Person(PersonKind),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Organisation {
    pub(crate) sector: Sector,
    pub(crate) designated: bool,
}

/// The child's flags, each as the schema describes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Child {
    pub(crate) maybe_adult: bool,
    pub(crate) maybe_25: bool,
    pub(crate) maybe_past_compulsory_school_age: bool,
    pub(crate) competent: bool,
    pub(crate) lacks_competence: bool,
    pub(crate) lacks_capacity_for_education: bool,
    pub(crate) ehcp: bool,
    pub(crate) ehc_request_open: bool,
    pub(crate) s47_open: bool,
    pub(crate) cp_plan: bool,
    pub(crate) cin: bool,
    pub(crate) protected_address: bool,
    pub(crate) opted_out: bool,
    pub(crate) deceased: bool,
    pub(crate) unborn: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Class {
    pub(crate) category: Category,
    pub(crate) labels: BTreeSet<Label>,
    pub(crate) third_party: bool,
    pub(crate) location: bool,
    pub(crate) retention_expired: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Context {
    pub(crate) purpose: Purpose,
    pub(crate) involvement: Involvement,
    pub(crate) consent: ConsentState,
    pub(crate) agreement: bool,
    pub(crate) processes: BTreeSet<Process>,
    pub(crate) grants: BTreeSet<Label>,
    pub(crate) address_cleared: bool,
    pub(crate) third_party_involved: bool,
    pub(crate) detriment: bool,
    pub(crate) pr_restricted: bool,
    pub(crate) break_glass: bool,
    /// Of the child asked about, where this one may be of that one's family.
    pub(crate) asked: FamilyOf,
    pub(crate) runs_service: bool,
    pub(crate) part_of_pair: bool,
    pub(crate) brokers_package: bool,
    pub(crate) stepped_up: bool,
    pub(crate) own_act: bool,
    pub(crate) recording: Recording,
    pub(crate) looks_after: LooksAfter,
    pub(crate) standings: BTreeSet<Standing>,
    pub(crate) duty_to_share_in_force: bool,
}

impl Question {
    /// The question as bytes, one to one: what the cache and the digest of a decision go by.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        match &self.reader {
            Reader::Staff { organisation, own_record, roles, active, trained } => {
                out.push(1);
                organisation.write(&mut out);
                flags(&mut out, &[*own_record, *active, *trained]);
                words(&mut out, roles);
            }
            Reader::Person(kind) => {
                out.push(2);
                word(&mut out, *kind);
            }
        }
        self.source.write(&mut out);
        let c = &self.child;
        flags(&mut out, &[c.maybe_adult, c.maybe_25, c.maybe_past_compulsory_school_age, c.competent]);
        flags(&mut out, &[c.lacks_competence, c.ehcp, c.s47_open, c.cp_plan]);
        flags(&mut out, &[c.cin, c.protected_address]);
        word(&mut out, self.class.category);
        words(&mut out, &self.class.labels);
        flags(&mut out, &[self.class.third_party, self.class.location, self.class.retention_expired]);
        let x = &self.context;
        word(&mut out, x.purpose);
        word(&mut out, x.involvement);
        word(&mut out, x.consent);
        words(&mut out, &x.processes);
        words(&mut out, &x.grants);
        flags(&mut out, &[x.agreement, x.address_cleared, x.third_party_involved, x.detriment]);
        flags(&mut out, &[x.pr_restricted, x.break_glass, x.runs_service, x.part_of_pair]);
        word(&mut out, x.asked.involvement);
        flags(&mut out, &[x.asked.s47_open, x.asked.cp_plan, x.asked.cin]);
        flags(&mut out, &[x.stepped_up, x.own_act]);
        flags(&mut out, &[c.lacks_capacity_for_education, x.brokers_package]);
        flags(&mut out, &[c.ehc_request_open, c.deceased, c.unborn, x.duty_to_share_in_force]);
        word(&mut out, x.looks_after);
        words(&mut out, &x.standings);
        word(&mut out, x.recording.fact);
        flags(&mut out, &[x.recording.ends, x.recording.contested, x.recording.opens_for_self]);
        flags(&mut out, &[c.opted_out]);
        out
    }
}

impl Organisation {
    fn write(self, out: &mut Vec<u8>) {
        word(out, self.sector);
        flags(out, &[self.designated]);
    }
}

fn flags(out: &mut Vec<u8>, flags: &[bool]) {
    out.push(flags.iter().fold(1, |byte, flag| byte << 1 | u8::from(*flag)));
}

fn word<V: Vocabulary>(out: &mut Vec<u8>, member: V) {
    out.push(member.number());
}

fn words<V: Vocabulary>(out: &mut Vec<u8>, members: &BTreeSet<V>) {
    out.extend(members.iter().map(|member| member.number()));
    // No list has so many members.
    out.push(u8::MAX);
}
