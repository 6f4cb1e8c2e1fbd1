//! The pages: one file each, with the same parts in the same order.

pub mod home;
pub mod lineage;
pub mod resource;
pub mod theme;
