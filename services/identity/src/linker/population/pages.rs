//! Short runs of numbers or bytes, held close together, each found by where it begins. What is given back is used again, for
//! a run of the same length.

/// Items on a page. A run never crosses from one page to the next.
const PAGE_ITEMS: usize = 1 << 16;
/// The longest run that shares a page. A longer one has pages to itself: see [`Pages::put`].
const SHARED_ITEMS_MAX: usize = 1 << 12;

/// Runs of items.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages<T> {
    pages: Vec<Vec<T>>,
    /// The page that is being filled.
    filling: Option<usize>,
    /// By length, where runs that were given back begin.
    free: Vec<Vec<u32>>,
    /// Pages of one long run each that were given back.
    free_pages: Vec<usize>,
}

/// There is no more room: a run is found by 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Full;

impl<T: Copy + Default> Pages<T> {
    /// Puts a run, and says where it begins.
    pub(super) fn put(&mut self, run: &[T]) -> Result<u32, Full> {
        if run.len() > SHARED_ITEMS_MAX {
            return self.put_long(run);
        }
        if let Some(at) = self.free.get_mut(run.len()).and_then(Vec::pop) {
            self.run_mut(at, run.len()).copy_from_slice(run);
            return Ok(at);
        }
        let filling = self.filling.and_then(|page| self.pages.get(page).map(|items| (page, items.len())));
        let page = match filling {
            Some((page, items)) if items + run.len() <= PAGE_ITEMS => page,
            _ => self.new_page(PAGE_ITEMS)?,
        };
        self.filling = Some(page);
        let Some(items) = self.pages.get_mut(page) else { return Err(Full) };
        let at = place(page, items.len())?;
        items.extend_from_slice(run);
        Ok(at)
    }

    fn put_long(&mut self, run: &[T]) -> Result<u32, Full> {
        let page = match self.free_pages.pop() {
            Some(page) => page,
            None => self.new_page(0)?,
        };
        if let Some(items) = self.pages.get_mut(page) {
            *items = run.to_vec();
        }
        place(page, 0)
    }

    fn new_page(&mut self, items: usize) -> Result<usize, Full> {
        place(self.pages.len(), 0)?;
        self.pages.push(Vec::with_capacity(items));
        Ok(self.pages.len() - 1)
    }

    /// The run of this length that begins there.
    pub(super) fn run(&self, at: u32, length: usize) -> &[T] {
        let (page, offset) = parted(at);
        self.pages.get(page).and_then(|items| items.get(offset..offset + length)).unwrap_or_default()
    }

    pub(super) fn run_mut(&mut self, at: u32, length: usize) -> &mut [T] {
        let (page, offset) = parted(at);
        self.pages.get_mut(page).and_then(|items| items.get_mut(offset..offset + length)).unwrap_or_default()
    }

    /// Takes a run back. Nothing of what it said stays in memory.
    pub(super) fn take(&mut self, at: u32, length: usize) {
        let (page, _) = parted(at);
        self.run_mut(at, length).fill(T::default());
        if length > SHARED_ITEMS_MAX {
            if let Some(items) = self.pages.get_mut(page) {
                *items = Vec::new();
            }
            self.free_pages.push(page);
            return;
        }
        if self.free.len() <= length {
            self.free.resize(length + 1, Vec::new());
        }
        if let Some(free) = self.free.get_mut(length) {
            free.push(at);
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let held: usize = self.pages.iter().map(Vec::capacity).sum();
        held * size_of::<T>() + self.free.iter().map(|free| free.capacity() * size_of::<u32>()).sum::<usize>()
    }
}

fn place(page: usize, offset: usize) -> Result<u32, Full> {
    u32::try_from(page * PAGE_ITEMS + offset).map_err(|_| Full)
}

fn parted(at: u32) -> (usize, usize) {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    (at / PAGE_ITEMS, at % PAGE_ITEMS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is put, taken back and put again, every run that stands reads as it was put.
        #[test]
        fn runs_do_not_touch_each_other(steps in proptest::collection::vec((any::<u8>(), 0_usize..5_000, any::<bool>()), 1..80)) {
            let mut pages = Pages::default();
            let mut standing: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
            for (fill, length, takes) in steps {
                if takes && let Some((at, run)) = standing.pop_first() {
                    pages.take(at, run.len());
                    continue;
                }
                let run = vec![fill.max(1); length.max(1)];
                let at = pages.put(&run).unwrap();
                prop_assert!(standing.insert(at, run).is_none());
                for (at, run) in &standing {
                    prop_assert_eq!(pages.run(*at, run.len()), run.as_slice());
                }
            }
        }
    }
}
