//! Values after a secret's name: whether they may be a secret, or are a placeholder or an ordinary word.

/// Words after a secret's name that describe it and are not its value.
const SAID: &str = "required optional incorrect wrong invalid expired correct missing empty blocked locked needed here there not \
    too the a an my your our it this that for to of in on is was and or but str string int integer bool boolean \
    number any text bytes float object array list dict varchar char secretstr none null nil true false undefined \
    yes no off unset default password passwd pass token secret key value user username input prompt hidden \
    masked redacted unknown same new old set get lost stolen weak strong ok okay fine good bad changed reset \
    valid n/a tbd todo example placeholder omitted removed auto basic bearer digest oauth option flag argument \
    parameter field file with from by at as if when so just only also very still now never always being been be \
    are what which how why who where visible secure safe unsafe private public shared different identical \
    function const let var return async await self props state env config settings ref data email please thanks \
    authentication authorization login account card phone name id url path type enabled disabled usage command";

/// Whether a list contains a word.
fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// Whether a value is a placeholder: a variable, a template, asterisks, or empty.
pub(super) fn is_placeholder(value: &str) -> bool {
    let bare = value.trim();
    let lower = bare.to_ascii_lowercase();
    let first = bare.chars().next();
    bare.is_empty()
        || bare.starts_with(super::marks::START)
        || is_variable(bare)
        || bare.starts_with("{{")
        || bare.starts_with('{') && bare.ends_with('}')
        || bare.starts_with('<') && bare.ends_with('>')
        || bare.starts_with('[') && bare.ends_with(']')
        || bare.starts_with("...")
        || bare.starts_with('…')
        || bare.ends_with("...") && bare.len() < 8
        || bare.chars().count() > 2
            && bare
                .chars()
                .all(|letter| Some(letter) == first && !letter.is_ascii_digit() || "*•·-_.xX#?".contains(letter))
        || ["your", "<your", "my_", "my-", "insert", "replace", "enter_", "todo"]
            .iter()
            .any(|start| lower.starts_with(start))
            && !has_digit(bare)
        || [
            "os.environ",
            "process.env",
            "env.",
            "getenv",
            "config.",
            "self.",
            "settings.",
            "secrets.",
            "var.",
            "vault:",
            "arn:",
            "op://",
        ]
        .iter()
        .any(|start| lower.starts_with(start))
        || listed(SAID, &lower)
}

/// Whether a value is a variable: `$NAME`, `${…}`, `$(…)`, `%NAME%`. `$ecret` is not: it has lower-case letters.
fn is_variable(value: &str) -> bool {
    let dollar = value.strip_prefix('$').is_some_and(|rest| {
        rest.starts_with(['{', '(', '$'])
            || !rest.is_empty()
                && rest
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    let percent = value.len() > 2 && value.starts_with('%') && value.ends_with('%');
    dollar || percent
}

/// Whether a value contains a digit.
pub(super) fn has_digit(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a value is a word of letters as in prose (also `well-known`, `don't`).
pub(super) fn is_word(value: &str) -> bool {
    let inner_capital = value.chars().skip(1).any(char::is_uppercase) && !value.chars().all(char::is_uppercase);
    value
        .chars()
        .all(|letter| letter.is_alphabetic() || letter == '-' || letter == '\'' || letter == '’')
        && !inner_capital
}

/// Whether a word describes a password rather than being one, as in "my password is expired".
pub(super) fn says(word: &str) -> bool {
    let lower = word.to_lowercase();
    listed(SAID, &lower)
        || ["ed", "ing", "able", "ible", "ly", "ent", "ous", "ive", "ful", "less"]
            .iter()
            .any(|end| lower.ends_with(end))
        || word.chars().count() < 5
}

/// Whether a value is unlike prose: letters mixed with digits or signs, except ordinary things of that form.
pub(super) fn is_mixed(value: &str, least: usize) -> bool {
    let letters = value.chars().any(char::is_alphabetic);
    let signs = value.chars().any(|letter| "!@#$%^&*+=?~".contains(letter));
    value.chars().count() >= least
        && letters
        && !value.contains(char::is_whitespace)
        && (has_digit(value) || signs)
        && !is_ordinary(value)
}

/// Whether a value looks generated: long, with many different characters, mixing letters with digits or both cases.
pub(super) fn is_random(value: &str, least: usize) -> bool {
    let bytes = value.as_bytes();
    let form = bytes
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-.~:".contains(byte));
    let mut seen = [false; 128];
    bytes.iter().for_each(|byte| seen[usize::from(*byte & 127)] = true);
    let different = seen.iter().filter(|seen| **seen).count();
    let letters = bytes.iter().any(u8::is_ascii_alphabetic);
    form && bytes.len() >= least && different >= 6.min(least) && letters && scattered(bytes) && !is_ordinary(value)
}

/// Whether digits or capitals are scattered, unlike in words, `CamelCase`, or a word with a number.
fn scattered(bytes: &[u8]) -> bool {
    let class = |byte: &u8| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    };
    let digit_changes = bytes
        .windows(2)
        .filter(|two| (class(&two[0]) == 0) != (class(&two[1]) == 0))
        .count();
    let case_changes = bytes
        .windows(2)
        .filter(|two| class(&two[0]) == 2 && class(&two[1]) == 1)
        .count();
    digit_changes >= 3 || digit_changes + case_changes >= 5 || digit_changes >= 1 && case_changes >= 2
}

/// Whether a value is an ordinary thing with digits or signs: a path, an address, a time, a version, a number with a
/// unit, or a call.
fn is_ordinary(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let number = value.trim_start_matches(['-', '+', '$', '€', '~', '<', '>', '=', '#']);
    let numeric = number.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == '%');
    let is_number = number.starts_with(|letter: char| letter.is_ascii_digit())
        && numeric
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".,:-/".contains(&byte))
        && number.len() - numeric.len() <= 4;
    let ends = [
        ".py", ".json", ".txt", ".md", ".js", ".ts", ".rs", ".toml", ".yaml", ".yml", ".sh", ".html", ".csv", ".xml",
        ".log", ".com", ".org",
    ];
    is_number
        || lower.contains("://")
        || value.starts_with(['/', '~', '.']) && value.matches('/').count() > 1
        || ends.iter().any(|end| lower.ends_with(end))
        || lower.starts_with("sha256:")
        || value.ends_with("()")
}
