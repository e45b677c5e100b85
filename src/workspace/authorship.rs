//! By files: whether a session's diagnosis and plan are written by a person or an agent, in its directory.

use serde_json::{Map, Value};

use crate::artifact::diagnosis;
use crate::artifact::record::Record;
use crate::manifest::{Manifest, TeacherEngine};
use crate::workspace::engines::Engines;

/// The key of a trigger that says who teaches, in place of the manifest.
const TEACHER: &str = "teacher";
const FILES: &str = "files";

/// What a trigger says of a session whose diagnosis and plan come as files, whatever the manifest says.
pub(crate) fn metadata() -> Map<String, Value> {
    Map::from_iter([(TEACHER.to_owned(), FILES.into())])
}

/// Whether a session waits for files.
pub(crate) fn by_files(manifest: &Manifest, record: Option<&Record>) -> bool {
    manifest.teacher.engine == TeacherEngine::Files || is_marked(record)
}

/// The engines of a session, where its trigger says who teaches.
pub(crate) fn engines(engines: &Engines, record: Option<&Record>) -> Option<Engines> {
    is_marked(record).then(|| engines.taught_by_files())
}

/// The file that a phase waits for, when it is one that is written by hand.
pub(crate) fn awaited(manifest: &Manifest, record: Option<&Record>, phase: &str) -> Option<&'static str> {
    let file = match phase {
        "diagnose" => diagnosis::FILE,
        "plan" => "plan.json",
        _ => return None,
    };
    let program = manifest.phase.get(phase).is_some_and(|stanza| !stanza.run.is_empty());
    (!program && by_files(manifest, record)).then_some(file)
}

fn is_marked(record: Option<&Record>) -> bool {
    record.is_some_and(|record| {
        record
            .trigger_metadata
            .get(TEACHER)
            .is_some_and(|teacher| teacher == FILES)
    })
}
