//! Continues sending after a lost connection, or after the file changed in the meantime.

use std::time::Duration;

use super::super::error::Error;
use super::Engine;
use super::apply::OTHER_CLASS;
use super::job::{Job, WriteTiming};
use super::room::Reading;
use crate::sync::{MergeOptions, RoomPlan, RoomRead, ServerClass, merge};

impl Engine {
    /// Tries to reconnect after each of these pauses, until that succeeds. Returns whether it did, and the server still has this
    /// class.
    pub(super) fn reconnect(
        &mut self,
        id: u64,
        class: Option<ServerClass>,
        pauses: &mut impl Iterator<Item = Duration>,
    ) -> bool {
        for pause in pauses {
            if self.control.is_stopped(id) {
                return false;
            }
            std::thread::sleep(pause);
            match self.connect() {
                Ok(current_class) => return Some(current_class) == class,
                Err(Error::Refused(_) | Error::NoHats(_)) => return false,
                Err(_) => {}
            }
        }
        false
    }

    /// Merges a job's room again, with this read, and with the file and the base of the job.
    pub(super) fn merge_again(&self, job: &Job, read: &RoomRead) -> RoomPlan {
        let options = MergeOptions {
            affiliations: job.affiliations,
            account: self.settings.account().cloned(),
            is_requested: false,
        };
        let (base, local) = (Ok(job.base.as_deref()), job.local.as_deref());
        merge(&job.plan.room, base, local, read, job.plan.class, &options)
    }

    /// Reads the rooms of unfinished jobs again, because only a read shows which changes were made, and whether the rooms are still
    /// the same.
    pub(super) fn read_again(&mut self, id: u64, jobs: &mut [Job]) {
        let unfinished = jobs.iter().filter(|job| job.may_send());
        let rooms: Vec<_> = unfinished.map(|job| job.plan.room.clone()).collect();
        let Some(mut class) = jobs.first().map(|job| job.plan.class) else {
            return;
        };
        let Ok(mut reads) = self.read(id, &rooms, &mut class) else {
            return;
        };
        let Ok(files) = self.files() else { return };
        for job in jobs.iter_mut() {
            if class != job.plan.class {
                job.give_up(OTHER_CLASS);
                continue;
            }
            let Some(Reading {
                read, began, stream, ..
            }) = reads.remove(&job.plan.room)
            else {
                continue;
            };
            job.lacks_answer = false;
            match &read {
                RoomRead::Read(remote) if job.is_same_room(remote) => {
                    job.read_back(remote, began, stream);
                    job.plan = self.merge_again(job, &read);
                }
                RoomRead::Read(_) => {
                    job.abandon("the room was created again on the server; nothing more was sent");
                }
                RoomRead::Gone => job.abandon("the room is no longer on the server; nothing more was sent"),
                RoomRead::Forbidden(text) | RoomRead::Unread(text) => job.give_up(text),
            }
            if let Err(error) = job.write(files, &self.data, WriteTiming::Now) {
                job.give_up(&error.to_string());
            }
        }
    }
}
