/* What examples/bare/src/bin/shutdown.rs does, in C with a libc, and as small as that: no stdio. */

#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t asked_by_int, asked_by_term;

static void on_signal(int number)
{
	if (number == SIGINT)
		asked_by_int = 1;
	else
		asked_by_term = 1;
}

static void print(const char *text)
{
	/* What cannot be written is lost, as with a closed terminal. */
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		return;
}

static void print_number(unsigned number)
{
	char digit[] = { '0' + number % 10, 0 };
	if (number >= 10)
		print_number(number / 10);
	print(digit);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t asks_to_stop, before;

	sigfillset(&action.sa_mask);
	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		return 1;
	/* Blocked but while it sleeps, so that none comes between the look and the sleep. */
	sigemptyset(&asks_to_stop);
	sigaddset(&asks_to_stop, SIGINT);
	sigaddset(&asks_to_stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &asks_to_stop, &before);
	print("pid ");
	print_number(getpid());
	print("\n");
	do {
		struct timespec second = { .tv_sec = 1 };
		print("Working...\n");
		ppoll(NULL, 0, &second, &before);
	} while (!asked_by_int && !asked_by_term);
	print("Stopping program...\n");
	if (asked_by_int)
		print("SIGINT asked to stop\n");
	if (asked_by_term)
		print("SIGTERM asked to stop\n");
	print("Program exited safely\n");
	return 0;
}
