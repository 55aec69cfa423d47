//! Kernels: the running one, or any other to plan for.

use pyo3::prelude::*;

use crate::input;

/// What a kernel can do: `Kernel.probe()` asks the running one, `Kernel(abi)` is any other.
#[pyclass(frozen, eq, module = "ringfence")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kernel {
    pub(crate) inner: ringfence::Kernel,
}

#[pymethods]
impl Kernel {
    #[new]
    fn new(abi: &Bound<'_, PyAny>) -> PyResult<Self> {
        let abi = u32::try_from(input::number("abi", abi)?).unwrap_or(u32::MAX);
        Ok(Self {
            inner: ringfence::Kernel::with_abi(abi),
        })
    }

    /// Asks the running kernel.
    #[staticmethod]
    fn probe() -> Self {
        Self {
            inner: ringfence::Kernel::probe(),
        }
    }

    /// The Landlock ABI in use, 0 for none.
    #[getter]
    fn abi(&self) -> u8 {
        self.inner.abi().number()
    }

    /// The ABI as the kernel reports it, which may be newer than any that ringfence knows.
    #[getter]
    fn reported_abi(&self) -> u32 {
        self.inner.reported_abi()
    }

    /// `available`, or why Landlock is not.
    #[getter]
    fn landlock(&self) -> String {
        self.inner.availability().to_string()
    }

    /// Whether the running kernel was asked.
    #[getter]
    fn probed(&self) -> bool {
        self.inner.is_probed()
    }

    fn __str__(&self) -> String {
        self.inner.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Kernel: {}>", self.inner)
    }
}
