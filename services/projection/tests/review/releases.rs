//! What was given to whom while two were held to be one child: exactly that.

use std::collections::BTreeSet;

use proto::identity::{ListReleasesRequest, ListReleasesResponse, list_releases_request};
use proto::sharing::Call;
use sharing::{Purpose, RoleGroup};

use super::harness::service::reason;
use super::harness::staff;
use super::*;

fn by_event(event: &[u8]) -> ListReleasesRequest {
    ListReleasesRequest { about: Some(list_releases_request::About::Event(event.to_vec())), page_token: Vec::new() }
}

fn by_pair(one: &Subject, other: &Subject) -> ListReleasesRequest {
    let pair = Pair { one: Some(one.clone()), other: Some(other.clone()) };
    ListReleasesRequest { about: Some(list_releases_request::About::Pair(pair)), page_token: Vec::new() }
}

/// Every page.
async fn all(reviewer: &mut Reviewer, mut request: ListReleasesRequest) -> ListReleasesResponse {
    let mut all = ListReleasesResponse::default();
    loop {
        let page = reviewer.releases(request.clone()).await.unwrap();
        request.page_token = page.next_page_token.clone();
        (all.linked_from, all.linked_to) = (page.linked_from, page.linked_to);
        all.releases.extend(page.releases);
        all.recipients.extend(page.recipients);
        if request.page_token.is_empty() {
            return all;
        }
    }
}

/// What a school's pastoral lead gets of a child now.
async fn read(review: &Review, child: &Subject) -> Vec<u8> {
    let teacher = staff(SCHOOL, &[RoleGroup::SchoolPastoral]);
    let answer = review.house.read(&teacher, child, Purpose::EducationProvision).await;
    assert!(!answer.entries.is_empty(), "it is given something");
    answer.decision_id
}

#[tokio::test]
async fn exactly_what_was_given_under_the_wrong_link_is_listed_by_recipient() {
    let mut review = Review::new().await;
    let (school, council) = (pupil("P1"), council_child("C1"));
    let (apart, born) = (pupil("P2"), day(2014, 3, 4));
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", born, &[]), enrolled(SCHOOL, &school)]).await;
    review.house.say(CENSUS, [person(SCHOOL, &apart, "Ffion", born, &[]), enrolled(SCHOOL, &apart)]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Ffion", born, &[]), referred(&council)]).await;
    review.settle().await;
    let before = read(&review, &school).await;
    let one = review.one.clone();
    let seen = review.seen(&school, &council).await.unwrap();
    let linked = review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap();
    let under = [read(&review, &school).await, read(&review, &council).await];
    let another = read(&review, &apart).await;
    // Nothing was given to somebody who may see nothing, though they asked.
    let stranger = staff("school-9994001", &[RoleGroup::Safeguarding]);
    let nothing = review.house.read(&stranger, &school, Purpose::EarlyHelp).await;
    assert!(nothing.entries.is_empty() && nothing.existence.is_empty());
    let seen = review.seen(&school, &council).await.unwrap();
    let unlinked = review.decide(&one, deciding(&school, &council, Verdict::Unlink, &seen)).await.unwrap();
    let after = read(&review, &school).await;
    let _after_too = {
        let worker = staff(COUNCIL, &[RoleGroup::CaseHolding]);
        review.house.read(&worker, &council, Purpose::ChildInNeed).await
    };
    for request in [by_event(&unlinked.events[0]), by_pair(&council, &school), by_event(&linked.events[0])] {
        review.settle().await;
        let listed = all(&mut review.one, request).await;
        let ids: BTreeSet<&[u8]> = listed.releases.iter().map(|release| release.decision_id.as_slice()).collect();
        assert_eq!(
            ids,
            under.iter().map(Vec::as_slice).collect(),
            "what both sides were given as one, and nothing else"
        );
        assert!(
            !ids.contains(before.as_slice()) && !ids.contains(after.as_slice()) && !ids.contains(another.as_slice())
        );
        for release in &listed.releases {
            assert!(release.certain && release.entries > 0 && release.at.is_some());
            assert_eq!((release.organisation.as_str(), release.call()), (SCHOOL, Call::GetTimeline));
            assert_eq!(release.purpose(), proto::sharing::Purpose::EducationProvision);
        }
        let contact = &listed.recipients.first().unwrap().contact;
        assert_eq!(contact, &format!("office of {SCHOOL}"));
        assert!(listed.linked_from.is_some() && listed.linked_to.is_some());
    }
    // A look at a pair is no release, and neither is this list: asked again it is as long.
    assert_eq!(all(&mut review.one, by_pair(&school, &council)).await.releases.len(), 2);
}

#[tokio::test]
async fn a_link_by_a_number_is_known_by_the_digest_of_all_whom_it_joined() {
    let mut review = Review::new().await;
    let number = [nhs(NHS_NUMBER), upn(UPN)];
    let born = day(2014, 3, 4);
    let (school, council, hospital) = (pupil("P1"), council_child("C1"), hospital_person("H1"));
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", born, &number), enrolled(SCHOOL, &school)]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Ffion", born, &number), referred(&council)]).await;
    review.settle().await;
    let before = read(&review, &school).await;
    review.house.say(HL7, [person(HOSPITAL, &hospital, "Ffion", born, &number), emergency(&hospital)]).await;
    review.settle().await;
    // Five subjects: more than the record of a decision names.
    let under = read(&review, &upn(UPN)).await;
    review.settle().await;
    let listed = all(&mut review.one, by_pair(&hospital, &school)).await;
    let ids: Vec<&[u8]> = listed.releases.iter().map(|release| release.decision_id.as_slice()).collect();
    assert_eq!(ids, [under.as_slice()], "while they still are one child, and not {before:?}");
    assert!(listed.releases[0].certain && listed.linked_to.is_none());
}

#[tokio::test]
async fn only_reviewers_for_the_service_read_who_was_given_what() {
    let mut review = Review::new().await;
    let (school, council) = (pupil("P1"), council_child("C1"));
    let born = day(2014, 3, 4);
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", born, &[upn(UPN)])]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Ffion", born, &[upn(UPN)])]).await;
    review.settle().await;
    assert!(review.one.releases(by_pair(&school, &council)).await.is_ok());
    let others = [(COUNCIL, REVIEWER), (HUB, &["auditor"][..]), (HUB, &["safeguarding"][..])];
    for (organisation, roles) in others {
        let mut other = review.serving.reviewer(organisation, "somebody", roles).await;
        let refused = other.releases(by_pair(&school, &council)).await.unwrap_err();
        assert_eq!(reason(&refused), "NO_SUCH_ITEM", "{organisation}");
    }
    let unknown = review.one.releases(by_event(&[9; 16])).await.unwrap_err();
    assert_eq!(reason(&unknown), "NO_SUCH_ITEM");
    let odd = ListReleasesRequest { page_token: vec![99; 9], ..by_pair(&school, &council) };
    assert_eq!(review.one.releases(odd).await.unwrap_err().code(), tonic::Code::InvalidArgument);
}
