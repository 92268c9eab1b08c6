//! A process that is looked after: its pages, and the collector that it pushes to.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::Place;
use super::collector::Collector;
use super::program::free_port;

/// Where a process says how it is.
pub(crate) struct Watched {
    pub(crate) collector: Collector,
    port: u16,
}

impl Place {
    /// Has the process measured, and this much of everything traced. Before it starts.
    pub(crate) fn watch(&self, trace_ratio: f64) -> Watched {
        let watched = Watched { collector: Collector::start(), port: free_port() };
        let (port, collector) = (watched.port, watched.collector.address);
        let told = format!(
            "[telemetry]\nlisten = \"127.0.0.1:{port}\"\notlp = \"http://{collector}\"\ntrace_ratio = {trace_ratio:?}\n"
        );
        self.configure("[telemetry]\n", &told);
        watched
    }
}

impl Watched {
    /// The status code and the body of a page.
    pub(crate) fn page(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The lines of a metric, by its name as Prometheus shows it: labels, and value.
    pub(crate) fn metric(&self, name: &str) -> Vec<(String, f64)> {
        let (status, page) = self.page("/metrics");
        assert_eq!(status, 200);
        let lines = page.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
        let of_this_name = lines.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
        of_this_name.map(|(labels, value)| (labels.to_owned(), value.parse().unwrap())).collect()
    }

    /// The sum of a metric over its labels.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.metric(name).iter().map(|(_, value)| value).sum()
    }
}
