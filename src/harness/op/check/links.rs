//! Checks that links between the files of a harness lead somewhere after an edit.

use super::placeholders::{imports, without_code};
use crate::harness::op::OpRules;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::{FileChange, Harness};
use crate::manifest::relative_path::beside;

/// Refuses a new link to a harness file that does not exist. Whether other files exist is not known here.
pub(super) fn check(path: &str, before: &Harness, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    let old = targets(path, before.text(path).unwrap_or_default());
    let new = targets(path, after.text(path).unwrap_or_default());
    let is_broken =
        |target: &&String| !old.contains(target) && after.get(target).is_none() && rules.membership.selects(target);
    match new.iter().find(is_broken) {
        Some(target) => Err(Inapplicable::Link {
            path: path.to_owned(),
            target: target.clone(),
        }),
        None => Ok(()),
    }
}

/// Refuses to remove a file to which another one still links.
pub(super) fn check_removed(changes: &[FileChange], after: &Harness) -> Result<(), Inapplicable> {
    let removed: Vec<&String> = changes
        .iter()
        .filter(|change| change.after.is_none())
        .map(|change| &change.path)
        .collect();
    if removed.is_empty() {
        return Ok(());
    }
    let links = after.files().filter_map(|(path, _)| {
        let targets = targets(path, after.text(path)?);
        let target = targets.into_iter().find(|target| removed.contains(&target))?;
        Some(Inapplicable::Link {
            path: path.to_owned(),
            target,
        })
    });
    links.into_iter().next().map_or(Ok(()), Err)
}

/// The paths to which a text in a file links, relative to the harness: Markdown links and imports.
fn targets(path: &str, text: &str) -> Vec<String> {
    let prose = without_code(text);
    let links = prose.match_indices("](").filter_map(|(at, _)| {
        let rest = &prose[at + 2..];
        Some(&rest[..rest.find([')', ' ', '\n'])?])
    });
    let targets = links.chain(imports(&prose));
    targets.filter_map(|target| resolved(path, target)).collect()
}

/// The path that a link in a file means; `None` if it leads elsewhere.
fn resolved(path: &str, target: &str) -> Option<String> {
    let target = target.split(['#', '?']).next().unwrap_or_default();
    let is_elsewhere = target.starts_with(['/', '~', '<']) || target.contains(':') || target.ends_with('/');
    if is_elsewhere || target.is_empty() {
        return None;
    }
    beside(path, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::membership::Membership;

    fn rules() -> OpRules {
        OpRules {
            membership: Membership::of_files(&["skills/**/*.md".to_owned()]).unwrap(),
            ..OpRules::default()
        }
    }

    #[test]
    fn a_new_link_needs_its_file() {
        let before = Harness::default()
            .with("skills/a/SKILL.md", "See [old](gone.md).")
            .with("skills/a/r/x.md", "x");
        for (text, broken) in [
            ("[x](r/x.md) and [old](gone.md)", None),
            ("[x](./r/../r/x.md#top)", None),
            ("[y](r/y.md)", Some("skills/a/r/y.md")),
            ("@../b/SKILL.md", Some("skills/b/SKILL.md")),
            (
                "`[y](r/y.md)` and [web](https://x.org/y.md), [code](../../src/x.rs), [out](/etc/x.md)",
                None,
            ),
        ] {
            let after = before.clone().with("skills/a/SKILL.md", text);
            let refused = check("skills/a/SKILL.md", &before, &after, &rules()).err();
            let wanted = broken.map(|target| Inapplicable::Link {
                path: "skills/a/SKILL.md".into(),
                target: target.into(),
            });
            assert_eq!(refused, wanted, "{text}");
        }
    }

    #[test]
    fn a_file_with_links_to_it_stays() {
        let before = Harness::default()
            .with("skills/a/SKILL.md", "See [x](x.md).")
            .with("skills/a/x.md", "x");
        let after = before.clone().without("skills/a/x.md");
        assert!(check_removed(&before.changes(&after), &after).is_err());
        let both = after.with("skills/a/SKILL.md", "Nothing.");
        assert_eq!(check_removed(&before.changes(&both), &both), Ok(()));
    }
}
