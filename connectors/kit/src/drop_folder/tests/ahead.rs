//! Many that wait: one is read while another is dealt with.

use super::*;

/// So little that it is read once.
const ONE: &str = "id,name,start,end\n1,a,2024-09-01,\n";

/// The toy, but the first file is read only once the second has begun to be, and of each it is noted how many submissions had
/// been dealt with when it began.
struct Ahead {
    toy: Toy,
    dealt_with: Box<dyn Fn() -> usize + Send + Sync>,
    begun: (std::sync::mpsc::Sender<()>, std::sync::Mutex<std::sync::mpsc::Receiver<()>>),
    after: Arc<std::sync::Mutex<BTreeMap<String, usize>>>,
}

impl Connector for Ahead {
    fn descriptor(&self) -> crate::Descriptor {
        self.toy.descriptor()
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        self.toy.submissions(names)
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn crate::Output) {
        self.after.lock().unwrap().insert(files[0].name.clone(), (self.dealt_with)());
        match files[0].name.as_str() {
            "toy-2025-01-16.csv" => self.begun.1.lock().unwrap().recv_timeout(Duration::from_secs(60)).unwrap(),
            "toy-2025-02-16.csv" => self.begun.0.send(()).unwrap(),
            _ => {}
        }
        self.toy.translate(files, out);
    }
}

#[tokio::test]
async fn the_next_submission_is_read_while_one_is_dealt_with_and_none_after_it() {
    let house = House::new();
    let (done, after) = (house.dir.path().join("drop/done"), Arc::default());
    let (to, from) = std::sync::mpsc::channel();
    let connector = Ahead {
        toy: Toy::default(),
        dealt_with: Box::new(move || fs::read_dir(&done).unwrap().count()),
        begun: (to, from.into()),
        after: Arc::clone(&after),
    };
    let mut folder = house.drop_folder(connector).await;
    let names = [1, 2, 3].map(|month| format!("toy-2025-0{month}-16.csv"));
    names.iter().for_each(|name| house.drop_file(name, ONE));
    assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 3);
    assert_eq!(house.files("done"), names.clone().into());
    let after = after.lock().unwrap();
    assert_eq!(after[&names[0]], 0);
    assert_eq!(after[&names[1]], 0, "while the first was dealt with");
    assert!(after[&names[2]] >= 1, "not before the first was done");
}
