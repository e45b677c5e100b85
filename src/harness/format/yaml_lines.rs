//! Steps through the lines of YAML.

use super::error::FormatError;
use super::splice::line_start;
use super::yaml_read::YamlReader;

impl<'t> YamlReader<'t> {
    /// From the start of a line: steps over empty lines and comments; returns the position and the column of the next
    /// content, and stays at the start of its line. `None`: the document ends.
    pub(super) fn next_content(&mut self) -> Result<Option<(usize, usize)>, FormatError> {
        while self.at < self.text.len() {
            let line = self.line(self.at);
            let content = line.trim_start_matches(' ');
            let words = content.trim_start_matches('\t');
            if words.trim().is_empty() || words.starts_with('#') {
                self.next_line();
                continue;
            }
            if self.is_marker(self.at) {
                return Ok(None);
            }
            if content.starts_with('\t') {
                return self.error(self.at, "a tab in the indentation");
            }
            let column = line.len() - content.len();
            return Ok(Some((self.at + column, column)));
        }
        Ok(None)
    }

    /// The rest of the line at a position, without its line end.
    pub(super) fn line(&self, position: usize) -> &'t str {
        let rest = &self.text[position..];
        let line = rest.split_once('\n').map_or(rest, |(line, _)| line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// Whether a line begins with `---` or `...`.
    pub(super) fn is_marker(&self, line_start: usize) -> bool {
        let line = self.line(line_start);
        let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    }

    pub(super) fn next_line(&mut self) {
        self.at = self.text[self.at..]
            .find('\n')
            .map_or(self.text.len(), |at| self.at + at + 1);
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    pub(super) fn column(&self, position: usize) -> usize {
        position - line_start(self.text, position)
    }

    /// Whether only blanks and a comment follow on the line.
    pub(super) fn is_rest_empty(&self) -> bool {
        let rest = self.line(self.at);
        let words = rest.trim_start_matches([' ', '\t']);
        let is_comment = words.starts_with('#')
            && (words.len() < rest.len() || self.at == 0 || self.text[..self.at].ends_with([' ', '\t', '\n']));
        words.is_empty() || is_comment
    }

    /// Goes to the start of the next line.
    pub(super) fn finish_line(&mut self) -> Result<(), FormatError> {
        if self.at > 0 && self.text[..self.at].ends_with('\n') {
            return Ok(());
        }
        if !self.is_rest_empty() {
            return self.error(self.at, "expected the end of the line");
        }
        self.next_line();
        Ok(())
    }
}
