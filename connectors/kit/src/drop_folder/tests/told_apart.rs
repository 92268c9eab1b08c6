//! Each record that is refused is an item of its own, also where another stood at the same place of a file of the same name.

use super::*;

/// Drops these one after another as files of one name, each twice, and gives how many items there are after each.
async fn items_after(connector: Toy, texts: &[&str]) -> Vec<usize> {
    let house = House::new();
    let mut folder = house.drop_folder(connector).await;
    let mut items = Vec::new();
    for text in texts {
        for again in ["", " again"] {
            house.drop_file("toy-2025-01-16.csv", text);
            folder.drain_once(NOW_US).await.unwrap();
            let there = house.items().await.len();
            assert!(again.is_empty() || items.last() == Some(&there), "the same file again adds nothing");
            items.extend(again.is_empty().then_some(there));
        }
    }
    items
}

#[tokio::test]
async fn a_record_that_may_not_be_said() {
    let texts = [
        "id,name,start,end\n1,a,2024-09-01,\n",
        "id,name,start,end\n1,b,2024-09-01,\n",
        "id,name,start,end\n2,a,2024-09-01,\n",
        "id,name,start,end\n2,a,2024-09-01,2024-12-20\n",
    ];
    assert_eq!(items_after(Toy::of("school-9991234"), &texts).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn records_of_one_key() {
    let texts = [
        "id,name,start,end\n1,a,2024-09-01,\n1,b,2024-09-01,\n",
        "id,name,start,end\n1,a,2024-09-01,\n1,c,2024-09-01,\n",
        "id,name,start,end\n2,a,2024-09-01,\n2,b,2024-09-01,\n",
    ];
    assert_eq!(items_after(Toy::default(), &texts).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_file_of_which_nothing_could_be_read() {
    let texts = ["PK\u{3}\u{4}\0\0\0\0 one archive", "PK\u{3}\u{4}\0\0\0\0 another"];
    assert_eq!(items_after(Toy::default(), &texts).await, [1, 2]);
}
