//! Distinguishes a random token body from an identifier or a placeholder by letter statistics alone, without
//! a word list and without the context. The tests measure the error rate of each threshold by drawing random
//! bodies.

/// The number of characters in the random body of a token.
pub(super) const BODY: usize = crate::hub::tokens::LETTERS;

/// The required certainty of the statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The body has clear boundaries. About four random bodies in a hundred thousand are refused.
    Usual,
    /// Nothing marks the end of the body, so any 34 letters of text could be one. One random body in a
    /// thousand is refused.
    Strict,
}

/// The natural logarithm of the ratio between the frequency of a letter in English identifiers and its
/// frequency by chance, for `a` to `z`. The values follow from the usual letter frequencies of English.
const LETTERS: [f64; 26] = [
    0.754, -0.950, -0.324, 0.100, 1.195, -0.546, -0.646, 0.461, 0.594, -3.218, -1.600, 0.046, -0.468, 0.561,
    0.668, -0.690, -3.689, 0.443, 0.499, 0.857, -0.329, -1.347, -0.490, -3.651, -0.663, -3.963,
];

/// The natural logarithm of that ratio for a digit. About one character in fifty is a digit in identifiers,
/// and one in six in random alphanumerics.
const DIGIT: f64 = -2.1;

/// The natural logarithm of that ratio for the step from one letter to the next. Words are in lower case
/// with an occasional capital. The order is lower to lower, lower to upper, upper to lower, upper to upper.
const STEPS: [[f64; 2]; 2] = [[0.56, -1.40], [0.55, -1.20]];

/// Returns true if 34 alphanumeric characters look randomly drawn.
pub(super) fn is_random(body: &[u8], strictness: Strictness) -> bool {
    let limits = match strictness {
        Strictness::Usual => Limits { distinct: 14, entropy: 3.5, likeness: 7.5, sequence: 6 },
        Strictness::Strict => Limits { distinct: 18, entropy: 3.95, likeness: -4.0, sequence: 5 },
    };
    let upper = body.iter().filter(|b| b.is_ascii_uppercase()).count();
    let lower = body.iter().filter(|b| b.is_ascii_lowercase()).count();
    upper > 0
        && lower > 0
        && distinct(body) >= limits.distinct
        && entropy(body) >= limits.entropy
        && likeness(body) < limits.likeness
        && !is_of_words(body)
        && longest_sequence(body) < limits.sequence
        && !is_one_case(body)
        && !repeats(body)
        && longest_hidden_sequence(body) < HIDDEN
}

/// Returns true for words in camel case that can be spoken: each has a vowel, and no more than three consonants in
/// sequence. One random body in two million is of this kind, and the likeness takes rare letters for random.
fn is_of_words(body: &[u8]) -> bool {
    let is_vowel = |b: &u8| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let is_word = |word: &[u8]| {
        word.len() > 1
            && word.iter().any(is_vowel)
            && word.split(is_vowel).all(|consonants| consonants.len() <= 3)
    };
    body.iter().all(u8::is_ascii_alphabetic)
        && body.chunk_by(|_, next| !next.is_ascii_uppercase()).all(is_word)
}

/// The limit for the longest run of steps among interleaved characters: a run must be shorter.
const HIDDEN: usize = 6;

/// Returns true if text of any length after a known prefix varies like a credential, and not like a
/// placeholder or an identifier.
pub(super) fn is_varied(text: &[u8]) -> bool {
    distinct(text) >= 10 && likeness(text) < 0.0 && longest_sequence(text) < 6 && !repeats(text)
}

struct Limits {
    /// The minimum number of distinct characters.
    distinct: usize,
    /// The minimum Shannon entropy, in bits per character.
    entropy: f64,
    /// The maximum log likelihood ratio of identifier to random.
    likeness: f64,
    /// The maximum run of steps along the alphabet, the digits or a keyboard row.
    sequence: usize,
}

fn counts(body: &[u8]) -> [u8; 128] {
    let mut counts = [0_u8; 128];
    for &b in body {
        if let Some(count) = counts.get_mut(usize::from(b)) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

fn distinct(body: &[u8]) -> usize {
    counts(body).iter().filter(|&&n| n > 0).count()
}

fn entropy(body: &[u8]) -> f64 {
    let total = f64::from(u32::try_from(body.len()).unwrap_or(u32::MAX));
    -counts(body).iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / total).map(|p| p * p.log2()).sum::<f64>()
}

/// Returns the log likelihood ratio in nats. A positive value means that the body resembles an identifier
/// more than a random draw.
fn likeness(body: &[u8]) -> f64 {
    let steps: f64 = body
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                let [[lower_lower, lower_upper], [upper_lower, upper_upper]] = STEPS;
                Some(match (a.is_ascii_uppercase(), b.is_ascii_uppercase()) {
                    (false, false) => lower_lower,
                    (false, true) => lower_upper,
                    (true, false) => upper_lower,
                    (true, true) => upper_upper,
                })
            }
            _ => None,
        })
        .sum();
    letters(body) + steps
}

