#include "bench/kernels/machine_code.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>

#include "bench/common/scratch_folder.h"
#include "impl/core/error.h"
#include "vgpu/runtime/device.h"

namespace plumb::bench {
namespace {

namespace fs = std::filesystem;

/// Standard output and error of a command whose words hold no quotes.
std::string run(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      popen((command + " 2>&1").c_str(), "r"), pclose);
  if (!pipe) throw Error("cannot start " + command);
  std::string out;
  std::array<char, 4096> part{};
  for (std::size_t n = 0; (n = fread(part.data(), 1, part.size(), pipe.get())) > 0;)
    out.append(part.data(), n);
  return out;
}

int number_before(const std::string& line, const std::string& words) {
  std::smatch match;
  return std::regex_search(line, match, std::regex("(\\d+) " + words)) ? std::stoi(match[1]) : 0;
}

}  // namespace

std::map<std::string, MachineCode> read_ptxas(const std::string& text) {
  std::map<std::string, MachineCode> out;
  std::string name;
  static const std::regex entry(
      "(?:Compiling entry function|Function properties for) '?([\\w$]+)'?");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_search(line, match, entry)) {
      name = match[1];
      continue;
    }
    if (name.empty()) continue;
    MachineCode& code = out[name];
    if (line.find("bytes stack frame") != std::string::npos) {
      code.stack_bytes = number_before(line, "bytes stack frame");
      code.spill_store_bytes = number_before(line, "bytes spill stores");
      code.spill_load_bytes = number_before(line, "bytes spill loads");
    } else if (line.find("Used ") != std::string::npos) {
      std::smatch used;
      if (std::regex_search(line, used, std::regex("Used (\\d+) registers")))
        code.registers = std::stoi(used[1]);
      if (std::regex_search(line, used, std::regex("used (\\d+) barriers")))
        code.barriers = std::stoi(used[1]);
      code.shared_bytes = number_before(line, "bytes smem");
    }
  }
  return out;
}

std::map<std::string, MachineCode> machine_code(int capability) {
  const fs::path ptxas = PLUMB_PTXAS;
  if (!fs::exists(ptxas)) throw Error(ptxas.string() + " is not there: ci/setup installs it");
  const ScratchFolder folder;
  std::map<std::string, MachineCode> out;
  int number = 0;
  for (const std::string& text : vgpu::runtime::program_ptx(capability)) {
    const std::string file = folder.file(fmt::format("{}.ptx", number++));
    std::ofstream(file) << text;
    const std::string said =
        run(fmt::format("'{}' -v -arch=sm_{} '{}' -o /dev/null", ptxas.string(), capability, file));
    const auto codes = read_ptxas(said);
    if (codes.empty() && said.find("error") != std::string::npos)
      throw Error("ptxas refuses the program's PTX for sm_" + std::to_string(capability) + ": " +
                  said.substr(0, said.find('\n')));
    out.insert(codes.begin(), codes.end());
  }
  return out;
}

}  // namespace plumb::bench
