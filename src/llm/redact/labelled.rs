//! Personal data that only a preceding label reveals: "phone: 555-0123", "born on 3 May 1990".

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::checksum::digits;
use super::separator::{begins, floor};
use crate::manifest::PersonalKind;
use crate::manifest::PersonalKind::{BankAccount, BirthDate, Card, NationalId, Phone};

/// The labels: the kind of the data that follows, a needle, and the label's pattern.
pub(super) const LABELLED: &[(PersonalKind, &str, &str)] = &[
    (
        Phone,
        "phone",
        r"(?:tele)?phone(?:[ _-]?(?:number|no|nr|#))?|telefon(?:nummer)?",
    ),
    (Phone, "tel", r"tel(?:ephone)?\.?(?:[ _-]?(?:number|no|nr))?"),
    (Phone, "mobile", r"mobile(?:[ _-]?(?:number|no|phone))?"),
    (Phone, "handy", r"handy(?:nummer)?"),
    (Phone, "fax", r"fax(?:[ _-]?(?:number|no|nr))?"),
    (Phone, "call me", r"call me(?: back)? (?:at|on)"),
    (Phone, "whatsapp", r"whatsapp(?: number)?"),
    (Phone, "text me", r"text me (?:at|on)"),
    (Phone, "cell", r"cell(?:[ _-]?phone)?(?:[ _-]?number)?"),
    (Phone, "reach me", r"reach me (?:at|on|under)"),
    (NationalId, "ssn", r"ssn"),
    (
        NationalId,
        "social security",
        r"social security(?: (?:number|no|nr|#))?",
    ),
    (
        NationalId,
        "passport",
        r"passport(?:[ _-]?(?:number|no\.?|nr\.?|#|id))?",
    ),
    (
        NationalId,
        "licen",
        r"(?:drivers?'?s?|driving)[ _-]licen[cs]e(?:[ _-]?(?:number|no\.?|nr\.?|#))?",
    ),
    (
        NationalId,
        "driv",
        r"(?:drivers?'?s?|driving)[ _-]licen[cs]e(?:[ _-]?(?:number|no\.?|nr\.?|#))?",
    ),
    (
        NationalId,
        "tax ",
        r"tax (?:id|number|no\.?|identification number|file number)",
    ),
    (
        NationalId,
        "steuer",
        r"steuer(?:-?id(?:entifikationsnummer)?|nummer|-?nr\.?)",
    ),
    (NationalId, "tin", r"tin"),
    (NationalId, "itin", r"itin"),
    (
        NationalId,
        "national i",
        r"national (?:id|identity|insurance)(?:[ _-]?(?:card|number|no\.?))?",
    ),
    (NationalId, "national_id", r"national_id"),
    (NationalId, "personalausweis", r"personalausweis(?:nummer|-?nr\.?)?"),
    (NationalId, "identity card", r"identity card(?: (?:number|no\.?))?"),
    (NationalId, "id card", r"id card(?: (?:number|no\.?))?"),
    (NationalId, "nhs", r"nhs(?: (?:number|no\.?))?"),
    (NationalId, "bsn", r"bsn"),
    (NationalId, "pesel", r"pesel"),
    (NationalId, "aadhaar", r"aadhaar(?: (?:number|no\.?))?"),
    (NationalId, "medicare", r"medicare(?: (?:number|no\.?))?"),
    (
        NationalId,
        "vat",
        r"vat(?: ?(?:id|number|no\.?|reg(?:istration)?(?: no\.?)?))",
    ),
    (NationalId, "ust-id", r"ust-id(?:nr\.?|-nr\.?)?"),
    (NationalId, "cpr", r"cpr(?:-?(?:nummer|nr\.?| number))?"),
    (NationalId, "my number", r"my number"),
    (NationalId, "imei", r"imei"),
    (BankAccount, "account n", r"account (?:number|no\.?|nr\.?)"),
    (BankAccount, "account_n", r"account_(?:number|no)"),
    (BankAccount, "kontonummer", r"kontonummer"),
    (BankAccount, "routing", r"routing[ _](?:number|no\.?)"),
    (BankAccount, "sort code", r"sort code"),
    (BankAccount, "sort_code", r"sort_code"),
    (Card, "card n", r"card (?:number|no\.?)"),
    (Card, "card_n", r"card_(?:number|no)"),
    (BirthDate, "date of birth", r"date of birth"),
    (BirthDate, "date_of_birth", r"date_of_birth"),
    (BirthDate, "birth", r"birth[ _-]?da(?:te|y)"),
    (BirthDate, "dob", r"dob"),
    (BirthDate, "born", r"born(?: on)?"),
    (BirthDate, "geburtsdatum", r"geburtsdatum"),
    (BirthDate, "geboren", r"geboren(?: am)?"),
];

/// The pattern between a label and its data.
const LINK: &str =
    r#"(?:\\?["'`]|\*\*)?(?:[ \t]*[:=#][ \t]*|[ \t]+(?:is|was|ist|are|:)?[ \t]*|[ \t]*\|[ \t]*)(?:\\?["'`]|\*\*)?"#;

/// The pattern of labelled data, by kind.
fn shape(kind: PersonalKind) -> &'static str {
    match kind {
        Phone => r"(\(?\+?[0-9][0-9 ()./\u{a0}-]{4,20}[0-9])",
        BirthDate => {
            r"([0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}|[0-9]{1,2}(?:st|nd|rd|th|\.)? (?:of )?[A-Za-zä]{3,9}\.?,? [0-9]{4}|[A-Za-z]{3,9}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4})"
        }
        BankAccount | Card => r"([0-9](?:[ -]?[0-9]){5,18})",
        _ => r"([A-Z]{0,3}[0-9](?:[ ./-]?[0-9A-Z]){5,17})",
    }
}

static LABELS: [OnceLock<Option<Regex>>; LABELLED.len()] = [const { OnceLock::new() }; LABELLED.len()];

/// The pattern of a label with its data, compiled on first use.
fn label(needle: usize) -> Option<&'static Regex> {
    let (kind, _, name) = LABELLED[needle];
    let compile = || Regex::new(&format!(r"^(?i:{name}){LINK}{}(?-u:\b)", shape(kind))).ok();
    LABELS[needle].get_or_init(compile).as_ref()
}

pub(super) fn labelled(text: &str, needle: usize, at: usize) -> Option<(Range<usize>, PersonalKind)> {
    if !begins(text, at) && needle != 0 {
        return None;
    }
    let window = &text[at..floor(text, at + 120)];
    let datum = label(needle)?.captures(window)?.get(1)?;
    let kind = LABELLED[needle].0;
    let enough = match kind {
        Phone => (6..=15).contains(&digits(datum.as_str()).len()),
        BirthDate => true,
        _ => digits(datum.as_str()).len() >= 5,
    };
    enough.then_some((at + datum.start()..at + datum.end(), kind))
}

/// Whether every pattern compiles.
#[cfg(test)]
pub(super) fn compiles() -> bool {
    (0..LABELLED.len()).all(|needle| label(needle).is_some())
}
