//! Finds the server of an account, by the configured address or by SRV records (RFC 6120, section 3.2), and connects.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::server::error::{Error, sanitize_line};
use crate::server::settings::{Account, TlsMode};

/// Maximum number of hosts that are tried, and of addresses that are tried for each host.
const MAX_HOSTS: usize = 8;

/// Connects to the first address that accepts the connection. `time_limit` applies to each lookup and to each address.
pub(super) async fn connect(account: &Account, time_limit: Duration) -> Result<TcpStream, Error> {
    let hosts = match &account.address {
        Some(address) => vec![address.clone()],
        None => hosts(account, time_limit).await?,
    };
    let mut last_error = None;
    for (host, port) in hosts.into_iter().take(MAX_HOSTS) {
        let shown_host = sanitize_line(&host);
        let addresses = match timeout(time_limit, lookup_host((host.as_str(), port))).await {
            Ok(Ok(addresses)) => addresses.take(MAX_HOSTS).collect::<Vec<_>>(),
            Ok(Err(error)) => {
                last_error = Some(format!(
                    "Cannot find {shown_host}: {}",
                    sanitize_line(&error.to_string())
                ));
                continue;
            }
            Err(_) => {
                last_error = Some(format!("Cannot find {shown_host}: DNS does not answer."));
                continue;
            }
        };
        if account.tls == TlsMode::None && !addresses.iter().all(is_loopback) {
            return Err(Error::Refused(format!(
                "tls = \"none\" is allowed only for addresses of this machine, not for {shown_host}. Use tls = \"required\"."
            )));
        }
        for address in addresses {
            last_error = Some(match timeout(time_limit, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Requests are small and wait for their answers.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => unreachable(&shown_host, port, &error),
                Err(_) => format!("Cannot reach {shown_host}, port {port}: no answer."),
            });
        }
    }
    let domain = account.jid.domain();
    Err(Error::Away(last_error.unwrap_or_else(|| {
        format!("Cannot find the XMPP server of {domain}.")
    })))
}

fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// The message about an address that cannot be reached.
fn unreachable(host: &str, port: u16, error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::ConnectionRefused {
        format!("Cannot reach {host}, port {port}: connection refused. Check that the server is running")
    } else {
        format!(
            "Cannot reach {host}, port {port}: {}",
            sanitize_line(&error.to_string())
        )
    }
}

/// Finds the hosts and ports of the account's server, in order of preference. Without SRV records, this is the account's
/// domain itself.
async fn hosts(account: &Account, time_limit: Duration) -> Result<Vec<(String, u16)>, Error> {
    let (service, port) = match account.tls {
        TlsMode::Direct => ("_xmpps-client._tcp", 5223),
        TlsMode::Required | TlsMode::None => ("_xmpp-client._tcp", 5222),
    };
    let domain = ascii(account.jid.domain())?;
    let mut hosts = match timeout(time_limit, srv_records(&format!("{service}.{domain}."))).await {
        Ok(Some(hosts)) => hosts,
        // There are no records or no resolver, so the domain itself is tried.
        _ => Vec::new(),
    };
    if hosts.iter().any(|(_, _, target, _)| target == ".") {
        return Err(Error::Refused(format!(
            "{domain} offers no XMPP service to clients."
        )));
    }
    // At equal priority, hosts with a higher weight come first.
    hosts.sort_by_key(|(priority, weight, _, _)| (*priority, u16::MAX - weight));
    let hosts: Vec<_> = hosts
        .into_iter()
        .map(|(_, _, target, port)| (target, port))
        .collect();
    Ok(if hosts.is_empty() {
        vec![(domain, port)]
    } else {
        hosts
    })
}

/// Looks up SRV records. Returns priority, weight, target and port of at most 64 records; `None` if there is no answer.
async fn srv_records(name: &str) -> Option<Vec<(u16, u16, String, u16)>> {
    let resolver = TokioResolver::builder_tokio().ok()?.build().ok()?;
    let response = resolver.srv_lookup(name).await.ok()?;
    let found = response.answers().iter().filter_map(|record| match &record.data {
        RData::SRV(srv) => Some((srv.priority, srv.weight, srv.target.to_ascii(), srv.port)),
        _ => None,
    });
    Some(found.take(64).collect())
}

/// Converts a domain to ASCII, as in DNS and certificates.
pub(super) fn ascii(domain: &str) -> Result<String, Error> {
    idna::domain_to_ascii(domain)
        .map_err(|_| Error::Refused(format!("{} is not a valid domain.", sanitize_line(domain))))
}
