/*
 * ringfence: unprivileged sandboxing with Landlock and seccomp.
 *
 *     ringfence_policy -> ringfence_plan  -> ringfence_sandbox -> ringfence_sandbox_enforce: this process
 *     what is wanted      who enforces it    opened, compiled     ringfence_command_spawn: a program
 *
 * Written by `cargo xtask header` from the code; do not edit. docs/c.md is the guide.
 *
 * Errors: a function that can fail returns NULL, or an error that is yours to free with
 * ringfence_error_free. It puts NULL, or what stands for nothing, where its answer would go.
 *
 * Handles: what a function makes is yours, and freed once by the function that its comment names, which
 * takes NULL as well. Freeing a handle twice, or using it after that, is undefined as with free(3). No
 * handle needs another one to live on, and the order in which they are freed does not matter. What a
 * function only reads stays yours.
 *
 * Text ends with NUL, unless a length is asked for, and is not kept after the function returns. Paths,
 * arguments and variables may be any bytes; words and manifests are UTF-8. An argument that is NULL where
 * no NULL is allowed, or no UTF-8, is an error and does nothing else. Pointers that point nowhere are
 * undefined, as everywhere in C.
 *
 * Threads: functions may be called from many threads at once, also on the same handle if they take it as
 * pointer to const. Those that take it otherwise need it for themselves, and so do those that free it.
 * Nothing may be called from a signal handler, or between fork and exec in a process with several threads.
 * Starting programs and reading manifests reads the environment, which no thread may change meanwhile.
 *
 * A fault of the library itself becomes an error with the code RINGFENCE_CODE_INTERNAL, if it was built to
 * (docs/c.md). Only a lack of memory ends the process.
 */

#ifndef RINGFENCE_H
#define RINGFENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header; `ringfence_version` has that of the library. */
#define RINGFENCE_VERSION_MAJOR 0
#define RINGFENCE_VERSION_MINOR 1
#define RINGFENCE_VERSION_PATCH 0

/* An error that is dropped is a sandbox that is believed to hold. */
#if defined(__GNUC__)
#define RINGFENCE_MUST_USE __attribute__((warn_unused_result))
#else
#define RINGFENCE_MUST_USE
#endif


/**
 * What kind of failure an error is.
 */
typedef enum {
  /**
   * No error.
   */
  RINGFENCE_CODE_NONE = 0,
  /**
   * An argument cannot be used: NULL, no UTF-8, a word that is unknown, a handle that is spent.
   */
  RINGFENCE_CODE_ARGUMENT = 1,
  /**
   * A line of the policy means nothing or contradicts another, or a manifest cannot be used.
   */
  RINGFENCE_CODE_POLICY = 2,
  /**
   * This kernel cannot enforce the policy; the sentence names the line and the kernel that could.
   */
  RINGFENCE_CODE_KERNEL = 3,
  /**
   * The path of a line cannot be allowed: it is missing, closed to this user, or the like.
   */
  RINGFENCE_CODE_PATH = 4,
  /**
   * The sandbox cannot be made for another reason.
   */
  RINGFENCE_CODE_PREPARE = 5,
  /**
   * The process was not restricted.
   */
  RINGFENCE_CODE_ENFORCE = 6,
  /**
   * The process is restricted by Landlock, and its filter could not be installed. End it.
   */
  RINGFENCE_CODE_ENFORCED_IN_PART = 7,
  /**
   * There is no such program.
   */
  RINGFENCE_CODE_NOT_FOUND = 8,
  /**
   * The program may not be executed.
   */
  RINGFENCE_CODE_NOT_EXECUTABLE = 9,
  /**
   * A program could not be started for another reason. Nothing of it is left.
   */
  RINGFENCE_CODE_SPAWN = 10,
  /**
   * The end of a program cannot be told.
   */
  RINGFENCE_CODE_WAIT = 11,
  /**
   * A system call failed; `ringfence_error_errno` says how.
   */
  RINGFENCE_CODE_SYSTEM = 12,
  /**
   * A fault of this library.
   */
  RINGFENCE_CODE_INTERNAL = 13,
  /**
   * A confined function was ended by a signal that says of a fault: a bad access, an abort, a forbidden
   * call.
   */
  RINGFENCE_CODE_CRASHED = 14,
  /**
   * Somebody killed a confined function: the kernel, where memory ran out.
   */
  RINGFENCE_CODE_KILLED = 15,
  /**
   * A confined function used up what it may, or its reply is too long.
   */
  RINGFENCE_CODE_LIMIT = 16,
  /**
   * A confined function ended without a reply.
   */
  RINGFENCE_CODE_NO_REPLY = 17,
} ringfence_code;

