/*
 * Makes a filter with libseccomp, and writes its BPF.
 *
 *     export known ARCH           of the calls on standard input, one a line, prints those it knows
 *     export filter ARCH OPTIMIZE DEFAULT
 *                                 reads rules, writes the instructions that it makes of them
 *
 * A rule is a line `CALL ACTION [ARGUMENT OP A B]...`: the action in the kernel's encoding, the
 * operation in the library's, A and B its data. What no rule is about gets the action DEFAULT. OPTIMIZE
 * is SCMP_FLTATR_CTL_OPTIMIZE: 1 orders calls by priority, 2 makes a binary tree.
 */
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-result));
		exit(1);
	}
}

static void known(uint32_t arch)
{
	char name[64];
	while (scanf("%63s", name) == 1)
		if (seccomp_syscall_resolve_name_arch(arch, name) >= 0)
			puts(name);
}

static void add_rule(scmp_filter_ctx filter, char *line)
{
	char name[64];
	uint32_t action;
	int length;
	if (sscanf(line, "%63s %" SCNu32 "%n", name, &action, &length) != 2)
		check(-22, line);
	struct scmp_arg_cmp tests[6];
	unsigned count = 0;
	unsigned argument, operation;
	for (line += length; count < 6; line += length, count++) {
		struct scmp_arg_cmp *test = &tests[count];
		if (sscanf(line, " %u %u %" SCNu64 " %" SCNu64 "%n", &argument, &operation,
			   &test->datum_a, &test->datum_b, &length) != 4)
			break;
		test->arg = argument;
		test->op = operation;
	}
	check(seccomp_rule_add_array(filter, action, seccomp_syscall_resolve_name(name), count, tests), name);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	uint32_t arch = seccomp_arch_resolve_name(argv[2]);
	if (arch == 0)
		return 3;
	if (strcmp(argv[1], "known") == 0) {
		known(arch);
		return 0;
	}
	if (argc < 5)
		return 2;
	scmp_filter_ctx filter = seccomp_init(strtoul(argv[4], NULL, 10));
	if (arch != seccomp_arch_native()) {
		check(seccomp_arch_add(filter, arch), "add the architecture");
		check(seccomp_arch_remove(filter, SCMP_ARCH_NATIVE), "remove the native architecture");
	}
	check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "set what foreign calls get");
	check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, atoi(argv[3])), "set the optimisation");
	char line[512];
	while (fgets(line, sizeof(line), stdin))
		add_rule(filter, line);
	check(seccomp_export_bpf(filter, STDOUT_FILENO), "export");
	return 0;
}
