//! What could be read and is not taken, since the file or the scope that it stands in could not: it is counted as that.

use super::*;
use crate::Output;
use crate::collected::Collected;
use crate::connector::{Descriptor, Draft};
use crate::submission::{Outcome, Report};
use proto::events::Subject;

/// Says what the toy says, but for a fault of its own.
#[derive(Default)]
struct Defective {
    opens: bool,
    fails: bool,
    /// Says of each record that it is one child's more, under the same key.
    shares: bool,
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
            if self.shares {
                let value = format!("{}-other", draft.subject.value);
                out.draft(Draft { subject: Subject { value, ..draft.subject.clone() }, ..draft.clone() });
            }
            out.draft(draft);
        }
        assert!(!self.fails, "a defect");
    }
}

/// What became of the entries of [`FIRST`], and of its file.
async fn became_of(connector: Defective) -> (Vec<(Outcome, u64)>, &'static str, usize) {
    let (report, stands, items, events) = dropped(connector, "toy-2025-01-16.csv").await;
    assert_eq!(items, 1, "and quarantine says why");
    (report.total().outcomes.into_iter().collect(), stands, events)
}

/// The report of [`FIRST`] under this name, where its file stands, and how many items and events there are.
async fn dropped(connector: Defective, name: &str) -> (Report, &'static str, usize, usize) {
    let house = House::new();
    let reports = house.dir.path().join("reports");
    let publisher = house.publisher(&connector).await.into();
    let log: Arc<dyn EventLog> = Arc::<crate::testing::FaultyLog>::clone(&house.log);
    let baselines = Baselines::open(&house.dir.path().join("baselines"), crate::testing::pseudonyms()).unwrap();
    let options = Options { reports: Some(reports.clone()), ..Options::of(&house.dir.path().join("drop")) };
    let mut folder =
        DropFolder::open(Arc::new(connector), publisher, log, house.wrapping(), baselines, options).await.unwrap();
    house.drop_file(name, FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    let report = Report::load_all(&reports).unwrap().remove(0);
    let stands = [DONE, REJECTED].into_iter().find(|folder| !house.files(folder).is_empty()).unwrap();
    (report, stands, house.items().await.len(), house.events(Topic::Education).await.len())
}

#[tokio::test]
async fn what_came_before_a_defect_is_not_unchanged() {
    let (outcomes, stands, events) = became_of(Defective { opens: true, fails: true, ..Defective::default() }).await;
    let [(Outcome::Quarantined, 1), (Outcome::NotTaken, read)] = outcomes[..] else { panic!("{outcomes:?}") };
    assert!((1..=4).contains(&read), "{read} of four entries");
    assert_eq!((stands, events), (REJECTED, 0));
}

#[tokio::test]
async fn a_scope_that_was_never_opened_is_told() {
    let (outcomes, stands, events) = became_of(Defective::default()).await;
    assert_eq!(outcomes, [(Outcome::Quarantined, 1), (Outcome::NotTaken, 4)]);
    assert_eq!((stands, events), (REJECTED, 0));
}

#[tokio::test]
async fn a_record_that_shares_its_key_is_quarantined_and_nothing_else() {
    let (report, stands, items, events) =
        dropped(Defective { opens: true, shares: true, ..Defective::default() }, "toy-2025-01-16.csv").await;
    let outcomes: Vec<_> = report.total().outcomes.into_iter().collect();
    assert_eq!(outcomes, [(Outcome::Quarantined, 8)]);
    assert_eq!((stands, items, events), (REJECTED, 8, 0), "nothing of it was taken");
}

#[tokio::test]
async fn what_stands_in_a_file_of_the_future_is_not_silent() {
    let (report, stands, _, _) = dropped(Defective { opens: true, ..Defective::default() }, "toy-2027-01-17.csv").await;
    let outcomes: Vec<_> = report.total().outcomes.into_iter().collect();
    assert_eq!(outcomes, [(Outcome::Quarantined, 1), (Outcome::NotTaken, 4)]);
    assert_eq!((stands, report.records, report.silent), (REJECTED, 4, 0));
}
