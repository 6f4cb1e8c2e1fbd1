//! Work that ends by an instant, also when the process stood still meanwhile.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio::time::Instant;

/// Works until an instant; `None` when the work was not done by then.
///
/// The clock is asked before the work is touched, each time. So a process that was stopped (a suspended machine, a
/// debugger, a container that was frozen) and goes on after the instant does not go on with the work, whatever has
/// come for it meanwhile; with [`tokio::time::timeout`] it would take one more step, which may be the one that sends.
pub(crate) async fn before<T>(until: Instant, work: impl Future<Output = T>) -> Option<T> {
    let mut end = pin!(tokio::time::sleep_until(until));
    let mut work = pin!(work);
    poll_fn(|context| {
        if Instant::now() >= until || end.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_is_done_in_time_counts() {
        let until = Instant::now() + Duration::from_mins(1);
        let work = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            7
        };
        assert_eq!(before(until, work).await, Some(7));
        let until = Instant::now() + Duration::from_millis(20);
        assert_eq!(before(until, std::future::pending::<()>()).await, None);
        assert!(Instant::now() >= until);
    }

    #[tokio::test]
    async fn nothing_is_touched_after_the_end_though_it_is_ready() {
        let until = Instant::now() + Duration::from_millis(50);
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut touched = false;
        let work = async {
            let _ = receiver.await;
            touched = true;
        };
        let (done, ()) = tokio::join!(before(until, work), async {
            // The whole process stands still; what is waited for comes in that time.
            std::thread::sleep(Duration::from_millis(80));
            let _ = sender.send(());
        });
        assert_eq!((done, touched), (None, false));
        let mut begun = false;
        assert_eq!(before(until, async { begun = true }).await, None);
        assert!(!begun, "an instant that has passed leaves no time to begin");
    }
}
