//! What has been dealt with goes after a while, where somebody has said after how long: it is children's records in clear.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::IntakeError;
use super::files::{failed, list};
use super::picked_up_us;

/// How often it is looked for what is old enough.
const LOOK_EVERY_US: i64 = 3_600_000_000;

/// Removes old submissions.
pub(super) struct Keep {
    folders: [PathBuf; 2],
    /// `None` is for ever.
    keep: Option<Duration>,
    looked_at_us: Option<i64>,
}

impl Keep {
    pub(super) fn new(folders: [PathBuf; 2], keep: Option<Duration>) -> Self {
        Self { folders, keep, looked_at_us: None }
    }

    /// Removes each submission that was picked up longer ago than it is kept, once an hour; how many those were. `now_us`:
    /// microseconds since 1970.
    pub(super) fn remove_old(&mut self, now_us: i64) -> Result<usize, IntakeError> {
        let Some(keep_us) = self.keep.and_then(|keep| i64::try_from(keep.as_micros()).ok()) else { return Ok(0) };
        // A clock that was set back is no reason to stop looking.
        if self.looked_at_us.is_some_and(|looked| (looked..looked.saturating_add(LOOK_EVERY_US)).contains(&now_us)) {
            return Ok(0);
        }
        self.looked_at_us = Some(now_us);
        let before_us = now_us.saturating_sub(keep_us);
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
