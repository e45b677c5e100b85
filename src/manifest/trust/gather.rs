//! Collects the trust list: the manifest's programs, models and variables, and the files their arguments refer to.

use std::collections::BTreeSet;

use super::{PinnedFile, TrustLink, TrustList, TrustProgram, TrustServer, Variable, Way};
use crate::digest::Digest;
use crate::manifest::Manifest;
use crate::manifest::programs::{self, ManifestPart, harness_program};

/// The file that a word of a command line refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedFile {
    /// A file in the workspace.
    File {
        /// Its real path, relative to the workspace.
        path: String,
        /// Digest of its bytes; `None` if it cannot be read.
        digest: Option<Digest>,
    },
    /// A link in the workspace that leads outside.
    Outside(TrustLink),
}

/// The inputs of the list besides the manifest.
pub(crate) struct Surroundings<'a> {
    /// Hosts that the user's configuration allows over plain HTTP.
    pub hosts: &'a [String],
    /// The file that a word refers to; the arguments are the program's working directory and the word.
    pub named: &'a dyn Fn(&str, &str) -> Option<NamedFile>,
    /// Whether a path belongs to the harness.
    pub is_harness: &'a dyn Fn(&str) -> bool,
    /// Programs that tasks name.
    pub tasks: Vec<TrustProgram>,
    /// Traces and tasks outside the workspace.
    pub links: Vec<TrustLink>,
}

impl TrustList {
    /// Builds the list of a manifest.
    ///
    /// # Errors
    /// A program is a harness file.
    pub(crate) fn gather(manifest: &Manifest, around: Surroundings) -> Result<Self, String> {
        let programs = manifest.programs();
        let programs = programs
            .into_iter()
            .map(|program| listed(program, &around))
            .collect::<Result<_, _>>()?;
        let mut list = Self {
            programs,
            ..Self::default()
        };
        list.programs.extend(around.tasks);
        for (part, chat) in manifest.models() {
            let read = match Way::to(chat.url(), around.hosts).carries_keys() {
                true => chat.key_variable(),
                false => chat.api_key_env.as_deref(),
            };
            list.variables.extend(read.map(|name| Variable {
                part: part.clone(),
                name: name.to_owned(),
            }));
            let url = chat.url().to_owned();
            list.servers.push(TrustServer { part, url });
        }
        list.servers
            .extend(manifest.notify.webhook.iter().map(|url| TrustServer {
                part: ManifestPart::Notify,
                url: url.clone(),
            }));
        list.links = around.links;
        Ok(list)
    }
}

fn listed(program: programs::ManifestProgram, around: &Surroundings) -> Result<TrustProgram, String> {
    let (mut pinned, mut edited, mut links) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut given = BTreeSet::new();
    let first = usize::from(!program.is_a_path());
    for (at, word) in program.run.iter().enumerate().skip(first) {
        for name in names(word) {
            if let Some(file) = program.given(name) {
                match file.starts_with("harness/") {
                    true => edited.insert(file),
                    false => given.insert(file),
                };
                continue;
            }
            match (around.named)(&program.folder, name) {
                Some(NamedFile::File { path, .. }) if (around.is_harness)(&path) => {
                    if at == 0 || at == program.wrapping {
                        return Err(harness_program(&program.part, word));
                    }
                    edited.insert(path);
                }
                Some(NamedFile::File { path, digest }) => drop(pinned.insert(PinnedFile { path, digest })),
                Some(NamedFile::Outside(link)) => drop(links.insert(link)),
                None => {}
            }
        }
    }
    Ok(TrustProgram {
        part: program.part,
        run: program.run,
        env: program.env,
        set: program.set,
        pinned: pinned.into_iter().collect(),
        edited: edited.into_iter().collect(),
        given: given.into_iter().collect(),
        links: links.into_iter().collect(),
    })
}

