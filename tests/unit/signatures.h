/*
 * Signatures of SIGNED_TEXT that gpg 2.2 made with the key of tests/lib/openpgp.py (`gpg --digest-algo … --detach-sign`), and
 * three that must not be taken.
 */
#ifndef TESTS_UNIT_SIGNATURES_H
#define TESTS_UNIT_SIGNATURES_H

#define SIGNED_TEXT "The agent's image.\n"

#define GPG_SHA256 \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQFJBAABCAAzFiEEOOTqJrTyK5K/0VftPj3wUeJRLvEFAmsCeYwVHHRlc3RAZXhh\n" \
	"bXBsZS5pbnZhbGlkAAoJED498FHiUS7xQK4H/ieJbpr+jb+HdzVeodMXSntaXGta\n" \
	"1kSLlBHzCNZPddTiwlUnctdvoP/XDehWlSuLvKqo15UBVUTM8mrSfI3jKI9+ZG7d\n" \
	"sDst0KJmDgqY/jkiV0ElolXjYd4BhuYn+oTsVUAmBBClPLpmoD15P0wgsev6KyKS\n" \
	"NaUmuBfl+EE+pIYv04S8YPT6hvMzdvcqPtLVkhEutdNm+a0sCiWwp/lolp4WQbve\n" \
	"7HtNbgrH7ZkQdjeFj3W0bpSTjdGl4m21U17HCbqYkKA4xnhx5omiGeXBMhPkNWc6\n" \
	"2v5F1NHjTBErGVW39g4Z92vOmX/lW1yQUResEgZGBgkhkHHhmNLgJlMKWgY=\n" \
	"=D3xL\n" \
	"-----END PGP SIGNATURE-----\n"

#define GPG_SHA384 \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQFJBAABCQAzFiEEOOTqJrTyK5K/0VftPj3wUeJRLvEFAmsCeYwVHHRlc3RAZXhh\n" \
	"bXBsZS5pbnZhbGlkAAoJED498FHiUS7xvA4H/i3EswGswiDrb/SFB+vMQQADyGt5\n" \
	"N02ymmkgLGV83trIVGh3P7sjZ63FU3o6yBh6nRGUsrarhwMGXcP8eZd0XNJIrtnL\n" \
	"WWCJc4UIfC8NhJCECmZplyU5vqFxTY7B4Lg1vJ0WOSzh6OWKC8+wYZ3YV1wGsUwV\n" \
	"AzWJ58E4uvmtxjL02zSIMoW+yX8OOGNt3BwZ7DL2HyTEdRQ1MCuEA8Dt6P3y8ZUY\n" \
	"+AlUjp4lphc1N+XjfWHbtT5m2YcaR7MBPSW20+sutSy6GhA7fLJ8kSiWQXUMSIqZ\n" \
	"KVCAs1eqJHNpWQr5eF4DABuE6CycUpq8llaG83mCRbln5cC16xO/jpFMi+g=\n" \
	"=h7XR\n" \
	"-----END PGP SIGNATURE-----\n"

#define GPG_SHA512 \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQFJBAABCgAzFiEEOOTqJrTyK5K/0VftPj3wUeJRLvEFAmsCeYwVHHRlc3RAZXhh\n" \
	"bXBsZS5pbnZhbGlkAAoJED498FHiUS7xAeUIAKN9O+iOGOpgNKU+bYqTDu1dHCH1\n" \
	"tCXORnpfD/bgN0XsLIovynTd9ejCElAHqUoRFiMKfc+Ihsdt9AaWsnBpclKraUwS\n" \
	"agU9v9VkPDPQ01gKO+ZdCdhocPSc6duX0Ai+DFO8bY53/ue3OVZDbD80X3HBZTEo\n" \
	"fz/XQfw4dLc8/+ZVw26zNXP6WvKWTQuQ2K3D/kJxueNhzJ9kelGmfmXEoEfRbfFS\n" \
	"VPuFcaLWl/i5KbLYj5tVHrHhRLqiz6LV3t/WidsN6OETUBdYiohc4cIQd1UiaiIu\n" \
	"oCvBDAfsX5tMwAF0UXKQ2c2isjwaz/gL0yXiFBd3WYTlsGlrQOux8YbbUnQ=\n" \
	"=vyl/\n" \
	"-----END PGP SIGNATURE-----\n"

/* As gpg 2.0 wrote them, which Amazon used: no fingerprint, the issuer's id not hashed. */
#define GPG_20 \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQEcBAABCAAGBQJrAnmMAAoJED498FHiUS7x8ssIAJHqPRuE8lGxVACgPhypUqVf\n" \
	"iZTRosf9mpIKJ8rtBNN7+3zyhdyJTU3Xbw/wL84/reJ6OEPZGtm0xOay8XC1IC8A\n" \
	"uVKk89C21IO3ZMbyeHftwWdOFQqiYCX42+ZXzFGOUNf73p60QC3rnC2/omGvcD+O\n" \
	"GS+ObwhxUrJEImnCeotADFzwSkgC/TeIXC6wifXcx0roXKc/9Kelip2yfbnxQ2R/\n" \
	"m1nWA4gE/OW0NndZ1jPWvF3H1EPIT2sJGKq/8MNn1+pzDQVWZMcMVYCS+yD4dlcl\n" \
	"b14uBVkDowHAmkYyt5WBBxktCyLhfUdJV+f0OmEc2WpBtn2/Lscx2Njd5KNTDmA=\n" \
	"=JS8v\n" \
	"-----END PGP SIGNATURE-----\n"

