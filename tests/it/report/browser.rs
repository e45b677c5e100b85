//! Drives pages in a real browser: no request, no script error, every edit opens, hostile texts stay texts, and axe finds
//! no serious problem.
//!
//! `KAIZEN_PEERS` is the folder in which `tests/it/peers/install.sh DIR` installs playwright-core and axe-core; without it, or
//! without chromium, these tests are skipped.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::super::space::{Said, Space, bold, shots};

/// The folder with the browser's modules, and the browser.
fn browser() -> Option<(PathBuf, PathBuf)> {
    let modules = PathBuf::from(std::env::var_os("KAIZEN_PEERS")?).join("browser");
    let path = std::env::var_os("PATH")?;
    let find = |name: &str| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    };
    let program = find("chromium").or_else(|| find("google-chrome"));
    modules
        .join("node_modules/playwright-core")
        .is_dir()
        .then(|| Some((modules, program?)))?
}

/// Opens the page of these arguments in the browser, at several widths, light and dark, with and without scripts.
fn drive(space: &Space, arguments: &[&str]) {
    let Some((modules, program)) = browser() else {
        return eprintln!("skipped: no chromium with playwright-core in KAIZEN_PEERS");
    };
    space
        .kaizen(&[&["report", "-o", "page.html"], arguments].concat())
        .exits(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/report/drive.mjs");
    let said = Command::new("node")
        .arg(script)
        .arg(space.root.join("page.html"))
        .env("MODULES", modules)
        .env("CHROMIUM", program)
        .output()
        .unwrap();
    Said::of(said).exits(0);
}

#[test]
fn a_browser_shows_an_empty_workspace() {
    drive(&Space::new(), &[]);
}

#[test]
fn a_browser_shows_a_session() {
    drive(&Space::executed(), &["--all"]);
}

#[test]
fn a_browser_shows_hostile_texts_as_texts() {
    let space = Space::planned();
    space.write(
        "agents/assistant/system_prompt.md",
        "</pre><script>document.title='owned'</script>\n\u{202e}x\n",
    );
    space.commit_all("hostile");
    let mut evil = bold();
    evil["id"] = "</script><script>document.title='owned'</script>".into();
    evil["rationale"] = format!(
        "<img src=http://127.0.0.1:9/x onerror=\"document.title='owned'\"> {}",
        "w".repeat(50_000)
    )
    .into();
    evil["references"] = json!(["run-000", "javascript:alert(1)"]);
    space.plan(&[evil, shots()]);
    drive(&space, &[]);
}