/**
 * The answer to a question.
 */
typedef enum {
  /**
   * There is none: an error says why.
   */
  RINGFENCE_ANSWER_NONE = 0,
  /**
   * Allowed by lines of the policy.
   */
  RINGFENCE_ANSWER_ALLOWED = 1,
  /**
   * Allowed, since the policy leaves it alone as a whole.
   */
  RINGFENCE_ANSWER_UNRESTRICTED = 2,
  /**
   * Allowed, since this kernel cannot deny it.
   */
  RINGFENCE_ANSWER_OPEN = 3,
  /**
   * Denied by Landlock.
   */
  RINGFENCE_ANSWER_DENIED_BY_LANDLOCK = 4,
  /**
   * Denied by the filter of system calls.
   */
  RINGFENCE_ANSWER_DENIED_BY_SECCOMP = 5,
  /**
   * Denied by Landlock, since what is moved would gain rights; it may be copied.
   */
  RINGFENCE_ANSWER_WIDENS = 6,
} ringfence_answer;

/**
 * A limit, and its unit.
 */
typedef enum {
  /**
   * None.
   */
  RINGFENCE_LIMIT_NONE = 0,
  /**
   * Milliseconds from its start to its end; watched by whoever waits for it.
   */
  RINGFENCE_LIMIT_WALL = 1,
  /**
   * Milliseconds on a processor, rounded up to whole seconds; of each process by itself.
   */
  RINGFENCE_LIMIT_CPU = 2,
  /**
   * Bytes of memory; of each process by itself, but in a cgroup.
   */
  RINGFENCE_LIMIT_MEMORY = 3,
  /**
   * Processes and threads; all of the user's, but in a cgroup.
   */
  RINGFENCE_LIMIT_PROCESSES = 4,
  /**
   * Open files of a process.
   */
  RINGFENCE_LIMIT_OPEN_FILES = 5,
  /**
   * Bytes of a file that it writes.
   */
  RINGFENCE_LIMIT_FILE_SIZE = 6,
  /**
   * Bytes that it writes to standard output and error together, where `ringfence_command_output` reads
   * them.
   */
  RINGFENCE_LIMIT_OUTPUT = 7,
} ringfence_limit;

/**
 * What is moved or replaced, as far as the kernel's questions differ by it.
 */
typedef enum {
  /**
   * Nothing.
   */
  RINGFENCE_FILE_NONE = 0,
  /**
   * A regular file.
   */
  RINGFENCE_FILE_REGULAR = 1,
  /**
   * A directory.
   */
  RINGFENCE_FILE_DIRECTORY = 2,
  /**
   * A symbolic link.
   */
  RINGFENCE_FILE_SYMLINK = 3,
  /**
   * A UNIX socket.
   */
  RINGFENCE_FILE_SOCKET = 4,
  /**
   * A named pipe.
   */
  RINGFENCE_FILE_FIFO = 5,
  /**
   * A character device.
   */
  RINGFENCE_FILE_CHAR_DEVICE = 6,
  /**
   * A block device.
   */
  RINGFENCE_FILE_BLOCK_DEVICE = 7,
} ringfence_file;

/**
 * What a standard descriptor is, where it is none of yours.
 */
typedef enum {
  /**
   * This process's own.
   */
  RINGFENCE_STDIO_INHERIT = -1,
  /**
   * `/dev/null`.
   */
  RINGFENCE_STDIO_NULL = -2,
  /**
   * A new pipe, whose other end the child has.
   */
  RINGFENCE_STDIO_PIPED = -3,
} ringfence_stdio;

/**
 * A cgroup of version 2 in which this process may make others.
 */
typedef struct ringfence_cgroups ringfence_cgroups;

/**
 * A program that runs, and all that it started. Two threads may not use one at a time; what another thread
 * may wait on is its descriptor.
 */
typedef struct ringfence_child ringfence_child;

/**
 * A program that is going to be started, any number of times and in any sandbox, with its arguments,
 * environment and limits.
 *
 * What cannot be used is remembered, and starting it gives that as an error, so that the functions that
 * describe it need no checks one by one. On a command that is NULL they do nothing.
 */
typedef struct ringfence_command ringfence_command;

/**
 * How functions run in restricted copies of this process: what they may use up and keep open. What cannot
 * be used is remembered, and running one gives it as an error.
 */
typedef struct ringfence_confined ringfence_confined;

/**
 * Why something failed.
 */
typedef struct ringfence_error ringfence_error;

/**
 * What a kernel can do: the running one, or any other.
 */
typedef struct ringfence_kernel ringfence_kernel;

