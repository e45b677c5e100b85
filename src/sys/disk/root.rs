//! An open folder, under which files are accessed without following links.
//!
//! Paths are resolved from the open handle, one component at a time, and no component may be a link. So nothing outside
//! is read or written, even if another process replaces a folder by a link between a check and its use. The handles
//! come from `cap-std`, which is maintained by the authors of Wasmtime and works on every platform that Rust supports.
//! Its own resolution would follow links that stay inside; [`Root::parent`] is stricter.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Deref;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, FileType, Metadata, OpenOptions};

use super::OWN_FOLDER;
use super::error::{DiskError, failed};
use super::publish::sync_folder;
use super::text::text_of;
use crate::digest::Digest;

/// Size limit of a harness file, in bytes.
pub(crate) const LARGEST_HARNESS_FILE: u64 = 8 << 20;
/// Size limit of an artifact, in bytes.
pub(crate) const LARGEST_ARTIFACT: u64 = 64 << 20;

/// An open folder, such as a workspace. It derefs to its path, for messages and for programs that need paths.
#[derive(Clone, Debug)]
pub struct Root {
    path: PathBuf,
    dir: Arc<Dir>,
}

impl Deref for Root {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for Root {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Root {
    /// Opens a folder from the user; links in its own path are followed.
    ///
    /// # Errors
    /// The folder does not exist or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, DiskError> {
        let dir = Dir::open_ambient_dir(path, cap_std::ambient_authority()).map_err(failed("open", path))?;
        Ok(Self {
            path: path.to_owned(),
            dir: Arc::new(dir),
        })
    }

    /// Opens a folder from the user, and creates it if necessary.
    ///
    /// # Errors
    /// It cannot be created or opened.
    pub(crate) fn make(path: &Path) -> Result<Self, DiskError> {
        std::fs::create_dir_all(path).map_err(failed("create", path))?;
        Self::open(path)
    }

    /// Whether the path still leads to this folder. If not, the folder was moved or deleted, or another one replaced it.
    pub(crate) fn is_in_place(&self) -> bool {
        let Ok(there) = std::fs::metadata(&self.path) else {
            return false;
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;

            use cap_std::fs::MetadataExt;
            let here = self.dir.dir_metadata();
            here.is_ok_and(|here| (here.dev(), here.ino()) == (there.dev(), there.ino()))
        }
        #[cfg(not(unix))]
        there.is_dir()
    }

    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Converts a path to one relative to this folder; `path` is relative to it, or absolute and under it.
    ///
    /// # Errors
    /// The path leads outside.
    pub(crate) fn relative(&self, path: &Path) -> Result<PathBuf, DiskError> {
        let outside = || DiskError::Outside {
            path: path.to_owned(),
            root: self.path.clone(),
        };
        let relative = match path.is_absolute() {
            true => path.strip_prefix(&self.path).map_err(|_| outside())?,
            false => path,
        };
        let mut normal = PathBuf::new();
        for component in relative.components() {
            match component {
                Component::Normal(name) => normal.push(name),
                Component::CurDir => {}
                _ => return Err(outside()),
            }
        }
        Ok(normal)
    }

    /// The open folder of a file, and the file's name; `None` if the folder does not exist.
    pub(crate) fn parent<'p>(&self, relative: &'p Path) -> Result<Option<(Dir, &'p OsStr)>, DiskError> {
        let Some(name) = relative.file_name() else {
            return Err(failed("use as a file", &self.path)(ErrorKind::IsADirectory.into()));
        };
        let folder = self.folder(relative.parent().unwrap_or(Path::new("")))?;
        Ok(folder.map(|folder| (folder, name)))
    }

    /// Opens a folder under this one without following links; `None` if it or one of its parents does not exist.
    pub(crate) fn folder(&self, relative: &Path) -> Result<Option<Dir>, DiskError> {
        let mut dir = self.dir.try_clone().map_err(failed("open", &self.path))?;
        let mut at = PathBuf::new();
        for name in relative {
            at.push(name);
            match dir.open_dir_nofollow(name) {
                Ok(below) => dir = below,
                Err(error) => {
                    let obstacle = self.obstacle(&dir, name, &at, error).map(DiskError::of_folder);
                    return obstacle.map_or(Ok(None), Err);
                }
            }
        }
        Ok(Some(dir))
    }

