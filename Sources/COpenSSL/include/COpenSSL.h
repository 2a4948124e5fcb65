#pragma once
#include <stdbool.h>

// What OpenSSL knows of a connection of librabbitmq, which itself tells no more than that TLS did not work.
// Findings belong to the thread: `wherry_tls_watch` begins them, and the thread's next calls of librabbitmq fill them.

/// Forgets what this thread has found, and watches the connections of an `SSL_CTX`.
void wherry_tls_watch(void *context);

/// To be called when the last one is opened, or is not: lets go of what was held for it.
void wherry_tls_forget(void);

/// Whether the client's key that was given to an `SSL_CTX` is not that of its certificate.
bool wherry_tls_has_foreign_key(void *context);

/// Takes from OpenSSL's error queue what a call that has just failed has left there.
void wherry_tls_note_errors(void);

/// Reads what the peer has still said before it hung up, from a duplicate of the connection's descriptor. Whoever
/// writes to a peer that has hung up learns of that before the alert which says why.
void wherry_tls_read_last_words(int descriptor);

/// The number of the alert that the peer has sent (RFC 8446, section 6), or 0.
int wherry_tls_alert(void);

/// Whether the peer has answered with something that is not TLS.
bool wherry_tls_peer_speaks_otherwise(void);

/// Why the peer's certificate was not accepted (X509_V_ERR_… of x509_vfy.h), or 0.
int wherry_tls_refusal(void);

/// The same in OpenSSL's words.
const char *wherry_tls_refusal_text(void);

/// Which certificate of the peer's chain that is: 0 is the peer's own.
int wherry_tls_refusal_depth(void);

/// One certificate; times are such as `2026-11-30T12:00:00Z`.
typedef struct {
    char subject[256];
    char from[24], until[24];
    /// Whether this machine's clock is before or after its time.
    bool is_early, is_late;
} wherry_tls_certificate;

/// The one that was not accepted.
const wherry_tls_certificate *wherry_tls_refused(void);

/// The client's own one in an `SSL_CTX`; null where there is none.
const wherry_tls_certificate *wherry_tls_own(void *context);

/// The DNS names in the peer's certificate, joined by ", "; as many as fit.
const char *wherry_tls_names(void);

const char *wherry_tls_subject_of(const wherry_tls_certificate *certificate);
const char *wherry_tls_from_of(const wherry_tls_certificate *certificate);
const char *wherry_tls_until_of(const wherry_tls_certificate *certificate);
