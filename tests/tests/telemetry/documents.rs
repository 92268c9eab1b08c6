//! The page for whoever runs it says every metric, as the table has it.

use runtime::metrics::{ALL, Kind};

use crate::text;

#[test]
fn operating_says_every_metric_as_it_is() {
    let row = |about: &runtime::metrics::About| {
        let kind = match about.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<String> = about.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "-".to_owned() } else { labels.join(", ") };
        format!("| `{}` | {kind} | {labels} | {} |", about.prometheus_name(), about.help)
    };
    let rows: Vec<String> = ALL.iter().map(|metric| row(metric.about())).collect();
    let page = text("docs/OPERATING.md");
    let said: Vec<&str> = page.lines().filter(|line| line.starts_with("| `throughline_")).collect();
    assert_eq!(said, rows, "the table of metrics in docs/OPERATING.md should be:\n{}", rows.join("\n"));
}
