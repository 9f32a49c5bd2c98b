/* Calls of the C library that fail when a test wants them to: the n-th call of a kind on anything below the test's folder.
 * Linked into a program, they take the place of the C library's own, for APR as well. */
#ifndef FAULTS_H
#define FAULTS_H

typedef enum {
    FAULT_OPEN,
    FAULT_READ, /* pread too */
    FAULT_WRITE,
    FAULT_SEEK,
    FAULT_SYNC,
    FAULT_TRUNCATE,
    FAULT_MODE,
    FAULT_RENAME,
    FAULT_LINK,
    FAULT_MKDIR,
    FAULT_STAT,
    FAULT_LIST,
    FAULT_KINDS
} fault_kind_t;

#define FAULT_PART (-1) /* for `error`: no error, but fewer bytes than asked for */

typedef struct {
    fault_kind_t kind;
    int error;   /* errno, or FAULT_PART */
    int lasting; /* 1: all later calls of the kind fail too, as on a full disk */
} fault_t;

extern const char *const fault_names[FAULT_KINDS];

/* From now on the n-th call (1 is the next) fails. */
void fault_arm(const fault_t *fault, int nth);
/* No call fails any more. Returns 1 if one did since fault_arm. */
int fault_disarm(void);
/* How many calls of a kind there were while faults were armed last. */
int fault_calls(fault_kind_t kind);

#endif
