//! The `[serve]` section.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use projection::audit::Thresholds;
use runtime::config::Section;

/// The service's part.
#[derive(Debug, Clone)]
pub(crate) struct Serve {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_socket: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) client_ca: PathBuf,
    /// The organisation that runs the service: its key seals disclosures.
    pub(crate) organisation: String,
    /// Whose commands count; the organisation itself always.
    pub(crate) commands_from: BTreeSet<String>,
    /// Whom a reader asks about a sensitive service.
    pub(crate) hub_contact: String,
    pub(crate) facts_lag_max: Duration,
    pub(crate) requests_per_second_max: u32,
    pub(crate) concurrent_max: u32,
    /// How long it goes on answering after it has said that it stops.
    pub(crate) drain: Duration,
    /// From when on `throughline audit unusual` tells of something.
    pub(crate) unusual: Thresholds,
}

impl Serve {
    pub(super) fn read(top: &mut Section, data: &Path) -> Option<Self> {
        let mut section = top.section("serve");
        let listen = section.parsed("listen", "127.0.0.1:7443", "an address and port, such as `127.0.0.1:7443`");
        let admin_socket = section.optional_path("admin_socket").unwrap_or_else(|| data.join("admin.sock"));
        let certificate = section.existing_file("certificate");
        let key = section.existing_file("key");
        let client_ca = section.existing_file("client_ca");
        for (key, file) in [("certificate", &certificate), ("client_ca", &client_ca)] {
            if file.as_ref().is_some_and(|file| file.exists() && !super::holds_certificates(file)) {
                section.problem(key, "names a file that holds no PEM certificate");
            }
        }
        if key.as_ref().is_some_and(|file| file.exists() && !super::holds_key(file)) {
            section.problem("key", "names a file that holds no PEM private key");
        }
        let organisation = section.text("organisation");
        if organisation.as_deref().is_some_and(|id| !super::is_organisation(id)) {
            section.problem("organisation", "must be lower-case letters, digits and hyphens");
        }
        let mut commands_from: BTreeSet<String> = section.texts("commands_from").into_iter().collect();
        if !commands_from.iter().all(|id| super::is_organisation(id)) {
            section.problem("commands_from", "must each be lower-case letters, digits and hyphens");
        }
        commands_from.extend(organisation.clone());
        let hub_contact = section.text("hub_contact");
        let facts_lag_max = Duration::from_secs(section.number("facts_lag_max_s", 30, 1..=3_600));
        let requests = section.number("requests_per_second_max", 100, 1..=1_000_000);
        let concurrent = section.number("concurrent_max", 64, 1..=4_096);
        let drain = Duration::from_secs(section.number("drain_s", 5, 0..=300));
        let unusual = unusual(section.section("unusual"));
        section.finish();
        Some(Self {
            listen: listen?,
            admin_socket,
            certificate: certificate?,
            key: key?,
            client_ca: client_ca?,
            organisation: organisation?,
            commands_from,
            hub_contact: hub_contact?,
            facts_lag_max,
            requests_per_second_max: u32::try_from(requests).ok()?,
            concurrent_max: u32::try_from(concurrent).ok()?,
            drain,
            unusual,
        })
    }
}

/// `[serve.unusual]`
fn unusual(mut section: Section) -> Thresholds {
    let usual = Thresholds::default();
    let mut number =
        |key, default: u32| u32::try_from(section.number(key, u64::from(default), 1..=1_000_000)).unwrap_or(default);
    let children_a_day = number("children_a_day", usual.children_a_day);
    let times_the_usual = number("times_the_usual", usual.times_the_usual);
    let out_of_hours = number("out_of_hours", usual.out_of_hours);
    let children_not_shown = number("children_not_shown", usual.children_not_shown);
    let glass_broken = number("glass_broken", usual.glass_broken);
    let days_of_one_child = number("days_of_one_child", usual.days_of_one_child);
    let [first, after] = usual.hours;
    let mut hour =
        |key, default: i8| i8::try_from(section.number(key, default.unsigned_abs().into(), 0..=24)).unwrap_or(default);
    let hours = [hour("work_from_hour", first), hour("work_to_hour", after)];
    section.finish();
    Thresholds {
        children_a_day,
        times_the_usual,
        hours,
        out_of_hours,
        children_not_shown,
        glass_broken,
        days_of_one_child,
    }
}
