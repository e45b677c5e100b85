//! The guide: pages for users, the same files that the README links to.
//!
//! | page | read it to |
//! |---|---|
//! | [`sessions`] | work with sessions day by day; all commands |
//! | [`import`] | get traces and a benchmark |
//! | [`teachers`] | choose who diagnoses and plans |
//! | [`students`] | connect an agent; scorers and judges |
//! | [`llm`] | use language models: providers, cost limits, retries |
//! | [`mcp`] | serve a workspace to a coding agent |
//! | [`gate`] | understand and tune the decision to keep an edit |
//! | [`watch`] | run sessions unattended |
//! | [`git`] | let kaizen commit in your repository: identity, hooks, branches, ignore rules, locks |
//! | [`teams`] | let each session work on a branch of its own, with pull requests |
//! | [`manifest`] | look up a key of `kaizen.toml`, an op, or a custom phase |
//! | [`privacy`] | control trust, evidence and redaction |
//! | [`architecture`] | understand the files of a session, freshness, git, and the layout of the code |
//! | [`figures`] | see measured accuracy, error rates and speed |
//! | [`comparison`] | compare kaizen with other tools; known limits |
//! | [`glossary`] | look up a word |

// In rustdoc, a page is `../page/index.html`. `links.txt` defines the labels that way, and the first definition of a label
// wins. Where the Markdown is shown from the repository, the definitions at the end of each page lead to the files.

#[doc = include_str!("links.txt")]
#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("ci.md")]
pub mod ci {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("comparison.md")]
pub mod comparison {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("figures.md")]
pub mod figures {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("gate.md")]
pub mod gate {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("git.md")]
pub mod git {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("glossary.md")]
pub mod glossary {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("import.md")]
pub mod import {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("llm.md")]
pub mod llm {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("manifest.md")]
pub mod manifest {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("mcp.md")]
pub mod mcp {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("privacy.md")]
pub mod privacy {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("sessions.md")]
pub mod sessions {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("students.md")]
pub mod students {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("teachers.md")]
pub mod teachers {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("teams.md")]
pub mod teams {}

#[doc = include_str!("links.txt")]
#[doc = include_str!("watch.md")]
pub mod watch {}
