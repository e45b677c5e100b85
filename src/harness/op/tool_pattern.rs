//! One entry of a list of tools: a tool, several tools by a pattern, or a part of what a tool may do.

/// What an entry allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToolPattern {
    /// The entry as it is written.
    pub text: String,
    /// The tool, or a pattern for tools.
    tool: String,
    /// What the tool may do; `None` for everything.
    scope: Option<ToolScope>,
}

/// What is in parentheses: `git diff *`, `git diff:*`, `src/x.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ToolScope {
    start: String,
    /// Whether anything may follow.
    is_open: bool,
}

/// Words that stand for all tools.
const ALL: [&str; 2] = ["all", "all_tools"];

impl ToolPattern {
    /// Reads an entry such as `Read`, `Bash(git diff *)` or `mcp__docs__*`.
    pub(super) fn of(text: &str) -> Self {
        let (tool, scope) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((tool, scope)) => (tool.trim(), ToolScope::of(scope.trim())),
            None => (text, None),
        };
        Self {
            text: text.to_owned(),
            tool: tool.to_owned(),
            scope,
        }
    }

    /// Whether it opens more than it names: all tools, several tools, or all of a tool by a pattern.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match () {
            () if self.is_all() => Some("would open all tools"),
            () if self.is_family() => Some("would open several tools that it does not name"),
            () if self.scope.is_none() && self.text.contains('(') => Some("would open everything that the tool can do"),
            () => None,
        }
    }

    /// Whether it stands for all tools: `*`, `**`, `.*`, `All`.
    fn is_all(&self) -> bool {
        let has_name = self.tool.contains(char::is_alphanumeric);
        self.tool.contains('*') && !has_name || ALL.iter().any(|all| self.tool.eq_ignore_ascii_case(all))
    }

    /// Whether it stands for several tools: `mcp__docs__*`, `docs/*`, and the name of a server alone, `mcp__docs`.
    fn is_family(&self) -> bool {
        let server = self.tool.strip_prefix("mcp__");
        self.tool.contains('*') || server.is_some_and(|server| !server.contains("__"))
    }

    /// Whether it allows everything that another entry allows.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.is_all() || self.has_tool_of(other) && self.has_scope_of(other)
    }

    fn has_tool_of(&self, other: &Self) -> bool {
        let start = match self.tool.split_once('*') {
            Some((start, "" | "*")) => start.to_owned(),
            None if self.is_family() => format!("{}__", self.tool),
            _ => return self.tool == other.tool,
        };
        self.tool == other.tool || other.tool.starts_with(&start)
    }

    fn has_scope_of(&self, other: &Self) -> bool {
        match (&self.scope, &other.scope) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) if own.is_open => other.start.starts_with(&own.start),
            (Some(own), Some(other)) => own == other,
        }
    }
}

impl ToolScope {
    /// `None` if it allows everything.
    fn of(text: &str) -> Option<Self> {
        let start = text.trim_end_matches('*');
        let is_open = start.len() < text.len();
        let start = start.trim_end_matches([':', ' ']);
        (!is_open || start.contains(char::is_alphanumeric)).then(|| Self {
            start: start.to_owned(),
            is_open,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_names_what_it_opens_is_no_problem() {
        for (text, is_problem) in [
            ("Read", false),
            ("Bash", false),
            ("Bash(git diff *)", false),
            ("Bash(git diff:*)", false),
            ("mcp__docs__search", false),
            ("mcp_docs_search", false),
            ("*", true),
            (".*", true),
            ("All", true),
            ("Bash(*)", true),
            ("Bash(:*)", true),
            ("Bash( ** )", true),
            ("mcp__docs__*", true),
            ("mcp__docs", true),
            ("mcp_*", true),
            ("docs/*", true),
        ] {
            assert_eq!(ToolPattern::of(text).problem().is_some(), is_problem, "{text}");
        }
    }

    #[test]
    fn wider_entries_cover_narrower_ones() {
        for (wide, narrow, is_covered) in [
            ("Bash", "Bash(git *)", true),
            ("Bash", "Bash(*)", true),
            ("Bash(*)", "Bash", true),
            ("Bash(git *)", "Bash(git diff:*)", true),
            ("Bash(git:*)", "Bash(git *)", true),
            ("Bash(git diff *)", "Bash(git *)", false),
            ("Bash(git *)", "Bash", false),
            ("Bash(ls)", "Bash(ls -a)", false),
            ("Read", "Bash", false),
            ("*", "Bash", true),
            ("mcp__a__*", "mcp__a__b", true),
            ("mcp__a", "mcp__a__*", true),
            ("mcp__a__*", "mcp__b__c", false),
            ("docs/*", "docs/search", true),
            ("All", "mcp__a__*", true),
        ] {
            let covers = ToolPattern::of(wide).covers(&ToolPattern::of(narrow));
            assert_eq!(covers, is_covered, "{wide} {narrow}");
        }
    }
}
