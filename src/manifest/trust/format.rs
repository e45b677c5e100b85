//! Formats the trust list for the person who approves it.

use std::fmt;

use super::{TrustLink, TrustList, TrustProgram};

impl fmt::Display for TrustList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> = self.programs.iter().flat_map(program).collect();
        for server in &self.servers {
            lines.push(format!("asks     {}  {}", quoted(&server.url), server.part));
        }
        for variable in &self.variables {
            let name = quoted(&variable.name);
            lines.push(format!("reads    environment variable {name}  {}", variable.part));
        }
        lines.extend(self.links.iter().map(|link| format!("reads    {link}")));
        f.write_str(&lines.join("\n"))
    }
}

fn program(program: &TrustProgram) -> Vec<String> {
    let words: Vec<String> = program.run.iter().map(|word| quoted(word)).collect();
    let mut lines = vec![format!("starts   {}  {}", words.join(" "), program.part)];
    for name in &program.env {
        lines.push(format!("           gets the environment variable {}", quoted(name)));
    }
    for assignment in &program.set {
        lines.push(format!(
            "           sets the environment variable {}",
            quoted(assignment)
        ));
    }
    for file in &program.pinned {
        let digest = file.digest.map_or("unreadable".to_owned(), |digest| digest.short());
        lines.push(format!(
            "           {}: pinned at {digest}; a change needs a new approval",
            quoted(&file.path)
        ));
    }
    for path in &program.edited {
        lines.push(format!("           {}: edited by kaizen, not pinned", quoted(path)));
    }
    for path in &program.given {
        let path = quoted(path);
        lines.push(format!("           {path}: from the session, not pinned"));
    }
    lines.extend(program.links.iter().map(|link| format!("           {link}")));
    lines
}

impl fmt::Display for TrustLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, target) = (quoted(&self.path), quoted(&self.target));
        write!(f, "{target}, outside the workspace, through the link {path}")
    }
}

/// A plain word unchanged; any other word in quotes, with control characters escaped.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@{}+,%~[]".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("{word:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_forge_a_line() {
        assert_eq!(quoted("--config=a.py"), "--config=a.py");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\nasks b"), "\"a\\nasks b\"");
        for hidden in ["\u{1b}[2J", "\u{202e}x", "\u{2066}x", "\u{9b}x", "\u{200b}x"] {
            assert!(quoted(hidden).contains('\\'), "{hidden:?}");
        }
    }
}
