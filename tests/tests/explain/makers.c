/* Threads that make threads, all at once, each of which opens the file that is named. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { MAKERS = 8, MADE = 100 };

static void *opener(void *path)
{
    int file = open(path, O_RDONLY);
    if (file >= 0)
        close(file);
    return file >= 0 ? path : NULL;
}

/* How many of those that it makes could open it. */
static void *maker(void *path)
{
    size_t opened = 0;
    for (int made = 0; made < MADE; made++) {
        pthread_t thread;
        void *file = NULL;
        if (pthread_create(&thread, NULL, opener, path) != 0 || pthread_join(thread, &file) != 0)
            _exit(2);
        opened += file != NULL;
    }
    return (void *)opened;
}

/* Succeeds if each could. */
int main(int count, char **arguments)
{
    pthread_t makers[MAKERS];
    size_t opened = 0;
    for (int made = 0; made < MAKERS; made++)
        if (count != 2 || pthread_create(&makers[made], NULL, maker, arguments[1]) != 0)
            return 2;
    for (int made = 0; made < MAKERS; made++) {
        void *of_one;
        pthread_join(makers[made], &of_one);
        opened += (size_t)of_one;
    }
    return opened == (size_t)MAKERS * MADE ? 0 : 1;
}
