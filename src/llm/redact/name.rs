//! Names of values: whether a name marks its value as a secret, and how strongly.

/// How strongly a name marks its value as a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// A password: any value counts.
    Password,
    /// A secret or a key with a full name: any value except prose counts.
    Secret,
    /// A token: values of letters and digits count.
    Token,
    /// A key of unknown use, or another name that may be harmless: only values that look random count.
    Weak,
    /// A short number: a PIN, a one-time code, a card's security code.
    Digits,
    /// A phrase of words that opens a wallet or vault.
    Phrase,
}

/// Needles: strings that may be part of a secret's name; case is ignored.
pub(super) const NEEDLES: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "pin",
    "otp",
    "cvv",
    "cvc",
    "psk",
    "sid",
    "sessid",
    "seed phrase",
    "recovery phrase",
    "mnemonic",
    "kennwort",
    "mot de passe",
    "contraseña",
    "senha",
    "wachtwoord",
    "hasło",
    "lösenord",
    "parola",
    "пароль",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "비밀번호",
    "passcode",
    "verification code",
    "security code",
    "one-time code",
    "access code",
    "login code",
    "backup code",
    "recovery code",
    "2fa code",
    "access_signature",
    "accesssignature",
    "unlock code",
    "geheimnis",
    "schlüssel",
    "clave",
    "pepper",
    "salt",
];

/// Words that mean a password on their own.
const PASSWORDS: &[&str] = &[
    "pass",
    "pw",
    "pwd",
    "passwd",
    "passwort",
    "kennwort",
    "passphrase",
    "passcode",
    "psk",
    "mot de passe",
    "contraseña",
    "senha",
    "wachtwoord",
    "hasło",
    "lösenord",
    "parola",
    "пароль",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "비밀번호",
    "passkey",
];

/// Words before `key` that make it a secret.
const KEY_WORDS: &str = "api access account subscription private secret encryption decryption signing master auth client shared \
    preshared storage admin service app application license licence ssh gpg root webhook integration hmac aes \
    deploy server write ingest ingestion security";

/// Words before `key` or `token` that make it harmless.
const OPEN: &str = "public pub publishable primary foreign partition sort cache idempotency dedup hash row map dict object json \
    group join unique index range composite surrogate natural lookup config s3 enter return arrow hot short max \
    min num n total per first last next prev previous page continuation cursor end start eos bos pad unk sep cls \
    mask input output prompt completion cached reasoning special stop vocab new host known image issue project \
    jira translation i18n";

/// Words after a secret's word that make the name harmless, as in `password_length`.
const ABOUT: &str = "id ids name names type types field fields file files filename path paths url uri endpoint count counts \
    counter length len size limit limits policy reset expiry expires expiration expired ttl age min max enabled \
    required hint label placeholder prompt input strength manager env var variable usage budget index format \
    prefix suffix status error errors valid invalid regex pattern arn column mode page link email at txt json py \
    js ts rs md yml yaml toml html length() lower upper strip encode decode split match get set store server \
    generator checker validator vault provider helper class ring board word words pair scope scopes method model \
    per rate cost price text kind algorithm alg rotation issuer audience lifetime source ref reference info \
    details settings version signature bits bytes events step change changed";

/// Harmless words that contain a needle.
const OTHER: &str = "bypass compass encompass surpass trespass overpass underpass passing passed passes passenger passport \
    passive passage passion passthrough secretary secretly monkey turkey donkey hockey keyboard keyword keynote \
    whiskey jockey tokenizer tokenize author authors authority";

/// Whether a word before `key` makes it a secret.
pub(super) fn opens(word: &str) -> bool {
    listed(KEY_WORDS, &word.to_ascii_lowercase())
}

/// Whether a list contains a word.
fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// The words of a name in lower case; the same for `dbPassword`, `DB_PASSWORD` and `db-password`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let follows_lower = letters.peek().is_some_and(|next| next.is_lowercase());
        let camel = letter.is_uppercase() && (previous.is_lowercase() || previous.is_uppercase() && follows_lower);
        let starts = !previous.is_alphanumeric() || camel;
        if letter.is_alphanumeric() {
            match words.last_mut().filter(|_| !starts) {
                Some(word) => word.extend(letter.to_lowercase()),
                None => words.push(letter.to_lowercase().collect()),
            }
        }
        previous = letter;
    }
    words
}

