//! Commands of `ioctl` that the filter looks at: by number, and by the subsystem that they speak to.

use crate::class::Class::{self, MountAttributes, Netlink};

const EPERM: u16 = 1;

// `asm-generic/ioctls.h`.
pub(crate) const TIOCSCTTY: u32 = 0x540e;
/// The argument of TIOCSCTTY by which root takes a terminal that another session has.
pub(crate) const STEAL: u32 = 1;
pub(crate) const TIOCSTI: u32 = 0x5412;
pub(crate) const TIOCLINUX: u32 = 0x541c;
pub(crate) const TIOCCONS: u32 = 0x541d;
pub(crate) const TIOCSETD: u32 = 0x5423;
pub(crate) const TIOCSSERIAL: u32 = 0x541f;
pub(crate) const TIOCVHANGUP: u32 = 0x5437;
pub(crate) const TIOCSLCKTRMIOS: u32 = 0x5457;

// `linux/kd.h`
pub(crate) const KDADDIO: u32 = 0x4b34;
pub(crate) const KDENABIO: u32 = 0x4b36;
pub(crate) const KDSKBENT: u32 = 0x4b47;
pub(crate) const KDSKBSENT: u32 = 0x4b49;
pub(crate) const KDSKBDIACR: u32 = 0x4b4b;
pub(crate) const KDSETKEYCODE: u32 = 0x4b4d;
pub(crate) const KDSKBDIACRUC: u32 = 0x4bfb;

/// A command of `ioctl` without direction and size.
pub(crate) const TYPE_AND_NUMBER: u64 = 0xffff;

// `linux/fs.h`, and its form for 32-bit programs, which file systems take from any.
pub(crate) const FS_IOC_SETFLAGS: u32 = 0x4008_6602;
pub(crate) const FS_IOC32_SETFLAGS: u32 = 0x4004_6602;
pub(crate) const FS_IOC_SETVERSION: u32 = 0x4008_7602;
pub(crate) const FS_IOC_FSSETXATTR: u32 = 0x401c_5820;
// `ext4.h`, `linux/fsverity.h`, `linux/fscrypt.h`, `linux/msdos_fs.h`.
pub(crate) const EXT4_IOC_SETVERSION: u32 = 0x4008_6604;
pub(crate) const FS_IOC_ENABLE_VERITY: u32 = 0x4080_6685;
pub(crate) const FS_IOC_SET_ENCRYPTION_POLICY: u32 = 0x800c_6613;
pub(crate) const FAT_IOCTL_SET_ATTRIBUTES: u32 = 0x4004_7211;

/// Commands of `ioctl` that share a type, the second byte: one subsystem's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IoctlType {
    pub(crate) class: Class,
    pub(crate) byte: u8,
    /// Commands of this type that the filter lets pass, because programs need them and they change
    /// nothing of the kind.
    pub(crate) but: &'static [u32],
    pub(crate) errno: u16,
}

