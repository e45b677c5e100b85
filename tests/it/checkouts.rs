//! Checkouts of every kind: clones without all of the history or all files, filters between disk and git, unusual users
//! and mounts. In each, `status`, `verify`, `run` and `revert` either work or stop with an error that names the cause,
//! and none leaves a half state.
//!
//! A plain run tries a sample of the rows, `KAIZEN_FULL=1` all of them and prints a table.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::edits::first_plan;
use crate::interleavings::random::Random;
use crate::space::{KAIZEN, Said, Space, names};

const SYSTEM_PROMPT: &str = "agents/assistant/system_prompt.md";
/// Number of rows in a plain run.
const SAMPLE: usize = 3;

/// One kind of checkout.
struct Row {
    name: &'static str,
    /// Makes the checkout; `None` if this machine cannot.
    make: fn() -> Option<Checkout>,
    /// Words of the error if `status` or `verify` cannot work here; empty if they work.
    reading: &'static str,
    /// Words of the error if `run` or `revert` cannot work here; empty if they work.
    writing: &'static str,
}

/// A workspace, and how programs are started in it.
struct Checkout {
    space: Space,
    /// A program with arguments that starts the rest of the command line.
    through: Vec<String>,
    /// Environment variables to set, or to remove.
    environment: Vec<(&'static str, Option<String>)>,
}

impl Checkout {
    fn of(space: Space) -> Self {
        Self {
            space,
            through: Vec::new(),
            environment: Vec::new(),
        }
    }

    fn kaizen(&self, arguments: &[&str]) -> Said {
        let words: Vec<&str> = self.through.iter().map(String::as_str).chain([KAIZEN]).collect();
        let mut command = self.space.bare(words[0], &[&words[1..], arguments].concat());
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Said::of(command.output().unwrap())
    }

    /// The folder beside the workspace with this name.
    fn beside(&self, name: &str) -> PathBuf {
        self.space.root.parent().unwrap().join(name)
    }
}

/// A clone of the executed space, made with these arguments of `git clone`. The clone is `work2`, its origin `work`.
fn clone_of(space: Space, arguments: &[&str]) -> Checkout {
    space.git(&["config", "uploadpack.allowFilter", "true"]);
    space.commit_rest();
    let (from, to) = (format!("file://{}", space.root.display()), "../work2");
    space.git(&[&["clone", "-q"], arguments, &[&from, to]].concat());
    let mut checkout = Checkout::of(space);
    checkout.space.root = checkout.beside("work2");
    checkout
}

fn executed_clone(arguments: &[&str]) -> Checkout {
    clone_of(Space::executed(), arguments)
}

/// A partial clone whose remote is gone.
fn partial(filter: &str) -> Checkout {
    let checkout = executed_clone(&[filter]);
    checkout.space.git(&["remote", "set-url", "origin", "/nowhere"]);
    checkout
}

impl Space {
    /// Commits what is left, if anything.
    fn commit_rest(&self) {
        if !self.git(&["status", "--porcelain"]).is_empty() {
            self.commit_all("rest");
        }
    }

    /// The executed space with these attributes and this configuration from the start.
    fn filtered(attributes: &str, configuration: &[(&str, &str)]) -> Self {
        let space = Self::new();
        for (name, value) in configuration {
            space.git(&["config", name, value]);
        }
        space.with_attributes(attributes)
    }

    /// The same with these attributes and an executed session.
    fn with_attributes(self, attributes: &str) -> Self {
        self.write(".gitattributes", attributes);
        self.git(&["add", "--renormalize", "."]);
        self.commit_all("attributes");
        self.check_out_again();
        self.kaizen(&["run", "--until", "plan"]).exits(0);
        self.plan(&first_plan());
        self.kaizen(&["run"]).exits(3);
        self
    }

