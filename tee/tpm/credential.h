#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "tee/tpm/structures.h"

// Credential activation (TPM 2.0 Library, Part 1, section 24): a secret that only the TPM of an EK
// can open, and that only while it holds the key of one name. What a verifier does to learn that an
// AK is in the TPM whose EK a maker certified.
namespace ward::tpm {

inline constexpr std::size_t kCredentialSecret = 32;  // octets of a secret that ward draws
inline constexpr std::size_t kMaxCredentialSecret =
    64;  // TPM2B_DIGEST; an EK takes its hash's size

// Credential is what TPM2_ActivateCredential takes.
struct Credential {
  Buffer blob;    // TPM2B_ID_OBJECT's contents: TPM2B_DIGEST integrityHMAC, encIdentity
  Buffer secret;  // TPM2B_ENCRYPTED_SECRET's contents: an RSA ciphertext, or a TPMS_ECC_POINT

  friend bool operator==(const Credential&, const Credential&) = default;
};

// make_credential hides `secret` for the holder of the key `ek` who holds the key of `ak_name`,
// too. What the key's template says beside the key is what makers certify (EK Credential
// Profile 2.5, B.3 and B.4): RSA of 2048 bits and P-256 with SHA-256 and AES-128, P-384 with
// SHA-384 and AES-256. kUnsupported for another key; kMalformed for a name that is none; kLimit for
// a secret that is empty or longer than the hash.
[[nodiscard]] Result<Credential> make_credential(const crypto::PublicKey& ek, Bytes ak_name,
                                                 Bytes secret, crypto::Rng& rng);

// open_credential does what the TPM does, with the private key of the EK: for tests. kUnsupported
// as above; kTruncated, kMalformed; kUntrusted where the credential is for another EK or another
// name.
[[nodiscard]] Result<SecretBytes> open_credential(const crypto::PrivateKey& ek, Bytes ak_name,
                                                  const Credential& credential);

// agreed_seed is the seed that two keys on P-256 or P-384 share: `mine` is either side's, and
// `ephemeral` and `ek` are x || y of both (Part 1, C.6.1, KDFe with "IDENTITY").
[[nodiscard]] Result<SecretBytes> agreed_seed(const crypto::PrivateKey& mine,
                                              const crypto::PublicKey& peer, Bytes ephemeral,
                                              Bytes ek);

// write_credential writes tpm2-tools' file of one (tpm2_makecredential -o), which
// tpm2_activatecredential -i reads: a marker, a version, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET.
[[nodiscard]] Buffer write_credential(const Credential& credential);

// read_credential is its inverse. kTruncated, kMalformed.
[[nodiscard]] Result<Credential> read_credential(Bytes file);

// Challenge is what a verifier keeps of one: the secret, and the AK that it was made for. So no
// other key can be accepted for it.
struct Challenge {
  SecretBytes secret;
  Buffer ak;  // TPMT_PUBLIC
};

// write_challenge writes the marker "WARDTPC1", and secret and AK behind sizes of 16 bits,
// big-endian.
[[nodiscard]] SecretBytes write_challenge(const Challenge& challenge);

// read_challenge is its inverse; kMalformed for a secret that is not of kCredentialSecret octets,
// too. kTruncated.
[[nodiscard]] Result<Challenge> read_challenge(Bytes file);

// ak_fault says why an area is not that of a key whose quotes would be the TPM's own word, once it
// is activated; empty for one that is.
[[nodiscard]] std::string ak_fault(const Public& area);

}  // namespace ward::tpm
