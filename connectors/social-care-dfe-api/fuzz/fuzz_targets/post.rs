//! Any bytes as the body of a post: no panic; a refusal, or an answer that is JSON; and the same bytes have the same answer.
#![no_main]

use connector_kit::receive::{Answer, Asked, Post, Receives, Refusal};
use libfuzzer_sys::fuzz_target;
use social_care_dfe_api::ChildrenEndpoint;

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

fuzz_target!(|bytes: &[u8]| {
    let answer = answered(bytes);
    if let Ok(answer) = &answer {
        assert!([200, 400].contains(&answer.status));
        serde_json::from_str::<serde_json::Value>(&answer.body).unwrap();
    }
    let told = |answer: Result<Answer, Refusal>| answer.map_err(|refusal| (refusal.code, refusal.detail));
    assert_eq!(told(answer), told(answered(bytes)));
});
