//! What a store must do, whichever engine holds the rows.

use crate::store_model;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use event_log::{EventId, Partition, Pseudonym};
use projection::store::{Batch, Engine, Fresh, Key, ReadTo, Shards, Store, StoreError, keys};
use proptest::prelude::*;
use store_model::{TOPIC, batch, expected, hash, held, id, options, shard};

macro_rules! both_engines {
    ($($name:ident)*) => {
        mod sled { $(#[test] fn $name() { super::$name(super::Engine::Sled) })* }
        mod fjall { $(#[test] fn $name() { super::$name(super::Engine::Fjall) })* }
    };
}

both_engines! {
    a_scanner_sees_all_of_a_batch_or_none
    a_read_over_several_shards_sees_one_point_in_time
    a_read_keeps_to_the_shards_it_named
    scans_are_in_order_and_end_where_they_should
    of_two_changes_to_a_key_the_later_stands
    a_store_opens_again_with_everything
    the_state_hash_is_the_documented_one_however_the_rows_came
    a_rebuild_equals_the_live_store
    a_rebuild_that_fails_leaves_the_old_store
    a_rebuild_cut_short_leaves_one_store_or_the_other
    a_second_opening_is_refused
    a_store_is_what_a_map_is
}

fn open(dir: &Path, engine: Engine) -> Store {
    Store::open(dir, &options(engine)).unwrap().store
}

/// Rows of batch `number` in a shard: one put for each so-manyth subject, each holding the number, and the offset.
fn stamp(shards: impl Iterator<Item = Partition>, number: u64) -> Batch {
    let mut batch = Batch::new();
    for shard in shards {
        for subject in 0..20 {
            let key = keys::row(Pseudonym(id(shard, subject)), 0, EventId([0; 16]));
            batch.put(key, number.to_be_bytes());
        }
        batch.advance(TOPIC, shard, ReadTo { next: number, ..ReadTo::default() });
    }
    batch
}

/// Commits while readers read; each read must see one number everywhere.
fn numbers_never_mix(engine: Engine, touched: fn(u64) -> Vec<Partition>, read: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), engine);
    let shards: Vec<_> = read.iter().copied().map(shard).collect();
    store.commit(&stamp(shards.iter().copied(), 0)).unwrap();
    let done = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut reads = 0;
                    while !done.load(Ordering::SeqCst) || reads == 0 {
                        let mut seen = store
                            .read(shards.iter().copied().collect(), |view| {
                                let mut seen = Vec::new();
                                for shard in &shards {
                                    view.scan_prefix(&keys::rows(*shard), |_, value| {
                                        seen.push(u64::from_be_bytes(value.try_into().unwrap()));
                                        ControlFlow::Continue(())
                                    })?;
                                    seen.push(view.offset(TOPIC, *shard)?);
                                }
                                Ok(seen)
                            })
                            .unwrap();
                        assert_eq!(seen.len(), 21 * shards.len());
                        seen.dedup();
                        assert_eq!(seen.len(), 1, "a read saw the rows of several commits");
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        for number in 1..400 {
            store.commit(&stamp(touched(number).into_iter(), number)).unwrap();
        }
        done.store(true, Ordering::SeqCst);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<u64>()
    });
    assert!(reads >= 2);
}

fn a_scanner_sees_all_of_a_batch_or_none(engine: Engine) {
    numbers_never_mix(engine, |_| vec![shard(3)], &[3]);
}

fn a_read_over_several_shards_sees_one_point_in_time(engine: Engine) {
    numbers_never_mix(engine, |_| Partition::all().collect(), &[0, 5, 15]);
}

fn a_read_keeps_to_the_shards_it_named(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), engine);
    store.commit(&stamp(Partition::all(), 1)).unwrap();
    let (five, six) = (Pseudonym(id(shard(5), 1)), Pseudonym(id(shard(6), 1)));
    let row = |subject| keys::row(subject, 0, EventId([0; 16]));
    let of_five =
        |read: &dyn Fn(&projection::store::View<'_>) -> Result<(), StoreError>| store.read(shard(5).into(), read);
    assert!(of_five(&|view| view.get(&row(five)).map(|value| assert!(value.is_some()))).is_ok());
    for refused in [
        of_five(&|view| view.get(&row(six)).map(|_| ())),
        of_five(&|view| view.offset(TOPIC, shard(6)).map(|_| ())),
        of_five(&|view| view.scan_prefix(&keys::row_prefix(six), |_, _| ControlFlow::Continue(()))),
        of_five(&|view| view.scan_range(&row(five), &row(six), |_, _| ControlFlow::Continue(()))),
    ] {
        assert!(matches!(refused, Err(StoreError::ShardNotNamed)));
    }
}

