//! A value of a text together with its place: what each format's reader makes, and all changes start from.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::error::{FormatError, line_of};
use crate::artifact::key_path::{KeyPath, Segment, scalar_text};

/// A value of a text, with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The bytes of the value. Of a TOML table with headers: those of its first header, or none.
    pub span: Range<usize>,
    /// The value.
    pub shape: NodeShape,
    /// How it is written.
    pub form: Form,
    /// Of a YAML value outside brackets: the end of the `:` or `-` before it.
    pub lead: Option<usize>,
    /// Why changes must leave the value and what is in it alone.
    pub obstacle: Option<&'static str>,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub(super) enum NodeShape {
    /// Null, a boolean, a number or a string.
    Scalar(Json),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the text.
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub name: String,
    /// Where the name stands.
    pub name_span: Range<usize>,
    pub node: Node,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A scalar, or a collection in brackets.
    Inline,
    /// A YAML value outside brackets. `indent` is the column of its names or items; of a scalar, the least column of its
    /// next lines.
    Block { indent: usize },
    /// A front matter value that is no YAML, taken as the text of its line.
    Raw,
    /// A TOML table with a header or dotted keys, or a list of such tables.
    Tables,
}

/// One step to a node, with lists by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeStep {
    Name(String),
    Index(usize),
}

/// The fields of a new map: first those with a known name, in the order of these names.
pub(super) fn in_order<'v>(fields: &'v Map<String, Json>, names: &[String]) -> Vec<(&'v String, &'v Json)> {
    let mut fields: Vec<(&String, &Json)> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| names.iter().position(|known| known == *name).unwrap_or(usize::MAX));
    fields
}

impl NodeStep {
    /// The name, unless it is an index.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name.clone()),
            Self::Index(_) => None,
        }
    }
}

impl Node {
    /// A scalar or a bracketed collection.
    pub(super) fn inline(span: Range<usize>, shape: NodeShape) -> Self {
        Self {
            span,
            shape,
            form: Form::Inline,
            lead: None,
            obstacle: None,
        }
    }

    /// The same in a text that has more bytes before this one.
    pub(super) fn moved(mut self, by: usize) -> Self {
        let shift = |span: &mut Range<usize>| *span = span.start + by..span.end + by;
        shift(&mut self.span);
        self.lead = self.lead.map(|lead| lead + by);
        self.shape = match self.shape {
            NodeShape::Scalar(value) => NodeShape::Scalar(value),
            NodeShape::List(items) => NodeShape::List(items.into_iter().map(|item| item.moved(by)).collect()),
            NodeShape::Map(mut members) => {
                for member in &mut members {
                    shift(&mut member.name_span);
                    member.node =
                        std::mem::replace(&mut member.node, Self::inline(0..0, NodeShape::Scalar(Json::Null)))
                            .moved(by);
                }
                NodeShape::Map(members)
            }
        };
        self
    }

    /// The value as JSON. The last one of members with the same name counts.
    pub(super) fn value(&self) -> Json {
        match &self.shape {
            NodeShape::Scalar(value) => value.clone(),
            NodeShape::List(items) => items.iter().map(Self::value).collect(),
            NodeShape::Map(members) => {
                let pair = |member: &Member| (member.name.clone(), member.node.value());
                Json::Object(members.iter().map(pair).collect::<Map<_, _>>())
            }
        }
    }

    /// The node at the end of known steps.
    pub(super) fn at(&self, steps: &[NodeStep]) -> Option<&Self> {
        let Some((first, rest)) = steps.split_first() else {
            return Some(self);
        };
        match (first, &self.shape) {
            (NodeStep::Name(name), NodeShape::Map(members)) => {
                members.iter().find(|member| member.name == *name)?.node.at(rest)
            }
            (NodeStep::Index(index), NodeShape::List(items)) => items.get(*index)?.at(rest),
            _ => None,
        }
    }

    /// The names in the first map among the items of a list, in the order of the text.
    pub(super) fn names_of_items(&self) -> Vec<String> {
        let first = self
            .items()
            .iter()
            .map(Self::members)
            .find(|members| !members.is_empty());
        first
            .unwrap_or_default()
            .iter()
            .map(|member| member.name.clone())
            .collect()
    }

    pub(super) fn members(&self) -> &[Member] {
        match &self.shape {
            NodeShape::Map(members) => members,
            _ => &[],
        }
    }

    /// Whether comments may be between the elements of the collection.
    pub(super) fn has_comments(&self, text: &str) -> bool {
        let children = self
            .items()
            .iter()
            .chain(self.members().iter().map(|member| &member.node));
        let (mut at, mut found) = (self.span.start, false);
        for child in children.filter(|child| child.span.start >= self.span.start) {
            found |= text[at.min(child.span.start)..child.span.start].contains(['#', '/']);
            at = child.span.end;
        }
        found || text[at.min(self.span.end)..self.span.end].contains(['#', '/'])
    }

    /// Whether it is in brackets with only blanks and line ends between them.
    pub(super) fn is_blank(&self, text: &str) -> bool {
        let inner = text
            .get(self.span.start + 1..self.span.end.saturating_sub(1))
            .unwrap_or_default();
        let is_collection = !matches!(self.shape, NodeShape::Scalar(_));
        is_collection && self.form == Form::Inline && !inner.is_empty() && inner.trim().is_empty()
    }

    /// The number of values in it, itself included.
    pub(super) fn size(&self) -> usize {
        let children = self
            .items()
            .iter()
            .chain(self.members().iter().map(|member| &member.node));
        1 + children.map(Self::size).sum::<usize>()
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.shape {
            NodeShape::List(items) => items,
            _ => &[],
        }
    }

