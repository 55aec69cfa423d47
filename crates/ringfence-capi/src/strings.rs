//! Text that C gets and frees.

use std::ffi::{CStr, c_char};

use crate::border::{Out, OwnedText, answer, quietly};
use crate::error::{Error, c_string};

/// Hands text over to C.
pub fn hand_over(
    place: Out<'_, OwnedText>,
    act: impl FnOnce() -> Result<String, Error>,
) -> Option<Box<Error>> {
    answer(place, OwnedText::null(), || {
        Ok(OwnedText::new(c_string(act()?)))
    })
}

/// Frees text that a function of this library made. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_string_free(text: OwnedText) {
    quietly((), || {
        drop(text.take_back());
    });
}

/// The version of the library, as `1.2.3`. It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    CStr::from_bytes_with_nul(VERSION.as_bytes()).map_or(std::ptr::null(), CStr::as_ptr)
}
