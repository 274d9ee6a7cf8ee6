#include "keep/measure.h"

#include <functional>

#include <gtest/gtest.h>

#include "keep/runtime.h"

namespace ward::keep {
namespace {

struct Whole {
  Manifest manifest;
  MeasuredRoot root;
};

Whole whole() {
  Whole out;
  out.manifest.name = "demo";
  out.manifest.argv = {"/bin/p", "a"};
  out.manifest.working_directory = "/app";
  out.manifest.environment = {{"A", "1"}, {"B", "2"}};
  out.manifest.inputs = {{.name = "model", .resource = "a/b/c", .file_id = "00", .source = "s"}};
  out.manifest.outputs = {{.name = "out", .receiver = {1, 2, 3}}};
  out.manifest.limits = {
      .seconds = 1, .memory_bytes = 2, .processes = 3, .disk_bytes = 4, .open_files = 5};
  out.manifest.broker = BrokerEntry{.url = "https://h:1", .spki_sha256 = {7}};
  out.root.files = {{.path = "/app/a", .mode = FileMode::kData, .sha256 = {1}, .size_bytes = 9},
                    {.path = "/bin/p", .mode = FileMode::kProgram, .sha256 = {2}, .size_bytes = 8}};
  out.root.links = {{.path = "/lib", .target = "usr/lib"}};
  return out;
}

struct Change {
  const char* name;
  void (*apply)(Whole&);
};

// One row for every field: each must change what is measured.
constexpr Change kChanges[] = {
    {"name", [](Whole& w) { w.manifest.name = "other"; }},
    {"program", [](Whole& w) { w.manifest.argv[0] = "/bin/q"; }},
    {"argument", [](Whole& w) { w.manifest.argv[1] = "b"; }},
    {"argument_added", [](Whole& w) { w.manifest.argv.emplace_back(""); }},
    {"argument_split",
     [](Whole& w) {
       w.manifest.argv = {"/bin/p", "", "a"};
     }},
    {"working_directory", [](Whole& w) { w.manifest.working_directory = "/"; }},
    {"variable_value", [](Whole& w) { w.manifest.environment["A"] = "2"; }},
    {"variable_name",
     [](Whole& w) {
       w.manifest.environment = {{"A", "1"}, {"C", "2"}};
     }},
    {"variable_added", [](Whole& w) { w.manifest.environment["LD_PRELOAD"] = ""; }},
    {"variable_removed", [](Whole& w) { w.manifest.environment.erase("B"); }},
    {"input_name", [](Whole& w) { w.manifest.inputs[0].name = "x"; }},
    {"input_resource", [](Whole& w) { w.manifest.inputs[0].resource = "a/b/d"; }},
    {"input_file_id", [](Whole& w) { w.manifest.inputs[0].file_id = "01"; }},
    {"input_removed", [](Whole& w) { w.manifest.inputs.clear(); }},
    {"output_name", [](Whole& w) { w.manifest.outputs[0].name = "x"; }},
    {"output_receiver", [](Whole& w) { w.manifest.outputs[0].receiver[2] = 4; }},
    {"output_added", [](Whole& w) { w.manifest.outputs.push_back(w.manifest.outputs[0]); }},
    {"seconds", [](Whole& w) { ++w.manifest.limits.seconds; }},
    {"memory", [](Whole& w) { ++w.manifest.limits.memory_bytes; }},
    {"processes", [](Whole& w) { ++w.manifest.limits.processes; }},
    {"disk", [](Whole& w) { ++w.manifest.limits.disk_bytes; }},
    {"open_files", [](Whole& w) { ++w.manifest.limits.open_files; }},
    {"broker_url", [](Whole& w) { w.manifest.broker->url = "https://h:2"; }},
    {"broker_key", [](Whole& w) { w.manifest.broker->spki_sha256[31] = 1; }},
    {"broker_leases", [](Whole& w) { w.manifest.broker->leases = LeaseWish::kRequired; }},
    {"broker_grace", [](Whole& w) { w.manifest.broker->grace_seconds = 6; }},
    {"broker_removed", [](Whole& w) { w.manifest.broker.reset(); }},
    {"file_path", [](Whole& w) { w.root.files[0].path = "/app/b"; }},
    {"file_mode", [](Whole& w) { w.root.files[0].mode = FileMode::kScript; }},
    {"file_content", [](Whole& w) { w.root.files[0].sha256[31] = 1; }},
    {"file_size", [](Whole& w) { ++w.root.files[0].size_bytes; }},
    {"file_added",
     [](Whole& w) {
       w.root.files.insert(w.root.files.begin(), {.path = "/app/0", .sha256 = {}, .size_bytes = 0});
     }},
    {"file_removed", [](Whole& w) { w.root.files.erase(w.root.files.begin()); }},
    {"link_path", [](Whole& w) { w.root.links[0].path = "/lib64"; }},
    {"link_target", [](Whole& w) { w.root.links[0].target = "usr/lib64"; }},
    {"link_removed", [](Whole& w) { w.root.links.clear(); }},
};

class MeasureField : public testing::TestWithParam<Change> {};

TEST_P(MeasureField, changes_the_workload) {
  Whole changed = whole();
  GetParam().apply(changed);
  const Whole plain = whole();
  auto before = measured_of(plain.manifest, plain.root, {});
  auto after = measured_of(changed.manifest, changed.root, {});
  ASSERT_TRUE(before);
  ASSERT_TRUE(after);
  EXPECT_NE(before->canonical, after->canonical);
  EXPECT_NE(before->workload, after->workload);
}

INSTANTIATE_TEST_SUITE_P(Measure, MeasureField, testing::ValuesIn(kChanges),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Measure, where_a_source_lies_is_not_measured) {
  Whole changed = whole();
  changed.manifest.inputs[0].source = "elsewhere";
  const Whole plain = whole();
  EXPECT_EQ(*canonical_manifest(plain.manifest, plain.root),
            *canonical_manifest(changed.manifest, changed.root));
}

TEST(Measure, a_manifest_that_says_nothing_of_leases_is_measured_as_before_there_were_any) {
  const Whole plain = whole();
  auto canonical = canonical_manifest(plain.manifest, plain.root);
  ASSERT_TRUE(canonical);
  EXPECT_EQ(to_hex(crypto::sha256(*canonical)),
            "f184d4ac75c3d17e5be18aef87a951bc698d33d015456316ab202e0dc7fa61ea");
}

TEST(Measure, reads_back_what_it_says_of_leases) {
  for (const LeaseWish wish : {LeaseWish::kAccepted, LeaseWish::kRequired, LeaseWish::kRefused}) {
    for (const std::uint32_t grace : {0U, kDefaultGraceSeconds, kMaxGraceSeconds}) {
      Whole changed = whole();
      changed.manifest.broker->leases = wish;
      changed.manifest.broker->grace_seconds = grace;
      auto canonical = canonical_manifest(changed.manifest, changed.root);
      ASSERT_TRUE(canonical);
      auto parsed = parse_canonical(*canonical);
      ASSERT_TRUE(parsed);
      EXPECT_EQ(parsed->manifest.broker, changed.manifest.broker);
    }
  }
}

TEST(Measure, a_grace_beyond_its_bound_is_refused) {
  Whole changed = whole();
  changed.manifest.broker->grace_seconds = kMaxGraceSeconds + 1;
  auto canonical = canonical_manifest(changed.manifest, changed.root);
  ASSERT_TRUE(canonical);
  const auto parsed = parse_canonical(*canonical);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code(), Errc::kMalformed);
}

TEST(Measure, reads_back_what_it_writes) {
  const Whole plain = whole();
  auto canonical = canonical_manifest(plain.manifest, plain.root);
  ASSERT_TRUE(canonical);
  auto parsed = parse_canonical(*canonical);
  ASSERT_TRUE(parsed);
  Manifest expected = plain.manifest;
  expected.inputs[0].source.clear();
  EXPECT_EQ(parsed->manifest, expected);
  EXPECT_EQ(parsed->root, plain.root);
}

TEST(Measure, init_data_is_the_kbs_form_and_names_the_manifest) {
  const Buffer canonical = {1, 2, 3};
  EXPECT_EQ(init_data_of("demo", canonical),
            "version = \"0.1.0\"\nalgorithm = \"sha384\"\n\n[data]\n\"ward.name\" = \"demo\"\n"
            "\"ward.manifest\" = \"" +
                to_hex(crypto::sha384(canonical)) + "\"\n");
}

TEST(Measure, the_workload_is_the_digest_of_the_init_data) {
  const Whole plain = whole();
  auto measured = measured_of(plain.manifest, plain.root, {5});
  ASSERT_TRUE(measured);
  EXPECT_EQ(measured->workload, crypto::sha384(as_bytes(measured->init_data)));
  EXPECT_EQ(measured->runtime, Buffer{5});
}

TEST(Measure, truncated_canonical_form_is_refused_at_every_length) {
  const Whole plain = whole();
  auto canonical = canonical_manifest(plain.manifest, plain.root);
  ASSERT_TRUE(canonical);
  for (std::size_t n = 0; n < canonical->size(); ++n) {
    auto parsed = parse_canonical(Bytes(*canonical).first(n));
    ASSERT_FALSE(parsed) << n;
    EXPECT_EQ(parsed.error().code(), Errc::kTruncated) << n;
  }
}

TEST(Measure, a_flipped_bit_is_refused_or_another_workload) {
  const Whole plain = whole();
  auto canonical = canonical_manifest(plain.manifest, plain.root);
  ASSERT_TRUE(canonical);
  for (std::size_t bit = 0; bit < canonical->size() * 8; ++bit) {
    Buffer changed = *canonical;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    auto parsed = parse_canonical(changed);
    if (!parsed) continue;
    auto again = canonical_manifest(parsed->manifest, parsed->root);
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, changed) << bit;
  }
}

TEST(Measure, unknown_members_are_refused) {
  const Whole plain = whole();
  auto canonical = canonical_manifest(plain.manifest, plain.root);
  ASSERT_TRUE(canonical);
  Buffer more = *canonical;
  ASSERT_EQ(more[0] & 0xe0U, 0xa0U);  // a map of fewer than 24 members
  more[0] = static_cast<std::uint8_t>(more[0] + 1);
  more.push_back(0x77);  // sorts last: a text of 23 letters
  more.insert(more.end(), 23, 'z');
  more.push_back(0x00);
  auto parsed = parse_canonical(more);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code(), Errc::kMalformed);
}

TEST(Measure, the_runtime_is_the_agents_digest) {
  const MeasuredFile agent{
      .path = kAgentPath, .mode = FileMode::kProgram, .sha256 = {1}, .size_bytes = 10};
  MeasuredFile other = agent;
  other.sha256[31] = 1;
  EXPECT_FALSE(runtime_log(agent).empty());
  EXPECT_NE(runtime_log(agent), runtime_log(other));
}

}  // namespace
}  // namespace ward::keep
