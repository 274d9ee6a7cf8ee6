#include "tee/tpm/attester/esys_device.h"

#include <algorithm>
#include <array>
#include <utility>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

namespace ward::tpm {
namespace {

// What tpm2-tss gives, it frees with one function.
template <class T>
class Owned {
 public:
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  ~Owned() { Esys_Free(value_); }

  T** out() { return &value_; }

  T* operator->() const { return value_; }

  T& operator*() const { return *value_; }

 private:
  T* value_ = nullptr;
};

Error refused(TSS2_RC rc) {
  return {Errc::kDenied, "the TPM refuses (tpm2_rc_decode says why)", rc};
}

// Held is an object or a session in the TPM: what was made for one call does not stay there.
class Held {
 public:
  explicit Held(ESYS_CONTEXT* esys) : esys_(esys) {}

  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  ~Held() {
    if (handle_ == ESYS_TR_NONE) return;
    if (made_) {
      (void)Esys_FlushContext(esys_, handle_);
    } else {
      (void)Esys_TR_Close(esys_, &handle_);
    }
  }

  // Persistent objects stay.
  Result<void> open(std::uint32_t persistent) {
    made_ = false;
    const TSS2_RC rc = Esys_TR_FromTPMPublic(esys_, persistent, ESYS_TR_NONE, ESYS_TR_NONE,
                                             ESYS_TR_NONE, &handle_);
    if (rc != TSS2_RC_SUCCESS) return refused(rc);
    return {};
  }

