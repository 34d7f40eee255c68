// PostgreSQL's client library: where its header stands differs between distributions.
#pragma once
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif

// Keeps the notices of a server to itself: without this the library prints them on the standard error.
void cpg_ignore_notices(PGconn *connection);
