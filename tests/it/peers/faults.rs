//! The same session with servers that are busy, broken or slow, or that send garbage.

use serde_json::json;

use super::session::{outcomes_of, plan_of, stage};

#[test]
fn busy_and_broken_servers_change_nothing_but_time() {
    let Some(calm) = stage(&[], &[]) else { return };
    assert!(calm.space.kaizen(&["run"]).status.success());
    let before = [
        json!({"http_status": 429, "error_message": "slow down"}),
        json!({"http_status": 500, "error_message": "boom"}),
    ];
    let rates = [
        "--chaos-drop",
        "0.2",
        "--chaos-malformed",
        "0.2",
        "--chaos-ratelimit",
        "0.1",
        "--chaos-disconnect",
        "0.1",
        "--chaos-latency",
        "200",
    ];
    let stormy = stage(&before, &rates).unwrap();
    // By chance, a call may fail in all of its attempts; then the run fails, and the next run resumes the session.
    let runs = (1..=10).find(|_| stormy.space.kaizen(&["run"]).status.success());
    println!("settled in run {runs:?}");
    assert!(runs.is_some());
    assert_eq!(plan_of(&stormy.space), plan_of(&calm.space));
    assert_eq!(outcomes_of(&stormy.space), outcomes_of(&calm.space));
    let (sent, paid) = (
        stormy.space.lines("egress.jsonl").len(),
        stormy.space.lines("spending.jsonl").len(),
    );
    assert!(sent > paid, "{sent} sent, {paid} paid");
}