/**
 * What a program wrote, and how it ended; or what a confined function replied, and returned.
 */
typedef struct ringfence_output ringfence_output;

/**
 * What of a policy holds on a kernel, and by which mechanism.
 */
typedef struct ringfence_plan ringfence_plan;

/**
 * What a program may do; everything that no line allows is denied.
 *
 * A line that cannot be used is remembered, and whoever makes something of the policy gets it as an
 * error, so that lines need no checks one by one. On a policy that is NULL they do nothing.
 */
typedef struct ringfence_policy ringfence_policy;

/**
 * What a confined function says to the process that it is a copy of.
 */
typedef struct ringfence_reply ringfence_reply;

/**
 * A plan made ready: its paths are open, its filter is compiled. It restricts nothing by itself.
 */
typedef struct ringfence_sandbox ringfence_sandbox;

/**
 * What many sandboxes share: a policy whose paths were opened and whose filter was compiled once.
 */
typedef struct ringfence_template ringfence_template;

/**
 * How a program ended.
 */
typedef struct {
  /**
   * Its exit code; -1 if it was ended by a signal. Of a confined function what it returned.
   */
  int code;
  /**
   * The signal that ended it; 0 if it ended by itself.
   */
  int signal;
  /**
   * The limit that ended it, where that can be told. All but `RINGFENCE_LIMIT_WALL` and
   * `RINGFENCE_LIMIT_OUTPUT` are told by signs that a program can give on purpose, where it has the
   * limit.
   */
  ringfence_limit limit;
} ringfence_ended;

/**
 * A function that runs in a restricted copy of this process. What it returns is 0 or whatever number the
 * program wants to have told; what it replies goes to `reply`, which is there until it returns. It may not
 * be left by `longjmp` or an exception.
 */
typedef int (*ringfence_function)(void *data, ringfence_reply *reply);

/**
 * By what a process is restricted.
 */
typedef struct {
  /**
   * The number of Landlock layers, 16 at most; -1 where it cannot be known, as of other processes.
   */
  int landlock_layers;
  /**
   * What seccomp does: 0 nothing, 1 strict, 2 filter.
   */
  int seccomp_mode;
  /**
   * The number of filters; -1 where it cannot be known.
   */
  int seccomp_filters;
  /**
   * Whether programs that it executes gain no privilege.
   */
  bool no_new_privs;
} ringfence_status;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * What kind of failure it is; `RINGFENCE_CODE_NONE` for NULL.
 */
ringfence_code ringfence_error_code(const ringfence_error *error);

/**
 * The sentence: what failed, why, and what to do. It has more lines where there is more than one reason, as
 * with the faults of a manifest. It belongs to the error and lives as long; NULL for NULL.
 */
const char *ringfence_error_message(const ringfence_error *error);

/**
 * What the kernel said, as in `errno`; 0 if it was not asked, and for NULL.
 */
int ringfence_error_errno(const ringfence_error *error);

/**
 * Frees an error. NULL is fine.
 */
void ringfence_error_free(ringfence_error *error);

/**
 * A policy that allows nothing yet. Free it with `ringfence_policy_free`. Never NULL, but for a fault of
 * this library.
 */
ringfence_policy *ringfence_policy_new(void);

/**
 * Reads a policy from a manifest in YAML or JSON of `length` bytes; its variables are those of the
 * environment. What it says about the start of a command is left out. All that is wrong with it is in the
 * error. More lines can be added. Free it with `ringfence_policy_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_policy_from_yaml(const char *yaml,
                                            size_t length,
                                            ringfence_policy **policy);

/**
 * Reads a policy from a file in YAML, JSON or TOML, otherwise as `ringfence_policy_from_yaml`.
 */
RINGFENCE_MUST_USE ringfence_error *ringfence_policy_from_file(const char *path, ringfence_policy **policy);

/**
 * Leaves paths alone, UNIX sockets by path included.
 */
void ringfence_policy_unrestricted_fs(ringfence_policy *policy);

/**
 * Leaves TCP and UDP ports alone.
 */
void ringfence_policy_unrestricted_net(ringfence_policy *policy);

/**
 * Leaves abstract UNIX sockets and signals alone.
 */
void ringfence_policy_unrestricted_ipc(ringfence_policy *policy);

/**
 * Installs no filter of system calls: what Landlock leaves open is open.
 */
void ringfence_policy_unrestricted_syscalls(ringfence_policy *policy);

/**
 * Makes a sandbox although the kernel cannot enforce some line; the plan says which.
 */
void ringfence_policy_best_effort(ringfence_policy *policy);

