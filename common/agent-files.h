/* What the agent will be told by its two files: for those that go out into the world as the agent does. */
#ifndef COMMON_AGENT_FILES_H
#define COMMON_AGENT_FILES_H

/* The last value that either file gives to name, the user's file before the image's. NULL: none, or empty. The caller frees it. */
char *agent_files_value(int root, const char *name);

#endif
