//! Any bytes as what an SFTP server says: no panic, an end, and the same bytes give the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let heard = || runtime.block_on(connector_kit::sftp::hear(bytes));
    assert_eq!(heard(), heard());
});
