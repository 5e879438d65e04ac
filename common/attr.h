/* Compiler attributes and the two macros by which ownership changes hands. */
#ifndef COMMON_ATTR_H
#define COMMON_ATTR_H

#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define MUST_CHECK        __attribute__((warn_unused_result))
#define SENTINEL          __attribute__((sentinel))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Hand a value to its new owner and leave the variable empty. */
#define TAKE_PTR(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })
#define TAKE_FD(fd) ({ int taken_ = (fd); (fd) = -1; taken_; })

#endif
