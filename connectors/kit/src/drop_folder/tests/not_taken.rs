//! What could be read and is not taken, since the file or the scope that it stands in could not: it is counted as that.

use super::*;
use crate::Output;
use crate::collected::Collected;
use crate::connector::Descriptor;
use crate::submission::{Outcome, Report};

/// Says what the toy says, but for a fault of its own.
struct Defective {
    opens: bool,
    fails: bool,
}

impl Connector for Defective {
    fn descriptor(&self) -> Descriptor {
        Toy::default().descriptor()
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        let mut said = Collected::default();
        Toy::default().translate(files, &mut said);
        said.scopes.into_iter().filter(|_| self.opens).for_each(|scope| out.scope(scope));
        for draft in said.drafts {
            out.record();
            out.draft(draft);
        }
        assert!(!self.fails, "a defect");
    }
}

/// What became of the entries of [`FIRST`], and of its file.
async fn became_of(connector: Defective) -> (Vec<(Outcome, u64)>, &'static str, usize) {
    let house = House::new();
    let reports = house.dir.path().join("reports");
    let publisher = house.publisher(&connector).await.into();
    let log: Arc<dyn EventLog> = Arc::<crate::testing::FaultyLog>::clone(&house.log);
    let baselines = Baselines::open(&house.dir.path().join("baselines"), crate::testing::pseudonyms()).unwrap();
    let options = Options { reports: Some(reports.clone()), ..Options::of(&house.dir.path().join("drop")) };
    let mut folder =
        DropFolder::open(Arc::new(connector), publisher, log, house.wrapping(), baselines, options).await.unwrap();
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    let outcomes = Report::load_all(&reports).unwrap()[0].total().outcomes.into_iter().collect();
    let stands = [DONE, REJECTED].into_iter().find(|folder| !house.files(folder).is_empty()).unwrap();
    assert_eq!(house.items().await.len(), 1, "and quarantine says why");
    (outcomes, stands, house.events(Topic::Education).await.len())
}

#[tokio::test]
async fn what_came_before_a_defect_is_not_unchanged() {
    let (outcomes, stands, events) = became_of(Defective { opens: true, fails: true }).await;
    let [(Outcome::Quarantined, 1), (Outcome::NotTaken, read)] = outcomes[..] else { panic!("{outcomes:?}") };
    assert!((1..=4).contains(&read), "{read} of four entries");
    assert_eq!((stands, events), (REJECTED, 0));
}

#[tokio::test]
async fn a_scope_that_was_never_opened_is_told() {
    let (outcomes, stands, events) = became_of(Defective { opens: false, fails: false }).await;
    assert_eq!(outcomes, [(Outcome::Quarantined, 1), (Outcome::NotTaken, 4)]);
    assert_eq!((stands, events), (REJECTED, 0));
}
