/* A stand-in for an EFS mount target's door: what its two files share. It uses nothing of the product, so that it can disagree with it. */
#ifndef TESTS_EFS_FRONT_FRONT_H
#define TESTS_EFS_FRONT_FRONT_H

#include <openssl/x509.h>
#include <stdbool.h>

struct front {
	const char *file_system;  /* what clients must name; NULL: anything */
	const char *access_point; /* the one that is known; NULL: none may be named */
	const char *region;
	const char *table;        /* file of "AKID SECRET TOKEN" lines; NULL: signatures are not asked for */
	bool        any;          /* any certificate will do */
	long        skew;         /* seconds by which our clock is ahead */
};

/* What a client's certificate says. */
struct visitor {
	char common_name[128], file_system[64], access_point[64], source[128], version[64], key_id[128];
	char refused[256]; /* why not; empty: come in */
	long serial;
	int  verify_error; /* X509_V_…, when refused */
};

/* Fills v; true if it is let in. */
bool check_visitor(const struct front *f, X509 *certificate, struct visitor *v);

#endif
