//! The configuration of TLS with the trusted certificates, and messages about failures.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use crate::server::error::{Error, sanitize_line};

/// Maximum size of a certificate file, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Creates the configuration with the trusted authorities: those of the system and those of the file. `is_direct`: TLS
/// starts with the first byte of the connection. A server certificate that is itself in the file is trusted for its names,
/// even if it is marked as an authority, as most self-signed ones are.
pub(super) fn config(ca_file: Option<&Path>, is_direct: bool) -> Result<ClientConfig, Error> {
    let trusted = ca_file.map_or_else(|| Ok(Vec::new()), certificates)?;
    let mut roots = RootCertStore::empty();
    // Missing system certificates are reported when a server certificate is verified.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(trusted.iter().cloned());
    let provider = Arc::new(ring::default_provider());
    let unusable = |error: rustls::Error| Error::Refused(format!("Encryption cannot be used: {error}"));
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let mut config = if roots.is_empty() {
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| Error::Refused(format!("Encryption cannot be used: {error}")))?;
        let verifier = Arc::new(Verifier { inner, trusted });
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth()
    };
    if is_direct {
        config.alpn_protocols = vec![b"xmpp-client".to_vec()];
    }
    Ok(config)
}

/// Reads the certificates of a file; there is at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let failed = |why: String| {
        Error::Refused(format!(
            "Cannot read the certificates of ca-file {}: {why}",
            path.display()
        ))
    };
    let metadata = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
        return Err(failed("not a certificate file.".into()));
    }
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(failed("it contains no PEM certificate.".into())),
    }
}

/// Verifies certificates as usual, and also accepts server certificates that are themselves in the file.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.inner
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(rustls::Error::InvalidCertificate(error))
                if self.trusted.iter().any(|trusted| trusted == end_entity) && !is_invalid_now(&error) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whether the certificate is outside its validity period, or revoked.
fn is_invalid_now(error: &CertificateError) -> bool {
    matches!(
        error,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
            | CertificateError::Revoked
    )
}

/// Converts the error of a failed TLS handshake.
pub(super) fn explain(error: &io::Error, domain: &str) -> Error {
    let inner = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(error)) => Error::Refused(explain_certificate(error, domain)),
        Some(rustls::Error::InvalidMessage(_)) => Error::Refused(format!(
            "The server of {domain} does not use TLS at this address. Check address and tls."
        )),
        Some(error) => Error::Refused(format!(
            "Cannot encrypt the connection to {domain}: {}",
            sanitize_line(&error.to_string())
        )),
        None => Error::Away(format!(
            "The server of {domain} closed the connection during the TLS handshake: {}",
            sanitize_line(&error.to_string())
        )),
    }
}

/// The message about an invalid certificate.
fn explain_certificate(error: &CertificateError, domain: &str) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("The certificate of {domain} has expired. The operator of the server has to renew it.")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("The certificate of {domain} is not valid yet. Check this machine's clock.")
        }
        CertificateError::UnknownIssuer => format!(
            "The certificate of {domain} was issued by an unknown authority. To trust it, save the authority's certificate to a file and set ca-file."
        ),
        CertificateError::NotValidForName => {
            format!("The server's certificate is not valid for {domain}. Check address.")
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            // A name looks like `DnsName("chat.example.org")`.
            let name = |name: &String| sanitize_line(name.split('"').nth(1).unwrap_or(name));
            let names: Vec<String> = presented.iter().take(3).map(name).collect();
            format!(
                "The server's certificate is not valid for {domain}, only for {}. Check address.",
                names.join(", ")
            )
        }
        CertificateError::Revoked => format!("The certificate of {domain} was revoked."),
        other if other.to_string().contains("CaUsedAsEndEntity") => format!(
            "The certificate of {domain} is self-signed. To trust it, save it to a file and set ca-file."
        ),
        other => format!(
            "The certificate of {domain} is not valid: {}",
            sanitize_line(&other.to_string())
        ),
    }
}

/// The TLS version, for display.
pub(super) fn version(version: Option<rustls::ProtocolVersion>) -> String {
    match version {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3".into(),
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2".into(),
        _ => "TLS".into(),
    }
}

/// The channel binding data of the type `tls-exporter` (RFC 9266); `None` before TLS 1.3.
pub(super) fn channel_binding(connection: &rustls::ClientConnection) -> Option<Vec<u8>> {
    (connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3)).then_some(())?;
    connection
        .export_keying_material(vec![0_u8; 32], b"EXPORTER-Channel-Binding", None)
        .ok()
}
