//! The screen through the real binary on a real (pseudo-)terminal.

mod ends;
mod modes;
mod resize;
mod ssh;
mod stage;
mod stops;
mod story;
