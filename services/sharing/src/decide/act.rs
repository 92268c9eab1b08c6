//! What somebody may do that shows no record of a child: break the glass, review it, read notices, record a decision not to
//! share. Decided by who they are and what for, and never by the child: so whether there is one cannot show.

use std::collections::{BTreeMap, BTreeSet};

use crate::classify::RecordClass;
use crate::decide::questions::{Asked, audit_question};
use crate::engine::Engine;
use crate::facts::ChildFacts;
use crate::question::Reader;
use crate::registry::Registry;
use crate::request::Request;
use crate::vocabulary::Category;

/// Such a deed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Act {
    /// To break the glass.
    AssertBreakGlass,
    /// To read what an organisation is to know, and who broke the glass there.
    ReadNotices,
    /// To review a breaking of the glass.
    ReviewBreakGlass,
    /// To record a decision not to share.
    RecordRefusal,
    /// To read the decisions not to share that an organisation recorded.
    ReadRefusals,
    /// To prepare, for the child or for somebody of the family who asked for it, what these may have.
    PrepareAccess,
    /// To propose an erasure, to call one off, and to let its subjects in again.
    ProposeErasure,
    /// To confirm an erasure that somebody proposed.
    ConfirmErasure,
    /// To be told that records of an organisation were erased.
    ReadErasures,
    /// To be told how many children there are of such a record.
    CountChildren,
    /// To be told who can see such a record.
    AskWhoCanSee,
    /// To be told, as the register that unscheduled care asks, that there is such a plan or a time in care.
    TellRegister,
}

/// Whether this reader may do it, where it concerns this organisation: whose person broke the glass, whose notices or decisions they
/// are. What else the rules read is on the request.
pub fn may(engine: &Engine, request: &Request, registry: &Registry, act: Act, of: &str) -> bool {
    let Some(mut question) = audit_question(request, registry) else { return false };
    question.context.runs_service = request.runs_service;
    question.context.stepped_up = request.stepped_up;
    question.context.own_act = request.own_act;
    question.class.category = Category::Identity;
    let own = request.principal.organisation() == Some(of);
    if let Reader::Staff { own_record, .. } = &mut question.reader {
        *own_record = own;
    }
    engine.may_act(act, &question)
}

/// Of which of these classes of a child's records this reader may do it: decided class by class, as everything about a record is. The
/// facts must be those of the child, folded for the request's day; of facts that are not, of none.
pub fn may_of<'c>(
    engine: &Engine,
    request: &Request,
    (facts, registry): (&ChildFacts, &Registry),
    act: Act,
    classes: impl IntoIterator<Item = &'c RecordClass>,
) -> BTreeSet<&'c RecordClass> {
    let Ok(asked) = Asked::of(request, facts, registry) else { return BTreeSet::new() };
    let mut answers: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
    let may = |class: &&RecordClass| {
        let Some(question) = asked.about(class) else { return false };
        *answers.entry(question.bytes()).or_insert_with(|| engine.may_act(act, &question))
    };
    classes.into_iter().filter(may).collect()
}

/// Which of these classes a child may be counted by, and which they could be counted by had nobody opted out of it.
pub fn may_count<'c>(
    engine: &Engine,
    request: &Request,
    (facts, registry): (&ChildFacts, &Registry),
    classes: impl IntoIterator<Item = &'c RecordClass>,
) -> (BTreeSet<&'c RecordClass>, BTreeSet<&'c RecordClass>) {
    let (mut counted, mut opted_out) = (BTreeSet::new(), BTreeSet::new());
    let Ok(asked) = Asked::of(request, facts, registry) else { return (counted, opted_out) };
    for class in classes {
        let Some(mut question) = asked.about(class) else { continue };
        if engine.may_act(Act::CountChildren, &question) {
            counted.insert(class);
        } else if std::mem::take(&mut question.child.opted_out) && engine.may_act(Act::CountChildren, &question) {
            opted_out.insert(class);
        }
    }
    (counted, opted_out)
}
