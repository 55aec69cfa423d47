//! Manifests in the formats of other tools, and theirs as manifests.
//!
//! ```text
//!                  ┌─► systemd, Kubernetes   start the command by landlock-runner
//! Manifest ─► line ┼─► OCI seccomp, AppArmor hold what they can by themselves
//!                  └─► landlockconfig        the Landlock part
//!
//! landrun, landlockconfig, systemd unit ─► Manifest
//! ```
//!
//! No other format says all that a manifest does. So whatever is exported comes with an account
//! ([`Exported::account`]): of each line, by what it is enforced there, or that nothing enforces it.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod apparmor;
mod exported;
pub mod import;
mod kubernetes;
mod landlockconfig;
mod line;
mod look_up;
mod oci;
mod systemd;
mod unit;
mod wrapper;

pub use apparmor::apparmor;
pub use exported::{ExportError, Exported, ExportedFile, Fate};
pub use kubernetes::{KubernetesOptions, kubernetes};
pub use landlockconfig::landlockconfig;
pub use line::Line;
pub use look_up::look_up;
pub use oci::{OciOptions, oci_seccomp};
pub use systemd::{Service, systemd};
