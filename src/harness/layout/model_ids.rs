//! The ids by which the configuration of a host names models, among those that name programs and services.

use std::sync::OnceLock;

use serde::Deserialize;

use super::table::LayoutTable;

/// Which ids `vendor:model` name a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelIds {
    /// Vendors that answer with the text of a model.
    pub vendors: Vec<String>,
    /// Parts of an id by which a vendor runs something else; `*` at an end stands for any text.
    pub other_kinds: Vec<String>,
}

impl ModelIds {
    /// Those of the built-in layouts.
    pub(crate) fn built_in() -> &'static Self {
        static IDS: OnceLock<ModelIds> = OnceLock::new();
        IDS.get_or_init(|| {
            let mut rows = LayoutTable::shared().into_iter().flat_map(LayoutTable::rows);
            rows.find_map(|row| row.layout.model_ids.clone()).unwrap_or_default()
        })
    }

    /// Whether a vendor is one of models.
    pub(crate) fn has_vendor(&self, vendor: &str) -> bool {
        self.vendors.iter().any(|known| known == vendor)
    }

    /// Whether a part of an id makes it name something else than a model.
    pub(crate) fn is_other_kind(&self, part: &str) -> bool {
        self.other_kinds
            .iter()
            .any(|kind| match (kind.strip_prefix('*'), kind.strip_suffix('*')) {
                (Some(end), _) => part.ends_with(end),
                (_, Some(start)) => part.starts_with(start),
                _ => part == kind,
            })
    }
}
