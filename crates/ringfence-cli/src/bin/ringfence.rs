//! The workbench: `ringfence run|plan|doctor|status|generate`.

// `run` becomes another program, which must not inherit what Rust's own start changes.
#![no_main]
#![forbid(unsafe_code)]

ringfence_sys::entry!(ringfence_cli::workbench::main);
