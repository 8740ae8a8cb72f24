/* limits — every ceiling in Postern, with its reason. Sizes are bytes, times milliseconds. Each has
 * a test that crosses it. */
#pragma once
#include "core/limits-calendar.h"

/* Network: what a server may make us read or hold. */
#define LIMIT_LINE (64 * 1024)             /* one protocol line; no honest server comes near */
#define LIMIT_SEARCH_LINE (8 * 1024 * 1024) /* a SEARCH reply names a million UIDs in one line */
#define LIMIT_DEPTH 64                     /* nested brackets: libetpan's parser recurses */
#define LIMIT_LITERAL (1024 * 1024)        /* a literal outside a message body */
#define LIMIT_REPLY (16 * 1024 * 1024)     /* bytes a server may say to one command, bodies apart */
#define LIMIT_UNTAGGED 20000               /* lines in one IMAP reply: parsed, each costs ten times its bytes */
#define LIMIT_BODY_BYTES (G_GUINT64_CONSTANT(4) * 1024 * 1024 * 1024 - 1) /* of one message, as it passes: more than is stored, so that one too large is passed by; what IMAP's numbers hold */
#define LIMIT_BODY_RATE 1024               /* bytes a second a body must keep up on average */
#define LIMIT_INFLATE_RATIO 100            /* bytes that one of a compressed connection becomes; mail comes to 10 */
#define LIMIT_INFLATE_SLACK (64 * 1024 * 1024) /* beyond that, in a command or message: blank pages do exist */
#define LIMIT_REPLY_LINES 1024             /* lines of one multi-line status reply */
#define LIMIT_MAILBOXES 10000              /* mailboxes of one account */
#define LIMIT_NAMESPACES 16                /* prefixes that are listed besides */
#define LIMIT_FILE_NAME 200                /* bytes of a name that is made for a file */
#define LIMIT_FILE_TWINS 1000              /* files of one name in a directory */
#define LIMIT_MAILBOX_NAME 1024            /* bytes of a mailbox name */
#define LIMIT_FETCH_FLAGS 64               /* flags taken of one message; more is no honest mailbox */
#define LIMIT_FETCH_FLAG 128               /* bytes of one flag; a longer one is left out */
#define LIMIT_UIDL 200                     /* RFC 1939 says 70; servers in the wild exceed it */
#define LIMIT_SERVER_MESSAGES 5000000      /* messages of one mailbox */
#define LIMIT_ADDRESSES 64                 /* addresses one host name may resolve to */
#define LIMIT_SCRAM_LEAST 4096             /* iterations (RFC 5802, 5.1): fewer help who guesses passwords */
#define LIMIT_SCRAM_MOST 1000000           /* iterations: half a second of work here */
#define LIMIT_TICKET_ANSWERS 3             /* RFC 4752 with Kerberos: the ticket, nothing, the layer */
#define LIMIT_TICKET_TOKEN 48000           /* bytes of one token; what Windows makes at most */
#define LIMIT_TICKET_MS 60000              /* one answer: libkrb5 asks each KDC three times, for half a minute */
#define LIMIT_TICKET_LIFE_S 180            /* of the process that makes them */
#define LIMIT_FIRST_ANSWER 512             /* RFC 4954, 4: a whole AUTH command of SMTP */
#define LIMIT_PASSES 8                     /* connections that fetch at once, of all accounts */
#define LIMIT_CONNECT_MS 30000             /* TCP and TLS, each */
#define LIMIT_PROBE_MS 5000               /* a port that should be closed; firewalls often just say nothing */
#define LIMIT_READ_MS 60000                /* silence while a reply is due */
#define LIMIT_COMMAND_MS 120000            /* a whole command, message bodies apart */
#define LIMIT_IDLE_MS 570000               /* RFC 2177 allows 29 minutes; routers forget sooner */
#define LIMIT_DELIVERY_MS 600000           /* RFC 5321, 4.5.3.2.6: a letter may be scanned first */

#define LIMIT_LOGIN_DELAY_S 900            /* after [LOGIN-DELAY]; the longest that servers ask for */
#define LIMIT_REFUSED_LOGINS 5             /* of one host in an hour; servers ban who tries more */
#define LIMIT_LOGINS 600                   /* at one host in an hour: fifty accounts every five minutes */

