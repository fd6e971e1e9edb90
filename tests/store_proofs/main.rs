//! Proofs of the store: what was acknowledged is there, whatever happens to the machine, the file or the process.

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod changed;
#[cfg(test)]
mod child;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod common;
#[cfg(test)]
mod external;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod history;
#[cfg(test)]
mod interleaved;
#[cfg(test)]
mod keeper;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod places;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod races;
#[cfg(test)]
#[path = "../support/skip.rs"]
mod skip;
#[cfg(test)]
mod unusual;
#[cfg(test)]
mod viewer;
