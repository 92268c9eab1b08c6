//! A server that says whatever it likes.

use proptest::prelude::*;
use tokio::io::AsyncReadExt as _;

use super::*;

/// A session with somebody who says these bytes, whatever is asked.
async fn with(said: &[u8]) -> Result<Option<Vec<Found>>, Fault> {
    let streams: (Reader, Writer) = (Box::new(std::io::Cursor::new(said.to_vec())), Box::new(tokio::io::sink()));
    Session::begin(streams, Duration::from_secs(5)).await?.list("/", 10).await
}

fn packet(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    Packet([&[kind], parts.concat().as_slice()].concat()).framed()
}

const HELLO: &[u8] = &[0, 0, 0, 5, VERSION, 0, 0, 0, 3];

#[tokio::test]
async fn what_breaks_the_rules_ends_the_conversation() {
    let handle = packet(HANDLE, &[&1_u32.to_be_bytes(), &[0, 0, 0, 1, b'h']]);
    for (said, fault) in [
        (Vec::new(), Fault::Ended),
        (vec![0xff; 64], Fault::Rules),
        (vec![0, 0, 0, 0], Fault::Rules),
        ([&[0, 0, 0, 5, VERSION], 2_u32.to_be_bytes().as_slice()].concat(), Fault::Rules),
        ([HELLO, &packet(HANDLE, &[&9_u32.to_be_bytes(), &[0, 0, 0, 1, b'h']])].concat(), Fault::Rules),
        ([HELLO, &packet(STATUS, &[&1_u32.to_be_bytes(), &3_u32.to_be_bytes()])].concat(), Fault::Status(3)),
        // More names than the packet has bytes.
        ([HELLO, &handle, &packet(NAME, &[&2_u32.to_be_bytes(), &u32::MAX.to_be_bytes()])].concat(), Fault::Rules),
        (
            [HELLO, &handle, &packet(NAME, &[&2_u32.to_be_bytes(), &1_u32.to_be_bytes(), &u32::MAX.to_be_bytes()])]
                .concat(),
            Fault::Rules,
        ),
    ] {
        assert_eq!(with(&said).await, Err(fault), "{said:?}");
    }
}

#[tokio::test]
async fn a_folder_that_has_no_end_is_given_up_whatever_its_names_are() {
    let handle = packet(HANDLE, &[&1_u32.to_be_bytes(), &[0, 0, 0, 1, b'h']]);
    // What has no names, and what has one that is no text, said for as long as anybody asks.
    for names in [vec![0, 0, 0, 0], vec![0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]] {
        let folder: Vec<u8> = (2..40_u32).flat_map(|id| packet(NAME, &[&id.to_be_bytes(), &names])).collect();
        // It is closed after the eleventh, which is one more than are taken: that is answered.
        let closed = packet(STATUS, &[&13_u32.to_be_bytes(), &0_u32.to_be_bytes()]);
        let eleven = folder[..folder.len() / 38 * 11].to_vec();
        assert_eq!(with(&[HELLO, &handle, &eleven, &closed].concat()).await, Ok(None), "{names:?}");
    }
}

#[test]
fn every_seed_of_the_fuzz_target_is_heard_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/sftp");
    let heard = |name: &str| runtime.block_on(super::super::hear(&std::fs::read(seeds.join(name)).unwrap()));
    assert_eq!(std::fs::read_dir(&seeds).unwrap().count(), 4);
    assert_eq!(heard("folder-and-file"), 2 + 5);
    assert_eq!([heard("endless-folder"), heard("cut-off"), heard("refused")], [0, 0, 0]);
}

#[tokio::test]
async fn whoever_says_nothing_is_given_up() {
    let (ours, _theirs) = tokio::io::duplex(64);
    let (read, write) = tokio::io::split(ours);
    let session = Session::begin((Box::new(read), Box::new(write)), Duration::from_millis(50)).await;
    assert_eq!(session.err(), Some(Fault::Silent));
}

/// A server of one file that gives at most so many bytes at a time, its answers in this order.
async fn fetched(text: Vec<u8>, at_most: usize, reversed: bool) -> Vec<u8> {
    let (ours, mut theirs) = tokio::io::duplex(1 << 20);
    let served = text.clone();
    let serving = tokio::spawn(async move {
        let mut asked = Vec::new();
        loop {
            let Ok(length) = theirs.read_u32().await else { return };
            let mut bytes = vec![0; length as usize];
            theirs.read_exact(&mut bytes).await.unwrap();
            let mut said = Said { bytes, at: 1 };
            match said.bytes[0] {
                INIT => theirs.write_all(HELLO).await.unwrap(),
                OPEN => {
                    let id = said.number().unwrap();
                    theirs.write_all(&packet(HANDLE, &[&id.to_be_bytes(), &[0, 0, 0, 1, b'h']])).await.unwrap();
                }
                READ => {
                    let (id, _) = (said.number().unwrap(), said.text().unwrap().len());
                    asked.push((id, said.long().unwrap() as usize, said.number().unwrap() as usize));
                    if asked.len() as u64 == BLOCKS {
                        if reversed {
                            asked.reverse();
                        }
                        for (id, from, length) in asked.drain(..) {
                            let end = (from + length.min(at_most)).min(served.len());
                            let id = id.to_be_bytes();
                            let answer = match served.get(from..end).filter(|block| !block.is_empty()) {
                                Some(block) => packet(DATA, &[&id, &(block.len() as u32).to_be_bytes(), block]),
                                None => packet(STATUS, &[&id, &END_OF_FILE.to_be_bytes()]),
                            };
                            theirs.write_all(&answer).await.unwrap();
                        }
                    }
                }
                _ => return,
            }
        }
    });
    let (read, write) = tokio::io::split(ours);
    let mut session = Session::begin((Box::new(read), Box::new(write)), Duration::from_secs(5)).await.unwrap();
    let handle = session.open("/f").await.unwrap();
    let mut all = Vec::new();
    while let Some(block) = session.read(&handle, all.len() as u64).await.unwrap() {
        all.extend(block);
    }
    drop(session);
    serving.await.unwrap();
    all
}

#[tokio::test]
async fn every_byte_is_in_its_place_however_little_comes_at_a_time() {
    let text: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    for (length, at_most) in [(0, 10), (1, 10), (200_000, 1 << 20), (200_000, 30_000), (32 << 10, 1 << 20), (5_000, 7)]
    {
        for reversed in [false, true] {
            let text = text[..length].to_vec();
            assert!(fetched(text.clone(), at_most, reversed).await == text, "{length} {at_most} {reversed}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_that_is_said_does_harm(said in proptest::collection::vec(any::<u8>(), 0..400), greets in any::<bool>()) {
        let said = if greets { [HELLO, &said].concat() } else { said };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _any_end_is_well = runtime.block_on(with(&said));
    }
}
