//! Tests of how requests and replies look.

use super::super::encode::command;
use super::super::samples;
use proptest::collection::vec;
use proptest::prelude::*;

/// The longest line that anything is shown as, in bytes: a full line, a text of escaped characters and
/// the ends of the values around it.
const SHOWN_BYTES_MAX: usize = super::LINE_BYTES_MAX + 16 * super::TEXT_CHARS_MAX + 200;

fn request(words: &[&[u8]]) -> String {
    super::request(&command(words))
}

fn reply(bytes: &str) -> String {
    super::reply(bytes.as_bytes())
}

#[test]
fn a_request_is_shown_as_one_would_type_it() {
    assert_eq!(request(&[b"SET", b"counter", b"1"]), "SET counter 1");
    assert_eq!(request(&[b"set", b"a:{b}", b"-1.5"]), "set a:{b} -1.5");
    assert_eq!(request(&[b"SET", "grüße".as_bytes(), "日本".as_bytes()]), "SET grüße 日本");
    assert_eq!(super::request(b"\r\nSET  k 'a b'\r\n"), r#"SET k "a b""#);
}

#[test]
fn arguments_are_quoted_where_needed_and_only_there() {
    assert_eq!(request(&[b"SET", b"a b", b""]), r#"SET "a b" """#);
    assert_eq!(request(&[b"SET", b"\xff\x00", b"say \"hi\""]), r#"SET "\xff\x00" "say \"hi\"""#);
    assert_eq!(request(&[b"EVAL", b"return 1\r\n-- it's\t\\", b"0"]), r#"EVAL "return 1\r\n-- it's\t\\" 0"#);
    // What would turn the text around or move the cursor is not left as it is.
    assert_eq!(request(&[b"SET", "\u{202e}\u{1b}[2J".as_bytes()]), r#"SET "\xe2\x80\xae\x1b[2J""#);
}

#[test]
fn what_was_quoted_reads_back_as_it_was() {
    let words: [&[u8]; 3] = [b"SET", b"a \"b\" \\ \n\r\t", b"\x00\xff'"];
    let line = request(&words) + "\r\n";
    assert_eq!(super::Arguments::of(line.as_bytes()).collect::<Vec<_>>(), words);
}

#[test]
fn long_arguments_are_cut_and_say_how_long_they_are() {
    let exact = [b'a'; 80];
    assert_eq!(request(&[b"GET", &exact]), format!("GET {}", "a".repeat(80)));
    let long = [b'a'; 81];
    assert_eq!(request(&[b"GET", &long]), format!("GET \"{}…\"(81 bytes)", "a".repeat(80)));
    let wide = "ü".repeat(1000);
    assert_eq!(request(&[b"GET", wide.as_bytes()]), format!("GET \"{}…\"(2000 bytes)", "ü".repeat(80)));
}

#[test]
fn a_line_is_bounded_and_says_what_is_missing() {
    // What is shown and what is said to be missing are all there was.
    let shown = |line: &str, mark: &str| {
        let (front, missing) = line.split_once(mark).expect("something is missing");
        let digits: String = missing.chars().take_while(char::is_ascii_digit).collect();
        assert!(front.len() < super::LINE_BYTES_MAX + 10, "{line}");
        (front.to_owned(), digits.parse::<usize>().expect("a number"))
    };
    let (front, missing) = shown(&request(&vec![&b"word"[..]; 1000]), " … +");
    assert_eq!(front.split(' ').count() + missing, 1000);
    let (front, missing) = shown(&reply(&format!("*1000\r\n{}", ":1\r\n".repeat(1000))), ", … +");
    assert_eq!(front.matches('1').count() + missing, 1000);
    let (front, missing) = shown(&reply(&format!("%500\r\n{}", ":1\r\n".repeat(1000))), ", … +");
    assert_eq!(front.matches("1: 1").count() + missing, 500);
}

#[test]
fn passwords_are_not_shown() {
    assert_eq!(request(&[b"AUTH", b"user", b"secret"]), "AUTH *** ***");
    assert_eq!(request(&[b"hello", b"3", b"auth", b"user", b"secret"]), "hello 3 auth *** ***");
    assert_eq!(request(&[b"SET", b"AUTH", b"user"]), "SET AUTH user");
}

#[test]
fn what_is_no_request_or_reply_is_shown_as_bytes() {
    assert_eq!(super::request(b"*1\r\n:1\r\n"), r#""*1\r\n:1\r\n""#);
    assert_eq!(super::request(b""), r#""""#);
    assert_eq!(reply("$5\r\nab"), r#""$5\r\nab""#);
    assert_eq!(reply("?"), r#""?""#);
}

#[test]
fn each_kind_of_reply_has_a_form_of_its_own() {
    let cases = [
        ("+OK\r\n", "OK"),
        ("+Background saving started\r\n", "Background saving started"),
        ("$2\r\nOK\r\n", r#""OK""#),
        ("$1\r\n1\r\n", r#""1""#),
        (":1\r\n", "1"),
        (",1\r\n", "1.0"),
        (",1.5\r\n", "1.5"),
        ("(1\r\n", "(big) 1"),
        ("$-1\r\n", "nil"),
        ("*-1\r\n", "nil"),
        ("_\r\n", "nil"),
        ("+nil\r\n", r#"(status) "nil""#),
        ("+1\r\n", r#"(status) "1""#),
        ("+\r\n", r#"(status) """#),
        ("#t\r\n", "true"),
        ("-WRONGTYPE Operation\r\n", "(error) WRONGTYPE Operation"),
        ("!3\r\nERR\r\n", "(error) ERR"),
        ("=8\r\ntxt:some\r\n", r#""some""#),
        ("*3\r\n:1\r\n$1\r\na\r\n$-1\r\n", r#"[1, "a", nil]"#),
        ("*0\r\n", "[]"),
        ("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n", "{a: 1, b: [2]}"),
        ("~1\r\n:1\r\n", "(set) [1]"),
        (">2\r\n+message\r\n:1\r\n", "(push) [message, 1]"),
        ("|1\r\n+ttl\r\n:9\r\n:1\r\n", "(attribute) {ttl: 9} 1"),
    ];
    for (bytes, shown) in cases {
        assert_eq!(reply(bytes), shown);
    }
}

#[test]
fn deep_replies_are_cut_and_do_no_harm() {
    assert!(reply(&"*1\r\n".repeat(100_000)).ends_with("[[…]]]]]]]]]]]]]]]]]"));
    assert!(reply(&"|0\r\n".repeat(100_000)).contains('…'));
}

proptest! {
    #[test]
    fn whatever_is_shown_is_one_bounded_line(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..2000),
            samples::mutated(samples::message()),
            samples::mutated(samples::request()),
        ],
    ) {
        for line in [super::request(&bytes), super::reply(&bytes)] {
            prop_assert!(line.len() <= SHOWN_BYTES_MAX, "{} bytes", line.len());
            prop_assert!(!line.chars().any(char::is_control), "{:?}", line);
            prop_assert!(!line.is_empty());
        }
    }
}
