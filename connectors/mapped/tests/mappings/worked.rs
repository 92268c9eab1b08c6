//! The worked mappings that are shipped, each with its invented sample.

use std::path::PathBuf;

use connector_kit::SourceFile;
use mapped::{Checked, Mapping, Tried, try_out};

/// Each worked mapping and its sample.
pub(crate) const WORKED: [(&str, &str); 18] = [
    ("education-ehc-system", "ehc_cases.csv"),
    ("education-participation", "nccis_2026_01_31.csv"),
    ("health-camhs-mhsds", "camhs_referrals.csv"),
    ("health-community-csds", "csds_contacts.csv"),
    ("health-therapy-waits", "therapy_waits_20260131.csv"),
    ("social-care-cpis-access-notices", "cpis_access_notices.csv"),
    ("social-care-early-help-episodes", "early_help_episodes.csv"),
    ("social-care-early-help-module", "early_help.csv"),
    ("social-care-equipment-panel", "equipment_panel.csv"),
    ("social-care-family-support", "family_support.csv"),
    ("social-care-housing-duties", "housing.xlsx"),
    ("social-care-personal-budgets", "personal_budgets.csv"),
    ("social-care-police-notifications", "police_notifications.csv"),
    ("social-care-portage", "portage.xlsx"),
    ("social-care-short-breaks", "short_breaks_2026-02-01.csv"),
    ("social-care-team-around-child", "team_around_child.csv"),
    ("social-care-young-carers", "young_carers.csv"),
    ("social-care-youth-justice", "youth_justice.csv"),
];

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("mappings")
}

pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name).with_extension("toml")).unwrap()
}

pub(crate) fn checked(text: &str) -> Checked {
    Mapping::parse(text).unwrap_or_else(|unusable| panic!("{unusable}"))
}

pub(crate) fn mapping(name: &str) -> Mapping {
    checked(&text(name)).mapping
}

pub(crate) fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join("samples").join(name)).unwrap()
}

pub(crate) fn tried(mapping: &Mapping, name: &str, bytes: &[u8]) -> Tried {
    try_out(mapping, SourceFile { name: name.to_owned(), bytes: Box::new(bytes) })
}

#[test]
fn every_worked_mapping_has_a_sample_and_is_of_its_name() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut listed: Vec<&str> = WORKED.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(files, listed);
    for (name, sample_name) in WORKED {
        let Checked { mapping, warnings } = checked(&text(name));
        assert_eq!(mapping.name(), name);
        assert_eq!(warnings, [], "{name}");
        let tried = tried(&mapping, sample_name, &sample(sample_name));
        assert!(!tried.refused(), "{name}: {:?}", tried.of_file);
        assert_eq!(tried.of_file, [], "{name}: every column of a worked sample is named");
        // Each kind that a mapping makes is made of its sample: a mapping that never fires is not worked.
        for kind in mapping.kinds() {
            let made = tried.rows.iter().any(|row| row.events.contains(&kind.name()));
            assert!(made, "{name}: no row of the sample becomes {}", kind.name());
        }
        assert!(!mapping.told().columns.is_empty());
    }
}

/// What is told of a field is what a mapping may write there: each field of each kind that a worked mapping fills is told of.
#[test]
fn every_field_that_is_filled_is_one_that_is_told() {
    for (name, _) in WORKED {
        let text: toml::Table = text(name).parse().unwrap();
        for event in text["event"].as_array().unwrap() {
            let kind = event["becomes"].as_str().unwrap();
            let told = mapped::fields_of(kind);
            for field in event["fields"].as_table().unwrap().keys() {
                assert!(told.iter().any(|(one, _)| one == field), "{name}: {kind} {field}: {told:?}");
            }
        }
    }
    let takes = |kind, field: &str| mapped::fields_of(kind).into_iter().find(|(one, _)| one == field).unwrap().1;
    assert_eq!(takes("ServiceAttended", "attended_on"), "a day");
    assert!(takes("ServiceAttended", "attendance").starts_with("a code"));
    assert!(takes("TeamMeetingHeld", "plan").contains("early_help"));
    assert_eq!(mapped::fields_of("NoSuchKind"), []);
}
