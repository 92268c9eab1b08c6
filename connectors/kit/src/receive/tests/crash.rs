//! A process that ends between any two steps of a post, as the disk shows it to the next one.

use super::*;
use crate::spool::{list, write_whole};

/// What there is on the disk after each step: the body comes, stands, has its receipt, has its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Died {
    InTheBody,
    BeforeTheReceipt,
    InTheReceipt,
    BeforeItsPlace,
    BeforeTheAnswer,
}

#[tokio::test]
async fn wherever_it_dies_a_post_is_taken_once_and_answered_the_same() {
    for died in
        [Died::InTheBody, Died::BeforeTheReceipt, Died::InTheReceipt, Died::BeforeItsPlace, Died::BeforeTheAnswer]
    {
        let house = House::new().await;
        let whole = house.post("one", "key", BODY).await;
        house.stop.cancel();
        house.serving.await.unwrap().unwrap();
        // From what a whole post leaves, back to what stood after the step.
        let drop = house.dir.path().join("drop");
        let spooled = list(&drop.join("spooled")).unwrap().pop().unwrap();
        let id = crate::spool::id_of(&spooled).unwrap();
        let staged = drop.join("staged").join(&id);
        let receipt = drop.join("received").join(&id[..2]).join(&id).with_extension("receipt");
        if died != Died::BeforeTheAnswer {
            std::fs::rename(&spooled, &staged).unwrap();
        }
        match died {
            Died::InTheBody => {
                std::fs::write(list(&staged).unwrap().pop().unwrap(), &BODY[..20]).unwrap();
                std::fs::remove_file(&receipt).unwrap();
            }
            Died::BeforeTheReceipt => std::fs::remove_file(&receipt).unwrap(),
            Died::InTheReceipt => std::fs::rename(&receipt, receipt.with_extension("part")).unwrap(),
            Died::BeforeItsPlace | Died::BeforeTheAnswer => {}
        }
        let house = House::open(house.dir, Arc::new(AnyFile(&[CSV])), |_| {}).await;
        let taken = matches!(died, Died::BeforeItsPlace | Died::BeforeTheAnswer);
        assert_eq!(house.spooled().len(), usize::from(taken), "{died:?}");
        assert!(house.names("staged").is_empty(), "{died:?}");
        let said = house.post("one", "key", BODY).await;
        assert_eq!((said.status, &said.body), (202, &whole.body), "{died:?}");
        assert_eq!(house.spooled(), [BODY], "{died:?}");
        house.post("one", "key", "other bytes").await.refused(422, "KEY_REUSED");
    }
}

#[tokio::test]
async fn a_receipt_without_its_place_is_given_it_by_the_same_post_again() {
    let house = House::new().await;
    house.post("one", "key", BODY).await;
    let drop = house.dir.path().join("drop");
    let spooled = list(&drop.join("spooled")).unwrap().pop().unwrap();
    let id = crate::spool::id_of(&spooled).unwrap();
    std::fs::rename(&spooled, drop.join("staged").join(&id)).unwrap();
    assert_eq!(house.post("one", "key", BODY).await.status, 202);
    assert_eq!(list(&drop.join("spooled")).unwrap(), [spooled], "in the place that its receipt says");
}

#[tokio::test]
async fn a_key_that_is_no_key_and_a_receipt_that_is_none_keep_posts_with_their_senders() {
    let house = House::new().await;
    house.post("one", "key", BODY).await;
    let drop = house.dir.path().join("drop");
    let id = crate::spool::id_of(&list(&drop.join("spooled")).unwrap().pop().unwrap()).unwrap();
    let receipt = drop.join("received").join(&id[..2]).join(&id).with_extension("receipt");
    write_whole(&receipt, b"{").unwrap();
    house.post("one", "key", BODY).await.refused(503, "NOT_KEPT");
    assert_eq!(house.spooled(), [BODY]);
    std::fs::write(drop.join("received/key"), "short").unwrap();
    assert!(Receipts::open(&drop).is_err());
}
