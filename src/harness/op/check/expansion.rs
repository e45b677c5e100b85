//! What a host inserts when it reads a file: which syntaxes it expands in which values.

use serde_json::Value as Json;

use crate::harness::Harness;
use crate::harness::format::front_matter::body;
use crate::harness::format::values;
use crate::harness::layout::FilledKey;
use crate::harness::op::OpRules;
use crate::manifest::placeholder::PlaceholderKind;
use crate::manifest::surface::SurfaceFormat;

/// The syntaxes that the hosts of a file expand. A manifest may add some, and take none away.
pub(super) struct HostExpansion {
    kinds: Vec<PlaceholderKind>,
    /// Those of single keys.
    of_keys: Vec<FilledKey>,
    format: SurfaceFormat,
}

/// A value in which a host expands syntaxes.
pub(super) struct ExpandedValue {
    pub text: String,
    pub kinds: Vec<PlaceholderKind>,
    /// Whether it is the text of a file or of a body, rather than the value of a key.
    pub is_body: bool,
}

impl HostExpansion {
    /// Those of a file, under its own name and under those of the links that lead to it.
    pub(super) fn of(path: &str, harness: &Harness, rules: &OpRules) -> Self {
        let surface = rules.surfaces.find(path);
        let stated = surface.and_then(|surface| surface.fills.clone());
        let links: Vec<String> = links_to(path, harness);
        let paths = || std::iter::once(path).chain(links.iter().map(String::as_str));
        let hosts: Vec<Vec<PlaceholderKind>> = paths().filter_map(|path| rules.guard.fills(path, harness)).collect();
        let is_unknown = stated.is_none() && hosts.is_empty();
        let usual = PlaceholderKind::USUAL.into_iter();
        // Only hosts that are known to start programs do.
        let usual = usual.filter(|kind| is_unknown && *kind != PlaceholderKind::Commands);
        Self {
            kinds: stated.into_iter().chain(hosts).flatten().chain(usual).collect(),
            of_keys: paths()
                .flat_map(|path| rules.guard.fills_of_keys(path, harness))
                .collect(),
            format: surface.map_or_else(|| SurfaceFormat::of(path), |surface| surface.format_of(path)),
        }
    }

    /// The values of a text of the file. One that cannot be read is one value.
    pub(super) fn values(&self, text: &str) -> Vec<ExpandedValue> {
        let whole = |text: &str| ExpandedValue {
            text: text.to_owned(),
            kinds: self.kinds.clone(),
            is_body: true,
        };
        let mut found = Vec::new();
        match values(self.format, text) {
            Ok(read) => self.collect(&read, &mut Vec::new(), &mut found),
            Err(_) => return vec![whole(text)],
        }
        if self.format.is_headed() {
            found.push(whole(body(self.format, text).unwrap_or(text)));
        }
        found
    }

    fn collect(&self, value: &Json, keys: &mut Vec<String>, found: &mut Vec<ExpandedValue>) {
        match value {
            Json::String(text) => found.push(ExpandedValue {
                text: text.clone(),
                kinds: self.of_key(keys),
                is_body: false,
            }),
            Json::Array(items) => items.iter().for_each(|item| self.collect(item, keys, found)),
            Json::Object(fields) => {
                for (name, value) in fields {
                    keys.push(name.clone());
                    self.collect(value, keys, found);
                    keys.pop();
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// The syntaxes in the value of a key. In the front matter of a file, hosts expand none that belongs to a text.
    fn of_key(&self, keys: &[String]) -> Vec<PlaceholderKind> {
        let is_text = |kind: &PlaceholderKind| matches!(kind, PlaceholderKind::Commands | PlaceholderKind::Imports);
        let is_head = self.format.is_headed();
        let of_file = self.kinds.iter().filter(|kind| !(is_head && is_text(kind)));
        let of_keys = self.of_keys.iter().filter(|one| one.covers(keys));
        of_file.chain(of_keys.flat_map(|one| &one.fills)).copied().collect()
    }
}

/// The paths under which links show a file.
fn links_to(path: &str, harness: &Harness) -> Vec<String> {
    let shown = |link: &str| harness.behind(link).map(|(shown, _)| shown).collect::<Vec<_>>();
    let links = harness.links().flat_map(|(link, _)| shown(link));
    links
        .filter(|shown| harness.followed(shown).as_deref() == Some(path))
        .collect()
}
