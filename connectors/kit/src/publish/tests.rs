use proto::quarantine::Place;

use super::*;
use crate::testing::House;
use crate::toy::Toy;

/// The id of an item follows from what is refused, and stands in clear: whoever may write to the quarantine could write it first.
#[tokio::test]
async fn an_invented_item_keeps_nothing_out_of_quarantine() {
    let (house, elsewhere) = (House::new(), House::new());
    let rejections = [Rejection {
        reason: Reason::RecordMalformed,
        message: "an invented fault".to_owned(),
        place: Place { file: "invented".to_owned(), record: 1, ..Place::default() },
        controller: None,
        raw: b"invented".to_vec(),
        scope_key: None,
        subject: None,
    }];
    elsewhere.publisher(&Toy::default()).await.quarantine(&rejections, 1).await.unwrap();
    house.wrapping().ensure("la-878").unwrap();
    for topic in [Topic::Keys, Topic::Quarantine] {
        for invented in elsewhere.records(topic).await {
            let (partition, key, value) = (invented.position.partition, invented.key, invented.value);
            house.log.append(vec![Record { topic, partition, key, value }]).await.unwrap();
        }
    }
    for _restarted in 0..2 {
        house.publisher(&Toy::default()).await.quarantine(&rejections, 1).await.unwrap();
    }
    assert_eq!(house.records(Topic::Quarantine).await.len(), 2, "the invented one, and the item itself once");
}
