//! A child is erased by the real program, over a kill and a restart: no file of the place and no later backup opens what was said, the
//! ledger stands, the next return is refused, and after readmission it is taken.

use std::collections::BTreeSet;
use std::fs;

use proto::sharing::Purpose;

use crate::harness::erasing::{holding, keys_below};
use crate::harness::program::Running;
use crate::harness::{Place, ask, line_with, number_in, said};

const CENSUS: &str = "social-care-cin-census";

/// Events that open with the keys that are here, by whether they are of these subjects.
fn opened(place: &Place, subjects: &BTreeSet<[u8; 16]>) -> (usize, usize) {
    let (own, others): (Vec<_>, Vec<_>) =
        said(place).into_iter().partition(|(_, said)| subjects.contains(&said.header.subject.0));
    (own.len(), others.len())
}

fn again<'p>(running: Running<'p>, place: &'p Place) -> Running<'p> {
    running.stop();
    place.up()
}

#[test]
fn an_erased_child_is_gone_from_every_file_and_every_proof_stands() {
    let place = Place::new(30, 3);
    place.configure("[serve]\n", "[serve]\nerasure_cooling_off_hours = 0\n");
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let (child, upn) = (place.demo_child("LA_CHILD_ID"), place.demo_child("UPN"));
    let reference = place.reference("LA_CHILD_ID");
    let council = place.demo_organisation("socialCare");
    let before = ask(&place, &council, &child, Purpose::ChildProtection).unwrap();
    assert!(!before.entries.is_empty());
    let kept = place.ours(&["audit", "checkpoint"]);
    fs::write(place.path("kept.note"), kept).unwrap();
    running.stop();
    let pseudonym = crate::harness::Vault::of(&place).pseudonyms.of(&child).0;
    let of = BTreeSet::from([pseudonym]);
    let (own, others) = opened(&place, &of);
    assert!(own > 0 && others > 0);

    let running = place.up();
    let wrapping = keys_below(&place.path("here/data/keys/wrapping"));
    let id = place.erasure_confirmed(&reference);
    let ran = place.ours(&["erasure", "run", &id]);
    assert!(ran.contains("wrapping destroyed"), "{ran}");
    // The plug pulled in the place of a restart.
    running.kill();
    let running = place.up();
    assert!(ask(&place, &council, &child, Purpose::ChildProtection).unwrap().entries.is_empty());

    // The next return has them in it, and is refused for them alone.
    place.drop_folder(CENSUS, &place.path("authority").join(CENSUS));
    place.settle();
    let refused = place.listed(&["quarantine", "list"]);
    assert!(refused.iter().any(|item| item["reason"] == "SUBJECT_ERASED"), "{refused:?}");
    // What sources dropped of them lies in clear in `done`, the return that was just refused too: no certificate while it does.
    let copies = ["erasure", "certify", &id, "--copies", "no backup was ever taken"];
    let config = place.config();
    let of_config = ["--config", config.to_str().unwrap()];
    assert!(!place.run(&[&copies[..], &of_config].concat()).status.success());
    let listed = place.listed(&["erasure", "files"]);
    let theirs = |file: &&serde_json::Value| file["records"].as_u64() > Some(0);
    let count = listed.iter().filter(theirs).count();
    assert!(count >= 2, "what was dropped before and what was dropped since: {listed:?}");
    let unconfirmed = [&["erasure", "files", "--remove"][..], &of_config].concat();
    assert!(!place.run(&unconfirmed).status.success(), "nothing goes unless somebody means it");
    let removed = place.ours(&["erasure", "files", "--remove", "--yes"]);
    assert_eq!(number_in(line_with(&removed, "erasure files:"), "removed"), count.to_string());
    let certificate = place.ours(&copies);
    fs::write(place.path("erasure.note"), certificate).unwrap();
    let key = place.path("here/data/keys/ledger/1.vkey");
    let key = key.to_str().unwrap();
    line_with(&place.must(&["erasure", "verify", "erasure.note", "--key", key]), "erasure verify: ok");
    for folder in ["backups", "backups-of-keys"] {
        fs::create_dir(place.path(folder)).unwrap();
    }
    place.ours(&["backup", "--to", "backups", "--keys-to", "backups-of-keys"]);
    let running = again(running, &place);
    running.stop();

    // Whatever opens with every key of the place is of others; nothing of the place but the log and the registry knows them at all.
    let (left, others_left) = opened(&place, &of);
    assert_eq!(left, 0);
    assert!(others_left >= others);
    for part in ["here/data/store", "here/data/connectors", "here/data/ledger", "backups-of-keys"] {
        let mut found = Vec::new();
        for sought in [pseudonym.to_vec(), upn.value.clone().into_bytes()] {
            if part.ends_with("connectors") && sought == pseudonym {
                // A return that was refused for them says so by the pseudonym, as the log does in clear.
                continue;
            }
            holding(&place.path(part), &[sought], &mut found);
        }
        assert!(found.is_empty(), "{part}: {found:?}");
    }
    let mut found = Vec::new();
    for part in ["here/data", "backups", "backups-of-keys"] {
        holding(&place.path(part), &[upn.value.clone().into_bytes()], &mut found);
    }
    // Neither is a key that ever wrapped theirs, nor, in what their source dropped, the number by which it knows them.
    let now = keys_below(&place.path("here/data/keys/wrapping"));
    let gone: Vec<Vec<u8>> = wrapping.into_iter().filter(|key| !now.contains(key)).collect();
    assert!(!gone.is_empty());
    for part in ["here", "backups", "backups-of-keys"] {
        holding(&place.path(part), &gone, &mut found);
    }
    holding(&place.path("here/drop").join(CENSUS), &[child.value.clone().into_bytes()], &mut found);
    assert!(found.is_empty(), "{found:?}");
    let verified = place.ours(&["audit", "verify", "--key", key, "--statement", "kept.note"]);
    assert!(number_in(line_with(&verified, "audit verify: ok"), "records").parse::<usize>().unwrap() >= own + others);
    line_with(&place.ours(&["verify"]), "verify: ok");

    let running = place.up();
    place.erasure_as("approver-1", &["readmit", &id, "--because", "the order was set aside"]).unwrap();
    place.drop_folder(CENSUS, &place.path("authority").join(CENSUS));
    place.settle();
    let told = ask(&place, &council, &child, Purpose::ChildProtection).unwrap();
    assert!(!told.entries.is_empty(), "what is said of them from now on is taken");
    running.stop();
}
