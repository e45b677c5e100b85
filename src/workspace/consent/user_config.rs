//! Reads the user's configuration, which no repository can set: `$XDG_CONFIG_HOME/kaizen/config.toml`.
#![allow(clippy::disallowed_methods)] // edge: the environment, the user's files

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConsentError;
use super::store::home;
use crate::manifest;
use crate::sys::disk;

/// The content of `config.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UserConfig {
    /// Settings for calls of servers.
    pub network: Network,
}

/// The section `[network]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Network {
    /// Hosts to which keys may be sent by plain HTTP.
    pub plain_http_hosts: Vec<String>,
}

impl UserConfig {
    /// The user's configuration; the default one if the file is missing.
    ///
    /// # Errors
    /// It cannot be read, has an unknown key, or is in the workspace at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self, ConsentError> {
        let Some(path) = path() else {
            return Ok(Self::default());
        };
        let Some(text) = disk::read_named(&path)? else {
            return Ok(Self::default());
        };
        if super::is_inside(&path, root) {
            return Err(ConsentError::Inside {
                path,
                what: "your own configuration",
                remedy: "set XDG_CONFIG_HOME to a folder elsewhere",
            });
        }
        Self::parse(&path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConsentError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        toml::from_str(text).map_err(|error| ConsentError::Config {
            path: path.to_owned(),
            problem: manifest::explain(&error),
        })
    }
}

fn path() -> Option<PathBuf> {
    let folder = home("XDG_CONFIG_HOME", ".config")?;
    Some(folder.join("kaizen/config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_names_file_line_and_nearest_key() {
        let parse = |text| UserConfig::parse(Path::new("config.toml"), text);
        let hosts = parse("[network]\nplain_http_hosts = [\"box.lan\"]")
            .unwrap()
            .network
            .plain_http_hosts;
        assert_eq!(hosts, ["box.lan"]);
        assert_eq!(parse("").unwrap(), UserConfig::default());
        let problem = parse("[network]\nplain_http_host = [\"box.lan\"]")
            .unwrap_err()
            .to_string();
        for part in ["config.toml", "line 2", "did you mean `plain_http_hosts`?"] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}
