//! The arguments of `complete`.

use clap::{Args, ValueEnum};

use super::CommonOptions;

/// Arguments of `complete`, which the completion scripts call.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// Format of the command line and of the output
    #[arg(value_enum)]
    pub request: CompletionRequest,
    /// bash: the line up to the cursor and the part that bash replaces; words: the unquoted words
    #[arg(last = true)]
    pub typed: Vec<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// The format in which a shell passes the command line and expects candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletionRequest {
    /// For bash: candidates are quoted, as bash inserts them literally.
    Bash,
    /// For other shells: unquoted values, each followed by a tab and a description; the shell quotes them.
    Words,
}
