/* Runs each named file through the fuzz target once, in TAP: every input ever found stays a test, without libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_MAX = 4 << 20 };

int main(int argc, char **argv)
{
	uint8_t *room = malloc(INPUT_MAX);

	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
		FILE *f = fopen(argv[i], "rbe");
		size_t n = f && room ? fread(room, 1, INPUT_MAX, f) : 0;
		uint8_t *exact = malloc(n ? n : 1); /* of just this size, so that a sanitizer sees the first byte too far */

		if (!f || !room || !exact) {
			printf("not ok %d - %s\n", i, name);
			return EXIT_FAILURE;
		}
		fclose(f);
		memcpy(exact, room, n);
		(void) LLVMFuzzerTestOneInput(exact, n);
		free(exact);
		printf("ok %d - %s\n", i, name);
		fflush(stdout);
	}
	free(room);
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
