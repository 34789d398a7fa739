/* What examples/bare/src/bin/shutdown.rs does, in C without libc, as small as it gets. */

typedef unsigned long word;

struct timespec { long seconds, nanoseconds; };
struct sigaction { void (*handler)(int); word flags; void (*restorer)(void); word mask; };

enum { WRITE = 1, RT_SIGACTION = 13, RT_SIGPROCMASK = 14, GETPID = 39, EXIT = 60, PPOLL = 271 };
enum { SIGINT = 2, SIGTERM = 15, SA_RESTART = 0x10000000, SA_RESTORER = 0x04000000 };

static const word ASKS_TO_STOP = 1 << (SIGINT - 1) | 1 << (SIGTERM - 1);

/* A bit a signal, set by the handler. */
static volatile word asked;

static long call(long number, long a, const void *b, const void *c, const void *d, long e)
{
	register const void *r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall"
		: "+a"(number)
		: "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
		: "rcx", "r11", "memory");
	return number;
}

/* The bytes that debuggers know. */
void restorer(void);
__asm__("restorer: movq $15, %rax\n syscall");

static void on_signal(int number)
{
	__atomic_fetch_or(&asked, 1ul << (number - 1), __ATOMIC_SEQ_CST);
}

static void print(const char *text, word length)
{
	call(WRITE, 1, text, (void *)length, 0, 0);
}
#define PRINT(text) print(text, sizeof(text) - 1)

static void print_number(unsigned number)
{
	char digit = '0' + number % 10;
	if (number >= 10)
		print_number(number / 10);
	print(&digit, 1);
}

static long work_until_asked(void)
{
	static const struct sigaction action = { on_signal, SA_RESTART | SA_RESTORER, restorer, -1 };
	static const struct timespec second = { 1, 0 };
	word before = 0;
	long error;

	if ((error = call(RT_SIGACTION, SIGINT, &action, 0, (void *)8, 0)) ||
	    (error = call(RT_SIGACTION, SIGTERM, &action, 0, (void *)8, 0)))
		return -error;
	/* Blocked but while it sleeps, so that none comes between the look and the sleep. */
	call(RT_SIGPROCMASK, 0, &ASKS_TO_STOP, &before, (void *)8, 0);
	PRINT("pid ");
	print_number(call(GETPID, 0, 0, 0, 0, 0));
	PRINT("\n");
	do {
		struct timespec left = second;
		PRINT("Working...\n");
		call(PPOLL, 0, 0, &left, &before, 8);
	} while (!asked);
	PRINT("Stopping program...\n");
	if (asked & 1 << (SIGINT - 1))
		PRINT("SIGINT asked to stop\n");
	if (asked & 1 << (SIGTERM - 1))
		PRINT("SIGTERM asked to stop\n");
	PRINT("Program exited safely\n");
	return 0;
}

__attribute__((noreturn)) void _start(void)
{
	__asm__ volatile("and $-16, %rsp");
	for (long status = work_until_asked();;)
		call(EXIT, status, 0, 0, 0, 0);
}
