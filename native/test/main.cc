// Runs the native tests; built and started by scripts/native-sanitize.sh. Arguments: names to run, none for all.
#include <cstring>

#include "test.h"

namespace ferrosa::test {

std::vector<Case>& Cases() {
  static auto* cases = new std::vector<Case>();
  return *cases;
}

uint64_t Seed() {
  const char* given = std::getenv("DB_TEST_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

}  // namespace ferrosa::test

int main(int argc, char** argv) {
  int run = 0;
  for (const auto& c : ferrosa::test::Cases()) {
    bool wanted = argc < 2;
    for (int i = 1; i < argc; i++) wanted |= std::strcmp(argv[i], c.name) == 0;
    if (!wanted) continue;
    std::printf("%s\n", c.name);
    std::fflush(stdout);
    c.run();
    run++;
  }
  std::printf("%d tests passed\n", run);
  return run == 0 ? 1 : 0;
}
