/* A thread that may be cancelled at any instruction. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_t thread;
static atomic_int tid;

static void *take_a_signal(void *signo)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	tid = gettid();
	syscall(SYS_tgkill, getpid(), tid, (int)(intptr_t)signo);
	for (;;)
		pause();
	return NULL;
}

/* Starts a thread that sends itself this signal. */
int start_thread(int signo)
{
	return pthread_create(&thread, NULL, take_a_signal, (void *)(intptr_t)signo);
}

int thread_id(void)
{
	return tid;
}

int cancel_thread(void)
{
	return pthread_cancel(thread);
}

/* Waits for its end, and returns whether that is because it was cancelled. */
int join_thread(void)
{
	void *result = NULL;
	return pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED;
}
