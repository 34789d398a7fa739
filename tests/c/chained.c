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

/* A handler that takes this much of the stack it is on. */
static volatile size_t depth;
static volatile sig_atomic_t deep_calls;

static void __attribute__((noinline)) use_stack(size_t size)
{
	volatile char here[1024];
	here[0] = here[sizeof here - 1] = 0x11;
	if (size > sizeof here)
		use_stack(size - sizeof here);
	here[0] = here[0] + 1;
}

static void deep(int signo)
{
	(void)signo;
	use_stack(depth);
	deep_calls++;
}

int deep_handler(int signo, int flags, size_t size)
{
	depth = size;
	return install(signo, flags, 0, (void *)deep);
}

int calls_of_deep_handler(void)
{
	return deep_calls;
}

#define BELOW (256 * 1024)

static char *below;

/* Gives this thread an alternate stack with memory of somebody else's below it. */
int alternate_stack_with_neighbour(size_t size)
{
	below = mmap(NULL, BELOW + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (below == MAP_FAILED)
		return -1;
	memset(below, 0x5a, BELOW);
	stack_t stack = { .ss_sp = below + BELOW, .ss_size = size };
	return sigaltstack(&stack, NULL);
}

/* How many bytes of that memory are not what they were. */
int changed_below(void)
{
	int changed = 0;
	for (int n = 0; n < BELOW; n++)
		changed += below[n] != 0x5a;
	return changed;
}

/* A handler that leaves by siglongjmp(3) while `repeat` runs, and otherwise returns. */
static sigjmp_buf again;
static volatile sig_atomic_t armed;
static volatile sig_atomic_t jumps;
static atomic_int sent_signals;
static atomic_int handled_signals;

static void jump(int signo)
{
	(void)signo;
	handled_signals++;
	if (!armed)
		return;
	armed = 0;
	jumps++;
	siglongjmp(again, 1);
}

int jumping_handler(int signo, int flags)
{
	return install(signo, flags, 0, (void *)jump);
}

/* Sends a signal to a thread if the handler has had the one before: one after the other, for a flood
 * lets nothing go on in between. Called by one thread. */
void send_next(int tid, int signo)
{
	if (sent_signals == handled_signals) {
		sent_signals++;
		syscall(SYS_tgkill, getpid(), tid, signo);
	}
}

/* Calls `body` again and again until the handler has jumped out this many times. */
void repeat(int times, void (*body)(void))
{
	sigsetjmp(again, 1);
	while (jumps < times) {
		armed = 1;
		body();
		armed = 0;
	}
}

/* A handler over another, to which it chains. */
enum chain {
	WITH_ITS_ARGUMENTS,
	/* As `old(signo)`: the other registers hold what they held, an address on the stack. */
	WITH_STALE_DETAILS,
	WITH_NO_ADDRESS,
	NOT_BUT_JUMP,
};

static struct sigaction under[65];
static volatile enum chain chain;
static volatile sig_atomic_t over_calls;
static siginfo_t stale;

static void over(int signo, siginfo_t *info, void *context)
{
	void (*next)(int, siginfo_t *, void *) = under[signo].sa_sigaction;
	over_calls++;
	if (under[signo].sa_handler == SIG_DFL || under[signo].sa_handler == SIG_IGN)
		return;
	switch (chain) {
	case WITH_ITS_ARGUMENTS:
		next(signo, info, context);
		break;
	case WITH_STALE_DETAILS: {
		siginfo_t left = stale;
		next(signo, &left, (void *)8);
		break;
	}
	case WITH_NO_ADDRESS:
		next(signo, (void *)0x10, (void *)8);
		break;
	case NOT_BUT_JUMP:
		jump(signo);
	}
}

static void over_of_one_argument(int signo)
{
	over(signo, NULL, NULL);
}

/* Installs it. What is stale is of another signal, from process 4321. */
int over_handler(int signo, int flags, enum chain how, int stale_signo)
{
	chain = how;
	memset(&stale, 0, sizeof stale);
	stale.si_signo = stale_signo;
	stale.si_code = SI_QUEUE;
	stale.si_pid = 4321;
	stale.si_value.sival_int = 77;
	if (sigaction(signo, NULL, &under[signo]) != 0)
		return -1;
	void *handler = flags & SA_SIGINFO ? (void *)over : (void *)over_of_one_argument;
	return install(signo, flags, 0, handler);
}

void chain_from_now_on(enum chain how)
{
	chain = how;
}

int calls_of_over_handler(void)
{
	return over_calls;
}