/**
 * Refuses to make a sandbox while any class of acts is open that the policy does not leave alone by name,
 * best effort or not.
 */
void ringfence_policy_require_complete(ringfence_policy *policy);

/**
 * Has the kernel record in its audit log what Landlock denies to the program and all that it starts (ABI 7),
 * as `ringfence denials` shows it. Where audit is off nothing is recorded.
 */
void ringfence_policy_audit(ringfence_policy *policy);

/**
 * Refuses to make a sandbox on a kernel whose Landlock ABI is lower, best effort or not.
 */
void ringfence_policy_minimum_abi(ringfence_policy *policy, uint32_t abi);

/**
 * A policy that says all that two say: what either allows is allowed, what either demands is demanded.
 * Neither is changed. Free it with `ringfence_policy_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_policy_merge(const ringfence_policy *policy,
                                        const ringfence_policy *other,
                                        ringfence_policy **merged);

/**
 * Whether every line means something: NULL, or an error about the first that does not.
 */
RINGFENCE_MUST_USE ringfence_error *ringfence_policy_check(const ringfence_policy *policy);

/**
 * Frees a policy. NULL is fine. What was made of it lives on.
 */
void ringfence_policy_free(ringfence_policy *policy);

/**
 * Leaves classes of acts alone that neither a path nor a port tells apart, by their names in
 * `ringfence plan`: `notifications`, or several with commas between.
 */
void ringfence_policy_allow_class(ringfence_policy *policy, const char *classes);

/**
 * Demands that classes of acts are denied: where the kernel cannot, the sandbox is not made.
 */
void ringfence_policy_deny_class(ringfence_policy *policy, const char *classes);

/**
 * Lets system calls pass, also where the filter would look at them or deny them by itself: names and
 * `@groups`, with commas between.
 */
void ringfence_policy_allow_syscalls(ringfence_policy *policy,
                                     const char *calls);

/**
 * Denies system calls with EPERM, or as written behind a colon: `ptrace:ENOSYS,@mount:EACCES,bpf:kill`.
 */
void ringfence_policy_deny_syscalls(ringfence_policy *policy,
                                    const char *calls);

/**
 * Allows these system calls and no other.
 */
void ringfence_policy_only_syscalls(ringfence_policy *policy, const char *calls);

/**
 * What a call is answered that `ringfence_policy_only_syscalls` does not list: an error such as `ENOSYS`,
 * its number, or `kill`; EPERM without this.
 */
void ringfence_policy_other_syscalls(ringfence_policy *policy,
                                     const char *answer);

/**
 * Allows to read and execute at `path` and beneath it.
 */
void ringfence_policy_ro(ringfence_policy *policy, const char *path);

/**
 * Allows to read, execute, write, create, remove and rename at `path` and beneath it.
 */
void ringfence_policy_rw(ringfence_policy *policy, const char *path);

/**
 * Allows to connect to UNIX sockets at `path` or beneath it (ABI 9).
 */
void ringfence_policy_connect_unix(ringfence_policy *policy, const char *path);

/**
 * Allows `words` at `path` and beneath it: one of `read`, `execute`, `write`, `create`, `remove`,
 * `rename`, `ioctl`, `make-device`, `connect-unix`, `ro` and `rw`, or several with commas between.
 */
void ringfence_policy_allow(ringfence_policy *policy, const char *words, const char *path);

/**
 * Allows `words` at a path that may be missing when the sandbox is made; the line is skipped then.
 */
void ringfence_policy_allow_if_present(ringfence_policy *policy, const char *words, const char *path);

/**
 * Allows `words` on all that matches a pattern (`*`, `?`, `[a-z]`, `**`) when the sandbox is made, and
 * beneath it.
 */
void ringfence_policy_allow_matching(ringfence_policy *policy,
                                     const char *words,
                                     const char *pattern);

/**
 * Allows `words` on all beneath the directory `path`, but for what is beneath the paths in `except`, an
 * array of paths relative to it that ends with NULL. What is created beside them later is not allowed.
 */
void ringfence_policy_allow_except(ringfence_policy *policy,
                                   const char *words,
                                   const char *path,
                                   const char *const *except);

/**
 * Allows to connect TCP sockets to these ports, at any address (ABI 4): `443`, `80,443`, `8000-8010`, or
 * `any` to leave this class alone.
 */
void ringfence_policy_connect_tcp(ringfence_policy *policy,
                                  const char *ports);

/**
 * Allows to bind TCP sockets to these ports (ABI 4); 0 stands for a port of the kernel's choice.
 */
void ringfence_policy_bind_tcp(ringfence_policy *policy, const char *ports);

