//! Who is erased, and what comes of them with the next return.

use super::*;

/// Destroys every key of the subject that is on the log; and later lets it in again.
async fn erase(house: &House, of: &event_log::Pseudonym, readmit: bool) {
    let wrapping = house.wrapping();
    let mut records = Vec::new();
    for record in house.records(Topic::Keys).await {
        let key = event_log::seal::decode_key_record(&record).unwrap();
        if key.subject == of.0 && key.state() == proto::keys::key_record::State::Live {
            records.push(match readmit {
                false => event_log::seal::destruction(&wrapping, &key).unwrap(),
                true => event_log::seal::readmission(&wrapping, &key).unwrap(),
            });
        }
    }
    assert!(!records.is_empty());
    house.log.append(records).await.unwrap();
}

/// Events of the topic that can be read, and what cannot be.
async fn readable(house: &House) -> (usize, usize) {
    let keyring = house.keyring().await;
    let opened: Vec<bool> = house
        .records(Topic::Education)
        .await
        .into_iter()
        .map(|record| match event_log::envelope::decode(record.value).unwrap().open(&keyring).unwrap() {
            event_log::envelope::Opened::Plain(_) => true,
            event_log::envelope::Opened::Erased(_) => false,
            event_log::envelope::Opened::Parked(_) => panic!("parked is not erased"),
        })
        .collect();
    (opened.iter().filter(|plain| **plain).count(), opened.iter().filter(|plain| !**plain).count())
}

#[tokio::test]
async fn who_was_erased_does_not_come_back_with_the_next_return_until_readmitted() {
    let house = House::new();
    let publisher: crate::publish::SharedPublisher = house.publisher(&Toy::default()).await.into();
    let mut folder = house.drop_folder_of(Toy::default(), publisher.clone()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(readable(&house).await, (4, 0));
    let of = crate::identifier::subject(proto::events::Scheme::SchoolPupil, "8784001", "1");
    let of = crate::testing::pseudonyms().of(&of);
    let baselines = Baselines::open(&house.dir.path().join("baselines"), crate::testing::pseudonyms()).unwrap();
    let subjects = HashSet::from([of]);
    assert!(baselines.hold(&subjects).unwrap());

    erase(&house, &of, false).await;
    publisher.lock().await.read_keys().await.unwrap();
    folder.poll_once(NOW_US).await.unwrap();
    assert!(!baselines.hold(&subjects).unwrap(), "what the differ knew of them is gone at the next look");
    // The next return has them in it: nothing of it is sealed, and nobody is taken to be absent.
    let next = "id,name,start,end\n1,b,2024-09-01,\n2,a,2024-09-01,2024-12-20\n3,a,2024-09-01,\n";
    house.drop_file("toy-2025-02-16.csv", next);
    folder.drain_once(NOW_US + 10).await.unwrap();
    assert_eq!(readable(&house).await, (3, 1));
    let told: Vec<_> = house.items().await.into_iter().map(|item| (item.reason(), item.raw, item.about)).collect();
    assert_eq!(told, [(Reason::SubjectErased, vec![], of.0.to_vec())]);
    // Neither does a record of theirs that cannot be read come back as an item.
    house.drop_file("toy-2025-02-17.csv", &next.replace("1,b,2024-09-01,", "1,b,no day,"));
    folder.drain_once(NOW_US + 20).await.unwrap();
    let items = crate::quarantine::list(house.log.as_ref(), &house.keyring().await).await.unwrap();
    for listed in &items {
        let shown = crate::quarantine::show(house.log.as_ref(), &house.keyring().await, listed.id).await.unwrap();
        let crate::quarantine::Readable::Item(item) = shown.unwrap().state else { panic!("{listed:?}") };
        assert_eq!((item.reason(), item.raw.len()), (Reason::SubjectErased, 0));
    }
    assert_eq!((items.len(), readable(&house).await), (2, (3, 1)));

    erase(&house, &of, true).await;
    publisher.lock().await.read_keys().await.unwrap();
    house.drop_file("toy-2025-03-16.csv", next);
    folder.drain_once(NOW_US + 30).await.unwrap();
    assert_eq!(readable(&house).await, (4, 1), "what is said of them from now on is taken; what was erased stays so");
}

#[tokio::test]
async fn a_key_that_is_destroyed_is_dropped_within_seconds() {
    let house = House::new();
    let publisher: crate::publish::SharedPublisher = house.publisher(&Toy::default()).await.into();
    let mut folder = house.drop_folder_of(Toy::default(), publisher.clone()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    let of = crate::identifier::subject(proto::events::Scheme::SchoolPupil, "8784001", "1");
    let of = crate::testing::pseudonyms().of(&of);
    let stop = CancellationToken::new();
    let following = tokio::spawn(publisher.clone().follow_keys(stop.clone()));
    erase(&house, &of, false).await;
    let dropped = async {
        while !publisher.lock().await.erased().contains(&of) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), dropped).await.unwrap();
    stop.cancel();
    following.await.unwrap();
}
