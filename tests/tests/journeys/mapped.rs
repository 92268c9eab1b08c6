//! A source with no code: a mapping file in the configuration, a file in its drop folder, and what readers are given of it.

use std::fs;

use proto::sharing::Purpose;
use proto::timeline::GetTimelineResponse;

use crate::harness::{Place, ask};

/// Visits of the hospital's own service; with this much more said of who may see them.
fn mapping(name: &str, labels: &str) -> String {
    format!(
        "name = \"{name}\"\nabout = \"Visits (invented)\"\nrevision = 1\ncontroller = \"ods-rh8\"\nkey = [\"Visit\"]\nlabels = [{labels}]\n\
         [source]\nformat = \"csv\"\n[delivery]\nkind = \"snapshot\"\n[subject]\nscheme = \"provider_person\"\nissuer = \"ods-rh8/{name}\"\n\
         column = \"Patient\"\n[[identifier]]\nscheme = \"upn\"\ncolumn = \"UPN\"\n[[event]]\nbecomes = \"TherapyStarted\"\n\
         effective = \"start_on\"\n[event.fields]\ncourse = \"Visit\"\ntherapy = {{ column = \"Therapy\", set = \"therapy\" }}\n\
         start_on = \"From\"\n"
    )
}

fn therapies(answer: &GetTimelineResponse) -> Vec<String> {
    let started = |event: &proto::events::Event| match &event.kind {
        Some(proto::events::event::Kind::TherapyStarted(started)) => started.course.clone(),
        _ => None,
    };
    answer.entries.iter().filter_map(|entry| started(entry.event.as_ref()?)).collect()
}

#[test]
fn a_mapped_source_is_on_the_timeline_and_what_it_narrows_is_its_own_organisations_alone() {
    let place = Place::new(60, 1);
    let mut sections = String::new();
    for (name, labels) in [("health-visits", ""), ("health-private", "\"legal_privilege\"")] {
        fs::write(place.path("here").join(format!("{name}.toml")), mapping(name, labels)).unwrap();
        sections += &format!(
            "\n[connectors.{name}]\nmapping = \"{name}.toml\"\ncontrollers = [\"ods-rh8\"]\ndrop_folder = \"drop/{name}\"\npoll_ms = 20\n"
        );
    }
    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), config + &sections).unwrap();
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    let child = place.demo_child("UPN");
    let row = |course: &str| {
        format!("Patient,UPN,Visit,Therapy,From,Shoe size\nP1,{},{course},physiotherapy,2026-01-12,31\n", child.value)
    };
    place.drop_bytes("health-visits", "visits.csv", row("V1").as_bytes());
    place.drop_bytes("health-private", "visits.csv", row("P1").as_bytes());
    place.settle();

    let as_of = |role: &str, purpose| ask(&place, &place.demo_organisation(role), &child, purpose).unwrap();
    let own = therapies(&as_of("hospital", Purpose::DirectCare));
    assert!(own.contains(&"V1".to_owned()) && own.contains(&"P1".to_owned()), "{own:?}");
    let social_care = therapies(&as_of("socialCare", Purpose::ChildProtection));
    assert_eq!(social_care, ["V1"], "the labelled record is told to nobody else");
    // The column that the mapping does not name is told of, and so is nothing of what stood in it.
    let listed = place.ours(&["quarantine", "list"]);
    assert!(listed.contains("COLUMNS_NOT_MAPPED") && listed.contains("health-visits"), "{listed}");
    running.stop();
}
