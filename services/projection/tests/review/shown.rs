//! What a reviewer is shown, and who is shown nothing.

use prost::Message as _;
use proto::events::Why;
use proto::identity::{Agreement, ListItemsRequest, ShowItemRequest, Standing, show_item_request};
use proto::sharing::{Call, restriction};

use super::harness::holds;
use super::harness::service::reason;
use super::*;

/// Two of the hospital's people under one number, and the council's child under it too.
async fn under_one_number(review: &mut Review) -> (Subject, Subject, Subject) {
    let (first, second, council) = (hospital_person("H1"), hospital_person("H2"), council_child("C1"));
    let number = [nhs(NHS_NUMBER)];
    let born = day(2014, 3, 4);
    review.house.say(HL7, [person(HOSPITAL, &first, "Ffion", born, &number)]).await;
    review.house.say(HL7, [person(HOSPITAL, &second, "Gethin", day(2016, 7, 8), &number)]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Fiona", born, &number)]).await;
    (first, second, council)
}

#[tokio::test]
async fn two_subjects_of_one_issuer_under_one_number_wait_with_all_that_was_not_linked_for_it() {
    let mut review = Review::new().await;
    assert!(review.waiting().await.is_empty());
    let (first, second, council) = under_one_number(&mut review).await;
    let items = review.waiting().await;
    let why: Vec<Vec<Why>> = items.iter().map(|item| item.why().collect()).collect();
    assert_eq!(items.len(), 3, "each two of the three: {why:?}");
    assert!(why.iter().any(|why| why.contains(&Why::SharedWithinIssuer)), "{why:?}");
    let shared = review.seen(&first, &second).await.unwrap();
    let item = shared.item.as_ref().unwrap();
    assert!(item.why().any(|why| why == Why::SharedWithinIssuer) && item.two_people);
    assert_eq!((item.standing(), item.organisations.as_slice()), (Standing::Waiting, &[HOSPITAL.to_owned()][..]));
    assert!(review.seen(&first, &council).await.unwrap().item.unwrap().standing() == Standing::Waiting);
    // By the first of its id, and by nothing else.
    let by = |item: &[u8]| ShowItemRequest { about: Some(show_item_request::About::Item(item.to_vec())) };
    let again = review.one.show(by(&item.item[..4])).await.unwrap();
    assert_eq!(again.seen, shared.seen);
    let unknown = review.one.show(by(&[9; 16])).await.unwrap_err();
    assert_eq!((reason(&unknown).as_str(), unknown.code()), ("NO_SUCH_ITEM", tonic::Code::NotFound));
    assert_eq!(review.one.show(by(&[1; 3])).await.unwrap_err().code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn each_field_stands_beside_the_other_with_who_says_so_and_how_far_it_agrees() {
    let mut review = Review::new().await;
    let (first, _, council) = under_one_number(&mut review).await;
    let shown = review.seen(&first, &council).await.unwrap();
    let field = |name: &str| shown.fields.iter().find(|field| field.field == name).unwrap_or_else(|| panic!("{name}"));
    let values = |name: &str| {
        let of = |stated: &[proto::identity::Stated]| stated.iter().map(|s| s.value.clone()).collect::<Vec<_>>();
        let field = field(name);
        let mut both = [of(&field.one), of(&field.other)].concat();
        both.sort();
        both
    };
    assert_eq!(values("given name"), ["Ffion", "Fiona"]);
    assert_eq!((values("born"), field("born").agreement()), (vec!["2014-03-04".into(); 2], Agreement::Exact));
    assert_eq!((values("surname"), field("surname").agreement()), (vec!["Invented".into(); 2], Agreement::Exact));
    assert_eq!(values("postcode"), ["ZZ9 9ZZ", "ZZ9 9ZZ"]);
    let says = &field("given name");
    let who: Vec<&str> = says.one.iter().chain(&says.other).map(|stated| stated.organisation.as_str()).collect();
    assert!(who.contains(&HOSPITAL) && who.contains(&COUNCIL), "{who:?}");
    assert!(says.one[0].as_of.is_some() && shown.field_groups.is_empty() && shown.seen.len() == 16);
    let subjects = [shown.one.unwrap().subject.unwrap(), shown.other.unwrap().subject.unwrap()];
    assert!(subjects.contains(&first) && subjects.contains(&council));
}

#[tokio::test]
async fn a_look_is_on_record_before_it_is_given_and_names_the_two() {
    let mut review = Review::new().await;
    let (first, _, council) = under_one_number(&mut review).await;
    review.settle().await;
    let listed = review.one.list(ListItemsRequest::default()).await.unwrap();
    let shown = review.one.show(about(&first, &council)).await.unwrap();
    let records = review.house.disclosures().await;
    let of = |id: &[u8]| records.iter().find(|record| record.decision_id == id).unwrap();
    assert_eq!((of(&listed.decision_id).call(), of(&listed.decision_id).lines_released), (Call::ListItems, 3));
    let look = of(&shown.decision_id);
    assert_eq!((look.call(), look.person.as_str(), look.organisation.as_str()), (Call::ShowItem, "reviewer.one", HUB));
    assert_eq!((look.entries_released, look.classes_full), (2, 2));
    let pseudonyms = &review.house.pseudonyms;
    let mut both = [pseudonyms.of(&first).0.to_vec(), pseudonyms.of(&council).0.to_vec()];
    both.sort();
    assert_eq!(look.subjects, both);
    assert!(records.iter().all(|record| record.encode_to_vec().len() <= 512));
}

#[tokio::test]
async fn whoever_is_no_reviewer_of_it_has_an_empty_queue_and_no_such_pair() {
    let mut review = Review::new().await;
    let (first, _, council) = under_one_number(&mut review).await;
    review.settle().await;
    // Of the hospital and the council there is an agreement with each other, of the other school with nobody.
    let party = review.serving.reviewer(COUNCIL, "reviewer.council", REVIEWER).await;
    let nobody = [
        review.serving.reviewer(HUB, "somebody", &["safeguarding"]).await,
        review.serving.reviewer(HUB, "somebody", &["identity_reviewer", "auditor"]).await,
        review.serving.reviewer(COUNCIL, "somebody", &["case_holding"]).await,
        review.serving.reviewer("school-9994001", "somebody", REVIEWER).await,
    ];
    for mut reader in nobody {
        let listed = reader.list(ListItemsRequest::default()).await.unwrap();
        assert!(listed.items.is_empty());
        assert_eq!(reason(&reader.show(about(&first, &council)).await.unwrap_err()), "NO_SUCH_ITEM");
        let counted = reader.statistics().await.unwrap();
        assert_eq!((counted.waiting_total, counted.sources.len()), (0, 0));
    }
    let mut party = party;
    let theirs = party.list(ListItemsRequest::default()).await.unwrap().items;
    assert_eq!(theirs.len(), 2, "the council's pairs, and not the hospital's own");
    assert!(party.show(about(&first, &council)).await.is_ok());
    assert_eq!(party.statistics().await.unwrap().waiting_total, 2);
}

#[tokio::test]
async fn a_sealed_identity_is_in_no_queue_no_pair_and_no_count() {
    let mut review = Review::new().await;
    let (first, second, council) = under_one_number(&mut review).await;
    assert_eq!(review.waiting().await.len(), 3);
    let sealed = proto::admin::Fact {
        sealed: vec![second.clone()],
        ..fact(&second, e::IdentitySealed { sealed_on: Some(day(2026, 1, 1)), ..Default::default() })
    };
    review.house.record(vec![sealed]).await;
    let left = review.waiting().await;
    let nobody = hospital_person("NOBODY");
    let refused = review.seen(&first, &second).await.unwrap_err();
    let unknown = review.seen(&first, &nobody).await.unwrap_err();
    assert_eq!((reason(&refused), refused.message()), (reason(&unknown), unknown.message()));
    let counted = review.one.statistics().await.unwrap();
    assert_eq!(counted.waiting_total as usize, left.len());
    // The two outside the seal claim one number between them alone, and are one child.
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(review.seen(&first, &council).await.unwrap().item.unwrap().standing(), Standing::Linked);
}

#[tokio::test]
async fn where_a_child_lives_is_left_out_of_both_sides_and_of_who_says_so() {
    let mut review = Review::new().await;
    let (first, _, council) = under_one_number(&mut review).await;
    review.house.record(vec![restriction(&council, "r1", restriction::Kind::ProtectedAddress)]).await;
    let shown = review.seen(&first, &council).await.unwrap();
    assert_eq!(shown.field_groups, ["location"]);
    assert!(shown.fields.iter().all(|field| !["address", "postcode"].contains(&field.field.as_str())));
    let bytes = shown.encode_to_vec();
    for place in ["Street", "ZZ9", HOSPITAL, COUNCIL, "RH8"] {
        assert!(!holds(&bytes, place), "{place}");
    }
    assert!(shown.one.unwrap().subject.is_none() && shown.other.unwrap().subject.is_none());
    let listed = review.waiting().await;
    assert!(listed.iter().all(|item| item.organisations.is_empty()), "whoever may be the protected child is protected");
}

#[tokio::test]
async fn pages_give_each_item_once() {
    let mut review = Review::new().await;
    under_one_number(&mut review).await;
    let all = review.waiting().await;
    let mut request = ListItemsRequest { page_size: 1, ..Default::default() };
    let mut walked = Vec::new();
    loop {
        let page = review.one.list(request.clone()).await.unwrap();
        walked.extend(page.items);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(walked, all);
    let twins = ListItemsRequest { why: vec![Why::Twins.into()], ..Default::default() };
    assert!(review.one.list(twins).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn what_the_linker_holds_possible_waits_with_the_weight_of_each_field_and_twins_with_two_people() {
    use super::harness::linking::{Person, adopted, parameters, says};
    let amara = Person { given: "Amara", family: "Inventedson", born: day(2014, 3, 4), sex: "F", postcode: "ZZ99 1AA" };
    let mut review = Review::new().await;
    let (school, hospital, council) = (pupil("P1"), hospital_person("H1"), council_child("C1"));
    review.house.say(CENSUS, [says(SCHOOL, &school, &amara, &[], 1)]).await;
    let renamed = Person { family: "Otherwise", postcode: "", ..amara.clone() };
    review.house.say(HL7, [says(HOSPITAL, &hospital, &renamed, &[], 1)]).await;
    review.house.record(vec![adopted(parameters(0.04))]).await;
    review.settle().await;
    review.house.link();
    let [item] = <[_; 1]>::try_from(review.waiting().await).unwrap();
    assert_eq!((item.why().collect::<Vec<_>>(), item.two_people), (vec![Why::Possible], false));
    assert!(item.probability.is_some_and(|probability| (0.85..0.95).contains(&probability)), "{:?}", item.probability);
    let shown = review.seen(&school, &hospital).await.unwrap();
    let weights: f64 = shown.fields.iter().filter_map(|field| field.weight).sum();
    assert!((weights - shown.weight.unwrap()).abs() < 1.0 && shown.parameters.len() == 16, "{:?}", shown.fields);
    let surname = shown.fields.iter().find(|field| field.field == "surname").unwrap();
    assert_eq!(surname.agreement(), Agreement::Different);
    assert!(surname.weight.unwrap() < 0.0 && shown.probability == item.probability);
    let one = review.one.clone();
    review.decide(&one, deciding(&school, &hospital, e::Verdict::Link, &shown)).await.unwrap();
    let said = review.house.child(&school, None).said;
    let kept = said.iter().find_map(|(_, said)| match said.body.event.as_ref()?.kind.as_ref()? {
        e::event::Kind::SubjectsLinked(linked) => linked.review.clone(),
        _ => None,
    });
    let kept = kept.unwrap();
    assert_eq!(
        (kept.parameters(), kept.weight, kept.probability),
        (&shown.parameters[..], shown.weight, shown.probability)
    );

    let twin = Person { given: "Tomasina", ..amara };
    review.house.say(CIN, [says(COUNCIL, &council, &twin, &[], 1)]).await;
    review.settle().await;
    review.house.link();
    let items = review.waiting().await;
    assert!(items.iter().any(|item| item.why().any(|why| why == Why::Twins) && item.two_people), "{items:?}");
}
