//! Asks a server since when it has run.

use jiff::{SignedDuration, Timestamp};

use super::element::{attribute, child, element};
use super::link::{RequestFailure, RequestSender};
use crate::model::Jid;
use crate::server::error::Error;
use crate::server::settings::ServerSettings;

const LAST: &str = "jabber:iq:last";

/// Asks for a time since which the account's server has run (XEP-0012). `None` if the server does not tell, or not all
/// services belong to it.
pub(super) async fn running_since(
    sender: &RequestSender,
    settings: &ServerSettings,
    own: &Jid,
) -> Result<Option<Timestamp>, Error> {
    let domain = own.domain();
    let belongs = |service: &Jid| {
        let parent = service.domain().strip_suffix(domain);
        parent.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !settings.entry.services.iter().all(belongs) {
        return Ok(None);
    }
    match sender.request(domain, "get", element("query", LAST, &[])).await {
        Ok(answer) => {
            let query = child(&answer, "query", LAST);
            let seconds = query.and_then(|query| attribute(query, "seconds")?.parse().ok());
            // The server ran for at least this time before its answer came.
            Ok(seconds.and_then(|seconds| began(Timestamp::now(), seconds)))
        }
        Err(RequestFailure::Broken(error)) => Err(error),
        Err(RequestFailure::Refused(_) | RequestFailure::Silent) => Ok(None),
    }
}

fn began(now: Timestamp, seconds: u32) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::from_secs(seconds.into())).ok()
}
