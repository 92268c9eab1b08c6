//! Sealing: pseudonyms, ids, data keys and envelopes.
//!
//! A data key is random, one for each (subject, source), and named by its own random key id. Its record, wrapped under
//! the controller's wrapping key, is acknowledged by the keys topic before the first body that it seals.
