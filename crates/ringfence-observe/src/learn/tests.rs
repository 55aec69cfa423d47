//! Observations that were made up, and the manifests that come of them.
