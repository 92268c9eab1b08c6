//! Notices and decisions not to share: to whom they go, and what they do not tell.

use proto::sharing::consent_recorded::State;
use proto::sharing::notice::Kind;
use proto::sharing::{Notice, RecordRefusalToShareRequest, RecordRefusalToShareResponse};
use proto::timeline::ExplainDecisionRequest;

use super::*;
use crate::harness::service::reason;

impl Emergency {
    async fn notices(&mut self, organisation: &str) -> Vec<Notice> {
        self.settle().await;
        let mut lead = self.serving.guard(organisation, "lead.invented", LEAD).await;
        lead.notices().await.unwrap().notices
    }

    async fn refuse(
        &mut self,
        by: &Guard,
        request: RecordRefusalToShareRequest,
    ) -> Result<RecordRefusalToShareResponse, Status> {
        let mut by = by.clone();
        let refused = self.meanwhile(async move { by.refuse(request).await }).await;
        self.settle().await;
        refused
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_whose_records_were_opened_are_told_and_nobody_else_and_of_no_reason() {
    let mut emergency = Emergency::new().await;
    let asserted = emergency.broken().await;
    let told = emergency.notices(HOSPITAL).await;
    let [own] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((own.kind(), own.person.as_str(), own.reviewed), (Kind::BreakGlassByYours, CLINICIAN, false));
    assert_eq!((own.break_glass.clone(), own.child.as_ref()), (asserted.break_glass.clone(), Some(&emergency.child)));
    assert!(emergency.notices(COUNCIL).await.is_empty(), "asserted, and nothing opened yet");
    let now_us = crate::harness::now_us();
    emergency.shown_at(&clinician(), Purpose::ChildProtection, now_us).await;
    emergency.shown_at(&clinician(), Purpose::ChildProtection, now_us).await;
    let told = emergency.notices(COUNCIL).await;
    let [notice] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((notice.kind(), notice.organisation.as_str()), (Kind::BreakGlassOpenedYours, HOSPITAL));
    assert_eq!(notice.child.as_ref(), Some(&emergency.child), "by the council's own number");
    assert_eq!(notice.ask, format!("office of {HOSPITAL}"));
    assert!(notice.person.is_empty() && notice.break_glass.is_empty() && notice.would_need.is_empty());
    assert!(emergency.notices(SCHOOL).await.is_empty());
    assert_eq!(emergency.notices(COUNCIL).await, told, "the same again");
    let mut teacher = emergency.serving.guard(SCHOOL, "t.invented", &["school_pastoral"]).await;
    assert_eq!(reason(&teacher.notices().await.unwrap_err()), "NOT_FOR_THIS_ROLE");
    let records = emergency.house.disclosures().await;
    let listed = records.iter().filter(|record| record.call() == s::Call::ListNotices && record.denied == 0);
    assert_eq!(listed.count(), 5, "every look is on record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_consent_is_withdrawn_those_are_told_who_were_given_something_by_it() {
    let mut emergency = Emergency::new().await;
    let (school, council) = (pupil("P1"), emergency.child.clone());
    let sayings = [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school)];
    emergency.house.say(CENSUS, sayings).await;
    emergency
        .house
        .record(vec![linked(&council, &upn(UPN)), consent(&council, "c1", State::Given, day(2025, 1, 1))])
        .await;
    emergency.settle().await;
    let teacher = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    let ask = emergency.house.ask(&teacher, &school, Purpose::EducationProvision);
    let answer = emergency.house.answer(&ask).await;
    assert!(answer.entries.iter().any(|entry| entry.organisation == COUNCIL), "given by consent");
    let own = emergency.house.ask(&teacher, &school, Purpose::LookedAfter);
    let without = emergency.house.answer(&own).await;
    assert!(!without.entries.is_empty(), "the school's own record rests on none");
    let records = emergency.house.disclosures().await;
    let of = |id: &[u8]| records.iter().find(|record| record.decision_id == id).unwrap().consents.clone();
    assert_eq!((of(&answer.decision_id).len(), of(&without.decision_id).len()), (4, 0));
    assert!(emergency.notices(SCHOOL).await.is_empty());
    emergency.house.record(vec![consent(&council, "c1", State::Withdrawn, day(2026, 1, 15))]).await;
    let told = emergency.notices(SCHOOL).await;
    let [notice] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((notice.kind(), notice.child.as_ref()), (Kind::ConsentWithdrawn, Some(&school)));
    assert_eq!(notice.decisions, [answer.decision_id]);
    assert!(notice.organisation.is_empty());
    for organisation in [COUNCIL, HOSPITAL] {
        assert!(emergency.notices(organisation).await.is_empty(), "{organisation}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_not_to_share_is_told_to_whoever_asked_without_its_reason_and_stands_beside_the_answer() {
    let mut emergency = Emergency::new().await;
    let child = emergency.child.clone();
    let mut reader = emergency.serving.reader(COUNCIL, "s.invented", &["case_holding"]).await;
    let request = proto::timeline::GetTimelineRequest {
        child: Some(child.clone()),
        purpose: Purpose::ChildInNeed.into(),
        ..Default::default()
    };
    let answer = reader.get(&request).await.unwrap();
    let refused = RecordRefusalToShareRequest {
        child: Some(child.clone()),
        purpose: Purpose::EducationProvision.into(),
        categories: vec![s::Category::SocialCareCase.into()],
        asked_by: SCHOOL.into(),
        why: "an invented secret of the family".into(),
        would_need: "the parents' agreement".into(),
        decision: answer.decision_id.clone(),
    };
    let worker = emergency.serving.guard(COUNCIL, "s.invented", &["case_holding"]).await;
    emergency.refuse(&worker, refused.clone()).await.unwrap();
    let told = emergency.notices(SCHOOL).await;
    let [notice] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((notice.kind(), notice.would_need.as_str()), (Kind::Refused, "the parents' agreement"));
    assert!(notice.child.is_none(), "the school has no number of its own for the child");
    let bytes = prost::Message::encode_to_vec(notice);
    assert!(!crate::harness::holds(&bytes, "secret") && !crate::harness::holds(&bytes, "s.invented"));
    assert!(emergency.notices(HOSPITAL).await.is_empty());
    let mut auditor = emergency.serving.guard(COUNCIL, "a.invented", &["auditor"]).await;
    let listed = auditor.refusals().await.unwrap().refusals;
    assert_eq!(
        (listed.len(), listed[0].why.as_str(), listed[0].child.as_ref()),
        (1, refused.why.as_str(), Some(&child))
    );
    let mut elsewhere = emergency.serving.guard(SCHOOL, "a.invented", &["auditor"]).await;
    assert!(elsewhere.refusals().await.unwrap().refusals.is_empty());
    let explain = ExplainDecisionRequest { decision_id: answer.decision_id, purpose: 0 };
    assert!(reader.explain(&explain).await.unwrap().refusals.is_empty(), "whose it is to read refusals is asked first");
    let mut lead = emergency.serving.reader(COUNCIL, "s.invented", LEAD).await;
    let explained = lead.explain(&explain).await.unwrap();
    assert_eq!((explained.refusals.len(), explained.refusals[0].would_need.as_str()), (1, "the parents' agreement"));
    let office = emergency.serving.guard(SCHOOL, "o.invented", &["school_admin"]).await;
    let no = emergency.refuse(&office, refused.clone()).await.unwrap_err();
    assert_eq!(reason(&no), "NOT_FOR_THIS_ROLE");
    let to_itself = RecordRefusalToShareRequest { asked_by: COUNCIL.into(), ..refused.clone() };
    let no = emergency.refuse(&worker, to_itself).await.unwrap_err();
    assert_eq!(reason(&no), "REQUEST_MALFORMED", "its notice would give the council's own number of a child");
    let unknown = RecordRefusalToShareRequest { child: Some(council_child("NOBODY")), ..refused };
    assert!(emergency.refuse(&worker, unknown).await.is_ok(), "that there is no such child is not told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_has_one_line_and_the_desk_of_the_day_and_a_sensitive_one_the_hub() {
    let desk = |service: &str, from, to| s::ServiceDesk {
        service: Some(service.into()),
        categories: vec![s::Category::Hospital.into()],
        contact: Some(format!("the desk of {service}")),
        from,
        to,
    };
    let (yesterday, today) = (day(2026, 1, 14), day(2026, 1, 15));
    let desks = vec![desk("Old ward", None, Some(yesterday)), desk("New ward", Some(today), None)];
    let mut emergency = Emergency::with(|mut fact| {
        let kind = fact.event.as_mut().and_then(|event| event.kind.as_mut());
        if let Some(proto::events::event::Kind::OrganisationRecorded(recorded)) = kind
            && recorded.id() == HOSPITAL
        {
            recorded.desks = desks.clone();
        }
        fact
    })
    .await;
    let (school, hospital) = (pupil("P1"), hospital_person("H1"));
    emergency.house.say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school)]).await;
    let given = proto::events::ImmunisationGiven::default();
    let clinic = proto::events::AppointmentMissed { service: coded("711"), ..Default::default() };
    let of_hospital = [
        described(HOSPITAL, &hospital, &[nhs(NHS_NUMBER)]),
        emergency_of(&hospital),
        saying(HOSPITAL, &hospital, "another", day(2024, 5, 7), proto::events::AttendedEmergency::default()),
        saying(HOSPITAL, &hospital, "immunisation", day(2024, 5, 8), given),
        saying(HOSPITAL, &hospital, "clinic", day(2024, 5, 9), clinic),
    ];
    emergency.house.say(HL7, of_hospital).await;
    emergency.house.record(vec![linked(&hospital, &upn(UPN))]).await;
    emergency.settle().await;
    let teacher = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    let lines = emergency.house.read(&teacher, &school, Purpose::EducationProvision).await.existence;
    let told: Vec<_> =
        lines.iter().map(|line| (line.organisation.as_str(), line.service.as_str(), line.ask.as_str())).collect();
    let office = format!("office of {HOSPITAL}");
    let expected = [
        (HOSPITAL, "", office.as_str()),
        (HOSPITAL, "New ward", "the desk of New ward"),
        ("", "", crate::harness::HUB_CONTACT),
    ];
    assert_eq!(told, expected, "two attendances are one line, and the clinic has no name");
}

fn emergency_of(hospital: &proto::events::Subject) -> crate::harness::Saying {
    emergency(hospital)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_gives_no_number_of_ones_own_that_only_a_link_leads_to() {
    let mut emergency = Emergency::new().await;
    let (school, child) = (pupil("P1"), emergency.child.clone());
    emergency.house.say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school)]).await;
    emergency.house.record(vec![linked(&child, &school)]).await;
    emergency.settle().await;
    let one_child = emergency.house.child(&child, None).resolution.subjects;
    assert!(one_child.contains(&emergency.house.pseudonyms.of(&school).0));
    let worker = emergency.serving.guard(COUNCIL, "s.invented", &["case_holding"]).await;
    let mut of = async |child: &Subject| {
        let request = RecordRefusalToShareRequest {
            child: Some(child.clone()),
            purpose: Purpose::EducationProvision.into(),
            asked_by: SCHOOL.into(),
            why: "an invented reason".into(),
            ..Default::default()
        };
        emergency.refuse(&worker, request).await.unwrap();
        emergency.notices(SCHOOL).await.remove(0).child
    };
    assert_eq!(of(&child).await, None, "the council's number: that it is the school's pupil is not told");
    assert_eq!(of(&school).await, Some(school), "the school's own number");
}
