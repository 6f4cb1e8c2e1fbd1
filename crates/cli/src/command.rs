//! The commands: one file each, with the same parts in the same order (examples, arguments, `run`, what is
//! printed).

pub mod completions;
pub mod init;
pub mod sql;
