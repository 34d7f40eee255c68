#ifndef CRESOLVER_H
#define CRESOLVER_H

#include <stdint.h>

/// The host and port of one service record.
struct cresolver_service {
    char host[256];
    uint16_t port;
};

/// Why a lookup has no answer.
enum {
    CRESOLVER_NO_NAME = -1,
    CRESOLVER_TRY_AGAIN = -2,
    CRESOLVER_FAILED = -3,
    CRESOLVER_NO_RECORDS = -4,
};

/// Looks up the service records (SRV, RFC 2782) of a name; blocks the thread.
///
/// - Parameters:
///   - server: The IPv4 address of the server to ask, in the order of the host; 0 asks those of the system.
///   - port: The port of that server.
///   - services: Receives the records.
///   - capacity: The most records to write.
/// - Returns: How many records were written, or one of the reasons above.
int cresolver_services(
    const char *name, uint32_t server, uint16_t port, struct cresolver_service *services, int capacity);

#endif
