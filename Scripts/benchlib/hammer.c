/* Sends HTTP requests from a file as fast as a server answers them, for Scripts/benchmark: the same client for a worker
 * and for what it is measured beside.
 *
 * usage: hammer once PORT SECONDS CONNECTIONS FILE
 *        hammer for  PORT SECONDS CONNECTIONS FILE
 *
 * `once` sends every request of the file once, and is ended by SIGALRM after SECONDS. `for` sends them again and again
 * for SECONDS. CONNECTIONS are kept open, each with one request under way; one thread serves them all. Prints
 * `answered N requests in S s = R/s, mean body B bytes, p50 P us, p99 Q us`. An answer whose status is not of the 200s,
 * and a connection that ends, end it with status 1.
 *
 * FILE holds for each request its length, 32 bits with the most significant byte first, and its bytes. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 1024,
    /* An answer's head, and the line before a chunk, have to fit; bodies are counted and dropped. */
    BUFFER_BYTES = 1 << 16,
    ANSWER_SECONDS_MAX = 30,
};

struct request {
    const char *bytes;
    size_t length;
};

/* What comes next of an answer. */
enum part { HEAD, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, LAST_CHUNK_END };

struct connection {
    int socket;
    const struct request *request;
    size_t sent;
    int waits_to_send;
    double began;
    enum part part;
    size_t body_left;
    size_t held;
    char buffer[BUFFER_BYTES];
};

static struct request *requests;
static size_t request_count, upcoming, answered, body_bytes;
static float *latencies;
static size_t latencies_room;
static int repeats, poller, busy;
static double ends_at;

static void fail(const char *what) {
    fprintf(stderr, "hammer: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail("the file of requests cannot be read");
    size_t size = ftell(file), room = 0;
    rewind(file);
    unsigned char *bytes = malloc(size + 1);
    if (bytes == NULL || fread(bytes, 1, size, file) != size) fail("the file of requests cannot be read");
    fclose(file);
    for (size_t offset = 0; offset + 4 <= size;) {
        const unsigned char *at = bytes + offset;
        size_t length = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
        if (size - offset - 4 < length) fail("the file of requests is cut");
        if (request_count == room) {
            room = room > 0 ? 2 * room : 1024;
            requests = realloc(requests, room * sizeof *requests);
            if (requests == NULL) fail("no memory");
        }
        requests[request_count++] = (struct request){(const char *)at + 4, length};
        offset += 4 + length;
    }
    if (request_count == 0) fail("there are no requests in the file");
}

static void watch(struct connection *connection, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(poller, operation, connection->socket, &event) != 0) fail("a socket cannot be watched");
}

static void open_connection(struct connection *connection, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int is_on = 1;
    connection->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->socket < 0 || connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0)
        fail("no server is there");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &is_on, sizeof is_on);
    fcntl(connection->socket, F_SETFL, O_NONBLOCK);
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

static void send_rest(struct connection *connection) {
    const struct request *request = connection->request;
    while (connection->sent < request->length) {
        ssize_t count = send(connection->socket, request->bytes + connection->sent, request->length - connection->sent,
                             MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN) fail("a connection is gone");
            if (!connection->waits_to_send) watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            connection->waits_to_send = 1;
            return;
        }
        connection->sent += count;
    }
    if (connection->waits_to_send) watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    connection->waits_to_send = 0;
}

/* The next request, if one is to be sent. */
static void begin(struct connection *connection) {
    connection->request = NULL;
    connection->began = now();
    if (repeats ? connection->began >= ends_at : upcoming == request_count) return;
    connection->request = &requests[upcoming++ % request_count];
    connection->sent = connection->held = connection->body_left = 0;
    connection->part = HEAD;
    busy++;
    send_rest(connection);
}

static void end(struct connection *connection) {
    if (connection->sent < connection->request->length) fail("an answer came before the end of its request");
    if (answered == latencies_room) {
        latencies_room = latencies_room > 0 ? 2 * latencies_room : 1 << 16;
        latencies = realloc(latencies, latencies_room * sizeof *latencies);
        if (latencies == NULL) fail("no memory");
    }
    latencies[answered++] = now() - connection->began;
    busy--;
    begin(connection);
}

static void drop(struct connection *connection, size_t count) {
    connection->held -= count;
    memmove(connection->buffer, connection->buffer + count, connection->held);
}

static const char *header(const char *head, const char *name) {
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) == 0) return line + strlen(name);
    }
    return NULL;
}

