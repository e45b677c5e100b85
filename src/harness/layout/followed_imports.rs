//! Follows the `@path` imports of a home as its host does, and notes those that are not followed.

use std::collections::BTreeSet;

use super::HostLayout;
use super::detect::{DetectedHome, IMPORTS};
use super::imports::{TextImport, imports};
use super::search::HomeSearch;

/// A file that may import others.
struct ImportingFile<'t> {
    path: String,
    home: DetectedHome<'t>,
    /// The files through whose imports it was found.
    above: Vec<String>,
}

impl ImportingFile<'_> {
    /// A file that this one imports.
    fn importing(&self, path: String) -> Self {
        Self {
            path,
            home: self.home.clone(),
            above: [&self.above[..], std::slice::from_ref(&self.path)].concat(),
        }
    }
}

impl<'t> HomeSearch<'_, 't> {
    /// Claims the files that the files of a layout import, as deep as its host follows them, and notes what is not followed.
    pub(super) fn claim_imports(&mut self, layout: &'t HostLayout) {
        let own = self.found.files.iter();
        let own = own
            .filter(|(_, file)| file.home.layout.name == layout.name && layout.importing.contains(&file.surface.name));
        let first = own.map(|(path, file)| ImportingFile {
            path: path.clone(),
            home: file.home.clone(),
            above: Vec::new(),
        });
        let mut level: Vec<ImportingFile> = first.collect();
        let mut seen: BTreeSet<String> = level.iter().map(|file| file.path.clone()).collect();
        for depth in 0..=layout.import_depth {
            let is_last = depth == layout.import_depth;
            let files = std::mem::take(&mut level);
            for file in &files {
                let text = self.contents.text(&file.path).unwrap_or_default().to_owned();
                for import in imports(&file.path, &text) {
                    let is_new = !import.path.as_ref().is_some_and(|path| seen.contains(path));
                    let followed = self.followed(file, &import, is_last && is_new);
                    if let Ok(target) = &followed {
                        let imported = self.found.imported.entry(file.path.clone()).or_default();
                        imported.push(target.clone());
                    }
                    match followed {
                        Ok(target) if seen.insert(target.clone()) && self.claim_text(&target, &file.home, IMPORTS) => {
                            level.push(file.importing(target));
                        }
                        Err(reason) => {
                            if let Some(seen) = import.path.as_ref().and_then(|path| self.seen(path)) {
                                self.leave_out(seen);
                            }
                            let key = (file.path.clone(), import.name);
                            self.found.skipped_imports.insert(key, reason);
                        }
                        Ok(_) => {}
                    }
                }
            }
        }
    }

    /// The path that an import leads to. A word that names no file is no import.
    ///
    /// # Errors
    /// Why it is not followed.
    fn followed(&self, file: &ImportingFile, import: &TextImport, is_last: bool) -> Result<String, String> {
        let found = import.path.as_ref().and_then(|path| self.seen(path));
        let target = match (&import.path, found) {
            (Some(path), Some(_)) => path,
            _ if !import.is_certain() => return Ok(file.path.clone()),
            (None, _) => return Err("it is outside the workspace".to_owned()),
            (Some(_), None) => return Err("there is no such file in the workspace".to_owned()),
        };
        if let Some(barrier) = found.and_then(|seen| seen.barrier.as_ref()) {
            return Err(barrier.entry(target).1);
        }
        if *target == file.path || file.above.contains(target) {
            return Err("it would import itself".to_owned());
        }
        match is_last {
            true => Err("the host follows no imports so deep".to_owned()),
            false => Ok(target.clone()),
        }
    }
}
