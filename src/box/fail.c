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

_Noreturn void box_fail(long error, const char *name)
{
    char digits[8];
    size_t at = sizeof digits - 1;
    long rest = error < 0 ? -error : error;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0 && at > 0);
    say(digits + at);
    say(" ");
    say(word_of(error < 0 ? -error : error));
    say(": ");
    say(name);
    say("\n");
    box_end(1);
}
