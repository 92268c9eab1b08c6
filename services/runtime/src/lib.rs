//! The same edges for every process: config, telemetry, shutdown, health.
