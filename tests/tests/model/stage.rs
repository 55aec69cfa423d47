//! Before and after an act: what it needs is made, and what it did is undone.

use std::io;
use std::path::Path;

use ringfence::FileKind;
use rustix::fs::{CWD, RenameFlags};

use crate::act::{Act, FRESH, Look, Making, OTHER, Object, Opening, Other, STAGED};
use crate::outside::Scene;
use crate::perform::path_of;
use crate::world::{clear, make, restore};

impl Act {
    /// Makes what the act is about to remove, move or look at.
    pub fn stage(self, scene: &Scene) -> io::Result<()> {
        let object = |object, name| match object {
            Object::Staged(kind, _) => make(kind, &path_of(object, scene, name)),
            Object::Fixed(_) => Ok(()),
        };
        match self {
            Self::Remove(kind, place) => make(kind, &place.within(&scene.top).join(STAGED)),
            Self::Rename(what, _) | Self::Link(what, _) => object(what, STAGED),
            Self::RenameOver(what, to) => {
                object(what, STAGED)?;
                make(replaced(what), &to.within(&scene.top).join(FRESH))
            }
            Self::Exchange(one, other) => {
                object(one, STAGED)?;
                object(other, OTHER)
            }
            Self::Look(Look::ReadLink, place) => {
                make(FileKind::Symlink, &place.within(&scene.top).join(STAGED))
            }
            Self::Other(Other::OpenQueue | Other::UnlinkQueue) => scene.stage_queue(),
            _ => Ok(()),
        }
    }

    /// Undoes all of it. What is always there has to stay the same object.
    pub fn undo(self, scene: &Scene, happened: bool) -> io::Result<()> {
        let fresh = |directory: &Path| clear(&directory.join(FRESH));
        match self {
            Self::Open(Opening::Read | Opening::ReadWrite, _) | Self::Make(Making::Nameless, _) => {
                Ok(())
            }
            Self::Open(_, place) | Self::Change(_, place) if happened => {
                restore(&place.within(&scene.top))
            }
            Self::Make(_, place) => fresh(&place.within(&scene.top)),
            Self::Remove(_, place) | Self::Look(Look::ReadLink, place) => {
                clear(&place.within(&scene.top).join(STAGED))
            }
            Self::Rename(object, to) | Self::RenameOver(object, to) => {
                let (to, from) = (to.within(&scene.top), path_of(object, scene, STAGED));
                match object {
                    Object::Fixed(_) if happened => std::fs::rename(to.join(FRESH), from),
                    Object::Fixed(_) => fresh(&to),
                    Object::Staged(..) => {
                        clear(&from)?;
                        fresh(&to)
                    }
                }
            }
            Self::Exchange(one, other) => {
                let (first, second) = (path_of(one, scene, STAGED), path_of(other, scene, OTHER));
                if happened {
                    let back = RenameFlags::EXCHANGE;
                    rustix::fs::renameat_with(CWD, &first, CWD, &second, back)?;
                }
                for (object, path) in [(one, first), (other, second)] {
                    if matches!(object, Object::Staged(..)) {
                        clear(&path)?;
                    }
                }
                Ok(())
            }
            Self::Link(object, to) => {
                fresh(&to.within(&scene.top))?;
                match object {
                    Object::Staged(..) => clear(&path_of(object, scene, STAGED)),
                    Object::Fixed(_) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// The kind of what a rename replaces: a directory can only replace a directory.
pub fn replaced(by: Object) -> FileKind {
    match by.kind() {
        FileKind::Directory => FileKind::Directory,
        _ => FileKind::Regular,
    }
}
