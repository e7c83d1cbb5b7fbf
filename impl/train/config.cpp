#include "impl/train/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/core/nearest.h"

namespace plumb::train {
namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& type,
                         const std::string& allowed) {
  throw ValueError("'" + text + "' is not allowed; need " + type + ", " + allowed);
}

std::int64_t parse_integer(const std::string& text, std::int64_t least, std::int64_t most,
                           const std::string& allowed) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    refuse(text, "an integer", allowed);
  return value;
}

double parse_real(const std::string& text, double least, double most, const std::string& allowed) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(value >= least && value <= most))
    refuse(text, "a number", allowed);
  return value;
}

bool parse_bool(const std::string& text) {
  if (text != "true" && text != "false") refuse(text, "a boolean", "true or false");
  return text == "true";
}

std::string show_real(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

Key integer(const std::string& name, std::int64_t Config::*field, std::int64_t least,
            const std::string& sentence) {
  const std::string allowed = std::to_string(least) + " or more";
  return {name,
          "integer",
          allowed,
          sentence,
          [=](Config& c, const std::string& text) {
            c.*field = parse_integer(text, least, INT64_MAX, allowed);
          },
          [=](const Config& c) { return std::to_string(c.*field); }};
}

Key boolean(const std::string& name, bool Config::*field, const std::string& sentence) {
  return {name,
          "boolean",
          "true or false",
          sentence,
          [=](Config& c, const std::string& text) { c.*field = parse_bool(text); },
          [=](const Config& c) { return c.*field ? "true" : "false"; }};
}

Key text(const std::string& name, std::string Config::*field, const std::string& sentence) {
  return {name,
          "text",
          "any",
          sentence,
          [=](Config& c, const std::string& value) { c.*field = value; },
          [=](const Config& c) { return "\"" + c.*field + "\""; }};
}

Key option(const std::string& name, double SgdOptions::*field, const std::string& sentence) {
  return {name,
          "number",
          "0 or more",
          sentence,
          [=](Config& c, const std::string& value) {
            c.optimizer.*field = parse_real(value, 0, HUGE_VAL, "0 or more");
          },
          [=](const Config& c) { return show_real(c.optimizer.*field); }};
}

Key option(const std::string& name, bool SgdOptions::*field, const std::string& sentence) {
  return {name,
          "boolean",
          "true or false",
          sentence,
          [=](Config& c, const std::string& value) { c.optimizer.*field = parse_bool(value); },
          [=](const Config& c) { return c.optimizer.*field ? "true" : "false"; }};
}

Key layers_key() {
  const std::string allowed = "at least 2 sizes of 1 or more, as [784, 128, 10]";
  return {"model.layers",
          "integers",
          allowed,
          "sizes of the MLP's layers, input first; ReLU between them",
          [=](Config& c, const std::string& value) {
            std::vector<std::int64_t> sizes;
            std::string word;
            for (const char character : value + ",") {
              if (character == '[' || character == ']' || character == ' ') continue;
              if (character != ',')
                word += character;
              else if (!word.empty())
                sizes.push_back(parse_integer(word, 1, 1 << 20, allowed)), word.clear();
            }
            if (sizes.size() < 2) refuse(value, "integers", allowed);
            c.layers = sizes;
          },
          [](const Config& c) {
            std::string out = "[";
            for (const std::int64_t n : c.layers)
              out += (out.size() > 1 ? ", " : "") + std::to_string(n);
            return out + "]";
          }};
}

Key number(const std::string& name, double Config::*field, double least, double most,
           const std::string& allowed, const std::string& sentence) {
  return {name,
          "number",
          allowed,
          sentence,
          [=](Config& c, const std::string& value) {
            c.*field = parse_real(value, least, most, allowed);
          },
          [=](const Config& c) { return show_real(c.*field); }};
}

void set_key(Config& config, const std::string& name, const std::string& value,
             const std::string& place) {
  std::vector<std::string> names;
  for (const Key& key : keys()) {
    names.push_back(key.name);
    if (key.name != name) continue;
    try {
      return key.set(config, value);
    } catch (const ValueError& error) {
      throw UsageError(place + ": key '" + name + "': " + error.what());
    }
  }
  throw UsageError(place + ": key '" + name + "' is unknown; nearest: '" + nearest(name, names) +
                   "'");
}

void read_node(Config& config, const YAML::Node& node, const std::string& prefix,
               const std::string& path) {
  for (const auto& entry : node) {
    const std::string name = prefix + entry.first.as<std::string>();
    const std::string place = path + ":" + std::to_string(entry.first.Mark().line + 1);
    if (entry.second.IsMap()) {
      read_node(config, entry.second, name + ".", path);
    } else if (entry.second.IsSequence()) {
      std::string list;
      for (const auto& item : entry.second)
        list += (list.empty() ? "" : ",") + item.as<std::string>("?");
      set_key(config, name, list, place);
    } else {
      set_key(config, name, entry.second.IsNull() ? "" : entry.second.as<std::string>(), place);
    }
  }
}

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> all = {
      layers_key(),
      text("data.folder", &Config::data_folder, "folder of the four IDX files of Fashion-MNIST"),
      number("data.mean", &Config::mean, -1e6, 1e6, "-1e6 to 1e6",
             "what is taken off each pixel, which is in [0, 1]"),
      number("data.std", &Config::std, 1e-6, 1e6, "1e-6 to 1e6",
             "what each pixel is divided by after that"),
      integer("data.batch_size", &Config::batch_size, 1, "images in a batch"),
      boolean("data.shuffle", &Config::shuffle,
              "a new order each epoch, as torch's DataLoader draws it"),
      boolean("data.drop_last", &Config::drop_last, "leave out a last batch that is smaller"),
      option("optimizer.lr", &SgdOptions::lr, "learning rate"),
      option("optimizer.momentum", &SgdOptions::momentum, "factor of the momentum buffer"),
      option("optimizer.dampening", &SgdOptions::dampening,
             "what is taken off the gradient that enters the buffer"),
      option("optimizer.weight_decay", &SgdOptions::weight_decay,
             "L2 penalty, added to the gradient"),
      option("optimizer.nesterov", &SgdOptions::nesterov, "look ahead along the buffer"),
      option("optimizer.maximize", &SgdOptions::maximize, "climb instead of descend"),
      number("loss.label_smoothing", &Config::label_smoothing, 0, 1, "0 to 1",
             "label smoothing of the cross entropy"),
      integer("train.epochs", &Config::epochs, 1, "passes over the training images"),
      integer("train.seed", &Config::seed, 0,
              "seed of initial weights and orders, as torch.manual_seed"),
      integer("train.log_every", &Config::log_every, 1, "steps between lines of the log"),
      integer("train.checkpoint_every", &Config::checkpoint_every, 0,
              "steps between checkpoints; 0: only at the end"),
      text("train.checkpoint", &Config::checkpoint, "file of the checkpoint; empty: none"),
      integer("device.memory_budget", &Config::memory_budget, 0,
              "bytes of device memory that must suffice; 0: no budget"),
  };
  return all;
}