  ESYS_TR* out() { return &handle_; }

  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* esys_;
  ESYS_TR handle_ = ESYS_TR_NONE;
  bool made_ = true;
};

// not_for_this is true for what a TPM answers to a credential that was made for another EK or name.
bool not_for_this(TSS2_RC rc) {
  static constexpr TSS2_RC kCodes[] = {TPM2_RC_INTEGRITY, TPM2_RC_VALUE, TPM2_RC_SIZE,
                                       TPM2_RC_ECC_POINT, TPM2_RC_INSUFFICIENT};
  constexpr TSS2_RC kWithoutPosition = 0xfffff0bf;  // Part 2, 6.6.2: which parameter it was
  // libtpms says of a ciphertext that does not decrypt that it failed; a TPM that did would have
  // loaded no key.
  return rc == TPM2_RC_FAILURE || std::ranges::count(kCodes, rc & kWithoutPosition) > 0;
}

constexpr std::size_t kMarshalled = 4096;  // octets; no structure here is longer
constexpr std::size_t kEkModulus = 256;    // octets
constexpr std::size_t kEkPoint = 32;       // of a coordinate

template <class T>
using Marshal = TSS2_RC (*)(T const*, std::uint8_t*, std::size_t, std::size_t*);

template <class T>
Result<Buffer> marshalled(const T& value, Marshal<T> marshal) {
  Buffer out(kMarshalled);
  std::size_t size = 0;
  if (marshal(&value, out.data(), out.size(), &size) != TSS2_RC_SUCCESS) {
    return Error(Errc::kInternal, "tpm.device: a structure cannot be written");
  }
  out.resize(size);
  return out;
}

Result<TPML_PCR_SELECTION> selection_for_tss(const std::vector<PcrSelection>& selection) {
  TPML_PCR_SELECTION out{};
  if (selection.size() > std::size(out.pcrSelections)) {
    return Error(Errc::kLimit, "tpm.device: banks", selection.size());
  }
  out.count = static_cast<UINT32>(selection.size());
  for (std::size_t i = 0; i < selection.size(); ++i) {
    TPMS_PCR_SELECTION& one = out.pcrSelections[i];
    if (selection[i].select.size() > std::size(one.pcrSelect)) {
      return Error(Errc::kLimit, "tpm.device: octets of a selection", selection[i].select.size());
    }
    one.hash = selection[i].hash;
    one.sizeofSelect = static_cast<UINT8>(selection[i].select.size());
    std::ranges::copy(selection[i].select, std::begin(one.pcrSelect));
  }
  return out;
}

// An AK as tpm2_createak makes it, but a primary key.
Public ak_template(std::uint16_t type) {
  Public out{.attributes = attribute::kFixedTpm | attribute::kFixedParent |
                           attribute::kSensitiveDataOrigin | attribute::kUserWithAuth |
                           attribute::kRestricted | attribute::kSign};
  out.type = type;
  out.scheme = type == alg::kRsa ? alg::kRsassa : alg::kEcdsa;
  out.scheme_hash = alg::kSha256;
  out.curve = kCurveP256;
  if (type == alg::kRsa) out.modulus.resize(out.key_bits / 8);
  return out;
}

// PolicyA_SHA256 (EK Credential Profile 2.5, B.6.3): who knows the endorsement hierarchy's
// password.
constexpr std::array<std::uint8_t, 32> kEkPolicy = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

// Templates L-1 and L-2 (B.3.3, B.3.4).
Public ek_template(std::uint16_t type) {
  Public out{.attributes = attribute::kFixedTpm | attribute::kFixedParent |
                           attribute::kSensitiveDataOrigin | attribute::kAdminWithPolicy |
                           attribute::kRestricted | attribute::kDecrypt};
  out.type = type;
  out.auth_policy = to_buffer(kEkPolicy);
  out.symmetric = alg::kAes;
  out.symmetric_bits = 128;
  out.symmetric_mode = alg::kCfb;
  out.curve = kCurveP256;
  if (type == alg::kRsa) {
    out.modulus.resize(out.key_bits / 8);
  } else {
    out.x.resize(kEkPoint);
    out.y.resize(kEkPoint);
  }
  return out;
}

// ek_type is the kind of EK that a credential is for; nullopt for one that has no template here.
std::optional<std::uint16_t> ek_type(const Credential& credential) {
  if (credential.secret.size() == kEkModulus) return alg::kRsa;
  const bool p256 = credential.secret.size() == 2 * (2 + kEkPoint);
  return p256 ? std::optional(alg::kEcc) : std::nullopt;
}

// Removes what was read of `read` from the selection; false where nothing is left of it.
bool subtract(TPML_PCR_SELECTION& left, const TPML_PCR_SELECTION& read) {
  bool any = false;
  for (UINT32 i = 0; i < left.count; ++i) {
    TPMS_PCR_SELECTION& mine = left.pcrSelections[i];
    for (UINT32 j = 0; j < read.count; ++j) {
      const TPMS_PCR_SELECTION& other = read.pcrSelections[j];
      if (other.hash != mine.hash) continue;
      for (std::size_t k = 0; k < mine.sizeofSelect && k < other.sizeofSelect; ++k)
        mine.pcrSelect[k] = static_cast<BYTE>(mine.pcrSelect[k] & ~other.pcrSelect[k]);
    }
    for (std::size_t k = 0; k < mine.sizeofSelect; ++k)
      any = any || mine.pcrSelect[k] != 0;
  }
  return any;
}

class EsysDevice final : public Device {
 public:
  EsysDevice(TSS2_TCTI_CONTEXT* tcti, ESYS_CONTEXT* esys) : tcti_(tcti), esys_(esys) {}

  ~EsysDevice() override {
    Esys_Finalize(&esys_);
    Tss2_TctiLdr_Finalize(&tcti_);
  }

