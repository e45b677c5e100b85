//! Finds what is secret in the command lines and addresses of settings: `--token SECRET`, `-e NAME=value`, a header, the
//! password of an address.

use super::op::is_secret_key;

/// The names of settings with command lines or addresses, in lower case without `-` and `_`.
const NAMES: [&str; 16] = [
    "args",
    "arguments",
    "cmd",
    "command",
    "commandline",
    "endpoint",
    "entrypoint",
    "env",
    "httpurl",
    "proxy",
    "run",
    "serverurl",
    "shell",
    "uri",
    "url",
    "urls",
];

/// Endings of the names of options whose values are secret, besides those of secret keys.
const OPTIONS: [&str; 10] = [
    "accesskey",
    "auth",
    "bearer",
    "cookie",
    "key",
    "passphrase",
    "passwd",
    "pat",
    "pwd",
    "token",
];
/// Options that are followed by `NAME=value`.
const VARIABLES: [&str; 4] = ["e", "env", "environment", "setenv"];
/// Options that are followed by `Name: value`.
const HEADERS: [&str; 3] = ["H", "header", "headers"];

/// Whether the value of a setting is a command line or an address.
pub(super) fn is_command(key: &str) -> bool {
    NAMES.contains(&letters(key).as_str())
}

fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// What the next word is, by the word before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NextWord {
    Ordinary,
    Secret,
    Variable,
    Header,
}

/// The secret parts of a command line, of which the shell has split off the words.
pub(super) fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<&'w str> {
    let mut next = NextWord::Ordinary;
    let mut found = Vec::new();
    for word in words {
        let expected = std::mem::replace(&mut next, NextWord::Ordinary);
        match expected {
            // An option follows, so the one before had no value.
            NextWord::Secret if !word.starts_with("--") => found.push(word),
            NextWord::Variable => found.extend(after(word, '=')),
            NextWord::Header => found.extend(of_header(word)),
            NextWord::Ordinary | NextWord::Secret => {
                let (parts, following) = of_word(word);
                found.extend(parts);
                next = following;
            }
        }
    }
    found.retain(|part| !part.is_empty() && !is_reference(part));
    found
}

/// The secret parts of a whole command line.
pub(super) fn of_line(line: &str) -> Vec<&str> {
    of_words(words(line))
}

fn of_word(word: &str) -> (Vec<&str>, NextWord) {
    if let Some(option) = word.strip_prefix('-') {
        let option = option.trim_start_matches('-');
        return of_option(option);
    }
    if word.eq_ignore_ascii_case("bearer") {
        return (Vec::new(), NextWord::Secret);
    }
    let is_variable = |name: &str| {
        let is_letter = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        !name.is_empty() && name.chars().all(is_letter)
    };
    match word.split_once('=') {
        Some((name, value)) if is_variable(name) || is_secret_key(name) && !name.contains("://") => {
            (vec![value], NextWord::Ordinary)
        }
        _ if word.contains("://") => (of_address(word), NextWord::Ordinary),
        // A header in one word, such as `Authorization: Bearer …`.
        _ => (
            of_header(word).filter(|_| word.contains(": ")).into_iter().collect(),
            NextWord::Ordinary,
        ),
    }
}

fn of_option(option: &str) -> (Vec<&str>, NextWord) {
    let (name, value) = match option.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (option, None),
    };
    let kind = match name {
        _ if HEADERS.contains(&name) => NextWord::Header,
        _ if VARIABLES.contains(&name) => NextWord::Variable,
        _ if is_secret_option(name) => NextWord::Secret,
        _ => NextWord::Ordinary,
    };
    let Some(value) = value else {
        return (Vec::new(), kind);
    };
    let parts = match kind {
        NextWord::Secret => vec![value],
        NextWord::Variable => after(value, '=').into_iter().collect(),
        NextWord::Header => of_header(value).into_iter().collect(),
        NextWord::Ordinary => of_address(value),
    };
    (parts, NextWord::Ordinary)
}

fn is_secret_option(name: &str) -> bool {
    let bare = letters(name);
    is_secret_key(name) || OPTIONS.iter().any(|ending| bare.ends_with(ending))
}

/// The value of a header; any, because many hosts keep keys in headers of their own.
fn of_header(word: &str) -> Option<&str> {
    let value = after(word, ':')?.trim_start();
    match value.split_once(' ') {
        Some((scheme, rest))
            if ["Basic", "Bearer", "Token"]
                .iter()
                .any(|one| scheme.eq_ignore_ascii_case(one)) =>
        {
            Some(rest)
        }
        _ => Some(value),
    }
}

/// The password and the secret parameters of an address.
fn of_address(word: &str) -> Vec<&str> {
    let Some((_, rest)) = word.split_once("://") else {
        return Vec::new();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let password = user.map(|user| after(user, ':').unwrap_or(user));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split(['&', '#']).filter_map(|pair| pair.split_once('='));
    let secret = pairs.filter(|(name, _)| is_secret_option(name)).map(|(_, value)| value);
    password.into_iter().chain(secret).collect()
}

fn after(word: &str, mark: char) -> Option<&str> {
    word.split_once(mark).map(|(_, value)| value)
}

/// Whether a part only names where the secret is, such as `${TOKEN}` or `{env:TOKEN}`.
fn is_reference(part: &str) -> bool {
    let inner = part.strip_prefix("${").or_else(|| part.strip_prefix("{env:"));
    let is_name = |name: &str| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.'))
    };
    inner.and_then(|rest| rest.strip_suffix('}')).is_some_and(is_name)
        || part
            .strip_prefix('$')
            .is_some_and(|name| !name.is_empty() && is_name(name))
}

/// The words of a line. Quotes hold a word together; a quote within a word is part of it.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = matches!(first, '"' | '\'')
            .then(|| rest[1..].split_once(first))
            .flatten();
        let (word, after) = match quoted {
            Some(split) => split,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_parts_of_a_command_line_are_found() {
        for (line, secrets) in [
            ("npx -y server --token s3cret --port 80", &["s3cret"][..]),
            ("server --api-key=abc --verbose", &["abc"]),
            ("docker run -e API_KEY=abc -e MODE=fast image", &["abc", "fast"]),
            ("docker run --env=A=b image", &["b"]),
            ("TOKEN=abc npx server", &["abc"]),
            ("curl -H 'Authorization: Bearer abc' https://x.org", &["abc"]),
            ("curl --header \"X-Own: abc\"", &["abc"]),
            ("npx mcp-remote https://x.org/mcp?api_key=abc&v=2", &["abc"]),
            ("psql postgres://me:pass@db/x", &["pass"]),
            ("server Authorization: Bearer abc", &["abc"]),
            ("server --token ${TOKEN} --key $KEY --pat {env:PAT}", &[]),
            ("server --token --verbose", &[]),
            ("npx -y @scope/server@1.2 /tmp/a=b", &[]),
        ] {
            assert_eq!(of_line(line), secrets, "{line}");
        }
    }

    #[test]
    fn settings_with_commands_are_known_by_their_names() {
        for key in ["args", "command", "server_url", "URL"] {
            assert!(is_command(key), "{key}");
        }
        assert!(!is_command("description"));
    }
}
