/*
 * The terminal's mode and size. Raw mode is taken back by whoever took it, or, when a signal ends
 * the process first, by the handlers here: what they need is the one static struct below, set
 * before they are installed and not touched while they are.
 */
#include "terminal.h"

#include "error.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const int guarded_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

enum {
    GUARDED = sizeof guarded_signals / sizeof guarded_signals[0]
};

/* Handlers take no argument: they find the terminal here. One per process. */
static struct {
    atomic_int taken; /* by the one terminal that is guarded */
    atomic_int fd;    /* -1: nothing to restore */
    struct termios before;
    struct sigaction actions[GUARDED]; /* what was there; set where installed says so */
    int installed[GUARDED];
} guard = { .fd = -1 };

/* Restores and lets the signal do what it would have done: its action is the default again by now
 * (SA_RESETHAND), and it comes when this returns. */
static void restore_and_end(int number)
{
    int fd = atomic_load(&guard.fd);

    if (fd >= 0)
        (void)tcsetattr(fd, TCSANOW, &guard.before);
    (void)raise(number);
}

static int is_default(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

static void install(const struct gnt_terminal *t)
{
    struct sigaction ours;
    int i;

    guard.before = t->before;
    atomic_store(&guard.fd, t->fd);
    memset(&ours, 0, sizeof ours);
    ours.sa_handler = restore_and_end;
    ours.sa_flags = (int)SA_RESETHAND;
    sigfillset(&ours.sa_mask);
    for (i = 0; i < GUARDED; i++)
        guard.installed[i] = sigaction(guarded_signals[i], NULL, &guard.actions[i]) == 0 &&
                             is_default(&guard.actions[i]) &&
                             sigaction(guarded_signals[i], &ours, NULL) == 0;
}

/* Whoever put a handler of its own in place meanwhile keeps it. */
static void uninstall(void)
{
    struct sigaction now;
    int i;

    for (i = 0; i < GUARDED; i++) {
        if (guard.installed[i] && sigaction(guarded_signals[i], NULL, &now) == 0 &&
            !(now.sa_flags & SA_SIGINFO) && now.sa_handler == restore_and_end)
            (void)sigaction(guarded_signals[i], &guard.actions[i], NULL);
    }
    atomic_store(&guard.fd, -1);
}

/* ---- mode ------------------------------------------------------------------------------------ */

int gnt_terminal_is(int fd)
{
    struct termios now;
    int saved = errno;
    int is = fd >= 0 && tcgetattr(fd, &now) == 0;

    errno = saved;
    return is;
}

static void make_raw(struct termios *mode)
{
    mode->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode->c_oflag &= ~(tcflag_t)OPOST;
    mode->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    mode->c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    mode->c_cflag |= CS8;
    mode->c_cc[VMIN] = 1;
    mode->c_cc[VTIME] = 0;
}

static int set_mode(int fd, const struct termios *mode)
{
    int rc;

    do {
        rc = tcsetattr(fd, TCSANOW, mode);
    } while (rc < 0 && errno == EINTR);
    return rc;
}

int gnt_terminal_raw(struct gnt_terminal *t, int fd, int want_guard, gantry_error *err)
{
    struct termios raw;
    int nobody = 0;

    t->fd = -1;
    t->guarded = 0;
    if (tcgetattr(fd, &t->before) < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "cannot ask for the terminal's mode");
    t->fd = fd;
    /* The guard comes first: a signal in between restores what is there anyway. */
    if (want_guard && atomic_compare_exchange_strong(&guard.taken, &nobody, 1)) {
        t->guarded = 1;
        install(t);
    }
    raw = t->before;
    make_raw(&raw);
    if (set_mode(fd, &raw) < 0) {
        gnt_fail_errno(err, GANTRY_E_IO, errno, "cannot put the terminal in raw mode");
        gnt_terminal_restore(t);
        return GANTRY_E_IO;
    }
    return 0;
}

void gnt_terminal_restore(struct gnt_terminal *t)
{
    int saved = errno;

    if (t->fd < 0)
        return;
    (void)set_mode(t->fd, &t->before);
    if (t->guarded) {
        uninstall();
        atomic_store(&guard.taken, 0);
    }
    t->fd = -1;
    t->guarded = 0;
    errno = saved;
}

/* ---- size ------------------------------------------------------------------------------------ */

int gnt_terminal_size(int fd, int *out_columns, int *out_rows)
{
    struct winsize size;
    int saved = errno;
    int known;

    memset(&size, 0, sizeof size);
    known = fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    errno = saved;
    if (!known)
        return 0;
    *out_columns = size.ws_col;
    *out_rows = size.ws_row;
    return 1;
}