#define GPG_SHA1 \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQFJBAABAgAzFiEEOOTqJrTyK5K/0VftPj3wUeJRLvEFAmsCeYwVHHRlc3RAZXhh\n" \
	"bXBsZS5pbnZhbGlkAAoJED498FHiUS7xrBIH/RD1G1/EhCgc81hLfwFkRfxdvZ6T\n" \
	"Qd6kywzswEfh7vIET3C6DBHgQDyx8UBkV1n/XGhlWIhOGgTTh+IqgfOsjtIFN5Fu\n" \
	"1Ktf7HyU1RRwjS1E4gJYvEfriIwG/zbq3TQhsFQiuquzUYOWACxtRPUvKh2WMWNx\n" \
	"02PKC0gCXIfpaJzDDaHp4pgAw3UcZ3PrxBhhKxIGznkdAcO/LQnT1Wyc4iC1XBGu\n" \
	"tGNaQgUkMj6hxx90jV3J8ar9otbsr2mfLkqfkKNf/pRxpypLV4xEcc7m7FFhypHW\n" \
	"r074I9kxLyQU7rkFBcxoANN4iizXCl/YPthI68bO4EfdR4hNKLHjhexQlbA=\n" \
	"=jGoU\n" \
	"-----END PGP SIGNATURE-----\n"

#define GPG_TEXT \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQFJBAEBCgAzFiEEOOTqJrTyK5K/0VftPj3wUeJRLvEFAmsCeYwVHHRlc3RAZXhh\n" \
	"bXBsZS5pbnZhbGlkAAoJED498FHiUS7x5d0IAI59N6ZGhlNUsHW5gIZswSAIzpZZ\n" \
	"/tsNc7eACGbULOnVKIjlTob39yQKAkxG7Y56+CvTzbj4ZPIXJmF4ZTvvoqQ03nLQ\n" \
	"S0jUVXc5uZQNyrb7D4l6VDXoZ94HnQY5Ca80AQFRKf5l/1taMwosmitKP9yib16X\n" \
	"eiGLNdLj/nk2uj9QvCbPxZn6SyApmkaaNH73WNHmEOyKHWaG1lO5K/Vot0KBF4yl\n" \
	"UlUW2BLyD8QBWq7/txrK9juywvKgwf0VMStXjj6Yv0sv7wpSgIhKYbnS7rTsJxIQ\n" \
	"NNkMa2ghM6IXJSTcjC5pygWAskHk3cmW3ZI2hhjQiSvm5HtSufCiA8Yxs8s=\n" \
	"=tJsW\n" \
	"-----END PGP SIGNATURE-----\n"

#define GPG_EXPIRES \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQFPBAABCgA5FiEEOOTqJrTyK5K/0VftPj3wUeJRLvEFAmsCeYwFgwHhM4AVHHRl\n" \
	"c3RAZXhhbXBsZS5pbnZhbGlkAAoJED498FHiUS7xEOUH/jrHTaH5rQDkO7svp8Iw\n" \
	"fulHWT6iEf40qIKEcd3nFP9NPAtpad56XYx6zDpN3rj4Rf8m5VrD3xwO43+Rfkfv\n" \
	"9XadszFhs7OFr5P5EdHDYLHhnZd750gmbn4Z0rO90XrtjqnwdDTzdZI/vhAq4VQz\n" \
	"M8G49Er3e5ZLEV8R1yRk9bB3fxAZmKi7rz7QzZTIo6RITwryK5AStHcUD1t98qIl\n" \
	"MrC8ORxk7PhsgfvAjSXc4f+jVCalA3q6yZvtLd7BtQG0WEp0GmA4SQZF5i+Or5ui\n" \
	"rch7z7HmztrNcCX6Yr+Ds/dhk7KsXOTnOI6zgcPllETEcXrNrpWAgUZCxOxTrE4O\n" \
	"Mgg=\n" \
	"=zOPT\n" \
	"-----END PGP SIGNATURE-----\n"

#define GPG_STRANGER \
	"-----BEGIN PGP SIGNATURE-----\n" \
	"\n" \
	"iQFJBAABCgAzFiEErvxCwn/kICcPdtNIyDNHe+/vbMEFAmsCeYwVHHRlc3RAZXhh\n" \
	"bXBsZS5pbnZhbGlkAAoJEMgzR3vv72zBnWoH/3c6E/qjttUcYz/7qgYug+oruKqo\n" \
	"GTa1ZIPRLlUaVtVF0zPsPudXRefESUQlN1kQfQPDihLHi2vL9omZSF89t2n1QN4L\n" \
	"JKBErCyIUnmzWNy2A6j29mgHW39qfPDkjOpbpAAOXSuOr7n/UNQFo19YDC9uLsOO\n" \
	"sh1+JlJDoxkGFLUfK+9bqUjjiAlA/YAOZvD9ee0wOsT5/NCwVBoXV6SQD2BYX6x6\n" \
	"UIzGpO+BNEL18T6lbJ9E1wGyH7eqRCsyPldb+NMcK5jiCdqqwb407kjngK58WBRA\n" \
	"sgOwN3cRcXcysKlFiO/bF/lPjRajilYs7hJ3GNgE8Hnp3YiHXo/PV/+Sevw=\n" \
	"=ng6l\n" \
	"-----END PGP SIGNATURE-----\n"

#endif
