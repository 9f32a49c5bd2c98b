/* What the tests of faults share: the failures that every one of them goes through, and what an error must say. */
#ifndef FAULT_CASES_H
#define FAULT_CASES_H

#include "faults.h"
#include "fixture.h"

#define FAULT_CASES 26

extern const fault_t fault_cases[FAULT_CASES];

/* Prints how many faults a test went through. */
void fault_tell(const char *what, const fault_t *fault, int count);
/* An error of the n-th fault says what could not be done to what, and is none that every reader and writer lives with. */
void fault_expect_told(const cdist_err_t *err, const fault_t *fault, int nth);
/* How many files this process has open. */
int fault_open_files(void);

#endif