    /// Like [`Self::folder`], but creates missing folders.
    pub(super) fn made_folder(&self, relative: &Path) -> Result<Dir, DiskError> {
        let mut dir = self.dir.try_clone().map_err(failed("open", &self.path))?;
        let mut at = PathBuf::new();
        for name in relative {
            at.push(name);
            match dir.create_dir(name) {
                // Of what is in kaizen's own folder, only files at its top must survive a loss of power.
                Ok(()) if at.starts_with(OWN_FOLDER) && at != Path::new(OWN_FOLDER) => {}
                Ok(()) => sync_folder(&dir).map_err(failed("create", &self.path.join(&at)))?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed("create", &self.path.join(&at))(error)),
            }
            dir = dir
                .open_dir_nofollow(name)
                .map_err(|error| self.no_folder(&dir, name, &at, error))?;
        }
        Ok(dir)
    }

    /// Why a path is not a folder, although something exists there.
    fn no_folder(&self, dir: &Dir, name: &OsStr, at: &Path, error: std::io::Error) -> DiskError {
        let path = self.path.join(at);
        match self.obstacle(dir, name, at, error) {
            Some(error) => error.of_folder(),
            None if dir.symlink_metadata(name).is_ok() => DiskError::NotFolder { path, kind: "a file" },
            None => failed("create", &path)(ErrorKind::NotFound.into()),
        }
    }

    /// Why a path could not be opened; `None` if it does not exist.
    fn obstacle(&self, dir: &Dir, name: &OsStr, at: &Path, error: std::io::Error) -> Option<DiskError> {
        let path = self.path.join(at);
        match found(dir.symlink_metadata(name)) {
            Ok(None) => None,
            Ok(Some(facts)) if facts.is_symlink() => Some(DiskError::Link { path }),
            Ok(Some(facts)) => match special(facts.file_type()) {
                Some(kind) => Some(DiskError::Special { path, kind }),
                // The path is a file, not a folder, so nothing is under it.
                None if error.kind() == ErrorKind::NotADirectory => None,
                None => Some(failed("open", &path)(error)),
            },
            Err(_) => Some(failed("open", &path)(error)),
        }
    }

    /// Opens a plain file; `None` if it does not exist. Never blocks on a pipe.
    pub(crate) fn open_plain(&self, relative: &Path, options: &OpenOptions) -> Result<Option<File>, DiskError> {
        let Some((folder, name)) = self.parent(relative)? else {
            return Ok(None);
        };
        self.open_in(&folder, name, relative, options)
    }

    pub(super) fn open_in(
        &self,
        folder: &Dir,
        name: &OsStr,
        relative: &Path,
        options: &OpenOptions,
    ) -> Result<Option<File>, DiskError> {
        let mut options = options.clone();
        options.follow(FollowSymlinks::No);
        nonblocking(&mut options);
        let path = || self.path.join(relative);
        match folder.open_with(name, &options) {
            Ok(file) => plain(file.into_std(), &path()).map(Some),
            Err(error) => match self.obstacle(folder, name, relative, error) {
                Some(error) => Err(error),
                None => Ok(None),
            },
        }
    }

    /// Reads the bytes of a file; `None` if it does not exist.
    ///
    /// # Errors
    /// It is not a plain file, is larger than [`LARGEST_ARTIFACT`], or cannot be read.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Result<Option<Vec<u8>>, DiskError> {
        self.read_up_to(path.as_ref(), LARGEST_ARTIFACT)
    }

    /// Like [`Self::read`], with another limit in bytes.
    ///
    /// # Errors
    /// It is not a plain file, is larger, or cannot be read.
    pub(crate) fn read_up_to(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, DiskError> {
        let relative = self.relative(path)?;
        let file = self.open_plain(&relative, OpenOptions::new().read(true))?;
        file.map(|file| bytes_of(file, &self.path.join(&relative), limit))
            .transpose()
    }

    /// The digest of a file of any size; `None` if it does not exist.
    ///
    /// # Errors
    /// It is not a plain file, or cannot be read.
    pub(crate) fn digest(&self, path: impl AsRef<Path>) -> Result<Option<Digest>, DiskError> {
        let relative = self.relative(path.as_ref())?;
        let file = self.open_plain(&relative, OpenOptions::new().read(true))?;
        file.map(|file| Digest::of_reader(file).map_err(failed("read", &self.path.join(&relative))))
            .transpose()
    }

    /// Reads the text of a file; `None` if it does not exist.
    ///
    /// # Errors
    /// As for [`Root::read`], or it is not UTF-8.
    pub(crate) fn read_text(&self, path: impl AsRef<Path>) -> Result<Option<String>, DiskError> {
        let path = path.as_ref();
        let text = |bytes| text_of(bytes, &self.path.join(path));
        self.read(path)?.map(text).transpose()
    }

    /// Whether anything exists at a path, even a dangling link.
    ///
    /// # Errors
    /// The system does not say, which is not the same as no.
    pub(crate) fn is_taken(&self, path: impl AsRef<Path>) -> Result<bool, DiskError> {
        let path = self.join(path);
        let facts = found(path.symlink_metadata()).map_err(failed("read", &path))?;
        Ok(facts.is_some())
    }

    /// Whether there is a plain file at a path; a link does not count.
    ///
    /// # Errors
    /// The system does not say, or a parent folder is a link.
    pub(crate) fn has_file(&self, path: impl AsRef<Path>) -> Result<bool, DiskError> {
        Ok(self.facts(path.as_ref())?.is_some_and(|facts| facts.is_file()))
    }

    pub(super) fn facts(&self, path: &Path) -> Result<Option<Metadata>, DiskError> {
        let relative = self.relative(path)?;
        let Some((folder, name)) = self.parent(&relative)? else {
            return Ok(None);
        };
        found(folder.symlink_metadata(name)).map_err(failed("read", &self.join(relative)))
    }

    /// Creates a folder and its parents if they do not exist.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) fn make_folder(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        self.made_folder(&self.relative(path.as_ref())?).map(|_| ())
    }
}

