//! What a child, or who asks for them, may have.

use prost::Message as _;
use proto::audit::{SubjectAccessRequest, SubjectAccessResponse};
use proto::events as e;
use proto::sharing::{self as s, Call, Purpose, restriction::Kind};
use proto::timeline::Entry;
use sharing::RoleGroup;

use super::*;
use crate::harness::service::{Auditor, reason};
use crate::harness::{holds, staff};

fn of(child: &Subject) -> SubjectAccessRequest {
    SubjectAccessRequest { child: Some(child.clone()), prepared_for: None }
}

/// All but what differs each time.
fn still(mut answer: SubjectAccessResponse) -> SubjectAccessResponse {
    (answer.decision_id, answer.audit_id, answer.prepared_at) = Default::default();
    answer.seen.iter_mut().for_each(|seen| seen.at = None);
    answer
}

impl There {
    async fn asks(&self, auditor: &mut Auditor) -> SubjectAccessResponse {
        auditor.subject_access(of(&self.child)).await.unwrap()
    }

    async fn asking_parent(&self) -> Auditor {
        self.serving.family_auditor(PORTAL, PARENT).await
    }
}

/// Every field of an entry of a document is one of the same entry of the timeline.
fn is_part_of(given: &Entry, timeline: &[Entry]) -> bool {
    timeline.iter().any(|entry| {
        given.entry_id == entry.entry_id
            && given.event == entry.event
            && given.effective == entry.effective
            && given.organisation == entry.organisation
            && given.category == entry.category
            && given.rectified == entry.rectified
            && given.processing_restricted == entry.processing_restricted
            && (given.withheld.is_none() && given.findings.is_empty() && given.known_as_at.is_none())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_has_what_the_timeline_gives_them_who_saw_it_and_where_it_came_from() {
    let mut there = There::new().await;
    let teacher = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    there.house.read(&teacher, &there.child.clone(), Purpose::EducationProvision).await;
    there.settle().await;
    let timeline = there.entries(&mut there.parent().await, Purpose::SubjectAccess).await;
    let answer = there.asks(&mut there.asking_parent().await).await;
    assert!(answer.entries.len() >= 2 && answer.entries.len() == timeline.len());
    assert!(answer.entries.iter().all(|entry| is_part_of(entry, &timeline)), "nothing that the timeline does not give");
    assert!(answer.entries.iter().all(|entry| entry.entry_id.len() == 16), "each can be cited");
    assert_eq!(answer.came_from.iter().map(|of| of.organisation.as_str()).collect::<Vec<_>>(), [SCHOOL]);
    let seen = answer.seen.iter().find(|seen| seen.organisation == SCHOOL).unwrap();
    assert_eq!((seen.purpose(), seen.emergency), (Purpose::EducationProvision, false));
    assert!(seen.categories().any(|category| category == s::Category::Attendance));
    assert_eq!(seen.because, ["They wrote this record themselves, and they work with you."]);
    assert!(!holds(&answer.encode_to_vec(), "somebody.at"), "no person is named");
    // As any reader's: the timeline under the parent's name, and the document under that of whoever was given it.
    let records = there.house.disclosures().await;
    let of = |id: &[u8]| records.iter().find(|record| record.decision_id == id).unwrap();
    let (view, whole) = (of(&answer.decision_id), of(&answer.audit_id));
    assert_eq!(
        (view.call(), view.person.as_str(), view.purpose()),
        (Call::GetTimeline, PARENT, Purpose::SubjectAccess)
    );
    assert_eq!((whole.call(), &whole.explained), (Call::SubjectAccess, &answer.decision_id));
    let again = there.asks(&mut there.asking_parent().await).await;
    let own = again.seen.iter().filter(|seen| seen.organisation == PORTAL).count();
    assert_eq!(own, 2, "their own looks are theirs to know: the timeline, and the document before");
}

/// A hearing of harm, of a clinic and of the police leaves no trace in the parent's document, whether it is there or not; nor does what
/// is cut of an entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_that_something_is_withheld() {
    let person = |name: &str| e::SuspensionGiven { reasons: coded(name).into_iter().collect(), ..Default::default() };
    let (bare, full) = (
        There::new().await,
        There::with(|child| vec![saying(SCHOOL, child, "suspended", day(2024, 11, 2), person("PP"))]).await,
    );
    let mut full = full;
    let harm = s::RestrictionSet {
        categories: vec![s::Category::Exclusion.into()],
        ..match restriction(&full.child, "harm", Kind::SeriousHarm).event.unwrap().kind.unwrap() {
            e::event::Kind::RestrictionSet(set) => set,
            kind => panic!("{kind:?}"),
        }
    };
    let child = full.child.clone();
    full.record(vec![fact(&child, harm)]).await;
    // A clinician saw something, of a category that the parent may not see; a safeguarding lead asked to protect the child.
    let lead = staff(SCHOOL, &[RoleGroup::Safeguarding]);
    full.house.read(&lead, &child, Purpose::ChildProtection).await;
    full.settle().await;
    let (bare, full) =
        (bare.asks(&mut bare.asking_parent().await).await, full.asks(&mut full.asking_parent().await).await);
    assert!(!bare.entries.is_empty());
    assert_eq!(still(bare), still(full));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_nobody_to_the_child_has_as_much_of_them_as_of_a_child_who_does_not_exist() {
    let there = There::new().await;
    let mut stranger = there.serving.family_auditor(PORTAL, "somebody-else").await;
    let known = there.asks(&mut stranger).await;
    let unknown = stranger.subject_access(of(&pupil("P99"))).await.unwrap();
    assert!(known.entries.is_empty() && known.seen.is_empty() && known.came_from.is_empty());
    let unnamed = |answer: SubjectAccessResponse| SubjectAccessResponse { child: None, ..still(answer) };
    assert_eq!(unnamed(known), unnamed(unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn information_governance_of_the_service_prepares_it_for_whoever_asked_and_nobody_else_does() {
    let there = There::new().await;
    let own = there.asks(&mut there.asking_parent().await).await;
    let mut lead = there.serving.auditor(HUB, "i.lead", INFORMATION_GOVERNANCE).await;
    let prepared = SubjectAccessRequest { prepared_for: named(PARENT), ..of(&there.child) };
    let answer = lead.subject_access(prepared.clone()).await.unwrap();
    assert_eq!(answer.entries, own.entries, "what the parent would have, and no more");
    let records = there.house.disclosures().await;
    let of_call = |id: &[u8]| records.iter().find(|record| record.decision_id == id).unwrap().person.clone();
    assert_eq!((of_call(&answer.decision_id), of_call(&answer.audit_id)), (PARENT.to_owned(), "i.lead".to_owned()));
    for (organisation, roles) in [(SCHOOL, INFORMATION_GOVERNANCE), (HUB, &["auditor"][..]), (HUB, &["case_holding"])] {
        let mut other = there.serving.auditor(organisation, "n.invented", roles).await;
        assert_eq!(
            reason(&other.subject_access(prepared.clone()).await.unwrap_err()),
            "NOT_FOR_THIS_ROLE",
            "{roles:?}"
        );
    }
    assert_eq!(reason(&lead.subject_access(of(&there.child)).await.unwrap_err()), "REQUEST_MALFORMED");
    let stranger = SubjectAccessRequest {
        prepared_for: Some(NamedPerson { issuer: Some("https://nobody.invalid".into()), person: Some(PARENT.into()) }),
        ..of(&there.child)
    };
    assert_eq!(reason(&lead.subject_access(stranger).await.unwrap_err()), "REQUEST_MALFORMED");
}
