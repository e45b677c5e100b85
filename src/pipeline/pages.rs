//! Pages beside half-typed files, which come and go with what is wrong, and the error that points to them.

use super::next::{CHECKED, Next};
use crate::digest::Digest;
use crate::teacher::check::report;
use crate::teacher::check::report::Problem;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// The page about a half-typed file stands beside it for as long as that is so.
pub(crate) fn note_problems(session: &Session, next: &Next) -> Result<(), RunError> {
    for name in CHECKED {
        let page = report::page_name(name);
        match next {
            Next::Typed { file, problems } if *file == name => {
                let kept = last_kept(session, name);
                session.publish(&page, &report::page(name, problems, kept.as_deref()))?;
            }
            _ => session.root().remove(session.path(&page))?,
        }
    }
    Ok(())
}

/// Where the bytes of a file stand that a phase was last given or left, when a copy was kept.
fn last_kept(session: &Session, name: &str) -> Option<String> {
    let given = ["execute", "plan"].map(|phase| session.checkpoint(phase)?.reads.get(name).copied());
    let left = ["plan", "diagnose"].map(|phase| session.checkpoint(phase)?.writes.get(name).copied());
    let kept = |digest: Digest| session.kept(digest);
    given.into_iter().chain(left).flatten().find_map(kept)
}

/// The first problem, with its place, and how many more there are.
pub(crate) fn half_typed(session: &Session, file: &str, problems: &[Problem]) -> RunError {
    let path = session.path(file);
    let Some((first, rest)) = problems.split_first() else {
        let problem = "it cannot be read".into();
        return RunError::HalfTyped { path, problem };
    };
    let more = match rest.len() {
        0 => String::new(),
        more => format!(", and {more} more, listed in {}", report::page_name(file)),
    };
    RunError::HalfTyped {
        path,
        problem: format!("{}:{}: {}{more}", first.line, first.column, first.message),
    }
}
