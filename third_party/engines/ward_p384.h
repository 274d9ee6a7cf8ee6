#ifndef WARD_P384_H_
#define WARD_P384_H_

#include <stddef.h>
#include <stdint.h>

// The one thing that ward asks of AWS-LC. These are the only symbols that the engine has for a
// linker.
#ifdef __cplusplus
extern "C" {
#endif

// ward_p384_verify judges the ECDSA signature r || s over `digest` (of which the first 48 octets
// count; FIPS 186-5 section 6.4.2) under the point x || y, all big-endian. 1: right. 0: wrong, or
// the point is not on the curve, or r or s is not between 1 and the order. -1: no memory to tell.
// Safe from several threads; keeps nothing; not in constant time.
int ward_p384_verify(const uint8_t xy[96], const uint8_t* digest, size_t digest_size,
                     const uint8_t rs[96]);

// ward_p384_name is the library and its version, "AWS-LC 5.12.0".
const char* ward_p384_name(void);

#ifdef __cplusplus
}
#endif

#endif
