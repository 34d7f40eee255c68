#include "cpostgres.h"

static void ignore(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

void cpg_ignore_notices(PGconn *connection) { PQsetNoticeReceiver(connection, ignore, 0); }
