//! Retries and backoff, as a pure function: whether to retry a call, and after which delay.

use std::time::Duration;

/// The delay before the second attempt; it doubles with each further attempt.
const FIRST: Duration = Duration::from_millis(500);

/// The delay before the next attempt; `None` means that no further attempt is made. Only called for failures that may
/// pass.
///
/// `asked` is the time that the server asks to wait, if it states one: the delay is that time and a little more, and a
/// time above `most` ends the attempts. `chance`, from 0 to 1, spreads the retries of many clients: "equal jitter" as in
/// AWS's "Exponential Backoff And Jitter" (2015), half of the delay fixed and half random.
pub(crate) fn pause(
    asked: Option<Duration>,
    attempt: u32,
    attempts: u32,
    most: Duration,
    chance: f64,
) -> Option<Duration> {
    if attempt >= attempts {
        return None;
    }
    if let Some(asked) = asked {
        let pause = asked + FIRST.mul_f64(chance.clamp(0.0, 1.0));
        return (asked <= most).then_some(pause);
    }
    let doubled = FIRST.saturating_mul(1 << (attempt - 1).min(16)).min(most);
    Some(doubled.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0)))
}

/// The delay in a `Retry-After` header, given in seconds or as an HTTP date; `now` is in seconds since 1970.
pub(crate) fn retry_after(header: &str, now: i64) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<f64>() {
        return (0.0..=1e9).contains(&seconds).then(|| Duration::from_secs_f64(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(header).ok()?;
    Some(Duration::from_secs(u64::try_from(date.timestamp() - now).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(60);

    #[test]
    fn attempts_end() {
        assert!(pause(None, 4, 5, MOST, 0.5).is_some());
        assert_eq!(pause(None, 5, 5, MOST, 0.5), None, "at the last attempt");
    }

    #[test]
    fn a_server_that_names_a_time_is_waited_for() {
        let asked = |seconds| Some(Duration::from_secs(seconds));
        for chance in [0.0, 0.5, 1.0] {
            assert!(pause(asked(7), 1, 5, MOST, chance).unwrap() >= Duration::from_secs(7));
        }
        assert_eq!(pause(asked(61), 1, 5, MOST, 0.0), None, "too long");
        assert_eq!(retry_after("1.5", 0), Some(Duration::from_millis(1500)));
        assert_eq!(
            retry_after("Thu, 01 Jan 1970 00:00:30 GMT", 10),
            Some(Duration::from_secs(20))
        );
        assert_eq!(retry_after("Thu, 01 Jan 1970 00:00:30 GMT", 99), Some(Duration::ZERO));
        for header in ["-1", "soon", "nan", "1e99"] {
            assert_eq!(retry_after(header, 0), None, "{header}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_most() {
        let at = |attempt| pause(None, attempt, 99, MOST, 1.0).unwrap();
        assert_eq!((at(1), at(2), at(3)), (FIRST, FIRST * 2, FIRST * 4));
        assert_eq!((at(20), at(80)), (MOST, MOST));
    }
}
