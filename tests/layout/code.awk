# Prints "file:line: text" of C files without their comments. Strings are kept.

FNR == 1 { comment = 0 }
{
    line = $0
    out = ""
    quote = ""
    size = length(line)
    for (i = 1; i <= size; i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (comment) {
            if (two == "*/") {
                comment = 0
                i++
            }
        } else if (quote != "") {
            out = out c
            if (c == "\\") {
                i++
                out = out substr(line, i, 1)
            } else if (c == quote)
                quote = ""
        } else if (two == "/*") {
            comment = 1
            out = out " "
            i++
        } else {
            if (c == "\"" || c == "'")
                quote = c
            out = out c
        }
    }
    if (out !~ /^[ \t]*$/)
        print FILENAME ":" FNR ": " out
}
