#include "tee/nvidia/spdm.h"

#include <gtest/gtest.h>

#include "tee/nvidia/device.h"
#include "tee/nvidia/made/stage.h"

namespace ward::nvidia {
namespace {

Report good_report() {
  Stage s = good_stage(Arch::kHopper);
  s.report.opaque = write_fields(s.device);
  return s.report;
}

// The check that fails, kEnd for none.
CheckId wrong(Bytes octets) {
  const auto parsed = parse_report(octets);
  const auto* error = std::get_if<FormError>(&parsed);
  return error == nullptr ? CheckId::kEnd : error->check;
}

TEST(NvidiaReport, TheInverseWritesWhatIsRead) {
  for (const Arch arch : {Arch::kHopper, Arch::kBlackwell, Arch::kLs10}) {
    Stage s = good_stage(arch);
    s.report.opaque = write_fields(s.device);
    s.report.slot = 3;
    s.report.signature.fill(7);
    const Buffer octets = write_report(s.report);
    const auto parsed = parse_report(octets);
    ASSERT_TRUE(std::holds_alternative<Report>(parsed));
    EXPECT_EQ(std::get<Report>(parsed), s.report);
    EXPECT_EQ(signed_part(octets).size() + kSignatureSize, octets.size());
  }
}

TEST(NvidiaReport, EveryCutIsRefused) {
  const Buffer octets = write_report(good_report());
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_NE(wrong(Bytes(octets).first(size)), CheckId::kEnd) << size;
  Buffer longer = octets;
  longer.push_back(0);
  EXPECT_EQ(wrong(longer), CheckId::kReportResponse);
}

TEST(NvidiaReport, EveryFixedOctetIsLookedAt) {
  const Buffer octets = write_report(good_report());
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Buffer out = octets;
    out[at] = value;
    return wrong(out);
  };
  for (const std::size_t at : {0U, 1U, 2U, 3U})
    EXPECT_EQ(changed(at, 0x7e), CheckId::kReportRequest) << at;
  EXPECT_EQ(changed(36, 8), CheckId::kReportRequest);   // the slot
  EXPECT_EQ(changed(36, 1), CheckId::kReportResponse);  // another slot than the response's
  for (const std::size_t at : {37U, 38U, 39U, 40U, 44U})
    EXPECT_EQ(changed(at, 0x7e), CheckId::kReportResponse) << at;
  EXPECT_EQ(changed(41, 1), CheckId::kReportRecord);   // number of blocks
  EXPECT_EQ(changed(45, 0), CheckId::kReportRecord);   // index
  EXPECT_EQ(changed(45, 2), CheckId::kReportRecord);   // that of the next
  EXPECT_EQ(changed(46, 2), CheckId::kReportRecord);   // specification
  EXPECT_EQ(changed(47, 52), CheckId::kReportRecord);  // size of the block
  EXPECT_EQ(changed(50, 47), CheckId::kReportRecord);  // size of the value
}

TEST(NvidiaReport, ValuesAndOpaqueDataHaveLimits) {
  const auto with_value = [](std::size_t size) {
    Report r = good_report();
    r.measurements[0].value.assign(size, 1);
    return wrong(write_report(r));
  };
  EXPECT_EQ(with_value(kMaxMeasurementSize), CheckId::kEnd);
  EXPECT_EQ(with_value(kMaxMeasurementSize + 1), CheckId::kReportRecord);
  EXPECT_EQ(with_value(0), CheckId::kReportRecord);
  const auto with_opaque = [](std::size_t size) {
    Report r = good_report();
    r.opaque = {{1, Buffer(size - 4)}};
    return wrong(write_report(r));
  };
  EXPECT_EQ(with_opaque(kMaxOpaqueSize), CheckId::kEnd);
  EXPECT_EQ(with_opaque(kMaxOpaqueSize + 1), CheckId::kReportResponse);
  Report none = good_report();
  none.measurements.clear();
  EXPECT_EQ(wrong(write_report(none)), CheckId::kReportRecord);
  EXPECT_EQ(wrong(Buffer(kMaxReportSize + 1)), CheckId::kReportRequest);
  Buffer long_one = write_report(good_report());
  long_one.resize(kMaxReportSize + 1);
  EXPECT_EQ(wrong(long_one), CheckId::kReportResponse);
}

TEST(NvidiaReport, AnOpaqueFieldStandsOnceAndWhole) {
  Report r = good_report();
  r.opaque.push_back(r.opaque.front());
  EXPECT_EQ(wrong(write_report(r)), CheckId::kReportOpaque);
  Buffer octets = write_report(good_report());
  const std::size_t at = 45 + measurement_record(octets).size() + kNonceSize + 2;
  octets[at + 3] = 0x7e;
  EXPECT_EQ(wrong(octets), CheckId::kReportOpaque);
}

TEST(NvidiaReport, TheLayoutCoversEveryOctet) {
  const Buffer octets = write_report(good_report());
  std::vector<attest::LayoutField> fields;
  add_report_layout(octets, 0, fields);
  std::size_t at = 0;
  for (const attest::LayoutField& field : fields) {
    EXPECT_EQ(field.offset, at) << field.name;
    at += field.size;
  }
  EXPECT_EQ(at, octets.size());
}

TEST(NvidiaDevice, ReadsWhatItWrites) {
  for (const Arch arch : {Arch::kHopper, Arch::kBlackwell, Arch::kLs10}) {
    const Stage s = good_stage(arch);
    const auto read = read_device({.opaque = write_fields(s.device)});
    ASSERT_TRUE(std::holds_alternative<Device>(read));
    const Device& d = std::get<Device>(read);
    EXPECT_EQ(d.driver_version, s.device.driver_version);
    EXPECT_EQ(d.vbios_version, s.device.vbios_version);
    EXPECT_EQ(d.project, s.device.project);
    EXPECT_EQ(d.chip, s.device.chip);
    EXPECT_EQ(d.fwid, s.device.fwid);
    EXPECT_EQ(d.nvdec0, s.device.nvdec0);
    EXPECT_EQ(d.protected_pcie, s.device.protected_pcie);
    EXPECT_EQ(d.mode, s.device.mode);
    EXPECT_EQ(d.is_switch(), arch == Arch::kLs10);
  }
}

TEST(NvidiaDevice, TextsAreTextsAndOtherValuesSayNothing) {
  const auto read = [](std::uint16_t type, const Buffer& data) {
    Report r{.opaque = write_fields(good_stage(Arch::kHopper).device)};
    std::erase_if(r.opaque, [&](const OpaqueField& f) { return f.type == type; });
    r.opaque.push_back({type, data});
    return read_device(r);
  };
  const auto refused = [&](std::uint16_t type, const Buffer& data) {
    return std::holds_alternative<FormError>(read(type, data));
  };
  EXPECT_TRUE(refused(opaque::kDriverVersion, {}));
  EXPECT_TRUE(refused(opaque::kDriverVersion, {0}));
  EXPECT_TRUE(refused(opaque::kDriverVersion, {'5', 0, '6'}));
  EXPECT_TRUE(refused(opaque::kDriverVersion, {'5', '/'}));
  EXPECT_TRUE(refused(opaque::kDriverVersion, Buffer(65, '5')));
  EXPECT_FALSE(refused(opaque::kDriverVersion, Buffer(64, '5')));
  EXPECT_TRUE(refused(opaque::kVbiosVersion, {0, 0x5e, 0, 0x96, 1, 0, 0, 1}));
  EXPECT_TRUE(std::holds_alternative<FormError>(read_device({})));  // no VBIOS version
  EXPECT_EQ(std::get<Device>(read(opaque::kNvdec0Status, {0x55})).nvdec0, false);
  EXPECT_EQ(std::get<Device>(read(opaque::kNvdec0Status, {0x54})).nvdec0, std::nullopt);
  EXPECT_EQ(std::get<Device>(read(opaque::kFeatureFlag, {2, 0})).mode, "PPCIE");
  EXPECT_EQ(std::get<Device>(read(opaque::kFeatureFlag, {3, 0})).mode, "");
}

TEST(NvidiaDevice, ManifestsAreNamedAsNvidiaServesThem) {
  const Device hopper = good_stage(Arch::kHopper).device;
  EXPECT_EQ(driver_rim_id(hopper, {Arch::kHopper, "GH100"}), "NV_GPU_DRIVER_GH100_570.1.2");
  EXPECT_EQ(driver_rim_id(hopper, {Arch::kBlackwell, "GB100"}), "NV_GPU_CC_DRIVER_GB100_570.1.2");
  EXPECT_EQ(vbios_rim_id(hopper), "NV_GPU_VBIOS_1010_0200_882_96005E0001");
  EXPECT_EQ(vbios_rim_id(good_stage(Arch::kLs10).device),
            "NV_SWITCH_BIOS_5612_0002_890_9610550001");
}

TEST(NvidiaDevice, ChipsAreKnownByTheirWholeName) {
  EXPECT_EQ(chip_of_name("GB202")->arch, Arch::kBlackwell);
  EXPECT_EQ(chip_of_name("LS_10")->arch, Arch::kLs10);
  for (const char* name : {"", "GH", "GH10", "GH1000", "GA100", "GH10x", "gh100", "LS10"})
    EXPECT_FALSE(chip_of_name(name).has_value()) << name;
  EXPECT_EQ(arch_of_name("Hopper"), Arch::kHopper);
  EXPECT_EQ(arch_of_name("SV10"), std::nullopt);
}

}  // namespace
}  // namespace ward::nvidia
