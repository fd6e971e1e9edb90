//! A server's limit on the bytes that it accepts from an account, and the size of requests.

use std::time::Duration;

use super::Item;
use crate::model::{HatId, Jid};

/// The minimum size in bytes of a request that changes a hat or a catalog entry, without its addresses and IDs.
const HAT_REQUEST_BYTES: usize = 300;
/// The minimum size in bytes of one affiliation in a request that changes many, without its address.
const AFFILIATION_REQUEST_BYTES: usize = 50;

/// A server's limit on the bytes that it accepts from an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Number of bytes that are accepted at full speed first.
    pub burst: u64,
    /// Number of bytes per second that are accepted after these.
    pub rate: u64,
}

impl RateLimit {
    /// ejabberd's default limit for accounts that do not administer the server: the shaper `normal` of the configuration
    /// that comes with ejabberd.
    pub const EJABBERD_DEFAULT: Self = Self {
        burst: 20_000,
        rate: 3_000,
    };

    /// Estimates the rate from the time that sending this many bytes took, assuming ejabberd's default burst. Returns `None` if
    /// these are fewer bytes than two bursts.
    pub fn measured(bytes: u64, time: Duration) -> Option<Self> {
        let burst = Self::EJABBERD_DEFAULT.burst;
        let bytes_after_burst = bytes.checked_sub(2 * burst)? + burst;
        let milliseconds = u64::try_from(time.as_millis()).ok()?.max(1);
        let rate = (bytes_after_burst * 1000 / milliseconds).max(1);
        Some(Self { burst, rate })
    }

    /// Estimates how many seconds sending this many bytes takes.
    pub fn seconds_to_send(self, bytes: u64) -> u64 {
        bytes.saturating_sub(self.burst) / self.rate.max(1)
    }
}

/// Estimates how many bytes are sent to change an item: those of a whole request or, for an affiliation, of its part of a
/// request.
pub fn request_size(room: &Jid, item: &Item) -> u64 {
    let length = |hat: Option<&HatId>| hat.map_or(0, |hat| hat.as_str().len());
    let user = item.user().map_or(0, |user| user.as_str().len());
    let size = match item {
        Item::Affiliation { .. } => AFFILIATION_REQUEST_BYTES + user,
        Item::Hat { .. } | Item::Catalog { .. } => {
            HAT_REQUEST_BYTES + room.as_str().len() + user + length(item.hat())
        }
    };
    u64::try_from(size).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_measured_without_the_burst() {
        let measured = |bytes, seconds| RateLimit::measured(bytes, Duration::from_secs(seconds));
        assert_eq!(measured(39_999, 100), None);
        assert_eq!(measured(80_000, 20), Some(RateLimit::EJABBERD_DEFAULT));
        assert_eq!(measured(320_000, 1).unwrap().rate, 300_000);
        assert_eq!(measured(320_000, 0).unwrap().rate, 300_000_000);
        assert_eq!(RateLimit::EJABBERD_DEFAULT.seconds_to_send(20_000), 0);
        assert_eq!(RateLimit::EJABBERD_DEFAULT.seconds_to_send(380_000), 120);
    }
}
