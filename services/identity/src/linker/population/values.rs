//! Values, each held once however many say it.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::pages::{Full, Pages};

/// A value by its number, with the field that says it in the upper bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Value(u32);

const NUMBER_BITS: u32 = 27;
/// So many fields fit above the number.
pub(in crate::linker) const FIELDS_MAX: usize = 1 << (u32::BITS - NUMBER_BITS);

impl Value {
    fn of(field: usize, number: u32) -> Option<Self> {
        let field = u32::try_from(field).ok().filter(|field| *field < 1 << (u32::BITS - NUMBER_BITS))?;
        (number < 1 << NUMBER_BITS).then_some(Self(field << NUMBER_BITS | number))
    }

    pub(super) fn field(self) -> usize {
        usize::try_from(self.0 >> NUMBER_BITS).unwrap_or_default()
    }

    fn number(self) -> usize {
        usize::try_from(self.0 & ((1 << NUMBER_BITS) - 1)).unwrap_or_default()
    }
}

/// A text, and how many records say it.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    at: u32,
    uses: u32,
    bytes: u16,
    field: u8,
}

/// Every value of every field. In what order they came does not show from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    texts: Pages<u8>,
    held: Vec<Held>,
    free: Vec<u32>,
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl Values {
    /// The number of a value, which from now on one more says. A text is cut where it is absurdly long.
    pub(super) fn hold(&mut self, field: usize, text: &str) -> Result<Value, Full> {
        let hash = self.hasher.hash_one((field, text));
        let same = |number: &u32| self.is(*number, field, text);
        if let Some(number) = self.numbers.find(hash, same).copied() {
            if let Some(held) = self.held_mut(number) {
                held.uses += 1;
            }
            return Value::of(field, number).ok_or(Full);
        }
        let bytes = u16::try_from(text.len()).map_err(|_| Full)?;
        let number = match self.free.last() {
            Some(number) => *number,
            None => u32::try_from(self.held.len()).map_err(|_| Full)?,
        };
        let value = Value::of(field, number).ok_or(Full)?;
        let held = Held {
            at: self.texts.put(text.as_bytes())?,
            uses: 1,
            bytes,
            field: u8::try_from(field).map_err(|_| Full)?,
        };
        match self.free.pop() {
            Some(number) => {
                if let Some(free) = self.held_mut(number) {
                    *free = held;
                }
            }
            None => self.held.push(held),
        }
        let Self { numbers, held, texts, hasher, .. } = self;
        let hash_of = |number: &u32| {
            let held = usize::try_from(*number).ok().and_then(|at| held.get(at)).copied().unwrap_or_default();
            hasher.hash_one((usize::from(held.field), text_of(texts, held)))
        };
        numbers.insert_unique(hash, number, hash_of);
        Ok(value)
    }

    /// One less says it. The last takes it away.
    pub(super) fn release(&mut self, value: Value) {
        let Ok(number) = u32::try_from(value.number()) else { return };
        let Some(held) = self.held_mut(number) else { return };
        held.uses = held.uses.saturating_sub(1);
        if held.uses > 0 {
            return;
        }
        let gone = std::mem::take(held);
        let hash = self.hasher.hash_one((value.field(), text_of(&self.texts, gone)));
        if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number) {
            entry.remove();
        }
        self.texts.take(gone.at, usize::from(gone.bytes));
        self.free.push(number);
    }

    pub(super) fn text(&self, value: Value) -> &str {
        self.held.get(value.number()).map_or("", |held| text_of(&self.texts, *held))
    }

    fn is(&self, number: u32, field: usize, text: &str) -> bool {
        let held = usize::try_from(number).ok().and_then(|at| self.held.get(at)).copied().unwrap_or_default();
        usize::from(held.field) == field && text_of(&self.texts, held) == text
    }

    fn held_mut(&mut self, number: u32) -> Option<&mut Held> {
        self.held.get_mut(usize::try_from(number).ok()?)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.texts.bytes()
            + self.held.capacity() * size_of::<Held>()
            + self.free.capacity() * size_of::<u32>()
            + self.numbers.allocation_size()
    }
}

fn text_of(texts: &Pages<u8>, held: Held) -> &str {
    std::str::from_utf8(texts.run(held.at, usize::from(held.bytes))).unwrap_or_default()
}
