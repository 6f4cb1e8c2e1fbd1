//! The Tableau connector against the simulator, and against servers that answer oddly.

mod check;
mod fault;
mod http_policy;
mod inventory;
mod odd_answer;
mod secret;
mod support;
