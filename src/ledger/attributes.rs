//! Reads the attributes that git gives files, from .gitattributes and .git/info/attributes.

use std::collections::BTreeMap;

use super::Git;
use super::process::refusal;
use crate::ledger::port::LedgerError;

/// The attributes of a file that are specified.
#[derive(Debug, Default)]
pub(super) struct GitAttributes(BTreeMap<String, String>);

impl GitAttributes {
    /// The value of an attribute; `None` if it is not specified.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The name of the file's filter.
    pub(super) fn filter(&self) -> Option<&str> {
        self.value("filter")
            .filter(|name| !matches!(*name, "set" | "unset" | ""))
    }

    /// Whether an attribute is specified, and not as unset.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value != "unset")
    }
}

/// Those of the named attributes that are specified, by path; without the files for which none is.
pub(super) fn attributes(
    git: &Git,
    names: &[&str],
    paths: &[&str],
) -> Result<BTreeMap<String, GitAttributes>, LedgerError> {
    if paths.is_empty() {
        return Ok(BTreeMap::new());
    }
    let arguments = [&["check-attr", "-z", "--stdin"][..], names].concat();
    let answer = git.ask_for_patterns(&arguments, paths.join("\0").as_bytes())?;
    if !answer.status.success() {
        return Err(refusal("check-attr", &answer));
    }
    let text = String::from_utf8_lossy(&answer.stdout);
    // git prints the path, the attribute and the value.
    let fields: Vec<&str> = text.split('\0').collect();
    let mut found: BTreeMap<String, GitAttributes> = BTreeMap::new();
    for field in fields.chunks_exact(3).filter(|field| field[2] != "unspecified") {
        let of_path = found.entry(field[0].to_owned()).or_default();
        of_path.0.insert(field[1].to_owned(), field[2].to_owned());
    }
    Ok(found)
}
