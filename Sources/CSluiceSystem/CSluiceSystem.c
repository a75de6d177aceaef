#define _GNU_SOURCE
#include "CSluiceSystem.h"

#include <stdio.h>
#include <linux/magic.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>

int sluice_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int sluice_is_kernel_file(int descriptor) {
    struct statfs system;
    if (fstatfs(descriptor, &system) != 0) return 0;
    return system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC;
}

void sluice_name_thread(pthread_t thread, const char *name) {
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
    pthread_setname_np(thread, kept);
}
