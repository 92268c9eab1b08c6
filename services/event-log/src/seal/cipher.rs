//! The cipher: AES-256-GCM-SIV (RFC 8452), which forgives a repeated nonce.
//!
//! Made by the library that does TLS and signatures here. Under every nonce the cipher makes two keys anew, and a body is a few
//! hundred bytes: what making them costs is most of what sealing costs.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{DataKey, SealError, TAG_BYTES};

pub(super) const NONCE_BYTES: usize = 12;

impl DataKey {
    /// Encrypts in place, and gives the tag over that and the associated data.
    ///
    /// # Errors
    /// When the library has no memory for it.
    pub(super) fn encrypt(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        bytes: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], SealError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.ready()?.seal_in_place_separate_tag(nonce, Aad::from(associated), bytes);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(SealError::NoMemory)
    }

    /// Decrypts in place. False when any bit of it, of the tag or of the associated data is not as it was: what stands in `bytes`
    /// then is nothing.
    ///
    /// # Errors
    /// When the library has no memory for the key: that is no forgery.
    pub(super) fn decrypt(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        tag: &[u8; TAG_BYTES],
        bytes: &mut [u8],
    ) -> Result<bool, SealError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        Ok(self.ready()?.open_in_place_separate_tag(nonce, Aad::from(associated), tag, bytes).is_ok())
    }

    fn ready(&self) -> Result<LessSafeKey, SealError> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, self.as_bytes());
        key.map(LessSafeKey::new).map_err(|_| SealError::NoMemory)
    }
}
