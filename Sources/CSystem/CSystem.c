#define _GNU_SOURCE
#include "CSystem.h"

#include <stdio.h>
#include <sys/eventfd.h>

int sluice_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void sluice_name_thread(pthread_t thread, const char *name) {
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
    pthread_setname_np(thread, kept);
}
