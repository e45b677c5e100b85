//! Changes values of a text: finds the smallest changes, and applies those that change nothing else.

use crate::manifest::surface::SurfaceFormat;
use serde_json::{Map, Value as Json};

use super::error::FormatError;
use super::front_matter::FrontMatter;
use super::node::{Node, NodeShape, NodeStep};
use super::splice::{Splice, line_end};
use super::{
    json_read, json_write, list, toml_insert, toml_read, toml_remove, toml_write, yaml_head, yaml_read, yaml_write,
};
use crate::artifact::key_path::{KeyPath, Segment};

/// The part of a text that holds keys, and its values.
pub(super) struct KeyText {
    format: SurfaceFormat,
    /// What surrounds the part: a byte order mark, the rest of a text with front matter.
    around: (String, String),
    /// The part.
    pub text: String,
    /// Its values.
    pub tree: Node,
}

impl KeyText {
    /// # Errors
    /// The text is not in the format, or the format has no keys.
    pub(super) fn of(format: SurfaceFormat, text: &str) -> Result<Self, FormatError> {
        let range = match format {
            SurfaceFormat::Text => return Err(FormatError::Keyless),
            format if format.is_headed() => FrontMatter::of(format, text)?.keys.unwrap_or(0..0),
            _ => text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len()..text.len(),
        };
        let (before, part, after) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
        Ok(Self {
            format,
            around: (before.to_owned(), after.to_owned()),
            text: part.to_owned(),
            tree: read(format, part).map_err(|error| error.below(before.matches('\n').count()))?,
        })
    }

