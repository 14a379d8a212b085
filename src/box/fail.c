/* The end of the box, and how it says what went wrong. */
#include "box.h"

_Noreturn void box_end(int code)
{
    for (;;)
        box_call(SYS_EXIT_GROUP, code, 0, 0, 0, 0);
}

/* Those that the library tells apart, and what a reader may meet most. */
static const char *word_of(long error)
{
    static const struct {
        short error;
        char word[14];
    } words[] = { { 1, "EPERM" },       { 2, "ENOENT" },
                  { 5, "EIO" },         { 12, "ENOMEM" },
                  { 13, "EACCES" },     { 16, "EBUSY" },
                  { 17, "EEXIST" },     { 20, "ENOTDIR" },
                  { 21, "EISDIR" },     { 22, "EINVAL" },
                  { 26, "ETXTBSY" },    { 27, "EFBIG" },
                  { 28, "ENOSPC" },     { 30, "EROFS" },
                  { 31, "EMLINK" },     { 32, "EPIPE" },
                  { 34, "ERANGE" },     { 36, "ENAMETOOLONG" },
                  { 39, "ENOTEMPTY" },  { 40, "ELOOP" },
                  { 61, "ENODATA" },    { 74, "EBADMSG" },
                  { 95, "EOPNOTSUPP" }, { 116, "ESTALE" },
                  { 122, "EDQUOT" },    { 0, "" } };
    size_t i = 0;

    while (words[i].error != 0 && words[i].error != error)
        i++;
    return words[i].error != 0 ? words[i].word : "?";
}

static void say(const char *text)
{
    box_call(SYS_WRITE, 2, (long)text, (long)box_length(text), 0, 0);
}

_Noreturn void box_fail(long error, const char *what, const char *name)
{
    char digits[24];
    long number = error < 0 ? -error : error;

    say(box_number((uint64_t)number, digits + sizeof digits - 1));
    say(" ");
    say(word_of(number));
    say(": ");
    say(what);
    say(" ");
    say(name);
    say("\n");
    box_end((int)number);
}