fn scans_are_in_order_and_end_where_they_should(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), engine);
    let subject = |last| {
        let mut bytes = [0xff; 16];
        bytes[15] = last;
        Pseudonym(bytes)
    };
    let mut batch = Batch::new();
    for us in [3, -2, 0, i64::MIN, i64::MAX] {
        for last in [0xfe, 0xff] {
            batch.put(keys::row(subject(last), us, EventId([7; 16])), us.to_be_bytes());
        }
    }
    store.commit(&batch).unwrap();
    let times = |from: Option<i64>, to: i64, at_most: usize| {
        let mut times = Vec::new();
        store
            .read(shard(15).into(), |view| {
                times.clear();
                let mut take = |_: &[u8], value: &[u8]| {
                    times.push(i64::from_be_bytes(value.try_into().unwrap()));
                    if times.len() < at_most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                };
                match from {
                    None => view.scan_prefix(&keys::row_prefix(subject(0xff)), &mut take),
                    Some(from) => view.scan_range(
                        &keys::row_from(subject(0xff), from),
                        &keys::row_from(subject(0xff), to),
                        &mut take,
                    ),
                }
            })
            .unwrap();
        times
    };
    assert_eq!(times(None, 0, 99), [i64::MIN, -2, 0, 3, i64::MAX]);
    assert_eq!(times(None, 0, 2), [i64::MIN, -2]);
    assert_eq!(times(Some(-2), 3, 99), [-2, 0]);
    assert_eq!(times(Some(4), i64::MAX, 99), [0_i64; 0]);
}

fn of_two_changes_to_a_key_the_later_stands(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), engine);
    let key = |number| keys::row(Pseudonym([0; 16]), number, EventId([0; 16]));
    let mut batch = Batch::new();
    batch.put(key(1), *b"first");
    batch.put(key(1), *b"second");
    batch.put(key(2), *b"put");
    batch.delete(key(2));
    batch.delete(key(3));
    batch.put(key(3), *b"put");
    assert_eq!((batch.len(), batch.shards()), (3, shard(0).into()));
    store.commit(&batch).unwrap();
    let values = [1, 2, 3]
        .map(|number| store.read(Shards::ALL, |view| view.get(&key(number))).unwrap().map(|value| value.to_vec()));
    assert_eq!(values, [Some(b"second".to_vec()), None, Some(b"put".to_vec())]);
}

fn a_store_opens_again_with_everything(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let opened = Store::open(dir.path(), &options(engine)).unwrap();
    assert_eq!(opened.fresh, Fresh::New);
    let clone = opened.store.clone();
    (0..100).for_each(|number| opened.store.commit(&batch(number)).unwrap());
    clone.durable().unwrap();
    assert!(clone.bytes_on_disk() > 10_000);
    drop((opened, clone));

    let opened = Store::open(dir.path(), &options(engine)).unwrap();
    assert_eq!(opened.fresh, Fresh::Existing);
    assert_eq!(held(&opened.store), (expected(100), 100));
    opened.store.check().unwrap();
}

fn the_state_hash_is_the_documented_one_however_the_rows_came(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), engine);
    assert_eq!(store.state_hash().unwrap(), hash(&expected(0)));
    (0..50).for_each(|number| store.commit(&batch(number)).unwrap());
    assert_eq!(store.state_hash().unwrap(), hash(&expected(50)));

    let one_by_one = tempfile::tempdir().unwrap();
    let store = open(one_by_one.path(), engine);
    for (key, value) in expected(50).into_iter().rev() {
        let mut batch = Batch::new();
        batch.put(key, value);
        store.commit(&batch).unwrap();
    }
    assert_eq!(store.state_hash().unwrap(), hash(&expected(50)));
}

fn a_rebuild_equals_the_live_store(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let live = open(dir.path(), engine);
    (0..200).for_each(|number| live.commit(&batch(number)).unwrap());
    let live_hash = live.state_hash().unwrap();
    assert!(matches!(Store::rebuild(dir.path(), &options(engine), []), Err(StoreError::Locked(_))));
    drop(live);

    let rebuilt = Store::rebuild(dir.path(), &options(engine), expected(200).into_iter().map(Ok)).unwrap();
    assert_eq!(rebuilt.state_hash().unwrap(), live_hash);
    rebuilt.check().unwrap();
    rebuilt.commit(&batch(200)).unwrap();
    drop(rebuilt);
    let opened = Store::open(dir.path(), &options(engine)).unwrap();
    assert_eq!(opened.fresh, Fresh::Existing);
    assert_eq!(held(&opened.store), (expected(201), 201));
    opened.store.check().unwrap();
    drop(opened);

    let emptied = Store::rebuild(dir.path(), &options(engine), []).unwrap();
    assert_eq!(held(&emptied), (expected(0), 0));
}

