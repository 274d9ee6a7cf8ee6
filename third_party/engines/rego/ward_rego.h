#ifndef WARD_REGO_H_
#define WARD_REGO_H_

#include <stddef.h>
#include <stdint.h>

// regorus behind C: Rego policies, read and evaluated. These are the only symbols that the engine
// has for a linker. Every function may be called from several threads at once, also with one
// policy; nothing unwinds out of one. Work is done on a thread that the call starts and waits for.
// Who uses it: src/policy/rego. Why regorus: docs/adr/rego-by-regorus.md.
#ifdef __cplusplus
extern "C" {
#endif

// A caller's octets, UTF-8; null where size is 0. Read during the call alone.
typedef struct {
  const uint8_t* data;
  size_t size;
} ward_rego_bytes;

// JSON that the engine made, not terminated: freed by ward_rego_free_text, once. Null where there
// is none.
typedef struct {
  uint8_t* data;
  size_t size;
} ward_rego_text;

typedef struct ward_rego_policy ward_rego_policy;

enum { WARD_REGO_OK = 0, WARD_REGO_REFUSED = 1, WARD_REGO_FAILED = 2 };

// ward_rego_load reads the text of one policy, of at most 256 KiB. Its syntax is v1 where it parses
// as that, else v0; of two errors the one further in the text is told, but v1's where the text has
// "rego.v1". Refused are: built-ins that are not on the allow-list (base64.decode,
// base64url.decode, bits.and, contains, count, is_array, is_number, is_string, lower, object.get,
// object.union_n, print, query_reference_value, regex.match, replace, split, sprintf, time.now_ns,
// time.parse_rfc3339_ns, to_number, upper), recursion, chains of more than 64 rules, bodies of more
// than 256 expressions, brackets within brackets (16, fewer in a long text), expressions that go
// deeper than 250 operators and brackets, chains of rules with more than 8,000 levels and loops in
// them, and variables that nothing binds.
// OK:      *policy is the caller's; *report is
//          {"syntax": "v0" | "v1", "package": "a.b", "rules": [...], "builtins": [...]}.
// REFUSED: *report is {"errors": [{"line": 1.., "column": 1.., "message": "..."}]}, 0 for a place
//          that is not known.
// FAILED:  no thread, or a null argument; *report may be null.
int ward_rego_load(ward_rego_bytes text, ward_rego_policy** policy, ward_rego_text* report);

// What one evaluation is given. Documents are JSON of at most 16 MiB each; an empty one is {}.
typedef struct {
  ward_rego_bytes rule;              // a name in the policy's package, "allow"
  ward_rego_bytes input;             // `input`
  ward_rego_bytes data;              // an object: `data`
  ward_rego_bytes reference_values;  // an object: what query_reference_value(id) gives
  int64_t now_ns;                    // what time.now_ns() gives: nanoseconds since 1970
  uint64_t max_steps;                // of the engine; the same for the same policy and documents
  uint64_t max_memory_bytes;         // beyond the documents
  uint64_t max_time_ms;              // of the wall
} ward_rego_request;

// ward_rego_evaluate gives *report:
//   {"outcome": "value", "value": ...}
//   {"outcome": "undefined"}           also where the policy has no such rule
//   {"outcome": "error", "line", "column", "message"}
//   {"outcome": "missing", "ids": [...]}  ids without a value, asked for where that would be taken
//                                         for an answer
//   {"outcome": "limit", "limit": "steps" | "memory" | "time" | "size" | "stuck" | "busy" |
//                                 "threads"}
// size: what a built-in was given, would make, or the rule's value is over 512 KiB. stuck: one step
// went on for twice the time and a second; its thread goes on, and the policy is not evaluated
// until it ends. busy: eight threads of any policies go on like that. OK, or FAILED for a null
// argument.
int ward_rego_evaluate(const ward_rego_policy* policy, const ward_rego_request* request,
                       ward_rego_text* report);

// ward_rego_explain says what the bodies of a rule came to, each by the first expression that does
// not hold:
//   {"conditions": [{"rule", "line", "column", "expression",
//                    "outcome": "false" | "undefined" | "holds" | "unknown",
//                    "values": [{"expression", "value"}]}]}
// A rule that is the whole of such an expression is explained behind it. The limits hold for the
// whole of it: where they end it, the list is shorter. Or as above {"outcome": "limit", ...}.
int ward_rego_explain(const ward_rego_policy* policy, const ward_rego_request* request,
                      ward_rego_text* report);

void ward_rego_free_policy(ward_rego_policy* policy);
void ward_rego_free_text(ward_rego_text text);

// ward_rego_name is the engine and its version, "regorus 0.14.1".
const char* ward_rego_name(void);

#ifdef __cplusplus
}
#endif

#endif
