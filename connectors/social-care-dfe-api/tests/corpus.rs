//! The seeds of the fuzz targets, in every run of the tests; and any bytes as a post's body.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use connector_kit::receive::{Answer, Asked, Post, Receives as _, Refusal, RefusalCode};
use proptest::prelude::*;
use social_care_dfe_api::{ChildrenEndpoint, ChildrenSocialCare};

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

#[test]
fn every_seed_of_the_fuzz_target_is_translated() {
    let seeds = support::files_of(&corpus("translate"));
    assert!(seeds.len() >= 3);
    for (name, seed) in seeds {
        let said = support::translate(&ChildrenSocialCare::ANY, &[("878.json", &seed)]);
        assert!(!said.drafts.is_empty() || !said.rejections.is_empty(), "{name}");
    }
}

/// What is answered to a council that posts these bytes.
fn answered(mut body: &[u8]) -> Result<Answer, Refusal> {
    let path = "/children_social_care_data/878/children";
    let endpoint = ChildrenEndpoint;
    let post = Post {
        asked: Asked { path, accept: "application/json" },
        id: "00000000000000000000000000000000",
        status_path: "/submissions/00000000000000000000000000000000",
        received_us: 1_800_000_000_000_000,
        captured: &[("la_code".to_owned(), "878".to_owned())],
        media_type: endpoint.media_types()[0],
        file_name: None,
        controllers: &["la-878*".to_owned()],
    };
    endpoint.accept(&post, &mut body)
}

#[test]
fn every_seed_of_posts_is_answered_by_what_it_is() {
    let seed = |name: &str| answered(&std::fs::read(corpus("post").join(name)).unwrap());
    let (taken, partly) = (seed("taken.json").unwrap(), seed("one-without-a-number.json").unwrap());
    assert_eq!((taken.status, partly.status), (200, 400));
    assert!(partly.body.contains("[1].la_child_id"), "{}", partly.body);
    for unread in ["cut-off.json", "no-list.json"] {
        assert_eq!(seed(unread).unwrap_err().code, RefusalCode::BodyUnreadable, "{unread}");
    }
    // A list, of one that is no child.
    assert!(seed("deep.json").unwrap().body.contains("\"[0]\""));
    assert_eq!(std::fs::read_dir(corpus("post")).unwrap().count(), 5);
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_answered_in_json(bytes in proptest::collection::vec(any::<u8>(), 0..600), as_list in any::<bool>()) {
        let bytes = if as_list { [b"[{".as_slice(), &bytes, b"}]"].concat() } else { bytes };
        if let Ok(answer) = answered(&bytes) {
            serde_json::from_str::<serde_json::Value>(&answer.body).unwrap();
        }
    }
}
