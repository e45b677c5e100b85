//! The ports: what the pipeline needs from a teacher, a student, a language model, a trace store and a ledger.

mod ledger;
mod memo;
mod model;
mod student;
mod teacher;
mod trace_source;

pub use self::ledger::{CommitId, Entry, Ledger, LedgerError};
pub use self::memo::{Forgetful, Memo};
pub use self::model::{Answer, AskError, Model};
pub use self::student::{Draw, Prepared, Student};
pub use self::teacher::{Briefing, Diagnosed, Found, Planned, Teacher, TeacherFailure};
pub use self::trace_source::{TraceError, TracePin, TraceSource};
