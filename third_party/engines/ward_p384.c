// Compiled against AWS-LC's headers, never OpenSSL's: see build.cmake.
#include "ward_p384.h"

#include <openssl/base.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>

enum { kField = 48 };

// The first of the library's reasons in this thread's queue tells a want of memory from a refusal.
static int refused(void) {
  const int memory = ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
  return memory ? -1 : 0;
}

// EC_POINT_oct2point refuses what is not on the curve.
static int set_key(EC_KEY* key, EC_POINT* point, const uint8_t* xy) {
  uint8_t octets[1 + 2 * kField];
  octets[0] = POINT_CONVERSION_UNCOMPRESSED;
  memcpy(octets + 1, xy, 2 * kField);
  return EC_KEY_set_group(key, EC_group_p384()) == 1 &&
         EC_POINT_oct2point(EC_group_p384(), point, octets, sizeof(octets), NULL) == 1 &&
         EC_KEY_set_public_key(key, point) == 1;
}

static int set_signature(ECDSA_SIG* signature, const uint8_t* rs) {
  BIGNUM* r = BN_bin2bn(rs, kField, NULL);
  BIGNUM* s = BN_bin2bn(rs + kField, kField, NULL);
  if (r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) return 1;
  BN_free(r);
  BN_free(s);
  return 0;
}

int ward_p384_verify(const uint8_t xy[96], const uint8_t* digest, size_t digest_size,
                     const uint8_t rs[96]) {
  EC_KEY* key = EC_KEY_new();
  EC_POINT* point = EC_POINT_new(EC_group_p384());
  ECDSA_SIG* signature = ECDSA_SIG_new();
  int result = -1;
  ERR_clear_error();
  if (key != NULL && point != NULL && signature != NULL && set_signature(signature, rs)) {
    const int right =
        set_key(key, point, xy) && ECDSA_do_verify(digest, digest_size, signature, key) == 1;
    result = right ? 1 : refused();
  }
  ECDSA_SIG_free(signature);
  EC_POINT_free(point);
  EC_KEY_free(key);
  ERR_clear_error();  // the queue is the library's own, and holds refusals
  return result;
}

const char* ward_p384_name(void) { return AWSLC_VERSION_NAME " " AWSLC_VERSION_NUMBER_STRING; }
