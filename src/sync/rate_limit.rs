//! How much a server accepts of an account in some time.

use std::time::Duration;

use super::Item;
use crate::model::{HatId, Jid};

/// The least size of a request for a hat, without addresses and IDs, in bytes.
const HAT_REQUEST_BYTES: usize = 300;
/// The least size of an affiliation in a request, of which it has many, in bytes.
const AFFILIATION_REQUEST_BYTES: usize = 50;

/// How much a server accepts of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Number of bytes at any speed.
    pub burst: u64,
    /// Number of bytes per second after that.
    pub rate: u64,
}

impl RateLimit {
    /// ejabberd's limit for accounts that do not administer the server, if its shaper `normal` is as in the configuration
    /// that comes with it.
    pub const EJABBERD: Self = Self {
        burst: 20_000,
        rate: 3_000,
    };

    /// The limit that sending so many bytes within this time shows; `None` if they are too few to show one.
    pub fn measured(bytes: u64, time: Duration) -> Option<Self> {
        let burst = Self::EJABBERD.burst;
        let slowed = bytes.checked_sub(2 * burst)? + burst;
        let milliseconds = u64::try_from(time.as_millis()).ok()?.max(1);
        let rate = (slowed * 1000 / milliseconds).max(1);
        Some(Self { burst, rate })
    }

    /// How many seconds it takes to send so many bytes.
    pub fn seconds(self, bytes: u64) -> u64 {
        bytes.saturating_sub(self.burst) / self.rate.max(1)
    }
}

/// About how many bytes the request for a change has.
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
    fn a_limit_is_measured_by_what_comes_after_the_burst() {
        let measured = |bytes, seconds| RateLimit::measured(bytes, Duration::from_secs(seconds));
        assert_eq!(measured(39_999, 100), None);
        assert_eq!(measured(80_000, 20), Some(RateLimit::EJABBERD));
        assert_eq!(measured(320_000, 1).unwrap().rate, 300_000);
        assert_eq!(measured(320_000, 0).unwrap().rate, 300_000_000);
        assert_eq!(RateLimit::EJABBERD.seconds(20_000), 0);
        assert_eq!(RateLimit::EJABBERD.seconds(380_000), 120);
    }
}
