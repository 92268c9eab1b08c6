//! Any bytes at all, as a return: no panic, and nothing whole that was not read to its end.
#![no_main]

use connector_kit::{Connector, Draft, Output, Rejection, Scope, SourceFile};
use libfuzzer_sys::fuzz_target;
use social_care_cin_census::CinCensus;

#[derive(Default)]
struct Counted {
    scopes: usize,
    whole: usize,
}

impl Output for Counted {
    fn scope(&mut self, _: Scope) {
        self.scopes += 1;
    }
    fn record(&mut self) {}
    fn draft(&mut self, draft: Draft) {
        assert!(!draft.subject.value.is_empty() && draft.effective.when.is_some());
    }
    fn reject(&mut self, rejection: Rejection) {
        assert!(!rejection.message.is_empty());
    }
    fn whole(&mut self, _: &str) {
        self.whole += 1;
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut out = Counted::default();
    CinCensus.translate(vec![SourceFile { name: "fuzz".to_owned(), bytes: Box::new(bytes) }], &mut out);
    assert!(out.whole <= out.scopes && out.scopes <= 1);
});
