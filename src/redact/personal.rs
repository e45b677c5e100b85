//! Personal data: mail addresses, home folders, numbers of phones, cards, accounts and persons, addresses of machines.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::checksum as check;
use super::checksum::digits;
use super::separator::floor;
use crate::manifest::PersonalKind;
use crate::manifest::PersonalKind::{
    BankAccount, BirthDate, Card, Email, HomeFolder, Iban, IpAddress, NationalId, Phone,
};

/// A form of personal data: a pattern whose group is the datum (or the whole), and a check of it.
struct Form {
    kind: PersonalKind,
    lead: Lead,
    /// Digits that it has at least.
    least: usize,
    pattern: &'static str,
    check: fn(&str) -> bool,
}

/// What a form begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Digit,
    Letter,
    Sign,
    Any,
}

fn any(_: &str) -> bool {
    true
}

/// Forms that begin with the first digit of a number, or with the letters and signs before it.
const NUMBERS: &[Form] = &[
    Form {
        kind: Card,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^(?:[0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})(?-u:\b)",
        check: |text| check::card(&digits(text)),
    },
    Form {
        kind: Iban,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{2,4}){2,8}(?:[ -]?[A-Z0-9]{1,3})?(?-u:\b)",
        check: check::iban,
    },
    Form {
        kind: Iban,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}(?-u:\b)",
        check: check::iban,
    },
    Form {
        kind: IpAddress,
        lead: Lead::Digit,
        least: 4,
        pattern: r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?-u:\b)",
        check: is_ipv4,
    },
    // Social security: the United States, Britain, Switzerland, France, Italy, Spain, Finland, Sweden, Canada …
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{3}-[0-9]{2}-[0-9]{4}(?-u:\b)",
        check: is_ssn,
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D](?-u:\b)",
        check: any,
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}(?-u:\b)",
        check: |text| check::ean13(&digits(text)),
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?-u:\b)",
        check: |text| check::french(&digits(text)),
    },
    Form {
        kind: NationalId,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z](?-u:\b)",
        check: any,
    },
    Form {
        kind: NationalId,
        lead: Lead::Any,
        least: 7,
        pattern: r"^(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-Z](?-u:\b)",
        check: check::spanish,
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-3][0-9][01][0-9][0-9]{2}[-+A][0-9]{3}[0-9A-Y](?-u:\b)",
        check: check::finnish,
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^(?:19|20)?([0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][-+][0-9]{4})(?-u:\b)",
        check: |text| check::luhn(&digits(text)),
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}(?-u:\b)",
        check: |text| check::luhn(&digits(text)),
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?-u:\b)",
        check: |text| check::cpf(&digits(text)),
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}(?-u:\b)",
        check: |text| check::cnpj(&digits(text)),
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}(?-u:\b)",
        check: |text| text.len() > 12 && check::aadhaar(&digits(text)),
    },
    Form {
        kind: NationalId,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z]{3}[PCHFATBLJG][A-Z][0-9]{4}[A-Z](?-u:\b)",
        check: any,
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx](?-u:\b)",
        check: check::chinese,
    },
    Form {
        kind: NationalId,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]-[1-8][0-9]{6}(?-u:\b)",
        check: any,
    },
    Form {
        kind: NationalId,
        lead: Lead::Letter,
        least: 4,
        pattern: r"^[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HM][A-Z]{5}[A-Z0-9][0-9](?-u:\b)",
        check: any,
    },
    // Phones: international, North America, and national ones whose form no other number has
    Form {
        kind: Phone,
        lead: Lead::Sign,
        least: 7,
        pattern: r"^\+[1-9][0-9]{0,2}[ .\u{a0}-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9]{1,4}(?:[ ./\u{a0}-]?[0-9]{2,5}){1,5}(?-u:\b)",
        check: |text| (8..=15).contains(&digits(text).len()),
    },
    Form {
        kind: Phone,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^00[1-9][0-9]{0,2}[ .-](?:\(?[0-9]{1,4}\)?[ .-]?)(?:[0-9]{2,5}[ .-]?){1,5}[0-9](?-u:\b)",
        check: |text| (10..=16).contains(&digits(text).len()),
    },
    Form {
        kind: Phone,
        lead: Lead::Any,
        least: 7,
        pattern: r"^(?:1[ .-])?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}(?-u:\b)",
        check: any,
    },
    Form {
        kind: Phone,
        lead: Lead::Any,
        least: 7,
        pattern: r"^\(?0[1-9][0-9]{1,4}\)?[ /-]{1,3}[0-9]{3,8}(?:[ -][0-9]{2,5}){0,3}(?-u:\b)",
        check: |text| (9..=12).contains(&digits(text).len()),
    },
    Form {
        kind: Phone,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^0[1-9](?:[ .][0-9]{2}){4}(?-u:\b)",
        check: any,
    },
    Form {
        kind: Phone,
        lead: Lead::Digit,
        least: 7,
        pattern: r"^0(?:1[5-7][0-9]{8,9}|7[0-9]{9}|[67][0-9]{8}|4[0-9]{8})(?-u:\b)",
        check: any,
    },
];

