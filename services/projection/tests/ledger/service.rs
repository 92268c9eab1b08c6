//! What the operator's socket answers of the ledger, and that each answer is on record before it is given.

use std::sync::Arc;

use event_log::seal::{PseudonymKey, WrappingKeys};
use event_log::{EventLog as _, Partition, Topic};
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use ledger::proof::{check_consistency, check_inclusion};
use ledger::tile::{Tile, entries};
use ledger::{Entry, Hash, Tree};
use projection::disclose::Recorder;
use projection::ledger::Keeper;
use projection::ledger::service::LedgerService;
use projection::own_records::OwnRecords;
use proto::audit::ledger_server::Ledger as _;
use proto::audit::{GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest, GetTileRequest};
use tonic::{Code, Request};

use super::place::*;

async fn service(place: &Place) -> LedgerService {
    let (keeper, signed) =
        Keeper::open(place.log.clone(), &place.path("ledger"), &place.keys, every_second()).await.unwrap();
    drop(keeper);
    let (pseudonyms, wrapping) =
        (PseudonymKey::generate().unwrap(), WrappingKeys::open(&place.path("wrapping")).unwrap());
    let (pseudonyms, wrapping) = (Arc::new(pseudonyms), Arc::new(wrapping));
    let own = OwnRecords::open(place.log.clone(), pseudonyms, wrapping, "la-878-hub", Recorder::SOURCE).await.unwrap();
    LedgerService {
        log: place.log.clone(),
        folder: place.folder(),
        signed,
        keys: place.keys.public().unwrap(),
        witnesses: Vec::new(),
        recorder: Arc::new(Recorder::new(own)),
    }
}

async fn on_record(place: &Place) -> u64 {
    let mut count = 0;
    for partition in Partition::all() {
        count += place.log.end(Topic::Disclosure, partition).await.unwrap();
    }
    count
}

fn hashes(given: Vec<Vec<u8>>) -> Vec<Hash> {
    given.into_iter().map(|hash| hash.try_into().unwrap()).collect()
}

#[tokio::test]
async fn proofs_and_tiles_are_of_what_was_signed_and_on_record() {
    let place = Place::signed().await;
    let service = service(&place).await;
    let keys = place.keys.public().unwrap();
    let tree = || TREE.to_owned();

    let note =
        service.get_checkpoint(Request::new(GetCheckpointRequest { tree: tree() })).await.unwrap().into_inner().note;
    let note = Note::parse(note.as_bytes()).unwrap();
    note.check(&keys).unwrap();
    let signed = Checkpoint::of(&note).unwrap();
    assert_eq!((signed.origin.as_str(), signed.size), ("example.org/ledger/throughline.health.v1/3", SIGNED));
    assert_eq!(on_record(&place).await, 1);

    let asked = GetInclusionProofRequest { tree: tree(), offset: 299 };
    let proof = service.get_inclusion_proof(Request::new(asked)).await.unwrap().into_inner();
    let entry = Entry::decode(&proof.entry).unwrap();
    check_inclusion(&entry.hash(), 299, SIGNED, &signed.root, &hashes(proof.hashes)).unwrap();

    let asked = GetConsistencyProofRequest { tree: tree(), from_size: SIGNED_FIRST, to_size: 0 };
    let proof = service.get_consistency_proof(Request::new(asked)).await.unwrap().into_inner();
    let mut before = Tree::new();
    place.records().await[..SIGNED_FIRST as usize]
        .iter()
        .for_each(|record| before.append(projection::ledger::entry_of(record).hash()));
    let (from, to) = ((SIGNED_FIRST, &before.root()), (SIGNED, &signed.root));
    check_consistency(from, to, &hashes(proof.hashes)).unwrap();

    // Whoever has every tile has the tree.
    let mut whole = Tree::new();
    for tile in Tile::all(SIGNED) {
        let asked = GetTileRequest { tree: tree(), path: tile.to_string() };
        let bytes = service.get_tile(Request::new(asked)).await.unwrap().into_inner().tile;
        match tile.of {
            ledger::tile::Of::Hashes(0) => bytes.as_chunks().0.iter().for_each(|hash| whole.append(*hash)),
            ledger::tile::Of::Hashes(_) => assert_eq!(bytes.len() as u64, tile.width * 32),
            ledger::tile::Of::Entries => {
                let read = entries(&bytes).unwrap();
                assert_eq!(read.len() as u64, tile.width);
                assert_eq!(Entry::decode(read[0]).unwrap().offset, tile.from());
            }
        }
    }
    assert_eq!(whole.root(), signed.root);
    assert_eq!(on_record(&place).await, 3 + Tile::all(SIGNED).count() as u64);
}

#[tokio::test]
async fn nothing_is_answered_beyond_what_was_signed() {
    let place = Place::signed().await;
    let service = service(&place).await;
    place.append(tree(), SIGNED..SIGNED + 10).await;
    let code = |answered: Result<(), tonic::Status>| answered.unwrap_err().code();
    let prove = async |offset| {
        let asked = GetInclusionProofRequest { tree: TREE.to_owned(), offset };
        service.get_inclusion_proof(Request::new(asked)).await.map(drop)
    };
    assert_eq!(code(prove(SIGNED).await), Code::OutOfRange);
    for (from_size, to_size) in [(0, 5), (6, 5), (5, SIGNED + 1)] {
        let asked = GetConsistencyProofRequest { tree: TREE.to_owned(), from_size, to_size };
        assert_eq!(code(service.get_consistency_proof(Request::new(asked)).await.map(drop)), Code::OutOfRange);
    }
    for path in ["tile/0/003", "tile/0/002.p/189", "tile/3/000.p/1", "tile/0/2", "../statement", ""] {
        let asked = GetTileRequest { tree: TREE.to_owned(), path: path.to_owned() };
        assert_eq!(code(service.get_tile(Request::new(asked)).await.map(drop)), Code::NotFound, "{path}");
    }
    for tree in ["throughline.keys.v1/0", "throughline.health.v1/4", "../../keys", "throughline.health.v1/16"] {
        let asked = GetCheckpointRequest { tree: tree.to_owned() };
        assert_eq!(code(service.get_checkpoint(Request::new(asked)).await.map(drop)), Code::NotFound, "{tree}");
    }
    assert_eq!(on_record(&place).await, 0, "what is not answered tells nothing");
}
