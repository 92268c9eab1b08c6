//! Whoever has records erased, and what does it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::Pseudonym;
use ledger::note::{KeyKind, Note, SigningKey};
use projection::erasure::{Eraser, Premises, PremisesError};
use proto::events::Subject;
use proto::sharing::erasures_client::ErasuresClient;
use proto::sharing::{
    CancelErasureRequest, CertifyErasureRequest, ConfirmErasureRequest, ErasureAuthority, ErasureStanding,
    ListErasuresRequest, ProposeErasureRequest, ReadmitErasureRequest, RunErasureRequest,
};
use tonic::transport::Channel;

use super::House;
use super::service::reason;

pub const ORIGIN: &str = "throughline/invented";

/// A process without connectors, with a key of its own.
struct Alone;

pub fn ledger_key() -> SigningKey {
    SigningKey::new(ORIGIN, KeyKind::Note, [5; 32]).unwrap()
}

#[async_trait]
impl Premises for Alone {
    async fn baselines_hold(&self, _: &HashSet<Pseudonym>) -> Result<bool, PremisesError> {
        Ok(false)
    }

    async fn files_in_clear(&self, _: &HashSet<Pseudonym>) -> Result<u32, PremisesError> {
        Ok(0)
    }

    async fn files_removed(&self, _: &HashSet<Pseudonym>) -> Result<u32, PremisesError> {
        Ok(0)
    }

    fn sign(&self, text: &str) -> Result<String, PremisesError> {
        let mut note = Note::new(text.to_owned())?;
        note.add(ledger_key().sign(text, 1));
        Ok(note.to_string())
    }

    fn origin(&self) -> Result<String, PremisesError> {
        Ok(ORIGIN.to_owned())
    }
}

/// What erases here; nothing is on its way for long in a test.
pub fn eraser(house: &House) -> Eraser {
    let (children, commands) = (house.discloser.children.clone(), Arc::clone(&house.commands));
    Eraser::new(Arc::clone(&house.log), children, commands, Arc::new(Alone)).settling_for(Duration::ZERO)
}

/// Somebody who asks the service of erasures.
#[derive(Clone)]
pub struct Erasing {
    client: ErasuresClient<Channel>,
    token: String,
}

impl Erasing {
    pub fn new(channel: Channel, token: String) -> Self {
        Self { client: ErasuresClient::new(channel), token }
    }

    fn signed<T>(&self, request: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(request);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }

    pub async fn propose(&mut self, child: &Subject, only: bool, hours: u32) -> Result<ErasureStanding, String> {
        let request = self.signed(ProposeErasureRequest {
            child: Some(child.clone()),
            only_this_number: only,
            authority: ErasureAuthority::CourtOrder.into(),
            authority_reference: "CO-2026-17".into(),
            reason: "an invented order".into(),
            cooling_off_hours: hours,
        });
        self.client.propose(request).await.map(tonic::Response::into_inner).map_err(|status| reason(&status))
    }

    pub async fn confirm(&mut self, id: &[u8]) -> Result<ErasureStanding, String> {
        let request = self.signed(ConfirmErasureRequest { erasure_id: id.to_vec() });
        self.client.confirm(request).await.map(tonic::Response::into_inner).map_err(|status| reason(&status))
    }

    pub async fn cancel(&mut self, id: &[u8]) -> Result<ErasureStanding, String> {
        let request = self.signed(CancelErasureRequest { erasure_id: id.to_vec(), reason: "as the test asked".into() });
        self.client.cancel(request).await.map(tonic::Response::into_inner).map_err(|status| reason(&status))
    }

    pub async fn readmit(&mut self, id: &[u8]) -> Result<ErasureStanding, String> {
        let request =
            self.signed(ReadmitErasureRequest { erasure_id: id.to_vec(), reason: "as the test asked".into() });
        self.client.readmit(request).await.map(tonic::Response::into_inner).map_err(|status| reason(&status))
    }

    pub async fn run(&mut self, id: &[u8]) -> Result<ErasureStanding, String> {
        let request = self.signed(RunErasureRequest { erasure_id: id.to_vec(), keys_brought: false });
        self.client.run(request).await.map(tonic::Response::into_inner).map_err(|status| reason(&status))
    }

    pub async fn certify(&mut self, id: &[u8]) -> Result<String, String> {
        let copies = "no copy was ever made".to_owned();
        let request = self.signed(CertifyErasureRequest { erasure_id: id.to_vec(), copies });
        self.client.certify(request).await.map(|answer| answer.into_inner().note).map_err(|status| reason(&status))
    }

    pub async fn list(&mut self) -> Result<Vec<ErasureStanding>, String> {
        let request = self.signed(ListErasuresRequest {});
        self.client.list(request).await.map(|answer| answer.into_inner().erasures).map_err(|status| reason(&status))
    }
}
