//! Faults of the system: every system call on a file fails or kills the program, one at a time; after that, the same
//! command without a fault leads to the same state.
//!
//! strace injects the faults. A plain run tries a few of them; `KAIZEN_FULL=1 cargo test --test it faults:: --
//! --nocapture` tries all, up to a number of each command; `KAIZEN_SEED=7` selects others, and `KAIZEN_FAULT="Kill git"`
//! only those of this kind and program.
#![cfg(target_os = "linux")]

mod messages;
mod strace;
mod sweep;

use self::sweep::Sweep;
use crate::space::Space;

#[test]
fn of_a_run() {
    Sweep::new(Space::planned(), &["run"], &[&["run"]]).play();
}

#[test]
fn of_an_acceptance() {
    let accept = ["accept", "shots"];
    Sweep::new(Space::executed(), &accept, &[&accept, &["run"]]).play();
}

#[test]
fn of_a_revert() {
    let revert = ["revert", "bold"];
    Sweep::new(Space::executed(), &revert, &[&revert, &["run"]]).play();
}

#[test]
fn of_a_watcher() {
    let watch = ["watch", "--format", "json"];
    Sweep::new(Space::planned(), &watch, &[&["run"]]).play();
}
