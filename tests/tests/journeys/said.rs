//! What a family says to sharing, by the command and over gRPC: it opens a record, and taken back it closes it.

use proto::events::Event;
use proto::sharing::consent_recorded::{GivenBy, Kind, State};
use proto::sharing::facts_client::FactsClient;
use proto::sharing::{Category, ConsentRecorded, Outcome, Purpose, RecordFactRequest, RecordFactResponse};
use proto::timeline::GetTimelineResponse;
use tonic::{Request, Status};

use crate::harness::{Child, Place, ask, channel, line_with, number_in};

const READERS: [&str; 2] = ["--readers", "here/readers"];

/// A reference as the commands take it.
fn named(child: &Child) -> String {
    format!("{}:{}:{}", child.scheme().as_str_name().trim_start_matches("SCHEME_"), child.issuer, child.value)
}

fn as_school<'a>(school: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&["facts"], arguments, &["--purpose", "education_provision", "--as", school], &READERS].concat()
}

/// How many entries of the hospital's the answer gives any content of.
fn of_hospital(answer: &GetTimelineResponse) -> usize {
    let shown = |outcome: Outcome| outcome >= Outcome::Redacted;
    answer.entries.iter().filter(|one| one.category() == Category::Hospital && shown(one.outcome())).count()
}

/// A parent's word on a school's having the hospital's records, as a program of this organisation says it.
fn say(place: &Place, by: &str, school: &str, about: &Child, state: State) -> Result<RecordFactResponse, Status> {
    let mut consent = ConsentRecorded {
        id: Some("over-grpc".into()),
        recipients: vec![school.into()],
        categories: vec![Category::Hospital.into()],
        ..ConsentRecorded::default()
    };
    consent.set_kind(Kind::Share);
    consent.set_state(state);
    consent.set_by(GivenBy::Parent);
    let mut request = Request::new(RecordFactRequest {
        about: Some(about.clone()),
        purpose: if by == school { Purpose::EducationProvision } else { Purpose::DirectCare }.into(),
        fact: Some(Event::from(consent)),
        evidence: "form 1208".into(),
        ..RecordFactRequest::default()
    });
    request.metadata_mut().insert("authorization", format!("Bearer {}", place.token(by)).parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = channel(place, Some(place.certificate(by))).await.unwrap();
        Ok(FactsClient::new(channel).record(request).await?.into_inner())
    })
}

#[test]
fn a_consent_opens_a_record_and_taken_back_it_closes_it_at_once() {
    let place = Place::new(60, 1);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let (school, child) = (place.demo_organisation("school"), place.demo_child("UPN"));
    let look = || ask(&place, &school, &child, Purpose::EducationProvision).unwrap();
    let of_child = named(&child);
    assert_eq!(of_hospital(&look()), 0, "nobody has agreed to it");

    let to = ["--to", school.as_str(), "--category", "hospital", "--evidence", "form 1207"];
    let consent = [&["consent", &of_child, "given", "--by", "parent"], &to[..]].concat();
    let tried = place.must(&as_school(&school, &[&consent[..], &["--dry-run"]].concat()));
    assert!(tried.starts_with("may be recorded; nothing was"), "{tried}");
    assert_eq!(of_hospital(&look()), 0, "a dry run records nothing");
    let recorded = place.must(&as_school(&school, &consent));
    let fact = number_in(line_with(&recorded, "recorded"), "fact").to_owned();
    assert!(of_hospital(&look()) > 0, "consent covers it");
    assert!(place.must(&as_school(&school, &consent)).starts_with("on record already"), "the same is the same");

    // Who may not record it is refused, by name, and nothing changes.
    let unrelated = place.demo_organisation("unrelated");
    let refused = place.run(&as_school(&unrelated, &consent));
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));

    let withdrawn = place.must(&as_school(&school, &["withdraw", &of_child, &fact, "--because", "the mother rang"]));
    assert!(withdrawn.starts_with("recorded"), "{withdrawn}");
    assert_eq!(of_hospital(&look()), 0, "the next answer after the command returned");

    // What was taken back is given again by somebody else than whom it lets in.
    let own = say(&place, &school, &school, &child, State::Given).unwrap_err();
    assert!(format!("{own:?}").contains("SECOND_PERSON_NEEDED"), "{own:?}");
    let hospital = place.demo_organisation("hospital");
    assert_eq!(say(&place, &hospital, &school, &child, State::Given).unwrap().fact.len(), 16);
    assert!(of_hospital(&look()) > 0, "said over gRPC it is the same");
    say(&place, &hospital, &school, &child, State::Withdrawn).unwrap();
    assert_eq!(of_hospital(&look()), 0, "and so is taking it back");
    let refused = say(&place, &unrelated, &school, &child, State::Given).unwrap_err();
    assert!(!refused.message().contains(&child.value), "{refused:?}");

    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
    assert!(!place.told().contains("form 120"), "evidence is in the process's own log");
}
