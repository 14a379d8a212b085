/* The program that the quickstart puts into its image: static, so that FROM scratch is enough. */
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct utsname host;

    if (uname(&host) < 0)
        return 1;
    printf("Hello from a container: %s on %s, process %ld\n", host.sysname, host.machine,
           (long)getpid());
    for (int i = 1; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    fprintf(stderr, "This line went to standard error.\n");
    return 0;
}
