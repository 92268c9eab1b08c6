#![no_main]
//! Any bytes: reading a note and what it says never panics, and what is taken has one spelling only.

use ledger::checkpoint::Checkpoint;
use ledger::note::{Note, VerifierKey};
use ledger::rotation::Rotation;
use ledger::statement::Statement;
use ledger::tile::Tile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        let _said = (Checkpoint::of(&note), Statement::of(&note), Rotation::believed(&note));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(key) = VerifierKey::parse(text) {
            assert_eq!(key.to_string(), text);
        }
        if let Some(tile) = Tile::parse(text) {
            assert_eq!(tile.to_string(), text);
        }
    }
});
