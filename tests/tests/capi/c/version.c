/* As little as a program can do with the library: the version of header and library, which have to agree. */
#include <stdio.h>

#include <ringfence.h>

int main(void) {
  char expected[32];
  snprintf(expected, sizeof expected, "%d.%d.%d", RINGFENCE_VERSION_MAJOR, RINGFENCE_VERSION_MINOR,
           RINGFENCE_VERSION_PATCH);
  puts(ringfence_version());
  for (const char *a = expected, *b = ringfence_version(); *a != '\0' || *b != '\0'; a++, b++)
    if (*a != *b)
      return 1;
  return 0;
}
