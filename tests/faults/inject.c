/* inject.c -- run a command, and make one of its file-system calls fail.
 *
 *     inject [-p PREFIX] [-c CLASSES] [-n N] [-e ERRNO] [-m fail|short|kill|slow] [-P] [-l LOG] COMMAND...
 *
 * Calls that concern a path under PREFIX and belong to one of CLASSES are counted, over all threads
 * and child processes of the command. The N-th fails with ERRNO, transfers half of its bytes
 * (short), is where the command is killed, or takes ERRNO seconds (slow). With -P all later ones do
 * so, too. A call that fails does nothing, but for close(), which closes: so Linux ends it, and
 * releases the process's locks of the file, when it reports an error. With N = 0, none fails and
 * LOG lists them, "number call path" a line; otherwise LOG says which one was hit.
 *
 *     w write, truncate   s sync    r rename, link    o open     u unlink    m mkdir
 *     R read              c close   l lock            t stat     M mmap
 *
 * The status is the command's own. Linux on x86-64: a seccomp filter stops the command at these
 * calls only, so that everything else runs at full speed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit statuses of our own; the command's programs use none of these. */
enum { STATUS_USAGE = 98, STATUS_INTERNAL = 97, STATUS_NO_COMMAND = 127 };

enum { PATH_BYTES = 8192 };

enum { RETURNED = SIGTRAP | 0x80 }; /* a task's stop when a call that we wait for returns */

/* Where a call has its file: in a descriptor, or a path in one of its arguments. */
enum file_argument {
    DESCRIPTOR_0, /* the first argument */
    DESCRIPTOR_4, /* the fifth: mmap */
    PATH_0,       /* the first argument */
    PATH_1,       /* the second */
    PATH_AT_1,    /* the second, relative to the directory in the first */
    PATH_AT_3,    /* the fourth, relative to the directory in the third */
};

struct call {
    long number;
    const char *name;
    char class;
    enum file_argument file;
};

static const struct call calls[] = {
    {SYS_write, "write", 'w', DESCRIPTOR_0},
    {SYS_pwrite64, "pwrite", 'w', DESCRIPTOR_0},
    {SYS_writev, "writev", 'w', DESCRIPTOR_0},
    {SYS_pwritev, "pwritev", 'w', DESCRIPTOR_0},
    {SYS_ftruncate, "ftruncate", 'w', DESCRIPTOR_0},
    {SYS_fallocate, "fallocate", 'w', DESCRIPTOR_0},
    {SYS_fsync, "fsync", 's', DESCRIPTOR_0},
    {SYS_fdatasync, "fdatasync", 's', DESCRIPTOR_0},
    {SYS_rename, "rename", 'r', PATH_1},
    {SYS_renameat, "renameat", 'r', PATH_AT_3},
    {SYS_renameat2, "renameat2", 'r', PATH_AT_3},
    {SYS_link, "link", 'r', PATH_1},
    {SYS_linkat, "linkat", 'r', PATH_AT_3},
    {SYS_open, "open", 'o', PATH_0},
    {SYS_openat, "openat", 'o', PATH_AT_1},
    {SYS_creat, "creat", 'o', PATH_0},
    {SYS_unlink, "unlink", 'u', PATH_0},
    {SYS_unlinkat, "unlinkat", 'u', PATH_AT_1},
    {SYS_rmdir, "rmdir", 'u', PATH_0},
    {SYS_mkdir, "mkdir", 'm', PATH_0},
    {SYS_mkdirat, "mkdirat", 'm', PATH_AT_1},
    {SYS_read, "read", 'R', DESCRIPTOR_0},
    {SYS_pread64, "pread", 'R', DESCRIPTOR_0},
    {SYS_readv, "readv", 'R', DESCRIPTOR_0},
    {SYS_preadv, "preadv", 'R', DESCRIPTOR_0},
    {SYS_close, "close", 'c', DESCRIPTOR_0},
    {SYS_flock, "flock", 'l', DESCRIPTOR_0},
    {SYS_fcntl, "fcntl", 'l', DESCRIPTOR_0},
    {SYS_stat, "stat", 't', PATH_0},
    {SYS_lstat, "lstat", 't', PATH_0},
    {SYS_fstat, "fstat", 't', DESCRIPTOR_0},
    {SYS_newfstatat, "newfstatat", 't', PATH_AT_1},
    {SYS_statx, "statx", 't', PATH_AT_1},
    {SYS_access, "access", 't', PATH_0},
    {SYS_faccessat, "faccessat", 't', PATH_AT_1},
    {SYS_statfs, "statfs", 't', PATH_0},
    {SYS_fstatfs, "fstatfs", 't', DESCRIPTOR_0},
    {SYS_getdents64, "getdents", 't', DESCRIPTOR_0},
    {SYS_lseek, "lseek", 't', DESCRIPTOR_0},
    {SYS_mmap, "mmap", 'M', DESCRIPTOR_4},
};
enum { NUM_CALLS = sizeof calls / sizeof *calls };

enum { MOST_CLOSING = 64 }; /* tasks at once */

enum mode { MODE_FAIL, MODE_SHORT, MODE_KILL, MODE_SLOW };

