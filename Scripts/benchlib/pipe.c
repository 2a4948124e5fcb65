/* Moves messages from a file through RabbitMQ as fast as one plain client can, for Scripts/benchmark.
 *
 * usage: pipe publish PORT SECONDS FILE EXCHANGE KEY FIRST COUNT
 *        pipe through PORT SECONDS FILE EXCHANGE KEY QUEUE
 *
 * `publish` sends COUNT messages of the file from number FIRST on (the first one is 0) and ends when all are confirmed.
 * `through` sends all of them and takes them from QUEUE in the same process, over a second connection: its time is
 * from the first publish until everything is confirmed and everything taken is acknowledged. 1,000 messages are on
 * their way to the broker at most, 500 on their way from it; every 100 are acknowledged together, fewer when nothing
 * waits. Both print lines that end in `= N/s`. A message that the broker returns or refuses, and anything else that
 * goes wrong, ends it with status 1; after SECONDS it is ended by SIGALRM.
 *
 * FILE holds for each message the lengths of its properties and of its body, 32 bits each with the most significant
 * byte first, then the properties as AMQP 0-9-1 encodes them (section 4.2.6.1), then the body. */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    IN_FLIGHT_MAX = 1000,
    PREFETCH_MAX = 500,
    ACKNOWLEDGED_TOGETHER = 100,
    FRAME_BYTES_MAX = 131072,
    POOL_PAGE_BYTES = 1 << 20,
    CHANNEL = 1,
};

struct message {
    amqp_basic_properties_t *properties;
    amqp_bytes_t body;
};

static struct message *messages;
static size_t message_count;
static int port;
static const char *queue;
static double consumed_at;
static pthread_barrier_t both_are_ready;

