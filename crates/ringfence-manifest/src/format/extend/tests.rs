//! What is added, and what stays.

use super::*;

const MORE: &str = "version: 1\ninclude: [git]\nro:\n  - /opt\nfs:\n  - {path: /srv/a-long-name-that-goes-on/and-on/and-on, access: [read, write], description: \"tool: read 13, write 14\"}\nsyscalls:\n  only: [read]\n";

#[test]
fn what_is_there_stays_and_what_is_new_comes_behind_it() {
    let text = "\
# mine
version: 1
include: [base]   # what all need

ro:
    # programs
    -   /usr   # all of them
    - /bin

    # the end of the list
fs: [{path: /srv, access: read}]
syscalls: {only: [write], others: ENOSYS}
";
    let extended = extend(text, MORE).unwrap();
    let expected = "\
# mine
version: 1
include: [base, git]   # what all need

ro:
    # programs
    -   /usr   # all of them
    - /bin
    - /opt

    # the end of the list
fs: [{path: /srv, access: read}, {path: /srv/a-long-name-that-goes-on/and-on/and-on, access: [read, write], description: \"tool: read 13, write 14\"}]
syscalls: {only: [write, read], others: ENOSYS}
";
    assert_eq!(extended, expected);
    assert_eq!(extend(&extended, MORE).unwrap(), extended, "a second time");
}

#[test]
fn new_keys_come_at_the_end_and_long_items_on_several_lines() {
    let extended = extend("version: 1", MORE).unwrap();
    let expected = "\
version: 1
include: [git]
ro:
  - /opt
fs:
  - path: /srv/a-long-name-that-goes-on/and-on/and-on
    access: [read, write]
    description: \"tool: read 13, write 14\"
syscalls:
  only: [read]
";
    assert_eq!(extended, expected);
}

#[test]
fn lines_go_where_their_like_are_and_all_else_stays() {
    let text = "\
# what it is
version: 1
include: [base,   tls]   # and more
fs:
    # the input
    - path: /srv/in
      access: [read]   # only
    # between

    - {path: /srv/out, access: [rw]}  # out
connect-tcp: 443
syscalls:
  deny: ['@mount']

rw:
- /tmp
# the end
";
    let more = "include:\n  - dns\nfs:\n  - {path: \"/a, b\", access: [read]}\nconnect-tcp:\n  - 8080\n\
            syscalls:\n  allow:\n    - ptrace\n  deny:\n    - bpf\nrw:\n  - /var/tmp\nallow:\n  - netlink\n";
    let expected = "\
# what it is
version: 1
include: [base,   tls, dns]   # and more
fs:
    # the input
    - path: /srv/in
      access: [read]   # only
    # between

    - {path: /srv/out, access: [rw]}  # out
    - {path: \"/a, b\", access: [read]}
connect-tcp: [443, 8080]
syscalls:
  deny: ['@mount', bpf]
  allow:
    - ptrace

rw:
- /tmp
- /var/tmp
allow:
  - netlink
# the end
";
    assert_eq!(extend(text, more).unwrap(), expected);
}

#[test]
fn the_last_line_may_have_no_end() {
    for (text, expected) in [
        ("version: 1", "version: 1\nro:\n  - /usr\n"),
        (
            "version: 1\nro:\n  - /bin",
            "version: 1\nro:\n  - /bin\n  - /usr\n",
        ),
        ("version: 1\nro: []", "version: 1\nro: [/usr]\n"),
        (
            "version: 1\nro: [\n  /bin, # one\n]\n",
            "version: 1\nro: [\n  /bin, /usr, # one\n]\n",
        ),
    ] {
        assert_eq!(extend(text, "ro:\n  - /usr\n").unwrap(), expected);
    }
}

#[test]
fn the_last_list_grows_before_the_keys_that_follow_it() {
    let more = "include: [git]\nro: [/opt]\nsyscalls: {allow: [bpf], only: [read]}\n";
    for (text, expected) in [
        (
            "ro:\n- /usr # all\n",
            "ro:\n- /usr # all\n- /opt\ninclude: [git]\nsyscalls: {allow: [bpf], only: [read]}\n",
        ),
        (
            "ro: /opt\nsyscalls:\n  only:\n  - write\n",
            "ro: /opt\nsyscalls:\n  only:\n  - write\n  - read\n  allow: [bpf]\ninclude: [git]\n",
        ),
        (
            "syscalls: {}\nro:\n  -   path: /usr\n      optional: true\n",
            "syscalls: {allow: [bpf], only: [read]}\nro:\n  -   path: /usr\n      optional: true\n  - /opt\ninclude: [git]\n",
        ),
    ] {
        assert_eq!(extend(text, more).unwrap(), expected);
    }
}

#[test]
fn a_text_that_was_laid_out_stays_so() {
    let text = format("version: 1\nfs: [{path: /srv, access: [read]}] # mine\n").unwrap();
    let extended = extend(&text, MORE).unwrap();
    assert_eq!(format(&extended).unwrap(), extended);
    assert!(extended.contains("# mine"), "{extended}");
}

#[test]
fn a_single_value_becomes_a_list_and_an_empty_list_is_filled() {
    let more = "connect-tcp: [80, 443]\nro: [/usr, /bin]";
    assert_eq!(
        extend("connect-tcp: 443 # tls\nro: []\n", more).unwrap(),
        "connect-tcp: [443, 80] # tls\nro: [/usr, /bin]\n"
    );
}

#[test]
fn json_and_mappings_in_brackets_are_laid_out_first() {
    let extended = extend("{\"version\": 1, \"ro\": [\"/usr\"]}", "ro: [/bin]").unwrap();
    assert_eq!(extended, "\"version\": 1\n\"ro\": [\"/usr\", /bin]\n");
}

#[test]
fn what_cannot_be_added_to_is_an_error() {
    for text in [
        "",
        "- 1\n",
        "ro: {path: /usr}\n",
        "ro: [",
        "ro: &a [/usr]\n",
    ] {
        assert!(extend(text, "ro: [/bin]").is_err(), "{text}");
    }
}
