use super::*;
use crate::toy::Toy;

#[test]
fn a_folder_is_translated_and_nothing_is_published() {
    let dir = tempfile::tempdir().unwrap();
    let rows = "id,name,start,end\n1,a,2024-09-01,\n2,a,2024-09-01,soon\n,a,2024-09-01,\n";
    std::fs::write(dir.path().join("toy-2025-01-16.csv"), rows).unwrap();
    std::fs::write(dir.path().join("toy-2025-02-16.csv"), "id,start\n1,2024-09-01\n").unwrap();
    std::fs::write(dir.path().join("toy-2025-03-16.csv.part"), "id,start\n1,2024-09-01\n").unwrap();
    let (mut events, mut rejected) = (Vec::new(), Vec::new());
    let totals = translate_only(&Toy::default(), &[dir.path().to_path_buf()], &mut |said| match said {
        Translated::Event(body) => events.push(*body),
        Translated::Rejected(rejection) => rejected.push(*rejection),
    });
    assert_eq!(totals.unwrap(), Totals { records: 4, events: 3, findings: 1, rejected: 1 });
    assert_eq!((events.len(), rejected.len()), (3, 1));
    assert_eq!(events[0].subject.as_ref().unwrap().value, "1");
    assert!(events[0].version.unwrap().as_of_us < events[2].version.unwrap().as_of_us);
    assert!(events.iter().all(|event| event.entry_id.is_empty()));
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let nowhere = PathBuf::from("nowhere/at-all.csv");
    assert_eq!(translate_only(&Toy::default(), &[nowhere], &mut |_| {}).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn files_of_one_name_are_of_no_one_submission() {
    let dir = tempfile::tempdir().unwrap();
    let folders = ["2017", "2018"].map(|year| dir.path().join(year));
    for folder in &folders {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("toy-2025-01-16.csv"), "id,start\n1,2024-09-01\n").unwrap();
    }
    let both = translate_only(&Toy::default(), &folders, &mut |_| {}).unwrap_err();
    assert_eq!(both.kind(), io::ErrorKind::InvalidInput);
    // Folders in a folder are not entered, and that is said.
    let above = translate_only(&Toy::default(), &[dir.path().to_path_buf()], &mut |_| {}).unwrap_err();
    assert!(above.to_string().contains("folders within a folder"), "{above}");
}
