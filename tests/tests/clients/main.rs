//! The example clients in Python and TypeScript, run for real against the program on an invented authority.
//! `proto/clients/setup`, a step of `make test`, fetches what they need; where it could not, they are passed over and say so.

#![cfg(test)]

#[path = "../journeys/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the journeys' harness, of which this uses its part")]
mod harness;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::program::Running;
use harness::{Place, ask, line_with, number_in};
use proto::sharing::Purpose;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of a client that was put together.
fn client(language: &str) -> Option<PathBuf> {
    let made = root().join("target/clients").join(language);
    if made.join("built-from").exists() {
        return Some(made);
    }
    let stars = "*".repeat(112);
    eprintln!("{stars}\n**  NOT RUN: the example client in {language}. It is not here: proto/clients/setup\n{stars}");
    None
}

fn python() -> Option<Command> {
    let made = client("python")?;
    let mut command = Command::new(made.join("bin/python"));
    command.arg(root().join("proto/clients/python/example.py")).env("PYTHONPATH", made.join("generated"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

fn typescript() -> Option<Command> {
    let made = client("typescript")?;
    let mut command = Command::new("node");
    command.arg(made.join("build/src/example.js")).env("THROUGHLINE_PROTO", root().join("proto"));
    Some(command)
}

fn run(mut command: Command, place: &Place, organisation: &str, child: &str, purpose: &str) -> Output {
    let reader = place.path("here/readers").join(format!("{organisation}.toml"));
    command.arg(reader).args([child, purpose]).output().unwrap()
}

fn started(place: &Place) -> Running<'_> {
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    running
}

/// Both clients get what a client of the house gets, and tell of a refusal what its details say.
#[test]
fn the_example_clients_do_what_they_say() {
    let place = Place::new(60, 1);
    let _running = started(&place);
    let school = place.demo_organisation("school");
    let upn = place.demo_child("UPN");
    let child = format!("UPN:{}:{}", upn.issuer, upn.value);
    let expected = ask(&place, &school, &upn, Purpose::EducationProvision).unwrap();
    assert!(expected.entries.len() > 5 && !expected.existence.is_empty(), "more than a page, and something withheld");
    for command in [python(), typescript()].into_iter().flatten() {
        let what = format!("{command:?}");
        let output = run(command, &place, &school, &child, "education_provision");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{what}\n{printed}\n{}", String::from_utf8_lossy(&output.stderr));
        let timeline = line_with(&printed, "timeline:");
        assert_eq!(number_in(timeline, "entries"), expected.entries.len().to_string());
        assert_eq!(number_in(timeline, "pages"), expected.entries.len().div_ceil(5).to_string());
        assert_eq!(number_in(timeline, "services_withheld"), expected.existence.len().to_string());
        line_with(&printed, &format!("works with the child: {school} capacity=universal"));
        assert_ne!(number_in(line_with(&printed, "involvement:"), "known"), "0");
        assert_eq!(number_in(line_with(&printed, "watch:"), "present"), expected.entries.len().to_string());
        assert_eq!(number_in(line_with(&printed, "explained:"), "call"), "CALL_GET_TIMELINE");
        let refused = line_with(&printed, "refused: INVALID_ARGUMENT");
        assert_eq!(number_in(refused, "reason"), "PURPOSE_MISSING");
        assert_eq!(number_in(refused, "field"), "purpose:");
    }
}

/// A reader who shows another organisation's token is refused, and the client says so and ends with an error.
#[test]
fn the_example_clients_say_why_they_are_refused() {
    let place = Place::new(20, 2);
    let _running = place.up();
    place.record_facts();
    let [school, hospital] = ["school", "hospital"].map(|role| place.demo_organisation(role));
    let readers = place.path("here/readers");
    std::fs::copy(readers.join(format!("{hospital}.token")), readers.join(format!("{school}.token"))).unwrap();
    for command in [python(), typescript()].into_iter().flatten() {
        let output = run(command, &place, &school, "UPN:dfe:Z999999999999", "early_help");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{told}");
        assert_eq!(number_in(line_with(&told, "refused: UNAUTHENTICATED"), "reason"), "TOKEN_REFUSED:");
    }
}

/// The commands of the program itself, as a person types them.
#[test]
fn the_program_tells_who_works_with_a_child_and_why() {
    let place = Place::new(60, 1);
    let _running = started(&place);
    let upn = place.demo_child("UPN");
    let child = format!("UPN:{}:{}", upn.issuer, upn.value);
    let readers = place.path("here/readers");
    let reader = |role: &str| readers.join(format!("{}.toml", place.demo_organisation(role)));
    let social_worker = reader("socialCare");
    let as_reader = ["--as", social_worker.to_str().unwrap()];
    let about = [child.as_str(), "--purpose", "child_in_need"];
    let printed = place.must(&[&["involvement"][..], &about, &as_reader].concat());
    println!("{printed}");
    let social_care = place.demo_organisation("socialCare");
    assert!(printed.lines().any(|line| line.contains(&social_care) && line.contains("statutory")), "{printed}");
    let decision = number_in(line_with(&printed, "involvement:"), "decision").to_owned();
    let json = place.must(&[&["involvement", "--json"][..], &about, &as_reader].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["involved"].as_array().unwrap().len().to_string(),
        number_in(line_with(&printed, "involvement:"), "known")
    );

    let explained = place.must(&[&["explain", decision.as_str()][..], &as_reader].concat());
    println!("{explained}");
    assert!(explained.lines().any(|line| line.contains("P01-own-record") && line.contains("let in")), "{explained}");
    assert!(line_with(&explained, "explained:").contains(&decision), "{explained}");
    let school = reader("school");
    let refused = place.run(&["explain", &decision, "--as", school.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NO_SUCH_DECISION"));
    let missing = place.run(&["explain", "no-id", "--as", school.to_str().unwrap()]);
    assert_eq!(missing.status.code(), Some(2));
}
