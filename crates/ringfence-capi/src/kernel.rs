//! Kernels.

use ringfence::Kernel as Inner;

use crate::border::{Out, OwnedText, given, quietly};
use crate::error::Error;
use crate::strings::hand_over;

/// What a kernel can do: the running one, or any other.
pub struct Kernel(pub(crate) Inner);

/// The kernel that a caller names; NULL stands for the running one.
pub fn or_running(kernel: Option<&Kernel>) -> Inner {
    kernel.map_or_else(Inner::probe, |kernel| kernel.0)
}

/// Asks the running kernel. Free it with `ringfence_kernel_free`. Never NULL, but for a fault of this
/// library.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_kernel_probe() -> Option<Box<Kernel>> {
    quietly(None, || Some(Box::new(Kernel(Inner::probe()))))
}

/// A kernel with this Landlock ABI (0: none), every known fault fixed and all of seccomp. A policy can be
/// planned for it anywhere; only plans for the running kernel can be made ready. Free it with
/// `ringfence_kernel_free`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_kernel_with_abi(abi: u32) -> Option<Box<Kernel>> {
    quietly(None, || Some(Box::new(Kernel(Inner::with_abi(abi)))))
}

/// Its Landlock ABI, 0 for none; one newer than any that this library knows is used as the newest that it
/// does. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_kernel_abi(kernel: Option<&Kernel>) -> u32 {
    quietly(0, || {
        kernel.map_or(0, |kernel| kernel.0.abi().number().into())
    })
}

/// Whether filters of system calls may be installed on it. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_kernel_has_filters(kernel: Option<&Kernel>) -> bool {
    quietly(false, || {
        kernel.is_some_and(|kernel| kernel.0.seccomp().filter)
    })
}

/// What it is in a phrase, or why it has no Landlock. Free the text with `ringfence_string_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_kernel_text(
    kernel: Option<&Kernel>,
    text: Out<'_, OwnedText>,
) -> Option<Box<Error>> {
    hand_over(text, || Ok(given(kernel, "the kernel")?.0.to_string()))
}

/// Frees a kernel. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_kernel_free(kernel: Option<Box<Kernel>>) {
    quietly((), || drop(kernel));
}
