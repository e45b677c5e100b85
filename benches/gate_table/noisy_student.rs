//! The built-in student with a separate random seed per harness, as for a language model without seeds, and with its
//! attempts counted. Cached attempts are not counted again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use kaizen::Digest;
use kaizen::Harness;
use kaizen::Layout;
use kaizen::artifact::Attempt;
use kaizen::artifact::Task;
use kaizen::internals::Memo;
use kaizen::internals::Nearest;
use kaizen::{Draw, PreparedStudent, Student};

/// The built-in student, with a count of attempts.
pub struct Luck {
    inner: Nearest,
    /// Whether two harnesses use the same random numbers for the same seed.
    shared: bool,
    attempts: Arc<AtomicUsize>,
}

impl Luck {
    /// Creates a student whose harnesses share their random numbers, or each have their own.
    pub fn new(shared: bool) -> Self {
        Self {
            inner: Nearest::new(Layout::default()),
            shared,
            attempts: Arc::default(),
        }
    }

    /// Number of attempts made.
    pub fn attempts(&self) -> usize {
        self.attempts.load(Ordering::Relaxed)
    }
}

impl Student for Luck {
    fn identity(&self) -> serde_json::Value {
        self.inner.identity()
    }

    fn shares_chance(&self) -> bool {
        self.shared
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        Box::new(Lucky {
            inner: self.inner.prepare(harness),
            shared: self.shared,
            attempts: self.attempts.clone(),
        })
    }
}

struct Lucky {
    inner: Box<dyn PreparedStudent>,
    shared: bool,
    attempts: Arc<AtomicUsize>,
}

impl PreparedStudent for Lucky {
    fn footprint(&self, task: &Task) -> Digest {
        self.inner.footprint(task)
    }

    fn varies(&self, task: &Task) -> bool {
        self.inner.varies(task)
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let own = || Digest::of_value(&(draw.seed, self.inner.footprint(task))).seed();
        let seed = if self.shared { draw.seed } else { own() };
        self.inner.attempt(task, Draw { seed, ..draw })
    }
}

/// An in-memory cache.
#[derive(Default)]
pub struct Remembers(Mutex<BTreeMap<Digest, Attempt>>);

impl Memo for Remembers {
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>> {
        let Ok(known) = self.0.lock() else {
            return vec![None; keys.len()];
        };
        keys.iter().map(|key| known.get(key).cloned()).collect()
    }

    fn put(&self, attempts: &[(Digest, Attempt)]) {
        if let Ok(mut known) = self.0.lock() {
            known.extend(attempts.iter().cloned());
        }
    }
}
