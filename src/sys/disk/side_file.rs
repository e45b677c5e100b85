//! Recognizes side files by their names: files that editors, sync programs, downloads and systems create beside the
//! files that people write.

use std::sync::LazyLock;

use regex::RegexSet;

/// Kinds of side files, each with a regular expression for their names. Any other name counts as a person's:
/// `go (1).json` may come from a person as well as from a program that numbers its copies.
const NAMES: [(&str, &str); 15] = [
    // Also .#go of Emacs, .go.swp and .go.un~ of Vim, .~lock.go# of LibreOffice, .go.AbCdEf of rsync, .syncthing.go.tmp,
    // .tmp.drivedownload of Google Drive, .DS_Store.
    ("hidden files", r"^\."),
    ("backups of many editors: go~, go.~1~", r"~$"),
    ("automatic saves of Emacs", r"^#.*#$"),
    ("Vim's test whether it can write to a folder", r"^(4913|5036)$"),
    ("locks of Microsoft Office", r"^~\$"),
    ("safe writes of JetBrains' editors", r"___jb_(tmp|old|bak)___$"),
    (
        "safe writes of macOS: go.sb-1a2b3c4d-XyZ123",
        r"\.sb-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)?$",
    ),
    ("saves of JOE after a crash", r"^DEADJOE$"),
    (
        "temporary files and backups",
        r"(?i)\.(tmp|temp|bak|bck|old|orig|save|sw[a-p]|kate-swp|vsctmp|goutputstream-\w+)$",
    ),
    (
        "downloads and copies in progress",
        r"(?i)\.(part|partial|filepart|crdownload|download|opdownload|aria2|synctemp|syncpart|!sync|insyncdl)$",
    ),
    (
        "system files",
        "(?i)^(thumbs\\.db|ehthumbs\\.db|desktop\\.ini|icon\r|@eadir)$",
    ),
    // Dropbox, Nextcloud, ownCloud, Box, Seafile, FileCloud, pCloud, Tresorit; Dropbox translates the words.
    (
        "conflicting copies: go (Ann's conflicted copy 2026-01-31).json",
        r"(?i)[(\[][^()\[\]]*(conflict|conflit|konflikt)",
    ),
    (
        "conflicting copies of Syncthing and ownCloud: go.sync-conflict-20260131-120000-ABCDEFG.json",
        r"(?i)(\.sync-|_)conflict-\d{8}-\d{6}",
    ),
    (
        "conflicting copies of Resilio, rclone and git-annex: go.Conflict.json",
        r"(?i)\.(conflict\d*|variant-[0-9a-f]{4,})(\.|$)",
    ),
    (
        "conflicting copies of Synology Drive: go_PC_Jan-03-0901-2026_CaseConflict_1.json",
        r"_[A-Z][a-z]{2}-\d\d-\d{4}-\d{4}_[A-Za-z]*Conflict",
    ),
];

static SIDE_FILES: LazyLock<RegexSet> = LazyLock::new(|| {
    // The expressions are constant, and a test compiles them, so they cannot fail here.
    RegexSet::new(NAMES.map(|(_, name)| name)).unwrap_or_default()
});

/// Endings of usual files, which no side file has.
const USUAL_ENDINGS: [&str; 9] = [
    ".json", ".jsonl", ".md", ".toml", ".txt", ".yaml", ".yml", ".html", ".py",
];

/// Whether a file's name is that of a side file.
pub(crate) fn is_side_file(name: &str) -> bool {
    !is_usual(name) && SIDE_FILES.is_match(name)
}