/// Returns the contribution of the letters to the ratio, regardless of case.
fn letters(body: &[u8]) -> f64 {
    let letter = |b: &u8| {
        let index = usize::from(b.to_ascii_lowercase().wrapping_sub(b'a'));
        LETTERS.get(index).copied().unwrap_or(DIGIT)
    };
    body.iter().map(letter).sum()
}

/// The alphabet, the digits, the rows of a keyboard, and its columns in sequence.
const ROWS: [&[u8]; 6] = [
    b"abcdefghijklmnopqrstuvwxyz",
    b"1234567890",
    b"qwertyuiop",
    b"asdfghjkl",
    b"zxcvbnm",
    b"qazwsxedcrfvtgbyhnujmikolp",
];

/// The place of each ASCII character in each row, counted from 1 and regardless of case. The place is 0 for
/// a character that is not in the row.
const PLACES: [[i8; 128]; ROWS.len()] = {
    let mut places = [[0; 128]; ROWS.len()];
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    #[expect(clippy::cast_possible_truncation, reason = "up to 26")]
    {
        let mut row = 0;
        while row < ROWS.len() {
            let mut n = 0;
            while n < ROWS[row].len() {
                let b = ROWS[row][n];
                places[row][b as usize] = n as i8 + 1;
                places[row][b.to_ascii_uppercase() as usize] = n as i8 + 1;
                n += 1;
            }
            row += 1;
        }
    }
    places
};

/// Returns the longest run of equal steps along one of [`ROWS`]. A step leads to a neighbour or to the next
/// but one.
fn longest_sequence(body: &[u8]) -> usize {
    longest_run(&body.iter().copied())
}

fn longest_run(text: &(impl Iterator<Item = u8> + Clone)) -> usize {
    let mut longest = 0;
    for row in &PLACES {
        let (mut last, mut step, mut run) = (0, 0, 0);
        for b in text.clone() {
            let place = row.get(usize::from(b)).copied().unwrap_or_default();
            let next = if last > 0 && place > 0 { place - last } else { 0 };
            let is_step = matches!(next, -2 | -1 | 1 | 2);
            run = if is_step && next == step { run + 1 } else { usize::from(is_step) };
            (last, step) = (place, next);
            longest = longest.max(run);
        }
    }
    longest
}

/// Returns the longest run of equal steps among interleaved characters, as in `A1b2C3`, `aAbBcC` or
/// `AbC123dEf456`. These are every second and every third character, the characters of each class, and the
/// characters with doubled letters taken once.
fn longest_hidden_sequence(body: &[u8]) -> usize {
    let every = |n: usize| (0..n).map(move |from| longest_run(&body.iter().skip(from).step_by(n).copied()));
    let of = |class: fn(&u8) -> bool| longest_run(&body.iter().copied().filter(class));
    let once =
        body.iter().zip(body.iter().skip(1)).filter(|(a, b)| !a.eq_ignore_ascii_case(b)).map(|(a, _)| *a);
    let classes = [
        of(u8::is_ascii_digit),
        of(u8::is_ascii_lowercase),
        of(u8::is_ascii_uppercase),
        of(u8::is_ascii_alphabetic),
        longest_run(&once),
    ];
    every(2).chain(every(3)).chain(classes).max().unwrap_or_default()
}

/// Returns true if the body consists of words in capitals, or has all its capitals in a row. Then there are
/// few steps between the cases, so the steps do not indicate a random body. `FEWEST_STEPS` steps are rare
/// enough by themselves.
fn is_one_case(body: &[u8]) -> bool {
    const FEWEST_STEPS: usize = 3;
    const FEW_STEPS: usize = 7;
    let cases = body.iter().map(u8::is_ascii_uppercase);
    let steps = cases.clone().zip(cases.skip(1)).filter(|(a, b)| a != b).count();
    steps <= FEWEST_STEPS || (steps <= FEW_STEPS && letters(body) > -6.0)
}

/// Returns true if the body repeats a pattern of up to half its length, regardless of case.
fn repeats(body: &[u8]) -> bool {
    (1..=body.len() / 2).any(|period| {
        let again =
            body.iter().zip(body.iter().skip(period)).filter(|(a, b)| a.eq_ignore_ascii_case(b)).count();
        again + 2 >= body.len() - period
    })
}

#[cfg(test)]
mod tests;
