//! Generic ops: edits of any file of a surface, and of the keys that the surface opens.

mod address;
mod document;
mod example_lines;
mod example_list;
mod fields;
mod files;
mod key;
mod keyed;
mod list;
mod new_file;
mod offer;
mod section;
mod target;
mod text;
mod text_place;
mod tier;
mod value_kind;

pub(super) use self::address::{addressed, with_paths};
pub(super) use self::example_list::{NewExamples, new_texts};
pub(super) use self::fields::check_fields;
pub(super) use self::files::{NewFile, OldFile};
pub(super) use self::key::opens;
pub(crate) use self::key::place_of;
pub(super) use self::keyed::{NewValue, OldKey};
pub(super) use self::list::{ListChange, absent_items};
pub(super) use self::offer::offers;
pub(super) use self::section::{NewSection, OldSection};
pub(super) use self::text::{NewText, TextPatch, patched};
pub(crate) use self::tier::tier;
pub(super) use self::tier::tier_under;
use super::inapplicable::Inapplicable;
use super::{OpContext, payload};
use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;

/// The harness after a generic op.
pub(super) fn apply(edit: &Edit, context: &OpContext) -> Result<Harness, Inapplicable> {
    let payload = &edit.payload;
    match edit.op {
        Op::PatchText => text::patch(&payload::read(payload)?, context),
        Op::ReplaceText => text::replace(&payload::read(payload)?, context),
        Op::InsertSection => section::insert(&payload::read(payload)?, context),
        Op::DeleteSection => section::delete(&payload::read(payload)?, context),
        Op::SetKey => keyed::set(&payload::read(payload)?, context),
        Op::UnsetKey => keyed::unset(&payload::read(payload)?, context),
        Op::EditList => list::edit(&payload::read(payload)?, context),
        Op::EditExamples => example_list::edit(&payload::read(payload)?, context),
        Op::CreateFile => files::create(&payload::read(payload)?, context),
        _ => files::remove(&payload::read(payload)?, context),
    }
}

/// Checks the shape of the payload of a generic op.
pub(super) fn check_payload(edit: &Edit) -> Result<(), Inapplicable> {
    let payload = &*address::with_any_path(edit.op, &edit.payload);
    match edit.op {
        Op::PatchText => payload::read::<TextPatch>(payload).map(drop),
        Op::ReplaceText => payload::read::<NewText>(payload).map(drop),
        Op::InsertSection => payload::read::<NewSection>(payload).map(drop),
        Op::DeleteSection => payload::read::<OldSection>(payload).map(drop),
        Op::SetKey => payload::read::<NewValue>(payload).map(drop),
        Op::UnsetKey => payload::read::<OldKey>(payload).map(drop),
        Op::EditList => payload::read::<ListChange>(payload).map(drop),
        Op::EditExamples => payload::read::<NewExamples>(payload).map(drop),
        Op::CreateFile => payload::read::<NewFile>(payload).map(drop),
        _ => payload::read::<OldFile>(payload).map(drop),
    }
}
