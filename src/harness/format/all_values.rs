//! All values of a text, so that two states of a file can be compared.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::change::KeyText;
use super::error::{FormatError, line_of};
use super::node::{Form, Member, Node};
use super::yaml_head::is_break;
use crate::manifest::surface::SurfaceFormat;

/// The name of a member whose members belong to the map around it.
const MERGE: &str = "<<";

/// All values of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ValueList {
    /// The values at all depths, each with the names and places that lead to it, parents before children. Members that
    /// share a name are all included, and those of a merge key belong to the map around it.
    pub values: Vec<(Vec<String>, Json)>,
    /// Whether the text has anchors, aliases, tags or merge keys.
    pub has_marks: bool,
    /// The members that hosts may read in different ways: a value of a front matter that is no YAML and takes several
    /// lines, and names that occur twice in a map.
    pub unread: Vec<UnreadMember>,
}

/// A member that hosts may read in different ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnreadMember {
    /// Its lines.
    pub text: String,
    /// Why it is not read.
    pub problem: FormatError,
}

/// All values of a text; none of a blank one.
///
/// # Errors
/// The text is not in the format, or it has a line of which it is not certain what it means.
pub(crate) fn all_values(format: SurfaceFormat, text: &str) -> Result<ValueList, FormatError> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(ValueList::default());
    }
    let keys = KeyText::of(format, text)?;
    let place = |position: usize, reason: &str| {
        keys.placed(FormatError::Place {
            line: line_of(&keys.text, position),
            reason: reason.to_owned(),
        })
    };
    let is_yaml = format == SurfaceFormat::Yaml || format.is_headed();
    let is_odd = |c: char| is_break(c) && !matches!(c, '\n' | '\r');
    if let Some(at) = keys.text.find(is_odd).filter(|_| is_yaml) {
        return Err(place(at, "a character that ends a line for some programs"));
    }
    if let Some(reason) = keys.tree.obstacle.filter(|_| format.is_headed()) {
        return Err(place(keys.tree.span.start, reason));
    }
    let mut found = ValueList::default();
    collect(&keys.tree, &mut Vec::new(), &mut found);
    let members = keys.tree.members();
    for (at, member) in members.iter().enumerate() {
        if let (Form::Raw, Some(reason)) = (member.node.form, member.node.obstacle) {
            let end = members.get(at + 1).map_or(keys.text.len(), |next| next.name_span.start);
            found.unread.push(UnreadMember {
                text: keys.text[member.name_span.start..end].trim_end().to_owned(),
                problem: place(member.name_span.start, reason),
            });
        }
    }
    let mut repeated = Vec::new();
    find_repeated(&keys.tree, &mut repeated);
    found.unread.extend(repeated.into_iter().map(|member| UnreadMember {
        text: keys.text[member.name_span.start..member.node.span.end.max(member.name_span.end)].to_owned(),
        problem: place(
            member.name_span.start,
            &format!("the name `{}` occurs twice", member.name),
        ),
    }));
    Ok(found)
}

/// Adds the members whose name another member of their map has before them.
fn find_repeated<'n>(node: &'n Node, found: &mut Vec<&'n Member>) {
    let mut names = BTreeSet::new();
    found.extend(node.members().iter().filter(|member| !names.insert(&member.name)));
    let members = node.members().iter().map(|member| &member.node);
    node.items()
        .iter()
        .chain(members)
        .for_each(|child| find_repeated(child, found));
}

/// Whether a text is in its format, with every line of a front matter.
pub(crate) fn can_be_read(format: SurfaceFormat, text: &str) -> bool {
    matches!(all_values(format, text), Ok(_) | Err(FormatError::Keyless))
}

/// Adds all values below a node.
fn collect(node: &Node, way: &mut Vec<String>, found: &mut ValueList) {
    found.has_marks |= node.obstacle.is_some() && node.form != Form::Raw;
    for (at, item) in node.items().iter().enumerate() {
        add(at.to_string(), item, way, found);
    }
    for member in node.members() {
        match member.name == MERGE && member.node.obstacle.is_some() {
            true => merge(&member.node, way, found),
            false => add(member.name.clone(), &member.node, way, found),
        }
    }
}

fn add(name: String, node: &Node, way: &mut Vec<String>, found: &mut ValueList) {
    way.push(name);
    found.values.push((way.clone(), node.value()));
    collect(node, way, found);
    way.pop();
}

/// Adds the members of a merged map, or of a list of such maps, to the map around it.
fn merge(merged: &Node, way: &mut Vec<String>, found: &mut ValueList) {
    found.has_marks = true;
    match merged.items() {
        [] => collect(merged, way, found),
        maps => maps.iter().for_each(|map| collect(map, way, found)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let found = all_values(SurfaceFormat::Yaml, text).unwrap();
        found.values.into_iter().map(|(keys, _)| keys.join(".")).collect()
    }

    #[test]
    fn merged_members_belong_to_the_map_around() {
        let text = "a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\nc:\n  <<: [*a]\n";
        assert_eq!(keys(text), ["a", "a.x", "b", "b.x", "b.y", "c", "c.x"]);
        assert!(all_values(SurfaceFormat::Yaml, text).unwrap().has_marks);
        assert_eq!(keys("a: 1\na: 2\n"), ["a", "a"]);
        let twice = all_values(SurfaceFormat::Json, "{\"a\": {\"b\": 1,\n\"b\": 2}}")
            .unwrap()
            .unread;
        assert_eq!((twice.len(), twice[0].text.as_str()), (1, "\"b\": 2"));
        assert!(
            twice[0]
                .problem
                .to_string()
                .starts_with("line 2: the name `b` occurs twice")
        );
    }

    #[test]
    fn a_front_matter_is_read_as_a_whole_or_refused_with_its_line() {
        for (head, line) in [
            ("name: x\n{permissionMode: y}", Some(3)),
            ("&a permissionMode: y", Some(2)),
            ("!!str permissionMode: y", Some(2)),
            ("? permissionMode\n: y", Some(2)),
            ("name: x\npermissionMode : a: b", Some(3)),
            ("name: a: b\n\"permissionMode\": y", Some(3)),
            ("name: a: b\n- permissionMode: y", Some(3)),
            ("name: x\npermissionMode:y", Some(3)),
            ("name: a\rpermissionMode: y", Some(2)),
            ("name: a\u{2028}permissionMode: y", Some(2)),
            ("name: \"a", Some(2)),
            ("Prose.", None),
            ("prose: more.\nProse.", Some(3)),
            ("Prose: more.\nProse.", None),
            ("{permissionMode: y}", None),
            ("globs: **/*.ts\n# A comment.\n\ndescription: Use when: asked", None),
            ("globs: **/*.ts\ntools:\n- Read\n- Grep", None),
            ("", None),
        ] {
            let read = all_values(SurfaceFormat::FrontMatter, &format!("---\n{head}\n---\nBody\n"));
            let at = match read {
                Ok(ref found) if found.unread.is_empty() => None,
                Ok(found) => Some(found.unread[0].problem.clone()),
                Err(problem) => Some(problem),
            };
            let at = at.map(|problem| match problem {
                FormatError::Syntax { line, .. } | FormatError::Place { line, .. } => line,
                other => panic!("{other}"),
            });
            assert_eq!(at, line, "{head}");
        }
        let found = all_values(SurfaceFormat::FrontMatter, "---\n{permissionMode: y}\n---\n").unwrap();
        assert_eq!(found.values, [(vec!["permissionMode".to_owned()], json!("y"))]);
    }
}
