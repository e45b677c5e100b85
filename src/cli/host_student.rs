//! The program of an agent's host as the student.

use crate::harness::layout::HostLayout;

/// A suggestion for `[student]`.
pub(super) struct HostStudent {
    /// What it is, in one line.
    pub about: String,
    /// The keys of `[student]`; empty if the layout has no program of its own.
    pub lines: Vec<String>,
}

impl HostStudent {
    /// What to do where none is configured.
    pub(super) fn fix(&self) -> String {
        match self.lines.is_empty() {
            true => format!(
                "set section [student] of kaizen.toml, then `kaizen trust`\n{}",
                self.about.trim_end_matches(':')
            ),
            false => format!(
                "set these keys in section [student] of kaizen.toml, then `kaizen trust`:\n{}",
                self.lines.join("\n")
            ),
        }
    }
}

/// The student of the first layout that has one.
pub(super) fn host_student(layouts: &[&HostLayout]) -> Option<HostStudent> {
    let Some(layout) = layouts.iter().find(|layout| !layout.student.is_empty()) else {
        let advice = layouts.iter().find_map(|layout| layout.student_advice.as_ref())?;
        return Some(HostStudent {
            about: format!("A student for this home: {advice}"),
            lines: Vec::new(),
        });
    };
    let variables = layout.student_variables.iter();
    let set: Vec<String> = variables
        .map(|(name, folder)| format!("{name} = \"{{sandbox}}/{folder}\""))
        .collect();
    let mut lines = vec![
        "engine = \"command\"".to_owned(),
        format!("run = {}", toml::Value::from(layout.student.clone())),
    ];
    if !set.is_empty() {
        lines.push(format!("set = {{ {} }}", set.join(", ")));
    }
    Some(HostStudent {
        about: format!(
            "The program of {}, which starts only after `kaizen trust`:",
            layout.about
        ),
        lines,
    })
}
