//! What a finding is, which of the two classes it belongs to, and the mark that replaces it.

use crate::manifest::PersonalKind;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A private key in one of the usual armours.
    PrivateKey,
    /// A key whose maker gives it a recognisable form.
    ApiKey,
    /// A bearer token, a signed URL, a web hook.
    Token,
    /// A cookie's value.
    Cookie,
    /// A password, or a value that its name calls secret.
    Secret,
    /// Personal data.
    Personal(PersonalKind),
}

impl Kind {
    /// Whether it is a key or a password, which no request may hold, rather than personal data.
    pub(crate) fn is_key(self) -> bool {
        !matches!(self, Kind::Personal(_))
    }

    /// What it is called in marks, reports and the manifest.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::PrivateKey => "private_key",
            Kind::ApiKey => "api_key",
            Kind::Token => "token",
            Kind::Cookie => "cookie",
            Kind::Secret => "secret",
            Kind::Personal(kind) => kind.name(),
        }
    }

    /// What replaces it.
    pub(crate) fn replacement(self) -> String {
        match self {
            Kind::Personal(PersonalKind::HomeFolder) => "~".to_owned(),
            kind => format!("{}{}]", super::marks::START, kind.name()),
        }
    }
}
