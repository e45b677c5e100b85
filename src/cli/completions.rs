//! `kaizen completions`: prints the completion script of a shell.

use clap::Args;
use clap_complete::Shell;
use serde_json::json;

use super::exit::{Code, CommandFailure};
use super::{Setting, help, render, terminal};

/// Print the completion script of a shell
///
/// For bash, write it to ~/.local/share/bash-completion/completions/kaizen. The documentation of your shell says where
/// it looks for completion scripts.
#[derive(Clone, Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that the script is for
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// It never fails.
pub(crate) fn completions(command: &CompletionsArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let script = script(command.shell);
    match setting.is_json() {
        true => render::json(&json!({"shell": command.shell.to_string(), "script": script})),
        false => terminal::exact(&script),
    }
    Ok(Code::Settled)
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::command(), "kaizen", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn the_script_of_each_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in help::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
