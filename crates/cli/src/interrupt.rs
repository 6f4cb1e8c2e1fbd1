//! Ctrl-C and the polite signal of service managers: the first asks to stop, the second insists.

use tokio_util::sync::CancellationToken;

use crate::error::COULD_NOT_RUN;
use crate::printer::Printer;

/// What a shell shows of a program that Ctrl-C ended: the exit code of commands that only watched what goes on without
/// them. Work that was stopped could not run.
pub const INTERRUPTED: u8 = 130;

/// Runs work that can be stopped. The token is cancelled at the first signal, so that the work can put
/// things in order (sign out, give its lease back); at the second the process ends at once.
pub async fn stoppable<T>(printer: &Printer, work: impl AsyncFnOnce(&CancellationToken) -> T) -> T {
    let token = CancellationToken::new();
    let work = work(&token);
    tokio::pin!(work);
    tokio::select! {
        // Listening begins before the work does.
        biased;
        () = signal() => {}
        done = &mut work => return done,
    }
    printer.note("stopping; once more stops at once");
    token.cancel();
    tokio::select! {
        done = work => done,
        () = signal() => std::process::exit(COULD_NOT_RUN.into()),
    }
}

/// Runs work that another process does: the first signal is handed on by `ask`, the second by `insist`; the work
/// then ends by itself.
pub async fn handed_on<T>(
    printer: &Printer,
    work: impl Future<Output = T>,
    ask: impl FnOnce(),
    insist: impl FnOnce(),
) -> T {
    tokio::pin!(work);
    tokio::select! {
        // Listening begins before the work does.
        biased;
        () = signal() => {}
        done = &mut work => return done,
    }
    printer.note("stopping; once more ends it");
    ask();
    tokio::select! {
        done = &mut work => return done,
        () = signal() => {}
    }
    insist();
    work.await
}

/// Ends when the process is asked to stop.
async fn signal() {
    tokio::select! {
        heard = tokio::signal::ctrl_c() => wait_for_ever_unless(heard.is_ok()).await,
        () = terminate() => {}
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut stream) => wait_for_ever_unless(stream.recv().await.is_some()).await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}

/// A signal that cannot be listened to never comes.
async fn wait_for_ever_unless(heard: bool) {
    if !heard {
        std::future::pending::<()>().await;
    }
}
