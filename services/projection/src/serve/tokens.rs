//! Tokens whose signature was found to hold, and certificates that were read: a person asks many times with one token over one
//! connection, and checking a signature costs more than the rest of an answer that is at hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::sharing::DenialReason;
use sha2::{Digest, Sha256};

use super::caller::{self, Caller, Issuer, SignIn, Verified};

/// Tokens remembered: past it all are forgotten, and checked again as they come.
const TOKENS_MAX: usize = 10_000;
/// Certificates remembered, likewise.
const CERTIFICATES_MAX: usize = 1_000;

/// Who was found to call by which token. The token itself is not kept. What is remembered holds until the token runs out, and
/// for as long as the organisation is recorded with the same issuer and the same key.
#[derive(Default)]
pub struct Tokens {
    verified: Mutex<HashMap<[u8; 32], (Issuer, Verified)>>,
    /// The names that a certificate carries, by its bytes.
    names: Mutex<HashMap<Vec<u8>, Arc<[String]>>>,
}

impl Tokens {
    /// Reads the caller's token.
    ///
    /// # Errors
    /// As [`caller::verify`].
    pub fn caller(&self, authorization: Option<&str>, issuer: &Issuer) -> Result<Caller, DenialReason> {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| DenialReason::TokenRefused)?.as_secs();
        self.caller_at(authorization, issuer, now_s)
    }

    /// The DNS names that a client certificate carries: see [`caller::certificate_names`].
    pub fn names(&self, certificate_der: &[u8]) -> Arc<[String]> {
        let mut held = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(names) = held.get(certificate_der) {
            return Arc::clone(names);
        }
        if held.len() >= CERTIFICATES_MAX {
            held.clear();
        }
        let names: Arc<[String]> = caller::certificate_names(certificate_der).into();
        held.insert(certificate_der.to_vec(), Arc::clone(&names));
        names
    }

    /// How the caller of this token signed in.
    ///
    /// # Errors
    /// As [`caller::verify`].
    pub fn sign_in(&self, authorization: Option<&str>, issuer: &Issuer) -> Result<SignIn, DenialReason> {
        Ok(caller::verify(authorization, issuer)?.sign_in)
    }

    fn caller_at(&self, authorization: Option<&str>, issuer: &Issuer, now_s: u64) -> Result<Caller, DenialReason> {
        let shown: [u8; 32] = Sha256::digest(authorization.unwrap_or_default()).into();
        let known = {
            let held = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
            held.get(&shown)
                .filter(|(of, verified)| of == issuer && now_s < verified.expires_at_s)
                .map(|known| known.1.caller.clone())
        };
        if let Some(caller) = known {
            return Ok(caller);
        }
        let verified = caller::verify(authorization, issuer)?;
        let caller = verified.caller.clone();
        let mut held = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= TOKENS_MAX {
            held.clear();
        }
        held.insert(shown, (issuer.clone(), verified));
        Ok(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::super::caller::tests::{Keys, good_claims, keys, signed};
    use super::*;
    use serde_json::json;

    const FAR: u64 = 4_000_000_000;

    fn token(keys: &Keys, person: &str) -> String {
        let mut claims = good_claims(&keys.issuer);
        claims["sub"] = json!(person);
        claims["exp"] = json!(FAR);
        signed(keys, &claims)
    }

    #[test]
    fn a_token_is_who_it_was_until_it_runs_out() {
        let (tokens, keys) = (Tokens::default(), keys());
        let shown = token(&keys, "t.invented");
        let first = tokens.caller_at(Some(&shown), &keys.issuer, 1).unwrap();
        let nobody = Issuer { token_key_pem: "no key".into(), ..keys.issuer.clone() };
        // By its signature it would be refused: so this is what was remembered.
        tokens.verified.lock().unwrap().values_mut().for_each(|known| known.0 = nobody.clone());
        assert_eq!(tokens.caller_at(Some(&shown), &nobody, FAR - 1), Ok(first));
        assert_eq!(tokens.caller_at(Some(&shown), &nobody, FAR), Err(DenialReason::TokenRefused));
    }

    #[test]
    fn nothing_is_remembered_under_another_key_issuer_or_organisation() {
        let (tokens, ours, theirs) = (Tokens::default(), keys(), keys());
        let shown = token(&ours, "t.invented");
        tokens.caller_at(Some(&shown), &ours.issuer, 1).unwrap();
        let of_another_key = Issuer { token_key_pem: theirs.issuer.token_key_pem.clone(), ..ours.issuer.clone() };
        let of_another_name = Issuer { token_issuer: "https://elsewhere.invalid".into(), ..ours.issuer.clone() };
        for issuer in [of_another_key, of_another_name] {
            assert_eq!(tokens.caller_at(Some(&shown), &issuer, 1), Err(DenialReason::TokenRefused));
        }
        let elsewhere = Issuer { organisation: "la-878".into(), ..ours.issuer.clone() };
        let caller = tokens.caller_at(Some(&shown), &elsewhere, 1).unwrap();
        assert_eq!(caller.organisation, "la-878", "whose key it is, and not who was remembered");
    }

    #[test]
    fn what_is_refused_is_not_remembered_and_of_ever_new_tokens_only_so_many_are() {
        let (tokens, keys) = (Tokens::default(), keys());
        for wrong in [None, Some("Bearer x.y.z"), Some("")] {
            assert!(tokens.caller_at(wrong, &keys.issuer, 1).is_err());
        }
        assert!(tokens.verified.lock().unwrap().is_empty());
        let shown = token(&keys, "t.invented");
        let caller = tokens.caller_at(Some(&shown), &keys.issuer, 1).unwrap();
        let known = || {
            (keys.issuer.clone(), Verified { caller: caller.clone(), expires_at_s: FAR, sign_in: SignIn::default() })
        };
        for n in 0..TOKENS_MAX as u64 * 2 {
            let mut held = tokens.verified.lock().unwrap();
            if held.len() < TOKENS_MAX {
                let mut id = [0; 32];
                id[..8].copy_from_slice(&n.to_be_bytes());
                held.insert(id, known());
            }
        }
        tokens.caller_at(Some(&token(&keys, "t.another")), &keys.issuer, 1).unwrap();
        assert!(tokens.verified.lock().unwrap().len() <= TOKENS_MAX);
    }
}
