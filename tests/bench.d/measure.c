/*
 * measure REPORT COMMAND…   runs COMMAND and writes one line to REPORT:
 *                           exit code, wall, processor (children included), peak RSS of the largest process
 * measure -x REPORT COMMAND… writes the time of day and becomes COMMAND
 *
 * Times in microseconds, sizes in KiB. Small on purpose: a process that is
 * forked starts with the peak RSS of the one that forks it, so a large parent
 * (Python) would hide what a small program needs.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static int run(const char *report, char **command)
{
	struct rusage used;
	int status;
	long long begin = now_us(CLOCK_MONOTONIC);
	pid_t child = vfork();

	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) < 0)
		return 1;
	long long wall = now_us(CLOCK_MONOTONIC) - begin;
	FILE *f = fopen(report, "w");
	if (!f)
		return 1;
	fprintf(f, "%d %lld %lld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	        wall, us(used.ru_utime) + us(used.ru_stime), used.ru_maxrss);
	return fclose(f) == 0 ? 0 : 1;
}

static int become(const char *report, char **command)
{
	FILE *f = fopen(report, "w");

	if (!f)
		return 1;
	fprintf(f, "%lld\n", now_us(CLOCK_REALTIME));
	if (fclose(f) != 0)
		return 1;
	execvp(command[0], command);
	return 127;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "-x") == 0)
		return become(argv[2], argv + 3);
	if (argc > 2 && argv[1][0] != '-')
		return run(argv[1], argv + 2);
	fprintf(stderr, "usage: measure [-x] REPORT COMMAND...\n");
	return 2;
}