/**
 * Allows to send datagrams to these ports, at any address (ABI 10), and with it to bind a port of the
 * kernel's choice.
 */
void ringfence_policy_connect_udp(ringfence_policy *policy,
                                  const char *ports);

/**
 * Allows to bind UDP sockets to these ports (ABI 10); 0 stands for a port of the kernel's choice.
 */
void ringfence_policy_bind_udp(ringfence_policy *policy, const char *ports);

/**
 * Allows a range of ports by numbers: `first` to `last`, both included, as `word` says: `connect-tcp`,
 * `bind-tcp`, `connect-udp` or `bind-udp`. A number above 65535 is an error and never another port.
 */
void ringfence_policy_port_range(ringfence_policy *policy,
                                 const char *word,
                                 uint32_t first,
                                 uint32_t last);

/**
 * Asks the running kernel. Free it with `ringfence_kernel_free`. Never NULL, but for a fault of this
 * library.
 */
ringfence_kernel *ringfence_kernel_probe(void);

/**
 * A kernel with this Landlock ABI (0: none), every known fault fixed and all of seccomp. A policy can be
 * planned for it anywhere; only plans for the running kernel can be made ready. Free it with
 * `ringfence_kernel_free`.
 */
ringfence_kernel *ringfence_kernel_with_abi(uint32_t abi);

/**
 * Its Landlock ABI, 0 for none; one newer than any that this library knows is used as the newest that it
 * does. 0 for NULL.
 */
uint32_t ringfence_kernel_abi(const ringfence_kernel *kernel);

/**
 * Whether filters of system calls may be installed on it. False for NULL.
 */
bool ringfence_kernel_has_filters(const ringfence_kernel *kernel);

/**
 * What it is in a phrase, or why it has no Landlock. Free the text with `ringfence_string_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_kernel_text(const ringfence_kernel *kernel,
                                       char **text);

/**
 * Frees a kernel. NULL is fine.
 */
void ringfence_kernel_free(ringfence_kernel *kernel);

/**
 * Plans a policy for a kernel, NULL for the running one, without a look at any file. Free the plan with
 * `ringfence_plan_free`; policy and kernel stay yours and are not needed any more.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_new(const ringfence_policy *policy,
                                    const ringfence_kernel *kernel,
                                    ringfence_plan **plan);

/**
 * Whether the kernel can enforce the plan: NULL, or an error that names the lines that it cannot and the
 * kernel that could.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_check(const ringfence_plan *plan);

/**
 * Looks up the paths of a plan for the running kernel, as making the sandbox would. Text and JSON then say
 * where symlinks lead, which lines are redundant, and what stops the sandbox. That a sandbox cannot be
 * made is no error here.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_look_up(ringfence_plan *plan);

/**
 * The plan as a table for people: what `ringfence plan` prints. Free the text with
 * `ringfence_string_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_text(const ringfence_plan *plan,
                                     char **text);

/**
 * The plan as JSON: what `ringfence plan --json` prints, byte for byte. For the running kernel that command
 * looks up the paths first. Free the text with `ringfence_string_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_json(const ringfence_plan *plan,
                                     char **json);

/**
 * Frees a plan. NULL is fine.
 */
void ringfence_plan_free(ringfence_plan *plan);

/**
 * Whether `words` would all be allowed on what is at `path`, which is absolute and without symlinks, as the
 * kernel sees it. To create or remove an entry, name its own path. The answer speaks of this sandbox alone:
 * file modes, an outer sandbox or another security module may deny what it allows.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_decide_path(const ringfence_plan *plan,
                                            const char *words,
                                            const char *path,
                                            ringfence_answer *answer);

/**
 * Whether a port may be used as `word` says: `connect-tcp`, `bind-tcp`, `connect-udp` or `bind-udp`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_decide_port(const ringfence_plan *plan,
                                            const char *word,
                                            uint32_t number,
                                            ringfence_answer *answer);

/**
 * Whether acts of a class are allowed, where no line about a path or a port allows them; by its name in
 * `ringfence plan`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_decide_class(const ringfence_plan *plan,
                                             const char *name,
                                             ringfence_answer *answer);

/**
 * Whether `from`, of the kind `file`, may be renamed to `to`, where something of the kind `over` is already
 * (`RINGFENCE_FILE_NONE`: nothing). Kinds are values of `ringfence_file`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_decide_rename(const ringfence_plan *plan,
                                              const char *from,
                                              uint32_t file,
                                              const char *to,
                                              uint32_t over,
                                              ringfence_answer *answer);

/**
 * Whether two entries may be exchanged (`RENAME_EXCHANGE`).
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_decide_exchange(const ringfence_plan *plan,
                                                const char *one,
                                                uint32_t file,
                                                const char *other,
                                                uint32_t other_file,
                                                ringfence_answer *answer);

/**
 * Whether a hard link to `from`, of the kind `file`, may be made at `to`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_decide_link(const ringfence_plan *plan,
                                            const char *from,
                                            uint32_t file,
                                            const char *to,
                                            ringfence_answer *answer);

/**
 * Whether an answer means that the access is allowed, for whatever reason.
 */
