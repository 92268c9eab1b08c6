use proptest::prelude::*;

use super::*;

#[test]
fn paths_are_those_of_the_specification() {
    let path = |of, index, width| Tile { of, index, width }.to_string();
    assert_eq!(path(Of::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(Of::Hashes(1), 0, 17), "tile/1/000.p/17");
    assert_eq!(path(Of::Entries, 999, 256), "tile/entries/999");
    assert_eq!(path(Of::Entries, 1_000, 3), "tile/entries/x001/000.p/3");
    for bad in [
        "tile/0/1",
        "tile/00/001",
        "tile/8/001",
        "tile/0/x000/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/x/001",
        "tile/0/001.p/03",
    ] {
        assert_eq!(Tile::parse(bad), None, "{bad}");
    }
}

/// The example of the specification: 70,000 leaves.
#[test]
fn a_tree_has_the_tiles_of_the_specification() {
    let tiles: Vec<Tile> = Tile::all(70_000).collect();
    let of = |of| tiles.iter().filter(|tile| tile.of == of).map(|tile| tile.width).collect::<Vec<_>>();
    assert_eq!((of(Of::Hashes(0)).len(), of(Of::Hashes(0)).last()), (274, Some(&112)));
    assert_eq!(of(Of::Hashes(1)), [256, 17]);
    assert_eq!(of(Of::Hashes(2)), [1]);
    assert_eq!(of(Of::Hashes(3)), [] as [u64; 0]);
    assert_eq!(of(Of::Entries).len(), 274);
    assert!(tiles.iter().all(|tile| tile.is_of(70_000) && !tile.is_of(111)));
    let edge = Tile::all(256).map(|tile| tile.to_string()).collect::<Vec<_>>();
    assert_eq!(edge, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
}

proptest! {
    #[test]
    fn a_path_is_read_as_it_was_written(level in 0u32..LEVELS_MAX, entries: bool, index in 0u64..1 << 50, width in 1u64..=WIDTH) {
        let tile = Tile { of: if entries { Of::Entries } else { Of::Hashes(level) }, index, width };
        prop_assert_eq!(Tile::parse(&tile.to_string()), Some(tile));
    }

    #[test]
    fn a_bundle_is_read_as_it_was_written(given in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90), 0..9), cut in 1usize..9) {
        let bytes = bundle(&given);
        let read = entries(&bytes).unwrap();
        prop_assert!(read.iter().copied().eq(given.iter().map(Vec::as_slice)));
        let cut = cut.min(bytes.len());
        prop_assert!(cut == 0 || entries(&bytes[..bytes.len() - cut]).is_none_or(|less| less.len() < given.len()));
    }

    #[test]
    fn no_path_is_read_that_is_not_written_so(path in "tile/[0-9x/.p]{0,12}") {
        prop_assert!(Tile::parse(&path).is_none_or(|tile| tile.to_string() == path));
    }
}
