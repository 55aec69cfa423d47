//! What a builder makes of lines.

use super::*;

#[test]
fn exceptions_name_something_beneath_the_path() {
    let with = |except: &[&str]| {
        let policy = Policy::builder().allow_except(Access::RO, "/home", except);
        policy.build()
    };
    for wrong in ["", ".", "..", "a/..", "./a", "/home/a", "a/../b", "a\0b"] {
        assert!(with(&["fine", wrong]).is_err(), "{wrong}");
    }
    assert!(with(&[".ssh", ".config/gh", "a/"]).is_ok());
    let both = PathLine {
        pattern: true,
        except: vec![".ssh".into()],
        ..PathLine::new(Access::RO, "/home/*")
    };
    let error = Policy::builder().path_line(both).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use `ro /home/* except .ssh`: a pattern has no exceptions; write a line for each \
             directory that needs them"
    );
    let open = Policy::builder()
        .allow_matching(Access::RO, "/a/[b")
        .build();
    assert!(open.is_err());
}

#[test]
fn lines_that_mean_nothing_are_refused() {
    let empty = Policy::builder().ro("").build().unwrap_err();
    assert_eq!(empty.to_string(), "cannot use `ro `: the path is empty");
    let nul = Policy::builder().rw("/a\0b").build().unwrap_err();
    assert_eq!(
        nul.to_string(),
        r"cannot use `rw /a\u{0}b`: the path has a NUL byte"
    );
    for builder in [
        Policy::builder().allow(Access::empty(), "/"),
        Policy::builder().connect_tcp(0),
        Policy::builder().connect_udp(0),
        #[expect(clippy::reversed_empty_ranges, reason = "that is the point")]
        Policy::builder().bind_tcp(9..=8),
    ] {
        assert!(builder.build().is_err());
    }
    assert!(Policy::builder().bind_tcp(0).build().is_ok());
}