    /// As [`of`](Self::of); a text without keys above it gets an empty front matter.
    pub(super) fn of_changeable(format: SurfaceFormat, text: &str) -> Result<Self, FormatError> {
        if !format.is_headed() || FrontMatter::of(format, text)?.keys.is_some() {
            return Self::of(format, text);
        }
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mark, end) = (&text[..text.len() - body.len()], line_end(text));
        Self::of(format, &format!("{mark}---{end}---{end}{body}"))
    }

    fn whole(self) -> String {
        format!("{}{}{}", self.around.0, self.text, self.around.1)
    }

    /// The error with the line of the whole text.
    pub(super) fn placed(&self, error: FormatError) -> FormatError {
        error.below(self.around.0.matches('\n').count())
    }

    /// # Errors
    /// As for [`super::set_value`].
    pub(super) fn with_value(mut self, path: &KeyPath, value: &Json) -> Result<String, FormatError> {
        match self.set(path, value) {
            Ok(()) => Ok(self.whole()),
            Err(error) => Err(self.placed(error)),
        }
    }

    /// # Errors
    /// As for [`super::unset_value`].
    pub(super) fn without_value(mut self, path: &KeyPath) -> Result<String, FormatError> {
        let removed = self.steps_to(path).and_then(|steps| self.remove(&steps));
        match removed {
            Ok(()) => Ok(self.whole()),
            Err(error) => Err(self.placed(error)),
        }
    }

    fn steps_to(&self, path: &KeyPath) -> Result<Vec<NodeStep>, FormatError> {
        let found = self.tree.find(&self.text, path)?;
        match found.missing.is_empty() {
            true => Ok(found.editable(&self.text)?.steps),
            false => Err(FormatError::Absent { path: path.to_string() }),
        }
    }

    fn set(&mut self, path: &KeyPath, value: &Json) -> Result<(), FormatError> {
        let found = self.tree.find(&self.text, path)?;
        if found.missing.is_empty() && found.node.value() == *value {
            return Ok(());
        }
        let found = found.editable(&self.text)?;
        let (steps, is_map) = (found.steps, matches!(found.node.shape, NodeShape::Map(_)));
        if found.missing.is_empty() {
            return self.set_at(&steps, value);
        }
        let names = found.missing.iter().map(|segment| match segment {
            Segment::Name(name) => Some(name.clone()),
            _ => None,
        });
        let names: Option<Vec<String>> = names.collect();
        let names = names.ok_or_else(|| FormatError::Absent { path: path.to_string() })?;
        match is_map {
            true => self.insert_member(&steps, &names, value),
            false => self.replace(&steps, &nested(&names, value)),
        }
    }

    /// Sets the value of a node with the smallest changes: of a map only the members that differ, of a list the items.
    pub(super) fn set_at(&mut self, steps: &[NodeStep], value: &Json) -> Result<(), FormatError> {
        let Some(node) = self.tree.at(steps) else {
            return Err(self.is_unsafe(steps));
        };
        if node.value() == *value {
            return Ok(());
        }
        node.free_of_obstacles(&self.text)?;
        let before = (self.text.clone(), self.tree.clone());
        let changed = match (&node.shape, value) {
            (NodeShape::Map(members), Json::Object(fields))
                if !members.is_empty() && !fields.is_empty() || node.has_comments(&self.text) =>
            {
                self.set_members(steps, fields)
            }
            (NodeShape::List(items), Json::Array(wanted))
                if !items.is_empty() && !wanted.is_empty() || node.has_comments(&self.text) =>
            {
                self.set_items(steps, wanted)
            }
            _ => return self.replace(steps, value),
        };
        match changed {
            Err(FormatError::Unsafe { .. }) => {
                (self.text, self.tree) = before;
                self.replace(steps, value)
            }
            // Nothing is left between the brackets, not even a comment.
            Ok(()) if self.tree.at(steps).is_some_and(|node| node.is_blank(&self.text)) => self.replace(steps, value),
            changed => changed,
        }
    }

    /// The text with other items in the list at a path. The lines of removed items go, and the brackets stay as they are.
    ///
    /// # Errors
    /// As for [`super::set_value`].
    pub(super) fn with_items(mut self, path: &KeyPath, wanted: &[Json]) -> Result<String, FormatError> {
        let before = (self.text.clone(), self.tree.clone());
        let steps = self.steps_to(path).map_err(|error| self.placed(error))?;
        if self
            .tree
            .at(&steps)
            .is_some_and(|list| list.free_of_obstacles(&self.text).is_ok() && !list.items().is_empty())
            && self.set_items(&steps, wanted).is_ok()
        {
            return Ok(self.whole());
        }
        (self.text, self.tree) = before;
        self.with_value(path, &Json::Array(wanted.to_vec()))
    }

    fn set_members(&mut self, steps: &[NodeStep], fields: &Map<String, Json>) -> Result<(), FormatError> {
        let names = |node: &Node| -> Vec<String> { node.members().iter().map(|member| member.name.clone()).collect() };
        let old = self.tree.at(steps).map(names).unwrap_or_default();
        for (name, value) in fields {
            match old.contains(name) {
                true => self.set_at(&stepped(steps, NodeStep::Name(name.clone())), value)?,
                false => self.insert_member(steps, std::slice::from_ref(name), value)?,
            }
        }
        for name in old.into_iter().filter(|name| !fields.contains_key(name)) {
            self.remove(&stepped(steps, NodeStep::Name(name)))?;
        }
        Ok(())
    }

    fn set_items(&mut self, steps: &[NodeStep], wanted: &[Json]) -> Result<(), FormatError> {
        let old: Vec<Json> = self
            .tree
            .at(steps)
            .map(|list| list.items().iter().map(Node::value).collect())
            .unwrap_or_default();
        let Some(changes) = list::changes(&old, wanted) else {
            return Err(self.is_unsafe(steps));
        };
        for change in changes {
            match change {
                list::ItemChange::Set(at, item) => self.set_at(&stepped(steps, NodeStep::Index(at)), &item)?,
                list::ItemChange::Remove(at) => self.remove(&stepped(steps, NodeStep::Index(at)))?,
                list::ItemChange::Insert(at, item) => self.insert_item(steps, at, &item)?,
            }
        }
        Ok(())
    }

    fn replace(&mut self, steps: &[NodeStep], value: &Json) -> Result<(), FormatError> {
        let proposals = match self.format {
            SurfaceFormat::Toml => toml_write::replaced(&self.text, &self.tree, steps, value)
                .map_err(|what| self.inexpressible(steps, what))?,
            SurfaceFormat::Yaml | SurfaceFormat::FrontMatter | SurfaceFormat::Preamble => {
                yaml_write::replaced(&self.text, &self.tree, steps, value)
            }
            _ => json_write::replaced(&self.text, &self.tree, steps, value, self.is_lines())
                .into_iter()
                .collect(),
        };
        let span = self.tree.at(steps).map(|node| node.place()).unwrap_or_default();
        let inside = |splice: &Splice| span.start <= splice.range().start && splice.range().end <= span.end;
        let proposals = proposals.into_iter().filter(inside).collect();
        let expected = with(self.tree.value(), steps, |place| *place = value.clone());
        self.take(proposals, &expected, steps)
    }

    fn insert_member(&mut self, steps: &[NodeStep], names: &[String], value: &Json) -> Result<(), FormatError> {
        let proposals: Vec<Splice> = match self.format {
            SurfaceFormat::Toml => toml_insert::member_inserted(&self.text, &self.tree, steps, names, value)?
                .map_err(|what| self.inexpressible(steps, what))?
                .into_iter()
                .collect(),
            SurfaceFormat::Yaml | SurfaceFormat::FrontMatter | SurfaceFormat::Preamble => {
                yaml_write::member_inserted(&self.text, &self.tree, steps, names, value)
            }
            _ => json_write::member_inserted(&self.text, &self.tree, steps, names, value, self.is_lines())
                .into_iter()
                .collect(),
        };
        let (name, inner) = names.split_first().ok_or_else(|| self.is_unsafe(steps))?;
        let expected = with(self.tree.value(), steps, |place| {
            if let Json::Object(fields) = place {
                fields.insert(name.clone(), nested(inner, value));
            }
        });
        self.take(adding(&self.text, proposals), &expected, steps)
    }

    fn insert_item(&mut self, steps: &[NodeStep], at: usize, value: &Json) -> Result<(), FormatError> {
        let proposals: Vec<Splice> = match self.format {
            SurfaceFormat::Toml => toml_write::item_inserted(&self.text, &self.tree, steps, at, value)
                .map_err(|what| self.inexpressible(steps, what))?
                .into_iter()
                .collect(),
            SurfaceFormat::Yaml | SurfaceFormat::FrontMatter | SurfaceFormat::Preamble => {
                yaml_write::item_inserted(&self.text, &self.tree, steps, at, value)
            }
            _ => json_write::item_inserted(&self.text, &self.tree, steps, at, value, self.is_lines())
                .into_iter()
                .collect(),
        };
        let expected = with(self.tree.value(), steps, |place| {
            if let Json::Array(items) = place {
                items.insert(at.min(items.len()), value.clone());
            }
        });
        self.take(adding(&self.text, proposals), &expected, steps)
    }

    fn remove(&mut self, steps: &[NodeStep]) -> Result<(), FormatError> {
        if let Some(node) = self.tree.at(steps) {
            node.free_of_obstacles(&self.text)?;
        }
        let proposals = match self.format {
            SurfaceFormat::Toml => toml_remove::removed(&self.text, &self.tree, steps)?
                .into_iter()
                .collect(),
            SurfaceFormat::Yaml | SurfaceFormat::FrontMatter | SurfaceFormat::Preamble => {
                yaml_write::removed(&self.text, &self.tree, steps)
            }
            _ => json_write::removed(&self.text, &self.tree, steps, self.is_lines())
                .into_iter()
                .collect(),
        };
        let Some((last, parents)) = steps.split_last() else {
            return Err(self.is_unsafe(steps));
        };
        let expected = with(self.tree.value(), parents, |place| match (place, last) {
            (Json::Object(fields), NodeStep::Name(name)) => drop(fields.remove(name)),
            (Json::Array(items), NodeStep::Index(index)) if *index < items.len() => drop(items.remove(*index)),
            _ => {}
        });
        self.take(proposals, &expected, steps)
    }

    /// Takes the first proposal after which the text has exactly the expected values.
    fn take(&mut self, proposals: Vec<Splice>, expected: &Json, steps: &[NodeStep]) -> Result<(), FormatError> {
        for proposal in proposals {
            let text = proposal.apply(&self.text);
            if let Ok(tree) = read(self.format, &text)
                && tree.value() == *expected
            {
                (self.text, self.tree) = (text, tree);
                return Ok(());
            }
        }
        Err(self.is_unsafe(steps))
    }

    fn is_lines(&self) -> bool {
        self.format == SurfaceFormat::Jsonl
    }

    fn is_unsafe(&self, steps: &[NodeStep]) -> FormatError {
        FormatError::Unsafe { path: shown(steps) }
    }

    fn inexpressible(&self, steps: &[NodeStep], what: &'static str) -> FormatError {
        FormatError::Value {
            path: shown(steps),
            format: "TOML",
            what,
        }
    }
}