  Result<RawQuote> quote(const AkChoice& ak, Bytes extra_data,
                         const std::vector<PcrSelection>& selection) override {
    WARD_TRY(const TPML_PCR_SELECTION wanted, selection_for_tss(selection));
    TPM2B_DATA data{};
    if (extra_data.size() > std::size(data.buffer)) {
      return Error(Errc::kLimit, "tpm.device: octets of qualifying data", extra_data.size());
    }
    data.size = static_cast<UINT16>(extra_data.size());
    std::ranges::copy(extra_data, std::begin(data.buffer));
    Held key(esys_);
    WARD_CHECK_OK(load(ak, key));
    Owned<TPM2B_ATTEST> attest;
    Owned<TPMT_SIGNATURE> signature;
    Owned<TPM2B_PUBLIC> area;
    const TPMT_SIG_SCHEME own{.scheme = TPM2_ALG_NULL, .details = {}};
    TSS2_RC rc = Esys_Quote(esys_, key.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data,
                            &own, &wanted, attest.out(), signature.out());
    if (rc == TSS2_RC_SUCCESS) {
      rc = Esys_ReadPublic(esys_, key.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, area.out(),
                           nullptr, nullptr);
    }
    if (rc != TSS2_RC_SUCCESS) return refused(rc);
    RawQuote out;
    out.attest = to_buffer(Bytes(attest->attestationData, attest->size));
    WARD_TRY(out.signature, marshalled(*signature, &Tss2_MU_TPMT_SIGNATURE_Marshal));
    WARD_TRY(out.ak, marshalled(area->publicArea, &Tss2_MU_TPMT_PUBLIC_Marshal));
    return out;
  }

  Result<PcrRead> read_pcrs(const std::vector<PcrSelection>& selection) override {
    WARD_TRY(TPML_PCR_SELECTION left, selection_for_tss(selection));
    PcrRead out;
    bool more = true;
    while (more) {
      Owned<TPML_PCR_SELECTION> read;
      Owned<TPML_DIGEST> values;
      const TSS2_RC rc = Esys_PCR_Read(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &left,
                                       &out.update_counter, read.out(), values.out());
      if (rc != TSS2_RC_SUCCESS) return refused(rc);
      if (values->count == 0) {
        return Error(Errc::kUnsupported, "tpm.device: the TPM has no such bank of PCRs");
      }
      for (UINT32 i = 0; i < values->count; ++i) {
        const TPM2B_DIGEST& value = values->digests[i];
        out.values.push_back(to_buffer(Bytes(value.buffer, value.size)));
      }
      more = subtract(left, *read);
    }
    return out;
  }

  Result<SecretBytes> activate(const AkChoice& ak, std::optional<std::uint32_t> ek,
                               const Credential& credential) override {
    TPM2B_ID_OBJECT blob{};
    TPM2B_ENCRYPTED_SECRET secret{};
    if (credential.blob.size() > std::size(blob.credential) ||
        credential.secret.size() > std::size(secret.secret)) {
      return Error(Errc::kUntrusted, "tpm.device: a credential longer than this TPM takes");
    }
    blob.size = static_cast<UINT16>(credential.blob.size());
    std::ranges::copy(credential.blob, std::begin(blob.credential));
    secret.size = static_cast<UINT16>(credential.secret.size());
    std::ranges::copy(credential.secret, std::begin(secret.secret));
    Held key(esys_);
    Held endorsement(esys_);
    Held session(esys_);
    WARD_CHECK_OK(load(ak, key));
    WARD_CHECK_OK(load_ek(ek, credential, endorsement));
    WARD_TRY(const ESYS_TR authorized, authorize(endorsement, session));
    Owned<TPM2B_DIGEST> out;
    const TSS2_RC rc =
        Esys_ActivateCredential(esys_, key.get(), endorsement.get(), ESYS_TR_PASSWORD, authorized,
                                ESYS_TR_NONE, &blob, &secret, out.out());
    if (rc != TSS2_RC_SUCCESS && !not_for_this(rc)) return refused(rc);
    if (rc != TSS2_RC_SUCCESS) {
      return Error(Errc::kUntrusted, "tpm.device: a credential for another EK or another AK", rc);
    }
    const std::span<std::uint8_t> plain(out->buffer, out->size);
    SecretBytes opened = SecretBytes::copy_of(plain);
    wipe(plain);
    return opened;
  }

