# Prints the name of every function that a public header declares with GANTRY_API.

!inside && /^[ \t]*#/ { next }
{
    line = $0
    # Comments, also over several lines.
    while (1) {
        if (inside) {
            end = index(line, "*/")
            if (!end)
                next
            line = substr(line, end + 2)
            inside = 0
        }
        start = index(line, "/*")
        if (!start)
            break
        text = text substr(line, 1, start - 1) " "
        line = substr(line, start + 2)
        inside = 1
    }
    text = text line " "
}
END {
    count = split(text, statements, ";")
    for (i = 1; i <= count; i++) {
        at = match(statements[i], /GANTRY_API[ \t]/)
        if (!at)
            continue
        rest = substr(statements[i], at + 10)
        if (!match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
            print "cannot read the declaration:" rest > "/dev/stderr"
            exit 1
        }
        name = substr(rest, RSTART, RLENGTH - 1)
        gsub(/[ \t]/, "", name)
        print name
    }
}
