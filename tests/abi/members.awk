# Prints a C program that prints size and offsets of every public struct; input: the headers. It fails
# on anything it cannot read, so that no member is forgotten.

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
    print "#define S(t) printf(\"%s %zu\\n\", #t, sizeof(t))"
    print "#define M(t, m) printf(\"%s.%s %zu %zu\\n\", #t, #m, offsetof(t, m), sizeof(((t *)0)->m))"
    print "int main(void)"
    print "{"
}

/^[ \t]*#/ { next }

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
    print "    return 0;"
    print "}"
}
