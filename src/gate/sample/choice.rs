//! Chooses the mode by what is asked of the student, not by whether its answers happened to differ.

use crate::artifact::gate::settings::Mode;

/// The kinds of students that the choice distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StudentSort {
    /// Runs inside kaizen.
    Embedded,
    /// A language model behind a server.
    Chat,
    /// A program.
    Command,
}

/// The mode that `auto` stands for, and whether answers are drawn at random. `temperature` is that of the requests;
/// `None`: not stated. `is_deterministic`: the student is known to answer the same question always the same way.
pub(crate) fn choose(sort: StudentSort, temperature: Option<f64>, is_deterministic: bool) -> (Mode, bool) {
    let drawn = match temperature {
        Some(temperature) => temperature > 0.0,
        None => !is_deterministic,
    };
    match sort {
        StudentSort::Embedded if !drawn => (Mode::Exact, false),
        StudentSort::Embedded | StudentSort::Chat | StudentSort::Command => (Mode::Sample, drawn),
    }
}
