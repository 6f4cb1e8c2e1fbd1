//! The simulator over the wire: what it answers, byte for byte where it matters.

#[cfg(test)]
mod connected_app;
#[cfg(test)]
mod graphql;
#[cfg(test)]
mod mishap;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod support;
#[cfg(test)]
mod switches;
#[cfg(test)]
mod webhook;
