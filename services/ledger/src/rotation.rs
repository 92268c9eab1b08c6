//! How one signing key follows another: a note that names both, signed by both.
//!
//! ```text
//! example.org/ledger
//! throughline ledger key rotation v1
//! time 1763812345
//! from example.org/ledger+id+key
//! to example.org/ledger+id+key
//! ```
//!
//! Whoever trusts one of the two may trust the other: the old one named its successor, and the new one its predecessor. What the
//! old key signed stays signed.

use crate::checkpoint::number;
use crate::note::{KeyKind, Note, NoteError, SigningKey, VerifierKey};

const KIND: &str = "throughline ledger key rotation v1";

/// Why keys cannot be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// Not a note, or not signed by both.
    #[error("a note of a key's rotation cannot be believed: {0}")]
    Note(#[from] NoteError),
    /// A key with two successors, or two predecessors.
    #[error("a key of the ledger was followed by two others: one of the two rotations is not the ledger's")]
    Forked,
}

/// One key after another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// The key until now.
    pub from: VerifierKey,
    /// The key from now on.
    pub to: VerifierKey,
}

impl Rotation {
    /// Says it, under both keys.
    ///
    /// # Errors
    /// [`NoteError::Key`] unless both are signing keys of one name, and not the same.
    pub fn sign(from: &SigningKey, to: &SigningKey, at: u64) -> Result<Note, NoteError> {
        let (old, new) = (from.public(), to.public());
        let mut note = Note::new(format!("{}\n{KIND}\ntime {at}\nfrom {old}\nto {new}\n", old.name()))?;
        note.add(from.sign(note.text(), at));
        note.add(to.sign(note.text(), at));
        Self::believed(&note)?;
        Ok(note)
    }

    /// Reads a note, and holds both keys to have signed it.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn believed(note: &Note) -> Result<Self, NoteError> {
        let rotation = Self::of_text(note.text()).ok_or(NoteError::Malformed("it is no rotation of a ledger's key"))?;
        let both = [rotation.from.clone(), rotation.to.clone()];
        match note.check(&both)?.as_slice() {
            [_, _] => Ok(rotation),
            _ => Err(NoteError::Unsigned),
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next()?;
        lines.next().filter(|kind| *kind == KIND)?;
        number(lines.next()?.strip_prefix("time ")?)?;
        let from = VerifierKey::parse(lines.next()?.strip_prefix("from ")?).ok()?;
        let to = VerifierKey::parse(lines.next()?.strip_prefix("to ")?).ok()?;
        let of_ledger = |key: &VerifierKey| key.name() == origin && key.kind() == KeyKind::Note;
        (of_ledger(&from) && of_ledger(&to) && from != to && lines.next().is_none()).then_some(Self { from, to })
    }
}

/// Every key that a trusted one leads to.
///
/// # Errors
/// [`RotationError`]: one note that cannot be believed spoils all.
pub fn keys_from(trusted: &VerifierKey, rotations: &[Note]) -> Result<Vec<VerifierKey>, RotationError> {
    let rotations = rotations.iter().map(Rotation::believed).collect::<Result<Vec<_>, _>>()?;
    for (at, one) in rotations.iter().enumerate() {
        let others = rotations.iter().skip(at + 1).filter(|other| *other != one);
        if others.into_iter().any(|other| (other.from == one.from) || (other.to == one.to)) {
            return Err(RotationError::Forked);
        }
    }
    let mut keys = vec![trusted.clone()];
    while let Some(next) =
        rotations.iter().find_map(|Rotation { from, to }| match (keys.contains(from), keys.contains(to)) {
            (true, false) => Some(to.clone()),
            (false, true) => Some(from.clone()),
            _ => None,
        })
    {
        keys.push(next);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::new("example.org/ledger", KeyKind::Note, [seed; 32]).unwrap()
    }

    #[test]
    fn any_key_of_the_chain_leads_to_all_of_them() {
        let keys = [1, 2, 3].map(key);
        let notes = [Rotation::sign(&keys[0], &keys[1], 5).unwrap(), Rotation::sign(&keys[1], &keys[2], 6).unwrap()];
        for trusted in &keys {
            let found = keys_from(trusted.public(), &notes).unwrap();
            assert!(keys.iter().all(|key| found.contains(key.public())) && found.len() == 3);
        }
        assert_eq!(keys_from(key(9).public(), &notes).unwrap(), [key(9).public().clone()]);
    }

    #[test]
    fn a_rotation_needs_both_and_has_no_rival() {
        let [old, new, rival] = [1, 2, 3].map(key);
        let note = Rotation::sign(&old, &new, 5).unwrap();
        let mut by_new_alone = Note::new(note.text().to_owned()).unwrap();
        by_new_alone.add(new.sign(note.text(), 5));
        assert_eq!(Rotation::believed(&by_new_alone), Err(NoteError::Unsigned));
        let mut forged = by_new_alone.clone();
        forged.add(crate::note::Signature { id: old.public().id(), ..new.sign(note.text(), 5) });
        assert_eq!(Rotation::believed(&forged), Err(NoteError::Forged));
        let other = Rotation::sign(&old, &rival, 5).unwrap();
        assert_eq!(keys_from(old.public(), &[note.clone(), other]), Err(RotationError::Forked));
        assert!(Rotation::sign(&old, &old, 5).is_err());
        // The same rotation twice is one.
        assert_eq!(keys_from(old.public(), &[note.clone(), note]).unwrap().len(), 2);
    }
}
