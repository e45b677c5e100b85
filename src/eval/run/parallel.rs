//! Work on many indices at once, with results in the order of the indices.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Works on every index, on so many threads, until the work is none; in the order of the indices.
pub(super) fn in_parallel<T: Send>(
    indices: &[usize],
    threads: usize,
    work: impl Fn(usize) -> Option<T> + Sync,
) -> Vec<(usize, T)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let Some(at) = indices.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
            let Some(one) = work(at) else { break };
            made.push((at, one));
        }
        made
    };
    let threads = threads.clamp(1, 64).min(indices.len().max(1));
    if threads == 1 {
        return work();
    }
    let mut made: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    made.sort_by_key(|(at, _)| *at);
    made
}
