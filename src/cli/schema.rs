//! `kaizen schema`: prints one schema, lists all, or writes them to files.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Code, CommandFailure};
use super::{Setting, render, terminal};
use crate::sys::disk::Root;
use crate::sys::output;
use crate::sys::output::{Owner, WriteOutcome};
use crate::teacher::schemas;
use crate::workspace::schema_line::FOLDER;

/// Print a JSON Schema, or write all of them
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SchemaArgs {
    /// The schema to print; without it, the schemas are listed
    name: Option<String>,
    /// Write all schemas, or only NAME, into this directory, by default `schemas` in the workspace, to which kaizen's files
    /// then refer. Files that are not kaizen schemas are never replaced; an edited schema is kept as NAME.bak
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    write: Option<Option<PathBuf>>,
}

type NamedSchema = (&'static str, schemars::Schema);

/// Runs the command.
///
/// # Errors
/// No schema has the name, or the directory cannot be written.
pub(crate) fn schema(command: &SchemaArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let chosen = chosen(command.name.as_deref())?;
    match (&command.write, &command.name) {
        (Some(folder), _) => {
            let folder = match folder {
                Some(folder) => setting.directory.join(folder),
                None => setting
                    .root()
                    .unwrap_or_else(|_| setting.directory.clone())
                    .join(FOLDER),
            };
            write(&folder, &chosen, setting)?;
        }
        (None, Some(_)) => chosen.iter().for_each(|(_, schema)| print(schema, setting)),
        (None, None) => chosen.iter().for_each(|(name, schema)| list(name, schema, setting)),
    }
    Ok(Code::Settled)
}

fn chosen(name: Option<&str>) -> Result<Vec<NamedSchema>, CommandFailure> {
    let all = schemas::all();
    let Some(wanted) = name else { return Ok(all) };
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let unknown = CommandFailure::usage(format!("there is no schema `{wanted}`; there are {}", names.join(", ")));
    let found: Vec<NamedSchema> = all.into_iter().filter(|(name, _)| *name == wanted).collect();
    if found.is_empty() { Err(unknown) } else { Ok(found) }
}

fn print(schema: &schemars::Schema, setting: &Setting) {
    if setting.is_json() {
        render::json(schema);
    } else {
        terminal::exact(&schemas::text(schema));
    }
}

fn list(name: &str, schema: &schemars::Schema, setting: &Setting) {
    let says = schema.get("description").and_then(|text| text.as_str());
    let says = render::shortened(says.unwrap_or_default());
    if setting.is_json() {
        render::json(&serde_json::json!({"name": name, "description": says}));
    } else {
        out!("{name:<16}{says}");
    }
}

fn write(folder: &Path, chosen: &[NamedSchema], setting: &Setting) -> Result<(), CommandFailure> {
    let whose = |schema: &schemars::Schema, present: &[u8]| match is_of_kaizen(schema, present) {
        true => Owner::Either,
        false => Owner::Person,
    };
    let root = Root::make(folder)?;
    for (name, schema) in chosen {
        output::check(&root, schemas::file_name(name).as_ref(), &|present| {
            whose(schema, present)
        })?;
    }
    for (name, schema) in chosen {
        let path = folder.join(schemas::file_name(name));
        let written = output::write(&root, &path, schemas::text(schema).as_bytes(), &|present| {
            whose(schema, present)
        })?;
        if let WriteOutcome::BackedUp(backup) = written {
            err!(
                "note: {} differed; its previous content is now in {}",
                path.display(),
                backup.display()
            );
        }
        if setting.is_json() {
            render::json(&serde_json::json!({"name": name, "path": path}));
        } else {
            out!("{}", path.display());
        }
    }
    Ok(())
}

/// Whether a file is a version of this schema: written by another kaizen, or edited.
fn is_of_kaizen(schema: &schemars::Schema, present: &[u8]) -> bool {
    let Ok(present) = serde_json::from_slice::<serde_json::Value>(present) else {
        return false;
    };
    ["$schema", "title"]
        .iter()
        .all(|key| present.get(key) == schema.get(*key))
}