fn read(format: SurfaceFormat, text: &str) -> Result<Node, FormatError> {
    match format {
        SurfaceFormat::Text => Err(FormatError::Keyless),
        SurfaceFormat::FrontMatter | SurfaceFormat::Preamble => Ok(yaml_head::front_matter(text)),
        SurfaceFormat::Toml => toml_read::toml(text),
        SurfaceFormat::Yaml => yaml_read::yaml(text),
        SurfaceFormat::Json => json_read::json(text),
        SurfaceFormat::Jsonc => json_read::jsonc(text),
        SurfaceFormat::Jsonl => json_read::jsonl(text),
    }
}

fn adding(text: &str, proposals: Vec<Splice>) -> Vec<Splice> {
    proposals.into_iter().filter(|one| one.only_adds(text)).collect()
}

/// A value in maps.
fn nested(names: &[String], value: &Json) -> Json {
    names
        .iter()
        .rev()
        .fold(value.clone(), |value, name| serde_json::json!({ name: value }))
}

fn stepped(steps: &[NodeStep], step: NodeStep) -> Vec<NodeStep> {
    [steps, &[step]].concat()
}

/// The value with a change at the end of steps.
fn with(mut value: Json, steps: &[NodeStep], change: impl FnOnce(&mut Json)) -> Json {
    let place = steps.iter().try_fold(&mut value, |place, step| match step {
        NodeStep::Name(name) => place.get_mut(name),
        NodeStep::Index(index) => place.get_mut(*index),
    });
    place.map(change);
    value
}

fn shown(steps: &[NodeStep]) -> String {
    let segments = steps.iter().map(|step| match step {
        NodeStep::Name(name) => Segment::Name(name.clone()),
        NodeStep::Index(index) => Segment::Index(*index),
    });
    KeyPath {
        segments: segments.collect(),
    }
    .to_string()
}
