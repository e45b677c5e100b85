//! Commands and phrases that contain a secret at a known position.

use super::finding::FindingKind;
use super::finding::FindingKind::{Secret, Token};

/// A needle, and a pattern that starts there and captures the secret in group 1.
pub(super) struct SecretPlace {
    /// The needle; case is ignored.
    pub needle: &'static str,
    /// The pattern, from the needle's first letter.
    pub pattern: &'static str,
    /// The kind of secret.
    pub kind: FindingKind,
}

const fn secret(needle: &'static str, pattern: &'static str) -> SecretPlace {
    SecretPlace {
        needle,
        pattern,
        kind: Secret,
    }
}

/// All places.
pub(super) const PLACES: &[SecretPlace] = &[
    // The user name before the password may be the secret itself.
    secret("://", r#"^://([^\s/?#:@"'<>\\]{0,128}:[^\s/?#"'<>\\]{1,256})@"#),
    // A token before the host, as in `https://TOKEN@host`; short ones are user names.
    secret("://", r#"^://([A-Za-z0-9_.~-]{20,256})@"#),
    secret(
        "curl",
        r#"^curl\b[^\n]{0,400}?\s(?:-[a-zA-Z]{0,6}u|--user|-U|--proxy-user)[ =]?["']?[^\s:"']{0,64}:([^\s"']{1,128})"#,
    ),
    secret(
        "curl",
        r#"^curl\b[^\n]{0,400}?\s(?:-b|--cookie)[ =]["']?([^\s"'=;]{1,64}=[^"'\n]{1,1024}?)(?:["']|\s|$)"#,
    ),
    secret(
        "http",
        r#"^https?\s[^\n]{0,200}?\s?(?:-a|--auth)[ =]["']?[^\s:"']{0,64}:([^\s"']{1,128})"#,
    ),
    secret(
        "wget",
        r#"^wget\b[^\n]{0,400}?\s--(?:http-|ftp-|proxy-)?password[ =]["']?([^\s"']{1,128})"#,
    ),
    secret(
        "mysql",
        r#"^mysql[a-z_-]*\s(?:[^\n]{0,200}?\s)?-p["']?([^\s"'-][^\s"']{2,128})"#,
    ),
    secret(
        "mariadb",
        r#"^mariadb[a-z_-]*\s(?:[^\n]{0,200}?\s)?-p["']?([^\s"'-][^\s"']{2,128})"#,
    ),
    secret("sshpass", r#"^sshpass\s+-p\s*["']?([^\s"']{1,128})"#),
    secret(
        " login",
        r#"^ login\b[^\n]{0,200}?\s-p[ =]?["']?([^\s"'-][^\s"']{3,256})"#,
    ),
    secret(
        "vault login",
        r#"^vault login\s+(?:-[a-z=]+\s+){0,4}([A-Za-z0-9._-]{10,256})"#,
    ),
    secret(
        "upload",
        r#"^upload\b[^\n]{0,200}?\s-p[ =]?["']?([^\s"'-][^\s"']{3,256})"#,
    ),
    secret("sqlcmd", r#"^sqlcmd\b[^\n]{0,200}?\s-P\s*["']?([^\s"']{1,128})"#),
    secret(
        "mongo",
        r#"^mongo[a-z]{0,8}\b[^\n]{0,200}?\s-p[ =]?["']?([^\s"'-][^\s"']{1,128})"#,
    ),
    secret(
        "sqlplus",
        r#"^sqlplus\s+(?:-[A-Za-z]+\s+){0,3}[^\s/]{1,64}/["']?([^\s"'@]{1,128})"#,
    ),
    secret(
        "redis-cli",
        r#"^redis-cli\b[^\n]{0,200}?\s-a[ =]?["']?([^\s"']{1,128})"#,
    ),
    secret("ldap", r#"^ldap[a-z]{3,12}\b[^\n]{0,300}?\s-w\s*["']?([^\s"']{1,128})"#),
    secret("unzip", r#"^unzip\b[^\n]{0,100}?\s-P\s*["']?([^\s"']{1,128})"#),
    secret("zip", r#"^zip\b[^\n]{0,100}?\s-P\s*["']?([^\s"']{1,128})"#),
    secret("7z", r#"^7z[ar]?\s[^\n]{0,200}?\s?-p["']?([^\s"']{1,128})"#),
    secret("rar", r#"^rar\s[^\n]{0,200}?\s-h?p["']?([^\s"'-][^\s"']{1,128})"#),
    secret(
        "smbclient",
        r#"^smbclient\b[^\n]{0,200}?\s-U\s*["']?[^\s%"']{1,64}%([^\s"']{1,128})"#,
    ),
    secret(
        "lftp",
        r#"^lftp\b[^\n]{0,100}?\s-u\s*["']?[^\s,"']{1,64},([^\s"']{1,128})"#,
    ),
    secret(
        "mosquitto_",
        r#"^mosquitto_[a-z]+\b[^\n]{0,200}?\s-P\s*["']?([^\s"']{1,128})"#,
    ),
    secret(
        "htpasswd",
        r#"^htpasswd\s+-[a-zA-Z]{0,4}b[a-zA-Z]{0,4}\s+\S{1,200}\s+\S{1,64}\s+["']?([^\s"']{1,128})"#,
    ),
    secret("xfreerdp", r#"^xfreerdp\b[^\n]{0,200}?\s/p:["']?([^\s"']{1,128})"#),
    secret(
        "rdesktop",
        r#"^rdesktop\b[^\n]{0,200}?\s-p\s*["']?([^\s"'-][^\s"']{1,128})"#,
    ),
    secret(
        "net user",
        r#"^net user\s+[^\s/]{1,64}\s+([^\s/*"'][^\s"']{3,128})(?:\s+/|\s*$|\n)"#,
    ),
    secret(
        "net use",
        r#"^net use\s[^\n]{0,200}?/user:\S{1,128}\s+["']?([^\s"'/]{1,128})"#,
    ),
    secret("chpasswd", r#"^chpasswd\s*<<<\s*["']?[^\s:"']{1,64}:([^\s"']{1,128})"#),
    secret(
        "echo",
        r#"^echo\s+(?:-[a-z]+\s+)?["']?[^\s:"'|]{1,64}:([^\s"'|]{1,128})["']?\s*\|\s*(?:sudo\s+)?chpasswd"#,
    ),
    secret(
        "echo",
        r#"^echo\s+(?:-[a-z]+\s+)?["']?([^\n"'|]{1,128}?)["']?\s*\|\s*(?:sudo\s+-S|docker\s+login|podman\s+login|passwd\s+--stdin|gh\s+auth)"#,
    ),
    secret(
        "ConvertTo-SecureString",
        r#"^convertto-securestring\s+(?:-string\s+)?["']([^"'\n]{1,256})["']"#,
    ),
    secret(
        "identified ",
        r#"^identified\s+(?:with\s+\S{1,64}\s+)?(?:by|as)\s+(?:password\s+)?["']([^"'\n]{1,256})["']"#,
    ),
    secret("identified ", r#"^identified\s+by\s+([^\s"';]{4,128})"#),
    secret("password '", r#"^password\s+'([^'\n]{1,256})'"#),
    secret(
        "password for",
        r#"^password\s+for\s+[^\n=]{1,80}=\s*(?:password\()?["']([^"'\n]{1,256})["']"#,
    ),
    secret("requirepass", r#"^requirepass\s+["']?([^\s"']{1,256})"#),
    secret("masterauth", r#"^masterauth\s+["']?([^\s"']{1,256})"#),
    secret(
        "enable ",
        r#"^enable\s+(?:secret|password)\s+(?:level\s+\d+\s+)?(?:\d+\s+)?(\S{3,128})(?:\s*$|\s*\n)"#,
    ),
    secret("snmp-server community", r#"^snmp-server community\s+(\S{3,64})"#),
    secret("wpa_passphrase", r#"^wpa_passphrase\s+\S{1,64}\s+["']?([^\s"']{8,64})"#),
    secret(
        "from-literal",
        r#"^from-literal[= ]["']?[^=\s"']{1,64}=["']?([^\s"']{1,512})"#,
    ),
    secret("_authToken", r#"^_authtoken\s+["']?([^\s"']{8,256})"#),
    secret(
        "aws configure set",
        r#"^aws configure set\s+\S*(?:secret|token|key)\S*\s+["']?([^\s"']{8,1024})"#,
    ),
    secret(
        "secret access key",
        r#"^secret access key[^A-Za-z0-9/+\n]{1,8}(?:is\s{1,8})?([A-Za-z0-9/+]{40,})"#,
    ),
    secret(
        "secret key",
        r#"^secret key[^A-Za-z0-9/+\n]{1,8}(?:is\s{1,8})?([A-Za-z0-9/+]{40,})"#,
    ),
    secret(
        "secret_access_key",
        r#"^secret_access_key[^A-Za-z0-9/+\n]{1,8}(?:is\s{1,8})?([A-Za-z0-9/+]{40,})"#,
    ),
    secret(
        "credential",
        r#"^credentials?\b[^\n:=]{0,24}?[:= ]\s*(?:are\s+)?["'`]?[A-Za-z0-9_.@-]{2,64}["'`]?\s*[/:|]\s*["'`]?([^\s"'`,;/]*[0-9!@#$%&*][^\s"'`,;]{2,128})"#,
    ),
    secret(
        "login",
        r#"^login\b[^\n:=]{0,24}?[:=]\s*["'`]?[A-Za-z0-9_.@-]{2,64}["'`]?\s*[/:|]\s*["'`]?([^\s"'`,;/]*[0-9!@#$%&*][^\s"'`,;]{2,128})"#,
    ),
    secret(
        "log in ",
        r#"^log in (?:with|as|using)\s+["'`]?[A-Za-z0-9_.@-]{2,64}["'`]?\s*[/:|]\s*["'`]?([^\s"'`,;/]*[0-9!@#$%&*][^\s"'`,;]{2,128})"#,
    ),
    secret(":5432:", r#"^:5432:[^:\s]{1,64}:[^:\s]{1,64}:([^\s:]{1,128})"#),
    secret(":3306:", r#"^:3306:[^:\s]{1,64}:[^:\s]{1,64}:([^\s:]{1,128})"#),
    secret(":*:", r#"^:\*:[^:\s]{1,64}:[^:\s]{1,64}:([^\s:]{1,128})"#),
    secret("\"d\":", r#"^"d":\s*"([A-Za-z0-9_-]{40,})""#),
    secret("\"kty\"", r#"^"kty"[^}]{0,400}?"k"\s*:\s*"([A-Za-z0-9_-]{16,})""#),
    secret(
        "ansible_become_",
        r#"^ansible_become_pass(?:word)?\s*[=:]\s*["']?([^\s"']{1,128})"#,
    ),
    secret(
        "$ANSIBLE_VAULT;",
        r"(?s)^\$ansible_vault;[^\n]{1,60}\n\s*([0-9a-f\s]{40,})",
    ),
    SecretPlace {
        needle: "bearer ",
        pattern: r"^bearer\s{1,8}([A-Za-z0-9._~+/=-]{16,})",
        kind: Token,
    },
    SecretPlace {
        needle: "basic ",
        pattern: r"^basic\s{1,8}([A-Za-z0-9+/]{10,}={1,2})",
        kind: Token,
    },
];
