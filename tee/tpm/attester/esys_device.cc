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

constexpr std::size_t kMarshalled = 4096;  // octets; no structure here is longer

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
    ESYS_TR key = ESYS_TR_NONE;
    WARD_CHECK_OK(load(ak, key));
    Owned<TPM2B_ATTEST> attest;
    Owned<TPMT_SIGNATURE> signature;
    Owned<TPM2B_PUBLIC> area;
    const TPMT_SIG_SCHEME own{.scheme = TPM2_ALG_NULL, .details = {}};
    TSS2_RC rc = Esys_Quote(esys_, key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &own,
                            &wanted, attest.out(), signature.out());
    if (rc == TSS2_RC_SUCCESS) {
      rc = Esys_ReadPublic(esys_, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, area.out(),
                           nullptr, nullptr);
    }
    release(ak, key);
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

 private:
  Result<void> load(const AkChoice& ak, ESYS_TR& key) {
    if (ak.handle) {
      const TSS2_RC rc =
          Esys_TR_FromTPMPublic(esys_, *ak.handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &key);
      if (rc != TSS2_RC_SUCCESS) return refused(rc);
      return {};
    }
    const Buffer area = write_public(ak_template(ak.type));
    TPM2B_PUBLIC in{};
    std::size_t offset = 0;
    if (Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data(), area.size(), &offset, &in.publicArea) !=
        TSS2_RC_SUCCESS) {
      return Error(Errc::kInternal, "tpm.device: the AK's template");
    }
    const TPM2B_SENSITIVE_CREATE sensitive{};
    const TPM2B_DATA outside{};
    const TPML_PCR_SELECTION creation{};
    const TSS2_RC rc = Esys_CreatePrimary(esys_, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                          ESYS_TR_NONE, &sensitive, &in, &outside, &creation, &key,
                                          nullptr, nullptr, nullptr, nullptr);
    if (rc != TSS2_RC_SUCCESS) return refused(rc);
    return {};
  }

  // What was made for one call does not stay in the TPM.
  void release(const AkChoice& ak, ESYS_TR key) {
    if (ak.handle) {
      (void)Esys_TR_Close(esys_, &key);
    } else {
      (void)Esys_FlushContext(esys_, key);
    }
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
