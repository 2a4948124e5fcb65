/* Moves messages from a file through RabbitMQ as fast as one plain client can, for Scripts/benchmark.
 *
 * usage: pipe publish PORT SECONDS FILE EXCHANGE KEY FIRST COUNT
 *        pipe through PORT SECONDS FILE EXCHANGE KEY QUEUE
 *        pipe rows    PORT SECONDS FILE EXCHANGE KEY QUEUE DATABASE
 *        pipe fanout  PORT SECONDS FILE EXCHANGE KEY QUEUE...
 *        pipe stream  PORT SECONDS FILE EXCHANGE KEY QUEUE READERS
 *
 * `publish` sends COUNT messages of the file from number FIRST on (the first one is 0) and ends when all are confirmed.
 * `through` sends all of them and takes them from QUEUE in the same process, over a second connection: its time is
 * from the first publish until everything is confirmed and everything taken is acknowledged. 1,000 messages are on
 * their way to the broker at most, 500 on their way from it; every 100 are acknowledged together, fewer when nothing
 * waits. `rows` does the same and puts each message into a table of DATABASE, keyed by the first ten bytes of its body,
 * where its number is the higher one: 500 a transaction (WAL, synchronous FULL) and then an acknowledgement, with 2,000
 * messages on their way from the broker at most. `fanout` takes all messages from each QUEUE, over a connection each;
 * `stream` has READERS take all of them from one stream, reading from its beginning. They print lines that end in
 * `= N/s`. A message that the broker returns or refuses, and anything else that goes wrong, ends it with status 1;
 * after SECONDS it is ended by SIGALRM.
 *
 * FILE holds for each message the lengths of its properties and of its body, 32 bits each with the most significant
 * byte first, then the properties as AMQP 0-9-1 encodes them (section 4.2.6.1), then the body. */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <pthread.h>
#include <sqlite3.h>
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
    ROWS_PREFETCH_MAX = 2000,
    ROWS_A_TRANSACTION = 500,
    ROW_KEY_BYTES = 10,
    CONSUMERS_MAX = 64,
    FRAME_BYTES_MAX = 131072,
    POOL_PAGE_BYTES = 1 << 20,
    CHANNEL = 1,
};

struct message {
    amqp_basic_properties_t *properties;
    amqp_bytes_t body;
};

struct consumer {
    const char *queue;
    /* Not NULL: the file that the messages are put into. */
    const char *database;
    int is_stream;
    pthread_t thread;
    double ended_at;
};

struct table {
    sqlite3 *file;
    sqlite3_stmt *upsert;
};

static struct message *messages;
static size_t message_count;
static int port;
static pthread_barrier_t all_are_ready;

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

static void run_sql(sqlite3 *file, const char *sql) {
    if (sqlite3_exec(file, sql, NULL, NULL, NULL) != SQLITE_OK) fail(sqlite3_errmsg(file));
}

