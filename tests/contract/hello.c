/*
 * The static program that the suite copies into images FROM scratch. With an argument it fails.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argv;
    puts("hello from scratch");
    return argc > 1 ? 3 : 0;
}
