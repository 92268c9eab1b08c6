//! The seeds of the fuzz target, by which it begins, held to what it holds.

#![cfg(test)]

use std::path::Path;

use ledger::checkpoint::Checkpoint;
use ledger::note::{KeyKind, Note, SigningKey, VerifierKey};
use ledger::rotation::Rotation;
use ledger::statement::{Head, Statement};
use ledger::tile::Tile;

fn seeds() -> Vec<(&'static str, String)> {
    let [old, new] = [1, 2].map(|seed| SigningKey::new("example.org/ledger", KeyKind::Note, [seed; 32]).unwrap());
    let witness = SigningKey::new("witness.example.org", KeyKind::Witness, [3; 32]).unwrap();
    let heads = vec![
        Head { tree: "throughline.health.v1/3".to_owned(), size: 532, root: [4; 32] },
        Head { tree: "throughline.sharing.v1/15".to_owned(), size: 1, root: [5; 32] },
    ];
    let (statement, mut note) = Statement::sign(&old, 1_763_812_345, heads, None).unwrap();
    note.add(witness.sign(note.text(), 1_763_812_346));
    vec![
        ("statement", note.to_string()),
        ("checkpoint", statement.checkpoint("throughline.health.v1/3").unwrap().to_string()),
        ("rotation", Rotation::sign(&old, &new, 1_763_812_345).unwrap().to_string()),
        ("verifier-key", old.public().to_string()),
        ("tile", "tile/entries/x001/067.p/17".to_owned()),
    ]
}

/// `UPDATE_GOLDEN=1` writes them anew. What was signed once must be read for ever, so they change only where one is added.
#[test]
fn the_seeds_are_what_they_were_and_are_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/note");
    for (name, seed) in seeds() {
        let file = corpus.join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&file, &seed).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(kept, seed, "{name}");
        match name {
            "verifier-key" => assert_eq!(VerifierKey::parse(&kept).unwrap().to_string(), kept),
            "tile" => assert_eq!(Tile::parse(&kept).unwrap().to_string(), kept),
            _ => {
                let note = Note::parse(kept.as_bytes()).unwrap();
                assert_eq!(note.to_string(), kept);
                let read =
                    [Statement::of(&note).is_ok(), Checkpoint::of(&note).is_ok(), Rotation::believed(&note).is_ok()];
                assert_eq!(read.iter().filter(|read| **read).count(), 1, "{name} is one thing and no other");
            }
        }
    }
}
