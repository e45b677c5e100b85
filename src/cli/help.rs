//! Help: the command line as clap knows it, with the commands of `kaizen --help` in groups.

use std::fmt::Write;

use clap::builder::StyledStr;
use clap::{Command, CommandFactory, FromArgMatches};

use super::CliArgs;

/// The groups of commands, in the order of the help. A test checks that every command is in exactly one group.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "Sessions",
        &[
            "init", "layouts", "demo", "run", "status", "top", "explain", "log", "diff", "report", "serve", "pr",
            "doctor",
        ],
    ),
    ("Review", &["review", "show", "accept", "reject", "release", "revert"]),
    (
        "Evidence",
        &["traces", "bench", "eval", "plan-gate", "blame", "audit", "check"],
    ),
    ("Agents", &["brief", "mcp"]),
    ("Automation", &["watch", "loop", "trigger", "stop", "hold"]),
    ("Trust", &["trust", "egress"]),
    (
        "Maintenance",
        &["prune", "recompute", "verify", "schema", "completions", "man", "help"],
    ),
];

/// The command line. Completions and manual pages are generated from it as well.
pub(crate) fn command() -> Command {
    let command = CliArgs::command();
    let template = template(&command);
    command.help_template(template)
}

/// Parses the arguments of this process.
///
/// # Errors
/// The arguments are wrong, or they ask for the help or the version, which clap returns as an error.
pub(crate) fn parse() -> Result<CliArgs, clap::Error> {
    let mut matches = command().try_get_matches()?;
    CliArgs::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command()))
}

/// clap cannot group commands, so the groups are literal text in its template.
fn template(command: &Command) -> StyledStr {
    let mut built = command.clone();
    // Only a built command has `help` among its commands.
    built.build();
    let (header, literal) = (command.get_styles().get_header(), command.get_styles().get_literal());
    let names = GROUPS.iter().flat_map(|(_, names)| *names);
    let width = names.map(|name| name.len()).max().unwrap_or_default();
    let mut text = StyledStr::from("{before-help}{about-with-newline}\n{usage-heading} {usage}\n");
    for (group, names) in GROUPS {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{header}{group}:{header:#}\n");
        for name in *names {
            // A command may be missing, because its feature is.
            let Some(command) = built.find_subcommand(name) else {
                continue;
            };
            let about = command.get_about().cloned().unwrap_or_default();
            let _ = writeln!(text, "  {literal}{name:width$}{literal:#}  {about}");
        }
    }
    let _ = write!(text, "\n{header}Options:{header:#}\n{{options}}{{after-help}}");
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn all() -> Vec<Command> {
        let mut command = command();
        command.build();
        let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
        visible.cloned().collect()
    }

    #[test]
    fn every_command_is_in_exactly_one_group() {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for name in GROUPS.iter().flat_map(|(_, names)| *names) {
            *count.entry(name).or_default() += 1;
        }
        let commands = all();
        let once: BTreeMap<&str, usize> = commands.iter().map(|command| (command.get_name(), 1)).collect();
        assert_eq!(count, once);
    }

    #[test]
    fn the_help_has_a_line_of_at_most_80_columns_for_every_command() {
        let help = command().render_help().to_string();
        for command in all() {
            let about = command.get_about().unwrap().to_string();
            let line = format!("\n  {:<11}  {about}\n", command.get_name());
            assert!(help.contains(&line), "no {line:?} in {help}");
            assert!(line.trim_matches('\n').chars().count() <= 80, "too long: {line}");
        }
        for (group, _) in GROUPS {
            assert!(help.contains(&format!("\n{group}:\n")), "no {group} in {help}");
        }
    }

    #[test]
    fn every_argument_has_a_help_text() {
        fn check(command: &Command) {
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {argument}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        super::command().debug_assert();
        check(&command());
    }
}
