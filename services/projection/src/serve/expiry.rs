//! When certificates expire, for whoever must renew them.

use std::path::{Path, PathBuf};

use runtime::metrics;
use x509_parser::pem::Pem;

/// Measures when the first certificate of a PEM file expires. The file is read whenever the metrics are, so that a
/// certificate that was renewed is seen to be.
pub fn measure(of: &str, file: PathBuf) {
    metrics::CERTIFICATE_EXPIRY.watch([of], move || expires_at(&file));
}

/// Seconds since 1970; none when the file holds no certificate.
fn expires_at(file: &Path) -> Option<f64> {
    let (pem, _) = Pem::read(std::io::Cursor::new(std::fs::read(file).ok()?)).ok()?;
    // A certificate for trying out lasts longer than thirty-two bits of seconds do.
    Some(pem.parse_x509().ok()?.validity().not_after.timestamp() as f64)
}

#[test]
fn the_expiry_of_a_certificate_is_read_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certificate.pem");
    assert_eq!(expires_at(&file), None);
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_after = rcgen::date_time_ymd(2131, 4, 1);
    let certificate = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    std::fs::write(&file, certificate.pem()).unwrap();
    assert_eq!(expires_at(&file), Some(5_088_441_600.0));
    std::fs::write(&file, "none").unwrap();
    assert_eq!(expires_at(&file), None);
}
