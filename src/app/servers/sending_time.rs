//! Describes the time that sending may take.

use crate::app::describe::count;

/// The shortest time that is described, in seconds.
const MIN_SECONDS: u64 = 20;

/// Describes the time that sending may take: `Sending may take about 2 minutes`. `None` if the time is short.
pub fn sending_time_text(seconds: u64) -> Option<String> {
    let time = match usize::try_from(seconds).unwrap_or(usize::MAX) {
        _ if seconds < MIN_SECONDS => return None,
        seconds @ ..90 => format!("{} seconds", seconds.div_ceil(10) * 10),
        seconds @ ..7200 => count(seconds.saturating_add(30) / 60, "minute"),
        seconds => count(seconds.saturating_add(1800) / 3600, "hour"),
    };
    Some(format!("Sending may take about {time}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded() {
        let text = |seconds| sending_time_text(seconds).unwrap_or_default();
        assert_eq!(text(19), "");
        for (seconds, about) in [
            (20, "20 seconds"),
            (81, "90 seconds"),
            (90, "2 minutes"),
            (149, "2 minutes"),
            (150, "3 minutes"),
            (7200, "2 hours"),
        ] {
            assert_eq!(text(seconds), format!("Sending may take about {about}"));
        }
        assert!(sending_time_text(u64::MAX).is_some());
    }
}
