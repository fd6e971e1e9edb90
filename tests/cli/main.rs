//! Tests of the command line with the real binary.

mod addresses;
mod catalog;
mod commands;
mod complete;
mod config;
mod copied_command;
#[path = "../support/copy_program.rs"]
mod copy_program;
mod documented;
mod exchange;
mod exit_codes;
mod expiry;
mod files;
mod follow;
mod hat_titles;
mod help;
mod history;
mod history_filters;
mod history_servers;
#[cfg(test)]
mod log;
mod process;
mod reasons;
mod refusals;
mod restricted;
mod rights;
mod rollback;
mod servers;
mod servers_config;
mod servers_files;
mod sets;

#[path = "../support/skip.rs"]
mod skip;
mod team;
