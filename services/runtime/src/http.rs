//! The pages for machines that look after the process: `/livez`, `/readyz`, `/workz`, `/metrics`. Plain HTTP, and nothing about anybody:
//! bind it to where only they can reach it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::RawQuery;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::health::{Health, Probe};
use crate::metrics;

/// How long a page in hand may hold up the end of the process.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// Why the pages cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address.
    #[error("health and metrics cannot listen on {0} (`telemetry.listen`)")]
    Address(SocketAddr, #[source] std::io::Error),
    /// While serving.
    #[error("serving health and metrics stopped")]
    Serving(#[source] std::io::Error),
}

/// Binds the address, before any work begins.
///
/// # Errors
/// [`HttpError::Address`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, HttpError> {
    TcpListener::bind(address).await.map_err(|error| HttpError::Address(address, error))
}

/// Serves until told to stop. Tell it last: until then `/readyz` says that the process is stopping.
///
/// # Errors
/// [`HttpError::Serving`].
pub async fn serve(listener: TcpListener, health: Health, stop: CancellationToken) -> Result<(), HttpError> {
    let served = axum::serve(listener, pages(health)).with_graceful_shutdown(stop.clone().cancelled_owned());
    let out_of_time = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN_MAX).await;
    };
    tokio::select! {
        served = served.into_future() => served.map_err(HttpError::Serving),
        () = out_of_time => Ok(()),
    }
}

fn pages(health: Health) -> Router {
    let probe = |health: Health, probe| get(move |query: RawQuery| async move { report(&health, probe, query) });
    Router::new()
        .route("/livez", probe(health.clone(), Probe::Alive))
        .route("/readyz", probe(health.clone(), Probe::Ready))
        .route("/workz", probe(health, Probe::Working))
        .route("/metrics", get(async || page(StatusCode::OK, metrics::CONTENT_TYPE, metrics::exposition())))
}

/// Words for a person; JSON with `?json`. The status code says all that an orchestrator asks.
fn report(health: &Health, probe: Probe, RawQuery(query): RawQuery) -> Response {
    let report = health.report(probe);
    let status = if report.good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match query.as_deref() {
        Some("json") => page(status, "application/json", report.json().to_string()),
        _ => page(status, "text/plain; charset=utf-8", report.to_string()),
    }
}

fn page(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let headers: [(HeaderName, &str); 2] = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}
