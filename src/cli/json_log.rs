//! `--log FILE`: a debug log of store, terminal and connections, one JSON object per line.
//!
//! The other modules log with the `log` crate, which costs one comparison per entry if there is no log file. The crate
//! `tracing` has spans and filters that are not needed here, and would add some twenty other crates. Log entries contain
//! file names, addresses, IDs, numbers and reasons, but never titles of hats or passwords.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use log::kv::{self, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};
use serde_json::{Map, json};

use super::failure::Failure;
use super::open_store;
use crate::store;

/// Starts logging to the file `path`; does nothing if `path` is `None`.
///
/// Errors: the log file cannot be opened, or is the data file `data` or a file that belongs to it.
pub(super) fn start(path: Option<&Path>, data: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let file = store::open_append(path, data).map_err(|error| open_store::store_failure(&error))?;
    if log::set_boxed_logger(Box::new(JsonLog(file))).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
    log::info!(version = env!("CARGO_PKG_VERSION"); "started");
    Ok(())
}

struct JsonLog(File);

impl Log for JsonLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("hatrack")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        // The line is written with a single call, so that lines of several processes do not mix. A failure must not end the
        // session.
        let _ = (&self.0).write_all(line(record, jiff::Timestamp::now()).as_bytes());
    }

    fn flush(&self) {}
}

fn line(record: &Record<'_>, now: jiff::Timestamp) -> String {
    let part = record.target().split("::").nth(1).unwrap_or("hatrack");
    let mut line = Map::new();
    line.insert("time".into(), json!(now.to_string()));
    line.insert("pid".into(), json!(std::process::id()));
    line.insert(
        "level".into(),
        json!(record.level().as_str().to_ascii_lowercase()),
    );
    line.insert("part".into(), json!(part));
    line.insert("event".into(), json!(record.args().to_string()));
    // The visitor never returns an error.
    let _ = record.key_values().visit(&mut FieldVisitor(&mut line));
    format!("{}\n", serde_json::Value::Object(line))
}

struct FieldVisitor<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for FieldVisitor<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let value = match value.to_u64() {
            Some(number) => json!(number),
            None => json!(value.to_string()),
        };
        self.0.insert(key.as_str().into(), value);
        Ok(())
    }
}
