//! Every system call of Linux 7.3.4: its name, and its number on x86-64, AArch64 and RISC-V.
//!
//! Made by `cargo xtask syscalls` from the kernel's headers; a test holds it against them.

use super::call::Syscall;

/// No such call on this architecture.
pub(super) const NONE: u16 = u16::MAX;

/// In the order of names.
#[rustfmt::skip]
pub(super) const TABLE: [(&str, [u16; 3]); 388] = [
    ("_sysctl", [156, NONE, NONE]),
    ("accept", [43, 202, 202]),
    ("accept4", [288, 242, 242]),
    ("access", [21, NONE, NONE]),
    ("acct", [163, 89, 89]),
    ("add_key", [248, 217, 217]),
    ("adjtimex", [159, 171, 171]),
    ("afs_syscall", [183, NONE, NONE]),
    ("alarm", [37, NONE, NONE]),
    ("arch_prctl", [158, NONE, NONE]),
    ("bind", [49, 200, 200]),
    ("bpf", [321, 280, 280]),
    ("brk", [12, 214, 214]),
    ("cachestat", [451, 451, 451]),
    ("capget", [125, 90, 90]),
    ("capset", [126, 91, 91]),
    ("chdir", [80, 49, 49]),
    ("chmod", [90, NONE, NONE]),
    ("chown", [92, NONE, NONE]),
    ("chroot", [161, 51, 51]),
    ("clock_adjtime", [305, 266, 266]),
    ("clock_getres", [229, 114, 114]),
    ("clock_gettime", [228, 113, 113]),
    ("clock_nanosleep", [230, 115, 115]),
    ("clock_settime", [227, 112, 112]),
    ("clone", [56, 220, 220]),
    ("clone3", [435, 435, 435]),
    ("close", [3, 57, 57]),
    ("close_range", [436, 436, 436]),
    ("connect", [42, 203, 203]),
    ("copy_file_range", [326, 285, 285]),
    ("creat", [85, NONE, NONE]),
    ("create_module", [174, NONE, NONE]),
    ("delete_module", [176, 106, 106]),
    ("dup", [32, 23, 23]),
    ("dup2", [33, NONE, NONE]),
    ("dup3", [292, 24, 24]),
    ("epoll_create", [213, NONE, NONE]),
    ("epoll_create1", [291, 20, 20]),
    ("epoll_ctl", [233, 21, 21]),
    ("epoll_ctl_old", [214, NONE, NONE]),
    ("epoll_pwait", [281, 22, 22]),
    ("epoll_pwait2", [441, 441, 441]),
    ("epoll_wait", [232, NONE, NONE]),
    ("epoll_wait_old", [215, NONE, NONE]),
    ("eventfd", [284, NONE, NONE]),
    ("eventfd2", [290, 19, 19]),
    ("execve", [59, 221, 221]),
    ("execveat", [322, 281, 281]),
    ("exit", [60, 93, 93]),
    ("exit_group", [231, 94, 94]),
    ("faccessat", [269, 48, 48]),
    ("faccessat2", [439, 439, 439]),
    ("fadvise64", [221, 223, 223]),
    ("fallocate", [285, 47, 47]),
    ("fanotify_init", [300, 262, 262]),
    ("fanotify_mark", [301, 263, 263]),
    ("fchdir", [81, 50, 50]),
    ("fchmod", [91, 52, 52]),
    ("fchmodat", [268, 53, 53]),
    ("fchmodat2", [452, 452, 452]),
    ("fchown", [93, 55, 55]),
    ("fchownat", [260, 54, 54]),
    ("fchroot", [472, 472, 472]),
    ("fcntl", [72, 25, 25]),
    ("fdatasync", [75, 83, 83]),
    ("fgetxattr", [193, 10, 10]),
    ("file_getattr", [468, 468, 468]),
    ("file_setattr", [469, 469, 469]),
    ("finit_module", [313, 273, 273]),
    ("flistxattr", [196, 13, 13]),
    ("flock", [73, 32, 32]),
    ("fork", [57, NONE, NONE]),
    ("fremovexattr", [199, 16, 16]),
    ("fsconfig", [431, 431, 431]),
    ("fsetxattr", [190, 7, 7]),
    ("fsmount", [432, 432, 432]),
    ("fsopen", [430, 430, 430]),
    ("fspick", [433, 433, 433]),
    ("fstat", [5, 80, 80]),
    ("fstatfs", [138, 44, 44]),
    ("fsync", [74, 82, 82]),
    ("ftruncate", [77, 46, 46]),
    ("futex", [202, 98, 98]),
    ("futex_requeue", [456, 456, 456]),
    ("futex_wait", [455, 455, 455]),
    ("futex_waitv", [449, 449, 449]),
    ("futex_wake", [454, 454, 454]),
    ("futimesat", [261, NONE, NONE]),
    ("get_kernel_syms", [177, NONE, NONE]),
    ("get_mempolicy", [239, 236, 236]),
    ("get_robust_list", [274, 100, 100]),
    ("get_thread_area", [211, NONE, NONE]),
    ("getcpu", [309, 168, 168]),
    ("getcwd", [79, 17, 17]),
    ("getdents", [78, NONE, NONE]),
    ("getdents64", [217, 61, 61]),
    ("getegid", [108, 177, 177]),
    ("geteuid", [107, 175, 175]),
    ("getgid", [104, 176, 176]),
    ("getgroups", [115, 158, 158]),
    ("getitimer", [36, 102, 102]),
    ("getpeername", [52, 205, 205]),
    ("getpgid", [121, 155, 155]),
    ("getpgrp", [111, NONE, NONE]),
    ("getpid", [39, 172, 172]),
    ("getpmsg", [181, NONE, NONE]),
    ("getppid", [110, 173, 173]),
    ("getpriority", [140, 141, 141]),
    ("getrandom", [318, 278, 278]),
    ("getresgid", [120, 150, 150]),
    ("getresuid", [118, 148, 148]),
    ("getrlimit", [97, 163, 163]),
    ("getrusage", [98, 165, 165]),
    ("getsid", [124, 156, 156]),
    ("getsockname", [51, 204, 204]),
    ("getsockopt", [55, 209, 209]),
    ("gettid", [186, 178, 178]),
    ("gettimeofday", [96, 169, 169]),
    ("getuid", [102, 174, 174]),
    ("getxattr", [191, 8, 8]),
    ("getxattrat", [464, 464, 464]),
    ("init_module", [175, 105, 105]),
    ("inotify_add_watch", [254, 27, 27]),
    ("inotify_init", [253, NONE, NONE]),
    ("inotify_init1", [294, 26, 26]),
    ("inotify_rm_watch", [255, 28, 28]),
    ("io_cancel", [210, 3, 3]),
    ("io_destroy", [207, 1, 1]),
    ("io_getevents", [208, 4, 4]),
    ("io_pgetevents", [333, 292, 292]),
    ("io_setup", [206, 0, 0]),
    ("io_submit", [209, 2, 2]),
    ("io_uring_enter", [426, 426, 426]),
    ("io_uring_register", [427, 427, 427]),
    ("io_uring_setup", [425, 425, 425]),
    ("ioctl", [16, 29, 29]),
    ("ioperm", [173, NONE, NONE]),
    ("iopl", [172, NONE, NONE]),
    ("ioprio_get", [252, 31, 31]),
    ("ioprio_set", [251, 30, 30]),
    ("kcmp", [312, 272, 272]),
    ("kexec_file_load", [320, 294, 294]),
    ("kexec_load", [246, 104, 104]),
    ("keyctl", [250, 219, 219]),
    ("kill", [62, 129, 129]),
    ("landlock_add_rule", [445, 445, 445]),
    ("landlock_create_ruleset", [444, 444, 444]),
    ("landlock_restrict_self", [446, 446, 446]),
    ("lchown", [94, NONE, NONE]),
    ("lgetxattr", [192, 9, 9]),
    ("link", [86, NONE, NONE]),
    ("linkat", [265, 37, 37]),
    ("listen", [50, 201, 201]),
    ("listmount", [458, 458, 458]),
    ("listns", [470, 470, 470]),
    ("listxattr", [194, 11, 11]),
    ("listxattrat", [465, 465, 465]),
    ("llistxattr", [195, 12, 12]),
    ("lookup_dcookie", [212, 18, 18]),
    ("lremovexattr", [198, 15, 15]),
    ("lseek", [8, 62, 62]),
    ("lsetxattr", [189, 6, 6]),
    ("lsm_get_self_attr", [459, 459, 459]),
    ("lsm_list_modules", [461, 461, 461]),
    ("lsm_set_self_attr", [460, 460, 460]),
    ("lstat", [6, NONE, NONE]),
    ("madvise", [28, 233, 233]),
    ("map_shadow_stack", [453, 453, 453]),
    ("mbind", [237, 235, 235]),
    ("membarrier", [324, 283, 283]),
    ("memfd_create", [319, 279, 279]),
    ("memfd_secret", [447, 447, 447]),
    ("migrate_pages", [256, 238, 238]),
    ("mincore", [27, 232, 232]),
    ("mkdir", [83, NONE, NONE]),
    ("mkdirat", [258, 34, 34]),
    ("mknod", [133, NONE, NONE]),
    ("mknodat", [259, 33, 33]),
    ("mlock", [149, 228, 228]),
    ("mlock2", [325, 284, 284]),
    ("mlockall", [151, 230, 230]),
    ("mmap", [9, 222, 222]),
    ("modify_ldt", [154, NONE, NONE]),
    ("mount", [165, 40, 40]),
    ("mount_setattr", [442, 442, 442]),
    ("move_mount", [429, 429, 429]),
    ("move_pages", [279, 239, 239]),
    ("mprotect", [10, 226, 226]),
    ("mq_getsetattr", [245, 185, 185]),
    ("mq_notify", [244, 184, 184]),
    ("mq_open", [240, 180, 180]),
    ("mq_timedreceive", [243, 183, 183]),
    ("mq_timedsend", [242, 182, 182]),
    ("mq_unlink", [241, 181, 181]),
    ("mremap", [25, 216, 216]),
    ("mseal", [462, 462, 462]),
    ("msgctl", [71, 187, 187]),
    ("msgget", [68, 186, 186]),
    ("msgrcv", [70, 188, 188]),
    ("msgsnd", [69, 189, 189]),
    ("msync", [26, 227, 227]),
    ("munlock", [150, 229, 229]),
    ("munlockall", [152, 231, 231]),
    ("munmap", [11, 215, 215]),
    ("name_to_handle_at", [303, 264, 264]),
    ("nanosleep", [35, 101, 101]),
    ("newfstatat", [262, 79, 79]),
    ("nfsservctl", [180, 42, 42]),
    ("open", [2, NONE, NONE]),
    ("open_by_handle_at", [304, 265, 265]),
    ("open_tree", [428, 428, 428]),
    ("open_tree_attr", [467, 467, 467]),
    ("openat", [257, 56, 56]),
    ("openat2", [437, 437, 437]),
    ("pause", [34, NONE, NONE]),
    ("perf_event_open", [298, 241, 241]),
    ("personality", [135, 92, 92]),
    ("pidfd_getfd", [438, 438, 438]),
    ("pidfd_open", [434, 434, 434]),
    ("pidfd_send_signal", [424, 424, 424]),
    ("pipe", [22, NONE, NONE]),
    ("pipe2", [293, 59, 59]),
    ("pivot_root", [155, 41, 41]),
    ("pkey_alloc", [330, 289, 289]),
    ("pkey_free", [331, 290, 290]),
    ("pkey_mprotect", [329, 288, 288]),
    ("poll", [7, NONE, NONE]),
    ("ppoll", [271, 73, 73]),
    ("prctl", [157, 167, 167]),
    ("pread64", [17, 67, 67]),
    ("preadv", [295, 69, 69]),
    ("preadv2", [327, 286, 286]),
    ("prlimit64", [302, 261, 261]),
    ("process_madvise", [440, 440, 440]),
    ("process_mrelease", [448, 448, 448]),
    ("process_vm_readv", [310, 270, 270]),
    ("process_vm_writev", [311, 271, 271]),
    ("pselect6", [270, 72, 72]),
    ("ptrace", [101, 117, 117]),
    ("putpmsg", [182, NONE, NONE]),
    ("pwrite64", [18, 68, 68]),
    ("pwritev", [296, 70, 70]),
    ("pwritev2", [328, 287, 287]),
    ("query_module", [178, NONE, NONE]),
    ("quotactl", [179, 60, 60]),
    ("quotactl_fd", [443, 443, 443]),
    ("read", [0, 63, 63]),
    ("readahead", [187, 213, 213]),
    ("readlink", [89, NONE, NONE]),
    ("readlinkat", [267, 78, 78]),
    ("readv", [19, 65, 65]),
    ("reboot", [169, 142, 142]),
    ("recvfrom", [45, 207, 207]),
    ("recvmmsg", [299, 243, 243]),
    ("recvmsg", [47, 212, 212]),
    ("remap_file_pages", [216, 234, 234]),
    ("removexattr", [197, 14, 14]),
    ("removexattrat", [466, 466, 466]),
    ("rename", [82, NONE, NONE]),
    ("renameat", [264, 38, NONE]),
    ("renameat2", [316, 276, 276]),
    ("request_key", [249, 218, 218]),
    ("restart_syscall", [219, 128, 128]),
    ("riscv_flush_icache", [NONE, NONE, 259]),
    ("riscv_hwprobe", [NONE, NONE, 258]),
    ("rmdir", [84, NONE, NONE]),
    ("rseq", [334, 293, 293]),
    ("rseq_slice_yield", [471, 471, 471]),
    ("rt_sigaction", [13, 134, 134]),
    ("rt_sigpending", [127, 136, 136]),
    ("rt_sigprocmask", [14, 135, 135]),
    ("rt_sigqueueinfo", [129, 138, 138]),
    ("rt_sigreturn", [15, 139, 139]),
    ("rt_sigsuspend", [130, 133, 133]),
    ("rt_sigtimedwait", [128, 137, 137]),
    ("rt_tgsigqueueinfo", [297, 240, 240]),
    ("sched_get_priority_max", [146, 125, 125]),
    ("sched_get_priority_min", [147, 126, 126]),
    ("sched_getaffinity", [204, 123, 123]),
    ("sched_getattr", [315, 275, 275]),
    ("sched_getparam", [143, 121, 121]),
    ("sched_getscheduler", [145, 120, 120]),
    ("sched_rr_get_interval", [148, 127, 127]),
    ("sched_setaffinity", [203, 122, 122]),
    ("sched_setattr", [314, 274, 274]),
    ("sched_setparam", [142, 118, 118]),
    ("sched_setscheduler", [144, 119, 119]),
    ("sched_yield", [24, 124, 124]),
    ("seccomp", [317, 277, 277]),
    ("security", [185, NONE, NONE]),
    ("select", [23, NONE, NONE]),
    ("semctl", [66, 191, 191]),
    ("semget", [64, 190, 190]),
    ("semop", [65, 193, 193]),
    ("semtimedop", [220, 192, 192]),
    ("sendfile", [40, 71, 71]),
    ("sendmmsg", [307, 269, 269]),
    ("sendmsg", [46, 211, 211]),
    ("sendto", [44, 206, 206]),
    ("set_mempolicy", [238, 237, 237]),
    ("set_mempolicy_home_node", [450, 450, 450]),
    ("set_robust_list", [273, 99, 99]),
    ("set_thread_area", [205, NONE, NONE]),
    ("set_tid_address", [218, 96, 96]),
    ("setdomainname", [171, 162, 162]),
    ("setfsgid", [123, 152, 152]),
    ("setfsuid", [122, 151, 151]),
    ("setgid", [106, 144, 144]),
    ("setgroups", [116, 159, 159]),
    ("sethostname", [170, 161, 161]),
    ("setitimer", [38, 103, 103]),
    ("setns", [308, 268, 268]),
    ("setpgid", [109, 154, 154]),
    ("setpriority", [141, 140, 140]),
    ("setregid", [114, 143, 143]),
    ("setresgid", [119, 149, 149]),
    ("setresuid", [117, 147, 147]),
    ("setreuid", [113, 145, 145]),
    ("setrlimit", [160, 164, 164]),
    ("setsid", [112, 157, 157]),
    ("setsockopt", [54, 208, 208]),
    ("settimeofday", [164, 170, 170]),
    ("setuid", [105, 146, 146]),
    ("setxattr", [188, 5, 5]),
    ("setxattrat", [463, 463, 463]),
    ("shmat", [30, 196, 196]),
    ("shmctl", [31, 195, 195]),
    ("shmdt", [67, 197, 197]),
    ("shmget", [29, 194, 194]),
    ("shutdown", [48, 210, 210]),
    ("sigaltstack", [131, 132, 132]),
    ("signalfd", [282, NONE, NONE]),
    ("signalfd4", [289, 74, 74]),
    ("socket", [41, 198, 198]),
    ("socketpair", [53, 199, 199]),
    ("splice", [275, 76, 76]),
    ("stat", [4, NONE, NONE]),
    ("statfs", [137, 43, 43]),
    ("statmount", [457, 457, 457]),
    ("statx", [332, 291, 291]),
    ("swapoff", [168, 225, 225]),
    ("swapon", [167, 224, 224]),
    ("symlink", [88, NONE, NONE]),
    ("symlinkat", [266, 36, 36]),
    ("sync", [162, 81, 81]),
    ("sync_file_range", [277, 84, 84]),
    ("syncfs", [306, 267, 267]),
    ("sysfs", [139, NONE, NONE]),
    ("sysinfo", [99, 179, 179]),
    ("syslog", [103, 116, 116]),
    ("tee", [276, 77, 77]),
    ("tgkill", [234, 131, 131]),
    ("time", [201, NONE, NONE]),
    ("timer_create", [222, 107, 107]),
    ("timer_delete", [226, 111, 111]),
    ("timer_getoverrun", [225, 109, 109]),
    ("timer_gettime", [224, 108, 108]),
    ("timer_settime", [223, 110, 110]),
    ("timerfd_create", [283, 85, 85]),
    ("timerfd_gettime", [287, 87, 87]),
    ("timerfd_settime", [286, 86, 86]),
    ("times", [100, 153, 153]),
    ("tkill", [200, 130, 130]),
    ("truncate", [76, 45, 45]),
    ("tuxcall", [184, NONE, NONE]),
    ("umask", [95, 166, 166]),
    ("umount2", [166, 39, 39]),
    ("uname", [63, 160, 160]),
    ("unlink", [87, NONE, NONE]),
    ("unlinkat", [263, 35, 35]),
    ("unshare", [272, 97, 97]),
    ("uprobe", [336, NONE, NONE]),
    ("uretprobe", [335, NONE, NONE]),
    ("uselib", [134, NONE, NONE]),
    ("userfaultfd", [323, 282, 282]),
    ("ustat", [136, NONE, NONE]),
    ("utime", [132, NONE, NONE]),
    ("utimensat", [280, 88, 88]),
    ("utimes", [235, NONE, NONE]),
    ("vfork", [58, NONE, NONE]),
    ("vhangup", [153, 58, 58]),
    ("vmsplice", [278, 75, 75]),
    ("vserver", [236, NONE, NONE]),
    ("wait4", [61, 260, 260]),
    ("waitid", [247, 95, 95]),
    ("write", [1, 64, 64]),
    ("writev", [20, 66, 66]),
];

