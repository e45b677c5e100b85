//! Forms of numbers that are personal data: cards, accounts, persons, phones, machines.

use super::checksum as check;
use super::checksum::digits;
use crate::manifest::PersonalKind;
use crate::manifest::PersonalKind::{Card, Iban, IpAddress, NationalId, Phone};

/// A form of personal data: a pattern whose group 1 (or whole match) is the datum, and a check of the datum.
pub(super) struct NumberForm {
    pub kind: PersonalKind,
    pub lead: Lead,
    /// Minimum number of digits.
    pub least: usize,
    pub pattern: &'static str,
    pub check: fn(&str) -> bool,
}

/// The first character of a form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Digit,
    Letter,
    Sign,
    Any,
}

fn any(_: &str) -> bool {
    true
}

/// Forms that start at the first digit of a number, or at the letters or signs before it.
pub(super) const NUMBERS: &[NumberForm] = &[
    NumberForm {
        kind: Card,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^(?:[0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})(?-u:\b)",
        check: |text| check::card(&digits(text)),
    },
    NumberForm {
        kind: Iban,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{2,4}){2,8}(?:[ -]?[A-Z0-9]{1,3})?(?-u:\b)",
        check: check::iban,
    },
    NumberForm {
        kind: Iban,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}(?-u:\b)",
        check: check::iban,
    },
    NumberForm {
        kind: IpAddress,
        lead: Lead::Digit,
        least: 4,
        pattern: r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?-u:\b)",
        check: is_ipv4,
    },
    // Social security: the United States, Britain, Switzerland, France, Italy, Spain, Finland, Sweden, Canada …
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{3}-[0-9]{2}-[0-9]{4}(?-u:\b)",
        check: is_ssn,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D](?-u:\b)",
        check: any,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}(?-u:\b)",
        check: |text| check::ean13(&digits(text)),
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?-u:\b)",
        check: |text| check::french(&digits(text)),
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z](?-u:\b)",
        check: any,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Any,
        least: 7,
        pattern: r"^(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-Z](?-u:\b)",
        check: check::spanish,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-3][0-9][01][0-9][0-9]{2}[-+A][0-9]{3}[0-9A-Y](?-u:\b)",
        check: check::finnish,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^(?:19|20)?([0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][-+][0-9]{4})(?-u:\b)",
        check: |text| check::luhn(&digits(text)),
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}(?-u:\b)",
        check: |text| check::luhn(&digits(text)),
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?-u:\b)",
        check: |text| check::cpf(&digits(text)),
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}(?-u:\b)",
        check: |text| check::cnpj(&digits(text)),
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}(?-u:\b)",
        check: |text| text.len() > 12 && check::aadhaar(&digits(text)),
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{3}[PCHFATBLJG][A-Z][0-9]{4}[A-Z](?-u:\b)",
        check: any,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx](?-u:\b)",
        check: check::chinese,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]-[1-8][0-9]{6}(?-u:\b)",
        check: any,
    },
    NumberForm {
        kind: NationalId,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HM][A-Z]{5}[A-Z0-9][0-9](?-u:\b)",
        check: any,
    },
    // Phones: international, North American, and national ones with an unambiguous form
    NumberForm {
        kind: Phone,
        lead: Lead::Sign,
        least: 7,
        pattern: r"^\+[1-9][0-9]{0,2}[ .\u{a0}-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9]{1,4}(?:[ ./\u{a0}-]?[0-9]{2,5}){1,5}(?-u:\b)",
        check: |text| (8..=15).contains(&digits(text).len()),
    },
    NumberForm {
        kind: Phone,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^00[1-9][0-9]{0,2}[ .-](?:\(?[0-9]{1,4}\)?[ .-]?)(?:[0-9]{2,5}[ .-]?){1,5}[0-9](?-u:\b)",
        check: |text| (10..=16).contains(&digits(text).len()),
    },
    NumberForm {
        kind: Phone,
        lead: Lead::Any,
        least: 7,
        pattern: r"^(?:1[ .-])?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}(?-u:\b)",
        check: any,
    },
    NumberForm {
        kind: Phone,
        lead: Lead::Any,
        least: 7,
        pattern: r"^\(?0[1-9][0-9]{1,4}\)?[ /-]{1,3}[0-9]{3,8}(?:[ -][0-9]{2,5}){0,3}(?-u:\b)",
        check: |text| (9..=12).contains(&digits(text).len()),
    },
    NumberForm {
        kind: Phone,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^0[1-9](?:[ .][0-9]{2}){4}(?-u:\b)",
        check: any,
    },
    NumberForm {
        kind: Phone,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^0(?:1[5-7][0-9]{8,9}|7[0-9]{9}|[67][0-9]{8}|4[0-9]{8})(?-u:\b)",
        check: any,
    },
];
/// An IPv4 address that can identify a machine: not a local address, a mask, or a well-known name server.
pub(super) fn is_ipv4(text: &str) -> bool {
    let parts: Vec<u32> = text.split('.').filter_map(|part| part.parse().ok()).collect();
    let open = ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "1.2.3.4"].contains(&text);
    let well_formed = parts.len() == 4
        && parts.iter().all(|part| *part < 256)
        && text.split('.').all(|part| part == "0" || !part.starts_with('0'));
    well_formed && !open && !matches!(parts[..2], [0 | 127 | 255, _] | [169, 254]) && parts[1..] != [0, 0, 0]
}

/// A US social security number: no part is all zeros, and area 666 is never assigned.
fn is_ssn(text: &str) -> bool {
    let area = &text[..3];
    !matches!(area, "000" | "666") && !text.ends_with("-0000") && &text[4..6] != "00"
}
