//! The arguments of `complete`.

use clap::{Args, ValueEnum};

use super::CommonOptions;

/// `complete`, which the shells call
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// How the line is given, and the answer is to be
    #[arg(value_enum)]
    pub how: CompletionRequest,
    /// The line as it was typed up to the cursor and the part of it that bash replaces; or its words without quotes
    #[arg(last = true)]
    pub typed: Vec<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletionRequest {
    /// bash: text that is put into the line as it stands, quoted.
    Bash,
    /// Any other: the values and, after a tab, what they are; the shell quotes.
    Words,
}
