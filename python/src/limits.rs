//! What a job may use up, as `ringfence.Limits` has it.

use std::time::Duration;

use pyo3::prelude::*;
use ringfence::process::Limits;

use crate::{error, input};

/// Reads an object with the attributes of `ringfence.Limits`; None limits nothing.
pub(crate) fn read(value: Option<&Bound<'_, PyAny>>) -> PyResult<Limits> {
    let Some(limits) = value else {
        return Ok(Limits::default());
    };
    if !limits.hasattr("open_files")? {
        return Err(input::wrong_type("limits", "Limits", limits));
    }
    let time = |name: &str| {
        let value = limits.getattr(name)?;
        if value.is_none() {
            Ok(None)
        } else {
            seconds(name, &value).map(Some)
        }
    };
    let count = |name: &str| {
        let value = limits.getattr(name)?;
        if value.is_none() {
            Ok(None)
        } else {
            input::number(name, &value).map(Some)
        }
    };
    Ok(Limits {
        wall: time("wall")?,
        cpu: time("cpu")?,
        memory: count("memory")?,
        processes: count("processes")?,
        open_files: count("open_files")?,
        file_size: count("file_size")?,
        output: count("output")?,
    })
}

/// By what each limit is held and what that leaves open.
#[pyfunction]
pub(crate) fn account(
    limits: &Bound<'_, PyAny>,
    in_cgroup: bool,
) -> PyResult<Vec<(&'static str, &'static str, &'static str)>> {
    let account = read(Some(limits))?.account(in_cgroup);
    let rows = account
        .iter()
        .map(|row| (row.limit.name(), row.by, row.leaves_open));
    Ok(rows.collect())
}

/// A time: seconds, or a `datetime.timedelta`.
fn seconds(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds = number_of_seconds(name, value)?;
    if seconds < 0.0 {
        return Err(no_time(name, seconds));
    }
    Ok(duration(seconds))
}

/// A time that is left until a moment: none, if that has passed.
pub(crate) fn seconds_left(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    Ok(duration(number_of_seconds(name, value)?.max(0.0)))
}

fn number_of_seconds(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let number = if value.hasattr("total_seconds")? {
        value.call_method0("total_seconds")?
    } else {
        value.clone()
    };
    let Ok(seconds) = number.extract::<f64>() else {
        return Err(input::wrong_type(name, "seconds or a timedelta", value));
    };
    if seconds.is_nan() {
        return Err(no_time(name, seconds));
    }
    Ok(seconds)
}

fn no_time(name: &str, seconds: f64) -> PyErr {
    error::value(format!(
        "{name}: {seconds} is no time; write seconds from 0 on"
    ))
}

/// What is longer than a Duration can say never ends either.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
