/* A stand-in for libnvidia-ml.so.1 that fails as NVML_WRONG says: the name of a call, or crash, hang, exit, long. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wrong(const char *call)
{
	const char *want = getenv("NVML_WRONG");

	return want && strcmp(want, call) == 0;
}

int nvmlInit_v2(void)
{
	if (wrong("crash"))
		abort();
	if (wrong("exit"))
		exit(0);
	while (wrong("hang"))
		sleep(1);
	return wrong("init") ? 9 : 0;
}

int nvmlShutdown(void)
{
	return 0;
}

int nvmlSystemGetDriverVersion(char *to, unsigned size)
{
	strncpy(to, "535.183.01", size);
	return wrong("driver") ? 999 : 0;
}

/* The first name of the call: libraries before 2013 have no other. */
int nvmlDeviceGetCount(unsigned *ret)
{
	*ret = wrong("none") ? 0 : 2;
	return wrong("count") ? 15 : 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret)
{
	static char devices[2];

	*ret = &devices[index];
	return wrong("handle") || (wrong("one") && index == 0) ? 15 : 0;
}

int nvmlDeviceGetUUID(void *device, char *to, unsigned size)
{
	static char *first;

	if (!first)
		first = device;
	memset(to, 'x', size);
	if (!wrong("long"))
		strncpy(to, device == (void *) first ? "GPU-aaaa" : "GPU-bbbb", size);
	return wrong("uuid") ? 15 : 0;
}

const char *nvmlErrorString(int code)
{
	return code == 9 ? "Driver Not Loaded" : code == 15 ? "GPU is lost" : NULL;
}