#[rustfmt::skip]
#[allow(missing_docs, reason = "each is the call of its name")]
impl Syscall {
    pub const SYSCTL: Self = Self(0);
    pub const ACCEPT: Self = Self(1);
    pub const ACCEPT4: Self = Self(2);
    pub const ACCESS: Self = Self(3);
    pub const ACCT: Self = Self(4);
    pub const ADD_KEY: Self = Self(5);
    pub const ADJTIMEX: Self = Self(6);
    pub const AFS_SYSCALL: Self = Self(7);
    pub const ALARM: Self = Self(8);
    pub const ARCH_PRCTL: Self = Self(9);
    pub const BIND: Self = Self(10);
    pub const BPF: Self = Self(11);
    pub const BRK: Self = Self(12);
    pub const CACHESTAT: Self = Self(13);
    pub const CAPGET: Self = Self(14);
    pub const CAPSET: Self = Self(15);
    pub const CHDIR: Self = Self(16);
    pub const CHMOD: Self = Self(17);
    pub const CHOWN: Self = Self(18);
    pub const CHROOT: Self = Self(19);
    pub const CLOCK_ADJTIME: Self = Self(20);
    pub const CLOCK_GETRES: Self = Self(21);
    pub const CLOCK_GETTIME: Self = Self(22);
    pub const CLOCK_NANOSLEEP: Self = Self(23);
    pub const CLOCK_SETTIME: Self = Self(24);
    pub const CLONE: Self = Self(25);
    pub const CLONE3: Self = Self(26);
    pub const CLOSE: Self = Self(27);
    pub const CLOSE_RANGE: Self = Self(28);
    pub const CONNECT: Self = Self(29);
    pub const COPY_FILE_RANGE: Self = Self(30);
    pub const CREAT: Self = Self(31);
    pub const CREATE_MODULE: Self = Self(32);
    pub const DELETE_MODULE: Self = Self(33);
    pub const DUP: Self = Self(34);
    pub const DUP2: Self = Self(35);
    pub const DUP3: Self = Self(36);
    pub const EPOLL_CREATE: Self = Self(37);
    pub const EPOLL_CREATE1: Self = Self(38);
    pub const EPOLL_CTL: Self = Self(39);
    pub const EPOLL_CTL_OLD: Self = Self(40);
    pub const EPOLL_PWAIT: Self = Self(41);
    pub const EPOLL_PWAIT2: Self = Self(42);
    pub const EPOLL_WAIT: Self = Self(43);
    pub const EPOLL_WAIT_OLD: Self = Self(44);
    pub const EVENTFD: Self = Self(45);
    pub const EVENTFD2: Self = Self(46);
    pub const EXECVE: Self = Self(47);
    pub const EXECVEAT: Self = Self(48);
    pub const EXIT: Self = Self(49);
    pub const EXIT_GROUP: Self = Self(50);
    pub const FACCESSAT: Self = Self(51);
    pub const FACCESSAT2: Self = Self(52);
    pub const FADVISE64: Self = Self(53);
    pub const FALLOCATE: Self = Self(54);
    pub const FANOTIFY_INIT: Self = Self(55);
    pub const FANOTIFY_MARK: Self = Self(56);
    pub const FCHDIR: Self = Self(57);
    pub const FCHMOD: Self = Self(58);
    pub const FCHMODAT: Self = Self(59);
    pub const FCHMODAT2: Self = Self(60);
    pub const FCHOWN: Self = Self(61);
    pub const FCHOWNAT: Self = Self(62);
    pub const FCHROOT: Self = Self(63);
    pub const FCNTL: Self = Self(64);
    pub const FDATASYNC: Self = Self(65);
    pub const FGETXATTR: Self = Self(66);
    pub const FILE_GETATTR: Self = Self(67);
    pub const FILE_SETATTR: Self = Self(68);
    pub const FINIT_MODULE: Self = Self(69);
    pub const FLISTXATTR: Self = Self(70);
    pub const FLOCK: Self = Self(71);
    pub const FORK: Self = Self(72);
    pub const FREMOVEXATTR: Self = Self(73);
    pub const FSCONFIG: Self = Self(74);
    pub const FSETXATTR: Self = Self(75);
    pub const FSMOUNT: Self = Self(76);
    pub const FSOPEN: Self = Self(77);
    pub const FSPICK: Self = Self(78);
    pub const FSTAT: Self = Self(79);
    pub const FSTATFS: Self = Self(80);
    pub const FSYNC: Self = Self(81);
    pub const FTRUNCATE: Self = Self(82);
    pub const FUTEX: Self = Self(83);
    pub const FUTEX_REQUEUE: Self = Self(84);
    pub const FUTEX_WAIT: Self = Self(85);
    pub const FUTEX_WAITV: Self = Self(86);
    pub const FUTEX_WAKE: Self = Self(87);
    pub const FUTIMESAT: Self = Self(88);
    pub const GET_KERNEL_SYMS: Self = Self(89);
    pub const GET_MEMPOLICY: Self = Self(90);
    pub const GET_ROBUST_LIST: Self = Self(91);
    pub const GET_THREAD_AREA: Self = Self(92);
    pub const GETCPU: Self = Self(93);
    pub const GETCWD: Self = Self(94);
    pub const GETDENTS: Self = Self(95);
    pub const GETDENTS64: Self = Self(96);
    pub const GETEGID: Self = Self(97);
    pub const GETEUID: Self = Self(98);
    pub const GETGID: Self = Self(99);
    pub const GETGROUPS: Self = Self(100);
    pub const GETITIMER: Self = Self(101);
    pub const GETPEERNAME: Self = Self(102);
    pub const GETPGID: Self = Self(103);
    pub const GETPGRP: Self = Self(104);
    pub const GETPID: Self = Self(105);
    pub const GETPMSG: Self = Self(106);
    pub const GETPPID: Self = Self(107);
    pub const GETPRIORITY: Self = Self(108);
    pub const GETRANDOM: Self = Self(109);
    pub const GETRESGID: Self = Self(110);
    pub const GETRESUID: Self = Self(111);
    pub const GETRLIMIT: Self = Self(112);
    pub const GETRUSAGE: Self = Self(113);
    pub const GETSID: Self = Self(114);
    pub const GETSOCKNAME: Self = Self(115);
    pub const GETSOCKOPT: Self = Self(116);
    pub const GETTID: Self = Self(117);
    pub const GETTIMEOFDAY: Self = Self(118);
    pub const GETUID: Self = Self(119);
    pub const GETXATTR: Self = Self(120);
    pub const GETXATTRAT: Self = Self(121);
    pub const INIT_MODULE: Self = Self(122);
    pub const INOTIFY_ADD_WATCH: Self = Self(123);
    pub const INOTIFY_INIT: Self = Self(124);
    pub const INOTIFY_INIT1: Self = Self(125);
    pub const INOTIFY_RM_WATCH: Self = Self(126);
    pub const IO_CANCEL: Self = Self(127);
    pub const IO_DESTROY: Self = Self(128);
    pub const IO_GETEVENTS: Self = Self(129);
    pub const IO_PGETEVENTS: Self = Self(130);
    pub const IO_SETUP: Self = Self(131);
    pub const IO_SUBMIT: Self = Self(132);
    pub const IO_URING_ENTER: Self = Self(133);
    pub const IO_URING_REGISTER: Self = Self(134);
    pub const IO_URING_SETUP: Self = Self(135);
    pub const IOCTL: Self = Self(136);
    pub const IOPERM: Self = Self(137);
    pub const IOPL: Self = Self(138);
    pub const IOPRIO_GET: Self = Self(139);
    pub const IOPRIO_SET: Self = Self(140);
    pub const KCMP: Self = Self(141);
    pub const KEXEC_FILE_LOAD: Self = Self(142);
    pub const KEXEC_LOAD: Self = Self(143);
    pub const KEYCTL: Self = Self(144);
    pub const KILL: Self = Self(145);
    pub const LANDLOCK_ADD_RULE: Self = Self(146);
    pub const LANDLOCK_CREATE_RULESET: Self = Self(147);
    pub const LANDLOCK_RESTRICT_SELF: Self = Self(148);
    pub const LCHOWN: Self = Self(149);
    pub const LGETXATTR: Self = Self(150);
    pub const LINK: Self = Self(151);
    pub const LINKAT: Self = Self(152);
    pub const LISTEN: Self = Self(153);
    pub const LISTMOUNT: Self = Self(154);
    pub const LISTNS: Self = Self(155);
    pub const LISTXATTR: Self = Self(156);
    pub const LISTXATTRAT: Self = Self(157);
    pub const LLISTXATTR: Self = Self(158);
    pub const LOOKUP_DCOOKIE: Self = Self(159);
    pub const LREMOVEXATTR: Self = Self(160);
    pub const LSEEK: Self = Self(161);
    pub const LSETXATTR: Self = Self(162);
    pub const LSM_GET_SELF_ATTR: Self = Self(163);
    pub const LSM_LIST_MODULES: Self = Self(164);
    pub const LSM_SET_SELF_ATTR: Self = Self(165);
    pub const LSTAT: Self = Self(166);
    pub const MADVISE: Self = Self(167);
    pub const MAP_SHADOW_STACK: Self = Self(168);
    pub const MBIND: Self = Self(169);
    pub const MEMBARRIER: Self = Self(170);
    pub const MEMFD_CREATE: Self = Self(171);
    pub const MEMFD_SECRET: Self = Self(172);
    pub const MIGRATE_PAGES: Self = Self(173);
    pub const MINCORE: Self = Self(174);
    pub const MKDIR: Self = Self(175);
    pub const MKDIRAT: Self = Self(176);
    pub const MKNOD: Self = Self(177);
    pub const MKNODAT: Self = Self(178);
    pub const MLOCK: Self = Self(179);
    pub const MLOCK2: Self = Self(180);
    pub const MLOCKALL: Self = Self(181);
    pub const MMAP: Self = Self(182);
    pub const MODIFY_LDT: Self = Self(183);
    pub const MOUNT: Self = Self(184);
    pub const MOUNT_SETATTR: Self = Self(185);
    pub const MOVE_MOUNT: Self = Self(186);
    pub const MOVE_PAGES: Self = Self(187);
    pub const MPROTECT: Self = Self(188);
    pub const MQ_GETSETATTR: Self = Self(189);
    pub const MQ_NOTIFY: Self = Self(190);
    pub const MQ_OPEN: Self = Self(191);
    pub const MQ_TIMEDRECEIVE: Self = Self(192);
    pub const MQ_TIMEDSEND: Self = Self(193);
    pub const MQ_UNLINK: Self = Self(194);
    pub const MREMAP: Self = Self(195);
    pub const MSEAL: Self = Self(196);
    pub const MSGCTL: Self = Self(197);
    pub const MSGGET: Self = Self(198);
    pub const MSGRCV: Self = Self(199);
    pub const MSGSND: Self = Self(200);
    pub const MSYNC: Self = Self(201);
    pub const MUNLOCK: Self = Self(202);
    pub const MUNLOCKALL: Self = Self(203);
    pub const MUNMAP: Self = Self(204);
    pub const NAME_TO_HANDLE_AT: Self = Self(205);
    pub const NANOSLEEP: Self = Self(206);
    pub const NEWFSTATAT: Self = Self(207);
    pub const NFSSERVCTL: Self = Self(208);
    pub const OPEN: Self = Self(209);
    pub const OPEN_BY_HANDLE_AT: Self = Self(210);
    pub const OPEN_TREE: Self = Self(211);
    pub const OPEN_TREE_ATTR: Self = Self(212);
    pub const OPENAT: Self = Self(213);
    pub const OPENAT2: Self = Self(214);
    pub const PAUSE: Self = Self(215);
    pub const PERF_EVENT_OPEN: Self = Self(216);
    pub const PERSONALITY: Self = Self(217);
    pub const PIDFD_GETFD: Self = Self(218);
    pub const PIDFD_OPEN: Self = Self(219);
    pub const PIDFD_SEND_SIGNAL: Self = Self(220);
    pub const PIPE: Self = Self(221);
    pub const PIPE2: Self = Self(222);
    pub const PIVOT_ROOT: Self = Self(223);
    pub const PKEY_ALLOC: Self = Self(224);
    pub const PKEY_FREE: Self = Self(225);
    pub const PKEY_MPROTECT: Self = Self(226);
    pub const POLL: Self = Self(227);
    pub const PPOLL: Self = Self(228);
    pub const PRCTL: Self = Self(229);
    pub const PREAD64: Self = Self(230);
    pub const PREADV: Self = Self(231);
    pub const PREADV2: Self = Self(232);
    pub const PRLIMIT64: Self = Self(233);
    pub const PROCESS_MADVISE: Self = Self(234);
    pub const PROCESS_MRELEASE: Self = Self(235);
    pub const PROCESS_VM_READV: Self = Self(236);
    pub const PROCESS_VM_WRITEV: Self = Self(237);
    pub const PSELECT6: Self = Self(238);
    pub const PTRACE: Self = Self(239);
    pub const PUTPMSG: Self = Self(240);
    pub const PWRITE64: Self = Self(241);
    pub const PWRITEV: Self = Self(242);
    pub const PWRITEV2: Self = Self(243);
    pub const QUERY_MODULE: Self = Self(244);
    pub const QUOTACTL: Self = Self(245);
    pub const QUOTACTL_FD: Self = Self(246);
    pub const READ: Self = Self(247);
    pub const READAHEAD: Self = Self(248);
    pub const READLINK: Self = Self(249);
    pub const READLINKAT: Self = Self(250);
    pub const READV: Self = Self(251);
    pub const REBOOT: Self = Self(252);
    pub const RECVFROM: Self = Self(253);
    pub const RECVMMSG: Self = Self(254);
    pub const RECVMSG: Self = Self(255);
    pub const REMAP_FILE_PAGES: Self = Self(256);
    pub const REMOVEXATTR: Self = Self(257);
    pub const REMOVEXATTRAT: Self = Self(258);
    pub const RENAME: Self = Self(259);
    pub const RENAMEAT: Self = Self(260);
    pub const RENAMEAT2: Self = Self(261);
    pub const REQUEST_KEY: Self = Self(262);
    pub const RESTART_SYSCALL: Self = Self(263);
    pub const RISCV_FLUSH_ICACHE: Self = Self(264);
    pub const RISCV_HWPROBE: Self = Self(265);
    pub const RMDIR: Self = Self(266);
    pub const RSEQ: Self = Self(267);
    pub const RSEQ_SLICE_YIELD: Self = Self(268);
    pub const RT_SIGACTION: Self = Self(269);
    pub const RT_SIGPENDING: Self = Self(270);
    pub const RT_SIGPROCMASK: Self = Self(271);
    pub const RT_SIGQUEUEINFO: Self = Self(272);
    pub const RT_SIGRETURN: Self = Self(273);
    pub const RT_SIGSUSPEND: Self = Self(274);
    pub const RT_SIGTIMEDWAIT: Self = Self(275);
    pub const RT_TGSIGQUEUEINFO: Self = Self(276);
    pub const SCHED_GET_PRIORITY_MAX: Self = Self(277);
    pub const SCHED_GET_PRIORITY_MIN: Self = Self(278);
    pub const SCHED_GETAFFINITY: Self = Self(279);
    pub const SCHED_GETATTR: Self = Self(280);
    pub const SCHED_GETPARAM: Self = Self(281);
    pub const SCHED_GETSCHEDULER: Self = Self(282);
    pub const SCHED_RR_GET_INTERVAL: Self = Self(283);
    pub const SCHED_SETAFFINITY: Self = Self(284);
    pub const SCHED_SETATTR: Self = Self(285);
    pub const SCHED_SETPARAM: Self = Self(286);
    pub const SCHED_SETSCHEDULER: Self = Self(287);
    pub const SCHED_YIELD: Self = Self(288);
    pub const SECCOMP: Self = Self(289);
    pub const SECURITY: Self = Self(290);
    pub const SELECT: Self = Self(291);
    pub const SEMCTL: Self = Self(292);
    pub const SEMGET: Self = Self(293);
    pub const SEMOP: Self = Self(294);
    pub const SEMTIMEDOP: Self = Self(295);
    pub const SENDFILE: Self = Self(296);
    pub const SENDMMSG: Self = Self(297);
    pub const SENDMSG: Self = Self(298);
    pub const SENDTO: Self = Self(299);
    pub const SET_MEMPOLICY: Self = Self(300);
    pub const SET_MEMPOLICY_HOME_NODE: Self = Self(301);
    pub const SET_ROBUST_LIST: Self = Self(302);
    pub const SET_THREAD_AREA: Self = Self(303);
    pub const SET_TID_ADDRESS: Self = Self(304);
    pub const SETDOMAINNAME: Self = Self(305);
    pub const SETFSGID: Self = Self(306);
    pub const SETFSUID: Self = Self(307);
    pub const SETGID: Self = Self(308);
    pub const SETGROUPS: Self = Self(309);
    pub const SETHOSTNAME: Self = Self(310);
    pub const SETITIMER: Self = Self(311);
    pub const SETNS: Self = Self(312);
    pub const SETPGID: Self = Self(313);
    pub const SETPRIORITY: Self = Self(314);
    pub const SETREGID: Self = Self(315);
    pub const SETRESGID: Self = Self(316);
    pub const SETRESUID: Self = Self(317);
    pub const SETREUID: Self = Self(318);
    pub const SETRLIMIT: Self = Self(319);
    pub const SETSID: Self = Self(320);
    pub const SETSOCKOPT: Self = Self(321);
    pub const SETTIMEOFDAY: Self = Self(322);
    pub const SETUID: Self = Self(323);
    pub const SETXATTR: Self = Self(324);
    pub const SETXATTRAT: Self = Self(325);
    pub const SHMAT: Self = Self(326);
    pub const SHMCTL: Self = Self(327);
    pub const SHMDT: Self = Self(328);
    pub const SHMGET: Self = Self(329);
    pub const SHUTDOWN: Self = Self(330);
    pub const SIGALTSTACK: Self = Self(331);
    pub const SIGNALFD: Self = Self(332);
    pub const SIGNALFD4: Self = Self(333);
    pub const SOCKET: Self = Self(334);
    pub const SOCKETPAIR: Self = Self(335);
    pub const SPLICE: Self = Self(336);
    pub const STAT: Self = Self(337);
    pub const STATFS: Self = Self(338);
    pub const STATMOUNT: Self = Self(339);
    pub const STATX: Self = Self(340);
    pub const SWAPOFF: Self = Self(341);
    pub const SWAPON: Self = Self(342);
    pub const SYMLINK: Self = Self(343);
    pub const SYMLINKAT: Self = Self(344);
    pub const SYNC: Self = Self(345);
    pub const SYNC_FILE_RANGE: Self = Self(346);
    pub const SYNCFS: Self = Self(347);
    pub const SYSFS: Self = Self(348);
    pub const SYSINFO: Self = Self(349);
    pub const SYSLOG: Self = Self(350);
    pub const TEE: Self = Self(351);
    pub const TGKILL: Self = Self(352);
    pub const TIME: Self = Self(353);
    pub const TIMER_CREATE: Self = Self(354);
    pub const TIMER_DELETE: Self = Self(355);
    pub const TIMER_GETOVERRUN: Self = Self(356);
    pub const TIMER_GETTIME: Self = Self(357);
    pub const TIMER_SETTIME: Self = Self(358);
    pub const TIMERFD_CREATE: Self = Self(359);
    pub const TIMERFD_GETTIME: Self = Self(360);
    pub const TIMERFD_SETTIME: Self = Self(361);
    pub const TIMES: Self = Self(362);
    pub const TKILL: Self = Self(363);
    pub const TRUNCATE: Self = Self(364);
    pub const TUXCALL: Self = Self(365);
    pub const UMASK: Self = Self(366);
    pub const UMOUNT2: Self = Self(367);
    pub const UNAME: Self = Self(368);
    pub const UNLINK: Self = Self(369);
    pub const UNLINKAT: Self = Self(370);
    pub const UNSHARE: Self = Self(371);
    pub const UPROBE: Self = Self(372);
    pub const URETPROBE: Self = Self(373);
    pub const USELIB: Self = Self(374);
    pub const USERFAULTFD: Self = Self(375);
    pub const USTAT: Self = Self(376);
    pub const UTIME: Self = Self(377);
    pub const UTIMENSAT: Self = Self(378);
    pub const UTIMES: Self = Self(379);
    pub const VFORK: Self = Self(380);
    pub const VHANGUP: Self = Self(381);
    pub const VMSPLICE: Self = Self(382);
    pub const VSERVER: Self = Self(383);
    pub const WAIT4: Self = Self(384);
    pub const WAITID: Self = Self(385);
    pub const WRITE: Self = Self(386);
    pub const WRITEV: Self = Self(387);
}