fn a_rebuild_that_fails_leaves_the_old_store(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), engine);
    (0..30).for_each(|number| store.commit(&batch(number)).unwrap());
    drop(store);

    let two = expected(1).into_iter().take(2).collect::<Vec<_>>();
    for rows in [vec![two[1].clone(), two[0].clone()], vec![two[0].clone(), two[0].clone()]] {
        let unsorted = Store::rebuild(dir.path(), &options(engine), rows.into_iter().map(Ok));
        assert!(matches!(unsorted, Err(StoreError::Unsorted(1))));
    }
    let unreadable = expected(5).into_iter().map(Ok).chain([Err("a log that cannot be read".into())]);
    assert!(matches!(Store::rebuild(dir.path(), &options(engine), unreadable), Err(StoreError::Rows(_))));
    // Rows that stop with a panic are no end: what came before is not a whole store.
    let panics = expected(5).into_iter().map(Ok).chain(std::iter::once_with(|| panic!("the rows' own")));
    let rebuilding = std::panic::AssertUnwindSafe(|| Store::rebuild(dir.path(), &options(engine), panics).map(drop));
    std::panic::catch_unwind(rebuilding).unwrap_err();

    let opened = Store::open(dir.path(), &options(engine)).unwrap();
    assert_eq!(opened.fresh, Fresh::Existing);
    assert_eq!(held(&opened.store), (expected(30), 30));
}

/// The steps of putting a rebuilt copy in place, stopped after each.
fn a_rebuild_cut_short_leaves_one_store_or_the_other(engine: Engine) {
    let make = |batches| {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), engine);
        (0..batches).for_each(|number| store.commit(&batch(number)).unwrap());
        dir
    };
    let live = format!("{engine}-4");
    let cut_short = |put_as: &str, live_left: bool, expect: u64| {
        let (dir, new) = (make(10), make(20));
        std::fs::rename(new.path().join(&live), dir.path().join(format!("{live}{put_as}"))).unwrap();
        if !live_left {
            std::fs::remove_dir_all(dir.path().join(&live)).unwrap();
        }
        assert_eq!(held(&open(dir.path(), engine)), (expected(expect), expect));
        assert!(!dir.path().join(format!("{live}{put_as}")).exists());
    };
    cut_short(".building", true, 10);
    cut_short(".rebuilt", true, 20);
    cut_short(".rebuilt", false, 20);
}

fn a_second_opening_is_refused(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), engine);
    for other in [Engine::Sled, Engine::Fjall] {
        assert!(matches!(Store::open(dir.path(), &options(other)), Err(StoreError::Locked(_))));
    }
    drop(store);
    open(dir.path(), engine);
}

/// Any changes in any batches, with the store closed and opened now and then, leave what they leave in a map.
fn a_store_is_what_a_map_is(engine: Engine) {
    #[derive(Clone, Debug)]
    enum Step {
        Commit(Vec<(u8, Option<Vec<u8>>)>),
        Reopen,
    }
    let value = prop_oneof![4 => prop::collection::vec(any::<u8>(), 0..300), 1 => Just(vec![7; 5_000])];
    let commit = prop::collection::vec((any::<u8>(), prop::option::weighted(0.7, value)), 0..40).prop_map(Step::Commit);
    let steps = prop::collection::vec(prop_oneof![9 => commit, 1 => Just(Step::Reopen)], 1..20);
    let key = |number: u8| -> Key { keys::row(Pseudonym([number; 16]), i64::from(number), EventId([0; 16])) };

    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&steps, |steps| {
            let dir = tempfile::tempdir().unwrap();
            let (mut store, mut map) = (open(dir.path(), engine), store_model::Rows::new());
            for step in steps {
                match step {
                    Step::Commit(changes) => {
                        let mut batch = Batch::new();
                        for (number, value) in changes {
                            match value {
                                Some(value) => {
                                    batch.put(key(number), value.clone());
                                    map.insert(key(number), value);
                                }
                                None => {
                                    batch.delete(key(number));
                                    map.remove(&key(number));
                                }
                            }
                        }
                        store.commit(&batch).unwrap();
                    }
                    Step::Reopen => {
                        drop(store);
                        store = open(dir.path(), engine);
                    }
                }
                prop_assert_eq!(&held(&store).0, &map);
            }
            prop_assert_eq!(store.state_hash().unwrap(), hash(&map));
            prop_assert!(store.check().is_ok());
            Ok(())
        })
        .unwrap();
}

#[test]
fn engines_are_named_as_in_the_configuration() {
    for engine in [Engine::Sled, Engine::Fjall] {
        assert_eq!(engine.to_string().parse(), Ok(engine));
    }
    assert!("rocks".parse::<Engine>().is_err());
}
