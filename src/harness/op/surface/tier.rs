//! The risk tier of an edit: the highest of its ops, and of the surfaces and keys that it changes.

use std::collections::BTreeMap;

use super::address::surface_of;
use super::key::{editable, place_of};
use crate::artifact::edit::{Edit, Op, RiskTier};
use crate::manifest::HarnessSection;
use crate::manifest::surface::BodyTier;
use crate::manifest::surface_table::SurfaceTable;

/// The risk tier of an edit under the rules of a manifest.
pub(crate) fn tier(edit: &Edit, section: &HarnessSection) -> RiskTier {
    tier_under(edit, &section.tiers, &SurfaceTable::of(section))
}

/// The same with the table of the surfaces.
pub(in crate::harness::op) fn tier_under(
    edit: &Edit,
    raises: &BTreeMap<Op, RiskTier>,
    surfaces: &SurfaceTable,
) -> RiskTier {
    let of_op = |op: Op| op.tier().max(raises.get(&op).copied().unwrap_or_default());
    let of_place = |part: &Edit| match part.op.is_generic() {
        true => place_tier(part, surfaces),
        false => RiskTier::Auto,
    };
    let ops = edit.ops().into_iter().map(of_op);
    let places = edit.parts().iter().map(of_place).max();
    ops.chain(places).max().unwrap_or_default()
}

/// The tier of what a generic op changes. What is not editable is refused when the edit is tried.
fn place_tier(part: &Edit, surfaces: &SurfaceTable) -> RiskTier {
    let (path, key) = place_of(part);
    let by_name = || surface_of(part, surfaces).map(|surface| (surface.path.as_str(), surface));
    let by_path = path.and_then(|path| Some((path, surfaces.find(path)?)));
    let Some((path, surface)) = by_path.or_else(by_name) else {
        return RiskTier::Review;
    };
    if matches!(part.op, Op::CreateFile | Op::RemoveFile) {
        return RiskTier::Review;
    }
    match part.payload.get("key").filter(|key| !key.is_null()) {
        Some(_) => key.and_then(|key| editable(surface, &key)).unwrap_or(RiskTier::Review),
        None if surface.body_of(path) == BodyTier::Auto => RiskTier::Auto,
        None => RiskTier::Review,
    }
}
