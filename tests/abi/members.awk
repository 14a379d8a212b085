# Prints a C program that prints size and offsets of every public struct; input: the headers. It
# fails on anything it cannot read, and the program fails if the members that it knows do not fill
# their struct (there is no padding), so that none is forgotten.

function fail(what)
{
    print FILENAME ":" FNR ": cannot read: " what > "/dev/stderr"
    broken = 1
    exit 1
}

# One declaration inside a struct, without its ';'.
function member(text,    name)
{
    gsub(/[ \t]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    if (match(text, /\(\*[a-z_][a-z0-9_]*\)/)) {
        name = substr(text, RSTART + 2, RLENGTH - 3)
    } else {
        if (text ~ /,/ || text ~ /\(/ || text ~ /:/)
            fail(text)
        sub(/\[[^]]*\]$/, "", text)
        if (!match(text, /[a-z_][a-z0-9_]*$/))
            fail(text)
        name = substr(text, RSTART)
    }
    printf "    M(%s, %s);\n", tag, name
    members++
}

BEGIN {
    print "#include <gantry/backend.h>"
    print "#include <stdio.h>"
    print "#define S(t) (filled = 0, printf(\"%s %zu\\n\", #t, sizeof(t)))"
    print "#define M(t, m) (filled += sizeof(((t *)0)->m), \\"
    print "    printf(\"%s.%s %zu %zu\\n\", #t, #m, offsetof(t, m), sizeof(((t *)0)->m)))"
    print "#define E(t) (filled == sizeof(t) || (failed = 1, \\"
    print "    fprintf(stderr, \"%s: a member was not found\\n\", #t)))"
    print "int main(void)"
    print "{"
    print "    size_t filled = 0;"
    print "    int failed = 0;"
}

!comment && /^[ \t]*#/ { next }

{
    line = $0
    while (1) {
        if (comment) {
            end = index(line, "*/")
            if (!end)
                next
            line = substr(line, end + 2)
            comment = 0
        }
        start = index(line, "/*")
        if (!start)
            break
        rest = substr(line, start + 2)
        end = index(rest, "*/")
        if (end) {
            line = substr(line, 1, start - 1) " " substr(rest, end + 2)
        } else {
            take(substr(line, 1, start - 1))
            comment = 1
            next
        }
    }
    take(line)
}

function take(text,    at)
{
    if (tag == "") {
        if (text ~ /^(typedef )?struct [a-z0-9_]+ *\{/) {
            if (text !~ /^typedef struct [a-z0-9_]+ \{ *$/)
                fail(text)
            split(text, words, " ")
            tag = words[3]
            held = ""
            members = 0
            structs++
            printf "    S(%s);\n", tag
        } else if (text ~ /(struct|union)[^;()]*\{/ || text ~ /^typedef (struct|union)[^;]*$/) {
            fail(text)
        }
        return
    }
    if (text ~ /^\}/) {
        if (text !~ ("^\\} " tag ";") || held !~ /^[ \t]*$/ || members == 0)
            fail(text)
        printf "    E(%s);\n", tag
        tag = ""
        return
    }
    if (text ~ /[{}]/)
        fail(text)
    held = held " " text
    while ((at = index(held, ";")) > 0) {
        member(substr(held, 1, at - 1))
        held = substr(held, at + 1)
    }
}

END {
    if (broken || tag != "" || structs == 0)
        exit 1
    print "    return failed;"
    print "}"
}