/// What names the number behind it, and what such a number looks like.
const LABELLED: &[(PersonalKind, &str, &str)] = &[
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

/// What stands between a label and its number.
const LINK: &str =
    r#"(?:\\?["'`]|\*\*)?(?:[ \t]*[:=#][ \t]*|[ \t]+(?:is|was|ist|are|:)?[ \t]*|[ \t]*\|[ \t]*)(?:\\?["'`]|\*\*)?"#;

/// How a labelled datum looks, by kind.
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

/// Names in `LABELLED` and other letters that reveal personal data; see [`Trigger`].
pub(super) fn needles() -> impl Iterator<Item = &'static str> {
    let others = ["@", "/home/", "/users/", "\\users\\", "\\\\users\\\\", "p<"];
    LABELLED.iter().map(|(_, needle, _)| *needle).chain(others)
}

/// Looks at the letters of one of [`needles`].
pub(super) fn look(text: &str, needle: usize, at: Range<usize>) -> Option<(Range<usize>, PersonalKind)> {
    match needle.checked_sub(LABELLED.len()) {
        None => labelled(text, needle, at.start),
        Some(0) => Some((email(text, at.start)?, Email)),
        Some(5) => Some((passport_lines(text, at.start)?, NationalId)),
        Some(_) => Some((home(text, at.start)?, HomeFolder)),
    }
}

static LABELS: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    let compiled = |(kind, _, name): &(PersonalKind, &str, &str)| {
        Regex::new(&format!(r"^(?i:{name}){LINK}{}(?-u:\b)", shape(*kind))).ok()
    };
    LABELLED.iter().map(compiled).collect()
});

fn labelled(text: &str, needle: usize, at: usize) -> Option<(Range<usize>, PersonalKind)> {
    if text[..at].ends_with(|letter: char| letter.is_alphanumeric()) && needle != 0 {
        return None;
    }
    let window = &text[at..floor(text, at + 120)];
    let datum = LABELS[needle].as_ref()?.captures(window)?.get(1)?;
    let kind = LABELLED[needle].0;
    let enough = match kind {
        Phone => (6..=15).contains(&digits(datum.as_str()).len()),
        BirthDate => true,
        _ => digits(datum.as_str()).len() >= 5,
    };
    enough.then_some((at + datum.start()..at + datum.end(), kind))
}

/// The address around an `@`; letters of any script on both sides.
fn email(text: &str, at: usize) -> Option<Range<usize>> {
    let of_local = |letter: &char| letter.is_alphanumeric() || ".!#$%&*+/=?^_{|}~-".contains(*letter);
    let before = &text[floor(text, at.saturating_sub(256))..at];
    let local: usize = match before.strip_suffix('"').and_then(|before| before.rfind('"')) {
        Some(open) if before.len() - open <= 66 && !before[open..].contains('\n') => before.len() - open,
        _ => before
            .chars()
            .rev()
            .take(64)
            .take_while(of_local)
            .map(char::len_utf8)
            .sum(),
    };
    let skipped = before[before.len() - local..].len()
        - before[before.len() - local..]
            .trim_start_matches(|letter: char| "./!#$%&*=?^{|}~-".contains(letter))
            .len();
    // What stands before the last slash is a path.
    let own = &before[before.len() - local + skipped..];
    let start = at - own.rsplit(['/', '=', '&', '?']).next().map_or(own.len(), str::len);
    // An address of a repository, not a person's.
    let of_git = own == "git";
    let domain = domain(&text[at + 1..floor(text, at + 300)])?;
    let host = domain.rsplit('.').next().unwrap_or_default();
    let code = [
        "py",
        "js",
        "ts",
        "rs",
        "json",
        "get",
        "post",
        "route",
        "setter",
        "property",
        "fixture",
        "staticmethod",
    ]
    .contains(&host);
    (start < at && !code && !of_git).then_some(start..at + 1 + domain.len())
}

