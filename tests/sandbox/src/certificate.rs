//! The certificate that the private nginx shows, for `localhost` and made anew for each sandbox.

use std::io;
use std::path::Path;

use crate::error::{Context, Result};
use crate::files::{create_directory, write};

/// Makes the certificate and its key, and writes them where nginx's configuration names them; the certificate, in DER.
pub(crate) fn make(prefix: &Path) -> Result<Vec<u8>> {
    let told = || "no certificate could be made".to_owned();
    let key = rcgen::KeyPair::generate().map_err(io::Error::other).context(told)?;
    let parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).map_err(io::Error::other);
    let certificate = parameters.and_then(|parameters| parameters.self_signed(&key).map_err(io::Error::other));
    let certificate = certificate.context(told)?;
    let directory = prefix.join("tls");
    create_directory(&directory)?;
    write(&directory.join("certificate.pem"), &certificate.pem())?;
    write(&directory.join("key.pem"), &key.serialize_pem())?;
    Ok(certificate.der().to_vec())
}
