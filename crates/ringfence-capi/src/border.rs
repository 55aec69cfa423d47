//! What crosses the border: panics never, text and arrays checked, answers into places that C names.
//!
//! All unsafe code of this crate is here. Its arguments rest on what the header demands of programs
//! that call it.

use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr;

use crate::error::Error;

/// Where an answer goes; whatever is there already is overwritten and not looked at.
pub type Out<'c, T> = Option<&'c mut MaybeUninit<T>>;

/// Where a new handle goes.
pub type OutHandle<'c, T> = Out<'c, Option<Box<T>>>;

/// Text from C, or NULL.
#[repr(transparent)]
pub struct Text(*const c_char);

/// An array of texts from C that ends with NULL, or NULL.
#[repr(transparent)]
pub struct Texts(*const *const c_char);

/// An array of numbers from C whose length C says, or NULL.
#[repr(transparent)]
pub struct Numbers(*const u32);

/// Bytes from C whose number C says, or NULL.
#[repr(transparent)]
pub struct Bytes(*const u8);

/// Text that belongs to C until it gives it back, or NULL.
#[repr(transparent)]
pub struct OwnedText(*mut c_char);

/// Runs what a function does. Whatever happens in it, C gets an error or nothing.
pub fn attempt(act: impl FnOnce() -> Result<(), Error>) -> Option<Box<Error>> {
    caught(act).err().map(Box::new)
}

/// Runs what makes a value. On an error the place is cleared, so that nobody uses what was there before.
pub fn answer<T>(
    place: Out<'_, T>,
    cleared: T,
    act: impl FnOnce() -> Result<T, Error>,
) -> Option<Box<Error>> {
    let Some(place) = place else {
        return Some(Box::new(Error::null("the place for the answer")));
    };
    match caught(act) {
        Ok(value) => {
            place.write(value);
            None
        }
        Err(error) => {
            place.write(cleared);
            Some(Box::new(error))
        }
    }
}

/// Runs what makes a handle; on an error the place gets NULL.
pub fn handle<T>(
    place: OutHandle<'_, T>,
    act: impl FnOnce() -> Result<T, Error>,
) -> Option<Box<Error>> {
    answer(place, None, || act().map(Box::new).map(Some))
}

/// Runs what a function does that cannot fail, or gives `otherwise` if it panics.
pub fn quietly<T>(otherwise: T, act: impl FnOnce() -> T) -> T {
    caught(|| Ok(act())).unwrap_or(otherwise)
}

/// Runs something whose panic becomes an error. Nothing half-done is used again: a handle that is being
/// changed remembers the error, and the others are only read.
pub fn caught<T>(act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(result) => result,
        Err(panic) => Err(Error::panic(&*panic)),
    }
}

/// A handle that may not be NULL.
pub fn given<T>(handle: Option<T>, what: &str) -> Result<T, Error> {
    handle.ok_or_else(|| Error::null(what))
}

impl Text {
    fn c_str(&self, what: &str) -> Result<&CStr, Error> {
        if self.0.is_null() {
            return Err(Error::null(what));
        }
        // SAFETY: it is not NULL. Only C makes a `Text`, and the header demands that it ends with a NUL
        // and does not change until the function returns, which is longer than the borrow of `self`.
        Ok(unsafe { CStr::from_ptr(self.0) })
    }

    /// Any bytes, as paths and arguments are.
    pub fn os(&self, what: &str) -> Result<&OsStr, Error> {
        self.c_str(what)
            .map(|text| OsStr::from_bytes(text.to_bytes()))
    }

    /// A path.
    pub fn path(&self, what: &str) -> Result<&Path, Error> {
        self.os(what).map(Path::new)
    }

    /// UTF-8, as words are.
    pub fn utf8(&self, what: &str) -> Result<&str, Error> {
        utf8(self.c_str(what)?.to_bytes(), what)
    }

    /// UTF-8 of a length that C says.
    pub fn utf8_of(&self, length: usize, what: &str) -> Result<&str, Error> {
        let length = possible::<c_char>(self.0, length, what)?;
        // SAFETY: it is not NULL, and not longer than any object can be. Only C makes a `Text`, and the
        // header demands that so many bytes can be read and do not change until the function returns.
        utf8(
            unsafe { std::slice::from_raw_parts(self.0.cast(), length) },
            what,
        )
    }
}

fn utf8<'t>(bytes: &'t [u8], what: &str) -> Result<&'t str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Error::argument(format!(
            "{what} is no UTF-8: byte {at} is the first that is not"
        ))
    })
}

impl Texts {
    /// The texts up to the NULL.
    pub fn each(&self, what: &str) -> Result<impl Iterator<Item = Text>, Error> {
        if self.0.is_null() {
            return Err(Error::null(what));
        }
        let mut next = self.0;
        Ok(std::iter::from_fn(move || {
            // SAFETY: only C makes a `Texts`, and the header demands that the array ends with NULL and
            // does not change until the function returns; nothing is read behind the NULL.
            let text = unsafe { next.read() };
            if text.is_null() {
                return None;
            }
            next = next.wrapping_add(1);
            Some(Text(text))
        }))
    }
}