static struct table open_table(const char *path) {
    struct table table;
    if (sqlite3_open(path, &table.file) != SQLITE_OK) fail("the database cannot be opened");
    run_sql(table.file, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        "CREATE TABLE item (id TEXT PRIMARY KEY, version INTEGER, body BLOB) WITHOUT ROWID; BEGIN");
    if (sqlite3_prepare_v2(table.file,
                           "INSERT INTO item VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
                           " SET version = excluded.version, body = excluded.body WHERE excluded.version > version",
                           -1, &table.upsert, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(table.file));
    return table;
}

static void put_row(struct table *table, size_t number, amqp_bytes_t body) {
    if (body.len < ROW_KEY_BYTES) fail("a message is too short to have a key");
    sqlite3_bind_text(table->upsert, 1, body.bytes, ROW_KEY_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(table->upsert, 2, number);
    sqlite3_bind_blob(table->upsert, 3, body.bytes, body.len, SQLITE_STATIC);
    if (sqlite3_step(table->upsert) != SQLITE_DONE) fail(sqlite3_errmsg(table->file));
    sqlite3_reset(table->upsert);
}

static void close_table(struct table *table) {
    run_sql(table->file, "COMMIT");
    sqlite3_finalize(table->upsert);
    sqlite3_close(table->file);
}

static amqp_connection_state_t subscribe(const struct consumer *consumer) {
    amqp_connection_state_t connection = connect_to_broker();
    amqp_basic_qos(connection, CHANNEL, 0, consumer->database != NULL ? ROWS_PREFETCH_MAX : PREFETCH_MAX, 0);
    check(amqp_get_rpc_reply(connection), "no prefetch");
    amqp_table_entry_t entry = {.key = amqp_cstring_bytes("x-stream-offset")};
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = amqp_cstring_bytes("first");
    amqp_table_t from_its_beginning = {1, &entry};
    amqp_basic_consume(connection, CHANNEL, amqp_cstring_bytes(consumer->queue), amqp_empty_bytes, 0, 0, 0,
                       consumer->is_stream ? from_its_beginning : amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "no consumer");
    return connection;
}

static void *consume(void *context) {
    struct consumer *consumer = context;
    amqp_connection_state_t connection = subscribe(consumer);
    size_t together = ACKNOWLEDGED_TOGETHER;
    struct table table;
    if (consumer->database != NULL) {
        table = open_table(consumer->database);
        together = ROWS_A_TRANSACTION;
    }
    pthread_barrier_wait(&all_are_ready);
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
            if (consumer->database != NULL) put_row(&table, taken, envelope.message.body);
            amqp_destroy_envelope(&envelope);
        } else if (!is_idle) {
            fail("the consumer is gone");
        }
        if (waiting > 0 && (is_idle || waiting >= together || taken == message_count)) {
            if (consumer->database != NULL) run_sql(table.file, "COMMIT; BEGIN");
            if (amqp_basic_ack(connection, CHANNEL, last, 1) != AMQP_STATUS_OK) fail("nothing can be acknowledged");
            waiting = 0;
        }
    }
    consumer->ended_at = now();
    if (consumer->database != NULL) close_table(&table);
    disconnect(connection);
    return NULL;
}

static void say(const char *what, size_t count, double seconds) {
    printf("%s %zu messages in %.3f s = %.0f/s\n", what, count, seconds, count / seconds);
}

/* Publishes everything, while each of the consumers takes everything. */
static void move(const char *exchange, const char *key, struct consumer *consumers, size_t count) {
    pthread_barrier_init(&all_are_ready, NULL, count + 1);
    for (size_t number = 0; number < count; number++)
        if (pthread_create(&consumers[number].thread, NULL, consume, &consumers[number]) != 0) fail("no thread");
    pthread_barrier_wait(&all_are_ready);
    double began = now();
    publish(exchange, key, 0, message_count);
    double confirmed_at = now(), ended_at = confirmed_at;
    for (size_t number = 0; number < count; number++) {
        pthread_join(consumers[number].thread, NULL);
        if (consumers[number].ended_at > ended_at) ended_at = consumers[number].ended_at;
    }
    say("confirmed", message_count, confirmed_at - began);
    say("through", message_count, ended_at - began);
}

static void publish_some(const char *exchange, const char *key, size_t first, size_t count) {
    if (first > message_count || count > message_count - first) fail("the file has fewer messages");
    double began = now();
    publish(exchange, key, first, count);
    say("published", count, now() - began);
}

int main(int count, char **arguments) {
    const char *deed = count > 7 ? arguments[1] : "";
    int is_publish = count == 9 && strcmp(deed, "publish") == 0, is_rows = count == 9 && strcmp(deed, "rows") == 0;
    int is_stream = count == 9 && strcmp(deed, "stream") == 0, is_through = count == 8 && strcmp(deed, "through") == 0;
    int is_fanout = strcmp(deed, "fanout") == 0;
    if (!is_publish && !is_rows && !is_stream && !is_through && !is_fanout) fail("usage: see the beginning of pipe.c");
    port = atoi(arguments[2]);
    alarm(atoi(arguments[3]));
    read_messages(arguments[4]);
    const char *exchange = arguments[5], *key = arguments[6];
    if (is_publish) {
        publish_some(exchange, key, strtoul(arguments[7], NULL, 10), strtoul(arguments[8], NULL, 10));
        return 0;
    }
    static struct consumer consumers[CONSUMERS_MAX];
    int wanted = is_stream ? atoi(arguments[8]) : is_fanout ? count - 7 : 1;
    if (wanted < 1 || wanted > CONSUMERS_MAX) fail("so many consumers cannot be had");
    for (int number = 0; number < wanted; number++)
        consumers[number] = (struct consumer){.queue = arguments[is_stream ? 7 : 7 + number],
                                              .database = is_rows ? arguments[8] : NULL,
                                              .is_stream = is_stream};
    move(exchange, key, consumers, wanted);
    return 0;
}
