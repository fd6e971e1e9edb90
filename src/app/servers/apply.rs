//! How far a plan is applied: first the file receives, as one commit a server; then the server is sent what it gets.

use std::collections::BTreeMap;

use crate::model::Jid;
use crate::sync::{Progress, Report};

/// How far a plan is applied.
#[derive(Debug, Clone, Default)]
pub struct Applying {
    /// A part for each server that something is done about.
    pub(in crate::app) parts: Vec<ApplyingPart>,
    /// It was asked to stop.
    pub(in crate::app) is_stopping: bool,
}

/// How far the plan for one server is applied.
#[derive(Debug, Clone)]
pub struct ApplyingPart {
    /// The part of the plan.
    pub(in crate::app) part: usize,
    /// The number of the request to send.
    pub(in crate::app) id: u64,
    /// The number of the commit that receives, until it is answered.
    pub(in crate::app) commit: Option<u64>,
    /// How many lines each room received.
    pub(in crate::app) received: BTreeMap<Jid, usize>,
    /// Whether something is to be sent.
    pub(in crate::app) sends: bool,
    /// How far sending is.
    pub(in crate::app) progress: Progress,
    /// What was done, when all of it is.
    pub(in crate::app) report: Option<Report>,
    /// It was stopped before all was done.
    pub(in crate::app) stopped: bool,
}

impl Applying {
    /// How far sending is, over all servers.
    pub fn progress(&self) -> Progress {
        let mut all = Progress::default();
        for part in &self.parts {
            all.done += part.progress.done;
            all.total += part.progress.total;
            all.rate = all.rate.saturating_add(part.progress.rate);
        }
        all
    }

    /// Whether the file is being written.
    pub fn is_saving(&self) -> bool {
        self.parts.iter().any(|part| part.commit.is_some())
    }

    /// Whether it was asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping
    }
}
