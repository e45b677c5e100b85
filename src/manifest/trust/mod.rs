//! Trust: what a workspace would start, ask, read of the environment, and reach outside of itself. A person approves this
//! list by its digest before any of it happens.

mod gather;
mod told;
mod way;

pub(crate) use gather::{Named, Surroundings};
use serde::Serialize;
pub(crate) use way::Way;

use crate::digest::Digest;
use crate::manifest::programs::Part;

/// Everything that needs consent, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrustList {
    /// Programs that would be started.
    pub programs: Vec<Program>,
    /// Servers that would be asked.
    pub servers: Vec<Server>,
    /// Environment variables that would be read.
    pub variables: Vec<Variable>,
    /// Links to traces and tasks outside of the workspace.
    pub links: Vec<Link>,
}

/// A program that would be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// The section that names it.
    pub part: Part,
    /// The program and its arguments.
    pub run: Vec<String>,
    /// Environment variables with keys that it is handed.
    pub env: Vec<String>,
    /// Files of the workspace among its words, with their bytes.
    pub pinned: Vec<Pinned>,
    /// Harness files among its arguments: kaizen edits them, so their bytes are not pinned.
    pub edited: Vec<String>,
    /// Files among its arguments that kaizen puts into the folder that it works in: files of a session or of a briefing,
    /// whose bytes are not pinned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
    /// Words that lead out of the workspace by a link.
    pub links: Vec<Link>,
}

/// A file whose bytes are part of what is approved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pinned {
    /// Where it is, relative to the workspace.
    pub path: String,
    /// What it holds; `None` when it cannot be read.
    pub digest: Option<Digest>,
}

/// A server that would be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Server {
    /// The section that names it.
    pub part: Part,
    /// Where it listens.
    pub url: String,
}

/// An environment variable that would be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// The section that names it, or whose default it is.
    pub part: Part,
    /// Its name.
    pub name: String,
}

/// A link that leads out of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Link {
    /// Where it is, relative to the workspace.
    pub path: String,
    /// What it leads to.
    pub target: String,
}

impl TrustList {
    /// What names this very list.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of_value(&("trust", 1, self))
    }

    /// Whether nothing needs consent.
    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Whether any of these parts starts a program, asks a server or reads a variable.
    pub(crate) fn concerns(&self, parts: &[Part]) -> bool {
        let has = |part: &Part| parts.contains(part);
        self.programs.iter().any(|program| has(&program.part))
            || self.servers.iter().any(|server| has(&server.part))
            || self.variables.iter().any(|variable| has(&variable.part))
    }
}
