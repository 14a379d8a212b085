# Finds statements that print a path template, or glue an API word on, without url.c.

FNR == 1 { statement = ""; begin = 0 }
FILENAME ~ /\/url\.c$/ { next }
/^[ \t]*(\/?\*|#)/ { next }
{
    if (statement == "")
        begin = FNR
    statement = statement " " $0
}
/[;{}][ \t]*$/ {
    printing = statement ~ /(snprintf|gnt_buf_addf|gnt_arena_printf)\(/
    gluing = statement ~ /(gnt_buf_adds?|memcpy|strn?cat|stpn?cpy)\(/
    # A fixed prefix of numbers is no path that a name could leave: "/v1.%d".
    if (printing && statement ~ /"\/(v|libpod|containers|images|volumes|networks|exec|build|%s|%r)[^"]*"/ \
        && statement ~ /"\/[^"]*%[^d]/)
        print FILENAME ":" begin ":" statement
    else if (printing && statement ~ /"[^"]*\/(containers|images|volumes|networks|exec)\/[^"]*"/)
        print FILENAME ":" begin ":" statement
    else if (gluing && statement ~ /"\/?(libpod|containers|images|volumes|networks|exec)[\/"]/)
        print FILENAME ":" begin ":" statement
    statement = ""
}