bool ringfence_answer_is_allowed(uint32_t answer);

/**
 * Makes a plan ready: opens its paths, makes its ruleset, compiles its filter. Restricts nothing. Free the
 * sandbox with `ringfence_sandbox_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_plan_prepare(const ringfence_plan *plan,
                                        ringfence_sandbox **sandbox);

/**
 * Plans a policy for the running kernel and makes the plan ready, in one step. Free the sandbox with
 * `ringfence_sandbox_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_policy_prepare(const ringfence_policy *policy,
                                          ringfence_sandbox **sandbox);

/**
 * The plan of a sandbox, with what was found at each path. Free it with `ringfence_plan_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_sandbox_plan(const ringfence_sandbox *sandbox,
                                        ringfence_plan **plan);

/**
 * Restricts this process, all its threads and all that they start, for good.
 *
 * It is best called before the first thread starts. Before Landlock ABI 8 (Linux 7.0) other threads are
 * brought along by a signal (33 on most machines, which the C library uses for the same): see docs/c.md.
 *
 * On an error no thread is restricted, though `no_new_privs` may be set; but for the code
 * `RINGFENCE_CODE_ENFORCED_IN_PART`, after which the process should end. Success or not, the sandbox is
 * spent; it is still yours to free.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_sandbox_enforce(ringfence_sandbox *sandbox);

/**
 * Restricts the calling thread and what it will start, for good; other threads stay free. Threads share
 * memory and descriptors, so that this is no wall between threads: for processes that have just one, or
 * that fork from it. Otherwise as `ringfence_sandbox_enforce`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_sandbox_enforce_this_thread(ringfence_sandbox *sandbox);

/**
 * Frees a sandbox and closes what it has open. NULL is fine. What was restricted by it stays so, and what
 * was started in it goes on.
 */
void ringfence_sandbox_free(ringfence_sandbox *sandbox);

/**
 * Opens what the policy names on the running kernel, and compiles its filter. Free the template with
 * `ringfence_template_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_template_new(const ringfence_policy *policy,
                                        ringfence_template **base);

/**
 * A sandbox with more lines, which are about paths and ports; a new policy without any adds nothing. Free
 * the sandbox with `ringfence_sandbox_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_template_with(const ringfence_template *base,
                                         const ringfence_policy *more,
                                         ringfence_sandbox **sandbox);

/**
 * A sandbox that may also read, execute, write, create, remove and rename at `path` and beneath it. Free
 * it with `ringfence_sandbox_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_template_with_rw(const ringfence_template *base,
                                            const char *path,
                                            ringfence_sandbox **sandbox);

/**
 * A sandbox that may also read and execute at `path` and beneath it. Free it with
 * `ringfence_sandbox_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_template_with_ro(const ringfence_template *base,
                                            const char *path,
                                            ringfence_sandbox **sandbox);

/**
 * Frees a template. NULL is fine. Sandboxes that were made from it live on.
 */
void ringfence_template_free(ringfence_template *base);

/**
 * A command that starts `program`; a name without a slash is looked for in PATH of the command's
 * environment. Unless told otherwise it has this process's environment and standard descriptors, of the
 * others none. Free it with `ringfence_command_free`. Never NULL, but for a fault of this library.
 */
ringfence_command *ringfence_command_new(const char *program);

/**
 * Calls it by another name, the first of its arguments.
 */
void ringfence_command_arg0(ringfence_command *command, const char *name);

/**
 * Adds an argument.
 */
void ringfence_command_arg(ringfence_command *command, const char *argument);

/**
 * Adds arguments: an array that ends with NULL. The name of the program is not among them.
 */
void ringfence_command_args(ringfence_command *command, const char *const *arguments);

/**
 * Sets a variable of its environment.
 */
void ringfence_command_env(ringfence_command *command, const char *name, const char *value);

/**
 * Sets variables of its environment: an array of `NAME=VALUE` that ends with NULL, as `environ` is.
 */
void ringfence_command_envs(ringfence_command *command, const char *const *variables);

/**
 * Takes a variable out of its environment.
 */
void ringfence_command_env_remove(ringfence_command *command, const char *name);

