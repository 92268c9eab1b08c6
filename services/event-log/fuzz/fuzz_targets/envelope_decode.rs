#![no_main]
//! Any bytes: decoding never panics, and what it takes is exactly what protobuf would write.

use bytes::Bytes;
use event_log::envelope;
use libfuzzer_sys::fuzz_target;
use prost::Message;
use proto::events::Envelope;

fuzz_target!(|bytes: &[u8]| {
    if envelope::decode(Bytes::copy_from_slice(bytes)).is_ok() {
        let message = Envelope::decode(bytes).expect("what is taken is protobuf");
        assert_eq!(message.encode_to_vec(), bytes);
    }
});
