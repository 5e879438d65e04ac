#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/view.h"
#include "netconf/nft.h"

#define LIBRARY "libnftables.so.1"

enum { SAID_MAX = 400 };

/* As <nftables/libnftables.h> has them; that header is not needed to build this program, and the library keeps its ABI. */
enum { STATELESS = 1 << 2, HANDLE = 1 << 3, NUMERIC_PRIO = 1 << 8 };
struct nft_ctx;

struct nft {
	void           *library;
	struct nft_ctx *ctx;
	struct nft_ctx *(*ctx_new)(uint32_t flags);
	void (*ctx_free)(struct nft_ctx *ctx);
	void (*set_flags)(struct nft_ctx *ctx, unsigned flags);
	void (*set_dry_run)(struct nft_ctx *ctx, bool dry);
	int (*buffer_output)(struct nft_ctx *ctx);
	int (*buffer_error)(struct nft_ctx *ctx);
	const char *(*output)(struct nft_ctx *ctx);
	const char *(*error)(struct nft_ctx *ctx);
	int (*run)(struct nft_ctx *ctx, const char *commands);
};

static bool find_all(struct nft *n)
{
	const struct {
		const char *name;
		void       *to;
	} symbols[] = {
		{ "nft_ctx_new", &n->ctx_new },
		{ "nft_ctx_free", &n->ctx_free },
		{ "nft_ctx_output_set_flags", &n->set_flags },
		{ "nft_ctx_set_dry_run", &n->set_dry_run },
		{ "nft_ctx_buffer_output", &n->buffer_output },
		{ "nft_ctx_buffer_error", &n->buffer_error },
		{ "nft_ctx_get_output_buffer", &n->output },
		{ "nft_ctx_get_error_buffer", &n->error },
		{ "nft_run_cmd_from_buffer", &n->run },
	};

	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		void *found = dlsym(n->library, symbols[i].name);

		if (!found)
			return false;
		*(void **) symbols[i].to = found;
	}
	return true;
}

void nft_freep(struct nft **n)
{
	if (!*n)
		return;
	if ((*n)->ctx)
		(*n)->ctx_free((*n)->ctx);
	free(*n);
	*n = NULL; /* the library stays loaded: it has registered functions for the program's end */
}

int nft_open(struct nft **ret, struct err *e)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const char *why = library ? NULL : dlerror();
	AUTO_NFT *n = NULL;

	if (!library && strncmp(why, LIBRARY ": cannot open", sizeof LIBRARY + 12) == 0)
		return NFT_ABSENT;
	if (!library) /* it is there, and broken */
		return err_say(e, -ELIBBAD, "load '%s': %s", LIBRARY, why);
	n = calloc(1, sizeof *n);
	if (!n)
		return err_set(e, -ENOMEM, "load '%s'", LIBRARY);
	n->library = library;
	if (!find_all(n))
		return err_say(e, -ENOTSUP, "load '%s': %s", LIBRARY, dlerror());
	n->ctx = n->ctx_new(0);
	if (!n->ctx || n->buffer_output(n->ctx) != 0 || n->buffer_error(n->ctx) != 0)
		return err_set(e, -ENOMEM, "load '%s'", LIBRARY);
	nft_show_handles(n, false);
	*ret = TAKE_PTR(n);
	return 0;
}

void nft_show_handles(struct nft *n, bool yes)
{
	n->set_flags(n->ctx, STATELESS | NUMERIC_PRIO | (yes ? HANDLE : 0));
}

/* The first line; below it the library repeats the command and underlines a part of it. */
static struct view cause(struct nft *n)
{
	struct view said = view_of(n->error(n->ctx)), line = { "", 0 };

	(void) view_line(&said, &line);
	return view_trim(line);
}

int nft_run(struct nft *n, const char *commands, struct buf *out, struct err *e)
{
	const char *printed;
	int r = n->run(n->ctx, commands);
	struct view why = cause(n);

	printed = n->output(n->ctx); /* read in any case: that empties it */
	if (r != 0)
		return err_say(e, -EIO, "ask nf_tables: %.*s", VIEW_ARG(why, (size_t) SAID_MAX));
	r = out ? buf_add(out, printed, view_of(printed).len) : 0;
	return r < 0 ? err_set(e, r, "ask nf_tables") : 0;
}

int nft_try(struct nft *n, const char *commands, struct err *e)
{
	int r;

	n->set_dry_run(n->ctx, true);
	r = nft_run(n, commands, NULL, e);
	n->set_dry_run(n->ctx, false);
	return r;
}
