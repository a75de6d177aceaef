#ifndef PGSLUICE_CLIBPQ_SHIM_H
#define PGSLUICE_CLIBPQ_SHIM_H

#include <libpq-fe.h>

#endif
