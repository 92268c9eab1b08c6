//! Whoever has records erased, and what is looked for afterwards.

use std::fs;
use std::path::Path;

use super::Place;
use super::program::line_with;

impl Place {
    /// A command of `erasure`, as a person.
    pub(crate) fn erasure_as(&self, person: &str, arguments: &[&str]) -> Result<String, String> {
        let readers = self.path("here/readers");
        let of = [&["erasure"], arguments, &["--as", person, "--readers", readers.to_str().unwrap()]].concat();
        let output = self.run(&of);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// A child of the demo, as a command is told of them.
    pub(crate) fn reference(&self, scheme: &str) -> String {
        let child = self.demo_child(scheme);
        format!("{scheme}:{}:{}", child.issuer, child.value)
    }

    /// Proposed by one person and confirmed by another, with no time to think: the erasure's id.
    pub(crate) fn erasure_confirmed(&self, reference: &str) -> String {
        let proposal =
            ["propose", reference, "--only-this-number", "--authority", "court_order", "--reference", "CO-2026-17"];
        let proposal = [&proposal[..], &["--reason", "an invented order", "--cooling-off-hours", "0"]].concat();
        let proposed = self.erasure_as("approver-1", &proposal).unwrap();
        let id = line_with(&proposed, "erasure: ok").split_whitespace().nth(2).unwrap().to_owned();
        let refused = self.erasure_as("approver-1", &["confirm", &id]).unwrap_err();
        assert!(refused.contains("SECOND_PERSON_NEEDED"), "{refused}");
        self.erasure_as("approver-2", &["confirm", &id]).unwrap();
        id
    }
}

/// Every file below a folder that holds one of these.
pub(crate) fn holding(dir: &Path, sought: &[Vec<u8>], found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            holding(&path, sought, found);
            continue;
        }
        // A socket, or gone meanwhile: nothing of either is kept.
        let Ok(bytes) = fs::read(&path) else { continue };
        let holds = |sought: &Vec<u8>| bytes.windows(sought.len()).any(|window| window == sought);
        if sought.iter().any(holds) {
            found.push(path.display().to_string());
        }
    }
}

/// Every key below a folder, as its file writes it and as the 32 bytes that it is.
pub(crate) fn keys_below(dir: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(keys_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "key") {
            let text = fs::read_to_string(&path).unwrap().trim().to_owned();
            found.push(hex::decode(&text).unwrap());
            found.push(text.into_bytes());
        }
    }
    found
}
