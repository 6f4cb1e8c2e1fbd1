//! What becomes of a good answer on its way: cut, reset, dripping, without an end, or a pointer elsewhere in its place.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::{StreamExt as _, stream};

use crate::door::Line;

/// How long the first half of an answer gets to reach the other side before the connection ends: what is not written by
/// then is not sent at all.
const HEAD_START: Duration = Duration::from_millis(30);
/// What an endless answer goes on with: blanks, which are no error in XML or JSON as long as they come.
const FILLER: Bytes = Bytes::from_static(&[b' '; 16 * 1024]);

/// Sends half of the answer and then ends the connection with a goodbye, as a proxy does whose server went away.
pub(crate) async fn cut(response: Response) -> Response {
    halved(response, || {}).await
}

/// Sends half of the answer and then resets the connection, as a server does that is killed.
pub(crate) async fn reset(response: Response, line: Line) -> Response {
    halved(response, move || line.reset()).await
}

async fn halved(response: Response, ending: impl FnOnce() + Send + 'static) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let whole = whole(body).await;
    let half = whole.slice(..whole.len() / 2);
    let broken = stream::once(async move {
        tokio::time::sleep(HEAD_START).await;
        ending();
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut by a switch"))
    });
    let pieces = stream::iter([Ok(half)]).chain(broken);
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// Sends the answer byte by byte.
pub(crate) async fn drip(response: Response, between: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let whole = whole(body).await;
    let bytes = stream::iter(0..whole.len()).then(move |at| {
        let byte = whole.slice(at..=at);
        async move {
            tokio::time::sleep(between).await;
            Ok::<Bytes, Infallible>(byte)
        }
    });
    Response::from_parts(parts, Body::from_stream(bytes))
}

/// Sends the answer, and after it blanks for as long as anybody takes them.
pub(crate) async fn without_end(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let start = stream::iter([whole(body).await]);
    let pieces = start.chain(stream::repeat(FILLER)).map(Ok::<Bytes, Infallible>);
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// Points at the same path elsewhere: below another host's address, or below a path of this one.
pub(crate) fn pointer(status: u16, to: &str, path: &str, query: &str) -> Response {
    let mark = if query.is_empty() { "" } else { "?" };
    let target = format!("{}{path}{mark}{query}", to.trim_end_matches('/'));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
    if let Ok(target) = HeaderValue::from_str(&target) {
        response.headers_mut().insert(header::LOCATION, target);
    }
    response
}

async fn whole(body: Body) -> Bytes {
    axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default()
}
