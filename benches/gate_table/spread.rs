//! Runs work on several threads; results are in the order of the work, for any number of threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The seeds of a run: a number of worlds, with a number of random seeds in each.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// Number of worlds.
    pub worlds: usize,
    /// Number of random seeds in each world.
    pub chances: usize,
}

impl Seeds {
    /// Distributes at least this many seeds over at most 20 worlds.
    pub fn of(seeds: usize) -> Self {
        let worlds = seeds.clamp(1, 20);
        Self {
            worlds,
            chances: seeds.div_ceil(worlds).max(1),
        }
    }

    /// The total number of seeds.
    pub fn all(self) -> usize {
        self.worlds * self.chances
    }
}

/// Calls `work` for each index, on all processors.
pub fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    let one = work(at);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, one));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, one)| one).collect()
}