static void fail(const char *what) {
    fprintf(stderr, "pipe: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static size_t length_at(const unsigned char *bytes) {
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Everything is in memory, and decoded, before any clock runs. */
static void read_messages(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail("the file of messages cannot be read");
    long size = ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL || fread(bytes, 1, size, file) != (size_t)size) fail("the file of messages cannot be read");
    fclose(file);
    amqp_pool_t *pool = malloc(sizeof *pool);
    if (pool == NULL) fail("no memory");
    init_amqp_pool(pool, POOL_PAGE_BYTES);
    size_t room = 0, offset = 0;
    while (offset < (size_t)size) {
        if ((size_t)size - offset < 8) fail("the file of messages is cut");
        size_t properties_length = length_at(bytes + offset), body_length = length_at(bytes + offset + 4);
        offset += 8;
        if ((size_t)size - offset < properties_length + body_length) fail("the file of messages is cut");
        if (message_count == room) {
            room = room > 0 ? 2 * room : 1024;
            messages = realloc(messages, room * sizeof *messages);
            if (messages == NULL) fail("no memory");
        }
        void *properties = NULL;
        amqp_bytes_t encoded = {properties_length, bytes + offset};
        if (amqp_decode_properties(AMQP_BASIC_CLASS, pool, encoded, &properties) < 0) fail("properties are malformed");
        messages[message_count].properties = properties;
        messages[message_count].body = (amqp_bytes_t){body_length, bytes + offset + properties_length};
        message_count++;
        offset += properties_length + body_length;
    }
}

static void check(amqp_rpc_reply_t reply, const char *what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static amqp_connection_state_t connect_to_broker(void) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (socket == NULL || amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) fail("no broker is there");
    check(amqp_login(connection, "/", 0, FRAME_BYTES_MAX, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "no login");
    amqp_channel_open(connection, CHANNEL);
    check(amqp_get_rpc_reply(connection), "no channel");
    return connection;
}

static void disconnect(amqp_connection_state_t connection) {
    check(amqp_connection_close(connection, AMQP_REPLY_SUCCESS), "the broker did not let go");
    amqp_destroy_connection(connection);
}

/* Takes one frame from the broker and marks what it confirms. Returns how many messages that are. */
static size_t take_confirmations(amqp_connection_state_t connection, char *is_confirmed, size_t *low, size_t sent) {
    amqp_frame_t frame;
    amqp_maybe_release_buffers(connection);
    if (amqp_simple_wait_frame(connection, &frame) != AMQP_STATUS_OK) fail("the connection is gone");
    if (frame.frame_type != AMQP_FRAME_METHOD) return 0;
    if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("the broker returned or refused a message");
    const amqp_basic_ack_t *ack = frame.payload.method.decoded;
    size_t last = ack->delivery_tag, first = ack->multiple ? *low + 1 : last, count = 0;
    if (last == 0 || last > sent) fail("the broker confirmed what was not sent");
    for (size_t number = first; number <= last; number++) {
        if (!is_confirmed[number]) count++;
        is_confirmed[number] = 1;
    }
    while (*low < sent && is_confirmed[*low + 1]) (*low)++;
    return count;
}

static void publish(const char *exchange, const char *key, size_t first, size_t count) {
    amqp_connection_state_t connection = connect_to_broker();
    amqp_confirm_select(connection, CHANNEL);
    check(amqp_get_rpc_reply(connection), "no confirmations");
    /* By publish number, which begins with 1; everything up to `low` is confirmed. */
    char *is_confirmed = calloc(count + 2, 1);
    if (is_confirmed == NULL) fail("no memory");
    amqp_bytes_t exchange_name = amqp_cstring_bytes(exchange), routing_key = amqp_cstring_bytes(key);
    size_t sent = 0, confirmed = 0, low = 0;
    while (confirmed < count) {
        while (sent < count && sent - confirmed < IN_FLIGHT_MAX) {
            const struct message *message = &messages[first + sent];
            if (amqp_basic_publish(connection, CHANNEL, exchange_name, routing_key, 1, 0, message->properties,
                                   message->body) != AMQP_STATUS_OK)
                fail("a message cannot be sent");
            sent++;
        }
        confirmed += take_confirmations(connection, is_confirmed, &low, sent);
        while (amqp_frames_enqueued(connection) || amqp_data_in_buffer(connection))
            confirmed += take_confirmations(connection, is_confirmed, &low, sent);
    }
    free(is_confirmed);
    disconnect(connection);
}

static void *consume(void *unused) {
    (void)unused;
    amqp_connection_state_t connection = connect_to_broker();
    amqp_basic_qos(connection, CHANNEL, 0, PREFETCH_MAX, 0);
    check(amqp_get_rpc_reply(connection), "no prefetch");
    amqp_basic_consume(connection, CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "no consumer");
    pthread_barrier_wait(&both_are_ready);
    size_t taken = 0, waiting = 0;
    uint64_t last = 0;
    while (taken < message_count) {
        amqp_envelope_t envelope;
        struct timeval second = {1, 0}, moment = {0, 2000};
        amqp_maybe_release_buffers(connection);
        amqp_rpc_reply_t reply = amqp_consume_message(connection, &envelope, waiting > 0 ? &moment : &second, 0);
        int is_idle = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT;
        if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
            taken++;
            waiting++;
            last = envelope.delivery_tag;
            amqp_destroy_envelope(&envelope);
        } else if (!is_idle) {
            fail("the consumer is gone");
        }
        if (waiting > 0 && (is_idle || waiting >= ACKNOWLEDGED_TOGETHER || taken == message_count)) {
            if (amqp_basic_ack(connection, CHANNEL, last, 1) != AMQP_STATUS_OK) fail("nothing can be acknowledged");
            waiting = 0;
        }
    }
    consumed_at = now();
    disconnect(connection);
    return NULL;
}

static void say(const char *what, size_t count, double seconds) {
    printf("%s %zu messages in %.3f s = %.0f/s\n", what, count, seconds, count / seconds);
}

int main(int count, char **arguments) {
    int is_publish = count == 9 && strcmp(arguments[1], "publish") == 0;
    int is_through = count == 8 && strcmp(arguments[1], "through") == 0;
    if (!is_publish && !is_through) fail("usage: see the beginning of pipe.c");
    port = atoi(arguments[2]);
    alarm(atoi(arguments[3]));
    read_messages(arguments[4]);
    const char *exchange = arguments[5], *key = arguments[6];
    if (is_publish) {
        size_t first = strtoul(arguments[7], NULL, 10), wanted = strtoul(arguments[8], NULL, 10);
        if (first > message_count || wanted > message_count - first) fail("the file has fewer messages");
        double began = now();
        publish(exchange, key, first, wanted);
        say("published", wanted, now() - began);
        return 0;
    }
    queue = arguments[7];
    pthread_t consumer;
    pthread_barrier_init(&both_are_ready, NULL, 2);
    if (pthread_create(&consumer, NULL, consume, NULL) != 0) fail("no thread");
    pthread_barrier_wait(&both_are_ready);
    double began = now();
    publish(exchange, key, 0, message_count);
    double confirmed_at = now();
    pthread_join(consumer, NULL);
    say("confirmed", message_count, confirmed_at - began);
    say("through", message_count, (confirmed_at > consumed_at ? confirmed_at : consumed_at) - began);
    return 0;
}
