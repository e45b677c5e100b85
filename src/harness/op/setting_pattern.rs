//! Patterns for the keys of protected settings.

/// A pattern that is compared with paths of keys without case, `-` and `_`.
pub(super) struct SettingPattern {
    keys: Vec<KeyPart>,
    /// Whether it only matches the end of a path.
    is_last: bool,
}

enum KeyPart {
    Any,
    Holds(&'static str),
    EndsWith(&'static str),
    StartsWith(&'static str),
    Is(&'static str),
}

impl SettingPattern {
    /// Splits a text such as `tools.allowed`, `*apikey*` or `trust!`.
    pub(super) fn of(text: &'static str) -> Self {
        Self {
            keys: text.trim_end_matches('!').split('.').map(KeyPart::of).collect(),
            is_last: text.ends_with('!'),
        }
    }

    /// Whether the pattern matches consecutive keys of a path.
    pub(super) fn is_in(&self, path: &[String]) -> bool {
        let count = self.keys.len();
        let matches = |keys: &[String]| self.keys.iter().zip(keys).all(|(part, key)| part.matches(key));
        match self.is_last {
            true => path.len() >= count && matches(&path[path.len() - count..]),
            false => path.windows(count).any(matches),
        }
    }
}

impl KeyPart {
    fn of(part: &'static str) -> Self {
        match (part.strip_prefix('*'), part.strip_suffix('*')) {
            _ if part == "*" => Self::Any,
            (Some(rest), Some(_)) => Self::Holds(rest.trim_end_matches('*')),
            (Some(ending), None) => Self::EndsWith(ending),
            (None, Some(beginning)) => Self::StartsWith(beginning),
            (None, None) => Self::Is(part),
        }
    }

    fn matches(&self, key: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Holds(text) => key.contains(text),
            Self::EndsWith(ending) => key.ends_with(ending),
            Self::StartsWith(beginning) => key.starts_with(beginning),
            Self::Is(name) => key == *name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_anywhere_or_at_the_end() {
        for (pattern, path, expected) in [
            ("env", "a.env.b", true),
            ("env", "a.envs", false),
            ("trust!", "a.trust", true),
            ("trust!", "trust.b", false),
            ("tools.allowed", "x.tools.allowed", true),
            ("tools.allowed", "tools", false),
            ("extensions.*.cmd", "extensions.git.cmd", true),
            ("*apikey*", "myapikeys", true),
            ("*secret", "clientsecret", true),
            ("yolo*", "yolomode", true),
        ] {
            let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
            assert_eq!(SettingPattern::of(pattern).is_in(&keys), expected, "{pattern} {path}");
        }
    }
}
