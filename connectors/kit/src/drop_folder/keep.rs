//! What has been dealt with goes after a while, where somebody has said after how long: it is children's records in clear.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::IntakeError;
use super::files::{failed, list};
use super::picked_up_us;

/// Where the notes are.
const RECEIVED: &str = "received";
const DEALT: &str = "dealt";

/// How often it is looked for what is old enough.
const LOOK_EVERY_US: i64 = 3_600_000_000;

/// Removes old submissions, and what was noted of those that are gone.
pub(super) struct Keep {
    folders: [PathBuf; 2],
    /// Who posted what: a note for each submission that was posted, by when it was picked up.
    notes: PathBuf,
    /// `None` is for ever.
    keep: Option<Duration>,
    looked_at_us: Option<i64>,
}

impl Keep {
    /// Of these, which stand beside the notes.
    pub(super) fn new(folders: [PathBuf; 2], keep: Option<Duration>) -> Self {
        let [done, _] = &folders;
        let notes = done.with_file_name(RECEIVED).join(DEALT);
        Self { folders, notes, keep, looked_at_us: None }
    }

    /// Removes each submission that was picked up longer ago than it is kept, once an hour; how many those were. `now_us`:
    /// microseconds since 1970.
    pub(super) fn remove_old(&mut self, now_us: i64) -> Result<usize, IntakeError> {
        // A clock that was set back is no reason to stop looking.
        if self.looked_at_us.is_some_and(|looked| (looked..looked.saturating_add(LOOK_EVERY_US)).contains(&now_us)) {
            return Ok(0);
        }
        self.looked_at_us = Some(now_us);
        let removed = match self.keep.and_then(|keep| i64::try_from(keep.as_micros()).ok()) {
            Some(keep_us) => self.remove_before(now_us.saturating_sub(keep_us))?,
            None => 0,
        };
        self.forget_gone()?;
        Ok(removed)
    }

    fn remove_before(&self, before_us: i64) -> Result<usize, IntakeError> {
        // What a person put here, under a name of their own, was picked up by nobody, and is theirs.
        let is_old = |dir: &Path| dir.is_dir() && (1..before_us).contains(&picked_up_us(dir));
        let mut removed = 0;
        for folder in &self.folders {
            for dir in list(folder)?.into_iter().filter(|dir| is_old(dir)) {
                fs::remove_dir_all(&dir).map_err(|source| failed("remove", &dir, source))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// A note bounds what may be said of its submission again: it goes when nothing can be read of that any more, whether it was
    /// removed here or by a person.
    fn forget_gone(&self) -> Result<(), IntakeError> {
        if !self.notes.is_dir() {
            return Ok(());
        }
        let notes = list(&self.notes)?;
        let mut kept = BTreeSet::new();
        for folder in &self.folders {
            kept.extend(list(folder)?.iter().map(|dir| picked_up_us(dir)));
        }
        for note in notes.into_iter().filter(|note| !kept.contains(&picked_up_us(note))) {
            fs::remove_file(&note).map_err(|source| failed("remove", &note, source))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::name_of;

    const DAY_US: i64 = 86_400_000_000;

    #[test]
    fn what_is_older_than_it_is_kept_goes_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folders = ["done", "rejected"].map(|name| root.path().join(name));
        let today = 20_000 * DAY_US;
        let lay = || {
            for (folder, name) in folders.iter().flat_map(|folder| {
                [today - 40 * DAY_US, today - 30 * DAY_US, today - 1].map(|at| (folder, format!("{at:020}")))
            }) {
                fs::create_dir_all(folder.join(&name)).unwrap();
                fs::write(folder.join(&name).join("invented.csv"), "x").unwrap();
            }
            fs::create_dir_all(folders[0].join(format!("{:020}-allowed", today - 50 * DAY_US))).unwrap();
            fs::create_dir_all(folders[0].join("looked at by hand")).unwrap();
            fs::write(folders[1].join(format!("{:020}", 7)), "a file, and no submission").unwrap();
        };
        let left = || folders.each_ref().map(|folder| list(folder).unwrap().len());
        lay();
        assert_eq!(Keep::new(folders.clone(), None).remove_old(today).unwrap(), 0);
        assert_eq!(left(), [5, 4], "for ever");
        let mut keep = Keep::new(folders.clone(), Some(Duration::from_secs(30 * 86_400)));
        assert_eq!(keep.remove_old(today).unwrap(), 3);
        assert_eq!(left(), [3, 3]);
        lay();
        assert_eq!(keep.remove_old(today + 1).unwrap(), 0, "looked a moment ago");
        assert_eq!(keep.remove_old(today - DAY_US).unwrap(), 3, "its clock was set back");
        assert_eq!(keep.remove_old(today + LOOK_EVERY_US).unwrap(), 2);
        assert_eq!(left(), [2, 2]);
    }

    #[test]
    fn a_note_of_who_posted_stays_as_long_as_what_they_posted_can_be_read_again() {
        let root = tempfile::tempdir().unwrap();
        let folders = ["done", "rejected"].map(|name| root.path().join(name));
        let notes = root.path().join("received/dealt");
        let today = 20_000 * DAY_US;
        let [old, new, refused, gone] = [40, 1, 2, 3].map(|days| format!("{:020}", today - days * DAY_US));
        for dir in [folders[0].join(&old), folders[0].join(&new), folders[1].join(&refused)] {
            fs::create_dir_all(dir).unwrap();
        }
        fs::create_dir_all(&notes).unwrap();
        for note in [&old, &new, &refused, &gone] {
            fs::write(notes.join(note), "00000000000000000000000000000000").unwrap();
        }
        let left = || list(&notes).unwrap().iter().map(|note| name_of(note)).collect::<BTreeSet<_>>();
        // What a person removed by hand, where everything is kept for ever.
        Keep::new(folders.clone(), None).remove_old(today).unwrap();
        assert_eq!(left(), [&old, &refused, &new].map(String::clone).into());
        let month = Some(Duration::from_secs(30 * 86_400));
        Keep::new(folders.clone(), month).remove_old(today).unwrap();
        assert_eq!(left(), [&refused, &new].map(String::clone).into());
    }
}
