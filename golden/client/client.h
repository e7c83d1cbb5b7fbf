// client.h - talks to a program that answers JSON lines: plumbline-reference, or a worker of our
// own. Knows nothing of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace plumb::client {

/// The program is missing, died, did not answer in time or in JSON, or refused a request; one line.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The program lives and refused a request.
struct Refused : Error {
  using Error::Error;
};

/// Where plumbline-reference is: PLUMBLINE_REFERENCE_PROGRAM, else beside this process's own
/// program. Throws Error that says how to get it.
std::string find_program();

class Client {
 public:
  /// Starts the program, which errors call `name`. Its stderr goes to ours.
  explicit Client(const std::string& program, const std::vector<std::string>& arguments = {},
                  std::string name = "plumbline-reference");
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Closes its input and waits for its end; kills it after 2 s.
  ~Client();

  /// Sends {"verb": verb, ...fields} and waits for the answer. Throws Refused when it is {"ok":
  /// false}, Error when the program dies and when nothing comes within `timeout_seconds`; it is
  /// killed then.
  nlohmann::json request(const std::string& verb, nlohmann::json fields = nlohmann::json::object(),
                         double timeout_seconds = 600);

 private:
  std::string read_line(double timeout_seconds);
  /// Waits for a program that has closed its output: ": Segmentation fault".
  std::string how_it_ended();
  [[noreturn]] void fail(const std::string& what) const;

  std::string name_;
  int pid_ = -1, to_ = -1, from_ = -1;
  std::string pending_;
};

}  // namespace plumb::client
