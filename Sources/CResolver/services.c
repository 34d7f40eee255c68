#include "cresolver.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

/// The longest message of the protocol.
enum { longest = 65535 };

/// Priority, weight and port come before the host in a record.
enum { before_port = 4, before_host = 6 };

static int failure(int reason) {
    switch (reason) {
    case HOST_NOT_FOUND: return CRESOLVER_NO_NAME;
    case TRY_AGAIN: return CRESOLVER_TRY_AGAIN;
    case NO_DATA: return CRESOLVER_NO_RECORDS;
    default: return CRESOLVER_FAILED;
    }
}

static int read_services(
    const unsigned char *answer, int length, struct cresolver_service *services, int capacity) {
    ns_msg message;
    if (ns_initparse(answer, length, &message) != 0) return CRESOLVER_FAILED;
    int count = 0;
    for (int index = 0; index < ns_msg_count(message, ns_s_an) && count < capacity; index++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, index, &record) != 0) return CRESOLVER_FAILED;
        if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= before_host) continue;
        const unsigned char *data = ns_rr_rdata(record);
        struct cresolver_service *service = &services[count];
        int size = ns_name_uncompress(
            ns_msg_base(message), ns_msg_end(message), data + before_host, service->host, sizeof service->host);
        if (size < 0) return CRESOLVER_FAILED;
        service->port = (uint16_t)ns_get16(data + before_port);
        count++;
    }
    return count == 0 ? CRESOLVER_NO_RECORDS : count;
}

int cresolver_services(
    const char *name, uint32_t server, uint16_t port, struct cresolver_service *services, int capacity) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return CRESOLVER_FAILED;
    if (server != 0) {
        state.nscount = 1;
        state.nsaddr_list[0].sin_family = AF_INET;
        state.nsaddr_list[0].sin_addr.s_addr = htonl(server);
        state.nsaddr_list[0].sin_port = htons(port);
    }
    unsigned char *answer = malloc(longest);
    int result = CRESOLVER_FAILED;
    if (answer != NULL) {
        int length = res_nsearch(&state, name, ns_c_in, ns_t_srv, answer, longest);
        result = length < 0 ? failure(state.res_h_errno)
                            : read_services(answer, length > longest ? longest : length, services, capacity);
    }
    free(answer);
    res_nclose(&state);
    return result;
}
