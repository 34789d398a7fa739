/* What the kernel raises synchronously: a trapped system call, a fault; and code that answers it. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* Has the kernel send SIGSYS instead of making system call `number`, to the thread that calls and for
 * good. */
int trap_call(int number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : -errno;
}

static int answered;
static long answer;

/* Writes what a trapped system call returns. */
int write_result(void *context, long result)
{
	ucontext_t *interrupted = context;
#if defined __x86_64__
	interrupted->uc_mcontext.gregs[REG_RAX] = result;
	return 0;
#elif defined __aarch64__
	interrupted->uc_mcontext.regs[0] = result;
	return 0;
#elif defined __i386__
	interrupted->uc_mcontext.gregs[REG_EAX] = result;
	return 0;
#elif defined __arm__
	interrupted->uc_mcontext.arm_r0 = result;
	return 0;
#elif defined __riscv
	interrupted->uc_mcontext.__gregs[REG_A0] = result;
	return 0;
#elif defined __s390x__
	interrupted->uc_mcontext.gregs[2] = result;
	return 0;
#elif defined __powerpc64__
	interrupted->uc_mcontext.gp_regs[3] = result;
	return 0;
#elif defined __loongarch__
	interrupted->uc_mcontext.__gregs[4] = result;
	return 0;
#else
	(void)interrupted;
	(void)result;
	return -1;
#endif
}

static void answer_call(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)info;
	write_result(context, answer);
	answered++;
}

/* Installs a handler of SIGSYS that has each trapped system call return this. */
int answer_trapped_calls(long with)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = answer_call;
	action.sa_flags = SA_SIGINFO;
	answer = with;
	return sigaction(SIGSYS, &action, NULL);
}

int answered_calls(void)
{
	return answered;
}

static sigjmp_buf unreadable;
static volatile char *page;
static volatile sig_atomic_t probes;

static void no_memory(int signo)
{
	(void)signo;
	siglongjmp(unreadable, 1);
}

/* Whether the byte can be read: the way of garbage collectors, sanitizers and crash reporters. */
static void probe(int signo)
{
	struct sigaction action, before;
	(void)signo;
	memset(&action, 0, sizeof action);
	action.sa_handler = no_memory;
	sigaction(SIGSEGV, &action, &before);
	if (sigsetjmp(unreadable, 1) == 0)
		(void)*page;
	else
		probes++;
	sigaction(SIGSEGV, &before, NULL);
}

/* Memory that nobody can access. */
void *closed_page(void)
{
	void *at = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}

/* Installs a handler that finds out that a byte cannot be read. */
int probing_handler(int signo)
{
	struct sigaction action;
	page = closed_page();
	memset(&action, 0, sizeof action);
	action.sa_handler = probe;
	return page == NULL ? -1 : sigaction(signo, &action, NULL);
}

int found_unreadable(void)
{
	return probes;
}
