//! Logging. JSON for machines, plain lines for people; never to standard output, which is a command's answer.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person at a terminal.
    Plain,
}

impl std::str::FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "json" => Ok(Self::Json),
            "plain" => Ok(Self::Plain),
            _ => Err(()),
        }
    }
}

/// Starts logging to standard error at `level` ("info", or directives such as "info,projection=debug"), for the life of
/// the process. A second call changes nothing.
pub fn start(format: Format, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    let _already_started = match format {
        Format::Json => builder.json().flatten_event(true).try_init(),
        Format::Plain => builder.with_target(false).try_init(),
    };
}