impl Numbers {
    /// A copy of so many of them; NULL is fine for none.
    pub fn to_vec(&self, count: usize, what: &str) -> Result<Vec<u32>, Error> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let count = possible::<u32>(self.0, count, what)?;
        // SAFETY: it is not NULL, and not longer than any object can be. Only C makes a `Numbers`, and the
        // header demands that so many can be read and do not change until the function returns.
        Ok(unsafe { std::slice::from_raw_parts(self.0, count) }.to_vec())
    }
}

impl Bytes {
    /// So many of them; NULL is fine for none.
    pub fn slice(&self, length: usize, what: &str) -> Result<&[u8], Error> {
        if length == 0 {
            return Ok(&[]);
        }
        let length = possible::<u8>(self.0, length, what)?;
        // SAFETY: it is not NULL, and not longer than any object can be. Only C makes a `Bytes`, and the
        // header demands that so many can be read and do not change until the function returns.
        Ok(unsafe { std::slice::from_raw_parts(self.0, length) })
    }
}

/// A length that an array can have which is not NULL.
fn possible<T>(start: *const T, count: usize, what: &str) -> Result<usize, Error> {
    if start.is_null() {
        return Err(Error::null(what));
    }
    let bytes = count.checked_mul(size_of::<T>());
    match bytes.and_then(|bytes| isize::try_from(bytes).ok()) {
        Some(_) => Ok(count),
        None => Err(Error::argument(format!("{what} cannot be so long"))),
    }
}

impl OwnedText {
    pub fn new(text: CString) -> Self {
        Self(text.into_raw())
    }

    pub fn null() -> Self {
        Self(ptr::null_mut())
    }

    /// The text again, as this library made it.
    pub fn take_back(self) -> Option<CString> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: it is not NULL. The header demands that only text which this library handed over comes
        // back, once, and with its end where it was; that came from `into_raw`.
        Some(unsafe { CString::from_raw(self.0) })
    }
}

/// A descriptor that C names by its number in `_named`, and leaves open as long as that is used.
pub fn borrowed<T>(fd: c_int, _named: &T) -> Option<BorrowedFd<'_>> {
    if fd < 0 {
        return None;
    }
    // SAFETY: it is not -1. The header demands that it stays open until the function returns; nothing is done
    // with it but not to close its number in a copy of the process.
    Some(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// A copy of a descriptor that C names by its number.
pub fn duplicate(fd: c_int) -> Result<OwnedFd, std::io::Error> {
    if fd < 0 {
        return Err(std::io::Error::from_raw_os_error(BAD_DESCRIPTOR));
    }
    // SAFETY: it is not -1. The borrow ends with this function, and if nothing is open by this number,
    // or something else than C meant, the kernel says so or copies that.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    borrowed.try_clone_to_owned()
}

/// EBADF.
const BAD_DESCRIPTOR: i32 = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_panic_becomes_an_error_and_clears_the_place() {
        let error = attempt(|| panic!("out of cheese")).unwrap();
        assert_eq!(error.code(), Code::Internal);
        let text = error.message().to_str().unwrap();
        assert!(text.contains("out of cheese"), "{text}");

        let mut place = MaybeUninit::new(7);
        let error = answer(Some(&mut place), 0, || -> Result<i32, Error> {
            panic!("again")
        });
        assert!(error.is_some());
        // SAFETY: it was written above, and by `answer`.
        assert_eq!(unsafe { place.assume_init() }, 0);
        assert_eq!(quietly(3, || panic!("and again")), 3);
    }

    #[test]
    fn texts_are_checked() {
        let null = Text(ptr::null());
        assert!(null.utf8("a word").is_err() && null.utf8_of(0, "a text").is_err());
        let latin = Text(c"caf\xe9".as_ptr());
        assert!(latin.path("a path").is_ok());
        let error = latin.utf8("the word").unwrap_err();
        assert_eq!(
            error.message().to_str().unwrap(),
            "the word is no UTF-8: byte 3 is the first that is not"
        );
        assert!(latin.utf8_of(usize::MAX, "a text").is_err());
        assert_eq!(latin.utf8_of(3, "a text").unwrap(), "caf");

        let array = [c"a".as_ptr(), c"b".as_ptr(), ptr::null()];
        let texts = Texts(array.as_ptr());
        let each: Vec<_> = texts.each("words").unwrap().collect();
        assert_eq!(each.len(), 2);
        assert_eq!(each[1].utf8("a word").unwrap(), "b");
        assert!(Texts(ptr::null()).each("words").is_err());
    }
}
