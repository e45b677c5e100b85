//! `kaizen man`: prints the manual page, or writes one page per command into a directory.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man as Page;
use serde_json::json;

use super::exit::{Code, CommandFailure};
use super::{Setting, help, render, terminal};
use crate::digest::Digest;
use crate::sys::disk::Root;
use crate::sys::output;
use crate::sys::output::{Owner, WriteOutcome};

/// Print the manual page, or write one page per command
///
/// `kaizen man | man -l -` shows the page. With DIR, kaizen never replaces files that it did not write. If you edited a
/// page, the edited version is kept as NAME.bak.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ManArgs {
    /// Write kaizen.1 and one page per command into this directory
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// A manual page and the name of its file.
struct ManPage {
    file: String,
    text: String,
}

/// Runs the command.
///
/// # Errors
/// The directory cannot be written, or another file has the name of a page.
pub(crate) fn man(command: &ManArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let mut all = help::command().disable_help_subcommand(true);
    all.build();
    let render = |command: Command| {
        page(command).map_err(|error| CommandFailure::failed(format!("the manual page cannot be rendered: {error}")))
    };
    let Some(folder) = &command.folder else {
        print(&render(all)?, setting);
        return Ok(Code::Settled);
    };
    let pages: Result<Vec<ManPage>, CommandFailure> = with_children(all).into_iter().map(render).collect();
    write(&setting.directory.join(folder), &pages?, setting)?;
    Ok(Code::Settled)
}

/// The command, its subcommands, and theirs.
fn with_children(command: Command) -> Vec<Command> {
    let children = command.get_subcommands().filter(|child| !child.is_hide_set());
    let children = children.filter(|child| child.get_name() != "help").cloned();
    let below: Vec<Command> = children.flat_map(with_children).collect();
    std::iter::once(command).chain(below).collect()
}

fn page(command: Command) -> io::Result<ManPage> {
    let page = Page::new(command)
        .source(concat!("kaizen ", env!("CARGO_PKG_VERSION")))
        .manual("kaizen manual");
    let mut text = Vec::new();
    page.render(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok(ManPage {
        file: page.get_filename(),
        text: format!("{text}{SEAL}{}\n", Digest::of_bytes(text.as_bytes())),
    })
}

/// The start of a comment at the end of each page. The digest in it shows whether the lines above were edited.
const SEAL: &str = ".\\\" Written by `kaizen man`; digest of the lines above: ";

fn owner(present: &[u8]) -> Owner {
    let present = String::from_utf8_lossy(present);
    match present.rsplit_once(SEAL) {
        Some((page, digest)) if digest == format!("{}\n", Digest::of_bytes(page.as_bytes())) => Owner::Kaizen,
        Some(_) => Owner::Either,
        None => Owner::Person,
    }
}

fn print(page: &ManPage, setting: &Setting) {
    match setting.is_json() {
        true => render::json(&json!({"file": page.file, "page": page.text})),
        false => terminal::exact(&page.text),
    }
}

fn write(folder: &Path, pages: &[ManPage], setting: &Setting) -> Result<(), CommandFailure> {
    let root = Root::make(folder)?;
    for page in pages {
        output::check(&root, page.file.as_ref(), &owner)?;
    }
    for page in pages {
        let written = output::write(&root, page.file.as_ref(), page.text.as_bytes(), &owner)?;
        let path = folder.join(&page.file);
        if let WriteOutcome::BackedUp(backup) = written {
            err!(
                "note: {} was edited; the edited page is now {}",
                path.display(),
                backup.display()
            );
        }
        match setting.is_json() {
            true => render::json(&json!({"file": page.file, "path": path})),
            false => out!("{}", path.display()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_kaizens_until_somebody_edits_it() {
        let page = page(help::command()).unwrap();
        assert_eq!(page.file, "kaizen.1");
        assert_eq!(owner(page.text.as_bytes()), Owner::Kaizen);
        assert_eq!(owner(page.text.replace("kaizen", "Kaizen").as_bytes()), Owner::Person);
        assert_eq!(owner(page.text.replace("traces", "runs").as_bytes()), Owner::Either);
        assert_eq!(owner(format!("{}more\n", page.text).as_bytes()), Owner::Either);
        assert_eq!(owner(b".TH kaizen 1\n"), Owner::Person);
    }
}
