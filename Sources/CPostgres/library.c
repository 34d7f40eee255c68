#include "cpostgres.h"

#include <dlfcn.h>
#include <stdio.h>

// Every function of the library that is used: the compiler compares each with its declaration in the library's header.
#define FUNCTIONS(each)        \
    each(PQconninfoParse)      \
    each(PQconninfoFree)       \
    each(PQfreemem)            \
    each(PQconnectStartParams) \
    each(PQsetErrorVerbosity)  \
    each(PQconnectPoll)        \
    each(PQstatus)             \
    each(PQsocket)             \
    each(PQsetnonblocking)     \
    each(PQerrorMessage)       \
    each(PQfinish)             \
    each(PQenterPipelineMode)  \
    each(PQexitPipelineMode)   \
    each(PQpipelineSync)       \
    each(PQsendPrepare)        \
    each(PQsendQueryPrepared)  \
    each(PQflush)              \
    each(PQisBusy)             \
    each(PQconsumeInput)       \
    each(PQgetResult)          \
    each(PQclear)              \
    each(PQresultStatus)       \
    each(PQresultErrorField)   \
    each(PQresultErrorMessage) \
    each(PQnfields)            \
    each(PQntuples)            \
    each(PQgetisnull)          \
    each(PQgetvalue)           \
    each(PQgetlength)          \
    each(PQsetNoticeReceiver)

#define FIELD(name) __typeof__(&name) name;
typedef struct {
    FUNCTIONS(FIELD)
} Library;

static Library library;
static int is_open;

int cpg_open(const char *name, char *problem, size_t size) {
    // Never closed: the libraries that it draws in do not survive that.
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *reason = dlerror();
        snprintf(problem, size, "%s", reason ? reason : name);
        return -1;
    }
    Library found;
#define FIND(name)                                                    \
    *(void **)&found.name = dlsym(handle, #name);                     \
    if (!found.name) {                                                \
        snprintf(problem, size, "it has no function %s", #name);      \
        return -1;                                                    \
    }
    FUNCTIONS(FIND)
    // Threads that use the library read the table without a lock.
    if (!is_open) library = found;
    is_open = 1;
    return 0;
}

PQconninfoOption *cpg_PQconninfoParse(const char *text, char **problem) {
    return library.PQconninfoParse(text, problem);
}
void cpg_PQconninfoFree(PQconninfoOption *options) { library.PQconninfoFree(options); }
void cpg_PQfreemem(void *memory) { library.PQfreemem(memory); }
PGconn *cpg_PQconnectStartParams(const char *const *names, const char *const *values, int expandsDatabase) {
    return library.PQconnectStartParams(names, values, expandsDatabase);
}
PGVerbosity cpg_PQsetErrorVerbosity(PGconn *connection, PGVerbosity verbosity) {
    return library.PQsetErrorVerbosity(connection, verbosity);
}
PostgresPollingStatusType cpg_PQconnectPoll(PGconn *connection) { return library.PQconnectPoll(connection); }
ConnStatusType cpg_PQstatus(const PGconn *connection) { return library.PQstatus(connection); }
int cpg_PQsocket(const PGconn *connection) { return library.PQsocket(connection); }
int cpg_PQsetnonblocking(PGconn *connection, int isOn) { return library.PQsetnonblocking(connection, isOn); }
char *cpg_PQerrorMessage(const PGconn *connection) { return library.PQerrorMessage(connection); }
void cpg_PQfinish(PGconn *connection) { library.PQfinish(connection); }
int cpg_PQenterPipelineMode(PGconn *connection) { return library.PQenterPipelineMode(connection); }
int cpg_PQexitPipelineMode(PGconn *connection) { return library.PQexitPipelineMode(connection); }
int cpg_PQpipelineSync(PGconn *connection) { return library.PQpipelineSync(connection); }
int cpg_PQsendPrepare(PGconn *connection, const char *name, const char *text, int count, const Oid *types) {
    return library.PQsendPrepare(connection, name, text, count, types);
}
int cpg_PQsendQueryPrepared(
    PGconn *connection, const char *name, int count, const char *const *values, const int *lengths, const int *formats,
    int resultFormat) {
    return library.PQsendQueryPrepared(connection, name, count, values, lengths, formats, resultFormat);
}
int cpg_PQflush(PGconn *connection) { return library.PQflush(connection); }
int cpg_PQisBusy(PGconn *connection) { return library.PQisBusy(connection); }
int cpg_PQconsumeInput(PGconn *connection) { return library.PQconsumeInput(connection); }
PGresult *cpg_PQgetResult(PGconn *connection) { return library.PQgetResult(connection); }
void cpg_PQclear(PGresult *result) { library.PQclear(result); }
ExecStatusType cpg_PQresultStatus(const PGresult *result) { return library.PQresultStatus(result); }
char *cpg_PQresultErrorField(const PGresult *result, int field) { return library.PQresultErrorField(result, field); }
char *cpg_PQresultErrorMessage(const PGresult *result) { return library.PQresultErrorMessage(result); }
int cpg_PQnfields(const PGresult *result) { return library.PQnfields(result); }
int cpg_PQntuples(const PGresult *result) { return library.PQntuples(result); }
int cpg_PQgetisnull(const PGresult *result, int row, int column) {
    return library.PQgetisnull(result, row, column);
}
char *cpg_PQgetvalue(const PGresult *result, int row, int column) { return library.PQgetvalue(result, row, column); }
int cpg_PQgetlength(const PGresult *result, int row, int column) { return library.PQgetlength(result, row, column); }

static void ignore(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

void cpg_ignore_notices(PGconn *connection) { library.PQsetNoticeReceiver(connection, ignore, 0); }