struct plan {
    const char *prefix, *classes, *log;
    enum mode mode;
    long number; /* of the call to hit, from 1; 0: only list them */
    int error;
    bool persist;
    long count; /* calls seen so far */
    bool hit;
    pid_t closing[MOST_CLOSING]; /* tasks whose close() is to fail when it returns; 0: none */
};

/* --- The command ------------------------------------------------------------------------------ */

/* Stop at the calls of these classes: for all others the kernel doesn't ask us. */
static void install_filter(const char *classes)
{
    struct sock_filter filter[2 * NUM_CALLS + 2];
    unsigned short len = 0;

    filter[len++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < NUM_CALLS; i++) {
        if (strchr(classes, calls[i].class) == NULL)
            continue;
        filter[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                     (unsigned)calls[i].number, 0, 1);
        filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

    const struct sock_fprog program = {.len = len, .filter = filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("inject: seccomp");
        _exit(STATUS_INTERNAL);
    }
}

static pid_t start(char **command, const char *classes)
{
    const pid_t child = fork();
    if (child != 0)
        return child;

    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    install_filter(classes);
    execvp(command[0], command);
    perror(command[0]);
    _exit(STATUS_NO_COMMAND);
}

/* --- What a call is about --------------------------------------------------------------------- */

static void read_string(pid_t task, unsigned long address, char *text, size_t capacity)
{
    size_t got = 0;

    while (got + 1 < capacity) {
        /* Never over the end of a page: the next one may not be there. */
        char block[64];
        const size_t want = sizeof block - (address + got) % sizeof block;
        struct iovec local = {block, want}, remote = {(void *)(address + got), want};
        const ssize_t bytes = process_vm_readv(task, &local, 1, &remote, 1, 0);
        if (bytes <= 0)
            break;
        for (ssize_t i = 0; i < bytes && got + 1 < capacity; i++) {
            text[got] = block[i];
            if (block[i] == '\0')
                return;
            got++;
        }
    }
    text[got] = '\0';
}

static void read_descriptor(pid_t task, int descriptor, char *path, size_t capacity)
{
    char link[64];

    if (descriptor == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", task);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", task, descriptor);
    const ssize_t length = readlink(link, path, capacity - 1);
    path[length < 0 ? 0 : length] = '\0';
}

static void join(pid_t task, int directory, unsigned long address, char *path)
{
    char name[PATH_BYTES / 2], base[PATH_BYTES / 2 - 1];

    read_string(task, address, name, sizeof name);
    if (name[0] == '/') {
        snprintf(path, PATH_BYTES, "%s", name);
        return;
    }
    read_descriptor(task, directory, base, sizeof base);
    snprintf(path, PATH_BYTES, "%s/%s", base, name);
}

static void find_path(pid_t task, const struct call *call, const struct user_regs_struct *regs,
                      char *path)
{
    switch (call->file) {
    case DESCRIPTOR_0:
        read_descriptor(task, (int)regs->rdi, path, PATH_BYTES);
        break;
    case DESCRIPTOR_4:
        read_descriptor(task, (int)regs->r8, path, PATH_BYTES);
        break;
    case PATH_0:
        join(task, AT_FDCWD, regs->rdi, path);
        break;
    case PATH_1:
        join(task, AT_FDCWD, regs->rsi, path);
        break;
    case PATH_AT_1:
        join(task, (int)regs->rdi, regs->rsi, path);
        break;
    case PATH_AT_3:
        join(task, (int)regs->rdx, regs->r10, path);
        break;
    }
}

/* The entry of the call that a task is about to make; NULL for those of fcntl() that lock
 * nothing. */
static const struct call *find_call(const struct user_regs_struct *regs)
{
    const int operation = (int)regs->rsi;

    if (regs->orig_rax == SYS_fcntl && operation != F_SETLK && operation != F_SETLKW)
        return NULL;
    for (size_t i = 0; i < NUM_CALLS; i++)
        if ((unsigned long long)calls[i].number == regs->orig_rax)
            return &calls[i];
    return NULL;
}

/* --- The fault -------------------------------------------------------------------------------- */

static void note(const struct plan *plan, const struct call *call, const char *path)
{
    FILE *log = plan->log == NULL ? NULL : fopen(plan->log, "a");
    if (log == NULL)
        return;

    fprintf(log, "%ld %s %s\n", plan->count, call->name, path);
    fclose(log);
}

/* The task's place among those that are closing, or a free one for task 0; NULL: none. */
static pid_t *find_closing(struct plan *plan, pid_t task)
{
    for (int i = 0; i < MOST_CLOSING; i++)
        if (plan->closing[i] == task)
            return &plan->closing[i];
    return NULL;
}

static void add_closing(struct plan *plan, pid_t task)
{
    pid_t *place = find_closing(plan, 0);

    if (place == NULL) {
        fprintf(stderr, "inject: more than %d tasks close files at once\n", MOST_CLOSING);
        exit(STATUS_INTERNAL);
    }
    *place = task;
}

static void hit(struct plan *plan, pid_t command, pid_t task, const struct call *call,
                struct user_regs_struct *regs)
{
    switch (plan->mode) {
    case MODE_KILL:
        kill(command, SIGKILL);
        break;
    case MODE_SLOW:
        sleep((unsigned)plan->error);
        break;
    case MODE_SHORT: /* the third argument is the number of bytes */
        if (strchr("wR", call->class) != NULL && regs->rdx > 1) {
            regs->rdx = (regs->rdx + 1) / 2;
            ptrace(PTRACE_SETREGS, task, NULL, regs);
        }
        break;
    case MODE_FAIL: /* no such call: it returns what is in rax */
        if (call->class == 'c') {
            add_closing(plan, task);
            break;
        }
        regs->orig_rax = (unsigned long long)-1;
        regs->rax = (unsigned long long)-(long long)plan->error;
        ptrace(PTRACE_SETREGS, task, NULL, regs);
        break;
    }
}

static void inspect(struct plan *plan, pid_t command, pid_t task)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, task, NULL, &regs) != 0)
        return;
    const struct call *call = find_call(&regs);
    if (call == NULL)
        return;

    char path[PATH_BYTES];
    find_path(task, call, &regs, path);
    if (strncmp(path, plan->prefix, strlen(plan->prefix)) != 0)
        return;

    plan->count++;
    if (plan->number == 0)
        note(plan, call, path);
    else if (plan->count == plan->number || (plan->persist && plan->hit)) {
        if (!plan->hit)
            note(plan, call, path);
        plan->hit = true;
        hit(plan, command, task, call, &regs);
    }
}