/// Types of which a program may use few commands or none.
pub(crate) const IOCTL_TYPES: [IoctlType; 7] = [
    // `linux/sockios.h`: interfaces, routes, addresses, tunnels, bridges. Reading them, and what is
    // about the socket itself, passes.
    IoctlType {
        class: Netlink,
        byte: 0x89,
        but: &[
            0x8901, // FIOSETOWN
            0x8902, // SIOCSPGRP
            0x8903, // FIOGETOWN
            0x8904, // SIOCGPGRP
            0x8905, // SIOCATMARK
            0x8906, // SIOCGSTAMP
            0x8907, // SIOCGSTAMPNS
            0x8910, // SIOCGIFNAME
            0x8912, // SIOCGIFCONF
            0x8913, // SIOCGIFFLAGS
            0x8915, // SIOCGIFADDR
            0x8917, // SIOCGIFDSTADDR
            0x8919, // SIOCGIFBRDADDR
            0x891b, // SIOCGIFNETMASK
            0x891d, // SIOCGIFMETRIC
            0x8921, // SIOCGIFMTU
            0x8927, // SIOCGIFHWADDR
            0x8933, // SIOCGIFINDEX
            0x8942, // SIOCGIFTXQLEN
            0x894b, // SIOCOUTQNSD
        ],
        errno: EPERM,
    },
    // `linux/wireless.h`: radio.
    IoctlType {
        class: Netlink,
        byte: 0x8b,
        but: &[],
        errno: EPERM,
    },
    // `linux/fs.h` and XFS: freeze, thaw, trim, shut down, grow. What is asked of a file system is
    // asked of any file on it.
    IoctlType {
        class: MountAttributes,
        byte: b'X',
        but: &[
            0x801c_581f, // FS_IOC_FSGETXATTR
            FS_IOC_FSSETXATTR,
        ],
        errno: EPERM,
    },
    // ext4's own: grow it, move extents, name it, change its superblock, swap the boot loader's
    // inode; and keys of encrypted files, which all of the user's programs read by. What is about
    // one file is a matter of metadata.
    IoctlType {
        class: MountAttributes,
        byte: b'f',
        but: &[
            0x8008_6601, // FS_IOC_GETFLAGS
            0x8004_6601, // FS_IOC32_GETFLAGS
            FS_IOC_SETFLAGS,
            FS_IOC32_SETFLAGS,
            0x8008_6603, // EXT4_IOC_GETVERSION
            EXT4_IOC_SETVERSION,
            0xc020_660b, // FS_IOC_FIEMAP
            0x0000_6612, // EXT4_IOC_PRECACHE_EXTENTS
            FS_IOC_SET_ENCRYPTION_POLICY,
            0x400c_6615, // FS_IOC_GET_ENCRYPTION_POLICY
            0xc009_6616, // FS_IOC_GET_ENCRYPTION_POLICY_EX
            0xc080_661a, // FS_IOC_GET_ENCRYPTION_KEY_STATUS
            0x8010_661b, // FS_IOC_GET_ENCRYPTION_NONCE
            FS_IOC_ENABLE_VERITY,
            0xc004_6686, // FS_IOC_MEASURE_VERITY
            0xc028_6687, // FS_IOC_READ_VERITY_METADATA
        ],
        errno: EPERM,
    },
    // `linux/btrfs.h`: subvolumes, devices, balance. Copying by reference is every file system's.
    IoctlType {
        class: MountAttributes,
        byte: 0x94,
        but: &[
            0x4004_9409, // FICLONE
            0x4020_940d, // FICLONERANGE
            0xc018_9436, // FIDEDUPERANGE
        ],
        errno: EPERM,
    },
    // bcachefs: subvolumes, which a snapshot copies from any path.
    IoctlType {
        class: MountAttributes,
        byte: 0xbc,
        but: &[],
        errno: EPERM,
    },
    // `linux/auto_fs.h`: as root, what is mounted on demand stays away, or is unmounted.
    IoctlType {
        class: MountAttributes,
        byte: 0x93,
        but: &[],
        errno: EPERM,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp::{Action, Arch, Syscall};
    use crate::{Kernel, Plan, Policy};

    /// What a default filter answers to a command, whatever its upper half.
    fn answer(policy: crate::PolicyBuilder, command: u32) -> Action {
        let plan = Plan::new(policy.build().unwrap(), Kernel::with_abi(7));
        let filter = plan.filter().expect("it is on by default");
        let of = |command| {
            let number = Syscall::IOCTL.number(Arch::X86_64).unwrap();
            let arguments = [0, command, 0, 0, 0, 0];
            filter.decide(Arch::X86_64, Arch::X86_64.audit(), number, arguments)
        };
        let answer = of(u64::from(command));
        assert_eq!(answer, of(0xdead_beef_0000_0000 | u64::from(command)));
        answer
    }

    #[test]
    fn file_systems_are_read_and_not_changed() {
        for command in [
            0x4010_6607, // EXT4_IOC_GROUP_EXTEND
            0xc028_660f, // EXT4_IOC_MOVE_EXT
            0x4008_662c, // EXT4_IOC_SETFSUUID
            0x40e8_662e, // EXT4_IOC_SET_TUNE_SB_PARAM
            0xc050_6617, // FS_IOC_ADD_ENCRYPTION_KEY
            0xc040_6618, // FS_IOC_REMOVE_ENCRYPTION_KEY
            0x4008_f510, // F2FS_IOC_RESIZE_FS
            0x4010_6e80, // NILFS_IOCTL_CHANGE_CPMODE
            0x0000_9362, // AUTOFS_IOC_CATATONIC
            0x4018_bc10, // BCH_IOCTL_SUBVOLUME_CREATE
            0x4018_6f04, // OCFS2_IOC_REFLINK
            0xc018_cf08, // CIFS_DUMP_KEY
        ] {
            assert_eq!(answer(Policy::builder(), command), Action::EPERM);
            let allowed = Policy::builder().allow_class(MountAttributes);
            assert_eq!(answer(allowed, command), Action::Allow);
        }
        for command in [0x8008_6601, 0xc020_660b, 0xc004_6686, 0x4020_940d] {
            assert_eq!(answer(Policy::builder(), command), Action::Allow);
        }
    }

    #[test]
    fn what_is_about_one_file_is_metadata() {
        for command in [
            FS_IOC_SETFLAGS,
            FS_IOC_FSSETXATTR,
            EXT4_IOC_SETVERSION,
            FS_IOC_ENABLE_VERITY,
            FS_IOC_SET_ENCRYPTION_POLICY,
            FAT_IOCTL_SET_ATTRIBUTES,
            0x0000_f512, // F2FS_IOC_RELEASE_COMPRESS_BLOCKS
            0x4028_9702, // CEPH_IOC_SET_LAYOUT
        ] {
            assert_eq!(answer(Policy::builder(), command), Action::EPERM);
            let creates = Policy::builder().rw("/srv");
            assert_eq!(answer(creates, command), Action::Allow);
        }
    }
}
