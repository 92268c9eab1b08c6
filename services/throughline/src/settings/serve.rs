//! The `[serve]` section.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use projection::audit::Thresholds;
use projection::notices::Often;
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
    /// How long notices are told.
    pub(crate) notices_kept: Duration,
    /// From how many times on it is pointed out that somebody breaks the glass.
    pub(crate) glass_often: Often,
    /// How long at least an erasure can be called off once it is proposed.
    pub(crate) erasure_cooling_off_hours: u32,
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
        let notices_kept = Duration::from_secs(86_400 * section.number("notices_keep_days", 400, 1..=3_650));
        let glass_often = glass_often(section.section("glass_often"));
        let erasure_cooling_off = section.number("erasure_cooling_off_hours", 72, 0..=8_760);
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
            notices_kept,
            glass_often,
            erasure_cooling_off_hours: u32::try_from(erasure_cooling_off).ok()?,
        })
    }
}

/// `[serve.glass_often]`
fn glass_often(mut section: Section) -> Often {
    let usual = Often::default();
    let mut number =
        |key, default: u32| u32::try_from(section.number(key, u64::from(default), 1..=1_000_000)).unwrap_or(default);
    let often = Often {
        person_in_a_day: number("person_in_a_day", usual.person_in_a_day),
        person_in_a_week: number("person_in_a_week", usual.person_in_a_week),
        organisation_in_a_day: number("organisation_in_a_day", usual.organisation_in_a_day),
        organisation_in_a_week: number("organisation_in_a_week", usual.organisation_in_a_week),
    };
    section.finish();
    often
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
