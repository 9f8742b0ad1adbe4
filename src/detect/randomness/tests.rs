//! Error rates of the statistics, measured on draws from a seeded generator.

use super::*;

/// A small generator, so that the rates below are the same on every run.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    }

    fn body(&mut self, alphabet: &[u8]) -> Vec<u8> {
        let mut pick = || usize::try_from(self.next()).unwrap() % alphabet.len();
        (0..BODY).map(|_| alphabet[pick()]).collect()
    }
}

const LETTERS_ONLY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn refused(alphabet: &[u8], strictness: Strictness, draws: usize) -> usize {
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    (0..draws).filter(|_| !is_random(&draw.body(alphabet), strictness)).count()
}

/// The number of draws for each of the rates and percentiles below.
const DRAWS: usize = 300_000;

#[test]
fn random_bodies_are_kept() {
    // Fewer than one body in ten thousand is refused.
    for alphabet in [LETTERS_ONLY, ALPHANUMERIC] {
        let missed = refused(alphabet, Strictness::Usual, DRAWS);
        println!("missed: {missed} of {DRAWS}");
        assert!(missed * 10_000 < DRAWS, "{missed} of {DRAWS}");
    }
}

#[test]
fn the_strict_form_refuses_few() {
    let missed = refused(LETTERS_ONLY, Strictness::Strict, DRAWS);
    println!("missed: {missed} of {DRAWS}");
    assert!(missed * 1000 < 3 * DRAWS, "{missed} of {DRAWS}");
}

#[test]
fn words_in_camel_case_are_no_tokens() {
    for words in [
        "QueueBufferMaxSizeKeyValueJobIndex",
        "VideoBoxJsonProxyQuizMaxKeyIndexIo",
        "ExpBackoffJitterMaxRetryQueueKeyId",
        "queueBufferMaxSizeKeyValueJobIndex",
    ] {
        assert!(!is_random(words.as_bytes(), Strictness::Usual), "{words} {}", likeness(words.as_bytes()));
    }
}

/// A random body is hardly ever of words in camel case. The rate is measured on bodies whose capitals are where words
/// begin, of which the share of all bodies is known.
#[test]
fn random_bodies_are_hardly_ever_words() {
    // The number of ways in which this many letters are words of two letters or more.
    let mut ways = vec![1_u64, 0];
    for len in 2..=BODY {
        ways.push(ways[..len - 1].iter().sum());
    }
    let mut draw = Draw(7);
    let mut refused = 0_u32;
    for _ in 0..DRAWS {
        let mut body = draw.body(b"abcdefghijklmnopqrstuvwxyz");
        let mut at = 0;
        while at < BODY {
            body[at].make_ascii_uppercase();
            let left = BODY - at;
            let mut pick = draw.next() % ways[left];
            let word = (2..=left).find(|len| match pick.checked_sub(ways[left - len]) {
                Some(rest) => {
                    pick = rest;
                    false
                }
                None => true,
            });
            at += word.unwrap();
        }
        refused += u32::from(is_of_words(&body) && likeness(&body) < 7.5);
    }
    // The first letter may have either case.
    let share = 2.0 * f64::from(u32::try_from(ways[BODY]).unwrap()) / 2_f64.powi(34);
    let rate = share * f64::from(refused) / f64::from(u32::try_from(DRAWS).unwrap());
    println!("refused: {refused}, {rate:e} of all bodies");
    assert!(rate < 7e-7, "{rate:e}");
}

/// Each check for invented values refuses fewer than one random body in ten thousand.
#[test]
fn tests_for_placeholders_refuse_few() {
    for alphabet in [LETTERS_ONLY, ALPHANUMERIC] {
        let mut draw = Draw(0x00c0_ffee);
        let mut refused = [0_usize; 4];
        for _ in 0..DRAWS {
            let body = draw.body(alphabet);
            let tests = [
                longest_sequence(&body) >= 5,
                longest_hidden_sequence(&body) >= HIDDEN,
                is_one_case(&body),
                repeats(&body),
            ];
            refused.iter_mut().zip(tests).for_each(|(count, test)| *count += usize::from(test));
        }
        println!("sequences, hidden ones, one case, repeats: {refused:?} of {DRAWS}");
        assert!(refused.iter().all(|count| count * 10_000 < DRAWS), "{refused:?} of {DRAWS}");
    }
}

