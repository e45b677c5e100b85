//! Kinds of personal data, as `[privacy]` and marks name them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonalKind {
    /// A mail address.
    Email,
    /// A phone number.
    Phone,
    /// The number of a payment card.
    Card,
    /// An international bank account number.
    Iban,
    /// A bank account or sort code that its label names.
    BankAccount,
    /// The number of a person: social security, tax, passport, driving licence and the like.
    NationalId,
    /// A date of birth that its label names.
    BirthDate,
    /// The network address of a machine.
    IpAddress,
    /// The path of a home folder, which holds a user's name.
    HomeFolder,
}

impl PersonalKind {
    /// The name as files write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PersonalKind::Email => "email",
            PersonalKind::Phone => "phone",
            PersonalKind::Card => "card",
            PersonalKind::Iban => "iban",
            PersonalKind::BankAccount => "bank_account",
            PersonalKind::NationalId => "national_id",
            PersonalKind::BirthDate => "birth_date",
            PersonalKind::IpAddress => "ip_address",
            PersonalKind::HomeFolder => "home_folder",
        }
    }
}