    /// The bytes that a new value may replace.
    pub(super) fn place(&self) -> Range<usize> {
        self.lead.unwrap_or(self.span.start)..self.span.end
    }

    /// # Errors
    /// Changes must leave it, or something in it, alone.
    pub(super) fn free_of_obstacles(&self, text: &str) -> Result<(), FormatError> {
        if let Some(reason) = self.obstacle {
            return Err(FormatError::Place {
                line: line_of(text, self.span.start),
                reason: reason.to_owned(),
            });
        }
        let children = self
            .items()
            .iter()
            .chain(self.members().iter().map(|member| &member.node));
        children.into_iter().try_for_each(|child| child.free_of_obstacles(text))
    }

    fn what(&self) -> &'static str {
        match &self.shape {
            NodeShape::Scalar(Json::Null) => "null",
            NodeShape::Scalar(Json::Bool(_)) => "a boolean",
            NodeShape::Scalar(Json::Number(_)) => "a number",
            NodeShape::Scalar(_) => "a text",
            NodeShape::List(_) => "a list",
            NodeShape::Map(_) => "a map",
        }
    }

    /// Follows a path as far as it exists.
    ///
    /// # Errors
    /// The path leads through a value that is no map or list, or through a name that occurs twice, or a `[name=x]`
    /// picks no item or several.
    pub(super) fn find(&self, text: &str, path: &KeyPath) -> Result<PathEnd<'_>, FormatError> {
        let mut found = PathEnd {
            steps: Vec::new(),
            node: self,
            obstacle: self.obstacle.map(|reason| (self.span.start, reason)),
            missing: Vec::new(),
        };
        for (at, segment) in path.segments.iter().enumerate() {
            let so_far = KeyPath {
                segments: path.segments[..=at].to_vec(),
            };
            match found.node.child(text, segment, &so_far)? {
                Some((step, node)) => {
                    found.steps.push(step);
                    found.node = node;
                    found.obstacle = found.obstacle.or(node.obstacle.map(|reason| (node.span.start, reason)));
                }
                None => {
                    found.missing = path.segments[at..].to_vec();
                    break;
                }
            }
        }
        Ok(found)
    }

    fn child(&self, text: &str, segment: &Segment, path: &KeyPath) -> Result<Option<(NodeStep, &Self)>, FormatError> {
        let shape = |found: String| FormatError::Shape {
            path: path.to_string(),
            found,
        };
        match (segment, &self.shape) {
            (Segment::Name(name), NodeShape::Map(members)) => {
                let mut same = members.iter().filter(|member| member.name == *name);
                match (same.next(), same.next()) {
                    (Some(_), Some(second)) => Err(FormatError::Place {
                        line: line_of(text, second.name_span.start),
                        reason: format!("the name `{name}` occurs twice"),
                    }),
                    (Some(member), None) => Ok(Some((NodeStep::Name(name.clone()), &member.node))),
                    _ => match members
                        .iter()
                        .find(|member| member.name == "<<" && member.node.obstacle.is_some())
                    {
                        None => Ok(None),
                        Some(merged) => Err(FormatError::Place {
                            line: line_of(text, merged.name_span.start),
                            reason: format!("a merge key may hold `{name}`"),
                        }),
                    },
                }
            }
            // An empty value may become a map.
            (Segment::Name(_), NodeShape::Scalar(Json::Null)) => Ok(None),
            (Segment::Index(index), NodeShape::List(items)) => {
                Ok(items.get(*index).map(|item| (NodeStep::Index(*index), item)))
            }
            (Segment::Member { key, value }, NodeShape::List(items)) => {
                let picked: Vec<usize> = (0..items.len()).filter(|at| items[*at].has(key, value)).collect();
                match picked[..] {
                    [at] => Ok(Some((NodeStep::Index(at), &items[at]))),
                    _ => Err(shape(format!("{} items have this member; expected one", picked.len()))),
                }
            }
            (Segment::Name(_), _) => Err(shape(format!("not inside a map but {}", self.what()))),
            _ => Err(shape(format!("not inside a list but {}", self.what()))),
        }
    }

    /// Whether it is a map in which a member has this scalar.
    fn has(&self, key: &str, value: &str) -> bool {
        self.members()
            .iter()
            .any(|member| member.name == key && scalar_text(&member.node.value()).as_deref() == Some(value))
    }
}

/// How far a path exists.
pub(super) struct PathEnd<'n> {
    /// The steps that exist.
    pub steps: Vec<NodeStep>,
    /// The node at their end.
    pub node: &'n Node,
    /// The position and the reason of the first obstacle on the way.
    pub obstacle: Option<(usize, &'static str)>,
    /// The segments that do not exist.
    pub missing: Vec<Segment>,
}

impl<'n> PathEnd<'n> {
    /// The node of a complete path.
    ///
    /// # Errors
    /// A part of the path is missing.
    pub(super) fn complete(self, path: &KeyPath) -> Result<&'n Node, FormatError> {
        match self.missing.is_empty() {
            true => Ok(self.node),
            false => Err(FormatError::Absent { path: path.to_string() }),
        }
    }

    /// The same, if changes may be made at its end.
    ///
    /// # Errors
    /// An obstacle is on the way.
    pub(super) fn editable(self, text: &str) -> Result<Self, FormatError> {
        match self.obstacle {
            None => Ok(self),
            Some((position, reason)) => Err(FormatError::Place {
                line: line_of(text, position),
                reason: reason.to_owned(),
            }),
        }
    }
}