/// The domain that a text begins with: names joined by points, the last of letters alone; or an address in brackets.
fn domain(text: &str) -> Option<&str> {
    if let Some(end) = text.strip_prefix('[').and_then(|rest| rest.find(']')) {
        return is_ipv4(&text[1..=end]).then_some(&text[..end + 2]);
    }
    let end = text
        .find(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '.')
        .unwrap_or(text.len());
    let mut domain = text[..end].trim_end_matches(['.', '-']);
    loop {
        let (names, last) = domain.rsplit_once('.')?;
        if last.chars().count() >= 2
            && last.chars().all(char::is_alphabetic)
            && !names.starts_with(['.', '-'])
            && !names.is_empty()
        {
            return Some(domain);
        }
        // "a@b.org.3" ends before the number.
        domain = names;
    }
}

static HOME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^(?i:/home|/users|[\\]{1,2}users)[/\\]{1,2}[^/\\\s"'`:;,<>|()\[\]{}*$]+"#).ok());

/// A home folder, from its root.
fn home(text: &str, at: usize) -> Option<Range<usize>> {
    let found = HOME.as_ref()?.find(&text[at..floor(text, at + 300)])?;
    let exact = ["/home", "/Users", "\\Users", "\\\\Users", "/users"]
        .iter()
        .any(|start| found.as_str().starts_with(start));
    let before = &text[..at];
    let drive = before
        .strip_suffix(':')
        .is_some_and(|before| before.ends_with(|letter: char| letter.is_ascii_alphabetic()));
    let roots = [
        "/mnt/c", "/mnt/d", "/c", "/d", "file://", "/export", "/var", "/usr", "/data",
    ];
    let root = roots.iter().find(|root| before.ends_with(**root));
    let starts =
        |at: usize| !before[..at].ends_with(|letter: char| letter.is_alphanumeric() || "_.~/-".contains(letter));
    let small = found.as_str().starts_with("/users");
    let start = match root {
        _ if drive => at - 2,
        Some(root) if !small && (*root == "file://" || starts(at - root.len())) => {
            at - root.len() + if *root == "file://" { 7 } else { 0 }
        }
        _ if starts(at) && !small && found.as_str().starts_with('/') => at,
        _ => return None,
    };
    exact.then_some(start..at + found.end())
}

static PASSPORT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^P<[A-Z]{3}[A-Z<]{39}\s{1,4}[A-Z0-9<]{44}").ok());

fn passport_lines(text: &str, at: usize) -> Option<Range<usize>> {
    let found = PASSPORT.as_ref()?.find(&text[at..floor(text, at + 100)])?;
    Some(at..at + found.end())
}

static FORMS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| NUMBERS.iter().map(|form| Regex::new(form.pattern).ok()).collect());

/// Looks for numbers of persons, phones, cards and machines.
pub(super) fn numbers(text: &str, mut found: impl FnMut(Range<usize>, PersonalKind)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let digit = at + offset;
        match number(text, digit, at) {
            Some((range, kind)) => {
                at = range.end.max(digit + 1);
                found(range, kind);
            }
            None => {
                at = digit
                    + bytes[digit..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_alphanumeric())
                        .count()
            }
        }
    }
    addresses(text, &mut found);
}

/// How many digits follow within the reach of a form, up to seven.
fn enough(bytes: &[u8]) -> usize {
    let reach = bytes
        .iter()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b" .-/()+".contains(byte) || !byte.is_ascii());
    reach.filter(|byte| byte.is_ascii_digit()).take(7).count()
}

