//! Copies an executable file.

use std::path::Path;
use std::process::Command;

/// Copies an executable file with another process. If this process had the copy open for writing, processes that other
/// tests start at that moment would have it open, too, and the copy could not be run ("Text file busy").
pub(crate) fn copy_program(from: &Path, to: &Path) {
    let status = Command::new("cp").args([from, to]).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "cannot copy {}",
        from.display()
    );
}