/// Prints the tails that the thresholds cut off. Run by hand when a threshold changes.
#[test]
#[ignore = "prints a table; takes minutes"]
fn tails() {
    for alphabet in [LETTERS_ONLY, ALPHANUMERIC] {
        let mut draw = Draw(1);
        let mut scores: Vec<f64> = (0..10_000_000).map(|_| likeness(&draw.body(alphabet))).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        println!("largest likeness {:?}", &scores[..5]);
        println!("one in 1e3 {:.1}, 1e4 {:.1}, 1e5 {:.1}", scores[10_000], scores[1000], scores[100]);
        println!("usual refuses {}", refused(alphabet, Strictness::Usual, 10_000_000));
        println!("strict refuses {}", refused(alphabet, Strictness::Strict, 1_000_000));
    }
}

#[test]
fn identifiers_and_placeholders_are_refused() {
    for body in [
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
        "abcdefghijklmnopqrstuvwxyzabcdefgh",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh",
        "requiredCharacteristicTypesForDisp",
        "servingCellPriorityParametersDescr",
        "generatedByHomeAppForDisplayMetada",
        "YourHuggingFaceTokenGoesHerePlease",
        "ThisIsNotARealTokenJustAnExampleOk",
        "qwertyuiopasdfghjklzxcvbnmQWERTYUI",
        "modelWeightsIteratorForDistributed",
        "aBcDaBcDaBcDaBcDaBcDaBcDaBcDaBcDaB",
        "thequickbrownfoxjumpsoverthelazydo",
        "1234567890123456789012345678901234",
        "abcdef123456abcdef123456abcdef1234",
        "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7",
        "aA1bB2cC3dD4eE5fF6gG7hH8iI9jJ0kK1l",
        "AbC123dEf456GhI789jKl012MnO345pQr6",
        "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQ",
        "AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQq",
        "QAZWSXEDCRFVTGBYHNUJMIKOLPqazwsxed",
        "qazWSXedcRFVtgbYHNujmIKOLPqazWSXed",
        "abcdeABCDEfghijFGHIJklmnoKLMNOpqrs",
        "acegikmoqsuwyACEGIKMOQSUWYbdfhjlnp",
        "AcEgIkMoQsUwYbDfHjLnPrTvXzAcEgIkMo",
        "NOTAREALTOKENnotarealtokenNotAReal",
        "THISISNOTAREALTOKENDONOTUSEITPlease",
        "DUMMYTOKENDUMMYTOKENdummytoken1234",
        "FAKETOKENforUNITTESTSonlyDONOTUSEx",
        "FAKEtokenFAKEtokenFAKEtokenFAKEtok",
        "EXAMPLEonlyEXAMPLEonlyEXAMPLEonlyE",
        "FooBarBazQuxFooBarBazQuxFooBarBazQ",
        "REDACTEDREDACTEDREDACTEDREDACTEDaa",
        "YOURTOKENGOESHEREREPLACETHISVALUEx",
        "CONFIGMAXNUMBEROFDEVICESSUPPORTEDx",
    ] {
        let body = &body.as_bytes()[..BODY];
        assert!(!is_random(body, Strictness::Usual), "{}", String::from_utf8_lossy(body));
    }
}

/// Returns the 0.01st percentile, the median and the 99.99th percentile.
fn percentiles(bodies: &[Vec<u8>], statistic: impl Fn(&[u8]) -> f64) -> [f64; 3] {
    let mut values: Vec<f64> = bodies.iter().map(|body| statistic(body)).collect();
    values.sort_by(f64::total_cmp);
    [values.len() / 10_000, values.len() / 2, values.len() - 1 - values.len() / 10_000].map(|at| values[at])
}

fn transitions(body: &[u8]) -> usize {
    body.windows(2).filter(|pair| pair[0].is_ascii_uppercase() != pair[1].is_ascii_uppercase()).count()
}

fn longest_lower(body: &[u8]) -> usize {
    body.split(|b| !b.is_ascii_lowercase()).map(<[u8]>::len).max().unwrap_or_default()
}

