//! stub
use super::{ImportError, Imported};
/// stub
pub fn systemd_unit(_text: &str) -> Result<Imported, ImportError> {
    Ok(Imported::default())
}
