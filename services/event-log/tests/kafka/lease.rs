//! The lease of a source.

use event_log::kafka::lease::{Lease, LeaseOptions};

use super::*;

fn named(name: &str) -> Connection {
    Connection { client_id: name.to_owned(), ..connection() }
}

fn lease_options(prefix: &str) -> LeaseOptions {
    LeaseOptions { prefix: prefix.to_owned(), session: Duration::from_secs(6) }
}

#[tokio::test(flavor = "multi_thread")]
async fn has_one_holder_and_goes_to_another_when_it_is_given_back() {
    if shared().passes_over("a lease") {
        return;
    }
    let options = lease_options(&prefix());
    let first = Lease::take(&named("first"), "invented", &options).await.unwrap();
    let others: Vec<Lease> = ["second", "third"].map(|name| Lease::claim(&named(name), "invented", &options)).into();
    for other in &others {
        let mut standing = other.standing();
        standing.wait_for(|standing| standing.holder.as_deref() == Some("first")).await.unwrap();
    }
    let elsewhere = Lease::take(&named("second"), "another source", &options).await.unwrap();
    assert!(first.is_held() && elsewhere.is_held() && others.iter().all(|other| !other.is_held()));
    first.release().await;
    tokio::select! {
        held = others[0].held() => held.unwrap(),
        held = others[1].held() => held.unwrap(),
    }
    assert_eq!(others.iter().filter(|other| other.is_held()).count(), 1);
}
