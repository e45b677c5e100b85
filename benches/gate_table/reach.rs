//! Reach: how many examples it takes until a score is what it should be.

/// Single examples that are tried for the rest of the way.
const TRIES: usize = 10;

/// Rounds of such tries.
const ROUNDS: usize = 2;

/// Some of the candidates, with which the measure comes as near to the goal as the search can bring it: first as many as
/// leave it just short of the goal, then those single ones that help most.
pub fn reach<T: Clone>(goal: f64, candidates: &[T], measure: impl Fn(&[T]) -> f64) -> Vec<T> {
    let start = measure(&[]);
    let rises = goal >= start;
    let short = |value: f64| (value < goal) == rises;
    let (mut low, mut high) = (0, candidates.len() + 1);
    let mut best = (start, Vec::new());
    while high - low > 1 {
        let middle = (low + high) / 2;
        let value = measure(&candidates[..middle]);
        if short(value) {
            (low, best) = (middle, (value, candidates[..middle].to_vec()));
        } else {
            high = middle;
        }
    }
    let rest = candidates.get(low..).unwrap_or_default();
    for tries in rest.chunks(TRIES).take(ROUNDS) {
        best = nearest(goal, best, tries, &measure);
    }
    best.1
}

/// With one more candidate, where that is nearer to the goal.
fn nearest<T: Clone>(
    goal: f64,
    so_far: (f64, Vec<T>),
    tries: &[T],
    measure: &impl Fn(&[T]) -> f64,
) -> (f64, Vec<T>) {
    let with = |one: &T| {
        let chosen: Vec<T> = so_far.1.iter().chain([one]).cloned().collect();
        (measure(&chosen), chosen)
    };
    let tried: Vec<_> = tries.iter().map(with).collect();
    let off = |one: &(f64, Vec<T>)| (one.0 - goal).abs();
    tried
        .into_iter()
        .fold(so_far, |best, one| if off(&one) < off(&best) { one } else { best })
}
