//! Damaged files, in every place and several ways: a store is set aside to be filled from the log, at the opening or after
//! its check, or holds exactly what the log said up to the offset of each partition. Never anything else.

use crate::store_model;

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use projection::store::{Engine, Fresh, Options, Shards, Store, StoreError};
use proptest::prelude::*;
use store_model::{Rows, batch, expected, expected_at, held, offsets_in, options, rows_in};

const BATCHES: u64 = 120;

/// The folder of the live copy.
fn live(dir: &Path, engine: Engine) -> PathBuf {
    dir.join(format!("{engine}-4"))
}

fn files(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(|_| ()).unwrap() }
    }
}

fn overwrite(file: &Path, at: u64, with: &[u8]) {
    let mut file = File::options().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(with).unwrap();
}

/// A store of [`BATCHES`] batches, committed in two lives, so that each engine has both its log and its tables or snapshot.
fn committed(engine: Engine) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for life in [0..BATCHES / 2, BATCHES / 2..BATCHES] {
        let store = Store::open(dir.path(), &options(engine)).unwrap().store;
        life.for_each(|number| store.commit(&batch(number)).unwrap());
    }
    dir
}

fn rebuilt(engine: Engine, rows: &Rows) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Store::rebuild(dir.path(), &options(engine), rows.clone().into_iter().map(Ok)).unwrap();
    dir
}

fn options_of(dir: &Path) -> Options {
    let engine = [Engine::Sled, Engine::Fjall].into_iter().find(|engine| live(dir, *engine).exists());
    options(engine.unwrap())
}

#[derive(PartialEq, Eq, Debug)]
enum Found {
    /// Every row.
    Whole,
    /// The rows up to some record of each partition.
    Prefix,
    /// Set aside at the opening.
    SetAside,
    /// Found damaged by a read or the check, and set aside at the opening after.
    SetAsideLater,
}

/// Opens a damaged store and holds it to what this suite is about. `whole` is what it held.
fn open_damaged(dir: &Path, whole: &Rows) -> Found {
    let options = options_of(dir);
    let opened = Store::open(dir, &options).unwrap();
    let (opened, found) = match opened.store.read(Shards::ALL, rows_in).and_then(|_| opened.store.check()) {
        Ok(_) => (opened, Found::SetAside),
        Err(StoreError::Engine { .. } | StoreError::Incomplete) => {
            drop(opened);
            (Store::open(dir, &options).unwrap(), Found::SetAsideLater)
        }
        Err(e) => panic!("{e}"),
    };
    match &opened.fresh {
        Fresh::SetAside { moved_to, because } => {
            assert!(moved_to.is_dir() && !because.is_empty());
            assert_eq!(held(&opened.store), (Rows::new(), 0));
            opened.store.discard_set_aside().unwrap();
            assert!(!moved_to.exists());
            found
        }
        fresh => {
            assert_eq!((fresh, found), (&Fresh::Existing, Found::SetAside));
            let (rows, offsets) =
                opened.store.read(Shards::ALL, |view| Ok((rows_in(view)?, offsets_in(view)?))).unwrap();
            if rows == *whole {
                return Found::Whole;
            }
            assert!(rows == expected_at(&offsets, BATCHES), "the rows are not those of {offsets:?}");
            Found::Prefix
        }
    }
}

fn every_file_damaged_in_every_way(engine: Engine) {
    type Damage = fn(&Path, u64);
    let ways: [(&str, Damage); 6] = [
        ("gone", |file, _| fs::remove_file(file).unwrap()),
        ("empty", |file, _| File::options().write(true).open(file).unwrap().set_len(0).unwrap()),
        ("halved", |file, len| File::options().write(true).open(file).unwrap().set_len(len / 2).unwrap()),
        ("its start", |file, _| overwrite(file, 0, &[0x5a; 16])),
        ("its middle", |file, len| overwrite(file, len / 2, &[0x5a; 16])),
        ("its end", |file, len| overwrite(file, len.saturating_sub(16), &[0x5a; 16])),
    ];
    let whole = expected(BATCHES);
    let mut set_aside = 0;
    for store in [committed(engine), rebuilt(engine, &whole)] {
        for file in files(&live(store.path(), engine)) {
            for (way, damage) in ways {
                let dir = tempfile::tempdir().unwrap();
                copy(store.path(), dir.path());
                let name = file.strip_prefix(store.path()).unwrap();
                damage(&dir.path().join(name), fs::metadata(&file).unwrap().len());
                let found = open_damaged(dir.path(), &whole);
                println!("{} {way}: {found:?}", name.display());
                set_aside += u32::from(matches!(found, Found::SetAside | Found::SetAsideLater));
            }
        }
    }
    assert!(set_aside > 10, "only {set_aside} were found to be damaged");
}

