//! Trust: the list of programs, servers, environment variables and outside files that a workspace would use. A person
//! approves the list by its digest before any of it is used.

mod format;
mod gather;
mod way;

pub(crate) use gather::{NamedFile, Surroundings};
use serde::Serialize;
pub(crate) use way::Way;

use crate::digest::Digest;
use crate::manifest::programs::ManifestPart;

/// Everything that needs consent, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrustList {
    /// Programs that would be started.
    pub programs: Vec<TrustProgram>,
    /// Servers that would receive requests.
    pub servers: Vec<TrustServer>,
    /// Environment variables that would be read.
    pub variables: Vec<Variable>,
    /// Links to traces and tasks outside the workspace.
    pub links: Vec<TrustLink>,
}

/// A program that would be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustProgram {
    /// The section that names it.
    pub part: ManifestPart,
    /// The program and its arguments.
    pub run: Vec<String>,
    /// Environment variables with keys that the program inherits.
    pub env: Vec<String>,
    /// Further environment variables, as `NAME=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// Workspace files on its command line, with their digests.
    pub pinned: Vec<PinnedFile>,
    /// Harness files among its arguments; not pinned, because kaizen edits them.
    pub edited: Vec<String>,
    /// Files among its arguments that kaizen puts into its working directory, from a session or briefing; not pinned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
    /// Words that lead outside the workspace through a link.
    pub links: Vec<TrustLink>,
}

/// A file whose content is part of the approval.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PinnedFile {
    /// Path, relative to the workspace.
    pub path: String,
    /// Digest of the content; `None` if it cannot be read.
    pub digest: Option<Digest>,
}

/// A server that would receive requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustServer {
    /// The section that names it.
    pub part: ManifestPart,
    /// The server's base URL.
    pub url: String,
}

/// An environment variable that would be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// The section that names the variable, or uses it by default.
    pub part: ManifestPart,
    /// The variable's name.
    pub name: String,
}

/// A link that leads outside the workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TrustLink {
    /// Path of the link, relative to the workspace.
    pub path: String,
    /// The link's target.
    pub target: String,
}

impl TrustList {
    /// The digest that identifies this list.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of_value(&("trust", 1, self))
    }

    /// Whether nothing needs consent.
    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Whether any of these parts uses a program, a server or a variable.
    pub(crate) fn concerns(&self, parts: &[ManifestPart]) -> bool {
        let has = |part: &ManifestPart| parts.contains(part);
        self.programs.iter().any(|program| has(&program.part))
            || self.servers.iter().any(|server| has(&server.part))
            || self.variables.iter().any(|variable| has(&variable.part))
    }

    /// Whether runs use any of it. They do not open requests, as `kaizen pr` does.
    pub(crate) fn concerns_runs(&self) -> bool {
        let without = self
            .programs
            .iter()
            .filter(|program| program.part != ManifestPart::Ledger);
        let rest = Self {
            programs: without.cloned().collect(),
            ..self.clone()
        };
        !rest.is_empty()
    }
}
