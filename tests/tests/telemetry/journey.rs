//! The real process on invented records, as whoever looks after it sees it.

use std::collections::{BTreeMap, BTreeSet};

use event_log::Topic;
use opentelemetry_proto::tonic::trace::v1::Span;
use proto::sharing::Purpose;
use runtime::metrics;
use tonic::Request;

use crate::harness::{Place, ask, client, request, said};

/// What a process shows of itself only where a source is posted to or asked, and where there is Kafka.
const ELSEWHERE_ONLY: [&str; 3] =
    ["throughline_receive_requests_total", "throughline_fetch_tries_total", "throughline_lease_held"];

#[test]
fn a_process_shows_every_metric_that_the_table_has_and_they_add_up() {
    let place = Place::new(12, 21);
    let watched = place.watch(0.0);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.drop_bytes("health-hl7v2", "stray.txt", b"MSH|no message\r");
    let status = place.settle();
    assert_eq!(watched.page("/livez"), (200, "alive\n  ok   projection: it runs\n".to_owned()));
    let (code, ready) = watched.page("/readyz");
    assert!(code == 200 && ready.starts_with("ready\n  ok   facts: read "), "{ready}");
    let school = place.demo_organisation("school");
    ask(&place, &school, &place.demo_child("UPN"), Purpose::EducationProvision).unwrap();
    denied(&place, &school);

    let (_, page) = watched.page("/metrics");
    let shown = |name: &str| page.lines().any(|line| line.starts_with(&format!("# TYPE {name} ")));
    let missing: Vec<String> = metrics::ALL.iter().map(|metric| metric.about().prometheus_name()).collect();
    let missing: Vec<&String> = missing.iter().filter(|name| !shown(name)).collect();
    assert_eq!(missing, ELSEWHERE_ONLY, "{page}");
    // And nothing that the table does not have.
    let strangers: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let known = |name: &str| metrics::ALL.iter().any(|metric| metric.about().prometheus_name() == name);
    let strangers: Vec<_> = strangers.into_iter().filter(|line| !known(line.split(' ').next().unwrap())).collect();
    assert!(strangers.is_empty(), "{strangers:?}");

    // The same process, by its own operator.
    let sources = |of: &str| status["sources"].as_array().unwrap().iter().map(|s| s[of].as_f64().unwrap()).sum::<f64>();
    assert!(sources("records") > 100.0);
    assert_eq!(watched.sum("throughline_source_records_total"), sources("records"));
    assert_eq!(watched.sum("throughline_source_findings_total"), sources("findings"));
    assert_eq!(watched.sum("throughline_source_events_total"), sources("events"));
    assert_eq!(watched.sum("throughline_source_rejected_total"), sources("rejected"));
    assert_eq!(watched.sum("throughline_source_delay_seconds_count"), sources("events"));
    assert_eq!(watched.sum("throughline_projection_records_total"), status["events"].as_f64().unwrap());
    assert_eq!(watched.sum("throughline_projection_delay_seconds_count"), status["events"].as_f64().unwrap());
    assert_eq!(watched.sum("throughline_quarantine_items_total"), status["quarantined"].as_f64().unwrap());
    assert!(status["quarantined"].as_f64().unwrap() >= 1.0);
    assert_eq!(
        (watched.sum("throughline_projection_lag"), watched.metric("throughline_projection_lag").len()),
        (0.0, 80)
    );
    assert_eq!(watched.sum("throughline_projection_parked"), 0.0);
    assert_eq!(watched.sum("throughline_projection_caught_up"), 1.0);
    assert!(watched.sum("throughline_projection_staleness_seconds") < 30.0);
    assert!(watched.sum("throughline_disk_free_bytes") > 1e6);
    assert!(watched.sum("throughline_certificate_expiry_timestamp_seconds") > 1.7e9);
    let decisions: BTreeMap<String, f64> = watched.metric("throughline_decisions_total").into_iter().collect();
    let expected = [
        (r#"{method="GetTimeline",outcome="answered",reason="NONE"}"#.to_owned(), 1.0),
        (r#"{method="GetTimeline",outcome="denied",reason="PURPOSE_MISSING"}"#.to_owned(), 1.0),
        (r#"{method="GetTimeline",outcome="denied",reason="TOKEN_REFUSED"}"#.to_owned(), 1.0),
    ];
    assert_eq!(decisions, expected.into());
    let codes = watched.metric("throughline_grpc_request_duration_seconds_count");
    let of = |code: &str| codes.iter().find(|(labels, _)| labels.contains(&format!("code=\"{code}\""))).unwrap().1;
    assert_eq!((of("OK"), of("INVALID_ARGUMENT"), of("UNAUTHENTICATED")), (1.0, 1.0, 1.0));
    // The one that was denied for its token is not on record: nobody had said who they were.
    assert!(watched.sum("throughline_disclosure_record_duration_seconds_count") >= 2.0);
    running.stop();
    let pushed: BTreeSet<String> = watched.collector.metrics().into_iter().collect();
    assert!(pushed.contains("throughline.source.records") && pushed.contains("throughline.grpc.request.duration"));
    assert!(watched.collector.spans().is_empty(), "nothing is traced at a ratio of 0");
}

/// Two requests that are refused: with a token of nobody's, and without a purpose.
fn denied(place: &Place, school: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let child = place.demo_child("UPN");
        let mut stranger = client(place, school, Some("nobody's")).await;
        stranger.get_timeline(request(&child, Purpose::EarlyHelp)).await.unwrap_err();
        let mut reader = client(place, school, Some(&place.token(school))).await;
        reader.get_timeline(request(&child, Purpose::Unspecified)).await.unwrap_err();
    });
}

#[test]
fn one_trace_leads_from_the_record_to_the_timeline_and_another_from_the_reader_to_the_record_of_it() {
    let place = Place::new(6, 22);
    let watched = place.watch(1.0);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let school = place.demo_organisation("school");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut reader = client(&place, &school, Some(&place.token(&school))).await;
        let mut asked = Request::new(request(&place.demo_child("UPN"), Purpose::EducationProvision));
        asked.metadata_mut().insert("traceparent", READERS_OWN.parse().unwrap());
        asked.metadata_mut().insert("tracestate", "reader=not-ours-to-keep".parse().unwrap());
        asked.metadata_mut().insert("baggage", "reader=not-ours-to-keep".parse().unwrap());
        reader.get_timeline(asked).await.unwrap();
    });
    running.stop();
    let spans = watched.collector.spans();
    let of_trace = |trace_id: &[u8]| spans.iter().filter(|span| span.trace_id == trace_id).collect::<Vec<_>>();
    let sectors = [Topic::Education, Topic::SocialCare, Topic::Health];
    let events: Vec<[u8; 16]> = said(&place)
        .iter()
        .filter(|(at, _)| sectors.contains(&at.topic))
        .map(|(_, said)| said.header.event_id.0)
        .collect();
    assert!(events.len() > 50);
    let mut whole = 0;
    for event_id in &events {
        let (trace_id, first) = runtime::trace::ids(event_id);
        let trace = of_trace(&trace_id.to_bytes());
        let named = |name: &str| trace.iter().find(|span| span.name == name).copied();
        let Some(source) = named("source to log") else { continue };
        assert_eq!((source.span_id.as_slice(), source.parent_span_id.len()), (first.to_bytes().as_slice(), 0));
        let steps = ["translate", "seal", "publish", "on the log", "check", "commit"].map(|name| named(name).unwrap());
        for step in steps {
            assert_eq!(step.parent_span_id, source.span_id, "{}", step.name);
            assert!(step.start_time_unix_nano <= step.end_time_unix_nano, "{}", step.name);
        }
        let [translate, .., check, commit] = steps;
        assert!(translate.end_time_unix_nano <= check.start_time_unix_nano);
        assert!(check.end_time_unix_nano <= commit.end_time_unix_nano);
        let submission = &source.links[0];
        let parts = of_trace(&submission.trace_id);
        assert!(parts.iter().any(|span| span.name == "submission" && span.span_id == submission.span_id));
        whole += 1;
    }
    assert_eq!(whole, events.len(), "every event is traced at a ratio of 1");
    readers_trace(&spans);
}

const READERS_OWN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The reader's own trace goes on here, with nothing of theirs in it but the ids.
fn readers_trace(spans: &[Span]) {
    let trace_id = hex::decode(&READERS_OWN[3..35]).unwrap();
    let trace: Vec<&Span> = spans.iter().filter(|span| span.trace_id == trace_id).collect();
    let request = trace.iter().find(|span| span.name == "GetTimeline").unwrap();
    assert_eq!(request.parent_span_id, hex::decode(&READERS_OWN[36..52]).unwrap());
    let recorded = trace.iter().find(|span| span.name == "record decision").unwrap();
    assert_eq!(recorded.parent_span_id, request.span_id);
    let attributes: Vec<&str> = request.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert!(attributes.contains(&"code"), "{attributes:?}");
    assert!(spans.iter().all(|span| span.trace_state.is_empty()));
    assert!(!format!("{spans:?}").contains("not-ours-to-keep"));
}
