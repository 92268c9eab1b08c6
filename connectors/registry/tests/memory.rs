//! A connector holds no more of its input than one record of it, or one child's: what it takes does not grow with what it reads.
//! Every connector is held to it by being in its folder: its own golden files are made larger, each time with other children. So are
//! mapped sources, by the ways in which a mapping has its rows delivered.
#![cfg(test)]

use std::path::Path;
use std::sync::Mutex;

use connector_kit::conformance::{Larger, LargerSubmission};
use connector_kit::{Connector, Draft, Output, Rejection, Scope, SourceFile, Spill, Whose};
use peak_alloc::PeakAlloc;
use tempfile::TempDir;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

const SMALL_BYTES: u64 = 128 << 10;
const LARGE_BYTES: u64 = 2 << 20;

/// Of what an input is larger by, the part that a connector may hold of it: a number of each child, to tell one that comes twice.
const GROWTH_MAX: f64 = 0.25;

/// Those that hold more, with how many times what they read, at most, and why the format does not let them do without.
const HOLDS: [(&str, f64, &str); 4] = [
    (
        "education-attendance",
        30.0,
        "of two marks of one session the later counts: up to 50,000 rows are held, however long the file",
    ),
    (
        "education-school-census",
        4.0,
        "who is on roll is held, packed, and what stands under them is joined to it by the numbers of an export",
    ),
    (
        "education-sen2",
        2.0,
        "a person of the sample has a name and no number: its copies are one person, whose records are held together",
    ),
    ("health-fhir", 10.0, "what a bundle says is spread over its entries: a bundle is a record, of up to 16 MiB"),
];

/// Counts what is said, and holds none of it.
struct Counting {
    drafts: u64,
    folder: TempDir,
}

/// What a connector gathers goes to the disk beyond this.
const MEMORY_BYTES: usize = 48 << 10;

impl Output for Counting {
    fn spill(&self) -> Option<Spill<'_>> {
        Some(Spill { folder: self.folder.path(), memory_bytes: MEMORY_BYTES, disk_bytes: u64::MAX })
    }
    fn scope(&mut self, _: Scope) {}
    fn record(&mut self) {}
    fn draft(&mut self, _: Draft) {
        self.drafts += 1;
    }
    fn reject(&mut self, _: Rejection) {}
    fn whole(&mut self, _: &str) {}
}

/// The most bytes that were held while it was translated so many times over, and how many drafts came of it.
fn peak(connector: &dyn Connector, submission: &LargerSubmission, times: u64) -> (f64, u64) {
    let before = PeakAlloc.current_usage();
    PeakAlloc.reset_peak_usage();
    let files = submission.files.iter();
    let files = files.map(|(name, file)| SourceFile { name: name.clone(), bytes: Box::new(file.times(times)) });
    let mut said = Counting { drafts: 0, folder: tempfile::tempdir().unwrap() };
    connector.translate(files.collect(), &mut said);
    (PeakAlloc.peak_usage().saturating_sub(before) as f64, said.drafts)
}

#[test]
fn what_a_connector_takes_does_not_grow_with_what_it_reads() {
    let _alone = ALONE.lock();
    let mut problems = Vec::new();
    for registered in connector_registry::every(&Whose::of(&["la-878-invented".to_owned()])) {
        let connector = registered.connector.as_ref();
        let name = connector.descriptor().name;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        let Some(submission) = LargerSubmission::of(connector, &folder).unwrap() else {
            problems.push(format!("{name} has no sample in tests/golden, tests/messages or fuzz/corpus"));
            continue;
        };
        let [small, large] =
            [SMALL_BYTES, LARGE_BYTES].map(|bytes| peak(connector, &submission, submission.times_for(bytes)));
        let growth = (large.0 - small.0) / (LARGE_BYTES - SMALL_BYTES) as f64;
        let held = HOLDS.iter().find(|(of, ..)| *of == name).map_or(GROWTH_MAX, |(_, most, _)| *most);
        if small.1 == 0 || large.1 < small.1 * 4 {
            problems.push(format!("{name} says {} of the large sample and {} of the small one", large.1, small.1));
        }
        if growth > held {
            problems.push(format!("{name} holds {growth:.2} of what it reads: let each record go once it is said"));
        }
        if held > GROWTH_MAX && growth < held / 3.0 {
            problems.push(format!(
                "{name} holds {growth:.2} of what it reads, and no {held}: lower its number, or take it off the list"
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What a mapping holds of its rows, at most, by how they are delivered: who each child is, once, where a later row may say more of
/// them: some thousands.
const MAPPED: [(&str, f64); 3] = [
    ("kind = \"changes\"\nas_of = { file_name = \"cases_%Y%m%d\" }", GROWTH_MAX),
    ("kind = \"changes\"\nas_of = { column = \"Changed\" }", 4.0),
    ("kind = \"snapshot\"\nscope = \"878/cases\"", 4.0),
];

#[test]
fn what_a_mapping_takes_does_not_grow_with_what_it_reads() {
    let _alone = ALONE.lock();
    let file = b"Case Ref,Child ID,Name,Start Date,Changed\nE410001,300001,Zebedee Quill,2026-01-12,2026-01-13\n\
                 E410002,300002,Ada Eastwood,2026-01-12,2026-01-13\n";
    let submission = LargerSubmission { files: vec![("cases_20260114.csv".to_owned(), Larger::of(file).unwrap())] };
    for (delivery, most) in MAPPED {
        let text = format!(
            "name = \"social-care-cases\"\nabout = \"x\"\nrevision = 1\ncontroller = \"la-878-early-help\"\nkey = [\"Case Ref\"]\n\
             [source]\nformat = \"csv\"\nignore = [\"Changed\"]\n[delivery]\n{delivery}\n[subject]\nscheme = \"la_child_id\"\n\
             issuer = \"878\"\ncolumn = \"Child ID\"\n[person]\nfamily = \"Name\"\n[[event]]\nbecomes = \"EarlyHelpStarted\"\n\
             effective = \"start_on\"\n[event.fields]\nstart_on = \"Start Date\"\n"
        );
        let mapping = mapped::Mapping::parse(&text).unwrap_or_else(|unusable| panic!("{unusable}")).mapping;
        let [small, large] =
            [SMALL_BYTES, LARGE_BYTES].map(|bytes| peak(&mapping, &submission, submission.times_for(bytes)));
        assert!(small.1 > 0 && large.1 >= small.1 * 4, "{delivery}: {} and {}", small.1, large.1);
        let growth = (large.0 - small.0) / (LARGE_BYTES - SMALL_BYTES) as f64;
        assert!(growth <= most, "{delivery}: holds {growth:.2} of what it reads");
        assert!(
            most <= GROWTH_MAX || growth > most / 3.0,
            "{delivery}: holds {growth:.2} of what it reads, and no {most}"
        );
    }
}
