//! A certificate authority made on the spot, and the one certificate that it has signed.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::{Context, Result};

/// Trusted by nobody who has not been given its file, which goes with it.
pub(crate) struct CertificateAuthority {
    pem: NamedTempFile,
    acceptor: TlsAcceptor,
}

impl CertificateAuthority {
    /// An authority with a certificate for `localhost`.
    pub(crate) fn new() -> Result<Self> {
        let (authority, certificate, key) = sign().context(|| "no certificate could be made".to_owned())?;
        let mut pem = NamedTempFile::with_suffix(".pem").context(|| "no file could be made".to_owned())?;
        pem.write_all(authority.as_bytes()).context(|| format!("`{}` could not be written", pem.path().display()))?;
        let configuration = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
            .context(|| "TLS could not be set up".to_owned())?;
        Ok(Self { pem, acceptor: TlsAcceptor::from(Arc::new(configuration)) })
    }

    /// Where its own certificate is.
    pub(crate) fn pem(&self) -> &Path {
        self.pem.path()
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CertificateAuthority").field("pem", &self.pem).finish_non_exhaustive()
    }
}

/// The authority's certificate as PEM; the server's certificate and key.
fn sign() -> std::result::Result<(String, CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "an authority for one test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate()?;
    let pem = authority.self_signed(&authority_key)?.pem();

    let mut server = CertificateParams::new(vec!["localhost".to_owned()])?;
    server.distinguished_name.push(DnType::CommonName, "localhost");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate()?;
    let certificate = server.signed_by(&server_key, &Issuer::new(authority, authority_key))?;
    Ok((pem, certificate.into(), PrivatePkcs8KeyDer::from(server_key.serialize_der()).into()))
}