#define LIMIT_NEWS_BURST 10                /* times a server's news are looked at one after another, */
#define LIMIT_NEWS_MS 5000                 /* and then so often: a server may tell of them without end */
#define LIMIT_STEADY_MS 60000              /* a connection that lasted so long is no sign of trouble */
#define LIMIT_HOOK_MS 60000                /* a command of [hook] may take this long */
#define LIMIT_HOOK_LINES (64 * 1024)       /* bytes of what one variable tells it */

#define LIMIT_HANDOFF_MS 60000             /* a local reader's reply; scanners of spam take a second */
#define LIMIT_HANDOFF_LINE 4096            /* of a reply; RFC 5321, 4.5.3.1.5 says 512 */
#define LIMIT_HANDOFF_KEYS 10000           /* messages whose keys wait in memory to be handed on: 2 MB */

/* The wire between the keeper and its net child. */
#define LIMIT_FRAME (64 * 1024)            /* payload of one frame */
#define LIMIT_KEYNOTE (64 * 1024)            /* what was noted of keys */
#define LIMIT_CA_BUNDLE (2 * 1024 * 1024)  /* PEM text of the trusted certificates */
#define LIMIT_SECRET 4096                  /* a password or token */
#define LIMIT_SECRET_OUTPUT (64 * 1024)    /* all that a secret command may print */
#define LIMIT_SECRET_COMMAND_MS 30000      /* a secret command may take this long */

/* The net child's own ceilings (setrlimit). */
#define LIMIT_CHILD_DATA (48 * 1024 * 1024)
#define LIMIT_CHILD_FILES 32

/* The store. */
#define LIMIT_CHUNK (64 * 1024)            /* plaintext of one sealed chunk */
#define LIMIT_BATCH_MESSAGES 500           /* messages under one batch key */
#define LIMIT_BATCH_BYTES (16 * 1024 * 1024)
#define LIMIT_BATCH_SINGLES 100            /* of them sealed singly: each costs a run of gpg, while the server waits */
#define LIMIT_BATCH_MS 10000
#define LIMIT_STAGE_BYTES (2 * 1024 * 1024) /* sealed bytes held in memory before they go to disk */
#define LIMIT_SEALING_BYTES (384 * 1024)   /* of mail in a writer's sealing thread */
#define LIMIT_ALL_STAGED_BYTES (4 * 1024 * 1024) /* by all of a process together */
#define LIMIT_SHARE_TEXT (1024 * 1024)     /* text of one such message that the index may have */
#define LIMIT_SHARE_FIELD (256 * 1024)     /* and of each of its header fields */
#define LIMIT_FLAGS 100                    /* flags and keywords kept of one message */
#define LIMIT_MESSAGE_BYTES (G_GUINT64_CONSTANT(2) * 1024 * 1024 * 1024) /* one message that is stored */

/* Mail in files. */
#define LIMIT_PIPED_MESSAGE (64 * 1024 * 1024) /* a message from what can be read only once: it is kept while it is measured */
#define LIMIT_ARCHIVE_DEPTH 16             /* folders within folders */
#define LIMIT_LOOK_HEADER (256 * 1024)     /* a header by which a message is known again; a longer one is none */

