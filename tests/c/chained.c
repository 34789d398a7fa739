/* Handlers as C programs have them, which note what they see. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CALLS 4

/* How a handler ends. */
enum end { RETURNS, SIGLONGJMP, LONGJMP };

struct call {
	int signo;
	int on_alternate;
	uint64_t mask;
	int has_info, info_signo, code, value;
	uint64_t interrupted;
	uintptr_t pc;
};

static volatile sig_atomic_t calls;
static struct call call[CALLS];
static uint64_t mask_after[CALLS];
static volatile enum end end;
static sigjmp_buf out;

static uint64_t mask_now(void)
{
	uint64_t mask = 0;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
	return mask;
}

static int on_alternate_now(void)
{
	stack_t stack;
	sigaltstack(NULL, &stack);
	return (stack.ss_flags & SS_ONSTACK) != 0;
}

static void finish(void)
{
	calls++;
	if (end != RETURNS)
		siglongjmp(out, 1);
}

static void one_argument(int signo)
{
	struct call *this = &call[calls % CALLS];
	this->signo = signo;
	this->on_alternate = on_alternate_now();
	this->mask = mask_now();
	finish();
}

static void three_arguments(int signo, siginfo_t *info, void *context)
{
	struct call *this = &call[calls % CALLS];
	ucontext_t *interrupted = context;
	this->has_info = 1;
	this->info_signo = info->si_signo;
	this->code = info->si_code;
	this->value = info->si_value.sival_int;
	/* The kernel fills the first 64 bits. */
	memcpy(&this->interrupted, &interrupted->uc_sigmask, sizeof this->interrupted);
#if defined __x86_64__
	this->pc = interrupted->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
	this->pc = interrupted->uc_mcontext.pc;
#endif
	one_argument(signo);
}

static int install(int signo, int flags, uint64_t mask, void *handler)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_flags = flags;
	for (int other = 1; other <= 64; other++)
		if (mask >> (other - 1) & 1)
			sigaddset(&action.sa_mask, other);
	if (flags & SA_SIGINFO)
		action.sa_sigaction = (void (*)(int, siginfo_t *, void *))handler;
	else
		action.sa_handler = (void (*)(int))handler;
	return sigaction(signo, &action, NULL);
}

/* Gives this thread an alternate stack of this size; 0 takes it away. */
int alternate_stack(size_t size)
{
	stack_t stack = { .ss_flags = SS_DISABLE };
	if (size != 0) {
		void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED)
			return -1;
		stack = (stack_t){ .ss_sp = at, .ss_size = size };
	}
	return sigaltstack(&stack, NULL);
}

/* Installs a handler that notes what it sees and ends in this way. */
int noting_handler(int signo, int flags, uint64_t mask, enum end how)
{
	end = how;
	calls = 0;
	void *handler = flags & SA_SIGINFO ? (void *)three_arguments : (void *)one_argument;
	return install(signo, flags, mask, handler);
}

static int queue_to_this_thread(int signo, int value)
{
	siginfo_t info;
	memset(&info, 0, sizeof info);
	info.si_signo = signo;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_value.sival_int = value;
	return syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), signo, &info);
}

/* Sends the signal to this thread this many times, with values from 100 on. */
int send_to_this_thread(int signo, int times)
{
	static volatile int sent;
	for (sent = 0; sent < times && sent < CALLS; sent++) {
		/* A handler that jumps out comes back here a second time. */
		if (sigsetjmp(out, end == SIGLONGJMP) == 0 &&
		    queue_to_this_thread(signo, 100 + sent) != 0)
			return -1;
		mask_after[sent] = mask_now();
	}
	return 0;
}

int calls_so_far(void)
{
	return calls;
}

/* What one call saw, and the mask after the signal of this number. */
int describe(int n, char *text, size_t room)
{
	const struct call *this = &call[n % CALLS];
	int length = 0;
	if (n < calls) {
		length = snprintf(text, room, "%s mask %016llx signal %d",
				  this->on_alternate ? "alternate" : "own",
				  (unsigned long long)this->mask, this->signo);
		if (this->has_info)
			length += snprintf(text + length, room - length,
					   " info %d/%d/%d interrupted %016llx at %zx",
					   this->info_signo, this->code, this->value,
					   (unsigned long long)this->interrupted,
					   (size_t)this->pc);
	} else {
		length = snprintf(text, room, "not called");
	}
	return length + snprintf(text + length, room - length, "; after %016llx",
				 (unsigned long long)mask_after[n % CALLS]);
}