/// Whether a name is surely none of a side file: letters, digits, `-` and `_`, and perhaps a usual ending. Most names are, so
/// most commands need not compile the expressions, which takes longer than the rest of a short command.
fn is_usual(name: &str) -> bool {
    let stem = USUAL_ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    let is_plain = !stem.is_empty()
        && stem
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let lower = stem.to_ascii_lowercase();
    // What remains of the table for such names.
    is_plain
        && !["conflict", "___jb_", "4913", "5036", "deadjoe"]
            .iter()
            .any(|part| lower.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_usual_name_is_none_of_the_table(
            name in "[a-zA-Z0-9_.~#-]{0,12}(conflict|Conflict-20260131-120000|___jb_tmp___|4913|DEADJOE|)[a-z0-9_-]{0,4}(\\.[a-z]{2,5}|)"
        ) {
            proptest::prop_assert!(!is_usual(&name) || !SIDE_FILES.is_match(&name), "{name}");
        }
    }

    #[test]
    fn usual_names_are_recognized_without_the_table() {
        for name in [
            "plan.json",
            "session-20260101T000000_0a1b2c3d",
            "SKILL.md",
            "a_b-1.jsonl",
            "tasks.py",
        ] {
            assert!(is_usual(name), "{name}");
        }
        for name in [
            "",
            ".json",
            "a.b.json",
            "go~",
            "4913",
            "DEADJOE",
            "x_Conflict.md",
            "a b.md",
            "é.md",
        ] {
            assert!(!is_usual(name), "{name}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_needed() {
        RegexSet::new(NAMES.map(|(_, name)| name)).unwrap();
        for (names, alone) in [
            (
                ".go.swp .#go .go.un~ .~lock.go# .go.AbCdEf .syncthing.go.tmp .tmp.drivedownload .DS_Store ._go",
                ".x",
            ),
            ("go~ go.json~ go.~1~", "go~"),
            ("#go# #go.json#", "#go#"),
            ("4913 5036", "4913"),
            ("~$go ~$go.json", "~$go"),
            ("go___jb_tmp___ go.json___jb_old___", "go___jb_bak___"),
            ("go.sb-1a2b3c4d-XyZ123 go.json.sb-0f1e2d3c-aBcDeF", "go.sb-1a2b"),
            ("DEADJOE", "DEADJOE"),
            (
                "go.tmp go.json.TMP go.bak go.swo go.orig ~WRL0005.tmp ~syncthing~go.json.tmp",
                "go.old",
            ),
            (
                "go.part go.json.crdownload go.filepart go.partial go.!sync",
                "go.download",
            ),
            ("Thumbs.db desktop.ini Icon\r", "ehthumbs.db"),
        ] {
            for name in names.split(' ').chain([alone]) {
                assert!(is_side_file(name), "{name}");
            }
            let lines = NAMES
                .iter()
                .filter(|(_, line)| regex::Regex::new(line).unwrap().is_match(alone));
            assert_eq!(lines.count(), 1, "{alone}");
        }
        for name in [
            "go (Ann's conflicted copy 2026-01-31)",
            "go (conflicted copy 2026-01-31 120000).json",
            "go (Case Conflict 1).json",
            "go (SFConflict ann@example.org 2026-01-31-12-00-00).json",
            "go(Conflict_ann (Web browser)_2026-01-31-22-50-36).json",
            "go [conflicted].json",
            "go (In Konflikt stehende Kopie von Ann 2026-01-31)",
            "go.sync-conflict-20260131-120000-ABCDEFG.json",
            "go_conflict-20260131-120000.json",
            "go.Conflict.json",
            "go.Conflict",
            "go.json.conflict1",
            "go.variant-c0a1.json",
            "go_Andy-PC_Jan-03-0901-2026_CaseConflict_1.json",
        ] {
            assert!(is_side_file(name), "{name}");
        }
    }

    #[test]
    fn what_a_person_names_is_no_side_file() {
        for name in [
            "go",
            "go.json",
            "GO",
            "2026-11-23",
            "4914",
            "#1",
            "fix #3",
            "urgent!",
            "part",
            "tmp",
            "temporary.json",
            "retry (2).json",
            "conflict",
            "resolve conflict.json",
            "conflicted answers",
            "~home",
            "$x",
            "backup",
            "old",
            "run.v2.json",
            "download",
            "日本語",
            "no spaces",
            "runs.jsonl",
            "traces.db",
        ] {
            assert!(!is_side_file(name), "{name}");
        }
    }
}
