//! Tests of the store: what was confirmed is saved, whatever happens to the machine, the file or the process.

#[cfg(test)]
mod arbitrary_bytes;
#[cfg(test)]
mod child;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "../support/copy_program.rs"]
mod copy_program;
#[cfg(test)]
mod external;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod history;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod interleaved;
#[cfg(test)]
mod interrupted;
#[cfg(test)]
mod limited_file_systems;
#[cfg(test)]
mod machine_faults;
#[cfg(test)]
mod not_files;
#[cfg(test)]
mod outside_entries;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod races;

#[path = "../support/skip.rs"]
mod skip;
#[cfg(test)]
mod viewer;
#[cfg(test)]
mod worker;
