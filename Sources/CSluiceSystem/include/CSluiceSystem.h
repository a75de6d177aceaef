// What Swift's Glibc module does not import.
#ifndef PGSLUICE_CSYSTEM_H
#define PGSLUICE_CSYSTEM_H

#include <pthread.h>

/// A new eventfd: counter 0, nonblocking, closed on exec. -1 and errno on failure.
int sluice_eventfd(void);

/// 1 for a file of /proc or /sys, which the kernel makes up as it is read; else 0.
int sluice_is_kernel_file(int descriptor);

/// Names a thread for `ps -L` and debuggers; the kernel keeps 15 bytes.
void sluice_name_thread(pthread_t thread, const char *name);

#endif
