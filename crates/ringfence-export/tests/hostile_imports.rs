//! Sources of imports that are made to do harm, or would come to mean something else.

use ringfence_export::import;
use ringfence_manifest::Format;

#[test]
fn variables_that_grow_beyond_all_paths_are_refused() {
    let text = |values: &[String], parents: &[String]| {
        let json = serde_json::json!({
            "variable": [{"name": "a", "literal": values}],
            "pathBeneath": [{"allowedAccess": ["execute"], "parent": parents}],
        });
        json.to_string()
    };
    let read = |text: &str| import::landlockconfig(text, Format::Yaml, &|_| false);
    // 4 MiB, a thousand times.
    let long = text(
        &["x".repeat(4 << 20)],
        &[format!("/{}", "${a}".repeat(1000))],
    );
    let error = read(&long).unwrap_err().to_string();
    assert!(error.contains("4,096 bytes"), "{error:.200}");

    // Many paths, each of which would get a text of 4 MiB.
    let mut values: Vec<_> = (0..9000).map(|number| number.to_string()).collect();
    values.push("x".repeat(4 << 20));
    let error = read(&text(&values, &["/${a}".to_owned()])).unwrap_err();
    assert!(error.to_string().contains("4,096 bytes"));

    let values: Vec<_> = (0..9000).map(|number| number.to_string()).collect();
    let parents: Vec<_> = (0..9000)
        .map(|number| format!("/${{a}}/{number}"))
        .collect();
    let error = read(&text(&values, &parents)).unwrap_err().to_string();
    assert!(error.contains("20,000 paths"), "{error:.200}");
}

#[test]
fn a_path_that_would_begin_elsewhere_is_refused() {
    let text = r#"{"pathBeneath": [{"allowedAccess": ["execute"], "parent": ["data"]}]}"#;
    let error = import::landlockconfig(text, Format::Yaml, &|_| false).unwrap_err();
    assert!(
        error.to_string().contains("the path is relative"),
        "{error}"
    );
    let words = ["landrun", "--rw", "/srv,.", "tool"].map(Into::into);
    let error = import::landrun(words).unwrap_err();
    assert!(
        error.to_string().contains("the path is relative"),
        "{error}"
    );
}
