//! The pages: one file each, with the same parts in the same order.

pub mod credential;
pub mod exposure;
pub mod health;
pub mod home;
pub mod integration;
pub mod job;
pub mod lineage;
pub mod one_time_link;
pub mod refresh;
pub mod resource;
pub mod run;
pub mod search;
pub mod settings;
pub mod sign_in;
pub mod theme;
pub mod tree;