/// Draws again the figures from which the thresholds were derived.
#[test]
fn statistics_of_random_bodies() {
    let mut draw = Draw(0x5eed);
    let bodies: Vec<Vec<u8>> = (0..DRAWS).map(|_| draw.body(LETTERS_ONLY)).collect();
    let count = |n: usize| f64::from(u32::try_from(n).unwrap());
    let upper = |body: &[u8]| body.iter().filter(|b| b.is_ascii_uppercase()).count();
    let near = |name: &str, found: [f64; 3], known: [f64; 3], tolerance: [f64; 3]| {
        println!("{name}: {found:.2?}");
        let within = (0..3).all(|n| (found[n] - known[n]).abs() <= tolerance[n]);
        assert!(within, "{name}: {found:?}, not {known:?}");
    };
    near("entropy", percentiles(&bodies, entropy), [3.94, 4.54, 4.97], [0.06, 0.02, 0.03]);
    near("distinct", percentiles(&bodies, |b| count(distinct(b))), [18.0, 25.0, 32.0], [1.0, 0.0, 1.0]);
    near("transitions", percentiles(&bodies, |b| count(transitions(b))), [5.0, 16.0, 27.0], [1.0, 1.0, 1.0]);
    near("uppercase", percentiles(&bodies, |b| count(upper(b))), [6.0, 17.0, 28.0], [1.0, 0.0, 1.0]);
    near(
        "lowercase run",
        percentiles(&bodies, |b| count(longest_lower(b))),
        [1.0, 4.0, 16.0],
        [0.0, 1.0, 2.0],
    );
}

const WORDS: &str = "about access account action active address agent align allocate amount analyze answer append \
    apply argument array assert assign async attach attribute audio author backend balance batch binary block \
    boolean border branch browser buffer build button bytes cache callback cancel capture catalog center chain \
    change channel character check child class clean client clone cluster collect column command commit compare \
    compile complete compress compute config connect constant container content context control convert copy \
    count counter create cursor custom data database debug decode default delete depth detect device dialog \
    dictionary digest dimension directory disable display document domain download driver dynamic element embed \
    enable encode encoder engine entity entry error event example exception execute expand expect export extend \
    factory feature fetch field file filter find flag float flush folder format forward frame function future \
    gateway generate generator get global gradient graph group handle handler hash header height hidden history \
    hook host identifier ignore image import index init inner input insert instance int interface internal \
    interval invalid invoke item iterator job join kernel key label language layer layout learning length level \
    library limit linear link list listener load loader local lock log loop loss machine manager map mask match \
    matrix max memory merge message metadata method metric min mock mode model module monitor mount move name \
    native network node normalize notify null number object observer offset online open operation optimizer \
    option order origin output override packet page parallel parameter parent parse parser password path pattern \
    payload pending permission pipeline pixel plugin point policy pool port position prefix prepare print process \
    processor profile progress project prompt property protocol provider proxy public query queue quick random \
    range rate raw reader receive record recursive redirect reduce reference refresh register registry release \
    remote remove render replace report request require reset resolve resource response restore result return \
    reverse root route router rule runtime sample save scale schedule schema scope score script search section \
    secure select sequence serialize server service session set shape share shift signal simple single size \
    skip socket sort source split stack stage start state static status step stop storage store stream strict \
    string style submit suffix support switch symbol sync system table target task template tensor test text \
    thread time timeout token tokenizer tools total trace track trainer transform tree trigger type unicode \
    unique unit update upload user utility valid validate value variable vector version video view visible \
    visitor volume wait warning weight widget width window worker wrap write writer";

/// Returns 34 letters of concatenated words, like names in source code.
fn identifier(draw: &mut Draw, words: &[&str]) -> Vec<u8> {
    let mut name: Vec<u8> = Vec::new();
    while name.len() < BODY {
        let word = words[usize::try_from(draw.next()).unwrap() % words.len()];
        let first = name.len();
        name.extend_from_slice(word.as_bytes());
        name[first] = name[first].to_ascii_uppercase();
    }
    name[0] = name[0].to_ascii_lowercase();
    name.truncate(BODY);
    name
}

/// At most one name in a hundred is kept if the boundaries are marked, and at most one in a hundred thousand
/// if they are not.
#[test]
fn names_made_of_words_are_refused() {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let kept = |strictness| {
        let mut draw = Draw(0x000f_face);
        (0..DRAWS).filter(|_| is_random(&identifier(&mut draw, &words), strictness)).count()
    };
    let (usual, strict) = (kept(Strictness::Usual), kept(Strictness::Strict));
    println!("taken for random: {usual} and {strict} of {DRAWS}");
    assert!(usual * 100 < DRAWS, "{usual} of {DRAWS}");
    assert!(strict * 100_000 < DRAWS, "{strict} of {DRAWS}");
}
