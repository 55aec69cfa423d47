//! Exported AppArmor profiles, as text. That the real parser takes them is tried in `tests/`.

#![forbid(unsafe_code)]

use std::time::Duration;

use ringfence::{Access, Class, Policy, PolicyBuilder};
use ringfence_export::{Exported, apparmor};
use ringfence_manifest::Manifest;

fn manifest(policy: PolicyBuilder) -> Manifest {
    let mut manifest = Manifest::default();
    manifest.policy = policy.build().expect("valid");
    manifest.command = vec!["/usr/bin/tool".to_owned()];
    manifest
}

fn exported(policy: PolicyBuilder) -> Exported {
    apparmor(&manifest(policy), None, "tool").expect("it can be exported")
}

fn rules(exported: &Exported) -> Vec<&str> {
    exported.files[0].text.lines().map(str::trim).collect()
}

fn by<'e>(exported: &'e Exported, line: &str) -> Option<&'e str> {
    let fate = exported.account.iter().find(|fate| fate.line == line);
    let by = &fate.unwrap_or_else(|| panic!("no fate of {line}")).by;
    by.as_deref()
}

#[test]
fn words_become_permissions() {
    let policy = Policy::builder()
        .ro("/usr")
        .rw("/srv")
        .allow(Access::READ, "/etc/tool.conf")
        .allow(Access::CONNECT_UNIX, "/run/x");
    let exported = exported(policy);
    let rules = rules(&exported);
    for rule in [
        "profile tool \"/usr/bin/tool\" {",
        "\"/usr{,/,/**}\" mrkix,",
        "\"/srv{,/,/**}\" mrwlkix,",
        "\"/etc/tool.conf{,/,/**}\" rk,",
        "\"/run/x{,/,/**}\" rw,",
        "unix,",
    ] {
        assert!(rules.contains(&rule), "{rule}: {rules:#?}");
    }
    assert_eq!(by(&exported, "ro /usr"), Some("AppArmor"));
}

#[test]
fn exceptions_are_denied() {
    let policy = Policy::builder().allow_except(Access::RW, "/home/a", [".ssh", ".aws/x y"]);
    let exported = exported(policy);
    let rules = rules(&exported);
    assert!(
        rules.contains(&"deny \"/home/a/.ssh{,/,/**}\" mrwlkx,"),
        "{rules:#?}"
    );
    assert!(
        rules.contains(&"deny \"/home/a/.aws/x\\040y{,/,/**}\" mrwlkx,"),
        "{rules:#?}"
    );
}

#[test]
fn no_character_of_a_path_has_a_meaning() {
    let path = "/a \"*?[b]{c,d}@{e}$^#\\,(\n\t\u{7f}é-x";
    let exported = exported(Policy::builder().ro(path));
    let text = &exported.files[0].text;
    let written = "\"/a\\040\\042\\052\\077\\133b\\135\\173c\\054d\\175\\100\\173e\\175\\044\\136\\043\\134\\054\\050\
                   \\012\\011\\177\\303\\251-x{,/,/**}\" mrkix,";
    assert!(rules(&exported).contains(&written), "{text}");
}

#[test]
fn ports_are_lost_and_sockets_as_a_whole_are_not() {
    let tcp = exported(Policy::builder().connect_tcp(443));
    assert_eq!(by(&tcp, "connect-tcp 443"), None);
    assert!(rules(&tcp).contains(&"network inet6 stream,"));
    assert!(!rules(&tcp).contains(&"network inet dgram,"));
    // Named as open, since a rule for TCP is one for binding too.
    assert_eq!(by(&tcp, "bind-tcp"), None);

    let none = exported(Policy::builder().ro("/usr"));
    assert!(!rules(&none).iter().any(|rule| rule.starts_with("network")));
    assert!(!none.account.iter().any(|fate| fate.line == "connect-tcp"));
}

#[test]
fn classes_that_are_left_alone_get_rules() {
    let policy = Policy::builder()
        .allow_class(Class::Signal)
        .allow_class(Class::Netlink)
        .unrestricted_fs();
    let exported = exported(policy);
    let rules = rules(&exported);
    for rule in ["signal,", "network netlink,", "\"/{,**}\" mrwlkix,"] {
        assert!(rules.contains(&rule), "{rule}: {rules:#?}");
    }
    let closed = self::exported(Policy::builder().ro("/usr"));
    assert!(self::rules(&closed).contains(&"signal (send) peer=@{profile_name},"));
}

#[test]
fn limits_are_kept_but_for_the_time_from_start_to_end() {
    let mut manifest = manifest(Policy::builder().ro("/usr"));
    manifest.limits.memory = Some(512 << 20);
    manifest.limits.cpu = Some(Duration::from_secs(90));
    manifest.limits.wall = Some(Duration::from_secs(60));
    let exported = apparmor(&manifest, None, "tool").expect("it can be exported");
    let rules = rules(&exported);
    assert!(rules.contains(&"set rlimit as <= 536870912,"), "{rules:#?}");
    assert!(rules.contains(&"set rlimit cpu <= 90,"), "{rules:#?}");
    assert_eq!(by(&exported, "limits wall 60s"), None);
}

#[test]
fn what_a_profile_cannot_say_is_refused() {
    let tool = manifest(Policy::builder().ro("/usr"));
    for name in ["", "a b", "/usr/bin/tool", "a{b", "a//b", "-a", "a\nb", "é"] {
        assert!(apparmor(&tool, None, name).is_err(), "{name}");
    }
    let relative = manifest(Policy::builder().ro("etc"));
    let refused = apparmor(&relative, None, "tool").unwrap_err().to_string();
    assert!(refused.contains("relative"), "{refused}");
    let pattern = manifest(Policy::builder().allow_matching(Access::READ, "/etc/x*"));
    let refused = apparmor(&pattern, None, "tool").unwrap_err().to_string();
    assert!(refused.contains("looked up"), "{refused}");
}