static void read_head(struct connection *connection, const char *end_of_head) {
    char head[BUFFER_BYTES];
    size_t length = end_of_head + 4 - connection->buffer;
    memcpy(head, connection->buffer, length);
    head[length] = 0;
    int status = length > 12 ? atoi(head + 9) : 0;
    if (status < 200 || status > 299) {
        fprintf(stderr, "hammer: a request was answered with %d\n", status);
        exit(1);
    }
    drop(connection, length);
    const char *content_length = header(head, "content-length:"), *coding = header(head, "transfer-encoding:");
    connection->part = coding != NULL ? CHUNK_SIZE : BODY;
    connection->body_left = content_length != NULL ? strtoul(content_length, NULL, 10) : 0;
    if (coding == NULL && content_length == NULL && status != 204) fail("an answer says no length");
}

/* Takes what is there of the body or chunk that is due. Returns whether that is all of it. */
static int take_body(struct connection *connection) {
    size_t count = connection->held < connection->body_left ? connection->held : connection->body_left;
    body_bytes += count;
    connection->body_left -= count;
    drop(connection, count);
    return connection->body_left == 0;
}

static int take_line_end(struct connection *connection) {
    if (connection->held < 2) return 0;
    drop(connection, 2);
    return 1;
}

/* Takes the part of the answer that is due from the buffer. Returns whether there may be more to take. */
static int advance(struct connection *connection) {
    const char *line;
    connection->buffer[connection->held] = 0;
    switch (connection->part) {
    case HEAD:
        line = strstr(connection->buffer, "\r\n\r\n");
        if (line == NULL) return 0;
        read_head(connection, line);
        return 1;
    case CHUNK_SIZE:
        line = strstr(connection->buffer, "\r\n");
        if (line == NULL) return 0;
        connection->body_left = strtoul(connection->buffer, NULL, 16);
        connection->part = connection->body_left > 0 ? CHUNK : LAST_CHUNK_END;
        drop(connection, line + 2 - connection->buffer);
        return 1;
    case CHUNK:
        if (!take_body(connection)) return 0;
        connection->part = CHUNK_END;
        return 1;
    case CHUNK_END:
        if (!take_line_end(connection)) return 0;
        connection->part = CHUNK_SIZE;
        return 1;
    case BODY:
        if (take_body(connection)) end(connection);
        return 0;
    case LAST_CHUNK_END:
        if (take_line_end(connection)) end(connection);
        return 0;
    }
    return 0;
}

static void receive(struct connection *connection) {
    ssize_t count = recv(connection->socket, connection->buffer + connection->held,
                         BUFFER_BYTES - 1 - connection->held, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("the server closed a connection");
    if (connection->request == NULL) fail("the server said something unasked");
    connection->held += count;
    while (connection->request != NULL && advance(connection)) continue;
    if (connection->held == BUFFER_BYTES - 1) fail("the head of an answer is too long");
}

static int compare(const void *one, const void *other) {
    float first = *(const float *)one, second = *(const float *)other;
    return (first > second) - (first < second);
}

int main(int count, char **arguments) {
    repeats = count == 6 && strcmp(arguments[1], "for") == 0;
    if (!repeats && !(count == 6 && strcmp(arguments[1], "once") == 0)) fail("usage: see the beginning of hammer.c");
    int port = atoi(arguments[2]), connection_count = atoi(arguments[4]);
    double seconds = atof(arguments[3]);
    if (connection_count < 1 || connection_count > CONNECTIONS_MAX) fail("so many connections cannot be had");
    alarm((unsigned)seconds + 1 + (repeats ? ANSWER_SECONDS_MAX : 0));
    read_requests(arguments[5]);
    poller = epoll_create1(0);
    struct connection *connections = calloc(connection_count, sizeof *connections);
    if (poller < 0 || connections == NULL) fail("no memory");
    for (int number = 0; number < connection_count; number++) open_connection(&connections[number], port);
    double began = now();
    ends_at = began + seconds;
    for (int number = 0; number < connection_count; number++) begin(&connections[number]);
    while (busy > 0) {
        struct epoll_event events[CONNECTIONS_MAX];
        int ready = epoll_wait(poller, events, CONNECTIONS_MAX, 1000);
        for (int number = 0; number < ready; number++) {
            struct connection *connection = events[number].data.ptr;
            if (events[number].events & EPOLLOUT) send_rest(connection);
            if (events[number].events & ~(uint32_t)EPOLLOUT) receive(connection);
        }
    }
    double taken = now() - began;
    if (answered == 0) fail("there was no time for any request");
    qsort(latencies, answered, sizeof *latencies, compare);
    printf("answered %zu requests in %.3f s = %.1f/s, mean body %.0f bytes, p50 %.0f us, p99 %.0f us\n", answered,
           taken, answered / taken, (double)body_bytes / answered, latencies[answered / 2] * 1e6,
           latencies[answered * 99 / 100] * 1e6);
    return 0;
}
