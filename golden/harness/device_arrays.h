// device_arrays.h - a case's arrays on the device and back.
#pragma once

#include <string>
#include <vector>

#include "golden/cases/host_array.h"
#include "golden/harness/op.h"

namespace plumb::golden {

/// The elements are the same wherever they lie.
Tensor upload(const HostArray& array, Layout layout = Layout::plain);
HostArray download(const Tensor& tensor);

/// A case's inputs on the device, and what they were.
class InputSet {
 public:
  explicit InputSet(const Case& c);

  const Inputs& tensors() const { return tensors_; }
  const HostArray& array(const std::string& name) const { return arrays_.at(name); }
  const std::map<std::string, HostArray>& arrays() const { return arrays_; }
  /// "" or "x was written: ...", for an input (or the gaps between its elements) that the op does
  /// not declare in/out.
  std::string damage() const;

 private:
  struct Kept {
    std::string name;
    Tensor whole;  // the memory that the view is of
    std::vector<std::byte> before;
  };
  std::map<std::string, HostArray> arrays_;
  Inputs tensors_;
  std::vector<Kept> kept_;
};

}  // namespace plumb::golden
