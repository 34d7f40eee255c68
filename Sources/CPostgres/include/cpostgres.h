// PostgreSQL's client library, opened when a store in a server is first named: linked, it would draw a dozen other
// libraries (TLS, LDAP, Kerberos) into every process, which take as much memory as the rest of a quiet node.
#pragma once
#include <stddef.h>
// Where its header stands differs between distributions.
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif

// Opens the library of this name and finds all functions below in it. Returns 0; or -1, with the reason in `problem`, and then
// nothing has changed. One thread at a time calls it; a second success changes nothing.
int cpg_open(const char *name, char *problem, size_t size);

// Each is the function of libpq with the same name behind `cpg_`. MUST NOT be called before `cpg_open` has succeeded.
PQconninfoOption *cpg_PQconninfoParse(const char *text, char **problem);
void cpg_PQconninfoFree(PQconninfoOption *options);
void cpg_PQfreemem(void *memory);
PGconn *cpg_PQconnectStartParams(const char *const *names, const char *const *values, int expandsDatabase);
PGVerbosity cpg_PQsetErrorVerbosity(PGconn *connection, PGVerbosity verbosity);
PostgresPollingStatusType cpg_PQconnectPoll(PGconn *connection);
ConnStatusType cpg_PQstatus(const PGconn *connection);
int cpg_PQsocket(const PGconn *connection);
int cpg_PQsetnonblocking(PGconn *connection, int isOn);
char *cpg_PQerrorMessage(const PGconn *connection);
void cpg_PQfinish(PGconn *connection);
int cpg_PQenterPipelineMode(PGconn *connection);
int cpg_PQexitPipelineMode(PGconn *connection);
int cpg_PQpipelineSync(PGconn *connection);
int cpg_PQsendPrepare(PGconn *connection, const char *name, const char *text, int count, const Oid *types);
int cpg_PQsendQueryPrepared(
    PGconn *connection, const char *name, int count, const char *const *values, const int *lengths, const int *formats,
    int resultFormat);
int cpg_PQflush(PGconn *connection);
int cpg_PQisBusy(PGconn *connection);
int cpg_PQconsumeInput(PGconn *connection);
PGresult *cpg_PQgetResult(PGconn *connection);
void cpg_PQclear(PGresult *result);
ExecStatusType cpg_PQresultStatus(const PGresult *result);
char *cpg_PQresultErrorField(const PGresult *result, int field);
char *cpg_PQresultErrorMessage(const PGresult *result);
int cpg_PQnfields(const PGresult *result);
int cpg_PQntuples(const PGresult *result);
int cpg_PQgetisnull(const PGresult *result, int row, int column);
char *cpg_PQgetvalue(const PGresult *result, int row, int column);
int cpg_PQgetlength(const PGresult *result, int row, int column);

// Keeps the notices of a server to itself: without this the library prints them on the standard error.
void cpg_ignore_notices(PGconn *connection);
