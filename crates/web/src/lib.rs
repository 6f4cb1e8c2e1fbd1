//! The web catalog: pages, API and sign-in over HTTP.
