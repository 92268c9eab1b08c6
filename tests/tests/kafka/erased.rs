//! A child is erased on an Apache Kafka with every process of its own: the key is dropped everywhere within seconds, the wrapping keys
//! are destroyed, a certificate is issued, and no file of broker, stores, connectors, keys or drop folders opens what was said.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use proto::sharing::Purpose;

use crate::cluster::until;
use crate::harness::erasing::{holding, keys_below};
use crate::harness::program::Running;
use crate::harness::{CONNECTORS, Vault, channel_at, client_on, line_with, number_in, request, said_on};
use crate::processes::{CENSUS, Region, block_on};

/// Entries that the council's social worker gets of the child, of this node.
fn shown(region: &Region, port: u16) -> usize {
    let place = &region.place;
    let council = place.demo_organisation("socialCare");
    block_on(async {
        let channel = channel_at(place, port, place.certificate(&council)).await.unwrap();
        let request = request(&place.demo_child("LA_CHILD_ID"), Purpose::ChildProtection);
        client_on(place, channel, &council).get_timeline(request).await.unwrap().into_inner().entries.len()
    })
}

/// Events that open with every key of the place, by whether they are of these subjects.
fn opened(region: &Region, of: &BTreeSet<[u8; 16]>) -> (usize, usize) {
    let said = block_on(async {
        let log = region.log().await;
        said_on(&region.place, &log).await
    });
    let (own, others): (Vec<_>, Vec<_>) = said.into_iter().partition(|(_, said)| of.contains(&said.header.subject.0));
    (own.len(), others.len())
}

#[test]
fn a_child_is_erased_with_processes_of_their_own() {
    let Some(region) = Region::new(12) else { return };
    let place = &region.place;
    let begun = Instant::now();
    let told = |what: &str| println!("{:>6.1} s  {what}", begun.elapsed().as_secs_f64());
    let (first, second) = (region.serve("serve-1", place.port), region.serve("serve-2", place.port + 1));
    for (config, more) in [(&first, "[ledger]\nsign = true\n"), (&second, "")] {
        let text = fs::read_to_string(config).unwrap().replace("[serve]\n", "[serve]\nerasure_cooling_off_hours = 0\n");
        fs::write(config, text + more).unwrap();
    }
    let one = place.begin_with(&["serve"], &first);
    region.settle(&first);
    let configs = CONNECTORS.map(|connector| (connector, region.connect(connector, connector)));
    let connects: Vec<Running<'_>> =
        configs.iter().map(|(connector, config)| place.begin_with(&["connect", connector], config)).collect();
    region.must(&["facts", "record", place.path("here/facts.jsonl").to_str().unwrap()], &first);
    place.approve_rules();
    place.drop_authority();
    configs.iter().for_each(|(_, config)| drop(region.settle(config)));
    region.settle(&first);
    let two = place.begin_with(&["serve"], &second);
    region.settle(&second);
    assert!(shown(&region, place.port) > 0 && shown(&region, place.port + 1) > 0);
    let (child, upn) = (place.demo_child("LA_CHILD_ID"), place.demo_child("UPN"));
    let pseudonym = Vault::of(place).pseudonyms.of(&child).0;
    let of = BTreeSet::from([pseudonym]);
    let (own, others) = opened(&region, &of);
    assert!(own > 0 && others > 0);
    fs::write(place.path("kept.note"), region.must(&["audit", "checkpoint"], &first)).unwrap();
    let wrapping = keys_below(&place.path("here/data/keys/wrapping"));
    told("two nodes and three connectors serve");

    let id = place.erasure_confirmed(&place.reference("LA_CHILD_ID"));
    std::thread::scope(|scope| {
        let running = scope.spawn(|| region.must(&["erasure", "run", &id], &first));
        // From when the first of them has dropped the key, which cannot be before it is on the log.
        until("a node shows nothing", || shown(&region, place.port) == 0 || shown(&region, place.port + 1) == 0);
        until("every node shows nothing", || shown(&region, place.port) == 0 && shown(&region, place.port + 1) == 0);
        // The connector has too: the next return is refused for them.
        place.drop_folder(CENSUS, &place.path("authority").join(CENSUS));
        let ran = running.join().unwrap();
        assert!(ran.contains("wrapping destroyed"), "{ran}");
    });
    let census = &configs.iter().find(|(connector, _)| *connector == CENSUS).unwrap().1;
    region.settle(census);
    region.settle(&first);
    let list = ["quarantine", "list", "--json"];
    let refused = region.must(&list, &first);
    assert!(refused.contains("SUBJECT_ERASED"), "{refused}");
    told("erased: every process has dropped the key, and the connector refuses them");

    // Each node's store is filled anew, and each host's files in clear are removed.
    one.stop();
    two.stop();
    let two = place.begin_with(&["serve"], &second);
    region.settle(&second);
    region.must(&["erasure", "run", &id], &second);
    two.stop();
    let (one, two) = (place.begin_with(&["serve"], &first), place.begin_with(&["serve"], &second));
    region.settle(&first);
    region.settle(&second);
    let removed = region.must(&["erasure", "files", "--remove", "--yes"], census);
    // What was dropped before and what was dropped since.
    assert!(number_in(line_with(&removed, "erasure files:"), "removed").parse::<usize>().unwrap() >= 2, "{removed}");
    let copies = ["erasure", "certify", &id, "--copies", "no copy was ever made; every host was looked at"];
    fs::write(place.path("erasure.note"), region.must(&copies, &first)).unwrap();
    let key = place.path("here/data/keys/ledger/1.vkey");
    let key = key.to_str().unwrap();
    line_with(&place.must(&["erasure", "verify", "erasure.note", "--key", key]), "erasure verify: ok");
    told("certified");
    for running in [one, two].into_iter().chain(connects) {
        running.stop();
    }

    let (left, others_left) = opened(&region, &of);
    assert_eq!(left, 0);
    assert!(others_left >= others);
    let now = keys_below(&place.path("here/data/keys/wrapping"));
    let gone: Vec<Vec<u8>> = wrapping.into_iter().filter(|key| !now.contains(key)).collect();
    assert!(!gone.is_empty(), "wrapping keys are destroyed");
    let mut found = Vec::new();
    for part in [place.path("here"), region.broker_data()] {
        holding(&part, &gone, &mut found);
    }
    // What stood in clear anywhere but in what its own sources dropped: nothing in what broker, stores, connectors and keys keep.
    for entry in fs::read_dir(place.path("here")).unwrap().flatten() {
        if entry.file_name().to_str().unwrap().starts_with("data") {
            holding(&entry.path(), &[upn.value.clone().into_bytes()], &mut found);
        }
    }
    holding(&region.broker_data(), &[upn.value.clone().into_bytes()], &mut found);
    holding(&place.path("here/drop").join(CENSUS), &[child.value.clone().into_bytes()], &mut found);
    for store in ["here/data-serve-1/store", "here/data-serve-2/store"] {
        holding(&place.path(store), &[pseudonym.to_vec()], &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
    let verified = region.must(&["audit", "verify", "--key", key, "--statement", "kept.note"], &first);
    let verified = number_in(line_with(&verified, "audit verify: ok"), "records").parse::<usize>().unwrap();
    assert!(verified >= own + others);
    told("nothing opens it, and the ledger verifies");
}
