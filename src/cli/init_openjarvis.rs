//! Translates the settings of an OpenJarvis home into settings of the manifest.

use toml::{Table, Value};

/// Settings for the manifest, and settings that it only mentions in comments.
#[derive(Debug, Default)]
pub(crate) struct ImportedSettings {
    /// Settings as `(section, key, TOML value)`.
    pub settings: Vec<(&'static str, &'static str, String)>,
    /// Settings without a counterpart, as `key = value`.
    pub mentioned: Vec<String>,
}

/// Keys of `[learning.spec_search]`, each with the section and key of the manifest.
const COUNTERPARTS: [(&str, &str, &str); 5] = [
    ("autonomy_mode", "session", "autonomy"),
    ("min_traces", "session", "min_traces"),
    ("min_improvement", "gate", "min_improvement"),
    ("max_regression", "gate", "max_regression"),
    ("benchmark_subsample_size", "benchmark", "subsample"),
];

/// Reads `[learning.spec_search]` from a home's `config.toml`.
///
/// # Errors
/// The text is not TOML; the message gives the line.
pub(crate) fn kept(config: &str) -> Result<ImportedSettings, String> {
    let config: Table = config
        .trim_start_matches('\u{feff}')
        .parse()
        .map_err(|error: toml::de::Error| error.to_string())?;
    let section = config
        .get("learning")
        .and_then(|learning| learning.get("spec_search"))
        .and_then(Value::as_table);
    let mut kept = ImportedSettings::default();
    for (key, value) in section.into_iter().flatten().filter(|(_, value)| !value.is_table()) {
        match COUNTERPARTS.iter().find(|(theirs, ..)| theirs == key) {
            Some((_, section, ours)) => kept.settings.push((section, ours, value.to_string())),
            None => kept.mentioned.push(format!("{key} = {value}")),
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    #[test]
    fn settings_are_kept_or_mentioned() {
        let config = "[learning.spec_search]\nautonomy_mode = \"manual\"\nmin_traces = 7\nteacher_model = \"m\"\n[learning.spec_search.composite_reward]\nalpha = 1\n";
        let kept = super::kept(config).unwrap();
        assert_eq!(
            kept.settings,
            [
                ("session", "autonomy", "\"manual\"".to_owned()),
                ("session", "min_traces", "7".to_owned())
            ]
        );
        assert_eq!(kept.mentioned, ["teacher_model = \"m\""]);
        assert!(super::kept("[broken").is_err());
    }
}
