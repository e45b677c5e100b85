//! The scripts of a release: what they pack can be installed, and nothing else is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::space::{Said, folder};

const SOURCE: &str = env!("CARGO_MANIFEST_DIR");
const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
];

/// Whether the programs exist that package.sh and install.sh use.
fn has_tools() -> bool {
    let answers = |program: &str, words: &str| {
        let said = Command::new(program).arg("--version").output();
        said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(words))
    };
    answers("curl", "curl") && (answers("tar", "GNU") || answers("gtar", "GNU"))
}

fn script(name: &str, arguments: &[&str]) -> Said {
    let path = Path::new(SOURCE).join(".github/release").join(name);
    Said::of(Command::new("bash").arg(path).args(arguments).output().unwrap())
}

/// A folder with the files of release 1.2.3, whose program is a script that prints its version.
fn release(folder: &Path) -> PathBuf {
    let (program, made) = (folder.join("program"), folder.join("releases/v1.2.3"));
    fs::write(&program, "#!/bin/sh\necho kaizen 1.2.3\n").unwrap();
    let (program, to) = (program.to_str().unwrap(), made.to_str().unwrap());
    for target in TARGETS {
        script("package.sh", &["1.2.3", target, program, to]).exits(0);
    }
    script("describe.sh", &["1.2.3", to]).exits(0);
    made
}

fn install(folder: &Path, more: &[(&str, &str)]) -> Said {
    let mut command = Command::new("sh");
    command.arg(folder.join("releases/v1.2.3/install.sh"));
    command.env("HOME", folder).env(
        "KAIZEN_RELEASES",
        format!("file://{}", folder.join("releases").display()),
    );
    Said::of(command.envs(more.iter().copied()).output().unwrap())
}

#[test]
fn what_a_release_packs_is_installed_and_anything_else_is_refused() {
    if !has_tools() {
        eprintln!("skipped: needs curl and GNU tar");
        return;
    }
    let folder = folder();
    let folder = folder.path();
    let made = release(folder);
    let said = install(folder, &[]).exits(0);
    let program = folder.join(".local/bin/kaizen");
    assert!(said.out.contains("version 1.2.3"), "{}", said.out);
    let ran = Said::of(Command::new(&program).output().unwrap());
    assert_eq!(ran.out, "kaizen 1.2.3\n");
    // The same program gives the same bytes.
    let archives = || TARGETS.map(|target| fs::read(made.join(format!("kaizen-1.2.3-{target}.tar.gz"))).unwrap());
    let before = archives();
    release(folder);
    assert!(before == archives());

    fs::remove_file(&program).unwrap();
    install(folder, &[("KAIZEN_VERSION", "9.9.9")]).exits(1).says(&[
        "cannot download",
        "v9.9.9",
        "nothing was installed",
    ]);
    for target in TARGETS {
        fs::write(made.join(format!("kaizen-1.2.3-{target}.tar.gz")), "x").unwrap();
    }
    install(folder, &[])
        .exits(1)
        .says(&["checksum", "nothing was installed"]);
    assert!(!program.exists());
}

#[test]
fn a_formula_names_each_archive_with_its_checksum() {
    if !has_tools() {
        eprintln!("skipped: needs curl and GNU tar");
        return;
    }
    let folder = folder();
    let made = release(folder.path());
    let formula = fs::read_to_string(made.join("kaizen.rb")).unwrap();
    for target in TARGETS {
        let name = format!("kaizen-1.2.3-{target}.tar.gz");
        let sum = fs::read_to_string(made.join(format!("{name}.sha256"))).unwrap();
        let (sum, of) = sum.trim_end().split_once("  ").unwrap();
        assert_eq!(of, name);
        let stated = format!("/v1.2.3/{name}\"\n      sha256 \"{sum}\"");
        assert!(formula.contains(&stated), "{stated} is not in {formula}");
    }
    assert!(!formula.contains('@'), "{formula}");
}

#[test]
fn every_file_names_the_repository_of_cargo_toml() {
    let manifest = fs::read_to_string(Path::new(SOURCE).join("Cargo.toml")).unwrap();
    let stated = manifest
        .lines()
        .find_map(|line| line.strip_prefix("repository = \"https://github.com/"));
    let repository = stated.unwrap().trim_end_matches('"');
    let (owner, _) = repository.split_once('/').unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in [".github", "src/guide", "README.md", "action.yml"] {
        let entries = walkdir::WalkDir::new(Path::new(SOURCE).join(folder)).into_iter();
        files.extend(
            entries
                .map(|entry| entry.unwrap().into_path())
                .filter(|path| path.is_file()),
        );
    }
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for line in text
            .lines()
            .filter(|line| line.contains("/kaizen@") || line.contains("/kaizen/releases"))
        {
            let is_filled = line.contains("@REPOSITORY@") || line.contains("sed -n") || line.contains("{ repo }");
            assert!(is_filled || line.contains(repository), "{}: {line}", file.display());
        }
        assert!(!text.contains(owner) || text.contains(repository), "{}", file.display());
    }
}
