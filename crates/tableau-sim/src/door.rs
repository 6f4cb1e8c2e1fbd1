//! The way in: a listener that can be closed and opened again while the server runs, and connections that end by a
//! reset.
//!
//! A closed door refuses connections as a host does on which nothing listens. Its port stays taken meanwhile, by a socket
//! that is bound but does not listen, so that nobody else gets it before the door opens again.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// Connections that the system may hold ready.
const BACKLOG: u32 = 1024;
/// How long to wait after the system refused a socket or a connection.
const PAUSE: Duration = Duration::from_millis(20);

/// A listener on one address, open or closed as a switch says.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    state: State,
    is_closed: watch::Receiver<bool>,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    /// The socket that holds the port.
    Closed(TcpSocket),
    /// The system did not give the port back yet.
    Lost,
}

impl Door {
    /// A door that is open at first.
    ///
    /// # Errors
    /// When the listener has no address.
    pub(crate) fn new(listener: TcpListener, is_closed: watch::Receiver<bool>) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            state: State::Open(listener),
            is_closed,
        })
    }

    /// Closes or opens, as the switch says now.
    fn settle(&mut self) -> io::Result<()> {
        let is_closed = *self.is_closed.borrow_and_update();
        let state = std::mem::replace(&mut self.state, State::Lost);
        self.state = match (state, is_closed) {
            (State::Open(listener), true) => {
                drop(listener);
                State::Closed(self.bound()?)
            }
            (State::Closed(socket), false) => State::Open(socket.listen(BACKLOG)?),
            (State::Lost, true) => State::Closed(self.bound()?),
            (State::Lost, false) => State::Open(self.bound()?.listen(BACKLOG)?),
            (state, _) => state,
        };
        Ok(())
    }

    fn bound(&self) -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        // Connections of before may linger on the port.
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        Ok(socket)
    }
}

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            if let Err(error) = self.settle() {
                tracing::warn!(%error, "the port cannot be had");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let State::Open(listener) = &self.state else {
                changed(&mut self.is_closed).await;
                continue;
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = changed(&mut self.is_closed) => continue,
            };
            match accepted {
                Ok((stream, _)) if *self.is_closed.borrow() => reset(&stream),
                Ok((stream, from)) => return (Wire::new(stream), from),
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Ends when the switch was touched; never, when nobody can touch it any more.
async fn changed(switch: &mut watch::Receiver<bool>) {
    if switch.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Lets a connection end by a reset, not by a goodbye, when it is dropped.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "a connection cannot be reset");
    }
}

/// What a request knows of its connection: by it the connection is reset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(Arc<AtomicBool>);

impl Line {
    /// From now on nothing more is sent, and the connection ends by a reset.
    pub(crate) fn reset(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_reset(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().line.clone()
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    line: Line,
}

impl Wire {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            line: Line::default(),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.line.is_reset() {
            reset(&self.stream);
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.line.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.line.is_reset() {
            // A goodbye would come before the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
