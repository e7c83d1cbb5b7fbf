#include "vgpu/observe/report_json.h"

#include <algorithm>

namespace vgpu::observe {

using nlohmann::ordered_json;

ordered_json to_json(const Report& r) {
  ordered_json out = {
      {"kind", name_of(r.kind)}, {"check", check_of(r.kind)}, {"severity", name_of(r.severity)},
      {"what", r.what},          {"kernel", r.kernel},        {"place", r.place},
      {"source", r.source},      {"thread", r.thread},        {"address", r.address},
      {"count", r.count},        {"other", nullptr},          {"allowed", nullptr}};
  if (!r.other_place.empty())
    out["other"] = {
        {"place", r.other_place}, {"source", r.other_source}, {"thread", r.other_thread}};
  if (!r.allowed.empty()) out["allowed"] = r.allowed;
  return out;
}

ordered_json to_json(const std::vector<Report>& reports, const std::string& checks) {
  ordered_json list = ordered_json::array();
  for (const Report& r : reports) list.push_back(to_json(r));
  return {{"schema", 1},
          {"checks", checks},
          {"found", std::ranges::count_if(reports, counts)},
          {"reports", list}};
}

}  // namespace vgpu::observe