/// The number around a first digit; it may begin with letters, a bracket or a plus, but not before `from`.
fn number(text: &str, digit: usize, from: usize) -> Option<(Range<usize>, PersonalKind)> {
    let bytes = text.as_bytes();
    let enough = enough(&bytes[digit..]);
    if enough < 4 {
        return None;
    }
    let letters = bytes[from..digit]
        .iter()
        .rev()
        .take(8)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let mut start = digit - letters;
    while letters == 0 && start > from && matches!(bytes[start - 1], b'(' | b'+') && digit - start < 2 {
        start -= 1;
    }
    let before = text[..start].chars().next_back();
    let inside = before.is_some_and(|letter| {
        letter.is_alphanumeric()
            || "_#$/\\%&=@~".contains(letter) && letters == 0 && before != Some('=') && before != Some('/')
    });
    let fraction = before == Some('.')
        || before == Some('-') && text[..start - 1].ends_with(|letter: char| letter.is_alphanumeric());
    if inside || fraction {
        return None;
    }
    let window = &text[start..floor(text, start + 64)];
    let lead = match bytes[start] {
        b'0'..=b'9' => Lead::Digit,
        b'A'..=b'Z' => Lead::Letter,
        _ => Lead::Sign,
    };
    let matches = |(form, pattern): (&Form, &Option<Regex>)| -> Option<(Range<usize>, PersonalKind)> {
        if form.least > enough || form.lead != lead && form.lead != Lead::Any {
            return None;
        }
        let datum = pattern.as_ref()?.captures(window).map(whole)?;
        let behind = &window[datum.end..];
        let goes_on = behind.starts_with(['-', '.', '_', '/'])
            && behind[1..].starts_with(|letter: char| letter.is_ascii_alphanumeric());
        ((form.check)(&window[datum.clone()]) && !goes_on && !is_version(text, start, form.kind))
            .then_some((start + datum.start..start + datum.end, form.kind))
    };
    NUMBERS.iter().zip(FORMS.iter()).find_map(matches)
}

fn whole(captures: Captures) -> Range<usize> {
    captures.get(1).or(captures.get(0)).map_or(0..0, |group| group.range())
}

/// Four numbers with points behind "version" are no address.
fn is_version(text: &str, start: usize, kind: PersonalKind) -> bool {
    let before = text[floor(text, start.saturating_sub(12))..start].to_ascii_lowercase();
    kind == IpAddress && (before.contains("version") || before.trim_end().ends_with(" v") || before.ends_with("=="))
}

/// An address that tells a machine: not this one, not a mask, not a name server that everybody uses.
fn is_ipv4(text: &str) -> bool {
    let parts: Vec<u32> = text.split('.').filter_map(|part| part.parse().ok()).collect();
    let open = ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "1.2.3.4"].contains(&text);
    let well_formed = parts.len() == 4
        && parts.iter().all(|part| *part < 256)
        && text.split('.').all(|part| part == "0" || !part.starts_with('0'));
    well_formed && !open && !matches!(parts[..2], [0 | 127 | 255, _] | [169, 254]) && parts[1..] != [0, 0, 0]
}

/// The United States' social security number: no part is all noughts, and some beginnings are never given.
fn is_ssn(text: &str) -> bool {
    let area = &text[..3];
    !matches!(area, "000" | "666") && !text.ends_with("-0000") && &text[4..6] != "00"
}

static IPV6: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){2,6}(?::[0-9A-Fa-f]{1,4}){1,5}|(?:[0-9A-Fa-f]{1,4}:){1}(?::[0-9A-Fa-f]{1,4}){2,6}|fe80::[0-9A-Fa-f:]{1,40})").ok()
});

/// Addresses of version 6, found by their colons.
fn addresses(text: &str, found: &mut impl FnMut(Range<usize>, PersonalKind)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(offset) = bytes[from..].iter().position(|byte| *byte == b':') {
        let colon = from + offset;
        let first = bytes[from..colon]
            .iter()
            .rev()
            .take(5)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let start = colon - first;
        from = colon + 1;
        let bounded = first > 0
            && first <= 4
            && !text[..start].ends_with(|letter: char| letter.is_alphanumeric() || letter == ':' || letter == '_');
        if !bounded {
            continue;
        }
        let window = &text[start..floor(text, start + 48)];
        let Some(address) = IPV6.as_ref().and_then(|pattern| pattern.find(window)) else {
            continue;
        };
        let behind = window[address.end()..].chars().next();
        let closed = !behind.is_some_and(|letter| letter.is_alphanumeric() || letter == ':' || letter == '_');
        let long = address.as_str().split(':').any(|part| part.len() >= 3);
        if closed && long {
            from = start + address.end();
            found(start..start + address.end(), IpAddress);
        }
    }
}

/// Whether every pattern compiles.
#[cfg(test)]
pub(super) fn compiles() -> bool {
    let singles = [&*HOME, &*PASSPORT, &*IPV6];
    FORMS.iter().chain(LABELS.iter()).chain(singles).all(Option::is_some)
}
