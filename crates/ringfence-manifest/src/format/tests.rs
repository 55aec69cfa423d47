//! What laying out changes, and what it does not.

use super::format;

#[test]
fn comments_stay_and_spaces_go() {
    let text = "\
# what it is


version:   1   # the format
include:    [base,   'tls']
# programs
ro:
- /usr      # all
# and
-   {path:  /bin, optional:   true}


fs:
    # two words
    -   path: /srv
        access:
             - read   # only

        optional: true
rw: [ # inside
  /tmp ]
# the end
";
    let laid_out = "\
# what it is

version: 1 # the format
include: [base, 'tls']
# programs
ro:
  - /usr # all
  # and
  - {path: /bin, optional: true}

fs:
  # two words
  - path: /srv
    access:
      - read # only

    optional: true
rw: # inside
  - /tmp
# the end
";
    assert_eq!(format(text).unwrap(), laid_out);
    assert_eq!(format(laid_out).unwrap(), laid_out);
}

#[test]
fn a_long_line_is_broken_and_texts_by_lines_are_quoted() {
    let long = format!("ro: [{}]\n", ["/a/long/path"; 12].join(", "));
    let laid_out = format(&long).unwrap();
    assert_eq!(laid_out.lines().count(), 13);
    assert_eq!(
        format("description: |\n  two\n  lines\n").unwrap(),
        "description: \"two\\nlines\\n\"\n"
    );
}

#[test]
fn what_is_no_yaml_is_left_alone() {
    for text in ["a: [", "a: &x 1\nb: *x\n", "a: 1\n---\nb: 2\n", "a: !t 1\n"] {
        assert!(format(text).is_err(), "{text}");
    }
}