/**
 * Starts from an empty environment instead of this process's, and forgets variables that were set. What a
 * program is not given, it cannot tell anyone.
 */
void ringfence_command_env_clear(ringfence_command *command);

/**
 * Starts it in this directory. A relative name of the program is relative to it.
 */
void ringfence_command_current_dir(ringfence_command *command, const char *directory);

/**
 * Sets a limit: `limit` is a value of `ringfence_limit`, which says the unit of `value`.
 */
void ringfence_command_limit(ringfence_command *command, uint32_t limit, uint64_t value);

/**
 * By what each of its limits is held and what that leaves open, a line each; empty without limits. Free the
 * text with `ringfence_string_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_command_limits_text(const ringfence_command *command,
                                               char **text);

/**
 * Puts it into a cgroup of its own beneath this one. Limits of memory and processes then hold for all of
 * the job together, and nothing can leave it.
 */
void ringfence_command_cgroup(ringfence_command *command,
                              const ringfence_cgroups *cgroups);

/**
 * Lets it begin sessions and process groups: for shells with job control and programs that make daemons.
 * Without a cgroup, what leaves the job's group outlives the job.
 */
void ringfence_command_may_leave_group(ringfence_command *command,
                                       bool may);

/**
 * Starts it in a sandbox. No descriptor but the standard three is inherited, signals are at their defaults,
 * and when the program ends or the child is freed, all that it started is killed. The calling thread alone
 * waits until the program runs. Free the child with `ringfence_child_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_command_spawn(const ringfence_command *command,
                                         const ringfence_sandbox *sandbox,
                                         ringfence_child **child);

/**
 * Starts it, waits for its end, and collects what it writes; its standard input is `/dev/null` unless told
 * otherwise. Free the output with `ringfence_output_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_command_output(const ringfence_command *command,
                                          const ringfence_sandbox *sandbox,
                                          ringfence_output **output);

/**
 * Frees a command. NULL is fine. What it started goes on.
 */
void ringfence_command_free(ringfence_command *command);

/**
 * Where its standard input comes from: a descriptor, or a value of `ringfence_stdio`. A descriptor stays
 * yours, and has to be open when the command is started.
 */
void ringfence_command_stdin(ringfence_command *command,
                             int fd);

/**
 * Where its standard output goes, as `ringfence_command_stdin`.
 */
void ringfence_command_stdout(ringfence_command *command, int fd);

/**
 * Where its standard error goes, as `ringfence_command_stdin`.
 */
void ringfence_command_stderr(ringfence_command *command, int fd);

/**
 * Starts it as this user, for which this process needs `CAP_SETUID`, `CAP_SETGID` and `CAP_KILL`: without a
 * capability unless that is root, and with no supplementary groups unless some are named. Its group has to
 * be said as well. From then on the kernel lets none but root trace this process or dump its memory
 * (`PR_SET_DUMPABLE`), so that no program of that user looks into it; do not undo that.
 */
void ringfence_command_uid(ringfence_command *command,
                           uint32_t uid);

/**
 * Starts it in this group, for which this process needs `CAP_SETGID`.
 */
void ringfence_command_gid(ringfence_command *command, uint32_t gid);

/**
 * Starts it with these supplementary groups, `count` of them, for which this process needs `CAP_SETGID`. NULL is
 * fine for none.
 */
void ringfence_command_groups(ringfence_command *command,
                              const uint32_t *groups,
                              size_t count);

/**
 * The cgroup at this path, beneath `/sys/fs/cgroup` as a rule; a service with `Delegate=yes` has one.
 * Free it with `ringfence_cgroups_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_cgroups_at(const char *directory,
                                      ringfence_cgroups **cgroups);

/**
 * Frees it; no cgroup is removed. NULL is fine. Commands that use it live on.
 */
void ringfence_cgroups_free(ringfence_cgroups *cgroups);

/**
 * Its process id, which is that of its group too; 0 for NULL.
 */
uint32_t ringfence_child_id(const ringfence_child *child);

/**
 * A descriptor of the process, which is readable once it has ended: for `poll` and its kin. It belongs to
 * the child and is closed with it; -1 for NULL.
 */
int ringfence_child_pidfd(const ringfence_child *child);

/**
 * Takes the other end of its standard input, if that is `RINGFENCE_STDIO_PIPED`: close it when you have
 * written. -1 if there is none, or it was taken.
 */
int ringfence_child_take_stdin(ringfence_child *child);

/**
 * Takes the other end of its standard output, as `ringfence_child_take_stdin`.
 */
int ringfence_child_take_stdout(ringfence_child *child);

/**
 * Takes the other end of its standard error, as `ringfence_child_take_stdin`.
 */
