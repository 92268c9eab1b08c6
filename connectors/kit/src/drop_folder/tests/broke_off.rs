//! A disk that fails beneath a connector: nothing counts that waited for the submission's end, and it is dealt with again.

use std::sync::atomic::AtomicU32;

use super::*;
use crate::Output;
use crate::collected::Collected;
use crate::connector::Descriptor;

/// Says what the toy says, but in one of its readings breaks off in the middle.
struct BreaksOff {
    /// Which reading, from one.
    at: u32,
    why: std::io::ErrorKind,
    readings: AtomicU32,
}

impl BreaksOff {
    fn at(at: u32, why: std::io::ErrorKind) -> Self {
        Self { at, why, readings: AtomicU32::new(0) }
    }
}

impl Connector for BreaksOff {
    fn descriptor(&self) -> Descriptor {
        Toy::default().descriptor()
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        let breaks = self.readings.fetch_add(1, Ordering::Relaxed) + 1 == self.at;
        let mut said = Collected::default();
        Toy::default().translate(files, &mut said);
        said.scopes.into_iter().for_each(|scope| out.scope(scope));
        let says = if breaks { 3 } else { said.drafts.len() };
        for draft in said.drafts.into_iter().take(says) {
            out.record();
            out.draft(draft);
        }
        if breaks {
            return out.broke_off(self.why.into());
        }
        said.whole.iter().for_each(|key| out.whole(key));
    }
}

#[tokio::test]
async fn a_submission_whose_rows_the_disk_does_not_hold_waits_and_is_dealt_with_whole() {
    // What a submission changes is said in a second reading of it.
    for at in [1, 2] {
        let house = House::new();
        let mut folder = house.drop_folder(BreaksOff::at(at, std::io::ErrorKind::StorageFull)).await;
        house.drop_file("toy-2025-01-16.csv", FIRST);
        let error = folder.drain_once(NOW_US).await.unwrap_err();
        let waits_for = ("hold the rows of a submission in", "no storage space".to_owned());
        assert!(error.may_pass(), "{error}");
        assert_eq!(error.waits_for(), waits_for);
        assert_eq!((house.items().await.len(), house.files("done").len()), (0, 0));

        assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 1);
        assert_eq!(causes(&house).await, [Cause::Started, Cause::Started, Cause::Started, Cause::Ended]);
        assert_eq!((house.items().await.len(), house.files("done").len()), (0, 1));
    }
}

#[tokio::test]
async fn a_submission_whose_rows_come_to_more_than_any_does_not_wait_for_a_larger_disk() {
    let house = House::new();
    let mut folder = house.drop_folder(BreaksOff::at(1, std::io::ErrorKind::FileTooLarge)).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 1);
    let reasons: Vec<Reason> = house.items().await.iter().map(|item| item.reason()).collect();
    assert_eq!(reasons, [Reason::RecordTooLarge]);
    assert_eq!((house.events(Topic::Education).await.len(), house.files("rejected").len()), (0, 1));
}