/* Mail as data. */
#define LIMIT_VIEW_BYTES (256 * 1024 * 1024) /* a message that is parsed rather than streamed */
#define LIMIT_INDEX_BYTES (4 * 1024 * 1024)  /* head of a message that the index reads */
#define LIMIT_HEADERS 1000                 /* header fields of one entity */
#define LIMIT_HEADER_BYTES (256 * 1024)    /* one header field, unfolded */
#define LIMIT_PARTS 1000                   /* MIME parts of one message */
#define LIMIT_NESTING 32                   /* depth of MIME parts */
#define LIMIT_PARAMETERS 100               /* pieces of the parameters of one field (RFC 2231) */
#define LIMIT_MAILBOXES_READ 5000          /* mailboxes read from one message's fields of a name */
#define LIMIT_REFERENCES 100               /* message ids kept of References */
#define LIMIT_ADDRESS 320                  /* RFC 5321: 64 + "@" + 255 */
#define LIMIT_RECIPIENTS 1000              /* of one outgoing message */
#define LIMIT_SIGNED_PARTS 16              /* verified in one message: each costs a call of gpg */
#define LIMIT_SIGNATURE_BYTES (16 * 1024)  /* a detached signature: a few signers with large keys */
#define LIMIT_CMS_SIGNATURE_BYTES (256 * 1024) /* the same of S/MIME, which brings its certificates */
#define LIMIT_SESSION_KEYS 1000            /* keys that one OpenPGP message is encrypted to */
#define LIMIT_HIDDEN_KEYS 8                /* of them not told: each is tried with each private key */
#define LIMIT_OPENED_TEXTS 4               /* encrypted texts opened in one body: each may ask for a passphrase */
#define LIMIT_LAYERS 4                     /* of protection around a message: sign, encrypt, sign is in use */
#define LIMIT_KEPT_KEYS 8                  /* session keys kept of one message: of its layer, or of its texts */
#define LIMIT_DECRYPTED_BYTES (256 * 1024 * 1024) /* what one OpenPGP operation may return */
#define LIMIT_KEYS_BYTES (1024 * 1024)     /* public keys that are imported or exported at once, */
#define LIMIT_KEYS 100                     /* how many, */
#define LIMIT_SUBKEYS 32                   /* and of one of them; years of yearly changes */
#define LIMIT_USER_IDS 64
#define LIMIT_KEY_SIGNATURES 500           /* and on it, before gpg sees it, of one that comes from elsewhere */
#define LIMIT_CARRIED_KEY (32 * 1024)      /* a key in the header of a mail; honest ones have 1 to 5 KiB, */
#define LIMIT_AUTOCRYPT_FIELD (10 * 1024)  /* and ours no more than Autocrypt asks for */
#define LIMIT_HEARD_KEYS 4                 /* such keys kept of one address: the last heard of */
#define LIMIT_GOSSIP 50                    /* keys of recipients that one encrypted letter brings along, or ours does */
#define LIMIT_WKD_BYTES (256 * 1024)       /* what a web key directory may have of one address; dirmngr stops there, too */
#define LIMIT_WKD_MS 30000                 /* and how long it may take */
#define LIMIT_QUERY 4096                   /* bytes of a search query */
#define LIMIT_QUERY_DEPTH 32               /* parentheses in a query */
#define LIMIT_QUERY_TERMS 200             /* each is a look-up; FTS5 takes 256 in one MATCH */
#define LIMIT_ADDRESS_MESSAGES 5000        /* newest messages in which addresses are looked for */
#define LIMIT_TAG 200                      /* bytes of a tag's name */
#define LIMIT_MESSAGE_ID 998               /* bytes of a Message-ID that the index keeps: RFC 5322, one line */
#define LIMIT_TOKEN 128                   /* bytes of an indexed word; longer ones are noise */

/* The outbox. */
#define LIMIT_OUTBOX_WAIT_S 60             /* before a letter is tried a second time, doubled each time, */
#define LIMIT_OUTBOX_LONGEST_S 3600        /* up to this */
#define LIMIT_OUTBOX_AGE_S (5 * 24 * 3600) /* RFC 5321, 4.5.4.1: then it has failed */
#define LIMIT_OUTBOX_LOOK_S 60             /* how often fetchd looks whether it can send what waits, */
#define LIMIT_OUTBOX_IDLE_S 300            /* and whether anything does */
#define LIMIT_DRAFT_BYTES (16 * 1024 * 1024) /* the text of a letter that is being written */
#define LIMIT_OUTBOX_ANSWER 2048           /* bytes of a server's answer that are kept */

/* Rules for sensitive mail. */
#define LIMIT_JUDGED_BYTES (4 * 1024 * 1024) /* head of a message whose text is held against rules; a longer one counts as sensitive */
#define LIMIT_JUDGED_HEAD (1024 * 1024)    /* its header fields and the first lines, where no rule wants the text */
#define LIMIT_PATTERN_STEPS 100000         /* of PCRE2, at each place where a match may begin */
#define LIMIT_PATTERN_HEAP (16 * 1024 * 1024) /* bytes it may take to remember where it was */
#define LIMIT_PATTERN_MS 250               /* CPU time of one pattern over one text */

/* Configuration. */
#define LIMIT_CONFIG_BYTES (1024 * 1024)   /* a configuration or policy file */
#define LIMIT_ACCOUNT_NAME 64              /* bytes of an account's name */

/* Text on a terminal. */
#define LIMIT_COMBINING 8                  /* marks on one letter; Tibetan and pointed Hebrew need fewer */
#define LIMIT_ISOLATES 32                  /* nested bidi isolates; the algorithm itself stops at 125 */
