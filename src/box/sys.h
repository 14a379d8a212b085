/*
 * The kernel's calls on the architectures that the box is made for. The numbers and registers are
 * the kernel's binary interface, which never changes; so no header of the target is needed.
 */
#ifndef BOX_SYS_H
#define BOX_SYS_H

#if defined(__x86_64__)
enum {
    SYS_READ = 0,
    SYS_WRITE = 1,
    SYS_CLOSE = 3,
    SYS_MMAP = 9,
    SYS_BRK = 12,
    SYS_SIGPROCMASK = 14,
    SYS_WAIT4 = 61,
    SYS_CHDIR = 80,
    SYS_FCHMOD = 91,
    SYS_FCHOWN = 93,
    SYS_SIGTIMEDWAIT = 128,
    SYS_LSETXATTR = 189,
    SYS_LGETXATTR = 192,
    SYS_LLISTXATTR = 195,
    SYS_LREMOVEXATTR = 198,
    SYS_GETDENTS64 = 217,
    SYS_EXIT_GROUP = 231,
    SYS_OPENAT = 257,
    SYS_MKDIRAT = 258,
    SYS_MKNODAT = 259,
    SYS_FCHOWNAT = 260,
    SYS_UNLINKAT = 263,
    SYS_LINKAT = 265,
    SYS_SYMLINKAT = 266,
    SYS_READLINKAT = 267,
    SYS_FCHMODAT = 268,
    SYS_UTIMENSAT = 280,
    SYS_STATX = 332
};
enum {
    O_DIRECTORY_ = 0200000,
    O_NOFOLLOW_ = 0400000
};
#elif defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
enum {
    SYS_LSETXATTR = 6,
    SYS_LGETXATTR = 9,
    SYS_LLISTXATTR = 12,
    SYS_LREMOVEXATTR = 15,
    SYS_MKNODAT = 33,
    SYS_MKDIRAT = 34,
    SYS_UNLINKAT = 35,
    SYS_SYMLINKAT = 36,
    SYS_LINKAT = 37,
    SYS_CHDIR = 49,
    SYS_FCHMOD = 52,
    SYS_FCHMODAT = 53,
    SYS_FCHOWNAT = 54,
    SYS_FCHOWN = 55,
    SYS_OPENAT = 56,
    SYS_CLOSE = 57,
    SYS_GETDENTS64 = 61,
    SYS_READ = 63,
    SYS_WRITE = 64,
    SYS_READLINKAT = 78,
    SYS_UTIMENSAT = 88,
    SYS_EXIT_GROUP = 94,
    SYS_SIGPROCMASK = 135,
    SYS_SIGTIMEDWAIT = 137,
    SYS_BRK = 214,
    SYS_MMAP = 222,
    SYS_WAIT4 = 260,
    SYS_STATX = 291
};
#if defined(__aarch64__)
enum {
    O_DIRECTORY_ = 040000,
    O_NOFOLLOW_ = 0100000
};
#else
enum {
    O_DIRECTORY_ = 0200000,
    O_NOFOLLOW_ = 0400000
};
#endif
#else
#error "the box knows no such architecture"
#endif

/* A result of -4095 to -1 is an error number. */
static inline long box_call6(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
#endif
}

static inline long box_call(long number, long a, long b, long c, long d, long e)
{
    return box_call6(number, a, b, c, d, e, 0);
}

/* Where the kernel begins: hand the stack, on which argc and argv are, to box_begin(). */
#if defined(__x86_64__)
#define BOX_START                                                                                  \
    __asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n"    \
            "\tcall box_begin\n")
#elif defined(__aarch64__)
#define BOX_START                                                                                  \
    __asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl "            \
            "box_begin\n")
#else
#define BOX_START                                                                                  \
    __asm__(".globl _start\n_start:\n\t.option push\n\t.option norelax\n"                          \
            "\tla gp, __global_pointer$\n\t.option pop\n\tmv a0, sp\n\tandi sp, sp, -16\n"         \
            "\tcall box_begin\n")
#endif

#endif
