//! Gives the shared library its name in programs that are linked with it.

/// Counted up whenever a program that was linked with an older library would not work with this one.
const SONAME: &str = "libringfence.so.0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
}
