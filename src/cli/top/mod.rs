//! `kaizen top`: follows the runs of a workspace on a terminal. It takes no lock; its keys leave the requests that
//! commands leave too.

mod action;
mod help;
mod opener;
mod screen;
mod view;

#[cfg(test)]
mod tests;

use std::time::Duration;

use clap::Args;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, KeyCode, KeyEvent, KeyModifiers};

use self::action::TopAction;
pub(crate) use self::screen::restore;
use self::view::Prompt;
use super::exit::{Code, CommandFailure};
use super::live::LiveState;
use super::visible::visible;
use super::{Setting, terminal};
use crate::sys::clock::Stopwatch;
use crate::workspace::Workspace;

/// Follow the runs here on a terminal: progress, evidence, spending
///
/// It takes no lock, so any number can be open at the same time.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TopArgs {}

/// The interval at which the state is read.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait for a key before the view is drawn again.
const KEY_WAIT: Duration = Duration::from_millis(200);
/// How long the answer to a key is shown.
const SHOWN: Duration = Duration::from_secs(8);

/// Runs the command until a key ends it.
///
/// # Errors
/// Stdout is no terminal, or the sessions cannot be read.
pub(crate) fn top(_: &TopArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    if setting.is_json() || !terminal::is_screen() {
        return Err(CommandFailure::usage("`kaizen top` needs a terminal")
            .hint("`kaizen status` prints the same as text, and `kaizen status --format json` for programs"));
    }
    let mut workspace = setting.workspace()?;
    workspace.only_looks = true;
    let state = LiveState::of(&workspace)?;
    let failed = |error: std::io::Error| CommandFailure::failed(format!("the terminal cannot be used: {error}"));
    let mut terminal = screen::take().map_err(failed)?;
    let ended = follow(&mut terminal, setting, &workspace, state);
    restore();
    ended.map_err(failed)?;
    Ok(Code::Settled)
}

fn follow(
    terminal: &mut DefaultTerminal,
    setting: &Setting,
    workspace: &Workspace,
    mut state: LiveState,
) -> std::io::Result<()> {
    let (mut prompt, mut read, mut answered) = (Prompt::default(), Stopwatch::started(), Stopwatch::started());
    loop {
        terminal.draw(|frame| view::draw(frame, &state, &prompt))?;
        if event::poll(KEY_WAIT)?
            && let Some(key) = event::read()?.as_key_press_event()
        {
            match action_of(key, prompt.is_helping) {
                Some(TopAction::Quit) => return Ok(()),
                Some(TopAction::Help) => prompt.is_helping = !prompt.is_helping,
                Some(action) => {
                    let answer = action
                        .taken(setting, workspace)
                        .unwrap_or_else(|failure| failure.message);
                    (prompt.message, answered) = (visible(&answer).into_owned(), Stopwatch::started());
                }
                None => {}
            }
        }
        if answered.passed() > SHOWN {
            prompt.message.clear();
        }
        if read.passed() > INTERVAL {
            match LiveState::of(workspace) {
                Ok(present) => state = present,
                Err(error) => prompt.message = visible(&error.message).into_owned(),
            }
            read = Stopwatch::started();
        }
    }
}

fn action_of(key: KeyEvent, is_helping: bool) -> Option<TopAction> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c') if is_control => TopAction::Quit,
        _ if is_control => return None,
        KeyCode::Char('?') => TopAction::Help,
        KeyCode::Char('q') | KeyCode::Esc if is_helping => TopAction::Help,
        KeyCode::Char('q') | KeyCode::Esc => TopAction::Quit,
        KeyCode::Char('s') => TopAction::Stop,
        KeyCode::Char('h') => TopAction::Hold,
        KeyCode::Char('r') => TopAction::Report,
        _ => return None,
    })
}