    /// Lets git write all tracked files again.
    fn check_out_again(&self) {
        for path in self.git(&["ls-files"]).lines() {
            fs::remove_file(self.root.join(path)).unwrap();
        }
        self.git(&["checkout", "--", "."]);
    }
}

/// The configuration of a filter that replaces letters: on disk `a` to `m`, in git `n` to `z`, and the reverse.
const ROTATED: [(&str, &str); 3] = [
    ("filter.rotated.clean", "tr a-zA-Z n-za-mN-ZA-M"),
    ("filter.rotated.smudge", "tr a-zA-Z n-za-mN-ZA-M"),
    ("filter.rotated.required", "true"),
];

fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Git LFS, if it is installed.
fn lfs() -> Option<Space> {
    if !works("git", &["lfs", "version"]) {
        return None;
    }
    let configuration = [
        ("filter.lfs.clean", "git-lfs clean -- %f"),
        ("filter.lfs.smudge", "git-lfs smudge -- %f"),
        ("filter.lfs.process", "git-lfs filter-process"),
        ("filter.lfs.required", "true"),
    ];
    let attributes = "agents/** filter=lfs diff=lfs merge=lfs -text\n";
    Some(Space::filtered(attributes, &configuration))
}

/// git-crypt, if it is installed.
fn git_crypt() -> Option<Space> {
    let space = Space::new();
    let init = space.bare("git-crypt", &["init"]).output();
    if !init.is_ok_and(|output| output.status.success()) {
        return None;
    }
    Some(space.with_attributes("agents/** filter=git-crypt\n"))
}

/// Starts a program as root of its own name spaces, after some commands of a shell.
fn in_name_space(setup: &str) -> Option<Vec<String>> {
    if !works("unshare", &["-Urm", "true"]) {
        return None;
    }
    let script = format!("{setup}; exec \"$@\"");
    Some(
        ["unshare", "-Urm", "sh", "-ec", &script, "sh"]
            .map(str::to_owned)
            .into(),
    )
}

fn through(space: Space, setup: &str) -> Option<Checkout> {
    let through = in_name_space(setup)?;
    Some(Checkout {
        through,
        ..Checkout::of(space)
    })
}

fn with(space: Space, environment: &[(&'static str, Option<&str>)]) -> Checkout {
    let owned = |(name, value): &(&'static str, Option<&str>)| (*name, value.map(str::to_owned));
    Checkout {
        environment: environment.iter().map(owned).collect(),
        ..Checkout::of(space)
    }
}

fn submodule() -> Checkout {
    let checkout = executed_clone(&[]);
    let (from, above) = (checkout.beside("work"), checkout.beside("above"));
    let git = |arguments: &[&str]| {
        checkout
            .space
            .git(&[&["-C", above.to_str().unwrap()], arguments].concat())
    };
    fs::create_dir(&above).unwrap();
    git(&["init", "-q"]);
    git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        from.to_str().unwrap(),
        "agent",
    ]);
    let mut checkout = checkout;
    checkout.space.root = above.join("agent");
    checkout
}

fn worktree(bare: bool) -> Checkout {
    let mut checkout = executed_clone(if bare { &["--bare"] } else { &[] });
    let to = checkout.beside("tree");
    let from = checkout.space.root.clone();
    let arguments = [
        "-C",
        from.to_str().unwrap(),
        "worktree",
        "add",
        "-q",
        "-b",
        "aside",
        to.to_str().unwrap(),
    ];
    checkout.space.git(&arguments);
    checkout.space.root = to;
    checkout
}

/// A repository with another format of object names.
fn sha256() -> Option<Checkout> {
    let space = Space::new();
    fs::remove_dir_all(space.root.join(".git")).unwrap();
    let init = space
        .bare("git", &["init", "-q", "-b", "main", "--object-format=sha256"])
        .output();
    if !init.unwrap().status.success() {
        return None;
    }
    space.commit_all("start");
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    space.plan(&first_plan());
    space.kaizen(&["run"]).exits(3);
    Some(Checkout::of(space))
}

/// A user without an entry in /etc/passwd, which only root can become.
fn unknown_user() -> Option<Checkout> {
    if !rustix::process::geteuid().is_root() || !works("setpriv", &["--reuid=54321", "--clear-groups", "true"]) {
        return None;
    }
    let space = Space::executed();
    let above = space.root.parent().unwrap();
    let own = works("chown", &["-R", "54321:54321", above.to_str().unwrap()]);
    // The program has to be readable for that user.
    let reach = works(
        "setpriv",
        &["--reuid=54321", "--regid=54321", "--clear-groups", KAIZEN, "--version"],
    );
    (own && reach).then(|| Checkout {
        through: ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
            .map(str::to_owned)
            .into(),
        ..Checkout::of(space)
    })
}

/// Inside a hook, git sets variables that name the repository and its index.
fn in_hook() -> Checkout {
    let space = Space::executed();
    let git = space.root.join(".git");
    let index = git.join("index");
    let (git, index) = (git.display().to_string(), index.display().to_string());
    with(
        space,
        &[
            ("GIT_DIR", Some(&git)),
            ("GIT_INDEX_FILE", Some(&index)),
            ("GIT_PREFIX", Some("")),
            ("GIT_EDITOR", Some(":")),
        ],
    )
}

fn no_identity() -> Checkout {
    let space = Space::executed();
    space.write("kaizen.toml", "");
    space.commit_all("nobody");
    fs::write(space.home.join(".gitconfig"), "").unwrap();
    let names = [
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ];
    with(space, &names.map(|name| (name, None)))
}

fn locked() -> Checkout {
    let space = Space::executed();
    fs::write(space.root.join(SYSTEM_PROMPT), b"\0GITCRYPT\0\x8a\x01\xff\x00").unwrap();
    space.commit_all("locked");
    Checkout::of(space)
}

fn marked(flag: &str) -> Checkout {
    let space = Space::executed();
    space.git(&["update-index", flag, "config.toml"]);
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    Checkout::of(space)
}

fn sparse() -> Checkout {
    let checkout = executed_clone(&[]);
    checkout
        .space
        .git(&["sparse-checkout", "set", "--no-cone", "/*", "!/agents/"]);
    checkout
}

/// The rows, with the words of their errors.
fn rows() -> Vec<Row> {
    let row = |name, make, reading, writing| Row {
        name,
        make,
        reading,
        writing,
    };
    vec![
        row("full clone", || Some(executed_clone(&[])), "", ""),
        row("shallow", || Some(executed_clone(&["--depth", "1"])), "", "shallow"),
        row(
            "partial, remote gone",
            || Some(partial("--filter=blob:none")),
            "",
            "partial clone",
        ),
        row(
            "partial without trees, remote gone",
            || Some(partial("--filter=tree:0")),
            "partial clone",
            "partial clone",
        ),
        row(
            "partial, remote there",
            || Some(executed_clone(&["--filter=blob:none"])),
            "",
            "",
        ),
        row("sparse", || Some(sparse()), "", "sparse"),
        row("worktree", || Some(worktree(false)), "", ""),
        row("worktree of a bare repository", || Some(worktree(true)), "", ""),
        row("submodule", || Some(submodule()), "", ""),
        row("sha256", sha256, "", ""),
        row("lfs", || lfs().map(Checkout::of), "", ""),
        row(
            "lfs, only pointers",
            || {
                let checkout = clone_of(lfs()?, &["-c", "filter.lfs.smudge=cat", "-c", "filter.lfs.process="]);
                Some(checkout)
            },
            "",
            "git lfs pull",
        ),
        row("lfs, not set up", || Some(clone_of(lfs()?, &[])), "", "git lfs"),
        row(
            "filter",
            || Some(Checkout::of(Space::filtered("*.md filter=rotated\n", &ROTATED))),
            "",
            "",
        ),
        row(
            "filter, not set up",
            || Some(clone_of(Space::filtered("agents/** filter=rotated\n", &ROTATED), &[])),
            "",
            "filter `rotated`",
        ),
        row(
            "filter that fails",
            || {
                let space = Space::filtered("*.md filter=rotated\n", &ROTATED);
                space.git(&["config", "filter.rotated.smudge", "false"]);
                Some(Checkout::of(space))
            },
            "",
            "filter `rotated`",
        ),
        row("git-crypt", || git_crypt().map(Checkout::of), "", ""),
        row(
            "git-crypt, locked",
            || Some(clone_of(git_crypt()?, &[])),
            "",
            "git-crypt unlock",
        ),
        row(
            "git-crypt, locked and not installed",
            || Some(locked()),
            "",
            "git-crypt unlock",
        ),
        row(
            "autocrlf",
            || Some(executed_clone(&["-c", "core.autocrlf=true"])),
            "",
            "",
        ),
        row(
            "autocrlf, other line ends on disk",
            || {
                let space = Space::executed();
                space.git(&["config", "core.autocrlf", "true"]);
                Some(Checkout::of(space))
            },
            "",
            "line ends",
        ),
        row(
            "ident",
            || Some(Checkout::of(Space::filtered("*.md ident\n", &[]))),
            "",
            "",
        ),
        row(
            "assume-unchanged",
            || Some(marked("--assume-unchanged")),
            "",
            "assume-unchanged",
        ),
        row("skip-worktree", || Some(marked("--skip-worktree")), "", "skip-worktree"),
        row("no identity", || Some(no_identity()), "", "git config user.name"),
        row("no home", || Some(with(Space::executed(), &[("HOME", None)])), "", ""),
        row("unknown user", unknown_user, "", ""),
        row("in a hook", || Some(in_hook()), "", ""),
        row(
            "read-only root",
            || {
                through(
                    Space::executed(),
                    "mount --bind . . && mount -o remount,bind,ro . && cd $PWD",
                )
            },
            "",
            "ead-only",
        ),
        row(
            "mounted file",
            || through(Space::executed(), "mount --bind config.toml config.toml"),
            "",
            "",
        ),
    ]
}

/// The settled parts of a session that nothing may overwrite.
fn recorded(space: &Space) -> String {
    let record = space.artifact("session.json");
    format!("{} {}", record["benchmark_before"], record["status"])
}

/// What is wrong with an answer of the program, which must be success or an error that names the cause, without git's own
/// words; otherwise the answer in short.
fn judged(said: &Said, words: &str, is_ok: bool) -> Result<String, String> {
    let whole = format!("{:?}\n{}\n{}", said.code, said.out, said.err);
    for raw in ["panicked", "RUST_BACKTRACE", "fatal:", "error: git "] {
        // "git does not know who you are" is a sentence of kaizen.
        if said.err.replace("error: git does not", "").contains(raw) {
            return Err(format!("{raw} in {whole}"));
        }
    }
    if is_ok {
        return Ok("works".to_owned());
    }
    let first = said.err.lines().find(|line| line.starts_with("error:"));
    let is_named = words.split('|').any(|word| !word.is_empty() && said.err.contains(word));
    match (said.code, first) {
        (Some(code @ (1 | 4)), Some(first)) if is_named => Ok(format!("{code}, {first}")),
        _ => Err(format!("no {words:?} in {whole}")),
    }
}

/// The answers of the commands in a checkout; `None` if this machine cannot make it.
fn play(row: &Row) -> Option<Vec<(String, Result<String, String>)>> {
    let checkout = (row.make)()?;
    let before = recorded(&checkout.space);
    let mut cells = Vec::new();
    let mut say = |command: &[&str], words: &str| {
        let said = checkout.kaizen(command);
        let is_ok = matches!(said.code, Some(0 | 3));
        cells.push((command[0].to_owned(), judged(&said, words, is_ok)));
        is_ok
    };
    say(&["status"], row.reading);
    say(&["verify"], row.reading);
    say(&["accept", "shots"], row.writing);
    let ran = say(&["run"], row.writing);
    // An answer that could not be recorded keeps the session open.
    let unsettled = if ran { "" } else { "|is not settled" };
    let reverted = say(&["revert", "bold"], &format!("{}{unsettled}", row.writing));
    say(&["verify"], row.reading);
    if !ran && !reverted && recorded(&checkout.space) != before {
        let problem = format!("{before} became {}", recorded(&checkout.space));
        cells.push(("record".to_owned(), Err(problem)));
    }
    if checkout.space.root.join(".kaizen/intent.json").exists() {
        cells.push(("intent".to_owned(), Err("is left".to_owned())));
    }
    Some(cells)
}

#[test]
fn commands_work_in_every_checkout_or_name_the_cause() {
    let rows = rows();
    let full = std::env::var_os("KAIZEN_FULL").is_some();
    let mut left: Vec<usize> = (0..rows.len()).collect();
    let seed = std::env::var("KAIZEN_SEED").ok().and_then(|text| text.parse().ok());
    let mut random = Random::new(seed.unwrap_or(15));
    while !full && left.len() > SAMPLE {
        left.remove(random.below(left.len()));
    }
    let mut problems = Vec::new();
    for row in left.into_iter().map(|at| &rows[at]) {
        let Some(cells) = play(row) else {
            eprintln!("{}: skipped, because this machine cannot make it", row.name);
            continue;
        };
        for (command, answer) in cells {
            let line = format!("{}: {command}: ", row.name) + answer.as_ref().unwrap_or_else(|problem| problem);
            eprintln!("{line}");
            problems.extend(answer.is_err().then_some(line));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn files_behind_a_filter_are_scored_and_edited_as_the_agent_reads_them() {
    let plain = Space::executed();
    let space = Space::filtered("agents/** filter=rotated\nconfig.toml filter=rotated\n", &ROTATED);
    // Each agent reads the same bytes, so harness and score are the same.
    for part in ["/harness", "/evaluation/overall_score"] {
        let of = |space: &Space| space.artifact("baseline.json").pointer(part).cloned();
        assert_eq!(of(&space), of(&plain), "{part}");
    }
    assert_eq!(space.statuses(), plain.statuses());
    assert_eq!(space.read("config.toml"), plain.read("config.toml"));
    // git keeps the other form, as `git add` does.
    let stored = space.git(&["cat-file", "blob", "HEAD:config.toml"]);
    assert!(
        stored.contains("ershfr_orybj") && !stored.contains("refuse_below"),
        "{stored}"
    );
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    space.kaizen(&["revert", "bold"]).exits(0);
    assert!(space.read("config.toml").contains("refuse_below = 0.9"));
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn an_edit_is_judged_and_committed_as_a_checkout_would_write_it() {
    // The filter changes a comment, so a checkout does not give back what an edit writes.
    let configuration = [
        ("filter.tidy.clean", "sed -e 's/# too shy/# shy/'"),
        ("filter.tidy.smudge", "cat"),
    ];
    let space = Space::filtered("config.toml filter=tidy\n", &configuration);
    assert!(space.read("config.toml").contains("refuse_below = 0.0 # shy"));
    let head = space.git(&["cat-file", "--filters", "HEAD:config.toml"]);
    assert_eq!(head, space.read("config.toml"));
    space.kaizen(&["run"]).exits(3);
}

#[test]
fn a_file_that_git_reports_as_unchanged_stops_the_run_with_its_name_and_the_reason() {
    for (flag, again) in [
        ("--assume-unchanged", "--no-assume-unchanged"),
        ("--skip-worktree", "--no-skip-worktree"),
    ] {
        let space = Space::planned();
        space.git(&["update-index", flag, "config.toml"]);
        space.replace("config.toml", "max_turns = 3", "max_turns = 4");
        let words = [
            "config.toml on disk is not what git checks out at HEAD",
            &flag[2..],
            again,
        ];
        space.kaizen(&["run"]).exits(4).says(&words);
        space.kaizen(&["run", "--new"]).exits(4).says(&words);
        space.git(&["update-index", again, "config.toml"]);
        space
            .kaizen(&["run"])
            .exits(4)
            .says(&["uncommitted changes in config.toml"]);
        space.git(&["checkout", "--", "config.toml"]);
        space.kaizen(&["run"]).exits(3);
    }
}

#[test]
fn pointers_of_lfs_are_named_wherever_they_are_read() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    for path in ["agents/assistant/few_shot.json", SYSTEM_PROMPT, "benchmark/tasks.jsonl"] {
        let space = Space::new();
        space.write(path, pointer);
        space.commit_all("pointers");
        space.kaizen(&["run"]).exits(4).says(&[path, "Git LFS", "git lfs pull"]);
        space.kaizen(&["eval"]).exits(4).says(&[path, "git lfs pull"]);
        assert!(names(&space.root.join("sessions")).is_empty());
    }
    let space = Space::executed();
    let plan = format!("{}/plan.json", space.session());
    space.write(&plan, pointer);
    space.kaizen(&["run"]).exits(4).says(&["plan.json", "git lfs pull"]);
}

#[test]
fn a_partial_clone_without_its_remote_keeps_what_the_session_recorded() {
    let checkout = partial("--filter=blob:none");
    let before = checkout.space.artifact("session.json");
    let said = checkout.kaizen(&["revert", "bold"]).exits(4);
    assert!(said.err.contains("git fetch --refetch --no-filter"), "{}", said.err);
    assert_eq!(checkout.space.artifact("session.json"), before);
    let origin = format!("file://{}", checkout.beside("work").display());
    checkout.space.git(&["remote", "set-url", "origin", &origin]);
    checkout.space.git(&["fetch", "-q", "--refetch", "--no-filter"]);
    checkout.kaizen(&["revert", "bold"]).exits(0);
}

/// Commands that only score a harness refuse one that a sparse checkout cut off.
#[test]
fn a_harness_that_a_sparse_checkout_cut_off_is_not_scored() {
    let checkout = executed_clone(&[]);
    checkout
        .space
        .git(&["sparse-checkout", "set", "sessions", "benchmark", "traces"]);
    for command in [&["eval"][..], &["audit"], &["traces", "collect"], &["plan-gate"]] {
        let said = checkout.kaizen(command).exits(4);
        assert!(said.err.contains("sparse checkout"), "{command:?}: {}", said.err);
    }
}

/// Commands that read what was decided stop in a checkout without it, and name the pattern and the remedy.
#[test]
fn decisions_that_a_sparse_checkout_leaves_out_are_not_forgotten() {
    let checkout = executed_clone(&[]);
    let left = ["agents", "benchmark", "tools", "traces"];
    let head = checkout.space.git(&["rev-parse", "HEAD"]);
    let refused = |commands: &[&[&str]], words: &[&str]| {
        for command in commands {
            checkout.kaizen(command).exits(4).says(words);
        }
    };
    checkout.space.git(&[&["sparse-checkout", "set"], &left[..]].concat());
    let words = [
        "(`agents`, `benchmark`, `tools`, `traces`) leaves out sessions/",
        "`git sparse-checkout add sessions`",
    ];
    let commands: [&[&str]; 13] = [
        &["egress"],
        &["status"],
        &["verify"],
        &["log"],
        &["run"],
        &["run", "--new"],
        &["accept", "shots"],
        &["revert", "bold"],
        &["show"],
        &["explain"],
        &["review"],
        &["prune"],
        &["loop"],
    ];
    refused(&commands, &words);
    assert!(!checkout.space.root.join("sessions").exists());
    assert_eq!(checkout.space.git(&["rev-parse", "HEAD"]), head);
    // Commands that only score need no session.
    checkout.kaizen(&["eval"]).exits(0);
    checkout.space.git(&["sparse-checkout", "add", "sessions"]);
    checkout.kaizen(&["status"]).exits(0);

    let patterns = [
        "sparse-checkout",
        "set",
        "--no-cone",
        "/*",
        "!/sessions/*/outcomes/",
        "!/benchmark/",
    ];
    checkout.space.git(&patterns);
    refused(
        &[&["status"]],
        &[
            "(`/*`, `!/sessions/*/outcomes/`, `!/benchmark/`) leaves out",
            "sparse-checkout add",
        ],
    );
    checkout.space.git(&["sparse-checkout", "add", "/sessions/**"]);
    refused(
        &[&["status"], &["eval"]],
        &["leaves out benchmark/", "`git sparse-checkout add benchmark`"],
    );
    checkout.space.git(&["sparse-checkout", "add", "benchmark"]);
    checkout.kaizen(&["verify"]).exits(0);
}

/// A clone with other line ends has the same session: nothing in it is stale, and nothing is recorded again.
#[test]
fn a_session_is_the_same_with_other_line_ends() {
    let checkout = executed_clone(&["-c", "core.autocrlf=true"]);
    let head = checkout.space.git(&["rev-parse", "HEAD"]);
    assert!(checkout.space.read("config.toml").contains("\r\n"));
    let origin = Said::of(
        checkout
            .space
            .command(KAIZEN, &["verify"])
            .current_dir(checkout.beside("work"))
            .output()
            .unwrap(),
    );
    assert_eq!(checkout.kaizen(&["verify"]).exits(0).out, origin.out);
    let said = checkout.kaizen(&["run", "--format", "json"]).exits(3);
    assert!(said.phases().is_empty(), "{}", said.out);
    assert_eq!(checkout.space.git(&["rev-parse", "HEAD"]), head);
}

/// A file that is mounted by itself is written in place; after a crash in between, the next command restores it.
#[test]
fn a_mounted_file_is_written_in_place_and_restored_after_a_crash() {
    let mount = "mount --bind config.toml config.toml";
    for effect in ["overwrite", "shorten", "forget copy"] {
        let Some(mut checkout) = through(Space::planned(), mount) else {
            eprintln!("skipped: this machine has no user name spaces");
            return;
        };
        let log = checkout.beside("effects");
        // The same run elsewhere shows the number of the effect.
        let other = through(checkout.space.copy(), mount).unwrap();
        let mut other = other;
        other
            .environment
            .push(("KAIZEN_EFFECTS", Some(log.display().to_string())));
        other.kaizen(&["run"]).exits(3);
        let effects = fs::read_to_string(&log).unwrap();
        let line = effects.lines().find(|line| line.ends_with(&format!(" {effect}")));
        let number = line
            .unwrap_or_else(|| panic!("{effect} in {effects}"))
            .split(' ')
            .next()
            .unwrap();
        checkout
            .environment
            .push(("KAIZEN_CRASH_BEFORE", Some(number.to_owned())));
        assert_eq!(checkout.kaizen(&["run"]).code, None);
        checkout.environment.pop();
        checkout.kaizen(&["run"]).exits(3);
        assert_eq!(checkout.space.statuses()["bold"], "applied", "{effect}");
        assert_eq!(
            checkout.space.read("config.toml"),
            other.space.read("config.toml"),
            "{effect}"
        );
        assert!(
            names(&checkout.space.root.join(".kaizen/mounted")).is_empty(),
            "{effect}"
        );
        assert_eq!(checkout.space.git(&["status", "--porcelain"]), "");
    }
}

#[test]
fn commands_that_only_read_work_in_a_read_only_workspace() {
    let setup = "mount --bind . . && mount -o remount,bind,ro . && cd $PWD";
    let Some(checkout) = through(Space::executed(), setup) else {
        eprintln!("skipped: this machine has no user name spaces");
        return;
    };
    for command in [
        &["status"][..],
        &["log"],
        &["show"],
        &["show", "bold"],
        &["explain"],
        &["diff"],
        &["verify"],
        &["blame", "config.toml"],
        &["traces", "list"],
        &["revert", "bold", "--dry-run"],
        &["run", "--estimate"],
        &["egress"],
    ] {
        let said = checkout.kaizen(command);
        assert!(
            matches!(said.code, Some(0 | 3)),
            "{command:?}: {}\n{}",
            said.out,
            said.err
        );
    }
}