#[test]
fn every_file_of_sled_damaged_in_every_way() {
    every_file_damaged_in_every_way(Engine::Sled);
}

#[test]
fn every_file_of_fjall_damaged_in_every_way() {
    every_file_damaged_in_every_way(Engine::Fjall);
}

#[test]
fn damage_anywhere_in_what_was_committed() {
    let stores = [Engine::Sled, Engine::Fjall].map(|engine| {
        let file = if engine == Engine::Sled { "db" } else { "0.jnl" };
        (committed(engine), live(Path::new(""), engine).join(file))
    });
    let whole = expected(BATCHES);
    let damage = (0..2usize, 0.0..1.0, prop_oneof![Just(1), Just(64), Just(4096)], any::<u8>());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&damage, |(store, share, size, with)| {
            let (store, file) = &stores[store];
            let dir = tempfile::tempdir().unwrap();
            copy(store.path(), dir.path());
            let file = dir.path().join(file);
            let at = (fs::metadata(&file).unwrap().len() as f64 * share) as u64;
            overwrite(&file, at, &vec![with; size]);
            open_damaged(dir.path(), &whole);
            Ok(())
        })
        .unwrap();
}

/// A kill while sled writes its recovery snapshot, which it does only while opening, leaves the beginning of one.
#[test]
fn a_torn_snapshot_of_sled_costs_nothing() {
    let dir = committed(Engine::Sled);
    let folder = live(dir.path(), Engine::Sled);
    drop(Store::open(dir.path(), &options(Engine::Sled)).unwrap());
    let snapshot = files(&folder).into_iter().find(|file| file.to_string_lossy().contains("snap.")).unwrap();
    let mut bytes = Vec::new();
    File::open(&snapshot).unwrap().read_to_end(&mut bytes).unwrap();
    for (lsn, kept) in [("0000000000FFFFFF", bytes.len() / 2), ("0000000000FFFFFE", 0)] {
        fs::write(folder.join(format!("snap.{lsn}.generating")), &bytes[..kept]).unwrap();
    }
    let opened = Store::open(dir.path(), &options(Engine::Sled)).unwrap();
    assert_eq!(opened.fresh, Fresh::Existing);
    assert_eq!(held(&opened.store), (expected(BATCHES), BATCHES));
    assert!(!files(&folder).iter().any(|file| file.to_string_lossy().ends_with(".generating")));
}

/// Only the last copy set aside is kept, and a store set aside works as any other.
#[test]
fn a_store_set_aside_twice_leaves_one_copy() {
    for engine in [Engine::Sled, Engine::Fjall] {
        let dir = committed(engine);
        for life in 0..2 {
            for file in files(&live(dir.path(), engine)) {
                overwrite(&file, 0, &[0x5a; 200]);
            }
            let opened = Store::open(dir.path(), &options(engine)).unwrap();
            assert!(matches!(opened.fresh, Fresh::SetAside { .. }), "life {life} of {engine}");
            assert_eq!(held(&opened.store), (Rows::new(), 0));
            (0..5).for_each(|number| opened.store.commit(&batch(number)).unwrap());
            drop(opened);
            let opened = Store::open(dir.path(), &options(engine)).unwrap();
            assert_eq!((opened.fresh, held(&opened.store)), (Fresh::Existing, (expected(5), 5)));
        }
        let copies = fs::read_dir(dir.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
        assert_eq!(copies, 2);
    }
}

/// As an engine may lose it: one row, from under a store that opens without a word.
#[test]
fn a_row_gone_in_silence_is_found_by_the_check() {
    for engine in [Engine::Sled, Engine::Fjall] {
        let dir = committed(engine);
        Store::open(dir.path(), &options(engine)).unwrap().store.check().unwrap();

        let (key, _) = expected(BATCHES).pop_first().unwrap();
        match engine {
            Engine::Sled => drop(sled::open(live(dir.path(), engine)).unwrap().remove(key.as_ref()).unwrap().unwrap()),
            Engine::Fjall => {
                let db = fjall::Database::builder(live(dir.path(), engine)).open().unwrap();
                db.keyspace("rows", fjall::KeyspaceCreateOptions::default).unwrap().remove(key.as_ref()).unwrap();
            }
        }
        let opened = Store::open(dir.path(), &options(engine)).unwrap();
        assert_eq!(opened.fresh, Fresh::Existing);
        assert!(matches!(opened.store.check(), Err(StoreError::Incomplete)));
        drop(opened);
        assert!(matches!(Store::open(dir.path(), &options(engine)).unwrap().fresh, Fresh::SetAside { .. }));
    }
}
