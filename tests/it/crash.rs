//! Crashes: after a crash before any effect of a run, a second run ends in the same state as an undisturbed one.
//!
//! Some states are variants of others: there, a plain run crashes before every third effect and `KAIZEN_FULL=1` before all.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::space::{Space, bold, hostile, names, shots, shy, sums};

/// Runs the session, and returns the effects of the run.
fn effects(space: &Space) -> Vec<String> {
    let log = space.root.parent().unwrap().join("effects");
    let _ = std::fs::remove_file(&log);
    let said = space.kaizen_with("KAIZEN_EFFECTS", log.to_str().unwrap(), &["run"]);
    assert!(matches!(said.code, Some(0 | 3)), "{}\n{}", said.out, said.err);
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Crashes before each effect of `kaizen run` in a copy of `before`, runs again, and compares. Returns the space of the
/// undisturbed run.
fn sweep(before: &Space) -> Space {
    crashes(before, 1)
}

/// Like [`sweep`], for a state that resembles others: crashes before every third effect.
fn sample(before: &Space) -> Space {
    let is_full = std::env::var_os("KAIZEN_FULL").is_some();
    crashes(before, if is_full { 1 } else { 3 })
}

fn crashes(before: &Space, step: usize) -> Space {
    let undisturbed = before.copy();
    let effects_then = effects(&undisturbed);
    assert!(effects_then.len() > 5, "{effects_then:?}");
    let (end, next) = (undisturbed.state(), AtomicUsize::new(0));
    assert_eq!(end["intent"], "false");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(name) = effects_then.get(next.fetch_add(step, Ordering::SeqCst)) {
                    crash_before(before, name, &end);
                }
            });
        }
    });
    // What is only remembered to save time does not count.
    let mut settled = effects(&undisturbed);
    settled.retain(|effect| !effect.contains(" remember "));
    assert_eq!(settled, Vec::<String>::new(), "a settled run has no effect");
    assert_eq!(undisturbed.run(&[]).phases(), Vec::<String>::new());
    assert_eq!(undisturbed.state(), end);
    undisturbed.kaizen(&["verify"]).exits(0);
    undisturbed
}

fn crash_before(before: &Space, effect: &str, end: &std::collections::BTreeMap<String, String>) {
    let (number, _) = effect.split_once(' ').unwrap();
    let space = before.copy();
    let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &["run"]);
    assert_eq!(crashed.code, None, "no crash before {effect}: {}", crashed.err);
    let again = space.kaizen(&["run"]);
    assert!(matches!(again.code, Some(0 | 3)), "before {effect}: {}", again.err);
    space.ends_as(end, effect);
}

#[test]
fn accepting_rejecting_and_asking() {
    let end = sweep(&Space::planned());
    let statuses = end.statuses();
    assert_eq!(statuses["bold"], "applied");
    assert_eq!(statuses["shy"], "rejected_by_gate");
    assert_eq!(statuses["shots"], "pending_review");
    assert_eq!(statuses["hostile"], "inapplicable");
}

#[test]
fn a_noisy_gate_with_its_budget_a_near_miss_and_going_on() {
    let space = Space::planned();
    let manifest = space.read("kaizen.toml");
    let gate = "[gate]\nmode = \"sequential\"\nmax_pairs = 4\n";
    space.write("kaizen.toml", &format!("{manifest}\n{gate}"));
    space.plan(&[bold(), shy()]);
    let asked = sample(&space);
    assert_eq!(asked.statuses()["bold"], "pending_review");
    asked.kaizen(&["accept", "bold"]).exits(0);
    let decided = sample(&asked);
    assert_eq!(decided.statuses()["bold"], "applied");
    assert_eq!(decided.artifact("budget.json")["slots"].as_array().unwrap().len(), 2);
    decided.kaizen(&["recompute"]).exits(0);
}

#[test]
fn a_decision_a_deleted_edit_and_a_new_one() {
    let space = Space::executed();
    space.kaizen(&["accept", "shots"]).exits(0);
    let accepted = sample(&space);
    assert_eq!(accepted.statuses()["shots"], "applied");

    accepted.plan(&[shy(), shots(), hostile()]);
    let reverted = sample(&accepted);
    assert_eq!(reverted.statuses()["bold"], "rolled_back");
    assert!(reverted.read("config.toml").contains("refuse_below = 0.9 # too shy"));

    reverted.plan(&[shy(), shots(), hostile(), sums()]);
    let added = sample(&reverted);
    assert_eq!(added.statuses()["sums"], "applied");
}

#[test]
fn everything_at_once() {
    let space = Space::executed();
    space.kaizen(&["reject", "shots"]).exits(0);
    // A file that the user has staged does no harm, and stays staged in all cases.
    space.write("notes.txt", "mine\n");
    space.git(&["add", "notes.txt"]);
    space.plan(&[sums(), shots()]);
    let end = sample(&space);
    let statuses = end.statuses();
    assert_eq!(statuses["bold"], "rolled_back");
    assert_eq!(statuses["sums"], "applied");
    assert_eq!(statuses["shots"], "rejected_by_user");
    assert_eq!(end.git(&["status", "--porcelain"]), "A  notes.txt\n");
    assert!(!statuses.contains_key("shy"), "its outcome is in the attic");
}

#[test]
fn from_nothing_with_the_embedded_teacher() {
    let space = Space::new();
    // One edit is enough, because the crashes take time.
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[teacher]\nmax_edits = 1\n",
    );
    space.commit_all("one edit");
    sweep(&space);
}

#[test]
fn taking_files_that_a_person_wrote() {
    let space = super::files::by_files();
    space.run(&[]).exits(3);
    super::files::write_both(&space);
    let end = sweep(&space);
    assert_eq!(end.statuses()["bold"], "applied");
    assert_eq!(
        end.read(&format!("{}/diagnosis.md", end.session())),
        super::files::DIAGNOSIS
    );
}

#[test]
fn a_crash_in_the_first_moment_leaves_no_second_session() {
    let space = Space::new();
    let first = |name: &String| name.ends_with("publish trigger.json") || name.ends_with("publish session.json");
    let effects: Vec<String> = effects(&space.copy()).into_iter().filter(first).take(2).collect();
    assert_eq!(effects.len(), 2);
    for effect in effects {
        let (number, name) = effect.split_once(' ').unwrap();
        let space = space.copy();
        let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &["run"]);
        assert_eq!(crashed.code, None, "{name}: {}", crashed.err);
        // A session that began a minute later would have a different name.
        let later = ["run", "--until", "readiness"];
        space.kaizen_with("KAIZEN_NOW", "2026-03-01T10:01:00Z", &later).exits(0);
        assert_eq!(names(&space.root.join("sessions")).len(), 1, "before {name}");
        assert!(space.artifact("session.json")["started_at"].is_string());
    }
}