/// The file names that a word may contain: the word itself, and the rest after `--option=`, `-X`, `@` or `{harness}/`.
fn names(word: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::from([word]);
    if let Some((_, value)) = word.split_once('=') {
        names.insert(value);
    }
    if let Some(('-', rest)) = word.chars().next().map(|first| (first, &word[first.len_utf8()..])) {
        let mut letters = rest.chars();
        letters.next();
        names.insert(letters.as_str());
    }
    for name in names.clone() {
        names.extend(name.strip_prefix('@'));
        names.extend(name.strip_prefix("{harness}/"));
    }
    names.remove("");
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::relative_path::within;

    fn list(text: &str) -> TrustList {
        list_with(text, &[])
    }

    fn list_with(text: &str, hosts: &[String]) -> TrustList {
        let manifest = Manifest::parse("kaizen.toml".as_ref(), text).unwrap();
        let named = |folder: &str, name: &str| {
            let path = within(folder, name)?;
            let digest = Some(Digest::of_bytes(path.as_bytes()));
            match path.as_str() {
                "agent.py" | "conf.toml" | "agents/a.md" => Some(NamedFile::File { path, digest }),
                "out.py" => Some(NamedFile::Outside(TrustLink {
                    path,
                    target: "/home/u/out.py".into(),
                })),
                _ => None,
            }
        };
        let around = Surroundings {
            hosts,
            named: &named,
            is_harness: &|path| path.starts_with("agents/"),
            tasks: Vec::new(),
            links: Vec::new(),
        };
        TrustList::gather(&manifest, around).unwrap()
    }

    fn student(words: &str) -> TrustList {
        list(&format!(
            "[student]\nengine = \"command\"\nrun = [\"python3\", {words}]"
        ))
    }

    #[test]
    fn the_embedded_engines_need_nothing() {
        assert!(list("").is_empty());
        assert!(list("[teacher]\nengine = \"files\"\n[gate]\nmode = \"exact\"").is_empty());
    }

    #[test]
    fn files_are_found_wherever_a_word_names_them() {
        for words in [
            "'agent.py'",
            "'./agent.py'",
            "'sub/../agent.py'",
            "'--config=agent.py'",
            "'-fagent.py'",
            "'@agent.py'",
            "'--data=@./agent.py'",
        ] {
            let found = student(words);
            let paths: Vec<_> = found.programs[0].pinned.iter().map(|file| file.path.as_str()).collect();
            assert_eq!(paths, ["agent.py"], "{words}");
        }
        let found = student("'agents/a.md', '{harness}/agents/a.md', 'out.py', 'elsewhere'");
        let program = &found.programs[0];
        assert_eq!(
            (program.pinned.len(), &program.edited[..]),
            (0, &["agents/a.md".to_owned()][..])
        );
        assert_eq!(program.links[0].target, "/home/u/out.py");
    }

    #[test]
    fn every_word_counts_for_the_digest() {
        let digests: BTreeSet<Digest> = ["'a'", "'b'", "'a', 'b'", "'a b'", "'agent.py'", "'./agent.py'"]
            .map(|words| student(words).digest())
            .into();
        assert_eq!(digests.len(), 6);
        assert_eq!(student("'a'").digest(), student("'a'").digest());
    }

    #[test]
    fn a_key_is_read_where_it_may_be_sent() {
        let read = |url: &str, hosts: &[String]| -> Vec<String> {
            let text = format!("[student]\nengine = \"chat\"\nmodel = \"m\"\n{url}");
            let list = list_with(&text, hosts);
            list.variables.into_iter().map(|variable| variable.name).collect()
        };
        assert_eq!(read("", &[]), ["OPENAI_API_KEY"]);
        assert_eq!(read("base_url = \"http://localhost:1\"", &[]), ["OPENAI_API_KEY"]);
        assert_eq!(read("base_url = \"http://box.lan\"", &[]), Vec::<String>::new());
        assert_eq!(read("base_url = \"http://box.lan\"\napi_key_env = \"K\"", &[]), ["K"]);
        assert_eq!(
            read("base_url = \"http://box.lan\"", &["box.lan".to_owned()]),
            ["OPENAI_API_KEY"]
        );
        assert_eq!(read("api = \"ollama\"", &[]), Vec::<String>::new());
    }

    #[test]
    fn defaults_are_listed() {
        let list = list("[teacher]\nengine = \"chat\"\nmodel = \"m\"\napi = \"anthropic\"");
        let servers: Vec<_> = list
            .servers
            .iter()
            .map(|server| (server.part.to_string(), server.url.as_str()))
            .collect();
        let url = "https://api.anthropic.com";
        assert_eq!(servers, [("[judge]".to_owned(), url), ("[teacher]".to_owned(), url)]);
    }
}
