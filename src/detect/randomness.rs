//! Tells a random token body from an identifier or a placeholder, by letter statistics alone: no word
//! list, no look at where it stands. How often each threshold errs is measured in the tests, by drawing
//! random bodies.

/// How many characters a token's random body has.
pub(super) const BODY: usize = 34;

/// How sure the statistics have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The body stands alone between its borders: about two random bodies in a million are refused.
    Usual,
    /// Nothing marks where the body ends, so that any 34 letters of text could be one: one in a thousand.
    Strict,
}

/// Natural logarithm of how much more often a letter occurs in English identifiers than by chance,
/// for `a` to `z`, from the usual letter frequencies of English.
const LETTERS: [f64; 26] = [
    0.754, -0.950, -0.324, 0.100, 1.195, -0.546, -0.646, 0.461, 0.594, -3.218, -1.600, 0.046, -0.468, 0.561,
    0.668, -0.690, -3.689, 0.443, 0.499, 0.857, -0.329, -1.347, -0.490, -3.651, -0.663, -3.963,
];

/// The same for a digit: in identifiers about one character in fifty, in random alphanumerics one in six.
const DIGIT: f64 = -2.1;

/// The same for the step from one letter to the next: words are lower case with a capital now and then
/// (lower to lower, lower to upper, upper to lower, upper to upper).
const STEPS: [[f64; 2]; 2] = [[0.56, -1.40], [0.55, -1.20]];

/// Whether 34 alphanumeric characters look drawn at random.
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
        && longest_sequence(body) < limits.sequence
        && !repeats(body)
}

/// Whether text of any length behind a known prefix varies as a credential does, not as a placeholder or
/// an identifier.
pub(super) fn is_varied(text: &[u8]) -> bool {
    distinct(text) >= 10 && likeness(text) < 0.0 && longest_sequence(text) < 6 && !repeats(text)
}

struct Limits {
    /// Fewest distinct characters.
    distinct: usize,
    /// Least Shannon entropy, in bits a character.
    entropy: f64,
    /// Largest log likelihood ratio of identifier to random.
    likeness: f64,
    /// Longest run of steps along the alphabet, the digits or a keyboard row.
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

/// Log likelihood ratio, in nats: above 0 the body is more like an identifier than like a random draw.
fn likeness(body: &[u8]) -> f64 {
    let letters: f64 = body
        .iter()
        .map(|b| {
            let index = usize::from(b.to_ascii_lowercase().wrapping_sub(b'a'));
            LETTERS.get(index).copied().unwrap_or(DIGIT)
        })
        .sum();
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
    letters + steps
}

/// The longest run of steps from a character to its neighbour in the alphabet, the digits or a row of the
/// keyboard, in one direction.
fn longest_sequence(body: &[u8]) -> usize {
    const ROWS: [&[u8]; 5] =
        [b"abcdefghijklmnopqrstuvwxyz", b"1234567890", b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let mut longest = 0;
    for row in ROWS {
        let place = |b: &u8| row.iter().position(|&r| r == b.to_ascii_lowercase());
        let places: Vec<Option<usize>> = body.iter().map(place).collect();
        for direction in [1_isize, -1] {
            let mut run = 0;
            for pair in places.windows(2) {
                let along = match pair {
                    [Some(a), Some(b)] => a.checked_add_signed(direction) == Some(*b),
                    _ => false,
                };
                run = if along { run + 1 } else { 0 };
                longest = longest.max(run);
            }
        }
    }
    longest
}

/// A pattern of up to half the body's length that is written again and again.
fn repeats(body: &[u8]) -> bool {
    (1..=body.len() / 2).any(|period| {
        let again = body.iter().zip(body.iter().skip(period)).filter(|(a, b)| a == b).count();
        again + 2 >= body.len() - period
    })
}

#[cfg(test)]
mod tests;
