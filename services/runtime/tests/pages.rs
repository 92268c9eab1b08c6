//! The pages as whoever looks after the process reads them: over a socket.
#![cfg(test)]

use runtime::health::Health;
use runtime::{http, metrics, telemetry};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn health_and_metrics_are_read_over_http() {
    let settings = telemetry::Settings { listen: Some(([127, 0, 0, 1], 0).into()), ..Default::default() };
    let guard = telemetry::start(&settings, "0.1.0", "serve").unwrap();
    let listener = http::bind(settings.listen.unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (health, stop) = (Health::new(), CancellationToken::new());
    let served = tokio::spawn(http::serve(listener, health.clone(), stop.clone()));

    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200 OK\r\n"));
    health.starting("reading the log");
    let starting = get(address, "/readyz").await;
    assert!(
        starting.starts_with("HTTP/1.1 503 ") && starting.ends_with("FAIL process: reading the log\n"),
        "{starting}"
    );
    health.standing_by("another process works for this connector");
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200 OK\r\n"));
    let stands_by = get(address, "/workz").await;
    assert!(stands_by.starts_with("HTTP/1.1 503 ") && stands_by.contains("another process works"), "{stands_by}");
    health.started();
    assert!(get(address, "/workz").await.starts_with("HTTP/1.1 200 OK\r\n"));
    let ready = get(address, "/readyz?json").await;
    assert!(ready.starts_with("HTTP/1.1 200 OK\r\n") && ready.contains("content-type: application/json"), "{ready}");
    let said = ready.lines().last().unwrap_or_default();
    let said: serde_json::Value = serde_json::from_str(said).unwrap();
    assert_eq!(said, serde_json::json!({"checks": [], "good": true, "summary": "ready"}));
    assert!(get(address, "/").await.starts_with("HTTP/1.1 404 "));

    metrics::RECORDS.add(3, ["health-hl7v2"]);
    metrics::GRPC.record(std::time::Duration::from_millis(3), ["GetTimeline", "OK"]);
    metrics::STALENESS.watch([], || Some(1.5));
    let read = get(address, "/metrics").await;
    for line in [
        "# HELP throughline_source_records_total Records read from a source.\n# TYPE throughline_source_records_total counter\n\
         throughline_source_records_total{source=\"health-hl7v2\"} 3\n",
        "throughline_grpc_request_duration_seconds_count{code=\"OK\",method=\"GetTimeline\"} 1\n",
        "throughline_grpc_request_duration_seconds_bucket{code=\"OK\",method=\"GetTimeline\",le=\"0.005\"} 1\n",
        "throughline_projection_staleness_seconds 1.5\n",
        "throughline_build_info{role=\"serve\",version=\"0.1.0\"} 1\n",
    ] {
        assert!(read.contains(line), "no `{line}` in {read}");
    }
    stop.cancel();
    served.await.unwrap().unwrap();
    drop(guard);
}

/// What the table says of a metric is what Prometheus is shown of it.
#[tokio::test]
async fn the_table_says_each_metrics_name_as_prometheus_has_it() {
    let source = include_str!("../src/metrics.rs");
    let statics = source.matches("\npub static ").count() - 1;
    assert_eq!(metrics::ALL.len(), statics, "a metric is not in the table");
    let mut names: Vec<String> = metrics::ALL.iter().map(|metric| metric.about().prometheus_name()).collect();
    for name in &names {
        assert!(name.starts_with("throughline_"), "{name}");
    }
    for metric in metrics::ALL {
        let about = metric.about();
        assert!(about.help.ends_with('.') && !about.name.ends_with("total"), "{about:?}");
        for label in about.labels {
            // What may tell metrics of one name apart: nothing that a record could fill.
            let known =
                ["source", "reason", "topic", "partition", "method", "outcome", "code", "of", "version", "role"];
            assert!(known.contains(label), "{about:?}");
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "two metrics of one name");
}
