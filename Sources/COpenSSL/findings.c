#include "COpenSSL.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static _Thread_local struct {
    /// Held until it is forgotten: librabbitmq lets go of it as soon as something fails.
    SSL *connection;
    int alert;
    bool speaks_otherwise, has_foreign_key;
    int refusal, depth;
    wherry_tls_certificate refused, own;
    char names[512];
} found;

static void describe_time(const ASN1_TIME *time, char text[24]) {
    struct tm parts;
    if (!ASN1_TIME_to_tm(time, &parts) || !strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &parts)) text[0] = 0;
}

static void describe(X509 *certificate, wherry_tls_certificate *into) {
    memset(into, 0, sizeof *into);
    BIO *memory = BIO_new(BIO_s_mem());
    if (memory) {
        // Escapes whatever is no plain character.
        X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
        int length = BIO_read(memory, into->subject, sizeof into->subject - 1);
        into->subject[length > 0 ? length : 0] = 0;
        BIO_free(memory);
    }
    describe_time(X509_get0_notBefore(certificate), into->from);
    describe_time(X509_get0_notAfter(certificate), into->until);
    into->is_early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
    into->is_late = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
}

static void note_names(X509 *certificate) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index += 1) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        if (name->type != GEN_DNS) continue;
        const unsigned char *text = ASN1_STRING_get0_data(name->d.dNSName);
        size_t length = (size_t)ASN1_STRING_length(name->d.dNSName);
        if (used + length + 3 > sizeof found.names) break;
        if (used > 0) {
            found.names[used++] = ',';
            found.names[used++] = ' ';
        }
        for (size_t at = 0; at < length; at += 1)
            found.names[used++] = text[at] > 0x20 && text[at] < 0x7f ? (char)text[at] : '?';
    }
    found.names[used] = 0;
    GENERAL_NAMES_free(names);
}

/// Decides nothing: the answer is OpenSSL's own.
static int note_verification(int is_accepted, X509_STORE_CTX *store) {
    X509 *peer = X509_STORE_CTX_get0_cert(store);
    if (peer && !found.names[0]) note_names(peer);
    if (!found.connection) {
        found.connection = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
        if (found.connection) SSL_up_ref(found.connection);
    }
    X509 *current = X509_STORE_CTX_get_current_cert(store);
    if (!is_accepted && !found.refusal) {
        found.refusal = X509_STORE_CTX_get_error(store);
        found.depth = X509_STORE_CTX_get_error_depth(store);
        if (current) describe(current, &found.refused);
    }
    return is_accepted;
}

void wherry_tls_forget(void) {
    SSL_free(found.connection);
    memset(&found, 0, sizeof found);
}

void wherry_tls_watch(void *context) {
    wherry_tls_forget();
    ERR_clear_error();
    SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), note_verification);
}

void wherry_tls_note_errors(void) {
    unsigned long error;
    while ((error = ERR_get_error())) {
        int reason = ERR_GET_REASON(error);
        if (ERR_GET_LIB(error) == ERR_LIB_X509
            && (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH))
            found.has_foreign_key = true;
        if (ERR_GET_LIB(error) != ERR_LIB_SSL) continue;
        if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
            found.alert = reason - SSL_AD_REASON_OFFSET;
        if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG)
            found.speaks_otherwise = true;
    }
}

void wherry_tls_read_last_words(int descriptor) {
    char bytes[512];
    if (!found.connection || !SSL_set_rfd(found.connection, descriptor)) return;
    ERR_clear_error();
    while (SSL_read(found.connection, bytes, sizeof bytes) > 0) {}
    wherry_tls_note_errors();
}

bool wherry_tls_has_foreign_key(void *context) {
    wherry_tls_note_errors();
    return found.has_foreign_key || (SSL_CTX_get0_privatekey(context) && !SSL_CTX_check_private_key(context));
}

int wherry_tls_alert(void) { return found.alert; }
bool wherry_tls_peer_speaks_otherwise(void) { return found.speaks_otherwise; }
int wherry_tls_refusal(void) { return found.refusal; }
const char *wherry_tls_refusal_text(void) { return X509_verify_cert_error_string(found.refusal); }
int wherry_tls_refusal_depth(void) { return found.depth; }
const wherry_tls_certificate *wherry_tls_refused(void) { return &found.refused; }
const char *wherry_tls_names(void) { return found.names; }

const wherry_tls_certificate *wherry_tls_own(void *context) {
    X509 *certificate = SSL_CTX_get0_certificate(context);
    if (!certificate) return NULL;
    describe(certificate, &found.own);
    return &found.own;
}

const char *wherry_tls_subject_of(const wherry_tls_certificate *certificate) { return certificate->subject; }
const char *wherry_tls_from_of(const wherry_tls_certificate *certificate) { return certificate->from; }
const char *wherry_tls_until_of(const wherry_tls_certificate *certificate) { return certificate->until; }