/// The facts about a path; `None` if nothing exists there.
pub(super) fn found<F>(facts: std::io::Result<F>) -> std::io::Result<Option<F>> {
    match facts {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses everything except files and folders.
pub(crate) fn ordinary(kind: FileType, path: &Path) -> Result<(), DiskError> {
    let path = || path.to_owned();
    match special(kind) {
        _ if kind.is_symlink() => Err(DiskError::Link { path: path() }),
        Some(kind) => Err(DiskError::Special { path: path(), kind }),
        None => Ok(()),
    }
}

/// The name of a special kind of file; `None` for files, folders and links.
fn special(kind: FileType) -> Option<&'static str> {
    use cap_fs_ext::FileTypeExt;
    let names = [
        (kind.is_fifo(), "a named pipe"),
        (kind.is_socket(), "a socket"),
        (kind.is_char_device(), "a device"),
        (kind.is_block_device(), "a device"),
    ];
    names.into_iter().find(|(is, _)| *is).map(|(_, name)| name)
}

/// Prevents the opening of a pipe from blocking.
pub(crate) fn nonblocking(options: &mut OpenOptions) {
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::custom_flags(options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    #[cfg(not(unix))]
    let _ = options;
}

/// Opens a file from the user for reading; links are followed.
///
/// # Errors
/// It does not exist, is not a plain file, or cannot be read.
pub(crate) fn open_named(path: &Path) -> Result<File, DiskError> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    plain(options.open(path).map_err(failed("open", path))?, path)
}

/// Reads the text of a user's own file; `None` if it does not exist. Links are followed.
///
/// # Errors
/// It is not a plain file, is too large, is not UTF-8, or cannot be read.
pub(crate) fn read_named(path: &Path) -> Result<Option<String>, DiskError> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = bytes_of(open_named(path)?, path, LARGEST_ARTIFACT)?;
    text_of(bytes, path).map(Some)
}

/// Checks that an open file is a plain one. It checks the open handle, so the file cannot be swapped afterwards.
pub(crate) fn plain(file: File, path: &Path) -> Result<File, DiskError> {
    let facts = file.metadata().map_err(failed("read", path))?;
    if facts.is_file() {
        return Ok(file);
    }
    if facts.is_dir() {
        return Err(failed("read", path)(ErrorKind::IsADirectory.into()));
    }
    Err(DiskError::Special {
        path: path.to_owned(),
        kind: "a pipe, socket or device",
    })
}

/// Reads the bytes of an open file, up to `limit`.
pub(crate) fn bytes_of(file: File, path: &Path, limit: u64) -> Result<Vec<u8>, DiskError> {
    let too_large = || DiskError::TooLarge {
        path: path.to_owned(),
        limit,
    };
    let length = file.metadata().map_err(failed("read", path))?.len();
    if length > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(length as usize + 1);
    // The file may grow while it is read.
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    match read.map_err(failed("read", path))? as u64 > limit {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}
