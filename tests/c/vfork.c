/* A child that has its parent's memory until it ends. */
#define _DEFAULT_SOURCE
#include <signal.h>
#include <unistd.h>

/* Makes one by vfork(2), which sends the signal to its whole process group. Returns the child. */
int signal_group_from_vfork(int signo)
{
	pid_t child = vfork();
	if (child == 0) {
		kill(0, signo);
		_exit(0);
	}
	return child;
}
