#include <memory>

#include "lib/ward/boundary.h"
#include "lib/ward/evidence.h"
#include "lib/ward/handles.h"

using ward::library::Done;

ward_status ward_collateral_new(ward_collateral** out, ward_error** error) noexcept {
  return ward::library::enter_new(__func__, out, error, [&]() -> Done {
    *out = std::make_unique<ward_collateral>().release();
    return {};
  });
}

void ward_collateral_free(ward_collateral* collateral) noexcept {
  const std::unique_ptr<ward_collateral> owned(collateral);
}

ward_status ward_collateral_add(ward_collateral* collateral, const char* name,
                                const std::uint8_t* document, std::size_t size,
                                ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter(error, [&]() -> Done {
    if (collateral == nullptr) return ward::library::null(function, "collateral");
    WARD_TRY(std::string text, ward::library::text_of(function, "name", name));
    WARD_TRY(const ward::Bytes octets,
             ward::library::octets_of(function, document, size, WARD_MAX_DOCUMENT_BYTES));
    auto& documents = collateral->collateral.documents;
    if (documents.size() >= WARD_MAX_DOCUMENTS) {
      return ward::library::Fault{.status = WARD_ERROR_LIMIT,
                                  .what = std::string(function) + ": more than " +
                                          std::to_string(WARD_MAX_DOCUMENTS) + " documents",
                                  .hint = "add those that ward_needs_of names"};
    }
    documents.push_back({std::move(text), ward::to_buffer(octets)});
    collateral->prepared.reset();
    return {};
  });
}

std::size_t ward_collateral_count(const ward_collateral* collateral) noexcept {
  return collateral == nullptr ? 0 : collateral->collateral.documents.size();
}

ward_status ward_needs_of(const std::uint8_t* evidence, std::size_t size, ward_needs** out,
                          ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter_new(function, out, error, [&]() -> Done {
    WARD_TRY(const ward::Bytes octets, ward::library::evidence_of(function, evidence, size));
    WARD_TRY(const ward::attest::Scheme* scheme, ward::library::scheme_of(function, octets));
    auto requests = scheme->needs(octets);
    if (!requests) {
      auto fault = ward::library::internal(requests.error());
      fault.status = WARD_ERROR_MALFORMED_EVIDENCE;
      fault.hint = "the evidence is cut or altered: ward_verifier_verify says by which check";
      return fault;
    }
    auto made = std::make_unique<ward_needs>();
    made->requests = *std::move(requests);
    for (auto& request : made->requests) {
      ward::library::make_c_text(request.kind);
      ward::library::make_c_text(request.key);
    }
    *out = made.release();
    return {};
  });
}

std::size_t ward_needs_count(const ward_needs* needs) noexcept {
  return needs == nullptr ? 0 : needs->requests.size();
}

ward_status ward_needs_at(const ward_needs* needs, std::size_t index, ward_need* out) noexcept {
  if (needs == nullptr) return WARD_ERROR_USAGE;
  if (index >= needs->requests.size()) return WARD_ERROR_NOT_FOUND;
  const auto& one = needs->requests[index];
  return ward::library::fill(
      out, ward_need{.size = 0, .kind = one.kind.c_str(), .key = one.key.c_str()});
}

void ward_needs_free(ward_needs* needs) noexcept { const std::unique_ptr<ward_needs> owned(needs); }
