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
