//! Check digits: whether a number can be that of a card, an account or a person.

/// The digits of a text, without separators.
pub(super) fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|letter| letter.to_digit(10)).collect()
}

/// The Luhn check, for cards and for Canadian and Swedish personal numbers.
pub(super) fn luhn(digits: &[u32]) -> bool {
    let doubled = |(at, digit): (usize, &u32)| match at % 2 {
        0 => *digit,
        _ => (digit * 2) / 10 + (digit * 2) % 10,
    };
    digits
        .iter()
        .rev()
        .enumerate()
        .map(doubled)
        .sum::<u32>()
        .is_multiple_of(10)
}

/// A card number: a valid length for its issuer, and the Luhn check.
pub(super) fn card(digits: &[u32]) -> bool {
    let lead = digits.iter().take(4).fold(0, |lead, digit| lead * 10 + digit);
    let lengths: &[usize] = match lead {
        3400..=3499 | 3700..=3799 => &[15],
        3000..=3059 | 3600..=3699 | 3800..=3999 => &[14, 16],
        3528..=3589 => &[16, 17, 18, 19],
        4000..=4999 => &[13, 16, 19],
        5000..=5099 | 5600..=6999 => &[14, 15, 16, 17, 18, 19],
        2221..=2720 | 5100..=5599 => &[16],
        _ => &[],
    };
    let all_alike = digits.iter().all(|digit| Some(digit) == digits.first());
    lengths.contains(&digits.len()) && !all_alike && luhn(digits)
}

/// An IBAN: letters and digits with remainder 1 modulo 97.
pub(super) fn iban(text: &str) -> bool {
    let bare: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    if !(15..=34).contains(&bare.len()) {
        return false;
    }
    let turned = bare[4..].iter().chain(&bare[..4]);
    let rest = turned.fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    rest == 1
}

/// The weighted sum of digits.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Brazil's CPF: eleven digits, two of them check digits.
pub(super) fn cpf(digits: &[u32]) -> bool {
    let check = |length: usize| {
        let weights: Vec<u32> = (2..2 + u32::try_from(length).unwrap_or_default()).rev().collect();
        weighted(&digits[..length], &weights) * 10 % 11 % 10
    };
    digits.len() == 11 && check(9) == digits[9] && check(10) == digits[10]
}

/// Brazil's CNPJ: fourteen digits, two of them check digits.
pub(super) fn cnpj(digits: &[u32]) -> bool {
    let check = |weights: &[u32]| match weighted(digits, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    digits.len() == 14
        && check(&[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == digits[12]
        && check(&[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == digits[13]
}

/// Switzerland's AHV number, an EAN of thirteen digits.
pub(super) fn ean13(digits: &[u32]) -> bool {
    digits.len() == 13 && weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// China's resident number: seventeen digits and a check digit, which may be X.
pub(super) fn chinese(text: &str) -> bool {
    let digits = digits(&text[..text.len().min(17)]);
    let sum = weighted(&digits, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    digits.len() == 17
        && text.len() == 18
        && text.as_bytes()[17].to_ascii_uppercase() == b"10X98765432"[(sum % 11) as usize]
}

/// France's social security number: thirteen digits, and a key modulo 97.
pub(super) fn french(digits: &[u32]) -> bool {
    let number = |digits: &[u32]| {
        digits
            .iter()
            .fold(0u64, |number, digit| number * 10 + u64::from(*digit))
    };
    digits.len() == 15 && matches!(digits[0], 1 | 2) && 97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

/// Spain's DNI and NIE: a number and its check letter.
pub(super) fn spanish(text: &str) -> bool {
    let bare: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_uppercase();
    let Some(letter) = bare.chars().last() else {
        return false;
    };
    let digits = bare[..bare.len() - 1]
        .replace('X', "0")
        .replace('Y', "1")
        .replace('Z', "2");
    let number = digits.parse::<usize>().ok();
    number.is_some_and(|number| digits.len() == 8 && "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number % 23) == Some(letter))
}

/// India's Aadhaar: twelve digits with the Verhoeff check.
pub(super) fn aadhaar(digits: &[u32]) -> bool {
    const SHIFT: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + (b - 5)) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a - 5 + 5 - (b - 5)) % 5,
    };
    let shifted = |at: usize, digit: u32| (0..at % 8).fold(digit, |digit, _| SHIFT[digit as usize]);
    let sum = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (at, digit)| product(sum, shifted(at, *digit)));
    digits.len() == 12 && digits[0] > 1 && sum == 0
}

/// Finland's personal identity code: date, sign, three digits and a check character.
pub(super) fn finnish(text: &str) -> bool {
    let number = digits(text.get(..10).unwrap_or_default())
        .iter()
        .fold(0usize, |number, digit| number * 10 + *digit as usize);
    text.len() == 11 && text.as_bytes()[10].to_ascii_uppercase() == b"0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_their_neighbours_do_not() {
        type Check = fn(&str) -> bool;
        let rows: &[(&str, Check, &str, &str)] = &[
            (
                "card",
                |text| card(&digits(text)),
                "4111 1111 1111 1111",
                "4111 1111 1111 1112",
            ),
            ("amex", |text| card(&digits(text)), "378282246310005", "378282246310006"),
            (
                "iban",
                iban,
                "DE89 3704 0044 0532 0130 00",
                "DE88 3704 0044 0532 0130 00",
            ),
            ("cpf", |text| cpf(&digits(text)), "111.444.777-35", "111.444.777-36"),
            (
                "cnpj",
                |text| cnpj(&digits(text)),
                "11.222.333/0001-81",
                "11.222.333/0001-82",
            ),
            (
                "ahv",
                |text| ean13(&digits(text)),
                "756.9217.0769.85",
                "756.9217.0769.84",
            ),
            ("chinese", chinese, "11010519491231002X", "110105194912310021"),
            (
                "french",
                |text| french(&digits(text)),
                "255081416802538",
                "255081416802539",
            ),
            ("spanish", spanish, "12345678Z", "12345678A"),
            ("nie", spanish, "X1234567L", "X1234567A"),
            (
                "aadhaar",
                |text| aadhaar(&digits(text)),
                "2363 4567 8904",
                "2363 4567 8903",
            ),
            ("finnish", finnish, "131052-308T", "131052-308U"),
        ];
        for (name, check, good, bad) in rows {
            assert!(check(good), "{name} {good}");
            assert!(!check(bad), "{name} {bad}");
        }
    }
}
