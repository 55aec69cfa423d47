//! The wrapper: `landlock-runner [FLAGS] [--] COMMAND [ARGUMENT]...`.

#![no_main]
#![forbid(unsafe_code)]

ringfence_sys::entry!(ringfence_cli::wrapper::main);
