//! The progress of applying a plan. For each server, the received changes are first saved in the file as one commit;
//! then the other changes are sent.

use std::collections::BTreeMap;

use crate::model::Jid;
use crate::sync::{Progress, Report};

/// The progress of applying a plan.
#[derive(Debug, Clone, Default)]
pub struct Applying {
    /// A part for each server to which something is sent or from which something is received.
    pub(in crate::app) parts: Vec<ApplyingPart>,
    /// Whether applying was asked to stop.
    pub(in crate::app) is_stopping: bool,
}

/// The progress of applying the plan for one server.
#[derive(Debug, Clone)]
pub struct ApplyingPart {
    /// The index of the part of the plan.
    pub(in crate::app) part: usize,
    /// The number of the request to send.
    pub(in crate::app) id: u64,
    /// The number of the commit that saves the received changes, until it is answered.
    pub(in crate::app) commit: Option<u64>,
    /// Number of lines that are received in each room.
    pub(in crate::app) received: BTreeMap<Jid, usize>,
    /// Whether changes are to be sent.
    pub(in crate::app) sends: bool,
    /// Progress of sending.
    pub(in crate::app) progress: Progress,
    /// The report, once this part is finished.
    pub(in crate::app) report: Option<Report>,
    /// Whether sending was stopped before all changes were sent.
    pub(in crate::app) stopped: bool,
}

impl Applying {
    /// Progress of sending, over all servers.
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

    /// Whether applying was asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping
    }
}