int ringfence_child_take_stderr(ringfence_child *child);

/**
 * Waits for its end, or for its time to run out. The end of its standard input that was not taken is closed
 * first. What it left behind is killed.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_child_wait(ringfence_child *child,
                                      ringfence_ended *ended);

/**
 * Its end, if it has ended, without waiting; `has_ended` says whether it has.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_child_try_wait(ringfence_child *child,
                                          bool *has_ended,
                                          ringfence_ended *ended);

/**
 * Kills it and all that it started. That it has ended already is no error; its end is still to be waited
 * for, or taken by `ringfence_child_free`.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_child_kill(ringfence_child *child);

/**
 * Frees a child, and kills it and all that it started if it still runs. NULL is fine.
 */
void ringfence_child_free(ringfence_child *child);

/**
 * How it ended.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_output_ended(const ringfence_output *output,
                                        ringfence_ended *ended);

/**
 * What it wrote to standard output, or what a function replied: `length` bytes, which may hold NUL and end
 * without one. They belong to the output and live as long; NULL for NULL. `length` may be NULL.
 */
const uint8_t *ringfence_output_stdout(const ringfence_output *output,
                                       size_t *length);

/**
 * What it wrote to standard error, as `ringfence_output_stdout`.
 */
const uint8_t *ringfence_output_stderr(const ringfence_output *output, size_t *length);

/**
 * Whether it wrote more than its limit of output; what is here is the beginning then. False for NULL.
 */
bool ringfence_output_is_truncated(const ringfence_output *output);

/**
 * Frees an output. NULL is fine.
 */
void ringfence_output_free(ringfence_output *output);

/**
 * Nothing is limited yet but the reply, to 64 MiB. Free it with `ringfence_confined_free`. Never NULL, but
 * for a fault of this library.
 */
ringfence_confined *ringfence_confined_new(void);

/**
 * Sets a limit, as `ringfence_command_limit`; that of output is for programs, see
 * `ringfence_confined_longest_reply`. Memory counts what this process has mapped as well.
 */
void ringfence_confined_limit(ringfence_confined *confined, uint32_t limit, uint64_t value);

/**
 * How many bytes a reply may have: what an honest one needs.
 */
void ringfence_confined_longest_reply(ringfence_confined *confined, uint64_t bytes);

/**
 * Leaves the copy a descriptor above 2, by the number that it has here; it has to be open when the function
 * is run.
 */
void ringfence_confined_keep(ringfence_confined *confined,
                             int fd);

/**
 * Runs `function` in a copy of this process that the sandbox restricts, with `data` as its first argument,
 * and waits for it: for code that reads what strangers wrote. What it replied is what
 * `ringfence_output_stdout` gives, and what it returned `ringfence_output_ended`; both are as trustworthy as
 * what it has read. Free the output with `ringfence_output_free`.
 *
 * The copy is made by fork. It has all of this process's memory, which it can read and cannot send anywhere
 * but into its reply and to standard error. What it changes, and what it leaves in the buffers of stdio, is
 * gone with it. Its standard input and output are `/dev/null`, and other descriptors are closed.
 * Only the calling thread goes on in it: a lock that another thread held stays locked, so set a limit of
 * time.
 *
 * Where there is no reply the code of the error tells why: RINGFENCE_CODE_CRASHED, RINGFENCE_CODE_KILLED,
 * RINGFENCE_CODE_LIMIT, RINGFENCE_CODE_NO_REPLY (as when it calls `exit`).
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_confined_run(const ringfence_confined *confined,
                                        const ringfence_sandbox *sandbox,
                                        ringfence_function function,
                                        void *data,
                                        ringfence_output **output);

/**
 * Adds `length` bytes to a reply. NULL is fine for none.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_reply_write(ringfence_reply *reply,
                                       const uint8_t *bytes,
                                       size_t length);

/**
 * Frees it. NULL is fine.
 */
void ringfence_confined_free(ringfence_confined *confined);

/**
 * By what the calling thread is restricted. Counting layers forks a child that stacks more until the
 * kernel refuses; the caller is not changed.
 */
RINGFENCE_MUST_USE
ringfence_error *ringfence_status_own(ringfence_status *status);

/**
 * By what another process is restricted, as far as `/proc` tells.
 */
RINGFENCE_MUST_USE ringfence_error *ringfence_status_of(uint32_t pid, ringfence_status *status);

/**
 * Frees text that a function of this library made. NULL is fine.
 */
void ringfence_string_free(char *text);

/**
 * The version of the library, as `1.2.3`. It is never freed.
 */
const char *ringfence_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* RINGFENCE_H */