/// How strongly a name marks its value as a secret; `None` if it does not.
pub(super) fn strength(name: &str) -> Option<Strength> {
    let lower = name.to_lowercase();
    if lower.contains("phrase") && !lower.contains("passphrase") || lower.contains("mnemonic") {
        return Some(Strength::Phrase);
    }
    if lower.ends_with("code") && lower.contains(' ') {
        return Some(Strength::Digits);
    }
    let in_words = !lower.is_ascii() || lower.contains(' ');
    if in_words && PASSWORDS.iter().any(|word| lower.ends_with(word)) {
        return Some(Strength::Password);
    }
    let words = words(name);
    let at = (0..words.len()).rev().find(|at| of_word(&words, *at).is_some())?;
    let about = words[at + 1..].iter().any(|word| listed(ABOUT, word));
    let asks = matches!(
        words[0].as_str(),
        "get" | "is" | "has" | "check" | "validate" | "verify" | "read" | "fetch" | "load" | "no"
    );
    if about || asks && words.len() > 1 {
        return None;
    }
    of_word(&words, at)
}

/// The strength of one word of a name, given the word before it.
fn of_word(words: &[String], at: usize) -> Option<Strength> {
    let word = words[at].trim_end_matches(|letter: char| letter.is_ascii_digit());
    let before = at.checked_sub(1).map_or("", |before| words[before].as_str());
    if listed(OTHER, word) {
        return None;
    }
    if PASSWORDS.contains(&word)
        || word.contains("password")
        || ["passwd", "passwort", "passphrase", "pwd"]
            .iter()
            .any(|end| word.ends_with(end))
    {
        return Some(Strength::Password);
    }
    if word.ends_with("pass") {
        return Some(Strength::Password);
    }
    match word {
        "pin" | "otp" | "totp" | "cvv" | "cvc" => return Some(Strength::Digits),
        "secret" | "secrets" | "credential" | "credentials" | "cred" | "creds" | "geheimnis" | "pepper" => {
            return Some(Strength::Secret);
        }
        "signature" if before == "access" => return Some(Strength::Secret),
        "accesssignature" | "sharedaccesskey" => return Some(Strength::Secret),
        "sid" | "sessid" | "phpsessid" | "jsessionid" | "sessionid" | "auth" | "authentication" | "schlüssel"
        | "clave" | "salt" => {
            return Some(Strength::Weak);
        }
        "token" if listed(OPEN, before) => return None,
        "token"
            if [
                "access", "auth", "api", "bot", "refresh", "session", "id", "deploy", "secret", "bearer",
            ]
            .contains(&before) =>
        {
            return Some(Strength::Secret);
        }
        "key" | "keys" if listed(OPEN, before) => return None,
        "key" | "keys" if listed(KEY_WORDS, before) => return Some(Strength::Secret),
        "key" | "keys" => return Some(Strength::Weak),
        _ => {}
    }
    if word.ends_with("token") {
        return Some(if word == "token" {
            Strength::Token
        } else {
            Strength::Secret
        });
    }
    if word.ends_with("secret") || word.starts_with("secret") && word.ends_with("key") {
        return Some(Strength::Secret);
    }
    let stem = word.strip_suffix("key")?;
    if KEY_WORDS.split(' ').any(|first| stem.ends_with(first)) {
        return Some(Strength::Secret);
    }
    (!listed(OPEN, stem)).then_some(Strength::Weak)
}

#[cfg(test)]
mod tests {
    use super::Strength::{Digits, Password, Phrase, Secret, Token, Weak};
    use super::*;

    #[test]
    fn words_are_told_apart() {
        assert_eq!(
            words("dbPassword_2-XApiKEYName.x"),
            ["db", "password", "2", "x", "api", "key", "name", "x"]
        );
    }

    #[test]
    fn names_say_how_sure_a_secret_is() {
        for (name, wanted) in [
            ("password", Some(Password)),
            ("DB_PASS", Some(Password)),
            ("spring.datasource.password", Some(Password)),
            ("requirepass", Some(Password)),
            ("PGPASSWORD", Some(Password)),
            ("userPwd", Some(Password)),
            ("пароль", Some(Password)),
            ("mot de passe", Some(Password)),
            ("client_secret", Some(Secret)),
            ("clientSecret", Some(Secret)),
            ("X-Api-Key", Some(Secret)),
            ("apikey", Some(Secret)),
            ("AccountKey", Some(Secret)),
            ("aws_secret_access_key", Some(Secret)),
            ("_authToken", Some(Secret)),
            ("CI_DEPLOY_TOKEN", Some(Secret)),
            ("token", Some(Token)),
            ("MISTRAL_KEY", Some(Weak)),
            ("key", Some(Weak)),
            ("auth", Some(Weak)),
            ("pin", Some(Digits)),
            ("verification code", Some(Digits)),
            ("recovery phrase", Some(Phrase)),
            ("password_reset_url", None),
            ("api_key_env", None),
            ("key_id", None),
            ("max_tokens", None),
            ("max_token", None),
            ("next_page_token", None),
            ("total_tokens", None),
            ("tokenizer", None),
            ("public_key", None),
            ("keyboard", None),
            ("bypass", None),
            ("author", None),
            ("passport", None),
            ("getPassword", None),
        ] {
            assert_eq!(strength(name), wanted, "{name}");
        }
    }
}