Config load_config(const std::string& path, const std::vector<std::string>& overrides) {
  Config config;
  YAML::Node root;
  try {
    root = YAML::Load(read_whole(path));
  } catch (const YAML::Exception& error) {
    throw UsageError(path + ":" + std::to_string(error.mark.line + 1) + ": not YAML: " + error.msg);
  }
  if (!root.IsNull() && !root.IsMap()) throw UsageError(path + ":1: need a map of keys");
  try {
    read_node(config, root, "", path);
  } catch (const YAML::Exception& error) {
    throw UsageError(path + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  if (overrides.size() % 2)
    throw UsageError("command line: '" + overrides.back() + "' has no value; need pairs KEY VALUE");
  for (std::size_t i = 0; i < overrides.size(); i += 2)
    set_key(config, overrides[i], overrides[i + 1], "command line");
  try {
    check_sgd_options(config.optimizer);
  } catch (const ValueError& error) {
    throw UsageError(path + ": optimizer: " + error.what());
  }
  return config;
}

std::string to_yaml(const Config& config) {
  std::string out, section;
  for (const Key& key : keys()) {
    const auto dot = key.name.find('.');
    if (key.name.substr(0, dot) != section) out += (section = key.name.substr(0, dot)) + ":\n";
    out += "  " + key.name.substr(dot + 1) + ": " + key.show(config) + "\n";
  }
  return out;
}

std::string describe_keys() {
  std::string out;
  for (const Key& key : keys())
    out += "  " + key.name + std::string(key.name.size() < 26 ? 26 - key.name.size() : 1, ' ') +
           key.sentence + " (" + key.type + ", " + key.allowed + "; default " + key.show(Config{}) +
           ")\n";
  return out;
}

}  // namespace plumb::train