/* A close() that is to fail has returned. */
static void fail_closing(const struct plan *plan, pid_t task)
{
    struct user_regs_struct regs;

    if (ptrace(PTRACE_GETREGS, task, NULL, &regs) != 0)
        return;
    regs.rax = (unsigned long long)-(long long)plan->error;
    ptrace(PTRACE_SETREGS, task, NULL, &regs);
}

/* --- Watching --------------------------------------------------------------------------------- */

/* End as the command did. */
static int end_like(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);

    signal(WTERMSIG(status), SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    kill(getpid(), WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

static int watch(struct plan *plan, pid_t command)
{
    int status;

    waitpid(command, &status, 0); /* its SIGSTOP */
    ptrace(PTRACE_SETOPTIONS, command, NULL,
           PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
               PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    ptrace(PTRACE_CONT, command, NULL, NULL);

    for (;;) {
        const pid_t task = waitpid(-1, &status, __WALL);
        if (task < 0 && errno == EINTR)
            continue;
        if (task < 0)
            return STATUS_INTERNAL;
        pid_t *closing = find_closing(plan, task);
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (task == command)
                return end_like(status);
            if (closing != NULL)
                *closing = 0;
            continue;
        }

        const int event = status >> 16, signal = WSTOPSIG(status);
        if (event == PTRACE_EVENT_SECCOMP)
            inspect(plan, command, task);
        else if (signal == RETURNED && closing != NULL) {
            fail_closing(plan, task);
            *closing = 0;
        }
        /* A new task's first stop and the tracer's own traps aren't for the command. */
        const bool ours =
            event != 0 || signal == SIGSTOP || signal == SIGTRAP || signal == RETURNED;
        ptrace(find_closing(plan, task) != NULL ? PTRACE_SYSCALL : PTRACE_CONT, task, NULL,
               ours ? NULL : (void *)(long)signal);
    }
}

static int parse_mode(const char *text, enum mode *mode)
{
    static const char *const names[] = {
        [MODE_FAIL] = "fail", [MODE_SHORT] = "short", [MODE_KILL] = "kill", [MODE_SLOW] = "slow"};

    for (int i = MODE_FAIL; i <= MODE_SLOW; i++)
        if (strcmp(text, names[i]) == 0) {
            *mode = (enum mode)i;
            return 0;
        }
    return -1;
}

static int parse_arguments(int argc, char **argv, struct plan *plan)
{
    int option;

    while ((option = getopt(argc, argv, "+p:c:n:e:m:Pl:")) != -1)
        switch (option) {
        case 'p':
            plan->prefix = optarg;
            break;
        case 'c':
            plan->classes = optarg;
            break;
        case 'n':
            plan->number = atol(optarg);
            break;
        case 'e':
            plan->error = atoi(optarg);
            break;
        case 'm':
            if (parse_mode(optarg, &plan->mode))
                return -1;
            break;
        case 'P':
            plan->persist = true;
            break;
        case 'l':
            plan->log = optarg;
            break;
        default:
            return -1;
        }
    return optind < argc ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct plan plan = {.prefix = "/", .classes = "w", .error = EIO};
    if (parse_arguments(argc, argv, &plan)) {
        fprintf(stderr, "usage: inject [-p PREFIX] [-c CLASSES] [-n N] [-e ERRNO] "
                        "[-m fail|short|kill|slow] [-P] [-l LOG] COMMAND...\n");
        return STATUS_USAGE;
    }

    const pid_t command = start(argv + optind, plan.classes);
    if (command < 0) {
        perror("inject: fork");
        return STATUS_INTERNAL;
    }
    /* mpirun signals a rank's group: these are for the command. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    return watch(&plan, command);
}
