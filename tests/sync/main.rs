//! Tests of synchronization without a server: the merge table row by row, and properties of all rooms and servers.

mod choosing;
mod crashes;
mod data;
#[cfg(test)]
mod faults;
mod laws;
#[cfg(test)]
mod prepared;
mod rows;
mod rows_catalog;
mod rows_rooms;
mod rows_users;
mod sending;
#[cfg(test)]
mod session;
#[cfg(test)]
mod sides;
#[cfg(test)]
mod steps;
#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(test)]
mod world;
