//! Asks a server how long it has been running.

use jiff::{SignedDuration, Timestamp};

use super::element::{attribute, child, element};
use super::link::{RequestFailure, RequestSender};
use crate::model::Jid;
use crate::server::error::Error;
use crate::server::settings::ServerSettings;

const LAST: &str = "jabber:iq:last";

/// Asks the account's server how long it has been running (XEP-0012). Returns a time since which it has certainly been running;
/// `None` if the server does not report that, or not all services belong to this server.
pub(super) async fn running_since(
    sender: &RequestSender,
    settings: &ServerSettings,
    own: &Jid,
) -> Result<Option<Timestamp>, Error> {
    let domain = own.domain();
    let is_on_server = |service: &Jid| {
        let parent = service.domain().strip_suffix(domain);
        parent.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !settings.entry.services.iter().all(is_on_server) {
        return Ok(None);
    }
    match sender.request(domain, "get", element("query", LAST, &[])).await {
        Ok(answer) => {
            let query = child(&answer, "query", LAST);
            let seconds = query.and_then(|query| attribute(query, "seconds")?.parse().ok());
            // The server had run for at least this number of seconds when its answer came.
            Ok(seconds.and_then(|seconds| seconds_before(Timestamp::now(), seconds)))
        }
        Err(RequestFailure::Broken(error)) => Err(error),
        Err(RequestFailure::Refused(_) | RequestFailure::Silent) => Ok(None),
    }
}

/// The time that is this number of seconds before `now`; `None` if it cannot be represented.
fn seconds_before(now: Timestamp, seconds: u32) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::from_secs(seconds.into())).ok()
}
