#include "tee/dcap/certification.h"

namespace ward::dcap {

bool read_qe_evidence(Reader& in, QeEvidence& out, QeLayout& layout) {
  Bytes report;
  layout.report = in.offset();
  if (!in.bytes(kReportBodySize, report)) return false;
  out.report = report.first<kReportBodySize>();
  layout.signature = in.offset();
  if (!in.bytes(kSignatureSize, out.signature)) return false;

  std::uint16_t auth_size = 0;
  layout.auth_data_size = in.offset();
  if (!in.u16le(auth_size) || auth_size > kMaxAuthData) return false;
  layout.auth_data = in.offset();
  if (!in.bytes(auth_size, out.auth_data)) return false;

  std::uint32_t size = 0;
  layout.certification_type = in.offset();
  if (!in.u16le(out.certification_type)) return false;
  layout.certification_size = in.offset();
  if (!in.u32le(size) || size > kMaxCertificationData) return false;
  layout.certification_data = in.offset();
  return in.bytes(size, out.certification_data);
}

}  // namespace ward::dcap
