//! Checks that a file stays what its extension says, also where an edit changes it as a text.

use crate::harness::FileChange;
use crate::harness::format;
use crate::harness::op::inapplicable::Inapplicable;
use crate::manifest::surface::SurfaceFormat;

/// Refuses a change after which a file cannot be read in the format of its extension, if it could before.
///
/// # Errors
/// The first problem.
pub(super) fn check(change: &FileChange) -> Result<(), Inapplicable> {
    let format = match SurfaceFormat::of(&change.path) {
        SurfaceFormat::Text | SurfaceFormat::FrontMatter | SurfaceFormat::Preamble | SurfaceFormat::Jsonl => {
            return Ok(());
        }
        // Hosts often read comments in files that are called JSON.
        SurfaceFormat::Json => SurfaceFormat::Jsonc,
        format => format,
    };
    let (old, new) = change.texts();
    if change.after.is_none() || change.before.is_some() && format::values(format, &old).is_err() {
        return Ok(());
    }
    match format::values(format, &new) {
        Ok(_) => Ok(()),
        Err(problem) => Err(Inapplicable::Format {
            path: change.path.clone(),
            problem,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Harness;

    #[test]
    fn a_file_that_could_be_read_still_can() {
        for (path, old, new, is_kept) in [
            ("a.json", "{\"a\": 1}", "{\"a\": 2, // two\n}", true),
            ("a.json", "{\"a\": 1}", "{\"a\": ", false),
            ("a.json", "{\"a\": ", "{\"b\": ", true),
            ("a.yaml", "a: 1\n", "a: \"1\n", false),
            ("a.toml", "a = 1\n", "a = \n", false),
            ("a.csv", "a,b\n", "\"a\n", true),
        ] {
            let before = Harness::default().with(path, old);
            let changes = before.changes(&before.clone().with(path, new));
            assert_eq!(check(&changes[0]).is_ok(), is_kept, "{path}: {new}");
        }
    }
}
