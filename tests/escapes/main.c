/*
 * escape list        every technique: name, class, scene, what it tries; tabs between
 * escape try NAME    one of them; the exit code is its result
 * escape yes         nothing: proves that this file was executed
 * escape be-root     whether a set-user-ID bit took effect
 * escape victim      the process that others reach for
 * escape terminal DEVICE COMMAND...   a command on a terminal of its own
 */
#include "escape.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seconds after which a technique hangs. */
#define PATIENCE 60

static int list(void)
{
	for (const struct technique *const *topic = topics; *topic != NULL; topic++)
		for (const struct technique *each = *topic; each->name != NULL; each++)
			printf("%s\t%s\t%s\t%s\n", each->name, each->class, each->scene, each->wants);
	return 0;
}

static const struct technique *find(const char *name)
{
	for (const struct technique *const *topic = topics; *topic != NULL; topic++)
		for (const struct technique *each = *topic; each->name != NULL; each++)
			if (strcmp(each->name, name) == 0)
				return each;
	return NULL;
}

static int try(const char *name)
{
	const struct technique *technique = find(name);
	if (technique == NULL) {
		fprintf(stderr, "no technique is called %s\n", name);
		return BROKEN;
	}
	/* A sandbox that does not start prints nothing of this kind. */
	printf("tried: %s\n", name);
	fflush(stdout);
	alarm(PATIENCE);
	int result = technique->try();
	const char *error = strerrorname_np(result);
	printf("result: %s\n", result == 0 ? "got it" : error != NULL ? error : "no error of the kernel's");
	fflush(stdout);
	return result;
}

int main(int argc, char **argv)
{
	const char *role = argc > 1 ? argv[1] : "";
	if (strcmp(role, "try") == 0 && argc == 3)
		return try(argv[2]);
	if (strcmp(role, "yes") == 0)
		return 0;
	if (strcmp(role, "be-root") == 0)
		return geteuid() == 0 ? 0 : EPERM;
	if (strcmp(role, "victim") == 0)
		return victim();
	if (strcmp(role, "terminal") == 0 && argc > 3)
		return terminal(argv + 2);
	return strcmp(role, "list") == 0 ? list() : BROKEN;
}
