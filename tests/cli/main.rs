//! The command line through the real binary.

mod addresses;
mod catalog;
mod commands;
mod complete;
mod config;
mod documented;
mod exchange;
mod files;
mod hat_titles;
mod help;
mod history;
#[cfg(test)]
mod log;
mod process;
mod refusals;
mod restricted;
mod servers;
mod servers_config;
mod servers_files;
mod sets;
#[path = "../support/skip.rs"]
mod skip;
mod team;