 private:
  Result<void> load(const AkChoice& ak, Held& key) {
    if (ak.handle) return key.open(*ak.handle);
    return create(ESYS_TR_RH_OWNER, ak_template(ak.type), key);
  }

  Result<void> load_ek(std::optional<std::uint32_t> handle, const Credential& credential,
                       Held& key) {
    if (handle) return key.open(*handle);
    const auto type = ek_type(credential);
    if (!type) {
      return Error(Errc::kUnsupported,
                   "tpm.device: the credential is for an EK that has to be named");
    }
    return create(ESYS_TR_RH_ENDORSEMENT, ek_template(*type), key);
  }

  Result<void> create(ESYS_TR hierarchy, const Public& form, Held& key) {
    const Buffer area = write_public(form);
    TPM2B_PUBLIC in{};
    std::size_t offset = 0;
    if (Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data(), area.size(), &offset, &in.publicArea) !=
        TSS2_RC_SUCCESS) {
      return Error(Errc::kInternal, "tpm.device: a key's template");
    }
    const TPM2B_SENSITIVE_CREATE sensitive{};
    const TPM2B_DATA outside{};
    const TPML_PCR_SELECTION creation{};
    const TSS2_RC rc = Esys_CreatePrimary(esys_, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                          ESYS_TR_NONE, &sensitive, &in, &outside, &creation,
                                          key.out(), nullptr, nullptr, nullptr, nullptr);
    if (rc != TSS2_RC_SUCCESS) return refused(rc);
    return {};
  }

  // authorize gives the session by which an EK may be used: its password where it has one, else its
  // policy.
  Result<ESYS_TR> authorize(const Held& key, Held& session) {
    Owned<TPM2B_PUBLIC> area;
    TSS2_RC rc = Esys_ReadPublic(esys_, key.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 area.out(), nullptr, nullptr);
    if (rc != TSS2_RC_SUCCESS) return refused(rc);
    if ((area->publicArea.objectAttributes & attribute::kUserWithAuth) != 0) {
      return Result<ESYS_TR>(ESYS_TR_PASSWORD);
    }
    const TPMT_SYM_DEF plain{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
    rc = Esys_StartAuthSession(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                               ESYS_TR_NONE, nullptr, TPM2_SE_POLICY, &plain,
                               area->publicArea.nameAlg, session.out());
    if (rc == TSS2_RC_SUCCESS) {
      rc = Esys_PolicySecret(esys_, ESYS_TR_RH_ENDORSEMENT, session.get(), ESYS_TR_PASSWORD,
                             ESYS_TR_NONE, ESYS_TR_NONE, nullptr, nullptr, nullptr, 0, nullptr,
                             nullptr);
    }
    if (rc != TSS2_RC_SUCCESS) return refused(rc);
    return session.get();
  }

  TSS2_TCTI_CONTEXT* tcti_;
  ESYS_CONTEXT* esys_;
};

}  // namespace

Result<std::unique_ptr<Device>> open_device(const std::string& tcti) {
  TSS2_TCTI_CONTEXT* connection = nullptr;
  const char* name = tcti.empty() ? nullptr : tcti.c_str();
  TSS2_RC rc = Tss2_TctiLdr_Initialize(name, &connection);
  if (rc != TSS2_RC_SUCCESS) {
    return Error(Errc::kUnavailable, "tpm.device: no TPM answers there", rc);
  }
  ESYS_CONTEXT* esys = nullptr;
  rc = Esys_Initialize(&esys, connection, nullptr);
  if (rc != TSS2_RC_SUCCESS) {
    Tss2_TctiLdr_Finalize(&connection);
    return Error(Errc::kUnavailable, "tpm.device: the TPM does not answer", rc);
  }
  return std::unique_ptr<Device>(std::make_unique<EsysDevice>(connection, esys));
}

}  // namespace ward::tpm
