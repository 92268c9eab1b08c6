//! What tracing costs each event: `cargo run -p runtime --example trace_cost`.
//!
//! An event that is not traced costs one look while tracing is off, and one hash while it is on; one that is traced costs the
//! spans of a connector. Beside it stands the sealing of an event, tens of microseconds (`make bench`).
#![expect(clippy::print_stdout, reason = "it is what it is for")]

use std::time::{Instant, SystemTime};

use runtime::{telemetry, trace};

const EVENTS: u64 = 1_000_000;

fn main() -> Result<(), telemetry::StartError> {
    println!("off: {} ns an event", nanoseconds_an_event());
    // Nobody listens there: what is queued is dropped, as with a collector that is away.
    let settings = telemetry::Settings {
        level: "off".to_owned(),
        otlp: Some("http://127.0.0.1:9".to_owned()),
        trace_ratio: 0.01,
        ..Default::default()
    };
    let _until_the_end = telemetry::start(&settings, "0", "example")?;
    println!("on, 1 event in 100: {} ns an event", nanoseconds_an_event());
    Ok(())
}

/// As a connector does it.
fn nanoseconds_an_event() -> u128 {
    let began = Instant::now();
    for number in 0..EVENTS {
        let mut event_id = [0; 16];
        event_id.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
        if let Some(trace) = trace::of_event(std::hint::black_box(&event_id)) {
            let took = (SystemTime::now(), SystemTime::now());
            trace.record(took, &[("source", "example")]);
            for step in ["translate", "seal", "publish"] {
                trace.step(step, took, &[]);
            }
        }
    }
    began.elapsed().as_nanos() / u128::from(EVENTS)
}
